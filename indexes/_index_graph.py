"""A graph of near vectors (HNSW, Malkov and Yashunin, 2016): finds most of the nearest without comparing all.

Under a filter a graph finds the less the fewer rows are allowed. How far it has to look is measured when it is made,
for several shares of allowed rows at random, against comparing all; so is the time that takes. A query then takes
whichever is the cheaper: the graph, looking as far as its share of rows needs, or comparing the allowed rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from chatrec.indexes._index_plan import IndexSettings, Structure
from chatrec.indexes._index_vectors import Floats, Mask, Rows, VectorBlock, one_thread, top, unit

_FAISS: Any = faiss
_ADDED_AT_ONCE: Final = 50_000
_TRAINED_ON: Final = 50_000
_QUERIES: Final = 128
_TIMED: Final = 16
_NEAREST: Final = 10
_SHARES: Final = (1.0, 0.3, 0.1, 0.03, 0.01)
_NEAREST_REACH, _FARTHEST_REACH = 16, 4096
_NEAR_SHARE: Final = 1.25
"""What a share of rows needs, one that is a little smaller needs too."""
_MARGIN: Final = 0.75
"""Of what may be missed only so much may be missed on the sample: it is small, and real filters are not random."""
_HOPELESS: Final = 0.08
_NEAR: Final = 4096
_SCORES: Final = 1 << 24
"""Cosines held at once while rows are compared with all queries."""
_RERANKED: Final = 4
"""Quantized candidates for each that is wanted."""


Truths = list[set[int]]
"""The 10 rows nearest to each query."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a share of allowed rows needs.

    Attributes:
        share: Allowed rows over all rows, above 0, at most 1.
        reach: How many candidates the graph keeps while it looks (FAISS's efSearch).
        seconds: Of the processor, that a query then takes.
        recall: Which share of the 10 nearest is found.
        scanned: What comparing the allowed rows one by one takes, likewise.
    """

    share: float
    reach: int
    seconds: float
    recall: float
    scanned: float


class Graph:
    """A graph over a block of vectors.

    Args:
        index: FAISS's.
        block: The exact vectors; they must be those that the graph was made from.
        structure: "hnsw" or "hnsw-sq8".
        steps: From all rows to few.
    """

    def __init__(self, index: Any, block: VectorBlock, structure: Structure, steps: Sequence[Step]) -> None:
        self._index = index
        self._block = block
        self.structure: Structure = structure
        self.steps = tuple(steps)

    @classmethod
    def build(
        cls,
        block: VectorBlock,
        structure: Structure,
        settings: IndexSettings,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> Graph:
        """Make the graph; it takes a copy of the vectors in memory while it is made.

        Args:
            block: The vectors.
            structure: "hnsw" or "hnsw-sq8".
            settings: How many links, how much effort, which recall.
            progress: Called with (done, total) of the vectors.
        """
        metric = _FAISS.METRIC_INNER_PRODUCT
        if structure == "hnsw":
            index = _FAISS.IndexHNSWFlat(block.dimensions, settings.links, metric)
        else:
            kind = _FAISS.ScalarQuantizer.QT_8bit
            index = _FAISS.IndexHNSWSQ(block.dimensions, kind, settings.links, metric)
            sample = np.unique(np.linspace(0, len(block) - 1, min(len(block), _TRAINED_ON)).astype(np.int64))
            index.train(block.matrix[sample])
        index.hnsw.efConstruction = settings.effort
        for start in range(0, len(block), _ADDED_AT_ONCE):
            index.add(np.ascontiguousarray(block.matrix[start : start + _ADDED_AT_ONCE]))
            if progress is not None:
                progress(min(len(block), start + _ADDED_AT_ONCE), len(block))
        graph = cls(index, block, structure, ())
        if structure == "hnsw":
            graph._borrow()
        graph.steps = tuple(graph._measured(settings.recall))
        return graph

    @classmethod
    def open(cls, path: Path, block: VectorBlock, structure: Structure, steps: Sequence[Step]) -> Graph:
        """The graph in a file, mapped.

        Raises:
            ValueError: The file holds something else, or a graph of other vectors.
        """
        flags = _FAISS.IO_FLAG_MMAP_IFC | (_FAISS.IO_FLAG_SKIP_STORAGE if structure == "hnsw" else 0)
        try:
            index = _FAISS.read_index(str(path), flags)
        except RuntimeError as error:  # what FAISS raises for everything
            raise ValueError(f"{path.name!r} is not a graph: {error}") from error
        if not isinstance(index, _FAISS.IndexHNSW) or index.ntotal != len(block) or index.d != block.dimensions:
            raise ValueError(f"{path.name!r} is not a graph of {len(block)} vectors of {block.dimensions} numbers")
        graph = cls(index, block, structure, steps)
        if structure == "hnsw":
            graph._borrow()
        return graph

    def write(self, path: Path) -> None:
        """Write the graph to a file; exact vectors are left out.

        Raises:
            OSError: It cannot be written.
        """
        flags = _FAISS.IO_FLAG_SKIP_STORAGE if self.structure == "hnsw" else 0
        try:
            _FAISS.write_index(self._index, str(path), flags)
        except RuntimeError as error:
            raise OSError(f"FAISS cannot write {str(path)!r}: {error}") from error

    def pays(self, allowed: int) -> Step | None:
        """What to do where so many rows are allowed: None to compare them one by one."""
        share = allowed / max(1, len(self._block))
        step = next((step for step in self.steps if step.share <= _NEAR_SHARE * share), None)
        return step if step is not None and step.seconds * step.share < step.scanned * share else None

    def __str__(self) -> str:
        """What it does, as `chatrec index` and `chatrec doctor` show it."""
        paying = [step for step in self.steps if step.seconds < step.scanned]
        if not paying:
            return "all are compared, the graph finds too little in that time"
        first, last = paying[0], paying[-1]
        found = f"the graph finds {first.recall:.0%} of the nearest in {1e3 * first.seconds:.1f} ms"
        return f"{found}; where a filter leaves less than {last.share:.0%}, the rows left are compared one by one"

    def nearest(self, query: Floats, k: int, reach: int, allowed: Mask | None = None) -> tuple[Rows, Floats]:
        """Most of the rows nearest to the query.

        Args:
            query: Float32 (dimensions,), unit length, contiguous.
            k: How many, at most.
            reach: How many candidates are kept while looking; at least `k` are.
            allowed: Which rows may be found, (rows,); None for all.

        Returns:
            Rows and exact cosines, nearest first.
        """
        with one_thread():
            found, cosines = self._looked(query[None], k, reach, allowed)
        return self._best(query, k, found[0], cosines[0])

    def _looked(self, queries: Floats, k: int, reach: int, allowed: Mask | None) -> tuple[Rows, Floats]:
        """What FAISS finds for some queries, (queries, candidates): rows, -1 where it finds fewer, and its cosines."""
        looked = min(k * _RERANKED if self.structure == "hnsw-sq8" else k, len(self._block))
        # FAISS reads the bits while it searches: `bits` must live until then.
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else _FAISS.IDSelectorBitmap(bits)
        settings = _FAISS.SearchParametersHNSW(efSearch=max(reach, looked), sel=selector)
        cosines, found = self._index.search(queries, looked, params=settings)
        return found, cosines

    def _best(self, query: Floats, k: int, found: Rows, cosines: Floats) -> tuple[Rows, Floats]:
        there = found >= 0
        rows = found[there].astype(np.int64)
        if self.structure == "hnsw":
            return rows, cosines[there]
        exact = self._block.cosines(query, rows)
        best = top(exact, k)
        return rows[best], exact[best]

    def _borrow(self) -> None:
        """Compare with the block's vectors: those that FAISS copied for itself are let go."""
        storage = self._block.flat()
        if self._index.own_fields and self._index.storage is not None:
            self._index.storage.this.own(True)
        self._index.storage = storage
        self._index.own_fields = False
        self._storage = storage

    def _measured(self, recall: float) -> list[Step]:
        """For each share of rows about the least reach that finds enough; shares that need too much are left out."""
        rng = np.random.default_rng(len(self._block))
        picked = rng.choice(len(self._block), size=min(_QUERIES, len(self._block)), replace=False)
        noise = rng.normal(size=(len(picked), self._block.dimensions)) / np.sqrt(self._block.dimensions)
        queries = unit(self._block.matrix[picked] + 0.5 * noise)
        near = self._near(queries)
        steps: list[Step] = []
        for share in _SHARES:
            mask = None if share == 1.0 else rng.random(len(self._block)) < share
            allowed = None if mask is None else np.flatnonzero(mask)
            truths = self._truths(queries, near, mask, allowed)
            scanned = self._scanned(queries[:_TIMED], allowed)
            enough = 1.0 - _MARGIN * (1.0 - recall)
            tried = partial(self._tried, queries, truths, mask=mask, share=share, scanned=scanned, enough=enough)
            # Fewer rows never need less.
            step = _least(tried, steps[-1].reach if steps else _NEAREST_REACH, enough)
            if step is None or step.seconds >= step.scanned:
                break
            steps.append(step)
        return steps

    def _near(self, queries: Floats) -> list[Rows]:
        """For each query some thousands of its nearest rows, nearest first: one comparison serves all filters."""
        near: list[Rows] = []
        at_once = max(1, _SCORES // max(1, len(self._block)))
        for start in range(0, len(queries), at_once):
            near += [top(scores, _NEAR) for scores in queries[start : start + at_once] @ self._block.matrix.T]
        return near

    def _truths(self, queries: Floats, near: Sequence[Rows], mask: Mask | None, allowed: Rows | None) -> Truths:
        if mask is None or allowed is None:
            return [set(rows[:_NEAREST].tolist()) for rows in near]
        truths: Truths = []
        for query, rows in zip(queries, near, strict=True):
            picked = rows[mask[rows]][:_NEAREST]
            if len(picked) < min(_NEAREST, len(allowed)):
                picked = self._block.nearest(query, _NEAREST, allowed)[0]
            truths.append(set(picked.tolist()))
        return truths

    def _scanned(self, queries: Floats, allowed: Rows | None) -> float:
        took: list[float] = []
        for query in queries:
            began = time.thread_time()
            self._block.nearest(query, _NEAREST, allowed)
            took.append(time.thread_time() - began)
        return float(np.median(took))

    def _tried(
        self,
        queries: Floats,
        truths: Truths,
        reach: int,
        *,
        mask: Mask | None,
        share: float,
        scanned: float,
        enough: float,
    ) -> Step:
        """What a reach finds; where the first queries tell that it is far too little, the others are not asked.

        The first are asked one by one, which takes what a query takes; the others all at once on all processors.
        """
        hits: list[int] = []
        took: list[float] = []
        for query, truth in zip(queries[:_TIMED], truths, strict=False):
            began = time.thread_time()
            rows, _ = self.nearest(query, _NEAREST, reach, mask)
            took.append(time.thread_time() - began)
            hits.append(len(truth.intersection(rows.tolist())))
        there = sum(map(len, truths[: len(hits)]))
        if len(queries) > _TIMED and sum(hits) >= (enough - _HOPELESS) * there:
            others = queries[_TIMED:]
            for query, truth, *looked in zip(
                others, truths[_TIMED:], *self._looked(others, _NEAREST, reach, mask), strict=True
            ):
                hits.append(len(truth.intersection(self._best(query, _NEAREST, *looked)[0].tolist())))
            there = sum(map(len, truths))
        return Step(share, reach, float(np.median(took)), sum(hits) / max(1, there), scanned)


def _least(tried: Callable[[int], Step], first: int, enough: float) -> Step | None:
    """About the least reach that finds enough; None where comparing all is faster.

    Doubled, and then one between the last two: what is found grows about as the logarithm of the reach, rather faster.
    """
    short, step = None, tried(first)
    while step.recall < enough:
        if step.seconds >= step.scanned or step.reach >= _FARTHEST_REACH:
            return None
        short, step = step, tried(2 * step.reach)
    if short is None:
        return step
    part = (enough - short.recall) / (step.recall - short.recall)
    between = tried(round(short.reach * (step.reach / short.reach) ** part))
    return between if between.recall >= enough else step
