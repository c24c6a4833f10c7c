"""JSON schemas: whatever the grammar lets through fits the schema, and what cannot be followed is refused by name."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import jsonschema
import llguidance
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatrec.agent.llm._grammar import GrammarCompiler, call_grammar, json_grammar
from chatrec.agent.llm._keywords import BY_KIND
from chatrec.agent.llm._schemas import bounded, smallest
from chatrec.agent.llm._tagged import Tagged
from chatrec.errors import ModelError

_TOKENIZER: Any = llguidance.LLTokenizer("byte")
COMPILER = GrammarCompiler(_TOKENIZER, _TOKENIZER.vocab_size)
CLOSERS = [ord(sign) for sign in '"]}']


def written(schema: Any, seed: int) -> Any:
    """A value written by chance along the schema's grammar, byte by byte."""
    return json.loads(along(json_grammar(schema), seed))


def along(grammar: str, seed: int, hurry: int = 120) -> bytes:
    """A text of a grammar, by chance."""
    rng = np.random.default_rng(seed)
    matcher = COMPILER.matcher(grammar)
    text = b""
    while True:
        forced = matcher.forced()
        text += bytes(forced)
        if matcher.must_end:
            break
        allowed = np.flatnonzero(matcher.allowed())
        signs = allowed[allowed < 256]
        if not len(signs) or (matcher.may_end and rng.random() < 0.3):
            break
        quick = np.intersect1d(signs, CLOSERS)
        readable = signs[(signs >= 32) & (signs < 127)]
        pool = (
            quick if len(quick) and (len(text) > hurry or rng.random() < 0.2) else readable if len(readable) else signs
        )
        sign = int(rng.choice(pool))
        matcher.consume([sign])
        text += bytes([sign])
        assert len(text) < 5000
    return text


def fits(value: Any, schema: Any) -> None:
    jsonschema.Draft202012Validator(schema).validate(value)


NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 3},
        "next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]},
    },
    "required": ["name", "next"],
}
TREE = {
    "type": "object",
    "properties": {"children": {"type": "array", "items": {"$ref": "#"}}, "n": {"type": "integer"}},
    "required": ["children"],
}
CAT = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]}
DOG = {"type": "object", "properties": {"kind": {"const": "dog"}, "name": {"type": "string"}}, "required": ["kind"]}

FOLLOWED: dict[str, Any] = {
    "bounds": {"type": "integer", "minimum": 3, "exclusiveMaximum": 9},
    "open bounds": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.003},
    "multiples": {"type": "integer", "multipleOf": 5, "minimum": 1, "maximum": 50},
    "lengths": {"type": "string", "minLength": 2, "maxLength": 4},
    "pattern": {"type": "string", "pattern": "^[a-z]{2}-[0-9]+$", "maxLength": 8},
    "loose pattern": {"type": "string", "pattern": "[0-9]"},
    "format": {"type": "string", "format": "date"},
    "items": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
    "tuple": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}], "items": False, "minItems": 2},
    "enum": {"enum": ["a", 1, None, {"b": [2]}]},
    "typed enum": {"type": "string", "enum": ["a", "b", 3]},
    "const": {"const": {"x": "y"}},
    "nullable": {"type": ["string", "null"], "maxLength": 2},
    "several types": {"type": ["integer", "array"], "minimum": 2, "items": {"type": "boolean"}},
    "anyOf": {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 3}]},
    "anyOf beside properties": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "oneOf by constant": {"oneOf": [CAT, DOG]},
    "oneOf by reference": {"oneOf": [{"$ref": "#/$defs/C"}, {"$ref": "#/$defs/D"}], "$defs": {"C": CAT, "D": DOG}},
    "oneOf by type": {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
    "oneOf by bounds": {"oneOf": [{"type": "integer", "maximum": 3}, {"type": "number", "exclusiveMinimum": 3}]},
    "allOf": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"type": "boolean"}, "a": {"minimum": 5}}, "required": ["b"]},
        ]
    },
    "allOf of unions": {
        "allOf": [
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]},
        ]
    },
    "list": {"$ref": "#/$defs/N", "$defs": {"N": NODE}},
    "tree": TREE,
    "reference with more": {"$ref": "#/$defs/S", "maxLength": 2, "$defs": {"S": {"type": "string", "minLength": 1}}},
    "reference into properties": {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"$ref": "#/properties/a"}},
        "required": ["a", "b"],
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
    "named keys": {
        "type": "object",
        "propertyNames": {"enum": ["x", "y"]},
        "additionalProperties": {"type": "integer"},
    },
    "pattern keys": {"type": "object", "patternProperties": {"^a[0-9]$": {"type": "boolean"}}},
    "any object": {"type": "object"},
    "anything": True,
    "undeclared but required": {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]},
    "old exclusive bound": {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 5},
    "old tuple": {"type": "array", "items": [{"type": "integer"}], "additionalItems": False},
}
DRAFT_4 = {"old exclusive bound", "old tuple"}


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_is_written_fits(name: str) -> None:
    schema = FOLLOWED[name]
    for seed in range(6):
        value = written(schema, seed)
        if name in DRAFT_4:
            jsonschema.Draft4Validator(schema).validate(value)
        else:
            fits(value, schema)
    narrow = bounded(schema)
    assert bounded(narrow) == narrow
    json.loads(smallest(narrow))


