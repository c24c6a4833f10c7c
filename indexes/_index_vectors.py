"""The vectors of an index, in FAISS: a row an item, filtered before the search and never after it."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from chatrec.errors import EmbedderError

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FAISS: Any = faiss  # its own type hints are those of C++
_NARROW_ROWS = 2048
_NARROW_SHARE = 0.05  # where FAISS under a selector becomes faster than scanning the selected rows (34,375 x 384)


class VectorTable:
    """Unit vectors by row, compared by inner product, which is then the cosine.

    FAISS's flat index numbers its vectors by row and closes the gaps on removal, as the rows of the index do, so no
    map of ids is kept beside it. The one copy of the vectors is FAISS's own.

    Args:
        dimensions: The length of a vector.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._faiss: Any = _FAISS.IndexFlatIP(dimensions)

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    @property
    def matrix(self) -> Floats:
        """All vectors, (rows, dimensions): a view that the next change of the table makes invalid."""
        if not len(self):
            return np.zeros((0, self.dimensions), np.float32)
        flat: Floats = _FAISS.rev_swig_ptr(self._faiss.get_xb(), len(self) * self.dimensions)
        return flat.reshape(len(self), self.dimensions)

    def add(self, vectors: Floats) -> None:
        """Append rows."""
        if len(vectors):
            self._faiss.add(np.ascontiguousarray(vectors))

    def replace(self, rows: Rows, vectors: Floats) -> None:
        """Write other vectors into rows that exist."""
        self.matrix[rows] = vectors

    def remove(self, rows: Rows) -> None:
        """Take rows out; those behind them move up."""
        if len(rows):
            self._faiss.remove_ids(np.ascontiguousarray(rows, np.int64))

    def cosines(self, query: Floats, rows: Rows | None = None) -> Floats:
        """The query's cosine with the rows (all by default), float32, in their order."""
        matrix = self.matrix
        cosines: Floats = (matrix if rows is None else matrix[rows]) @ query
        return cosines

    def nearest(self, query: Floats, k: int, allowed: Mask | None = None) -> tuple[Rows, Floats]:
        """The rows nearest to the query, exactly.

        Args:
            query: Float32 (dimensions,), unit length.
            k: How many, at most.
            allowed: Which rows may be found, (rows,); None for all.

        Returns:
            Rows and cosines, nearest first; fewer than `k` where fewer are allowed.
        """
        if k <= 0 or not len(self):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        selector = None
        if allowed is not None:
            rows = np.flatnonzero(allowed)
            if self.is_narrow(len(rows)):
                cosines = self.cosines(query, rows)
                best = top(cosines, k)
                return rows[best], cosines[best]
            # FAISS reads the bits while it searches: `bits` must live until then.
            bits = np.packbits(allowed, bitorder="little")
            selector = _FAISS.SearchParameters(sel=_FAISS.IDSelectorBitmap(bits))
        distances, found = self._search(query, min(k, len(self)), selector)
        there = found[0] >= 0  # FAISS fills up with -1 where fewer rows are allowed
        return found[0][there].astype(np.int64), distances[0][there]

    def _search(self, query: Floats, k: int, selector: Any) -> tuple[Any, Any]:
        """FAISS on one thread: a single query gains 1 ms from two, and loses 15 when others want the processor."""
        threads = _FAISS.omp_get_max_threads()
        _FAISS.omp_set_num_threads(1)
        try:
            distances, found = self._faiss.search(query[None], k, params=selector)
            return distances, found
        finally:
            _FAISS.omp_set_num_threads(threads)

    def is_narrow(self, rows: int) -> bool:
        """Whether so few rows are better scanned one by one."""
        return rows <= max(_NARROW_ROWS, int(_NARROW_SHARE * len(self)))


def top(scores: Floats, k: int) -> Rows:
    """The places of the `k` greatest scores, greatest first; equal ones in their order."""
    if k <= 0:
        return np.zeros(0, np.int64)
    if k < len(scores):
        # Everything equal to the k-th stays in, so that ties are broken by place and not by the partition.
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        places = np.flatnonzero(scores >= least)
    else:
        places = np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")][:k]


def unit(vectors: NDArray[Any]) -> Floats:
    """Vectors as float32 of unit length; a zero vector stays zero.

    Args:
        vectors: Shape (n, dimensions).

    Raises:
        EmbedderError: They are not a table of finite numbers.
    """
    table = np.array(vectors, np.float32, ndmin=2)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise EmbedderError(
            f"the embedder gave vectors of shape {table.shape} that are not all finite numbers",
            hint="one list of finite numbers a text is needed; check the embedder",
        )
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.where(lengths > 0, lengths, np.float32(1.0))
    return table
