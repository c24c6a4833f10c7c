"""The cells of one column as typed values: numbers, dates, booleans, lists or text, decided by the whole column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chatrec.indexes._facets import is_address, names_codes, names_identifiers
from chatrec.indexes._load_dates import read_dates
from chatrec.indexes._load_lists import as_parts, find_sign, part_text, shows_lists, split
from chatrec.indexes._load_numbers import (
    UNKNOWN,
    Numbers,
    are_numbers,
    enough,
    read_clock,
    read_numbers,
    read_ranges,
    repeats,
)
from chatrec.indexes._schema import ColumnSchema
from chatrec.indexes._units import read_number
from chatrec.indexes._values import FacetValue

_BLANK = {"", "null", "nan", "n/a", "#n/a", "\\n", "-", "--", "—", "none", "undefined"}
_NONE = "none"
_PAIRS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("1", "0"), ("ja", "nein"), ("oui", "non"), ("sí", "no"),
    ("да", "нет"), ("是", "否"), ("有", "无"), ("有", "没有"), ("可以", "不可以"), ("支持", "不支持"), ("可", "不可"),
    ("√", "×"), ("✓", "✗"), ("✔", "✘"), ("✅", "❌"), ("真", "假"),
)  # fmt: skip
_TRUE = {yes for yes, _ in _PAIRS}
_FALSE = {no for _, no in _PAIRS}
_LETTER = re.compile(r"[a-z]")
_TICKS = {"√", "✓", "✔", "✅"}
_ASKS = re.compile(r"(?:is|has|can|was)[_\s].*|(?:是否|有无|可否).*", re.IGNORECASE)
_NAMELESS = re.compile(r"(?:unnamed: \d+|column \d+|index|#)?", re.IGNORECASE)
# A text longer on the average would crowd out all else where items are embedded.
_HUGE = 2000
# Lists of so many fractions are vectors, lists of so long texts are paragraphs: neither is a set of values.
_VECTOR = 8
_SENTENCE = 60
_SAMPLE = 5000
# In a long column a few cells tell which kinds are not worth trying.
_MANY = 4000
_FEW = 1000

Kind = Literal["number", "date", "boolean", "multi", "text", "keep", "none"]
_CURE = {
    "number": "write a number or leave it empty",
    "date": "write a date such as 2024-05-31 or leave it empty",
    "boolean": "write yes or no, or leave it empty",
}


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column with its cells typed.

    Attributes:
        kind: What the cells are; `keep` where they say nothing that could be asked for, `none` where there is nothing.
        values: The value of each row, None where it has none.
        unit: The numbers' unit, or "".
        wrong: Cells that do not fit the kind, by row.
        upper: The upper end of each row's range, where the column holds ranges.
        separator: The sign that parted texts into lists, or "".
    """

    kind: Kind
    values: Sequence[Any]
    unit: str = ""
    wrong: dict[int, Any] = field(default_factory=dict[int, Any])
    upper: Sequence[FacetValue | None] | None = None
    separator: str = ""

    def fault(self, row: int) -> tuple[str, str]:
        """What is wrong with a cell that does not fit, and the cure."""
        cell = self.wrong[row]
        if self.kind == "number" and isinstance(cell, str) and read_number(cell) is not None:
            return f"a unit other than {self.unit!r}", "use one unit in the whole column"
        return f"not a {self.kind}", _CURE.get(self.kind, f"write a {self.kind} or leave it empty")


def type_column(name: str, cells: Sequence[Any], told: ColumnSchema | None = None) -> TypedColumn:
    """Decide what a column holds and read its cells.

    A column is numbers (or dates) when nearly all cells are; the few that are not are then wrong.

    Args:
        name: The column's name.
        cells: Each row's cell, None where it has none.
        told: What is told of the column.
    """
    told = told or ColumnSchema()
    held = [row for row, cell in enumerate(cells) if not is_blank(cell)]
    if not held or (told.role is None and told.kind is None and _is_row_number(name, cells, held)):
        return TypedColumn("none", [None] * len(cells))
    if told.role == "keep":
        return _kept(cells, held)
    kind = told.kind or ("number" if told.unit else "multi" if told.separator else None)
    if kind is not None:
        return _told(name, cells, held, replace(told, kind=kind))
    found = _with_none(_inferred(name, cells, held), cells, len(held))
    if found.kind != "keep":
        return found
    return replace(found, kind="text") if told.role == "facet" else _kept(cells, held)


