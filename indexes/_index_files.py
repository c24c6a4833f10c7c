"""How an index lies on disk: a folder of plain files, whole at every moment, never pickled.

```text
chatrec-index.json     the manifest: format, version, embedder, and the name, size and SHA-256 of the other files
items-*.jsonl          one item or document a line, in row order
vectors-*.npy          float32 (items, dimensions), unit length
words-*.npz            the BM25 matrices and vocabularies
unfinished.bin         vectors of a build that did not come to its end (see `_index_batches.py`)
```

Every save writes files with new names and then replaces the manifest, which is the one step that counts: a process that
is killed leaves the old index or the new one. Files of the replaced manifest are removed last.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import IndexFileError
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._words import WordIndex

MANIFEST = "chatrec-index.json"
UNFINISHED = "unfinished.bin"
FORMAT = "chatrec-index"
VERSION = 1
_PARTS = {"items": "jsonl", "vectors": "npy", "words": "npz"}
_OURS = re.compile(r"(items|vectors|words)-[0-9a-f]{16}\.(jsonl|npy|npz)")
_MANIFEST_BESIDE = re.compile(re.escape(MANIFEST) + r"\.[0-9a-f]{16}")
_ORPHAN_SECONDS = 3600.0  # younger files may belong to a save that another process is making
_REBUILD = "build it again with ItemIndex.build(catalog, path=...), or delete the folder"


@dataclass(frozen=True, slots=True)
class SavedIndex:
    """What a folder holds.

    Attributes:
        embedder: The id of the embedder that made the vectors.
        entries: One a row.
        vectors: Float32 (rows, dimensions), unit length.
        words: The word index of the same rows.
    """

    embedder: str
    entries: list[Entry]
    vectors: NDArray[np.float32]
    words: WordIndex


def check_folder(path: Path) -> None:
    """Refuse a place that holds anything but an index.

    Raises:
        IndexFileError: It is a file, or a folder with foreign files and no manifest.
    """
    if not path.exists():
        return
    if not path.is_dir():
        raise IndexFileError(f"{str(path)!r} is a file, not the folder of an index", hint="give another path")
    names = [entry.name for entry in path.iterdir()]
    if MANIFEST in names:
        return
    foreign = next((name for name in names if not _is_ours(name)), None)
    if foreign is not None:
        raise IndexFileError(
            f"{str(path)!r} is not an index: it holds {foreign!r} and no {MANIFEST!r}",
            hint="give an empty folder or a path that does not exist yet",
        )


def write_index(path: Path, saved: SavedIndex) -> None:
    """Save, replacing what the folder held.

    Raises:
        IndexFileError: The folder holds something else or cannot be written, or a document's metadata is not JSON.
    """
    check_folder(path)
    generation = secrets.token_hex(8)
    contents = {
        "items": _items_bytes(saved.entries),
        "vectors": _npy_bytes(saved.vectors),
        "words": _words_bytes(saved.words),
    }
    files: dict[str, dict[str, Any]] = {}
    try:
        path.mkdir(parents=True, exist_ok=True)
        for part, content in contents.items():
            name = f"{part}-{generation}.{_PARTS[part]}"
            _write(path / name, content)
            files[part] = {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "embedder": saved.embedder,
            "items": len(saved.entries),
            "dimensions": int(saved.vectors.shape[1]),
            "files": files,
        }
        beside = path / f"{MANIFEST}.{generation}"
        _write(beside, json.dumps(manifest, indent=1).encode())
        replaced = _named_files(path)
        beside.replace(path / MANIFEST)
        _sync_folder(path)
    except OSError as error:
        raise IndexFileError(
            f"the index cannot be saved in {str(path)!r}: {error}", hint="check free space and rights, or give a path"
        ) from error
    _sweep(path, replaced - {str(entry["name"]) for entry in files.values()})


def read_index(path: Path) -> SavedIndex | None:
    """Read and verify what a folder holds.

    Returns:
        None where there is no index (no folder, or one without a manifest).

    Raises:
        IndexFileError: It is foreign, truncated, damaged, or of another version.
    """
    check_folder(path)
    for attempt in range(2):
        manifest = _manifest(path)
        if manifest is None:
            return None
        try:
            return _read_parts(path, manifest)
        except FileNotFoundError as error:
            # Another process may have saved between our two looks; then the manifest has changed.
            if attempt or _manifest(path) == manifest:
                raise IndexFileError(
                    f"the index in {str(path)!r} lacks a file: {error.filename!r}", hint=_REBUILD
                ) from error
        except OSError as error:
            raise IndexFileError(f"the index in {str(path)!r} cannot be read: {error}", hint=_REBUILD) from error
    raise AssertionError("unreachable")


def _manifest(path: Path) -> dict[str, Any] | None:
    try:
        text = (path / MANIFEST).read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexFileError(f"{str(path / MANIFEST)!r} cannot be read: {error}", hint=_REBUILD) from error
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise IndexFileError(f"{str(path / MANIFEST)!r} is damaged: {error}", hint=_REBUILD) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise IndexFileError(f"{str(path / MANIFEST)!r} is not the manifest of an index", hint=_REBUILD)
    if manifest.get("version") != VERSION:
        raise IndexFileError(
            f"the index in {str(path)!r} has version {manifest.get('version')!r}, this chatrec reads {VERSION}",
            hint=_REBUILD,
        )
    return manifest


def _read_parts(path: Path, manifest: dict[str, Any]) -> SavedIndex:
    try:
        contents = {part: _verified(path, manifest["files"][part]) for part in _PARTS}
        entries = [Entry.from_json(json.loads(line)) for line in contents["items"].splitlines()]
        vectors = np.load(io.BytesIO(contents["vectors"]), allow_pickle=False)
        words = _read_words(contents["words"])
        shape = (int(manifest["items"]), int(manifest["dimensions"]))
        if vectors.shape != shape or vectors.dtype != np.float32 or len(entries) != shape[0]:
            raise ValueError(f"{len(entries)} items and vectors {vectors.dtype}{vectors.shape} where {shape} are due")
        return SavedIndex(str(manifest["embedder"]), entries, vectors, words)
    except (KeyError, TypeError, ValueError) as error:
        raise IndexFileError(f"the index in {str(path)!r} is damaged: {error!r}", hint=_REBUILD) from error


def _verified(path: Path, entry: dict[str, Any]) -> bytes:
    name = str(entry["name"])
    if not _OURS.fullmatch(name):
        raise ValueError(f"{name!r} is not a file of an index")
    content = (path / name).read_bytes()
    if len(content) != entry["bytes"]:
        raise ValueError(f"{name!r} has {len(content)} bytes, not {entry['bytes']}")
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError(f"{name!r} has been changed: its SHA-256 is another")
    return content


def _items_bytes(entries: Sequence[Entry]) -> bytes:
    lines: list[str] = []
    for entry in entries:
        try:
            lines.append(json.dumps(entry.as_json()) + "\n")
        except (TypeError, ValueError) as error:
            raise IndexFileError(
                f"the metadata of document {entry.item.id!r} cannot be saved: {error}",
                hint="keep metadata to text, numbers, truth values, lists and mappings of these",
            ) from error
    return "".join(lines).encode()


def _npy_bytes(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _words_bytes(words: WordIndex) -> bytes:
    """Arrays as they are; lists of words as one JSON text in bytes."""
    arrays: dict[str, NDArray[Any]] = {}
    rest: dict[str, Any] = {}
    for field, state in words.state().items():
        rest[field] = state
        if isinstance(state, dict):
            arrays |= {f"{field}.{name}": value for name, value in state.items() if isinstance(value, np.ndarray)}
            rest[field] = {name: value for name, value in state.items() if not isinstance(value, np.ndarray)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, rest=np.frombuffer(json.dumps(rest).encode(), np.uint8), **arrays)
    return buffer.getvalue()


def _read_words(content: bytes) -> WordIndex:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        state: dict[str, Any] = json.loads(archive["rest"].tobytes())
        for key in archive.files:
            field, _, name = key.partition(".")
            if name:
                state[field][name] = archive[key]
    return WordIndex.from_state(state)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_ours(name: str) -> bool:
    return name in {UNFINISHED, f"{UNFINISHED}.tmp"} or bool(_OURS.fullmatch(name) or _MANIFEST_BESIDE.fullmatch(name))


def _named_files(path: Path) -> set[str]:
    """The files that the present manifest names; none where it cannot be read."""
    try:
        return {str(entry["name"]) for entry in json.loads((path / MANIFEST).read_text("utf-8"))["files"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _sweep(path: Path, replaced: set[str]) -> None:
    """Remove the files of the replaced manifest, and what killed saves left behind long ago."""
    kept = _named_files(path)
    now = time.time()
    for file in path.iterdir():
        if file.name in kept or file.name in {MANIFEST, UNFINISHED} or not _is_ours(file.name):
            continue
        with contextlib.suppress(OSError):
            if file.name in replaced or now - file.stat().st_mtime > _ORPHAN_SECONDS:
                file.unlink()
