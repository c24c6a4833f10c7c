"""Real and misspelt words: which words are real, and which words of a catalog another may have been meant for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatrec.indexes._linker_adjectives import ADJECTIVES
from chatrec.indexes._linker_bounds import AFTER, BEFORE
from chatrec.indexes._linker_cues import CUES
from chatrec.indexes._linker_dictionary import english_words
from chatrec.indexes._linker_text import stem, tokenize
from chatrec.indexes._linker_units import DIMENSION_WORDS, UNIT_WORDS
from chatrec.indexes._linker_words import COMMON
from chatrec.indexes._values import Item

_VOWELS = frozenset("aeiouy")
_SAMPLE = 3000


class Speller:
    """Corrects words that are neither ordinary nor in the catalog.

    Args:
        words: The catalog's words that may be meant.
        real: Whether a word is a real one, never a misspelling.
    """

    def __init__(self, words: Iterable[str], real: Callable[[str], bool]) -> None:
        self._words: Collection[str] = {word for word in words if len(word) >= 4 and word.isalpha() and word.isascii()}
        self._real = real
        self._buckets: dict[tuple[str, int], list[str]] = {}
        for word in sorted(self._words):
            self._buckets.setdefault((word[0], len(word)), []).append(word)
        self._seen: dict[str, tuple[tuple[str, float], ...]] = {}

    def __call__(self, word: str) -> tuple[tuple[str, float], ...]:
        """Up to three corrections, each with how likely it is (0 to 1); empty for a word that needs none.

        The first letter is taken to be right. Words of five to seven letters may differ in one edit, longer ones in
        two.
        """
        if len(word) < 5 or not word.isascii() or not word.isalpha() or word in self._words or self._real(word):
            return ()
        if word not in self._seen:
            if len(self._seen) > 10_000:
                self._seen.clear()
            self._seen[word] = self._correct(word)
        return self._seen[word]

    def _correct(self, word: str) -> tuple[tuple[str, float], ...]:
        allowed = 1 if len(word) < 8 else 2
        found: list[tuple[str, float]] = []
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            bucket = self._buckets.get((word[0], length), ())
            for other, distance, _ in process.extract(word, bucket, scorer=OSA.distance, score_cutoff=allowed, limit=3):
                if len(other) >= 5:
                    found.append((other, _likely(word, other, int(distance))))
        if found and word in english_words():
            return ()
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:3])


def _likely(word: str, other: str, distance: int) -> float:
    if len(word) != len(other) or sorted(word) == sorted(other):
        return 0.88 if distance == 1 else 0.8
    differing = [(a, b) for a, b in zip(word, other, strict=True) if a != b]
    if distance == 1 and all(a in _VOWELS and b in _VOWELS for a, b in differing):
        return 0.86
    return 0.84 if distance == 1 and len(word) >= 7 else 0.68


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
