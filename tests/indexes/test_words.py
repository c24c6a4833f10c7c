from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.indexes._words import WordIndex, stems, words


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
    scores = WordIndex(TEXTS, TITLES).scores(query)
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
    index = WordIndex(TEXTS, TITLES)
    for query in ("", "?!", "zebra", "马"):
        assert not index.scores(query).any()


def test_without_any_words_there_are_no_scores() -> None:
    assert WordIndex(["", "!"], ["", ""]).scores("word").tolist() == [0.0, 0.0]
    assert WordIndex([], []).scores("word").shape == (0,)


def test_one_shared_word_counts_less_in_a_longer_query() -> None:
    index = WordIndex(TEXTS, TITLES)
    assert index.scores("clown")[4] > index.scores("clown juggling wildly")[4] > 0


@given(st.text(max_size=40))
def test_scores_are_shares(query: str) -> None:
    scores = WordIndex(TEXTS, TITLES).scores(query)
    assert scores.dtype == np.float32
    assert scores.shape == (len(TEXTS),)
    assert (scores >= 0).all()
    assert (scores <= 1).all()


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=20))
def test_the_saved_state_scores_the_same(texts: list[str], query: str) -> None:
    index = WordIndex(texts, texts)
    again = WordIndex.from_state(index.state())
    np.testing.assert_array_equal(index.scores(query), again.scores(query))


def test_bm25_by_hand() -> None:
    # Two documents of two and one words; "moon" is in one of them. Lucene's BM25 with k1 = 1.2, b = .75, divided by
    # the idf of the query, leaves the saturated frequency; titles are empty.
    scores = WordIndex(["moon moon", "sun"], ["", ""]).scores("moon")
    length = 1 - 0.75 + 0.75 * 2 / 1.5
    assert scores[0] == pytest.approx(2 / (2 + 1.2 * length) / 3, rel=1e-5)
    assert scores[1] == 0
