"""Words: which items share words with a query (BM25), in English and Chinese alike.

Three things count alike. The body is the whole text: stemmed, without function words. The title keeps every word as it
is written and counts the more the shorter it is. And a title that stands as a whole in the query names its item, which
puts an item before its sequels.

Letters are compared without case, width and accents. Chinese, Japanese and Korean are cut into single characters and
pairs, which needs no dictionary.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_CJK = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_RUNS = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>(?:(?![{_CJK}])[^\W_])+(?:['’](?:(?![{_CJK}])[^\W_])+)*)")
_ACCENTS = re.compile("[\u0300-\u036f]")
_STOP = frozenset(
    """
    a about am an and any anything are as at be been but by can could did do does don't for from had has have he
    her him his how i i'd i'll i'm i've if in into is it it's its just like looking me my no not of on or our
    out please recommend she should so some something suggest than that that's the their them then there these
    they this those to too us very want was we were what when where which who will with would you your
    """.split()  # noqa: SIM905
)
_STOP_CHARACTERS = frozenset("的了吗呢吧啊我你他她它们想要这那有是在和与或就都也很不个一些请给")
_VOWEL = re.compile("[aeiouy]")


def words(text: str) -> list[str]:
    """The text's words as they are written, folded: `Amélie's 夏天` gives `amelie's`, `夏`, `天`, `夏天`."""
    # NFKD splits accents off; only the Latin ones are dropped, then the rest (kana, Hangul) is put together again.
    folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text))).casefold()
    found: list[str] = []
    for match in _RUNS.finditer(folded):
        run = match["cjk"]
        if run is None:
            found.append(match["word"].replace("’", "'"))
        else:
            found.extend(run)
            found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


def stems(text: str) -> list[str]:
    """The text's words without function words, English endings taken off: `burning stories` gives `burn`, `story`."""
    return [_stem(word) for word in words(text) if not _is_stop(word)]


def _is_stop(word: str) -> bool:
    return word in _STOP or any(character in _STOP_CHARACTERS for character in word)


def _stem(word: str) -> str:
    """A light stemmer: possessive, plural, -ing, -ed, final e. Query and items are cut alike."""
    word = word.removesuffix("'s")
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 3 and _VOWEL.search(bare):
            doubled = bare[-1] == bare[-2] and bare[-1] not in "lsz"
            word = bare[:-1] if doubled else bare
            break
    return word.removesuffix("e") if len(word) > 3 else word


class WordIndex:
    """BM25 over the bodies and titles of items, by row.

    Args:
        texts: What is searched of each item.
        titles: What each item is called; may hold empty texts.
    """

    def __init__(self, texts: Iterable[str], titles: Iterable[str]) -> None:
        named = [words(title) for title in titles]
        self._body = _Field.build([stems(text) for text in texts], k1=1.2, b=0.75)
        self._title = _Field.build(named, k1=1.2, b=1.0)  # b = 1: what counts is the share of the title that is said
        self._names = _Names([" ".join(title) for title in named])

    def scores(self, query: str) -> Floats:
        """How much of the query each item's words explain.

        A field's BM25 is divided by the weight of all the query's words, so that a long sentence of which an item has
        one word counts little.

        Args:
            query: Any text.

        Returns:
            float32 (items,): 0 is no word in common, 1 (never reached) all words in the body and the whole title said.
        """
        written = words(query)
        telling = [word for word in written if not _is_stop(word)]
        scores = self._body.scores([_stem(word) for word in telling])
        scores += self._title.scores(telling or written)
        for row, phrase in self._names.within(written):
            scores[row] += self._title.share(phrase, telling or written)
        scores /= np.float32(3.0)
        return scores

    def state(self) -> dict[str, Any]:
        """Arrays and vocabularies, to be saved: `from_state` takes them back."""
        return {"body": self._body.state(), "title": self._title.state(), "names": self._names.by_row}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> WordIndex:
        """The inverse of `state`, without reading a text again."""
        index = cls.__new__(cls)
        index._body = _Field(**state["body"])
        index._title = _Field(**state["title"])
        index._names = _Names(state["names"])
        return index


class _Names:
    """Whole titles, folded, and the rows that bear them."""

    def __init__(self, by_row: Sequence[str]) -> None:
        self.by_row = list(by_row)
        self._rows: dict[str, list[int]] = {}
        for row, name in enumerate(self.by_row):
            if name:
                self._rows.setdefault(name, []).append(row)
        self._longest = max((name.count(" ") + 1 for name in self._rows), default=0)

    def within(self, written: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Rows whose title stands in the query; one of function words alone only where the query says nothing else."""
        for start in range(len(written)):
            for stop in range(start + 1, min(len(written), start + self._longest) + 1):
                phrase = written[start:stop]
                if len(phrase) < len(written) and all(map(_is_stop, phrase)):
                    continue
                for row in self._rows.get(" ".join(phrase), ()):
                    yield row, phrase


class _Field:
    """One BM25 matrix: a column a word, its documents and scores."""

    def __init__(
        self,
        vocabulary: Sequence[str],
        data: Floats,
        indices: NDArray[np.int32],
        indptr: NDArray[np.int64],
        documents: int,
    ) -> None:
        self._columns = {word: column for column, word in enumerate(vocabulary)}
        self._matrix = {"data": data, "indices": indices, "indptr": indptr, "num_docs": documents}
        self._indptr = indptr
        self._documents = documents
        self._bm25: Any = bm25s.BM25(method="lucene")
        self._bm25.scores = self._matrix
        self._bm25.nonoccurrence_array = None

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]], *, k1: float, b: float) -> _Field:
        columns: dict[str, int] = {}
        rows = [[columns.setdefault(word, len(columns)) for word in document] for document in documents]
        if not columns:
            none = np.zeros(0, np.int32)
            return cls([], np.zeros(0, np.float32), none, np.zeros(1, np.int64), len(rows))
        bm25: Any = bm25s.BM25(method="lucene", k1=k1, b=b)
        bm25.index((rows, columns), create_empty_token=False, show_progress=False)
        matrix = bm25.scores
        return cls(list(columns), matrix["data"], matrix["indices"], matrix["indptr"], len(rows))

    def state(self) -> dict[str, Any]:
        names = ("data", "indices", "indptr")
        return {
            "vocabulary": list(self._columns),
            "documents": self._documents,
            **{name: self._matrix[name] for name in names},
        }

    def scores(self, query: Sequence[str]) -> Floats:
        """BM25 over the greatest weight that the query's words could have."""
        known = [self._columns[word] for word in dict.fromkeys(query) if word in self._columns]
        if not known:
            return np.zeros(self._documents, np.float32)
        raw: Floats = self._bm25.get_scores_from_ids(known)
        raw /= np.float32(self._weight(query))
        return raw

    def share(self, part: Sequence[str], query: Sequence[str]) -> float:
        """The weight of some of the query's words in all of it, 0 to 1."""
        return min(1.0, self._weight(part) / self._weight(query))

    def _weight(self, query: Iterable[str]) -> float:
        """The sum of the distinct words' idf (Lucene's, as bm25s has it)."""
        total = 0.0
        for word in dict.fromkeys(query):
            column = self._columns.get(word)
            if column is None and _is_chance(word):
                continue
            held = 0 if column is None else int(self._indptr[column + 1] - self._indptr[column])
            total += math.log1p((self._documents - held + 0.5) / (held + 0.5))
        return total


def _is_chance(word: str) -> bool:
    """Whether an unknown word says nothing: a function word, or two characters that met at a word's edge."""
    return _is_stop(word) or (len(word) == 2 and ord(word[0]) > 0x2FFF)
