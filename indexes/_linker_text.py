"""A sentence as tokens, the same for English and Chinese, and phrase tables that are matched against it.

Latin words and numbers are one token each, a Chinese character is a token of its own: so "longest match" means the
same in both scripts. Punctuation is no token; it lies in the gap before the token that follows it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, Literal, TypeVar

from chatrec.indexes._linker_han import SIMPLIFIED

T = TypeVar("T")

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|\d+(?:,\d{{3}})*(?:\.\d+)?|[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*")
_HAN_CHAR = re.compile(rf"[{_HAN}]")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "scarves": "scarf", "knives": "knife", "leaves": "leaf", "loaves": "loaf", "wolves": "wolf", "shelves": "shelf",
    "halves": "half", "wives": "wife", "lives": "life", "thieves": "thief", "elves": "elf", "calves": "calf",
    "gray": "grey", "grays": "grey", "aluminum": "aluminium", "disc": "disk", "discs": "disk", "tyre": "tire",
    "tyres": "tire", "jewellery": "jewelry", "theatre": "theater", "theatres": "theater", "centre": "center",
    "centres": "center", "fibre": "fiber", "fibres": "fiber", "pyjamas": "pajama", "yoghurt": "yogurt",
    "yoghurts": "yogurt", "cosy": "cozy", "whisky": "whiskey", "doughnut": "donut", "doughnuts": "donut",
    "news": "news", "goods": "goods", "blues": "blues", "tights": "tights",
}  # fmt: skip
"""Plurals that no rule makes, words that are spelt in two ways, and nouns that only look like an adjective's plural."""
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
_SUFFIXES = (
    "ations", "ation", "ating", "ated", "atic", "ators", "ator", "ically", "ical", "tics", "tic", "ance", "ence", "ors",
    "ers", "ing", "ion", "ed", "er", "or", "ic", "al", "ce", "ly", "y", "e", "a",
)  # fmt: skip
_HARD_BREAK = re.compile(r"[.;!?\n。；！？…]")
_SOFT_BREAK = re.compile(r"[,，、]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or Chinese character.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        text: As written.
        norm: Casefolded, without accents, apostrophes or a possessive s; Chinese in simplified characters.
        stem: `norm` in the singular.
        kind: What it is.
        gap: What stands between it and the token before.
        hard: Whether a sentence ends before it.
        soft: Whether a comma stands before it, or a blank between two Chinese characters.
    """

    start: int
    end: int
    text: str
    norm: str
    stem: str
    kind: Literal["word", "han", "number"]
    gap: str
    hard: bool = False
    soft: bool = False

    @property
    def colon(self) -> bool:
        """Whether a colon stands before it, and no clock's."""
        return ":" in self.gap and not (self.gap == ":" and self.kind == "number")

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital."""
        return self.text[:1].isupper()


@dataclass(slots=True)
class Sentence:
    """A text, its tokens, and which of them are spoken for.

    Attributes:
        text: The text, full-width forms made narrow (same length as the original).
        tokens: Its tokens in order.
        tail: What stands after the last token.
        taken: By token, whether a reading has used it.
    """

    text: str
    tokens: tuple[Token, ...]
    tail: str
    taken: list[bool] = field(default_factory=list[bool])

    @classmethod
    def read(cls, text: str) -> Sentence:
        """Cut a text into tokens."""
        narrow = text.translate(_WIDE)
        found = tokenize(narrow)
        tail = narrow[found[-1].end :] if found else narrow
        return cls(narrow, found, tail, [False] * len(found))

    def __len__(self) -> int:
        return len(self.tokens)

    def span(self, start: int, end: int) -> str:
        """The words of tokens start to end (excluded) as written."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end] if end > start else ""

    def after(self, index: int) -> str:
        """What stands between token `index` and the next."""
        return self.tokens[index + 1].gap if index + 1 < len(self.tokens) else self.tail

    def take(self, start: int, end: int) -> None:
        """Mark tokens as spoken for."""
        self.taken[start:end] = [True] * (end - start)

    def free(self, start: int, end: int) -> bool:
        """Whether no reading has used any of these tokens."""
        return not any(self.taken[start:end])

    def clause(self, index: int) -> tuple[int, int]:
        """The first token of the clause that token `index` is in, and the token after its last."""
        begin = next(at for at in range(index, -1, -1) if self.begins(at))
        return begin, next(at for at in range(index + 1, len(self.tokens) + 1) if self.ends(at))

    def begins(self, index: int) -> bool:
        """Whether a clause begins with token `index`."""
        return index == 0 or self.ends(index)

    def ends(self, index: int) -> bool:
        """Whether a clause ends before token `index` (or the text does)."""
        return index >= len(self.tokens) or self.tokens[index].hard or self.tokens[index].soft


def tokenize(text: str) -> tuple[Token, ...]:
    """The tokens of a text."""
    found: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(text):
        raw, start, end = match.group(), match.start(), match.end()
        kind: Literal["word", "han", "number"] = (
            "number" if raw[0].isdecimal() else "han" if _HAN_CHAR.match(raw) else "word"
        )
        norm = fold(raw) if kind == "word" else raw.translate(SIMPLIFIED) if kind == "han" else raw
        gap = text[last:start]
        hard = soft = False
        if gap and gap != " ":
            hard = ". " in gap or (gap != "." and _HARD_BREAK.search(gap) is not None)
            soft = _SOFT_BREAK.search(gap) is not None
        if gap.isspace() and kind == "han" and found and found[-1].kind == "han":
            soft = True  # Chinese leaves no blanks between words: one between two characters stands for a comma
        found.append(Token(start, end, raw, norm, stem(norm) if kind == "word" else norm, kind, gap, hard, soft))
        last = end
    return tuple(found)


def languages(value: str) -> tuple[str, ...]:
    """The Latin and the Chinese half of a value that says the same in both: "summer 夏天"; else none."""
    words = value.split()
    chinese = [_HAN_CHAR.search(word) is not None for word in words]
    at = next((n for n in range(1, len(words)) if chinese[n] != chinese[n - 1]), 0)
    if not at or any(chinese[n] != chinese[at] for n in range(at, len(words))):
        return ()
    halves = " ".join(words[:at]), " ".join(words[at:])
    return halves[::-1] if chinese[0] else halves


def is_han(text: str) -> bool:
    """Whether a text begins with a Chinese character."""
    return _HAN_CHAR.match(text) is not None


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word casefolded, without accents, apostrophes or a possessive s."""
    word = word.replace("’", "'").casefold()
    if not word.isascii():
        parts = unicodedata.normalize("NFKD", word.translate(_LETTERS))
        word = "".join(char for char in parts if not unicodedata.combining(char))
    return word.removesuffix("'s").replace("'", "")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:  # noqa: PLR0911
    """A folded English word in a form that its singular and its plural share."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 5 and word.endswith(("our", "ours")):
        return word.removesuffix("s")[:-2] + "r"  # "colour" and "color" are one word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("ie"):
        return word[:-2] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("oe"):
        return word[:-1]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65536)
