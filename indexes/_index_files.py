"""How an index lies on disk: a folder of plain files, whole at every moment, never pickled.

```text
chatrec-index.json     the manifest: format, version, embedder, and the name, size and SHA-256 of the other files
items-*.jsonl          one item or document a line, in row order
vectors-*.bin          float32 (items, dimensions), unit length (see `_index_vectors.py`)
rows-*.bin             words, facets, ids and digests of the rows, and phrases, as arrays that are mapped
graph-*.faiss          a graph of near vectors, where there is one
journal-*.bin          what changed since (see `_index_journal.py`)
chatrec-index.lock     held by the one that writes
verified.json          which large files were compared with their checksums
unfinished.bin         vectors of a build that did not come to its end (see `_index_batches.py`)
```

A save writes files with new names, a change appends to the journal; then the manifest is replaced, which is the one
step that counts. So a process that is killed leaves the index of the last change that came to its end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._index_arrays import map_arrays, nested, write_arrays
from chatrec.indexes._index_beside import Progress, beside
from chatrec.indexes._index_entries import CatalogEntries, Entries, FileEntries, Ids, Items
from chatrec.indexes._index_facets import CatalogFacets, Facets, ItemFacets, column_arrays
from chatrec.indexes._index_graph import Graph, Step
from chatrec.indexes._index_journal import Change, checksum, folded, read_changes
from chatrec.indexes._index_lines import unfit, write_items
from chatrec.indexes._index_manifest import (
    PARTS,
    REBUILD,
    check_folder,
    file_facts,
    put_on_disk,
    read_manifest,
    sweep,
    verify,
    write_file,
    write_manifest,
)
from chatrec.indexes._index_phrases import Phrases
from chatrec.indexes._index_plan import IndexSettings, Plan, plan
from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_state import State
from chatrec.indexes._index_vectors import Floats, VectorBlock, write_block
from chatrec.indexes._word_index import WordIndex

_COLUMN = "facet/"
_LONG_JOURNAL = 4 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What is written as the base of an index.

    Attributes:
        entries: One a row.
        vectors: Float32, in parts of any length, in row order.
        dimensions: The length of a vector.
        words: Of the same rows; read while a graph is built.
        facets: Of the same rows.
        ids: Of the same rows.
        digests: uint8 (rows, 16), of the text of each row.
        phrases: What a linker of the rows compares words with.
    """

    entries: Entries
    vectors: Iterable[Floats]
    dimensions: int
    words: Callable[[], WordIndex]
    facets: Facets
    ids: Ids
    digests: NDArray[np.uint8]
    phrases: Phrases


@dataclass(frozen=True, slots=True)
class SavedIndex:
    """What a folder holds.

    Attributes:
        embedder: The id of the embedder that made the vectors.
        settings: With which it was built.
        state: The rows.
        digests: uint8 (rows, 16), of the texts of the base, which is the state's first segment.
        phrases: What a linker of the base compares words with.
    """

    embedder: str
    settings: IndexSettings
    state: State
    digests: NDArray[np.uint8]
    phrases: Phrases


