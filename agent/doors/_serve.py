"""`chatrec serve` and `chatrec key`: the OpenAI-compatible server on the command line."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chatrec.agent.doors._people import DATABASE_URL
from chatrec.errors import ChatrecError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from chatrec.agent.doors._keys import Keys

CATALOGS = typer.Option(
    "--catalog", help="A demo catalog's name, or a file; repeat it to serve several.", metavar="NAME|PATH"
)
HOST = typer.Option(help="Where to listen; 0.0.0.0 is everywhere, and needs API keys.")
KEY_FILE = typer.Option(
    "--api-key-file", help="Who is let in: one `name key` a line; `chatrec key` writes it.", metavar="PATH"
)
RATE = typer.Option(help="How often each key may call; none for no limit. [default: 120/minute beyond this machine]")
BODY = typer.Option(help="The largest request, in bytes.", min=1024)
GRACE = typer.Option(help="Seconds that answers under way get when the server is stopped.", min=0)
MODEL = typer.Option(help="As of chatrec chat.", metavar="PATH.gguf|URL")
ADAPTER = typer.Option(help="As of chatrec chat.")
LANGUAGE = typer.Option(help="Of the answers; auto follows theirs.")
QUESTIONS = typer.Option(help="Questions in a row before a list is due.", min=0, max=10)
KEEP_DAYS = typer.Option(help="As of chatrec chat.", min=0, envvar="CHATREC_KEEP_DAYS")
RULES = typer.Option(
    help="The owner's rules: what to boost, bury, never show, or only if; NAME=PATH for one catalog of several.",
    metavar="[NAME=]PATH.toml",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line.

    Args:
        app: The command line.
    """
    app.command()(serve)
    app.command()(key)


def serve(
    *,
    catalog: Annotated[list[str] | None, CATALOGS] = None,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen.", min=0, max=65535)] = 8000,
    api_key_file: Annotated[Path | None, KEY_FILE] = None,
    model: Annotated[str | None, MODEL] = None,
    adapter: Annotated[str, ADAPTER] = "auto",
    language: Annotated[Literal["auto", "en", "zh"], LANGUAGE] = "auto",
    rate: Annotated[str, RATE] = "auto",
    body_limit: Annotated[int, BODY] = 2**20,
    max_turns: Annotated[
        int, typer.Option(help="Turns under way at once, waiting ones included; more get 503.", min=1, max=64)
    ] = 64,
    user_header: Annotated[
        str | None, typer.Option(help="A header that names the person, before the request's `user`.")
    ] = None,
    grace: Annotated[int, GRACE] = 20,
    bare: Annotated[
        bool, typer.Option("--bare", help="Also the language model by itself, with tools, at /bare/v1.")
    ] = False,
    max_questions: Annotated[int, QUESTIONS] = 2,
    rules: Annotated[list[str] | None, RULES] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    keep_days: Annotated[float | None, KEEP_DAYS] = None,
) -> None:
    """Serve catalogs to every program that speaks OpenAI's protocol; each catalog is a model.

    - `chatrec serve` serves the demo films on http://127.0.0.1:8000/v1
    - `chatrec serve --catalog films --catalog dishes.csv` two models: films and dishes
    - `chatrec key ana --file keys.txt`, then `chatrec serve --host 0.0.0.0 --api-key-file keys.txt` for other machines
    - `curl http://127.0.0.1:8000/v1/models`
    - `chatrec serve --catalog films --catalog shop --rules shop=rules.toml` minds what the shop's owner puts forward
    - `chatrec serve --bare`, then elsewhere `chatrec chat --model http://host:8000/bare/v1`

    Clients send the whole conversation each time, as OpenAI's do. People are told apart by API key and by the request's
    `user`; each has a profile of their own. Items come as text, and as data in the field `chatrec` beside it.
    `/health`, `/ready` and `/metrics` are for those who watch over it. Ctrl-C or SIGTERM lets answers under way end.
    """
    from rich.console import Console

    needs("fastapi", "uvicorn", "prometheus_client", "limits", extra="serve")
    from chatrec.agent._assemble import open_model
    from chatrec.agent.doors._open import Wanted, open_rooms
    from chatrec.agent.doors._serve_app import serve_app
    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._words import machine_language

    keys, allowed = admitted(host, api_key_file, rate)
    own_rules = {name: Path(path) for name, _, path in (told.rpartition("=") for told in rules or ())}
    wanted = Wanted(
        model=model,
        adapter=adapter,
        language=language,
        max_questions=max_questions,
        keep_days=keep_days,
        database_url=database_url,
        rules=own_rules.pop("", None),
    )
    with Loading(Console(stderr=True), language=machine_language()) as loading:
        speaker = open_model(model, None if adapter == "none" else adapter, load=True) if bare else None
        rooms = open_rooms(
            catalog or ["films"], wanted, on_progress=loading.tell, model=speaker, rules=own_rules, warm=True
        )
    app = serve_app(
        rooms,
        keys=keys,
        rate=allowed,
        body_limit=body_limit,
        most_turns=max_turns,
        user_header=user_header,
        bare=speaker,
    )
    run(app, host=host, port=port, grace=grace, told=f"{', '.join(rooms)}: {{url}}/v1")