REFUSED: dict[str, dict[str, Any]] = {
    "not": {"not": {"type": "string"}},
    "if": {"if": {"type": "string"}, "then": {"minLength": 3}},
    "uniqueItems": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
    "contains": {"type": "array", "contains": {"type": "integer"}},
    "dependentRequired": {"type": "object", "dependentRequired": {"a": ["b"]}},
    "minLenght": {"type": "string", "minLenght": 3},
    "oneOf": {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 3}]},
    "$ref": {"$ref": "https://example.org/schema.json"},
    "propertyNames": {"type": "object", "propertyNames": {"maxLength": 3}},
    "pattern": {"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$"}]},
    "minLength": {"type": "string", "minLength": 10**12},
    "maxLength": {"type": "string", "maxLength": "9"},
    "minItems": {"type": "array", "items": {"type": "integer"}, "minItems": 10**7},
    "minProperties": {"type": "object", "minProperties": -1},
    "minimum": {"type": "integer", "minimum": "0"},
    "maximum": {"type": "number", "maximum": float("nan")},
    "enum": {"enum": "abc"},
    "type": {"type": {}},
    "anyOf": {"anyOf": {"type": "string"}},
    "required": {"type": "object", "properties": {"a": {"type": "string"}}, "required": "a"},
    "properties": {"type": "object", "properties": ["a"]},
    "format": {"type": "string", "format": ["date"]},
}


@pytest.mark.parametrize("keyword", REFUSED)
def test_what_cannot_be_followed_is_named_wherever_it_stands(keyword: str) -> None:
    schema = REFUSED[keyword]
    deep = {"type": "object", "properties": {"a": {"type": "array", "items": schema}}}
    for whole in (schema, deep):
        with pytest.raises(ModelError) as caught:
            bounded(whole)
        assert repr(keyword) in str(caught.value)
        assert caught.value.hint
    with pytest.raises(ModelError, match="/properties/a/items"):
        bounded(deep)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"type": "integer", "minimum": 9, "maximum": 3},
        {"type": "strnig"},
        {"type": "array", "items": False, "minItems": 2},
        {"type": "string", "pattern": "^(?=a).*$"},
        {"properties": {"a": "integer"}},
        {"enum": ["a\x01"]},
    ],
)
def test_what_nothing_fits_is_an_error_with_a_cure(schema: Any) -> None:
    with pytest.raises(ModelError) as caught:
        COMPILER.matcher(json_grammar(schema))
    assert caught.value.hint


_KEYWORDS = {"$ref", "$defs", "type", "enum", "anyOf", "oneOf", "allOf"}.union(*BY_KIND.values())
_UNIONS = [{"anyOf": [{"type": "string", "maxLength": 3}, {"type": "string", "minLength": n}]} for n in range(1, 40)]


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["string", "object", "#", "^a$", ""])),
        lambda inner: st.one_of(
            st.lists(inner, max_size=2),
            st.dictionaries(st.sampled_from(sorted({*_KEYWORDS, "nullable", "a"})), inner, max_size=3),
        ),
        max_leaves=8,
    )
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_handed_over_is_bound_or_refused(schema: Any) -> None:
    with contextlib.suppress(ModelError):
        smallest(bounded(schema))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [({"allOf": _UNIONS}, "more than 20000 parts"), (nested(3000), "too deeply")],
)
def test_what_grows_beyond_bounds_is_refused_soon(schema: Any, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        bounded(schema)


def test_the_shortest_of_many_long_items_is_not_written_out() -> None:
    inner = {"type": "array", "items": {"type": "string", "minLength": 90_000}, "minItems": 90_000}
    with pytest.raises(ModelError, match="shortest value"):
        smallest(bounded({"type": "array", "items": inner, "minItems": 90_000}))


@pytest.mark.parametrize(
    "link",
    [{"allOf": [{"$ref": "#/$defs/N"}]}, {"type": "object", "allOf": [{"$ref": "#/$defs/N"}]}, {"$ref": "#/$defs/N"}],
)
def test_what_refers_to_itself_ends_however_it_is_said(link: dict[str, Any]) -> None:
    properties = {"default": link, "n": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}}
    schema = {"$ref": "#/$defs/N", "$defs": {"N": {"type": "object", "properties": properties, "required": ["n"]}}}
    for seed in range(3):
        fits(written(schema, seed), schema)
    schema["$defs"]["N"]["required"] = ["default"]  # type: ignore[index]
    with pytest.raises(ModelError, match="no finite value"):
        bounded(schema)


