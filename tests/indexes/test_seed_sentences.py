"""The sentences of the papers that this follows find the right items by linker and search alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pytest

from chatrec.indexes import Catalog, Item, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder


@cache
def recommender(name: str) -> Recommender:
    catalog = Catalog.load(name)
    return Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))


def found(name: str, text: str, *, last: Sequence[str] = (), before: str = "") -> list[Item]:
    """What is shown for a sentence, with the conditions of the one before it still holding."""
    one = recommender(name)
    proposals = [*(one.catalog.link(before).proposals if before else ()), *one.catalog.link(text, last=last).proposals]
    where = [each.constraint for each in proposals if each.score >= 0.75 and each.strict]
    shown = one.recommend(text, user_id=f"{name} {text}", where=where, exclude=last)
    assert shown.matching >= 5
    return [each.item for each in shown.items]


def has(facet: str, part: str) -> Callable[[Item], bool]:
    return lambda item: part in str(item.facets.get(facet, ""))


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("shop", "我想买一些夏天的服装", [has("season", "summer"), has("department", "clothes")]),
        ("shop", "我想买一些夏天的衣服", [has("season", "summer"), has("department", "clothes")]),
        ("shop", "我想買一些夏天的服裝", [has("season", "summer"), has("department", "clothes")]),
        ("shop", "我想找一条连衣裙", [has("type", "连衣裙")]),
        ("shop", "I'm looking for a dress", [has("type", "dress")]),
        ("travel", "我想去云南旅游", [has("region", "云南")]),
        ("travel", "I would like to travel to Yunnan", [has("region", "Yunnan")]),
        ("films", "我想看一部动作片", [has("genres", "Action")]),
        ("films", "a film full of action", [has("genres", "Action")]),
    ],
)
def test_what_is_shown_is_what_was_asked_for(name: str, text: str, right: Sequence[Callable[[Item], bool]]) -> None:
    shown = found(name, text)
    assert len(shown) == 5
    assert all(holds(item) for item in shown for holds in right), [item.title for item in shown]


@pytest.mark.parametrize("cheaper", ["cheaper", "something less expensive", "再便宜一点", "便宜点的"])
def test_a_dress_then_a_cheaper_one(cheaper: str) -> None:
    dress = "I'm looking for a dress"
    first = found("shop", dress)
    prices = [float(str(item.facets["price"])) for item in first]
    dear = sorted(first, key=lambda item: -float(str(item.facets["price"])))[:2]
    second = found("shop", cheaper, last=[item.id for item in dear], before=dress)
    assert second
    assert all("dress" in str(item.facets["type"]) for item in second)
    least = min(float(str(item.facets["price"])) for item in dear)
    assert max(float(str(item.facets["price"])) for item in second) < least <= max(prices)
