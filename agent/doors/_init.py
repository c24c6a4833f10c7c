"""`chatrec init`: looks at a catalog's file and writes the folder's `chatrec.toml`, commented."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatrec._files import replacing
from chatrec.errors import ConfigError

if TYPE_CHECKING:
    from chatrec.indexes import Catalog, ColumnSchema, Schema
    from chatrec.indexes._load_report import ColumnReport

_FIRST = ("language", "model", "adapter", "max-questions", "keep-days", "user")
_ONCE = {"catalog", "message", "json", "thread", "title", "id", "description", "schema", "strict", "rejects"}
"""What is said of one call, or said by other lines of the file."""
_WIDTH = 110
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def init(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(help="A CSV, JSON, JSONL or Parquet file, gzip too; or a demo's name.", metavar="FILE"),
    ],
    *,
    title: Annotated[str | None, typer.Option(help="The column with the titles.", metavar="COLUMN")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="The column with the ids.", metavar="COLUMN")] = None,
    description: Annotated[str | None, typer.Option(help="The column with the descriptions.", metavar="COLUMN")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the chatrec.toml that is there.")] = False,
) -> None:
    """Look at a catalog file and write chatrec.toml, so that the next command is plain `chatrec chat`.

    - `chatrec init dishes.csv` writes what each column was taken for, and every setting with its default
    - `chatrec init dishes.csv --title dish` where a guess would be wrong

    Every command that runs in this folder reads the file; what is said on the command line wins. Edit it as you like.
    """
    from rich.console import Console

    from chatrec.agent.doors._config import NAME
    from chatrec.agent.doors._terminal import Loading
    from chatrec.agent.doors._words import machine_language
    from chatrec.indexes import Catalog, Schema
    from chatrec.indexes._loading import beside

    path = Path.cwd() / NAME
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already", hint="edit it, or replace it with --force")
    schema = Schema.of(beside(file)).telling(id=id_, title=title, description=description)
    with Loading(Console(stderr=True), language=machine_language()) as loading:
        catalog = Catalog.load(
            file, schema=schema, progress=lambda done, total: loading.tell("catalog", done // 1000, total // 1000)
        )
    parent = context.parent
    assert parent is not None
    text = configuration(file, catalog, schema, parent.command.commands)  # type: ignore[attr-defined]
    _replace(path, text)
    parts = {} if catalog.report is None else {column.role: column.column for column in catalog.report.columns}
    typer.echo(f"{NAME}: {len(catalog)} items, {len(catalog.facets)} facets, titles from {parts.get('title')!r}")
    if catalog.rejects:
        typer.echo(f"{len(catalog.rejects)} rows left out, such as {catalog.rejects[0]}; `chatrec index` lists them")
    typer.echo("Look at it, then talk:  chatrec chat")


def configuration(source: str, catalog: Catalog, schema: Schema, commands: Mapping[str, Any]) -> str:
    """The text of a `chatrec.toml`.

    Args:
        source: The catalog's file or name, as it is to stand there.
        catalog: The catalog as it was loaded.
        schema: What was told of its columns; stands in the file, as what was guessed of the titles, ids and
            descriptions does. The rest of the guesses stand as comments.
        commands: The commands of the command line by their names; their options stand as comments, with defaults.
    """
    lines = [
        "# Settings of chatrec in this folder: every command that runs here reads them; the command line wins.",
        "# A line without # holds; to change a default, take the # away. `chatrec COMMAND --help` tells more.",
        "",
        f"# {len(catalog)} items",
        f"catalog = {as_toml(source)}",
        *_shared(commands),
        *_reading(catalog, schema),
        *_columns(catalog, schema),
        *_tables(commands),
    ]
    return "\n".join(lines) + "\n"


def as_toml(value: object) -> str:
    """A text, number or truth value as it stands in TOML."""
    # JSON's texts are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shared(commands: Mapping[str, Any]) -> Iterator[str]:
    """What stands at the top: the options of the conversation, and whatever several commands take."""
    readers = _readers(commands)
    for key in _top(readers):
        takers = {name: own[key] for name, own in readers.items() if key in own}
        if takers:
            defaults = {name: parameter.default for name, parameter in takers.items()}
            differ = len(set(map(repr, defaults.values()))) > 1 and None not in defaults.values()
            each = ", ".join(f"{name} {default}" for name, default in defaults.items())
            # The first, the conversation's own, says most; the others refer to it.
            yield from _option(key, next(iter(takers.values())), more=f" By default: {each}." if differ else "")


def _tables(commands: Mapping[str, Any]) -> Iterator[str]:
    """What else each command takes, in a table of its own."""
    readers = _readers(commands)
    told = {*_top(readers), *_ONCE}
    for name, own in readers.items():
        rest = [key for key in own if key not in told]
        if rest:
            yield from ("", f"[{name}]")
        for key in rest:
            yield from _option(key, own[key])


def _readers(commands: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The options of the commands that read the catalog, by key."""
    from chatrec.agent.doors._config import keys

    every = {name: keys(command.params) for name, command in commands.items()}
    return {name: own for name, own in every.items() if "catalog" in own}


