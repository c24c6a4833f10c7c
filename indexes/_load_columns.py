"""What the columns of a file are: which is the id, the title, the description, and what facets the others become."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._linker_text import languages
from chatrec.indexes._load_cells import TypedColumn, type_column
from chatrec.indexes._load_numbers import range_names
from chatrec.indexes._load_report import ColumnReport, samples
from chatrec.indexes._load_roles import Roles, find_roles
from chatrec.indexes._load_table import Fault
from chatrec.indexes._schema import ColumnSchema, Schema
from chatrec.indexes._values import FacetKind

_PARTS = ("id", "title", "description")
_TAKEN = frozenset((*_PARTS, "extra"))
_NOTHING = ColumnSchema()


@dataclass(slots=True)
class Understood:
    """The columns of a file, typed.

    Attributes:
        roles: Which are the id, the title and the description.
        parts: The cells of these three, by part.
        facets: Each row's value by facet, None where it has none.
        kept: Each row's cell by column, of what is only held.
        units: The units of number facets.
        kinds: Kinds of facets that were told.
        labels: Names in two languages that were told, by facet.
        wrong: What is wrong with the rows in which a cell does not fit.
        reports: What each column was taken for.
    """

    roles: Roles
    parts: dict[str, Sequence[Any]]
    facets: dict[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    kept: dict[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    units: dict[str, str] = field(default_factory=dict[str, str])
    kinds: dict[str, FacetKind] = field(default_factory=dict[str, FacetKind])
    labels: dict[str, str] = field(default_factory=dict[str, str])
    wrong: dict[int, Fault] = field(default_factory=dict[int, Fault])
    reports: list[ColumnReport] = field(default_factory=list[ColumnReport])


def understand(columns: dict[str, list[Any]], schema: Schema) -> Understood:
    """Find the part of each column and type its cells.

    Args:
        columns: All cells by column, None where a row has none; emptied, so that raw cells are let go of one by one.
        schema: What is told.

    Raises:
        CatalogError: The schema tells of a column that the file does not have, or nothing can be the title.
    """
    told = {_in_file(name, column, columns): column for name, column in schema.columns.items()}
    wanted = {part: next((n for n, column in told.items() if column.role == part), None) for part in _PARTS}
    free = {n: cells for n, cells in columns.items() if n not in told or told[n].role in _PARTS}
    roles = find_roles(free or columns, wanted)
    found = Understood(roles, {part: columns[name] for part in _PARTS if (name := getattr(roles, part))})
    order: dict[str, float] = {}
    for name in list(columns):
        column = told.get(name, _NOTHING)
        for facet in _take(found, name, columns.pop(name), column):
            order[facet] = inf if column.order is None else column.order
    found.facets = {name: found.facets[name] for name in sorted(found.facets, key=lambda name: order[name])}
    return found


def facet_name(column: str, taken: Collection[str] = ()) -> str:
    """A facet's name: the column's, without the signs of the constraint notation and the names that items have.

    Args:
        column: The column's name.
        taken: The names of other facets.
    """
    name = "".join(" " if char in "=!<>~" else char for char in column).strip() or "column"
    while name in _TAKEN or name in taken:
        name += "_"
    return name


def _take(found: Understood, name: str, cells: list[Any], told: ColumnSchema) -> tuple[str, ...]:
    """Make of one column what it is; the facets that it becomes."""
    shown = samples(cells)
    is_told = told.role is not None or told.kind is not None
    # A part that no column has is "", which a column may be called, too.
    part = next((part for part in _PARTS if name and getattr(found.roles, part) == name), None)
    if part is not None or told.role == "ignore":
        found.reports.append(ColumnReport(name, part or "ignore", told=is_told, samples=shown))  # type: ignore[arg-type]
        return ()
    typed = type_column(name, cells, told)
    for row in typed.wrong:
        if row not in found.wrong:
            found.wrong[row] = Fault(name, typed.wrong[row], *typed.fault(row))
    facets: tuple[str, ...] = ()
    if typed.kind == "keep":
        found.kept[name] = typed.values
    elif typed.kind != "none":
        halves = languages(told.label or "")
        called = (name if name in halves else halves[0]) if halves else told.label or name
        facets = _add_facets(found, called, typed, told.kind)
        if told.label and halves and len(facets) == 1:
            found.labels[facets[0]] = told.label
    role = "keep" if typed.kind == "keep" else "facet" if facets else "empty"
    found.reports.append(
        ColumnReport(name, role, facets, is_told, shown, typed.separator, len(typed.wrong))  # type: ignore[arg-type]
    )
    return facets


def _add_facets(found: Understood, name: str, typed: TypedColumn, kind: FacetKind | None) -> tuple[str, ...]:
    columns = {name: typed.values}
    if typed.upper is not None:
        lower, upper = range_names(name)
        columns = {lower: typed.values, upper: typed.upper}
    facets: list[str] = []
    for wanted, values in columns.items():
        facet = facet_name(wanted, found.facets)
        found.facets[facet] = values
        facets.append(facet)
        if typed.unit:
            found.units[facet] = typed.unit
        if kind is not None:
            found.kinds[facet] = kind
    return tuple(facets)


def _in_file(name: str, told: ColumnSchema, columns: Mapping[str, Any]) -> str:
    """The file's own spelling of a column's name.

    Raises:
        CatalogError: It has no such column.
    """
    folded = {column.casefold(): column for column in columns}
    if name not in columns and name.casefold() not in folded:
        part = f" for the {told.role}" if told.role in _PARTS else ""
        raise CatalogError(f"there is no column {name!r}{part}", hint="columns: " + ", ".join(columns))
    return name if name in columns else folded[name.casefold()]
