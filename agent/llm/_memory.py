"""KV memory of conversations that are not being computed right now, kept in RAM under a byte limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]


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
        state: llama.cpp's own serialisation of sequence 0.
    """

    tokens: Tokens
    state: NDArray[np.uint8]


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

    def holds(self, tokens: Tokens) -> bool:
        """Whether a saved conversation begins with all of these tokens."""
        return any(shared_prefix(saved.tokens, tokens) == len(tokens) for saved in self._saved)

    def keep(self, saved: Saved) -> None:
        """Add one; what it extends is dropped, then the least recently used until the bound holds."""
        size = saved.state.nbytes
        if not self.fits(size):
            return
        self._saved = [old for old in self._saved if shared_prefix(old.tokens, saved.tokens) < len(old.tokens)]
        while self._saved and self.bytes_used + size > self._max_bytes:
            del self._saved[0]
        self._saved.append(saved)

    def best(self, tokens: Tokens) -> tuple[Saved | None, int]:
        """The saved conversation with the longest common beginning, and that length; it becomes the latest used."""
        best: Saved | None = None
        length = 0
        for saved in self._saved:
            if (common := shared_prefix(saved.tokens, tokens)) > length:
                best, length = saved, common
        if best is not None:
            self._saved = [saved for saved in self._saved if saved is not best] + [best]
        return best, length

    def clear(self) -> None:
        """Forget everything."""
        self._saved = []
