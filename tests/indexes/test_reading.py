from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from langchain_core.documents import Document

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_protocol import RowIndex
from chatrec.indexes._reading import Reading
from chatrec.indexes._values import Item
from chatrec.testing import HashingEmbedder

ITEMS = [Item(f"i{n}", f"thing {n} {'amber' if n % 3 else 'birch'}", "") for n in range(60)]
CATALOG = Catalog(ITEMS)


class ById:
    """An index that knows ids alone, as one in a database does."""

    def __init__(self, index: ItemIndex) -> None:
        self.index = index
        self.asked: list[str] = []

    def vectors(self, ids: Sequence[str]) -> Any:
        self.asked += ids
        return self.index.vectors(ids)

    def words(self, text: str, ids: Sequence[str]) -> Any:
        self.asked += ids
        return self.index.words(text, ids)

    def search(self, query: Any, **kwargs: Any) -> Any:
        return self.index.search(query, **kwargs)


def reads(catalog: Catalog, index: Any) -> list[Any]:
    reading = Reading(catalog, index)
    rows = np.array([41, 0, 7], dtype=np.int64)
    mask = np.arange(len(catalog)) % 2 == 0
    aim = HashingEmbedder().embed_query("birch thing 12")
    found = reading.search(np.array(aim, dtype=np.float32), "birch 12", 9, mask)
    return [reading.vectors(rows), reading.words("birch 7", rows), found]


def test_rows_and_ids_read_the_same() -> None:
    index = ItemIndex.build(CATALOG, embedder=HashingEmbedder())
    other = ById(index)
    assert isinstance(index, RowIndex)
    for by_row, by_id in zip(reads(CATALOG, index), reads(CATALOG, other), strict=True):
        np.testing.assert_array_equal(by_row, by_id)
    assert other.asked


def test_an_index_in_another_order_is_read_by_ids() -> None:
    turned = Catalog(ITEMS[::-1])
    index = ItemIndex.build(turned, embedder=HashingEmbedder())
    vectors = Reading(CATALOG, index).vectors(np.array([3, 59], dtype=np.int64))
    np.testing.assert_array_equal(vectors, index.vectors(["i3", "i59"]))


def test_an_item_that_was_replaced_is_read_as_it_is_now() -> None:
    index = ItemIndex.build(CATALOG, embedder=HashingEmbedder())
    reading = Reading(CATALOG, index)
    before = reading.vectors(np.array([5, 6], dtype=np.int64))
    index.add_documents([Document("a lantern", id="i5")])
    after = reading.vectors(np.array([5, 6], dtype=np.int64))
    np.testing.assert_array_equal(after, index.vectors(["i5", "i6"]))
    assert not np.array_equal(before[0], after[0])
    aim = np.array(HashingEmbedder().embed_query("a lantern"), dtype=np.float32)
    assert reading.search(aim, "lantern", 1, np.ones(60, dtype=np.bool_)).tolist() == [5]


def test_an_index_with_more_items_is_read_by_ids() -> None:
    index = ItemIndex.build(CATALOG, embedder=HashingEmbedder())
    reading = Reading(CATALOG, index)
    reading.vectors(np.array([5], dtype=np.int64))
    index.delete(["i0"])
    vectors = reading.vectors(np.array([5], dtype=np.int64))
    np.testing.assert_array_equal(vectors, index.vectors(["i5"]))
