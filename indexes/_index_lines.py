"""The entries of an index as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import IndexFileError
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_entries import Entries

_WRITTEN_AT_ONCE = 1000


def item_lines(entries: Entries) -> Iterator[bytes]:
    """The entries as lines of JSON.

    Raises:
        IndexFileError: A document's metadata is not JSON.
    """
    for row in range(len(entries)):
        entry = entries[row]
        try:
            yield json.dumps(entry.as_json()).encode() + b"\n"
        except (TypeError, ValueError) as error:
            raise unfit(entry, error) from error


def write_items(file: BinaryIO, entries: Entries, ends: NDArray[np.int64]) -> None:
    """Write the lines, and say where each ends."""
    at = 0
    held: list[bytes] = []
    for row, line in enumerate(item_lines(entries)):
        at += len(line)
        ends[row] = at
        held.append(line)
        if len(held) == _WRITTEN_AT_ONCE:
            file.write(b"".join(held))
            held.clear()
    file.write(b"".join(held))


def unfit(entry: Entry, error: Exception) -> IndexFileError:
    """What is said of an entry that cannot be written."""
    return IndexFileError(
        f"the metadata of document {entry.item.id!r} cannot be saved: {error}",
        hint="keep metadata to text, numbers, truth values, lists and mappings of these",
    )
