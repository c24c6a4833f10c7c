"""Reading ranges: a number with the words that bound it, two numbers, a decade."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from chatrec.indexes._linker_bounds import AFTER, ANY, BEFORE, YEAR, Bound, Cue
from chatrec.indexes._linker_figures import Figure, chinese_number, read_figure
from chatrec.indexes._linker_positions import COUNTERS
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_verdicts import DIGITS, is_difference, is_past, sideways, verdict
from chatrec.indexes._linker_words import FUNCTION, phrases, words

_TIGHT_SIGNS: dict[str, Bound] = {"<=": "le", "≤": "le", ">=": "ge", "≥": "ge", "<": "lt", ">": "gt", "~": "about"}
_SIGN = re.compile(r"(<=|>=|≤|≥|<|>|~)\s*[$€£¥￥₹]?\s*$")
_DECADE_WORDS = {
    word: 10 * n
    for n, word in enumerate(words("twenties thirties forties fifties sixties seventies eighties nineties"), 2)
}
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (6, 9), "初": (0, 3), "末": (6, 9), "中": (4, 6)}
_UNTIL_NOW = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        to now|till now|until now|to today|until today|till today|to the present|to present|on|onward|onwards|
        up to now|up to today|and on|and onward|and onwards|至今|到现在|到今天|到如今|以来|开始
        """
    )
)
_ONES = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_HAN_SIDES = {"宽": "width", "高": "height", "深": "depth", "厚": "thickness", "长": "length"}
_AGES = frozenset({"age", "time", "span", "days"})
_TURNED: dict[str, Bound] = {"gt": "le", "ge": "lt"}
"""How a bound turns round that is found too much: "both are over 90, too much"."""
_RANGE_WORDS = frozenset({"to", "and", "until", "till", "through", "到", "至", "和", "与", "or"})


@dataclass(frozen=True, slots=True)
class Range:
    """What a sentence says of a number, before it is known which facet it is about.

    Attributes:
        start: First token, the words that bound it included.
        end: The token after it.
        bound: What it bounds; "between" for two figures or a decade.
        low: The number, or the lower one.
        high: The higher one where there are two.
        figure: The figure that carries the unit.
        dims: Dimensions told by the words ("before" is about years); empty if none.
        inner: Its first token without the words that bound it.
        side: Which side of a thing an adjective says it measures ("70 wide"); "" for none.
        judged: Whether it is found too much or too little ("320 is steep").
    """

    start: int
    end: int
    bound: Bound | Literal["between"]
    low: float
    high: float
    figure: Figure
    dims: tuple[str, ...]
    inner: int
    side: str = ""
    judged: bool = False


