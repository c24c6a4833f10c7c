"""Reading a number with its unit: "90 min", "two hours and a half", "$1.2k", "1h45", "一千五百元", "两个半小时"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatrec.indexes._linker_bounds import AFTER, BEFORE, SIDEWAYS
from chatrec.indexes._linker_text import Sentence, Token, stem
from chatrec.indexes._linker_units import SYMBOLS, UNIT_WORDS, UNITS, Unit
from chatrec.indexes._linker_words import FUNCTION

_SMALL = dict(
    zip(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        range(20),
        strict=True,
    )
) | {"dozen": 12}
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}
_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_POWERS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10_000, "亿": 100_000_000}
_BEFORE_ONE = frozenset(
    "the this that which first second third fourth fifth last other another each any no every".split()  # noqa: SIM905
)
_KNOWN = frozenset({"the", "this", "that"})
_BOUNDING = FUNCTION | BEFORE.words()
_AFTER_ONE = frozenset("点些下样直定起般切共旦")
_WRITTEN = frozenset([*_DIGITS, *_POWERS, *_BIG])
_LONGEST = 24
"""The most characters that a number is written in."""
_EACH = frozenset({"a", "per", "each", "every"})
_BEFORE_ARTICLE = FUNCTION | frozenset(
    {"takes", "lasts", "lasting", "half", "within", "least", "max", "roughly", "spend", "quarter"}
)
_ARTICLE_UNITS = frozenset(
    ["hour", "day", "week", "fortnight", "month", "minute", "year", "night", "kilo", "mile", "dollar", "euro"]
)
_MEASURE_UNITS = frozenset(
    """
    metre meter foot inch centimetre centimeter kilometre kilometer litre liter pound ounce gram kilogram quid buck
    gig terabyte
    """.split()  # noqa: SIM905
)
_PARTS = {("half", "a"): 0.5, ("half", "an"): 0.5, ("quarter", "of"): 0.25, ("three", "quarters"): 0.75, ("half",): 0.5}
_FRACTIONS = {"1⁄2": 0.5, "1⁄4": 0.25, "3⁄4": 0.75}
_NOTES = {"fiver": 5.0, "tenner": 10.0}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as said.

    Attributes:
        start: Its first token.
        end: The token after it and its unit.
        value: The number.
        units: What its unit may be; empty if none was said.
        spelled: Whether it was written in letters.
        calendar: Whether it was written as a year ("2010年").
    """

    start: int
    end: int
    value: float
    units: tuple[Unit, ...] = ()
    spelled: bool = False
    calendar: bool = False


def read_figure(sentence: Sentence, start: int) -> Figure | None:
    """The number that begins at a token, with its unit."""
    tokens = sentence.tokens
    bare = _part(sentence, start) or _digits(tokens, start) or _english(tokens, start) or _chinese(tokens, start)
    bare = bare or _article(sentence, start)
    if bare is None:
        return None
    return _rated(tokens, _compound(sentence, _with_unit(sentence, bare)))


def _rated(tokens: Sequence[Token], figure: Figure) -> Figure:
    """A time that is how often something happens, which is no time: "one night a week", "nine hours a day"."""
    words = [token.norm for token in tokens[figure.end : figure.end + 2]]
    if len(words) < 2 or words[0] not in _EACH or UNIT_WORDS.at(tokens, figure.end + 1) is None:
        return figure
    timed = tuple((f"{dim} a {stem(words[1])}", factor) for dim, factor in figure.units if dim == "time")
    return replace(figure, end=figure.end + 2, units=timed) if timed else figure


def _digits(tokens: Sequence[Token], start: int) -> Figure | None:
    token = tokens[start]
    if token.kind != "number":
        return Figure(start, start + 1, _FRACTIONS[token.norm]) if token.norm in _FRACTIONS else None
    value, end = float(token.norm.replace(",", "")), start + 1
    if end < len(tokens):
        following = tokens[end]
        share = _FRACTIONS.get(following.norm, 0.0) or _after_comma(tokens, end)
        if share and following.gap in {"", ","}:
            return Figure(start, end + 1, value + share)
        times = {"st": 1, "nd": 1, "rd": 1, "th": 1, "k": 1000}.get(following.norm)
        if times is not None and not following.gap:
            return Figure(start, end + 1, value * times)
        if following.norm in _SCALES and following.gap == " ":
            return Figure(start, end + 1, value * _SCALES[following.norm])
        power = (_POWERS | _BIG).get(following.norm, 0)
        if power >= 100 and not following.gap and not _begins_unit(tokens, end):
            return Figure(start, end + 1, value * power)
    return Figure(start, end, value)


