"""Every way to say a value of a facet: whole, in the singular, joined, shortened, by its parts or its family."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from chatrec.indexes._linker_adjectives import ADJECTIVES
from chatrec.indexes._linker_dictionary import Translation
from chatrec.indexes._linker_names import boolean_keys
from chatrec.indexes._linker_text import is_han, languages, root, stems, tokenize
from chatrec.indexes._linker_words import COMMON, FUNCTION, HAN_FUNCTION, HAN_PHRASES
from chatrec.indexes._values import Facet

_SMALL = 300
_HALF = 2
"""Characters of most Chinese words."""
_PART = 0.9
_SHADES = ADJECTIVES.words() | {
    *("dark", "light", "bright", "pale", "deep", "solid", "mixed", "full", "semi", "half", "double", "extra"),
}
"""First words that tell how a thing is and not which."""
_PLACING = frozenset({"in", "on", "over", "under", "off", "behind", "above", "below", "through", "between", "beside"})
_MORE = ("very", "extremely", "super", "extra", "too", "非常", "很", "特别", "超", "极")
"""What before a value makes it a stronger one."""
_PARTS = re.compile(r"\s*(?:&|/|\||,| and )\s*")
_BRACKETS = re.compile(r"\s*[(\[（].*?[)\]）]\s*")
CLASS_SUFFIXES = "色片类型式款风系味菜性馆"
_SURE_BY_RANK = (0.95, 0.92, 0.84, 0.7)
_SHORT = {
    long: short.split()
    for long, short in {
        "monday": "mon weekday",
        "tuesday": "tue weekday",
        "wednesday": "wed weekday",
        "thursday": "thu thur weekday",
        "friday": "fri weekday",
        "saturday": "weekend",
        "sunday": "weekend",
        "january": "jan",
        "february": "feb",
        "april": "apr",
        "august": "aug",
        "september": "sep sept",
        "october": "oct",
        "november": "nov",
        "december": "dec",
        **{f"周{day}": f"星期{day} 礼拜{day} 工作日" for day in "一二三四五"},
        **{f"星期{day}": f"周{day} 礼拜{day} 工作日" for day in "一二三四五"},
        **{f"周{day}": f"星期{day} 礼拜{day} 周末" for day in "六日"},
        **{f"星期{day}": f"周{day} 礼拜{day} 周末" for day in "六日"},
        "中国": "国产 国内 大陆",
        **{f"{one}{end}": f"{one}款 {one}式 {one}士 {one}性 {one}生 {one}" for one in "男女" for end in "士性款"},
        "周日": "星期日 礼拜日 星期天 礼拜天 周末",
        "星期日": "周日 礼拜日 星期天 礼拜天 周末",
    }.items()
}
"""How days and months are called for short, as stems, and what days are together; no short form that is a word.

Also what everybody says for men, women and the country in Chinese.
"""
_JUNIOR = frozenset({"jr", "sr", "ii", "iii"})
_NEVER = frozenset(HAN_PHRASES) | HAN_FUNCTION


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that a key may mean.

    Attributes:
        facet: The facet.
        value: The value.
        count: How many items have it.
        sure: How sure the key means it, 0 to 1: 1 for the whole value.
        facet_size: How many values the facet has.
        name_like: Whether the facet's values look like names of people.
    """

    facet: str
    value: str
    count: int
    sure: float
    facet_size: int
    name_like: bool


_Table: TypeAlias = dict[str | tuple[str, ...], tuple[Entry, ...]]


