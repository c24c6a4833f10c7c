"""Constraints: what the person wants of a facet, in a notation that people and small models can write.

```text
genres=Comedy           has the value (any of: genres=Comedy|Drama)
genres!=Horror          has none of the values (genres!=Horror|War)
year>=1990  year<2000   at least, below (also > and <=)
year=1990..1999         between, both ends included
made<=2024-05           a month or a day is meant as a whole, as it is everywhere in an order of dates
title~moon              text contains, upper and lower case alike
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatrec.errors import ConstraintError
from chatrec.indexes._values import Facet, FacetValue, Op, Scalar

_SIGNS: dict[str, Op] = {"!=": "none", ">=": "ge", "<=": "le", "=": "any", ">": "gt", "<": "lt", "~": "contains"}
_NOTATION = re.compile(r"(?P<facet>[^=!<>~]+?)\s*(?P<sign>!=|>=|<=|=|>|<|~)\s*(?P<value>.+)", re.DOTALL)
_PERIOD = re.compile(r"\d{4}(?:-\d{2}){0,2}")
_FIRST = re.compile(r"(?:-01)+$")
_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One condition on one facet.

    Attributes:
        facet: The facet's name.
        op: `any`/`none` take one or more values; `between` a low and a high, both included; the others one value.
        values: The operands. Numbers for number facets, text otherwise ("true"/"false" for boolean facets).
    """

    facet: str
    op: Op
    values: tuple[Scalar, ...]

    def __str__(self) -> str:
        """The notation that `parse` reads."""
        shown = [_show(value) for value in self.values]
        if self.op == "between":
            return f"{self.facet}={shown[0]}..{shown[1]}"
        sign = next(sign for sign, op in _SIGNS.items() if op == self.op)
        return f"{self.facet}{sign}{'|'.join(shown)}"

    @classmethod
    def parse(cls, text: str, facets: Mapping[str, Facet]) -> Constraint:
        """Read the notation, checked against the catalog's facets.

        Args:
            text: For example `genres=Comedy|Drama` or `year>=1990`.
            facets: The catalog's facets by name. Names and values are matched whatever their case.

        Raises:
            ConstraintError: The notation is not understood, the facet does not exist, or the value does not fit it.
        """
        match = _NOTATION.fullmatch(text.strip())
        if match is None:
            raise ConstraintError(
                f"{text!r} is not a constraint", hint="write facet=value, facet!=value or facet>=number"
            )
        name = match["facet"].strip()
        facet = facets.get(name) or next((f for f in facets.values() if f.name.casefold() == name.casefold()), None)
        if facet is None:
            raise ConstraintError(f"there is no facet {name!r}", hint="facets: " + ", ".join(facets))
        op, value = _SIGNS[match["sign"]], match["value"].strip()
        between = _RANGE.fullmatch(value)
        if op == "any" and facet.kind in {"number", "date"} and between is not None:
            return cls(facet.name, "between", (_read(facet, between["low"]), _read(facet, between["high"])))
        if op in {"lt", "le", "gt", "ge"} and facet.kind not in {"number", "date"}:
            raise ConstraintError(
                f"{facet.name!r} has no order, so {text!r} says nothing", hint=f"write {facet.name}=value"
            )
        parts = value.split("|") if op in {"any", "none"} else [value]
        return cls(facet.name, op, tuple(_read(facet, part, exact=op != "contains") for part in parts))

    def accepts(self, value: FacetValue | None) -> bool:
        """Whether an item with this facet value satisfies the constraint (the reference meaning).

        An item without the facet satisfies `none` alone.
        """
        if value is None:
            return self.op == "none"
        held = [_plain(part) for part in (value if isinstance(value, tuple) else (value,))]
        wanted = [_plain(part) for part in self.values]
        if self.op == "any":
            return any(part in wanted for part in held)
        if self.op == "none":
            return not any(part in wanted for part in held)
        if self.op == "contains":
            return any(str(wanted[0]).casefold() in str(part).casefold() for part in held)
        ends = order_ends(self.op, wanted)
        return any(_ordered(part, self.op, ends) for part in held)


def order_ends(op: Op, wanted: Sequence[str | float]) -> list[str | float]:
    """The operands of an order as values are compared with them: a day, a month or a year by its beginning or end.

    So `<=2024-05-31` takes in 2024-05-31T18:00, and `>=2024-05-01` the month 2024-05, though both are compared as text.

    Args:
        op: The order, or `between`.
        wanted: Its operands.
    """
    late = op in {"le", "gt"}
    return [_end(value, late=late or (op == "between" and place > 0)) for place, value in enumerate(wanted)]


def _end(value: str | float, *, late: bool) -> str | float:
    if not isinstance(value, str) or not _PERIOD.fullmatch(value):
        return value
    # "~" follows everything that a longer date goes on with; what a first day begins with begins its month and year.
    return f"{value}~" if late else _FIRST.sub("", value)


def _ordered(held: str | float, op: Op, wanted: list[str | float]) -> bool:
    if any(isinstance(held, str) != isinstance(bound, str) for bound in wanted):
        return False
    first: object = wanted[0]
    if op == "between":
        return bool(wanted[0] <= held <= wanted[1])  # type: ignore[operator]
    if op == "lt":
        return bool(held < first)  # type: ignore[operator]
    if op == "le":
        return bool(held <= first)  # type: ignore[operator]
    if op == "gt":
        return bool(held > first)  # type: ignore[operator]
    return bool(held >= first)  # type: ignore[operator]


def _plain(value: Scalar) -> str | float:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else float(value)


def _show(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read(facet: Facet, text: str, *, exact: bool = True) -> Scalar:
    text = text.strip()
    if facet.kind == "number":
        try:
            number = float(text.replace(",", ""))
        except ValueError:
            raise ConstraintError(
                f"{facet.name!r} takes a number, not {text!r}", hint=f"e.g. {facet.name}>=1"
            ) from None
        return int(number) if number.is_integer() else number
    if not exact or not facet.values or text in facet.values:
        return text
    folded = text.casefold()
    known = next((value for value in facet.values if value.casefold() == folded), None)
    if known is None:
        shown = ", ".join(list(facet.values)[:8])
        raise ConstraintError(f"{facet.name!r} never has the value {text!r}", hint=f"its values: {shown}")
    return known