def _after_comma(tokens: Sequence[Token], at: int) -> float:
    """The part after a decimal comma where a unit follows: "1,5 kg"; 0 for any other comma."""
    token = tokens[at]
    decimal = token.kind == "number" and token.gap == "," and len(token.norm) < 3 and token.norm.isdigit()
    return float(f"0.{token.norm}") if decimal and UNIT_WORDS.at(tokens, at + 1) is not None else 0.0


def _english(tokens: Sequence[Token], start: int) -> Figure | None:
    total, current, index, seen = 0.0, 0.0, start, False
    while index < len(tokens):
        word = tokens[index].norm
        if index > start and (tokens[index].hard or tokens[index].soft):
            break
        if word in _SMALL and (not seen or current % 100 >= 20 or current % 100 == 0):
            current += _SMALL[word]
        elif word in _TENS and (not seen or current % 100 == 0):
            current += _TENS[word]
        elif word == "hundred" and seen:
            current = max(current, 1) * 100
        elif word in _SCALES and seen:
            total, current = total + max(current, 1) * _SCALES[word], 0
        elif word == "a" and not seen and index + 1 < len(tokens) and tokens[index + 1].norm in _SCALES:
            current = 1
        elif not (word == "and" and seen and current >= 100 and _is_small(tokens, index + 1)):
            break
        seen, index = True, index + 1
    if not seen:
        return None
    return None if _points(tokens, start, index) else Figure(start, index, total + current, spelled=True)


