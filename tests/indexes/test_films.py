"""The demo catalog: no duplicates, plausible ranges, and as varied as it says."""

from __future__ import annotations

from collections import Counter

import pytest

from chatrec.indexes import Catalog, Item

GENRES = {
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family", "Fantasy", "Film-Noir",
    "History", "Horror", "Musical", "Mystery", "Romance", "Science Fiction", "Thriller", "War", "Western",
}  # fmt: skip


@pytest.fixture(scope="module")
def films() -> Catalog:
    return Catalog.load("films", strict=True)


def _many(item: Item, name: str) -> tuple[str, ...]:
    value = item.facets[name]
    assert isinstance(value, tuple)
    return value


def test_films_are_many_and_unique(films: Catalog) -> None:
    assert len(films) >= 300
    assert max(Counter((item.title.casefold(), item.facets["year"]) for item in films.items).values()) == 1
    assert max(Counter(item.description for item in films.items).values()) == 1


def test_every_film_has_plausible_facts(films: Catalog) -> None:
    for item in films.items:
        year, runtime = item.facets["year"], item.facets["runtime"]
        assert isinstance(year, int)
        assert 1895 <= year <= 2025, item
        assert isinstance(runtime, int)
        assert 40 <= runtime <= 330, item
        assert 1 <= len(_many(item, "genres")) <= 3, item
        assert set(_many(item, "genres")) <= GENRES, item
        assert 1 <= len(_many(item, "mood")) <= 3, item
        assert 1 <= len(_many(item, "company")) <= 3, item
        assert _many(item, "director"), item
        assert _many(item, "country"), item
        assert 60 <= len(item.description) <= 330, item


def test_films_come_from_everywhere_and_every_decade(films: Catalog) -> None:
    decades = Counter(int(str(item.facets["year"])) // 10 for item in films.items)
    assert all(decades[decade] >= 10 for decade in range(192, 203))
    assert len({country for item in films.items for country in _many(item, "country")}) >= 40


def test_moods_and_company_tell_films_apart(films: Catalog) -> None:
    for name in ("mood", "company"):
        held = Counter(value for item in films.items for value in _many(item, name))
        assert min(held.values()) >= 12, name
        assert max(held.values()) <= len(films) * 0.4, name
