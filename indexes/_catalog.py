"""A catalog: the items that can be recommended, and what is known of their facets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import CatalogError, ConstraintError
from chatrec.indexes._columns import Column, NumberColumn, build_column
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._facets import infer_facets
from chatrec.indexes._rejects import Reject
from chatrec.indexes._values import Facet, FacetKind, Item

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from chatrec.indexes._linker import Link, Linker
    from chatrec.indexes._load_report import LoadReport
    from chatrec.indexes._schema import Schema

_CHINESE = re.compile(r"[㐀-䶿一-鿿]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_SAMPLE = 2000


class Catalog:
    """Items in a fixed order, in memory, never changed.

    Args:
        items: The items, in row order.
        name: What to call the catalog.
        rejects: The rows of its file that were left out.
        units: Units of number facets, by facet name, where the facet's name does not say them.
        kinds: Which text facets are categories and which free text, by facet name, where that is told.
        labels: What people call the facets, in one language or in both ("year 年份"), where that is told.

    Attributes:
        report: What the file was taken for, column by column; None for a catalog that was not loaded from one.

    Raises:
        CatalogError: Two items have the same id, an id or title is empty, or a number is not finite.
    """

    def __init__(
        self,
        items: Iterable[Item],
        *,
        name: str = "catalog",
        rejects: Sequence[Reject] = (),
        units: Mapping[str, str] | None = None,
        kinds: Mapping[str, FacetKind] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.report: LoadReport | None = None
        self.items: tuple[Item, ...] = tuple(items)
        self.rejects: tuple[Reject, ...] = tuple(rejects)
        self._rows: dict[str, int] = {}
        for row, item in enumerate(self.items):
            if not item.id or not item.title.strip():
                raise CatalogError(
                    f"item {row} has id {item.id!r} and title {item.title!r}", hint="neither may be empty"
                )
            if self._rows.setdefault(item.id, row) != row:
                raise CatalogError(
                    f"items {self._rows[item.id]} and {row} have the same id {item.id!r}", hint="ids must be unique"
                )
        self.facets: Mapping[str, Facet] = MappingProxyType(infer_facets(self.items, units, kinds, labels))
        self._columns: dict[str, Column] = {}

    @classmethod
    def load(
        cls,
        source: str | PathLike[str],
        *,
        id: str | None = None,  # noqa: A002
        title: str | None = None,
        description: str | None = None,
        name: str | None = None,
        schema: Schema | Mapping[str, Any] | str | PathLike[str] | None = None,
        strict: bool = False,
        rejects: str | PathLike[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Catalog:
        """Read a catalog from a file.

        Columns are found by their names and contents, in English and in Chinese, or told. Rows that cannot be used are
        left out and named in `rejects`; `report` says what each column was taken for. An item without an id gets one
        made from its title.

        Args:
            source: The name of a demo catalog, or the path of a CSV file (commas, semicolons, tabs or bars), of JSON
                lines, of a JSON list, or of a Parquet file; each also gzipped.
            id: The column that holds the ids.
            title: The column that holds the titles.
            description: The column that holds the descriptions.
            name: What to call the catalog; by default the file's name.
            schema: What the columns are, where they are not to be guessed: a `Schema`, a mapping, or the path of a TOML
                or JSON file; by default the file beside the source that has its name and ends in `.schema.toml` or
                `.schema.json`, if there is one.
            strict: Stop at the first bad row instead.
            rejects: A file that the rejected rows are written to, as JSON lines, with what is wrong with each. Mended,
                it can be loaded like any other file. It is removed when there is none.
            progress: Told how many bytes of the file are read, of how many.

        Raises:
            CatalogError: There is no such file or column, no row can be used, the schema is wrong, or (with `strict`)
                a row is bad.
        """
        from chatrec.indexes._loading import beside, load_items
        from chatrec.indexes._schema import Schema

        known = Schema.of(beside(source) if schema is None else schema)
        known = known.telling(id=id, title=title, description=description)
        loaded = load_items(source, schema=known, strict=strict, rejects=rejects, progress=progress)
        catalog = cls(
            loaded.items,
            name=name or loaded.name,
            rejects=loaded.rejects,
            units=loaded.units,
            kinds=loaded.kinds,
            labels=loaded.labels,
        )
        catalog.report = loaded.report
        return catalog

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._rows

    def __getitem__(self, item_id: str) -> Item:
        """The item with this id.

        Raises:
            KeyError: There is none.
        """
        return self.items[self._rows[item_id]]

    def __repr__(self) -> str:
        return f"Catalog({self.name!r}, {len(self)} items, facets: {', '.join(self.facets) or 'none'})"

    def row(self, item_id: str) -> int:
        """The item's place in `items` and in every mask, from 0.

        Raises:
            KeyError: There is no such item.
        """
        return self._rows[item_id]

    def mask(self, where: Sequence[Constraint]) -> NDArray[np.bool_]:
        """Which items satisfy all constraints, shape (n,); a fresh array.

        Equal to asking `Constraint.accepts` of each item. Besides the facets, the columns `title` and `description`
        can be constrained.

        Raises:
            ConstraintError: A constraint names no facet of this catalog.
        """
        found = np.ones(len(self.items), dtype=np.bool_)
        for constraint in where:
            found &= self._column(constraint.facet).mask(constraint)
        return found

    def counts(self, facet_name: str, mask: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Items by value of a facet, most frequent first, then by value; values that none has are left out.

        Args:
            facet_name: The facet.
            mask: The items to count, shape (n,); all of them by default.

        Raises:
            ConstraintError: There is no such facet.
        """
        return self._column(facet_name).counts(mask)

    def column(self, facet_name: str) -> NDArray[np.float64]:
        """A number facet of all items, shape (n,), nan where an item has none; read-only.

        Raises:
            ConstraintError: There is no such facet, or it holds no numbers.
        """
        column = self._column(facet_name)
        if not isinstance(column, NumberColumn):
            kind = self.facets[facet_name].kind if facet_name in self.facets else "text"
            raise ConstraintError(
                f"{facet_name!r} is a {kind} facet", hint="only number facets have a column of numbers"
            )
        return column.values

    @cached_property
    def language(self) -> Literal["en", "zh"]:
        """`zh` when the titles and descriptions are mostly Chinese, else `en`."""
        sample = self.items[:: max(1, len(self.items) // _SAMPLE)]
        text = " ".join(f"{item.title} {item.description[:500]}" for item in sample)
        # A Chinese word has between one and two characters.
        return "zh" if len(_CHINESE.findall(text)) > 1.5 * len(_LATIN.findall(text)) else "en"

    def link(
        self,
        text: str,
        *,
        last: Sequence[str] = (),
        listed: Sequence[str] = (),
        about: str | None = None,
        asked: str | None = None,
        embedder: Embeddings | None = None,
    ) -> Link:
        """What a sentence says in this catalog's own terms: constraints, items named, constraints lifted.

        Args:
            text: The person's words.
            last: The ids of the last list shown, best first, for "the second one" and "cheaper".
            listed: The ids of all items shown so far, of which a part of the title may speak ("the quartet").
            about: The id of the item that was spoken of last, for "too heavy" and "anything cheaper".
            asked: The facet that the person was asked about before they said this.
            embedder: Finds values by meaning as well as by their words.
        """
        return self._linker.link(text, last=last, listed=listed, about=about, asked=asked, embedder=embedder)

    @cached_property
    def _linker(self) -> Linker:
        from chatrec.indexes._linker import Linker

        return Linker(self)

    def _column(self, name: str) -> Column:
        column = self._columns.get(name)
        if column is None:
            if name not in self.facets and name not in {"title", "description"}:
                raise ConstraintError(f"there is no facet {name!r}", hint="facets: " + ", ".join(self.facets))
            column = self._columns[name] = build_column(self.items, name)
            if isinstance(column, NumberColumn):
                column.values.setflags(write=False)
        return column
