"""A language model elsewhere, by the URL of an OpenAI-compatible server: the same agent, tools and grounding.

What only the model in this process gives is lost: acts and arguments that a grammar keeps valid, and the probabilities
of the acts. A model that another chatrec serves by itself keeps them: it says so, and is asked for them in the
field `chatrec` beside OpenAI's. The items that are shown are checked all the same.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from chatrec.errors import ModelError

KEY = "CHATREC_MODEL_KEY"
"""The environment's variable with the server's key; `OPENAI_API_KEY` counts where there is none."""
LOST = (
    "The model answers elsewhere: what is said is sent there. Where that is not another chatrec, it chooses freely, "
    "without the probabilities of its acts and without a grammar that keeps them valid; the items shown are checked as "
    "ever."
)
"""What a person should know before they talk through a model elsewhere."""

BOUNDS = ("legal_tools", "argument_schemas", "text_grammar")
"""What bounds a choice, of the settings of a call."""
_SECONDS = 120.0
_CONNECT_SECONDS = 10.0


def is_model_url(text: object) -> bool:
    """Whether a text is the URL of a server and not a file."""
    return isinstance(text, str) and text.startswith(("http://", "https://"))


def remote_model(url: str) -> BaseChatModel:
    """A model behind an OpenAI-compatible server.

    Args:
        url: The server's address as its clients take it, mostly ending in `/v1`; `#NAME` after it chooses a model, by
            default the first that the server names. The key comes from the environment, see `KEY`.

    Raises:
        ModelError: The package is missing, or the server does not answer or names no model.
    """
    try:
        from langchain_openai import ChatOpenAI
        from openai import OpenAI, OpenAIError, Timeout
    except ImportError as error:
        raise ModelError(
            f"a model elsewhere needs a package that is not installed: {error.name}",
            hint="pip install 'chatrec[remote]'",
        ) from error

    address, _, name = url.partition("#")
    shown = shown_address(address)
    # Servers without keys want some word all the same.
    key = os.environ.get(KEY) or os.environ.get("OPENAI_API_KEY") or "none"
    timeout = Timeout(_SECONDS, connect=_CONNECT_SECONDS)
    told: dict[str, Any] = {}
    if not name:
        with _told(shown, OpenAIError):
            served = OpenAI(base_url=address, api_key=key, timeout=timeout).models.list().data
        if not served:
            raise ModelError(f"{shown} names no model", hint="name one: URL#NAME")
        name, told = served[0].id, (served[0].model_extra or {}).get("chatrec") or {}
    bounds = told.get("bounds_choice") is True

    class RemoteChat(ChatOpenAI):
        """`ChatOpenAI` whose failures say what to do, and whose choices another chatrec keeps within bounds."""

        bounds_choice: ClassVar[bool] = bounds

        def _get_request_payload(self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
            bounded = {name: kwargs.pop(name) for name in BOUNDS if name in kwargs}
            if bounded:
                kwargs["extra_body"] = {"chatrec": bounded}
            payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
            return payload

        def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
            result = super()._create_chat_result(response, generation_info)
            for generation in result.generations:
                generation.message.response_metadata |= (response.model_extra or {}).get("chatrec") or {}
            return result

        def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
            with _told(shown, OpenAIError):
                return super()._generate(*args, **kwargs)

        async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
            with _told(shown, OpenAIError):
                return await super()._agenerate(*args, **kwargs)

        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            with _told(shown, OpenAIError):
                yield from super()._stream(*args, **kwargs)

        async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
            with _told(shown, OpenAIError):
                async for chunk in super()._astream(*args, **kwargs):
                    yield chunk

    return RemoteChat(
        base_url=address,
        api_key=lambda: key,
        model=name,
        temperature=0.0,
        timeout=timeout,
        max_retries=2,
        stream_usage=True,
        disable_streaming=bounds,  # what is told beside the words comes with a whole answer
    )


def shown_address(url: str) -> str:
    """A server's address without user, password and parameters."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


@contextmanager
def _told(shown: str, errors: type[Exception]) -> Generator[None, None, None]:
    try:
        yield
    except errors as error:
        status = getattr(error, "status_code", None)
        if status in {401, 403}:
            raise ModelError(f"{shown} refuses the key", hint=f"set {KEY} to a key of that server") from error
        if status is None:
            raise ModelError(
                f"{shown} does not answer: {type(error).__name__}", hint="is the server running, and is the URL right?"
            ) from error
        body = " ".join(str(getattr(error, "message", error)).split())[:300]
        raise ModelError(
            f"{shown} refused: {body}", hint="see the server's own words; URL#NAME names a model"
        ) from error
