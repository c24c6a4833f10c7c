"""Ranking as pure functions over arrays: weights, likeness that reads the same on every embedder, choosing a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint

__all__ = ["Space", "Weights", "add_up", "diverse", "nearness", "overlaps", "relax", "representative", "typical"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_STRONG = 6.0
"""Standard deviations above the catalog's mean that count as full likeness; a single near neighbour reaches 4 to 7."""
_LEAST_DEVIATION = 0.005
"""Catalogs of almost equal items would else turn rounding errors into likeness."""
_SAME = 0.5
"""Likeness (cosine of centred vectors, common facet values) above which two items begin to repeat each other."""
_ALIKE = 0.15
"""Items with all facet values in common repeat each other by so much, though they mean other things."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal can add to a score at most. Signals lie in [-1, 1] or [0, 1], so these are also the bounds.

    Attributes:
        vector: Likeness of meaning between the query and the item, [-1, 1].
        words: Words that the query and the item share, [0, 1].
        like: Likeness to the liked items, in part by meaning, in part by shared facet values, less likeness to
            unliked ones, [-1, 1].
        prefer: Share of the soft constraints that the item satisfies, near misses of numbers counted in part, [0, 1].
        taste: What feedback says: likeness to accepted items, their facet values, wishes, [-1, 1].
        together: What people like who liked the same items, [-1, 1], a third of that beside words; only with
            interactions.
        popular: How many people liked the item, logarithmic, [0, 1], four times that beside words; only with
            interactions.
        lately: How many people liked the item lately, [0, 1], as far as that told of later likes in the past; only with
            interactions whose times are known.
        profile: Remembered likes that the item satisfies: half for one, three quarters for two, [0, 1].
        typical: How well the item stands for the others, [0, 1]; only where nothing is asked and nothing known.
        novel: How little liked the item is, logarithmic, [0, 1]; set by `Choosing.novelty`.
        rules: What the owner's rules add or take, [-2, 2].
        missed: What the item lacks of a relaxed constraint, 0 for a near miss to -1 for a far one, per constraint.
    """

    vector: float = 1.0
    words: float = 0.8
    like: float = 2.0
    prefer: float = 0.6
    taste: float = 0.8
    together: float = 3.0
    popular: float = 0.15
    lately: float = 2.0
    profile: float = 0.4
    typical: float = 0.2
    novel: float = 0.0
    rules: float = 1.0
    missed: float = 1.0

    def as_dict(self) -> dict[str, float]:
        """Weight by signal name."""
        return {each.name: float(getattr(self, each.name)) for each in fields(self)}


class Space:
    """Where a catalog's vectors lie, so that a likeness reads the same whatever the embedder and the subject.

    Raw cosines do not compare: one embedder's unrelated texts have 0.0, another's 0.8. Likeness is therefore counted in
    standard deviations over the catalog, `(q.x - q.m) / sqrt(q.C.q)`, with mean m and covariance C of the vectors.

    Args:
        sample: Shape (s, d), unit vectors of items, s at least 1.
    """

    def __init__(self, sample: Floats) -> None:
        self.mean: Floats = sample.mean(axis=0)
        spread = sample - self.mean
        self._covariance: Floats = (spread.T @ spread / max(1, len(sample))).astype(np.float32)

    def likeness(self, vectors: Floats, target: Floats) -> Floats:
        """Likeness of each vector to a target, shape (n,), in [-1, 1]: 0 is the average, 1 is `_STRONG` above it.

        Args:
            vectors: Shape (n, d), unit length.
            target: Shape (d,).
        """
        return self.along(vectors, self.direction(target))

    def along(self, vectors: Floats, towards: Floats) -> Floats:
        """The likeness of each vector to a target whose `direction` is known, as `likeness`."""
        return np.clip(vectors @ towards - self.mean @ towards, -1.0, 1.0).astype(np.float32, copy=False)

    def direction(self, target: Floats) -> Floats:
        """Along which likeness to a target grows, shape (d,): `x.direction - m.direction` is the likeness of x.

        Args:
            target: Shape (d,), of any length; of length 0 it is like nothing.
        """
        length = float(np.linalg.norm(target))
        if length < 1e-9:
            return np.zeros_like(target)
        unit = target / np.float32(length)
        deviation = float(np.sqrt(max(float(unit @ self._covariance @ unit), 0.0)))
        towards: Floats = unit / np.float32(_STRONG * max(deviation, _LEAST_DEVIATION))
        return towards

    def centred(self, vectors: Floats) -> Floats:
        """The vectors less the catalog's mean, unit length again, shape (n, d)."""
        moved = vectors - self.mean
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        unit: Floats = moved / np.maximum(lengths, np.float32(1e-6))
        return unit


