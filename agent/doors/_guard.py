"""What stands before a server: who may call, from where, how often; and what is written down of it.

The access log has method, path, status, time and a tag of the key: no address, no user, no words, no key.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatrec.agent.doors._keys import Holder, Keys
from chatrec.agent.doors._metrics import Metrics

access = logging.getLogger("chatrec.access")

HOLDER = "chatrec.holder"
"""Where in the ASGI scope the holder of the request's key is."""

OPEN_PATHS = frozenset({"/health", "/ready"})
_FAILURES = parse("20/minute")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in.

    Attributes:
        status: The HTTP status.
        code: One word for programs.
        message: For people.
        headers: Of the answer.
    """

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


Refuse = Callable[[Refusal, Scope, Receive, Send], Awaitable[None]]
"""Writes a refusal in the protocol's own way."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own, which no other machine reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """An ASGI application in front of another.

    Args:
        app: The application.
        keys: Who is let in; none lets everybody in who asks for this machine by a name of its own.
        rate: How often each key may call, such as "120/minute"; None as often as it likes.
        body_limit: The largest request, in bytes, as far as it says how large it is; the rest is for the application.
        metrics: Where requests are counted.
        refuse: Writes refusals.
        paths: The paths that are counted by name.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        rate: str | None,
        body_limit: int,
        metrics: Metrics,
        refuse: Refuse,
        paths: frozenset[str],
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate: RateLimitItem | None = None if rate is None else parse(rate)
        self._body_limit = body_limit
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._metrics = metrics
        self._refuse = refuse
        self._paths = paths | OPEN_PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it; either is counted and logged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 499  # gone before anything was answered, as other servers log it

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refusal = None if scope["path"] in OPEN_PATHS else await self._check(scope)
            if refusal is not None:
                await self._refuse(refusal, scope, receive, told)
            else:
                await self._app(scope, receive, told)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    async def _check(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._body_limit:
            return Refusal(413, "request_too_large", f"The request is larger than {self._body_limit} bytes.")
        if not len(self._keys):
            origin = headers.get("origin", "http://localhost").partition("//")[2] or "null"
            if not is_ours(headers.get("host", "localhost")) or not is_ours(origin):
                # A page of the web must not talk to this machine through its visitor's browser.
                return Refusal(403, "forbidden", "Without API keys only this machine's own names are answered.")
            return await self._within("everybody")
        scheme, _, key = headers.get("authorization", "").partition(" ")
        holder = self._keys.holder(key.strip()) if scheme.lower() == "bearer" else None
        if holder is not None:
            scope[HOLDER] = holder
            return await self._within(holder.tag)
        address = str((scope.get("client") or ("",))[0])
        if not await self._limiter.hit(_FAILURES, "failures", address):
            return _too_often(60)
        missing = not headers.get("authorization")
        return Refusal(
            401,
            "invalid_api_key",
            "No API key was given: send it as 'Authorization: Bearer KEY'." if missing else "The API key is not known.",
            (("www-authenticate", "Bearer"),),
        )

    async def _within(self, whose: str) -> Refusal | None:
        if self._rate is None or await self._limiter.hit(self._rate, whose):
            return None
        stats = await self._limiter.get_window_stats(self._rate, whose)
        return _too_often(max(1, math.ceil(stats.reset_time - time.time())))

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in self._paths else "other"
        method = scope["method"] if scope["method"] in {"GET", "POST", "DELETE", "HEAD", "OPTIONS"} else "other"
        holder = scope.get(HOLDER)
        tag = holder.tag if isinstance(holder, Holder) else "-"
        self._metrics.requests.labels(method, path, str(status)).inc()
        access.info("%s %s %d %.3fs key=%s", method, path, status, seconds, tag)


def is_ours(host: str) -> bool:
    """Whether a Host, or the host of an Origin, names this machine from within."""
    name = host.strip().lower()
    name = name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.partition(":")[0]
    return is_loopback(name)


def _too_often(seconds: int) -> Refusal:
    return Refusal(
        429, "rate_limit_exceeded", f"Too many requests; try again in {seconds} s.", (("retry-after", str(seconds)),)
    )
