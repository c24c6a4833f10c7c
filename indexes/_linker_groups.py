"""Words that point at several listed items: "none of these", 这几个, "they're both", "the other two", 剩下俩."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from chatrec.indexes._linker_pointing import CLOSING
from chatrec.indexes._linker_positions import COUNTERS, HAN_NUMBERS, NUMBERS, PAIRS, counted
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._values import Item

__all__ = ["everything", "others", "refuses"]

_ANY = 0
"""As a number of items: however many there are."""


def everything(sentence: Sentence, shown: Sequence[Item]) -> list[tuple[Item, int, int]]:
    """The whole list, where words mean all of it.

    Args:
        sentence: The sentence.
        shown: The items of the last list.

    Returns:
        Item, first token, and the token after the last.
    """
    return _found(sentence, _ALL, shown) if len(shown) > 1 else []


def others(sentence: Sentence, shown: Sequence[Item], spoken_of: Collection[str | None]) -> list[tuple[Item, int, int]]:
    """What is left of the list, where words mean the rest of it.

    Args:
        sentence: The sentence.
        shown: The items of the last list.
        spoken_of: Ids of the items that the sentence points at otherwise, or that were spoken of before.

    Returns:
        Item, first token, and the token after the last.
    """
    left = [item for item in shown if item.id not in spoken_of]
    return _found(sentence, _OTHERS, left) if len(left) < len(shown) else []


def refuses(sentence: Sentence, start: int, end: int) -> bool:
    """Whether words that mean all of the list refuse it: "none of these", 一个都不."""
    words = sentence.tokens[start].norm, sentence.tokens[end - 1].norm
    return not _REFUSING.isdisjoint(words) and _ALL.at(sentence.tokens, start) is not None


def _found(sentence: Sentence, table: Phrases[int], items: Sequence[Item]) -> list[tuple[Item, int, int]]:
    for start in range(len(sentence) if items else 0):
        end, many = table.at(sentence.tokens, start) or (start, -1)
        if many in {_ANY, len(items)} and sentence.free(start, end) and _stands_alone(sentence, start, end):
            return [(item, start, end) for item in items]
    return []


def _stands_alone(sentence: Sentence, start: int, end: int) -> bool:
    """Whether no other noun is meant ("these two weeks", 这两个月), nor the list a measure (比这几个便宜)."""
    lead = None if sentence.begins(start) else sentence.tokens[start - 1].norm
    if lead is not None and (lead in _THAN or (sentence.tokens[start].norm in _OPENING and lead != "我")):
        return False
    last = sentence.tokens[end - 1].norm
    if sentence.ends(end) or not (last in COUNTERS or counted(last) or last == "other"):
        return True
    following = sentence.tokens[end]
    return following.norm not in _PERIODS if following.kind == "han" else following.norm in CLOSING


def _all_words() -> Iterator[tuple[str, int]]:
    for them in ("these", "those", "them", "em"):
        yield from ((f"{word} of {them}", _ANY) for word in ("none", "all", "each", "not one", "not a single one"))
        yield from ((f"{word} of {them}", 2) for word in ("neither", "both", "the pair", "the two"))
        yield from ((f"all {word} of {them}", many) for word, many in _COUNTS)
    yield from (("them all", _ANY), ("them both", 2))
    for they in ("they", "these", "those", "they are", "theyre", "these are", "those are", "they look", "these look"):
        yield from ((f"{they} all", _ANY), (f"{they} both", 2))
    yield "neither", 2
    for word, many in _COUNTS:
        yield from ((f"{these} {word}", many) for these in ("these", "those", "all"))
    for this in ("这", "那"):
        yield from ((f"{this}{word}", many) for word, many in PAIRS.items())
        yield from ((f"{this}几{counter}", _ANY) for counter in COUNTERS)
        yield from ((f"{this}{word}{counter}", many) for word, many in _HAN_COUNTS for counter in COUNTERS)
    yield "这些", _ANY
    yield from ((f"没一{counter}", _ANY) for counter in COUNTERS)
    yield from ((f"一{counter}都{no}", _ANY) for counter in COUNTERS for no in ("不", "没"))
    yield from ((f"{word}{counter}都", many) for word, many in _HAN_COUNTS for counter in COUNTERS)
    yield from ((f"全{how}", _ANY) for how in ("都", "不", "太"))
    yield from ((f"都{how}", _ANY) for how in ("不", "太", "没", "一般"))
    yield from ((f"都{done}过", _ANY) for done in _DONE)


def _other_words() -> Iterator[tuple[str, int]]:
    yield from (("the other one", 1), ("the other", 1), ("the others", _ANY), ("the other ones", _ANY))
    yield from (("the rest", _ANY), ("the rest of them", _ANY), ("the rest of these", _ANY))
    yield from ((f"the other {word}", many) for word, many in _COUNTS)
    for rest in ("另", "另外", "剩下", "剩下的", "其余", "余下"):
        yield from ((f"{rest}{word}", many) for word, many in PAIRS.items())
        yield from ((f"{rest}{word}{counter}", many) for word, many in _HAN_COUNTS for counter in COUNTERS)
        yield from ((f"{rest}几{counter}", _ANY) for counter in COUNTERS)
        yield from ((f"{rest}{one}{counter}", 1) for one in ("一", "那", "这") for counter in COUNTERS)
    yield from ((f"{rest}{every}", _ANY) for rest in ("其他", "其它", "别的") for every in ("都", "全"))
    yield from ((f"{rest}的{every}", _ANY) for rest in ("其他", "其它") for every in ("都", "全"))
    yield from ((rest, _ANY) for rest in ("剩下的", "其余的", "余下的", "剩下那些"))


_COUNTS = [
    (word, many) for word, many in [*NUMBERS.items(), *((str(many), many) for many in range(6))] if 1 < many <= 5
]
_HAN_COUNTS = [(word, many) for word, many in HAN_NUMBERS.items() if 1 < many <= 5]
_DONE = "看听读吃喝去玩住用买试见逛穿做"
_ALL: Phrases[int] = Phrases(_all_words())
_OTHERS: Phrases[int] = Phrases(_other_words())
_REFUSING = frozenset({"none", "neither", "not", "没", "不"})
_THAN = frozenset({"than", "比"})
_OPENING = frozenset({"都", "neither"})
_PERIODS = frozenset("月星礼小季学钟")
"""What makes a stretch of time of what could count items: 这两个月, 这几个小时."""
