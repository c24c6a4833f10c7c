"""Facets by column, so that a constraint is decided for all items at once.

Every mask equals `Constraint.accepts` asked of each item. Numbers are a float64 array; all other values are codes into
a sorted vocabulary, so that equality is a look-up, order a range of codes, and text is searched once per value.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint, order_ends
from chatrec.indexes._values import FacetValue, Item, Op, Scalar

Mask = NDArray[np.bool_]
_Part = TypeVar("_Part", str, float)


class Column(Protocol):
    """One facet of all items, in row order."""

    def mask(self, constraint: Constraint) -> Mask:
        """Which items the constraint accepts, shape (n,)."""
        ...

    def counts(self, mask: Mask | None) -> dict[str, int]:
        """Items by value among those of the mask (all without one), most frequent first, then by value."""
        ...


def build_column(items: Sequence[Item], name: str) -> Column:
    """Lay out one facet of the items.

    Args:
        items: The items, in row order.
        name: A facet's name, or `title` or `description` where no facet has that name.
    """
    held: list[FacetValue | None] = [item.facets.get(name) for item in items]
    if name in {"title", "description"} and all(value is None for value in held):
        held = [getattr(item, name) or None for item in items]
    if all(value is None or _is_number(value) for value in held):
        return NumberColumn(np.array([np.nan if value is None else value for value in held], dtype=np.float64))
    return CodedColumn(held)


class NumberColumn:
    """Numbers, nan where an item has none.

    Args:
        values: float64, shape (n,).
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def mask(self, constraint: Constraint) -> Mask:
        """Which items the constraint accepts, shape (n,)."""
        op, wanted = constraint.op, [_plain(value) for value in constraint.values]
        numbers = [value for value in wanted if not isinstance(value, str)]
        if op == "any":
            return np.isin(self.values, numbers)
        if op == "none":
            return ~np.isin(self.values, numbers)
        if op == "contains":
            return self._coded.mask(constraint)
        if len(numbers) < len(wanted):
            return np.zeros(len(self.values), dtype=np.bool_)
        if op == "between":
            return (self.values >= numbers[0]) & (self.values <= numbers[1])
        return _COMPARE[op](self.values, numbers[0])

    def counts(self, mask: Mask | None) -> dict[str, int]:
        """Items by value among those of the mask (all without one), most frequent first, then by value."""
        chosen = self.values if mask is None else self.values[mask]
        values, counted = np.unique(chosen[~np.isnan(chosen)], return_counts=True)
        order = np.argsort(-counted, kind="stable")
        return {number_text(float(values[i])): int(counted[i]) for i in order}

    @cached_property
    def _coded(self) -> CodedColumn:
        return CodedColumn([None if np.isnan(value) else float(value) for value in self.values])


class CodedColumn:
    """Any values, none or several an item, as codes into a vocabulary: strings in order, then numbers in order.

    Args:
        held: Each item's value, None where it has none.
    """

    def __init__(self, held: Sequence[FacetValue | None]) -> None:
        parts: list[str | float] = []
        rows: list[int] = []
        for row, value in enumerate(held):
            if value is None:
                continue
            for part in dict.fromkeys(map(_plain, value)) if isinstance(value, tuple) else (_plain(value),):
                parts.append(part)
                rows.append(row)
        distinct = set(parts)
        words = sorted(part for part in distinct if isinstance(part, str))
        numbers = sorted(part for part in distinct if not isinstance(part, str))
        vocabulary: list[str | float] = [*words, *numbers]
        code = {part: number for number, part in enumerate(vocabulary)}
        codes = np.fromiter((code[part] for part in parts), dtype=np.int32, count=len(parts))
        self._set(words, numbers, codes, np.array(rows, dtype=np.int32), len(held))

    @classmethod
    def of_codes(
        cls,
        words: list[str],
        numbers: Sequence[float],
        codes: NDArray[np.int32],
        rows: NDArray[np.int32],
        size: int,
    ) -> CodedColumn:
        """A column that was made before.

        Args:
            words: The strings of the vocabulary, in order.
            numbers: Its numbers, in order; their codes follow those of the strings.
            codes: The code of each value, shape (values,).
            rows: The row of each, rising.
            size: How many rows there are.
        """
        column = cls.__new__(cls)
        column._set(words, numbers, codes, rows, size)
        return column

    def _set(
        self,
        words: list[str],
        numbers: Sequence[float],
        codes: NDArray[np.int32],
        rows: NDArray[np.int32],
        size: int,
    ) -> None:
        self.words, self.numbers, self.codes, self.rows, self.size = words, list(numbers), codes, rows, size
        vocabulary: list[str | float] = [*words, *numbers]
        self._code = {part: code for code, part in enumerate(vocabulary)}
        self._single = len(rows) == size and bool((rows == np.arange(size)).all())

    def mask(self, constraint: Constraint) -> Mask:
        """Which items the constraint accepts, shape (n,)."""
        op, wanted = constraint.op, [_plain(value) for value in constraint.values]
        if op in {"any", "none"}:
            codes = [self._code[value] for value in wanted if value in self._code]
            found = self._spread(np.isin(self.codes, codes, kind="sort"))
            return found if op == "any" else ~found
        if op == "contains":
            needle = str(wanted[0]).casefold()
            hit = np.fromiter((needle in text for text in self._folded), dtype=np.bool_, count=len(self._folded))
            return self._spread(hit[self.codes])
        start, stop = self._span(op, order_ends(op, wanted))
        return self._spread((self.codes >= start) & (self.codes < stop))

    def counts(self, mask: Mask | None) -> dict[str, int]:
        """Items by value among those of the mask (all without one), most frequent first, then by value."""
        codes = self.codes if mask is None else self.codes[mask[self.rows]]
        counted = np.bincount(codes)
        found = np.flatnonzero(counted)
        return {self._names[i]: int(counted[i]) for i in found[np.argsort(-counted[found], kind="stable")]}

    def _spread(self, hit: Mask) -> Mask:
        if self._single:
            return hit
        found = np.zeros(self.size, dtype=np.bool_)
        found[self.rows[hit]] = True
        return found

    def _span(self, op: Op, wanted: Sequence[str | float]) -> tuple[int, int]:
        """The codes, first to past the last, that an order accepts; numbers and text are never compared."""
        words = [value for value in wanted if isinstance(value, str)]
        numbers = [value for value in wanted if not isinstance(value, str)]
        if words and numbers:
            return 0, 0
        if words:
            return _range(self.words, op, words)
        start, stop = _range(self.numbers, op, numbers)
        return start + len(self.words), stop + len(self.words)

    @cached_property
    def _names(self) -> list[str]:
        return [*self.words, *map(number_text, self.numbers)]

    @cached_property
    def _folded(self) -> list[str]:
        return [str(part).casefold() for part in (*self.words, *self.numbers)]


def number_text(value: float) -> str:
    """A number as a person writes it: `1990`, not `1990.0`."""
    return str(int(value)) if value.is_integer() else str(value)


def _range(ordered: list[_Part], op: Op, wanted: list[_Part]) -> tuple[int, int]:
    if op == "between":
        return bisect_left(ordered, wanted[0]), bisect_right(ordered, wanted[1])
    if op in {"lt", "le"}:
        return 0, (bisect_left if op == "lt" else bisect_right)(ordered, wanted[0])
    return (bisect_right if op == "gt" else bisect_left)(ordered, wanted[0]), len(ordered)


def _is_number(value: FacetValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Scalar) -> str | float:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else float(value)


_COMPARE = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
