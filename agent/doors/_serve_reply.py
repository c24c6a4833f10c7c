"""Replies as OpenAI's clients read them, whole and in chunks, with our own extension beside the text.

The extension is the top-level field `chatrec`: `act`, `recommendations` (id, title, score, parts, reason, because,
item), `question` (text, facet, options; or null) and `probabilities`. Of a stream the chunk with the `finish_reason`
has it; chunks before it, without words, have what is being done: `understood` (where, matching) and `step` (tool).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages.ai import UsageMetadata, add_usage

from chatrec.agent.doors._conversation import Answer, Event

END = b"data: [DONE]\n\n"
WAITING = b": waiting\n\n"
"""A comment: keeps the connection open, no client shows it."""


class Reply:
    """The frame of one reply.

    Args:
        model: The model's name.
        known_by: What the request is known by, if it may come again: its reply has the same id then.
    """

    def __init__(self, model: str, *, known_by: str | None = None) -> None:
        self._model = model
        digest = secrets.token_hex(12) if known_by is None else hashlib.sha256(known_by.encode()).hexdigest()[:24]
        self._id = f"chatcmpl-{digest}"
        self._created = int(time.time())

    def whole(
        self, answer: Answer, text: str, usage: Mapping[str, Any], *, created: int | None = None
    ) -> dict[str, Any]:
        """A chat completion."""
        self._created = self._created if created is None else created
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return self._frame("chat.completion", [choice]) | {"usage": usage, "chatrec": extension(answer)}

    def begin(self) -> bytes:
        """The first chunk."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def words(self, text: str) -> bytes:
        """A piece of the text."""
        return self._chunk({"content": text})

    def progress(self, event: Event) -> bytes:
        """A chunk without words that says what is being done."""
        return self._chunk({}, chatrec={event.name: event.as_dict()})

    def end(self, answer: Answer) -> bytes:
        """The chunk that says why it ends, and what was found."""
        return self._chunk({}, finish="stop", chatrec=extension(answer))

    def usage(self, usage: Mapping[str, Any]) -> bytes:
        """The chunk of those who asked for the usage."""
        return sse(self._frame("chat.completion.chunk", []) | {"usage": usage})

    def _chunk(self, delta: Mapping[str, Any], *, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse(self._frame("chat.completion.chunk", [choice]) | more)

    def _frame(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }


def sse(data: Mapping[str, Any]) -> bytes:
    """A server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def extension(answer: Answer) -> dict[str, Any]:
    """What we say beyond OpenAI's protocol."""
    told = answer.as_dict()
    return {name: told[name] for name in ("act", "recommendations", "question", "probabilities")}


def cut(text: str, stops: Sequence[str]) -> str:
    """The text up to the first of the stops."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text


def usage_of(models: Mapping[str, UsageMetadata]) -> dict[str, Any]:
    """The tokens of all of a turn's calls of the model, as OpenAI counts them."""
    total: UsageMetadata | None = None
    for each in models.values():
        total = add_usage(total, each)
    read, written = (total["input_tokens"], total["output_tokens"]) if total else (0, 0)
    cached = total.get("input_token_details", {}).get("cache_read", 0) if total else 0
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
