"""The ends of a move: an embedded home or a PostgreSQL database; each gives and takes catalogs, people, threads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver

from chatrec.errors import IndexFileError, StoreError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._conversations import moment
from chatrec.indexes._embedders import NamedEmbedder
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_files import IndexFolder, SavedIndex
from chatrec.indexes._index_vectors import Floats
from chatrec.indexes._persistence import (
    catalog_as_told,
    catalog_note,
    facets_told,
    index_folder,
    is_database_url,
    read_note,
)
from chatrec.indexes._postgres import Postgres, connect
from chatrec.indexes._postgres_index import PostgresIndex, catalogs
from chatrec.indexes._postgres_stores import ServerSaver, ServerStore
from chatrec.indexes._postgres_tables import CatalogTables
from chatrec.indexes._savers import LocalSaver
from chatrec.indexes._stores import LocalStore

_PAGE = 1_000

Record: TypeAlias = tuple[str, str, str, str, str]
"""Namespace, key, value (JSON with sorted keys), made, changed (ISO 8601)."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A catalog on its way.

    Attributes:
        catalog: The items.
        vectors: Float32 (items, dimensions), in the order of the items.
        embedder: The id of what made them.
        source: The file that it was read from, as far as that is known, or its name.
    """

    catalog: Catalog
    vectors: Floats
    embedder: str
    source: str


class End(Protocol):
    """Where data is moved from or to."""

    shown: str
    saver: BaseCheckpointSaver[Any]

    def catalogs(self) -> list[str]:
        """What to call the catalogs that are there, for `load`."""
        ...

    def load(self, name: str) -> Moved:
        """A catalog with its vectors."""
        ...

    def save(self, moved: Moved) -> Moved:
        """Keep a catalog; returns it as it is read back."""
        ...

    def records(self, after: tuple[str, str]) -> list[Record]:
        """The next records of people, by namespace and key, at most a page."""
        ...

    def keep(self, records: list[Record]) -> None:
        """Keep records under their own keys, with their own times."""
        ...

    def threads(self) -> list[str]:
        """The conversations, by name."""
        ...


class DatabaseEnd:
    """A PostgreSQL database.

    Args:
        url: Its URL.
    """

    def __init__(self, url: str) -> None:
        self._server: Postgres = connect(url)
        self.shown = self._server.shown
        self._store = ServerStore(self._server)
        self.saver: BaseCheckpointSaver[Any] = ServerSaver(self._server)

    def catalogs(self) -> list[str]:
        """Their names."""
        return catalogs(self._server)

    def load(self, name: str) -> Moved:
        """As `End.load`."""
        head = CatalogTables(self._server, name, "").head()
        if head is None:
            raise IndexFileError(f"the catalog {name!r} is gone from {self.shown}", hint="run the move again")
        catalog, index = PostgresIndex.load(name, server=self._server, embedder=NamedEmbedder(head.embedder))
        vectors = index.vectors([item.id for item in catalog.items])
        return Moved(catalog, vectors, head.embedder, str(head.told.get("source", name)))

    def save(self, moved: Moved) -> Moved:
        """As `End.save`."""
        PostgresIndex.build(
            moved.catalog, server=self._server, embedder=NamedEmbedder(moved.embedder), vectors=moved.vectors
        )
        CatalogTables(self._server, moved.catalog.name, moved.embedder).tell(
            facets_told(moved.catalog) | {"source": moved.source}
        )
        return self.load(moved.catalog.name)

    def records(self, after: tuple[str, str]) -> list[Record]:
        """As `End.records`."""
        rows = self._server.read(
            "SELECT prefix, key, value, created_at, updated_at FROM store "
            'WHERE (prefix COLLATE "C", key COLLATE "C") > (%(prefix)s, %(key)s) '
            f'ORDER BY prefix COLLATE "C", key COLLATE "C" LIMIT {_PAGE}',
            {"prefix": after[0], "key": after[1]},
        )
        return [
            (
                row["prefix"],
                row["key"],
                _sorted(row["value"]),
                row["created_at"].isoformat(),
                row["updated_at"].isoformat(),
            )
            for row in rows
        ]

    def keep(self, records: list[Record]) -> None:
        """As `End.keep`."""

        def keep() -> None:
            with self._server.transaction() as connection, connection.cursor() as cursor:
                cursor.executemany(
                    b"INSERT INTO store (prefix, key, value, created_at, updated_at) VALUES (%s, %s, %s, %s, %s) "
                    b"ON CONFLICT (prefix, key) DO UPDATE SET value = excluded.value, "
                    b"created_at = excluded.created_at, updated_at = excluded.updated_at",
                    records,
                )

        self._server.safely(keep)

    def threads(self) -> list[str]:
        """As `End.threads`."""
        return [
            row["thread_id"]
            for row in self._server.read("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id")
        ]


class HomeEnd:
    """A home folder of the embedded kind.

    Args:
        folder: The folder; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()
        self.shown = str(self._folder)
        self._store = LocalStore(self._folder / "people.db")
        self._saver = LocalSaver(self._folder / "threads.db")
        self.saver: BaseCheckpointSaver[Any] = self._saver

    def catalogs(self) -> list[str]:
        """The names of their folders."""
        below = self._folder / "indexes"
        folders = sorted(path for path in below.iterdir() if path.is_dir()) if below.is_dir() else []
        return [path.name for path in folders if IndexFolder(path).read() is not None]

    def load(self, name: str) -> Moved:
        """As `End.load`."""
        return self._load(self._folder / "indexes" / name)

    def save(self, moved: Moved) -> Moved:
        """As `End.save`."""
        catalog = moved.catalog
        folder = index_folder(moved.source, catalog.name, below=self._folder)
        ItemIndex.build(catalog, embedder=NamedEmbedder(moved.embedder), path=folder, vectors=moved.vectors)
        catalog_note(folder, catalog, moved.source)
        return self._load(folder)

    def records(self, after: tuple[str, str]) -> list[Record]:
        """As `End.records`."""
        with self._store._cursor() as cursor:
            rows = cursor.execute(
                "SELECT prefix, key, value, created_at, updated_at FROM store WHERE (prefix, key) > (?, ?) "
                f"ORDER BY prefix, key LIMIT {_PAGE}",
                after,
            ).fetchall()
        return [(row[0], row[1], _sorted(json.loads(row[2])), _time(row[3]), _time(row[4])) for row in rows]

    def keep(self, records: list[Record]) -> None:
        """As `End.keep`."""
        with self._store._cursor() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO store (prefix, key, value, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                [(prefix, key, value, made, changed) for prefix, key, value, made, changed in records],
            )

    def threads(self) -> list[str]:
        """As `End.threads`."""
        with self._saver.cursor(transaction=False) as cursor:
            rows = cursor.execute("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id").fetchall()
        return [row[0] for row in rows]

    def _load(self, folder: Path) -> Moved:
        saved = IndexFolder(folder).read()
        if saved is None:
            raise IndexFileError(f"the index in {str(folder)!r} is gone", hint="run the move again")
        index = ItemIndex.load(folder, embedder=NamedEmbedder(saved.embedder))
        items = [entry.item for entry in _entries(saved)]
        note = read_note(folder)
        name = str(note.get("name") or folder.name.rpartition("-")[0])
        catalog = catalog_as_told(items, name, note)
        vectors = index.vectors([item.id for item in items])
        return Moved(catalog, vectors, saved.embedder, str(note.get("source", name)))


def open_end(text: str) -> DatabaseEnd | HomeEnd:
    """An end of a move, from what was typed: the URL of a database, or a folder."""
    return DatabaseEnd(text) if is_database_url(text) else HomeEnd(Path(text))


def records_of(end: End) -> Iterator[list[Record]]:
    """All records of an end, a page at a time."""
    after = ("", "")
    while page := end.records(after):
        yield page
        after = page[-1][0], page[-1][1]


def _entries(saved: SavedIndex) -> Iterator[Entry]:
    return (saved.state.entry(int(place)) for place in saved.state.rows)


def _sorted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _time(text: object) -> str:
    """A time as SQLite keeps it, in UTC where it does not say."""
    if not isinstance(text, str):
        raise StoreError(f"{text!r} is no time", hint="the store was written by another program")
    return moment(text).isoformat()
