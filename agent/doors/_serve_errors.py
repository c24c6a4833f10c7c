"""Errors in OpenAI's format, whatever went wrong."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from chatrec.agent.doors._guard import Refusal
from chatrec.errors import ChatrecError, ContextOverflow, StoreError

log = logging.getLogger("chatrec.serve")

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """A request that cannot be answered.

    Args:
        message: For people.
        status: The HTTP status.
        code: One word for programs.
        param: The field that is wrong.
        headers: Of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.headers = headers

    def as_dict(self) -> dict[str, Any]:
        """As OpenAI writes it."""
        kind = "server_error" if self.status >= 500 else _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """As an answer."""
        return JSONResponse(self.as_dict(), self.status, self.headers)


def busy() -> ApiError:
    """The error for a turn that comes when too many are under way."""
    return ApiError(
        "The server is busy; try again in a few seconds.",
        status=503,
        code="overloaded",
        headers={"retry-after": "5"},
    )


def key_taken() -> ApiError:
    """The error for an idempotency key that was sent with another request."""
    return ApiError(
        "This Idempotency-Key was sent with another request; take a new key for each new request.",
        status=422,
        code="idempotency_key_reused",
    )


def under_way() -> ApiError:
    """The error for a request that is sent again while it is being answered."""
    return ApiError(
        "A request with this Idempotency-Key is being answered; try again in a few seconds.",
        status=409,
        code="idempotency_key_in_use",
        headers={"retry-after": "1"},
    )


def as_api_error(error: BaseException) -> ApiError:
    """Any error as one that may be told; what is not ours is logged, and told in no detail."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ContextOverflow):
        return ApiError(str(error), code="context_length_exceeded", param="messages")
    if isinstance(error, StoreError):
        # Its own words may hold what a person said; the hint never does.
        log.error("a turn failed: what is kept of people cannot be reached; %s", error.hint)
        return ApiError(
            "What is kept of people cannot be reached just now; try again in a few seconds.",
            status=503,
            code="store_unavailable",
            headers={"retry-after": "5"},
        )
    if isinstance(error, ChatrecError):
        log.error("a turn failed: %s", type(error).__name__)
        return ApiError("The model could not answer; try again.", status=500, code=type(error).__name__)
    # The trace shows our code alone: the error's own text may hold what a person said.
    log.error("a turn broke: %s", type(error).__name__, exc_info=_without_words(error))
    return ApiError("The server made a mistake; it goes on.", status=500, code="internal_error")


def told_in_format(app: FastAPI) -> None:
    """Make every error of an application one of OpenAI's."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        return as_api_error(error).response()

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return _of_http(request, error).response()

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return _of_fields(error).response()

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ApiError, ours)
    app.add_exception_handler(ChatrecError, ours)
    app.add_exception_handler(Exception, ours)


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Write what the guard refuses."""
    error = ApiError(refusal.message, status=refusal.status, code=refusal.code, headers=dict(refusal.headers))
    await error.response()(scope, receive, send)


def _of_http(request: Request, error: HTTPException) -> ApiError:
    if error.status_code in {404, 405}:
        return ApiError(
            f"Unknown request URL: {request.method} {request.url.path}. "
            "There are GET /v1/models and POST /v1/chat/completions.",
            status=404,
            code="unknown_url",
        )
    if error.status_code == 413:
        return ApiError("The request is too large for this server.", status=413, code="request_too_large")
    return ApiError(str(error.detail), status=error.status_code, code="invalid_request")


def _of_fields(error: RequestValidationError) -> ApiError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return ApiError("The body is not valid JSON.", code="invalid_json")
    place = [part for part in first["loc"] if part != "body"]
    param = ""
    for part in place:
        param += f"[{part}]" if isinstance(part, int) else f".{part}" if param else str(part)
    if first["type"] == "missing":
        message = f"Missing required parameter: '{param}'." if param else "The request has no JSON body."
        return ApiError(message, code="missing_required_parameter", param=param or None)
    message = str(first["msg"]).removeprefix("Value error, ")
    return ApiError(f"Invalid '{param}': {message}." if param else message, code="invalid_value", param=param or None)


def _without_words(error: BaseException) -> BaseException:
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
