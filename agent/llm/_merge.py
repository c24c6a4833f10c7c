"""Two JSON schemas that must both hold, as one; and whether two schemas exclude each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chatrec.agent.llm._keywords import Schema, kinds, refuse


class Never(Exception):
    """No value fits both schemas."""


Resolve = Callable[[Schema], Schema]
"""Follows a schema's `$ref`s to the schema they mean."""

_LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


def merged(first: Schema, second: Schema, where: str) -> dict[str, Any]:
    """A schema that holds where both hold; schemas inside are put together as `allOf`.

    Raises:
        ModelError: If the two say something of the same keyword that cannot be said in one.
        Never: If no value fits both.
    """
    out = dict(first)
    for name, value in second.items():
        if name not in out or out[name] == value:
            out[name] = value
        elif name == "properties":
            out[name] = {**out[name], **{k: _both(out[name].get(k), v) for k, v in value.items()}}
        elif name in ("allOf", "anyOf", "oneOf"):
            out["allOf"] = [*out.get("allOf", ()), *(value if name == "allOf" else [{name: value}])]
        else:
            out[name] = _one(name, out[name], value, where)
    _close(out, first, second)
    return out


def _both(first: Any, second: Any) -> Any:
    return second if first is None else {"allOf": [first, second]}


def _one(name: str, first: Any, second: Any, where: str) -> Any:
    if name in _LOWER:
        return max(first, second)
    if name in _UPPER:
        return min(first, second)
    if name in _TOGETHER:
        return _TOGETHER[name](first, second)
    return refuse(name, where, "stands in two schemas that must both hold", "say it once")


def _types(first: Any, second: Any) -> list[str]:
    one, other = ([said] if isinstance(said, str) else list(said) for said in (first, second))
    wide = [kind for kind in one if kind in other or (kind == "integer" and "number" in other)]
    wide += [kind for kind in other if kind == "integer" and "number" in one and kind not in wide]
    if not wide:
        raise Never
    return wide


def _shared(first: Any, second: Any) -> list[Any]:
    values = [value for value in first if value in second]
    if not values:
        raise Never
    return values


_TOGETHER: dict[str, Callable[[Any, Any], Any]] = {
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "type": _types,
    "enum": _shared,
    "items": _both,
    "additionalProperties": _both,
    "propertyNames": _both,
    "unevaluatedProperties": lambda _first, _second: False,
}


def _close(out: dict[str, Any], first: Schema, second: Schema) -> None:
    # `additionalProperties` speaks of what its own schema does not declare, so the other's properties are under it.
    for own, other in ((first, second), (second, first)):
        rest = own.get("additionalProperties", True)
        if rest is True or own.get("patternProperties"):
            continue
        declared = own.get("properties", {})
        for name in other.get("properties", {}):
            if name not in declared:
                out["properties"] = {**out["properties"], name: _both(rest, out["properties"][name])}


def exclude_each_other(first: Schema, second: Schema, resolve: Resolve) -> bool:  # noqa: PLR0911
    """Whether no value fits both, as far as types, fixed values, bounds and required properties show it."""
    one, other = resolve(first), resolve(second)
    if not _is_schema(one) or not _is_schema(other):
        return False  # true fits whatever the other does
    for each, against in ((one, other), (other, one)):
        for name in ("anyOf", "oneOf"):
            if name in each:
                return all(exclude_each_other(part, against, resolve) for part in each[name])
    values, others = _values(one), _values(other)
    if values is not None and others is not None:
        return not any(value == against and type(value) is type(against) for value in values for against in others)
    here, there = set(_kinds(one, values)), set(_kinds(other, others))
    if not here or not there:
        return False
    if here & {"integer", "number"} and there & {"integer", "number"}:
        both = (here & there) - {"integer", "number"}
        return not both and _apart(one, other)
    if not here & there:
        return True
    return here == there == {"object"} and _objects_apart(one, other, resolve)


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kinds(schema: Schema, values: list[Any] | None) -> list[str]:
    if values is None:
        return kinds(schema) if "type" in schema else []
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null", list: "array"}
    return [names.get(type(value), "object") for value in values]


def _apart(one: Schema, other: Schema) -> bool:
    def ends(schema: Schema) -> tuple[float, bool, float, bool]:
        low, above = schema.get("minimum", float("-inf")), schema.get("exclusiveMinimum", float("-inf"))
        high, below = schema.get("maximum", float("inf")), schema.get("exclusiveMaximum", float("inf"))
        return max(low, above), above >= low, min(high, below), below <= high

    low, open_low, high, open_high = ends(one)
    low2, open_low2, high2, open_high2 = ends(other)
    return (
        high < low2
        or high2 < low
        or (high == low2 and (open_high or open_low2))
        or (high2 == low and (open_high2 or open_low))
    )


def _objects_apart(one: Schema, other: Schema, resolve: Resolve) -> bool:
    # What is generated has declared properties only, so a property that the other demands and this lacks is enough.
    mine, theirs = one.get("properties", {}), other.get("properties", {})
    for name in set(one.get("required", ())) & set(other.get("required", ())) & set(mine) & set(theirs):
        if (
            _is_schema(mine[name])
            and _is_schema(theirs[name])
            and exclude_each_other(mine[name], theirs[name], resolve)
        ):
            return True
    return _lacks(one, other) and _lacks(other, one)


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping)


def _lacks(one: Schema, other: Schema) -> bool:
    mine, theirs = one.get("properties"), other.get("properties", {})
    missing = mine and set(other.get("required", ())) - set(mine)
    foreign = other.get("additionalProperties", True) is False and set(one.get("required", ())) - set(theirs)
    return bool(missing or foreign)
