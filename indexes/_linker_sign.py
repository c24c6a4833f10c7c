"""Which way a constraint is meant: turned round where it lies in the scope of a negation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chatrec.indexes._linker_cues import CUES
from chatrec.indexes._linker_degree import sparing
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_numbers import flip
from chatrec.indexes._linker_scope import wondered
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, JOINERS, phrases

_NOT_DOING = frozenset({"dont", "doesnt", "didnt", "never", "cant", "cannot", "wont", "wouldnt"})
_BLAME = Phrases((phrase, True) for phrase in phrases("不行|不敢|怎么办|怎么行|不方便|受不了|没法"))
ASKED = 0.6
"""The most that counts what may be wished for by asking about it."""


def signed(sentence: Sentence, found: Found, scope: Sequence[int], *, listed: bool = False) -> list[Found]:  # noqa: PLR0911
    """A constraint turned round where it lies in the scope of a negation.

    Args:
        sentence: The sentence.
        found: The constraint.
        scope: By token, the first token of the negation that it lies in, or -1.
        listed: Whether items were shown, which may be found to lack something.
    """
    cue = scope[found.start]
    if cue < 0 or found.settled:
        return [found]
    if found.kind == "value":
        return [_refused(sentence, found, scope, listed=listed)]
    if found.kind == "number" and wondered(sentence, cue, found.end):  # 没有两百以内的吗
        return [found]
    match = CUES.at(sentence.tokens, cue)
    start = match[0] if match else cue + 1
    if cue < found.start < start:  # 从来不超过六百: the 不 is the bound's own
        return [found]
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


def _refused(sentence: Sentence, found: Found, scope: Sequence[int], *, listed: bool) -> Found:
    """A value that lies in the scope of a negation."""
    cue = scope[found.start]
    if listed and _missed(sentence, found, cue):
        return replace(found, score=found.score if _blamed(sentence, found.end) else min(found.score, ASKED))
    if wondered(sentence, cue, found.end):
        return replace(found, score=min(found.score, ASKED))
    refused = replace(found, constraint=replace(found.constraint, op="none"))
    near = cue < found.start and found.start - cue <= 4
    if sparing(sentence, cue):
        return replace(refused, score=min(found.score, 0.6))
    if _qualified(sentence, found, scope):
        return replace(refused, score=min(found.score, 0.45))
    return replace(refused, score=max(found.score, 0.8) if near and found.score > 0.67 else found.score)


def _missed(sentence: Sentence, found: Found, cue: int) -> bool:
    """Whether what was shown is said to lack something, which nobody wishes for: 没暖气啊, but 没糖的 asks for it."""
    lead = "".join(token.norm for token in sentence.tokens[cue : found.start])
    of = not sentence.ends(found.end) and sentence.tokens[found.end].norm == "的"
    return lead in {"没", "没有"} and not of and found.constraint.op == "any"


def _blamed(sentence: Sentence, end: int) -> bool:
    """Whether it is said that it will not do so: 没暖气啊 那不行, 没小样不敢买."""
    stop = next((at for at in range(end, len(sentence)) if sentence.tokens[at].hard), len(sentence))
    return any(_BLAME.at(sentence.tokens, at) for at in range(end, min(stop, end + 5)))


def _qualified(sentence: Sentence, found: Found, scope: Sequence[int]) -> bool:
    """Whether an unknown word narrows what is refused: "not silly comedies" refuses some comedies, not all."""
    at = found.start - 1
    if at <= scope[found.start] or sentence.taken[at] or scope[at] < 0:
        return False
    lead, cue = sentence.tokens[at], sentence.tokens[scope[found.start]].norm
    if at == scope[found.start] + 1 and cue in _NOT_DOING:  # "I don't play metal"
        return False
    return lead.kind == "word" and lead.norm not in FUNCTION | JOINERS and not CUES.before(sentence.tokens, found.start)
