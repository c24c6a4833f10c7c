"""Where a sentence names a facet: by its column's name, or by a word for what it measures ("price", "多长")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from chatrec.indexes._linker_cues import OTHERS
from chatrec.indexes._linker_dictionary import Translation
from chatrec.indexes._linker_found import Name
from chatrec.indexes._linker_text import Sentence, is_han, languages, norms, root, stem
from chatrec.indexes._linker_units import DIMENSION_WORDS, Scale, bare_name
from chatrec.indexes._linker_words import FUNCTION
from chatrec.indexes._values import Facet

_FLAGS = frozenset({"is", "has", "with", "allows", "supports", "can", "是", "否", "有", "支", "持"})


_WHO = ("who", "whos", "谁", "谁 演", "谁 写", "谁 做")
_WHERE = ("where", "哪 里", "哪 儿", "去 哪 里", "去 哪 儿")
_PLACES = frozenset({"city", "region", "country", "place", "location", "destination", "area", "town", "origin"})


def _is_place(facet: Facet) -> bool:
    return facet.name in {"城市", "地区", "区域", "目的地", "产地", "国家", "地点", "地方"}


class Names:
    """Finds the names of facets in sentences.

    Args:
        facets: All facets of the catalog.
        scales: What the number facets measure.
        people: The facets whose values are names of people: what "who" asks for where there is one alone.
    """

    def __init__(self, facets: Iterable[Facet], scales: Mapping[str, Scale], people: Collection[str] = ()) -> None:
        self._names: dict[tuple[str, ...], str] = {}
        self._roots: dict[str, str] = {}
        self._told: set[tuple[str, ...]] = set()
        self._by_dimension: dict[str, list[str]] = {}
        shared: dict[str, int] = {}
        listed = list(facets)
        for facet in listed:
            words = tuple(stem(word) for word in bare_name(facet.name))
            if not words:
                continue
            self._names.setdefault(words, facet.name)
            shared[words[-1]] = shared.get(words[-1], 0) + 1
            if len(words) == 1 and (origin := root(words[0])):
                self._roots.setdefault(origin, facet.name)
        for facet in listed:
            words = tuple(stem(word) for word in bare_name(facet.name))
            short = words[-1:]
            if len(words) > 1 and short[0].isascii() and shared[short[0]] == 1 and short[0] not in FUNCTION:
                self._names.setdefault(short, facet.name)
        for name, scale in scales.items():
            if scale.dimension:
                self._by_dimension.setdefault(scale.dimension, []).append(name)
        for facet in listed:
            for half in languages(facet.label):
                self._told.add(tuple(stem(word) for word in bare_name(half)))
                self._names.setdefault(tuple(stem(word) for word in bare_name(half)), facet.name)
        places = [facet.name for facet in listed if not _PLACES.isdisjoint(bare_name(facet.name)) or _is_place(facet)]
        for asked, names in ((_WHO, list(people)), (_WHERE, places)):
            if len(names) == 1:
                for word in asked:
                    self._names.setdefault(tuple(word.split()), names[0])
        self._longest = max(map(len, self._names), default=0)

    def __call__(self, sentence: Sentence) -> list[Name]:
        """All places where a facet is named, in order; a word for a dimension names every facet that measures it."""
        found: list[Name] = []
        index = 0
        while index < len(sentence):
            here = self._own(sentence, index) or self._short(sentence, index)
            if not here:
                match = DIMENSION_WORDS.at(sentence.tokens, index)
                if match and not self._is_value_like(sentence, index, match[0]):
                    here = [Name(name, index, match[0], own=False) for name in self._by_dimension.get(match[1], ())]
            found.extend(here)
            index = max((name.end for name in here), default=index + 1)
        return found

    def keys(self) -> tuple[set[str], set[tuple[str, ...]]]:
        """The names that may be said in the other language: Chinese words, and stems of English ones."""
        han = {"".join(key) for key in self._names if all(map(is_han, key)) and key not in self._told}
        return han, {key for key in self._names if all(part.isascii() for part in key)}

    def translate(self, said: Translation) -> None:
        """Add a word of the other language for facets of this catalog."""
        if len(said.han) < 2:
            return
        facet = self._names.get(said.words)
        if facet is not None:
            self._names.setdefault(tuple(said.han), facet)
        facet = self._names.get(tuple(said.han))
        if facet is not None and not FUNCTION.issuperset(said.words):
            self._names.setdefault(said.words, facet)
        self._longest = max(map(len, self._names), default=0)

    def dimension(self, dim: str) -> Sequence[str]:
        """The facets that measure a dimension."""
        return self._by_dimension.get(dim, ())

    def _own(self, sentence: Sentence, start: int) -> list[Name]:
        stems = [token.stem for token in sentence.tokens[start : start + self._longest]]
        for size in range(len(stems), 0, -1):
            facet = self._names.get(tuple(stems[:size]))
            if facet is not None:
                return [Name(facet, start, start + size, own=True)]
        word = sentence.tokens[start]
        if word.kind == "word" and word.norm not in FUNCTION:
            facet = self._roots.get(root(word.stem)) if root(word.stem) else None
            if facet is not None:
                return [Name(facet, start, start + 1, own=True)]
        return []

    def _short(self, sentence: Sentence, start: int) -> list[Name]:
        """A Chinese name by its first character alone: 别的区 of a 区域."""
        word = sentence.tokens[start]
        if word.kind != "han" or OTHERS.before(sentence.tokens, start) is None:
            return []
        named = {facet for key, facet in self._names.items() if len(key) > 1 and key[0] == word.norm}
        return [Name(facet, start, start + 1, own=True) for facet in named] if len(named) == 1 else []

    @staticmethod
    def _is_value_like(sentence: Sentence, start: int, end: int) -> bool:
        """Whether a word such as "minutes" or "stars" is the unit of the number before it rather than a name."""
        single = end - start == 1 and sentence.tokens[start].kind == "han"
        counted = start > 0 and sentence.tokens[start - 1].kind == "number"
        return counted or (single and start + 1 < len(sentence) and sentence.tokens[start].norm in "年日钱重")


_ALLOWED = frozenset({"included", "available", "allowed", "friendly", "welcome", "safe", "suitable", "possible"})
_HAN_PLACES = frozenset("位区场")


def boolean_keys(name: str) -> tuple[tuple[str, ...], ...]:
    """What people call a boolean column: `has_wifi` wifi, `breakfast_included` breakfast included and breakfast."""
    words = norms(name.replace("_", " "))
    while len(words) > 1 and words[0] in _FLAGS:
        words = words[1:]
    if words[:1] == ("是",):
        words = words[2:] if words[1:2] == ("否",) else words[1:]
    keys = [tuple(stem(word) for word in words)]
    if len(words) > 1 and words[-1] in _ALLOWED:
        keys.append(tuple(stem(word) for word in words[:-1]))
    if "".join(words) == "免费":
        keys += [tuple(said) for said in ("不花钱", "不要钱", "不收费", "不用钱", "不用花钱", "不付费")]
    if len(words) > 2 and words[0] in {"可", "能", "含", "带"}:
        keys.append(words[1:])
    if len(words) > 2 and words[-1] in _HAN_PLACES:
        keys.append(words[:-1])
    return tuple(key for key in keys if key)
