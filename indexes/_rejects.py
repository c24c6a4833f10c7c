"""Rows that could not be loaded, each named well enough to be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatrec.errors import CatalogError

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Reject:
    """A row of a catalog file that was left out.

    Attributes:
        line: The line of the file where the row begins, from 1.
        column: The column at fault, or "" when it is the whole row.
        value: The value at fault, shortened.
        why: What is wrong with it.
        cure: What to do about it.
        file: The file's name.
    """

    line: int
    column: str
    value: str
    why: str
    cure: str
    file: str = ""

    def __str__(self) -> str:
        """One line: file, line, column, value, what is wrong, and the cure."""
        return f"{self._place()}: {self.why}: {self.value!r} ({self.cure})"

    def error(self) -> CatalogError:
        """The same as an error."""
        return CatalogError(f"{self._place()}: {self.why}: {self.value!r}", hint=self.cure)

    def _place(self) -> str:
        place = f"{self.file or 'row'}, line {self.line}"
        return f"{place}, column {self.column!r}" if self.column else place


class RejectLog:
    """Collects the rejects of one file.

    Args:
        file: The file's name, as it is to be shown.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._rejects: list[Reject] = []

    def add(self, line: int, column: str, value: Any, why: str, cure: str) -> None:
        """Note one bad row."""
        self._rejects.append(Reject(line, column, shorten(value), why, cure, self.file))

    def sorted(self) -> tuple[Reject, ...]:
        """All of them, by line."""
        return tuple(sorted(self._rejects, key=lambda reject: reject.line))


def shorten(value: Any) -> str:
    """At most sixty characters of a value, safe to print."""
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
