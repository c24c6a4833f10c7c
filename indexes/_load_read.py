"""A catalog file as records, whatever it is written in: JSON lines, a JSON list, CSV, Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._load_csv import CsvLayout, read_csv
from chatrec.indexes._load_file import CatalogFile
from chatrec.indexes._load_json import find_list, parse, read_lines, read_mapping, read_stream
from chatrec.indexes._load_table import Fault, Record
from chatrec.indexes._rejects import MARK

_HEAD = 4096
_WHY = f"{MARK}.why"
_OPENING = re.compile(r"\{[ \t]*\r?\n")
_ONE_A_LINE = re.compile(r".*\}[ \t]*\r?\n[ \t\r\n]*\{")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


class Reader:
    """The records of one file; they can be read again.

    Args:
        file: The file.
        layout: What is told of a table's separator and header.

    Attributes:
        format: What the file is written in; known once reading has begun.
        layout: As given, filled in while a table is read.
    """

    def __init__(self, file: CatalogFile, layout: CsvLayout) -> None:
        self.file = file
        self.layout = layout
        self.format = ""

    def __iter__(self) -> Iterator[Record]:
        """The records in the order of the file; those that cannot be used have a fault.

        Raises:
            CatalogError: The file cannot be read, or a package for its format is missing.
        """
        self.file.cut = None
        if self.file.is_parquet:
            from chatrec.indexes._load_parquet import read_parquet

            self.format = "Parquet"
            yield from read_parquet(self.file)
            return
        broken = re.compile(self.file.encoding.broken)
        last = 0
        for record in self._decoded():
            last = record.line
            checked = _mended(record) if _WHY in record.cells else record
            if broken.search(record.raw) or _ESCAPED.search(record.raw):
                checked = _without_broken(checked, broken)
            yield checked
        if self.file.cut is not None:
            if not last:
                raise CatalogError(f"{self.file.name} is not a whole gzip file", hint="fetch or compress it again")
            tail = self.file.cut.decode("utf-8", "replace")
            fault = Fault("", tail, "the gzip file is cut off here", "fetch or compress it again")
            yield Record(last + 1, tail, {}, fault)

    def _decoded(self) -> Iterator[Record]:
        try:
            yield from self._records()
        except UnicodeError as error:
            name = self.file.encoding.name
            raise CatalogError(f"{self.file.name} is not {name}: {error}", hint="tell another encoding") from error

    def _records(self) -> Iterator[Record]:
        suffix = next((part for part in reversed([s.lower() for s in self.file.path.suffixes]) if part != ".gz"), "")
        with self.file.text(progress=False) as text:
            blank, head = _head(text)
        if not head:
            return
        # Tables may begin with a brace, too: their name says that they are tables.
        start = "" if suffix in {".csv", ".tsv"} else head[0]
        with self.file.text() as text:
            if start == "[":
                self.format = "JSON"
                yield from read_stream(text.read(), blank + 1, within="list")
            elif start == "{" and _OPENING.match(head) and suffix != ".json":
                self.format = "JSON"
                yield from read_stream(text.read(), blank, within="file")
            elif start == "{" and suffix == ".json" and not _ONE_A_LINE.match(head):
                self.format = "JSON"
                yield from _read_object(text.read(), blank)
            elif start == "{" or suffix in {".jsonl", ".ndjson", ".json"}:
                self.format = "JSON lines"
                yield from read_lines(text)
            else:
                self.format = "CSV"
                yield from read_csv(text, self.layout)


def _read_object(whole: str, blank: int) -> Iterator[Record]:
    """The records of one JSON object around the list, of one that holds each item under its id, or of several."""
    at = find_list(whole)
    if at is not None:
        return read_stream(whole, at, within="object")
    return read_mapping(whole) or read_stream(whole, blank, within="file")


def _head(text: Any) -> tuple[int, str]:
    """How much white space a text begins with, and what follows it."""
    blank = 0
    while part := text.read(_HEAD):
        head = part.lstrip("\ufeff \t\r\n")
        blank += len(part) - len(head)
        if head:
            return blank, head
    return blank, ""


def _without_broken(record: Record, broken: re.Pattern[str]) -> Record:
    if record.fault is not None:
        return record
    for name, value in record.cells.items():
        text = _broken(name, value, broken)
        if text is not None:
            fault = Fault(name, text, "broken characters", "save the file as UTF-8 and mend this row")
            return record._replace(fault=fault)
    return record


def _broken(name: str, value: Any, broken: re.Pattern[str]) -> str | None:
    if isinstance(value, list):
        return next((text for part in value if (text := _broken(name, part, broken))), None)
    if isinstance(value, dict):
        return next((text for pair in value.items() if (text := _broken(*pair, broken))), None)
    for text in (name, value):
        if isinstance(text, str) and not text.isascii() and broken.search(text):
            return text
    return None


def _mended(record: Record) -> Record:
    """A row of a rejects file: its cells as they were mended, or else its text."""
    cells = {name: value for name, value in record.cells.items() if not name.startswith(MARK)}
    if cells or record.fault is not None:
        return record._replace(cells=cells)
    original = record.cells.get(f"{MARK}.original")
    return parse(record.line, original if isinstance(original, str) else "")
