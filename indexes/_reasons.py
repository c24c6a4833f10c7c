"""One readable sentence per recommended item, in English or Chinese, from what actually matched; no language model.

Facet names and values are shown as the catalog writes them, numbers with their unit: "Comedy; 95 min; close to Alien;
but year 1979."
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._units import with_unit
from chatrec.indexes._values import Facet, FacetValue, Item, Scalar

__all__ = ["Evidence", "Language", "explain", "named_values", "own_values", "shared_values", "shared_words", "telling"]

Language = Literal["en", "zh"]

_MOST_LIKES: Final = 3
_MOST_VALUES: Final = 3
_EVERYDAY: Final = frozenset(
    "about after all also and any are but can could for from good great have her him his how into like more most not "  # noqa: SIM905
    "one our out over she some something than that the their them then there they this too under very want was what "
    "when where which who why will with without would you your".split()
)
_WORD: Final = re.compile(r"[^\W_]+")
_LATIN_WORD: Final = re.compile(r"[^\W_]{3,}")
_HAN: Final = re.compile(r"[\u3400-\u9fff]{2,}")

_PHRASES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "and": " and ",
        "but": "but {}",
        "close": "close to {}",
        "company": "liked by people who like what you like",
        "end": ".",
        "join": ", ",
        "liked": "close to {}, which you liked",
        "meaning": "close to your words in meaning",
        "no": "no {}",
        "not": "not {}",
        "popular": "liked by many",
        "rule": "put forward by the house: {}",
        "start": "a typical one to start from",
        "step": "; ",
        "taste": "your taste: {}",
        "title": "“{}” in the title",
        "unknown": "{} unknown",
        "with": "{} with “{}”",
    },
    "zh": {
        "and": "和",
        "but": "但{}",
        "close": "与“{}”相近",
        "company": "和你口味相近的人也喜欢",
        "end": "。",
        "join": "、",
        "liked": "与你喜欢的“{}”相近",
        "meaning": "与你的描述相近",
        "no": "不含{}",
        "not": "不是{}",
        "popular": "很多人喜欢",
        "rule": "店家推荐：{}",
        "start": "有代表性，可以先看看",
        "step": "；",
        "taste": "合你的口味：{}",
        "title": "标题含“{}”",
        "unknown": "{}未知",
        "with": "{}含“{}”",
    },
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one item.

    Attributes:
        met: Constraints that the item satisfies: asked, preferred, remembered.
        named: Facet values of the item that the query names.
        missed: Relaxed constraints that it does not satisfy.
        likes: Titles of liked items that it is close to.
        shared: Facet values it shares with them.
        words: Words of the query in its title.
        taste: Facet values that feedback speaks for.
        liked: The title of the accepted item that it is closest to, or "".
        meaning: Whether its meaning is close to the query.
        own: Gives facet values that tell what it is, for where nothing else does.
        company: Whether people who like the same items like it.
        popular: Whether many people like it.
        rules: The owner's rules that put it forward.
    """

    met: Sequence[Constraint] = ()
    named: Sequence[str] = ()
    missed: Sequence[Constraint] = ()
    likes: Sequence[str] = ()
    shared: Sequence[str] = ()
    words: Sequence[str] = ()
    taste: Sequence[str] = ()
    liked: str = ""
    meaning: bool = False
    own: Callable[[], Sequence[str]] = tuple
    company: bool = False
    popular: bool = False
    rules: Sequence[str] = ()


