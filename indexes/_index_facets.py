"""The facets of some rows by column, so that a filter is decided for all of them at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ConstraintError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._columns import CodedColumn, Column, NumberColumn, build_column
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import Item, Scalar

Filter: TypeAlias = "Sequence[Constraint] | Mapping[str, Scalar | Collection[Scalar]]"
_FIELDS = frozenset({"title", "description"})


class Facets(Protocol):
    """Facets of some rows."""

    @property
    def names(self) -> Collection[str]:
        """Those that at least one row has."""
        ...

    def column(self, name: str) -> Column:
        """A facet that is there, or `title` or `description`."""
        ...


class CatalogFacets:
    """The columns that a catalog has.

    Args:
        catalog: Of the same rows.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def names(self) -> Collection[str]:
        """The catalog's facets."""
        return self._catalog.facets.keys()

    def column(self, name: str) -> Column:
        """The catalog's own column."""
        return self._catalog._column(name)


class ItemFacets:
    """Columns made from items when they are asked for.

    Args:
        items: One a row.
        arrays: Columns that are made already, as `column_arrays` gives them, by facet.
    """

    def __init__(self, items: Sequence[Item], arrays: Mapping[str, Mapping[str, NDArray[Any]]] | None = None) -> None:
        self._items = items
        self._arrays = arrays
        self._columns: dict[str, Column] = {}
        self._names: Collection[str] | None = None if arrays is None else arrays.keys()

    @property
    def names(self) -> Collection[str]:
        """Those that at least one item has."""
        if self._names is None:
            self._names = {name for item in self._items for name in item.facets}
        return self._names

    def column(self, name: str) -> Column:
        """A facet's column, made once."""
        if name not in self._columns:
            made = self._arrays is not None and name in self._arrays
            self._columns[name] = (
                column_of_arrays(self._arrays[name]) if self._arrays and made else build_column(self._items, name)
            )
        return self._columns[name]


def facet_mask(facets: Facets, constraint: Constraint, size: int) -> NDArray[np.bool_]:
    """Which of `size` rows a constraint accepts; rows without the facet satisfy `none` alone."""
    if constraint.facet not in facets.names and constraint.facet not in _FIELDS:
        return np.full(size, constraint.op == "none", np.bool_)
    return facets.column(constraint.facet).mask(constraint)


def check_facets(wanted: Sequence[Constraint], every: Collection[str]) -> None:
    """Refuse constraints on facets that no row has.

    Raises:
        ConstraintError: There is no such facet.
    """
    for constraint in wanted:
        if constraint.facet not in every and constraint.facet not in _FIELDS:
            hint = "facets: " + ", ".join(sorted(every))
            raise ConstraintError(f"there is no facet {constraint.facet!r}", hint=hint)


def as_constraints(where: Filter | None) -> tuple[Constraint, ...]:
    """A filter as constraints: a mapping says of each facet its value, or values of which one is enough.

    Raises:
        ConstraintError: A value is neither a scalar nor a collection of scalars.
    """
    if where is None:
        return ()
    if not isinstance(where, Mapping):
        return tuple(where)
    found: list[Constraint] = []
    for facet, value in where.items():
        values = tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)
        if not values or not all(isinstance(part, str | int | float) for part in values):
            raise ConstraintError(
                f"the filter asks {facet!r} to be {value!r}",
                hint="give a value or a list of values; for ranges and negation give constraints",
            )
        found.append(Constraint(facet, "any", tuple(part for part in values if isinstance(part, str | int | float))))
    return tuple(found)


def column_arrays(column: Column) -> dict[str, NDArray[Any]]:
    """A column as arrays, to be saved.

    Raises:
        TypeError: It is of a kind that cannot be saved.
    """
    if isinstance(column, NumberColumn):
        return {"values": column.values}
    if isinstance(column, CodedColumn):
        vocabulary = json.dumps([column.words, column.numbers]).encode()
        size = np.array([column.size], np.int64)
        return {
            "codes": column.codes,
            "rows": column.rows,
            "size": size,
            "vocabulary": np.frombuffer(vocabulary, np.uint8),
        }
    raise TypeError(f"{type(column).__name__} cannot be saved")


def column_of_arrays(arrays: Mapping[str, NDArray[Any]]) -> Column:
    """The inverse of `column_arrays`.

    Raises:
        KeyError: An array is missing.
        ValueError: The vocabulary is not JSON.
    """
    if "values" in arrays:
        return NumberColumn(arrays["values"])
    strings, numbers = json.loads(arrays["vocabulary"].tobytes())
    return CodedColumn.of_codes(strings, numbers, arrays["codes"], arrays["rows"], int(arrays["size"][0]))
