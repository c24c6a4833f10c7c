"""JSON schemas made finite: a small model that loops inside a string must still come to an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

MAX_LENGTH = 200
MAX_ITEMS = 8
MAX_KEY = 40
MAX_NUMBER = 1_000_000_000_000

_NOTES = ("title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated", "readOnly")
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"}
_KEY_PATTERN = f'^[^"\\\\\\x00-\\x1f]{{1,{MAX_KEY}}}$'
_SCALARS: list[dict[str, Any]] = [
    {"type": "string", "maxLength": MAX_LENGTH},
    {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER, "multipleOf": 0.0001},
    {"type": "boolean"},
    {"type": "null"},
]
_ANYTHING: dict[str, Any] = {
    "anyOf": [*_SCALARS, {"type": "array", "maxItems": MAX_ITEMS, "items": {"anyOf": _SCALARS}}],
}


def bounded(schema: Schema) -> dict[str, Any]:
    """The schema with an upper bound wherever it has none, and without annotations.

    Strings get `maxLength` 200, arrays `maxItems` 8, numbers +-1e12 with four decimals; objects lose undeclared
    properties; maps have at most 8 keys of 40 characters. Every instance of the result is one of `schema`.

    Args:
        schema: A JSON schema (draft 2020-12 as far as llguidance knows it). Not changed.
    """
    out = {key: value for key, value in schema.items() if key not in _NOTES}
    for key in ("anyOf", "oneOf", "allOf"):
        if key in out:
            out[key] = [bounded(part) for part in out[key]]
    for key in ("$defs", "definitions"):
        if key in out:
            out[key] = {name: bounded(part) for name, part in out[key].items()}
    if "enum" in out or "const" in out or "$ref" in out:
        return out
    kinds = out.get("type", "object" if "properties" in out else None)
    kinds = [kinds] if isinstance(kinds, str) else list(kinds or [])
    if not kinds:
        composed = any(key in out for key in ("anyOf", "oneOf", "allOf"))
        return out if composed else {**_ANYTHING, **{key: out[key] for key in ("$defs", "definitions") if key in out}}
    if "string" in kinds:
        out.setdefault("maxLength", max(MAX_LENGTH, out.get("minLength", 0)))
        if out.get("format") not in _FORMATS:
            out.pop("format", None)
    if "integer" in kinds or "number" in kinds:
        _bound_number(out, kinds)
    if "array" in kinds:
        out.setdefault("maxItems", max(MAX_ITEMS, out.get("minItems", 0)))
        out["items"] = bounded(out.get("items") or {})
        if "prefixItems" in out:
            out["prefixItems"] = [bounded(part) for part in out["prefixItems"]]
        out.pop("uniqueItems", None)
    if "object" in kinds:
        _bound_object(out)
    return out


def _bound_number(out: dict[str, Any], kinds: list[str]) -> None:
    out.pop("format", None)
    if "minimum" not in out and "exclusiveMinimum" not in out:
        out["minimum"] = min(-MAX_NUMBER, out.get("maximum", 0))
    if "maximum" not in out and "exclusiveMaximum" not in out:
        out["maximum"] = max(MAX_NUMBER, out.get("minimum", 0))
    if "number" in kinds and "integer" not in kinds:
        out.setdefault("multipleOf", 0.0001)


def _bound_object(out: dict[str, Any]) -> None:
    others = out.get("additionalProperties", True)
    if "properties" in out and (out["properties"] or not isinstance(others, Mapping)):
        out["properties"] = {name: bounded(part) for name, part in out["properties"].items()}
        out["additionalProperties"] = False
    elif others is not False and "patternProperties" not in out:
        out["patternProperties"] = {_KEY_PATTERN: bounded(others if isinstance(others, Mapping) else {})}
        out["maxProperties"] = max(MAX_ITEMS, out.get("minProperties", 0))
        out["additionalProperties"] = False


def smallest(schema: Schema, root: Schema | None = None, depth: int = 0) -> str:  # noqa: PLR0911 - one per kind
    """About the shortest JSON text that fits the schema; its length tells how much room closing a call needs."""
    root = root or schema
    if depth > 6:
        return "null"
    if "enum" in schema:
        return min([json.dumps(value, ensure_ascii=False) for value in schema["enum"]], key=len)
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        target: Any = root
        for step in reference[2:].split("/"):
            target = target.get(step, {}) if isinstance(target, Mapping) else {}
        return smallest(target, root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return min([smallest(part, root, depth + 1) for part in schema[key]], key=len)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind if isinstance(kind, str) else next(iter(kind), "null")
    if kind == "object":
        needed = schema.get("required", ())
        parts = schema.get("properties", {})
        pairs = [f'"{name}": {smallest(parts.get(name, {}), root, depth + 1)}' for name in needed]
        return "{" + ", ".join(pairs) + "}"
    if kind == "array":
        item = smallest(schema.get("items") or {}, root, depth + 1)
        return "[" + ", ".join([item] * int(schema.get("minItems", 0))) + "]"
    if kind == "string":
        return '"' + "x" * int(schema.get("minLength", 0)) + '"'
    plain: dict[str, str] = {"null": "null", "boolean": "true"}
    return plain[kind] if kind in plain else f"{schema.get('minimum', 0)}"
