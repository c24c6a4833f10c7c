"""Named arrays in one file that can be mapped: a line of JSON that says where each lies, then their bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 64
_KINDS = frozenset("biufS")


def write_arrays(file: BinaryIO, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays of numbers, each beginning at a multiple of 64 bytes."""
    places: dict[str, Any] = {}
    at = 0
    for name, array in arrays.items():
        places[name] = {"type": array.dtype.newbyteorder("<").str, "shape": list(array.shape), "at": at}
        at += -(-array.nbytes // _ALIGNED) * _ALIGNED
    head = json.dumps(places).encode()
    head += b" " * (-(len(head) + 1) % _ALIGNED) + b"\n"
    file.write(head)
    for array in arrays.values():
        content = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        file.write(content.tobytes())
        file.write(b"\0" * (-content.nbytes % _ALIGNED))


def map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in a file, mapped and read-only.

    Raises:
        ValueError: It is no such file, or too short.
        KeyError: Its head lacks something.
        OSError: It cannot be read.
    """
    content: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
    with path.open("rb") as file:
        head = file.readline()
    first = len(head)
    places: dict[str, Any] = json.loads(head)
    found: dict[str, NDArray[Any]] = {}
    for name, place in places.items():
        kind = np.dtype(place["type"])
        if kind.kind not in _KINDS:
            raise ValueError(f"{path.name!r} holds {place['type']!r}, which is no number")
        size = int(np.prod(place["shape"], dtype=np.int64)) * kind.itemsize
        start = first + int(place["at"])
        if start < first or start + size > len(content):
            raise ValueError(f"{path.name!r} ends before {name!r}")
        found[name] = np.asarray(content[start : start + size]).view(kind).reshape(place["shape"])
    return found


def nested(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays whose name begins with a prefix, without it."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
