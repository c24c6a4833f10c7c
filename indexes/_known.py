"""What is worked out once for a wish: where it points, what company says, and which past events speak for an item."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._ranker import Space, Weights
from chatrec.indexes._taste import item_values
from chatrec.indexes._values import Past
from chatrec.indexes._wish import Wish

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._index_protocol import Index
    from chatrec.indexes._together import CoPreference

__all__ = ["BY_MEANING", "Known", "like_by_meaning"]

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

BY_MEANING: Final = 0.6
"""How much of taste is likeness in meaning to what was judged."""
LIKE_BY_MEANING: Final = 0.4
"""How much of likeness to what was named is likeness in meaning; the rest is shared facet values, where it has any."""
_SLOWER: Final = 0.1
"""Which items go together says more the more of them are known: there taste fades ten times more slowly."""
_REMEMBERED: Final = 50
"""So many of the newest judged items are looked through for what mattered."""
_NEAR: Final = 0.25
"""An accepted item of this likeness at least is named as the one that an item is like."""


def like_by_meaning(ids: Sequence[str], catalog: Catalog) -> float:
    """How much of likeness to some items is likeness in meaning: all, where they have no facet values to share."""
    valued = any(True for item_id in ids for _ in item_values(catalog[item_id], catalog))
    return LIKE_BY_MEANING if valued else 1.0


class Known:
    """One wish, beside the items that it names.

    Args:
        wish: The wish.
        catalog: The items.
        index: Their vectors.
        space: Where those lie.
        together: What goes together, or None.
        weights: How much each signal counts.
    """

    def __init__(
        self,
        wish: Wish,
        catalog: Catalog,
        *,
        index: Index,
        space: Space,
        together: CoPreference | None,
        weights: Weights,
    ) -> None:
        self.wish = wish
        self._catalog = catalog
        self._index = index
        self._space = space
        self._together = together
        self._weights = weights

    @cached_property
    def query(self) -> Floats:
        """Along which likeness to the words grows (`Space.direction`)."""
        return self._space.direction(self._index.embed(self.wish.query))

    @cached_property
    def like(self) -> Floats:
        """Along which likeness to what to stay close to grows, to the mean of it."""
        return self._to_mean(self.wish.like)

    @cached_property
    def unlike(self) -> Floats:
        """Along which likeness to what to stay away from grows."""
        return self._to_mean(self.wish.unlike)

    @cached_property
    def pulled(self) -> Floats:
        """Along which the person's taste goes: judged items' vectors less the catalog's mean, weighted."""
        weights = np.array([*self.wish.taste.pulls.values()], dtype=np.float32)
        return self._space.direction((weights @ (self._judged - self._space.mean)).astype(np.float32))

    @cached_property
    def aim(self) -> Floats | None:
        """Where the parts that are of meaning grow most, together; None where nothing is said of meaning.

        Likeness is linear but for its bounds, so the items nearest to this are those in which the sum is greatest.
        """
        wish, weights = self.wish, self._weights
        found: list[Floats] = []
        if wish.query:
            found.append(weights.vector * self.query)
        if wish.like:
            found.append(like_by_meaning(wish.like, self._catalog) * weights.like * self.like)
        if wish.taste.pulls:
            found.append(BY_MEANING * wish.taste.strength * weights.taste * self.pulled)
        if not found:
            return None
        total: Floats = np.sum(np.stack(found), axis=0)
        return total

    @cached_property
    def company(self) -> Floats:
        """What the people like who liked what this person likes, shape (n_items,), in [-1, 1]: 1 for the best."""
        assert self._together is not None
        row = self._catalog.row
        # A rejection is left to taste: counted against what goes with it, it made lists worse (five judgements each of
        # 350 people of MovieLens), for who can judge an item had chosen it, as people with the same taste do.
        liked = {row(i): pull**_SLOWER for i, pull in self.wish.taste.pulls.items() if pull > 0}
        liked |= {row(item_id): 1.0 for item_id in self.wish.like}
        liked |= {row(item_id): -0.5 for item_id in self.wish.unlike}
        return self._together.scores(liked)

    def judged_like(self, vector: Floats) -> Floats:
        """How like an item the accepted and rejected ones are, newest first, shape (judged,)."""
        if not self.wish.taste.pulls:
            return np.zeros(0, dtype=np.float32)
        return self._space.likeness(self._judged, vector)

    def closest_accepted(self, likeness: Floats) -> str:
        """The title of the accepted item nearest to an item, or "" if none is near.

        Args:
            likeness: Of the item, from `judged_like`.
        """
        pulls = [*self.wish.taste.pulls.items()]
        accepted = [place for place, (_, pull) in enumerate(pulls) if pull > 0][:_REMEMBERED]
        if not accepted:
            return ""
        best = max(accepted, key=likeness.__getitem__)
        return self._catalog[pulls[best][0]].title if likeness[best] > _NEAR else ""

    def mattered(self, row: int, likeness: Floats) -> tuple[Past, ...]:
        """The accepted and rejected items that speak most for an item or against it, at most three, strongest first.

        Args:
            row: The item's.
            likeness: From `judged_like`.
        """
        judged = self._judgements
        if not judged:
            return ()
        pulls = np.array([pull for _, pull in judged])
        said = np.maximum(likeness[: len(judged)], 0.0).astype(np.float64)
        if self._together is not None:
            others, weights = self._spoken_for
            said += np.where(others == row, weights, np.float32(0.0)).sum(axis=1)
        said *= pulls
        best = [place for place in np.argsort(-np.abs(said), kind="stable")[:3].tolist() if abs(said[place]) > 0.05]
        items = [self._catalog[judged[place][0]] for place in best]
        return tuple(
            Past(item.id, item.title, bool(pulls[place] > 0), float(said[place]))
            for item, place in zip(items, best, strict=True)
        )

    @cached_property
    def _judgements(self) -> list[tuple[str, float]]:
        """The newest judged items, and the weight of each."""
        return [*self.wish.taste.pulls.items()][:_REMEMBERED]

    @cached_property
    def _spoken_for(self) -> tuple[NDArray[np.int32], Floats]:
        assert self._together is not None
        return self._together.spoken_for([self._catalog.row(item_id) for item_id, _ in self._judgements])

    @cached_property
    def _judged(self) -> Floats:
        """The vectors of the accepted and rejected items, newest first."""
        return self._index.vectors([*self.wish.taste.pulls])

    def _to_mean(self, ids: Sequence[str]) -> Floats:
        return self._space.direction(self._index.vectors(ids).mean(axis=0))