def root(word: str) -> str:
    """What is left of a stem without its derivational ending: one for "romantic" and "romance"; "" if too little is."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            rest = word[: -len(suffix)]
            if len(rest) >= (4 if len(suffix) >= 3 or suffix == "a" else 5):
                return rest
    return word if len(word) >= 5 else ""


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's tokens."""
    return tuple(map(stem, norms(text)))


def norms(text: str) -> tuple[str, ...]:
    """The folded words of a text."""
    found = _TOKEN.findall(text if text.isascii() else text.translate(_WIDE).translate(SIMPLIFIED))
    return tuple([fold(raw) for raw in found])


class Phrases(Generic[T]):
    """A table of phrases, each with a meaning, matched longest first.

    Args:
        entries: Phrase and meaning; a later one replaces an earlier one.
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._table: dict[tuple[str, ...], T] = {norms(phrase): meaning for phrase, meaning in entries}
        self._longest: dict[str, int] = {}
        self._last: dict[str, int] = {}
        for key in self._table:
            self._longest[key[0]] = max(self._longest.get(key[0], 0), len(key))
            self._last[key[-1]] = max(self._last.get(key[-1], 0), len(key))

    def at(self, tokens: Sequence[Token], start: int) -> tuple[int, T] | None:
        """The longest phrase that begins at token `start`: where it ends, and its meaning."""
        if not 0 <= start < len(tokens):
            return None
        for size in range(self._longest.get(tokens[start].norm, 0), 0, -1):
            key = tuple(token.norm for token in tokens[start : start + size])
            if len(key) == size and key in self._table and not _broken(tokens, start, start + size):
                return start + size, self._table[key]
        return None

    def words(self) -> set[str]:
        """Every word of every phrase."""
        return {word for key in self._table for word in key}

    def before(self, tokens: Sequence[Token], end: int) -> tuple[int, T] | None:
        """The longest phrase that ends just before token `end`: where it begins, and its meaning."""
        if not 0 < end <= len(tokens):
            return None
        for size in range(min(self._last.get(tokens[end - 1].norm, 0), end), 0, -1):
            key = tuple(token.norm for token in tokens[end - size : end])
            if key in self._table and not _broken(tokens, end - size, end):
                return end - size, self._table[key]
        return None


def _broken(tokens: Sequence[Token], start: int, end: int) -> bool:
    return any(token.hard or token.soft for token in tokens[start + 1 : end])
