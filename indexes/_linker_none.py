"""What there is to be none of: "no deposit", 免押金, "without equipment" where some items have the value "none"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_words import phrases, words
from chatrec.indexes._values import Facet

_LEADS = Phrases(
    (phrase, True)
    for phrase in phrases(
        "no|zero|without|without any|dont have|dont have any|do not have any|have no|need no|needs no|dont need any|"
        "i dont own any|not needing|无|免|零|没有|不要|不收|不用|不需要|我没有|没"
    )
)
_NONE = frozenset({"none", "no", "nothing", "无", "没有", "不需要", "不用"})
_BOUNDS = frozenset(
    words("limit limits range preference preferences restriction restrictions cap ceiling 限 上 下 要 太")
)


def nothings(facets: Iterable[Facet], scales: Mapping[str, Scale]) -> dict[str, Constraint]:
    """How each facet says that there is none: the number 0, or a value such as "none"; not of facets that cannot."""
    found: dict[str, Constraint] = {}
    for facet in facets:
        scale = scales.get(facet.name)
        if facet.kind == "number" and scale is not None and 0 in scale.distinct:
            found[facet.name] = Constraint(facet.name, "any", (0,))
        value = next((value for value in facet.values if value.casefold() in _NONE), None)
        if facet.kind in {"category", "multi"} and value is not None:
            found[facet.name] = Constraint(facet.name, "any", (value,))
    return found


def find_none(sentence: Sentence, names: Sequence[Name], none: Mapping[str, Constraint]) -> list[Found]:
    """Where a facet's name follows words for that there is to be none of it.

    Args:
        sentence: The sentence; what is read is marked as taken.
        names: Where facets are named.
        none: Of `nothings`.
    """
    found: list[Found] = []
    for name in names:
        lead = _LEADS.before(sentence.tokens, name.start)
        if not name.own or name.facet not in none or lead is None or sentence.ends(name.start):
            continue
        if not sentence.ends(name.end) and sentence.tokens[name.end].norm in _BOUNDS:  # "no price limit"
            continue
        if sentence.free(lead[0], name.end):
            found.append(Found(none[name.facet], lead[0], name.end, 0.85, "number", name.start, lead[0]))
            sentence.take(lead[0], name.end)
    return found
