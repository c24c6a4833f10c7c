"""What a person told of a catalog's file on the command line, remembered beside the file's index."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatrec._files import replacing
from chatrec.agent.doors._config import read_config
from chatrec.errors import CatalogError
from chatrec.indexes import Catalog, Schema
from chatrec.indexes._loading import beside, catalog_name, find_source
from chatrec.indexes._persistence import index_folder

_FORGET = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a catalog's file is to be read.

    Attributes:
        title: The column with the titles.
        id: The column with the ids.
        description: The column with the descriptions.
        schema: The path of a schema; "none" forgets what was told before.
        strict: Stop at the first bad row.
        rejects: Where the rows left out are written; by default beside the index.
    """

    title: str | None = None
    id: str | None = None
    description: str | None = None
    schema: str | None = None
    strict: bool = False
    rejects: Path | None = None

    @property
    def anything(self) -> bool:
        """Whether something is told of the columns."""
        return any((self.title, self.id, self.description, self.schema))


def load_told(
    source: str, told: Told | None, *, progress: Callable[[int, int], None] | None = None
) -> tuple[Catalog, Path]:
    """Load a catalog as it is told now, or was told the last time.

    Args:
        source: A demo catalog's name, or the path of a file.
        told: What is told now; None for a reader that tells nothing.
        progress: Told how many bytes of the file are read, of how many.

    Returns:
        The catalog and the folder of its index.

    Raises:
        CatalogError: It cannot be read.
    """
    path = find_source(source)
    folder = index_folder(source, catalog_name(path))
    memory = folder.with_name(f"{folder.name}.schema.json")
    if told is None or not told.anything:
        schema, remembered = _known(path, memory)
    else:
        remembered = False
        schema = Schema.of(None if told.schema in {None, _FORGET} else told.schema)
        if told.schema is None:
            schema, _ = _known(path, memory)
        schema = schema.telling(id=told.id, title=told.title, description=told.description)
    rejects = None if told is None else told.rejects or folder.with_name(f"{folder.name}.rejects.jsonl")
    try:
        catalog = Catalog.load(
            source, schema=schema, strict=told is not None and told.strict, rejects=rejects, progress=progress
        )
    except CatalogError as error:
        if not remembered:
            raise
        raise CatalogError(
            error.args[0], hint=f"{error.hint}; what was told of this file before is forgotten with --schema none"
        ) from error
    if told is not None and told.anything:
        _remember(memory, schema)
    return catalog, folder


def _known(path: Path, memory: Path) -> tuple[Schema, bool]:
    """The schema in this folder's configuration, else beside the file, else what was told before; whether the last."""
    config = read_config()
    written = None if config is None else config.schema_of(path)
    if written is not None:
        return written, False
    lies = beside(path)
    if lies is not None:
        return Schema.of(lies), False
    return (Schema.of(memory), True) if memory.exists() else (Schema(), False)


def _remember(memory: Path, schema: Schema) -> None:
    if not schema.as_dict():
        memory.unlink(missing_ok=True)
        return
    with replacing(memory) as made:
        made.write_text(json.dumps(schema.as_dict(), ensure_ascii=False, indent=1), "utf-8")
