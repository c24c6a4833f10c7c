"""What a caller may say per call, checked and turned into a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_args

from chatrec.agent.llm._formats import Tool
from chatrec.agent.llm._request import Mode, Request, TextGrammar
from chatrec.agent.llm._sampling import SamplingSettings
from chatrec.errors import ModelError

_SAMPLING = {field.name for field in fields(SamplingSettings)}
_DIRECT = {"max_tokens", "seed", "choice_temperature", "choice_prior"}
# Said by LangChain or other providers; one call at a time and strict grammars are what happens anyway.
_WITHOUT_EFFECT = {"parallel_tool_calls", "strict", "model", "stream", "stream_usage"}
_KNOWN = {"tools", "tool_choice", "argument_schemas", "legal_tools", "text_grammar", "response_format"}


def with_options(base: Request, options: Mapping[str, Any]) -> Request:
    """A request with a call's own keyword arguments applied.

    Args:
        base: The model's settings and the messages.
        options: `tools` in OpenAI form, `tool_choice`, `argument_schemas`, `legal_tools`, `text_grammar`,
            `response_format`, and any sampling setting.

    Raises:
        ModelError: If an option is unknown or does not fit the tools.
    """
    unknown = set(options) - _KNOWN - _SAMPLING - _DIRECT - _WITHOUT_EFFECT
    if unknown:
        known = sorted(_KNOWN | _SAMPLING | _DIRECT)
        raise ModelError(f"unknown option(s) {sorted(unknown)!r}", hint=f"use one of {', '.join(known)}")
    sampling = {name: options[name] for name in _SAMPLING & options.keys() if options[name] is not None}
    direct = {name: options[name] for name in _DIRECT & options.keys() if options[name] is not None}
    request = replace(base, sampling=replace(base.sampling, **sampling), **direct)
    if request.max_tokens < 1:
        raise ModelError(f"max_tokens={request.max_tokens!r} leaves no room for an answer", hint="give 1 or more")
    request = _with_tools(request, options)
    request = _with_format(request, options.get("response_format"))
    grammar = options.get("text_grammar")
    if grammar is not None and grammar not in get_args(TextGrammar):
        raise ModelError(f"text_grammar={grammar!r} is unknown", hint=f"use one of {get_args(TextGrammar)!r} or None")
    if grammar is None and request.tools and request.mode == "words":
        grammar = "words"
    return replace(request, text_grammar=grammar)


def _with_tools(request: Request, options: Mapping[str, Any]) -> Request:
    tools = tuple(_tool(tool) for tool in options.get("tools") or ())
    names = [tool.name for tool in tools]
    if len(set(names)) != len(names):
        raise ModelError(f"two tools have the same name in {names!r}", hint="rename one of them")
    mode, chosen = tool_choice(options.get("tool_choice"), names)
    legal = [chosen] if chosen else _subset("legal_tools", options.get("legal_tools"), names)
    schemas: Mapping[str, Any] = options.get("argument_schemas") or {}
    _subset("argument_schemas", list(schemas), names)
    if mode == "call" and not legal:
        raise ModelError(
            "a tool call is demanded and no tool is legal", hint="give tools, or legal_tools with at least one name"
        )
    if mode == "auto" and not legal:
        mode = "words"
    return replace(request, tools=tools, mode=mode, legal=tuple(legal), argument_schemas=dict(schemas))


def tool_choice(choice: Any, names: Sequence[str]) -> tuple[Mode, str | None]:
    """What LangChain's and OpenAI's ways to say `tool_choice` mean: a mode, and a tool if one is named.

    Raises:
        ModelError: If it names no bound tool.
    """
    if isinstance(choice, Mapping):
        inner = choice.get("function")
        kind = choice.get("type")
        named = inner.get("name") if isinstance(inner, Mapping) else choice.get("name")
        choice = named if named is not None else kind
    if choice is None or choice == "auto":
        return "auto", None
    if choice is True or choice in ("any", "required"):
        return "call", None
    if choice is False or choice == "none":
        return "words", None
    if choice in names:
        return "call", str(choice)
    raise ModelError(
        f"tool_choice={choice!r} names no bound tool", hint=f"use auto, any, none or one of {list(names)!r}"
    )


def _subset(option: str, wanted: Sequence[str] | None, names: Sequence[str]) -> list[str]:
    if wanted is None:
        return list(names)
    if unknown := [name for name in wanted if name not in names]:
        raise ModelError(f"{option} names {unknown!r}", hint=f"the bound tools are {list(names)!r}")
    return [name for name in names if name in wanted]


def _tool(tool: Mapping[str, Any]) -> Tool:
    function = tool.get("function", tool)
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    return Tool(name=function["name"], description=function.get("description") or "", parameters=parameters)


def _with_format(request: Request, wanted: Any) -> Request:
    if wanted is None:
        return request
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind == "text":
        return request
    if kind == "json_object":
        return replace(request, mode="json", schema={"type": "object"})
    if kind == "json_schema":
        inner = wanted.get("json_schema", {})
        return replace(request, mode="json", schema=inner.get("schema", inner))
    raise ModelError(
        f"response_format={wanted!r} is unknown",
        hint='give {"type": "json_schema", "json_schema": {"name": ..., "schema": {...}}} or {"type": "json_object"}',
    )