class Lexicon:
    """All keys of all values of all category, multi and boolean facets.

    Args:
        facets: All facets of the catalog.
        called: Stems of what the items are called, which tell none of them apart.
    """

    def __init__(self, facets: Iterable[Facet], *, called: Collection[str] = frozenset()) -> None:
        self._called = called
        self._keys: _Table = {}
        self._joined: _Table = {}
        self._derived: _Table = {}
        self._surnames: _Table = {}
        self.longest = 1
        self.name_like: set[str] = set()
        self.free: set[str] = set()
        for facet in facets:
            if facet.kind == "boolean":
                self._add_boolean(facet)
            elif facet.kind in {"category", "multi"}:
                self._add_facet(facet)

    def get(self, key: tuple[str, ...]) -> tuple[Entry, ...]:
        """The values that a sequence of stems says."""
        return self._keys.get(key, ())

    def stronger(self, facet: str, value: str) -> list[str]:
        """The values of a facet that say more of the same: "very loud" of "loud"."""
        said = [self.get((*stems(lead), *stems(value))) for lead in _MORE]
        return [one.value for entries in said for one in entries if one.facet == facet and one.sure >= 0.9]

    def joined(self, word: str) -> tuple[Entry, ...]:
        """The values of several words that one word says: "scifi"."""
        return self._joined.get(word, ())

    def derived(self, origin: str) -> tuple[Entry, ...]:
        """The values of one word with this root: "romantic" says "Romance"."""
        return self._derived.get(origin, ())

    def surname(self, word: str) -> tuple[Entry, ...]:
        """The values that look like names and end in this word, if one of them stands out."""
        entries = self._surnames.get(word, ())
        if len({entry.value for entry in entries}) <= 1:
            return entries
        first, second = sorted(entries, key=lambda entry: -entry.count)[:2]
        return (first,) if first.count >= 3 * second.count and first.count >= 3 else ()

    def keys(self) -> tuple[set[str], set[tuple[str, ...]], set[str]]:
        """What may be said in the other language: Chinese words, stems of English ones, and their roots."""
        han, latin = set[str](), set[tuple[str, ...]]()
        for key, entries in self._keys.items():
            if all(map(is_han, key)):
                han.add("".join(key))
            elif (
                all(part.isascii() and part.isalpha() for part in key)
                and not FUNCTION.issuperset(key)
                and (len(key) > 1 or not all(entry.name_like for entry in entries))
            ):
                latin.add(tuple(key))
        return han, latin, {str(origin) for origin in self._derived}

    def translate(self, said: Translation) -> None:
        """Add a word of the other language for values of this catalog, unless it is itself a value's own name."""
        sure = _SURE_BY_RANK[min(said.rank, len(_SURE_BY_RANK) - 1)]
        held = self._keys.get(said.words) or self._derived.get(root(said.words[0]) if len(said.words) == 1 else "", ())
        han = tuple(said.han)
        own = any(entry.sure == 1.0 and entry.facet not in self.free for entry in self._keys.get(han, ()))
        if held and not own and said.han not in _NEVER and (len(han) > 1 or said.rank == 0):
            for entry in held:
                if entry.sure > 0.8 and not (entry.name_like and len(said.words) == 1):
                    self._put(self._keys, han, replace(entry, sure=sure * entry.sure * (0.99 if said.aside else 1)))
        if said.words not in self._keys and not FUNCTION.issuperset(said.words):
            for entry in self._keys.get(han, ()):
                if is_han(entry.value):
                    self._put(self._keys, said.words, replace(entry, sure=sure * entry.sure))

    def words(self) -> Iterator[str]:
        """Every word of every key."""
        for key in self._keys:
            yield from key

    def _add_boolean(self, facet: Facet) -> None:
        for rank, key in enumerate(boolean_keys(facet.name)):
            count = facet.values.get("true", 0)
            self._put(self._keys, key, Entry(facet.name, "true", count, 1.0 if rank == 0 else 0.9, 2, name_like=False))

    def _add_facet(self, facet: Facet) -> None:
        size, names = len(facet.values), name_like(facet)
        if names:
            self.name_like.add(facet.name)
        elif size > _SMALL and sum(count == 1 for count in facet.values.values()) >= 0.5 * size:
            self.free.add(facet.name)
        halves = _halves(facet)
        family, parts = _family(facet), _telling(facet) if not names and size <= _SMALL else {}
        for value, count in facet.values.items():
            entry = Entry(facet.name, value, count, 1.0, size, names)
            for said in (value, *(languages(value) if facet.bilingual else ())):
                key = stems(said)
                if not key or (names and len(key) < 3 and FUNCTION.issuperset(key)):
                    continue
                self._put(self._keys, key, entry)
                self._add_joined(key, entry)
                if names and len(key) in {2, 3, 4}:
                    self._add_name_parts(said, entry)
                if not names and size <= _SMALL:
                    self._add_variants(said, key, entry)
                    for half in (said[:_HALF], said[_HALF:]) if said in halves else ():
                        for short in (half, *_SHORT.get(half, ())):
                            self._put(self._keys, stems(short), replace(entry, sure=_PART))
                            whole = said.replace(half, short, 1) if said.startswith(half) else said
                            self._put(self._keys, stems(whole), replace(entry, sure=0.95 if whole != said else 1.0))
                    for part in {part for part in key if value in parts.get(part, ())}.difference(self._called):
                        self._put(self._keys, (part,), replace(entry, sure=_PART))
                    if key[-1:] == (family,) and (len(key) >= 3 or not is_han(family)):
                        self._put(self._keys, key[:-1], replace(entry, sure=0.95 if is_han(family) else 0.97))

    def _add_name_parts(self, said: str, entry: Entry) -> None:
        """A person's last name, also of two words ("De Niro"), and the first."""
        norms = [token.norm for token in tokenize(said)]
        if norms[-1] in _JUNIOR:
            norms.pop()
        for part in {norms[-1], norms[0], " ".join(norms[-2:]) if len(norms) > 2 else norms[-1]}:
            if part.replace(" ", "").isalpha() and part.isascii() and part not in COMMON and len(part) > 2:
                self._put(self._surnames, part, replace(entry, sure=0.9 if part == norms[0] else 1.0))

    def _add_joined(self, key: tuple[str, ...], entry: Entry) -> None:
        if entry.name_like or not 1 <= len(key) <= 3 or not all(part.isascii() for part in key):
            return
        word = "".join(key)
        if (len(key) > 1 and word not in COMMON and len(word) >= 4) or (len(key) == 1 and len(word) >= 6):
            self._put(self._joined, word, entry)

    def _add_variants(self, said: str, key: tuple[str, ...], entry: Entry) -> None:
        def put(variant: tuple[str, ...], sure: float) -> None:
            if variant and variant != key:
                self._put(self._keys, variant, replace(entry, sure=sure))

        if key[0] == "the":
            put(key[1:], 0.95)
        put(stems(_BRACKETS.sub(" ", said)), 0.9)
        for short in _SHORT.get("".join(key), ()):
            put(stems(short), 0.95)
        parts = _PARTS.split(said)
        if 2 <= len(parts) <= 3:
            for part in parts:
                put(stems(part), 0.85)
        if len(key) == 1 and key[0].isascii() and (origin := root(key[0])):
            self._put(self._derived, origin, entry)
        if _is_place(key):
            for article in ("the", "your", "my"):
                put((key[0], article, key[1]), 0.95)
        if len(key) >= 3 and key[-1] in CLASS_SUFFIXES and not said.isascii():
            put(key[:-1], 0.92)
        if len(key) == 2 and key[-1] in CLASS_SUFFIXES and key[0] not in HAN_FUNCTION and is_han(said):
            put(key[:-1], _PART)  # 黑色 is said as 黑的
        if len(key) == 2 and all(len(part) > 3 and part.isascii() for part in key):
            self._add_prefixes(key, replace(entry, sure=0.93))
        if len(key) >= 3 and all(part.isascii() and part.isalpha() for part in key):
            initials = "".join(part[0] for part in key)
            if initials not in COMMON:
                put((initials,), 0.8)

    def _add_prefixes(self, key: tuple[str, ...], entry: Entry) -> None:
        """Two words shortened to their beginnings, as in "sci-fi"."""
        for left in range(2, 5):
            for right in range(2, 5):
                if left >= len(key[0]) or right >= len(key[1]) or left + right < 5:
                    continue
                pair = key[0][:left], key[1][:right]
                if pair[0] in COMMON and pair[1] in COMMON:
                    continue
                self._put(self._keys, pair, entry)
                if pair[0] + pair[1] not in COMMON:
                    self._put(self._joined, pair[0] + pair[1], entry)

    def _put(self, table: _Table, key: str | tuple[str, ...], entry: Entry) -> None:
        held = table.get(key, ())
        if table is self._surnames and len(held) > 1:
            held = tuple(sorted(held, key=lambda other: -other.count)[:2])
        if len(held) > 8 or any(other.facet == entry.facet and other.sure > entry.sure for other in held):
            return
        table[key] = (*(other for other in held if other.facet != entry.facet or other.sure >= entry.sure), entry)
        if isinstance(key, tuple):
            self.longest = max(self.longest, len(key))


