"""What was understood of a catalog's file, so that a wrong guess is seen at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from chatrec.indexes._load_lists import part_text
from chatrec.indexes._rejects import shorten

Part: TypeAlias = Literal["id", "title", "description", "facet", "keep", "ignore", "empty"]
_SAMPLES = 3
_LOOK = 200


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """What one column was taken for.

    Attributes:
        column: Its name in the file.
        role: Its part; `empty` where it holds nothing, or nothing but the rows' numbers.
        facets: The facets that it became: none, one, or two for a column of ranges.
        told: Whether the part was told rather than guessed.
        samples: Up to three of its values as they stand in the file, shortened.
        separator: The sign that parts the values of a cell, or "".
        wrong: How many cells did not fit.
    """

    column: str
    role: Part
    facets: tuple[str, ...] = ()
    told: bool = False
    samples: tuple[str, ...] = ()
    separator: str = ""
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a file was taken for.

    Attributes:
        file: Its name.
        format: "CSV", "JSON lines", "JSON" or "Parquet".
        encoding: Its encoding, or "" where it is no text.
        guessed: Whether the encoding was guessed and may be another.
        separator: The sign between the cells of a table, or "".
        header: Whether the first row of a table named the columns.
        columns: Its columns, in its order.
        rows: How many rows it has, those left out included.
        rejects_file: Where the rows left out were written, or "".
    """

    file: str
    format: str
    encoding: str
    guessed: bool
    separator: str
    header: bool
    columns: tuple[ColumnReport, ...]
    rows: int
    rejects_file: str = ""


def samples(cells: Iterable[Any]) -> tuple[str, ...]:
    """The first distinct values of a column, shortened.

    Args:
        cells: Its cells.
    """
    found: dict[str, None] = {}
    for _, cell in zip(range(_LOOK), cells, strict=False):
        text = ", ".join(map(part_text, cell)) if isinstance(cell, list) else part_text(cell)
        if text:
            found[shorten(text)] = None
        if len(found) == _SAMPLES:
            break
    return tuple(found)
