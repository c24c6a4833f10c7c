"""From a file to items: rows are read, columns understood, cells typed, and what cannot be used is named."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._load_cells import TypedColumn, is_blank, type_column
from chatrec.indexes._load_read import Row, read_rows
from chatrec.indexes._load_roles import Roles, find_roles
from chatrec.indexes._rejects import Reject, RejectLog
from chatrec.indexes._values import FacetValue, Item

# As programs write nothing; a work may well be called "None" or "-".
_NO_TITLE = (None, "", "nan", "NaN", "null", "NULL", "N/A", "#N/A", "\\N")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file held.

    Attributes:
        items: The items, in the order of the file.
        name: The demo's or the file's name without its ending.
        rejects: The bad rows, by line.
        units: Units by number facet.
    """

    items: tuple[Item, ...]
    name: str
    rejects: tuple[Reject, ...]
    units: Mapping[str, str]


def load_items(
    source: str | PathLike[str],
    *,
    id: str | None = None,  # noqa: A002
    title: str | None = None,
    description: str | None = None,
    strict: bool = False,
) -> Loaded:
    """Read the items of a file; see `Catalog.load`.

    Raises:
        CatalogError: There is no such file or column, no row can be used, or (with `strict`) a row is bad.
    """
    path = find_source(source)
    log = RejectLog(path.name)
    rows = read_rows(path, log)
    columns = by_column(rows)
    items: tuple[Item, ...] = ()
    units: dict[str, str] = {}
    if rows:
        roles = find_roles(columns, {"id": id, "title": title, "description": description})
        typed: dict[str, TypedColumn] = {}
        for column in columns:
            if column not in {roles.id, roles.title, roles.description}:
                typed[facet_name(column, typed)] = type_column(column, columns[column])
        items = tuple(_items(rows, roles, typed, log))
        units = {name: column.unit for name, column in typed.items() if column.unit}
    rejects = log.sorted()
    if rejects and strict:
        raise rejects[0].error()
    if not items and rejects:
        first = rejects[0].error()
        raise CatalogError(f"none of the {len(rejects)} rows can be used; {first.args[0]}", hint=first.hint)
    if not items:
        raise CatalogError(f"{path.name} has no rows", hint="a catalog needs at least one row with a title")
    return Loaded(items, path.name.split(".")[0] or path.name, rejects, units)


def find_source(source: str | PathLike[str]) -> Path:
    """The file behind a path or the name of a demo catalog.

    Raises:
        CatalogError: It is neither.
    """
    text = fspath(source)
    path = Path(text).expanduser()
    if path.exists() and not (path.is_dir() and text in demos()):
        return path
    if isinstance(source, str) and text in demos():
        return demos()[text]
    raise CatalogError(
        f"there is no file {text!r}" + ("" if path.is_absolute() else f" in {Path.cwd()}"),
        hint="check the path, or name a demo catalog: " + ", ".join(demos()),
    )


def demos() -> dict[str, Path]:
    """The catalogs that come with the package, by name."""
    folder = Path(str(resources.files("chatrec.indexes"))) / "catalogs"
    return {path.stem: path for path in sorted(folder.glob("*.jsonl"))}


def by_column(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """All cells by column, None where a row has none; columns in the order of their first appearance."""
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return {name: [row.cells.get(name) for row in rows] for name in names}


def facet_name(column: str, taken: Collection[str] = ()) -> str:
    """A facet's name: the column's, without the signs of the constraint notation and the names that items have.

    Args:
        column: The column's name.
        taken: The names of other facets.
    """
    name = "".join(" " if char in "=!<>~" else char for char in column).strip() or "column"
    while name in {"id", "title", "description"} or name in taken:
        name += "_"
    return name


def make_id(title: str, count: int) -> str:
    """An id that stays the same when the file is loaded again.

    Args:
        title: The item's title.
        count: How many rows before this one have the same title.
    """
    return hashlib.sha256(f"{title}\n{count}".encode()).hexdigest()[:16]


def _items(rows: Sequence[Row], roles: Roles, typed: Mapping[str, TypedColumn], log: RejectLog) -> list[Item]:
    items: list[Item] = []
    lines: dict[str, int] = {}
    titles: Counter[str] = Counter()
    for number, row in enumerate(rows):
        told = row.cells.get(roles.title)
        title = "" if told in _NO_TITLE else _text(told)
        if not title:
            log.add(row.line, roles.title, told or "", "no title", "give the row a title, or remove it")
            continue
        name = next((name for name, column in typed.items() if number in column.wrong), None)
        if name is not None:
            log.add(row.line, name, typed[name].wrong[number], *typed[name].fault(number))
            continue
        known = "" if is_blank(row.cells.get(roles.id)) else _text(row.cells.get(roles.id))
        item_id = known or make_id(title, titles[title])
        titles[title] += 1
        if item_id in lines:
            why = f"the same id as line {lines[item_id]}"
            log.add(row.line, roles.id, item_id, why, "give each row its own id, or remove the copy")
            continue
        lines[item_id] = row.line
        facets: dict[str, FacetValue] = {}
        for name, column in typed.items():
            value = column.values[number]
            if value is not None:
                facets[name] = value
        items.append(Item(item_id, title, _description(row, roles), facets))
    return items


def _description(row: Row, roles: Roles) -> str:
    cell = row.cells.get(roles.description)
    return "" if is_blank(cell) else _text(cell)


def _text(cell: Any) -> str:
    """A title, id or description as text; lists are joined."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, list):
        return " ".join(str(part) for part in cell if part is not None).strip()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
