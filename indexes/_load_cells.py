"""The cells of one column as typed values: numbers, dates, booleans, lists or text, decided by the whole column."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chatrec.indexes._facets import names_identifiers, width
from chatrec.indexes._load_dates import read_dates
from chatrec.indexes._units import convert, main_unit, name_unit, read_number, uses_decimal_comma
from chatrec.indexes._values import FacetValue

_BLANK = {"", "null", "nan", "n/a", "#n/a", "\\n", "-", "--", "—", "none", "undefined"}
_UNKNOWN = {"na", "nil", "unknown", "?", "tbd", "tba", "未知", "暂无", "无", "不详", "待定", "n.a."}
_PAIRS = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("1", "0"), ("是", "否"), ("有", "无"), ("有", "没有"),
    ("√", "×"), ("✓", "✗"), ("✔", "✘"), ("真", "假"),
)  # fmt: skip
_TRUE = {yes for yes, _ in _PAIRS}
_FALSE = {no for _, no in _PAIRS}
_ASKS = re.compile(r"(?:is|has|can|was)[_\s].*|(?:是否|有无|可否).*", re.IGNORECASE)
_STRONG = ("|", ";", "；", "、")
_WEAK = (",", "，", "/")
_NAMELESS = re.compile(r"(?:unnamed: \d+|column \d+|index|#)?", re.IGNORECASE)
# A text longer on the average would crowd out all else where items are embedded.
_HUGE = 2000
# Lists of so many fractions are vectors, lists of so long texts are paragraphs: neither is a set of values.
_VECTOR = 8
_SENTENCE = 60
_FEW_ROWS = 20
_SAMPLE = 5000

Kind = Literal["number", "date", "boolean", "multi", "text", "none"]


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """A column with its cells typed.

    Attributes:
        kind: What the cells are; `none` when the column is empty or too long to be a facet.
        values: The value of each row, None where it has none.
        unit: The numbers' unit, or "".
        wrong: Cells that do not fit the kind, by row.
    """

    kind: Kind
    values: Sequence[FacetValue | None]
    unit: str = ""
    wrong: dict[int, Any] = field(default_factory=dict[int, Any])

    def fault(self, row: int) -> tuple[str, str]:
        """What is wrong with a cell that does not fit, and the cure."""
        cell = self.wrong[row]
        if self.kind == "number" and isinstance(cell, str) and read_number(cell) is not None:
            return f"a unit other than {self.unit!r}", "use one unit in the whole column"
        return f"not a {self.kind}", f"write a {self.kind} or leave it empty"


def type_column(name: str, cells: Sequence[Any]) -> TypedColumn:
    """Decide what a column holds and read its cells.

    A column is numbers (or dates) when nearly all cells are; the few that are not are then wrong.

    Args:
        name: The column's name.
        cells: Each row's cell, None where it has none.
    """
    held = [row for row, cell in enumerate(cells) if not is_blank(cell)]
    if not held or _is_row_number(name, cells, held):
        return TypedColumn("none", [None] * len(cells))
    lists = sum(1 for row in held if isinstance(cells[row], list))
    if lists > 0.3 * len(held):
        return _as_lists(cells, held)
    if not lists and names_identifiers(name):
        return _as_text(cells, held)
    tried: tuple[Callable[[str, Sequence[Any], Sequence[int]], TypedColumn | None], ...]
    tried = (_as_booleans, _as_numbers, _as_dates, _as_split)
    for attempt in tried:
        column = attempt(name, cells, held)
        if column is not None:
            return column
    return _as_lists(cells, held) if lists else _as_text(cells, held)


def _is_row_number(name: str, cells: Sequence[Any], held: Sequence[int]) -> bool:
    if not _NAMELESS.fullmatch(name) or len(held) < len(cells):
        return False
    start = str(cells[0]).strip()
    return start in {"0", "1"} and all(str(cell).strip() == str(row) for row, cell in enumerate(cells, int(start)))


def is_blank(cell: Any) -> bool:
    """Whether a cell says nothing: absent, empty, or one of the usual words for it."""
    if cell is None or cell == [] or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return isinstance(cell, str) and (not cell or (len(cell) <= 9 and cell.strip().casefold() in _BLANK))


def _as_booleans(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    distinct = {str(cells[row]).strip().casefold() for row in held[:_SAMPLE]}
    native = sum(1 for row in held if isinstance(cells[row], bool)) >= _enough(len(held))
    if not native and not _says_yes_or_no(name, distinct):
        return None
    values: list[FacetValue | None] = [None] * len(cells)
    wrong: dict[int, Any] = {}
    for row in held:
        text = str(cells[row]).strip().casefold()
        if text in _TRUE or text == "1":
            values[row] = True
        elif text in _FALSE or text == "0":
            values[row] = False
        elif text not in _UNKNOWN:
            wrong[row] = cells[row]
    return TypedColumn("boolean", values, "", wrong)


def _says_yes_or_no(name: str, distinct: set[str]) -> bool:
    """Whether all values are one pair's; short signs and digits need the other of the pair, or a name that asks."""
    pair = next((pair for pair in _PAIRS if distinct <= set(pair)), None)
    if pair is None or (pair[0] == "1" and not _ASKS.fullmatch(name)):
        return False
    return len(distinct) == 2 or len(pair[0]) > 1 or _ASKS.fullmatch(name) is not None


