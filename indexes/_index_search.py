"""Vectors and words in one ranking.

Both parts of a score are shares of the same kind, so they are simply added:

- vector: `(cosine - mean) / (1 - mean)`, where `mean` is the query's mean cosine with all items. 0 is an average item
  of this catalog, 1 the query itself. This makes embedders comparable: an average pair of texts has a cosine near .1
  for one model and near .8 for another.
- words: the share of the query that the item's words explain, see `WordIndex.scores`; 0 for a vector query. Recall of
  films by conversations is flat for weights from 0.5 to 4; names are found best with 1.

The ranking is exact: the same as scoring every allowed item.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._index_vectors import Floats, Mask, Rows, VectorTable, top

WORDS_WEIGHT = 1.0


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
class Fused:
    """The best rows, best first, and the two parts of their scores; three arrays of one length."""

    rows: Rows
    vector: Floats
    words: Floats


def fuse(
    table: VectorTable, query: Floats, *, mean: float, words: Floats | None, k: int, allowed: Mask | None
) -> Fused:
    """The `k` allowed rows with the greatest sum of both parts; ties in row order.

    Args:
        table: The vectors.
        query: Float32 (dimensions,), unit length.
        mean: The query's mean cosine with all of them.
        words: The word scores of all rows, at least 0; None for none.
        k: How many, at most.
        allowed: Which rows may be found; None for all.
    """
    rows = _candidates(table, query, words, k, allowed)
    vector = (_cosines(table, query, rows) - np.float32(mean)) / np.float32(max(1.0 - mean, 1e-6))
    shared = np.zeros(len(rows), np.float32) if words is None else words[rows] * np.float32(WORDS_WEIGHT)
    best = top(vector + shared, k)
    return Fused(rows[best], vector[best], shared[best])


def _candidates(table: VectorTable, query: Floats, words: Floats | None, k: int, allowed: Mask | None) -> Rows:
    """Rows, ascending, among which the best `k` are for certain.

    A row without a word of the query can only be among them by its vector, so the `k` nearest and all rows that share a
    word are enough.
    """
    everything = np.arange(len(table)) if allowed is None else np.flatnonzero(allowed)
    if table.is_narrow(len(everything)):
        return everything
    worded: NDArray[np.bool_] = np.zeros(len(table), np.bool_) if words is None else words > 0
    if allowed is not None:
        worded &= allowed
    if not table.is_narrow(int(worded.sum())):
        return everything
    nearest, _ = table.nearest(query, k, allowed)
    worded[nearest] = True
    return np.flatnonzero(worded)


def _cosines(table: VectorTable, query: Floats, rows: Rows) -> Floats:
    if len(rows) * 4 < len(table):
        return table.cosines(query, rows)
    return table.cosines(query)[rows]  # copying so many rows out would cost more than scoring them all
