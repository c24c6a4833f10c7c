"""Comparatives, superlatives and plain adjectives of measure: "cheaper", "the newest", "not too long", 便宜点.

A comparative is read against the last list: strictly below the least (or above the greatest) of the list's values, or
of the value of the item that the sentence compares with ("than", 比) or, being the only one, likens to, or of the one
that was spoken of last. Without a list it is read against the catalog's quartile, at a low score, as superlatives and
plain adjectives always are; on a scale of few steps, where "easy" is one end of it, they are sure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_adjectives import (
    ADJECTIVES,
    AFTER_THAN,
    CONCEDED,
    IDIOMS,
    MORE_BY,
    Degree,
    Meaning,
)
from chatrec.indexes._linker_compared import against_all, compared_with, difference, follows, likened, moved
from chatrec.indexes._linker_cues import ALLOWED, CUES
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_numbers import plain
from chatrec.indexes._linker_pointing import asked_which, extreme, one_of_them
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_words import FUNCTION, OR_WORDS, words
from chatrec.indexes._values import FacetValue, Item

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
_HEIGHTS = re.compile(r"altitude|elevation|climb|ascent|海拔|爬升", re.IGNORECASE)
_LEAST = re.compile(r"min|max|from|最", re.IGNORECASE)
"""Names of the age that somebody must have: of whom it is asked is neither old nor new."""
_OFTEN = re.compile(r"every|interval|每|间隔", re.IGNORECASE)
"""Names of what comes round: it is neither long nor short."""
_REACH = re.compile(r"distance|walk|commut|drive|away|距离|通勤|路程|车程|步行", re.IGNORECASE)
"""Names of what is far or near, counted in miles or in minutes."""
_AREA = re.compile(r"m2|m²|sqm|sqft|square|面积|平米", re.IGNORECASE)
_ASKING = frozenset({"is", "isnt", "are", "arent", "was", "not", "all"})
_STILL = frozenset({"but", "though", "tho", "although", "still", "但", "却", "可"})
_WHICH = frozenset({"which", "哪", "谁"})
_VERY = frozenset(words("that so very really overly all super terribly particularly crazy insanely ridiculously"))
_ANYTHING = frozenset({"anything", "something", "a", "an", "it", "one", "ones", "them"})
_TURNS = frozenset(["but", "though", "just", "only", "instead", "rather", "但", "要", "给", "换", "来", "而"])
_STEPS: dict[Degree, float] = {"comparative": 0.25, "superlative": 0.0, "absolute": 0.25, "mild": 0.5}
_SCORES: dict[Degree, float] = {"comparative": 0.45, "superlative": 0.45, "absolute": 0.4, "mild": 0.45}


class Relatives:
    """Finds comparatives and the like, and the facets they measure.

    Args:
        scales: What the number facets measure.
    """

    def __init__(self, scales: Mapping[str, Scale]) -> None:
        self._scales = scales
        # What lies high is neither long nor far.
        self._level = [
            scale
            for scale in scales.values()
            if not _HEIGHTS.search(scale.facet.name)
            and not (scale.dimension == "age" and _LEAST.match(scale.facet.name))
        ]

    def find(
        self,
        sentence: Sentence,
        names: Sequence[Name],
        last: Sequence[Item],
        than: Mapping[int, Item],
        *,
        about: Sequence[Item] = (),
    ) -> list[Found]:
        """The constraints that they mean, their tokens marked as taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
            last: The items of the last list.
            than: Items by the token at which the sentence names or points at them.
            about: The item spoken of last, or none.
        """
        found: list[Found] = []
        index = 0
        while self._scales and index < len(sentence):
            read = None if sentence.taken[index] else self._at(sentence, index, names)
            if read is None:
                index += 1
                continue
            end, meaning, facets = read
            focus = () if against_all(sentence, index, end) else about
            against = likened(sentence, index, than, meaning.blame) or list(focus or last)
            compared = compared_with(sentence, end, than)
            conceded = CONCEDED.at(sentence.tokens, index) is not None
            if meaning.degree == "comparative" and (conceded or ALLOWED.at(sentence.tokens, end)):
                if len(facets) == 1:
                    found.append(_allowed(facets[0], meaning.sign, index, end))
                sentence.take(index, end)
                index = end
                continue
            if _is_said_of(sentence, index, than):
                sentence.take(index, end)
                index = end
                continue
            by = difference(sentence, index, end) if against or compared else None
            if by is not None and by.units:
                facets = [scale for scale in facets if scale.of(1, by.units) is not None] or facets
            doubtful = (
                len(facets) > 1
                or (meaning.blame and _conceded(sentence, end))
                or _asks(sentence, index)
                or (compared is None and _unknown(sentence, end))
            )
            for scale in facets[:2]:
                made = self._constraint(scale, meaning, [compared] if compared else against)
                if made is not None and sentence.free(index, end):
                    constraint, score = made
                    if by is not None:
                        constraint = moved(scale, constraint, by)
                        sentence.take(by.start, by.end)
                    score = min(score, 0.6) if doubtful else score
                    settled = meaning.degree == "mild"
                    found.append(Found(constraint, index, end, score, "relative", named=index, settled=settled))
            if found and found[-1].start == index:
                sentence.take(index, end)
            index = end
        return found

    def pointed(self, sentence: Sentence, names: Sequence[Name], last: Sequence[Item]) -> list[tuple[Item, int, int]]:
        """Listed items told by being more than the others: "the cheaper one", "which is lighter?"; tokens are taken.

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
            if read is None or read[1].degree == "mild":
                continue
            if not (one_of_them(sentence, index, read[0]) or asked_which(sentence, index, read[0])):
                continue
            end, meaning, facets = read
            item = extreme(last, facets[0].facet.name, meaning.sign)
            if item is not None:
                sentence.take(index, end)
                found.append((item, index, end))
        return found

    def _at(
        self, sentence: Sentence, start: int, names: Sequence[Name], *, known: bool = False
    ) -> tuple[int, Meaning, list[Scale]] | None:
        tokens = sentence.tokens
        named = self._named(sentence, start, names)
        if named is not None:
            return named
        led = known or any(token.norm == "比" for token in tokens[max(0, start - 12) : start])
        idiom = IDIOMS.at(tokens, start)
        if idiom is not None:
            return None
        match = (AFTER_THAN.at(tokens, start) if led else None) or CONCEDED.at(tokens, start)
        match = match or ADJECTIVES.at(tokens, start)
        more = MORE_BY.at(tokens, start)
        match = more if more and follows(sentence, more[0]) else match
        lead = tokens[start - 1].norm if start else ""
        asked = lead in _ASKING and tokens[start].norm in {"that", "it"}
        if (
            match is None
            or asked
            or (lead in {"no", "as", "how", "year", "years", "so", "by", "岁"} and not tokens[start].soft)
        ):
            return None
        end, meaning = _softened(sentence, start, *match)
        if not sentence.free(start, end):
            return None
        for dim in meaning.dims if "volume" not in meaning.dims else ("area", *meaning.dims):
            facets = self._measuring(dim.lstrip("-"), meaning.dims)
            if facets:
                turned = Meaning(meaning.dims, -meaning.sign, meaning.degree) if dim[0] == "-" else meaning
                if dim == "time" and "length" in meaning.dims:  # what is longer may last or measure more
                    facets += self._measuring("length", meaning.dims)
                near = {name.facet for name in names if abs(name.start - start) <= 3 and name.own}
                facets = [scale for scale in facets if scale.facet.name in near] or facets
                return end, turned, facets
        return None

    def _measuring(self, dim: str, dims: Sequence[str]) -> list[Scale]:
        """The facets that a dimension or a side is measured by; what is long or short is a length or a height first."""
        if dim == "area":  # what is big has much room before it is far
            return [scale for scale in self._level if scale.measures(dim) or _AREA.search(scale.facet.name)]
        if dim == "slope":
            return [scale for scale in self._scales.values() if scale.side == dim]
        facets = [scale for scale in self._level if scale.measures(dim)]
        if dim == "time" and "length" in dims:
            facets = [scale for scale in facets if not _OFTEN.search(scale.facet.name)]
        if tuple(dims) == ("length",):
            reach = [scale for scale in self._level if _REACH.search(scale.facet.name)]
            return reach or [scale for scale in facets if not _AREA.search(scale.facet.name)]
        if dim == "length" and "time" in dims:
            facets = [scale for scale in facets if scale.side in {None, "length", "height"}] or facets
        return facets

    def _named(self, sentence: Sentence, start: int, names: Sequence[Name]) -> tuple[int, Meaning, list[Scale]] | None:
        """A facet's name with "more" or "less": "fewer calories", "lower price", 评分高一点."""
        tokens = sentence.tokens
        word = tokens[start].norm
        sign = _MORE.get(word) or _LEVEL.get(word)
        if sign is not None:
            degree: Degree = "comparative" if word in _MORE else "absolute"
            for name in names:
                if name.start == start + 1 and name.facet in self._scales and not tokens[start + 1].soft:
                    return name.end, Meaning((), sign, degree), [self._scales[name.facet]]
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
                    meaning = Meaning((), _HAN_MORE[words[lead]], "comparative")
                    return end, meaning, [self._scales[name.facet]]
        return None

    def _constraint(self, scale: Scale, meaning: Meaning, against: Sequence[Item]) -> tuple[Constraint, float] | None:
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
        share = {"mild": 0.5, "comparative": 0.25, "superlative": 0.25, "absolute": 0.25}[meaning.degree]
        value = scale.quantile(share if meaning.sign < 0 else 1 - share)
        op: Literal["le", "ge"] = "le" if meaning.sign < 0 else "ge"
        if scale.facet.kind == "date":
            year = int(value)
            bound = f"{year}-12-31" if op == "le" else f"{year}-01-01"
            return Constraint(scale.facet.name, op, (bound,)), _SCORES[meaning.degree]
        return Constraint(scale.facet.name, op, (plain(value),)), _SCORES[meaning.degree]


