"""JSON as records: one object a line, a list of objects, objects one after another; a broken one costs only itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal

from chatrec.indexes._load_table import Fault, Record, flatten

_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)|\n\s*,?\s*(?=\{)")
_OBJECTS = re.compile(r"\[\s*\{")
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_LINE = re.compile(r"^([ \t]*),?[ \t]*\{", re.MULTILINE)
_AFTER = {"list": re.compile(r"\s*\Z"), "object": re.compile(r"\s*(?:\}\s*\Z|,\s*\"|\Z)")}
_GAP = re.compile(r"[ \t\r\n,]*")


def _no_number(_: str) -> None:
    """NaN and Infinity are no JSON and no value."""


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def read_lines(text: Iterable[str]) -> Iterator[Record]:
    """One object a line.

    Args:
        text: The lines.
    """
    for line, raw in enumerate(text, 1):
        shown = raw.strip("\ufeff \t\r\n")
        if shown:
            yield parse(line, shown)


def parse(line: int, raw: str) -> Record:
    """The record of one JSON text.

    Args:
        line: Where it stands.
        raw: The text.
    """
    try:
        return _record(line, _DECODER.decode(raw), raw)
    except (ValueError, RecursionError) as error:
        return Record(line, raw, {}, Fault("", raw, _why(error), "write one whole JSON object on each line"))


def read_stream(text: str, at: int, *, within: Literal["file", "list", "object"]) -> Iterator[Record]:
    """JSON objects one after another.

    Args:
        text: The file.
        at: Where the first object may begin.
        within: What ends them: the file alone, the list that is the file, or the list that an object holds.
    """
    line, counted = 1 + text.count("\n", 0, at), at
    usual = cache(lambda: _usual_column(text))
    while (at := _GAP.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        if text[at] == "]" and within != "file":
            if _AFTER[within].match(text, at + 1):
                return
            at += 1  # a stray sign
            continue
        if within != "file" and _OBJECTS.match(text, at):
            at += 1  # another: the objects behind it are no list within the list
            continue
        try:
            record, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            following = _following(text, at, usual())
            raw = text[at:following].rstrip(", \t\r\n")
            yield Record(line, raw, {}, Fault("", raw[:200], _why(error), "mend or remove this object"))
            if following == len(text):
                return
            at = following
        else:
            yield _record(line, record, text[at:end])
            at = end
    if within != "file":
        tail = text[-40:].strip()
        yield Record(line, "", {}, Fault("", tail, "the list has no end", "the file may be cut off: fetch it again"))


def find_list(text: str, at: int = 0, *, deeper: int = 3) -> int | None:
    """Where the objects of the list begin that one JSON object holds; None where it holds no list of objects.

    Of several lists it is the longest. One that is broken is taken to go on to the end of the file. An object whose
    only object is another one is looked into.

    Args:
        text: A JSON object.
        at: Where it begins.
        deeper: How many objects deep it is looked into.
    """
    at = text.index("{", at) + 1
    best, found = 0, None
    inner: list[int] = []
    while text[(at := _skip(text, at)) : at + 1] == '"':
        try:
            _, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                break
            start = at = _skip(text, at + 1)
            objects = _OBJECTS.match(text, start) is not None
            try:
                _, at = _DECODER.raw_decode(text, start)
            except (ValueError, RecursionError):
                return start + 1 if objects and len(text) - start > best else found
        except (ValueError, RecursionError):
            break
        if objects and at - start > best:
            best, found = at - start, start + 1
        if text[start] == "{":
            inner.append(start)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    if found is None and len(inner) == 1 and deeper:
        return find_list(text, inner[0], deeper=deeper - 1)
    return found


def read_mapping(text: str) -> Iterator[Record] | None:
    """The items of an object that holds each under its id; None when it is no such object."""
    try:
        data = _DECODER.decode(text.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None
    if len(data) < 2 or not all(isinstance(value, dict) for value in data.values()):
        return None
    return (_record(1, {"id": key} | value, json.dumps(value, ensure_ascii=False)) for key, value in data.items())


def _record(line: int, value: Any, raw: str) -> Record:
    if not isinstance(value, dict):
        cure = 'write an object with named values, e.g. {"title": "..."}'
        return Record(line, raw, {}, Fault("", raw, "not a JSON object", cure))
    try:
        return Record(line, raw, flatten(value))
    except RecursionError:
        return Record(line, raw, {}, Fault("", raw, "nested too deep", "write the values one level deep"))


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _following(text: str, at: int, usual: int | None) -> int:
    """Where the object after a broken one begins, or the end; one inside it is set in further than the others."""
    for match in _NEXT_OBJECT.finditer(text, at + 1):
        if usual is None or _column(text, match.end()) == usual:
            return match.end()
    return len(text)


def _usual_column(text: str) -> int | None:
    """How far the lines that begin an object are set in; None where objects do not begin lines."""
    counted = Counter(len(match[1]) for match in _LINE.finditer(text))
    return min((column for column, count in counted.items() if count > 1), default=None)


def _column(text: str, at: int) -> int | None:
    """How far an object is set in where it begins a line; None where something else stands before it."""
    match = _LINE.match(text, text.rfind("\n", 0, at) + 1)
    return len(match[1]) if match is not None and match.end() == at + 1 else None


def _why(error: Exception) -> str:
    why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep, or too long a number"
    return f"broken JSON: {why}"
