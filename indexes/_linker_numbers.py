"""Numbers, ranges, decades and years in a sentence, and the facets that they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_figures import Figure, chinese_number, read_figure
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._values import Scalar

Bound: TypeAlias = Literal["lt", "le", "gt", "ge", "about", "point"]
_Cue: TypeAlias = tuple[Bound, tuple[str, ...]]

_ANY: tuple[str, ...] = ()
_YEAR = ("year",)


def _cues(table: Mapping[Bound, Mapping[tuple[str, ...], str]]) -> Phrases[_Cue]:
    return Phrases(
        (phrase, (bound, dims))
        for bound, rows in table.items()
        for dims, phrases in rows.items()
        for phrase in phrases.split("|")
    )


BEFORE = _cues(
    {
        "lt": {
            _ANY: "under|below|less than|lower than|smaller than|fewer than|not reaching|beneath|低于|少于|小于|不到|不足",
            ("money",): "cheaper than|less expensive than",
            ("time", "length", "pages"): "shorter than",
            ("mass",): "lighter than",
            ("year", "age"): "older than",
            _YEAR: "before|earlier than|prior to|pre|早于",
            ("length", "distance", "time"): "closer than|nearer than|within less than",
        },
        "le": {
            _ANY: "at most|up to|max|maximum|maximum of|max of|no more than|not more than|no higher than|not higher than|"
            "no bigger than|no larger than|within|not over|not above|not exceeding|at the most|as much as|capped at|"
            "limit of|no greater than|不超过|最多|不高于|不大于|至多|顶多|不要超过|别超过|不能超过|控制在|不得超过|最高|不多于",
            ("money",): "budget|budget is|budget of|budget is around|my budget is|预算|预算是|预算在|预算不超过|最贵",
            ("time", "length", "pages"): "no longer than|not longer than|最长",
            ("mass",): "no heavier than|not heavier than",
            _YEAR: "until|till|no later than|not after|not later than|by the year|不晚于",
            ("time",): "in under|in at most",
        },
        "gt": {
            _ANY: "over|above|more than|greater than|higher than|bigger than|larger than|exceeding|beyond|upwards of|better "
            "than|超过|高于|大于|多于|不止",
            ("money",): "more expensive than|pricier than",
            ("time", "length", "pages"): "longer than|长于",
            ("mass",): "heavier than|重于",
            _YEAR: "after|newer than|later than|more recent than|younger than|post|晚于",
        },
        "ge": {
            _ANY: "at least|minimum|minimum of|min|min of|no less than|not less than|no fewer than|not under|not below|"
            "no lower than|starting at|starting from|至少|最少|不低于|不少于|不小于|起码|最低",
            ("time", "length", "pages"): "no shorter than|not shorter than|最短",
            _YEAR: "since|not before|no earlier than|not older than|no older than|from after|不早于|自从",
        },
        "about": {
            _ANY: "about|around|approximately|approx|roughly|circa|ca|close to|nearly|almost|like around|大约|大概|差不多|"
            "约|接近|somewhere around|in the region of",
            (
                "money",
            ): "budget around|budget of around|budget of about|budget about|预算大概|预算大约|for around|for about",
        },
        "point": {_ANY: "exactly|precisely|正好|刚好", _YEAR: "from|in|from the year|in the year|of|made in|from year"},
    }
)
"""What stands before a number: what it bounds, and the dimensions that the words themselves tell."""

AFTER = _cues(
    {
        "lt": {_YEAR: "以前|之前|前", ("age",): "or younger"},
        "le": {
            _ANY: "or less|or fewer|or under|or below|or lower|or cheaper|or shorter|or earlier|or older|and under|and "
            "below|max|maximum|tops|at most|at the most|or smaller|and less|以下|以内|之内|之下|内|封顶|为止"
        },
        "ge": {
            _ANY: "or more|or over|or above|or higher|or longer|or later|or newer|or up|or better|and up|and above|and over|"
            "and more|and later|and higher|and newer|plus|minimum|at least|onwards|or bigger|or larger|or greater|upwards|"
            "以上|之上|起|起步",
            _YEAR: "以后|之后|后|以来|起",
        },
        "about": {_ANY: "左右|上下|or so|ish|give or take|or thereabouts"},
    }
)
_FLIP: dict[Bound, Bound] = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
_TIGHT_SIGNS: dict[str, Bound] = {"<=": "le", "≤": "le", ">=": "ge", "≥": "ge", "<": "lt", ">": "gt", "~": "about"}
_SIGN = re.compile(r"(<=|>=|≤|≥|<|>|~)\s*[$€£¥￥₹]?\s*$")
_DECADE_WORDS = {
    word: 10 * n
    for n, word in enumerate(["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"], 2)
}
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (6, 9), "初": (0, 3), "末": (6, 9), "中": (4, 6)}
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
    """

    start: int
    end: int
    bound: Bound | Literal["between"]
    low: float
    high: float
    figure: Figure
    dims: tuple[str, ...]
    inner: int


