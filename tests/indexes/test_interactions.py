from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from chatrec.errors import CatalogError
from chatrec.indexes import Catalog, Interactions, Item

NOW = 1_000_000.0


@pytest.fixture
def catalog() -> Catalog:
    return Catalog([Item(str(n), f"Thing {n}", "", {}) for n in range(6)])


def liked(found: Interactions) -> list[tuple[int, int]]:
    return list(zip(found.people.tolist(), found.rows.tolist(), strict=True))


def test_events_are_read_and_what_is_wrong_with_them_is_counted(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "ratings.csv"
    rows = ["ana,0,5,10", "ana,1,2,11", "bob,2,4,12", "bob,nine,5,13", ",3,5,14", "bob,3,lots,15", "cid,4,5,9999999999"]
    file.write_text(
        "user_id,item_id,rating,timestamp\n" + "\n".join([*rows, "ana,0,1,16", "ana,5,5,x"]) + "\n", "utf-8"
    )
    found = Interactions.load(file, catalog, now=NOW)
    assert liked(found) == [(0, 2)]
    assert found.read == 9
    assert found.dropped == {
        "unknown item": 1, "without a person": 1, "unreadable rating": 1, "in the future": 1, "unreadable time": 1,
        "repeated": 1, "not liked": 2,
    }  # fmt: skip


def test_without_ratings_every_event_is_a_like_and_columns_can_be_told(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "events.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"who": "a", "what": 3}\n{"who": "a", "what": "4"}\n{"who": "b", "what": "3"}\n'))
    found = Interactions.load(file, catalog, user="who", item="what")
    assert liked(found) == [(0, 3), (0, 4), (1, 3)]
    with pytest.raises(CatalogError, match="which column is the user"):
        Interactions.load(file, catalog)
    with pytest.raises(CatalogError, match="no column 'whom'"):
        Interactions.load(file, catalog, user="whom")


def test_whole_numbers_are_ids_nought_and_those_with_a_point_too(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps({"user": u, "item": i}) + "\n" for u in (0, 1.0) for i in (0, 2.0)), "utf-8")
    found = Interactions.load(file, catalog)
    assert liked(found) == [(0, 0), (0, 2), (1, 0), (1, 2)]
    assert found.dropped == {}


def test_neither_a_broken_first_row_nor_one_that_lacks_the_rating_speaks_for_all(
    tmp_path: Path, catalog: Catalog
) -> None:
    file = tmp_path / "events.jsonl"
    rows = [{"user": "a", "item": 1}, *({"user": "a", "item": item, "rating": 1 + item} for item in range(5))]
    file.write_text('{"user": "a", "it\n' + "".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = Interactions.load(file, catalog)
    assert liked(found) == [(0, 3), (0, 4)]
    assert found.dropped == {"broken row": 1, "unreadable rating": 1, "not liked": 3}


def test_one_who_likes_everything_counts_for_a_thousand(catalog: Catalog) -> None:
    events = [("fan", row, None, float(row)) for row in range(3000)] + [("ana", 1, None, 0.0)]
    found = Interactions.of(events)
    assert (found.people == 0).sum() == 1000
    assert found.rows[0] == 2000
    assert found.dropped == {"beyond the newest 1,000 of a person": 2000}


def test_the_scale_says_from_where_on_a_rating_is_a_like(catalog: Catalog) -> None:
    events = [("ana", row, rating, 0.0) for row, rating in enumerate((1.0, 2.0, 3.0, 4.0, 5.0))]
    assert Interactions.of(events).rows.tolist() == [3, 4]
    assert Interactions.of(events, liked_from=2.0).rows.tolist() == [1, 2, 3, 4]
