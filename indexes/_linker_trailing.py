"""Refusals that follow what they refuse: "leather-free", "velvet, no thanks", 对虾仁过敏, 辣的就别推了."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.indexes._linker_cues import AFTER_NEGATIVE, CUES, DISGUST, GONE, LEFT, OUT, REFUSED
from chatrec.indexes._linker_degree import TOO_HAN
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import FUNCTION, phrases

_ASKS = frozenset(
    ["is", "are", "do", "does", "did", "can", "could", "will", "would", "have", "has", "got", "any", "有", "能", "可"]
)
_RATHER = frozenset(["just", "so", "even", "really", "simply", "plain", "kind", "of", "a", "bit", "always", "pretty"])
_FAR, _NOUN, _FAULT = 10, 2, 3
"""The most characters of all that stands before a refusal, of a noun there, and of what is found wrong."""
_LACKING = frozenset({"没", "没有", "无", "不", "不带", "不含", "不能", "不可以"})
_CLOSED = frozenset("了啊啦吧呀呢点哦")
_PRAISED = frozenset("好棒香赞美爱喜适合对帅酷可舒绝妙牛")
_REFUSED_LATER = Phrases(
    (phrase, True)
    for phrase in phrases(
        "不要|不考虑|不看|不行|不想要|不可以|不喜欢|不爱|不吃|不喝|不去|不住|不穿|不玩|不合适|不适合|免了|"
        "算了|去掉|拿走|划掉|排除|别|免谈|"
        "pass|吃不来|吃不了|受不了|接受不了|没兴趣|不感兴趣|过头|过头了"
    )
)
"""What in Chinese refuses what was said before it in the clause: 辣的就别推了, 合租的不考虑, 晚上的一律不行."""

_CHANGED = Phrases((phrase, True) for phrase in phrases("换别的|换其他|换其它|换个别的|换点别的"))
_UNTIL = Phrases(
    (phrase, True)
    for phrase in phrases(
        "的|产的|做的|那种|这种|那类|这类|类|那些|这些|那几个|味|款|系|之类|都|也|就|全|全都|一律|一概|统统|"
        "通通|以后|今后|永远|"
        "还是|千万|最好|我|我们|咱们|他|她|实在|真"
    )
)
"""What may stand between the two."""

_WITH = Phrases(
    (phrase, True)
    for phrase in phrases(
        "给|我|看|推|推荐|放|来|拿|出来|出现|上来|列|选|碰|提|说|再|了|啊|哈|吧|呢|哦|啦|呀|哈哈|去|买|吃|喝|住|穿|用|要"
    )
)
"""What may stand between a refusal and the end of its clause."""


def trailing(sentence: Sentence, filled: Sequence[bool], scope: list[int]) -> None:
    """Refusals that follow what they refuse: "leather-free", 对虾仁过敏."""
    for index in range(1, len(sentence)):
        if not filled[index - 1] or filled[index]:
            continue
        if _echoed(sentence, filled, index):
            scope[index - 1] = index if scope[index - 1] < 0 else scope[index - 1]
            continue
        if _dismissed(sentence, index) or _left_out(sentence, filled, index) or _found_bad(sentence, index):
            _refuse(sentence, filled, scope, index)
            continue
        if _refused_later(sentence, filled, index) or _too_much(sentence, filled, index):
            _refuse_twice(sentence, filled, scope, index)
            continue
        match = None if sentence.ends(index) else AFTER_NEGATIVE.at(sentence.tokens, index)
        if match is None:
            continue
        end = match[0]
        if sentence.tokens[index].norm == "free" and end < len(sentence) and sentence.tokens[end].norm in {"of", "to"}:
            continue
        if sentence.tokens[index].norm == "不" and not sentence.ends(end):
            continue
        scope[index:end] = [index] * (end - index)
        _refuse(sentence, filled, scope, index)
    for index in range(1, len(sentence)):
        # "glass with toddlers? no way": what was asked back is refused with all that it names
        first = sentence.clause(index - 1)[0]
        echoed = "?" in sentence.tokens[index].gap and sentence.tokens[first].norm not in _ASKS
        if echoed and _refusal(sentence, index):
            for at in range(first, index):
                scope[at] = index if filled[at] and scope[at] < 0 else scope[at]


def _refuse(sentence: Sentence, filled: Sequence[bool], scope: list[int], index: int) -> None:
    """Put the value before token `index` in its scope."""
    at = index - 1
    while at >= 0 and filled[at]:
        scope[at] = index if scope[at] < 0 else scope[at]
        if sentence.tokens[at].hard or sentence.tokens[at].soft:
            break
        at -= 1


def _refused_later(sentence: Sentence, filled: Sequence[bool], index: int) -> bool:
    """Whether a Chinese clause closes with the refusal of the value before token `index`: 辣的以后一律别推."""
    tokens, at, match, noun = sentence.tokens, index, None, 0
    while not sentence.ends(at) and not filled[at] and at - index < _FAR:
        match = _REFUSED_LATER.at(tokens, at)
        between = _UNTIL.at(tokens, at)
        noun += match is None and between is None and tokens[index].norm == "的" and tokens[at].kind == "han"
        if match is not None or (between is None and not 0 < noun <= _NOUN):
            break
        at = at + 1 if between is None else between[0]
    while match is None and noun > _NOUN and not sentence.ends(at) and not filled[at] and at - index < _FAR:
        at += 1
    if match is None and at > index and sentence.ends(at) and at < len(tokens) and not tokens[at].hard:
        match = _REFUSED_LATER.at(tokens, at)  # 红的 不要; 白的不耐脏 去掉
        if match is None and _CHANGED.at(tokens, at) is not None:  # 帆布的不耐脏 换别的料子
            return True
    if match is None:
        return False
    at = match[0]
    while not sentence.ends(at) and not filled[at] and (after := _WITH.at(tokens, at)) is not None:
        at = after[0]
    return sentence.ends(at) and not sentence.after(at - 1).lstrip().startswith("?")


def _too_much(sentence: Sentence, filled: Sequence[bool], index: int) -> bool:
    """Whether a Chinese clause closes with a fault of the value before token `index`: 城北太远了, 薄荷的太冲了."""
    tokens = sentence.tokens
    at = index + (not sentence.ends(index) and tokens[index].norm == "的")
    match = None if sentence.ends(at) else TOO_HAN.at(tokens, at)
    end = match[0] if match else at
    while match and not sentence.ends(end) and not filled[end] and tokens[end].norm not in _CLOSED:
        end += 1
    fault = {token.norm for token in tokens[match[0] : end]} if match else set[str]()
    told = 0 < len(fault) <= _FAULT and fault.isdisjoint(_PRAISED)
    return told and all(token.norm in _CLOSED for token in tokens[end : sentence.clause(index)[1]])


def _refuse_twice(sentence: Sentence, filled: Sequence[bool], scope: list[int], index: int) -> None:
    """Refuse the values before token `index`, and wish for what lacking is refused: 没电梯的一律别推."""
    at, tokens = index - 1, sentence.tokens
    while at >= 0 and (filled[at] or (at and filled[at - 1] and tokens[at].norm in {"的", "和", "跟", "或"})):
        at -= 1
        if tokens[at + 1].hard or (tokens[at + 1].soft and "、" not in tokens[at + 1].gap):
            break
    cue = scope[at + 1]
    lacking = 0 <= cue <= at and "".join(token.norm for token in tokens[cue : at + 1]) in _LACKING
    for within in range(at + 1, index):
        scope[within] = -1 if lacking else index if filled[within] else scope[within]


def _dismissed(sentence: Sentence, index: int) -> bool:
    """Whether the value before token `index` is refused by what follows: "velvet, no thanks", "mondays are out"."""
    if sentence.ends(index):
        return not sentence.tokens[index].hard and _refusal(sentence, index)
    if _refusal(sentence, index):  # "pink no."
        return True
    gone = GONE.at(sentence.tokens, index)
    if gone is not None:
        return sentence.ends(gone[0])
    match = OUT.at(sentence.tokens, index)
    if match is None:
        return False
    end = match[0]
    return sentence.ends(end) or sentence.tokens[end].norm in {
        "for",
        "with",
        "at",
        "and",
        "but",
        "so",
        "because",
        "then",
    }


def _left_out(sentence: Sentence, filled: Sequence[bool], index: int) -> bool:
    """Whether a value stands in "leave the ... out"."""
    tokens, first = sentence.tokens, index
    if tokens[index].norm != "out" or not (sentence.ends(index + 1) or tokens[index + 1].norm in FUNCTION):
        return False
    while first and (filled[first - 1] or tokens[first - 1].norm in {"the", "all", "any", "that", "those"}):
        first -= 1
    return first > 0 and tokens[first - 1].norm in LEFT


def _found_bad(sentence: Sentence, index: int) -> bool:
    """Whether a value, and a noun with it or none, is called bad in general: "velvet sofas are just sad"."""
    tokens = sentence.tokens
    at = index + (not sentence.ends(index) and tokens[index].norm not in FUNCTION)
    if sentence.ends(at) or tokens[at].norm not in {"is", "are"}:
        return False
    at += 1
    while not sentence.ends(at) and tokens[at].norm in _RATHER:
        at += 1
    told = not sentence.ends(at) and tokens[at].norm in DISGUST
    return told and sentence.after(at)[:1] != "?" and (sentence.ends(at + 1) or tokens[at + 1].norm in FUNCTION)


def _refusal(sentence: Sentence, index: int) -> bool:
    """Whether a refusal stands alone at token `index`: "no way", "no thanks", 算了."""
    match = REFUSED.at(sentence.tokens, index)
    return match is not None and sentence.ends(match[0]) and not sentence.after(match[0] - 1).lstrip().startswith("?")


def _echoed(sentence: Sentence, filled: Sequence[bool], index: int) -> bool:
    """Whether a value asked back by itself is refused by what follows: "camping? I can't stand it"."""
    token = sentence.tokens[index]
    if not ("?" in token.gap or "？" in token.gap):
        return False
    first = index - 1
    while first and filled[first - 1] and not sentence.tokens[first].hard:
        first -= 1
    after = index + (token.norm in {"i", "we", "我", "我们"})
    cue = CUES.at(sentence.tokens, after)
    alone = first == 0 or sentence.tokens[first].hard
    return alone and cue is not None and cue[1] != "neutral"
