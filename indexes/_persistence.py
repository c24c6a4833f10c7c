"""Where people's data lives: the home folder, the store and the checkpointer."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from platformdirs import user_data_path

from chatrec.indexes._database import make_folder
from chatrec.indexes._savers import LocalSaver, MemorySaver, serializer
from chatrec.indexes._stores import LocalStore, MemoryStore


def home() -> Path:
    """The folder of all of chatrec's state, made when it is missing, for its owner alone.

    Returns:
        `CHATREC_HOME`, or the platform's folder for user data.

    Raises:
        StoreError: It cannot be made.
    """
    told = os.environ.get("CHATREC_HOME", "").strip()
    folder = Path(told).expanduser().absolute() if told else user_data_path("chatrec", appauthor=False)
    make_folder(folder)
    return folder


@overload
def open_store(path: None) -> MemoryStore: ...
@overload
def open_store(path: str | os.PathLike[str]) -> LocalStore: ...
def open_store(path: str | os.PathLike[str] | None) -> LocalStore | MemoryStore:
    """A store for profiles, feedback and thread owners; it works from sync and async code, threads and processes.

    Args:
        path: An SQLite file, made with its folders when missing; None keeps everything in memory.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database.
    """
    return MemoryStore() if path is None else LocalStore(path)


@overload
def open_checkpointer(path: None, *, types: Sequence[type] = ()) -> MemorySaver: ...
@overload
def open_checkpointer(path: str | os.PathLike[str], *, types: Sequence[type] = ()) -> LocalSaver: ...
def open_checkpointer(path: str | os.PathLike[str] | None, *, types: Sequence[type] = ()) -> LocalSaver | MemorySaver:
    """A checkpointer for conversations; it works from sync and async code, threads and processes.

    Values are written as MessagePack and never pickled. Plain values and the message types of LangChain and LangGraph
    come back as they were; other objects come back as the plain values that they were made of.

    Args:
        path: An SQLite file, made with its folders when missing; None keeps everything in memory.
        types: More classes that come back as they were, for apps that keep their own in a conversation's state.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database.
    """
    return MemorySaver(serde=serializer(types)) if path is None else LocalSaver(path, types=types)


def index_folder(source: str, name: str) -> Path:
    """Where the index of a catalog is kept under chatrec's home.

    Args:
        source: The catalog's file, which has a folder to itself; or a name for what has no file.
        name: What to call the folder.
    """
    path = Path(source).expanduser()
    key = str(path.resolve()) if path.exists() else source
    shown = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "catalog"
    return home() / "indexes" / f"{shown}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def history_file(user_id: str) -> Path:
    """Where the lines that a person types at a terminal are kept under chatrec's home; its folder is made.

    Args:
        user_id: The person; the file's name does not tell who.
    """
    folder = home() / "typed"
    make_folder(folder)
    return folder / hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]
