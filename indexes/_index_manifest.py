"""What belongs to a saved index: the manifest that names its files with their sizes and checksums."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

from chatrec.errors import IndexFileError
from chatrec.indexes._index_lock import LOCK

MANIFEST: Final = "chatrec-index.json"
UNFINISHED: Final = "unfinished.bin"
VERIFIED: Final = "verified.json"
FORMAT: Final = "chatrec-index"
VERSION: Final = 2
REBUILD: Final = "build it again with ItemIndex.build(catalog, path=...), or delete the folder"
PARTS: Final = {"items": "jsonl", "rows": "bin", "vectors": "bin", "graph": "faiss"}
_OURS = re.compile(r"(items|rows|vectors|graph|journal|words)-[0-9a-f]{16}\.(jsonl|bin|faiss|npy|npz)")
_BESIDE = re.compile(rf"({re.escape(MANIFEST)}|{re.escape(VERIFIED)})\.[0-9a-f]{{16}}")
_ALWAYS_VERIFIED: Final = 16 << 20
"""Files up to so many bytes are compared at every load; larger ones where they are not known to be the same."""
_READ_AT_ONCE: Final = 1 << 20


class Hashed:
    """A file that is written and hashed at once.

    Args:
        file: Where to.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, content: Any) -> int:
        """As a binary file's."""
        self._hash.update(content)
        self._bytes += memoryview(content).nbytes
        return self._file.write(content)

    def writelines(self, parts: Iterable[Any]) -> None:
        """As a binary file's."""
        for part in parts:
            self.write(part)

    def facts(self, name: str) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"name": name, "bytes": self._bytes, "sha256": self._hash.hexdigest()}


def write_file(path: Path, write: Callable[[Any], object], *, wait: bool = True) -> dict[str, Any]:
    """Write a file that is not there yet to the disk itself, and say what the manifest says of it.

    Args:
        path: The file.
        write: Writes its content.
        wait: Whether to wait until it is on the disk itself; else `put_on_disk` is due.

    Raises:
        OSError: It cannot be written.
    """
    with path.open("xb") as file:
        hashing = Hashed(file)
        write(hashing)
        file.flush()
        if wait:
            os.fsync(file.fileno())
    return hashing.facts(path.name)


def put_on_disk(path: Path) -> None:
    """Wait until a file is on the disk itself.

    Raises:
        OSError: It cannot be.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def file_facts(path: Path) -> dict[str, Any]:
    """What the manifest says of a file that another has written; it is put on the disk itself.

    Raises:
        OSError: It cannot be read.
    """
    put_on_disk(path)
    with path.open("rb") as file:
        return {"name": path.name, "bytes": path.stat().st_size, "sha256": _digest(file)}


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


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest of the index in a folder; None where there is none.

    Raises:
        IndexFileError: It is damaged, foreign or of another version.
    """
    try:
        text = (path / MANIFEST).read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexFileError(f"{str(path / MANIFEST)!r} cannot be read: {error}", hint=REBUILD) from error
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise IndexFileError(f"{str(path / MANIFEST)!r} is damaged: {error}", hint=REBUILD) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise IndexFileError(f"{str(path / MANIFEST)!r} is not the manifest of an index", hint=REBUILD)
    if manifest.get("version") != VERSION:
        raise IndexFileError(
            f"the index in {str(path)!r} has version {manifest.get('version')!r}, this chatrec reads {VERSION}",
            hint=REBUILD,
        )
    return manifest


def write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    """Replace the manifest in one step, which is the step that counts.

    Raises:
        OSError: It cannot be written.
    """
    beside = path / f"{MANIFEST}.{secrets.token_hex(8)}"
    content = json.dumps({"format": FORMAT, "version": VERSION} | manifest, indent=1).encode()
    write_file(beside, lambda file: file.write(content))
    beside.replace(path / MANIFEST)
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def verify(path: Path, files: dict[str, dict[str, Any]]) -> None:
    """Compare files with what the manifest says of them.

    A file that is large, and that has neither moved nor changed its size or time since it was compared, is taken to be
    the same.

    Raises:
        ValueError: One has been changed or cut off.
        KeyError: The manifest lacks something.
        OSError: One cannot be read.
    """
    known = _verified(path)
    seen: dict[str, list[int]] = {}
    for facts in files.values():
        name = str(facts["name"])
        if not _OURS.fullmatch(name):
            raise ValueError(f"{name!r} is not a file of an index")
        stat = (path / name).stat()
        if stat.st_size != facts["bytes"]:
            raise ValueError(f"{name!r} has {stat.st_size} bytes, not {facts['bytes']}")
        stamp = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
        if stat.st_size <= _ALWAYS_VERIFIED or known.get(name) != stamp:
            with (path / name).open("rb") as file:
                if _digest(file) != facts["sha256"]:
                    raise ValueError(f"{name!r} has been changed: its SHA-256 is another")
        if stat.st_size > _ALWAYS_VERIFIED:
            seen[name] = stamp
    if any(known.get(name) != stamp for name, stamp in seen.items()):
        remember_verified(path, seen)


def remember_verified(path: Path, seen: dict[str, list[int]]) -> None:
    """Keep what was compared, where that can be written."""
    beside = path / f"{VERIFIED}.{secrets.token_hex(8)}"
    try:
        beside.write_text(json.dumps(seen), "utf-8")
        beside.replace(path / VERIFIED)
    except OSError:
        beside.unlink(missing_ok=True)  # then the next load takes a second more


def named_files(path: Path) -> set[str]:
    """The files that the present manifest names; none where it cannot be read."""
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        return {str(facts["name"]) for facts in [*manifest["files"].values(), manifest["journal"]]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def sweep(path: Path, *, only: str = "") -> None:
    """Remove files of an index that the manifest does not name; the writer's lock must be held.

    Args:
        path: The folder.
        only: Those with this in their names.
    """
    kept = named_files(path) | {MANIFEST, UNFINISHED, LOCK, VERIFIED}
    for file in path.iterdir():
        if file.name not in kept and only in file.name and _is_ours(file.name):
            with contextlib.suppress(OSError):  # Windows keeps a file that another program has mapped
                file.unlink()


def _verified(path: Path) -> dict[str, Any]:
    try:
        known = json.loads((path / VERIFIED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _digest(file: BinaryIO) -> str:
    found = hashlib.sha256()
    while part := file.read(_READ_AT_ONCE):
        found.update(part)
    return found.hexdigest()


def _is_ours(name: str) -> bool:
    known = {UNFINISHED, f"{UNFINISHED}.tmp", LOCK, VERIFIED}
    return name in known or bool(_OURS.fullmatch(name) or _BESIDE.fullmatch(name))
