"""The command `chatrec`: chat, index, doctor, people's data. What is heavy is imported when a command runs."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chatrec.agent.doors import _mcp, _serve, _web
from chatrec.agent.doors._database import database, migrate
from chatrec.agent.doors._evaluating import evaluate
from chatrec.agent.doors._init import init
from chatrec.agent.doors._learning import tune
from chatrec.agent.doors._people import DATABASE_URL, register
from chatrec.errors import ChatrecError

if TYPE_CHECKING:
    from chatrec.agent.doors._open import Wanted
    from chatrec.agent.doors._session import Session
    from chatrec.tools._turn import Spoken

app = typer.Typer(
    name="chatrec",
    help="Talk to your own catalog: a local language model asks or recommends; nothing leaves this machine.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_CATALOG = typer.Option(
    help="A demo catalog's name, or a CSV, JSON, JSONL or Parquet file (gzip too).", metavar="NAME|PATH"
)


def main() -> None:
    """Run the command; an error of ours is one line and a hint, never a traceback."""
    from chatrec.agent.doors._quiet import quiet

    quiet()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except ChatrecError as error:
        typer.echo(f"chatrec: {error.args[0]}\n  {error.hint}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader has gone (`| head`): nobody is left to tell, and the interpreter must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    if context.invoked_subcommand not in {None, "init"}:
        _take_defaults(context)
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"chatrec {installed('chatrec')}")
        raise typer.Exit


def _take_defaults(context: typer.Context) -> None:
    """The `chatrec.toml` of the current folder, if there is one, gives the options that are not said."""
    from chatrec.agent.doors._config import defaults, read_config, told

    config = read_config()
    if config is None:
        return
    given = defaults(config, context.command.commands)  # type: ignore[attr-defined]
    context.default_map = dict(given)
    own = given[str(context.invoked_subcommand)]
    if own:
        typer.echo(told(config, own), err=True)


@app.command()
def chat(
    *,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", help="Say this and leave; repeat it for several turns of one conversation."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn on standard output.")] = False,
    catalog: Annotated[str, _CATALOG] = "films",
    model: Annotated[
        str | None,
        typer.Option(
            help="A GGUF file, or the URL of an OpenAI-compatible server, instead of the embedded model.",
            metavar="PATH.gguf|URL",
        ),
    ] = None,
    adapter: Annotated[
        str,
        typer.Option(help="auto is the one that ships with the embedded model; or none, or what chatrec tune wrote."),
    ] = "auto",
    user: Annotated[str, typer.Option(help="Who is talking; each person has their own profile.")] = "me",
    thread: Annotated[
        str | None, typer.Option(help="The conversation to begin or to go on with; a new one by default.")
    ] = None,
    language: Annotated[Literal["auto", "en", "zh"], typer.Option(help="Of the answers; auto follows yours.")] = "auto",
    max_questions: Annotated[int, typer.Option(help="Questions in a row before a list is due.", min=0, max=10)] = 2,
    rules: Annotated[
        Path | None,
        typer.Option(help="The owner's rules: what to boost, bury, never show, or only if.", metavar="PATH.toml"),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(
            help="First delete conversations and feedback older than this.",
            min=0,
            envvar="CHATREC_KEEP_DAYS",
            metavar="DAYS",
        ),
    ] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Talk to a catalog.

    - `chatrec chat` opens a conversation on the demo films
    - `chatrec chat --catalog dishes.csv --thread dinner` another catalog, a conversation to come back to
    - `chatrec chat -m "a short comedy" -m "something older"` two turns, then leaves
    - `chatrec chat --catalog shop --rules rules.toml` minds what the owner puts forward or holds back
    - `chatrec chat --json -m "a short comedy"` for programs
    - `chatrec chat --model qwen2.5-3b-instruct-q4_k_m.gguf` a larger model decides better
    - `chatrec chat --model http://host:8080/v1` a model elsewhere; what is said is sent there

    Inside, `/help` lists the commands, such as `/like 2` and `/no 1 too long`.
    """
    from chatrec.agent._remote import LOST, is_model_url
    from chatrec.agent.doors._open import Wanted

    wanted = Wanted(
        catalog=catalog,
        model=model,
        adapter=adapter,
        user=user,
        thread=thread,
        language=language,
        max_questions=max_questions,
        rules=rules,
        keep_days=keep_days,
        database_url=database_url,
    )
    if is_model_url(model):
        typer.echo(LOST, err=True)
    if as_json:
        _chat_json(wanted, message)
    else:
        _chat_text(wanted, message)


