"""How an answer asks for computing: a generator yields steps, the engine's scheduler sends back what came of them.

An answer never calls llama.cpp. Between two of its steps other conversations are computed, often in the same batch.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chatrec.agent.llm._memory import Adapters
from chatrec.agent.llm._sampling import Logits


@dataclass(frozen=True, slots=True)
class Begin:
    """Turn to a conversation; the first step of every answer.

    The answer to this step is an int: how many of the first tokens need no evaluation.

    Attributes:
        prompt: Its tokens.
        stable: How many of the first tokens other conversations share: system text and tools; 0 if that is not known.
        room: How many tokens will about come after the prompt.
        adapters: Under which adapters it is computed.
    """

    prompt: Sequence[int]
    stable: int = 0
    room: int = 0
    adapters: Adapters = ()


@dataclass(frozen=True, slots=True)
class After:
    """Logits after exactly these tokens, counted from the conversation's beginning; only what differs is evaluated."""

    tokens: Sequence[int]


@dataclass(frozen=True, slots=True)
class More:
    """Logits after some more tokens than the conversation has.

    Attributes:
        tokens: At least one.
        each: Answer with a list of logits, one after each token, rather than with the last one alone.
    """

    tokens: Sequence[int]
    each: bool = False


T = TypeVar("T")

Step = Begin | After | More

Steps = Generator[Step, Any, T]
"""A computation that yields steps and returns a T."""


def begin(prompt: Sequence[int], stable: int = 0, room: int = 0, adapters: Adapters = ()) -> Steps[int]:
    """See `Begin`."""
    cached: int = yield Begin(prompt, stable, room, adapters)
    return cached


def after(tokens: Sequence[int]) -> Steps[Logits]:
    """Logits after exactly these tokens, float32, shape (n_vocab,): a view, valid until the next step."""
    logits: Logits = yield After(tokens)
    return logits


def more(tokens: Sequence[int]) -> Steps[Logits]:
    """Logits after some more tokens; as `after`."""
    logits: Logits = yield More(tokens)
    return logits


def each(tokens: Sequence[int]) -> Steps[list[Logits]]:
    """Logits after each of some more tokens, float32, each of shape (n_vocab,); copies."""
    logits: list[Logits] = yield More(tokens, each=True)
    return logits