def explain(item: Item, evidence: Evidence, facets: Mapping[str, Facet], language: Language = "en") -> str:
    """Why this item, in one sentence.

    Args:
        item: The recommended item.
        evidence: What matched.
        facets: The catalog's facets by name.
        language: Of the words around names and values, which stay as the catalog writes them.
    """
    say = _PHRASES[language]
    told: dict[str, str] = {}

    def tell(phrases: Iterable[str]) -> None:
        for phrase in phrases:
            told.setdefault(phrase.casefold(), phrase)

    tell(_met(item, constraint, facets, say, language) for constraint in evidence.met)
    tell(_spoken(evidence.named[:_MOST_VALUES], facets, language))
    if evidence.words:
        tell([say["title"].format(say["join"].join(evidence.words))])
    shared = _spoken(evidence.shared, facets, language)
    shared = [value for value in shared if value.casefold() not in told][:2]
    if evidence.likes:
        titles = _listed(evidence.likes[:_MOST_LIKES], say, language)
        tell([say["close"].format(titles) + (f" ({say['join'].join(shared)})" if shared else "")])
    taste = [
        value
        for value in _spoken(evidence.taste, facets, language)
        if value.casefold() not in told and value not in shared
    ]
    if taste:
        tell([say["taste"].format(say["join"].join(taste[:2]))])
    if evidence.liked and evidence.liked not in evidence.likes:
        tell([say["liked"].format(evidence.liked)])
    if evidence.company:
        tell([say["company"]])
    if evidence.rules:
        tell([say["rule"].format(say["join"].join(evidence.rules))])
    misses = [_missed(item, constraint, facets, say, language) for constraint in evidence.missed]
    if not told and (evidence.meaning or not misses):
        values = evidence.own()
        own = [say["join"].join(_spoken(values, facets, language))] if values else []
        why = "meaning" if evidence.meaning else "popular" if evidence.popular else "start"
        tell([*own, say[why]])
    phrases = [*told.values()]
    if misses:
        phrases.append(say["but"].format(say["join"].join(dict.fromkeys(misses))))
    sentence = say["step"].join(phrases)
    if language == "en":
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence if sentence.endswith(say["end"]) else sentence + say["end"]


def _spoken(values: Sequence[str], facets: Mapping[str, Facet], language: Language) -> list[str]:
    """Values as the reader's language has them, where their facet is written in two."""
    told = {value: facet for facet in facets.values() if facet.bilingual for value in values if value in facet.values}
    return [told[value].told(value, language) if value in told else value for value in values]


def shared_words(query: str, title: str) -> list[str]:
    """Words of a title that the query says too, as the title writes them, without everyday words; at most three."""
    asked = {word.casefold() for word in _LATIN_WORD.findall(query)} - _EVERYDAY
    words = [word for word in _LATIN_WORD.findall(title) if word.casefold() in asked and not _HAN.search(word)]
    for run in _HAN.findall(query):
        words.extend(_longest_shared(run, title))
    return list(dict.fromkeys(words))[:3]


def shared_values(item: Item, others: Sequence[Item], facets: Mapping[str, Facet]) -> list[str]:
    """Category and multi values that an item shares with any of the others, rarest in the catalog first."""
    found: dict[str, int] = {}
    for name, value in item.facets.items():
        facet = facets.get(name)
        if facet is None or facet.kind not in {"category", "multi"}:
            continue
        theirs = {part for other in others for part in _parts(other.facets.get(name))}
        found.update((str(part), facet.values.get(str(part), 0)) for part in _parts(value) if part in theirs)
    return sorted(found, key=lambda value: found[value])