@app.command()
def index(
    catalog: Annotated[str, typer.Argument(help="A CSV, JSON, JSONL or Parquet file, gzip too.", metavar="FILE")],
    *,
    title: Annotated[str | None, typer.Option(help="The column with the titles.", metavar="COLUMN")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="The column with the ids.", metavar="COLUMN")] = None,
    description: Annotated[str | None, typer.Option(help="The column with the descriptions.", metavar="COLUMN")] = None,
    schema: Annotated[
        str | None, typer.Option(help="A TOML or JSON file that says what the columns are; none forgets what was told.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="Where to write the rows left out, to be mended.", metavar="PATH.jsonl")
    ] = None,
    interactions: Annotated[
        Path | None,
        typer.Option(help="Who liked what: a file with the columns user, item and perhaps rating and time."),
    ] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Read a catalog file, index it, and say what was understood.

    - `chatrec index dishes.csv` then `chatrec chat --catalog dishes.csv` starts at once
    - `chatrec index dishes.csv --title dish` where a guess was wrong; it is remembered
    - `chatrec index dishes.csv --schema dishes.toml` says more: kinds, units, separators, names
    - `chatrec index dishes.csv --interactions ratings.csv` learns which items the same people like

    Run again after a change, only items that are new or changed are indexed, and those that are gone are told.
    """
    from rich.console import Console

    from chatrec.agent.doors._changes import note_changes
    from chatrec.agent.doors._open import open_index
    from chatrec.agent.doors._report import catalog_report
    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._told import Told
    from chatrec.agent.doors._words import machine_language
    from chatrec.indexes import ItemIndex
    from chatrec.indexes._persistence import index_folder

    told = Told(title=title, id=id_, description=description, schema=schema, strict=strict, rejects=rejects)
    with Loading(Console(stderr=True), language=machine_language()) as loading:
        items, vectors = open_index(catalog, on_progress=loading.tell, told=told, database_url=database_url)
    folder = index_folder(catalog, items.name)
    lines = [*catalog_report(items, folder, note_changes(items, folder)), f"vectors: {vectors.describe()}"]
    made = vectors.report if isinstance(vectors, ItemIndex) else None
    if made is not None and made.rebuilt:
        lines.append(f"built anew: {made.rebuilt}")
    if interactions is not None:
        from chatrec.agent.doors._company import learn_company

        if database_url is not None:
            lines.append("what people like together is kept on this machine alone: do this wherever chatrec serves")
        lines += learn_company(interactions, items, folder)
    for line in lines:
        typer.echo(line)


@app.command()
def doctor(
    context: typer.Context,
    *,
    tune: Annotated[
        bool,
        typer.Option("--tune", help="Try number formats, threads and batch sizes on this CPU, and keep the best."),
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="Tune this GGUF file, not the embedded model.", metavar="PATH.gguf")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long to try, about.", min=1)] = 75,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Say what is installed, which model runs, what this machine's CPU can do, what is slow, and how to mend it.

    - `chatrec doctor` takes some seconds; leaves with 1 where something is broken
    - `chatrec doctor --tune` finds the weights and threads for this CPU, once; run it while nothing else computes
    - `chatrec doctor --tune --model qwen2.5-3b-instruct-q4_k_m.gguf` threads and batch size for a file of your own

    Ctrl-C while tuning leaves the old choice.
    """
    from rich.console import Console

    from chatrec.agent.doors._doctor import examine, show

    if tune:
        from chatrec.agent.doors._tune import tune_and_tell

        tune_and_tell(model, Console(), seconds=seconds)
        return
    source = context.get_parameter_source("model")
    if model is not None and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter("is of use with --tune only", param_hint="--model")

    findings = examine(database_url)
    show(findings, Console())
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


app.command()(database)
app.command()(migrate)
app.command()(tune)
app.command()(evaluate)


def _open(wanted: Wanted, language: Spoken) -> Session:
    from rich.console import Console

    from chatrec.agent.doors._open import open_session
    from chatrec.agent.doors._terminal import Loading

    with Loading(Console(stderr=True), language=language) as loading:
        return open_session(wanted, on_progress=loading.tell)


def _chat_json(wanted: Wanted, messages: list[str] | None) -> None:
    from chatrec.agent.doors._commands import run_command
    from chatrec.agent.doors._quiet import own_stdout
    from chatrec.agent.doors._words import machine_language

    language = machine_language()
    with own_stdout() as out:
        session = _open(wanted, language)
        for line in sys.stdin if messages is None else messages:
            text = line.strip()
            if text.startswith("/"):
                shown = run_command(text, session, language)
                if shown is None:
                    return
                typer.echo(shown, err=True)  # a command is not a turn
            elif text:
                out.write(json.dumps(session.send(text).as_dict(), ensure_ascii=False) + "\n")
                out.flush()


def _chat_text(wanted: Wanted, messages: list[str] | None) -> None:
    from rich.console import Console

    from chatrec.agent.doors._terminal import Lines, Screen, Source, Typed, chat, greet
    from chatrec.agent.doors._words import machine_language
    from chatrec.indexes import home
    from chatrec.indexes._persistence import history_file

    state = home()
    first = None if (state / "threads.db").exists() else str(state)
    language: Spoken = machine_language() if wanted.language == "auto" else wanted.language
    session = _open(wanted, language)
    screen = Screen(Console(highlight=False), language=language)
    source: Source
    if messages is not None:
        source = Lines(messages)
    elif sys.stdin.isatty() and sys.stdout.isatty():
        source = Typed(history_file(wanted.user))
        greet(session, screen, first=first)
    else:
        source = Lines(sys.stdin)
    chat(session, source, screen)
    if source.typed:
        options = ["--thread", session.thread_id]
        options += ["--catalog", wanted.catalog] if wanted.catalog != "films" else []
        options += ["--user", wanted.user] if wanted.user != "me" else []
        options += ["--model", str(wanted.model)] if wanted.model is not None else []
        options += ["--adapter", wanted.adapter] if wanted.adapter != "auto" else []
        screen.say("bye", options=shlex.join(options))


_serve.register(app)
_web.register(app)
_mcp.register(app)
register(app)
app.command()(init)


if __name__ == "__main__":
    main()
