"""Which items are looked at, and what each signal says of them; arrays follow the rows of the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._ranker import Space, nearness
from chatrec.indexes._rules import MOST
from chatrec.indexes._taste import Taste, item_values
from chatrec.indexes._values import Past
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
_PER_SIGNAL: Final = 150
_PER_FACET: Final = 50
_SLOWER: Final = 0.1
"""Which items go together says more the more of them are known: there taste fades ten times more slowly."""
_BESIDE_WORDS: Final = np.float32(0.35)
"""How much of its weight company keeps where words say what is wanted now."""
_REMEMBERED: Final = 50
"""So many of the newest judged items are looked through for what mattered."""
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
    """

    def __init__(self, catalog: Catalog, index: Index, together: CoPreference | None = None) -> None:
        self._catalog = catalog
        self._index = index
        self._together = together
        self._last: tuple[Wish, Floats] | None = None
        most = max(8, min(_KEPT_MASKS, _KEPT_BYTES // max(1, len(catalog))))
        self._mask = lru_cache(maxsize=most)(self._read_mask)
        self._near = lru_cache(maxsize=max(4, most // 4))(self._read_near)

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
        kept: Floats = self._index.vectors([item.id for item in self._catalog.items])
        return kept

    def vectors(self, rows: Rows) -> Floats:
        """Unit vectors of the items in these rows, shape (len(rows), d)."""
        if self._kept is not None:
            return self._kept[rows]
        items = self._catalog.items
        read: Floats = self._index.vectors([items[row].id for row in rows])
        return read

    def candidates(self, wish: Wish, pool: Mask, narrower: Sequence[Mask], k: int) -> Rows:
        """Rows worth scoring, rising.

        Args:
            wish: What is wanted.
            pool: Shape (n,), what may be shown.
            narrower: Masks within the pool with fewer than k items each, all of which are kept.
            k: How many will be shown.
        """
        rows = np.flatnonzero(pool)
        if len(rows) <= _ALL:
            return rows
        if not wish.directed:
            return self._even(wish, pool, max(_ALL, k))
        found: set[int] = set()
        for mask in narrower:
            found.update(np.flatnonzero(mask).tolist())
        targets = self._targets(wish)
        nearest = self._search(targets[0], max(_PER_SIGNAL, 2 * k), pool)
        found.update(nearest)
        for target in targets[1:]:
            found.update(self._search(target, max(_PER_SIGNAL, 2 * k), pool))
        soft = [self._mask(constraint) & pool for constraint in wish.prefer or wish.soft()]
        if len(wish.soft()) > 1:
            soft.append(self._catalog.mask(wish.soft()) & pool)
        if wish.moved is not None:
            soft.append((wish.moved > 0) & pool)
        if self._together is not None:
            for scores in (self._company(wish), self._together.popular, self._together.lately):
                if not len(scores):
                    continue
                found.update(_best(scores, max(_PER_SIGNAL, 2 * k), pool))
        for mask in soft:
            # Where so many of the nearest satisfy it, they are the nearest of those that do.
            if mask.any() and mask[nearest].sum() < max(_PER_FACET, k):
                found.update(self._search(targets[0], max(_PER_FACET, k), mask))
        return np.array(sorted(found), dtype=np.intp)

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
        if wish.query:
            found["vector"] = self.space.likeness(vectors, self._index.embed(wish.query))
            found["words"] = self._words(wish.query, rows)
        if wish.like or wish.unlike:
            liked = self._closeness(wish.like, vectors, rows) - 0.5 * np.maximum(
                self._closeness(wish.unlike, vectors, rows), 0.0
            )
            found["like"] = np.clip(liked, -1.0, 1.0).astype(np.float32)
        if wish.prefer:
            found["prefer"] = np.mean([self._near(constraint)[rows] for constraint in wish.prefer], axis=0)
        if wish.taste:
            found["taste"] = self._taste(wish.taste, vectors, rows)
        if self._together is not None:
            found["together"] = self._company(wish)[rows] * (_BESIDE_WORDS if wish.query else np.float32(1.0))
            found["popular"] = self._together.popular[rows]
            found["novel"] = 1.0 - self._together.popular[rows]
            if len(self._together.lately):
                found["lately"] = self._together.lately[rows] * (_BESIDE_WORDS if wish.query else np.float32(1.0))
        if wish.moved is not None:
            found["rules"] = np.clip(wish.moved[rows], -MOST, MOST)
        if wish.remembered:
            satisfied = np.sum([self._mask(each)[rows] for each in wish.remembered], axis=0)
            found["profile"] = (1.0 - 0.5**satisfied).astype(np.float32)
        if relaxed:
            found["missed"] = np.sum([self._near(constraint)[rows] - 1.0 for constraint in relaxed], axis=0)
        return found

    def worth(self, wish: Wish, constraint: Constraint, gained: Mask, k: int) -> float:
        """How good the items are that come back when a constraint is lifted, from 0 to k.

        The best k of them count: a third each for being there, for nearly satisfying the constraint, for being wanted.
        """
        near = self._near(constraint)
        targets = self._targets(wish)
        rows = np.flatnonzero(gained)
        if len(rows) > 4 * k:
            graded = bool(near[rows].any())
            if graded or not targets:
                rows = rows[np.argsort(-near[rows], kind="stable")[: 4 * k]]
            else:
                rows = np.array(self._search(targets[0], 4 * k, gained), dtype=np.intp)
        wanted = np.zeros(len(rows), dtype=np.float32)
        if targets and len(rows):
            target = targets[0]
            vector = self._index.embed(target) if isinstance(target, str) else target
            wanted = np.maximum(self.space.likeness(self.vectors(rows), vector), 0.0)
        best = np.sort(1.0 + near[rows] + wanted)[::-1][:k]
        return float(best.sum()) / 3.0

    def closest_accepted(self, taste: Taste, item_id: str) -> str:
        """The title of the accepted item nearest to an item, or "" if none is near."""
        accepted = [liked for liked, pull in taste.pulls.items() if pull > 0][:50]
        if not accepted:
            return ""
        rows = np.array([self._catalog.row(liked) for liked in accepted], dtype=np.intp)
        mine = self.vectors(np.array([self._catalog.row(item_id)], dtype=np.intp))[0]
        likeness = self.space.likeness(self.vectors(rows), mine)
        best = int(np.argmax(likeness))
        return self._catalog[accepted[best]].title if likeness[best] > 0.25 else ""

    def mattered(self, taste: Taste, row: int) -> tuple[Past, ...]:
        """The accepted and rejected items that speak most for an item or against it, at most three, strongest first."""
        judged = list(taste.pulls.items())[:_REMEMBERED]
        if not judged:
            return ()
        rows = np.array([self._catalog.row(item_id) for item_id, _ in judged], dtype=np.intp)
        pulls = np.array([pull for _, pull in judged])
        mine = self.vectors(np.array([row], dtype=np.intp))[0]
        said = np.maximum(self.space.likeness(self.vectors(rows), mine), 0.0).astype(np.float64)
        if self._together is not None:
            said += self._together.between(rows.tolist(), row)
        said *= pulls
        best = [place for place in np.argsort(-np.abs(said), kind="stable")[:3].tolist() if abs(said[place]) > 0.05]
        items = [self._catalog[judged[place][0]] for place in best]
        return tuple(
            Past(item.id, item.title, bool(pulls[place] > 0), float(said[place]))
            for item, place in zip(items, best, strict=True)
        )

    def _targets(self, wish: Wish) -> list[str | Floats]:
        """What to search for, most telling first."""
        targets: list[str | Floats] = []
        if wish.query:
            targets.append(wish.query)
        if wish.like:
            targets.append(self._mean(wish.like))
        if wish.taste.pulls:
            targets.append(self._pulled(wish.taste))
        return targets

    def _search(self, target: str | Floats, k: int, mask: Mask) -> list[int]:
        return [self._catalog.row(hit.id) for hit in self._index.search(target, k=k, mask=mask)]

    def _company(self, wish: Wish) -> Floats:
        """What the people like who liked what this person likes, shape (n_items,), in [-1, 1]: 1 for the best."""
        assert self._together is not None
        if self._last is not None and self._last[0] is wish:
            return self._last[1]
        pulls = wish.taste.pulls.items()
        liked = {self._catalog.row(i): pull**_SLOWER if pull > 0 else pull for i, pull in pulls}
        liked |= {self._catalog.row(item_id): 1.0 for item_id in wish.like}
        liked |= {self._catalog.row(item_id): -0.5 for item_id in wish.unlike}
        scores = self._together.scores(liked)
        self._last = wish, scores  # one pair, replaced at once: threads never see half of it
        return scores

    def _even(self, wish: Wish, pool: Mask, size: int) -> Rows:
        """The rows that satisfy most soft constraints, else an even, repeatable sample of the pool."""
        rows = np.flatnonzero(pool)
        score = np.zeros(len(self._catalog), dtype=np.float32)
        for constraint in wish.soft():
            score += self._near(constraint)
        if self._together is not None:
            score += self._together.popular
        if wish.moved is not None:
            score += wish.moved
        key = 1e-6 / len(self._catalog) * self._shuffled[rows] - score[rows]
        return np.sort(rows[np.argpartition(key, size - 1)[:size]]) if len(rows) > size else rows

    def _words(self, query: str, rows: Rows) -> Floats:
        found = np.zeros(len(self._catalog), dtype=np.float32)
        mask = np.zeros(len(self._catalog), dtype=np.bool_)
        mask[rows] = True
        for hit in self._index.search(query, k=len(rows), mask=mask) if len(rows) else ():
            found[self._catalog.row(hit.id)] = hit.words
        return np.clip(found[rows], 0.0, 1.0)

    def _read_mask(self, constraint: Constraint) -> Mask:
        mask = self._catalog.mask([constraint])
        mask.setflags(write=False)
        return mask

    def _read_near(self, constraint: Constraint) -> Floats:
        facet = self._catalog.facets.get(constraint.facet)
        column = self._catalog.column(constraint.facet) if facet is not None and facet.kind == "number" else None
        near = nearness(constraint, column, self._mask(constraint))
        near.setflags(write=False)
        return near

    def _mean(self, ids: Sequence[str]) -> Floats:
        mean: Floats = self.vectors(np.array([self._catalog.row(each) for each in ids], dtype=np.intp)).mean(axis=0)
        return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)

    def _pulled(self, taste: Taste) -> Floats:
        """The direction of the person's taste: items' vectors less the catalog's mean, weighted; unit length."""
        rows = np.array([self._catalog.row(each) for each in taste.pulls], dtype=np.intp)
        weights = np.array([*taste.pulls.values()], dtype=np.float32)
        pulled = weights @ (self.vectors(rows) - self.space.mean)
        return (pulled / max(float(np.linalg.norm(pulled)), 1e-9)).astype(np.float32)

    def _closeness(self, ids: Sequence[str], vectors: Floats, rows: Rows) -> Floats:
        """Likeness to some items, half by meaning and half by shared facet values, the rarer the more, in [-1, 1]."""
        if not ids:
            return np.zeros(len(rows), dtype=np.float32)
        weights: dict[tuple[str, str], float] = {}
        for item_id in ids:
            for name, value, rarity in item_values(self._catalog[item_id], self._catalog):
                weights[name, value] = weights.get((name, value), 0.0) + rarity / len(ids)
        shared = self._weighted(weights.items(), rows) / max(sum(weights.values()), 1e-9)
        return (0.5 * self.space.likeness(vectors, self._mean(ids)) + 0.5 * shared).astype(np.float32)

    def _taste(self, taste: Taste, vectors: Floats, rows: Rows) -> Floats:
        """Meaning, facet values and wishes, each at most 1 in size, together clipped to [-1, 1]."""
        total = np.zeros(len(rows), dtype=np.float32)
        if taste.pulls:
            total += 0.6 * taste.strength * self.space.likeness(vectors, self._pulled(taste))
            strongest = sorted(taste.values.items(), key=lambda pair: (-abs(pair[1]), pair[0]))[:32]
            total += 0.3 * np.tanh(self._weighted(strongest, rows))
        if taste.wishes:
            weight = sum(abs(each) for _, each in taste.wishes)
            wished = np.sum([each * self._near(constraint)[rows] for constraint, each in taste.wishes], axis=0)
            total += 0.6 * wished / max(1.0, weight)
        return np.clip(total, -1.0, 1.0)

    def _weighted(self, values: Iterable[tuple[tuple[str, str], float]], rows: Rows) -> Floats:
        """The summed weights of the facet values that each item has, shape (len(rows),)."""
        total = np.zeros(len(rows), dtype=np.float32)
        for (name, value), weight in values:
            total += np.float32(weight) * self._mask(Constraint(name, "any", (value,)))[rows]
        return total


def _best(scores: Floats, count: int, pool: Mask) -> list[int]:
    """The rows of the pool with the highest scores above 0, at most `count`."""
    rows = np.flatnonzero(pool & (scores > 0))
    if len(rows) > count:
        rows = rows[np.argpartition(-scores[rows], count - 1)[:count]]
    return [int(row) for row in rows]