def _is_said_of(sentence: Sentence, start: int, than: Mapping[int, Item]) -> bool:
    """Whether a Chinese comparative tells how an item is that was just named, and asks for nothing: 最后一个更贵."""
    tokens, (first, _) = sentence.tokens, sentence.clause(start)
    named = any(first <= at < start and all(sentence.taken[at:start]) for at in than)
    return named and tokens[start].norm == "更" and all(token.norm != "比" for token in tokens[first:start])


def _allowed(scale: Scale, sign: int, start: int, end: int) -> Found:
    """That there may be more or less of something, whatever was asked before: "heavier is fine", 贵点也没事."""
    edge = plain(scale.high if sign > 0 else scale.low)
    constraint = Constraint(scale.facet.name, "gt" if sign > 0 else "lt", (edge,))
    return Found(constraint, start, end, 0.88, "relative", named=start, allowed=True)


def _softened(sentence: Sentence, start: int, end: int, meaning: Meaning) -> tuple[int, Meaning]:
    """A measure that only must not be great: "nothing too long", "I don't want a heavy one", 不想看太长的."""
    if meaning.degree != "absolute" and not meaning.blame:
        return end, meaning
    tokens, at, refused = sentence.tokens, sentence.clause(start)[0], False
    either = start > 0 and tokens[start - 1].norm in OR_WORDS
    while at < start:
        cue = None if sentence.taken[at] else CUES.at(tokens, at)
        if cue is not None and cue[0] <= start:
            so = cue[0] == start and [token.norm for token in tokens[at:start]] == ["not", "that"]
            refused, at = cue[1] == "open" or so, cue[0]
            continue
        known = tokens[at].norm in FUNCTION | _VERY or tokens[at + 1].norm in _ANYTHING or meaning.blame
        over = tokens[at].norm in _TURNS or (not known and not either)
        refused = refused and not over and (either or not sentence.taken[at])
        at += 1
    refused = refused and (sentence.ends(end) or tokens[end].norm != "enough")
    if not refused:
        return end, meaning
    return end, Meaning(meaning.dims, meaning.sign if meaning.blame else -meaning.sign, "mild")


def _conceded(sentence: Sentence, end: int) -> bool:
    """Whether the fault that is found is forgiven: "a bit small, but fine", 有点小，不过就它吧."""
    return end < len(sentence) and any(
        sentence.tokens[at].norm in _STILL or [t.norm for t in sentence.tokens[at : at + 2]] == ["不", "过"]
        for at in (end, end + 1)
        if at < len(sentence)
    )


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
