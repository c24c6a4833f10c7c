"""A declared schema: what the columns of a catalog's file are, where they are not to be guessed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from chatrec.errors import CatalogError
from chatrec.indexes._values import FacetKind

Role: TypeAlias = Literal["id", "title", "description", "facet", "keep", "ignore"]
_OF_FACETS = ("kind", "unit", "separator", "label", "order")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """What is told of one column; what is not told is guessed.

    Attributes:
        role: `id`, `title` or `description` (one column each); `facet`, a property that can be asked for and filtered
            by; `keep`, held on the item (`Item.extra`) and nothing else; `ignore`, not read.
        kind: The facet's kind. Every cell must fit it.
        unit: The unit of a number facet, such as "min" or "€"; cells in a related unit are converted.
        separator: What stands between the values of one cell of a `multi` facet.
        label: The facet's name, where the column's is not what a person would say; in English and Chinese ("year 年份")
            readers of either are told theirs.
        order: The facet's place: those with the least come first, then those without, as in the file.

    Raises:
        CatalogError: A value is of another type, unknown, or does not go with the others.
    """

    role: Role | None = None
    kind: FacetKind | None = None
    unit: str | None = None
    separator: str | None = None
    label: str | None = None
    order: int | None = None

    def __post_init__(self) -> None:
        _one_of("role", self.role, get_args(Role))
        _one_of("kind", self.kind, get_args(FacetKind))
        hints = dict.fromkeys(("unit", "separator", "label"), "a text that is not empty")
        for name, hint in (hints | {"order": "a whole number; the least comes first"}).items():
            value: object = getattr(self, name)
            fits = (isinstance(value, int) and not isinstance(value, bool)) if name == "order" else _is_text(value)
            if value is not None and not fits:
                raise CatalogError(f"{name} = {value!r}", hint=hint)
        told = next((name for name in _OF_FACETS if getattr(self, name) is not None), None)
        if told is not None and self.role not in {None, "facet"}:
            raise CatalogError(f"{told} is told of a column whose role is {self.role!r}", hint="only facets have it")
        if self.unit is not None and self.kind not in {None, "number"}:
            raise CatalogError(f"unit is told of a {self.kind} facet", hint='only kind = "number" has a unit')
        if self.separator is not None and self.kind not in {None, "multi"}:
            raise CatalogError(f"separator is told of a {self.kind} facet", hint='only kind = "multi" has one')


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What is told of a catalog's file.

    As TOML (JSON likewise):

    ```toml
    encoding = "gb18030"

    [columns.name]
    role = "title"

    [columns."price (€)"]
    kind = "number"
    unit = "€"
    label = "price"
    ```

    Attributes:
        columns: What is told of each column, by its name in the file.
        encoding: The file's encoding, by Python's name.
        separator: The sign between the cells of a CSV file.
        header: Whether a CSV file's first row names the columns. Without, they are `column 1`, `column 2` and so on.

    Raises:
        CatalogError: A value is of another type, or two columns have the same part.
    """

    columns: Mapping[str, ColumnSchema] = field(default_factory=dict[str, ColumnSchema])
    encoding: str | None = None
    separator: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        checks: dict[str, tuple[type, str]] = {
            "encoding": (str, "a name such as utf-8 or gb18030"),
            "separator": (str, 'one sign, such as ";"'),
            "header": (bool, "true or false"),
        }
        for name, (kind, hint) in checks.items():
            value: object = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise CatalogError(f"{name} = {value!r}", hint=hint)
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            raise CatalogError(f"separator = {self.separator!r}", hint=checks["separator"][1])
        for role in ("id", "title", "description"):
            named = self.named(role)
            if len(named) > 1:
                raise CatalogError(f"the columns {named[0]!r} and {named[1]!r} are both the {role}", hint="name one")

    def named(self, role: Role) -> list[str]:
        """The columns that have a part."""
        return [name for name, column in self.columns.items() if column.role == role]

    @classmethod
    def of(cls, told: Schema | Mapping[str, Any] | str | PathLike[str] | None) -> Schema:
        """A schema from a schema, a mapping, or the path of a TOML or JSON file.

        Raises:
            CatalogError: The file cannot be read, or something in it is unknown.
        """
        if told is None:
            return cls()
        if isinstance(told, Schema):
            return told
        if isinstance(told, Mapping):
            return cls._of_mapping(told, "the schema")
        try:
            text = Path(told).expanduser().read_text("utf-8-sig")
        except (OSError, ValueError, RuntimeError) as error:
            why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", error)
            raise CatalogError(f"the schema {str(told)!r} cannot be read: {why}", hint="check the path") from None
        try:
            values = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise CatalogError(
                f"the schema {Path(told).name} is neither TOML nor JSON: {error}", hint="see the docstring of Schema"
            ) from None
        return cls._of_mapping(values, Path(told).name)

    @classmethod
    def _of_mapping(cls, values: Mapping[str, Any], where: str) -> Schema:
        _known(values, [f.name for f in fields(cls)], where)
        columns = values.get("columns", {})
        if not isinstance(columns, Mapping):
            raise CatalogError(f"{where}: columns = {columns!r}", hint="a table of columns by their names")
        read: dict[str, ColumnSchema] = {}
        for name, told in columns.items():
            place = f"{where}, column {name!r}"
            if isinstance(told, ColumnSchema):
                read[str(name)] = told
                continue
            if not isinstance(told, Mapping):
                raise CatalogError(f"{place}: {told!r}", hint='a table such as role = "title"')
            _known(told, [f.name for f in fields(ColumnSchema)], place)
            try:
                read[str(name)] = ColumnSchema(**told)
            except CatalogError as error:
                raise CatalogError(f"{place}: {error.args[0]}", hint=error.hint) from None
        all_told: dict[str, Any] = {**values, "columns": read}
        return cls(**all_told)

    def telling(self, **roles: str | None) -> Schema:
        """The same with the columns of some parts told anew.

        Args:
            roles: A column's name by its part; None leaves the part as it is.
        """
        told = {role: name for role, name in roles.items() if name is not None}
        if not told:
            return self
        columns = {
            name: column
            for name, column in self.columns.items()
            if column.role not in told and name not in told.values()
        }
        return replace(
            self, columns=columns | {name: ColumnSchema(role=cast("Role", role)) for role, name in told.items()}
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, as `of` reads it; what is not told is left out."""
        columns = {
            name: {f.name: value for f in fields(ColumnSchema) if (value := getattr(column, f.name)) is not None}
            for name, column in self.columns.items()
        }
        told = {
            f.name: value for f in fields(self) if f.name != "columns" and (value := getattr(self, f.name)) is not None
        }
        return told | ({"columns": columns} if columns else {})


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise CatalogError(f"{name} = {value!r}", hint=f"{name} is one of {', '.join(known)}" + _near(value, known))


def _known(values: Mapping[str, Any], names: list[str], where: str) -> None:
    for name in values:
        if name not in names:
            raise CatalogError(
                f"{where}: there is no setting {name!r}", hint=f"settings: {', '.join(names)}" + _near(name, names)
            )


def _near(value: object, known: Any) -> str:
    near = get_close_matches(str(value), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
