"""What a GGUF file says before its weights, read with every length checked: llama.cpp trusts some of them.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatrec.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_BOOLEAN, _STRING, _ARRAY = 7, 8, 9
_U64 = struct.Struct("<Q")
# Values to a block and bytes of a block, per tensor type; a type that is not here is left to llama.cpp.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17)},
}
AGAIN = (
    "the file is cut short, damaged, or of a kind this llama.cpp does not know: download it again, "
    "compare its size and checksum, or update llama-cpp-python"
)


@dataclass(frozen=True)
class Array:
    """An array of the header; the values themselves are skipped.

    Attributes:
        kind: Its values' type; 8 is text.
        count: How many there are.
        repeated: Whether two of its texts are the same; looked at in the vocabulary alone.
    """

    kind: int
    count: int
    repeated: bool = False


@dataclass(frozen=True)
class Tensor:
    """A tensor as the header announces it.

    Attributes:
        shape: Innermost dimension first.
        kind: Its number format.
        start: Its first byte in the file.
    """

    shape: tuple[int, ...]
    kind: int
    start: int = 0


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        facts: Metadata.
        spans: Where each fact's key and value lie in the file: first byte, and the one behind the last.
        tensors: By name.
    """

    facts: Mapping[str, Any]
    spans: Mapping[str, tuple[int, int]]
    tensors: Mapping[str, Tensor]


class _Broken(Exception):
    """A reason."""


def read_header(path: Path) -> Header:
    """The header of a GGUF file; the latest ones are remembered while the files stay the same.

    Raises:
        ModelError: If the file is no GGUF, or its lengths, counts or places do not fit together or the file.
    """
    try:
        status = path.stat()
        return _header(path, status.st_size, status.st_mtime_ns)
    except _Broken as broken:
        raise ModelError(f"cannot load {str(path)!r}: {broken}", hint=AGAIN) from None
    except OSError as error:
        raise ModelError(f"cannot read {str(path)!r}: {error}", hint="check the path and its permissions") from error


@lru_cache(maxsize=8)
def _header(path: Path, size: int, _changed: int) -> Header:
    if size < 24:
        raise _Broken(f"it has {size} bytes, less than the shortest header")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _Reader(data, size).header()


class _Reader:
    def __init__(self, data: mmap.mmap, size: int) -> None:
        self._data = data
        self._size = size
        self._place = 0

    def header(self) -> Header:
        if self._data[:4] != b"GGUF":
            raise _Broken(f"it is not a GGUF file, it begins with {self._data[:4]!r}")
        self._place = 4
        version = self._take("I")
        if version not in (2, 3):
            raise _Broken(f"it says GGUF version {version}, 2 and 3 are known")
        tensors, pairs = self._take("Q"), self._take("Q")
        if tensors * 24 + pairs * 13 > self._size:
            raise _Broken(f"its header announces {tensors} tensors and {pairs} facts in {self._size} bytes")
        facts: dict[str, Any] = {}
        spans: dict[str, tuple[int, int]] = {}
        for _ in range(pairs):
            begun = self._place
            key = self._text("a fact's name", 65_535)
            if key in facts:
                raise _Broken(f"it states {key!r} twice")
            facts[key] = self._value(key, self._take("I"))
            spans[key] = (begun, self._place)
        return Header(facts, spans, self._tensors(tensors, facts))

    def _tensors(self, count: int, facts: Mapping[str, Any]) -> dict[str, Tensor]:
        alignment = facts.get("general.alignment", 32)
        if not isinstance(alignment, int) or alignment <= 0 or alignment % 8:
            raise _Broken(f"its alignment is {alignment!r}")
        found: dict[str, Tensor] = {}
        ends: list[tuple[str, int, int]] = []
        for _ in range(count):
            name = self._text("a tensor's name", 255)
            dimensions = self._take("I")
            if not 1 <= dimensions <= 4 or name in found:
                raise _Broken(f"tensor {name!r} has {dimensions} dimensions or comes twice")
            shape = tuple(self._take("Q") for _ in range(dimensions))
            kind, offset = self._take("I"), self._take("Q")
            if offset % alignment or not all(0 < length < 2**40 for length in shape):
                raise _Broken(f"tensor {name!r} lies at {offset} in the shape {shape}")
            found[name] = Tensor(shape, kind, offset)
            ends.append((name, offset, _bytes(name, shape, kind)))
        begun = -(-self._place // alignment) * alignment
        for name, offset, length in ends:
            if begun + offset + length > self._size:
                end = begun + offset + length
                raise _Broken(f"it ends at byte {self._size}, tensor {name!r} at byte {end}: the download broke off")
        return {name: replace(tensor, start=begun + tensor.start) for name, tensor in found.items()}

    def _value(self, key: str, kind: int) -> Any:
        if kind == _STRING:
            return self._text(key, self._size)
        if kind != _ARRAY:
            return self._scalar(key, kind)
        inner, count = self._take("I"), self._take("Q")
        if inner == _STRING:
            return Array(inner, count, self._skip_texts(key, count))
        if inner in _SCALARS:
            self._skip(count * struct.calcsize(_SCALARS[inner]), key)
        else:
            raise _Broken(f"{key!r} is an array of the unknown type {inner}")
        return Array(inner, count)

    def _scalar(self, key: str, kind: int) -> Any:
        if kind not in _SCALARS:
            raise _Broken(f"{key!r} has the unknown type {kind}")
        value = self._take(_SCALARS[kind])
        return bool(value) if kind == _BOOLEAN else value

    def _take(self, sign: str) -> Any:
        begun = self._place
        self._skip(struct.calcsize(sign), "a number")
        return struct.unpack_from("<" + sign, self._data, begun)[0]

    def _text(self, what: str, longest: int) -> str:
        length = self._take("Q")
        if length > longest:
            raise _Broken(f"{what} is {length} bytes long")
        begun = self._place
        self._skip(length, what)
        return self._data[begun : self._place].decode("utf-8", "replace")

    def _skip(self, length: int, what: str) -> None:
        self._place += length
        if self._place > self._size:
            raise _Broken(f"it ends at byte {self._size}, in the middle of {what}")

    def _skip_texts(self, key: str, count: int) -> bool:
        if count * 8 > self._size:
            raise _Broken(f"{key!r} announces {count} texts in {self._size} bytes")
        data, place, size, unpack = self._data, self._place, self._size, _U64.unpack_from
        seen: set[bytes] = set()
        empty = 0
        try:
            for _ in range(count):
                end = place + 8 + unpack(data, place)[0]
                if key == "tokenizer.ggml.tokens":
                    seen.add(data[place + 8 : end])
                    empty += end == place + 8
                place = end
        except (struct.error, OverflowError):
            place = size + 1
        self._place = place
        self._skip(0, key)
        return key == "tokenizer.ggml.tokens" and len(seen) + max(0, empty - 1) < count


def _bytes(name: str, shape: tuple[int, ...], kind: int) -> int:
    values = 1
    for length in shape:
        values *= length
    if kind not in _BLOCKS:
        return 0
    block, size = _BLOCKS[kind]
    if shape[0] % block:
        raise _Broken(f"tensor {name!r} of shape {shape} does not divide into blocks of {block}")
    return values // block * size
