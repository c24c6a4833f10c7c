"""Comparatives, superlatives and plain adjectives of measure: "cheaper", "the newest", "not too long", 便宜点.

A comparative is read against the last list: strictly below the least (or above the greatest) of the list's values, or
of the value of the item that the sentence compares with ("than", 比) or, being the only one, likens to. Without a list
it is read against the catalog's quartile, at a low score, as superlatives and plain adjectives always are; on a scale
of few steps, where "easy" is one end of it, they are sure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_numbers import plain
from chatrec.indexes._linker_pointing import extreme, one_of_them
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_words import phrases
from chatrec.indexes._values import FacetValue, Item

Degree: TypeAlias = Literal["comparative", "superlative", "absolute", "mild"]

_ENGLISH: dict[tuple[str, ...], tuple[str, str]] = {
    ("money",): ("cheap inexpensive affordable", "expensive pricey costly dear"),
    ("time", "pages", "length", "days"): ("short brief", "long lengthy"),
    ("year", "-age"): ("old dated vintage", "new recent modern"),
    ("mass",): ("light lightweight", "heavy"),
    ("length", "volume", "bytes"): ("small little tiny", "big large huge"),
    ("-time", "speed"): ("slow", "fast quick"),
    ("length",): ("close near", "far distant"),
    ("difficulty",): ("easy simple", "hard difficult complex complicated challenging"),
    ("rating",): ("", "high-rated highly-rated well-rated top-rated"),
    ("popularity",): ("obscure unpopular", "popular"),
    ("temperature",): ("cold cool", "hot warm"),
    ("age",): ("young", ""),
}
_CHINESE: dict[tuple[str, ...], tuple[str, str]] = {
    ("money",): ("便宜 实惠 低价", "贵 昂贵"),
    ("time", "pages", "length"): ("短 简短", "长"),
    ("year",): ("旧 老 早", "新 晚"),
    ("mass",): ("轻 轻便", "重"),
    ("length", "volume", "bytes"): ("小", "大"),
    ("-time", "speed"): ("慢", "快"),
    ("length",): ("近", "远"),
    ("difficulty",): ("简单 容易", "难 复杂"),
    ("popularity",): ("冷门", "热门"),
}
_IRREGULAR = {"far": ("farther", "farthest"), "little": ("littler", "littlest"), "dear": ("dearer", "dearest")}
_MORE = {
    "higher": 1,
    "more": 1,
    "bigger": 1,
    "greater": 1,
    "larger": 1,
    "better": 1,
    "lower": -1,
    "less": -1,
    "fewer": -1,
    "smaller": -1,
    "reduced": -1,
    "shorter": -1,
    "longer": 1,
    "cheaper": -1,
}
_LEVEL = {"high": 1, "low": -1, "高": 1, "低": -1}
_HAN_MORE = {"高": 1, "多": 1, "大": 1, "长": 1, "低": -1, "少": -1, "小": -1, "短": -1}
_LIKENESS = frozenset({"like", "similar", "as", "像", "似", "比", "跟", "than"})
_HEIGHTS = re.compile(r"altitude|elevation|climb|ascent|海拔|爬升", re.IGNORECASE)
_WHICH = frozenset({"which", "哪", "谁"})
_STEPS: dict[Degree, float] = {"comparative": 0.25, "superlative": 0.0, "absolute": 0.25, "mild": 0.5}
_SCORES: dict[Degree, float] = {"comparative": 0.45, "superlative": 0.45, "absolute": 0.4, "mild": 0.45}


@dataclass(frozen=True, slots=True)
class _Meaning:
    dims: tuple[str, ...]
    sign: int
    degree: Degree


def _forms(word: str) -> tuple[str, str]:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("e"):
        return word + "r", word + "st"
    if word.endswith("y"):
        return word[:-1] + "ier", word[:-1] + "iest"
    if len(word) <= 4 and word[-1] in "gdt" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        return word + word[-1] + "er", word + word[-1] + "est"
    return word + "er", word + "est"


def _english() -> Iterator[tuple[str, _Meaning]]:
    for dims, (less, more) in _ENGLISH.items():
        for sign, words in ((-1, less.split()), (1, more.split())):
            for word in words:
                comparative, superlative = _forms(word)
                yield word, _Meaning(dims, sign, "absolute")
                for form in (comparative, f"more {word}", f"a bit {comparative}"):
                    yield form, _Meaning(dims, sign, "comparative")
                for form in (f"less {word}", f"too {word}", f"not as {word}", f"not so {word}", f"way too {word}"):
                    yield form, _Meaning(dims, -sign, "comparative")
                yield superlative, _Meaning(dims, sign, "superlative")
                yield f"most {word}", _Meaning(dims, sign, "superlative")
                yield f"least {word}", _Meaning(dims, -sign, "superlative")
                for lead in (
                    "not too",
                    "nothing too",
                    "not very",
                    "not",
                    "not overly",
                    "not that",
                    "isnt too",
                    "dont want too",
                ):
                    yield f"{lead} {word}", _Meaning(dims, -sign, "mild")
    for form in ("higher rated", "better rated", "rated higher", "better reviewed"):
        yield form, _Meaning(("rating",), 1, "comparative")
    for form in ("best rated", "highest rated", "top rated", "best reviewed"):
        yield form, _Meaning(("rating",), 1, "superlative")
    for form, sign in (("earlier", -1), ("later", 1)):
        yield form, _Meaning(("year",), sign, "comparative")


def _chinese() -> Iterator[tuple[str, _Meaning]]:
    for dims, (less, more) in _CHINESE.items():
        for sign, words in ((-1, less.split()), (1, more.split())):
            for word in words:
                for form in (
                    f"{word}一点",
                    f"{word}点",
                    f"{word}些",
                    f"{word}一些",
                    f"更{word}",
                    f"再{word}",
                    f"{word}一点点",
                ):
                    yield form, _Meaning(dims, sign, "comparative")
                for form in (f"更{word}一点", f"再{word}一点", f"再{word}点", f"更{word}的", f"更{word}些"):
                    yield form, _Meaning(dims, sign, "comparative")
                for form in (f"太{word}", f"太{word}了", f"没那么{word}", f"不那么{word}"):
                    yield form, _Meaning(dims, -sign, "comparative")
                yield f"最{word}", _Meaning(dims, sign, "superlative")
                for lead in ("不要太", "别太", "不太", "不能太", "不是很", "不算", "不"):
                    yield f"{lead}{word}", _Meaning(dims, -sign, "mild")
                if len(word) > 1:
                    yield word, _Meaning(dims, sign, "absolute")


ADJECTIVES: Phrases[_Meaning] = Phrases([*_english(), *_chinese()])
_IDIOMS = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        new year|new to|old school|long time|long as|far as|big fan|huge fan|big deal|hard to|easy to|close to|
        short story|short stories|light hearted|simple question|long ago|long way|large part|old friend|
        old friends|new here|far away|hard time|big time|long day|long week|hot dog|cool thing|later on|
        newest member|long story|younger self
        """
    )
)
_AFTER_THAN: Phrases[_Meaning] = Phrases(
    (lead + word, _Meaning(dims, sign, "comparative"))
    for dims, (less, more) in _CHINESE.items()
    for sign, words in ((-1, less.split()), (1, more.split()))
    for word in words
    for lead in ("", "更", "还", "要")
)


