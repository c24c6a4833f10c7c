"""The entries of some rows: in a list, in a catalog, or as lines of a mapped file that are parsed when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._index_documents import Entry
from chatrec.indexes._values import Item
from chatrec.indexes._word_postings import Hashes, hashed


class Entries(Protocol):
    """One entry a row."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int, /) -> Entry: ...


class CatalogEntries:
    """The entries of a catalog's items.

    Args:
        items: One a row.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, row: int) -> Entry:
        return Entry(self._items[row])


class FileEntries:
    """Lines of JSON in one run of bytes.

    Args:
        content: The lines, each with its line feed.
        ends: int64 (rows,), where each line ends.
    """

    def __init__(self, content: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._content = content
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> Entry:
        start = int(self._ends[row - 1]) if row else 0
        line: dict[str, Any] = json.loads(self._content[start : int(self._ends[row])].tobytes())
        return Entry.from_json(line)


class Items(Sequence[Item]):
    """The items of entries, as a sequence.

    Args:
        entries: One a row.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> list[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | list[Item]:
        if isinstance(row, slice):
            return [self._entries[each].item for each in range(*row.indices(len(self)))]
        return self._entries[row].item

    def __iter__(self) -> Iterator[Item]:
        return (self._entries[row].item for row in range(len(self)))


class Ids:
    """Where an id's rows are, by its hash.

    Args:
        hashes: uint64 (rows,), rising.
        rows: int32 (rows,), the row of each.
    """

    def __init__(self, hashes: Hashes, rows: NDArray[np.int32]) -> None:
        self.hashes, self.rows = hashes, rows

    @classmethod
    def of(cls, hashes: Hashes) -> Ids:
        """The table of hashes in row order."""
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], order.astype(np.int32))

    def sole(self, wanted: Hashes) -> NDArray[np.int64] | None:
        """The row of each wanted hash, or None where one has no row or several."""
        first = np.searchsorted(self.hashes, wanted, "left")
        last = np.searchsorted(self.hashes, wanted, "right")
        return self.rows[first].astype(np.int64) if (last - first == 1).all() else None

    def find(self, wanted: Hashes) -> list[tuple[int, int]]:
        """Pairs of a place in `wanted` and a row whose id has that hash, which is the id for all but certain."""
        first, last = np.searchsorted(self.hashes, wanted, "left"), np.searchsorted(self.hashes, wanted, "right")
        return [
            (int(place), int(row))
            for place in np.flatnonzero(last > first)
            for row in self.rows[first[place] : last[place]]
        ]


def id_hashes(ids: Sequence[str]) -> Hashes:
    """The hash of each id, uint64."""
    return np.fromiter(map(hashed, ids), np.uint64, len(ids))
