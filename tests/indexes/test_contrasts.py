"""Comparing two items, where no facet can ask."""

from __future__ import annotations

import numpy as np
import pytest

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._contrasts import CONTRAST, contrast
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._questions import ANY, rank_questions
from chatrec.indexes._recommender import Recommender
from chatrec.indexes._values import Item
from chatrec.testing import HashingEmbedder, tea_catalog

SEA = "waves harbour sail boat tide"
MACHINES = "engine gear piston oil valve"


def stories(*, facets: bool = False) -> Catalog:
    """Eight stories of the sea and twelve of machines; a facet that nearly all share tells nothing."""

    def item(number: int) -> Item:
        words = (SEA if number < 8 else MACHINES).split()
        told = " ".join(word for place, word in enumerate(words) if place != number % 5)
        held = {"kind": "story" if number else "poem"} if facets else {}
        return Item(f"s{number}", f"Tale {chr(65 + number)}", told, held)

    return Catalog([item(number) for number in range(20)])


def recommender(catalog: Catalog) -> Recommender:
    return Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))


def side(item_id: str) -> str:
    return "sea" if int(item_id[1:]) < 8 else "machines"


@pytest.mark.parametrize("facets", [False, True])
def test_where_facets_tell_nothing_two_items_that_stand_for_two_halves_are_compared(facets: bool) -> None:
    ours = recommender(stories(facets=facets))
    question = ours.questions(user_id="ana")[0]
    assert question.facet == CONTRAST
    assert [side(item_id) for item_id in question.examples] == ["machines", "sea"]
    assert question.options == tuple(
        (ours.catalog[item_id].title, count) for item_id, count in zip(question.examples, (12, 8), strict=True)
    )
    assert 0.8 * 2 * 0.4 * 0.6 * 0.8 < question.gain <= (1 - ANY) / 2
    assert CONTRAST not in [each.facet for each in ours.questions(user_id="ana", asked=[CONTRAST])]


def test_the_two_are_of_those_that_suit_and_may_be_shown() -> None:
    ours = recommender(stories())
    for gone in range(8):
        ours.feedback.record("ana", "seen", item_id=f"s{gone}")
    question = ours.questions(user_id="ana")[0]
    assert {side(item_id) for item_id in question.examples} == {"machines"}
    one = question.examples[0]
    assert one not in ours.questions(user_id="ana", query="engine", like=[one])[0].examples
    for gone in range(8, 18):
        ours.feedback.record("ana", "seen", item_id=f"s{gone}")
    assert ours.questions(user_id="ana") == []


def test_a_catalog_whose_facets_can_ask_is_asked_as_ever() -> None:
    catalog = tea_catalog()
    ours = recommender(catalog)
    every = np.ones(len(catalog), dtype=np.bool_)
    assert ours.questions(user_id="ana", query="something", k=9) == rank_questions(catalog, every, k=9)
    assert ours.questions(user_id="ana", asked=[*catalog.facets]) == []
    named = Catalog([Item(f"i{n}", f"Thing {n}", "", {CONTRAST: "same"}) for n in range(9)])
    assert recommender(named).questions(user_id="ana") == []


def test_items_that_are_all_alike_are_not_compared() -> None:
    catalog = stories()
    same = np.full((20, 4), 0.5, dtype=np.float32)
    assert contrast(catalog, np.arange(20), same) is None
    assert contrast(catalog, np.arange(2), np.eye(20, dtype=np.float32)[:2]) is None
    namesakes = Catalog([Item(f"i{n}", "The Tale", "") for n in range(20)])
    assert contrast(namesakes, np.arange(20), np.eye(20, dtype=np.float32)) is None


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("more like the first", 0),
        ("the second one please", 1),
        ("the former", 0),
        ("the latter", 1),
        ("第二个", 1),
        ("更像前者", 0),
        ("后者吧", 1),
        ("more like Tale C", 0),
    ],
)
def test_an_answer_points_at_one_of_the_two(words: str, place: int) -> None:
    mentions = stories().link(words, last=("s2", "s9")).mentions
    assert [(mention.id, mention.negated) for mention in mentions] == [(("s2", "s9")[place], False)]