class RangeReader:
    """Reads the range that begins at a token.

    Args:
        scales: What the catalog's number facets measure; decades are read only where one holds years.
    """

    def __init__(self, scales: Iterable[Scale]) -> None:
        held = list(scales)
        self._years = [scale for scale in held if scale.year]
        self._ages = frozenset(value for scale in held if scale.dimension == "age" for value in scale.distinct)

    def __call__(self, sentence: Sentence, start: int) -> Range | None:
        """The range whose number begins at token `start`, or None."""
        long = self._decades(sentence, start) or self._since(sentence, start)
        return long or _sized(sentence, start) or _neighbours(sentence, start) or self._one(sentence, start)

    def _decades(self, sentence: Sentence, start: int) -> Range | None:
        """A decade, or one to another: "the 60s to the 80s"."""
        first = self._decade(sentence, start)
        if first is None or first.bound != "between":
            return first
        at = first.end
        joined = at < len(sentence) and sentence.tokens[at].norm in _RANGE_WORDS
        dashed = at < len(sentence) and re.fullmatch(r"\s*[-–—~]\s*", sentence.tokens[at].gap) is not None
        if not (joined or dashed):
            return first
        lead = [token.norm for token in sentence.tokens[max(first.start - 2, 0) : first.start]]
        if sentence.tokens[at].norm == "and" and "between" not in lead:
            return first
        at += joined
        while at < len(sentence) and sentence.tokens[at].norm in {"the", "early", "mid", "late"}:
            at += 1
        second = self._decade(sentence, at) if at < len(sentence) else None
        if second is None or second.bound != "between" or second.high <= first.low:
            return first
        begin = first.start - (lead[-1:] in (["from"], ["between"], ["从"]))
        return replace(first, start=begin, end=second.end, high=second.high)

    def _since(self, sentence: Sentence, start: int) -> Range | None:
        """From a year until now: "from 1995 to today", "1995 onwards", 1995年至今."""
        if not self._years:
            return None
        figure = read_figure(sentence, start)
        if figure is None or figure.units or not any(fits(scale, figure.value) for scale in self._years):
            return None
        match = _UNTIL_NOW.at(sentence.tokens, figure.end)
        if match is None:
            return None
        lead = sentence.tokens[start - 1].norm if start else ""
        begin = start - (lead in {"from", "since", "从", "自"})
        return Range(begin, match[0], "ge", figure.value, figure.value, replace(figure, calendar=True), YEAR, start)

    def _decade(self, sentence: Sentence, start: int) -> Range | None:
        if not self._years:
            return None
        decade = _decade_at(sentence, start)
        if decade is None:
            return None
        base, end = decade
        if base < 100:
            base += self._century(base)
        low, high, first = base, base + 9, start
        lead = [token.norm for token in sentence.tokens[max(0, start - 2) : start]]
        if any(word in {"my", "his", "her", "their", "your"} for word in lead):
            return None
        if start and sentence.tokens[start - 1].norm in _PARTS and sentence.tokens[start - 1].kind == "word":
            first = start - 1
            low, high = (base + part for part in _PARTS[sentence.tokens[start - 1].norm])
        elif end < len(sentence) and sentence.tokens[end].kind == "han" and sentence.tokens[end].norm in _PARTS:
            low, high = (base + part for part in _PARTS[sentence.tokens[end].norm])
            end += 1
        figure = Figure(start, end, low, calendar=True)
        cue = _cue_before(sentence, first)
        if cue and cue[1] in {"lt", "le", "gt", "ge"}:
            edge = high if cue[1] in {"le", "gt"} else low
            return Range(cue[0], end, cue[1], edge, edge, figure, YEAR, first)
        return Range(first, end, "between", low, high, figure, YEAR, first)

    def _century(self, base: int) -> int:
        """The century of "the 20s" that holds more of the catalog."""
        shares = {
            century: sum(s.share(century + base, century + base + 9) for s in self._years) for century in (1900, 2000)
        }
        return max(shares, key=lambda century: (shares[century], -century))

    def _one(self, sentence: Sentence, start: int) -> Range | None:
        figure = read_figure(sentence, start)
        if figure is None or not sentence.free(figure.start, figure.end):
            return None
        if (
            sentence.tokens[start].gap.endswith("(")
            and figure.value >= 1000
            and sentence.after(figure.end - 1)[:1] == ")"
        ):
            return None
        pair = _second(sentence, figure)
        if pair is not None or is_past(sentence, figure) or is_difference(sentence, figure):
            return pair
        cue = _cue_before(sentence, start)
        bound: Bound = "point"
        inner, first, dims = start, start, ANY
        if cue:
            first, bound, dims = cue
        side, end = sideways(sentence, figure)
        if not side and first and sentence.tokens[first - 1].norm in _HAN_SIDES and not sentence.tokens[first].gap:
            side, first = _HAN_SIDES[sentence.tokens[first - 1].norm], first - 1
        post: tuple[int, Cue] | None = AFTER.at(sentence.tokens, end)
        if post is None and _from_up(sentence, start, end):
            from_up: Cue = ("ge", ANY)
            post, first = (end + 1, from_up), start - 1
        fitting = post is not None and self._suits(figure, post[1][1])
        judged = None if fitting else _judged(sentence, figure, end, cue, past_noun=not post)
        if any(sentence.after(n).startswith("+") for n in range(figure.start, figure.end)):
            bound, aged = "ge", not figure.units and figure.value in self._ages
            dims = ("age",) if aged else dims
        elif post and fitting:
            end, (bound, more) = post
            if sentence.tokens[end - 1].norm == "older" and any(dim in _AGES for dim, _ in figure.units):
                bound = "ge"  # "1990 or older" is early, "12 months or older" is late
            dims = dims if dims and dims != YEAR and not figure.units else more
        elif judged is not None:
            end, bound, dims = judged
        elif not post and cue is None and (noun := _bound_past_noun(sentence, end)) is not None:
            bound = noun
        judging = judged is not None and bound == judged[1] and (bound in {"lt", "gt"} or cue is not None)
        return Range(first, end, bound, figure.value, figure.value, figure, dims, inner, side, judging)

    def _suits(self, figure: Figure, dims: tuple[str, ...]) -> bool:
        """Whether a bound after a figure may be said of it: "or faster" of times, "or before" of years."""
        if dims and dims != YEAR:
            return any(dim in dims for dim, _ in figure.units)
        return not dims or figure.calendar or any(fits(scale, figure.value) for scale in self._years)


