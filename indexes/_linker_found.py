"""What the readers of a sentence hand to the linker: constraints with their place, and where facets are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chatrec.indexes._constraints import Constraint


@dataclass(frozen=True, slots=True)
class Name:
    """Where a sentence names a facet.

    Attributes:
        facet: The facet.
        start: First token.
        end: The token after it.
        own: Whether it is the column's own name; otherwise a word for what the column measures.
    """

    facet: str
    start: int
    end: int
    own: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A constraint as said, before negation and enumeration are taken into account.

    Attributes:
        constraint: The constraint, in the positive.
        start: First token.
        end: The token after it.
        score: How sure, 0 to 1.
        kind: Which reader found it.
        cue: First token of the number itself (numbers).
        named: First token of the words that belong to it, the facet's name included.
        about: Whether it is a number that was only said roughly.
        bare: Whether it is a number that was said without a bound and without "about".
        judged: Whether it is a number that was found too much or too little; "27 is too many" may speak of an item.
        settled: Whether the words around it that refuse something are taken into account: "nothing too long".
        allowed: Whether it may be so and need not: "heavier is fine".
    """

    constraint: Constraint
    start: int
    end: int
    score: float
    kind: Literal["value", "number", "relative", "meaning"]
    cue: int = 0
    named: int = 0
    about: bool = False
    bare: bool = False
    judged: bool = False
    settled: bool = False
    allowed: bool = False