class Relatives:
    """Finds comparatives and the like, and the facets they measure.

    Args:
        scales: What the number facets measure.
    """

    def __init__(self, scales: Mapping[str, Scale]) -> None:
        self._scales = scales
        # What lies high is neither long nor far.
        self._level = [scale for scale in scales.values() if not _HEIGHTS.search(scale.facet.name)]

    def find(
        self, sentence: Sentence, names: Sequence[Name], last: Sequence[Item], than: Mapping[int, Item]
    ) -> list[Found]:
        """The constraints that they mean, their tokens marked as taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
            last: The items of the last list.
            than: Items by the token at which the sentence names or points at them.
        """
        found: list[Found] = []
        index = 0
        while self._scales and index < len(sentence):
            read = None if sentence.taken[index] else self._at(sentence, index, names)
            if read is None:
                index += 1
                continue
            end, meaning, facets = read
            against = _single(sentence, index, than) or list(last)
            compared = _compared(sentence, end, than)
            doubtful = len(facets) > 1 or _asks(sentence, index) or (compared is None and _unknown(sentence, end))
            for scale in facets[:2]:
                made = self._constraint(scale, meaning, [compared] if compared else against)
                if made is not None and sentence.free(index, end):
                    constraint, score = made
                    score = min(score, 0.6) if doubtful else score
                    found.append(Found(constraint, index, end, score, kind="relative", named=index))
            if found and found[-1].start == index:
                sentence.take(index, end)
            index = end
        return found

    def pointed(self, sentence: Sentence, names: Sequence[Name], last: Sequence[Item]) -> list[tuple[Item, int, int]]:
        """Listed items that are told by being more than the others: "the cheaper one", 便宜的那个; tokens are taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
            last: The items of the last list.

        Returns:
            Item, first token, and the token after the last.
        """
        found: list[tuple[Item, int, int]] = []
        for index in range(len(sentence) if self._scales and len(last) > 1 else 0):
            read = self._at(sentence, index, names, known=True) if sentence.free(index, index + 1) else None
            if read is None or read[1].degree == "mild" or not one_of_them(sentence, index, read[0]):
                continue
            end, meaning, facets = read
            item = extreme(last, facets[0].facet.name, meaning.sign)
            if item is not None:
                sentence.take(index, end)
                found.append((item, index, end))
        return found

    def _at(
        self, sentence: Sentence, start: int, names: Sequence[Name], *, known: bool = False
    ) -> tuple[int, _Meaning, list[Scale]] | None:
        tokens = sentence.tokens
        named = self._named(sentence, start, names)
        if named is not None:
            return named
        led = known or any(token.norm == "比" for token in tokens[max(0, start - 12) : start])
        idiom = _IDIOMS.at(tokens, start)
        if idiom is not None:
            return None
        match = (_AFTER_THAN.at(tokens, start) if led else None) or ADJECTIVES.at(tokens, start)
        lead = tokens[start - 1].norm if start else ""
        if match is None or (lead in {"no", "as", "how", "year", "years", "so", "by", "岁"} and not tokens[start].soft):
            return None
        end, meaning = match
        if not sentence.free(start, end):
            return None
        for dim in meaning.dims:
            facets = [scale for scale in self._level if scale.dimension == dim.lstrip("-")]
            if facets:
                turned = _Meaning(meaning.dims, -meaning.sign, meaning.degree) if dim[0] == "-" else meaning
                if dim == "time" and "length" in meaning.dims:  # what is longer may last or measure more
                    facets += [scale for scale in self._level if scale.dimension == "length"]
                near = {name.facet for name in names if abs(name.start - start) <= 3 and name.own}
                facets = [scale for scale in facets if scale.facet.name in near] or facets
                return end, turned, facets
        return None

    def _named(self, sentence: Sentence, start: int, names: Sequence[Name]) -> tuple[int, _Meaning, list[Scale]] | None:
        """A facet's name with "more" or "less": "fewer calories", "lower price", 评分高一点."""
        tokens = sentence.tokens
        word = tokens[start].norm
        sign = _MORE.get(word) or _LEVEL.get(word)
        if sign is not None:
            degree: Degree = "comparative" if word in _MORE else "absolute"
            for name in names:
                if name.start == start + 1 and name.facet in self._scales and not tokens[start + 1].soft:
                    return name.end, _Meaning((), sign, degree), [self._scales[name.facet]]
        for name in names:
            at = name.end
            if name.start != start or name.facet not in self._scales:
                continue
            words = [token.norm for token in tokens[at : at + 3]]
            led = any(token.norm == "比" for token in tokens[max(0, start - 12) : start])
            lead = 1 if words and words[0] in {"更", "再", "要"} else 0
            if len(words) > lead and words[lead] in _HAN_MORE:
                tail = words[lead + 1 : lead + 3]
                if led or lead or tail[:1] == ["点"] or tail == ["一", "点"] or tail[:1] == ["些"]:
                    end = at + lead + 1 + (2 if tail == ["一", "点"] else 1 if tail[:1] in (["点"], ["些"]) else 0)
                    meaning = _Meaning((), _HAN_MORE[words[lead]], "comparative")
                    return end, meaning, [self._scales[name.facet]]
        return None

    def _constraint(self, scale: Scale, meaning: _Meaning, against: Sequence[Item]) -> tuple[Constraint, float] | None:
        values = [value for item in against if (value := item.facets.get(scale.facet.name)) is not None]
        if values and meaning.degree == "comparative":
            bound = _edge(values, meaning.sign)
            if bound is None:
                return None
            return Constraint(scale.facet.name, "lt" if meaning.sign < 0 else "gt", (bound,)), 0.88
        if scale.stepped:
            reach = (scale.high - scale.low) * _STEPS[meaning.degree]
            edge = math.floor(scale.low + reach) if meaning.sign < 0 else math.ceil(scale.high - reach)
            return Constraint(scale.facet.name, "le" if meaning.sign < 0 else "ge", (edge,)), 0.78
        share = {"mild": 0.75, "comparative": 0.25, "superlative": 0.25, "absolute": 0.25}[meaning.degree]
        value = scale.quantile(share if meaning.sign < 0 else 1 - share)
        op: Literal["le", "ge"] = "le" if meaning.sign < 0 else "ge"
        if scale.facet.kind == "date":
            year = int(value)
            bound = f"{year}-12-31" if op == "le" else f"{year}-01-01"
            return Constraint(scale.facet.name, op, (bound,)), _SCORES[meaning.degree]
        return Constraint(scale.facet.name, op, (plain(value),)), _SCORES[meaning.degree]


