"""Months and days in a sentence: "in April", "before 1 May 2027", "from the 3rd to the 9th of May", 五月下旬."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_bounds import AFTER, BEFORE
from chatrec.indexes._linker_figures import chinese_number
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_text import Phrases, Sentence, Token
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_words import phrases, words
from chatrec.indexes._values import Op

_MONTHS = {
    name: number
    for number, names in enumerate(
        ["january jan", "february feb", "march", "april apr", "may", "june", "july", "august aug", "september sept sep",
         "october oct", "november nov", "december dec"], 1,
    )
    for name in names.split()
}  # fmt: skip
_ORDINALS = frozenset(words("st nd rd th of the"))
_FROM = Phrases((phrase, True) for phrase in phrases("on or after|from|starting|since|no earlier than|从|自|不早于"))
_UNTIL = Phrases((phrase, True) for phrase in phrases("on or before|by|until|till|no later than|不晚于|到"))
_OPS: dict[str, Op] = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_BEYOND: dict[str, Op] = {"lt": "lt", "le": "lt", "gt": "gt", "ge": "gt"}
"""What follows a day in Chinese leaves the day out: 十月一号之后 is after it."""
_HAN = frozenset("一二三四五六七八九十")
_DIGITS = 4
_PARTS = {"early": (1, 10), "mid": (11, 20), "late": (21, 31)}
_HAN_PARTS = {"上": (1, 10), "初": (1, 10), "中": (11, 20), "下": (21, 31), "底": (21, 31), "末": (21, 31)}
_TO = frozenset({"to", "until", "till", "through", "and", "or", "到", "至", "和"})
_HALVES = Phrases(
    [("first half of the year", (1, 6)), ("second half of the year", (7, 12)), ("上半年", (1, 6)), ("下半年", (7, 12))]
)
_FEASTS = Phrases(
    (phrase, days)
    for names, days in (
        ("元旦|new years day", ((1, 1), (1, 3))),
        ("情人节|valentines day|valentines", ((2, 14), (2, 14))),
        ("五一|五一假期|劳动节", ((5, 1), (5, 5))),
        ("六一|儿童节", ((6, 1), (6, 1))),
        ("国庆|国庆节|国庆假期", ((10, 1), (10, 7))),
        ("万圣节|halloween", ((10, 31), (10, 31))),
        ("圣诞|圣诞节|christmas|xmas", ((12, 24), (12, 26))),
        ("跨年|new years eve", ((12, 31), (12, 31))),
    )
    for phrase in phrases(names)
)
"""Feasts on the same days each year, with the days off around them."""


@dataclass(frozen=True, slots=True)
class _Day:
    """A month, a day of one, or the time to a later one, as said; the year is None where it was left out."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None
    last: tuple[int, int | None] | None = None


def find_dates(sentence: Sentence, scales: Iterable[Scale]) -> list[Found]:
    """What the months and days of a sentence ask of the date facets; their tokens are marked as taken.

    Args:
        sentence: The sentence.
        scales: What the catalog's facets measure; those of dates are used.
    """
    dated = [scale for scale in scales if scale.facet.kind == "date"]
    found: list[Found] = []
    index = 0
    while dated and index < len(sentence):
        day = _span(sentence, index) if sentence.free(index, index + 1) else None
        if day is None:
            index += 1
            continue
        start, end, op = _bound(sentence, day)
        for scale in dated:
            first, last = _range(scale, day)
            values = (first, last) if op == "between" else (last if op in {"gt", "le"} else first,)
            score = 0.88 if len(dated) == 1 else 0.6
            found.append(Found(Constraint(scale.facet.name, op, values), start, end, score, "number", day.start, start))
        sentence.take(start, end)
        index = end
    return found


def _span(sentence: Sentence, at: int) -> _Day | None:
    """A day or a month at a token, or the time from it to another."""
    tokens = sentence.tokens
    feast = _FEASTS.at(tokens, at)
    if feast is not None:
        (month, day), last = feast[1]
        return _Day(at, feast[0], None, month, day, last)
    half = _HALVES.at(tokens, at)
    if half is not None:
        return _Day(at, half[0], None, half[1][0], None, (half[1][1], None))
    first = _read(tokens, at)
    if first is not None and first.last is None and _joins(tokens, first.end) and not sentence.ends(first.end):
        second = _read(tokens, first.end + 1 + _is(tokens, first.end + 1, "the"))
        apart = tokens[first.end].norm == "or" and second is not None and second.month > first.month + 1
        if second is not None and not apart and (second.month, second.day or 31) > (first.month, first.day or 0):
            return replace(first, end=second.end, year=second.year or first.year, last=(second.month, second.day))
    return first or _days(tokens, at)


def _joins(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at].norm in _TO and not tokens[at + 1].hard


def _days(tokens: Sequence[Token], at: int) -> _Day | None:
    """Two days of one month: "the 1st and the 15th of May", "3 to 9 June"."""
    if tokens[at].kind != "number" or not _small(tokens[at].norm, 31):
        return None
    end = at + 1
    end += end < len(tokens) and tokens[end].norm in _ORDINALS
    if not _joins(tokens, end):
        return None
    end += 1 + _is(tokens, end + 1, "the")
    second = _read(tokens, end) if end < len(tokens) and tokens[end].kind == "number" else None
    if second is None or second.day is None or second.day <= int(tokens[at].norm):
        return None
    return replace(second, start=at, day=int(tokens[at].norm), last=(second.month, second.day))


