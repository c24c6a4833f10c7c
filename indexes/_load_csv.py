"""CSV and its relatives: the separator is found, a stray quote costs one row and not the rest of the file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chatrec.indexes._load_roles import is_usual_name
from chatrec.indexes._rejects import RejectLog

_SEPARATORS = ",;\t|"
# A file with one column may hold commas in it; a cell cannot hold this.
_NO_SEPARATOR = "\x1f"
_SAMPLE = 100
_NUMERIC = re.compile(r"[$€£¥]?\s*[+-]?\d[\d.,]*\s*%?|\d{4}-\d\d-\d\d.*")
_LONGEST_NAME = 100
_FIELD_LIMIT = 2**31 - 1


def read_csv(text: str, log: RejectLog) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows as (line, cells by column); rows with too many or too few cells go to the log.

    Args:
        text: The file, not blank.
        log: Takes the bad rows.
    """
    # The limit belongs to the process; raising it is harmless, and a million characters are a legal field.
    if csv.field_size_limit() < _FIELD_LIMIT:
        csv.field_size_limit(_FIELD_LIMIT)
    lines = list(io.StringIO(text, newline=""))
    first = next(number for number, line in enumerate(lines) if line.strip())
    told = re.fullmatch(r"sep=(.)", lines[first].strip("\r\n "), re.IGNORECASE)
    if told is not None:
        first += 1
    separator = told[1] if told is not None else find_separator(lines[first:])
    header, _, after = next(_records(lines, first, separator, None), ([], 0, len(lines)))
    names, is_header = _column_names(header or [])
    for cells, line, _ in _records(lines, after if is_header else first, separator, len(names)):
        if cells is None:
            log.add(line, "", lines[line - 1].strip(), "a quote that is never closed", "close the quote, or remove it")
            continue
        if len(cells) == len(names):
            yield line, dict(zip(names, cells, strict=True))
        elif any(cell.strip() for cell in cells):
            why = f"{len(cells)} cells where the header has {len(names)}"
            log.add(line, "", lines[line - 1].strip(), why, "quote cells that hold the separator, or fill the row up")


def find_separator(lines: Sequence[str]) -> str:
    """The separator that cuts most rows into as many cells as the first row, and into the most cells.

    Args:
        lines: The file from its first row on.
    """
    best, chosen = 0.0, _NO_SEPARATOR
    for separator in _SEPARATORS:
        widths: list[int] = []
        for row in csv.reader(lines[: _SAMPLE * 3], delimiter=separator):
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


def _records(
    lines: Sequence[str], start: int, separator: str, width: int | None
) -> Iterator[tuple[list[str] | None, int, int]]:
    """Records as (cells, line from 1, index of the line after it).

    A record over several lines whose quotes do not add up has a stray quote in its first line: that line is read by
    itself, or given as None, and reading goes on with the next line.
    """
    at = start
    while at < len(lines):
        base = at
        reader = csv.reader((lines[number] for number in range(base, len(lines))), delimiter=separator)
        for cells in reader:
            begin, at = at, base + reader.line_num
            if width is None or (len(cells) == width and at - begin == 1):
                yield cells, begin + 1, at
            elif at - begin == 1:
                yield _mended(lines[begin], cells, separator, width), begin + 1, at
            elif _sound(lines[begin:at], separator, width):
                yield cells, begin + 1, at
            else:
                at = begin + 1
                yield _literal(lines[begin], separator, width), begin + 1, at
                break


def _mended(line: str, cells: list[str], separator: str, width: int) -> list[str]:
    """A row of the wrong width as it was meant: quotes after a backslash, empty cells too many at the end."""
    if '\\"' in line:
        escaped = next(csv.reader([line], delimiter=separator, escapechar="\\", doublequote=False), cells)
        cells = escaped if len(escaped) == width else cells
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width]
    return cells


def _literal(line: str, separator: str, width: int) -> list[str] | None:
    """Tables with tabs seldom quote, so that there a quote is a quote (or an inch)."""
    cells = line.rstrip("\r\n").split(separator)
    return cells if separator == "\t" and len(cells) == width else None


def _sound(lines: Sequence[str], separator: str, width: int) -> bool:
    try:
        records = list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return False
    return len(records) == 1 and len(records[0]) == width


def _column_names(header: Sequence[str]) -> tuple[list[str], bool]:
    """Unique names of the columns, and whether the first row held them at all."""
    cells = [cell.strip() for cell in header]
    odd = any(_NUMERIC.fullmatch(cell) or len(cell) > _LONGEST_NAME for cell in cells)
    is_header = not odd or any(map(is_usual_name, cells))
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell if is_header and cell else f"column {number}"
        names.append(name if name not in names else f"{name} {number}")
    return names, is_header
