"""A catalog file as rows of cells: compression, encoding, JSON and CSV, and what is broken in them."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._load_csv import read_csv
from chatrec.indexes._rejects import RejectLog

_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)|\n\s*,?\s*(?=\{)")
_FOREIGN = {b"PAR1": "Parquet", b"PK\x03\x04": "a spreadsheet or zip", b"SQLi": "SQLite", b"%PDF": "PDF"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file.

    Attributes:
        line: Where it begins, from 1.
        cells: Value by column; nested objects are flattened to `outer.inner`.
    """

    line: int
    cells: dict[str, Any]


def read_rows(path: Path, log: RejectLog) -> list[Row]:
    """All rows that could be read; the others are noted in the log.

    Raises:
        CatalogError: The file is missing, empty, a directory, not readable, or of a foreign format.
    """
    text = _decode(_read_bytes(path, log), log)
    if not text.strip():
        raise CatalogError(f"{log.file} is empty", hint="a catalog needs at least one row with a title")
    suffix = next((part for part in reversed([s.lower() for s in path.suffixes]) if part != ".gz"), "")
    start = text.lstrip()[0]
    if suffix not in {".csv", ".tsv"} and start in "[{":
        rows = _read_array(text, log) if start == "[" else _read_objects(text, log, whole=suffix == ".json")
    elif suffix in {".jsonl", ".ndjson", ".json"}:
        rows = _read_lines(text, log)
    else:
        rows = (Row(line, dict(cells)) for line, cells in read_csv(text, log))
    return list(_without_surrogates(rows, log))


def _read_bytes(path: Path, log: RejectLog) -> bytes:
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise CatalogError(f"{path} is a directory", hint="give the path of one file in it") from None
    except FileNotFoundError:
        raise CatalogError(f"there is no file {str(path)!r}", hint="check the path and the spelling") from None
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
    if data[:2] == b"\x1f\x8b":
        data = _unzip(data, log)
    kind = _FOREIGN.get(data[:4])
    if kind is not None:
        raise CatalogError(f"{log.file} is {kind}", hint="export it as CSV or JSONL")
    return data


def _unzip(data: bytes, log: RejectLog) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error):
        pass
    rescue = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    try:
        parts.extend(rescue.decompress(data[start : start + 4096]) for start in range(0, len(data), 4096))
    except zlib.error:
        pass
    whole, _, rest = b"".join(parts).rpartition(b"\n")
    if not whole:
        raise CatalogError(f"{log.file} is not a whole gzip file", hint="fetch or compress it again")
    tail = rest.decode("utf-8", "replace")
    log.add(whole.count(b"\n") + 2, "", tail, "the gzip file is cut off here", "fetch or compress it again")
    return whole


def _decode(data: bytes, log: RejectLog) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, or GB18030; bytes that are none become lone surrogates."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    text = data.decode("utf-8-sig", "surrogateescape")
    if text.isascii() or not _BROKEN.search(text):
        return text
    broken = len(_BROKEN.findall(text))
    if broken > 2 * sum(1 for char in text if char >= "\u0080" and not "\udc80" <= char <= "\udcff"):
        try:
            guess = data.decode("gb18030")
        except UnicodeDecodeError:
            return text
        foreign = [char for char in guess if char > "\u007f"]
        if sum("\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in foreign) > 0.95 * len(foreign):
            return guess
    return text


_BROKEN = re.compile(r"[\ud800-\udfff]")


def _without_surrogates(rows: Iterator[Row], log: RejectLog) -> Iterator[Row]:
    for row in rows:
        fault = next(((name, text) for name, value in row.cells.items() if (text := _broken(name, value))), None)
        if fault is None:
            yield row
        else:
            log.add(row.line, fault[0], fault[1], "bytes that are not UTF-8", "save the file as UTF-8")


def _broken(name: str, value: Any) -> str | None:
    for text in (name, *(value if isinstance(value, list) else (value,))):
        if isinstance(text, str) and not text.isascii() and _BROKEN.search(text):
            return text
    return None


def _read_objects(text: str, log: RejectLog, *, whole: bool) -> Iterator[Row]:
    """JSON lines; or, in a `.json` file, one object that holds the list or maps ids to objects."""
    if whole:
        try:
            data = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            lists = [value for value in data.values() if isinstance(value, list)]
            if lists:
                records = max(lists, key=len)
                return (row for record in records for row in _row(1, record, record, log))
            if len(data) > 1 and all(isinstance(value, dict) for value in data.values()):
                return (Row(1, flatten({"id": key} | value)) for key, value in data.items())
    return _read_lines(text, log)


def _read_lines(text: str, log: RejectLog) -> Iterator[Row]:
    for line, raw in enumerate(io.StringIO(text), 1):
        if not raw.strip():
            continue
        try:
            record = json.loads(raw, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep or a number too long"
            log.add(line, "", raw.strip(), f"broken JSON: {why}", "write one JSON object on each line")
            continue
        yield from _row(line, record, raw.strip(), log)


def _read_array(text: str, log: RejectLog) -> Iterator[Row]:
    """A JSON list, object by object, so that one broken object costs only itself."""
    decoder = json.JSONDecoder(parse_constant=_no_number)
    at = text.index("[") + 1
    line, counted = 1, 0
    while (match := re.compile(r"[\s,]*").match(text, at)) is not None and (at := match.end()) < len(text):
        if text[at] == "]":
            return
        line, counted = line + text.count("\n", counted, at), at
        try:
            record, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep or a number too long"
            log.add(line, "", text[at : at + 200], f"broken JSON: {why}", "mend or remove this object")
            following = _NEXT_OBJECT.search(text, at + 1)
            if following is None:
                return
            at = following.end()
        else:
            yield from _row(line, record, text[at : at + 200], log)
            at = end
    log.add(line, "", text[-40:], "the list has no end", "the file may be cut off: fetch it again")


def _row(line: int, record: Any, shown: Any, log: RejectLog) -> Iterator[Row]:
    if isinstance(record, dict):
        yield Row(line, flatten(record))
    else:
        log.add(line, "", shown, "not a JSON object", 'write an object with named values, e.g. {"title": "..."}')


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as `outer.inner` columns."""
    if not any(isinstance(value, dict) for value in record.values()):
        return record if not prefix else {prefix + name: value for name, value in record.items()}
    flat: dict[str, Any] = {}
    for name, value in record.items():
        flat.update(flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value})
    return flat


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON and no value."""
