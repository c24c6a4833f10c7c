from __future__ import annotations

import math
from collections.abc import Sequence

import bm25s
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatrec.indexes._word_index import Corpus, Floats, WordIndex
from chatrec.indexes._words import stems, words


def scores_of(texts: Sequence[str], titles: Sequence[str], query: str) -> Floats:
    return Corpus([WordIndex.of(texts, titles)], [None]).scores(query)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Slow-burn 2001", ["slow", "burn", "2001"]),
        ("Amélie's CAFÉ", ["amelie's", "cafe"]),
        ("ＦＵＬＬ ｗｉｄｔｈ", ["full", "width"]),
        ("夏天的Jazz", ["夏", "天", "的", "夏天", "天的", "jazz"]),
        ("ガギ", ["ガ", "ギ", "ガギ"]),
        ("한국", ["한", "국", "한국"]),
        ("it’s", ["it's"]),
        ("...", []),
    ],
)
def test_words_are_folded_and_chinese_is_cut_into_characters_and_pairs(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "forms",
    [
        ("story", "stories"),
        ("alien", "aliens", "alien's"),
        ("burn", "burning", "burned", "burns"),
        ("love", "loves", "loved", "loving"),
        ("run", "running"),
        ("box", "boxes"),
        ("witch", "witches"),
        ("glass", "glasses"),
    ],
)
def test_forms_of_one_english_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({tuple(stems(form)) for form in forms}) == 1


@pytest.mark.parametrize("pair", [("glass", "glas"), ("bus", "bu"), ("ring", "r"), ("king", "k"), ("red", "r")])
def test_short_words_are_not_cut_to_nothing(pair: tuple[str, str]) -> None:
    assert stems(pair[0]) == [pair[0]]


def test_function_words_are_not_searched_in_texts() -> None:
    assert stems("I would like something about the sea, 我想要的海") == ["sea", "海"]


TITLES = ("Alien", "Aliens", "Alien Nation", "The Thing", "It", "夏天的尾巴")
TEXTS = (
    "Alien. A crew meets a creature in space.",
    "Aliens. An alien nest. More aliens, and an alien queen in space.",
    "Alien Nation. A detective and his alien partner.",
    "The Thing. A creature in the ice.",
    "It. Children and a clown.",
    "夏天的尾巴. 几个学生的最后一个暑假。",
)


def ranked(query: str) -> list[str]:
    scores = scores_of(TEXTS, TITLES, query)
    return [TITLES[row] for row in np.argsort(-scores, kind="stable") if scores[row] > 0]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Alien", "Alien"),
        ("aliens", "Aliens"),
        ("something like Alien please", "Alien"),
        ("the thing", "The Thing"),
        ("It", "It"),
        ("alien partner", "Alien Nation"),
        ("space creatures", "Alien"),
        ("夏天", "夏天的尾巴"),
        ("我想看学生的故事", "夏天的尾巴"),
    ],
)
def test_a_name_finds_its_item_first(query: str, first: str) -> None:
    assert ranked(query)[0] == first


def test_a_title_of_function_words_is_not_named_by_every_sentence() -> None:
    assert "It" not in ranked("I want to see a creature and it should be in space")


def test_nothing_in_common_scores_nothing() -> None:
    for query in ("", "?!", "zebra", "马"):
        assert not scores_of(TEXTS, TITLES, query).any()


def test_without_any_words_there_are_no_scores() -> None:
    assert scores_of(["", "!"], ["", ""], "word").tolist() == [0.0, 0.0]
    assert scores_of([], [], "word").shape == (0,)


def test_one_shared_word_counts_less_in_a_longer_query() -> None:
    short, long = (scores_of(TEXTS, TITLES, query)[4] for query in ("clown", "clown juggling wildly"))
    assert short > long > 0


@given(st.text(max_size=40))
def test_scores_are_shares(query: str) -> None:
    scores = scores_of(TEXTS, TITLES, query)
    assert scores.dtype == np.float32
    assert scores.shape == (len(TEXTS),)
    assert (scores >= 0).all()
    assert (scores <= 1).all()


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=20))
def test_the_saved_state_scores_the_same(texts: list[str], query: str) -> None:
    again = WordIndex.from_arrays(WordIndex.of(texts, texts).arrays())
    np.testing.assert_array_equal(scores_of(texts, texts, query), Corpus([again], [None]).scores(query)[0])


def test_bm25_by_hand() -> None:
    # Two documents of two and one words; "moon" is in one of them. Lucene's BM25 with k1 = 1.2, b = .75, divided by
    # the idf of the query, leaves the saturated frequency; titles are empty.
    scores = scores_of(["moon moon", "sun"], ["", ""], "moon")
    length = 1 - 0.75 + 0.75 * 2 / 1.5
    assert scores[0] == pytest.approx(2 / (2 + 1.2 * length) / 3, rel=1e-5)
    assert scores[1] == 0


@given(st.lists(st.lists(st.sampled_from(["moon", "sun", "sea", "hill", "ox"]), max_size=9), min_size=1, max_size=12))
def test_bm25_as_another_has_it(documents: list[list[str]]) -> None:
    texts = [" ".join(document) for document in documents]
    columns = {word: column for column, word in enumerate(sorted({word for each in documents for word in each}))}
    if not columns:
        return
    other = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    other.index(
        ([[columns[word] for word in each] for each in documents], columns),
        create_empty_token=False,
        show_progress=False,
    )
    for word, column in columns.items():
        held = sum(word in each for each in documents)
        weight = math.log1p((len(documents) - held + 0.5) / (held + 0.5))
        expected = other.get_scores_from_ids([column]) / weight / 3
        np.testing.assert_allclose(scores_of(texts, [""] * len(texts), word), expected, atol=1e-5)


@example(["a"], [False] * 8, 0, "a")
@given(
    st.lists(st.text("ab 夏天", max_size=9), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.integers(0, 8),
    st.text("ab 夏天", max_size=9),
)
def test_parts_and_gaps_score_as_if_made_anew(texts: list[str], kept: list[bool], cut: int, query: str) -> None:
    parts = [WordIndex.of(part, part) for part in (texts[:cut], texts[cut:])]
    alive = np.array(kept[: len(texts)])
    rows = np.flatnonzero(alive)
    chosen = [texts[row] for row in rows]
    expected = scores_of(chosen, chosen, query)
    found = np.concatenate(Corpus(parts, [alive[:cut], alive[cut:]]).scores(query))
    np.testing.assert_allclose(found[alive], expected, atol=1e-6)
    new = np.where(alive, np.cumsum(alive) - 1, -1)
    joined = WordIndex.joined([(parts[0], new[:cut]), (parts[1], new[cut:])], len(rows))
    np.testing.assert_allclose(Corpus([joined], [None]).scores(query)[0], expected, atol=1e-6)
    for name, array in WordIndex.of(chosen, chosen).arrays().items():
        if name not in {"vocabulary", "longest"}:
            np.testing.assert_array_equal(joined.arrays()[name], array)


@pytest.mark.parametrize("query", ["aleins", "the thnig", "alien natoin"])
def test_a_misspelt_title_is_found(query: str) -> None:
    meant = {"aleins": "Aliens", "the thnig": "The Thing", "alien natoin": "Alien Nation"}
    assert ranked(query)[0] == meant[query]
