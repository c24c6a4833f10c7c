"""Who liked what, read from a file: one event a row, with a person, an item, perhaps a rating and a time."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import CatalogError
from chatrec.indexes._load_csv import CsvLayout
from chatrec.indexes._load_file import CatalogFile
from chatrec.indexes._load_items import as_text
from chatrec.indexes._load_read import Reader

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["Interactions"]

MOST_OF_ONE = 1000
"""Newest events of one person that count: one who rates everything must not decide what goes with what."""
_LIKED_FROM = 0.7
"""From this share of the rating scale on, a rating says that the item was liked: 4 of 1 to 5."""
_TOMORROW = 86_400.0
_LOOK = 1000
"""So many of the first rows tell which columns there are."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "user": ("user_id", "userid", "user", "customer_id", "customerid", "customer", "visitor", "person", "uid", "用户"),
    "item": ("item_id", "itemid", "item", "product_id", "productid", "product", "iid", "asin", "sku", "物品", "商品"),
    "rating": ("rating", "score", "stars", "value", "评分", "打分"),
    "time": ("timestamp", "time", "date", "datetime", "created_at", "at", "when", "时间", "日期"),
}


@dataclass(frozen=True, slots=True)
class Interactions:
    """Liked items by person, newest last.

    Attributes:
        people: Which person liked, from 0, int32, shape (m,), rising.
        rows: Which row of the catalog was liked, int32, shape (m,).
        times: When, in seconds since 1970, 0 where it is not known; float64, shape (m,).
        dropped: How many events were left out, by reason.
        read: How many events were read.
    """

    people: NDArray[np.int32]
    rows: NDArray[np.int32]
    times: NDArray[np.float64]
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    read: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def persons(self) -> int:
        """How many people liked something."""
        return int(self.people[-1]) + 1 if len(self.people) else 0

    @classmethod
    def load(
        cls,
        source: str | PathLike[str],
        catalog: Catalog,
        *,
        user: str | None = None,
        item: str | None = None,
        rating: str | None = None,
        timestamp: str | None = None,
        liked_from: float | None = None,
        now: float | None = None,
    ) -> Interactions:
        """Read a CSV, JSONL, JSON or Parquet file of events, gzip too.

        Of several events of a person on an item the newest counts. Events on unknown items, without a person, with an
        unreadable rating or a time to come are left out and counted, and so is all but the newest 1,000 of a person.

        Args:
            source: The file.
            catalog: Whose items are meant, by id.
            user: The column of the person; found by its name if None.
            item: The column of the item's id; likewise.
            rating: The column of the rating; likewise, and every event is a like where there is none.
            timestamp: The column of the time, in seconds since 1970 or ISO 8601; likewise.
            liked_from: The least rating of a like; 0.7 of the way from the least rating to the greatest if None.
            now: The time after which an event cannot have been, in seconds since 1970; the clock's if None.

        Raises:
            CatalogError: The file cannot be read, or a column is missing.
        """
        from pathlib import Path

        records = Reader(CatalogFile(Path(source)), CsvLayout())
        told = {"user": user, "item": item, "rating": rating, "time": timestamp}
        dropped: Counter[str] = Counter()
        events: list[_Event] = []
        latest = (time.time() if now is None else now) + _TOMORROW
        read = 0
        rows = iter(records)
        first = list(islice(rows, _LOOK))
        # Rows of JSON have what they have: the first may lack a rating that others have, or be broken.
        names = dict.fromkeys(name for record in first if record.fault is None for name in record.cells)
        columns = _columns(names, told, Path(source).name) if first else {}
        for record in chain(first, rows):
            read += 1
            event = "broken row" if record.fault is not None else _event(record.cells, columns, catalog, latest)
            if isinstance(event, str):
                dropped[event] += 1
            else:
                events.append(event)
        return cls.of(events, liked_from=liked_from, dropped=dropped, read=read)

    @classmethod
    def of(
        cls,
        events: Iterable[tuple[str, int, float | None, float]],
        *,
        liked_from: float | None = None,
        dropped: Mapping[str, int] | None = None,
        read: int | None = None,
    ) -> Interactions:
        """From events as (person, row, rating or None, time), in the order of the file.

        Args:
            events: The events.
            liked_from: As for `load`.
            dropped: What was left out before.
            read: How many events there were, those left out included.
        """
        left: Counter[str] = Counter(dropped or {})
        newest: dict[tuple[str, int], tuple[float, int, float | None]] = {}
        count = 0
        for person, row, given, at in events:
            held = newest.get((person, row))
            left["repeated"] += held is not None
            if held is None or at >= held[0]:
                newest[person, row] = (at, count, given)
            count += 1
        least = _least([given for _, _, given in newest.values() if given is not None], liked_from)
        by_person: dict[str, list[tuple[float, int, int]]] = {}
        for (person, row), (at, order, given) in newest.items():
            if given is None or given >= least:
                by_person.setdefault(person, []).append((at, order, row))
            else:
                left["not liked"] += 1
        people: list[int] = []
        rows: list[int] = []
        times: list[float] = []
        for number, mine in enumerate(by_person.values()):
            kept = sorted(mine)[-MOST_OF_ONE:]
            left["beyond the newest 1,000 of a person"] += len(mine) - len(kept)
            people += [number] * len(kept)
            rows += [row for _, _, row in kept]
            times += [at for at, _, _ in kept]
        told = {reason: times for reason, times in left.items() if times}
        arrays = np.array(people, np.int32), np.array(rows, np.int32), np.array(times, np.float64)
        return cls(*arrays, told, count if read is None else read)


