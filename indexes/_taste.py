"""What feedback says of a person's taste: items to stay close to, facet values, wishes, and what not to show again.

`fold` reads the events, oldest first. Of several events on one item, or of several wishes on one thing, only the newest
counts, and every remaining event weighs half as much as one `HALF_LIFE` events younger: repeating an event a
thousand times changes nothing, and everything that comes out is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import Item

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._feedback import FeedbackEvent

__all__ = ["ACCEPT", "HALF_LIFE", "REJECT", "REJECT_WITH_REASON", "Taste", "fold", "item_values"]

HALF_LIFE: Final = 10.0
"""In events: how many later ones halve the weight of an event."""
ACCEPT: Final = 1.0
REJECT: Final = -0.25
"""A little: "not this one" is not "none of these"."""
REJECT_WITH_REASON: Final = -0.1
"""Less than without: the reason says what was wrong, and acts on its facet."""
_FACET_PULL: Final = 0.5
"""How much of an item's weight each of its facet values takes on, before rarity."""

_VALUED: Final = frozenset({"category", "multi", "boolean"})

Linker = Callable[[str, str | None], Sequence[Constraint]]
"""From the words of a reason, and the item that they were said of, to constraints."""


@dataclass(frozen=True, slots=True)
class Taste:
    """One person's taste, folded from feedback.

    Attributes:
        pulls: Weight by item id, newest first: positive for accepted items, negative for rejected ones.
        values: Weight in [-1, 1] by facet name and value.
        wishes: Constraints with weights in [-1, 1]; negative where the constraint says what was wrong.
        shown: Ids of accepted, rejected and seen items, never to be recommended again.
    """

    pulls: Mapping[str, float] = field(default_factory=dict[str, float])
    values: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    wishes: tuple[tuple[Constraint, float], ...] = ()
    shown: frozenset[str] = frozenset()

    @property
    def strength(self) -> float:
        """How much the pulls say, in [0, 1): 0 for nobody's, about .3 for one accepted item, .7 for five."""
        weight = sum(abs(pull) for pull in self.pulls.values())
        return weight / (weight + 2.0)

    def __bool__(self) -> bool:
        """Whether it says anything (exclusions aside)."""
        return bool(self.pulls or self.wishes)


def fold(events: Sequence[FeedbackEvent], catalog: Catalog, link: Linker | None = None) -> Taste:
    """Taste from feedback events.

    A constraint says what the person wants, unless the item it was said of already satisfies it: "genres=Horror" on a
    rejected horror film is the complaint, "runtime<100" on a long one the wish. Both are understood.

    Args:
        events: Oldest first, undone ones gone.
        catalog: Events on items it does not have, or facets it does not have, are passed over.
        link: Reads why something was rejected or criticised, where no constraint says it; None leaves that unread.
    """
    shown = {event.item_id for event in events if event.kind in {"accept", "reject", "seen"} and event.item_id}
    pulls: dict[str, float] = {}
    wishes: dict[tuple[object, ...], tuple[Constraint, float]] = {}
    age = 0
    for event in reversed(events):
        item = catalog[event.item_id] if event.item_id and event.item_id in catalog else None
        said = list(_wishes(event, item, catalog, link))
        weight = 0.5 ** (age / HALF_LIFE)
        counts = False
        for constraint, sign in said:
            key = _same_thing(constraint, catalog)
            if key not in wishes:
                wishes[key] = (constraint, sign * weight)
                counts = True
        if item is not None and item.id not in pulls and event.kind in {"accept", "reject"}:
            counts = True
            pull = ACCEPT if event.kind == "accept" else REJECT_WITH_REASON if said else REJECT
            pulls[item.id] = pull * weight
        age += counts
    return Taste(pulls, _values(pulls, catalog), tuple(wishes.values()), frozenset(shown))


def item_values(item: Item, catalog: Catalog) -> Iterator[tuple[str, str, float]]:
    """An item's category, multi and boolean values as (facet, value, rarity).

    Rarity is 1 minus the value's share of the catalog, over the root of how many values of the facet the item has.
    """
    size = max(1, len(catalog))
    for name, value in item.facets.items():
        facet = catalog.facets.get(name)
        if facet is None or facet.kind not in _VALUED:
            continue
        held = value if isinstance(value, tuple) else (value,)
        root = math.sqrt(len(held))
        for part in held:
            text = str(part).lower() if isinstance(part, bool) else str(part)
            yield name, text, (1.0 - facet.values.get(text, 0) / size) / root


def _wishes(
    event: FeedbackEvent, item: Item | None, catalog: Catalog, link: Linker | None
) -> Iterator[tuple[Constraint, float]]:
    found: Sequence[Constraint] = ()
    if event.constraint is not None:
        found = (event.constraint,)
    elif event.reason and link is not None and event.kind not in {"accept", "seen"}:
        found = link(event.reason, item.id if item is not None else None)
    for constraint in found:
        if constraint.facet not in catalog.facets:
            continue
        complaint = (
            event.kind in {"reject", "critique"}
            and item is not None
            and constraint.accepts(item.facets.get(constraint.facet))
        )
        yield (constraint if item is None else _clearly(constraint, item, catalog)), -1.0 if complaint else 1.0


def _clearly(constraint: Constraint, item: Item, catalog: Catalog) -> Constraint:
    """Less than this one has, said of it, as clearly less: by a standard deviation, where any items are left then.

    Nearly all items have less than an item that was called too long, so the bare comparison would say nothing.
    """
    facet = catalog.facets[constraint.facet]
    bound = constraint.values[0]
    if constraint.op not in {"lt", "gt"} or facet.kind != "number" or bound != item.facets.get(constraint.facet):
        return constraint
    column = catalog.column(constraint.facet)
    step = float(np.nanstd(column))
    moved = float(bound) - step if constraint.op == "lt" else float(bound) + step
    moved = round(moved) if facet.integer else moved
    clear = Constraint(constraint.facet, constraint.op, (moved,))
    return clear if catalog.mask([clear]).any() else constraint


def _same_thing(constraint: Constraint, catalog: Catalog) -> tuple[object, ...]:
    """What a wish is about: a newer one about the same thing replaces it."""
    if catalog.facets[constraint.facet].kind in {"number", "date"}:
        return (constraint.facet,)
    return (constraint.facet, frozenset(str(value).casefold() for value in constraint.values))


def _values(pulls: Mapping[str, float], catalog: Catalog) -> dict[tuple[str, str], float]:
    totals: dict[tuple[str, str], float] = {}
    for item_id, pull in pulls.items():
        for name, value, rarity in item_values(catalog[item_id], catalog):
            totals[name, value] = totals.get((name, value), 0.0) + _FACET_PULL * pull * rarity
    return {key: math.tanh(total) for key, total in totals.items()}
