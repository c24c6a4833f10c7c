"""Negation, enumeration and lifted constraints: what a sentence refuses, joins and no longer asks for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, TypeAlias

from chatrec.indexes._linker_found import Name
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, JOINERS, OR_WORDS

_Cue: TypeAlias = Literal["open", "tight", "neutral"]

_OPEN = (
    "no|not|never|without|except|except for|excluding|exclude|avoid|avoiding|skip|hate|hates|hated|dislike|dislikes|disliked|"
    "anything but|everything but|all but|anywhere but|anyone but|nothing|none|neither|nor|dont|doesnt|didnt|isnt|arent|wasnt|"
    "dont want|dont like|do not want|do not like|didnt like|did not like|didnt enjoy|cant stand|cannot stand|allergic to|"
    "tired of|sick of|fed up with|bored of|bored with|enough of|rather than|instead of|apart from|aside from|other than|"
    "leave out|no more|not into|not a fan of|not in the mood for|minus|nothing with|anything except|wont|wouldnt|besides|"
    "stay away from|steer clear of|had enough of|not interested in|remove|drop|no longer want|not want|cant eat|cant have|"
    "不要|不想|不想要|不想看|不想吃|不喜欢|不爱|不吃|不含|不带|不能有|不能吃|没有|除了|除开|除去|讨厌|避免|避开|排除|去掉|拒绝|别|别给我|"
    "不放|不加|不看|不是|不用|不需要|不买|不考虑|过滤掉|恨|厌倦|忌口|忌|受不了|不能"
)
_TIGHT = "non|un|sans|不|无|非|零|没|0"
_NEUTRAL = (
    "not only|not just|not sure|no idea|no problem|no thanks|no worries|why not|nothing but|no doubt|whether or not|if not|"
    "dont mind|wouldnt mind|do not mind|not necessarily|not bad|cant wait|cannot wait|no preference|no matter|dont know|do "
    "not know|havent seen|have not seen|never seen|not seen|cant get enough of|cannot get enough of|dont care|do not care|"
    "doesnt matter|does not matter|never mind|not that|nothing like|no one|have nothing against|nothing against|havent read|"
    "why dont you|why dont we|dont have|do not have|dont forget|dont worry|cant find|cant remember|havent found|"
    "no hurry|no rush|cant decide|cannot decide|not picky|having enough of|"
    "有没有|要不要|是不是|能不能|好不好|可不可以|不错|不过|不同|不如|不限|别的|特别|级别|性别|分别|无所谓|没关系|没问题|不知道|"
    "不介意|不在乎|无论|不管|不仅|不只|不但|不一定|不好意思|没看过|没吃过|没想好|不确定|差不多|不用谢|会不会|行不行|有木有|不得不|"
    "不客气|不妨|非常|要不|对不起|不太清楚|不清楚"
)
CUES: Phrases[_Cue] = Phrases(
    [(phrase, "open") for phrase in _OPEN.split("|")]
    + [(phrase, "tight") for phrase in _TIGHT.split("|")]
    + [(phrase, "neutral") for phrase in _NEUTRAL.split("|")]
)
_AFTER_NEGATIVE = Phrases(
    [("free", True), ("过敏", True), ("除外", True), ("不要", True), ("不行", True), ("就算了", True)]
)
_CONTRAST: Phrases[bool] = Phrases(
    (phrase, True)
    for phrase in ["but", "though", "although", "just", "only", "instead", "rather", "give", "show", "want", "prefer", "maybe", "however", "something", "lots", "plenty", "please", "while", "because", "since", "so", "then", "id", "im", "i", "lets", "looking for", "find", "recommend", "suggest", "how about", "what about", "more", "is fine", "is ok", "但", "但是", "而", "而是", "要", "想", "想要", "可以", "给", "最好", "只要", "就", "来", "换", "其他", "别的", "还有", "都", "的话", "推荐", "求", "我", "因为", "所以"]
)
_CARRIERS = frozenset(
    {"any", "anything", "want", "wanting", "like", "something", "more", "please", "我", "给", "推荐", "想", "来", "要"}
)

_LIFT_BEFORE: Phrases[bool] = Phrases(
    (phrase, True)
    for phrase in ["never mind", "nevermind", "forget", "forget about", "regardless of", "no matter", "ignore", "irrespective of", "dont care about", "doesnt matter", "do not care about", "dont mind", "dont care", "do not care", "does not matter", "no preference on", "no preference for", "no preference about", "independent of", "whatever", "doesnt matter what", "doesnt matter which", "no limit on", "dont worry about", "no restriction on", "not fussy about", "not picky about", "drop", "remove", "不限", "不限制", "不在乎", "不管", "无论", "忽略", "去掉", "取消", "别管", "不考虑", "不用管", "不论", "不介意", "不看"]
)
_LIFT_AFTER: Phrases[bool] = Phrases(
    (phrase, True)
    for phrase in ["doesnt matter", "does not matter", "is not important", "isnt important", "is irrelevant", "is no object", "no object", "is flexible", "is not an issue", "isnt an issue", "is no issue", "is not a problem", "isnt a problem", "doesnt bother me", "is unimportant", "无所谓", "不限", "随便", "都行", "都可以", "没关系", "不重要", "不是问题", "不在乎", "不管", "都无所谓", "任意", "随意", "多少都行", "都好", "不要求", "没要求", "没有要求"]
)
_WILL_DO = frozenset(["is", "will", "works", "work", "goes", "ok", "okay", "fine", "good", "does", "would", "do", "please", "at", "should", "can", "都", "也", "就"])


def negated(sentence: Sentence, filled: Sequence[bool]) -> list[int]:
    """For each token the first token of the negation whose scope it lies in, or -1.

    A scope runs from the cue to the end of the clause, to a contrast ("but", "give me", 要), or to "with" once
    something was refused; a comma ends it unless an enumeration goes on. A tight cue (不, non-) reaches one value only.

    Args:
        sentence: The sentence.
        filled: By token, whether a value, title or other reading lies there.
    """
    scope = [-1] * len(sentence)
    index = 0
    while index < len(sentence):
        match = CUES.at(sentence.tokens, index)
        if match is None or filled[index]:
            index += 1
            continue
        end, kind = match
        if kind == "neutral" or _is_answer(sentence, index, end):
            index = end
            continue
        stop = _tight_end(filled, end) if kind == "tight" else _scope_end(sentence, filled, end)
        for at in range(end, stop):
            scope[at] = index
        index = max(end, stop)
    _trailing(sentence, filled, scope)
    return scope


def _is_answer(sentence: Sentence, start: int, end: int) -> bool:
    """Whether the cue is a mere "no," at the head of what is said."""
    return sentence.tokens[start].norm == "no" and end == start + 1 and sentence.ends(end)


def _tight_end(filled: Sequence[bool], end: int) -> int:
    stop = end
    while stop < len(filled) and filled[stop]:
        stop += 1
    return stop


def _scope_end(sentence: Sentence, filled: Sequence[bool], start: int) -> int:
    tokens, index, refused = sentence.tokens, start, False
    while index < len(tokens) and index - start < 24:
        token = tokens[index]
        if index > start or token.hard:
            if token.hard or (token.soft and not _goes_on(sentence, filled, index, refused)):
                break
        if not filled[index]:
            contrast = _CONTRAST.at(tokens, index)
            if contrast and not (token.norm in _CARRIERS and not refused and index - start < 3):
                break
            if refused and token.norm in {"with", "from", "under", "by", "starring", "in", "about", "at", "的"}:
                break
            if refused and token.norm in AND_WORDS and index + 1 < len(tokens) and CUES.at(tokens, index + 1):
                break
            if index > start and CUES.at(tokens, index) and refused and token.norm not in {"nor", "or"}:
                break
        refused = refused or filled[index]
        index += 1
    return index


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
            elif token.norm not in JOINERS or _CONTRAST.at(tokens, index):
                return joined and index - comma > 1 and any(filled[comma:index])
        index += 1
    return joined and any(filled[comma:index])


def _trailing(sentence: Sentence, filled: Sequence[bool], scope: list[int]) -> None:
    """Refusals that follow what they refuse: "leather-free", 对虾仁过敏."""
    for index in range(1, len(sentence)):
        if not filled[index - 1] or filled[index] or sentence.ends(index):
            continue
        match = _AFTER_NEGATIVE.at(sentence.tokens, index)
        if match is None:
            continue
        end = match[0]
        if sentence.tokens[index].norm == "free" and end < len(sentence) and sentence.tokens[end].norm in {"of", "to"}:
            continue
        if sentence.tokens[index].norm == "不" and not sentence.ends(end):
            continue
        at = index - 1
        while at >= 0 and filled[at]:
            scope[at] = index if scope[at] < 0 else scope[at]
            if sentence.tokens[at].hard or sentence.tokens[at].soft:
                break
            at -= 1


def lifted(sentence: Sentence, names: Sequence[Name]) -> list[Name]:
    """The facets that a sentence says are of no matter: "any year is fine", "never mind the price", 价格无所谓."""
    found: list[Name] = []
    for name in names:
        start = name.start
        while start and sentence.tokens[start - 1].norm in {
            "the",
            "a",
            "its",
            "their",
            "how",
            "what",
            "which",
            "about",
            "of",
        }:
            start -= 1
        before = _LIFT_BEFORE.before(sentence.tokens, start) or _LIFT_BEFORE.before(sentence.tokens, start + 1)
        after = _LIFT_AFTER.at(sentence.tokens, name.end)
        previous = sentence.tokens[start - 1].norm if start else ""
        will_do = sentence.ends(name.end) or sentence.tokens[name.end].norm in _WILL_DO
        if before and before[0] < start and not _number_follows(sentence, name.end):
            found.append(Name(name.facet, before[0], name.end, name.own))
        elif after and not sentence.tokens[name.end].hard:
            found.append(Name(name.facet, name.start, after[0], name.own))
        elif (
            previous in {"any", "whichever", "every", "任何", "任意"}
            and will_do
            and not _number_follows(sentence, name.end)
        ):
            found.append(Name(name.facet, start - 1, name.end, name.own))
    return found


def _number_follows(sentence: Sentence, index: int) -> bool:
    return any(token.kind == "number" for token in sentence.tokens[index : index + 4])


def joined_by(sentence: Sentence, left: int, right: int) -> Literal["or", "and", ""]:
    """How what ends at token `left` and what begins at token `right` are joined, if they are."""
    between = sentence.tokens[left:right]
    if len(between) > 3 or any(token.norm not in JOINERS for token in between):
        return ""
    if right < len(sentence) and any(sentence.tokens[index].hard for index in range(left, right + 1)):
        return ""
    words = {token.norm for token in between}
    if words & OR_WORDS:
        return "or"
    gaps = "".join(sentence.tokens[index].gap for index in range(left, min(right + 1, len(sentence))))
    if words & AND_WORDS:
        return "and"
    if "/" in gaps:
        return "or"
    return "and" if "," in gaps or "，" in gaps or "、" in gaps else ""


def content(sentence: Sentence, start: int, end: int) -> Collection[int]:
    """The tokens from start to end that carry a meaning of their own."""
    return [n for n in range(start, end) if sentence.tokens[n].norm not in FUNCTION]
