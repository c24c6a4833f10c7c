"""Beginnings of prompts that never change (system text, tools), kept on disk with their KV memory.

A process that finds its prompt's beginning here reads it instead of computing it. A file is named after what it was
computed with (see `context_key`) and its tokens; it is checked from first to last byte before llama.cpp sees any of it.
It holds the text of the system message as tokens, so only its owner may read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chatrec._files import replacing
from chatrec.agent.llm._memory import Saved, Tokens, shared_prefix

_log = logging.getLogger(__name__)

FORMAT = 1
WORTH_STORING = 64
"""Tokens of a beginning below which computing it is as quick as reading it."""
_MAGIC = b"chatrec prefix\n\x01"
_DIGEST = 32
_LARGEST_HEAD = 2**24
_ABANDONED = 3600.0
_MAX_BYTES = 2**30
_GRAIN = 50_000_000


class PrefixStore:
    """A folder of beginnings, least recently used deleted first.

    Nothing here raises: what cannot be read is deleted and computed again, what cannot be written is not kept.

    Args:
        folder: Made when first written to, for its owner alone.
        max_bytes: Upper bound of all files together.
    """

    def __init__(self, folder: Path, *, max_bytes: int = _MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._writing: list[threading.Thread] = []
        self._known: dict[Path, Tokens] = {}
        self._known_at = -1

    def find(self, key: str, tokens: Tokens, *, longer_than: int = 0) -> Saved | None:
        """The stored beginning that shares most tokens with a prompt.

        Args:
            key: What it must have been computed with.
            tokens: The prompt, int32, shape (n,).
            longer_than: How many shared tokens are of no use, because they are in memory already.
        """
        best: Path | None = None
        for path, stored in self._beginnings(key).items():
            if (common := shared_prefix(stored, tokens)) > longer_than:
                best, longer_than = path, common
        if best is None:
            return None
        try:
            saved = _read(best, key)
            os.utime(best)
        except (OSError, ValueError) as error:
            _log.info("%s is of no use (%s): it is computed again", best, error)
            with contextlib.suppress(OSError):
                best.unlink(missing_ok=True)
            self._known.pop(best, None)
            return None
        return saved

    def shares(self, key: str, tokens: Tokens) -> int:
        """How many first tokens the stored beginnings share with these, at most; says nothing about files' health."""
        return max((shared_prefix(stored, tokens) for stored in self._beginnings(key).values()), default=0)

    def keep(self, key: str, saved: Saved) -> None:
        """Store a beginning; the writing is done on a thread, which the interpreter waits for at its end."""
        if saved.state.nbytes > self._max_bytes // 2:
            return
        self._writing = [thread for thread in self._writing if thread.is_alive()]
        thread = threading.Thread(target=self._write, args=(key, saved), name="chatrec-prefix")
        self._writing.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until everything is written."""
        for thread in self._writing:
            thread.join()

    def _path(self, key: str, tokens: Tokens) -> Path:
        return self._folder / f"{key}-{hashlib.sha256(tokens.tobytes()).hexdigest()[:16]}.prefix"

    def _beginnings(self, key: str) -> dict[Path, Tokens]:
        # Asked for at every turn: the files' heads are read again only after the folder has changed.
        try:
            changed = self._folder.stat().st_mtime_ns
        except OSError:
            return {}
        if changed != self._known_at:
            self._known = {}
            for path in self._files():
                with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
                    self._known[path] = _read_tokens(file, path.name.split("-", maxsplit=1)[0])
            # A file that appears within the clock's grain must not be missed.
            self._known_at = changed if time.time_ns() - changed > _GRAIN else -1
        return {path: stored for path, stored in self._known.items() if path.name.startswith(f"{key}-")}

    def _files(self) -> list[Path]:
        try:
            return sorted(self._folder.glob("[!.]*.prefix"))
        except OSError:
            return []

    def _write(self, key: str, saved: Saved) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room(saved.state.nbytes)
            with replacing(self._path(key, saved.tokens), private=True) as made, made.open("wb") as file:
                _write(file, key, saved)
        except OSError as error:
            _log.info("the beginning of the prompt cannot be kept in %s: %s", self._folder, error)

    def _make_room(self, size: int) -> None:
        now = time.time()
        for path in self._folder.glob(".making-*"):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > _ABANDONED:
                    path.unlink()
        found: list[tuple[float, int, Path]] = []
        for path in self._files():
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        total = sum(each[1] for each in found) + size
        for _, freed, path in sorted(found):
            if total <= self._max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= freed


def _write(file: BinaryIO, key: str, saved: Saved) -> None:
    tokens = np.ascontiguousarray(saved.tokens, dtype="<i4").data.cast("B")
    state = np.ascontiguousarray(saved.state).data.cast("B")
    head = json.dumps({"key": key, "tokens": len(saved.tokens), "bytes": len(state)}).encode() + b"\n"
    digest = hashlib.sha256(head)
    digest.update(tokens)
    digest.update(state)
    file.writelines((_MAGIC, digest.digest(), head, tokens, state))


def _head(file: BinaryIO, key: str) -> tuple[bytes, bytes, dict[str, Any]]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("no file of this version")
    digest, line = file.read(_DIGEST), file.readline(512)
    head: Any = json.loads(line)
    if not isinstance(head, dict) or head.get("key") != key or not 0 < head.get("tokens", 0) <= _LARGEST_HEAD:
        raise ValueError("computed with something else")
    return digest, line, head


def _read_tokens(file: BinaryIO, key: str) -> Tokens:
    _, _, head = _head(file, key)
    return np.frombuffer(file.read(4 * head["tokens"]), dtype="<i4").astype(np.int32, copy=False)


def _read(path: Path, key: str) -> Saved:
    with path.open("rb") as file:
        digest, line, head = _head(file, key)
        tokens = file.read(4 * head["tokens"])
        state: NDArray[np.uint8] = np.fromfile(file, dtype=np.uint8)
    found = hashlib.sha256(line)
    found.update(tokens)
    found.update(state.data)
    if found.digest() != digest or state.nbytes != head["bytes"] or len(tokens) != 4 * head["tokens"]:
        raise ValueError("damaged or cut short")
    return Saved(np.frombuffer(tokens, dtype="<i4").astype(np.int32, copy=False), state)
