"""Which way a constraint is meant: turned round where it lies in the scope of a negation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_cues import ALSO, CUES
from chatrec.indexes._linker_degree import sparing
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_numbers import flip
from chatrec.indexes._linker_scope import wondered
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, JOINERS

_NOT_DOING = frozenset({"dont", "doesnt", "didnt", "never", "cant", "cannot", "wont", "wouldnt"})
ASKED = 0.6
"""The most that counts what may be wished for by asking about it."""


def signed(sentence: Sentence, found: Found, scope: Sequence[int]) -> list[Found]:  # noqa: PLR0911
    """A constraint turned round where it lies in the scope of a negation."""
    cue = scope[found.start]
    if cue < 0 or found.settled:
        return [found]
    if found.kind == "value" and wondered(sentence, cue, found.end):
        return [replace(found, score=min(found.score, ASKED))]
    if found.kind == "value" and also(sentence, found):  # 不是饼茶也行 takes nothing back
        return []
    if found.kind == "value":
        constraint = Constraint(found.constraint.facet, "none", found.constraint.values)
        near = cue < found.start and found.start - cue <= 4
        if sparing(sentence, cue):
            return [replace(found, constraint=constraint, score=min(found.score, 0.6))]
        if _qualified(sentence, found, scope):
            return [replace(found, constraint=constraint, score=min(found.score, 0.45))]
        return [
            replace(
                found,
                constraint=constraint,
                score=max(found.score, 0.8) if near and found.score > 0.67 else found.score,
            )
        ]
    match = CUES.at(sentence.tokens, cue)
    start = match[0] if match else cue + 1
    between = range(start, found.start)
    direct = all(not sentence.taken[n] and sentence.tokens[n].norm in FUNCTION for n in between)
    if found.kind == "number" and cue >= found.end and found.bare:  # "380 minutes? no way" bounds nothing
        return []
    if found.kind == "number" and cue == found.end:  # 超过五百的都不要
        turned = flip(found.constraint)
        return [replace(found, constraint=turned)] if turned else []
    if (
        found.kind == "relative"
        and cue == found.start - 1
        and sentence.tokens[cue].norm in {"not", "no", "nothing", "不"}
    ):
        turned = flip(found.constraint)  # "lighter but not more expensive"
        return [replace(found, constraint=turned)] if turned else []
    if found.kind != "number" or cue > found.start or not (direct or len(between) <= 2):
        return [found]
    if any(sentence.taken[n] or sentence.tokens[n].norm in AND_WORDS or sentence.ends(n + 1) for n in between):
        return [found]
    if not between and sentence.ends(found.start):  # "it must be less, under 180"
        return [found]
    turned = flip(found.constraint)
    return [replace(found, constraint=turned, score=found.score - 0.02)] if turned else []


def _qualified(sentence: Sentence, found: Found, scope: Sequence[int]) -> bool:
    """Whether an unknown word narrows what is refused: "not silly comedies" refuses some comedies, not all."""
    at = found.start - 1
    if at <= scope[found.start] or sentence.taken[at] or scope[at] < 0:
        return False
    lead, cue = sentence.tokens[at], sentence.tokens[scope[found.start]].norm
    if at == scope[found.start] + 1 and cue in _NOT_DOING:  # "I don't play metal"
        return False
    return lead.kind == "word" and lead.norm not in FUNCTION | JOINERS and not CUES.before(sentence.tokens, found.start)


def also(sentence: Sentence, found: Found) -> bool:
    """Whether "would do as well" follows: 红茶也行, 云南的也可以."""
    after = found.end < len(sentence) and sentence.tokens[found.end].norm == "的"
    return ALSO.at(sentence.tokens, found.end + after) is not None
