"""A few numbers an item that say whom it suits: factors learnt from likes, into which a new person is folded at once.

Alternating least squares for implicit feedback (Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback
Datasets, ICDM 2008). A like is believed `_SURE` times as much as its absence. With few factors this knows less of
seldom liked items than the weights between items do, and more of people who have liked little: each mends the other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["everyday", "fold_in", "learn_factors"]

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_SIZES: Final = (6, 8, 12, 12, 16)
"""Five sets of factors, from five beginnings: their mean is steadier than any of them."""
_SURE: Final = 4.0
_LEAST: Final = 0.05
_ROUNDS: Final = 10
_MOST_PEOPLE: Final = 20_000
"""Factors of an item hardly change after so many people; the time does."""


def learn_factors(people: NDArray[np.int32], items: NDArray[np.int32], count: int) -> tuple[Floats, ...]:
    """Factors of the items, several sets of them.

    Args:
        people: Who liked, rising from 0, shape (m,).
        items: What was liked, shape (m,), below `count`.
        count: How many items there are.

    Returns:
        Arrays of shape (count, f), one for each of `_SIZES`.
    """
    rng = np.random.default_rng(count)
    if len(people) and people[-1] >= _MOST_PEOPLE:
        drawn = np.zeros(int(people[-1]) + 1, dtype=np.bool_)
        drawn[rng.permutation(len(drawn))[:_MOST_PEOPLE]] = True
        kept = drawn[people]
        people, items = people[kept], items[kept]
    people = np.unique(people, return_inverse=True)[1].astype(np.int32)
    order = np.argsort(items, kind="stable")
    found: list[Floats] = []
    for size in _SIZES:
        factors: Doubles = rng.normal(0.0, 0.01, (count, size))
        for _ in range(_ROUNDS if len(people) else 0):
            persons = _solve(factors, people, items, int(people[-1]) + 1)
            factors = _solve(persons, items[order], people[order], count)
        found.append(factors.astype(np.float32))
    return tuple(found)


def everyday(factors: Floats) -> Doubles:
    """What the factors of all items say together, shape (f, f); the same for every person."""
    exact = factors.astype(np.float64)
    return exact.T @ exact + _LEAST * np.eye(factors.shape[1])


def fold_in(factors: Floats, common: Doubles, rows: NDArray[np.intp], weights: Doubles) -> Floats:
    """How each item suits a person, shape (count,), about 0 to 1.

    Args:
        factors: Shape (count, f).
        common: Of `everyday`.
        rows: What the person judged, shape (m,).
        weights: How much, in [-1, 1]: below 0 for what was rejected, shape (m,).
    """
    theirs = factors[rows].astype(np.float64)
    more = (_SURE - 1.0) * np.abs(weights)
    normal: Doubles = common + (theirs * more[:, None]).T @ theirs
    person = np.linalg.solve(normal, theirs.T @ np.where(weights > 0, 1.0 + more, 0.0))
    suits: Floats = factors @ person.astype(np.float32)
    return suits


def _solve(others: Doubles, mine: NDArray[np.int32], theirs: NDArray[np.int32], count: int) -> Doubles:
    """One half of a round: the factors of one side from those of the other; `mine` rises."""
    size = others.shape[1]
    normal = np.tile(others.T @ others + _LEAST * np.eye(size), (count, 1, 1))
    right = np.zeros((count, size))
    edges = np.searchsorted(mine, np.arange(count + 1))
    for place in np.flatnonzero(np.diff(edges)).tolist():
        liked = others[theirs[edges[place] : edges[place + 1]]]
        normal[place] += (_SURE - 1.0) * liked.T @ liked
        right[place] = _SURE * liked.sum(axis=0)
    return np.asarray(np.linalg.solve(normal, right[..., None])[..., 0], dtype=np.float64)
