"""The tokens of a call as the engine would produce them, and which of them are choices.

A call is written twice: once along the trie of the legal names (that is how the act is chosen) and once along the
grammar of its arguments, whose forced runs may be cut into tokens in another way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chatrec.agent._acts import forms
from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._grammar import Matcher, call_grammar
from chatrec.agent.llm._prompt import prompt_tokens
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._request import Request
from chatrec.agent.llm._schemas import bounded

__all__ = ["Trace", "argument_trace", "name_trace", "prompt_of", "words_trace"]

_MANY = 512


@dataclass(frozen=True, slots=True)
class Trace:
    """Tokens after a prompt.

    Attributes:
        kind: "name", "arguments" or "words".
        tokens: The tokens.
        choices: Places among the tokens where the model chooses, with the tokens it may choose from; an empty list is
            the whole vocabulary.
    """

    kind: str
    tokens: list[int]
    choices: list[tuple[int, list[int]]]


def prompt_of(engine: Engine, request: Request) -> list[int]:
    """The prompt's tokens, as the engine renders them."""
    return prompt_tokens(engine, request)


def name_trace(engine: Engine, request: Request, name: str) -> Trace:
    """The choice of an act among the legal ones."""
    form = choose_format(engine.template)
    paths = {each: engine.vocabulary.tokenize(form.opening + form.head(each)) for each in request.legal}
    path = paths[name]
    choices: list[tuple[int, list[int]]] = []
    alive = list(paths.values())
    for place, token in enumerate(path):
        branches = sorted({other[place] for other in alive})
        if len(branches) > 1:
            choices.append((place, branches))
        alive = [other for other in alive if other[place] == token]
        if len(alive) == 1:
            return Trace("name", path[: place + 1], choices)
    return Trace("name", path, choices)


def argument_trace(engine: Engine, request: Request, name: str, arguments: Mapping[str, Any]) -> Trace:
    """The arguments of a call, in the order of their schema, along the grammar that will bind them.

    Raises:
        ValueError: The grammar does not allow these arguments.
    """
    form = choose_format(engine.template)
    own = next(tool.parameters for tool in request.tools if tool.name == name)
    schema = bounded(request.argument_schemas.get(name, own))
    begun, head = engine.template.after_control(form.opening + form.head(name))
    matcher = engine.grammars.matcher(call_grammar(head, schema, form.tail))
    order = forms(schema)[0].get("properties", {})
    given = {key: arguments[key] for key in order if key in arguments} | dict(arguments)
    text = head + json.dumps(given, ensure_ascii=False) + form.tail
    return _follow(engine, matcher, text.encode(), engine.vocabulary.continued(begun) if begun else [])


def _follow(engine: Engine, matcher: Matcher, text: bytes, begun: list[int]) -> Trace:
    """The tokens of a text along a grammar, behind those that a grammar cannot hold."""
    pieces = engine.vocabulary.pieces
    tokens = list(begun)
    choices: list[tuple[int, list[int]]] = []
    rest = text
    while True:
        for token in matcher.forced():
            tokens.append(token)
            rest = rest[len(pieces[token]) :]
        if matcher.must_end or matcher.may_end:
            break
        allowed = np.flatnonzero(matcher.allowed())
        chosen = _next(engine, rest, allowed)
        if chosen is None:
            raise ValueError(f"the grammar does not allow {text.decode()!r} at {rest.decode(errors='replace')!r}")
        if len(allowed) > 1:
            choices.append((len(tokens), [int(a) for a in allowed] if len(allowed) <= _MANY else []))
        tokens.append(chosen)
        matcher.consume([chosen])
        rest = rest[len(pieces[chosen]) :]
    last = choices[-1][0] if choices else -1
    return Trace("arguments", tokens[: last + 1], choices)


def _next(engine: Engine, rest: bytes, allowed: Any) -> int | None:
    """The allowed token that goes on with the text: the tokenizer's own, else the longest."""
    pieces = engine.vocabulary.pieces
    own = engine.vocabulary.tokenize(rest.decode("utf-8", "ignore"), special=False)
    if own and own[0] in allowed:
        return own[0]
    fit = [int(token) for token in allowed if pieces[token] and rest.startswith(pieces[token])]
    return max(fit, key=lambda token: len(pieces[token]), default=None)


def words_trace(engine: Engine, text: str) -> Trace:
    """Plain words and the end of the message."""
    tokens = [*engine.vocabulary.tokenize(text, special=False), engine.vocabulary.eos]
    return Trace("words", tokens, [(place, []) for place in range(len(tokens))])
