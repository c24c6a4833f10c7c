"""A model with an adapter worked into its weights, so that the adapter costs nothing while computing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatrec._files import replacing
from chatrec.agent.llm._gguf import Header, Tensor, read_header
from chatrec.agent.llm._identity import file_identity, key_of
from chatrec.agent.llm._lora import check_adapter
from chatrec.agent.llm._model_files import models_folder
from chatrec.agent.llm._quantize import quantize
from chatrec.errors import ModelError

__all__ = ["merged"]

_F32, _F16, _BF16 = 0, 1, 30
_OLD = 30 * 86_400
"""Seconds after which copies with another version of the adapter are deleted when a new one is made."""


def merged(base: Path, adapter: Path, scale: float) -> Path:
    """The weights W + scale · (alpha / rank) · B A in BF16, written into the cache when they are first asked for.

    Args:
        base: A GGUF file.
        adapter: A LoRA adapter for it, as GGUF.
        scale: How strongly it acts.

    Raises:
        ModelError: If the adapter does not fit, or changes weights that are not kept as a matrix of BF16.
        OSError: If there is no room for the copy.
    """
    facts = {"base": file_identity(base), "adapter": file_identity(adapter), "scale": scale}
    name = f"{base.stem}-with-{adapter.stem}"
    target = models_folder() / f"{name}-{key_of(facts)[:8]}.gguf"
    if target.is_file():
        return target
    check_adapter(adapter, base)
    with replacing(target, private=True) as made:
        quantize(base, made, "BF16")
        _add(made, adapter, scale)
    for other in target.parent.glob(f"{name}-????????.gguf"):
        if time.time() - other.stat().st_mtime > _OLD:
            other.unlink(missing_ok=True)
    return target


def _add(model: Path, adapter: Path, scale: float) -> None:
    own, ground = read_header(adapter), read_header(model)
    for name in own.tensors:
        target = name.removesuffix(".lora_a")
        if target == name:
            continue
        if target == "token_embd.weight" or ground.tensors[target].kind != _BF16:
            raise ModelError(
                f"the adapter {str(adapter)!r} changes {target!r}, which cannot be worked into the weights",
                hint="load it beside the model: ChatLlamaCpp(lora_path=..., merge=False)",
            )
        a, b = _numbers(adapter, own.tensors[name]), _numbers(adapter, own.tensors[f"{target}.lora_b"])
        weights = _raw(model, ground.tensors[target], np.uint16, "r+")
        change = (scale * _alpha(own) / a.shape[0]) * (b @ a)
        weights[:] = _rounded(_widened(weights) + change)
        weights.flush()


def _alpha(adapter: Header) -> float:
    return float(adapter.facts["adapter.lora.alpha"])


def _numbers(path: Path, tensor: Tensor) -> NDArray[np.float32]:
    if tensor.kind == _BF16:
        return _widened(_raw(path, tensor, np.uint16, "r"))
    if tensor.kind not in {_F32, _F16}:
        raise ModelError(
            f"the adapter {str(path)!r} is quantized and cannot be worked into the weights",
            hint="load it beside the model: ChatLlamaCpp(lora_path=..., merge=False)",
        )
    return _raw(path, tensor, np.float32 if tensor.kind == _F32 else np.float16, "r").astype(np.float32)


def _raw(path: Path, tensor: Tensor, kind: type, mode: Literal["r", "r+"]) -> np.memmap[Any, Any]:
    """A matrix as it lies in the file, shape (out, in)."""
    return np.memmap(path, np.dtype(kind), mode, tensor.start, tensor.shape[::-1])


def _widened(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    """From BF16, exactly."""
    return (values.astype(np.uint32) << 16).view(np.float32)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """To BF16, half to even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