def _with_none(found: TypedColumn, cells: Sequence[Any], held: int) -> TypedColumn:
    """A column with its cells "none" as a value, where others are words that recur: what needs no equipment says so.

    Only as people write it in such a column: programs write an absent cell as "None".
    """
    if found.kind not in {"text", "multi"}:
        return found
    rows = [row for row, cell in enumerate(cells) if isinstance(cell, str) and cell.strip() == _NONE]
    if not rows:
        return found
    words = [value for value in found.values if value is not None]
    if len(set(words)) > max(3, 0.5 * held):
        return found
    values = list(found.values)
    for row in rows:
        values[row] = _NONE if found.kind == "text" else (_NONE,)
    return replace(found, values=values)


def is_blank(cell: Any) -> bool:
    """Whether a cell says nothing: absent, empty, or one of the usual words for it."""
    if cell is None or cell == [] or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and (not cell or (len(cell) <= 9 and cell.strip().casefold() in _BLANK))


def _told(name: str, cells: Sequence[Any], held: Sequence[int], told: ColumnSchema) -> TypedColumn:
    """A column of the kind that is told: every cell that does not fit is wrong."""
    if told.kind == "number":
        ranges = None if told.unit else read_ranges(name, cells, held)
        return _numeric(ranges or read_numbers(name, cells, held, unit=told.unit or ""))
    if told.kind == "boolean":
        return _booleans(cells, held)
    if told.kind == "date":
        return _dates(cells, held)
    if told.kind == "multi":
        sign = told.separator or find_sign([cell for row in held if isinstance(cell := cells[row], str)])
        return _lists([split(cell, sign) if sign else cell for cell in cells], held, sign or "")
    return _text(cells, held)


