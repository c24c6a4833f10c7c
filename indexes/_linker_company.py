"""The company that words keep: which facet values the items have whose texts use a phrase."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._linker_text import is_han, stem
from chatrec.indexes._values import Item

_SAMPLE = 8000
_LETTERS = 400
_CACHED = 512
_PLAIN = re.compile(r"[^\w]+")
_FEW = 5
_SHARE = 0.75
_LIFT = 5.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The values of the items that use a phrase.

    Attributes:
        row: The value that stands out most, -1 if the phrase is too rare to tell.
        sure: Whether nearly all of the items have it, and few others.
        shares: By value, the share of these items that has it.
        lifts: By value, how many times the share among all items that is; 1 where the phrase is too rare.
    """

    row: int
    sure: bool
    shares: NDArray[np.float32]
    lifts: NDArray[np.float32]

    def among(self, row: int) -> tuple[float, float]:
        """Share and lift of one value."""
        return float(self.shares[row]), float(self.lifts[row])


class Company:
    """Counts values beside words, in a sample of the items.

    Args:
        items: All items.
        values: Facet and value, by row.
    """

    def __init__(self, items: Sequence[Item], values: Sequence[tuple[str, str]]) -> None:
        self._items = items[:: max(1, -(-len(items) // _SAMPLE))]
        self._values = values
        self._seen: OrderedDict[str, Kept] = OrderedDict()

    def of(self, phrase: str) -> Kept:
        """The company of a phrase; kept for the next time."""
        if phrase not in self._seen:
            while len(self._seen) >= _CACHED:
                self._seen.popitem(last=False)
            self._seen[phrase] = self._count(phrase)
        return self._seen[phrase]

    def _count(self, phrase: str) -> Kept:
        wanted = phrase if is_han(phrase) else " " + " ".join(map(stem, phrase.casefold().split()))
        using = np.fromiter((wanted in text for text in self._texts), dtype=np.bool_, count=len(self._items))
        held, size = self._held, int(using.sum())
        even = np.ones(len(self._values), dtype=np.float32)
        if size < _FEW or size > 0.3 * len(self._items):
            return Kept(-1, False, np.zeros_like(even), even)
        usual = held.mean(axis=0)
        shares = held[using].mean(axis=0)
        # As many items more as are few, with the usual values: a rare phrase proves little.
        lifts = (held[using].sum(axis=0) + _FEW * usual) / (size + _FEW) / np.maximum(usual, 1e-6)
        row = int(np.argmax(np.where(shares >= _SHARE, lifts, 0)))
        sure = bool(shares[row] >= _SHARE and lifts[row] >= _LIFT)
        return Kept(row, sure, np.asarray(shares, np.float32), np.asarray(lifts, np.float32))

    @cached_property
    def _texts(self) -> list[str]:
        return [" " + _PLAIN.sub(" ", f"{item.title} {item.description[:_LETTERS]}".casefold()) for item in self._items]

    @cached_property
    def _held(self) -> NDArray[np.float32]:
        """Which items have which values, shape (items, values)."""
        places = {value: row for row, value in enumerate(self._values)}
        held = np.zeros((len(self._items), len(self._values)), dtype=np.float32)
        for at, item in enumerate(self._items):
            for name, value in item.facets.items():
                for part in value if isinstance(value, tuple) else (str(value).lower() if value is True else value,):
                    row = places.get((name, str(part)))
                    if row is not None:
                        held[at, row] = 1
        return held
