"""What is wanted of a list: now, always, and as far as feedback says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._reasons import telling
from chatrec.indexes._taste import Taste, item_values
from chatrec.indexes._values import Item

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["Wish"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted now and what is known of the person.

    Attributes:
        query: The words, or "".
        prefer: Soft constraints of this turn.
        remembered: Likes of the profile.
        like: Ids to stay close to.
        unlike: Ids to stay away from.
        taste: What feedback says.
        moved: What the owner's rules add to each item's score, shape (n_items,), or None.
    """

    query: str = ""
    prefer: tuple[Constraint, ...] = ()
    remembered: tuple[Constraint, ...] = ()
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    taste: Taste = field(default_factory=Taste)
    moved: NDArray[np.float32] | None = None

    @property
    def directed(self) -> bool:
        """Whether anything says what the items should be like, beyond facets."""
        return bool(self.query or self.like or self.taste.pulls)

    def soft(self) -> list[Constraint]:
        """Every constraint that speaks for an item without being a must."""
        return list(dict.fromkeys([*self.prefer, *self.remembered, *(c for c, w in self.taste.wishes if w > 0)]))

    def taste_values(self, item: Item, catalog: Catalog) -> list[str]:
        """The item's facet values that feedback speaks for, strongest first."""
        values = self.taste.values
        held = {value: values.get((name, value), 0.0) for name, value, _ in item_values(item, catalog)}
        spoken = sorted((value for value, weight in held.items() if weight > 0.1), key=lambda value: -held[value])
        return telling(spoken, catalog.facets, len(catalog))
