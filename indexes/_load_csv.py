"""CSV and its relatives: the separator is found, a stray quote costs one row and not the rest of the file."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from chatrec.indexes._load_roles import is_usual_name
from chatrec.indexes._load_table import Fault, Record

_SEPARATORS = ",;\t|"
# A file with one column may hold commas in it; a cell cannot hold this.
NO_SEPARATOR = "\x1f"
_SAMPLE = 100
_NUMERIC = re.compile(r"[$€£¥]?\s*[+-]?\d[\d.,]*\s*%?|\d{4}-\d\d-\d\d.*")
_LONGEST_NAME = 100
_MOST_ABOVE = 10
_FIELD_LIMIT = 2**31 - 1
# A quote that is still open after so many lines was never meant to open.
_LONGEST_RECORD = 20_000


class CsvLayout:
    """How a table is written; filled in as it is read.

    Args:
        separator: The sign between two cells, None to find it.
        header: Whether the first row names the columns, None to find it.

    Attributes:
        names: The columns.
        above: How many lines stand above the names; None as long as that is not known.
        spaced: Whether a space follows each separator, and is none of the cell's.
    """

    def __init__(self, separator: str | None = None, header: bool | None = None) -> None:
        self.separator = separator
        self.header = header
        self.names: list[str] = []
        self.above: int | None = None
        self.spaced = False

    def cut(self, lines: Iterable[str], **how: Any) -> Iterator[list[str]]:
        """Lines as the rows that they hold.

        Args:
            lines: The lines.
            **how: More that `csv.reader` is told.
        """
        return csv.reader(lines, delimiter=self.separator or NO_SEPARATOR, skipinitialspace=self.spaced, **how)


def read_csv(text: Iterable[str], layout: CsvLayout) -> Iterator[Record]:
    """Rows; those with too many or too few cells have a fault.

    Args:
        text: The lines of the file, with their ends.
        layout: What is told of the table, and takes what is found.
    """
    # The limit belongs to the process; raising it is harmless, and a million characters are a legal field.
    if csv.field_size_limit() < _FIELD_LIMIT:
        csv.field_size_limit(_FIELD_LIMIT)
    lines = _Lines(text)
    in_file = _told_separator(lines)
    told = layout.separator or in_file
    if layout.above is None:
        layout.above = 0 if layout.header is False else _lines_above(lines.peek(_SAMPLE * 3), told)
    for _ in range(layout.above):
        above = lines.take() or ""
        if above.strip(' \t\r\n,;|"'):
            fault = Fault("", above.strip(), "a line above the names of the columns", "remove the line")
            yield Record(lines.number, above, {}, fault)
    separator = layout.separator = told or find_separator(lines.peek(_SAMPLE * 3))
    names = next(iter(lines.peek(1)), "")
    layout.spaced = separator != "\t" and 0 < names.count(separator) == names.count(f"{separator} ")
    first = next(_records(lines, layout, None), None)
    if first is None:
        return
    cells, line, taken = first
    below = [row for row in layout.cut(lines.peek(_SAMPLE)) if any(row)]
    layout.names, is_header = _column_names(cells or [], below, layout.header)
    layout.header = is_header
    if not is_header:
        lines.give_back(taken)
    width = len(layout.names)
    for cells, line, taken in _records(lines, layout, width):
        if cells is None:
            fault = Fault("", taken[0].strip(), "a quote that is never closed", "close the quote, or remove it")
            guess = taken[0].rstrip("\r\n").split(separator)
            yield Record(line, taken[0], _named(guess, layout.names), fault)
        elif not any(map(str.strip, cells)):
            continue  # spreadsheets write rows of separators alone
        elif len(cells) == width:
            yield Record(
                line, "".join(taken) if len(taken) > 1 else taken[0], dict(zip(layout.names, cells, strict=True))
            )
        else:
            raw = "".join(taken)
            why = f"{len(cells)} cells where the header has {width}"
            fault = Fault("", raw.strip(), why, "quote cells that hold the separator, or fill the row up")
            yield Record(line, raw, _named(cells, layout.names), fault)


class _Lines:
    """Lines that can be looked at ahead and given back."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._ahead: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        line = self._ahead.popleft() if self._ahead else next(self._text, None)
        self.number += line is not None
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._ahead.extendleft(reversed(lines))
        self.number -= len(lines)

    def peek(self, count: int) -> list[str]:
        while len(self._ahead) < count and (line := next(self._text, None)) is not None:
            self._ahead.append(line)
        return list(self._ahead)[:count]


def _told_separator(lines: _Lines) -> str | None:
    """Skip blank lines and a line such as `sep=;`, which spreadsheets write."""
    while (line := lines.take()) is not None:
        if line.strip():
            told = re.fullmatch(r"sep=([^\"])", line.strip("\r\n "), re.IGNORECASE)
            if told is None:
                lines.give_back([line])
                return None
            return told[1]
    return None


