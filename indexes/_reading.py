"""Reading an index by the rows of a catalog: straight where the index has the same rows, else by the items' ids."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._index_protocol import Index, RowIndex

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["Reading"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_COMPARED: Final = 64
"""So many ids, evenly spread, tell whether the rows of an index are the catalog's."""


class Reading:
    """What an index says of rows.

    Args:
        catalog: The items.
        index: Their index.
    """

    def __init__(self, catalog: Catalog, index: Index) -> None:
        self._catalog = catalog
        self._index = index

    def vectors(self, rows: NDArray[np.integer[Any]]) -> Floats:
        """Unit vectors, shape (len(rows), d)."""
        own = self._own
        return self._index.vectors(self._ids(rows)) if own is None else own.vectors_at(rows.astype(np.int64))

    def words(self, query: str, rows: NDArray[np.integer[Any]]) -> Floats:
        """How much of a text the items' words explain, shape (len(rows),), in [0, 1]."""
        own = self._own
        found = self._index.words(query, self._ids(rows)) if own is None else own.words_at(query, rows.astype(np.int64))
        return np.clip(found, 0.0, 1.0)

    def search(self, aim: Floats, words: str, k: int, mask: Mask) -> NDArray[np.int64]:
        """The rows of the mask that are best by meaning and words, best first."""
        own = self._own
        if own is not None:
            return own.found(aim, k=k, mask=mask, words=words)
        hits = self._index.search(aim, k=k, mask=mask, words=words)
        return np.array([self._catalog.row(hit.id) for hit in hits], dtype=np.int64)

    @property
    def _own(self) -> RowIndex | None:
        same = self._same
        return same if same is not None and len(same) == len(self._catalog) else None

    @cached_property
    def _same(self) -> RowIndex | None:
        size = len(self._catalog)
        if not isinstance(self._index, RowIndex) or len(self._index) != size:
            return None
        rows = np.unique(np.linspace(0, max(0, size - 1), min(size, _COMPARED)).astype(np.int64))
        return self._index if self._index.ids_at(rows) == self._ids(rows) else None

    def _ids(self, rows: NDArray[np.integer[Any]]) -> list[str]:
        items = self._catalog.items
        return [items[row].id for row in rows.tolist()]
