"""The language model by itself in OpenAI's protocol, tools included: for another chatrec, or any program, elsewhere.

It answers what it is asked and recommends nothing. `chatrec chat --model http://host:8000/bare/v1` talks through it and
loses nothing: the field `chatrec` of a request bounds the model's choice, that of an answer has its probabilities.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from pydantic import BaseModel, ConfigDict, Field

from chatrec.agent._middleware import bounds_choice
from chatrec.agent._remote import BOUNDS
from chatrec.agent.doors._serve_errors import ApiError

_CHANCES = "tool_probabilities"
PATHS = frozenset({"/bare/v1/models", "/bare/v1/chat/completions"})


class BareRequest(BaseModel):
    """A request; what the model has no use for is passed over."""

    model_config = ConfigDict(extra="ignore")

    model: str = ""
    messages: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    tools: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stop: str | list[str] | None = None
    stream: bool = False
    chatrec: dict[str, Any] = Field(default_factory=dict[str, Any])

    def history(self) -> list[BaseMessage]:
        """The messages as LangChain has them.

        Raises:
            ApiError: A message is of no known kind.
        """
        try:
            return convert_to_messages(self.messages)
        except (ValueError, KeyError, TypeError, NotImplementedError) as error:
            raise ApiError(f"A message cannot be read: {error}"[:300], param="messages") from error

    def settings(self) -> dict[str, Any]:
        """What is told of the model's call."""
        most = self.max_completion_tokens or self.max_tokens
        told = {"temperature": self.temperature, "max_tokens": most}
        found: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        found |= {name: self.chatrec[name] for name in BOUNDS if name in self.chatrec}
        if self.stop:
            found["stop"] = [self.stop] if isinstance(self.stop, str) else self.stop
        return found

    def choice(self) -> str | None:
        """Which tool must be called, as LangChain says it."""
        if isinstance(self.tool_choice, dict):
            name = self.tool_choice.get("function", {}).get("name")
            if not isinstance(name, str):
                raise ApiError("tool_choice names no function.", param="tool_choice")
            return name
        return "any" if self.tool_choice == "required" else self.tool_choice


def add_bare(app: FastAPI, model: BaseChatModel, name: str) -> None:
    """Add the model by itself to a server.

    Args:
        app: The server.
        model: The model.
        name: What it is called there.
    """
    created = int(time.time())

    @app.get("/bare/v1/models")
    async def models() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        told: dict[str, Any] = {"id": name, "object": "model", "created": created, "owned_by": "chatrec"}
        if bounds_choice(model):
            told["chatrec"] = {"bounds_choice": True}
        return {"object": "list", "data": [told]}

    @app.post("/bare/v1/chat/completions")
    async def chat(body: BareRequest) -> Response:  # pyright: ignore[reportUnusedFunction]
        messages, settings = body.history(), body.settings()
        bound = model.bind_tools(body.tools, tool_choice=body.choice()) if body.tools else model
        message: AIMessage = await bound.ainvoke(messages, **settings)
        whole = _told(message, name)
        if not body.stream:
            return JSONResponse(whole)
        return StreamingResponse(_pieces(whole), media_type="text/event-stream", headers={"cache-control": "no-store"})


def _told(message: AIMessage, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    if message.tool_calls:
        said["tool_calls"] = [
            {
                "id": call["id"] or f"call_{uuid.uuid4().hex[:12]}",
                "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call["args"], ensure_ascii=False)},
            }
            for call in message.tool_calls
        ]
    ended = "tool_calls" if message.tool_calls else str(message.response_metadata.get("finish_reason") or "stop")
    used = message.usage_metadata
    usage = {
        "prompt_tokens": used["input_tokens"] if used else 0,
        "completion_tokens": used["output_tokens"] if used else 0,
        "total_tokens": used["total_tokens"] if used else 0,
    }
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": [{"index": 0, "message": said, "finish_reason": ended, "logprobs": None}],
        "usage": usage,
        "chatrec": {name: told for name, told in message.response_metadata.items() if name == _CHANCES},
    }


def _pieces(whole: dict[str, Any]) -> Iterator[bytes]:
    """The answer as events: all of it in one piece, then its end."""
    (choice,) = whole["choices"]
    delta = dict(choice["message"])
    delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta.get("tool_calls", ()))]
    head = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    for part, ended in ((delta, None), ({}, choice["finish_reason"])):
        chunk = head | {"choices": [{"index": 0, "delta": part, "finish_reason": ended}]}
        yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
    yield f"data: {json.dumps(head | {'choices': [], 'usage': whole['usage']})}\n\n".encode()
    yield b"data: [DONE]\n\n"
