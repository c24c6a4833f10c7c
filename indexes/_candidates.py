"""Which items are looked at, and what each signal says of them; arrays follow the rows of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache, reduce
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._known import BY_MEANING, Known, like_by_meaning
from chatrec.indexes._ranker import Space, Weights, nearness
from chatrec.indexes._reading import Reading
from chatrec.indexes._rules import MOST
from chatrec.indexes._taste import item_values
from chatrec.indexes._values import Op, Scalar
from chatrec.indexes._wish import Wish

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._index_protocol import Index
    from chatrec.indexes._together import CoPreference

__all__ = ["Finder"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

_ALL: Final = 600
"""Up to so many items under the constraints, every one is looked at."""
_SAMPLE: Final = 2048
_NEAREST: Final = 300
_LIKED: Final = 150
_PER_FACET: Final = 50
_ENOUGH: Final = 20
"""So many of the nearest that satisfy what should hold, and those that do and lie further away are not looked for."""
_BESIDE_WORDS: Final = np.float32(0.35)
"""How much of its weight company keeps where words say what is wanted now."""
_MANY: Final = 2 / 3
_LIKED_BESIDE_WORDS: Final = np.float32(4.0)
"""Where words say what is wanted, but name nothing, many likes are the better guess at which of the fitting it is."""
_KEPT_MASKS: Final = 512
_KEPT_BYTES: Final = 32_000_000
"""So much memory keeps which items satisfy the conditions used last, and as much how nearly they do."""
_KEPT_VECTORS: Final = 4096
"""Up to so many items in the catalog, their vectors are kept at hand."""


class Finder:
    """Finds and measures candidates in one catalog and its index.

    Args:
        catalog: The items.
        index: Their vectors and words.
        together: What goes together, or None.
        weights: How much each signal counts.
    """

    def __init__(
        self, catalog: Catalog, index: Index, together: CoPreference | None = None, weights: Weights | None = None
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._reading = Reading(catalog, index)
        self._together = together
        self._weights = weights or Weights()
        self._last: Known | None = None
        most = max(8, min(_KEPT_MASKS, _KEPT_BYTES // max(1, len(catalog))))
        # By their types too: 1 and True are equal, and mean other things.
        self._masks = lru_cache(maxsize=most, typed=True)(self._read_mask)
        self._nears = lru_cache(maxsize=max(4, most // 4), typed=True)(self._read_near)

    @cached_property
    def space(self) -> Space:
        """Where the catalog's vectors lie, from an even sample of its items."""
        size = len(self._catalog)
        return Space(self.vectors(np.unique(np.linspace(0, max(0, size - 1), min(size, _SAMPLE)).astype(np.intp))))

    @cached_property
    def _shuffled(self) -> Rows:
        """A repeatable order of the rows that is not the catalog's."""
        return np.random.default_rng(len(self._catalog)).permutation(len(self._catalog))

    @cached_property
    def _kept(self) -> Floats | None:
        if len(self._catalog) > _KEPT_VECTORS:
            return None
        return self._reading.vectors(np.arange(len(self._catalog)))

    def vectors(self, rows: Rows) -> Floats:
        """Unit vectors of the items in these rows, shape (len(rows), d)."""
        if self._kept is not None:
            return self._kept[rows]
        return self._reading.vectors(rows)

    def candidates(self, wish: Wish, pool: Mask, narrower: Sequence[Mask], k: int) -> Rows:
        """Rows worth scoring, rising.

        Args:
            wish: What is wanted.
            pool: Shape (n,), what may be shown.
            narrower: Masks within the pool with fewer than k items each, all of which are kept.
            k: How many will be shown.
        """
        if np.count_nonzero(pool) <= _ALL:
            return np.flatnonzero(pool)
        if not wish.directed:
            return self.even(wish, pool, max(_ALL, k))
        nearest = self.search(wish, max(_NEAREST, 2 * k), pool)
        found: list[Rows] = [np.flatnonzero(mask) for mask in narrower] + [nearest]
        soft = wish.soft()
        conditions = [[self.mask(constraint)] for constraint in wish.prefer or soft]
        if len(soft) > 1:
            conditions.append([self.mask(constraint) for constraint in soft])
        if wish.moved is not None:
            conditions.append([wish.moved > 0])
        # Where so many of the nearest satisfy a condition, they are the nearest of those that do.
        enough = max(_ENOUGH, 2 * k)
        for masks in conditions:
            if np.count_nonzero(np.all([mask[nearest] for mask in masks], axis=0)) < enough:
                held = reduce(np.logical_and, masks, pool)
                if held.any():
                    found.append(self.search(wish, max(_PER_FACET, 2 * k), held))
        if self._together is not None:
            most = max(_LIKED, 2 * k)
            found.append(_best(self.known(wish).company, self._together.items, most, pool))
            hot = self._hot
            found.append(hot[pool[hot]][:most])
        chosen = np.zeros(len(pool), dtype=np.bool_)
        chosen[np.concatenate(found)] = True
        return np.flatnonzero(chosen)

    def signals(self, wish: Wish, rows: Rows, vectors: Floats, relaxed: Sequence[Constraint]) -> dict[str, Floats]:
        """What each signal says of the items in these rows, by signal name, each of shape (len(rows),).

        Only signals that have something to go by are present. Their ranges are those of `Weights`.

        Args:
            wish: What is wanted.
            rows: The rows.
            vectors: Their vectors, shape (len(rows), d).
            relaxed: Constraints that were lifted.
        """
        found: dict[str, Floats] = {}
        known = self.known(wish)
        if wish.query:
            found["vector"] = self.space.along(vectors, known.query)
            found["words"] = self._reading.words(wish.query, rows)
        if wish.like or wish.unlike:
            liked = np.zeros(len(rows), np.float32)
            if wish.like:
                liked += self._closeness(wish.like, known.like, vectors, rows)
            if wish.unlike:
                liked -= np.float32(0.5) * np.maximum(self._closeness(wish.unlike, known.unlike, vectors, rows), 0.0)
            found["like"] = np.clip(liked, -1.0, 1.0).astype(np.float32)
        if wish.prefer:
            found["prefer"] = np.mean([self.near(constraint)[rows] for constraint in wish.prefer], axis=0)
        if wish.taste:
            found["taste"] = self._taste(known, vectors, rows)
        if self._together is not None:
            found["together"] = known.company[rows] * (_BESIDE_WORDS if wish.query else np.float32(1.0))
            found["popular"] = self._together.popular[rows] * (_LIKED_BESIDE_WORDS if wish.query else np.float32(1.0))
            found["novel"] = 1.0 - self._together.popular[rows]
            if len(self._together.lately):
                found["lately"] = self._together.lately[rows] * (_BESIDE_WORDS if wish.query else np.float32(1.0))
        if wish.moved is not None:
            found["rules"] = np.clip(wish.moved[rows], -MOST, MOST)
        if wish.remembered:
            satisfied = np.sum([self.mask(each)[rows] for each in wish.remembered], axis=0)
            found["profile"] = (1.0 - 0.5**satisfied).astype(np.float32)
        if relaxed:
            found["missed"] = np.sum([self.near(constraint)[rows] - 1.0 for constraint in relaxed], axis=0)
        return found

    def worth(self, wish: Wish, constraint: Constraint, gained: Mask, k: int) -> float:
        """How good the items are that come back when a constraint is lifted, from 0 to k.

        The best k of them count: a third each for being there, for nearly satisfying the constraint, for being wanted.
        """
        near = self.near(constraint)
        aim = self.known(wish).aim
        rows = np.flatnonzero(gained)
        if len(rows) > 4 * k:
            if near[rows].any() or aim is None:
                rows = rows[np.argsort(-near[rows], kind="stable")[: 4 * k]]
            else:
                rows = self.search(wish, 4 * k, gained)
        wanted = np.zeros(len(rows), dtype=np.float32)
        if aim is not None and len(rows):
            wanted = np.maximum(self.space.likeness(self.vectors(rows), aim), 0.0)
        best = np.sort(1.0 + near[rows] + wanted)[::-1][:k]
        return float(best.sum()) / 3.0

    def search(self, wish: Wish, k: int, mask: Mask) -> Rows:
        """The rows of the mask that are best by meaning and words, best first."""
        aim = self.known(wish).aim
        assert aim is not None
        return self._reading.search(aim, wish.query, k, mask)

    def liked_by_many(self, row: int) -> bool:
        """Whether an item is among the most liked, by the order of magnitude."""
        return self._together is not None and bool(self._together.popular[row] > _MANY)

    @cached_property
    def _hot(self) -> Rows:
        """The liked rows, the most liked at all times and lately first."""
        assert self._together is not None
        liked = self._weights.popular * self._together.popular
        if len(self._together.lately):
            liked = liked + self._weights.lately * self._together.lately
        return np.argsort(-liked, kind="stable")[: int((liked > 0).sum())]

    def known(self, wish: Wish) -> Known:
        """What is worked out of a wish, of the last one kept."""
        last = self._last
        if last is None or last.wish is not wish:
            last = Known(
                wish,
                self._catalog,
                index=self._index,
                space=self.space,
                together=self._together,
                weights=self._weights,
            )
            self._last = last  # replaced at once: threads never see half of it
        return last

    def even(self, wish: Wish, pool: Mask, size: int) -> Rows:
        """The rows that satisfy most soft constraints, else an even, repeatable sample of the pool."""
        rows = np.flatnonzero(pool)
        score = np.zeros(len(self._catalog), dtype=np.float32)
        for constraint in wish.soft():
            score += self.near(constraint)
        if self._together is not None:
            score += self._together.popular
        if wish.moved is not None:
            score += wish.moved
        key = 1e-6 / len(self._catalog) * self._shuffled[rows] - score[rows]
        return np.sort(rows[np.argpartition(key, size - 1)[:size]]) if len(rows) > size else rows

    def mask(self, constraint: Constraint) -> Mask:
        """Which items satisfy a constraint, shape (n,), read-only; those of the last constraints are kept."""
        return self._masks(constraint.facet, constraint.op, *constraint.values)

    def near(self, constraint: Constraint) -> Floats:
        """How near the items come to a constraint, as `nearness`; kept likewise."""
        return self._nears(constraint.facet, constraint.op, *constraint.values)

    def _read_mask(self, facet: str, op: Op, *values: Scalar) -> Mask:
        mask = self._catalog.mask([Constraint(facet, op, values)])
        mask.setflags(write=False)
        return mask

    def _read_near(self, name: str, op: Op, *values: Scalar) -> Floats:
        facet = self._catalog.facets.get(name)
        column = self._catalog.column(name) if facet is not None and facet.kind == "number" else None
        near = nearness(Constraint(name, op, values), column, self._masks(name, op, *values))
        near.setflags(write=False)
        return near

    def _closeness(self, ids: Sequence[str], towards: Floats, vectors: Floats, rows: Rows) -> Floats:
        """Likeness to some items by meaning and by shared facet values, the rarer the more, in [-1, 1]."""
        weights: dict[tuple[str, str], float] = {}
        for item_id in ids:
            for name, value, rarity in item_values(self._catalog[item_id], self._catalog):
                weights[name, value] = weights.get((name, value), 0.0) + rarity / len(ids)
        shared = self._weighted(weights.items(), rows) / max(sum(weights.values()), 1e-9)
        meaning = like_by_meaning(ids, self._catalog)
        return (meaning * self.space.along(vectors, towards) + (1.0 - meaning) * shared).astype(np.float32)

    def _taste(self, known: Known, vectors: Floats, rows: Rows) -> Floats:
        """Meaning, facet values and wishes, each at most 1 in size, together clipped to [-1, 1]."""
        taste = known.wish.taste
        total = np.zeros(len(rows), dtype=np.float32)
        # Where nothing was accepted yet, only popularity stands beside taste, and popular items lie so close together
        # that what is unlike a rejected one would lead: of people of MovieLens, a worse list than popularity's.
        if any(pull > 0 for pull in taste.pulls.values()) or (taste.pulls and self._together is None):
            total += BY_MEANING * taste.strength * self.space.along(vectors, known.pulled)
            strongest = sorted(taste.values.items(), key=lambda pair: (-abs(pair[1]), pair[0]))[:32]
            total += 0.3 * np.tanh(self._weighted(strongest, rows))
        if taste.wishes:
            weight = sum(abs(each) for _, each in taste.wishes)
            wished = np.sum([each * self.near(constraint)[rows] for constraint, each in taste.wishes], axis=0)
            total += 0.6 * wished / max(1.0, weight)
        return np.clip(total, -1.0, 1.0)

    def _weighted(self, values: Iterable[tuple[tuple[str, str], float]], rows: Rows) -> Floats:
        """The summed weights of the facet values that each item has, shape (len(rows),)."""
        total = np.zeros(len(rows), dtype=np.float32)
        for (name, value), weight in values:
            total += np.float32(weight) * self._masks(name, "any", value)[rows]
        return total


def _best(scores: Floats, among: NDArray[np.int32], count: int, pool: Mask) -> Rows:
    """Of some rows those of the pool with the highest scores above 0, at most `count`."""
    rows = among[pool[among] & (scores[among] > 0)]
    if len(rows) > count:
        rows = rows[np.argpartition(-scores[rows], count - 1)[:count]]
    return rows.astype(np.intp)