def _read(tokens: Sequence[Token], at: int) -> _Day | None:
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.norm in _PARTS and at + 1 < len(tokens) and tokens[at + 1].norm in _MONTHS:
        month = _MONTHS[tokens[at + 1].norm]
        year, end = _year(tokens, at + 2)
        return _Day(at, end, year, month, _PARTS[token.norm][0], (month, _PARTS[token.norm][1]))
    if token.norm in _MONTHS and (token.norm not in {"may", "march"} or token.capital):
        month, end = _MONTHS[token.norm], at + 1
        day, end = _day(tokens, end)
        year, end = _year(tokens, end)
        return _Day(at, end, year, month, day)
    if token.kind == "number" and _small(token.norm, 31):
        after = at + 1
        while after < len(tokens) and tokens[after].norm in _ORDINALS:
            after += 1
        if after < len(tokens) and tokens[after].norm in _MONTHS:
            year, end = _year(tokens, after + 1)
            return _Day(at, end, year, _MONTHS[tokens[after].norm], int(token.norm))
    return _iso(tokens, at) or _chinese(tokens, at)


def _iso(tokens: Sequence[Token], at: int) -> _Day | None:
    """A day in figures: 2027-05-31, 2027/5/31."""
    parts = tokens[at : at + 3]
    if len(parts) < 3 or len(parts[0].norm) != 4 or parts[1].gap not in {"-", "/"} or parts[2].gap != parts[1].gap:
        return None
    year, month, day = (int(part.norm) if part.norm.isdigit() else 0 for part in parts)
    return _Day(at, at + 3, year, month, day) if year and 0 < month <= 12 and 0 < day <= 31 else None


def _chinese(tokens: Sequence[Token], at: int) -> _Day | None:
    year: int | None = None
    start = at
    if tokens[at].kind == "number" and len(tokens[at].norm) == 4 and _is(tokens, at + 1, "年"):
        year, at = int(tokens[at].norm), at + 2
    month, end = _number(tokens, at, 12)
    if not month or not _is(tokens, end, "月"):
        return None
    end += 1 + _is(tokens, end + 1, "份")
    day, after = _number(tokens, end, 31)
    if day and (_is(tokens, after, "日") or _is(tokens, after, "号")):
        return _Day(start, after + 1, year, month, day)
    part = _HAN_PARTS.get(tokens[end].norm) if end < len(tokens) else None
    if part is not None and (tokens[end].norm in "初底末" or _is(tokens, end + 1, "旬")):
        return _Day(start, end + 1 + _is(tokens, end + 1, "旬"), year, month, part[0], (month, part[1]))
    return _Day(start, end, year, month, None)


def _number(tokens: Sequence[Token], at: int, most: int) -> tuple[int, int]:
    """A small number in digits or Chinese, and where it ends; 0 for none."""
    if at < len(tokens) and tokens[at].kind == "number" and _small(tokens[at].norm, most):
        return int(tokens[at].norm), at + 1
    end = at
    while end < min(len(tokens), at + _DIGITS) and tokens[end].norm in _HAN:
        end += 1
    value = chinese_number("".join(token.norm for token in tokens[at:end])) or 0
    return (int(value), end) if 0 < value <= most else (0, at)


def _small(text: str, most: int) -> bool:
    return text.isdigit() and 0 < int(text) <= most


def _is(tokens: Sequence[Token], at: int, norm: str) -> bool:
    return at < len(tokens) and tokens[at].norm == norm


def _day(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    at += _is(tokens, at, "the")
    if at < len(tokens) and tokens[at].kind == "number" and _small(tokens[at].norm, 31) and not tokens[at].hard:
        end = at + 1
        return int(tokens[at].norm), end + (end < len(tokens) and tokens[end].norm in _ORDINALS and not tokens[end].gap)
    return None, at


def _year(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    if at < len(tokens) and tokens[at].kind == "number" and len(tokens[at].norm) == 4 and tokens[at].norm.isdigit():
        return int(tokens[at].norm), at + 1
    return None, at


def _bound(sentence: Sentence, day: _Day) -> tuple[int, int, Op]:
    """Where the words that bound a date begin and end, and the operator that they mean."""
    tokens = sentence.tokens
    start = day.start - (day.start > 0 and tokens[day.start - 1].norm == "the")
    if not tokens[day.start].hard and day.last is None:
        since, until = _FROM.before(tokens, start), _UNTIL.before(tokens, start)
        if since is not None:
            return since[0], day.end, "ge"
        if until is not None:
            return until[0], day.end, "le"
    before = BEFORE.before(tokens, start)
    if before is not None and before[1][0] in _OPS and not tokens[day.start].hard:
        return before[0], day.end, _OPS[before[1][0]]
    after = AFTER.at(tokens, day.end)
    if after is not None and after[1][0] in _OPS:
        later = tokens[day.end].kind == "han" and day.day is not None
        return day.start, after[0], (_BEYOND if later else _OPS)[after[1][0]]
    lead = tokens[start - 1].norm if start else ""
    return start - (lead in {"in", "on", "during", "between", "在"}), day.end, "between"


def _range(scale: Scale, day: _Day) -> tuple[str, str]:
    """First and last day, in the year that was said or the one in which the catalog has most then."""
    years = [day.year] if day.year is not None else sorted({int(value) for value in scale.distinct})
    year = max(years, key=lambda one: (scale.share(one, one), one))
    first = min(day.day or 1, monthrange(year, day.month)[1])
    month, end = day.last or (day.month, day.day)
    longest = monthrange(year, month)[1]
    return f"{year:04}-{day.month:02}-{first:02}", f"{year:04}-{month:02}-{min(end or longest, longest):02}"
