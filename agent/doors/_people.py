"""The commands of a person's own data: export, forget, retain."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatrec._files import replacing
from chatrec.errors import StoreError

if TYPE_CHECKING:
    from chatrec.indexes._postgres_stores import ServerSaver, ServerStore
    from chatrec.indexes._savers import LocalSaver
    from chatrec.indexes._stores import LocalStore

_USER = typer.Option(help="The person.")
DATABASE_URL = typer.Option(
    "--database-url",
    help="A PostgreSQL database instead of this machine's files: postgresql://user@host/name. The password is better "
    "told by this variable or by PGPASSWORD: other programs can read what was typed.",
    metavar="URL",
    envvar="CHATREC_DATABASE_URL",
    show_default=False,
)
"""The option of every command that reads or writes items or people's data."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line.

    Args:
        app: The command line.
    """
    for command in (export, forget, retain):
        app.command()(command)


def export(
    *,
    user: Annotated[str, _USER],
    out: Annotated[Path | None, typer.Option(help="A file to write; standard output by default.")] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Write everything that is held of a person, as JSON.

    Profile and feedback with what they were understood from, every conversation with who said what when, every
    recommendation that was shown.
    """
    from chatrec.indexes import export_person

    with _opened(database_url) as (store, saver):
        told = export_person(user, store=store, checkpointer=saver)
    typed = _history(user)
    told["typed"] = typed.read_text("utf-8", errors="replace").splitlines() if typed.exists() else []
    # What of a command line is no text is lone surrogates; escaped so, they are JSON.
    text = json.dumps(told, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace").decode("utf-8") + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.parent.stat()  # a folder that is not there was spelled wrong
        if out.exists() and not out.is_file():  # such as /dev/stdout
            out.write_text(text, "utf-8")
        else:
            with replacing(out, private=True) as made:
                made.write_text(text, "utf-8")
    except OSError as error:
        raise StoreError(f"{str(out)!r} cannot be written: {error.strerror}", hint="name another file") from error
    typer.echo(f"{user}: written to {out}", err=True)


def forget(
    *,
    user: Annotated[str, _USER],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Delete everything that is held of a person, for good.

    Profile, feedback, conversations and typed lines, their bytes in the files included. Others keep theirs. Leaves
    with 1 where something could not be reached: then close the program that is named, and do it again.
    """
    from chatrec.indexes import forget_person
    from chatrec.indexes._logs import everything
    from chatrec.indexes._threads import ThreadOwners

    with _opened(database_url) as (store, saver):
        if not yes:
            counts = [len(everything(store, log, user)) for log in ("profile", "feedback")]
            counts.append(len(ThreadOwners(store).threads(user)))
            typer.echo("{}: {} wishes, {} feedback, {} conversations".format(user, *counts))
            typer.confirm("Delete them for good?", abort=True)
        gone = forget_person(user, store=store, checkpointer=saver)
    forget_beside(user)
    typer.echo(
        f"{user}: forgotten; {gone.profile} records of wishes, {gone.feedback} of feedback, "
        f"{len(gone.threads)} conversations are deleted"
    )
    _tell_left(gone.left)


def retain(
    *,
    days: Annotated[float, typer.Option(help="How long conversations and feedback are kept.", min=0)],
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Delete everybody's conversations and feedback that are older, for good.

    A conversation is as old as the last thing said in it. Lasting wishes stay, without the words they were said in.
    `chatrec chat --keep-days N` does the same at every start.
    """
    gone, left = let_go(days, database_url)
    typer.echo(gone)
    _tell_left(left)


def let_go(days: float, database_url: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Delete what is older than so many days.

    Args:
        days: How long things are kept.
        database_url: The database that holds them; None for chatrec's home.

    Returns:
        What was deleted, in words, and what could not be reached.
    """
    from chatrec.indexes import home
    from chatrec.indexes import retain as retain_days

    with _opened(database_url) as (store, saver):
        gone = retain_days(days, store=store, checkpointer=saver)
    for typed in (home() / "typed").glob("[!.]*"):
        with suppress(FileNotFoundError):  # somebody is being forgotten
            _cut(typed, datetime.now(UTC) - timedelta(days=days))
    text = f"older than {days:g} days: {len(gone.threads)} conversations, {gone.feedback} records of feedback deleted"
    return text, gone.left


def _tell_left(left: tuple[str, ...]) -> None:
    for why in left:
        typer.echo(f"chatrec: {why}", err=True)
    if left:
        raise typer.Exit(1)


@contextmanager
def _opened(
    database_url: str | None,
) -> Generator[tuple[LocalStore | ServerStore, LocalSaver | ServerSaver], None, None]:
    from chatrec.indexes import home, open_checkpointer, open_store

    people, threads = database_url or home() / "people.db", database_url or home() / "threads.db"
    with open_store(people) as store, open_checkpointer(threads) as saver:
        yield store, saver


def _history(user: str) -> Path:
    from chatrec.indexes._persistence import history_file

    return history_file(user)


def forget_beside(user: str) -> None:
    """Delete what else may hold a person's words: typed lines, and beginnings of prompts with an app's own text."""
    from chatrec.agent.llm._shelf import prefix_folder
    from chatrec.indexes import home

    # One history for all, as it once was: nobody knows whose lines they are. A beginning can be computed again.
    for path in (_history(user), home() / "history", *prefix_folder().glob("*")):
        if path.is_file():
            path.write_bytes(b"\0" * path.stat().st_size)
            path.unlink()


def _cut(typed: Path, before: datetime) -> None:
    """Keep the lines typed since a time; each entry begins with a line `# time`."""
    kept: list[str] = []
    fresh = True
    lines = typed.read_text("utf-8", errors="replace").splitlines(keepends=True)
    for line in lines:
        if line.startswith("# "):
            try:
                fresh = datetime.fromisoformat(line[2:].strip()).astimezone() >= before
            except ValueError:
                fresh = True
        if fresh:
            kept.append(line)
    if len(kept) == len(lines):
        return
    with replacing(typed, private=True) as made:
        made.write_text("".join(kept), "utf-8")
