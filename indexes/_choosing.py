"""Choosing a list from scored candidates: how much sameness, fashion and the seldom liked count."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ContextError
from chatrec.indexes._ranker import diverse

__all__ = ["Choosing", "choose", "long_tail", "own_share"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_HEAD = 0.2
"""This share of the liked items, the most liked, are no long tail."""
_FEW = 5


@dataclass(frozen=True, slots=True)
class Choosing:
    """How a list is made of scored items. Relevance is what the others leave: with all at 0, the best scores win.

    Attributes:
        diversity: What an exact repetition of an item on the list loses, as a share of the lead that the last place
            has over the mean, [0, 1].
        novelty: What an item that nobody has liked yet gains over the most liked one, in units of score, [0, 1]; only
            with interactions.
        long_tail: The least share of the list that goes to items outside the most liked fifth, [0, 1]; the best of
            them, as far as there are any among the candidates; only with interactions.

        own_tail: How much of the share that such items have among a person's own likes they have on the list at least,
            [0, 1]; so those get them who like them.

    Raises:
        ContextError: A setting is out of its bounds.
    """

    diversity: float = 0.4
    novelty: float = 0.0
    long_tail: float = 0.0
    own_tail: float = 0.35

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0 <= value <= 1:
                raise ContextError(f"{each.name} is {value!r}", hint="give a number from 0 to 1")


def long_tail(likes: NDArray[np.int32]) -> Mask:
    """Which items are not among the most liked fifth of those that anybody liked, shape (n,)."""
    liked = np.sort(likes[likes > 0])
    if not len(liked):
        return np.ones(len(likes), dtype=np.bool_)
    return np.asarray(likes < liked[-max(1, round(_HEAD * len(liked)))])


def own_share(liked: Mask) -> float:
    """The share of the long tail among a person's likes, less for few: `_FEW` others are added.

    Args:
        liked: Shape (m,), which of the likes are of the long tail.
    """
    return float(liked.sum()) / (len(liked) + _FEW)


def choose(
    scores: NDArray[np.float64],
    centred: Floats | Callable[[NDArray[np.intp]], Floats],
    k: int,
    settings: Choosing,
    tail: Mask | None = None,
    *,
    own: float = 0.0,
    values: Callable[[int], frozenset[tuple[str, str]]] | None = None,
) -> list[int]:
    """Choose k places, best first.

    Args:
        scores: Shape (n,).
        centred: Shape (n, d), from `Space.centred`, or what gives it, as for `diverse`.
        k: How many at most.
        settings: How.
        tail: Shape (n,), which places are of the long tail; None where that is not known.
        own: The share of the long tail among the person's likes.
        values: From a place to its facet values.
    """
    chosen = diverse(scores, centred, k, strength=settings.diversity, values=values)
    if tail is None:
        return chosen
    wanted = math.ceil(settings.long_tail * len(chosen) - 1e-9)
    wanted = max(wanted, math.floor(settings.own_tail * own * len(chosen) + 1e-9))
    missing = max(0, wanted - sum(bool(tail[place]) for place in chosen))
    if not missing:
        return chosen
    spare = _by_score(np.flatnonzero(tail).tolist(), scores, out=chosen)
    heads = [place for place in reversed(_by_score(chosen, scores)) if not tail[place]]
    for gone, new in zip(heads[:missing], spare, strict=False):
        chosen.remove(gone)
        chosen.append(new)
    return chosen


def _by_score(places: Sequence[int], scores: NDArray[np.float64], out: Sequence[int] = ()) -> list[int]:
    held = set(out)
    return sorted((place for place in places if place not in held), key=lambda place: (-scores[place], place))