def _top(readers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    often = Counter(key for own in readers.values() for key in own if key not in _ONCE)
    return list(dict.fromkeys([*_FIRST, *(key for key, count in often.items() if count > 1)]))


def _option(key: str, parameter: Any, *, more: str = "") -> Iterator[str]:
    yield ""
    yield from _comment(re.sub(r"\s+", " ", str(parameter.help or key)) + more)
    default = parameter.default
    if default is None or callable(default):
        default = parameter.metavar or "…"
    elif not isinstance(default, str | int | float | list | tuple):
        default = str(default)
    yield f"# {key} = {as_toml(list(default) if isinstance(default, tuple) else default)}"


def _reading(catalog: Catalog, schema: Schema) -> Iterator[str]:
    """How the file is read: told where it was told, else the guess as a comment."""
    report = catalog.report
    if report is None:
        return
    guesses: dict[str, Any] = {"encoding": report.encoding or None, "separator": report.separator or None}
    if report.separator:
        guesses["header"] = report.header
    lines = [
        f"{'' if getattr(schema, key) is not None else '# '}{key} = {as_toml(value)}"
        for key, guess in guesses.items()
        if (value := guess if getattr(schema, key) is None else getattr(schema, key)) is not None
    ]
    if lines:
        yield from ("", f"# How {report.file} is read.", *lines)


def _columns(catalog: Catalog, schema: Schema) -> Iterator[str]:
    from chatrec.agent.doors._report import column_report
    from chatrec.indexes import ColumnSchema

    report = catalog.report
    if report is None:
        return
    yield from ("", "# The columns, and what they were taken for.")
    yield from _comment(
        'role: "id", "title", "description" (one column each), "facet" (asked for and filtered by), "keep" (shown '
        'alone), "ignore". Of facets: kind ("category", "multi", "number", "date", "boolean", "text"), unit, separator '
        "of several values in one cell, label (what people call it), order (the least is asked first)."
    )
    for column in report.columns:
        known = schema.columns.get(column.column, ColumnSchema())
        yield ""
        if column.role == "empty":
            yield from _comment(f"{column.column}: {column_report(column, catalog)}")
            continue
        yield from _comment(column_report(column, catalog))
        yield f"[columns.{_key(column.column)}]"
        yield from _settings(column, known, catalog)


def _settings(column: ColumnReport, known: ColumnSchema, catalog: Catalog) -> Iterator[str]:
    """What is told, or was found to be the title, id or description, holds; the rest are comments."""
    guesses: dict[str, Any] = {"role": column.role}
    facets = [catalog.facets[name] for name in column.facets if name in catalog.facets]
    if column.role == "facet" and len(facets) == 1:
        facet = facets[0]
        guesses |= {"kind": facet.kind, "unit": facet.unit or None, "separator": column.separator or None}
        guesses["label"] = None if _BARE.fullmatch(facet.name) else facet.name
    for key in ("role", "kind", "unit", "separator", "label", "order"):
        told = getattr(known, key)
        holds = told is not None or (key == "role" and column.role in {"id", "title", "description"})
        value = guesses.get(key) if told is None else told
        if value is not None:
            yield f"{'' if holds else '# '}{key} = {as_toml(value)}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else as_toml(name)


def _comment(text: str) -> Iterator[str]:
    # A comment is one line: whatever in the data would end it, or is no text, is shown as a space.
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    yield from (f"# {line}" for line in textwrap.wrap(clean, _WIDTH))


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole, or leave it as it was."""
    try:
        with replacing(path) as made:
            made.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="go to a folder of your own") from error
