"""Bounds for strings and numbers that have none, and the formats of strings that can be followed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from chatrec.agent.llm._keywords import LARGEST

MAX_LENGTH = 200
MAX_NUMBER = 1_000_000_000_000

EXAMPLES = {
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "date": "2000-01-01",
    "duration": "P1D",
    "email": "a@b",
    "hostname": "a",
    "ipv4": "10.0.0.1",
    "ipv6": "::1",
    "uuid": "4fb2ac91-0d3e-4c7b-9a15-e8d6f0b27c38",
    "uri": "a:b",
}
"""The formats that are followed, each with about its shortest text."""


def _bound_string(out: dict[str, Any]) -> dict[str, Any]:
    if "maxLength" in out or not _ends(out.get("pattern", "")):
        out["maxLength"] = min(out.get("maxLength", max(MAX_LENGTH, out.get("minLength", 0))), LARGEST)
    if out.get("format") not in EXAMPLES:
        out.pop("format", None)
    return out


def _ends(pattern: str) -> bool:
    # llguidance cannot always put a length and a pattern that counts together, and such a pattern needs none.
    bare = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", pattern)
    return pattern.startswith("^") and pattern.endswith("$") and re.search(r"[*+|]|,\}", bare) is None


def _bound_number(out: dict[str, Any]) -> dict[str, Any]:
    # Draft 4 says with true that the plain bound is exclusive.
    for plain, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(out.get(strict), bool) and out.pop(strict) and plain in out:
            out[strict] = out.pop(plain)
    _clip(out)
    low = out.get("minimum", out.get("exclusiveMinimum"))
    high = out.get("maximum", out.get("exclusiveMaximum"))
    if low is None:
        out["minimum"] = low = min(-MAX_NUMBER, high or 0)
    if high is None:
        out["maximum"] = high = max(MAX_NUMBER, low or 0)
    if out["type"] == "number" and "multipleOf" not in out:
        room = high - low
        digits = 4 if room >= 0.01 or room <= 0 else min(12, 2 - math.floor(math.log10(room)))
        out["multipleOf"] = step = round(10.0**-digits, digits)
        # llguidance lets a bound that excludes zero through as zero; a step further in excludes it by itself.
        if "exclusiveMinimum" in out:
            out["minimum"] = max(round(out.pop("exclusiveMinimum") + step, digits), out.get("minimum", -math.inf))
        if "exclusiveMaximum" in out:
            out["maximum"] = min(round(out.pop("exclusiveMaximum") - step, digits), out.get("maximum", math.inf))
    return out


def _clip(out: dict[str, Any]) -> None:
    # llguidance follows no integers of 64 bits, which is what many schemas say when they mean any.
    for name, most in (("minimum", -MAX_NUMBER), ("exclusiveMinimum", -MAX_NUMBER)):
        if out.get(name, 0) < most <= out.get("maximum", out.get("exclusiveMaximum", 0)):
            out[name] = most
    for name, most in (("maximum", MAX_NUMBER), ("exclusiveMaximum", MAX_NUMBER)):
        if out.get(name, 0) > most >= out.get("minimum", out.get("exclusiveMinimum", 0)):
            out[name] = most


BOUND: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "integer": _bound_number,
    "number": _bound_number,
    "string": _bound_string,
}
"""Per type, what puts a bound on a schema of that type; changes and returns it."""
