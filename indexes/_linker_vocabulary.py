"""Which words are real: ordinary ones, those of the linker's own tables, and those that descriptions use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chatrec.indexes._linker_bounds import AFTER, BEFORE
from chatrec.indexes._linker_cues import CUES
from chatrec.indexes._linker_relative import ADJECTIVES
from chatrec.indexes._linker_text import stem, tokenize
from chatrec.indexes._linker_units import DIMENSION_WORDS, UNIT_WORDS
from chatrec.indexes._linker_words import COMMON
from chatrec.indexes._values import Item

_SAMPLE = 3000


class Vocabulary:
    """Tells real words from misspelt ones and names.

    Args:
        items: All items; the descriptions of at most 3,000 of them, evenly spread, are read.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        tables = (AFTER, BEFORE, ADJECTIVES, CUES, DIMENSION_WORDS, UNIT_WORDS)
        self._words = set(COMMON).union(*(table.words() for table in tables))
        self._words |= {stem(word) for word in self._words}
        counted: Counter[str] = Counter()
        for item in items[:: max(1, len(items) // _SAMPLE)]:
            counted.update({token.norm for token in tokenize(item.description) if token.text.islower()})
        least = 2 if len(items) > 500 else 1
        self._words |= {word for word, count in counted.items() if count >= least}

    def __call__(self, word: str) -> bool:
        """Whether a word is real, in this form or in the singular."""
        return word in self._words or stem(word) in self._words
