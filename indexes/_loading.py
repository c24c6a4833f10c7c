"""From a file to items: its rows are read, its columns understood, and what cannot be used is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from os import PathLike, fspath
from pathlib import Path

from chatrec.errors import CatalogError
from chatrec.indexes._load_columns import Understood, understand
from chatrec.indexes._load_csv import NO_SEPARATOR, CsvLayout
from chatrec.indexes._load_file import CatalogFile
from chatrec.indexes._load_items import make_items
from chatrec.indexes._load_read import Reader
from chatrec.indexes._load_report import LoadReport
from chatrec.indexes._load_table import Table
from chatrec.indexes._rejects import Reject, RejectLog
from chatrec.indexes._schema import Schema
from chatrec.indexes._values import FacetKind, Item


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file held.

    Attributes:
        items: The items, in the order of the file.
        name: The demo's or the file's name without its ending.
        rejects: The bad rows, by line.
        units: Units by number facet.
        kinds: Kinds that were told, by facet.
        labels: Names in two languages that were told, by facet.
        report: What the file was taken for.
    """

    items: tuple[Item, ...]
    name: str
    rejects: tuple[Reject, ...]
    units: Mapping[str, str]
    kinds: Mapping[str, FacetKind]
    labels: Mapping[str, str]
    report: LoadReport


def load_items(
    source: str | PathLike[str],
    *,
    schema: Schema,
    strict: bool = False,
    rejects: str | PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Read the items of a file; see `Catalog.load`.

    Raises:
        CatalogError: There is no such file or column, no row can be used, or (with `strict`) a row is bad.
    """
    path = find_source(source)
    file = CatalogFile(path, encoding=schema.encoding, progress=progress)
    if rejects is not None and Path(rejects).exists() and Path(rejects).samefile(path):
        # They would take the place of the good rows, or without any the file would be removed.
        raise CatalogError(f"the rejects would be written over {path.name!r} itself", hint="name another file for them")
    reader = Reader(file, CsvLayout(schema.separator, schema.header))
    log = RejectLog(path.name)
    table, rows = _read(reader, log)
    items: tuple[Item, ...] = ()
    understood: Understood | None = None
    if len(table):
        understood = understand(table.columns, schema)
        items = tuple(make_items(table, understood, log))
    if rejects is not None and not strict:
        log.write(Path(rejects), _again(file, reader.layout) if len(log) else ())
    bad = log.sorted()
    if bad and strict:
        raise bad[0].error()
    if not items and bad:
        first = bad[0].error()
        raise CatalogError(f"none of the {len(bad)} rows can be used; {first.args[0]}", hint=first.hint)
    if understood is None or not items:
        raise CatalogError(f"{path.name} has no rows", hint="a catalog needs at least one row with a title")
    separator = reader.layout.separator if reader.format == "CSV" and reader.layout.separator != NO_SEPARATOR else ""
    report = LoadReport(
        file=path.name,
        format=reader.format,
        encoding="" if file.is_parquet else file.encoding.name,
        guessed=not file.is_parquet and file.encoding.guessed,
        separator=separator or "",
        header=reader.format != "CSV" or bool(reader.layout.header),
        columns=tuple(understood.reports),
        rows=rows,
        rejects_file=str(rejects) if rejects is not None and bad else "",
    )
    return Loaded(items, catalog_name(path), bad, understood.units, understood.kinds, understood.labels, report)


def find_source(source: str | PathLike[str]) -> Path:
    """The file behind a path or the name of a demo catalog.

    Raises:
        CatalogError: It is neither.
    """
    text = fspath(source)
    try:
        path = Path(text).expanduser()
        exists = path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # the last where `~name` is nobody's home
        raise CatalogError(f"{text!r} cannot be a path: {error}", hint="give the path of a file") from None
    if exists and not (path.is_dir() and text in demos()):
        return path
    if isinstance(source, str) and text in demos():
        return demos()[text]
    raise CatalogError(
        f"there is no file {text!r}" + ("" if path.is_absolute() else f" in {Path.cwd()}"),
        hint="check the path, or name a demo catalog: " + ", ".join(demos()),
    )


def catalog_name(path: Path) -> str:
    """What the catalog of a file is called: its name without its endings."""
    return path.name.split(".")[0] or path.name


def beside(source: str | PathLike[str]) -> Path | None:
    """The schema that lies beside a file: `dishes.schema.toml` or `.json` beside `dishes.csv`; None without one."""
    # What can be no path is named when it is opened.
    with suppress(OSError, ValueError, CatalogError):
        path = find_source(source)
        for ending in ("toml", "json"):
            found = path.with_name(f"{catalog_name(path)}.schema.{ending}")
            if found.is_file() and found != path:
                return found
    return None


def demos() -> dict[str, Path]:
    """The catalogs that come with the package, by name."""
    folder = Path(str(resources.files("chatrec.indexes"))) / "catalogs"
    return {path.stem: path for path in sorted(folder.glob("*.jsonl"))}


def _again(file: CatalogFile, layout: CsvLayout) -> Reader:
    """The same records once more."""
    again = CatalogFile(file.path, encoding=None if file.is_parquet else file.encoding.name)
    if again.stamp != file.stamp:
        # Other rows stand now where the bad ones stood.
        raise CatalogError(f"{file.name} changed while it was read", hint="load it again")
    return Reader(again, layout)


def _read(reader: Reader, log: RejectLog) -> tuple[Table, int]:
    """All rows that could be read, and how many there are; the others are noted in the log."""
    table, number = Table(), -1
    for number, record in enumerate(reader):
        fault = record.fault or table.add(record, number)
        if fault is not None:
            log.add(number, record.line, fault)
    table.finish()
    if number < 0 and not reader.format:
        raise CatalogError(f"{log.file} is empty", hint="a catalog needs at least one row with a title")
    return table, number + 1
