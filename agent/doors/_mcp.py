"""`chatrec mcp`: the MCP server on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatrec.agent.doors._people import DATABASE_URL
from chatrec.agent.doors._serve import BODY, GRACE, HOST, KEY_FILE, RATE, admitted, needs, run


def register(app: typer.Typer) -> None:
    """Add the command to the command line.

    Args:
        app: The command line.
    """
    app.command()(mcp)


def mcp(
    *,
    catalog: Annotated[str, typer.Option(help="A demo catalog's name, or a file.", metavar="NAME|PATH")] = "films",
    user: Annotated[str, typer.Option(help="Who asks; with API keys each key is a person instead.")] = "me",
    size: Annotated[int, typer.Option(help="Items in a list of recommendations.", min=1, max=50)] = 5,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp instead of standard input.")] = False,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen.", min=0, max=65535)] = 8001,
    api_key_file: Annotated[Path | None, KEY_FILE] = None,
    rate: Annotated[str, RATE] = "auto",
    body_limit: Annotated[int, BODY] = 2**20,
    grace: Annotated[int, GRACE] = 20,
    rules: Annotated[Path | None, typer.Option(help="As of chatrec chat.", metavar="PATH.toml")] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Give a catalog to any program that speaks the Model Context Protocol; that program's own model does the talking.

    - `chatrec mcp --catalog films --user ana` over standard input and output, as desktop programs start it
    - `chatrec mcp --http` at http://127.0.0.1:8001/mcp
    - `chatrec key ana --file keys.txt`, then `chatrec mcp --http --host 0.0.0.0 --api-key-file keys.txt` for other
      machines: each key is a person

    Tools: search, recommend, describe, feedback, get_profile, update_profile; the resource chatrec://catalog is the
    catalog card. The person's profile is the same as in `chatrec chat --user`.
    """
    from rich.console import Console

    needs("mcp", "limits", "prometheus_client", extra="mcp")
    from chatrec.agent.doors._open import open_index, open_recommender
    from chatrec.agent.doors._quiet import own_stdout
    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._words import machine_language
    from chatrec.indexes import home, open_store

    keys, allowed = admitted(host, api_key_file, rate) if http else (None, None)
    # Standard output belongs to the protocol: whatever is printed while loading goes elsewhere.
    with own_stdout(), Loading(Console(stderr=True), language=machine_language()) as loading:
        from chatrec.agent.doors._mcp_app import mcp_app, mcp_server

        items, index = open_index(catalog, on_progress=loading.tell, database_url=database_url)
        store = open_store(database_url or home() / "people.db")
        recommender = open_recommender(catalog, items, index, store, rules=rules)
        server = mcp_server(recommender, user=user, size=size)
        recommender.recommend("", user_id=user)  # the first one is slow
    if keys is None:
        server.run("stdio")
        return
    app = mcp_app(server, host=host, keys=keys, rate=allowed, body_limit=body_limit)
    run(app, host=host, port=port, grace=grace, told=f"{items.name}: {{url}}/mcp")
