"""The labelled material is whole: constraints can be read, items exist, there is enough of everything."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from bench import _labelled as labelled

from chatrec.indexes import Catalog

SHARED = Path(os.environ.get("CHATREC_SHARED_DATA", "shared/data"))
SIZES = {"linking_dev": 120, "linking_films": 110, "linking_recipes": 110}
CHINESE_OR_ENGLISH = {"linking_dev": 40, "linking_films": 25, "linking_recipes": 25}


def catalog_of(name: str) -> Catalog:
    catalog = labelled.load_catalog(name, SHARED)
    if catalog is None:
        pytest.skip(f"{name} is not part of the project: name its folder in CHATREC_SHARED_DATA")
    return catalog


def check_sentence(sentence: labelled.Sentence, catalog: Catalog) -> None:
    for wishes in sentence.accepted:
        assert all(str(wish) for wish in labelled.read_wishes(catalog, wishes))
    assert all(item in catalog for item in (*sentence.last, *sentence.named)), sentence.id
    assert all(facet in catalog.facets for facet in sentence.lifted), sentence.id
    assert "comparative" not in sentence.kinds or sentence.last, sentence.id


@pytest.mark.parametrize("name", labelled.LINKING)
def test_sentences_are_enough_and_of_every_kind(name: str) -> None:
    found = labelled.sentences(name)
    assert len(found) >= SIZES[name]
    assert len({sentence.id for sentence in found}) == len(found)
    assert len({(sentence.catalog, sentence.text) for sentence in found}) == len(found)
    assert {kind for sentence in found for kind in sentence.kinds} == labelled.KINDS
    assert min(Counter(sentence.language for sentence in found).values()) >= CHINESE_OR_ENGLISH[name]
    nothing = [sentence for sentence in found if "distractor" in sentence.kinds]
    assert len(nothing) >= 0.15 * len(found)
    assert not any(sentence.want or sentence.lifted for sentence in nothing)


@pytest.mark.parametrize("name", labelled.LINKING)
def test_sentences_fit_their_catalogs(name: str) -> None:
    found = labelled.sentences(name)
    for catalog_name in sorted({sentence.catalog for sentence in found}):
        catalog = catalog_of(catalog_name)
        for sentence in found:
            if sentence.catalog == catalog_name:
                check_sentence(sentence, catalog)


def test_dishes_never_repeat_the_title() -> None:
    found = labelled.dishes()
    count = Counter(dish.language for dish in found)
    assert count["zh"] >= 60
    assert count["en"] >= 30
    assert not [dish.id for dish in found for title in dish.accept if title in dish.text]


def test_dishes_exist() -> None:
    catalog = catalog_of("recipes_zh")
    for dish in labelled.dishes():
        assert {catalog[item].title for item in dish.ids} == set(dish.accept), dish.id


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["gears>1", "gears<4"], ["gears=2..3"], True),
        (["type=road", "gears>1"], ["gears>1", "type=road"], True),
        (["type=road|city"], ["type=road", "type=city"], False),
        (["type=road"], ["type=road", "gears>=1"], False),
    ],
)
def test_wishes_are_compared_by_what_they_admit(one: list[str], other: list[str], same: bool) -> None:
    catalog = catalog_of("dev_bikes")
    first, second = labelled.read_wishes(catalog, one), labelled.read_wishes(catalog, other)
    assert labelled.same_wishes(catalog, first, second) is same
    assert labelled.same_wishes(catalog, second, first) is same
