"""What a caller may say per call, checked and turned into a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from chatrec.agent.llm._formats import Tool
from chatrec.agent.llm._request import Mode, Request, TextGrammar
from chatrec.agent.llm._sampling import SamplingSettings
from chatrec.agent.llm._schemas import bounded
from chatrec.errors import ModelError

ANY_SEED = -1
"""llama.cpp's and the community class's way to say that a seed is to be made up."""

_SAMPLING = {field.name for field in fields(SamplingSettings)}
_DIRECT = {"max_tokens", "seed", "choice_temperature", "choice_prior", "reasoning", "max_reasoning_tokens"}
_COUNTED = {"parallel_tool_calls", "max_tool_calls", "logprobs", "top_logprobs"}
# Said by LangChain or other providers; strict grammars are what happens anyway.
_WITHOUT_EFFECT = {"strict", "model", "stream", "stream_usage"}
_ADAPTERS = {"adapters", "lora_path", "lora_scale"}
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
    known = sorted(_KNOWN | _ADAPTERS | _SAMPLING | _DIRECT | _COUNTED)
    unknown = set(options) - set(known) - _WITHOUT_EFFECT
    if unknown:
        raise ModelError(f"unknown option(s) {sorted(unknown)!r}", hint=f"use one of {', '.join(known)}")
    sampling = {name: options[name] for name in _SAMPLING & options.keys() if options[name] is not None}
    direct = {name: options[name] for name in _DIRECT & options.keys() if options[name] is not None}
    request = replace(base, sampling=replace(base.sampling, **sampling), **direct)
    if request.seed == ANY_SEED:
        request = replace(request, seed=None)
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


def checked(fields_of: type[BaseModel], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, those that are also a model's fields in the fields' types and bounds.

    Args:
        fields_of: The class that declares them.
        options: A call's own keyword arguments.

    Raises:
        ModelError: If a value is of another type or out of bounds.
    """
    out = dict(options)
    if "last_n_tokens_size" in out:
        out["repeat_window"] = out.pop("last_n_tokens_size")
    for name, value in options.items():
        if name in fields_of.model_fields and value is not None and name != "tools":
            try:
                out_name = "repeat_window" if name == "last_n_tokens_size" else name
                out[out_name] = _adapter(fields_of, name).validate_python(value)
            except ValidationError as error:
                why = f"{name}={value!r} cannot be: {error.errors()[0]['msg']}"
                raise ModelError(why, hint="see the field of ChatLlamaCpp") from error
    return out


@lru_cache
def _adapter(fields_of: type[BaseModel], name: str) -> TypeAdapter[Any]:
    info = fields_of.model_fields[name]
    kind: Any = info.annotation
    for bound in info.metadata:
        kind = Annotated[kind, bound]
    return TypeAdapter(kind)


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
    for tool in tools if mode != "words" else ():
        if tool.name in legal:
            _follow(schemas.get(tool.name, tool.parameters), f"the arguments of {tool.name!r}")
    return replace(request, tools=tools, mode=mode, legal=tuple(legal), argument_schemas=dict(schemas))


def _follow(schema: Any, what: str) -> None:
    try:
        bounded(schema)
    except ModelError as error:
        raise ModelError(f"{what} cannot be bound: {error.args[0]}", hint=error.hint) from error


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


def _tool(tool: Any) -> Tool:
    function = tool.get("function", tool) if isinstance(tool, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(name, str) or not name:
        raise ModelError(
            f"{tool!r} is no tool with a name of its own",
            hint="give functions, pydantic models or LangChain's tools to bind_tools; what a provider's server runs, "
            "such as a web search, does not exist here",
        )
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    return Tool(name=name, description=function.get("description") or "", parameters=parameters)


def stops(wanted: Any) -> tuple[str, ...]:
    """Stop texts as a tuple; a single one may be given as it is.

    Raises:
        ModelError: If one of them is no text.
    """
    listed: list[Any] = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if any(not isinstance(text, str) for text in listed):
        raise ModelError(f"stop={wanted!r} cannot be", hint="give a list of texts")
    return tuple(listed)


def _with_format(request: Request, wanted: Any) -> Request:
    if wanted is None:
        return request
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind == "text":
        return request
    inner = wanted.get("json_schema") if kind == "json_schema" else None
    if kind == "json_object" or isinstance(inner, Mapping):
        schema = {"type": "object"} if inner is None else inner.get("schema", inner)
        _follow(schema, "the answer")
        if request.mode == "call":
            return request
        # Tools that may be called still may be; what is said instead of a call is JSON.
        return replace(request, mode="auto" if request.mode == "auto" else "json", schema=schema)
    raise ModelError(
        f"response_format={wanted!r} is unknown",
        hint='give {"type": "json_schema", "json_schema": {"name": ..., "schema": {...}}} or {"type": "json_object"}',
    )
