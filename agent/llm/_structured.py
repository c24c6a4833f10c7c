"""`with_structured_output`: a schema becomes the grammar of the answer, or the arguments of one forced tool."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Literal

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser, PydanticToolsParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

from chatrec.agent.llm._own_tools import as_json_schema
from chatrec.errors import ModelError

Method = Literal["json_schema", "function_calling", "json_mode"]


def structured(
    model: BaseChatModel, schema: Any, method: Method, include_raw: bool
) -> Runnable[LanguageModelInput, Any]:
    """The model, bound to a schema, and a parser behind it; see `ChatLlamaCpp.with_structured_output`."""
    if method not in ("json_schema", "function_calling", "json_mode"):
        raise ModelError(f"method={method!r} is unknown", hint="use json_schema, function_calling or json_mode")
    is_model = isinstance(schema, type) and is_basemodel_subclass(schema)
    parser: Any
    if method == "function_calling":
        kind = as_json_schema(schema).get("type", "object")
        if kind != "object":
            raise ModelError(
                f"a tool's arguments are an object, this schema says {kind!r}", hint='use method="json_schema"'
            )
        name = convert_to_openai_tool(schema)["function"]["name"]
        bound = model.bind_tools(
            [schema],
            tool_choice=name,
            ls_structured_output_format={"kwargs": {"method": method}, "schema": schema},
        )
        if is_model:
            parser = PydanticToolsParser(tools=[schema], first_tool_only=True)
        else:
            parser = JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)
    else:
        json_schema = as_json_schema(schema)
        bound = model.bind(
            response_format={"type": "json_schema", "json_schema": {"schema": json_schema}},
            ls_structured_output_format={"kwargs": {"method": method}, "schema": schema},
        )
        parser = PydanticOutputParser(pydantic_object=schema) if is_model else JsonOutputParser()
    if not include_raw:
        answer: Runnable[LanguageModelInput, Any] = bound | parser
        return answer
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    both: Runnable[LanguageModelInput, Any] = RunnableMap(raw=bound) | parsed.with_fallbacks(
        [failed], exception_key="parsing_error"
    )
    return both
