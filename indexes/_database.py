"""One SQLite connection to one file of people's data: its modes, its owner's rights, its transactions, its errors."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from chatrec.errors import StoreError

_BUSY_SECONDS = 30.0


class Database:
    """One connection to one file, which closes with `close` or when nobody holds this object any more.

    Args:
        path: The file, made with its folders when missing, readable to its owner alone.

    Raises:
        StoreError: The file cannot be opened or is no SQLite database.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        make_folder(self.path.parent)
        with self.errors():
            _make_file(self.path)
            # One connection serves all threads, one at a time, under a lock of the class that holds it.
            self.conn = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        self._finalizer = weakref.finalize(self, self.conn.close)
        try:
            with self.errors():
                self._configure()
        except StoreError:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Close the connection; again is harmless."""
        self._finalizer()

    @contextmanager
    def errors(self) -> Generator[None, None, None]:
        """Turn what SQLite and the file system raise into `StoreError`."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            what = error.strerror if isinstance(error, OSError) else error
            raise StoreError(f"{str(self.path)!r}: {what}", hint=_cure(error)) from error

    @contextmanager
    def transaction(self, *, writes: bool = True) -> Generator[sqlite3.Cursor, None, None]:
        """Everything or nothing, on one consistent view of the file.

        Args:
            writes: Wait for other writers first. A transaction that reads before it writes must say so at its start:
                SQLite does not wait where a reader becomes a writer, it fails.
        """
        if self.closed:
            raise StoreError(f"{str(self.path)!r} was closed", hint="open it again")
        with self.errors(), closing(self.conn.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                # On a full disk, say, SQLite has rolled back already.
                if self.conn.in_transaction:
                    self.conn.execute("ROLLBACK")
                raise

    def scrub(self) -> None:
        """Leave no byte of deleted rows in the file or in the log beside it.

        Zeroing alone (`secure_delete`) is not enough: copies stay where SQLite moved rows between pages.

        Raises:
            StoreError: Another program kept reading an older view of the file.
        """
        with self.errors():
            self.conn.execute("VACUUM")
            (busy, *_) = self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(
                f"{str(self.path)!r}: deleted, but another program is reading, so the log still holds the bytes",
                hint="close the other program and delete again",
            )

    def _configure(self) -> None:
        # Reads the file's head: what is no database is left as it was found.
        self.conn.execute("PRAGMA schema_version")
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + suffix).chmod(0o600)
        self.conn.execute("PRAGMA secure_delete=ON")
        self.conn.execute("PRAGMA temp_store=MEMORY")
        self.conn.execute("PRAGMA synchronous=NORMAL")
        # SQLite does not wait for its lock where it changes the journal's mode.
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self.conn.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone.

    Raises:
        StoreError: It cannot be made.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {str(folder)!r} cannot be made: {error.strerror}",
            hint="set CHATREC_HOME to a folder that you may write to",
        ) from error


def _make_file(path: Path) -> None:
    # Made before SQLite makes it, because SQLite makes files readable to all; its log files take the same mode.
    # One that is there stays shut: closing it would let go of the locks that another connection of this process holds
    # on it, and another process, thinking itself the last, would delete the log that this one writes.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _cure(error: Exception) -> str:
    text = str(error).lower()
    if "not a database" in text or "malformed" in text:
        return "this is no SQLite file, or a damaged one: move it away, or name another"
    if "locked" in text or "busy" in text:
        return f"another program held the file for {_BUSY_SECONDS:g} seconds: close it and try again"
    if "full" in text:
        return "free some disk space"
    return "name a file in a folder that you may write to"
