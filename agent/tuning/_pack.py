"""Conversations as one batch in which no token is computed twice.

All decisions over one catalog share the system text, and those of one conversation share its history. The shared part
is evaluated once, and each conversation becomes a trie, several to a row: a token sees its own ancestors only, so every
decision sees exactly the tokens that stand before it in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "Choice", "pack"]

Weigh = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True, slots=True)
class Choice:
    """A place at which the model chooses.

    Attributes:
        row: Which row; -1 for the shared part.
        node: The token before the choice, its place in the row.
        allowed: Tokens to choose from; empty is the whole vocabulary.
        target: The right one.
        weight: Its weight in the loss.
        wrong: Whether the target is to be avoided instead.
    """

    row: int
    node: int
    allowed: tuple[int, ...]
    target: int
    weight: float
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One catalog's conversations.

    Attributes:
        shared: The tokens that all begin with, shape (p,).
        tokens: The rows' further tokens, shape (b, n), padded with 0.
        depths: Each token's position in its own sequence, shape (b, n).
        sees: Which tokens of its row a token sees, shape (b, n, n).
        choices: Where the model chooses.
    """

    shared: NDArray[np.int64]
    tokens: NDArray[np.int64]
    depths: NDArray[np.int64]
    sees: NDArray[np.bool_]
    choices: tuple[Choice, ...]

    @property
    def size(self) -> int:
        """How many tokens are computed, padding included."""
        return len(self.shared) + self.tokens.size


def pack(conversations: Sequence[Sequence[Mapping[str, Any]]], weigh: Weigh, *, longest: int = 500) -> Batch | None:
    """Pack conversations over one catalog.

    Args:
        conversations: Their decisions, as `read_conversations` gives them.
        weigh: The weight of a decision.
        longest: Decisions whose prompt has more tokens behind what all prompts begin with are left out.

    Returns:
        The batch, or None where no decision is short enough.
    """
    shared = _common([d["tokens"][: d["at"]] for decisions in conversations for d in decisions])
    kept = [[d for d in decisions if len(d["tokens"]) - shared <= longest] for decisions in conversations]
    kept = [decisions for decisions in kept if decisions]
    if not kept:
        return None
    tries = [_Trie(shared) for _ in kept]
    found = [
        [choice for decision in decisions for choice in trie.add(decision, weigh(decision))]
        for trie, decisions in zip(tries, kept, strict=True)
    ]
    width = max(1, *(len(trie.tokens) for trie in tries))
    places, rows = _places([len(trie.tokens) for trie in tries], width)
    tokens = np.zeros((rows, width), np.int64)
    depths = np.zeros((rows, width), np.int64)
    sees = np.zeros((rows, width, width), np.bool_)
    sees[:, np.arange(width), np.arange(width)] = True
    choices: list[Choice] = []
    for trie, some, (row, start) in zip(tries, found, places, strict=True):
        stop = start + len(trie.tokens)
        tokens[row, start:stop] = trie.tokens
        depths[row, start:stop] = trie.depths
        for node, parent in enumerate(trie.parents, start):
            if parent >= 0:
                sees[row, node] |= sees[row, parent + start]
        choices += [replace(c, row=row, node=c.node + start) if c.row >= 0 else c for c in some]
    first = kept[0][0]["tokens"][:shared]
    return Batch(np.asarray(first, np.int64), tokens, depths, sees, tuple(choices))


def _places(sizes: Sequence[int], width: int) -> tuple[list[tuple[int, int]], int]:
    """Row and first place of each trie, several short ones to a row; and how many rows that takes."""
    used: list[int] = []
    places = [(0, 0)] * len(sizes)
    for number in sorted(range(len(sizes)), key=lambda n: -sizes[n]):
        row = next((row for row, filled in enumerate(used) if filled + sizes[number] <= width), len(used))
        if row == len(used):
            used.append(0)
        places[number] = (row, used[row])
        used[row] += sizes[number]
    return places, max(1, len(used))


class _Trie:
    def __init__(self, shared: int) -> None:
        self._shared = shared
        self.tokens: list[int] = []
        self.depths: list[int] = []
        self.parents: list[int] = []
        self._children: dict[tuple[int, int], int] = {}

    def add(self, decision: Mapping[str, Any], weight: float) -> list[Choice]:
        """Add a decision's tokens up to its last choice."""
        tokens, at, wrong = decision["tokens"], decision["at"], decision.get("wrong", False)
        places = {at + place: tuple(allowed) for place, allowed in decision["choices"]}
        found: list[Choice] = []
        node = -1
        for place in range(self._shared, max(places) + 1):
            if place in places:
                inside = node >= 0
                mark = node if inside else self._shared - 1
                found.append(Choice(0 if inside else -1, mark, places[place], tokens[place], weight, wrong))
            if place < max(places):
                node = self._child(node, tokens[place], place)
        return found

    def _child(self, parent: int, token: int, depth: int) -> int:
        key = (parent, token)
        if key not in self._children:
            self._children[key] = len(self.tokens)
            self.tokens.append(token)
            self.depths.append(depth)
            self.parents.append(parent)
        return self._children[key]


def _common(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all sequences begin with."""
    ordered = sorted(list(sequence) for sequence in sequences)
    low, high = ordered[0], ordered[-1]
    length = 0
    for a, b in zip(low, high, strict=False):
        if a != b:
            break
        length += 1
    return length
