"""JSON schemas made finite: a small model that loops inside a string must still come to an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chatrec.agent.llm._keywords import BY_KIND, LARGEST, Schema, demands, kinds, refuse
from chatrec.agent.llm._merge import Never, exclude_each_other, merged
from chatrec.agent.llm._scalars import BOUND, EXAMPLES, MAX_LENGTH, MAX_NUMBER
from chatrec.errors import ModelError

__all__ = [
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_KEY",
    "MAX_LENGTH",
    "MAX_NUMBER",
    "Schema",
    "bounded",
    "refers_to_itself",
    "smallest",
]

MAX_ITEMS = 8
MAX_KEY = 40
MAX_DEPTH = 6
MAX_PARTS = 20_000

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
    properties; maps have at most 8 keys of 40 characters; what refers to itself does so 6 deep. `allOf`, and unions
    beside other keywords, are worked out; `oneOf` becomes `anyOf` where its branches exclude each other. Every instance
    of the result is one of `schema`.

    Args:
        schema: A JSON schema (draft 2020-12 or 7, local references). Not changed. A `format` that is not known is an
            annotation, as the standard has it.

    Raises:
        ModelError: If a keyword cannot be followed, which the message names, if nothing finite fits, or if the schema
            is too large once its references and unions are worked out.
    """
    try:
        return _Bounding(schema).whole()
    except RecursionError as error:
        raise ModelError("this JSON schema is nested too deeply", hint="make it flatter") from error


def refers_to_itself(schema: Schema) -> bool:
    """Whether a part of a schema is made of itself, directly or by others' help."""
    within = _Bounding(schema)
    names = [str(name).replace("~", "~0").replace("/", "~1") for name in schema.get("$defs", {})]
    return any(within.comes_back(pointer) for pointer in ["#", *(f"#/$defs/{name}" for name in names)])