def _points(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether "one" is a thing and no number, as in "the first one's fine" and "this one"."""
    if end != start + 1 or tokens[start].norm != "one" or _begins_unit(tokens, end):
        return False
    if tokens[start].text.casefold() != "one" or (start > 0 and tokens[start - 1].norm in _BEFORE_ONE):
        return True
    lead = tokens[max(0, start - 3) : start]  # "the cotton one", "that big grey one", but "the price is one"
    known = [at for at, token in enumerate(lead) if token.norm in _KNOWN]
    told = lead[known[-1] + 1 :] if known else ()
    parted = any(token.hard or token.soft for token in (*told, tokens[start]))
    return bool(told) and not parted and _BOUNDING.isdisjoint(token.norm for token in told)


def _is_small(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and (tokens[index].norm in _SMALL or tokens[index].norm in _TENS)


def _chinese(tokens: Sequence[Token], start: int) -> Figure | None:
    if tokens[start].norm == "半" and UNIT_WORDS.at(tokens, start + 1):
        return Figure(start, start + 1, 0.5, spelled=True)
    index, run = start, ""
    while index < min(len(tokens), start + _LONGEST) and (char := tokens[index].norm) in _WRITTEN:
        if index > start and (tokens[index].gap or _begins_unit(tokens, index)):
            break
        run, index = run + char, index + 1
    if run == "一" and index < len(tokens) and tokens[index].norm in _AFTER_ONE:
        return None
    if run == "一" and [token.norm for token in tokens[index : index + 2]] == ["块", "儿"]:
        return None  # 一块儿 is together
    value = chinese_number(run) if run else None
    if (
        value is not None
        and index + 1 < len(tokens)
        and tokens[index].norm == "点"
        and tokens[index + 1].norm in _DIGITS
    ):
        return Figure(start, index + 2, value + _DIGITS[tokens[index + 1].norm] / 10, spelled=True)
    return None if value is None else Figure(start, index, value, spelled=True)


def _begins_unit(tokens: Sequence[Token], index: int) -> bool:
    """Whether 千 belongs to the unit, as in 千克, rather than to the number."""
    found = UNIT_WORDS.at(tokens, index)
    return found is not None and found[0] > index + 1


def chinese_number(run: str) -> float | None:
    """The value of Chinese numerals: 两百 200, 一千五 1500, 二零一零 2010; None if they make no number."""
    if not run:
        return None
    if len(run) > 1 and all(char in _DIGITS for char in run):
        return float("".join(str(_DIGITS[char]) for char in run))
    total = section = 0.0
    digit: float | None = None
    power = 1.0
    for char in run:
        if char in _DIGITS:
            digit = _DIGITS[char]
            power = 1.0 if char in "零〇" else power
        elif char in _POWERS:
            section, power, digit = section + (1 if digit is None else digit) * _POWERS[char], _POWERS[char], None
        else:
            total, section, power = (total + section + (digit or 0)) * _BIG[char], 0.0, _BIG[char]
            digit = None
    if digit is not None:
        section += digit * (power / 10 if power >= 100 else 1)
    return total + section


def _article(sentence: Sentence, start: int) -> Figure | None:
    """An article before a unit, as in "an hour" and "max a metre"; "a couple of", and notes: "a tenner"."""
    tokens = sentence.tokens
    words = [token.norm for token in tokens[start : start + 4]]
    at = int(words[0] in {"a", "an"})
    if words[at : at + 1] == ["couple"]:
        counted = UNIT_WORDS.at(tokens, start + at + 1) is not None
        of = words[at + 1 : at + 2] == ["of"] and (at == 1 or UNIT_WORDS.at(tokens, start + at + 2) is not None)
        end = start + at + 1 + of
        times = _SCALES.get(tokens[end].norm, 0) if of and end < len(tokens) else 0
        if times > 12:
            return Figure(start, end + 1, 2.0 * times, spelled=True)
        return Figure(start, end, 2.0, spelled=True) if of or counted else None
    if len(words) < 2 or not at:
        return None
    if words[1] in _NOTES:
        return Figure(start, start + 2, _NOTES[words[1]], (("money", 1.0),), spelled=True)
    before = BEFORE.before(tokens, start)
    counted = start > 0 and not tokens[start].gap.strip() and tokens[start - 1].norm not in _BEFORE_ARTICLE
    measured = words[1] in _MEASURE_UNITS and (before is not None or _measures(sentence, start + 2))
    if (words[1] in _ARTICLE_UNITS or measured) and (before is not None or not counted):
        return Figure(start, start + 1, 1.0, spelled=True)
    return None


def _measures(sentence: Sentence, at: int) -> bool:
    """Whether no noun follows that a unit would belong to, as in "a foot stool"."""
    tokens = sentence.tokens
    ended = sentence.ends(at) or tokens[at].norm in FUNCTION
    return ended or _is_small(tokens, at) or AFTER.at(tokens, at) is not None or SIDEWAYS.at(tokens, at) is not None


def _part(sentence: Sentence, start: int) -> Figure | None:
    """A part of a unit: "half a kilo", "half an hour", "three quarters of an hour", "half a dozen"."""
    tokens = sentence.tokens
    words = tuple(token.norm for token in tokens[start : start + 5])
    lead = int(words[:2] in {("a", "quarter"), ("a", "half")})
    for part, share in _PARTS.items():
        at = lead + len(part)
        if words[lead:at] != part:
            continue
        if part[-1] in {"of", "quarters"}:
            at += words[at : at + 1] == ("of",)
            at += words[at : at + 1] in {("a",), ("an",)}
        unit = words[at] if at < len(words) else ""
        if unit == "dozen" and part != ("half",):
            return Figure(start, start + at + 1, share * 12, spelled=True)
        if unit in _ARTICLE_UNITS | _MEASURE_UNITS and not sentence.ends(start + at):
            return Figure(start, start + at, share, spelled=True)
    return None


def _with_unit(sentence: Sentence, figure: Figure) -> Figure:
    tokens, end = sentence.tokens, figure.end
    symbol = SYMBOLS.search(tokens[figure.start].gap[-2:])
    if symbol or figure.units:
        return replace(figure, units=(("money", 1.0),))
    after = sentence.after(end - 1)
    symbol = SYMBOLS.match(after.lstrip())
    if symbol or after.lstrip().startswith("%"):
        return replace(figure, units=UNITS[after.lstrip()[0]])
    half = 0.0
    for words in (("and", "a", "half"), ("个", "半")):
        if tuple(token.norm for token in tokens[end : end + len(words)]) == words:
            half, end = 0.5, end + len(words)
    if end < len(tokens) and tokens[end].norm == "年" and not tokens[end].gap and figure.value >= 1000:
        return replace(figure, end=end + 1, calendar=True)
    if end < len(tokens) and tokens[end].norm == "year" and 1000 <= figure.value <= 2100 and not sentence.ends(end):
        return replace(figure, end=end + 1, calendar=True)
    end += end < len(tokens) and tokens[end].norm in {"来", "多"} and not tokens[end].gap and end + 1 < len(tokens)
    found = UNIT_WORDS.at(tokens, end)
    if found and not (tokens[end].hard or tokens[end].soft) and _is_unit(tokens, figure, end, found[0]):
        return replace(figure, end=found[0], units=found[1], value=figure.value + half)
    return figure


def _is_unit(tokens: Sequence[Token], figure: Figure, start: int, end: int) -> bool:
    word = tokens[start]
    if end - start == 1 and word.kind == "word" and len(word.norm) <= 2 and figure.spelled:
        return False
    if word.norm in {"in", "s", "m"} and word.gap:
        return False
    return not (word.norm == "second" and figure.spelled)


def _compound(sentence: Sentence, figure: Figure) -> Figure:  # noqa: PLR0911
    """Add a smaller part in the same dimension: "2 hours 15 minutes", "1h30", "an hour and a half", "两小时半"."""
    tokens, end = sentence.tokens, figure.end
    if not figure.units or end >= len(tokens) or tokens[end].hard or tokens[end].soft:
        return figure
    dim, factor = figure.units[0]
    words = tuple(token.norm for token in tokens[end : end + 3])
    if words == ("and", "a", "half"):
        return replace(figure, value=figure.value + 0.5, end=end + 3)
    if words[0] == "半" and not tokens[end].gap:
        return replace(figure, value=figure.value + 0.5, end=end + 1)
    if (dim, factor) == ("length", 1):
        return _with_centimetres(sentence, figure)
    if (dim, factor) == ("length", 0.3048):
        inches = _digits(tokens, end) or _english(tokens, end)
        small = None if inches is None or inches.value >= 12 else _with_unit(sentence, inches)
        if small is not None and (not small.units or ("length", 0.0254) in small.units):
            return replace(figure, value=figure.value + small.value / 12, end=small.end)
    if dim != "time" or factor != 60:
        return figure
    start = end + 1 if words[0] in {"and", "零"} and end + 1 < len(tokens) else end
    small = _digits(tokens, start) or _english(tokens, start) or _chinese(tokens, start)
    if small is None or small.value >= 60:
        return figure
    small = _with_unit(sentence, small)
    if ("time", 1) in small.units or (not small.units and start == end and not tokens[start].gap.strip()):
        last = sentence.ends(small.end) and len(tokens[start].norm) == 2
        glued = tokens[start].gap == "" or last
        if small.units or glued:
            return replace(figure, value=figure.value + small.value / 60, end=small.end)
    return figure


def _with_centimetres(sentence: Sentence, figure: Figure) -> Figure:
    """Metres with what is said after them: 1m80, "a metre fifty", 一米八, 1米85."""
    tokens, end = sentence.tokens, figure.end
    tail = tokens[end]
    small = _digits(tokens, end) or _english(tokens, end) or _chinese(tokens, end)
    if small is None or small.value >= 100 or _with_unit(sentence, small).units or not small.value:
        return figure
    if tail.kind == "han" or (tail.kind == "number" and tokens[end - 1].kind == "han"):
        share = 10 if small.value < 10 else 100
    elif (tail.kind == "number" and not tail.gap and len(tail.norm) == 2) or (
        tail.kind == "word" and small.value >= 10
    ):
        share = 100
    else:
        return figure
    return replace(figure, value=round(figure.value + small.value / share, 6), end=small.end)