def key(
    name: Annotated[str, typer.Argument(help="Whose key it is; their people's data is kept under this name.")],
    *,
    file: Annotated[Path, typer.Option(help="Where its digest is added, for --api-key-file.")],
) -> None:
    """Make an API key for `chatrec serve` and `chatrec mcp`.

    - `chatrec key ana --file keys.txt` prints the key, once; the file holds only a digest of it

    Take a line out of the file, and start the server again, to shut its holder out.
    """
    from chatrec.agent.doors._keys import new_key

    typer.echo(new_key(name, file))


def admitted(
    host: str, api_key_file: Path | None, rate: str, *, default: str = "120/minute"
) -> tuple[Keys, str | None]:
    """Who is let in and how often; other machines only with keys.

    Args:
        host: Where the server listens.
        api_key_file: The keys.
        rate: As told on the command line.
        default: The rate beyond this machine, where none is told.

    Raises:
        typer.BadParameter: The server would be open to other machines without keys, or the rate is not understood.
        StoreError: The keys cannot be read.
    """
    from limits import parse

    from chatrec.agent.doors._guard import is_loopback
    from chatrec.agent.doors._keys import ENVIRONMENT, load_keys

    keys = load_keys(api_key_file)
    far = not is_loopback(host)
    if far and not len(keys):
        raise typer.BadParameter(
            f"{host} is reached by other machines, and there are no API keys; make one with "
            f"`chatrec key NAME --file keys.txt` and add --api-key-file keys.txt, or set {ENVIRONMENT}",
            param_hint="--host",
        )
    if rate == "auto":
        return keys, default if far else None
    if rate == "none":
        return keys, None
    try:
        parse(rate)
    except ValueError as error:
        raise typer.BadParameter(f"{rate!r} is not a rate; write 120/minute, or none", param_hint="--rate") from error
    return keys, rate


def run(app: ASGIApp, *, host: str, port: int, grace: int, told: str) -> None:
    """Serve until SIGTERM or Ctrl-C; then let what is under way end, and leave with 0.

    Args:
        app: The application.
        host: Where to listen.
        port: Where to listen; 0 takes a free one.
        grace: Seconds for what is under way.
        told: The line that says where it is; `{url}` stands for the address.

    Raises:
        ChatrecError: The address cannot be listened at.
    """
    import uvicorn

    class Told(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                name, bound = self.servers[0].sockets[0].getsockname()[:2]
                shown = f"[{name}]" if ":" in name else name
                typer.echo(told.format(url=f"http://{shown}:{bound}"), err=True)

    _log_to_stderr()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace,
        timeout_keep_alive=30,
        lifespan="auto",
    )
    # uvicorn stops gracefully and then raises the signal again, which would end the process as if it had failed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    try:
        Told(config).run()
    except SystemExit as error:
        if error.code:
            raise ChatrecError(
                f"{host}:{port} cannot be listened at", hint="another program is there; choose another --port"
            ) from error
        raise


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    for name, level in (("chatrec", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


def needs(*packages: str, extra: str) -> None:
    """Check that optional packages are there.

    Raises:
        ChatrecError: One is not; the hint says how to get it.
    """
    from importlib.util import find_spec

    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ChatrecError(f"not installed: {', '.join(missing)}", hint=f"pip install 'chatrec[{extra}]'")
