"""Which keywords of JSON schema can be followed while decoding; every other is refused by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from chatrec.errors import ModelError

Schema = Mapping[str, Any]

KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
BY_KIND: dict[str, tuple[str, ...]] = {
    "null": (),
    "boolean": (),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("items", "prefixItems", "additionalItems", "minItems", "maxItems"),
    "object": (
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "minProperties",
        "maxProperties",
    ),
}
"""The keywords that say something of values of one kind."""

_FOLLOWED = {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"} | {
    name for part in BY_KIND.values() for name in part
}
LARGEST = 100_000
"""The largest length or count that a schema may demand: no answer in a context is as long."""


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_least(value: Any) -> bool:
    return _is_count(value) and value <= LARGEST


_Shape = tuple[Callable[[Any], bool], str]
_LIST: _Shape = (_is_list, "a list")
_MAPPING: _Shape = (lambda value: isinstance(value, Mapping), "an object of schemas")
_TEXT: _Shape = (lambda value: isinstance(value, str), "a text")
_NUMBER: _Shape = (_is_number, "a finite number")
_LEAST: _Shape = (_is_least, f"a whole number from 0 to {LARGEST}")
_MOST: _Shape = (_is_count, "a whole number, 0 or more")
_SHAPES: dict[str, _Shape] = {
    "type": (lambda value: isinstance(value, str) or (_is_list(value) and bool(value)), "a name or a list of names"),
    "enum": (lambda value: _is_list(value) and bool(value), "a list of at least one value"),
    "required": (lambda value: _is_list(value) and all(isinstance(name, str) for name in value), "a list of names"),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _LIST),
    **dict.fromkeys(("properties", "patternProperties"), _MAPPING),
    **dict.fromkeys(("pattern", "format"), _TEXT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("minLength", "minItems", "minProperties"), _LEAST),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties"), _MOST),
}
_ANY: _Shape = (lambda _value: True, "")
# They describe and do not demand.
_NOTES = {
    *("title", "description", "default", "example", "examples", "$schema", "$id", "$comment", "deprecated"),
    *("readOnly", "writeOnly", "contentEncoding", "contentMediaType", "contentSchema", "discriminator", "xml"),
    *("externalDocs", "$defs", "definitions"),
}
_CURES = {
    "not": "name what is allowed with type, enum or pattern",
    "if": "write the cases as anyOf",
    "then": "write the cases as anyOf",
    "else": "write the cases as anyOf",
    "uniqueItems": "leave it out and drop repeated values afterwards (a pydantic set does), or set maxItems to 1",
    "contains": "use prefixItems, or say with items what every element is",
    "dependentRequired": "write the cases as anyOf with required in each",
    "dependentSchemas": "write the cases as anyOf",
    "$dynamicRef": "use $ref with a path, e.g. '#/$defs/name'",
    "$anchor": "use $ref with a path, e.g. '#/$defs/name'",
}


def refuse(
    keyword: str, where: str, why: str = "cannot be followed while decoding", cure: str | None = None
) -> NoReturn:
    """Raise the error for a keyword.

    Raises:
        ModelError: Always.
    """
    known = "remove it, or express it with type, enum, const, anyOf, pattern, bounds, items or properties"
    raise ModelError(
        f"JSON schema keyword {keyword!r} at {where or '#'!r} {why}", hint=cure or _CURES.get(keyword, known)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def demands(schema: Any, where: str) -> dict[str, Any]:
    """The keywords of a schema that demand something; annotations are left out, `nullable` becomes a union.

    Raises:
        ModelError: If it is no schema, or holds a keyword that cannot be followed.
    """
    if not isinstance(schema, Mapping):
        raise ModelError(f"{schema!r} at {where or '#'!r} is not a JSON schema", hint="give an object or a boolean")
    kept: dict[str, Any] = {}
    for name, value in schema.items():
        if name in _FOLLOWED:
            # Generators write null for what they leave out, and draft 3 says with true that a property is required.
            if (value is not None or name == "const") and not (name == "required" and isinstance(value, bool)):
                kept[name] = value
                fits, wanted = _SHAPES.get(name, _ANY)
                if not fits(value):
                    refuse(name, where, f"is {_short(value)}", f"give {wanted}")
        elif name == "uniqueItems" and (not value or schema.get("maxItems", 2) <= 1):
            continue
        elif name not in _NOTES and name != "nullable" and not str(name).startswith("x-"):
            refuse(str(name), where)
    if schema.get("nullable") is True:
        return {"anyOf": [kept, {"type": "null"}]}
    return kept


def kinds(schema: Schema, where: str = "") -> list[str]:
    """The types that a schema allows, as it says them or as its keywords show; [] if it does not say.

    Raises:
        ModelError: If a type is unknown.
    """
    said = schema.get("type")
    if said is None:
        return next(
            ([kind] for kind in ("object", "array", "string", "number") if set(BY_KIND[kind]) & set(schema)), []
        )
    listed: list[Any] = [said] if isinstance(said, str) else list(said)
    for kind in listed:
        if kind not in KINDS:
            raise ModelError(f"type {kind!r} at {where or '#'!r} is unknown", hint=f"use one of {', '.join(KINDS)}")
    return [kind for kind in listed if not (kind == "integer" and "number" in listed)]
