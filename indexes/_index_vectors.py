"""Vectors where they lie, in memory or in a mapped file: FAISS compares them there, without a copy of its own."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import faiss
import numpy as np
from numpy.typing import NDArray

from chatrec.errors import EmbedderError

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FAISS: Any = faiss  # its own type hints are those of C++
_MAGIC = b"chatrec vectors 1\0\0"  # 19 bytes: with FAISS's 45 the numbers begin at 64, where a cache line does
HEADER = 64
_CHUNK = 16_384
_TIMED_ROWS = 8192
_KEPT_FROM = 1000
"""Fewer rows are compared again sooner than they are looked up."""


class VectorBlock:
    """Unit vectors by row, never changed; compared by inner product, which is then the cosine.

    The bytes are those of a FAISS `IndexFlatIP` file behind 19 others, so that FAISS can read them in place.

    Args:
        buffer: uint8 (64 + rows * dimensions * 4,), as `allocate` lays it out.
        rows: How many vectors.
        dimensions: The length of each.
        total: Their sum, where it is known.
    """

    def __init__(
        self, buffer: NDArray[np.uint8], rows: int, dimensions: int, total: NDArray[np.float64] | None = None
    ) -> None:
        self.buffer = buffer
        self._total = total
        self._last: _Compared | None = None
        self.dimensions = dimensions
        self.matrix: Floats = np.asarray(buffer)[HEADER:].view(np.float32).reshape(rows, dimensions)
        # Finding out where an array lies takes as long as comparing 50 vectors, so it is done once.
        self._first: Any = _FAISS.swig_ptr(self.matrix) if self.matrix.size else None

    @classmethod
    def of(cls, vectors: Floats) -> VectorBlock:
        """A block in memory with these vectors, (rows, dimensions)."""
        rows, dimensions = vectors.shape
        buffer = np.empty(HEADER + vectors.size * 4, np.uint8)
        buffer[:HEADER] = np.frombuffer(header(rows, dimensions), np.uint8)
        block = cls(buffer, rows, dimensions)
        block.matrix[:] = vectors
        return block

    @classmethod
    def open(cls, path: Path, rows: int, dimensions: int, total: NDArray[np.float64] | None = None) -> VectorBlock:
        """The block in a file, mapped: what is not compared is not read.

        Raises:
            ValueError: The file's head or length is another.
            OSError: It cannot be read.
        """
        buffer: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        size = HEADER + rows * dimensions * 4
        if len(buffer) != size or buffer[:HEADER].tobytes() != header(rows, dimensions):
            raise ValueError(f"{path.name!r} is not a file of {rows} vectors of {dimensions} numbers")
        return cls(buffer, rows, dimensions, total)

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def total(self) -> NDArray[np.float64]:
        """The sum of all vectors, (dimensions,)."""
        if self._total is None:
            total = np.zeros(self.dimensions, np.float64)
            for start in range(0, len(self), _CHUNK):
                total += self.matrix[start : start + _CHUNK].sum(axis=0, dtype=np.float64)
            self._total = total
        return self._total

    def flat(self) -> Any:
        """FAISS's view of the block; the block must outlive it."""
        reader = _FAISS.ZeroCopyIOReader(_FAISS.swig_ptr(self.buffer[len(_MAGIC) :]), len(self.buffer) - len(_MAGIC))
        return _FAISS.read_index(reader, _FAISS.IO_FLAG_MMAP_IFC)

    def cosines(self, query: Floats, rows: Rows | None = None) -> Floats:
        """The query's cosine with the rows (all by default), float32, in their order; not to be written in.

        What the last query was compared with is kept: the same again, under a narrower filter, is not compared again.
        """
        last = self._last
        if last is not None and np.array_equal(last.query, query):
            known = last.of(rows, len(self))
            if known is not None:
                return known
        found = self._compared(query, rows)
        if len(found) >= _KEPT_FROM:
            self._last = _Compared(query.copy(), rows, found)  # replaced at once: threads never see half of it
        return found

    def _compared(self, query: Floats, rows: Rows | None) -> Floats:
        found = np.empty(len(self) if rows is None else len(rows), np.float32)
        if not len(found):
            return found
        out, asked = _FAISS.swig_ptr(found), _FAISS.swig_ptr(query)
        with one_thread():
            if rows is None:
                _FAISS.fvec_inner_products_ny(out, asked, self._first, self.dimensions, len(self))
            else:
                picked = _FAISS.swig_ptr(rows)
                _FAISS.fvec_inner_products_by_idx(out, asked, self._first, picked, self.dimensions, 1, len(rows))
        return found

    def nearest(self, query: Floats, k: int, rows: Rows | None = None) -> tuple[Rows, Floats]:
        """The rows nearest to the query, exactly.

        Args:
            query: Float32 (dimensions,), unit length, contiguous.
            k: How many, at most.
            rows: Which rows may be found, int64, rising; None for all.

        Returns:
            Rows and cosines, nearest first, ties in row order.
        """
        cosines = self.cosines(query, rows)
        best = top(cosines, k)
        return (best if rows is None else rows[best]), cosines[best]

    @cached_property
    def scan_seconds(self) -> float:
        """What comparing a query with one row takes of the processor, measured here and now.

        Waiting for a processor that others use is not counted, or a busy machine would change what is chosen.
        """
        rows = np.unique(np.linspace(0, len(self) - 1, min(len(self), _TIMED_ROWS)).astype(np.int64))
        if not len(rows):
            return 0.0
        query = self.matrix[0].copy()
        best = float("inf")
        for _ in range(5):
            began = time.thread_time()
            self._compared(query, rows)
            best = min(best, time.thread_time() - began)
        return best / len(rows)


