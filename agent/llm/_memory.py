"""KV memory of conversations that are not in a slot right now, kept in RAM under a byte limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]

Adapters = tuple[tuple[str, float], ...]
"""Adapter files and their scales, sorted by path: KV memory computed under others is of no use."""

WORTH_KEEPING = 64
"""Tokens below which computing them again is as quick as moving their memory."""


def as_tokens(tokens: Sequence[int] | Tokens) -> Tokens:
    """Token ids as an int32 array, shape (n,)."""
    return np.asarray(tokens, dtype=np.int32)


def shared_prefix(first: Tokens, second: Tokens) -> int:
    """How many tokens two sequences share from their beginning."""
    length = min(len(first), len(second))
    different = np.flatnonzero(first[:length] != second[:length])
    return int(different[0]) if len(different) else length


@dataclass(frozen=True, eq=False)
class Saved:
    """One conversation's KV cells.

    Attributes:
        tokens: What the cells stand for, int32, shape (n,).
        state: llama.cpp's own serialisation of one sequence.
        adapters: What they were computed under.
    """

    tokens: Tokens
    state: NDArray[np.uint8]
    adapters: Adapters = ()


class PrefixShelf(Protocol):
    """Where beginnings of prompts outlive the process; everything is called on the engine's thread."""

    def find(self, adapters: Adapters, tokens: Tokens, *, longer_than: int) -> Saved | None:
        """A kept beginning that shares more than `longer_than` first tokens with `tokens`."""
        ...

    def wants(self, adapters: Adapters, tokens: Tokens) -> bool:
        """Whether this beginning should be kept and is not yet."""
        ...

    def keep(self, saved: Saved) -> None:
        """Keep a beginning."""
        ...


class ConversationMemory:
    """Saved conversations, least recently used first out.

    Args:
        max_bytes: Upper bound of all states together; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._saved: list[Saved] = []

    @property
    def bytes_used(self) -> int:
        """Bytes of the states held now."""
        return sum(saved.state.nbytes for saved in self._saved)

    def __len__(self) -> int:
        return len(self._saved)

    def fits(self, size: int) -> bool:
        """Whether a state of this many bytes could be kept at all."""
        return size <= self._max_bytes

    def holds(self, tokens: Tokens, adapters: Adapters = ()) -> bool:
        """Whether a saved conversation begins with all of these tokens."""
        return any(
            shared_prefix(saved.tokens, tokens) == len(tokens) for saved in self._saved if saved.adapters == adapters
        )

    def keep(self, saved: Saved) -> None:
        """Add one; what it extends is dropped, then the least recently used until the bound holds."""
        size = saved.state.nbytes
        if not self.fits(size):
            return
        self._saved = [old for old in self._saved if not _extends(saved, old)]
        while self._saved and self.bytes_used + size > self._max_bytes:
            del self._saved[0]
        self._saved.append(saved)

    def best(self, tokens: Tokens, adapters: Adapters = ()) -> tuple[Saved | None, int]:
        """The saved conversation with the longest common beginning, and that length."""
        best: Saved | None = None
        length = 0
        for saved in self._saved:
            if saved.adapters == adapters and (common := shared_prefix(saved.tokens, tokens)) > length:
                best, length = saved, common
        return best, length

    def touch(self, used: Saved) -> None:
        """Make one the latest used."""
        self._saved = [saved for saved in self._saved if saved is not used] + [used]

    def clear(self) -> None:
        """Forget everything."""
        self._saved = []


def _extends(new: Saved, old: Saved) -> bool:
    return new.adapters == old.adapters and shared_prefix(old.tokens, new.tokens) == len(old.tokens)
