"""What stands before the page: who may come in, how much they may ask, and what a browser is allowed to load."""

from __future__ import annotations

import html
from urllib.parse import parse_qs

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatrec.agent.doors._guard import is_ours
from chatrec.agent.doors._keys import Holder, Keys
from chatrec.agent.doors._web_words import tell
from chatrec.tools._turn import Spoken

HOLDER = "chatrec.holder"
_ATTEMPTS = parse("10/minute")
_KEY = "key"
_LARGEST = 2**16


class WebGuard:
    """An ASGI application in front of the page; sessions are read before it.

    Args:
        app: The page.
        keys: Who is let in; with none, whoever reaches it by one of this machine's own names.
        rate: How many requests and signals of a browser one address or key may send, such as "1200/minute".
        pictures_from: Where pictures may come from besides here, as a content security policy says it.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, rate: str | None, pictures_from: str = "") -> None:
        self._app = app
        self._keys = keys
        self._rate = None if rate is None else parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        # NiceGUI writes scripts and styles into the page; nothing is fetched from elsewhere.
        self._policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data: {pictures_from}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or a socket in, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = self._policy
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
            await send(message)

        refusal = await self._refusal(scope, receive)
        if refusal is None:
            await self._app(scope, self._counted(scope, receive), guarded)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, guarded)

    def _unfit(self, scope: Scope) -> Response | None:
        """Refuses what is too large, and what pages of other places send through a visitor's browser."""
        headers = Headers(scope=scope)
        if not _is_small(headers):
            return PlainTextResponse(f"At most {_LARGEST} bytes, and say how many.", 413)
        host = headers.get("host", "")
        origin = headers.get("origin", "")
        if origin and origin.partition("//")[2] != host:
            return PlainTextResponse("This page is not for other pages to use.", 403)
        if not len(self._keys) and not is_ours(host):
            return PlainTextResponse("Without keys only this machine's own names are answered.", 403)
        return None

    async def _refusal(self, scope: Scope, receive: Receive) -> Response | None:
        unfit = self._unfit(scope)
        if unfit is not None:
            return unfit
        if not await self._within(scope):
            return PlainTextResponse("Too many requests.", 429, {"retry-after": "60"})
        if not len(self._keys):
            return None
        scope[HOLDER] = self._keys.tagged(str(scope["session"].get(_KEY, "")))
        path = scope["path"]
        if path == "/login" and scope["type"] == "http":
            return await self._login(Request(scope, receive))
        if path == "/logout":
            scope["session"].clear()
            return RedirectResponse("/login", 303)
        return None if scope[HOLDER] is not None else RedirectResponse("/login", 303)

    async def _login(self, request: Request) -> Response:
        language: Spoken = spoken_in(request)
        if request.method != "POST":
            return _form(language)
        address = request.client.host if request.client else ""
        if not await self._limiter.hit(_ATTEMPTS, "login", address):
            return _form(language, "too_many", 429)
        said = parse_qs((await request.body()).decode("utf-8", "replace"))
        holder = self._keys.holder(said.get(_KEY, [""])[0].strip())
        if holder is None:
            return _form(language, "wrong", 401)
        request.session[_KEY] = holder.tag
        return RedirectResponse("/", 303)

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """What a socket sends counts as its requests do; who sends too much is shut out."""

        async def counted() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not await self._within(scope):
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        return receive if scope["type"] == "http" else counted

    async def _within(self, scope: Scope) -> bool:
        address = str((scope.get("client") or ("",))[0])
        return self._rate is None or await self._limiter.hit(self._rate, address)


def _is_small(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return "transfer-encoding" not in headers and length.isdecimal() and int(length) <= _LARGEST


def holder_of(request: Request) -> Holder | None:
    """Whose key a browser came in with."""
    holder: Holder | None = request.scope.get(HOLDER)
    return holder


def spoken_in(request: Request) -> Spoken:
    """Chinese where the browser asks for it before English, else English."""
    for part in request.headers.get("accept-language", "").lower().split(","):
        tongue = part.strip()[:2]
        if tongue in {"zh", "en"}:
            return "zh" if tongue == "zh" else "en"
    return "en"


def _form(language: Spoken, wrong: str = "", status: int = 200) -> HTMLResponse:
    def say(key: str) -> str:
        return html.escape(tell(key, language))

    alert = f'<p role="alert">{say(wrong)}</p>' if wrong else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>chatrec</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        '<body style="font:16px/1.6 system-ui;max-width:20rem;margin:15vh auto;padding:0 1rem">'
        f'<form method="post" action="/login"><p>{say("login")}</p>{alert}'
        f'<label>{say("password")} <input name="{_KEY}" type="password" required autofocus>'
        f"</label> <button>{say('enter')}</button></form>",
        status,
    )
