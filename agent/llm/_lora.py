"""Whether an adapter was made for a base model, told from the two files before llama.cpp reads either."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatrec.errors import ModelError

# https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_SIZES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_PARTS = (".lora_a", ".lora_b")
_HINT = "use an adapter made for this base model, exported to GGUF"


@dataclass(frozen=True)
class GgufHead:
    """What a GGUF file says before its weights.

    Attributes:
        facts: Its metadata; arrays are left out.
        shapes: Tensor names to their shapes, innermost dimension first.
    """

    facts: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]


def check_adapter(adapter: Path, base: Path) -> None:
    """Refuse an adapter that does not fit.

    Raises:
        ModelError: If a file cannot be read, is no adapter, or was made for another base model; says which and why.
    """
    if not adapter.is_file():
        raise ModelError(f"no adapter at {str(adapter)!r}", hint="check the path")
    own, ground = _head(adapter), _head(base)
    kind = own.facts.get("general.type")
    if kind != "adapter" or own.facts.get("adapter.type") != "lora":
        raise ModelError(
            f"{str(adapter)!r} does not fit: it is no LoRA adapter (general.type is {kind!r})",
            hint="export the adapter to GGUF (convert_lora_to_gguf.py); a merged model goes into model_path",
        )
    made_for = own.facts.get("general.base_model.0.name") or own.facts.get("general.name") or "another model"
    wanted, found = own.facts.get("general.architecture"), ground.facts.get("general.architecture")
    if wanted != found:
        raise ModelError(
            f"the adapter {str(adapter)!r} does not fit {base.name!r}: made for {made_for!r} of architecture "
            f"{wanted!r}, not {found!r}",
            hint=_HINT,
        )
    if ground.facts.get("split.count", 1) > 1:
        return  # the other parts hold tensors too; llama.cpp checks them
    reason = _misfit(own.shapes, ground.shapes)
    if reason is not None:
        raise ModelError(
            f"the adapter {str(adapter)!r} does not fit {base.name!r}: made for {made_for!r}, {reason}", hint=_HINT
        )


def _misfit(own: Mapping[str, tuple[int, ...]], ground: Mapping[str, tuple[int, ...]]) -> str | None:
    for name in own:
        target = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), None)
        if target is None:
            continue
        below = ground.get(target)
        if below is None:
            return f"it changes {target!r}, which this model does not have"
        # W + B A: A reads what W reads, B writes what W writes. Embeddings are stored the other way round.
        a, b = own.get(target + ".lora_a"), own.get(target + ".lora_b")
        if a is None or b is None:
            return f"half of its change of {target!r} is missing"
        shapes = f"its change of {target!r} has shapes {a!r} and {b!r}, the model's is {below!r}"
        if min(len(a), len(b), len(below)) < 2:
            return shapes
        if target == "token_embd.weight":
            fits = (b[1], a[1]) == below[:2]
        else:
            fits = (a[0], b[1]) == below[:2] and a[1] == b[0]
        if not fits:
            return shapes
    return None


def _head(path: Path) -> GgufHead:
    found = path.stat()
    try:
        return _read(str(path), found.st_size, found.st_mtime_ns)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise ModelError(
            f"{str(path)!r} does not fit: it cannot be read as GGUF ({error})",
            hint="it is damaged or of another kind: download or export it again",
        ) from error


@lru_cache(maxsize=16)
def _read(path: str, _size: int, _changed: int) -> GgufHead:
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _Reader(data).head()


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._place = 0

    def head(self) -> GgufHead:
        magic, version, tensors, facts = self._take("<4sIQQ")
        if magic != b"GGUF" or version < 2:
            raise ValueError("its first bytes are wrong")
        known = {self._text(): self._value(self._take("<I")[0]) for _ in range(self._bounded(facts))}
        shapes: dict[str, tuple[int, ...]] = {}
        for _ in range(self._bounded(tensors)):
            name = self._text()
            shapes[name] = self._take(f"<{self._bounded(self._take('<I')[0])}Q")
            self._take("<IQ")
        return GgufHead({name: value for name, value in known.items() if value is not None}, shapes)

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._data, self._place)
        self._place += struct.calcsize(form)
        return values

    def _bounded(self, count: int) -> int:
        if count > len(self._data):
            raise ValueError(f"{count} things cannot be in {len(self._data)} bytes")
        return count

    def _text(self) -> str:
        length = self._bounded(self._take("<Q")[0])
        self._place += length
        return self._data[self._place - length : self._place].decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            return self._take("<" + _SIZES[kind])[0]
        inner, count = self._take("<IQ")
        if inner in _SIZES:
            self._place += count * struct.calcsize(_SIZES[inner])
            return None
        read, data, place = struct.Struct("<Q").unpack_from, self._data, self._place
        for _ in range(self._bounded(count)):
            place += 8 + read(data, place)[0]
        self._place = place
        return None