_Event = tuple[str, int, float | None, float]


def _columns(names: Collection[str], told: Mapping[str, str | None], file: str) -> dict[str, str | None]:
    """Which column says what."""
    plain = {_plain(name): name for name in reversed(list(names))}
    found: dict[str, str | None] = {}
    for role, name in told.items():
        if name is not None and name not in names:
            raise CatalogError(f"{file} has no column {name!r}", hint=f"it has {', '.join(names)}")
        found[role] = name or next((plain[_plain(usual)] for usual in _NAMES[role] if _plain(usual) in plain), None)
    missing = [role for role in ("user", "item") if found[role] is None]
    if missing:
        raise CatalogError(
            f"{file} does not say which column is the {missing[0]}: {', '.join(names)}",
            hint=f"name it {_NAMES[missing[0]][0]!r}, or tell which it is ({missing[0]}=...)",
        )
    return found


def _plain(name: str) -> str:
    # "user_id:token" is how recommendation data sets write types into a header.
    return re.sub(r"[\W_]+", "", name.split(":", maxsplit=1)[0].casefold())


def _event(
    cells: Mapping[str, Any], columns: Mapping[str, str | None], catalog: Catalog, latest: float
) -> _Event | str:
    """One event, or why it is left out."""
    person, item = (as_text(cells.get(columns[role] or "")) for role in ("user", "item"))
    if not person:
        return "without a person"
    if item not in catalog:
        return "unknown item"
    given: float | None = None
    if columns["rating"] is not None:
        given = _number(cells.get(columns["rating"]))
        if given is None:
            return "unreadable rating"
    at = 0.0
    if columns["time"] is not None:
        found = _time(cells.get(columns["time"]))
        if found is None:
            return "unreadable time"
        if found > latest:
            return "in the future"
        at = found
    return person, catalog.row(item), given, at


def _number(value: Any) -> float | None:
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _time(value: Any) -> float | None:
    number = _number(value)
    if number is not None:
        return number / 1000 if number > 1e11 else number
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _least(ratings: Sequence[float], told: float | None) -> float:
    if told is not None or not ratings:
        return told if told is not None else -math.inf
    low, high = min(ratings), max(ratings)
    return low + _LIKED_FROM * (high - low)
