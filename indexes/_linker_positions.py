"""Words that point into the last list: "the second one", "#2", "the last two", "第二个"."""

from __future__ import annotations

from dataclasses import dataclass

from chatrec.indexes._linker_text import Sentence, stem
from chatrec.indexes._linker_words import FUNCTION

_ORDINALS = dict(
    zip(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"],
        range(10),
        strict=True,
    )
)
NUMBERS = dict(
    zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(1, 11), strict=True)
)
HAN_NUMBERS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
PAIRS = {"俩": 2, "仨": 3}
COUNTERS = frozenset("个部款条件道本家项种首台张双位只套间瓶盒支袋包辆座所处场节把副枚幅篇份碗杯块类")
_HAN_LAST = frozenset("一那这")
_NOUNS = frozenset(
    ["one", "ones", "option", "item", "choice", "result", "suggestion", "recommendation", "pick", "entry", "title"]
)
_AFTER = frozenset(
    [
        "and",
        "or",
        "is",
        "was",
        "looks",
        "look",
        "sounds",
        "seems",
        "please",
        "but",
        "are",
        "were",
        "then",
        "thanks",
        "would",
        "has",
        "on",
        "in",
        "from",
        "of",
        "i",
        "not",
        "instead",
        "too",
        "also",
        "with",
        "for",
        "again",
    ]
)
_CHOSEN = frozenset({"maybe", "then", "please", "is", "looks", "sounds", "seems", "perhaps"})
_IS = frozenset({"is", "was", "looks", "sounds", "seems", "has"})
_ARE = frozenset({"are", "were", "look", "sound", "seem", "have", "please", "and", "or", "but"})
_ASKING = _IS | {"does", "can", "did", "would", "will"}
_AMOUNTS = frozenset({"enough", "plenty", "fine", "max", "maximum", "ok", "okay", "too", "the", "a", "my", "about"})
_BETWEEN = frozenset({"or", "and", "和", "或", "还"})
_GOES_ON = FUNCTION - {"thing", "things", "kind", "sort", "way", "one", "ones", "other", "others", "few", "more"}
_NUMBERED = frozenset({"number", "no", "option", "item", "nr", "choice", "result"})


@dataclass(frozen=True, slots=True)
class Pointed:
    """A place in the last list.

    Attributes:
        place: Counted from 0.
        start: First token.
        end: The token after it.
    """

    place: int
    start: int
    end: int


def find_positions(sentence: Sentence, size: int, noun: str) -> list[Pointed]:
    """Where a sentence points into a list.

    Args:
        sentence: The sentence.
        size: The length of the list.
        noun: What the catalog calls its items ("films"), which may follow an ordinal.
    """
    if not size:
        return []
    found: list[Pointed] = []
    index = 0
    while index < len(sentence):
        here = (
            _numbered(sentence, index)
            or _ordinal(sentence, index, stem(noun.casefold()))
            or _han(sentence, index)
            or _alone(sentence, index, size)
            or _middle(sentence, index, size)
        )
        if not here:
            index += 1
            continue
        places, end = here
        found.extend(Pointed(place % size, index, end) for place in places if -size <= place < size)
        index = end
    return found


def _numbered(sentence: Sentence, start: int) -> tuple[list[int], int] | None:
    tokens = sentence.tokens
    if tokens[start].kind == "number" and tokens[start].gap.endswith("#"):
        return _place(tokens[start].norm), start + 1
    if tokens[start].norm in _NUMBERED and start + 1 < len(tokens) and not tokens[start + 1].soft:
        following = tokens[start + 1]
        if following.kind == "number":
            return _place(following.norm), start + 2
        if following.norm in NUMBERS:
            return [NUMBERS[following.norm] - 1], start + 2
    return None


