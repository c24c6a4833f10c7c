"""Numbers, ranges, decades and years in a sentence, and the facets that they are about."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_bounds import ANY, RAISED, YEAR
from chatrec.indexes._linker_cues import CORRECTS
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_ranges import Range, RangeReader, fits
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_units import Scale, bare_name
from chatrec.indexes._linker_words import phrases
from chatrec.indexes._values import Op, Scalar

_PURSE = frozenset({"have", "got", "budget", "spend", "voucher", "预算", "手头"})
_BUDGET = frozenset({"budget", "spend", "voucher", "预算"})
_FAR = 4.0
"""How many times the least or the most that a facet holds a number may be and still be meant for it."""
_FROM_AGE = re.compile(r"min|from|least|最小|最低|起始", re.IGNORECASE)
"""Names of the age that somebody must at least have."""
_PERSON = Phrases((phrase, True) for phrase in phrases("im|i am|he|she|he is|she is|i look|he looks|she looks|turning"))
_TOLD, _SAME, _ASKED = 0.75, 2.0, 2.5
_FLIP: dict[Op, Op] = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


class Numbers:
    """Finds numbers and gives them to facets.

    Args:
        scales: What the number facets measure.
    """

    def __init__(self, scales: Mapping[str, Scale]) -> None:
        self._scales = scales
        self._years = [scale for scale in scales.values() if scale.year]
        self._read = RangeReader(scales.values())

    def find(self, sentence: Sentence, names: Sequence[Name], asked: str | None = None) -> list[Found]:
        """The constraints of all numbers in a sentence, and their tokens marked as taken.

        Args:
            sentence: The sentence.
            names: Where facets are named.
            asked: The facet that the sentence answers a question about.
        """
        found: list[Found] = []
        index = 0
        while self._scales and index < len(sentence):
            read = None if sentence.taken[index] else self._read(sentence, index)
            if read is None:
                index += 1
                continue
            spoken = {one.constraint.facet for one in found if one.score >= _TOLD}
            made = self._corrected(sentence, read, found) or self._assign(sentence, read, names, spoken, asked=asked)
            if made:
                sentence.take(read.start, read.end)
            found.extend(made)
            index = max(read.end, index + 1) if made or read.bound == "between" else index + 1
        return found

    def _assign(
        self, sentence: Sentence, read: Range, names: Sequence[Name], spoken: Collection[str], *, asked: str | None
    ) -> list[Found]:
        read = _with_person(sentence, _with_purse(sentence, self._with_people(read)))
        figure = read.figure
        near = {name.facet: _distance(sentence, name, read) for name in reversed(names)}
        near = {facet: gap for facet, gap in near.items() if gap is not None and facet in self._scales}
        counted = self._counted(sentence, read)
        near.update(dict.fromkeys(counted, 0))
        ranked: list[tuple[float, Scale, float, float]] = []
        sideways = [scale for scale in self._scales.values() if scale.side == read.side]
        for scale in sideways or self._scales.values():
            low = _value(scale, float(read.low), read)
            high = _value(scale, float(read.high), read)
            if low is None or high is None:
                continue
            size = high if read.bound == "between" and not fits(scale, low) else low
            sure = self._sure(scale, size, read, scale.facet.name in near)
            if 0 < sure < _SAME and scale.facet.name in spoken and read.bound != "point":
                sure = _SAME  # "8 miles is a lot, 7 at most"
            if sure > 0:
                answers = scale.facet.name == asked and not near
                ranked.append((max(sure, _ASKED) if answers else sure, scale, low, high))
        ranked = _plausible(ranked, read)
        if not ranked:
            return []
        ranked.sort(key=lambda row: -row[0])
        best = ranked[0][0]
        level = [row for row in ranked if row[0] == best]
        if best == 1.0 and (figure.spelled or figure.value < 10) and read.bound in {"point", "about"}:
            return []
        found: list[Found] = []
        for rank, (_, scale, low, high) in enumerate(level[:3]):
            score = {4.0: 0.93, 3.5: 0.9, 3.0: 0.9, 2.5: 0.9, 2.0: 0.88, 1.5: 0.78, 1.0: 0.76}.get(best, 0.6)
            if read.bound == "point" and best <= 1.0:
                score = 0.4
            elif len(level) > 1:
                score = 0.6 if scale.dimension == "money" or (rank == 0 and best > 1) else 0.4
            made = _constraint(scale, low, high, read)
            if made is not None:
                said = [name.start for name in names if name.facet == scale.facet.name and name.facet in near]
                first = min([read.start, *said])
                wished = _wished(sentence, read)
                about = read.bound in {"about", "point"} and made.op != "le" and not wished
                bare = about and read.bound == "point"
                bare = bare or RAISED.before(sentence.tokens, read.inner) is not None
                one = Found(made, read.start, read.end, score, "number", read.inner, first, about=about, bare=bare)
                found.append(replace(one, judged=read.judged))
        for name in names if found else ():
            if name.facet == found[0].constraint.facet and name.facet in near:
                sentence.take(name.start, name.end)
        return found

    def _counted(self, sentence: Sentence, read: Range) -> list[str]:
        """The facet whose name ends in the Chinese character that a number counts: 十层 of a 楼层."""
        end = read.figure.end
        if read.figure.units or sentence.ends(end) or sentence.tokens[end].kind != "han":
            return []
        named = [name for name in self._scales if bare_name(name)[-1:] == (sentence.tokens[end].norm,)]
        return named if len(named) == 1 else []

    def _corrected(self, sentence: Sentence, read: Range, found: Sequence[Found]) -> list[Found]:
        """A bare number that takes the place of the one before it: "under 200, no wait, 150"."""
        match = CORRECTS.before(sentence.tokens, read.start) if read.bound == "point" and found else None
        held = found[-1] if found else None
        if match is None or held is None or held.end != match[0] or held.constraint.op not in _FLIP:
            return []
        scale = self._scales[held.constraint.facet]
        value = _value(scale, float(read.low), read)
        if value is None or not fits(scale, value) or scale.facet.kind != "number":
            return []
        constraint = replace(held.constraint, values=(plain(value),))
        return [replace(held, constraint=constraint, start=read.start, end=read.end, cue=read.inner, named=read.start)]

    def _with_people(self, read: Range) -> Range:
        """A party of four needs room for at least four; "for" says so only where something holds people."""
        if read.dims == ("people",) and not any(s.dimension == "people" for s in self._fitting(read)):
            bound = read.bound if read.end > read.figure.end else "point"  # "for 30 or less"
            return replace(read, bound=bound, dims=ANY, start=read.inner)
        people = any(dim == "people" for dim, _ in read.figure.units)
        if read.bound == "point" and people and read.figure.value != 1:
            return replace(read, bound="ge")
        return read

    def _fitting(self, read: Range) -> list[Scale]:
        """The facets that a number's unit suits; all of those that measure people or nothing where it has none."""
        return [s for s in self._scales.values() if not read.figure.units or s.of(1, read.figure.units) is not None]

    def _sure(self, scale: Scale, value: float, read: Range, named: bool) -> float:  # noqa: PLR0911
        """How well a number suits a facet: 4 named, 3 by its unit, 2 by its words, 1.5 money, 1 by its size, 0 not.

        A facet that is counted in the very unit suits it better (3.5) than one that measures the like.
        """
        figure = read.figure
        fitting = fits(scale, value)
        if scale.year and not fitting:
            return 0
        if figure.calendar or (read.dims == YEAR and read.bound != "point"):
            return 2 if scale.year else 0
        told = scale.side is not None and (scale.side == read.side or scale.side in read.dims)
        if figure.units:
            exact = any(unit == (scale.dimension, scale.factor) for unit in figure.units)
            return 4 if named or told else 3.5 if exact else 3
        if named:
            return 4
        if told and fitting:
            return 3
        if read.dims and scale.dimension in read.dims:
            return 2
        if read.dims and read.dims != YEAR:
            return 0
        if scale.year:
            return (
                2 if not figure.spelled and figure.value >= 1000 and read.bound in {"point", "between", "about"} else 1
            )
        if read.dims == YEAR or not fitting:
            return 0
        if read.bound == "point" and not figure.spelled and value >= 1000 and any(fits(s, value) for s in self._years):
            return 0
        return 1.5 if scale.dimension == "money" and read.bound != "point" else 1


