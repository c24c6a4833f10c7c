"""Cells that are numbers: one each, a range each, or a running time with colons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from chatrec.indexes._units import MONEY, convert, main_unit, name_unit, read_number, uses_decimal_comma

UNKNOWN = {"na", "nil", "unknown", "?", "tbd", "tba", "未知", "暂无", "无", "不详", "待定", "n.a."}
"""Words for what is not known; less sure than blanks, which are read before a column's kind is."""

_FREE = {"free", "gratis", "免费", "kostenlos", "gratuit", "for free"}
_RANGE = re.compile(r"(?P<low>.*?\d.*?)\s*(?:-|–|—|~|～|〜|\bto\b|至|到)\s*(?P<high>(?=.*\d).+)")
_ATMOST = re.compile(r"(?:up to|under|below|max\.?|at most|<=?|≤|不超过|最多)\s*(?P<rest>.*\d.*)", re.IGNORECASE)
_ATLEAST = re.compile(r"(?:over|above|min\.?|at least|>=?|≥|至少|最少)\s*(?P<rest>.*\d.*)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)")
_FEW_ROWS = 20
_MEMORY = 50_000
_CHINESE = re.compile(r"[一-鿿]")


class Numbers(NamedTuple):
    """A column of numbers.

    Attributes:
        values: Each row's number, None where it has none.
        unit: Their unit, or "".
        wrong: Cells that are none, by row.
        upper: The upper end of each row's range, where the column holds ranges.
    """

    values: list[float | int | None]
    unit: str
    wrong: dict[int, Any]
    upper: list[float | int | None] | None = None


def read_numbers(name: str, cells: Sequence[Any], held: Sequence[int], *, unit: str = "") -> Numbers:
    """Every cell as a number; what is none is wrong.

    Args:
        name: The column's name.
        cells: Each row's cell.
        held: The rows that have one.
        unit: The unit that all are wanted in; by default the one that most have.
    """
    comma = uses_decimal_comma([cell for row in held if isinstance(cell := cells[row], str)])
    values: list[float | int | None] = [None] * len(cells)
    units: dict[int, str] = {}
    wrong: dict[int, Any] = {}
    known: dict[str, tuple[float, str] | None] = {}
    for row in held:
        cell = cells[row]
        if type(cell) is str and cell in known:
            found = known[cell]
        else:
            found = _number(cell, comma)
            if type(cell) is str and len(known) < _MEMORY:
                known[cell] = found
        if found is None:
            if not _is_unknown(cells[row]):
                wrong[row] = cells[row]
            continue
        values[row] = found[0]
        if found[1]:
            units[row] = found[1]
    unit = _convert(values, units, wrong, cells, unit) or name_unit(name) or ""
    if unit in MONEY:
        for row in [row for row, cell in wrong.items() if isinstance(cell, str) and cell.strip().casefold() in _FREE]:
            values[row] = 0
            del wrong[row]
    return Numbers(_whole(values), unit, wrong)


def read_ranges(name: str, cells: Sequence[Any], held: Sequence[int]) -> Numbers | None:
    """Every cell as a range of numbers, a single number being both its ends; None where too few are ranges."""
    texts = [cell for row in held if isinstance(cell := cells[row], str)]
    comma = uses_decimal_comma(texts)
    lows: list[float | int | None] = [None] * len(cells)
    highs: list[float | int | None] = [None] * len(cells)
    units: dict[int, str] = {}
    wrong: dict[int, Any] = {}
    ranges = 0
    for row in held:
        ends = _range(cells[row], comma)
        if ends is None:
            if not _is_unknown(cells[row]):
                wrong[row] = cells[row]
            continue
        lows[row], highs[row], own = ends
        # Of "12+" alone nobody would make a range.
        ranges += None not in {lows[row], highs[row]} and lows[row] != highs[row]
        if own:
            units[row] = own
    read = len(held) - len(wrong)
    if ranges < max(1, 0.1 * len(held)) or read < enough(len(held)) or repeats(wrong):
        return None
    unit = _convert(lows, units, wrong, cells, "")
    _convert(highs, units, wrong, cells, unit)
    if len(held) - len(wrong) < enough(len(held)):
        return None
    return Numbers(_whole(lows), unit or name_unit(name) or "", wrong, _whole(highs))


