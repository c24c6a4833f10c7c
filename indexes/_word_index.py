"""Which items share words with a query (BM25), over parts that come and go.

Three things count alike. The body is the whole text: stemmed, without function words. The title keeps every word as it
is written and counts the more the shorter it is. And a title that stands as a whole in the query names its item, which
puts an item before its sequels. A word that no item has counts as the title word that it was probably meant for.

Only frequencies are kept; how rare a word is and how long a text is on average are asked of all parts for each query.
So items that come or go change every score as if the index had been made anew, at no cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._linker_spelling import Speller
from chatrec.indexes._word_postings import Hashes, Postings, Rows, hashed
from chatrec.indexes._words import is_stop, stem, stems, words

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

K1 = 1.2
B = {"body": 0.75, "title": 1.0}  # 1: what counts is the share of the title that is said
_NAMED_WITHIN = 64
"""Titles are looked for among so many first words of a query."""


class WordIndex:
    """The words of some rows, never changed.

    Args:
        fields: The postings of "body" and "title".
        names: uint64, the hashes of whole titles, rising.
        bearers: int32, the row of each.
        longest: The words of the longest title.
        vocabulary: The words of the titles.
    """

    def __init__(
        self,
        fields: Mapping[str, Postings],
        names: Hashes,
        bearers: NDArray[np.int32],
        longest: int,
        vocabulary: Callable[[], Iterable[str]],
    ) -> None:
        self.fields = fields
        self.names, self.bearers, self.longest = names, bearers, longest
        self._vocabulary = vocabulary

    def __len__(self) -> int:
        return len(self.fields["body"])

    @classmethod
    def of(cls, texts: Iterable[str], titles: Iterable[str]) -> WordIndex:
        """The words of texts and titles, a row each; a title may be empty."""
        named = [words(title) for title in titles]
        fields = {"body": Postings.of(map(stems, texts)), "title": Postings.of(named)}
        bearers = np.array([row for row, title in enumerate(named) if title], np.int32)
        names = np.array([hashed(" ".join(title)) for title in named if title], np.uint64)
        spellings = sorted({word for title in named for word in title})
        order = np.argsort(names, kind="stable")
        return cls(fields, names[order], bearers[order], max(map(len, named), default=0), lambda: spellings)

    @classmethod
    def joined(cls, parts: Sequence[tuple[WordIndex, Rows]], size: int) -> WordIndex:
        """As `Postings.joined`."""
        fields = {
            name: Postings.joined([(part.fields[name], renumbered) for part, renumbered in parts], size) for name in B
        }
        rows = [renumbered[part.bearers] for part, renumbered in parts]
        names = np.concatenate([np.zeros(0, np.uint64), *(part.names for part, _ in parts)])
        bearers = np.concatenate([np.zeros(0, np.int64), *rows])
        order = np.lexsort((bearers, names))
        order = order[bearers[order] >= 0]
        longest = max((part.longest for part, _ in parts), default=0)
        spellings = sorted({word for part, _ in parts for word in part.vocabulary})
        return cls(fields, names[order], bearers[order].astype(np.int32), longest, lambda: spellings)

    @cached_property
    def vocabulary(self) -> Sequence[str]:
        """The words of the titles, sorted; those of rows that were left out may be among them."""
        return list(self._vocabulary())

    def bearers_of(self, names: Hashes) -> list[tuple[int, int]]:
        """The rows with these titles, as pairs of a place in `names` and a row."""
        first, last = np.searchsorted(self.names, names, "left"), np.searchsorted(self.names, names, "right")
        return [
            (int(place), int(row))
            for place in np.flatnonzero(last > first)
            for row in self.bearers[first[place] : last[place]]
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by name, to be saved: `from_arrays` takes them back."""
        found = {f"{field}.{name}": a for field, each in self.fields.items() for name, a in each.arrays().items()}
        spellings = np.frombuffer("\n".join(self.vocabulary).encode("utf-8", "surrogatepass"), np.uint8)
        longest = np.array([self.longest], np.int64)
        return found | {"names": self.names, "bearers": self.bearers, "longest": longest, "vocabulary": spellings}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> WordIndex:
        """The inverse of `arrays`, without reading a text again.

        Raises:
            KeyError: One is missing.
        """
        fields = {
            field: Postings.from_arrays(
                {n.partition(".")[2]: a for n, a in arrays.items() if n.startswith(f"{field}.")}
            )
            for field in B
        }
        spelled = arrays["vocabulary"]
        return cls(
            fields,
            arrays["names"],
            arrays["bearers"],
            int(arrays["longest"][0]),
            lambda: spelled.tobytes().decode("utf-8", "surrogatepass").split("\n"),
        )

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.vocabulary, lambda _: False)

    def meant_by(self, word: str) -> tuple[str, float] | None:
        """The title word that a misspelt word was probably meant for, and how likely (0 to 1)."""
        found = self._speller(word)
        return found[0] if found else None


def phrases_of(written: list[str], longest: int) -> list[list[str]]:
    """What stands in a query that may be a whole title of at most so many words."""
    said = written[:_NAMED_WITHIN]
    return [
        said[start:stop]
        for start in range(len(said))
        for stop in range(start + 1, min(len(said), start + longest) + 1)
        if stop - start == len(written) or not all(map(is_stop, said[start:stop]))
    ]