def _family(facet: Facet) -> str:
    """The last word of many values, which people leave out: 茶 of 普洱茶, "dish" of "meat dish"; or ""."""
    last = Counter(key[-1] for value in facet.values if len(key := stems(value)) > 1)
    found, count = next(iter(last.most_common(1)), ("", 0))
    least = max(3, 0.4 * len(facet.values)) if is_han(found) else max(2, 0.2 * len(facet.values))
    return found if count >= least and found not in {"".join(stems(value)) for value in facet.values} else ""


def _halves(facet: Facet) -> set[str]:
    """The Chinese values that are made of two words which others are made of too: 周六上午, of which 上午 says some."""
    made = [value for value in facet.values if len(value) == 2 * _HALF and all(map(is_han, value))]
    first, second = Counter(value[:_HALF] for value in made), Counter(value[_HALF:] for value in made)
    shared = [value for value in made if first[value[:_HALF]] > 1 or second[value[_HALF:]] > 1]
    both = len(first) < len(made) and len(second) < len(made)
    return set(shared) if both and len(shared) >= max(3, 0.6 * len(facet.values)) else set()


def _is_place(key: tuple[str, ...]) -> bool:
    """Whether a value is a preposition and a noun, of which the first tells it apart: "in-ear", "off-road"."""
    return len(key) == 2 and key[0] in _PLACING and key[1] not in FUNCTION


