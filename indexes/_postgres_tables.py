"""The items of one catalog in PostgreSQL: a table of items and a table of their words, and how they change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._index_batches import digest
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_vectors import Floats
from chatrec.indexes._postgres import Connection, Postgres
from chatrec.indexes._postgres_words import Sizes, Text, change_words, name_hash, words_table
from chatrec.indexes._words import words

GRAPH_FROM: Final = 50_000
"""Of more allowed rows a graph finds what is near; to compare so many takes about a tenth of a second."""
_MOST_IN_GRAPH: Final = 2_000
"""Dimensions that pgvector's graphs can have."""
_PLAIN_BELOW: Final = 1_900
"""Vectors of fewer dimensions fit beside what else a row holds of a page."""
_SEEN_SECONDS: Final = 1.0
_BUILD_MEMORY: Final = "256MB"


@dataclass(frozen=True, slots=True)
class Head:
    """What the server knows of a catalog as a whole."""

    name: str
    number: int
    embedder: str
    dimensions: int
    told: dict[str, Any]
    facets: tuple[str, ...]
    sizes: Sizes
    next_row: int
    total: NDArray[np.float64]
    version: int

    @property
    def items(self) -> str:
        """The table of items."""
        return f"items_{self.number}"

    @property
    def words(self) -> str:
        """The table of words."""
        return f"words_{self.number}"

    @property
    def mean(self) -> Floats:
        """The mean of the vectors, (dimensions,)."""
        return (self.total / max(1, self.sizes.items)).astype(np.float32)


class CatalogTables:
    """The tables of one catalog.

    Args:
        server: The server.
        name: The catalog's name.
        embedder: The id of what makes the vectors.
    """

    def __init__(self, server: Postgres, name: str, embedder: str) -> None:
        self.server = server
        self.name = _clean(name)
        self._embedder = embedder
        self._seen: tuple[float, Head] | None = None

    def head(self) -> Head | None:
        """What there is; None for nothing yet. What other processes change is seen within a second."""
        held = self._seen
        if held is not None and time.monotonic() - held[0] < _SEEN_SECONDS:
            return held[1]
        at = time.monotonic()
        rows = self.server.read("SELECT * FROM catalogs WHERE name = %(name)s", {"name": self.name})
        head = _head(rows[0]) if rows else None
        self._seen = None if head is None else (at, head)
        return head

    def put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        """Add rows, or put others in the place of those with the same ids, in one transaction.

        Raises:
            EmbedderError: The vectors have another length than those that are there, or another maker.
            StoreError: The server does not answer, or refuses.
        """
        last = {entry.item.id: number for number, entry in enumerate(entries)}  # of equal ids the last one counts
        chosen, made = [entries[number] for number in last.values()], vectors[list(last.values())]
        self.server.safely(lambda: self._put(chosen, made))
        self._seen = None

    def remove(self, ids: Sequence[str] | None) -> None:
        """Take rows out, all of them for None; ids that are not there are ignored."""
        self.server.safely(lambda: self._change(ids, [], np.zeros((0, 0), np.float32)))
        self._seen = None

    def drop(self) -> bool:
        """Delete the catalog with its tables; returns whether there was one."""

        def drop() -> bool:
            with self.server.transaction() as connection:
                head = self._lock(connection)
                if head is None:
                    return False
                connection.execute(f"DROP TABLE IF EXISTS {head.items}, {head.words}".encode())
                connection.execute(b"DELETE FROM catalogs WHERE name = %s", [self.name])
                return True

        self._seen = None
        return self.server.safely(drop)

    def tell(self, told: dict[str, Any]) -> None:
        """Keep what is known of the catalog beside its items: kinds and units of facets, the order of items."""

        def tell() -> None:
            with self.server.transaction() as connection:
                self._begin(connection)
                connection.execute(
                    b"UPDATE catalogs SET told = told || %s::jsonb WHERE name = %s", [json.dumps(told), self.name]
                )

        self.server.safely(tell)

    def build_graph(self) -> None:
        """Make the graph that finds near vectors, where it pays and is not there yet."""
        head = self.head()
        if head is None or head.sizes.items <= GRAPH_FROM or head.dimensions > _MOST_IN_GRAPH:
            return

        def build() -> None:
            with self.server.transaction() as connection:
                connection.execute(f"SET LOCAL maintenance_work_mem TO '{_BUILD_MEMORY}'".encode())
                connection.execute(b"SET LOCAL statement_timeout TO 0")
                connection.execute(
                    f"CREATE INDEX IF NOT EXISTS {head.items}_near ON {head.items} "
                    "USING hnsw (embedding vector_cosine_ops)".encode()
                )

        self.server.safely(build)

    def _put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        self._change([entry.item.id for entry in entries], entries, vectors)

    def _change(self, gone: Sequence[str] | None, entries: Sequence[Entry], vectors: Floats) -> None:
        with self.server.transaction() as connection:
            head = self._begin(connection) if entries else self._lock(connection)
            if head is None or (not entries and not head.dimensions):
                return
            if entries and not head.dimensions:
                _make_tables(connection, head, vectors.shape[1])
            elif entries and head.dimensions != vectors.shape[1]:
                raise EmbedderError(
                    f"vectors of {vectors.shape[1]} numbers for a catalog with {head.dimensions}",
                    hint="all vectors of a catalog need one length",
                )
            old = self._take(connection, head, gone)
            rows, next_row = dict[str, int](), head.next_row
            for entry in entries:
                if entry.item.id in old:
                    rows[entry.item.id] = old[entry.item.id][0].row
                else:
                    rows[entry.item.id], next_row = next_row, next_row + 1
            _copy(connection, head, entries, vectors, rows)
            fresh = (_text(entry, rows[entry.item.id]) for entry in entries)
            body, title, longest = change_words(connection, head.words, [text for text, _ in old.values()], fresh)
            total = head.total if len(head.total) else np.zeros(vectors.shape[1])
            for vector in (*vectors, *(-vector for _, vector in old.values())):
                total = total + vector
            connection.execute(
                b"""UPDATE catalogs SET items = items + %(items)s, next_row = %(next)s, total = %(total)s,
    body_words = body_words + %(body)s, title_words = title_words + %(title)s, longest = greatest(longest, %(longest)s),
    facets = ARRAY(SELECT DISTINCT unnest(facets || %(facets)s::text[])), version = version + 1, changed_at = now()
WHERE name = %(name)s""",
                {
                    "items": len(entries) - len(old),
                    "next": next_row,
                    "total": total.tolist(),
                    "body": body,
                    "title": title,
                    "longest": longest,
                    "facets": sorted({_clean(name) for entry in entries for name in entry.item.facets}),
                    "name": self.name,
                },
            )

    def _begin(self, connection: Connection) -> Head:
        """The catalog, made where there is none, locked against other writers until the transaction ends."""
        connection.execute(
            b"INSERT INTO catalogs (name, embedder) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
            [self.name, self._embedder],
        )
        head = self._lock(connection)
        if head is None:
            raise IndexFileError(f"the catalog {self.name!r} was deleted just now", hint="try again")
        if head.embedder != self._embedder:
            raise EmbedderError(
                f"the catalog {self.name!r} has vectors of {head.embedder!r}, not of {self._embedder!r}",
                hint="use that embedder, or delete the catalog from the database first",
            )
        return head

    def _lock(self, connection: Connection) -> Head | None:
        row = connection.execute(b"SELECT * FROM catalogs WHERE name = %s FOR UPDATE", [self.name]).fetchone()
        return None if row is None else _head(row)

    def _take(self, connection: Connection, head: Head, ids: Sequence[str] | None) -> dict[str, tuple[Text, Floats]]:
        """Delete rows; what they held, by id."""
        if not head.dimensions:
            return {}
        found = connection.execute(
            f"DELETE FROM {head.items} WHERE %(all)s OR id = ANY(%(ids)s) "
            "RETURNING id, row, content, title, embedding".encode(),
            {"all": ids is None, "ids": list(ids or ())},
            binary=True,
        ).fetchall()
        return {
            row["id"]: (Text(row["row"], row["content"], row["title"]), vector_of(row["embedding"])) for row in found
        }


