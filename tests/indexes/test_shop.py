"""The demo shop: no duplicates, plausible facts, two languages, something for every season."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest

from chatrec.indexes import Catalog, Item

_HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def shop() -> Catalog:
    return Catalog.load("shop", strict=True)


def _shingles(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text) - 4)}


def _number(item: Item, name: str) -> float:
    value = item.facets[name]
    assert isinstance(value, int | float)
    return float(value)


def _said(shop: Catalog, text: str) -> list[Item]:
    """The items that fulfil what a sentence surely says."""
    wanted = [proposal.constraint for proposal in shop.link(text).proposals if proposal.score >= 0.75]
    assert wanted, text
    return [item for item, fits in zip(shop.items, shop.mask(wanted), strict=True) if fits]


def test_products_are_many_and_each_is_its_own(shop: Catalog) -> None:
    assert len(shop) >= 250
    english = Counter(_HAN.split(item.title, maxsplit=1)[0].casefold() for item in shop.items)
    chinese = Counter("".join(_HAN.findall(item.title)) for item in shop.items)
    assert max(english.values()) == max(chinese.values()) == 1
    texts = [_shingles(item.description.casefold()) for item in shop.items]
    assert all(len(one & two) < 0.25 * len(one | two) for one, two in combinations(texts, 2))


def test_every_product_speaks_both_languages_and_has_plausible_facts(shop: Catalog) -> None:
    for item in shop.items:
        english, chinese = item.description.rsplit(" ", 1)
        assert re.match(r"[A-Z]", item.title), item
        assert _HAN.search(item.title), item
        assert 40 <= len(english) <= 260, item
        assert len(_HAN.findall(chinese)) >= 15, item
        assert 1 <= _number(item, "price") <= 1000, item
        assert 1 <= _number(item, "rating") <= 5, item
        assert "weight" not in item.facets or 1 <= _number(item, "weight") <= 30000, item
        assert isinstance(item.facets["in_stock"], bool), item


def test_values_are_written_in_both_languages(shop: Catalog) -> None:
    for name in ("type", "department", "season", "audience", "occasion", "colour", "material"):
        for value in shop.facets[name].values:
            assert re.fullmatch(r"[A-Za-z' -]+ \S*[\u4e00-\u9fff]+\S*", value), (name, value)
    assert {name: facet.kind for name, facet in shop.facets.items()} == {
        "type": "category", "price": "number", "brand": "category", "rating": "number", "colour": "multi",
        "material": "multi", "season": "multi", "audience": "multi", "occasion": "multi", "department": "category",
        "size": "multi", "weight": "number", "in_stock": "boolean", "spec": "text",
    }  # fmt: skip
    assert shop.facets["price"].unit == "€"


def test_there_are_clothes_for_every_season_and_everybody(shop: Catalog) -> None:
    clothes = [item for item in shop.items if item.facets["department"] == "clothes 服装"]
    assert len(clothes) >= 80
    worn: Counter[str] = Counter()
    for item in clothes:
        for name in ("season", "audience"):
            value = item.facets[name]
            assert isinstance(value, tuple)
            worn.update(value)
    assert all(
        worn[value] >= 30 for value in ("spring 春天", "summer 夏天", "autumn 秋天", "winter 冬天", "women 女士")
    )
    assert all(worn[value] >= 15 for value in ("men 男士", "children 儿童"))


@pytest.mark.parametrize("text", ["我想找一条连衣裙", "I'm looking for a dress"])
def test_a_dress_is_found_in_both_languages(shop: Catalog, text: str) -> None:
    found = _said(shop, text)
    assert len(found) >= 10
    assert all("Dress" in item.title or "裙" in item.title or "旗袍" in item.title for item in found)


@pytest.mark.parametrize("text", ["我想买一些夏天的服装", "I want to buy some summer clothes"])
def test_summer_clothes_are_found_in_both_languages(shop: Catalog, text: str) -> None:
    found = _said(shop, text)
    assert len(found) >= 20
    assert all("summer 夏天" in str(item.facets["season"]) for item in found)


def test_cheaper_than_the_list(shop: Catalog) -> None:
    dresses = _said(shop, "I'm looking for a dress")
    last = dresses[:3]
    for text in ("cheaper", "便宜点"):
        (proposal,) = shop.link(text, last=[item.id for item in last]).proposals
        assert (proposal.constraint.facet, proposal.constraint.op) == ("price", "lt")
        assert proposal.constraint.values[0] in sorted(_number(item, "price") for item in last)[:2]
        assert any(proposal.constraint.accepts(item.facets["price"]) for item in dresses)