def _single(sentence: Sentence, start: int, than: Mapping[int, Item]) -> list[Item]:
    """The only item that a clause or a sentence names, where it is named as a likeness or as too much of something.

    "Like A but shorter", 像…但是短一点; of "the first is too small, the last too heavy" each clause has its own.
    """
    clause, _ = sentence.clause(start)
    near = {at: item for at, item in than.items() if clause <= at < start} or than
    if len(near) != 1:
        return []
    at, item = next(iter(near.items()))
    likened = any(token.norm in _LIKENESS for token in sentence.tokens[max(0, at - 3) : at])
    turned = any(token.norm in {"but", "just", "only", "但", "太", "too"} for token in sentence.tokens[at : start + 1])
    return [item] if at < start and (likened or turned) else []


def _asks(sentence: Sentence, start: int) -> bool:
    """Whether a clause asks which of several is more: "which of these is lighter?", 哪个更轻."""
    clause, _ = sentence.clause(start)
    return any(token.norm in _WHICH for token in sentence.tokens[clause:start])


def _unknown(sentence: Sentence, end: int) -> bool:
    """Whether a comparison names something that is not known: "shorter than the last season"."""
    words = [token.norm for token in sentence.tokens[end : end + 3]]
    return len(words) > 2 and words[:2] == ["than", "the"] and words[2] not in {"list", "rest", "others"}


def _edge(values: Sequence[FacetValue], sign: int) -> int | float | str | None:
    """The least of the values (numbers, or dates as text) for "less", the greatest for "more"."""
    choose = min if sign < 0 else max
    numbers = [value for value in values if isinstance(value, int | float)]
    texts = [value for value in values if isinstance(value, str)]
    return choose(numbers) if numbers else choose(texts) if texts else None


def _compared(sentence: Sentence, end: int, than: Mapping[int, Item]) -> Item | None:
    if end < len(sentence) and sentence.tokens[end].norm == "than":
        for at in range(end + 1, min(end + 4, len(sentence))):
            if at in than:
                return than[at]
    return None