class Corpus:
    """Parts that are searched as one.

    Args:
        parts: Word indexes.
        alive: Which rows of each count, (rows,); None for all.
    """

    def __init__(self, parts: Sequence[WordIndex], alive: Sequence[Mask | None]) -> None:
        self._parts = parts
        self._alive = alive
        self._size = sum(
            len(part) if kept is None else int(kept.sum()) for part, kept in zip(parts, alive, strict=True)
        )
        self._last: tuple[str, list[Floats]] | None = None

    def scores(self, query: str) -> list[Floats]:
        """How much of the query each row's words explain.

        A field's BM25 is divided by the weight of all the query's words, so that a long sentence of which an item has
        one word counts little.

        Args:
            query: Any text.

        Returns:
            A float32 (rows,) for each part: 0 is no word in common, 1 (never reached) all words in the body and the
            whole title said. Rows that do not count have scores too. Those of the last query are kept:
            not to be written in.
        """
        last = self._last
        if last is None or last[0] != query:
            last = self._last = query, self._score(query)  # replaced at once: threads never see half of it
        return last[1]

    def _score(self, query: str) -> list[Floats]:
        written, sure = self._mended(words(query))
        telling = [word for word in written if not is_stop(word)]
        found = [np.zeros(len(part), np.float32) for part in self._parts]
        if not self._size:
            return found
        self._add(found, "body", {stem(word): sure.get(word, 1.0) for word in telling})
        asked = {word: sure.get(word, 1.0) for word in telling or written}
        self._add(found, "title", asked)
        self._add_names(found, written, sure, list(asked))
        return [scores / np.float32(3.0) for scores in found]

    def _mended(self, written: list[str]) -> tuple[list[str], dict[str, float]]:
        """The query's words with misspelt ones put right, and how sure each of those is."""
        sure: dict[str, float] = {}
        mended: list[str] = []
        for word in written:
            meant = None
            if len(word) > 4 and not self._held("body", stem(word)) and not self._held("title", word):
                meant = self._meant_by(word)
            mended.append(word if meant is None else meant[0])
            if meant is not None and meant[0] not in written:
                sure[meant[0]] = meant[1]
        return mended, sure

    def _meant_by(self, word: str) -> tuple[str, float] | None:
        """The title word that a misspelt word was probably meant for, and how likely."""
        return max(filter(None, (part.meant_by(word) for part in self._parts)), key=lambda m: m[1], default=None)

    def _add(self, found: list[Floats], field: str, asked: Mapping[str, float]) -> None:
        """BM25 over the greatest weight that the words could have (Robertson and Zaragoza, 2009; idf as in Lucene)."""
        weights = {word: weight for word in asked if (weight := self._weight(field, word)) > 0.0}
        whole = sum(weights.values())
        for scores, part, norms in zip(found, self._parts, self._norms(field), strict=True):
            postings = part.fields[field]
            for word, weight in weights.items():
                span = postings.span(word)
                if span.stop > span.start:
                    # Half the time of `scores[rows] += ... / (counts + norms[rows])`, and a common word has many rows.
                    rows, counts = postings.rows[span].astype(np.intp), postings.counts[span].astype(np.float32)
                    share = norms[rows]
                    share += counts
                    np.divide(counts, share, out=share)
                    share *= np.float32(weight * asked[word] / whole)
                    np.add.at(scores, rows, share)

    def _add_names(self, found: list[Floats], written: list[str], sure: Mapping[str, float], asked: list[str]) -> None:
        """The share of each title that stands in the query; one of function words alone only if nothing else does."""
        longest = max((part.longest for part in self._parts), default=0)
        phrases = phrases_of(written, longest)
        if not phrases:
            return
        hashes = np.array([hashed(" ".join(phrase)) for phrase in phrases], np.uint64)
        whole = sum(self._weight("title", word) for word in asked)
        if not whole:
            return
        for scores, part in zip(found, self._parts, strict=True):
            for place, row in part.bearers_of(hashes):
                weight = sum(self._weight("title", word) for word in set(phrases[place]))
                certain = min((sure.get(word, 1.0) for word in phrases[place]), default=1.0)
                scores[row] += certain * min(1.0, weight / whole)

    def _held(self, field: str, word: str) -> int:
        """How many rows that count have the word."""
        held = 0
        for part, kept in zip(self._parts, self._alive, strict=True):
            postings = part.fields[field]
            span = postings.span(word)
            held += span.stop - span.start if kept is None else int(kept[postings.rows[span]].sum())
        return held

    def _weight(self, field: str, word: str) -> float:
        key = (field, word)
        if key not in self._weights:
            held = self._held(field, word)
            # An unknown word says nothing if it is a function word, or two characters that met at a word's edge.
            chance = is_stop(word) or (len(word) == 2 and ord(word[0]) > 0x2FFF)
            if len(self._weights) > 10_000:
                self._weights.clear()
            none = held == 0 and chance
            self._weights[key] = 0.0 if none else math.log1p((self._size - held + 0.5) / (held + 0.5))
        return self._weights[key]

    @cached_property
    def _weights(self) -> dict[tuple[str, str], float]:
        return {}

    def _norms(self, field: str) -> list[Floats]:
        """What BM25 adds to a word's count in each row: the more, the longer the row."""
        if field not in self._normed:
            lengths = [part.fields[field].lengths for part in self._parts]
            total = sum(
                int((each if kept is None else each[kept]).sum(dtype=np.int64))
                for each, kept in zip(lengths, self._alive, strict=True)
            )
            per_word = B[field] * self._size / max(1, total)
            self._normed[field] = [
                (K1 * (1.0 - B[field] + np.float32(per_word) * each)).astype(np.float32) for each in lengths
            ]
        return self._normed[field]

    @cached_property
    def _normed(self) -> dict[str, list[Floats]]:
        return {}
