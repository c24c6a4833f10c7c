"""Which rows hold which word and how often, as arrays that can be mapped and joined without reading a text.

A word is its 64-bit hash: no vocabulary is loaded, and two parts are joined by sorting numbers. Among a million words
two share a hash with a chance of 3 in 100 million.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]

_FIELDS = ("words", "starts", "rows", "counts", "lengths")
_MOST = np.iinfo(np.uint16).max


@lru_cache(maxsize=1 << 16)
def hashed(text: str) -> int:
    """64 bits that stand for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Postings:
    """One field of all rows, never changed.

    Args:
        words: uint64 (words,), the hashes, rising.
        starts: int64 (words + 1,), where each word's rows begin in `rows`.
        rows: int32 (places,), rising within a word.
        counts: uint16 (places,), how often the word stands in the row.
        lengths: int32 (rows,), the words of each row, repetitions counted.
    """

    def __init__(
        self,
        words: Hashes,
        starts: NDArray[np.int64],
        rows: NDArray[np.int32],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.int32],
    ) -> None:
        self.words, self.starts, self.rows, self.counts, self.lengths = words, starts, rows, counts, lengths

    def __len__(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, documents: Iterable[Sequence[str]]) -> Postings:
        """The postings of tokenized texts, a row each."""
        columns: dict[str, int] = {}
        held, counts, distinct, lengths = array("i"), array("H"), array("i"), array("i")
        for document in documents:
            once = dict.fromkeys(document, 1)
            counted = once if len(once) == len(document) else Counter(document)  # which is slow to begin
            held.extend([columns.setdefault(word, len(columns)) for word in counted])
            counts.extend([min(count, _MOST) for count in counted.values()])
            distinct.append(len(counted))
            lengths.append(len(document))
        hashes = np.fromiter(map(hashed, columns), np.uint64, len(columns))
        rows = np.repeat(np.arange(len(lengths), dtype=np.int32), np.array(distinct, np.int64))
        return cls._sorted(
            hashes, np.array(held, np.int64), rows, np.array(counts, np.uint16), np.array(lengths, np.int32)
        )

    @classmethod
    def joined(cls, parts: Sequence[tuple[Postings, Rows]], size: int) -> Postings:
        """The postings of several, renumbered.

        Args:
            parts: Postings, and the new row of each of their rows, int64; -1 for rows that are left out.
            size: How many rows there are then.
        """
        hashes: Hashes = np.concatenate([part.words for part, _ in parts] or [np.zeros(0, np.uint64)])
        lengths = np.zeros(size, np.int32)
        columns: list[Rows] = []
        rows: list[NDArray[np.int32]] = []
        counts: list[NDArray[np.uint16]] = []
        first = 0
        for part, renumbered in parts:
            new = renumbered[part.rows]
            kept = new >= 0
            columns.append(np.repeat(np.arange(first, first + len(part.words)), np.diff(part.starts))[kept])
            rows.append(new[kept].astype(np.int32))
            counts.append(part.counts[kept])
            stays = renumbered >= 0
            lengths[renumbered[stays]] = part.lengths[stays]
            first += len(part.words)
        empty = np.zeros(0, np.int64)
        return cls._sorted(
            hashes,
            np.concatenate([*columns, empty]),
            np.concatenate([*rows, empty.astype(np.int32)]),
            np.concatenate([*counts, empty.astype(np.uint16)]),
            lengths,
        )

    @classmethod
    def _sorted(
        cls,
        hashes: Hashes,
        columns: Rows,
        rows: NDArray[np.int32],
        counts: NDArray[np.uint16],
        lengths: NDArray[np.int32],
    ) -> Postings:
        """From places in any order: each a column, whose hash is `hashes[column]`, a row and a count."""
        words, place = np.unique(hashes, return_inverse=True)
        keys = (place.astype(np.int64)[columns] << 32) | rows
        order = np.argsort(keys)
        sizes = np.bincount(keys >> 32, minlength=len(words)) if len(keys) else np.zeros(len(words), np.int64)
        there = sizes > 0  # words of rows that were left out are gone
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[there])])
        return cls(words[there], starts, rows[order], counts[order], lengths)

    def span(self, word: str) -> slice:
        """Where the word's rows stand in `rows` and `counts`; empty where no row has it."""
        wanted = np.uint64(hashed(word))
        at = int(np.searchsorted(self.words, wanted))
        if at == len(self.words) or self.words[at] != wanted:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name; `from_arrays` takes them back."""
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Postings:
        """The inverse of `arrays`.

        Raises:
            KeyError: One is missing.
        """
        return cls(*(arrays[name] for name in _FIELDS))
