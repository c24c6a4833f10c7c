"""The rows of an index: item, vector, words and facets of each, changed together under one lock."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from chatrec.errors import CatalogError, ConstraintError, EmbedderError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_search import Hit, fuse
from chatrec.indexes._index_vectors import Floats, Mask, VectorTable
from chatrec.indexes._values import Scalar
from chatrec.indexes._words import WordIndex

Filter: TypeAlias = "Sequence[Constraint] | Mapping[str, Scalar | Collection[Scalar]]"


class IndexRows:
    """A table with a row an item, in the order in which they came.

    Args:
        entries: One a row, with ids of their own.
        vectors: Float32 (entries, dimensions), unit length.
        words: The word index of the same rows, if it is made already.
        catalog: The catalog of the same rows, if there is one.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        vectors: Floats | None = None,
        *,
        words: WordIndex | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self._entries = list(entries)
        self._rows = {entry.item.id: row for row, entry in enumerate(self._entries)}
        self._table: VectorTable | None = None
        if vectors is not None and len(vectors):
            self._table = VectorTable(vectors.shape[1])
            self._table.add(vectors)
        self._words = words
        self._catalog = catalog
        self._mean: Floats | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def snapshot(self) -> tuple[list[Entry], Floats, WordIndex]:
        """Entries, vectors and words at one moment; copies."""
        with self._lock:
            vectors = np.zeros((0, 0), np.float32) if self._table is None else self._table.matrix.copy()
            return list(self._entries), vectors, self.words()

    def get(self, ids: Iterable[str]) -> list[Entry]:
        """The entries with these ids, in their order; ids that are not there are left out."""
        with self._lock:
            return [self._entries[self._rows[item_id]] for item_id in ids if item_id in self._rows]

    def vectors(self, ids: Sequence[str]) -> Floats:
        """A copy of the items' vectors, float32 (ids, dimensions).

        Raises:
            CatalogError: There is no such item.
        """
        with self._lock:
            unknown = next((item_id for item_id in ids if item_id not in self._rows), None)
            if unknown is not None:
                raise CatalogError(f"there is no item {unknown!r} in the index", hint="give ids of the catalog's items")
            if self._table is None:
                return np.zeros((0, 0), np.float32)
            vectors: Floats = self._table.matrix[[self._rows[item_id] for item_id in ids]]
            return vectors.reshape(len(ids), self._table.dimensions)

    def put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        """Add rows, or write over those with the same ids, in their place.

        Raises:
            EmbedderError: The vectors have another length than those that are there.
        """
        if not entries:
            return
        last = {entry.item.id: number for number, entry in enumerate(entries)}  # of equal ids the last one counts
        with self._lock:
            table = self._table if self._table is not None else VectorTable(vectors.shape[1])
            _check_length(table, vectors.shape[1])
            old = [number for item_id, number in last.items() if item_id in self._rows]
            new = [number for item_id, number in last.items() if item_id not in self._rows]
            rows = np.array([self._rows[entries[number].item.id] for number in old], np.int64)
            table.replace(rows, vectors[old])
            table.add(vectors[new])
            self._table = table
            for number in old:
                self._entries[self._rows[entries[number].item.id]] = entries[number]
            for number in new:
                self._rows[entries[number].item.id] = len(self._entries)
                self._entries.append(entries[number])
            self._changed()

    def remove(self, ids: Iterable[str] | None) -> None:
        """Take rows out, all of them for None; the others keep their order. Ids that are not there are ignored."""
        with self._lock:
            gone = set(self._rows) if ids is None else {item_id for item_id in ids if item_id in self._rows}
            if not gone or self._table is None:
                return
            self._table.remove(np.array(sorted(self._rows[item_id] for item_id in gone), np.int64))
            self._entries = [entry for entry in self._entries if entry.item.id not in gone]
            self._rows = {entry.item.id: row for row, entry in enumerate(self._entries)}
            if not self._entries:
                self._table = None
            self._changed()

    def words(self) -> WordIndex:
        """The word index of the present rows."""
        with self._lock:
            if self._words is None:
                texts = (entry.text() for entry in self._entries)
                self._words = WordIndex(texts, (entry.item.title for entry in self._entries))
            return self._words

    def mask(self, where: Filter | None) -> Mask | None:
        """Which rows a filter allows, (rows,); None for all.

        Raises:
            ConstraintError: A facet does not exist, or a mapping's value is not a scalar or a list of scalars.
        """
        wanted = as_constraints(where)
        with self._lock:
            if not wanted or not self._entries:
                return None
            if self._catalog is None:
                self._catalog = Catalog(entry.item for entry in self._entries)
            return self._catalog.mask(wanted)

    def nearest(self, query: Floats, k: int, where: Filter | None) -> list[tuple[Entry, float, Floats]]:
        """The `k` allowed rows nearest to the query: entry, cosine and vector, nearest first."""
        with self._lock:
            if self._table is None:
                return []
            _check_length(self._table, len(query))
            rows, cosines = self._table.nearest(query, k, self.mask(where))
            matrix = self._table.matrix
            pairs = zip(rows.tolist(), cosines.tolist(), strict=True)
            return [(self._entries[row], cosine, matrix[row].copy()) for row, cosine in pairs]

    def fused(
        self, query: Floats | None, text: str, *, k: int, mask: Mask | None, exclude: Collection[str]
    ) -> list[Hit]:
        """The best rows by vector and words; without a query, the first rows, all with score 0.

        Raises:
            CatalogError: The mask has another length than the index.
        """
        with self._lock:
            allowed = self._allowed(mask, exclude)
            if self._table is None or k <= 0:
                return []
            if query is None:
                rows = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
                return [Hit(self._entries[row].item.id, 0.0, 0.0, 0.0) for row in rows[:k].tolist()]
            _check_length(self._table, len(query))
            mean = self._mean if self._mean is not None else self._table.matrix.mean(axis=0)
            self._mean = mean
            words = self.words().scores(text) if text else None
            found = fuse(self._table, query, mean=float(mean @ query), words=words, k=k, allowed=allowed)
            parts = zip(found.rows.tolist(), found.vector.tolist(), found.words.tolist(), strict=True)
            return [Hit(self._entries[row].item.id, vector + word, vector, word) for row, vector, word in parts]

    def _allowed(self, mask: Mask | None, exclude: Collection[str]) -> Mask | None:
        if mask is not None and mask.shape != (len(self),):
            raise CatalogError(
                f"the mask has shape {mask.shape}, the index {len(self)} rows",
                hint="use a mask of the catalog that the index was built from, and build again when it changes",
            )
        rows = [self._rows[item_id] for item_id in exclude if item_id in self._rows]
        if not rows:
            return mask
        allowed = np.ones(len(self), np.bool_) if mask is None else mask.copy()
        allowed[rows] = False
        return allowed

    def _changed(self) -> None:
        self._words = None
        self._catalog = None
        self._mean = None


def as_constraints(where: Filter | None) -> tuple[Constraint, ...]:
    """A filter as constraints: a mapping says of each facet its value, or values of which one is enough.

    Raises:
        ConstraintError: A value is neither a scalar nor a collection of scalars.
    """
    if where is None:
        return ()
    if not isinstance(where, Mapping):
        return tuple(where)
    found: list[Constraint] = []
    for facet, value in where.items():
        values = tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)
        if not values or not all(isinstance(part, str | int | float) for part in values):
            raise ConstraintError(
                f"the filter asks {facet!r} to be {value!r}",
                hint="give a value or a list of values; for ranges and negation give constraints",
            )
        found.append(Constraint(facet, "any", tuple(part for part in values if isinstance(part, str | int | float))))
    return tuple(found)


def _check_length(table: VectorTable, length: int) -> None:
    if length != table.dimensions:
        raise EmbedderError(
            f"the vector has {length} numbers, those of the index {table.dimensions}",
            hint="use the embedder that built the index, or build it again",
        )
