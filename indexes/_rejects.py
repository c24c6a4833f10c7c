"""Rows that could not be loaded, each named well enough to be mended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._load_table import Fault, Record

MARK = "!reject"
"""The name under which a rejects file tells what is wrong with a row; read again, it is no column."""

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
        self._rejects: dict[int, Reject] = {}

    def __len__(self) -> int:
        return len(self._rejects)

    def add(self, number: int, line: int, fault: Fault) -> None:
        """Note one bad row.

        Args:
            number: Its place among the records of the file, from 0.
            line: Its line.
            fault: What is wrong with it.
        """
        reject = Reject(line, fault.column, shorten(fault.value), fault.why, fault.cure, self.file)
        self._rejects[number] = reject

    def sorted(self) -> tuple[Reject, ...]:
        """All of them, in the order of the file."""
        return tuple(reject for _, reject in sorted(self._rejects.items()))

    def write(self, path: Path, records: Iterable[Record]) -> None:
        """Write the rejected rows to a file from which they can be loaded once they are mended; none remove the file.

        Each line is a JSON object: the row's cells by column, and under `!reject` where it stood, what is wrong, and
        the row's own text. Where no cells could be read, the text under `original` is to be mended.

        Args:
            path: The file.
            records: All records of the catalog's file, read again.

        Raises:
            CatalogError: The file cannot be written.
        """
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            if not self._rejects:
                path.unlink(missing_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="utf-8", errors="backslashreplace") as file:
                for number, record in enumerate(records):
                    reject = self._rejects.get(number)
                    if reject is not None:
                        told = asdict(reject) | ({"original": record.raw.rstrip("\r\n")} if record.raw else {})
                        file.write(json.dumps({MARK: told} | record.cells, ensure_ascii=False, default=str) + "\n")
            new.replace(path)
        except OSError as error:
            raise CatalogError(
                f"the rejects cannot be written to {str(path)!r}: {error.strerror}", hint="name another file"
            ) from error
        finally:
            with suppress(OSError):
                new.unlink()


def shorten(value: Any) -> str:
    """At most sixty characters of a value, safe to print."""
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
