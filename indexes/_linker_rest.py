"""What a sentence says beyond the catalog's own words: the rest that is searched for."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.indexes._linker_cues import CUES
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import FUNCTION, HAN_FUNCTION, HAN_PHRASES

_REQUESTS: Phrases[bool] = Phrases((phrase, True) for phrase in HAN_PHRASES)

_TO_US = frozenset({"remember", "remind", "memorise", "memorize"})
"""Words that are said to whoever listens, and about no item."""


def leftovers(sentence: Sentence, scope: Sequence[int]) -> str:
    """The free words that carry a meaning of their own, in order, without those in the scope of a negation."""
    parts: list[str] = []
    for start, end in _runs(sentence):
        kept = [n for n in range(start, end) if scope[n] < 0]
        if not kept:
            continue
        if sentence.tokens[start].kind == "han":
            parts.append(sentence.span(kept[0], kept[-1] + 1))
        else:
            parts.extend(sentence.tokens[n].text for n in kept)
    return " ".join(parts)


def phrases_of(sentence: Sentence, most: int = 6) -> list[tuple[int, int]]:
    """The free words, then runs of two of them, as first and last token (excluded)."""
    spans: list[tuple[int, int]] = []
    pairs: list[tuple[int, int]] = []
    for start, end in _runs(sentence):
        if sentence.tokens[start].kind == "han":
            if 2 <= end - start <= 8:
                spans.append((start, end))
            continue
        for first in range(start, end):
            token = sentence.tokens[first]
            if token.kind == "word" and len(token.norm) > 2 and token.norm not in _TO_US:
                spans.append((first, first + 1))
                if first + 1 < end:
                    pairs.append((first, first + 2))
    return (spans + pairs)[:most]


def _runs(sentence: Sentence) -> list[tuple[int, int]]:
    """Runs of free words of one script; function words end a run, or lie outside it."""
    dull = _dull(sentence)
    runs: list[tuple[int, int]] = []
    index = 0
    while index < len(sentence):
        if dull[index]:
            index += 1
            continue
        start, han = index, sentence.tokens[index].kind == "han"
        while index < len(sentence) and not dull[index] and (sentence.tokens[index].kind == "han") == han:
            if index > start and (sentence.tokens[index].hard or sentence.tokens[index].soft):
                break
            index += 1
        end = index
        if han:
            while start < end and sentence.tokens[start].norm in HAN_FUNCTION:
                start += 1
            while end > start and sentence.tokens[end - 1].norm in HAN_FUNCTION:
                end -= 1
        if end > start:
            runs.append((start, end))
    return runs


def _dull(sentence: Sentence) -> list[bool]:
    dull = [
        taken or (t.kind == "word" and t.norm in FUNCTION)
        for taken, t in zip(sentence.taken, sentence.tokens, strict=True)
    ]
    index = 0
    while index < len(sentence):
        match = _REQUESTS.at(sentence.tokens, index) or CUES.at(sentence.tokens, index)
        if match and not sentence.taken[index]:
            dull[index : match[0]] = [True] * (match[0] - index)
            index = match[0]
        else:
            index += 1
    return dull
