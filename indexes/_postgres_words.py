"""The words of items in PostgreSQL: lists of rows by word, made of our own words, and what a query's words weigh.

The server's own word search cuts texts by language and cannot cut Chinese. These lists hold the words that `_words.py`
finds, so that every language is searched as in the embedded index, and the scores are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chatrec.indexes._linker_spelling import Speller
from chatrec.indexes._postgres import Connection
from chatrec.indexes._word_index import K1, B, Corpus, phrases_of
from chatrec.indexes._word_postings import hashed
from chatrec.indexes._words import is_stop, stem, stems, words

BLOCK: Final = 16_384
"""Rows of one list: a change rewrites the lists of its words in one block alone."""
_FIELDS: Final = ("body", "title")
_LONGEST_WORD: Final = 200
_MOST: Final = 32_767

Key = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Text:
    """The texts of one row: whole, and its title."""

    row: int
    body: str
    title: str

    def fields(self) -> tuple[list[str], list[str]]:
        """The words of body and title."""
        return [_cut(word) for word in stems(self.body)], [_cut(word) for word in words(self.title)]


def name_hash(title_words: Sequence[str]) -> int:
    """64 bits with a sign that stand for a whole title."""
    value = hashed(" ".join(title_words))
    return value - (1 << 64) if value >= 1 << 63 else value


def words_table(table: str) -> tuple[str, ...]:
    """The statements that make the table of words."""
    return (
        f'CREATE TABLE {table} (field smallint, word text COLLATE "C", block integer, rows integer[] NOT NULL, '
        "counts smallint[] NOT NULL, lengths integer[] NOT NULL, PRIMARY KEY (field, word, block))",
    )


def change_words(connection: Connection, table: str, gone: Iterable[Text], new: Iterable[Text]) -> tuple[int, int, int]:
    """Take rows' words out and put others in, in the transaction of the connection.

    Returns:
        How many words body and title have more than before, and the words of the longest new title.
    """
    body = title = longest = 0
    keys: set[Key] = set()
    rows: list[int] = []
    for text in gone:
        rows.append(text.row)
        for field, found in enumerate(text.fields()):
            keys.update((field, word, text.row // BLOCK) for word in found)
            body, title = (body - len(found), title) if field == 0 else (body, title - len(found))
    if keys:
        _take_out(connection, table, keys, rows)
    lists: dict[Key, tuple[list[int], list[int], list[int]]] = {}
    for text in new:
        for field, found in enumerate(text.fields()):
            body, title = (body + len(found), title) if field == 0 else (body, title + len(found))
            longest = max(longest, len(found) if field else 0)
            for word, count in Counter(found).items():
                held = lists.setdefault((field, word, text.row // BLOCK), ([], [], []))
                for part, value in zip(held, (text.row, min(count, _MOST), len(found)), strict=True):
                    part.append(value)
    if lists:
        _put_in(connection, table, lists)
    return body, title, longest


def _take_out(connection: Connection, table: str, keys: set[Key], rows: list[int]) -> None:
    fields, found, blocks = zip(*sorted(keys), strict=True)
    connection.execute(
        f"""UPDATE {table} AS w SET (rows, counts, lengths) = (
    SELECT coalesce(array_agg(row), '{{}}'), coalesce(array_agg(count), '{{}}'), coalesce(array_agg(length), '{{}}')
    FROM unnest(w.rows, w.counts, w.lengths) AS p(row, count, length) WHERE row <> ALL(%(rows)s::integer[]))