def _lines_above(lines: Sequence[str], told: str | None) -> int:
    """How many lines stand above the names of the columns, as a report's heading or comments do.

    Each has one cell that is filled, and below them stand names of which one is usual; or each begins with `#`, and has
    fewer cells than there are names.
    """
    for count in range(1, min(_MOST_ABOVE, len(lines) - 1) + 1):
        separator = told or find_separator(lines[count:])
        *above, names = [[cell.strip(' "\t\r\n') for cell in line.split(separator)] for line in lines[: count + 1]]
        if any(len(list(filter(None, cells))) > 1 and not cells[0].startswith("#") for cells in above):
            return 0
        heading = all(names) and any(map(is_usual_name, names)) and not any(is_usual_name(row[0]) for row in above)
        comments = all(row[0].startswith("#") and len(row) < len(names) for row in above)
        if len(names) > 1 and (comments or heading) and not names[0].startswith("#"):
            return count
    return 0


def find_separator(lines: Sequence[str]) -> str:
    """The separator that cuts most rows into as many cells as the first row, and into the most cells.

    Args:
        lines: The file from its first row on.
    """
    best, chosen = 0.0, NO_SEPARATOR
    for separator in _SEPARATORS:
        widths: list[int] = []
        for row in csv.reader(lines, delimiter=separator):
            if any(row):
                widths.append(len(row))
            if len(widths) == _SAMPLE:
                break
        if not widths or widths[0] < 2:
            continue
        score = Counter(widths)[widths[0]] / len(widths) + 0.001 * min(widths[0], 100)
        if score > best:
            best, chosen = score, separator
    return chosen


def _records(lines: _Lines, layout: CsvLayout, width: int | None) -> Iterator[tuple[list[str] | None, int, list[str]]]:
    """Records as (cells, line from 1, their lines).

    A record over several lines whose quotes do not add up has a stray quote in its first line: that line is read by
    itself, or given as None, and reading goes on with the next line.
    """
    separator = layout.separator or NO_SEPARATOR
    while (first := lines.take()) is not None:
        line, taken = lines.number, [first]
        if '"' not in first:
            cells: list[str] | None = first.rstrip("\r\n").split(separator)
        else:
            cells = _quoted(lines, taken, layout)
        if len(taken) > 1 and (cells is None or not _sound(taken, layout, width)):
            lines.give_back(taken[1:])
            taken, cells = [first], _literal(first, separator, width)
        elif cells is not None and len(taken) == 1 and width is not None and len(cells) != width:
            cells = _mended(first, cells, layout, width)
        yield cells, line, taken


def _quoted(lines: _Lines, taken: list[str], layout: CsvLayout) -> list[str] | None:
    """The cells of a record with quotes; takes the lines that it goes on over."""

    def going_on() -> Iterator[str]:
        yield taken[0]
        while len(taken) < _LONGEST_RECORD and (line := lines.take()) is not None:
            taken.append(line)
            yield line

    try:
        return next(layout.cut(going_on()), [])
    except csv.Error:
        return None


def _mended(line: str, cells: list[str], layout: CsvLayout, width: int) -> list[str]:
    """A row of the wrong width as it was meant: quotes after a backslash, empty cells too many at the end."""
    if '\\"' in line:
        escaped = next(layout.cut([line], escapechar="\\", doublequote=False), cells)
        cells = escaped if len(escaped) == width else cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    return cells


def _literal(line: str, separator: str, width: int | None) -> list[str] | None:
    """Tables with tabs seldom quote, so that there a quote is a quote (or an inch)."""
    cells = line.rstrip("\r\n").split(separator)
    return cells if width is None or (separator == "\t" and len(cells) == width) else None


def _sound(lines: Sequence[str], layout: CsvLayout, width: int | None) -> bool:
    try:
        records = list(layout.cut(lines, strict=True))
    except csv.Error:
        return False
    return len(records) == 1 and width in {None, len(records[0])}


def _column_names(header: Sequence[str], below: Sequence[Sequence[str]], told: bool | None) -> tuple[list[str], bool]:
    """Unique names of the columns, and whether the first row held them at all."""
    cells = [cell.strip() for cell in header]
    odd = any(_NUMERIC.fullmatch(cell) or len(cell) > _LONGEST_NAME for cell in cells)
    # A name of a column is rarely a value in it.
    again = any(cell and cell == row[at].strip() for at, cell in enumerate(cells) for row in below if at < len(row))
    is_header = (not (odd or again) or any(map(is_usual_name, cells))) if told is None else told
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell if is_header and cell else f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names, is_header


def _named(cells: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Cells by column as far as there are columns, the rest by their number."""
    return {names[at] if at < len(names) else f"column {at + 1}": cell for at, cell in enumerate(cells)}
