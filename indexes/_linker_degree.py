"""How much of a value there is: "too dark", "not that dark", "not dark enough", 太黑暗了, 没那么黑暗.

What is found too much is refused, whether it is said of what was shown or of what is wished for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, HAN_FUNCTION, OR_WORDS, phrases, words

_TOO = Phrases(
    (phrase, True)
    for phrase in phrases(
        "too|way too|far too|much too|a bit too|bit too|a little too|a tad too|a touch too|just too|overly|excessively|"
        "awfully|unbearably|太|也太|实在太|未免太|还是太|太过|过于|太过于"
    )
)
TOO_HAN = Phrases((phrase, True) for phrase in phrases("太|也太|实在太|都太|又太|真的太"))
_RATHER = Phrases(
    (phrase, True)
    for phrase in phrases(
        "a bit|a little|a tad|a touch|a bit on the|a little on the|bit|slightly|somewhat|rather|kind of|kinda|sort of|"
        "有点|有点儿|有一点|有些|稍微有点|还是有点|偏"
    )
)
_ALL = Phrases((phrase, True) for phrase in phrases("all|都是|全是|全都是|怎么都是|怎么全是|怎么又是|怎么全都是"))
_CLAIMED = Phrases((phrase, True) for phrase in phrases("i said|i wanted|i asked|i told|我要|我想要|我说"))
_PRAISE = frozenset(words("great perfect good nice love lovely like thanks fine cool 好 错 喜 欢 爱 谢 行"))
_MEASURES = Phrases((phrase, True) for phrase in phrases("太|那么|这么|怎么|是很|很|算|算太|算很|至于|至于太|要求|大"))
_FEWER = Phrases((phrase, True) for phrase in phrases("fewer|too many|too much|太多"))
_VERY = frozenset(words("too that so very really overly all super terribly particularly"))
_JOINING = AND_WORDS | OR_WORDS
_LISTED = frozenset(
    words(
        """
        this that it its these they theyre those thats all both most some of them which is are was were look looks seem
        seems feel feels sound sounds still just but and also hmm hm oh well ok no ugh the first second third last one
        ones one here why i think find maybe honestly sorry
        这 那 个 部 些 几 怎 么 为 什 都 也 是 还 它 们 全 第 一 二 三 四 五 前 后 几 本 款 件 条 家 里
        但 觉 得 我 可 惜 嗯 不 过
        """
    )
)
_PLACED = frozenset({"in", "from", "by", "at", "for", "the", "a", "of", "with", "on", "made"})
_THEM = frozenset(words("these those they theyre them"))
_CLOSING = frozenset(words("for to but though and tbh honestly i imo then 的 了 啊 呢 吧 呀 但 我 不 对 换"))


def after_degree(sentence: Sentence, start: int) -> int:
    """The token after words that only measure what a tight negation refuses: 不太, 没那么, 不怎么."""
    match = None if sentence.ends(start) else _MEASURES.at(sentence.tokens, start)
    return match[0] if match is not None and not sentence.ends(match[0]) else start


def is_not_so(sentence: Sentence, filled: Sequence[bool], start: int, end: int) -> bool:
    """Whether "not that" measures the value that follows: "not that dark", and not "not that, something dark"."""
    tokens = sentence.tokens
    said = [token.norm for token in tokens[start:end]] == ["not", "that"]
    return said and not sentence.ends(end) and filled[end]


def measured(sentence: Sentence, start: int) -> bool:
    """Whether a word of degree stands at a token, as after the refusal of "not too dark"."""
    return not sentence.ends(start) and (start != after_degree(sentence, start) or sentence.tokens[start].norm in _VERY)


def first_of(sentence: Sentence, filled: Sequence[bool], starts: Collection[int], start: int) -> int:
    """Where a refusal ends that only measures: "a not too dark comedy" refuses no comedy, "for kids" follows it."""
    seen, start = False, after_degree(sentence, start)
    for at in range(start + 1, len(sentence)):
        token, before = sentence.tokens[at], sentence.tokens[at - 1]
        seen = seen or at - 1 in starts or not (filled[at - 1] or before.norm in FUNCTION)
        if seen and not filled[at] and token.norm in {"的", "for", "to", "with"}:
            return at
        if seen and at in starts and not sentence.ends(at) and before.norm not in _JOINING:
            return at
    return len(sentence)


def within_bounds(sentence: Sentence, found: Sequence[Found]) -> list[Found]:
    """Without the refusals of too much of what is wished for: "warm, but not too warm" is warm."""
    wished = {(one.constraint.facet, v) for one in found if one.constraint.op == "any" for v in one.constraint.values}
    return [
        one
        for one in found
        if one.constraint.op != "none"
        or one.kind != "value"
        or sentence.tokens[one.start - 1].norm not in _VERY | {"太"}
        or not {(one.constraint.facet, v) for v in one.constraint.values} <= wished
    ]


def sparing(sentence: Sentence, cue: int) -> bool:
    """Whether a refusal asks for fewer and perhaps not for none: "fewer comedies", "too many westerns"."""
    return _FEWER.at(sentence.tokens, cue) is not None


def graded(sentence: Sentence, filled: Sequence[bool], scope: list[int], *, listed: bool) -> None:
    """Put what is found too much into the scope of the words that say so, and take what is not enough out of one.

    Args:
        sentence: The sentence.
        filled: By token, whether a value, title or other reading lies there.
        scope: By token, the first token of the negation that it lies in, or -1; changed in place.
        listed: Whether items were shown, which "a bit dark" finds fault with.
    """
    tokens = sentence.tokens
    for index in range(len(tokens)):
        if filled[index] or scope[index] >= 0:
            continue
        too = _TOO.at(tokens, index)
        many = _FEWER.at(tokens, index)
        rather = _RATHER.at(tokens, index) if listed else None
        every = _ALL.at(tokens, index) if listed and _found_wanting(sentence, index) else None
        match = many or too or rather or every
        if match is None or sentence.ends(match[0]):
            continue
        start = match[0]
        while every is not None and start + 1 < len(tokens) and tokens[start].norm in _PLACED:
            start += 1
        stop = _reach(sentence, filled, start)
        if (too or many) is None and not _of_shown(sentence, filled, index, stop):
            continue
        for at in range(start, stop):
            scope[at] = index if scope[at] < 0 else scope[at]
    for index in range(1, len(tokens)):
        at = index + 1
        while tokens[index].norm == "enough" and at < len(tokens) and filled[at] and scope[at] >= 0:
            scope[at], at = -1, at + 1
        at = index - 1
        if tokens[index].norm == "enough" and not sentence.ends(index) and tokens[at].kind == "word":
            while at >= 0 and 0 <= scope[at] < at and (filled[at] or at == index - 1):
                scope[at], at = -1, at - 1


def _found_wanting(sentence: Sentence, index: int) -> bool:
    """Whether that all of what was shown is alike is a fault: "they're all corded", "all corded, I said battery"."""
    tokens, (first, _) = sentence.tokens, sentence.clause(index)
    if any(token.norm in _PRAISE for token in tokens):
        return False
    shown = any(token.norm in _THEM for token in tokens[first:index]) or tokens[index].kind == "han"
    return shown or any(_CLAIMED.at(tokens, at) for at in range(index, len(tokens)))


def _reach(sentence: Sentence, filled: Sequence[bool], start: int) -> int:
    """The token after what is measured: the value there and those joined to it, or one unknown word."""
    tokens, stop = sentence.tokens, start
    while stop < len(tokens) and not (stop > start and sentence.ends(stop)):
        joined = stop > start and tokens[stop].norm in _JOINING and stop + 1 < len(tokens) and filled[stop + 1]
        if not (filled[stop] or joined):
            break
        stop += 1
    if stop == start and tokens[start].kind == "word" and tokens[start].norm not in {"many", "much", "little", "few"}:
        stop += 1
    if stop == start and tokens[start].kind == "han":  # 太硬了: what only its meaning ties to a value
        while (
            stop < min(len(tokens), start + 2) and tokens[stop].kind == "han" and tokens[stop].norm not in HAN_FUNCTION
        ):
            if filled[stop] or (stop > start and sentence.ends(stop)):
                break
            stop += 1
    return stop


def _of_shown(sentence: Sentence, filled: Sequence[bool], start: int, end: int) -> bool:
    """Whether a clause says nothing but how what was shown is: "they're all a bit dark", 第一部有点黑暗."""
    tokens = sentence.tokens
    first, _ = sentence.clause(start)
    told = all(filled[at] or tokens[at].norm in _LISTED for at in range(first, start))
    return told and (sentence.ends(end) or tokens[end].norm in _CLOSING)
