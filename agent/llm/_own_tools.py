"""Tools and schemas in OpenAI's form, whole: LangChain's own conversion forgets some of what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import BaseModel

from chatrec.agent.llm._keywords import KINDS
from chatrec.agent.llm._schemas import refers_to_itself

_ROOTS = {"$ref", "anyOf", "oneOf", "allOf", "enum", "const", "items", "properties"}


def as_openai_tool(tool: dict[str, Any] | type | Callable[..., Any] | BaseTool) -> dict[str, Any]:
    """A tool in OpenAI form.

    Args:
        tool: Anything LangChain takes for a tool.
    """
    made = convert_to_openai_tool(tool)
    if (whole := _looped(tool)) is None:
        return made
    described = {name: part for name, part in whole.items() if name not in ("title", "description")}
    return {**made, "function": {**made["function"], "parameters": described}}


def as_json_schema(schema: dict[str, Any] | type) -> dict[str, Any]:
    """The JSON schema of a pydantic model, a TypedDict, an OpenAI tool or response format, or itself."""
    if isinstance(schema, dict):
        inner: Any = schema.get("json_schema", schema)
        if isinstance(inner, Mapping) and isinstance(inner.get("schema"), Mapping):
            return dict(inner["schema"])
        # LangChain keeps the properties of a titled object and nothing of any other schema.
        says = _ROOTS & set(schema) or schema.get("type") in KINDS
        if says and not {"title", "properties"} <= set(schema):
            return schema
    return _looped(schema) or convert_to_json_schema(schema)


def _looped(source: Any) -> dict[str, Any] | None:
    """The whole schema if it refers to itself, an object at its root."""
    wanted: Any = source.tool_call_schema if isinstance(source, BaseTool) else source
    schema: Any = wanted
    if isinstance(wanted, type):
        schema = wanted.model_json_schema() if issubclass(wanted, BaseModel) else None
    if not isinstance(schema, Mapping) or "$defs" not in schema or not refers_to_itself(schema):
        return None
    whole = dict(schema)
    root = str(whole.pop("$ref", "")).removeprefix("#/$defs/")
    return {**whole["$defs"].get(root, {}), **whole}
