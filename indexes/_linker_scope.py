"""Negation and enumeration: what a sentence refuses and joins."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from chatrec.indexes._linker_cues import CONTRAST, CUES, CueKind
from chatrec.indexes._linker_degree import after_degree, first_of, graded, is_not_so, measured
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_trailing import trailing
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, JOINERS, OR_WORDS

_ALL = frozenset(["any", "every", "all", "each"])
_WORD = 3
"""The most characters of a Chinese word that is refused."""
_ANEW = frozenset(["also", "has", "have", "it", "i", "we", "please", "give", "show", "还", "也", "再", "而", "要"])
_TURNS = frozenset(["but", "though", "although", "however", "just", "only", "instead", "但", "而", "只", "就"])

_SO = frozenset(["so", "oh", "what", "and", "but", "hm", "hmm", "wait", "really", "那", "啊", "都"])
_AT_ALL = frozenset(["allowed", "at", "all", "then", "here", "possible", "吗", "么", "啊", "呀", "的"])


def negated(
    sentence: Sentence, filled: Sequence[bool], *, starts: Collection[int] = (), listed: bool = False
) -> list[int]:
    """For each token the first token of the negation whose scope it lies in, or -1.

    A scope runs from the cue to the end of the clause, to a contrast ("but", "give me", 要), or to "with" once
    something was refused; a comma ends it unless an enumeration goes on. A tight cue (不, non-) reaches one value only.

    Args:
        sentence: The sentence.
        filled: By token, whether a value, title or other reading lies there.
        starts: Where a value begins; "a not too sweet red" measures the first one only.
        listed: Whether items were shown, which a sentence may find fault with.
    """
    scope = [-1] * len(sentence)
    index = 0
    while index < len(sentence):
        match = CUES.at(sentence.tokens, index) or _any_but(sentence, filled, index)
        if match is None or filled[index]:
            index += 1
            continue
        end, kind = match
        if sentence.ends(end) and kind == "open" and sentence.tokens[index].kind == "han":
            index = end  # 帆布的不考虑，要皮的: it refuses what came before
            continue
        if is_not_so(sentence, filled, index, end):
            kind = "tight"
        if kind == "neutral" or _is_answer(sentence, index, end):
            index = end
            continue
        if kind == "open" and (twice := _undone(sentence, filled, end)):
            index = twice
            continue
        stop = _tight_end(sentence, filled, end) if kind == "tight" else _scope_end(sentence, filled, end)
        if measured(sentence, end):
            stop = min(stop, first_of(sentence, filled, starts, end))
        for at in range(index + 1, stop):
            if at >= end or filled[at]:  # 不含 refuses, and 含 may begin the name of what is refused
                scope[at] = index
        index = max(end, stop)
    trailing(sentence, filled, scope)
    graded(sentence, filled, scope, listed=listed)
    return scope


def _undone(sentence: Sentence, filled: Sequence[bool], start: int) -> int:
    """The token after the "without" that undoes a refusal before it, or 0: "I never take one without a lift"."""
    for at in range(start, min(start + 6, len(sentence))):
        if filled[at] or sentence.ends(at) or CONTRAST.at(sentence.tokens, at):
            return 0
        if sentence.tokens[at].norm == "without":
            return at + 1
    return 0


def _any_but(sentence: Sentence, filled: Sequence[bool], index: int) -> tuple[int, CueKind] | None:
    """The "but" of "any colour but black"."""
    tokens, end = sentence.tokens, index + 1
    if tokens[index].norm != "but" or sentence.ends(index):
        return None
    end += end < len(tokens) and tokens[end].norm in {"a", "an", "the"}
    first = next((at for at in range(index - 1, max(-1, index - 4), -1) if tokens[at].norm in _ALL), index)
    free = first < index and not any(filled[n] or sentence.ends(n + 1) for n in range(first, index))
    return (end, "open") if free and end < len(tokens) and filled[end] and not sentence.ends(end) else None


def _is_answer(sentence: Sentence, start: int, end: int) -> bool:
    """Whether the cue is a mere "no," at the head of what is said."""
    answered = sentence.ends(end) or ":" in sentence.tokens[end].gap or "：" in sentence.tokens[end].gap
    return sentence.tokens[start].norm in {"no", "不"} and end == start + 1 and answered


def _tight_end(sentence: Sentence, filled: Sequence[bool], end: int) -> int:
    stop = end = after_degree(sentence, end)
    while stop < len(filled) and filled[stop]:
        stop += 1
    if stop == end:  # 没孩子: words that only their meaning ties to a value
        while stop < min(len(sentence), end + _WORD) and sentence.tokens[stop].kind == "han" and not filled[stop]:
            if sentence.ends(stop):
                break
            stop += 1
    return stop


def _scope_end(sentence: Sentence, filled: Sequence[bool], start: int) -> int:
    tokens, index, refused = sentence.tokens, start, False
    while index < len(tokens) and index - start < 24:
        token = tokens[index]
        if token.hard or (token.soft and index > start and not _goes_on(sentence, filled, index, refused)):
            break
        if index > start + 1 and token.colon:
            break
        if not filled[index]:
            contrast = CONTRAST.at(tokens, index)
            if contrast and (refused or index - start > 5 or token.norm in _TURNS):
                break
            if refused and token.norm == "的" and _lists_on(sentence, filled, index + 1):
                index += 1
                continue
            if refused and token.norm in {"with", "from", "under", "by", "in", "about", "at", "的"}:
                break
            if refused and token.norm in AND_WORDS and _begins_anew(sentence, index + 1):
                break
            if index > start and CUES.at(tokens, index) and refused and token.norm not in {"nor", "or"}:
                break
        refused = refused or filled[index]
        index += 1
    return index


def _lists_on(sentence: Sentence, filled: Sequence[bool], start: int) -> bool:
    """Whether another value with 的 follows, as in 不要黑的白的."""
    end = start
    while end < len(sentence) and filled[end] and not sentence.ends(end):
        end += 1
    return start < end < len(sentence) and sentence.tokens[end].norm == "的" and not sentence.tokens[end].gap


def _begins_anew(sentence: Sentence, start: int) -> bool:
    """Whether what follows an "and" is another wish: "no war and also funny", "no war and funny would be nice"."""
    tokens = sentence.tokens
    if start < len(tokens) and (CUES.at(tokens, start) or tokens[start].norm in _ANEW):
        return True
    end = start
    while end < len(tokens) and end - start < 6 and not (end > start and sentence.ends(end)):
        end += 1
    return any(token.norm in {"would", "must", "should"} for token in tokens[start:end])


def _goes_on(sentence: Sentence, filled: Sequence[bool], comma: int, refused: bool) -> bool:
    """Whether an enumeration goes on after a comma: "no horror, war or romance"."""
    tokens, index = sentence.tokens, comma
    if "、" in tokens[comma].gap:
        return True
    if not refused:
        return False
    if tokens[comma].norm in OR_WORDS:
        return True
    joined = False
    while index < len(tokens) and index - comma < 10 and not tokens[index].hard:
        token = tokens[index]
        if not filled[index]:
            if token.norm in OR_WORDS | {"and", "和"}:
                joined = index > comma or joined
            elif token.norm not in JOINERS or CONTRAST.at(tokens, index):
                return joined and index - comma > 1 and any(filled[comma:index])
        index += 1
    return joined and any(filled[comma:index])


def wondered(sentence: Sentence, cue: int, end: int) -> bool:
    """Whether a refusal is a question that nothing else is said in, and so a complaint: "no pets allowed?".

    Args:
        sentence: The sentence.
        cue: The refusal's first token.
        end: The token after what is refused.
    """
    tokens = sentence.tokens
    han = tokens[cue].kind == "han"
    first, last = sentence.clause(cue) if han else (0, len(tokens))
    if tokens[cue].norm not in {"no", "没"} or not all(token.norm in _SO for token in tokens[first:cue]):
        return False
    rest = tokens[end:last]
    closing = han and tokens[last - 1].norm in {"吗", "么", "啊", "呀"}
    asked = closing or sentence.after(last - 1).lstrip()[:1] in {"?", "？"}
    return asked and all(t.norm in _AT_ALL for t in rest)


def joined_by(sentence: Sentence, left: int, right: int) -> Literal["or", "and", ""]:
    """How what ends at token `left` and what begins at token `right` are joined, if they are."""
    return "or" if _or_else(sentence, left, right) else _joined(sentence, left, right)


def _joined(sentence: Sentence, left: int, right: int) -> Literal["or", "and", ""]:  # noqa: PLR0911
    between = sentence.tokens[left:right]
    if len(between) > 3 or any(token.norm not in JOINERS for token in between):
        return ""
    if right < len(sentence) and any(sentence.tokens[index].hard for index in range(left, right + 1)):
        return ""
    words = {token.norm for token in between}
    if words & OR_WORDS:
        return "or"
    if left == right < len(sentence) and sentence.tokens[right].kind == "han" and not sentence.tokens[right].gap:
        return "and"  # 下午晚上都行
    gaps = "".join(sentence.tokens[index].gap for index in range(left, min(right + 1, len(sentence))))
    if words & AND_WORDS:
        return "and"
    if "/" in gaps:
        return "or"
    return "and" if "," in gaps or "，" in gaps or "、" in gaps else ""


def _or_else(sentence: Sentence, left: int, right: int) -> bool:
    """Whether an afterthought joins two values: "black obviously, or red", "a garden, or failing that a balcony"."""
    tokens, at = sentence.tokens, left
    while at < min(right, left + 3) and not tokens[at].soft:
        at += 1
    if at >= right or any(tokens[n].hard for n in range(left, min(right + 1, len(tokens)))):
        return False
    first = at
    leads = [OR_WORDS, {"maybe", "perhaps", "even", "else", "possibly"}, {"failing"}, {"that"}, {"a", "an", "the"}]
    for words in leads:
        at += at < right and tokens[at].norm in words
    return at == right and tokens[first].norm in OR_WORDS | {"failing"} and not _refuses(sentence, left, first)


def _refuses(sentence: Sentence, start: int, end: int) -> bool:
    return any(CUES.at(sentence.tokens, at) for at in range(start, end))


def content(sentence: Sentence, start: int, end: int) -> Collection[int]:
    """The tokens from start to end that carry a meaning of their own."""
    return [n for n in range(start, end) if sentence.tokens[n].norm not in FUNCTION]