class _Compared:
    """A query's cosines with some rows, or all."""

    def __init__(self, query: Floats, rows: Rows | None, cosines: Floats) -> None:
        self.query, self._rows, self._cosines = query, rows, cosines
        self._by_row: Floats | None = cosines if rows is None else None

    def of(self, rows: Rows | None, size: int) -> Floats | None:
        """Those of some rows, or of all; None where one is not known."""
        if rows is self._rows or (rows is not None and len(rows) > len(self._cosines)):
            return self._cosines if rows is self._rows else None
        if self._by_row is None:
            spread = np.full(size, np.nan, np.float32)
            spread[self._rows] = self._cosines
            self._by_row = spread
        found: Floats = self._by_row if rows is None else self._by_row[rows]
        return None if np.isnan(found).any() else found


class one_thread:  # noqa: N801
    """FAISS on one thread, of the calling thread alone.

    For a single query it gains little from more, and waits up to 20 ms for them when others want the processor.
    """

    __slots__ = ("_threads",)

    def __enter__(self) -> None:
        self._threads: int = _FAISS.omp_get_max_threads()
        _FAISS.omp_set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        _FAISS.omp_set_num_threads(self._threads)


def header(rows: int, dimensions: int) -> bytes:
    """The 64 bytes before the numbers: our own magic, then FAISS's head of a flat inner-product index.

    Source: `write_index_header` and the case of `IndexFlat` in faiss/impl/index_write.cpp.
    """
    return _MAGIC + struct.pack("<4siqqqBiQ", b"IxFI", dimensions, rows, 1 << 20, 1 << 20, 1, 0, rows * dimensions)


def write_block(file: BinaryIO, parts: Iterable[Floats], rows: int, dimensions: int) -> None:
    """Write vectors that come in parts, (any, dimensions) each, as the file that `VectorBlock.open` reads."""
    file.write(header(rows, dimensions))
    file.writelines(np.ascontiguousarray(part, "<f4").data for part in parts)


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


def unit_query(query: NDArray[Any]) -> Floats:
    """One vector as float32 of unit length, as `unit` has it, for a query, where microseconds count.

    Raises:
        EmbedderError: It is not a list of finite numbers.
    """
    vector: Floats = np.ascontiguousarray(query, np.float32)
    length = math.sqrt(float(vector @ vector)) if vector.ndim == 1 else math.nan
    if not math.isfinite(length):
        vector, length = unit(query)[0], 1.0  # or it says what is wrong
    scaled: Floats = vector / np.float32(length or 1.0)
    return scaled


def unit(vectors: NDArray[Any]) -> Floats:
    """Vectors as float32 of unit length; a zero vector stays zero.

    Args:
        vectors: Shape (n, dimensions).

    Raises:
        EmbedderError: They are not a table of finite numbers.
    """
    table = np.array(vectors, np.float32, ndmin=2)
    lengths = np.sqrt(np.einsum("ij,ij->i", table, table)) if table.ndim == 2 else None
    # A length is finite where all its numbers are, so that the table is read once.
    if lengths is None or not (np.isfinite(lengths).all() or np.isfinite(table).all()):
        raise EmbedderError(
            f"the embedder gave vectors of shape {table.shape} that are not all finite numbers",
            hint="one list of finite numbers a text is needed; check the embedder",
        )
    table /= np.where(lengths > 0, lengths, np.float32(1.0))[:, None]
    return table