class _Bounding:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._made: dict[str, dict[str, Any] | None] = {}
        self._begun: set[str] = set()
        self._loops: dict[str, bool] = {}
        self._parts = 0

    def whole(self) -> dict[str, Any]:
        out = self._node(self._root, 0, "")
        if out is None:
            raise ModelError(
                "no finite value fits this JSON schema",
                hint="give what refers to itself an end: an optional property, a list that may be empty, or null",
            )
        made = {name: part for name, part in self._made.items() if part is not None}
        return {**out, "$defs": made} if made else out

    # None stands for "no value": false, or deeper than what refers to itself may go.
    def _node(self, schema: Any, level: int, where: str) -> dict[str, Any] | None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise ModelError(
                f"this JSON schema has more than {MAX_PARTS} parts once references and unions are worked out",
                hint="ask for less at once; put fewer unions into one allOf",
            )
        if isinstance(schema, bool):
            return dict(_ANYTHING) if schema else None
        said = demands(schema, where)
        if "$ref" in said:
            return self._reference(said, level, where)
        for name in ("anyOf", "oneOf"):
            if name in said:
                return self._union(name, said, level, where)
        if "allOf" in said:
            parts = said.pop("allOf")
            return None if False in parts else self._together(said, parts, level, f"{where}/allOf")
        if "enum" in said or "const" in said:
            return _fixed(said, where)
        return self._kind(said, level, where)

    def _kind(self, said: dict[str, Any], level: int, where: str) -> dict[str, Any] | None:
        found = kinds(said, where)
        if len(found) > 1:
            split = [{name: said[name] for name in BY_KIND[kind] if name in said} | {"type": kind} for kind in found]
            return self._any([self._node(part, level, where) for part in split])
        if not found:
            return dict(_ANYTHING)
        out: dict[str, Any] = {"type": found[0]} | {name: said[name] for name in BY_KIND[found[0]] if name in said}
        if found[0] in BOUND:
            return BOUND[found[0]](out)
        if found[0] == "array":
            return self._array(out, level, where)
        return self._object(out, level, where) if found[0] == "object" else out

    def _union(self, name: str, said: dict[str, Any], level: int, where: str) -> dict[str, Any] | None:
        parts = [(f"{where}/{name}/{place}", part) for place, part in enumerate(said.pop(name)) if part is not False]
        whole = [both for place, part in parts if (both := self._both(said, part, place)) is not None]
        if name == "oneOf":
            pairs = [(one, other) for place, one in enumerate(whole) for other in whole[:place]]
            if not all(exclude_each_other(one, other, self._resolved) for one, other in pairs):
                why = "has branches that one value may fit together"
                refuse(name, where, why, "use anyOf, or give each branch a property with a const of its own")
        return self._any([self._node(part, level, f"{where}/{name}/{place}") for place, part in enumerate(whole)])

    def _together(self, base: Schema, parts: list[Any], level: int, where: str) -> dict[str, Any] | None:
        if not base and len(parts) == 1:
            return self._node(parts[0], level, where)
        whole: Schema | None = base
        for part in parts:
            level += any(self.comes_back(pointer) for pointer in _own_pointer(part))
            if level > MAX_DEPTH:
                return None
            whole = None if whole is None else self._both(whole, self._resolved(part), where)
        return None if whole is None else self._node(whole, level, where)

    @staticmethod
    def _both(base: Schema, part: Any, where: str) -> Schema | None:
        try:
            if part is True:
                return base
            said = demands(part, where)
            return merged(base, said, where) if base else part
        except Never:
            return None

    @staticmethod
    def _any(parts: list[dict[str, Any] | None]) -> dict[str, Any] | None:
        left = [part for part in parts if part is not None]
        return {"anyOf": left} if len(left) > 1 else (left[0] if left else None)

    # references ------------------------------------------------------------------------------------------------

    def _reference(self, said: dict[str, Any], level: int, where: str) -> dict[str, Any] | None:
        pointer = said.pop("$ref")
        target = self._target(pointer, where)
        loops = self.comes_back(pointer)
        level += loops
        if level > MAX_DEPTH:
            return None
        if said:
            return self._together(said, [target], level, where)
        # One definition per depth; what does not refer to itself is the same at every depth it is used at.
        key = pointer.rsplit("/", 1)[-1] if pointer.count("/") == 2 else pointer
        name = key.replace("/", ".").strip("#.") or "root"
        name = f"{name}@{level}" if level else name
        if name not in self._begun:
            self._begun.add(name)
            self._made[name] = self._node(target, level, pointer)
        return None if name in self._made and self._made[name] is None else {"$ref": f"#/$defs/{name}"}

    def _target(self, pointer: Any, where: str) -> Any:
        if not isinstance(pointer, str) or not (pointer == "#" or pointer.startswith("#/")):
            refuse("$ref", where, f"points outside this schema: {pointer!r}", "copy the definition into $defs")
        target: Any = self._root
        for step in pointer[2:].split("/") if len(pointer) > 1 else ():
            step = step.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901
            try:
                target = target[int(step)] if isinstance(target, list) else target[step]
            except (LookupError, TypeError, ValueError):
                refuse("$ref", where, f"points to nothing: {pointer!r}", "define it under $defs")
        return target

    def _resolved(self, schema: Any) -> Any:
        seen: set[str] = set()
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            pointer = schema["$ref"]
            if pointer in seen:
                refuse("$ref", pointer, "points to itself and nothing else", "define what it means")
            seen.add(pointer)
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            target = self._target(pointer, "")
            schema = merged(target, rest, pointer) if rest and isinstance(target, Mapping) else target
        return schema

    def comes_back(self, pointer: str) -> bool:
        """Whether what a reference points to holds the same reference."""
        if pointer not in self._loops:
            seen: set[str] = set()
            waiting = [pointer]
            while waiting:
                for other in _pointers(self._target(waiting.pop(), "")):
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
            self._loops[pointer] = pointer in seen
        return self._loops[pointer]

    # kinds -----------------------------------------------------------------------------------------------------

    def _array(self, out: dict[str, Any], level: int, where: str) -> dict[str, Any] | None:
        least = out.get("minItems", 0)
        if isinstance(out.get("items"), list):
            out["prefixItems"], out["items"] = out["items"], out.get("additionalItems", {})
        out.pop("additionalItems", None)
        out.setdefault("maxItems", max(MAX_ITEMS, least, len(out.get("prefixItems", ()))))
        first: list[dict[str, Any]] = []
        for place, part in enumerate(out.pop("prefixItems", ())):
            made = self._node(part, level, f"{where}/prefixItems/{place}")
            if made is None:
                out["maxItems"] = min(out["maxItems"], place)
                break
            first.append(made)
        item = self._node(out.pop("items", {}), level, f"{where}/items") if out["maxItems"] > len(first) else None
        if item is None:
            out["maxItems"] = min(out["maxItems"], len(first))
        if least > out["maxItems"]:
            return None
        return {**out, **({"prefixItems": first} if first else {}), "items": item if item is not None else False}

    def _object(self, out: dict[str, Any], level: int, where: str) -> dict[str, Any] | None:
        others = out.pop("additionalProperties", out.pop("unevaluatedProperties", True))
        out.pop("unevaluatedProperties", None)
        names = out.pop("propertyNames", None)
        patterns = dict(out.pop("patternProperties", {}))
        declared = dict(out.get("properties", {}))
        if names is not None:
            declared, patterns, others = _named(names, declared, patterns, others, where)
        declared |= {name: others for name in out.get("required", ()) if name not in declared and not patterns}
        open_map = "properties" not in out or (not out["properties"] and isinstance(others, Mapping))
        if open_map and others is not False and not patterns and not declared:
            patterns = {_KEY_PATTERN: others}
        made = {name: self._node(part, level, f"{where}/properties/{name}") for name, part in declared.items()}
        if any(made.get(name, {}) is None for name in out.get("required", ())):
            return None
        out["properties"] = {name: part for name, part in made.items() if part is not None}
        shown = {p: self._node(part, level, f"{where}/patternProperties/{p}") for p, part in patterns.items()}
        if shown := {pattern: part for pattern, part in shown.items() if part is not None}:
            out["patternProperties"] = shown
            out.setdefault("maxProperties", max(MAX_ITEMS + len(out["properties"]), out.get("minProperties", 0)))
            if not out["properties"]:
                del out["properties"]
        return out | {"additionalProperties": False}