def read_clock(cells: Sequence[Any], held: Sequence[int]) -> Numbers | None:
    """Running times such as `1:02:33` and `45:12` in minutes; None where they may be times of day."""
    found = {
        row: match for row in held if isinstance(cells[row], str) and (match := _CLOCK.fullmatch(cells[row].strip()))
    }
    if len(found) < enough(len(held)):
        return None
    # `45:12` is no time of day; neither is what has seconds among such that have none.
    three = sum(1 for match in found.values() if match[1])
    if not any(int(match[2]) > 23 and not match[1] for match in found.values()) and not 0 < three < len(found):
        return None
    wrong = {row: cells[row] for row in held if row not in found and not _is_unknown(cells[row])}
    values: list[float | int | None] = [None] * len(cells)
    for row, match in found.items():
        values[row] = round(int(match[1] or 0) * 60 + int(match[2]) + int(match[3]) / 60, 2)
    return Numbers(_whole(values), "min", wrong)


def range_names(name: str) -> tuple[str, str]:
    """The names of the two facets that a column of ranges becomes: its lower and its upper ends."""
    return (f"最小{name}", f"最大{name}") if _CHINESE.search(name) else (f"min {name}", f"max {name}")


def are_numbers(found: Numbers, held: Sequence[int]) -> bool:
    """Whether so many cells are numbers that the others are wrong, and the column is one of numbers."""
    right = sum(1 for row in held if found.values[row] is not None)
    if right < enough(right + len(found.wrong)) or right < 2 * len(found.wrong) or repeats(found.wrong):
        return False
    # Prices in two currencies cannot be compared; a slip or two can be mended.
    return len(found.wrong) <= len(held) - enough(len(held))


def enough(count: int) -> float:
    """How many of so many cells must fit a kind for the others to be wrong."""
    return count * (0.7 if count < _FEW_ROWS else 0.9)


def repeats(wrong: dict[int, Any]) -> bool:
    """Whether the misfits are a value of their own ("free", "on request") rather than slips."""
    counted = Counter(str(value) for value in wrong.values())
    return bool(counted) and counted.most_common(1)[0][1] > 5


def _is_unknown(cell: Any) -> bool:
    return isinstance(cell, str) and len(cell) <= 9 and cell.strip().casefold() in UNKNOWN


def _number(cell: Any, comma: bool) -> tuple[float, str] | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, str):
        return read_number(cell, decimal_comma=comma)
    try:
        number = float(cell)
    except (OverflowError, TypeError, ValueError):
        return None
    return (number, "") if abs(number) != float("inf") else None


def _range(cell: Any, comma: bool) -> tuple[float, float, str] | tuple[float | None, float | None, str] | None:
    """The two ends of a range and their unit; a plain number is both."""
    if not isinstance(cell, str):
        found = _number(cell, comma)
        return None if found is None else (found[0], found[0], found[1])
    text = cell.strip()
    for pattern, is_upper in ((_ATMOST, True), (_ATLEAST, False)):
        bound = pattern.fullmatch(text)
        if bound is not None and (found := read_number(bound["rest"], decimal_comma=comma)) is not None:
            return (None, found[0], found[1]) if is_upper else (found[0], None, found[1])
    found = read_number(text, decimal_comma=comma)
    if found is not None:
        is_open = text.endswith(("+", "以上", "起"))
        return found[0], None if is_open else found[0], found[1]
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    low, high = (read_number(match[end], decimal_comma=comma) for end in ("low", "high"))
    if low is None or high is None or not 0 <= low[0] <= high[0] or not _are_ends(low, high):
        return None
    unit = high[1] or low[1]
    lower = convert(low[0], low[1], unit)
    return None if lower is None else (lower, high[0], unit)


def _are_ends(low: tuple[float, str], high: tuple[float, str]) -> bool:
    """Whether two numbers are a range rather than a telephone number, a code or the like."""
    if low[1] or high[1]:
        return True
    return high[0] < 1000 or (low[0] >= 1000 and high[0] < 10 * low[0])


def _convert(
    values: list[float | int | None], units: dict[int, str], wrong: dict[int, Any], cells: Sequence[Any], unit: str
) -> str:
    """Bring all numbers to one unit; those that cannot be are wrong."""
    spelled = {*units.values()}
    if {"min", "h"} & spelled and "m" in spelled:
        units = {row: "min" if own == "m" else own for row, own in units.items()}
    plural = {own: f"{own}s" for own in spelled if f"{own}s" in spelled}
    unit = unit or main_unit([plural.get(own, own) for own in units.values()])
    for row, own in units.items():
        value = values[row]
        if value is None or plural.get(own, own) == unit:
            continue
        values[row] = convert(value, plural.get(own, own), unit)
        if values[row] is None:
            wrong[row] = cells[row]
    return unit


def _whole(values: list[float | int | None]) -> list[float | int | None]:
    """Numbers without decimals as whole numbers."""
    for row, value in enumerate(values):
        if isinstance(value, float) and value.is_integer():
            values[row] = int(value)
    return values