def own_values(item: Item, facets: Mapping[str, Facet], size: int) -> list[str]:
    """At most two category or multi values that tell what an item is: neither everybody's nor its alone.

    Facets with few values come first, they name kinds; within a facet the rarer values.

    Args:
        item: The item.
        facets: The catalog's facets by name.
        size: How many items the catalog has.
    """
    found: dict[str, tuple[int, int]] = {}
    for name, value in item.facets.items():
        facet = facets.get(name)
        if facet is not None and facet.kind in {"category", "multi"}:
            held = {str(part): facet.values.get(str(part), 0) for part in _parts(value)}
            found.update((each, (len(facet.values), n)) for each, n in held.items() if n >= max(2, size // 50))
    return telling(sorted(found, key=lambda value: found[value]), facets, size)[:2]


def telling(values: Sequence[str], facets: Mapping[str, Facet], size: int) -> list[str]:
    """Those values that at most a third of the catalog's items have, in the same order."""
    return [value for value in values if 3 * max(facet.values.get(value, 0) for facet in facets.values()) <= size]


def named_values(query: str, item: Item, facets: Mapping[str, Facet]) -> list[str]:
    """Category and multi values of an item that the query names as whole words."""
    folded = f" {_folded(query)} "
    found: list[str] = []
    for name, value in item.facets.items():
        facet = facets.get(name)
        if facet is None or facet.kind not in {"category", "multi"}:
            continue
        for part in _parts(value):
            words = _folded(str(part))
            if (_HAN.search(words) and words in folded) or (words and f" {words} " in folded):
                found.append(str(part))
    return found


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _longest_shared(run: str, title: str) -> list[str]:
    """The longest stretch of at least two characters of `run` that the title holds, if any."""
    for length in range(min(len(run), len(title)), 1, -1):
        for start in range(len(run) - length + 1):
            if run[start : start + length] in title:
                return [run[start : start + length]]
    return []


def _met(
    item: Item, constraint: Constraint, facets: Mapping[str, Facet], say: Mapping[str, str], language: Language
) -> str:
    facet = facets.get(constraint.facet)
    value = _held(item, constraint.facet)
    if constraint.op == "contains":
        return say["with"].format(_name(constraint.facet, facet, language), constraint.values[0])
    if constraint.op == "none":
        wanted = say["join"].join(_spoken([str(each) for each in constraint.values], facets, language))
        return say["no" if facet is not None and facet.kind == "multi" else "not"].format(wanted)
    if value is None:
        return say["unknown"].format(_name(constraint.facet, facet, language))
    if facet is not None and facet.kind in {"category", "multi"}:
        asked = {str(each) for each in constraint.values}
        met = [facet.told(str(part), language) for part in _parts(value) if str(part) in asked]
        return say["join"].join(met) or _shown(constraint.facet, value, facet, language)
    return _shown(constraint.facet, value, facet, language)


def _missed(
    item: Item, constraint: Constraint, facets: Mapping[str, Facet], say: Mapping[str, str], language: Language
) -> str:
    facet = facets.get(constraint.facet)
    value = _held(item, constraint.facet)
    listed = facet is not None and facet.kind in {"category", "multi"}
    if constraint.op == "contains":
        return say["not"].format(say["with"].format(_name(constraint.facet, facet, language), constraint.values[0]))
    if constraint.op == "none":
        unwanted = {str(each) for each in constraint.values}
        return say["join"].join(
            _spoken([str(part) for part in _parts(value) if str(part) in unwanted], facets, language)
        )
    if value is None:
        return say["unknown"].format(_name(constraint.facet, facet, language))
    if listed:
        wanted = [str(each) for each in constraint.values[:_MOST_VALUES]]
        return say["not"].format(say["join"].join(_spoken(wanted, facets, language)))
    return _shown(constraint.facet, value, facet, language)


def _shown(name: str, value: FacetValue, facet: Facet | None, language: Language) -> str:
    """A facet value that can be read without its column: "95 min", "€12", "year 1979", "vegan", "not vegan"."""
    space = "" if language == "zh" else " "
    called = _name(name, facet, language)
    if isinstance(value, tuple):
        return _PHRASES[language]["join"].join(facet.told(part, language) if facet else part for part in value)
    if isinstance(value, bool) or (facet is not None and facet.kind == "boolean"):
        yes = str(value).lower() == "true"
        return called if yes else _PHRASES[language]["not"].format(called)
    if isinstance(value, str):
        told = facet.told(value, language) if facet is not None else value
        return f"{called}{space}{value}" if facet is not None and facet.kind == "date" else told
    number = _number(value)
    unit = facet.unit if facet is not None else None
    if unit is None:
        return f"{called}{'' if language == 'zh' and _HAN_START.match(called) else ' '}{number}"
    return f"{number}{unit}" if _HAN_START.match(unit) or unit == "%" else with_unit(number, unit, language)


_HAN_START: Final = re.compile(r"[\u3400-\u9fff]")


def _number(value: Scalar) -> str:
    number = float(value)
    return str(int(number)) if number.is_integer() else f"{number:.10g}"


def _name(name: str, facet: Facet | None, language: Language) -> str:
    return name.replace("_", " ").strip() if facet is None else facet.called(language)


def _held(item: Item, name: str) -> FacetValue | None:
    if name not in item.facets and name in {"title", "description"}:
        return item.title if name == "title" else item.description
    return item.facets.get(name)


def _parts(value: FacetValue | None) -> tuple[Scalar, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _listed(titles: Sequence[str], say: Mapping[str, str], language: Language) -> str:
    if language == "zh":
        return "”、“".join(titles)
    if len(titles) < 2:
        return "".join(titles)
    return ", ".join(titles[:-1]) + say["and"] + titles[-1]
