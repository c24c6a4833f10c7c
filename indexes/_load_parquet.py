"""Parquet as records; pyarrow reads it, and is only needed here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._load_file import CatalogFile
from chatrec.indexes._load_table import Fault, Record, flatten

_BATCH = 4096


def read_parquet(file: CatalogFile) -> Iterator[Record]:
    """The rows; their line is their number, from 1.

    Raises:
        CatalogError: pyarrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise CatalogError(
            f"{file.name} is Parquet, and pyarrow, which reads it, is not installed",
            hint="pip install 'chatrec[parquet]', or export the file as CSV or JSONL",
        ) from None
    line = 0
    try:
        with file.open(progress=True) as stream:
            # Parquet is read from its end: what is packed must be unpacked first.
            source = io.BytesIO(stream.read()) if file.packed else stream
            for batch in parquet.ParquetFile(source).iter_batches(_BATCH):
                for row in batch.to_pylist():
                    line += 1
                    yield Record(line, "", flatten({name: _plain(value) for name, value in row.items()}))
    except (arrow.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        if line == 0:
            raise CatalogError(
                f"{file.name} is damaged: {str(error).splitlines()[0]}", hint="export it again, or as CSV or JSONL"
            ) from error
        why = f"the rest of the file cannot be read: {str(error).splitlines()[0]}"
        yield Record(line + 1, "", {}, Fault("", "", why, "export it again, or as CSV or JSONL"))


def _plain(value: Any) -> Any:
    """Values as JSON would have them; bytes, such as pictures, are left out."""
    match value:
        case datetime() | date() | time():
            plain: Any = value.isoformat()
        case Decimal():
            plain = float(value)
        case timedelta():
            plain = value.total_seconds()
        case bytes():
            plain = None
        case [(_, _), *_] if all(isinstance(part, tuple) for part in value):
            plain = {str(key): _plain(part) for key, part in value}  # a map arrives as a list of pairs
        case list():
            plain = [_plain(part) for part in value]
        case dict():
            plain = {name: _plain(part) for name, part in value.items()}
        case _:
            plain = value
    return plain
