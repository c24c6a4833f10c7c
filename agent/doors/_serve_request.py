"""A chat completion request, as OpenAI's clients send it: what we read of it, what we pass over, what we refuse.

Read: `model`, `messages`, `user` (or `safety_identifier`), `stream`, `stream_options`, `stop`. Passed over, because it
would change nothing: sampling settings, `max_tokens`, `seed`, `tools` that may be left uncalled, and whatever we do not
know. Refused, because an answer without it would be wrong: several choices, images and sound, forced tool calls,
structured output, log probabilities.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from chatrec.agent.doors._histories import Once, Said
from chatrec.agent.doors._serve_errors import ApiError

MOST_MESSAGES = 2048
"""As many as OpenAI takes."""
LONGEST = 20_000
"""Characters of one of the person's messages."""
LONGEST_KEY = 255
"""Characters of an idempotency key."""

_User = Annotated[str, StringConstraints(max_length=256)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class Part(_Lenient):
    """A piece of a message."""

    type: str
    text: str | None = None


class Message(_Lenient):
    """A message of the history."""

    role: str
    content: str | list[Part] | None = None


class StreamOptions(_Lenient):
    """How to stream."""

    include_usage: bool | None = None


class ChatRequest(_Lenient):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: list[Message]
    user: _User | None = None
    safety_identifier: _User | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | Annotated[list[str], Field(max_length=4)] | None = None
    n: int | None = None
    logprobs: bool | None = None
    tool_choice: Literal["none", "auto", "required"] | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None

    @field_validator("user", "safety_identifier")
    @classmethod
    def _is_text(cls, user: str | None) -> str | None:
        if user is not None and not user.isprintable():
            raise ValueError("control characters and broken Unicode name nobody")
        return user

    @property
    def person(self) -> str:
        """What the request calls the person."""
        return (self.user or self.safety_identifier or "").strip()

    @property
    def stops(self) -> list[str]:
        """Where the reply is to end."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [text for text in stop if text]

    def said(self) -> list[Said]:
        """The conversation: what the person and we said; instructions to the model are passed over.

        Raises:
            ApiError: It is empty, too long, in a wrong order, or holds what cannot be read.
        """
        self._refuse_what_we_cannot()
        if not self.messages:
            raise _wrong("[] is too short - 'messages'", "messages", "empty_array")
        if len(self.messages) > MOST_MESSAGES:
            raise _wrong(
                f"Invalid 'messages': array too long. Expected at most {MOST_MESSAGES}, got {len(self.messages)}.",
                "messages",
                "array_above_max_length",
            )
        said: list[Said] = []
        for place, message in enumerate(self.messages):
            text = _text(message, place)
            if message.role in {"user", "assistant"}:
                said.append(Said("user" if message.role == "user" else "assistant", text))
        if not said or said[-1].role != "user" or self.messages[-1].role != "user":
            raise _wrong("The last message must have the role 'user'.", "messages", "invalid_role_order")
        if not said[-1].text.strip():
            raise _wrong("The last message has no text.", "messages", "empty_message")
        return said

    def _refuse_what_we_cannot(self) -> None:
        wanted = {
            "n": self.n not in {None, 1},
            "logprobs": bool(self.logprobs),
            "tool_choice": self.tool_choice == "required" or isinstance(self.tool_choice, dict),
            "function_call": isinstance(self.function_call, dict),
            "response_format": self.response_format is not None and self.response_format.get("type") != "text",
            "modalities": self.modalities is not None and self.modalities != ["text"],
        }
        for param, asked in wanted.items():
            if asked:
                raise _wrong(
                    f"Unsupported value: '{param}' is not supported by this model.", param, "unsupported_value"
                )


def once_of(key: str | None, body: ChatRequest) -> Once | None:
    """What a request is known by, where its header `Idempotency-Key` names it.

    Raises:
        ApiError: The key is empty, or longer than 255 characters.
    """
    if key is None:
        return None
    if not 1 <= len(key := key.strip()) <= LONGEST_KEY:
        raise ApiError(
            f"Invalid 'Idempotency-Key': 1 to {LONGEST_KEY} characters are read, got {len(key)}.",
            code="invalid_idempotency_key",
        )
    return Once(key, body.model_dump_json())


def _text(message: Message, place: int) -> str:
    param = f"messages[{place}]"
    if message.role not in {"system", "developer", "user", "assistant"}:
        raise _wrong(
            f"Invalid value: {message.role[:40]!r}. Supported values are: 'system', 'developer', 'user', 'assistant'.",
            f"{param}.role",
            "invalid_value",
        )
    if message.content is None:
        if message.role == "assistant":
            return ""
        raise _wrong(f"Invalid '{param}.content': text is needed.", f"{param}.content", "invalid_value")
    if isinstance(message.content, str):
        text = message.content
    else:
        for number, part in enumerate(message.content):
            if part.type not in {"text", "input_text", "refusal"}:
                where = f"{param}.content[{number}].type"
                raise _wrong(
                    f"Unsupported content: {part.type[:40]!r}; only text is read.", where, "unsupported_content"
                )
        text = "\n".join(part.text or "" for part in message.content)
    if message.role == "user" and len(text) > LONGEST:
        raise _wrong(
            f"Invalid '{param}.content': string too long. Expected at most {LONGEST} characters, got {len(text)}.",
            f"{param}.content",
            "string_above_max_length",
        )
    return text


def _wrong(message: str, param: str, code: str) -> ApiError:
    return ApiError(message, code=code, param=param)
