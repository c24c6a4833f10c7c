"""What the linker tells of a sentence, and how what its readers found becomes that."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_cues import ALSO_BEFORE, TOO
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_join import merge
from chatrec.indexes._linker_lifted import also
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_words import JOINERS, OR_WORDS
from chatrec.indexes._values import FacetKind, Item, Mention


@dataclass(frozen=True, slots=True)
class Proposal:
    """A constraint that a sentence seems to state.

    Attributes:
        constraint: The constraint.
        text: The words that say it.
        score: How sure, 0 to 1. From 0.75 on the person said so; lower means perhaps.
        strict: Whether what does not satisfy it may be left out. False for wanted values of a facet that is filled in
            so freely (most of its many values occur once) that an item may have the thing under another name.
        wider: Whether it would do beside what was asked for before ("or grey", 红茶也行).
        bare: Whether it is a number that was said without a bound.
        holders: Ids of listed items that have the number that is said; "27 gears is too many" may speak of one of them.
        judged: Whether it is a number that was found too much or too little.
    """

    constraint: Constraint
    text: str
    score: float
    strict: bool = True
    wider: bool = False
    bare: bool = False
    holders: tuple[str, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What a sentence says in terms of a catalog.

    Attributes:
        proposals: Constraints, in the order in which they were said.
        mentions: Items that were named or pointed at, in that order.
        hints: Where there are none, listed items that alone have in their text a word of the sentence in which no
            constraint is read; they are meant where the sentence judges something, and mostly not where it wishes.
        removed: Facets that the person said are of no matter ("any year is fine").
        given_up: The values that were said to be needed no longer, where a facet is in `removed` for their sake alone.
        rest: The words that were not understood and may be searched for, in order; without function words, and
            without refused ones ("no clowns" must not find clowns).
        translated: The catalog's own words for an English message about a Chinese catalog, to be searched for as
            well; empty otherwise.
    """

    proposals: tuple[Proposal, ...] = ()
    mentions: tuple[Mention, ...] = ()
    removed: tuple[str, ...] = ()
    given_up: tuple[Constraint, ...] = ()
    rest: str = ""
    translated: str = ""
    hints: tuple[Mention, ...] = ()


def proposals(
    sentence: Sentence,
    found: Sequence[Found],
    shown: Sequence[Item],
    *,
    kinds: Mapping[str, FacetKind],
    together: Callable[[str, Sequence[str]], bool],
    free: Container[str],
) -> tuple[Proposal, ...]:
    """What was found as proposals, each constraint once, where it is surest.

    Args:
        sentence: The sentence.
        found: What was found in it.
        shown: The last list.
        kinds: Of the facets, by name.
        together: Whether any item has all of some values of a facet.
        free: The facets that are filled in so freely that an item may have a thing under another name.
    """
    best: dict[Constraint, Proposal] = {}
    merged = merge(sentence, found, kinds, together)
    bounded = {one.constraint.facet for one in merged if one.kind == "number" and not one.judged}
    for one in merged:
        strict = one.constraint.op != "any" or one.constraint.facet not in free
        proposal = Proposal(
            one.constraint,
            sentence.span(one.start, one.end),
            round(one.score, 3),
            strict,
            wider=_wider(sentence, one) or (kinds.get(one.constraint.facet) == "category" and _too(sentence, one)),
            bare=one.bare,
            holders=tuple(item.id for item in shown if holds(item, one)),
            judged=one.judged,
        )
        if one.judged and not proposal.holders and one.constraint.facet in bounded:
            continue  # "180 is a lot, 150 tops"
        held = best.get(one.constraint)
        if held is None or held.score < proposal.score:
            best[one.constraint] = proposal
    return tuple(best.values())


def holds(item: Item, found: Found) -> bool:
    """Whether an item has, to three in a hundred, a number that was said without a bound."""
    held, values = item.facets.get(found.constraint.facet), found.constraint.values
    if not (found.bare or found.judged) or isinstance(held, bool) or not isinstance(held, int | float):
        return False
    numbers = [value for value in values if isinstance(value, int | float)]
    said = sum(numbers) / max(1, len(numbers))
    return abs(held - said) <= 0.03 * abs(said)


def _wider(sentence: Sentence, found: Found) -> bool:
    """Whether a value is said to do as well as what was asked for before."""
    if found.constraint.op != "any" or found.kind == "number":
        return False
    lead = sentence.tokens[0].norm in OR_WORDS and all(t.norm in JOINERS for t in sentence.tokens[1 : found.start])
    before = ALSO_BEFORE.before(sentence.tokens, found.named)
    return (lead and found.start > 0) or before is not None or also(sentence, found.end)


def _too(sentence: Sentence, found: Found) -> bool:
    """Whether a value closes with "too": of what has one value only, that can but widen ("then cow as well")."""
    if found.constraint.op != "any" or found.kind == "number":
        return False
    return TOO.at(sentence.tokens, found.end) is not None
