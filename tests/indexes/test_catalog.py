"""The catalog itself: order, identity, facets and language."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from chatrec.errors import CatalogError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._rejects import Reject
from chatrec.indexes._units import name_unit, read_number
from chatrec.indexes._values import Facet, FacetValue, Item


def make(*rows: Mapping[str, FacetValue]) -> Catalog:
    return Catalog(Item(f"i{number}", f"Title {number}", "", facets) for number, facets in enumerate(rows))


def test_items_keep_their_order_and_are_found_by_id() -> None:
    items = [Item("b", "Beta"), Item("a", "Alpha")]
    catalog = Catalog(iter(items), name="letters", rejects=[Reject(1, "", "", "bad", "mend")])
    assert catalog.items == tuple(items)
    assert (len(catalog), catalog.name, len(catalog.rejects)) == (2, "letters", 1)
    assert ("a" in catalog, "c" in catalog, 5 in catalog) == (True, False, False)
    assert catalog["a"] is items[1]
    assert [catalog.row(item.id) for item in catalog.items] == [0, 1]
    with pytest.raises(KeyError, match="'c'"):
        catalog.row("c")


def test_an_empty_catalog_is_legal() -> None:
    catalog = Catalog([])
    assert len(catalog) == 0
    assert catalog.mask([]).shape == (0,)
    assert dict(catalog.facets) == {}
    assert catalog.language == "en"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([Item("x", "A"), Item("y", "B"), Item("x", "C")], "items 0 and 2 have the same id 'x'"),
        ([Item("", "A")], "item 0 has id ''"),
        ([Item("x", " ")], "item 0 has id 'x' and title ' '"),
        ([Item("x", "A", "", {"n": float("nan")})], "the facet 'n' holds nan"),
        ([Item("x", "A", "", {"n": 1}), Item("y", "B", "", {"n": float("inf")})], "the facet 'n' holds inf"),
    ],
)
def test_items_that_cannot_be_told_apart_or_compared_are_refused(items: list[Item], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog(items)


def test_facets_say_what_the_items_hold() -> None:
    catalog = make(
        {"genre": ("war", "noir"), "year": 1950, "colour": "red", "new": True, "out": "2020-01-02", "runtime_min": 9.5},
        {"genre": ("noir",), "year": 1960, "colour": "red", "new": True, "out": "2021-01", "runtime_min": 100},
        {"genre": ("noir", "love"), "colour": "blue", "new": False, "link": "https://x.y/z"},
    )
    assert dict(catalog.facets) == {
        "genre": Facet("genre", "multi", 3, values={"noir": 3, "love": 1, "war": 1}),
        "year": Facet("year", "number", 2, low=1950, high=1960, integer=True),
        "colour": Facet("colour", "category", 3, values={"red": 2, "blue": 1}),
        "new": Facet("new", "boolean", 3, values={"true": 2, "false": 1}),
        "out": Facet("out", "date", 2),
        "runtime_min": Facet("runtime_min", "number", 2, low=9.5, high=100, unit="min"),
        "link": Facet("link", "text", 1),
    }
    assert list(catalog.facets["genre"].values) == ["noir", "love", "war"]


def test_names_are_categories_and_sentences_are_text() -> None:
    first = ["Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal"]
    last = ["Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Oak"]
    catalog = make(
        *(
            {
                "maker": f"{first[row % 8]} {last[row // 8]}",
                "blurb": f"It was number {row}, and nobody knew why. They went to see.",
                "code": f"X-{row}",
                "mood": ["calm", "wild"][row % 2],
            }
            for row in range(64)
        )
    )
    assert {facet.name: facet.kind for facet in catalog.facets.values()} == {
        "maker": "category", "blurb": "text", "code": "text", "mood": "category",
    }  # fmt: skip
    assert len(catalog.facets["maker"].values) == 64


def test_facets_cannot_be_changed() -> None:
    catalog = make({"year": 1950})
    with pytest.raises(TypeError):
        catalog.facets["year"] = Facet("year", "text", 0)  # type: ignore[index]


@pytest.mark.parametrize(
    ("title", "description", "language"),
    [
        ("Alien", "A crew meets a stranger.", "en"),
        ("红烧肉", "肥而不腻的家常菜。", "zh"),
        ("iPhone 15 手机壳", "适用于苹果手机的透明保护壳。", "zh"),
        ("Crouching Tiger (卧虎藏龙)", "Two warriors search for a stolen sword in old China.", "en"),
        ("1984", "", "en"),
    ],
)
def test_the_language_is_that_of_titles_and_descriptions(title: str, description: str, language: str) -> None:
    assert Catalog([Item("x", title, description)]).language == language


def test_linking_is_asked_of_one_linker(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = make({"year": 1950})
    asked: list[tuple[str, dict[str, object]]] = []

    def link(text: str, **told: object) -> str:
        asked.append((text, told))
        return "linked"

    catalog.__dict__["_linker"] = SimpleNamespace(link=link)
    told = {"last": ("i0",), "listed": ("i0", "i1"), "about": "i0", "asked": "year", "embedder": None}
    assert catalog.link("older", **told) == "linked"  # type: ignore[arg-type, comparison-overlap]
    assert asked == [("older", told)]


def test_demo_catalogs_are_found_by_name_and_a_file_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demo = Catalog.load("films")
    assert (demo.name, demo.rejects) == ("films", ())
    assert len(demo) >= 300
    Path("films").write_text("title\nMine\n", encoding="utf-8")
    assert [item.title for item in Catalog.load("films").items] == ["Mine"]


def test_the_name_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "export.2024.jsonl"
    path.write_text('{"title": "A"}\n', encoding="utf-8")
    assert Catalog.load(path).name == "export"
    assert Catalog.load(str(path), name="shop").name == "shop"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1,200.50", (1200.5, "")),
        ("US$ 5", (5, "$")),
        ("2小时5分钟", (125, "min")),
        ("1 200", (1200, "")),
        ("-3 °C", (-3, "°C")),
        ("2gb", (2, "GB")),
        ("12-15", None),
        ("v2", None),
        ("1,2,3", None),
        ("$5 USD", None),
        ("12:30", None),
        ("", None),
    ],
)
def test_numbers_are_read_with_their_units(text: str, read: tuple[float, str] | None) -> None:
    assert read_number(text) == read


@pytest.mark.parametrize(
    ("name", "unit"),
    [("runtime_min", "min"), ("price_eur", "€"), ("重量(克)", "g"), ("Size (GB)", "GB"), ("kcal", "kcal"),
     ("name", None), ("plan_b", None), ("team m", None), ("rating (1-5)", None)],
)  # fmt: skip
def test_units_are_read_from_names(name: str, unit: str | None) -> None:
    assert name_unit(name) == unit


def data(name: str) -> Path:
    folder = os.environ.get("CHATREC_DATA", "")
    path = Path(folder) / name
    if not folder or not path.is_file():
        pytest.skip(f"CHATREC_DATA names no folder with {name}")
    return path


@pytest.mark.parametrize(
    ("name", "size", "kinds", "language"),
    [
        ("films_wikipedia.jsonl.gz", 34375, {"year": "number", "genres": "multi", "cast": "multi"}, "en"),
        ("recipes_zh.jsonl", 368,
         {"category": "category", "difficulty": "number", "kcal": "number", "ingredients": "multi"}, "zh"),
        ("redial_items.jsonl.gz", 6583,
         {"genre": "multi", "director": "multi", "writer": "multi", "star": "multi", "imdb_id": "text"}, "en"),
    ],
)  # fmt: skip
def test_real_catalogs_load_whole_and_answer_as_item_by_item(
    name: str, size: int, kinds: dict[str, str], language: str
) -> None:
    catalog = Catalog.load(data(name))
    assert (len(catalog), catalog.rejects, catalog.language) == (size, (), language)
    assert {facet.name: facet.kind for facet in catalog.facets.values()} == kinds
    assert all(json.dumps(item.as_dict()) for item in catalog.items[:100])
    for facet in catalog.facets.values():
        if facet.kind == "number":
            where = [Constraint(facet.name, "ge", (((facet.low or 0) + (facet.high or 0)) / 2,))]
        else:
            where = [Constraint(facet.name, "any", (next(iter(facet.values), "tt0114092"),))]
        expected = [where[0].accepts(item.facets.get(facet.name)) for item in catalog.items]
        assert any(expected)
        np.testing.assert_array_equal(catalog.mask(where), expected)
