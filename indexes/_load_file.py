"""A catalog file as a stream: opened with care, unpacked on the way, read in its encoding, its progress told."""

from __future__ import annotations

import contextlib
import io
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from chatrec.errors import CatalogError
from chatrec.indexes._load_encoding import Encoding, find_encoding, told_encoding

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes of the file are read, of how many."""

_FOREIGN = {b"PK\x03\x04": "a spreadsheet or zip", b"SQLi": "SQLite", b"%PDF": "PDF", b"BZh9": "bzip2",
            b"\xd0\xcf\x11\xe0": "an old spreadsheet", b"\xfd7zX": "xz", b"(\xb5/\xfd": "zstd"}  # fmt: skip
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 18


class CatalogFile:
    """One file that can be read several times.

    Args:
        path: Where it is.
        encoding: Its encoding where it is told; else it is found out when it is first asked for.
        progress: Told how far reading is.

    Raises:
        CatalogError: It is missing, no regular file, not readable, empty, of a foreign format, or no encoding is
            called so.
    """

    def __init__(self, path: Path, *, encoding: str | None = None, progress: Progress | None = None) -> None:
        self.path = path
        self.name = path.name
        self.cut: bytes | None = None
        self._encoding = None if encoding is None else told_encoding(encoding)
        self._progress = progress
        self.stamp = self._check()
        self.size = self.stamp[0]
        with self._raw() as raw:
            packed = raw.read(2) == _GZIP
        self.packed = packed
        with self.open() as stream:
            head = stream.read(4)
        kind = _FOREIGN.get(head)
        if kind is not None:
            raise CatalogError(f"{self.name} is {kind}", hint="export it as CSV, JSONL or Parquet")
        if not head and self.cut is None:
            raise CatalogError(f"{self.name} is empty", hint="a catalog needs at least one row with a title")
        self.is_parquet = head == b"PAR1"

    @property
    def encoding(self) -> Encoding:
        """The encoding of its text."""
        if self._encoding is None:
            with self.open() as stream:
                self._encoding = find_encoding(stream)
        return self._encoding

    def open(self, *, progress: bool = False) -> BinaryIO:
        """Its bytes, unpacked; a gzip file that is cut off ends after its last whole line, and `cut` holds the rest.

        Args:
            progress: Tell of the progress.
        """
        raw: io.RawIOBase = self._raw()
        if progress and self._progress is not None:
            raw = _Told(raw, self.size, self._progress)
        return io.BufferedReader(_Unpacked(raw, self) if self.packed else raw, _BLOCK)

    def text(self, *, progress: bool = True) -> io.TextIOWrapper:
        """Its text, line by line as they end in the file."""
        encoding = self.encoding
        stream = self.open(progress=progress)
        return io.TextIOWrapper(stream, encoding.name, encoding.errors, newline="")

    def _check(self) -> tuple[int, int, int]:
        """Its size, its time and its number, which tell it from one that took its place."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            raise CatalogError(f"there is no file {str(self.path)!r}", hint="check the path and the spelling") from None
        except OSError as error:
            raise CatalogError(f"{self.path} cannot be read: {error.strerror}", hint="check its permissions") from error
        if stat.S_ISDIR(status.st_mode):
            raise CatalogError(f"{self.path} is a directory", hint="give the path of one file in it")
        if not stat.S_ISREG(status.st_mode):
            raise CatalogError(
                f"{self.path} is a pipe or a device", hint="it is read more than once: save it to a file first"
            )
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _raw(self) -> io.FileIO:
        try:
            return io.FileIO(self.path)
        except OSError as error:
            raise CatalogError(f"{self.path} cannot be read: {error.strerror}", hint="check its permissions") from error


class _Told(io.RawIOBase):
    """A stream that tells how far it is read."""

    def __init__(self, raw: io.RawIOBase, size: int, progress: Progress) -> None:
        self._raw, self._size, self._progress, self._done = raw, size, progress, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._raw.readinto(buffer) or 0
        self._done += count
        self._progress(min(self._done, self._size), self._size)
        return count

    def seekable(self) -> bool:
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Unpacked(io.RawIOBase):
    """The bytes of a gzip file, one after the other; damage ends it after the last whole line."""

    def __init__(self, raw: io.RawIOBase, file: CatalogFile) -> None:
        self._raw, self._file = raw, file
        self._unzip = zlib.decompressobj(wbits=31)
        self._ready = memoryview(b"")
        self._tail: list[bytes] = []
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            self._fill()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _fill(self) -> None:
        block = self._raw.read(_BLOCK // 4)
        if not block:
            self._end(whole=self._unzip.eof)
            return
        rest = b""
        before = self._unzip.copy()
        try:
            self._take(self._unzip.decompress(block))
            # A gzip file may be several, one after the other; what else follows the last is padding.
            while self._unzip.eof and self._unzip.unused_data.startswith(_GZIP):
                rest, self._unzip = self._unzip.unused_data, zlib.decompressobj(wbits=31)
                before = self._unzip.copy()
                self._take(self._unzip.decompress(rest))
        except zlib.error:
            rest = block[len(block) - len(rest) :] if rest else block
            # What came before the damage within the block is lost unless it is asked for bit by bit.
            with contextlib.suppress(zlib.error):
                for at in range(len(rest)):
                    self._take(before.decompress(rest[at : at + 1]))
            self._end(whole=False)

    def _take(self, data: bytes) -> None:
        """Hold back what may be half a line."""
        upto = data.rfind(b"\n") + 1
        if upto:
            self._ready = memoryview(b"".join((self._ready, *self._tail, data[:upto])))
            self._tail = [data[upto:]]
        else:
            self._tail.append(data)

    def _end(self, *, whole: bool) -> None:
        tail, self._tail, self._ended = b"".join(self._tail), [], True
        if whole:
            self._ready = memoryview(b"".join((self._ready, tail)))
        else:
            self._file.cut = tail
