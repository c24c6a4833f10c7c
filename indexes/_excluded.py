"""What was kept off a list, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["Excluded", "tell_excluded"]

Mask = NDArray[np.bool_]
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Excluded:
    """Items that satisfied what was asked and were kept off the list.

    Attributes:
        by: `feedback` (accepted, rejected or seen), `now` (of this call: shown already, named), `profile` (avoided) or
            `rule` (the owner's).
        why: The avoidance in constraint notation, or the rule's name; "" where `by` says it all.
        count: How many.
        titles: Of at most three of them.
    """

    by: Literal["feedback", "now", "profile", "rule"]
    why: str
    count: int
    titles: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: by, why, count, titles."""
        return {"by": self.by, "why": self.why, "count": self.count, "titles": list(self.titles)}


By = Literal["feedback", "now", "profile", "rule"]


def tell_excluded(shut: Mapping[tuple[By, str], Mask], matching: Mask, catalog: Catalog) -> tuple[Excluded, ...]:
    """Who keeps what off, among the items that match.

    Args:
        shut: Which items may not be shown, by who says so and why, each of shape (n,).
        matching: Shape (n,), the items that satisfy what was asked.
        catalog: Titles.
    """
    found: list[Excluded] = []
    for (by, why), mask in shut.items():
        rows = np.flatnonzero(mask & matching)
        if len(rows):
            titles = tuple(catalog.items[row].title for row in rows[:_SHOWN].tolist())
            found.append(Excluded(by, why, len(rows), titles))
    return tuple(found)