def _only(sentence: Sentence, figure: Figure) -> bool:
    """Whether a figure is wondered at for being so little: 才五个小时啊; not an age, which is young and no fault."""
    tokens, end = sentence.tokens, figure.end
    led = figure.start > 0 and tokens[figure.start - 1].norm == "才" and bool(figure.units)
    closed = not sentence.ends(end) and tokens[end].norm in {"啊", "呀", "吗", "么"} and sentence.ends(end + 1)
    return led and closed and all(dim not in {"age", "money"} for dim, _ in figure.units)


def _judged(
    sentence: Sentence, figure: Figure, end: int, cue: tuple[int, Bound, tuple[str, ...]] | None, *, past_noun: bool
) -> tuple[int, Bound, tuple[str, ...]] | None:
    """What is said of a number after it; behind a bound ("over 90, too much") it turns the bound round."""
    judged = verdict(sentence, end)
    if judged is not None and judged[0] == end and any(dim == "area" for dim, _ in figure.units):
        judged = None  # 10平？？ finds little as much as it finds much
    if cue is None and judged is None and _only(sentence, figure):
        return end + 1, "gt", ANY
    if cue is None:
        return judged or (_past_noun(sentence, end) if past_noun else None)
    if judged is None or judged[1] != "lt" or cue[1] not in _TURNED:
        return None
    return judged[0], _TURNED[cue[1]], cue[2]


def _past_noun(sentence: Sentence, start: int) -> tuple[int, Bound, tuple[str, ...]] | None:
    """What is said of a number past the noun that it counts: "three rooms is too many"; the noun is left to be read."""
    if sentence.ends(start) or sentence.ends(start + 1) or sentence.tokens[start].norm in FUNCTION:
        return None
    judged = verdict(sentence, start + 1)
    if judged is None or (judged[2] != ANY and sentence.tokens[start].norm in COUNTERS):  # 两套贵了 counts what is dear
        return None
    return (start, *judged[1:])


def _sized(sentence: Sentence, start: int) -> Range | None:
    """So many digits: "single figures" is less than ten, "two-digit" 10 to 99, "three figures at most" up to 999."""
    match = DIGITS.at(sentence.tokens, start)
    if match is None or not sentence.free(start, match[0]):
        return None
    end, count = match
    low, high = 10.0 ** (count - 1), 10.0**count - 1
    post = AFTER.at(sentence.tokens, end)
    cue = _cue_before(sentence, start)
    bound: Bound | Literal["between"] = post[1][0] if post else cue[1] if cue else "between"
    end, first = post[0] if post else end, cue[0] if cue else start
    figure = Figure(start, end, low)
    if bound in {"ge", "lt"}:
        return Range(first, end, bound, low, low, figure, ANY, start)
    if bound in {"le", "gt"}:
        return Range(first, end, bound, high, high, figure, ANY, start)
    if count == 1:
        return Range(first, end, "lt", 10.0, 10.0, figure, ANY, start)
    return Range(first, end, "between", low, high, figure, ANY, start)