def add_up(signals: Mapping[str, NDArray[np.floating]], weights: Weights) -> dict[str, NDArray[np.float64]]:
    """Signals times their weights, as float64 so that the parts sum to the score exactly as shown."""
    by_name = weights.as_dict()
    return {name: np.asarray(signal, dtype=np.float64) * by_name[name] for name, signal in signals.items()}


def diverse(
    scores: NDArray[np.float64],
    centred: Floats | Callable[[Rows], Floats],
    k: int,
    *,
    strength: float = 0.4,
    values: Callable[[int], frozenset[tuple[str, str]]] | None = None,
) -> list[int]:
    """Choose k places, best first, without near duplicates filling the list (maximal marginal relevance).

    Each further place is the one with the highest score less `strength` times how much it repeats one already
    chosen; repeating begins at a centred cosine of `_SAME`, so that merely similar items pay nothing. Facet
    values that are mostly the same repeat each other too, but by `_ALIKE` at most.

    Args:
        scores: Shape (n,).
        centred: Shape (n, d), from `Space.centred`; or from places to that of them, asked of those that may be chosen.
        k: How many at most.
        strength: What an exact duplicate loses, as a share of the k-th best score's lead over the mean score; so weak
            signals are not drowned by variety, and an item far behind is never pulled up.
        values: From a place to its facet values; likewise.
    """
    if k >= len(scores):
        return [int(place) for place in np.argsort(-scores, kind="stable")]
    last = float(np.partition(scores, -k)[-k])
    strength *= max(0.0, last - float(scores.mean()))
    # Of the k best one is always left that has not lost more than `strength`: nobody below that is ever chosen.
    able = np.flatnonzero(scores >= last - strength)
    near = centred(able) if callable(centred) else centred[able]
    left = scores[able].astype(np.float64)
    repeats = np.zeros(len(able), dtype=np.float64)
    held = [values(place) for place in able.tolist()] if values is not None and strength else []
    sizes = np.array([len(theirs) for theirs in held])
    chosen: list[int] = []
    for _ in range(k):
        place = int(np.argmax(left - strength * repeats))
        chosen.append(int(able[place]))
        if len(chosen) == k:
            break
        left[place] = -np.inf
        again = np.clip((near @ near[place] - _SAME) / (1 - _SAME), 0.0, 1.0)
        if held:
            mine = held[place]
            both = np.array([len(mine & theirs) for theirs in held])
            shared = both / np.maximum(sizes + len(mine) - both, 1)
            again = np.maximum(again, _ALIKE * (shared - _SAME) / (1 - _SAME))
        np.maximum(repeats, again, out=repeats)
    return chosen


def overlaps(centred: Floats) -> Floats:
    """How much each place stands for each other, shape (n, n), at least 0.

    Args:
        centred: Shape (n, d), from `Space.centred`.
    """
    cosines: Floats = centred @ centred.T
    return np.maximum(cosines, np.float32(0.0), out=cosines)


def typical(overlap: Floats) -> NDArray[np.float64]:
    """How well each place stands for all of them, shape (n,), from 0 to 1 for the best."""
    alone: NDArray[np.float64] = overlap.sum(axis=1, dtype=np.float64)
    alone /= max(float(alone.max()), 1e-9)
    return alone