class IndexFolder:
    """The folder in which an index lives.

    Args:
        path: Made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest: dict[str, Any] | None = None

    def read(self) -> SavedIndex | None:
        """Read and verify what the folder holds.

        Returns:
            None where there is no index (no folder, or one without a manifest).

        Raises:
            IndexFileError: It is foreign, truncated, damaged, or of another version.
        """
        check_folder(self.path)
        while True:
            manifest = read_manifest(self.path)
            if manifest is None:
                return None
            try:
                saved = self._read(manifest)
            except FileNotFoundError as error:
                # Another process may have saved between our two looks; then the manifest has changed.
                if read_manifest(self.path) == manifest:
                    raise self._damaged(f"lacks a file: {error.filename!r}") from error
            except OSError as error:
                raise self._damaged(f"cannot be read: {error}") from error
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                if read_manifest(self.path) == manifest:
                    raise self._damaged(f"is damaged: {error!r}") from error
            else:
                self.manifest = manifest
                return saved

    def write(
        self,
        embedder: str,
        content: Content,
        settings: IndexSettings,
        *,
        progress: Progress | None = None,
    ) -> Segment:
        """Save a new base, replacing what the folder held; the writer's lock must be held.

        Returns:
            What was saved, mapped.

        Raises:
            IndexFileError: The folder holds something else or cannot be written, or a document's metadata is not JSON.
        """
        check_folder(self.path)
        generation = secrets.token_hex(8)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            manifest, segment = self._write(generation, content, settings, progress)
            manifest |= {"embedder": embedder, "settings": asdict(settings)}
            manifest["journal"] = {"name": f"journal-{generation}.bin", "bytes": 0, "crc32": 0}
            write_manifest(self.path, manifest)
        except OSError as error:
            raise self._unwritable(error) from error
        else:
            self.manifest = read_manifest(self.path)
            generation = ""
        finally:
            if self.path.is_dir():
                sweep(self.path, only=generation)
        return segment

    def check_unchanged(self) -> None:
        """Refuse to write over what another process has written since the folder was read.

        Raises:
            IndexFileError: It has.
        """
        if self.manifest is None or read_manifest(self.path) != self.manifest:
            raise IndexFileError(
                f"another program has changed the index in {str(self.path)!r} since it was opened here",
                hint="open it again: ItemIndex.load(path)",
            )

    def append(self, change: Change) -> None:
        """Add a change to the journal; the writer's lock must be held. Once this returns, the change is kept.

        Raises:
            IndexFileError: Another process changed the index since it was read, or the journal cannot be written.
        """
        self.check_unchanged()
        if self.manifest is None:
            return
        try:
            content = change.as_bytes()
        except (TypeError, ValueError) as error:
            raise unfit(change.entries[0], error) from error
        journal = self.manifest["journal"]
        size = int(journal["bytes"])
        try:
            path = self.path / str(journal["name"])
            path.touch()
            with path.open("r+b") as file:
                file.truncate(size)
                file.seek(size)
                file.write(content)
                file.flush()
                _sync(file)
            crc = checksum(content, int(journal["crc32"]))
            manifest = self.manifest | {"journal": journal | {"bytes": size + len(content), "crc32": crc}}
            write_manifest(self.path, manifest)
        except OSError as error:
            raise self._unwritable(error) from error
        self.manifest = manifest

    @property
    def long_journal(self) -> bool:
        """Whether reading the journal takes long beside reading the rest."""
        if self.manifest is None:
            return False
        rest = sum(int(facts["bytes"]) for facts in self.manifest["files"].values())
        return int(self.manifest["journal"]["bytes"]) > max(_LONG_JOURNAL, rest // 4)

    def _write(
        self, generation: str, content: Content, settings: IndexSettings, progress: Progress | None
    ) -> tuple[dict[str, Any], Segment]:
        rows = len(content.entries)
        names = {part: self.path / f"{part}-{generation}.{suffix}" for part, suffix in PARTS.items()}
        files = {
            "vectors": write_file(
                names["vectors"], lambda file: write_block(file, content.vectors, rows, content.dimensions), wait=False
            )
        }
        block = VectorBlock.open(names["vectors"], rows, content.dimensions)
        chosen = plan(rows, content.dimensions, block.scan_seconds, settings)
        with beside(lambda told: Graph.build(block, chosen.structure, settings, progress=told), progress) as built:
            graph = built() if chosen.structure != "flat" and rows else None
            ends = np.zeros(rows, np.int64)
            files["items"] = write_file(names["items"], lambda file: write_items(file, content.entries, ends))
            arrays = _row_arrays(content) | {"ends": ends, "total": block.total}
            files["rows"] = write_file(names["rows"], lambda file: write_arrays(file, arrays))
            put_on_disk(names["vectors"])  # the disk writes them while the graph is made
            made = graph.result() if graph is not None else None
        if made is not None:
            made.write(names["graph"])
            files["graph"] = file_facts(names["graph"])
        steps = [asdict(step) for step in made.steps] if made is not None else []
        facts = {"items": rows, "dimensions": content.dimensions, "files": files, "plan": asdict(chosen)}
        segment = self._segment(names["items"], map_arrays(names["rows"]), block, made, chosen)
        return facts | {"steps": steps}, segment

    def _read(self, manifest: dict[str, Any]) -> SavedIndex:
        files: dict[str, dict[str, Any]] = manifest["files"]
        verify(self.path, files)
        paths = {part: self.path / str(facts["name"]) for part, facts in files.items()}
        rows, dimensions = int(manifest["items"]), int(manifest["dimensions"])
        arrays = map_arrays(paths["rows"])
        block = VectorBlock.open(paths["vectors"], rows, dimensions, arrays["total"])
        chosen = Plan(**manifest["plan"])
        graph = None
        if "graph" in paths:
            steps = [Step(**step) for step in manifest["steps"]]
            graph = Graph.open(paths["graph"], block, chosen.structure, steps)
        base = self._segment(paths["items"], arrays, block, graph, chosen)
        if len(base) != rows or len(arrays["digests"]) != rows:
            raise ValueError(f"{len(base)} items where {rows} are due")
        state = self._replayed(State([base]) if rows else State(), manifest["journal"])
        settings = IndexSettings(**manifest["settings"])
        phrases = Phrases.from_arrays(nested(arrays, "phrases."))
        return SavedIndex(str(manifest["embedder"]), settings, state, arrays["digests"], phrases)

    def _segment(
        self, items: Path, arrays: dict[str, NDArray[Any]], block: VectorBlock, graph: Graph | None, chosen: Plan
    ) -> Segment:
        lines: NDArray[np.uint8] = np.memmap(items, np.uint8, "r") if len(block) else np.zeros(0, np.uint8)
        ends = arrays["ends"]
        if len(ends) != len(block) or (len(ends) and int(ends[-1]) != len(lines)):
            raise ValueError(f"{items.name!r} has other lines than the index says")
        entries = FileEntries(lines, ends)
        columns: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in nested(arrays, _COLUMN).items():
            facet, _, part = name.rpartition("/")
            columns.setdefault(facet, {})[part] = array
        return Segment(
            entries,
            block,
            WordIndex.from_arrays(nested(arrays, "words.")),
            ItemFacets(Items(entries), columns),
            Ids(arrays["ids.hashes"], arrays["ids.rows"]),
            graph,
            chosen,
        )

    def _replayed(self, state: State, journal: dict[str, Any]) -> State:
        size = int(journal["bytes"])
        if not size:
            return state
        with (self.path / str(journal["name"])).open("rb") as file:
            content = file.read(size)
        if len(content) != size or checksum(content) != journal["crc32"]:
            raise ValueError(f"{journal['name']!r} has been changed or cut off")
        gone, entries, vectors = folded(read_changes(content))
        state = State() if gone is None else state.without(gone)
        return state.with_rows(Segment.of(entries, vectors)) if entries else state

    def _damaged(self, what: str) -> IndexFileError:
        return IndexFileError(f"the index in {str(self.path)!r} {what}", hint=REBUILD)

    def _unwritable(self, error: OSError) -> IndexFileError:
        return IndexFileError(
            f"the index cannot be saved in {str(self.path)!r}: {error}",
            hint="check free space and rights, or give a path",
        )


def with_catalog(segment: Segment, catalog: Catalog) -> Segment:
    """The same segment with the items that are in memory anyway."""
    return Segment(
        CatalogEntries(catalog.items),
        segment.vectors,
        segment.words,
        CatalogFacets(catalog),
        segment.ids,
        segment.graph,
        segment.plan,
    )


def _row_arrays(content: Content) -> dict[str, NDArray[Any]]:
    """What is mapped of the rows, beside their vectors and lines."""
    arrays: dict[str, NDArray[Any]] = {"digests": content.digests}
    arrays |= {"ids.hashes": content.ids.hashes, "ids.rows": content.ids.rows}
    arrays |= {f"words.{name}": array for name, array in content.words().arrays().items()}
    arrays |= {f"phrases.{name}": array for name, array in content.phrases.arrays().items()}
    for name in content.facets.names:
        column = column_arrays(content.facets.column(name))
        arrays |= {f"{_COLUMN}{name}/{part}": array for part, array in column.items()}
    return arrays


def _sync(file: BinaryIO) -> None:
    os.fsync(file.fileno())