def _inferred(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    lists = sum(1 for row in held if isinstance(cells[row], list))
    if lists > 0.3 * len(held):
        return _lists(cells, held, "")
    sample = [str(cells[row]) for row in held[:_SAMPLE]]
    # Before lists are looked for: the strokes of an address separate nothing.
    if not lists and (names_identifiers(name) or sum(map(is_address, sample)) > 0.5 * len(sample)):
        return replace(_text(cells, held), kind="keep")
    tried: tuple[Callable[[str, Sequence[Any], Sequence[int]], TypedColumn | None], ...]
    tried = (_as_booleans, _as_numbers, _as_dates, _as_ranges, _as_split)
    for attempt in tried:
        if len(held) > _MANY:
            few = [cells[row] for row in held[:: len(held) // _FEW]]
            if attempt(name, few, range(len(few))) is None:
                continue
        column = attempt(name, cells, held)
        if column is not None:
            return column
    if lists:
        return _lists(cells, held, "")
    found = _text(cells, held)
    is_code = names_codes(name) and len(set(sample)) > max(3, 0.9 * len(sample))
    if is_code or sum(map(len, sample)) > _HUGE * len(sample):
        return replace(found, kind="keep")
    return found


def _is_row_number(name: str, cells: Sequence[Any], held: Sequence[int]) -> bool:
    if not _NAMELESS.fullmatch(name) or len(held) < len(cells):
        return False
    start = str(cells[0]).strip()
    return start in {"0", "1"} and all(str(cell).strip() == str(row) for row, cell in enumerate(cells, int(start)))


def _as_booleans(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    said = [str(cells[row]).strip().casefold() for row in held[:_SAMPLE]]
    native = sum(1 for row in held if isinstance(cells[row], bool)) >= enough(len(held))
    if not native and not _says_yes_or_no(name, said):
        return None
    found = _booleans(cells, held)
    return None if repeats(found.wrong) else found


def _booleans(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    values: list[FacetValue | None] = [None] * len(cells)
    wrong: dict[int, Any] = {}
    for row in held:
        text = str(cells[row]).strip().casefold()
        if text in _TRUE:
            values[row] = True
        elif text in _FALSE:
            values[row] = False
        elif text not in UNKNOWN:
            wrong[row] = cells[row]
    return TypedColumn("boolean", values, "", wrong)


def _says_yes_or_no(name: str, said: Sequence[str]) -> bool:
    """Whether nearly all are one pair's; short signs and digits need the other of the pair, or a name that asks."""
    for pair in _PAIRS:
        fitting = {text for text in said if text in pair}
        fit = sum(1 for text in said if text in pair or text in UNKNOWN)
        if not fitting or (fit < len(said) and (len(said) < 20 or fit < 0.95 * len(said))):
            continue
        if pair[0] == "1":
            return fit == len(said) and _ASKS.fullmatch(name) is not None
        return len(fitting) == 2 or len(pair[0]) > 1 or pair[0] in _TICKS or _ASKS.fullmatch(name) is not None
    # Of several pairs, as where two people filled the table in, both answers, and one in more than a letter.
    told = {text for text in said if text not in UNKNOWN}
    plain = all(text in _TRUE | _FALSE and not _LETTER.fullmatch(text) for text in told)
    return plain and bool(told & _TRUE) and bool(told & _FALSE) and not all(map(str.isdigit, told))


def _as_numbers(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    padded = sum(
        1 for row in held if isinstance(text := cells[row], str) and len(text) > 1 and text[0] == "0" and text.isdigit()
    )
    if padded > 0.02 * len(held) or names_codes(name):
        return None
    compact = _compact_dates(name, cells, held)
    if compact is not None:
        return compact
    found = read_numbers(name, cells, held)
    if are_numbers(found, held):
        return (_as_ranges(name, cells, held) if found.wrong else None) or _numeric(found)
    clock = read_clock(cells, held)
    return _numeric(clock) if clock is not None else None


def _as_ranges(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    found = None if names_codes(name) else read_ranges(name, cells, held)
    return None if found is None else _numeric(found)


def _numeric(found: Numbers) -> TypedColumn:
    return TypedColumn("number", found.values, found.unit, found.wrong, found.upper)


def _compact_dates(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    """Dates such as 20240531, which are numbers only by their looks."""
    if not all(len(text := str(cells[row]).strip()) == 8 and text[:2] in {"19", "20"} for row in held):
        return None
    spaced = [f"{t[:4]}-{t[4:6]}-{t[6:]}" if (t := str(cell).strip()).isdecimal() else cell for cell in cells]
    found = _dates(spaced, held)
    return found if not found.wrong and (len(held) > 4 or re.search(r"(?i)date|日", name)) else None


def _as_dates(_: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    found = _dates(cells, held)
    right = sum(1 for value in found.values if value is not None)
    if not right or right < enough(right + len(found.wrong)) or repeats(found.wrong):
        return None
    return found


def _dates(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    read = read_dates({row: cells[row] for row in held if isinstance(cells[row], str)})
    wrong = {row: cells[row] for row in held if row not in read and str(cells[row]).strip().casefold() not in UNKNOWN}
    return TypedColumn("date", [read.get(row) for row in range(len(cells))], "", wrong)


def _as_split(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    texts = [cell for row in held if isinstance(cell := cells[row], str)]
    if len(texts) < len(held):
        return None
    if shows_lists(texts):
        return _lists([split(cell, None) for cell in cells], held, "")
    sign = find_sign(texts)
    return None if sign is None else _lists([split(cell, sign) for cell in cells], held, sign)


def _lists(cells: Sequence[Any], held: Sequence[int], separator: str) -> TypedColumn:
    values: list[FacetValue | None] = [None] * len(cells)
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    fractions = letters = parts = 0
    for row in held:
        cell = cells[row]
        if isinstance(cell, list) and cell and type(cell[0]) is float:
            fractions += len(cell)
        value = as_parts(cell, known)
        values[row] = value
        for part in value or ():
            letters += len(part)
            parts += 1
    # Vectors, and objects without a name: nobody can ask for them.
    if fractions > _VECTOR * len(held) or not parts:
        return _kept(cells, held)
    if letters > _SENTENCE * parts:
        joined = [" ".join(value) if isinstance(value, tuple) else None for value in values]
        return TypedColumn("text", joined)
    return TypedColumn("multi", values, separator=separator)


def _text(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    values: list[FacetValue | None] = [None] * len(cells)
    known: dict[str, str] = {}
    for row in held:
        text = part_text(cells[row])
        if text:
            values[row] = known.setdefault(text, text)
    return TypedColumn("text", values)


def _kept(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    values: list[Any] = [None] * len(cells)
    for row in held:
        cell = cells[row]
        values[row] = cell.strip() if isinstance(cell, str) else cell
    return TypedColumn("keep", values)