def _as_numbers(name: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    texts = [cells[row] for row in held if isinstance(cells[row], str)]
    if any(len(text) > 1 and text[0] == "0" and text.isdigit() for text in texts):
        return None
    comma = uses_decimal_comma(texts)
    read: dict[int, tuple[float, str]] = {}
    wrong: dict[int, Any] = {}
    for row in held:
        number = _number(cells[row], comma)
        if number is not None:
            read[row] = number
        elif not (isinstance(cells[row], str) and cells[row].strip().casefold() in _UNKNOWN):
            wrong[row] = cells[row]
    if len(read) < _enough(len(read) + len(wrong)) or len(read) < 2 * len(wrong) or _repeats(wrong):
        return None
    unit = main_unit([unit for _, unit in read.values()])
    values: list[FacetValue | None] = [None] * len(cells)
    for row, (found, own) in read.items():
        converted = convert(found, own, unit)
        if converted is None:
            wrong[row] = cells[row]
        else:
            values[row] = int(converted) if converted.is_integer() else converted
    # Prices in two currencies cannot be compared; a slip or two can be mended.
    if len(wrong) > len(held) - _enough(len(held)) or _repeats(wrong):
        return None
    return TypedColumn("number", values, unit or name_unit(name) or "", wrong)


def _number(cell: Any, comma: bool) -> tuple[float, str] | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, str):
        return read_number(cell, decimal_comma=comma)
    try:
        number = float(cell)
    except (OverflowError, TypeError):
        return None
    return (number, "") if abs(number) != float("inf") else None


def _as_dates(_: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    texts = {row: cells[row] for row in held if isinstance(cells[row], str)}
    read = read_dates(texts)
    wrong = {row: cells[row] for row in held if row not in read and str(cells[row]).strip().casefold() not in _UNKNOWN}
    if not read or len(read) < _enough(len(read) + len(wrong)) or _repeats(wrong):
        return None
    values: list[FacetValue | None] = [read.get(row) for row in range(len(cells))]
    return TypedColumn("date", values, "", wrong)


def _as_lists(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    values: list[FacetValue | None] = [None] * len(cells)
    fractions = letters = parts = 0
    for row in held:
        cell = cells[row] if isinstance(cells[row], list) else [cells[row]]
        fractions += len(cell) if all(isinstance(part, float) for part in cell) else 0
        distinct = tuple(dict.fromkeys(text for part in cell if (text := _part(part))))
        values[row] = distinct or None
        letters += sum(map(len, distinct))
        parts += len(distinct)
    if fractions > _VECTOR * len(held):
        return TypedColumn("none", [None] * len(cells))
    if letters > _SENTENCE * parts:
        return TypedColumn("text", [" ".join(value) if isinstance(value, tuple) else None for value in values])
    return TypedColumn("multi", values)


def _as_split(_: str, cells: Sequence[Any], held: Sequence[int]) -> TypedColumn | None:
    texts = {row: cells[row] for row in held if isinstance(cells[row], str)}
    if len(texts) < len(held):
        return None
    if sum(1 for text in texts.values() if text[:1] == "[" and text.rstrip()[-1:] == "]") > 0.9 * len(texts):
        return _as_lists([_literal(cell) for cell in cells], held)
    sample = list(texts.values())[:_SAMPLE]
    separator = next((sign for sign in (*_STRONG, *_WEAK) if _separates(sign, sample)), None)
    if separator is None:
        return None
    return _as_lists([cell.split(separator) if row in texts else None for row, cell in enumerate(cells)], held)


def _separates(sign: str, texts: Sequence[str]) -> bool:
    """Whether a sign cuts texts into a vocabulary of short parts."""
    cut = [text for text in texts if sign in text]
    if len(cut) < 0.05 * len(texts) or not cut:
        return False
    parts = [part.strip() for text in cut for part in text.split(sign)]
    long = sum(1 for part in parts if width(part) > 30 or not part)
    if long > 0.1 * len(parts):
        return False
    if sign in _STRONG:
        return True
    if sum(1 for part in parts if any(map(str.isalpha, part))) < 0.5 * len(parts):
        return False
    distinct = len(set(parts))
    whole = [text.strip() for text in texts if sign not in text]
    known = set(parts)
    alone = sum(1 for text in whole if text in known) / len(whole) if whole else 1.0
    repeated = distinct <= 0.5 * len(parts) or (len(cut) < _FEW_ROWS and distinct <= 0.75 * len(parts))
    return (repeated and alone > 0.5) or _are_names(sign, cut, parts)


def _are_names(sign: str, cut: Sequence[str], parts: Sequence[str]) -> bool:
    """Lists of people's names rarely repeat, but each part has several words that begin with capitals."""
    if sign == "/" or len(parts) < 2.2 * len(cut):
        return False
    named = sum(1 for part in parts if len(words := part.split()) in {2, 3, 4} and all(w[:1].isupper() for w in words))
    return named > 0.6 * len(parts)


def _literal(cell: Any) -> Any:
    """The list that a cell such as `['a', 'b']` shows, as spreadsheets and data frames write it."""
    if not isinstance(cell, str) or cell[:1] != "[":
        return cell
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return cell.strip("[] ").split(",")


def _part(value: Any) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title", "value", "label") if key in value), "")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(str(value).split())


def _as_text(cells: Sequence[Any], held: Sequence[int]) -> TypedColumn:
    texts: dict[int, str] = {row: _part(cells[row]) for row in held}
    if sum(map(len, texts.values())) > _HUGE * len(texts):
        return TypedColumn("none", [None] * len(cells))
    return TypedColumn("text", [texts.get(row) or None for row in range(len(cells))])


def _enough(count: int) -> float:
    """How many of so many cells must fit a kind for the others to be wrong."""
    return count * (0.7 if count < _FEW_ROWS else 0.9)


def _repeats(wrong: dict[int, Any]) -> bool:
    """Whether the misfits are a value of their own ("free", "on request") rather than slips."""
    counted = Counter(str(value) for value in wrong.values())
    return bool(counted) and counted.most_common(1)[0][1] > 5
