"""Which keywords of JSON schema can be followed while decoding; every other is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
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
            kept[name] = value
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
