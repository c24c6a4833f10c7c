"""What a message sounds like of the items in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from chatrec.agent._opinions import Opinions, features, shipped, spans
from chatrec.agent._turns import after_reply, hear, outlook, state_line
from chatrec.indexes import Catalog, Recommender
from chatrec.testing import HashingEmbedder
from chatrec.tools._turn import Turn


@pytest.mark.parametrize(
    ("text", "named", "said"),
    [
        ("the first is ugly, I take the second", ["first", "second"], ["the it is ugly,", "I take the it"]),
        ("hm. the first? no. but the second", ["second", "first"], ["but the it", "hm.the it? no."]),
        ("Red and Blue are both fine", ["Red", "blue"], ["it and Blue are both fine", "Red and it are both fine"]),
        ("too dear, thanks", [""], ["too dear, thanks"]),
        ("第一个太素了，第二个有点花", ["第二个", "第一个"], ["它有点花", "它太素了，"]),
        ("both", ["both", "both", ""], ["it", "it", "both"]),
    ],
)
def test_what_is_said_of_each_item(text: str, named: list[str], said: list[str]) -> None:
    assert spans(text, named) == said


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("perfect, I'll take it!", "accept"),
        ("no thanks, not that one", "reject"),
        ("we've got that at home already", "seen"),
        ("行，就要这个", "accept"),
        ("这个不要", "reject"),
        ("这本我看过了", "seen"),
        ("je le prends, parfait !", "accept"),
        ("das haben wir leider schon zu Hause", "seen"),
    ],
)
def test_plain_opinions_are_heard_in_several_languages(text: str, kind: str) -> None:
    hears = shipped()
    assert hears is not None
    (told,) = hears.of(text, [""])
    assert told.removesuffix("?").split("/")[0] == kind


def test_questions_are_no_opinions() -> None:
    hears = shipped()
    assert hears is not None
    for text in ("how much does the second weigh?", "第二个多重？"):
        assert hears.chances(text)[0] > 0.5
        assert hears.chances(text).sum() == pytest.approx(1)


def test_the_model_is_told_what_was_heard_of_what_is_listed(catalog: Catalog, recommender: Recommender) -> None:
    class Sure:
        def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]:
            return tuple(f"{words}!" for words in named)

    listed = after_reply(Turn("ana"), {"act": "recommend", "shown": ["mint-street", "red-valley"]}, catalog)
    turn = hear(listed, "the second one, and something like Jasmine Lane", catalog, ear=Sure())
    assert dict(zip(turn.named, turn.sounds, strict=True))["red-valley"] == "second one!"
    assert "" in turn.sounds  # what was not listed yet is an example
    assert "2 Red Valley = second one!" in state_line(turn, outlook(turn, recommender), catalog, max_questions=2)
    assert hear(turn, "thank you", catalog, ear=Sure()).sounds == ()
    assert Turn.from_dict(turn.as_dict()) == turn


def test_what_a_word_hints_at_is_spoken_of_where_the_words_are_surely_an_opinion(catalog: Catalog) -> None:
    class Says:
        def __init__(self, told: str) -> None:
            self.told = told

        def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]:
            return tuple(self.told for _ in named)

    listed = after_reply(Turn("ana"), {"act": "recommend", "shown": ["mint-street", "red-valley"]}, catalog)
    for told, named in (("reject", ("red-valley",)), ("reject?", ()), ("", ())):
        assert hear(listed, "caffeine, dear me", catalog, ear=Says(told)).named == named
    assert hear(listed, "caffeine, dear me", catalog).named == ()


def test_an_item_that_is_named_twice_is_told_once(catalog: Catalog) -> None:
    listed = after_reply(Turn("ana"), {"act": "recommend", "shown": ["mint-street", "red-valley"]}, catalog)
    assert hear(listed, "the second one? Red Valley bored me", catalog).named == ("red-valley",)


def test_doubt_is_told() -> None:
    weights = np.zeros((6, len(features("x", HashingEmbedder(256)))), np.float32)
    weights[2, -1] = 4.0
    for bias, told in ((-9.0, "reject"), (4.2, "reject?"), (9.0, "")):
        weights[0, -1] = bias
        assert Opinions(weights, HashingEmbedder(256)).of("x", [""]) == (told,)
    weights[0, -1], weights[4, -1] = -9.0, 3.0
    assert Opinions(weights, HashingEmbedder(256)).of("x", [""]) == ("reject/critique",)