class Numbers:
    """Finds numbers and gives them to facets.

    Args:
        scales: What the number facets measure.
    """

    def __init__(self, scales: Mapping[str, Scale]) -> None:
        self._scales = scales
        self._years = [scale for scale in scales.values() if scale.year]

    def find(self, sentence: Sentence, names: Sequence[Name]) -> list[Found]:
        """The constraints of all numbers in a sentence, and their tokens marked as taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
        """
        found: list[Found] = []
        index = 0
        while self._scales and index < len(sentence):
            read = None if sentence.taken[index] else self._decade(sentence, index) or self._range(sentence, index)
            if read is None:
                index += 1
                continue
            made = self._assign(sentence, read, names)
            if made:
                sentence.take(read.start, read.end)
            found.extend(made)
            index = max(read.end, index + 1) if made or read.bound == "between" else index + 1
        return found

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
            return Range(cue[0], end, cue[1], edge, edge, figure, _YEAR, first)
        return Range(first, end, "between", low, high, figure, _YEAR, first)

    def _century(self, base: int) -> int:
        """The century of "the 20s" that holds more of the catalog."""
        shares = {
            century: sum(s.share(century + base, century + base + 9) for s in self._years) for century in (1900, 2000)
        }
        return max(shares, key=lambda century: (shares[century], -century))

    def _range(self, sentence: Sentence, start: int) -> Range | None:
        figure = read_figure(sentence, start)
        if figure is None or not sentence.free(figure.start, figure.end):
            return None
        pair = _second(sentence, figure)
        if pair is not None:
            return pair
        cue = _cue_before(sentence, start)
        inner, first, bound, dims = start, start, "point", _ANY
        if cue:
            first, bound, dims = cue
        end = figure.end
        post = AFTER.at(sentence.tokens, end)
        if sentence.after(figure.end - 1).startswith("+"):
            bound = "ge"
        elif post and not (sentence.tokens[end].hard and post[1][1] != _ANY):
            if not post[1][1] or figure.calendar or any(s.year and _fits(s, figure.value) for s in self._years):
                end, (bound, more) = post
                dims = dims if dims and dims != _YEAR else more
        return Range(first, end, _literal(bound), figure.value, figure.value, figure, dims, inner)

    def _assign(self, sentence: Sentence, read: Range, names: Sequence[Name]) -> list[Found]:
        figure = read.figure
        near = {name.facet: _distance(sentence, name, read) for name in reversed(names)}
        near = {facet: gap for facet, gap in near.items() if gap is not None and facet in self._scales}
        ranked: list[tuple[float, Scale, float, float]] = []
        for scale in self._scales.values():
            low = _value(scale, float(read.low), read)
            high = _value(scale, float(read.high), read)
            if low is None or high is None:
                continue
            sure = self._sure(scale, low, read, scale.facet.name in near)
            if sure > 0:
                ranked.append((sure, scale, low, high))
        if not ranked:
            return []
        ranked.sort(key=lambda row: -row[0])
        best = ranked[0][0]
        level = [row for row in ranked if row[0] == best]
        if best == 1.0 and (figure.spelled or figure.value < 10) and read.bound == "point":
            return []
        found: list[Found] = []
        for rank, (_, scale, low, high) in enumerate(level[:3]):
            score = {4.0: 0.93, 3.0: 0.9, 2.0: 0.88, 1.5: 0.78, 1.0: 0.76}.get(best, 0.6)
            if read.bound == "point" and best <= 1.0:
                score = 0.55
            if len(level) > 1:
                score = 0.6 if scale.dimension == "money" or (rank == 0 and best > 1) else 0.4
            made = _constraint(scale, low, high, read)
            if made is not None:
                start = min([read.start, *(n.start for n in names if n.facet == scale.facet.name and n.facet in near)])
                found.append(
                    Found(
                        made, read.start, read.end, score, kind="number", cue=read.inner, named=min(start, read.start)
                    )
                )
        for name in names:
            if found and name.facet == found[0].constraint.facet and near.get(name.facet) is not None:
                if sentence.free(name.start, name.end):
                    sentence.take(name.start, name.end)
        return found

    def _sure(self, scale: Scale, value: float, read: Range, named: bool) -> float:
        """How well a number suits a facet: 4 named, 3 by its unit, 2 by its words, 1.5 money, 1 by its size, 0 not."""
        figure = read.figure
        fits = _fits(scale, value)
        if scale.year and not fits:
            return 0
        if figure.calendar or (read.dims == _YEAR and read.bound != "point"):
            return 2 if scale.year else 0
        if figure.units:
            return 4 if named else 3
        if named:
            return 4
        if read.dims and scale.dimension in read.dims:
            return 2
        if read.dims and read.dims != _YEAR:
            return 0
        if scale.year:
            return (
                2 if not figure.spelled and figure.value >= 1000 and read.bound in {"point", "between", "about"} else 1
            )
        if read.dims == _YEAR or not fits:
            return 0
        if read.bound == "point" and not figure.spelled and value >= 1000 and any(_fits(s, value) for s in self._years):
            return 0
        return 1.5 if scale.dimension == "money" and read.bound != "point" else 1


def _literal(bound: str) -> Bound:
    return bound  # type: ignore[return-value]


