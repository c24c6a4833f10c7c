"""Where people's data lives: the home folder, the store and the checkpointer."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from platformdirs import user_data_path

from chatrec._files import replacing
from chatrec.errors import StoreError
from chatrec.indexes._database import make_folder
from chatrec.indexes._savers import LocalSaver, MemorySaver, serializer
from chatrec.indexes._stores import LocalStore, MemoryStore

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._index import ItemIndex
    from chatrec.indexes._index_batches import Progress
    from chatrec.indexes._postgres_index import PostgresIndex
    from chatrec.indexes._postgres_stores import ServerSaver, ServerStore
    from chatrec.indexes._values import Item


def home() -> Path:
    """The folder of all of chatrec's state, made when it is missing, for its owner alone.

    Returns:
        `CHATREC_HOME`, or the platform's folder for user data.

    Raises:
        StoreError: It cannot be made.
    """
    told = os.environ.get("CHATREC_HOME", "").strip()
    try:
        folder = Path(told).expanduser().absolute() if told else user_data_path("chatrec", appauthor=False)
    except RuntimeError:
        raise StoreError(f"CHATREC_HOME is {told!r}, and nobody is called so", hint="give a whole path") from None
    make_folder(folder)
    return folder


@overload
def open_store(path: None) -> MemoryStore: ...
@overload
def open_store(path: os.PathLike[str]) -> LocalStore: ...
@overload
def open_store(path: str) -> LocalStore | ServerStore: ...
def open_store(path: str | os.PathLike[str] | None) -> LocalStore | MemoryStore | ServerStore:
    """A store for profiles, feedback and thread owners; it works from sync and async code, threads and processes.

    Args:
        path: An SQLite file, made with its folders when missing; the URL of a PostgreSQL database
            (`postgresql://...`); None keeps everything in memory.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database, or the server does not answer.
    """
    if isinstance(path, str) and is_database_url(path):
        with needs_postgres():
            from chatrec.indexes._postgres import connect
            from chatrec.indexes._postgres_stores import ServerStore
        return ServerStore(connect(path))
    return MemoryStore() if path is None else LocalStore(path)


@overload
def open_checkpointer(path: None, *, types: Sequence[type] = ()) -> MemorySaver: ...
@overload
def open_checkpointer(path: os.PathLike[str], *, types: Sequence[type] = ()) -> LocalSaver: ...
@overload
def open_checkpointer(path: str, *, types: Sequence[type] = ()) -> LocalSaver | ServerSaver: ...
def open_checkpointer(
    path: str | os.PathLike[str] | None, *, types: Sequence[type] = ()
) -> LocalSaver | MemorySaver | ServerSaver:
    """A checkpointer for conversations; it works from sync and async code, threads and processes.

    Values are written as MessagePack and never pickled. Plain values and the message types of LangChain and LangGraph
    come back as they were; other objects come back as the plain values that they were made of.

    Args:
        path: An SQLite file, made with its folders when missing; the URL of a PostgreSQL database
            (`postgresql://...`); None keeps everything in memory.
        types: More classes that come back as they were, for apps that keep their own in a conversation's state.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database, or the server does not answer.
    """
    if isinstance(path, str) and is_database_url(path):
        with needs_postgres():
            from chatrec.indexes._postgres import connect
            from chatrec.indexes._postgres_stores import ServerSaver
        return ServerSaver(connect(path), types=types)
    return MemorySaver(serde=serializer(types)) if path is None else LocalSaver(path, types=types)


def is_database_url(text: object) -> bool:
    """Whether a text is the URL of a PostgreSQL database."""
    return isinstance(text, str) and text.startswith(("postgresql://", "postgres://"))


@contextmanager
def needs_postgres() -> Generator[None, None, None]:
    """Around imports of what speaks with PostgreSQL: says how to install what is missing."""
    try:
        yield
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL needs a package that is not installed: {error.name}", hint="pip install 'chatrec[postgres]'"
        ) from error


def build_index(
    catalog: Catalog,
    embedder: str | Embeddings = "auto",
    *,
    path: Path | None = None,
    database_url: str | None = None,
    progress: Progress | None = None,
) -> ItemIndex | PostgresIndex:
    """The index of a catalog, made or brought up to date: in a database, in a folder, or else in memory.

    Args:
        catalog: The items.
        embedder: As for `open_embedder`.
        path: The folder.
        database_url: The database; the folder is not used then.
        progress: Called with (done, total).

    Raises:
        EmbedderError: The embedder is missing, or is not the one that built what is there.
        IndexFileError: The folder cannot be used.
        StoreError: The database does not answer.
    """
    if database_url is not None:
        with needs_postgres():
            from chatrec.indexes._postgres import connect
            from chatrec.indexes._postgres_index import PostgresIndex
        return PostgresIndex.build(catalog, server=connect(database_url), embedder=embedder, progress=progress)
    from chatrec.indexes._index import ItemIndex

    return ItemIndex.build(catalog, path=path, embedder=embedder, progress=progress)


def load_from_database(name: str, database_url: str) -> tuple[Catalog, PostgresIndex] | None:
    """A catalog that is in a database, with its index; None where there is none of this name.

    Raises:
        EmbedderError: The embedder that built it cannot be opened.
        StoreError: The database does not answer.
    """
    with needs_postgres():
        from chatrec.indexes._postgres import connect
        from chatrec.indexes._postgres_index import PostgresIndex, catalogs
        from chatrec.indexes._postgres_schema import ready
    server = connect(database_url)
    ready(server)
    return PostgresIndex.load(name, server=server) if name in catalogs(server) else None


def index_folder(source: str, name: str, *, below: Path | None = None) -> Path:
    """Where the index of a catalog is kept under chatrec's home.

    Args:
        source: The catalog's file, which has a folder to itself; or a name for what has no file.
        name: What to call the folder.
        below: The home; chatrec's own by default.
    """
    path = Path(source).expanduser()
    key = str(path.resolve()) if path.exists() else source
    shown = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "catalog"
    return (below or home()) / "indexes" / f"{shown}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def catalog_note(folder: Path, catalog: Catalog, source: str) -> None:
    """Note beside an index what its catalog is called, where it came from, and what it was told of its facets.

    Args:
        folder: The index.
        catalog: The catalog.
        source: As for `index_folder`.
    """
    path = Path(source).expanduser()
    note = {"name": catalog.name, "source": str(path.resolve()) if path.exists() else source} | facets_told(catalog)
    text = json.dumps(note, ensure_ascii=False)
    place = folder.with_name(f"{folder.name}.catalog.json")
    if place.exists() and place.read_text("utf-8") == text:
        return
    with replacing(place) as made:
        made.write_text(text, "utf-8")


def read_note(folder: Path) -> dict[str, Any]:
    """What `catalog_note` wrote beside an index; empty where it wrote nothing."""
    try:
        found: dict[str, Any] = json.loads(folder.with_name(f"{folder.name}.catalog.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def facets_told(catalog: Catalog) -> dict[str, Any]:
    """What a catalog was told or found out of its facets, so that it is the same when made again: JSON-ready."""
    texts = {"category", "text"}
    return {
        "units": {facet.name: facet.unit for facet in catalog.facets.values() if facet.unit is not None},
        "kinds": {facet.name: facet.kind for facet in catalog.facets.values() if facet.kind in texts},
        "labels": {facet.name: facet.label for facet in catalog.facets.values() if facet.label},
    }


def catalog_as_told(items: Iterable[Item], name: str, told: Mapping[str, Any]) -> Catalog:
    """A catalog made again from its items and what `facets_told` said of it."""
    from chatrec.indexes._catalog import Catalog

    return Catalog(items, name=name, units=told.get("units"), kinds=told.get("kinds"), labels=told.get("labels"))


def history_file(user_id: str) -> Path:
    """Where the lines that a person types at a terminal are kept under chatrec's home; its folder is made.

    Args:
        user_id: The person; the file's name does not tell who.
    """
    folder = home() / "typed"
    make_folder(folder)
    return folder / hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]