def vector_of(raw: bytes) -> Floats:
    """A vector as the server sends it: two short numbers, then big-endian floats."""
    return np.frombuffer(raw, ">f4", offset=4).astype(np.float32)


def vector_text(vector: Floats) -> str:
    """A vector as the server reads it."""
    return f"[{','.join(map('{:.9g}'.format, vector.tolist()))}]"


def entry_digest(entry: Entry) -> bytes:
    """16 bytes that stand for all that is kept of an entry."""
    return digest(_entry_json(entry))


def _entry_json(entry: Entry) -> str:
    return _clean(json.dumps(entry.as_json(), ensure_ascii=False, default=str)).replace("\\u0000", " ")


def _text(entry: Entry, row: int) -> Text:
    return Text(row, _clean(entry.text()), _clean(entry.item.title))


def _clean(text: str) -> str:
    """Text that the server can hold: lone surrogates and NUL are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")


def _make_tables(connection: Connection, head: Head, dimensions: int) -> None:
    statements = [
        f"CREATE TABLE {head.items} (id text PRIMARY KEY, row integer NOT NULL UNIQUE, title text NOT NULL, "
        f"content text NOT NULL, embedding vector({dimensions}) NOT NULL, facets jsonb NOT NULL, entry json NOT NULL, "
        "name bigint, digest bytea NOT NULL)",
        f"CREATE INDEX ON {head.items} USING gin (facets jsonb_path_ops)",
        f"CREATE INDEX ON {head.items} (name)",
        *words_table(head.words),
    ]
    if dimensions < _PLAIN_BELOW:
        # Vectors that every search reads stay in the row; long texts move out instead.
        statements.insert(1, f"ALTER TABLE {head.items} ALTER embedding SET STORAGE PLAIN")
    for statement in statements:
        connection.execute(statement.encode())
    connection.execute(b"UPDATE catalogs SET dimensions = %s WHERE name = %s", [dimensions, head.name])


def _copy(connection: Connection, head: Head, entries: Iterable[Entry], vectors: Floats, rows: dict[str, int]) -> None:
    with connection.cursor().copy(f"COPY {head.items} FROM STDIN".encode()) as copy:
        for entry, vector in zip(entries, vectors, strict=True):
            title = words(_clean(entry.item.title))
            kept = _entry_json(entry)
            facets = _clean(json.dumps(_facets(entry), ensure_ascii=False)).replace("\\u0000", " ")
            copy.write_row(
                (
                    entry.item.id,
                    rows[entry.item.id],
                    _clean(entry.item.title),
                    _clean(entry.text()),
                    vector_text(vector),
                    facets,
                    kept,
                    name_hash(title) if title else None,
                    entry_digest(entry),
                )
            )


def _facets(entry: Entry) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in entry.item.facets.items()}


def _head(row: dict[str, Any]) -> Head:
    return Head(
        row["name"],
        row["number"],
        row["embedder"],
        row["dimensions"],
        row["told"],
        tuple(row["facets"]),
        Sizes(row["items"], row["body_words"], row["title_words"], row["longest"]),
        row["next_row"],
        np.array(row["total"], np.float64),
        row["version"],
    )