def _fits(scale: Scale, value: float) -> bool:
    if scale.year:
        return value.is_integer() and 1000 <= value <= 2100 and scale.low - 60 <= value <= scale.high + 60
    if scale.low < 0:
        return scale.low <= value <= scale.high
    return scale.low * 0.5 <= value <= scale.high * 1.5


def _value(scale: Scale, value: float, read: Range) -> float | None:
    if not read.figure.units or read.figure.calendar:
        return value
    return scale.of(value, read.figure.units)


def _decade_at(sentence: Sentence, start: int) -> tuple[int, int] | None:
    tokens = sentence.tokens
    token = tokens[start]
    following = tokens[start + 1] if start + 1 < len(tokens) else None
    if token.norm in _DECADE_WORDS and not (following and following.norm in {"percent"}):
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
        return start, _TIGHT_SIGNS[sign.group(1)], _ANY
    at = start
    if at and tokens[at - 1].norm in {"the", "a", "an", "year", "我"} and not tokens[at].soft:
        at -= 1
    cue = BEFORE.before(tokens, at)
    if cue is None or tokens[at].hard or tokens[at].soft:
        return None
    return cue[0], cue[1][0], cue[1][1]


def _second(sentence: Sentence, first: Figure) -> Range | None:
    """ "50 to 80", "between 50 and 80", "50-80", "100到200"."""
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
    if word in {"and", "or", "和", "与"} and not joined and not between:
        return None
    low, high = first, second
    if not first.units and second.units:
        low = replace(first, units=second.units)
    elif first.units and not second.units:
        high = replace(second, units=first.units)
    if not _ascending(low, high):
        return None
    begin = first.start - 1 if lead and lead[-1] in {"between", "从", "在", "from"} else first.start
    stop = second.end + (2 if [t.norm for t in tokens[second.end : second.end + 2]] == ["之", "间"] else 0)
    scale = (
        low.units[0][1] / high.units[0][1] if low.units and high.units and low.units[0][0] == high.units[0][0] else 1
    )
    figure = replace(high, start=first.start, calendar=first.calendar or second.calendar)
    return Range(begin, stop, "between", low.value * scale, high.value, figure, _ANY, first.start)


def _ascending(low: Figure, high: Figure) -> bool:
    if low.units and high.units and low.units[0][0] == high.units[0][0]:
        return low.value * low.units[0][1] < high.value * high.units[0][1]
    return low.value < high.value


def _distance(sentence: Sentence, name: Name, read: Range) -> int | None:
    """How many tokens stand between a facet's name and a number, or None if they do not belong together."""
    if name.end <= read.inner:
        gap = read.inner - name.end
        clause = range(name.end, read.inner + 1)
        return gap if gap <= 5 and not any(sentence.ends(n) for n in clause) else None
    if name.start >= read.end:
        gap = name.start - read.end
        clause = range(read.end, name.start + 1)
        return gap if gap <= 1 and not any(sentence.ends(n) for n in clause) else None
    return None


def _constraint(scale: Scale, low: float, high: float, read: Range) -> Constraint | None:
    facet, bound = scale.facet, read.bound
    if bound == "about":
        margin = 2 if scale.year else abs(low) * 0.1
        low, high, bound = low - margin, high + margin, "between"
    elif bound == "point" and not scale.year and not (len(scale.distinct) <= 24 and low in scale.distinct):
        if low in scale.distinct and not read.figure.units:
            return Constraint(facet.name, "any", (plain(low),))
        low, high, bound = low * 0.9, low * 1.1, "between"
    if facet.kind == "date":
        return _dated(facet.name, bound, int(low), int(high))
    if bound == "between":
        return Constraint(facet.name, "between", (plain(low), plain(high)))
    if bound == "point":
        return Constraint(facet.name, "any", (plain(low),))
    return Constraint(facet.name, bound, (plain(low),))


def _dated(name: str, bound: str, low: int, high: int) -> Constraint:
    if bound in {"between", "point"}:
        return Constraint(name, "between", (f"{low}-01-01", f"{high}-12-31"))
    if bound in {"gt", "le"}:
        return Constraint(name, "gt" if bound == "gt" else "le", (f"{low}-12-31",))
    return Constraint(name, "ge" if bound == "ge" else "lt", (f"{low}-01-01",))


def plain(value: float) -> Scalar:
    """A whole number as int, any other rounded to six digits after the point."""
    value = round(float(value), 6)
    return int(value) if value.is_integer() else value


def flip(constraint: Constraint) -> Constraint | None:
    """The opposite of a bound: "nothing over 50" is at most 50. None for what has no opposite."""
    opposite = _FLIP.get(constraint.op)  # type: ignore[call-overload]
    if opposite is not None:
        return Constraint(constraint.facet, opposite, constraint.values)
    if constraint.op == "any":
        return Constraint(constraint.facet, "none", constraint.values)
    if constraint.op == "between" and all(isinstance(value, int) for value in constraint.values):
        low, high = int(constraint.values[0]), int(constraint.values[1])
        return Constraint(constraint.facet, "none", tuple(range(low, high + 1))) if high - low <= 20 else None
    return None
