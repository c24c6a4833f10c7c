"""`chatrec web`: the page on the command line."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal

import typer

from chatrec.agent.doors._people import DATABASE_URL
from chatrec.agent.doors._serve import (
    ADAPTER,
    GRACE,
    HOST,
    KEEP_DAYS,
    KEY_FILE,
    LANGUAGE,
    MODEL,
    QUESTIONS,
    admitted,
    needs,
    run,
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line.

    Args:
        app: The command line.
    """
    app.command()(web)


def web(
    *,
    catalog: Annotated[str, typer.Option(help="A demo catalog's name, or a file.", metavar="NAME|PATH")] = "films",
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 takes a free one.", min=0, max=65535)] = 8080,
    api_key_file: Annotated[Path | None, KEY_FILE] = None,
    person: Annotated[
        str | None,
        typer.Option(help="On this machine: every browser is this person; me is who chatrec chat talks with."),
    ] = None,
    model: Annotated[str | None, MODEL] = None,
    adapter: Annotated[str, ADAPTER] = "auto",
    language: Annotated[Literal["auto", "en", "zh"], LANGUAGE] = "auto",
    pictures: Annotated[
        Literal["own", "outside"],
        typer.Option(help="own: files beside the catalog; outside: also addresses of the web, fetched by the browser."),
    ] = "own",
    rate: Annotated[
        str,
        typer.Option(help="Messages a person may send; none for no limit. [default: 30/minute beyond this machine]"),
    ] = "auto",
    grace: Annotated[int, GRACE] = 5,
    rules: Annotated[Path | None, typer.Option(help="As of chatrec chat.", metavar="PATH.toml")] = None,
    max_questions: Annotated[int, QUESTIONS] = 2,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    keep_days: Annotated[float | None, KEEP_DAYS] = None,
) -> None:
    """Talk to a catalog in the browser.

    - `chatrec web` then open http://127.0.0.1:8080; the demo films, on this machine alone
    - `chatrec web --catalog shop` another catalog; the page speaks English or Chinese, as the browser does
    - `chatrec web --person me` you are who you are in `chatrec chat`, with the same profile
    - `chatrec key ana --file keys.txt`, then `chatrec web --host 0.0.0.0 --api-key-file keys.txt` for other machines

    Each browser is a person of its own, known by a signed cookie; with keys, each key is. Conversation and profile are
    found again when the page is opened again. Pictures come from a column that names files beside the catalog; the page
    loads nothing from anywhere else. Ctrl-C stops it.
    """
    from rich.console import Console

    needs("nicegui", "limits", "prometheus_client", extra="web")
    from chatrec.agent.doors._open import Wanted, open_rooms
    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._words import machine_language
    from chatrec.errors import CatalogError
    from chatrec.indexes import home
    from chatrec.indexes._loading import find_source

    keys, turns = admitted(host, api_key_file, rate, default="30/minute")
    if person is not None and len(keys):
        raise typer.BadParameter("with keys, each key is a person", param_hint="--person")
    wanted = Wanted(
        model=model,
        adapter=adapter,
        language=language,
        max_questions=max_questions,
        keep_days=keep_days,
        database_url=database_url,
        rules=rules,
    )
    with Loading(Console(stderr=True), language=machine_language()) as loading:
        (room,) = open_rooms([catalog], wanted, on_progress=loading.tell, warm=True).values()
    from chatrec.agent.doors._web_app import web_app
    from chatrec.agent.doors._web_pictures import Pictures

    try:
        folder = find_source(catalog).parent
    except CatalogError:  # its items are in a database: there is nothing beside it
        folder = home() / "pictures"
    shown = Pictures(room.recommender.catalog, folder, outside=pictures == "outside")
    app = web_app(
        room,
        shown,
        secret=_secret(),
        keys=keys,
        user=person,
        rate="1200/minute" if len(keys) else None,
        turns=turns,
    )
    run(app, host=host, port=port, grace=grace, told="{url}")


def _secret() -> str:
    """What cookies are signed with, kept so that people are known again after a restart."""
    from chatrec.indexes import home

    path = home() / "web.secret"
    while True:
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            new.touch(mode=0o600)
            new.write_text(secrets.token_hex(32), "ascii")
            try:
                os.link(new, path)  # of two that start at once, one wins
            except FileExistsError:
                pass
            finally:
                new.unlink()