def _alone(sentence: Sentence, start: int, size: int) -> tuple[list[int], int] | None:
    """A number that fits the list and is judged or refused by itself, or one of two: "2 is out", "not 4", "1 or 3?"."""
    tokens = sentence.tokens
    if tokens[start].kind != "number" or not tokens[start].norm.isdigit() or not 0 < int(tokens[start].norm) <= size:
        return None
    beside = [at for at in (start - 2, start + 2) if 0 <= at < len(tokens) and tokens[at].kind == "number"]
    joined = any(tokens[(at + start) // 2].norm in _BETWEEN for at in beside)
    refused = start > 0 and tokens[start - 1].norm == "not" and (start == 1 or sentence.ends(start - 1))
    after = [token.norm for token in tokens[start + 1 : start + 3]]
    judged = after[:1] and after[0] in _IS and not (after[1:] and after[1] in _AMOUNTS) and not sentence.ends(start + 1)
    alone = joined or judged or (refused and sentence.ends(start + 1))
    return (_place(tokens[start].norm), start + 1) if alone else None


def _middle(sentence: Sentence, start: int, size: int) -> tuple[list[int], int] | None:
    """The one in the middle, of an odd number: "the middle one", 中间那个."""
    norms = [token.norm for token in sentence.tokens[start : start + 4]]
    named = norms[:1] == ["middle"] and norms[1:2] == ["one"]
    han = norms[:2] == ["中", "间"] and norms[2:3] in (["那"], ["这"], ["的"]) and norms[3:] and norms[3] in COUNTERS
    return ([size // 2], start + (2 if named else 4)) if size % 2 and size > 1 and (named or han) else None


def _place(text: str) -> list[int]:
    return [int(text) - 1] if text.isdigit() and 0 < int(text) < 100 else []


def _ordinal(sentence: Sentence, start: int, noun: str) -> tuple[list[int], int] | None:
    tokens = sentence.tokens
    word = tokens[start].norm
    led = start > 0 and tokens[start - 1].norm in {"the", "that", "your", "and", "or", "this", "both"}
    if word in {"last", "first"} and start + 1 < len(tokens):
        many = counted(tokens[start + 1].norm)
        # "first two are out" leaves the article out; "first two weeks" and "the first 2 weeks" point at nothing.
        judged = sentence.ends(start + 2) or tokens[start + 2].norm in _ARE
        opens = judged and sentence.begins(start)
        if 1 < many <= 5 and (opens or (led and (judged or tokens[start + 1].kind == "word"))):
            return (list(range(many)) if word == "first" else list(range(-many, 0))), start + 2
    place = -1 if word in {"last", "latter"} else 0 if word == "former" else _ORDINALS.get(word)
    if (
        place is None
        and word.isdigit()
        and start + 1 < len(tokens)
        and tokens[start + 1].norm in {"st", "nd", "rd", "th"}
    ):
        return (_place(word), start + 2) if not tokens[start + 1].gap else None
    if place is None:
        return None
    following = None if sentence.ends(start + 1) else tokens[start + 1]
    # "second one's fine" leaves the article out, as "second please" does; "first of all" and "last one I saw" do not.
    named = following is not None and (following.stem in _NOUNS or (bool(noun) and following.stem == noun))
    judged = following is not None and following.text.casefold().endswith(("'s", "’s"))
    first = sentence.begins(start)
    last = first and (sentence.ends(start + 2) or tokens[start + 2].norm in _CHOSEN)
    if named and (led or place >= 0 or judged or last):
        return [place], start + 2
    alone = following is None
    if following is not None and word != "last":
        asked = start > 1 and tokens[start - 2].norm in _ASKING
        does = following.norm.endswith("s") and following.stem != following.norm  # "the second opens too late"
        opened = sentence.begins(start - 1)
        alone = following.norm in _AFTER or (led and (following.norm in _GOES_ON or asked or (does and opened)))
    stops = following is None and (start + 1 == len(tokens) or tokens[start + 1].hard)  # "first." and not "first, ..."
    opens = first and (place > 0 or stops or (following is not None and following.norm in _IS))
    return ([place], start + 1) if alone and (led or opens) else None


def _han(sentence: Sentence, start: int) -> tuple[list[int], int] | None:  # noqa: PLR0911
    tokens = sentence.tokens
    words = [token.norm for token in tokens[start : start + 4]]
    if words[:2] == ["最", "后"] and len(words) > 2:
        if words[2] in _HAN_LAST and len(words) > 3 and words[3] in COUNTERS:
            return [-1], start + 4
        return ([-1], start + 3) if words[2] in COUNTERS else None
    if words[:3] == ["倒", "数", "第"] and len(words) > 3 and words[3] in HAN_NUMBERS:
        measured = start + 4 < len(tokens) and tokens[start + 4].norm in COUNTERS
        return [-HAN_NUMBERS[words[3]]], start + 4 + measured
    if words[1:2] == ["号"] and words[0] in HAN_NUMBERS and sentence.begins(start):
        return [HAN_NUMBERS[words[0]] - 1], start + 2
    if words[1:2] == ["号"] and tokens[start].kind == "number" and not (start and tokens[start - 1].norm in "月期"):
        return _place(words[0]), start + 2
    if words[0] in {"前", "后"} and words[1:2] == ["者"]:
        return [0 if words[0] == "前" else -1], start + 2
    if words[0] == "第" and len(words) > 1:
        number = HAN_NUMBERS.get(words[1]) or (int(words[1]) if words[1].isdigit() else 0)
        measured = len(words) > 2 and words[2] in COUNTERS
        bare = len(words) == 2 or sentence.ends(start + 2) or words[2] in "和与跟、及"
        if 0 < number < 100 and (measured or bare):
            return [number - 1], start + (3 if measured else 2)
    if words[0] in {"前", "后"}:
        side = 1 + (words[1:2] in (["面"], ["边"]))
        count = words[side : side + 2]
        many = PAIRS.get(count[0], 0) if count else 0
        if not many and len(count) > 1 and count[1] in COUNTERS:
            many = HAN_NUMBERS.get(count[0], 0)
            side += 1
        if many:
            return list(range(many) if words[0] == "前" else range(-many, 0)), start + side + 1
    return None


def counted(text: str) -> int:
    """The number that a word or digits are, or 0."""
    return int(text) if text.isdigit() else NUMBERS.get(text, 0)
