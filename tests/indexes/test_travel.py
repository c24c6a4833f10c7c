"""The demo destinations: no duplicates, plausible facts, two languages, every continent, China and Yunnan above all."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest

from chatrec.indexes import Catalog, Item

_HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def travel() -> Catalog:
    return Catalog.load("travel", strict=True)


def _shingles(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text) - 4)}


def _number(item: Item, name: str) -> float:
    value = item.facets[name]
    assert isinstance(value, int | float)
    return float(value)


def _said(travel: Catalog, text: str) -> list[Item]:
    """The items that fulfil what a sentence surely says."""
    wanted = [proposal.constraint for proposal in travel.link(text).proposals if proposal.score >= 0.75]
    assert wanted, text
    return [item for item, fits in zip(travel.items, travel.mask(wanted), strict=True) if fits]


def test_destinations_are_many_and_each_is_its_own(travel: Catalog) -> None:
    assert len(travel) >= 150
    english = Counter(_HAN.split(item.title, maxsplit=1)[0].casefold() for item in travel.items)
    chinese = Counter("".join(_HAN.findall(item.title)) for item in travel.items)
    assert max(english.values()) == max(chinese.values()) == 1
    texts = [_shingles(item.description.casefold()) for item in travel.items]
    assert all(len(one & two) < 0.25 * len(one | two) for one, two in combinations(texts, 2))


def test_every_destination_speaks_both_languages_and_has_plausible_facts(travel: Catalog) -> None:
    for item in travel.items:
        english, chinese = item.description.rsplit(" ", 1)
        assert _HAN.search(item.title), item
        assert 60 <= len(english) <= 240, item
        assert len(_HAN.findall(chinese)) >= 15, item
        assert 20 <= _number(item, "daily_budget") <= 1000, item
        assert 1 <= _number(item, "stay") <= 21, item
        assert "altitude" not in item.facets or -200 <= _number(item, "altitude") <= 6000, item
        assert "country" in item.facets or "region" in item.facets or "Antarctic" in item.title, item


def test_values_are_written_in_both_languages(travel: Catalog) -> None:
    for name, facet in travel.facets.items():
        for value in facet.values:
            assert re.fullmatch(r"[^\u4e00-\u9fff]+ [\d\u4e00-\u9fff/]+", value), (name, value)
    assert {name: facet.kind for name, facet in travel.facets.items()} == {
        "country": "category", "region": "category", "kind": "multi", "daily_budget": "number", "stay": "number",
        "season": "multi", "best_months": "multi", "climate": "category", "activities": "multi", "suits": "multi",
        "continent": "category", "altitude": "number",
    }  # fmt: skip
    assert (travel.facets["daily_budget"].unit, travel.facets["altitude"].unit) == ("€", "m")


def test_the_world_is_covered(travel: Catalog) -> None:
    assert len(travel.facets["continent"].values) == 7
    assert all(count >= 10 for name, count in travel.facets["continent"].values.items() if "Antarctica" not in name)
    assert travel.facets["country"].values["China 中国"] >= 40
    assert len(travel.facets["country"].values) >= 60
    assert all(count >= 10 for count in travel.facets["best_months"].values.values())


@pytest.mark.parametrize("text", ["我想去云南旅游", "I want to go to Yunnan"])
def test_yunnan_is_found_in_both_languages(travel: Catalog, text: str) -> None:
    titles = {item.title for item in _said(travel, text)}
    assert len(titles) >= 5
    assert {"Kunming 昆明", "Dali 大理", "Lijiang 丽江", "Shangri-La 香格里拉", "Xishuangbanna 西双版纳"} <= titles


@pytest.mark.parametrize("text", ["diving in Indonesia", "去印度尼西亚潜水"])
def test_two_wishes_are_found_in_both_languages(travel: Catalog, text: str) -> None:
    found = _said(travel, text)
    assert len(found) >= 2
    assert all("diving 潜水" in str(item.facets["activities"]) for item in found)
    assert all(item.facets["country"] == "Indonesia 印度尼西亚" for item in found)


@pytest.mark.parametrize("text", ["where to go in October", "十月去哪里玩", "10月去哪里玩"])
def test_months_are_understood(travel: Catalog, text: str) -> None:
    assert all("October" in str(item.facets["best_months"]) for item in _said(travel, text))