def _telling(facet: Facet) -> dict[str, set[str]]:
    """By uncommon word, the longer English values it tells: the last of up to three, or any that only one has."""
    keys = {value: key for value in facet.values if 2 <= len(key := stems(value)) <= 4 and value.isascii()}
    placed = Counter(key[1] for key in keys.values() if _is_place(key))
    named = {*stems(facet.name.replace("_", " ")), *(noun for noun, count in placed.items() if count > 1)}
    whole = {"".join(stems(value)) for value in facet.values}
    last: dict[str, set[str]] = {}
    holding: dict[str, set[str]] = {}
    for value, key in keys.items():
        last.setdefault(key[-1], set()).add(value)
        for part in key:
            holding.setdefault(part, set()).add(value)
    told = {part: values for part, values in last.items() if 1 < len(values) <= 3 and len(values) < len(facet.values)}
    told |= {part: values for part, values in holding.items() if len(values) == 1}
    return {
        part: values
        for part, values in told.items()
        if len(part) > 2 and part.isalpha() and part not in COMMON | _SHADES | whole and part not in named
    }


def name_like(facet: Facet) -> bool:
    """Whether most values are two or three words in capitals, as people's names are."""
    sample = list(facet.values)[:400]
    if len(sample) < 3:
        return False
    likely = 0
    for value in sample:
        words = value.split()
        ordinary = any(word.casefold() in FUNCTION for word in words)
        if 2 <= len(words) <= 4 and all(word[:1].isupper() for word in words[-1:] + words[:1]) and not ordinary:
            likely += value.isascii() is False or not any(char.isdigit() for char in value)
    return likely >= 0.7 * len(sample)