def _from_up(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a figure stands between "from" and "up"."""
    tokens = sentence.tokens
    return start > 0 and end < len(tokens) and (tokens[start - 1].norm, tokens[end].norm) == ("from", "up")


def _bound_past_noun(sentence: Sentence, end: int) -> Bound | None:
    """The bound that follows what is counted: "20 gears or more", "20 gears tops"."""
    tokens = sentence.tokens
    if end + 1 >= len(tokens) or tokens[end].kind == "number" or sentence.ends(end) or sentence.ends(end + 1):
        return None
    post = AFTER.at(tokens, end + 1)
    return post[1][0] if post is not None and post[1][1] == ANY else None


def fits(scale: Scale, value: float) -> bool:
    """Whether a number may be meant for a facet, by its size alone."""
    if scale.year:
        return value.is_integer() and 1000 <= value <= 2100 and scale.low - 60 <= value <= scale.high + 60
    if scale.low < 0:
        return scale.low <= value <= scale.high
    return scale.low * 0.5 <= value <= scale.high * 1.5


def _decade_at(sentence: Sentence, start: int) -> tuple[int, int] | None:
    tokens = sentence.tokens
    token = tokens[start]
    following = tokens[start + 1] if start + 1 < len(tokens) else None
    if token.norm in _DECADE_WORDS and not (following and following.norm == "percent"):
        return _DECADE_WORDS[token.norm], start + 1
    if token.kind == "number" and token.norm.isdigit() and following:
        value = int(token.norm)
        is_s = following.text in {"s", "S"} and following.gap in {"", "'", "’"}
        is_era = following.norm == "年" and start + 2 < len(tokens) and tokens[start + 2].norm == "代"
        if value % 10 == 0 and (value < 100 or 1000 <= value <= 2100) and (is_s or is_era):
            return value, start + (3 if is_era else 2)
    end = start
    while end < len(tokens) and tokens[end].norm in "一二三四五六七八九十零〇":
        end += 1
    if end > start and end + 1 < len(tokens) and tokens[end].norm == "年" and tokens[end + 1].norm == "代":
        number = chinese_number("".join(token.norm for token in tokens[start:end]))
        if number is not None and number % 10 == 0:
            return int(number), end + 2
    return None


def _cue_before(sentence: Sentence, start: int) -> tuple[int, Bound, tuple[str, ...]] | None:
    tokens = sentence.tokens
    sign = _SIGN.search(tokens[start].gap)
    if sign:
        return start, _TIGHT_SIGNS[sign.group(1)], ANY
    at = start
    if start and tokens[start - 1].norm in {"say", "maybe", "perhaps"}:  # "no more than, say, 300"
        cue = BEFORE.before(tokens, start - 1)
        if cue is not None:
            return cue[0], cue[1][0], cue[1][1]
    while (
        at and start - at < 2 and tokens[at - 1].norm in {"the", "a", "an", "year", "在", "是"} and not tokens[at].soft
    ):
        at -= 1
    cue = BEFORE.before(tokens, at)
    if cue is None or tokens[at].hard or tokens[at].soft:
        return None
    return cue[0], cue[1][0], cue[1][1]


def _second(sentence: Sentence, first: Figure) -> Range | None:
    """Two numbers: "50 to 80", "between 50 and 80", "50-80", 100到200."""
    tokens, end = sentence.tokens, first.end
    if end >= len(tokens):
        return None
    start, gap = end, tokens[end].gap
    joined = re.fullmatch(r"\s*[-–—~～]\s*[$€£¥￥₹]?", gap) is not None
    word = tokens[end].norm
    if not joined:
        if word not in _RANGE_WORDS or tokens[end].hard or tokens[end].soft:
            return None
        start = end + 1
    second = read_figure(sentence, start) if start < len(tokens) else None
    if second is None or (start > end and tokens[start].hard):
        return None
    lead = [token.norm for token in tokens[max(first.start - 2, 0) : first.start]]
    between = any(cue in lead[-2:] for cue in ("between", "从", "在", "from", "介"))
    adjoining = word == "or" and second.value == first.value + 1
    if word in {"and", "or", "和", "与"} and not joined and not between and not adjoining:
        return None
    low, high = first, second
    if not first.units and second.units:
        low = replace(first, units=second.units)
    elif first.units and not second.units:
        high = replace(second, units=first.units)
    if not _ascending(low, high) and not _is_short_year(low, high):
        return None
    begin = first.start - 1 if lead and lead[-1] in {"between", "从", "在", "from"} else first.start
    stop = second.end + (2 if [t.norm for t in tokens[second.end : second.end + 2]] == ["之", "间"] else 0)
    if _is_short_year(low, high):
        high = replace(high, value=low.value // 100 * 100 + high.value)
    scale = (
        low.units[0][1] / high.units[0][1] if low.units and high.units and low.units[0][0] == high.units[0][0] else 1
    )
    figure = replace(high, start=first.start, calendar=first.calendar or second.calendar)
    return Range(begin, stop, "between", low.value * scale, high.value, figure, ANY, first.start)


def _is_short_year(low: Figure, high: Figure) -> bool:
    """Whether the second number leaves out the century: 1975-85."""
    return not high.units and 1000 <= low.value <= 2100 and low.value % 100 < high.value < 100 and not high.spelled


def _neighbours(sentence: Sentence, start: int) -> Range | None:
    """Two Chinese digits that follow each other: 两三天 is 2 to 3, 七八百 is 700 to 800; 三五天 is 3 to 5."""
    tokens = sentence.tokens
    digits = [_ONES.get(token.norm, 0) for token in tokens[start : start + 2]]
    near = digits[1:] == [digits[0] + 1] or digits == [3, 5]  # 三五天
    if not near or not digits[0] or tokens[start + 1].gap:
        return None
    if start and not tokens[start].gap and tokens[start - 1].norm in "十百千万零〇点第年":
        return None
    if start + 2 < len(tokens) and tokens[start + 2].norm in _ONES:
        return None
    second = read_figure(sentence, start + 1)
    if second is None or not sentence.free(start, second.end):
        return None
    if not second.units and second.end == start + 2:
        return None
    low = second.value * digits[0] / digits[1]
    figure = replace(second, start=start)
    return Range(start, second.end, "between", low, second.value, figure, ANY, start)


def _ascending(low: Figure, high: Figure) -> bool:
    if low.units and high.units and low.units[0][0] == high.units[0][0]:
        return low.value * low.units[0][1] < high.value * high.units[0][1]
    return low.value < high.value
