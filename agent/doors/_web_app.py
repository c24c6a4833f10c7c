"""The web page as an application: who is asking, and which page they get."""

from __future__ import annotations

import os

# NiceGUI reads it when it is imported. Nothing is kept there; without it a folder appears wherever one happens to be.
os.environ.setdefault("NICEGUI_STORAGE_PATH", os.devnull)

from fastapi import FastAPI
from fastapi.responses import FileResponse
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from nicegui import app as pages
from nicegui import ui
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatrec.agent.doors._keys import Keys, person_of
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._web_guard import WebGuard, holder_of, spoken_in
from chatrec.agent.doors._web_page import STYLE, Page
from chatrec.agent.doors._web_people import Guests
from chatrec.agent.doors._web_pictures import Pictures
from chatrec.tools._turn import Spoken

_YEAR = 365 * 24 * 3600
_LOCALES: dict[Spoken, str] = {"en": "en-US", "zh": "zh-CN"}


def web_app(
    room: Room,
    pictures: Pictures,
    *,
    secret: str,
    keys: Keys,
    user: str | None = None,
    rate: str | None = None,
    turns: str | None = None,
) -> FastAPI:
    """The page for one catalog. NiceGUI allows one such application a process.

    Args:
        room: The catalog and who recommends from it.
        pictures: Of the items.
        secret: What the cookies are signed with.
        keys: Who is let in; with none, whoever reaches it from this machine.
        user: Everybody who is let in without a key is this person; None makes each browser a person.
        rate: How many requests and signals one address may send, such as "1200/minute".
        turns: How many messages one person may send, such as "30/minute".
    """
    app = FastAPI(openapi_url=None)
    guests = Guests(room)
    limiter = MovingWindowRateLimiter(MemoryStorage())
    most = None if turns is None else parse(turns)

    def who(request: Request) -> str:
        holder = holder_of(request)
        return person_of(holder, "") if holder is not None else user or f"web-{pages.storage.browser['id']}"

    def admit(person: str) -> bool:
        return most is None or limiter.hit(most, person)

    @app.get("/")
    def root(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return RedirectResponse(f"/{spoken_in(request)}")

    @app.get("/picture/{item_id:path}")
    def picture(item_id: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        path = pictures.file(item_id)
        return Response(status_code=404) if path is None else FileResponse(path)

    def add_pages(language: Spoken) -> None:
        @ui.page(f"/{language}", language=_LOCALES[language])  # type: ignore[arg-type]
        def talk(request: Request) -> None:  # pyright: ignore[reportUnusedFunction]
            person = who(request)
            Page(guests, person, language, picture=pictures.address, admit=lambda: admit(person))

        @ui.page(f"/{language}/new")
        def anew(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
            guests.anew(who(request))
            return RedirectResponse(f"/{language}")

    for language in _LOCALES:
        add_pages(language)
    app.add_middleware(WebGuard, keys=keys, rate=rate, pictures_from="http: https:" if pictures.outside else "")
    app.add_middleware(
        SessionMiddleware, secret_key=secret, session_cookie="chatrec", max_age=_YEAR, same_site="strict"
    )
    ui.add_css(STYLE, shared=True)
    ui.run_with(
        app,
        title=room.recommender.catalog.name,
        dark=None,
        tailwind=False,
        storage_secret=secret,
        show_welcome_message=False,
        reconnect_timeout=10,
    )
    return app
