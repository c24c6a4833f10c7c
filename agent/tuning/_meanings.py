"""The linker's weights for what a phrase means, fitted to the conversations that were written by hand.

In every written turn the linker weighs values that the free words may mean. Such a value is right where the labels of
the turn have it and those of the turn before do not; the weights are those of a logistic regression on that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from chatrec.agent.tuning._written import read_talks, written_catalog, written_domains
from chatrec.indexes import Catalog, Constraint
from chatrec.indexes._embedders import open_embedder
from chatrec.indexes._linker_meaning import WEIGHTS, Meanings

__all__ = ["Fit", "Weighed", "fit_meanings", "weighed"]

_RIDGE = 0.3
"""Weight of the squares of the weights, beside choices that weigh 1 each."""
_CHANCES = (0.3, 0.35, 0.42, 0.5, 0.6)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A value that a phrase may mean: its signs, as `Meanings.signs` gives them, and whether it was meant."""

    domain: str
    signs: tuple[float, ...]
    meant: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """The weights of the signs, and how they do.

    Attributes:
        weights: In the order of `Meanings.signs`.
        surprise: Mean negative log-likelihood in nats; of each domain with weights fitted to the others.
        present: The same with the weights in use, which have seen these conversations.
        taken: By chance from which on a value is taken for meant: how many would be, and how many of them rightly,
            each domain with weights fitted to the others.
    """

    weights: tuple[float, ...]
    surprise: float
    present: float
    taken: dict[float, tuple[int, int]]


def weighed(domains: Sequence[str] | None = None) -> Iterator[Weighed]:
    """What the linker weighs in the written conversations, with the embedder of each catalog's language."""
    for domain in domains or written_domains():
        catalog = written_catalog(domain)
        embedder = open_embedder("auto", language=catalog.language)
        for talk in read_talks(domain):
            yield from _in_talk(domain, talk["turns"], catalog, embedder)


def fit_meanings(found: Sequence[Weighed]) -> Fit:
    """Fit the weights.

    Args:
        found: Of at least two domains.
    """
    signs = np.array([one.signs for one in found], dtype=np.float64)
    meant = np.array([one.meant for one in found], dtype=np.float64)
    domains = np.array([one.domain for one in found])
    chances = np.zeros(len(found))
    for domain in dict.fromkeys(one.domain for one in found):
        held = domains == domain
        chances[held] = _chances(signs[held], _fitted(signs[~held], meant[~held]))
    taken = {bar: (int((chances > bar).sum()), int(meant[chances > bar].sum())) for bar in _CHANCES}
    weights = tuple(float(round(weight, 2)) for weight in _fitted(signs, meant))
    return Fit(weights, _surprise(chances, meant), _surprise(_chances(signs, np.array(WEIGHTS)), meant), taken)


def _in_talk(domain: str, turns: Sequence[Any], catalog: Catalog, embedder: Any) -> Iterator[Weighed]:
    before: set[Constraint] = set()
    shown: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    asked = None
    for turn in turns:
        right = {Constraint.parse(notation, catalog.facets) for notation in turn["where"]}
        with _watched() as seen:
            catalog.link(turn["user"], last=shown, listed=listed, asked=asked, embedder=embedder)
        for (facet, value), signs in seen.items():
            if not _says(before, facet, value):
                yield Weighed(domain, signs, _says(right, facet, value))
        before, then = right, turn.get("then") or {}
        asked = then.get("facet") if then.get("act") == "ask" else None
        shown = tuple(then["items"]) if then.get("act") == "recommend" else shown
        listed = tuple(dict.fromkeys([*listed, *shown]))


def _says(wishes: set[Constraint], facet: str, value: str) -> bool:
    return any(wish.facet == facet and value in map(str, wish.values) for wish in wishes)


@contextmanager
def _watched() -> Iterator[dict[tuple[str, str], tuple[float, ...]]]:
    """The values that the linker weighs meanwhile, with the signs of the phrase that speaks most for each."""
    seen: dict[tuple[str, str], tuple[float, ...]] = {}
    told = Meanings.signs

    def watched(self: Meanings, cosines: Any, order: Any, row: int, asked: str | None) -> tuple[float, ...]:
        signs = told(self, cosines, order, row, asked)
        value = self.values[row]
        seen[value] = max(seen.get(value, signs), signs, key=lambda each: float(np.dot(WEIGHTS, each)))
        return signs

    with patch.object(Meanings, "signs", watched):
        yield seen


def _fitted(signs: NDArray[np.float64], meant: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method."""
    weights = np.zeros(signs.shape[1])
    ridge = _RIDGE * np.eye(signs.shape[1])
    for _ in range(30):
        chances = _chances(signs, weights)
        slope = signs.T @ (chances - meant) + ridge @ weights
        weights -= np.linalg.solve((signs * (chances * (1 - chances))[:, None]).T @ signs + ridge, slope)
    return weights


def _chances(signs: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-signs @ weights)), dtype=np.float64)


def _surprise(chances: NDArray[np.float64], meant: NDArray[np.float64]) -> float:
    right = np.where(meant > 0, chances, 1 - chances)
    return float(-np.log(np.maximum(right, 1e-9)).mean())
