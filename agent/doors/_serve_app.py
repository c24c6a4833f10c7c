"""The OpenAI-compatible server: models, chat completions, health, readiness, metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from langchain_core.language_models import BaseChatModel
from starlette.types import ASGIApp

from chatrec.agent.doors._conversation import Step, Understood, Words
from chatrec.agent.doors._guard import HOLDER, Guard
from chatrec.agent.doors._keys import Keys, person_of
from chatrec.agent.doors._metrics import CONTENT_TYPE, Metrics
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._serve_bare import PATHS as BARE_PATHS
from chatrec.agent.doors._serve_bare import add_bare
from chatrec.agent.doors._serve_errors import ApiError, as_api_error, busy, refuse, told_in_format
from chatrec.agent.doors._serve_reply import END, WAITING, Reply, cut, sse
from chatrec.agent.doors._serve_request import ChatRequest, once_of
from chatrec.agent.doors._serve_turns import Begun, Turns, taken, until_gone

PATHS = frozenset({"/v1/models", "/v1/chat/completions", "/metrics"})
KEY = "idempotency-key"
"""The header of a request that its program may send again."""
_PATIENCE = 10.0
"""Seconds after which a stream that has nothing to say yet shows that it lives."""


def serve_app(
    rooms: Mapping[str, Room],
    *,
    keys: Keys,
    rate: str | None = None,
    body_limit: int = 2**20,
    most_turns: int = 64,
    user_header: str | None = None,
    bare: BaseChatModel | None = None,
) -> ASGIApp:
    """The server as an ASGI application.

    Args:
        rooms: The catalogs, by the names that clients choose models by.
        keys: Who is let in; with none, whoever reaches it from this machine.
        rate: How often each key may call, such as "120/minute".
        body_limit: The largest request, in bytes.
        most_turns: Turns under way at once, those that wait for the model included; one more is told to come back.
        user_header: A header that names the person; believed before the request's `user`.
        bare: The language model, where it is to be served by itself too.
    """
    metrics = Metrics()
    turns = Turns(rooms, most=most_turns, metrics=metrics)
    app = FastAPI(title="chatrec", docs_url=None, redoc_url=None, max_body_size=body_limit)
    told_in_format(app)
    _add_models(app, rooms)
    _add_chat(app, rooms, turns, user_header)
    _add_watching(app, rooms, turns, metrics)
    if bare is not None:
        add_bare(app, bare, "bare")
    return Guard(
        app, keys=keys, rate=rate, body_limit=body_limit, metrics=metrics, refuse=refuse, paths=PATHS | BARE_PATHS
    )


def _add_models(app: FastAPI, rooms: Mapping[str, Room]) -> None:
    created = int(time.time())

    def model(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": created, "owned_by": "chatrec"}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {"object": "list", "data": [model(name) for name in rooms]}

    @app.get("/v1/models/{name:path}")
    async def one(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        _known(name, rooms)
        return model(name)


def _add_chat(app: FastAPI, rooms: Mapping[str, Room], turns: Turns, user_header: str | None) -> None:
    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        _known(body.model, rooms)
        said = body.said()
        user = (request.headers.get(user_header, "").strip() if user_header else "") or body.person
        once = once_of(request.headers.get(KEY), body)
        person = person_of(request.scope.get(HOLDER), user)
        begun = turns.begin(body.model, person, said, once)
        reply = Reply(body.model, known_by=None if once is None else f"{person}\n{once.key}")
        if body.stream:
            return StreamingResponse(
                _stream(begun, body, reply),
                media_type="text/event-stream",
                headers={"cache-control": "no-store", "x-accel-buffering": "no"},
            )
        result = await until_gone(begun.task, lambda: _gone(request))
        if result is None:
            return Response(status_code=499)  # nobody reads it
        text = cut(result.answer.reply, body.stops)
        told = reply.whole(result.answer, text, result.usage, created=result.at)
        return JSONResponse(told, headers={"idempotent-replayed": "true"} if result.again else None)


def _add_watching(app: FastAPI, rooms: Mapping[str, Room], turns: Turns, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        if turns.full:
            raise busy()
        for room in rooms.values():
            # A database that does not answer is told here, before people are sent to this server.
            await asyncio.to_thread(room.recommender.profiles.get, "nobody")
        return {"status": "ready"}

    @app.get("/metrics")
    async def numbers() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(metrics.text(), media_type=CONTENT_TYPE)


async def _stream(begun: Begun, body: ChatRequest, reply: Reply) -> AsyncGenerator[bytes, None]:
    try:
        yield reply.begin()
        async for event in begun.follow(_PATIENCE):
            if event is None:
                yield WAITING
            elif isinstance(event, Words) and not body.stops:
                yield reply.words(event.text)
            elif isinstance(event, Understood | Step):
                yield reply.progress(event)
        result = await taken(begun.task)
        if body.stops:  # a stop may begin in one piece and end in the next
            yield reply.words(cut(result.answer.reply, body.stops))
        yield reply.end(result.answer)
        if body.stream_options is not None and body.stream_options.include_usage:
            yield reply.usage(result.usage)
        yield END
    except Exception as error:
        # The status is sent already: the error is an event of the stream, as OpenAI's clients expect it.
        yield sse(as_api_error(error).as_dict())
    finally:
        begun.task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _known(name: str, rooms: Mapping[str, Room]) -> None:
    if name not in rooms:
        raise ApiError(
            f"The model {name[:80]!r} does not exist. Known: {', '.join(rooms)}.",
            status=404,
            code="model_not_found",
            param="model",
        )