def test_what_generators_write_for_nothing_says_nothing() -> None:
    sloppy = {"type": "string", "enum": None, "pattern": None, "required": True}
    assert bounded(sloppy) == bounded({"type": "string"})
    assert bounded({"const": None}) == {"const": None}


SMALL = st.integers(-20, 20)
TAGGED = Tagged("<parameter=", ">\n", "\n</parameter>\n")


def test_arguments_between_tags_are_read_back() -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "minLength": 1, "maxLength": 6},
            "cups": {"type": "integer", "minimum": 1, "maximum": 9},
            "sort": {"enum": ["black", "摩卡"]},
            "day": {"type": "string", "format": "date"},
            "who": {"anyOf": [{"$ref": "#/$defs/W"}, {"type": "null"}]},
        },
        "required": ["kind", "cups", "day"],
        "$defs": {"W": {"type": "object", "properties": {"n": {"type": "string", "maxLength": 3}}, "required": ["n"]}},
    }
    grammar = call_grammar("<f>\n", schema, "</f>", TAGGED)
    seen: set[str] = set()
    for seed in range(12):
        text = along(grammar, seed).decode()
        inner = text.removeprefix("<f>\n").removesuffix("</f>")
        arguments = TAGGED.read(inner, bounded(schema))
        fits(arguments, schema)
        seen |= set(arguments)
        plain = {key: value for key, value in arguments.items() if key in ("kind", "cups", "sort")}
        assert TAGGED.written(plain) == inner.partition("<parameter=day")[0] or "sort" in plain
    assert {"kind", "cups", "day"} < seen


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4)
NAMES = st.sampled_from(["a", "b", "Ä", "列", 'q"', "x y"])
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "boolean", "null", "integer", "number"])}),
    st.builds(lambda low, room: {"type": "integer", "minimum": low, "maximum": low + room}, SMALL, st.integers(0, 9)),
    st.builds(
        lambda low, room: {"type": "number", "exclusiveMinimum": low, "maximum": low + room}, SMALL, st.integers(1, 9)
    ),
    st.builds(
        lambda low, room: {"type": "string", "minLength": low, "maxLength": low + room},
        st.integers(0, 4),
        st.integers(0, 4),
    ),
    st.builds(lambda values: {"enum": values}, st.lists(st.one_of(SMALL, TEXTS), min_size=1, max_size=4)),
    st.builds(lambda value: {"const": value}, st.one_of(SMALL, st.none(), TEXTS)),
    st.just({"type": "string", "pattern": "^[a-c]{1,3}$"}),
    st.just({"type": ["string", "null"], "description": "d", "default": None}),
)


def _object(parts: dict[str, Any], needed: int, closed: bool) -> dict[str, Any]:
    rest = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": parts, "required": list(parts)[:needed], **rest}


def _inside(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(_object, st.dictionaries(NAMES, inner, max_size=3), st.integers(0, 3), st.booleans()),
        st.builds(
            lambda item, low, room: {"type": "array", "items": item, "minItems": low, "maxItems": low + room},
            inner,
            st.integers(0, 2),
            st.integers(0, 2),
        ),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"type": "object", "additionalProperties": part, "maxProperties": 2}, inner),
        st.builds(lambda part: {"allOf": [part], "title": "T"}, inner),
    )


@given(st.recursive(LEAVES, _inside, max_leaves=8), st.integers(0, 2**31))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_schema_the_answer_fits(schema: dict[str, Any], seed: int) -> None:
    fits(written(schema, seed), schema)


def test_a_compiler_that_got_its_tables_later_allows_the_same() -> None:
    tokenizer: Any = llguidance.LLTokenizer("byte", slices=[])
    compiler = GrammarCompiler(tokenizer, tokenizer.vocab_size)
    rule = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}, "required": ["a"]}
    grammar = json_grammar(rule)
    before = compiler.matcher(grammar)
    compiler.quicken()
    for matcher in (before, compiler.matcher(grammar)):
        known = COMPILER.matcher(grammar)
        for part in ('{"a"', ': "t', 'ea"', "}"):
            assert (matcher.allowed() == known.allowed()).all()
            matcher.consume(list(part.encode()))
            known.consume(list(part.encode()))
        assert matcher.must_end