def _own_pointer(schema: Any) -> list[str]:
    pointer = schema.get("$ref") if isinstance(schema, Mapping) else None
    return [pointer] if isinstance(pointer, str) else []


def _pointers(schema: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, Mapping):
        found |= set(_own_pointer(schema))
        for name, part in schema.items():
            if name in ("properties", "patternProperties") and isinstance(part, Mapping):
                found = found.union(*map(_pointers, part.values()))  # their names are no keywords
            elif name not in ("$defs", "definitions", "enum", "const", "default", "examples"):
                found |= _pointers(part)
    elif isinstance(schema, list):
        for part in schema:
            found |= _pointers(part)
    return found


def _named(
    names: Any, declared: dict[str, Any], patterns: dict[str, Any], others: Any, where: str
) -> tuple[dict[str, Any], dict[str, Any], Any]:
    if names is True or names in ({}, {"type": "string"}):
        return declared, patterns, others
    if (
        isinstance(names, Mapping)
        and not declared
        and not patterns
        and set(names) <= {"type", "enum", "const", "title"}
    ):
        listed = names.get("enum", [names.get("const")])
        return {str(name): others for name in listed}, {}, False
    if isinstance(names, Mapping) and not declared and not patterns and set(names) <= {"type", "pattern", "title"}:
        return {}, {names["pattern"]: others}, False
    return refuse("propertyNames", where, "can only be an enum or a pattern, without properties beside it")


def _fixed(said: dict[str, Any], where: str) -> dict[str, Any]:
    name = "enum" if "enum" in said else "const"
    if "\\u00" in json.dumps(said[name], ensure_ascii=False):
        refuse(name, where, "holds a control character", "write values that can be read")
    return said


def smallest(schema: Schema, root: Schema | None = None, depth: int = 0) -> str:  # noqa: PLR0911 - one per kind
    """About the shortest JSON text that fits the schema; its length tells how much room closing a call needs."""
    root = root or schema
    if depth > 2 * MAX_DEPTH:
        return "null"
    if "enum" in schema:
        return min([json.dumps(value, ensure_ascii=False) for value in schema["enum"]], key=len, default="null")
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
        pairs = [f"{json.dumps(name)}: {smallest(parts.get(name, {}), root, depth + 1)}" for name in needed]
        return "{" + ", ".join(pairs) + "}"
    if kind == "array":
        count = int(schema.get("minItems", 0))
        first = [smallest(part, root, depth + 1) for part in list(schema.get("prefixItems", ()))[:count]]
        others = count - len(first)
        rest = smallest(schema.get("items") or {}, root, depth + 1) if others else ""
        if (length := others * (len(rest) + 2)) > LARGEST * 10:
            raise ModelError(
                f"the shortest value of this JSON schema has {length} characters", hint="lower minItems and minLength"
            )
        return "[" + ", ".join(first + [rest] * others) + "]"
    if kind == "string" and (example := EXAMPLES.get(schema.get("format", ""))) is not None:
        return f'"{example}"'
    if kind == "string":
        return '"' + "x" * int(schema.get("minLength", 0)) + '"'
    plain: dict[str, str] = {"null": "null", "boolean": "true"}
    return plain[kind] if kind in plain else f"{schema.get('minimum', 0)}"
