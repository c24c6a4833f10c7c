"""More like this or more like that: what can be asked where no facet can be.

By the model of `_questions.py`, the person answers with the item that the wanted one is nearer to, or with "any" with
probability `ANY`. An answer rules out the items that are clearly nearer to the other one; of those between the two it
says nothing. So the best pair stands far apart, in the middle of two halves: a gain of (1 - `ANY`) / 2 at most.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._questions import ANY
from chatrec.indexes._ranker import overlaps, representative
from chatrec.indexes._values import Question

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["CONTRAST", "FLAT", "contrast"]

CONTRAST: Final = "examples"
"""Stands where the name of a facet stands; a catalog with such a facet is asked about its facets alone."""
FLAT: Final = 0.1
"""Where no facet rules out so much of the whole catalog, facets cannot ask."""
_EXAMPLES: Final = 12
"""So many items that stand for the others are compared with each other."""
_CLEARLY: Final = 0.1
"""So much nearer, as a difference of cosines, is clearly nearer."""


def contrast(catalog: Catalog, rows: NDArray[np.integer], centred: NDArray[np.float32]) -> Question | None:
    """The two of some items whose comparison is expected to rule out most of them.

    Args:
        catalog: The catalog.
        rows: Rows of the items in question, at most some hundred.
        centred: Their vectors, shape (len(rows), d), from `Space.centred`.

    Returns:
        The question, first the item that is nearer to more; None where there are fewer than three items, or all alike.
    """
    if len(rows) < 3:
        return None
    items = [catalog.items[row] for row in rows.tolist()]
    able = representative(np.zeros(len(rows)), overlaps(centred), _EXAMPLES)
    able = [place for place in able if items[place].title.strip()]
    near = centred @ centred[able].T
    best: tuple[float, int, int] = (0.0, 0, 0)
    for one, other in combinations(range(len(able)), 2):
        if items[able[one]].title.casefold() != items[able[other]].title.casefold():
            best = max(best, (_gain(near[:, one] - near[:, other]), -one, -other))
    gain, one, other = best[0], -best[1], -best[2]
    if gain <= 0:
        return None
    nearer = int((near[:, one] >= near[:, other]).sum())
    sides = sorted([(nearer, able[one]), (len(rows) - nearer, able[other])], key=lambda side: -side[0])
    options = tuple((items[place].title, count) for count, place in sides)
    return Question(CONTRAST, options, gain, tuple(items[place].id for _, place in sides))


def _gain(nearer: NDArray[np.float32]) -> float:
    """The share that an answer is expected to rule out, by how much nearer each item is to the first of two."""
    first, second = float((nearer > _CLEARLY).mean()), float((nearer < -_CLEARLY).mean())
    between = (1.0 - first - second) / 2
    return (1 - ANY) * ((first + between) * second + (second + between) * first)