def representative(scores: NDArray[np.float64], overlap: Floats, k: int, *, weight: float = 0.2) -> list[int]:
    """Choose k places, best first, that stand for all of them: central and different (greedy facility location).

    Args:
        scores: Shape (n,), what else speaks for each place; zeros if nothing.
        overlap: Shape (n, n), from `overlaps`.
        k: How many at most.
        weight: What the best coverage is worth, in units of score.
    """
    most = max(float(overlap.sum(axis=1).max()), 1e-9) if len(overlap) else 1.0
    covered = np.zeros(len(scores), dtype=np.float32)
    left = scores.astype(np.float64).copy()
    chosen: list[int] = []
    for _ in range(min(k, len(scores))):
        gains = np.maximum(overlap - covered, np.float32(0.0)).sum(axis=1) / most
        place = int(np.argmax(left + weight * gains))
        chosen.append(place)
        left[place] = -np.inf
        np.maximum(covered, overlap[place], out=covered)
    return chosen


def nearness(constraint: Constraint, column: NDArray[np.float64] | None, accepted: Mask) -> Floats:
    """How near each item comes to a constraint, shape (n,): 1 where satisfied, else below 0.8, falling with distance.

    Args:
        constraint: The constraint.
        column: Shape (n,), the facet's numbers with nan for absent ones; None for facets without numbers (0 or 1 then).
        accepted: Shape (n,), which items satisfy the constraint.
    """
    near = accepted.astype(np.float32)
    bounds = [float(value) for value in constraint.values if isinstance(value, int | float)]
    if column is None or not bounds or constraint.op in {"none", "contains"}:
        return near
    known = column[np.isfinite(column)]
    scale = float(known.std()) if len(known) else 0.0
    if scale <= 0:
        return near
    distance = np.min([np.abs(column - bound) for bound in bounds], axis=0)
    graded = np.where(np.isfinite(distance), 0.8 * np.exp(-distance / scale), 0.0)
    return np.where(accepted, near, graded).astype(np.float32)


def relax(
    masks: Sequence[Mask], base: Mask, k: int, worth: Callable[[int, Mask], float]
) -> tuple[list[int], list[Mask]]:
    """Lift constraints one at a time until k items match or none is left to lift.

    At each step the constraint is lifted that brings back the worthiest items, where an older wish is given up more
    readily than a newer one: of n constraints the one said first counts its worth whole, each later one 1/2n less. If
    no single one brings anything back, the one that by itself accepts the fewest items is taken to be at fault. Last,
    whatever turned out to be lifted for nothing is put back.

    Args:
        masks: One per constraint, each of shape (n,), in the order in which they were said.
        base: Shape (n,), what may be shown at all; never relaxed.
        k: How many items are needed.
        worth: From the place of a constraint and the mask of the items its lifting brings back, to how good they are.

    Returns:
        The places of the lifted constraints in the order of lifting, and the masks of matching items: first under all
        constraints, then after each lifting; the last holds without the ones that were put back.
    """
    held = list(range(len(masks)))
    lifted: list[int] = []
    pools = [_under(masks, held, base)]
    while np.count_nonzero(pools[-1]) < k and held:
        gained = {place: _under(masks, [h for h in held if h != place], base) & ~pools[-1] for place in held}
        useful = [place for place in held if gained[place].any()]
        if useful:
            best = max(useful, key=lambda place: (worth(place, gained[place]) * (1 - place / len(masks) / 2), -place))
        else:
            best = min(held, key=lambda place: (int((masks[place] & base).sum()), place))
        held.remove(best)
        lifted.append(best)
        pools.append(_under(masks, held, base))
    enough = min(k, int(np.count_nonzero(pools[-1])))
    for place in list(lifted):
        narrower = _under(masks, [*held, place], base)
        if np.count_nonzero(narrower) >= enough:
            held.append(place)
            lifted.remove(place)
            pools[-1] = narrower
    return lifted, pools


def _under(masks: Sequence[Mask], held: Sequence[int], base: Mask) -> Mask:
    found = base.copy()
    for place in held:
        found &= masks[place]
    return found
