"""From a trained adapter to a GGUF that llama.cpp loads beside the base model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chatrec.agent.tuning._model import MATRICES, LoraSettings
from chatrec.errors import ModelError

__all__ = ["as_peft", "export_adapter", "read_adapter"]


def export_adapter(
    adapter: Mapping[str, Tensor], path: Path, *, architecture: str, alpha: float, name: str = "", half: bool = True
) -> Path:
    """Write an adapter as GGUF, in one piece or not at all.

    Nothing is permuted: the matrices were trained in the GGUF's own layout (see `_model`).

    Args:
        adapter: Low-rank matrices by `{block}_{matrix}_a` (rank, in) and `{block}_{matrix}_b` (out, rank).
        path: Where to.
        architecture: Of the base model, "llama" or "qwen2".
        alpha: llama.cpp scales the adapter's output by alpha / rank.
        name: For `general.name`.
        half: Write 16-bit instead of 32-bit numbers.
    """
    import gguf

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    writer: Any = gguf.GGUFWriter(partial, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(alpha))
    if name:
        writer.add_name(name)
    for key in sorted(adapter, key=_place):
        block, matrix, side = _parts(key)
        values = adapter[key].detach().to(torch.float16 if half else torch.float32).contiguous().numpy()
        writer.add_tensor(f"blk.{block}.{matrix}.weight.lora_{side}", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)
    return path


def read_adapter(path: Path) -> tuple[dict[str, Tensor], LoraSettings]:
    """The matrices of an adapter's GGUF, as `export_adapter` takes them, and its shape.

    Raises:
        ModelError: It does not hold the same matrices of every block from some block on.
    """
    from gguf import GGUFReader, Keys

    reader: Any = GGUFReader(str(path))
    found: dict[str, Tensor] = {}
    for tensor in reader.tensors:
        _, block, matrix, side = tensor.name.replace(".weight.lora_", ".").split(".")
        found[f"{block}_{matrix}_{side}"] = torch.from_numpy(tensor.data.astype(np.float32))
    blocks = {_parts(key)[0] for key in found}
    ranks = {values.shape["ab".index(_parts(key)[2])] for key, values in found.items()}
    if len(found) != len(blocks) * 2 * len(MATRICES) or len(ranks) != 1:
        raise ModelError(
            f"{path.name!r} is not of the shape that chatrec trains", hint="begin with an adapter of chatrec tune"
        )
    alpha = float(reader.get_field(Keys.Adapter.LORA_ALPHA).contents())
    return found, LoraSettings(ranks.pop(), alpha, min(blocks))


_PEFT = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def as_peft(adapter: Mapping[str, Tensor], *, architecture: str, heads: int, kv_heads: int) -> dict[str, Tensor]:
    """The adapter under peft's names, in the layout of the model's Hugging Face checkpoint.

    Args:
        adapter: As for `export_adapter`.
        architecture: "llama" rows of queries and keys are put back into halves; others are left.
        heads: Query heads.
        kv_heads: Key heads.
    """
    named: dict[str, Tensor] = {}
    for key, values in adapter.items():
        block, matrix, side = _parts(key)
        if side == "b" and architecture == "llama" and matrix in {"attn_q", "attn_k"}:
            count = heads if matrix == "attn_q" else kv_heads
            values = values.view(count, -1, 2, values.shape[1]).transpose(1, 2).flatten(0, 2)  # noqa: PLW2901
        named[f"base_model.model.model.layers.{block}.{_PEFT[matrix]}.lora_{side.upper()}.weight"] = values.contiguous()
    return named


def _parts(key: str) -> tuple[int, str, str]:
    block, rest = key.split("_", 1)
    matrix, side = rest.rsplit("_", 1)
    return int(block), matrix, side


def _place(key: str) -> tuple[int, int, str]:
    block, matrix, side = _parts(key)
    return block, MATRICES.index(matrix), side
