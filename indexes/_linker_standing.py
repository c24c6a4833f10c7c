"""How a word stands in its sentence: as a thing's name, a class, letters, the person's own, a mere measure.

What a value's words say depends on it: "my war with the neighbours" asks for no film about war.
"""

from __future__ import annotations

from collections.abc import Callable

from chatrec.indexes._linker_adjectives import ADJECTIVES
from chatrec.indexes._linker_bounds import BEFORE
from chatrec.indexes._linker_cues import CUES, IDIOMS
from chatrec.indexes._linker_figures import read_figure
from chatrec.indexes._linker_lexicon import CLASS_SUFFIXES
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_units import SIDES
from chatrec.indexes._linker_words import FUNCTION, HAN_FUNCTION

_TAKEN_ALONG = frozenset({"bring", "bringing", "take", "taking", "with", "for", "on"})
_OWNERS = frozenset({"my", "our", "your", "his", "her", "their"})
_NOUNS = frozenset(
    {"back", "down", "will", "can", "well", "love", "hope", "mood", "interest", "search", "mine", "show"}
)
_NOUN_LEADS = frozenset({"lower", "upper", "whole", "entire", "own", "bad", "sore", "stiff", "weak"})
_VERBS = frozenset("推换选挑拿列放穿戴用爱求烦嫌")
_PARTICLES = frozenset("吧啊呢哦哈了嘛呗呀")
_VOWELS = frozenset("aeiouy")


def is_letters(sentence: Sentence, at: int, value: str) -> bool:
    """Whether two small letters can be no word, nor a unit, and so are the value in capitals: "tv" of "TV"."""
    token = sentence.tokens[at]
    counted = at > 0 and sentence.tokens[at - 1].kind == "number"
    return value.isupper() and token.norm == value.casefold() and not counted and _VOWELS.isdisjoint(token.norm)


def is_noun(sentence: Sentence, at: int) -> bool:
    """Whether a word that says little by itself is a thing's name here: "for my back", "the lower back"."""
    tokens = sentence.tokens
    lead = at - 1
    if lead > 0 and tokens[lead].norm in _NOUN_LEADS:
        lead -= 1
    if tokens[at].norm not in _NOUNS or lead < 0 or tokens[lead].norm not in _OWNERS | {"the"}:
        return False
    return sentence.ends(at + 1) or tokens[at + 1].norm not in {"to", "in", "from"}


def stands_alone(sentence: Sentence, at: int) -> bool:
    """Whether one Chinese character is a word of its own: between other words, or before a class (黑色, 黑的)."""
    tokens = sentence.tokens
    left = at == 0 or tokens[at].gap or sentence.taken[at - 1] or tokens[at - 1].norm in HAN_FUNCTION
    left = left or CUES.before(tokens, at) is not None or tokens[at - 1].norm in _VERBS
    right = sentence.ends(at + 1) or tokens[at + 1].gap or sentence.taken[at + 1]
    right = right or tokens[at + 1].norm in HAN_FUNCTION or tokens[at + 1].norm in CLASS_SUFFIXES
    return bool(left and right)


def is_class(sentence: Sentence, end: int) -> bool:
    """Whether a character that is short for a value closes with 的, or with the clause that wishes for it: 要黑."""
    closed = sentence.ends(end) or (sentence.tokens[end].norm in _PARTICLES and sentence.ends(end + 1))
    if closed:
        return end == 1 or sentence.tokens[end - 2].norm in "要换选爱吃喝穿"
    return sentence.tokens[end].norm == "的"


def is_each(sentence: Sentence, start: int, end: int) -> bool:
    """Whether 一个人 counts what one person pays: 一个人五十到一百, 一个人别超150."""
    if sentence.span(start, end) not in {"一个人", "一人"} or sentence.ends(end):
        return False
    tokens = sentence.tokens
    return (
        tokens[end].norm in {"得", "花"} or read_figure(sentence, end) is not None or BEFORE.at(tokens, end) is not None
    )


def is_own(sentence: Sentence, start: int) -> bool:
    """Whether the words are about the person's own life or stand in an idiom: "my war with", "in short", 我家的."""
    tokens = sentence.tokens
    before = [token.norm for token in tokens[max(0, start - 3) : start]]
    if before[-1:] and before[-1] in _OWNERS:
        # What is to be done with it is a wish: "to train my legs", "help me ease my back".
        return before[-3:-2] not in (["to"], ["me"], ["us"]) and (before[-2:-1] == [] or before[-2] not in _TAKEN_ALONG)
    if (
        len(before) > 1
        and before[-2] in _OWNERS
        and before[-1] in {"own", "whole", "little", "big", "old", "dear", "entire"}
    ):
        return True
    if before[-2:] in (["我", "的"], ["我", "家"], ["你", "的"], ["他", "的"]) or before[-3:] == ["我", "家", "的"]:
        return True
    idiom = IDIOMS.at(tokens, start) or IDIOMS.at(tokens, start - 1)
    return idiom is not None and idiom[0] > start


def is_measure(sentence: Sentence, at: int, measured: Callable[[str], bool]) -> bool:
    """Whether a word only says how much ("something short") and does not stand before what it is said of."""
    match = ADJECTIVES.at(sentence.tokens, at)
    if match is None or match[0] != at + 1 or not SIDES.isdisjoint(match[1].dims):
        return False
    if not any(measured(dim.lstrip("-")) for dim in match[1].dims):
        return False
    return sentence.ends(at + 1) or sentence.tokens[at + 1].norm in FUNCTION
