"""Rows whose columns are understood as items."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chatrec.indexes._load_cells import is_blank
from chatrec.indexes._load_columns import Understood
from chatrec.indexes._load_table import Fault, Table
from chatrec.indexes._rejects import RejectLog
from chatrec.indexes._values import FacetValue, Item

# As programs write nothing; a work may well be called "None" or "-".
_NO_TITLE = (None, "", "nan", "NaN", "null", "NULL", "N/A", "#N/A", "\\N")


def make_items(table: Table, understood: Understood, log: RejectLog) -> Iterator[Item]:
    """The items in the order of the file; rows that cannot be one are noted in the log.

    Args:
        table: Where the rows stand in the file.
        understood: Their columns.
        log: Takes the bad rows.
    """
    roles, parts = understood.roles, understood.parts
    titles, ids, descriptions = (parts.get(part) for part in ("title", "id", "description"))
    facets, kept = list(understood.facets.items()), list(understood.kept.items())
    lines: dict[str, int] = {}
    counted: Counter[str] = Counter()
    for row, line in enumerate(table.lines):
        told = titles[row] if titles is not None else None
        title = "" if told in _NO_TITLE else as_text(told)
        known = "" if ids is None or is_blank(ids[row]) else as_text(ids[row])
        item_id = known or make_id(title, counted[title])
        fault = understood.wrong.get(row)
        if not title:
            fault = Fault(roles.title, told or "", "no title", "give the row a title, or remove it")
        elif fault is None:
            counted[title] += 1
            if item_id in lines:
                why = f"the same id as line {lines[item_id]}"
                fault = Fault(roles.id, item_id, why, "give each row its own id, or remove the copy")
        if fault is not None:
            log.add(table.numbers[row], line, fault)
            continue
        lines[item_id] = line
        values: dict[str, FacetValue] = {name: value for name, of in facets if (value := of[row]) is not None}
        extra = {name: value for name, of in kept if (value := of[row]) is not None}
        text = "" if descriptions is None or is_blank(descriptions[row]) else as_text(descriptions[row])
        yield Item(item_id, title, text, values, extra or _NONE)


_NONE: dict[str, Any] = {}


def make_id(title: str, count: int) -> str:
    """An id that stays the same when the file is loaded again.

    Args:
        title: The item's title.
        count: How many rows before this one have the same title.
    """
    return hashlib.sha256(f"{title}\n{count}".encode()).hexdigest()[:16]


def as_text(cell: Any) -> str:
    """A title, id or description as text; lists are joined.

    Args:
        cell: The cell.
    """
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, list):
        return " ".join(str(part) for part in cell if part is not None).strip()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
