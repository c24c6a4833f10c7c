"""Finding the best rows of a state, by vectors alone or by vectors and words in one ranking.

Both parts of a score are shares of the same kind, so they are simply added:

- vector: `(cosine - mean) / (1 - mean)`, where `mean` is the query's mean cosine with all items. 0 is an average item
  of this catalog, 1 the query itself. This makes embedders comparable: an average pair of texts has a cosine near .1
  for one model and near .8 for another.
- words: the share of the query that the item's words explain, see `Corpus.scores`; 0 for a vector query. Recall of
  films by conversations is flat for weights from 0.5 to 4; names are found best with 1.

The ranking is exact, the same as scoring every allowed item, but for segments with a graph: there the best are looked
for among those that are best in one part, so a row that is only fair in both may be missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_state import State
from chatrec.indexes._index_vectors import Floats, Mask, Rows, top

WORDS_WEIGHT = 1.0
_LEAST_LOOKED = 100
_LOOKED = 4
"""Candidates in each part of a score for each hit that is wanted, where a graph finds them."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One found item.

    Attributes:
        id: The item's id.
        score: `vector + words`; higher is better.
        vector: What nearness in meaning adds: 0 for an average item, at most 1; negative below the average.
        words: What shared words add: 0 for none, below 1.
    """

    id: str
    score: float
    vector: float
    words: float


@dataclass(frozen=True, slots=True)
class Found:
    """The best places of a state, best first, and the two parts of their scores; three arrays of one length."""

    places: Rows
    vector: Floats
    words: Floats


def nearest(state: State, query: Floats, k: int, allowed: Mask | None) -> tuple[Rows, Floats]:
    """The `k` allowed places nearest to the query, and their cosines, nearest first.

    Args:
        state: The rows.
        query: Float32 (dimensions,), unit length, contiguous.
        k: How many, at most.
        allowed: Which places may be found; None for all.
    """
    places: list[Rows] = []
    cosines: list[Floats] = []
    for start, segment, mask in zip(state.starts, state.segments, state.split(allowed), strict=False):
        rows, near = _nearest(segment, query, k, mask)
        places.append(rows + start)
        cosines.append(near)
    if len(places) == 1:
        return places[0], cosines[0]
    every = np.concatenate([np.zeros(0, np.float32), *cosines])
    best = top(every, k)
    return np.concatenate([np.zeros(0, np.int64), *places])[best], every[best]


def fused(state: State, query: Floats, text: str, k: int, allowed: Mask | None) -> Found:
    """The `k` allowed places with the greatest sum of both parts; ties in the order of places.

    Args:
        state: The rows.
        query: Float32 (dimensions,), unit length, contiguous.
        text: The query's words; "" for none.
        k: How many, at most.
        allowed: Which places may be found; None for all.
    """
    mean = float(state.mean @ query)
    words = state.corpus.scores(text) if text else [None] * len(state.segments)
    parts: list[Found] = []
    for start, segment, mask, worded in zip(state.starts, state.segments, state.split(allowed), words, strict=False):
        rows = _candidates(segment, query, worded, k, mask)
        cosines = segment.vectors.cosines(query, rows)
        vector = (cosines - np.float32(mean)) / np.float32(max(1.0 - mean, 1e-6))
        if worded is None:
            shared = np.zeros(len(vector), np.float32)
        else:
            shared = (worded if rows is None else worded[rows]) * np.float32(WORDS_WEIGHT)
        best = top(vector + shared, k)
        parts.append(Found((best if rows is None else rows[best]) + start, vector[best], shared[best]))
    if len(parts) == 1:
        return parts[0]
    places, vector, shared = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("places", "vector", "words")
    )
    best = top(vector + shared, k)
    return Found(places[best], vector[best], shared[best])


def _nearest(segment: Segment, query: Floats, k: int, mask: Mask | None) -> tuple[Rows, Floats]:
    """By the graph where that is cheaper and finds as many as there are; else by comparing the allowed rows."""
    if segment.graph is not None:
        count = len(segment) if mask is None else int(np.count_nonzero(mask))
        step = segment.graph.pays(count)
        if step is not None:
            rows, cosines = segment.graph.nearest(query, k, step.reach, mask)
            if len(rows) >= min(k, count):
                return rows, cosines
    return segment.vectors.nearest(query, k, None if mask is None else np.flatnonzero(mask))


def _candidates(segment: Segment, query: Floats, words: Floats | None, k: int, mask: Mask | None) -> Rows | None:
    """Rows, rising, among which the best are; None for all."""
    count = len(segment) if mask is None else int(np.count_nonzero(mask))
    if segment.graph is None or segment.graph.pays(count) is None:
        return None if mask is None or count == len(segment) else np.flatnonzero(mask)
    if words is None:
        return np.sort(_nearest(segment, query, k, mask)[0])
    looked = max(_LEAST_LOOKED, _LOOKED * k)
    near, _ = _nearest(segment, query, looked, mask)
    rows = None if mask is None else np.flatnonzero(mask)
    best = top(words if rows is None else words[rows], looked)
    worded = best if rows is None else rows[best]
    return np.union1d(near, worded[words[worded] > 0])
