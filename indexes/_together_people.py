"""How people differ: what each item is liked on average, and the ways in which people depart from it.

Likes as a normal distribution with few main directions (Tipping and Bishop, Probabilistic Principal Component Analysis,
1999). Of a person of whom little is known only what was judged is read, as observed with noise, and everything else is
expected as it is of people on average: so one like moves a stranger's list a little and in the right direction, where
weights between items and factors take all that was not liked yet as not wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spread", "learn_spread"]

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_WAYS: Final = 30
_MORE: Final = 10
"""Directions that are looked for beside those that are kept, so that the last of these are right too."""
_ROUNDS: Final = 6


@dataclass(frozen=True)
class Spread:
    """The likes of people.

    Attributes:
        usual: The share of the people who like each item, float32, shape (m,).
        ways: The main directions, each as long as people's deviation along it, float32, shape (m, f).
        noise: The variance of one like that is not explained by the person.
    """

    usual: Floats
    ways: Floats
    noise: float

    def suits(self, places: NDArray[np.intp], weights: Doubles) -> Floats:
        """How much each item is expected to be liked, shape (m,).

        Args:
            places: What the person likes.
            weights: How sure each of that is, above 0 and at most 1, of the same shape.
        """
        theirs = self.ways[places].astype(np.float64)
        normal = (theirs * weights[:, None]).T @ theirs + self.noise * np.eye(theirs.shape[1])
        person = np.linalg.solve(normal, theirs.T @ (weights * (1.0 - self.usual[places])))
        expected = self.usual + self.ways @ person.astype(np.float32)
        return expected.astype(np.float32)


def learn_spread(gram: Floats, persons: int) -> Spread:
    """What the likes of people say of how they differ.

    The noise is the variance of the item that is liked at random, one of the likes.

    Args:
        gram: How many people like both of two items, shape (m, m).
        persons: How many people there are, at least 1.
    """
    count = len(gram)
    usual = np.diag(gram).astype(np.float64) / max(1, persons)
    size = min(_WAYS, count)
    basis: Doubles = np.random.default_rng(count).normal(size=(count, min(_WAYS + _MORE, count)))
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(_covers(gram, usual, basis, persons))[0]
    values, turned = np.linalg.eigh(basis.T @ _covers(gram, usual, basis, persons))
    lengths = np.sqrt(np.maximum(values[::-1][:size], 0.0))
    ways = (basis @ turned[:, ::-1][:, :size]) * lengths
    told = max(float(usual.sum()), 1e-9)
    noise = max(float((usual * usual * (1.0 - usual)).sum()) / told, 1e-6)
    return Spread(usual.astype(np.float32), ways.astype(np.float32), noise)


def _covers(gram: Floats, usual: Doubles, basis: Doubles, persons: int) -> Doubles:
    """The covariance of the likes times a matrix, without a second array of the gram's size."""
    seen: Doubles = (gram @ basis.astype(np.float32)).astype(np.float64) / max(1, persons)
    return seen - np.outer(usual, usual @ basis)
