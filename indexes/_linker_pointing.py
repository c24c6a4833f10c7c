"""Words that point at a listed item by what it is: "the blue one", "longer than the western", 粉的那个."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_positions import COUNTERS
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._values import Item

__all__ = ["pointing"]

_THE = frozenset({"the", "that", "this"})
_ONE = frozenset({"one", "option", "item"})
_HAN_THE = frozenset("那这")
_NEAR = 4
_SURE = 0.7


def pointing(sentence: Sentence, found: Found, shown: Sequence[Item]) -> Item | None:
    """The listed item that a value points at: the only one that has it, where the words speak of one that is known.

    Args:
        sentence: The sentence.
        found: A value in it.
        shown: The items listed last.
    """
    if not shown or found.kind != "value" or found.constraint.op != "any" or found.score < _SURE:
        return None
    if not (_english(sentence, found) or _chinese(sentence, found)):
        return None
    holders = [item for item in shown if found.constraint.accepts(item.facets.get(found.constraint.facet))]
    return holders[0] if len(holders) == 1 else None


def _english(sentence: Sentence, found: Found) -> bool:
    norms = [token.norm for token in sentence.tokens]
    start, end = found.start, found.end
    if start > 1 and norms[start - 2 : start] == ["than", "the"]:
        return True
    if norms[start - 1 : start] and norms[start - 1] in _THE and norms[end : end + 1] and norms[end] in _ONE:
        return not sentence.tokens[end].soft and not sentence.tokens[end].hard
    before = norms[max(0, start - _NEAR) : start]
    return any(a in _THE and b in _ONE for a, b in pairwise(before))


def _chinese(sentence: Sentence, found: Found) -> bool:
    norms = [token.norm for token in sentence.tokens]
    start, end = found.start, found.end
    if start and norms[start - 1] == "比":
        return True
    after = end + (norms[end : end + 1] == ["的"])
    if norms[after : after + 1] and norms[after] in _HAN_THE and norms[after + 1 : after + 2]:
        return norms[after + 1] in COUNTERS
    led = start > 1 and norms[start - 2] in _HAN_THE and norms[start - 1] in COUNTERS
    return led and norms[end : end + 1] == ["的"]
