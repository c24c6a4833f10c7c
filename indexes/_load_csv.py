"""CSV and its relatives: the separator is found, a stray quote costs one row and not the rest of the file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from chatrec.indexes._load_roles import is_usual_name
from chatrec.indexes._rejects import RejectLog

_SEPARATORS = ",;\t|"
# A file with one column may hold commas in it; a cell cannot hold this.
_NO_SEPARATOR = "\x1f"
_SAMPLE = 100
_NUMERIC = re.compile(r"[$€£¥]?\s*[+-]?\d[\d.,]*\s*%?|\d{4}-\d\d-\d\d.*")
_LONGEST_NAME = 100
_FIELD_LIMIT = 2**31 - 1


def read_csv(text: str, log: RejectLog) -> Iterator[tuple[int, dict[str, str]]]:
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
    names, is_header = _column_names(header)
    for cells, line, _ in _records(lines, after if is_header else first, separator, len(names)):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
            cells = cells[: len(names)]  # noqa: PLW2901
        if len(cells) == len(names):
            yield line, dict(zip(names, cells, strict=True))
        else:
            why = f"{len(cells)} cells where the header has {len(names)}"
            log.add(line, "", lines[line - 1].strip(), why, "quote cells that hold a separator, and close every quote")


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
) -> Iterator[tuple[list[str], int, int]]:
    """Records as (cells, line from 1, index of the line after it).

    A record over several lines whose quotes do not add up is a stray quote: its first line is given alone, as one
    record of the wrong width, and reading goes on with the next line.
    """
    at = start
    while at < len(lines):
        base = at
        reader = csv.reader((lines[number] for number in range(base, len(lines))), delimiter=separator)
        for cells in reader:
            begin, at = at, base + reader.line_num
            if at - begin > 1 and width is not None and not _sound(lines[begin:at], separator, width):
                alone = next(csv.reader([lines[begin].replace('"', "")], delimiter=separator), [])
                # One cell more can never be taken for a whole row.
                yield alone if len(alone) != width else [*alone, "…"], begin + 1, begin + 1
                at = begin + 1
                break
            yield cells, begin + 1, at


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
