"""A catalog file as rows of cells: compression, encoding, JSON and CSV, and what is broken in them."""

from __future__ import annotations

import contextlib
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
_BROKEN = re.compile(r"[\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
# One cut-off character may look like GB18030, eight do not.
_EVIDENCE = 8
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
        rows = _read_list(text, log) if start == "[" else _read_objects(text, log, whole=suffix == ".json")
    elif suffix in {".jsonl", ".ndjson", ".json"}:
        rows = _read_lines(text, log)
    else:
        rows = (Row(line, cells) for line, cells in read_csv(text, log))
    return list(_without_surrogates(rows, log) if _SURROGATE.search(text) else rows)


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
    with contextlib.suppress(zlib.error):
        parts.extend(rescue.decompress(data[start : start + 4096]) for start in range(0, len(data), 4096))
    data = b"".join(parts)
    whole, _, rest = (data, b"", b"") if rescue.eof else data.rpartition(b"\n")
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
        if len(foreign) >= _EVIDENCE and sum(
            "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in foreign
        ) > 0.95 * len(foreign):
            return guess
    return text


def _without_surrogates(rows: Iterator[Row], log: RejectLog) -> Iterator[Row]:
    for row in rows:
        fault = next(((name, text) for name, value in row.cells.items() if (text := _broken(name, value))), None)
        if fault is None:
            yield row
        else:
            log.add(row.line, fault[0], fault[1], "broken characters", "save the file as UTF-8 and mend this row")


def _broken(name: str, value: Any) -> str | None:
    if isinstance(value, dict):
        return next((text for pair in value.items() if (text := _broken(*pair))), None)
    if isinstance(value, list):
        return next((text for part in value if (text := _broken(name, part))), None)
    for text in (name, value):
        if isinstance(text, str) and not text.isascii() and _BROKEN.search(text):
            return text
    return None


def _read_objects(text: str, log: RejectLog, *, whole: bool) -> Iterator[Row]:
    """JSON lines, objects over several lines, or (in a `.json` file) one object around the list or by id."""
    if whole:
        try:
            data = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            data = {}
        lists = {name: len(value) for name, value in data.items() if isinstance(value, list)}
        if lists:
            name = json.dumps(max(lists, key=lambda name: lists[name]), ensure_ascii=False)
            opening = re.search(re.escape(name) + r"\s*:\s*\[", text)
            if opening is not None:
                return _read_stream(text, opening.end(), log, closing="]")
        if len(data) > 1 and all(isinstance(value, dict) for value in data.values()):
            return (row for key, value in data.items() for row in _row(1, {"id": key} | value, key, log))
    if text.lstrip()[1:].lstrip(" \t\r")[:1] == "\n":
        return _read_stream(text, 0, log, closing="")
    return _read_lines(text, log)


def _read_list(text: str, log: RejectLog) -> Iterator[Row]:
    return _read_stream(text, text.index("[") + 1, log, closing="]")


def _read_lines(text: str, log: RejectLog) -> Iterator[Row]:
    decoder = json.JSONDecoder(parse_constant=_no_number)
    for line, raw in enumerate(io.StringIO(text), 1):
        if not raw.strip():
            continue
        try:
            record = decoder.decode(raw)
        except (ValueError, RecursionError) as error:
            log.add(line, "", raw.strip(), _json_fault(error), "write one whole JSON object on each line")
            continue
        yield from _row(line, record, raw.strip(), log)


def _read_stream(text: str, at: int, log: RejectLog, *, closing: str) -> Iterator[Row]:
    """JSON objects one after another, so that a broken one costs only itself.

    Args:
        text: The file.
        at: Where the first object may begin.
        log: Takes the broken ones.
        closing: The sign that ends the list, "" when only the file's end does.
    """
    decoder = json.JSONDecoder(parse_constant=_no_number)
    line, counted = 1, 0
    while (at := _skip(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == closing:
            return
        try:
            record, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            log.add(line, "", text[at : at + 200], _json_fault(error), "mend or remove this object")
            following = _NEXT_OBJECT.search(text, at + 1)
            if following is None:
                return
            at = following.end()
        else:
            yield from _row(line, record, text[at : at + 200], log)
            at = end
    if closing:
        log.add(line, "", text[-40:].strip(), "the list has no end", "the file may be cut off: fetch it again")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _json_fault(error: Exception) -> str:
    why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep, or too long a number"
    return f"broken JSON: {why}"


def _row(line: int, record: Any, shown: Any, log: RejectLog) -> Iterator[Row]:
    if isinstance(record, dict):
        try:
            cells = flatten(record)
        except RecursionError:
            log.add(line, "", shown, "nested too deep", "write the values one level deep")
        else:
            yield Row(line, cells)
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
