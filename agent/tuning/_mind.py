"""What a simulated person wants: a hidden target, wishes it fulfils, and which of them were said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatrec.agent.tuning._domains import Column, Domain
from chatrec.indexes import Catalog, Constraint, Item

__all__ = ["Mind"]


class Mind:
    """A target and the wishes that lead to it.

    Args:
        domain: What the catalog holds, its columns named as there.
        catalog: The items.
        rng: The source of chance.
    """

    def __init__(self, domain: Domain, catalog: Catalog, rng: np.random.Generator) -> None:
        self._domain = domain
        self._catalog = catalog
        self._rng = rng
        self.target = self.any_item()
        self.open = self._invent_wishes()
        self.meant: list[Constraint] = []

    def _invent_wishes(self) -> list[Constraint]:
        columns = list(self._domain.columns)
        order = [columns[int(i)] for i in self._rng.permutation(len(columns))]
        wishes = [wish for column in order if (wish := self.wish_from(column)) is not None]
        return wishes[: int(self._rng.integers(2, 5))]

    def wish_from(self, column: Column) -> Constraint | None:
        """A wish about a column that the target fulfils."""
        held = self.target.facets.get(column.name)
        if held is None:
            return None
        if column.kind == "boolean":
            return Constraint(column.name, "any", ("true" if held else "false",))
        if isinstance(held, str | tuple):
            mine = held if isinstance(held, tuple) else (held,)
            foreign = [value for value in column.values if value not in mine]
            if foreign and self._rng.random() < 0.18:
                return Constraint(column.name, "none", (foreign[int(self._rng.integers(len(foreign)))],))
            values: tuple[str, ...] = (mine[int(self._rng.integers(len(mine)))],)
            if foreign and self._rng.random() < 0.1:
                values = (*values, foreign[int(self._rng.integers(len(foreign)))])
            return Constraint(column.name, "any", values)
        return self._wish_of_number(column, float(held))

    def _wish_of_number(self, column: Column, held: float) -> Constraint:
        span = (column.high - column.low) * float(self._rng.uniform(0.03, 0.3))
        above, below = _round(held + span), _round(max(column.low, held - span))
        draw = float(self._rng.random())
        if draw < 0.5:
            return Constraint(column.name, "le", (max(above, held if held != int(held) else int(held)),))
        if draw < 0.8:
            return Constraint(column.name, "ge", (min(below, held if held != int(held) else int(held)),))
        low, high = sorted((min(below, held), max(above, held)))
        return Constraint(column.name, "between", (_plain(low), _plain(high)))

    def reveal(self, count: int) -> list[Constraint]:
        """Say the next wishes, `count` at most."""
        some, self.open = self.open[:count], self.open[count:]
        self.mean(some)
        return some

    def mean(self, wishes: Sequence[Constraint]) -> None:
        """Take wishes for said."""
        self.open = [wish for wish in self.open if wish.facet not in {w.facet for w in wishes}]
        self.meant += [wish for wish in wishes if wish not in self.meant]

    def wish_about(self, facet: str) -> Constraint | None:
        """A wish about a facet, or None where it does not matter."""
        known = next((wish for wish in self.open if wish.facet == facet), None)
        column = self._domain.column(facet)
        if known is not None or column is None or self._rng.random() < 0.25:
            return known
        return self.wish_from(column)

    def fresh_wish(self) -> Constraint:
        """A wish beside the target: people do change their minds."""
        while True:
            columns = self._domain.columns
            column = columns[int(self._rng.integers(len(columns)))]
            kept, self.target = self.target, self.any_item()
            wish = self.wish_from(column)
            if wish is not None:
                self.mean([wish])
                return wish
            self.target = kept

    def column_of_kind(self, kind: str) -> Column | None:
        """Any column of a kind, or None."""
        fit = [column for column in self._domain.columns if column.kind == kind]
        return fit[int(self._rng.integers(len(fit)))] if fit else None

    def any_item(self) -> Item:
        """Any item."""
        return self._catalog.items[int(self._rng.integers(len(self._catalog)))]

    def liked(self) -> Item:
        """An item that shares something with the target."""
        some = [self.any_item() for _ in range(12)]
        return max(some, key=lambda item: sum(self.target.facets.get(k) == v for k, v in item.facets.items()))

    def one(self, shown: tuple[str, ...]) -> str:
        """Any of some ids."""
        return shown[int(self._rng.integers(len(shown)))]

    def other(self, shown: tuple[str, ...]) -> str:
        """Any of some ids but the target's."""
        others = tuple(item for item in shown if item != self.target.id)
        return self.one(others or shown)


def _round(value: float) -> int | float:
    """A number that people say."""
    if abs(value) < 10:
        return _plain(round(value, 1)) if value != int(value) and abs(value) < 3 else round(value)
    if 1800 < value < 2100:
        return round(value)
    step = 5 if value < 100 else 10 if value < 500 else 50 if value < 2000 else 100 if value < 10000 else 1000
    return round(value / step) * step


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value
