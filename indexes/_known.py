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
    """

    def __init__(self, wish: Wish, catalog: Catalog, index: Index, space: Space, together: CoPreference | None) -> None:
        self.wish = wish
        self._catalog = catalog
        self._index = index
        self._space = space
        self._together = together

    @cached_property
    def query(self) -> Floats:
        """The vector of the words."""
        return self._index.embed(self.wish.query)

    @cached_property
    def like(self) -> Floats:
        """The mean vector of what to stay close to."""
        return self._mean(self.wish.like)

    @cached_property
    def unlike(self) -> Floats:
        """The mean vector of what to stay away from."""
        return self._mean(self.wish.unlike)

    @cached_property
    def pulled(self) -> Floats:
        """The direction of the person's taste: judged items' vectors less the catalog's mean, weighted."""
        weights = np.array([*self.wish.taste.pulls.values()], dtype=np.float32)
        return (weights @ (self._judged - self._space.mean)).astype(np.float32)

    def aim(self, weights: Weights) -> Floats | None:
        """Where the parts that are of meaning grow most, together; None where nothing is said of meaning.

        Likeness is linear but for its bounds, so the items nearest to this are those in which the sum is greatest.
        """
        wish = self.wish
        found: list[Floats] = []
        if wish.query:
            found.append(weights.vector * self._space.direction(self.query))
        if wish.like:
            found.append(like_by_meaning(wish.like, self._catalog) * weights.like * self._space.direction(self.like))
        if wish.taste.pulls:
            by = BY_MEANING * wish.taste.strength * weights.taste
            found.append(by * self._space.direction(self.pulled))
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

    def closest_accepted(self, vector: Floats) -> str:
        """The title of the accepted item nearest to an item's vector, or "" if none is near."""
        pulls = [*self.wish.taste.pulls.items()]
        accepted = [place for place, (_, pull) in enumerate(pulls) if pull > 0][:_REMEMBERED]
        if not accepted:
            return ""
        likeness = self._space.likeness(self._judged[accepted], vector)
        best = int(np.argmax(likeness))
        return self._catalog[pulls[accepted[best]][0]].title if likeness[best] > _NEAR else ""

    def mattered(self, row: int, vector: Floats) -> tuple[Past, ...]:
        """The accepted and rejected items that speak most for an item or against it, at most three, strongest first."""
        judged = [*self.wish.taste.pulls.items()][:_REMEMBERED]
        if not judged:
            return ()
        pulls = np.array([pull for _, pull in judged])
        said = np.maximum(self._space.likeness(self._judged[: len(judged)], vector), 0.0).astype(np.float64)
        if self._together is not None:
            said += self._together.between([self._catalog.row(item_id) for item_id, _ in judged], row)
        said *= pulls
        best = [place for place in np.argsort(-np.abs(said), kind="stable")[:3].tolist() if abs(said[place]) > 0.05]
        items = [self._catalog[judged[place][0]] for place in best]
        return tuple(
            Past(item.id, item.title, bool(pulls[place] > 0), float(said[place]))
            for item, place in zip(items, best, strict=True)
        )

    @cached_property
    def _judged(self) -> Floats:
        """The vectors of the accepted and rejected items, newest first."""
        return self._index.vectors([*self.wish.taste.pulls])

    def _mean(self, ids: Sequence[str]) -> Floats:
        mean: Floats = self._index.vectors(ids).mean(axis=0)
        return mean