def _wished(sentence: Sentence, read: Range) -> bool:
    """Whether a number with its unit is asked for, and speaks of nothing that was shown: 来个20寸的, 50毫升的就行."""
    tokens, end = sentence.tokens, read.end
    if not read.figure.units or sentence.ends(end) or tokens[end].norm != "的":
        return False
    lead = {token.norm for token in tokens[max(0, read.start - 2) : read.start]}
    closes = sentence.ends(end + 1) or tokens[end + 1].norm in {"就", "吧"}
    return closes and (not lead.isdisjoint("要来换找") or not sentence.ends(end + 1))


def _with_person(sentence: Sentence, read: Range) -> Range:
    """A bare number that somebody is, is an age: "he's ten", "I'm 43"."""
    bare = read.bound in {"point", "about"} and not read.figure.units and not read.dims
    return replace(read, dims=("age",)) if bare and _PERSON.before(sentence.tokens, read.start) else read


def _with_purse(sentence: Sentence, read: Range) -> Range:
    """An amount of money that somebody has is the most that may be spent."""
    if read.bound != "point":
        return read
    if not read.figure.units:
        around = sentence.tokens[max(0, read.start - 3) : read.start] + sentence.tokens[read.end : read.end + 2]
        has = any(token.norm in _BUDGET for token in around)
        return replace(read, bound="le", dims=("money",)) if has else read
    if not any(dim == "money" for dim, _ in read.figure.units):
        return read
    around = sentence.tokens[max(0, read.start - 3) : read.start] + sentence.tokens[read.end : read.end + 1]
    has = any(token.norm in _PURSE for token in around)
    return replace(read, bound="le") if has else read


def _plausible(
    ranked: Sequence[tuple[float, Scale, float, float]], read: Range
) -> list[tuple[float, Scale, float, float]]:
    """Those facets that hold numbers of such a size; where none does, a bound may still be meant, an amount not."""
    near = [row for row in ranked if row[1].low / _FAR <= row[2] <= row[1].high * _FAR]
    return near or (list(ranked) if read.bound not in {"point", "about"} or not read.figure.units else [])


def _value(scale: Scale, value: float, read: Range) -> float | None:
    if not read.figure.units or read.figure.calendar:
        return value
    return scale.of(value, read.figure.units)


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
    if bound in {"point", "about"} and scale.dimension == "age" and _FROM_AGE.search(facet.name):
        return Constraint(facet.name, "le", (plain(low),))  # whoever is five may do what is for five and older
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
    opposite = _FLIP.get(constraint.op)
    if opposite is not None:
        return Constraint(constraint.facet, opposite, constraint.values)
    if constraint.op == "any":
        return Constraint(constraint.facet, "none", constraint.values)
    if constraint.op == "between" and all(isinstance(value, int) for value in constraint.values):
        low, high = int(constraint.values[0]), int(constraint.values[1])
        return Constraint(constraint.facet, "none", tuple(range(low, high + 1))) if high - low <= 20 else None
    return None
