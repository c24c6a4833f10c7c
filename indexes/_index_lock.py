"""One writer at a time in the folder of an index, whichever process it is in; readers need no lock."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

from chatrec.errors import IndexFileError

LOCK = "chatrec-index.lock"
_WAIT = 5.0
_PAUSE = 0.02


@contextlib.contextmanager
def writing(folder: Path, *, wait: float | None = None) -> Generator[None, None, None]:
    """Hold the folder's lock; a process that dies lets it go.

    Args:
        folder: Made when missing.
        wait: For another writer, in seconds; 5 by default.

    Raises:
        IndexFileError: Another writes there, or the lock cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise IndexFileError(
            f"the index cannot be written at {str(folder)!r}: {error}", hint="check free space and rights"
        ) from error
    with file:
        deadline = time.monotonic() + (_WAIT if wait is None else wait)
        while not _locked(file):
            if time.monotonic() > deadline:
                file.seek(0)
                raise IndexFileError(
                    f"another program (process {file.read().strip() or 'unknown'}) is writing the index in "
                    f"{str(folder)!r}",
                    hint="it can be read meanwhile; wait until that program has finished, or close it, and try again",
                )
            time.sleep(_PAUSE)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield  # closing the file lets the lock go


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _locked(file: IO[str]) -> bool:
        """Take the lock if it is free; a byte far behind the text is locked, so that the text can be read."""
        file.seek(1 << 20)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: IO[str]) -> bool:
        """Take the lock if it is free."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
