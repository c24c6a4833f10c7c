"""What was added to a saved index and taken out of it since, in the order in which it came: a file that only grows.

Each record is a line of JSON, then the vectors of the entries in it. How much of the file counts, and its checksum, say
the manifest: what a process that was killed left behind is past that, and is written over by the next.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_vectors import Floats


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        entries: That are added, or replace those with the same ids.
        vectors: One an entry, float32 (entries, dimensions).
        gone: Ids that are taken out; None for all of them.
    """

    entries: Sequence[Entry]
    vectors: Floats
    gone: Sequence[str] | None = ()

    def as_bytes(self) -> bytes:
        """The record.

        Raises:
            TypeError: A document's metadata is not JSON.
            ValueError: Likewise.
        """
        head: dict[str, Any] = {"gone": None if self.gone is None else list(self.gone)}
        if self.entries:
            head |= {"put": [entry.as_json() for entry in self.entries], "dimensions": int(self.vectors.shape[1])}
        return json.dumps(head).encode() + b"\n" + self.vectors.astype("<f4").tobytes() * bool(self.entries)


def read_changes(content: bytes) -> Iterator[Change]:
    """The changes in the part of a journal that counts.

    Raises:
        ValueError: It is not one.
        KeyError: A record lacks something.
    """
    at = 0
    while at < len(content):
        stop = content.index(b"\n", at)
        head: dict[str, Any] = json.loads(content[at:stop])
        at = stop + 1
        entries = [Entry.from_json(row) for row in head.get("put", ())]
        dimensions = int(head["dimensions"]) if entries else 0
        size = len(entries) * dimensions * 4
        if at + size > len(content):
            raise ValueError("the journal's last record is cut off")
        vectors = np.frombuffer(content, "<f4", len(entries) * dimensions, at).astype(np.float32)
        yield Change(entries, vectors.reshape(len(entries), dimensions), head["gone"])
        at += size


def folded(changes: Iterator[Change]) -> tuple[Sequence[str] | None, list[Entry], Floats]:
    """Many changes as one: which ids to take out first (None for all), and what to add then."""
    gone: dict[str, None] | None = {}
    put: dict[str, tuple[Entry, Floats]] = {}
    for change in changes:
        if change.gone is None:
            gone = None
            put.clear()
        else:
            for item_id in change.gone:
                put.pop(item_id, None)
                if gone is not None:
                    gone[item_id] = None
        for entry, vector in zip(change.entries, change.vectors, strict=True):
            put[entry.item.id] = (entry, vector)
    vectors = np.stack([vector for _, vector in put.values()]) if put else np.zeros((0, 0), np.float32)
    return (None if gone is None else list(gone)), [entry for entry, _ in put.values()], vectors


def checksum(content: bytes, before: int = 0) -> int:
    """CRC-32, going on from the checksum of what stands before."""
    return zlib.crc32(content, before)
