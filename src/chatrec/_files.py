"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Generator[Path]:
    """A new, empty file beside `path`, which takes its place if the block ends without an error, and is gone otherwise.

    Args:
        path: Replaced if it exists; its folder is made.
        private: Only its owner may read it.

    Yields:
        Where to write; its name begins with `.making-` and ends like `path`.

    Raises:
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".making-{secrets.token_hex(4)}-{path.name}")
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
