"""The rows of a file on their way to columns: one record as it was read, and all of them by column."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_MOST_COLUMNS = 2_000
# Texts up to this length are often the same in many rows, and then kept once.
_SHORT = 40
_MEMORY = 50_000


class Fault(NamedTuple):
    """What is wrong with a row.

    Attributes:
        column: The column at fault, or "" when it is the whole row.
        value: The value at fault.
        why: What is wrong with it.
        cure: What to do about it.
    """

    column: str
    value: Any
    why: str
    cure: str


class Record(NamedTuple):
    """One row as it stands in the file.

    Attributes:
        line: Where it begins, from 1.
        raw: Its text, "" where the file is no text.
        cells: Value by column, as far as it could be read; nested objects are flattened to `outer.inner`.
        fault: Why it cannot be used, or None.
    """

    line: int
    raw: str
    cells: dict[str, Any]
    fault: Fault | None = None


class Table:
    """Rows by column; texts that are alike are held once.

    Attributes:
        lines: The line of each row.
        numbers: The place of each row among all records of the file, from 0.
        columns: Each row's cell, None where it has none; in the order of their first appearance.
    """

    def __init__(self) -> None:
        self.lines = array("Q")
        self.numbers = array("Q")
        self.columns: dict[str, list[Any]] = {}
        self._known: dict[str, dict[str, str]] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, record: Record, number: int) -> Fault | None:
        """Take a row in.

        Returns:
            Why it cannot be taken in, or None.
        """
        columns, rows = self.columns, len(self.lines)
        if len(columns) + len(record.cells) > _MOST_COLUMNS:
            new = next((name for name in record.cells if name not in columns), None)
            if new is not None:
                why = f"a column beyond the first {_MOST_COLUMNS:,}"
                return Fault(new, record.cells[new], why, "write one item a row, under the same names in every row")
        for name, value in record.cells.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = []
                self._known[name] = {}
            if len(column) < rows:
                column.extend([None] * (rows - len(column)))
            column.append(self._same(name, value) if type(value) is str and len(value) <= _SHORT else value)
        self.lines.append(record.line)
        self.numbers.append(number)
        return None

    def _same(self, name: str, text: str) -> str:
        """The same text, held once."""
        known = self._known[name]
        return known.setdefault(text, text) if len(known) < _MEMORY else known.get(text, text)

    def finish(self) -> None:
        """Make all columns equally long; nothing is added any more."""
        self._known.clear()
        for column in self.columns.values():
            column.extend([None] * (len(self.lines) - len(column)))


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as `outer.inner` columns.

    Raises:
        RecursionError: They are nested very deeply.
    """
    if not prefix and not any(isinstance(value, dict) for value in record.values()):
        return dict(record)
    return dict(_leaves(record, prefix))


def _leaves(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
