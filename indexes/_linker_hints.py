"""Words that one listed item alone has in its text: "a houseboat? no thanks" may speak of the one that is a houseboat.

They point less surely than a place or a title does, as they may be a wish as well; whoever knows that something is
judged may take them for pointing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatrec.indexes._linker_pointing import Rarity, grams
from chatrec.indexes._linker_text import Sentence, stems
from chatrec.indexes._linker_words import COMMON, HAN_FUNCTION
from chatrec.indexes._values import Item

__all__ = ["hints", "rarity"]

_SAMPLE = 512
_FEW = 0.2
"""The share of items whose text may hold a word that still tells one of a list from the others."""
_LONG = 4
"""The letters of the shortest word that tells."""


def rarity(items: Sequence[Item]) -> Rarity:
    """How many of some hundred items hold a word in their text."""
    return Rarity([_text(item) for item in items[:: max(1, len(items) // _SAMPLE)]], few=_FEW)


def hints(sentence: Sentence, shown: Sequence[Item], rare: Rarity) -> list[tuple[Item, int, int]]:
    """Listed items that alone hold a word of the sentence, each once.

    Args:
        sentence: The sentence.
        shown: The items of the last list.
        rare: Whether a word is in few items.

    Returns:
        Item, first token, and the token after the last.
    """
    texts = [(item, frozenset(grams(stems(_text(item))))) for item in shown]
    found: dict[str, tuple[Item, int, int]] = {}
    for start, end in _telling(sentence):
        told = "".join(token.stem for token in sentence.tokens[start:end])
        holders = [item for item, held in texts if told in held]
        if len(holders) == 1 and rare([token.stem for token in sentence.tokens[start:end]]):
            found.setdefault(holders[0].id, (holders[0], start, end))
    return list(found.values())


def _telling(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """Words, and pairs of characters, that mean something by themselves."""
    for at, token in enumerate(sentence.tokens):
        if token.kind == "word" and len(token.norm) >= _LONG and token.norm not in COMMON:
            yield at, at + 1
        pair = sentence.tokens[at : at + 2]
        joined = len(pair) == 2 and not (pair[1].hard or pair[1].soft)
        if joined and all(one.kind == "han" and one.norm not in HAN_FUNCTION for one in pair):
            yield at, at + 2


def _text(item: Item) -> str:
    values = (value if isinstance(value, tuple) else (value,) for value in item.facets.values())
    return " ".join([item.title, item.description, *(str(one) for each in values for one in each)])