FROM unnest(%(fields)s::smallint[], %(words)s::text[], %(blocks)s::integer[]) AS k(field, word, block)
WHERE w.field = k.field AND w.word = k.word AND w.block = k.block""".encode(),
        {"rows": rows, "fields": list(fields), "words": list(found), "blocks": list(blocks)},
    )


def _put_in(connection: Connection, table: str, lists: dict[Key, tuple[list[int], list[int], list[int]]]) -> None:
    connection.execute(f"CREATE TEMPORARY TABLE new_words (LIKE {table}) ON COMMIT DROP".encode())
    with connection.cursor().copy(b"COPY new_words FROM STDIN") as copy:
        for (field, word, block), parts in sorted(lists.items()):
            copy.write_row((field, word, block, *(f"{{{','.join(map(str, part))}}}" for part in parts)))
    connection.execute(
        f"""INSERT INTO {table} AS w SELECT * FROM new_words
ON CONFLICT (field, word, block) DO UPDATE
SET rows = w.rows || excluded.rows, counts = w.counts || excluded.counts,
    lengths = w.lengths || excluded.lengths""".encode()
    )
    connection.execute(b"DROP TABLE new_words")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much text a catalog has: items, words of body and title, words of the longest title."""

    items: int
    body: int
    title: int
    longest: int


class QueryWords(Corpus):
    """What the words of one query weigh, from what the server knows of them.

    Args:
        query: The query.
        sizes: How much text there is.
        held: How many rows hold which words, by field and word.
        speller: Made when a word is unknown: finds the title word that it was meant for.
    """

    def __init__(
        self,
        query: str,
        sizes: Sizes,
        held: Callable[[list[tuple[int, str]]], dict[tuple[int, str], int]],
        speller: Callable[[], Speller],
    ) -> None:
        super().__init__((), ())
        self._size = sizes.items
        self._sizes = sizes
        self._look_up, self._speller = held, speller
        self._known: dict[tuple[int, str], int] = {}
        written = [_cut(word) for word in words(query)]
        self._know(written)
        self.written, self.sure = self._mended(written)
        if self.sure:
            self._know(list(self.sure))
        telling = [word for word in self.written if not is_stop(word)]
        asked = telling or self.written
        self._asked = {"body": {stem(word): self.sure.get(word, 1.0) for word in telling}}
        self._asked["title"] = {word: self.sure.get(word, 1.0) for word in asked}
        self._whole = sum(self._weight("title", word) for word in self._asked["title"])

    def weights(self) -> dict[str, list[Any]]:
        """The words to ask for as columns: field, word, weight, and how BM25 adds to a count, by a row's length."""
        columns: dict[str, list[Any]] = {name: [] for name in ("fields", "words", "weights", "flat", "slope")}
        for number, field in enumerate(_FIELDS):
            weighed = {word: weight for word in self._asked[field] if (weight := self._weight(field, word)) > 0.0}
            whole = sum(weighed.values())
            total = self._sizes.title if number else self._sizes.body
            for word, weight in weighed.items():
                columns["fields"].append(number)
                columns["words"].append(word)
                columns["weights"].append(weight * self._asked[field][word] / whole / 3.0)
                columns["flat"].append(K1 * (1.0 - B[field]))
                columns["slope"].append(K1 * B[field] * self._size / max(1, total))
        return columns

    def names(self) -> dict[int, float]:
        """What a title that stands in the query adds to its rows, by the title's hash."""
        if not self._whole:
            return {}
        found: dict[int, float] = {}
        for phrase in phrases_of(self.written, self._sizes.longest):
            weight = sum(self._weight("title", word) for word in set(phrase))
            certain = min((self.sure.get(word, 1.0) for word in phrase), default=1.0)
            key = name_hash(phrase)
            found[key] = found.get(key, 0.0) + certain * min(1.0, weight / self._whole) / 3.0
        return found

    def _know(self, found: list[str]) -> None:
        self._known |= self._look_up([(0, stem(word)) for word in found] + [(1, word) for word in found])

    def _held(self, field: str, word: str) -> int:
        return self._known.get((_FIELDS.index(field), word), 0)

    def _meant_by(self, word: str) -> tuple[str, float] | None:
        found = self._speller()(word)
        return found[0] if found else None


def _cut(word: str) -> str:
    return word[:_LONGEST_WORD]
