"""The base model in torch, read from its GGUF and kept in the GGUF's own layout, with LoRA beside its matrices.

Because nothing is permuted on the way in (llama's query and key rows are rotated in adjacent pairs here, as in
llama.cpp), an adapter trained on these matrices fits the GGUF as it is.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from chatrec.errors import ModelError

__all__ = ["Architecture", "LoraModel", "LoraSettings", "load_base", "quickest_type"]

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_KNOWN = ("llama", "qwen2")


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers of a llama or qwen2 model, as its GGUF gives them."""

    name: str
    blocks: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    base: float
    epsilon: float


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """The shape of an adapter.

    Attributes:
        rank: Columns of the low-rank matrices.
        alpha: The adapter's output is scaled by alpha / rank.
        first: The first block that gets an adapter.
    """

    rank: int = 16
    alpha: float = 32.0
    first: int = 0


def quickest_type() -> torch.dtype:
    """The number format in which this CPU multiplies faster: bfloat16 only where it has instructions for it."""
    took: dict[torch.dtype, float] = {}
    for dtype in (torch.float32, torch.bfloat16):
        left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
        for _ in range(4):
            started = time.perf_counter()
            left @ right
            took[dtype] = min(took.get(dtype, math.inf), time.perf_counter() - started)
    return min(took, key=lambda dtype: took[dtype])


def load_base(path: Path, *, dtype: torch.dtype = torch.bfloat16) -> tuple[Architecture, dict[str, Tensor]]:
    """Dequantize a GGUF.

    Args:
        path: The file; architecture llama or qwen2.
        dtype: Of the matrices; vectors stay float32.

    Returns:
        The architecture and the tensors by their GGUF names, matrices of shape (out, in).

    Raises:
        ModelError: The architecture is another one.
    """
    from gguf import GGUFReader
    from gguf.quants import dequantize

    reader: Any = GGUFReader(str(path))

    def read(key: str, default: Any = None) -> Any:
        field = reader.get_field(key)
        return default if field is None else field.contents()

    name = str(read("general.architecture"))
    if name not in _KNOWN:
        raise ModelError(f"{path.name!r} is of architecture {name!r}", hint=f"only {' and '.join(_KNOWN)} can be tuned")
    heads, width = int(read(f"{name}.attention.head_count")), int(read(f"{name}.embedding_length"))
    shape = Architecture(
        name=name,
        blocks=int(read(f"{name}.block_count")),
        width=width,
        heads=heads,
        kv_heads=int(read(f"{name}.attention.head_count_kv", heads)),
        head_width=int(read(f"{name}.attention.key_length", width // heads)),
        base=float(read(f"{name}.rope.freq_base", 10000.0)),
        epsilon=float(read(f"{name}.attention.layer_norm_rms_epsilon", 1e-5)),
    )
    tensors: dict[str, Tensor] = {}
    for tensor in reader.tensors:
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        tensors[tensor.name] = values.to(dtype) if values.ndim == 2 else values.float()
    return shape, tensors


class LoraModel(nn.Module):
    """A frozen base model with a trainable adapter.

    Args:
        shape: The base model's numbers.
        tensors: Its tensors by GGUF name.
        settings: The adapter's shape.
        seed: Of the adapter's first values.
    """

    def __init__(
        self, shape: Architecture, tensors: dict[str, Tensor], settings: LoraSettings, *, seed: int = 0
    ) -> None:
        super().__init__()
        self.shape = shape
        self.settings = settings
        self._tensors = tensors
        self._joint: dict[tuple[int, tuple[str, ...]], Tensor] = {}
        self._scale = settings.alpha / settings.rank
        made = torch.Generator().manual_seed(seed)
        self.adapter = nn.ParameterDict()
        for block in range(settings.first, shape.blocks):
            for matrix in MATRICES:
                out, into = tensors[f"blk.{block}.{matrix}.weight"].shape
                a = torch.empty(settings.rank, into)
                a.uniform_(-1 / math.sqrt(into), 1 / math.sqrt(into), generator=made)
                self.adapter[_key(block, matrix, "a")] = nn.Parameter(a)
                self.adapter[_key(block, matrix, "b")] = nn.Parameter(torch.zeros(out, settings.rank))

    def pair(self, block: int, matrix: str) -> tuple[Tensor, Tensor]:
        """The low-rank matrices of a base matrix: (rank, in) and (out, rank)."""
        return self.adapter[_key(block, matrix, "a")], self.adapter[_key(block, matrix, "b")]

    def forward(self, shared: Tensor, tokens: Tensor, depths: Tensor, sees: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states.

        Args:
            shared: Tokens that all rows begin with, shape (p,), p at least 1.
            tokens: The rows' further tokens, shape (b, n).
            depths: Their positions, shape (b, n).
            sees: Which tokens of its row each sees, bool, shape (b, n, n); all see all shared ones.

        Returns:
            Normed hidden states of the shared tokens, shape (p, width), and of the rows, shape (b, n, width).
        """
        count, rows = len(shared), len(tokens)
        embedding = self._tensors["token_embd.weight"]
        first, rest = embedding[shared][None], embedding[tokens]
        turn_first = self._rotation(torch.arange(count)[None])
        turn_rest = self._rotation(depths)
        mask = torch.cat([torch.ones(rows, tokens.shape[1], count, dtype=torch.bool), sees], dim=2)[:, None]
        for block in range(self.shape.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and block >= self.settings.first):
                first, rest = self._block(block, first, rest, turn_first, turn_rest, mask)
        norm = self._tensors["output_norm.weight"]
        return self._normed(first, norm)[0], self._normed(rest, norm)

    def logits(self, hidden: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Scores of tokens, float32.

        Args:
            hidden: Normed hidden states, shape (m, width).
            allowed: Token ids, shape (m, k); None for the whole vocabulary.
        """
        head = self._tensors.get("output.weight", self._tensors["token_embd.weight"])
        if allowed is None:
            return functional.linear(hidden, head).float()
        return torch.einsum("mw,mkw->mk", hidden.float(), head[allowed].float())

    def _block(  # noqa: PLR0917
        self, block: int, first: Tensor, rest: Tensor, turn_first: Tensor, turn_rest: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        norm = self._tensors[f"blk.{block}.attn_norm.weight"]
        q1, k1, v1 = self._heads(block, self._normed(first, norm), turn_first)
        q2, k2, v2 = self._heads(block, self._normed(rest, norm), turn_rest)
        seen1 = functional.scaled_dot_product_attention(q1, k1, v1, is_causal=True)
        rows = len(rest)
        keys = torch.cat([k1.expand(rows, -1, -1, -1), k2], dim=2)
        values = torch.cat([v1.expand(rows, -1, -1, -1), v2], dim=2)
        seen2 = functional.scaled_dot_product_attention(q2, keys, values, attn_mask=mask)
        first = first + self._linear(block, ("attn_output",), _joined(seen1))
        rest = rest + self._linear(block, ("attn_output",), _joined(seen2))
        return self._fed(block, first), self._fed(block, rest)

    def _heads(self, block: int, x: Tensor, turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shape = self.shape
        wide, narrow = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
        q, k, v = self._linear(block, ("attn_q", "attn_k", "attn_v"), x).split([wide, narrow, narrow], dim=-1)  # type: ignore[no-untyped-call]
        q = self._turned(q.unflatten(-1, (shape.heads, shape.head_width)).transpose(1, 2), turn)
        k = self._turned(k.unflatten(-1, (shape.kv_heads, shape.head_width)).transpose(1, 2), turn)
        v = v.unflatten(-1, (shape.kv_heads, shape.head_width)).transpose(1, 2)
        times = shape.heads // shape.kv_heads
        return q, k.repeat_interleave(times, dim=1), v.repeat_interleave(times, dim=1)

    def _fed(self, block: int, x: Tensor) -> Tensor:
        normed = self._normed(x, self._tensors[f"blk.{block}.ffn_norm.weight"])
        gate, up = self._linear(block, ("ffn_gate", "ffn_up"), normed).chunk(2, dim=-1)
        return x + self._linear(block, ("ffn_down",), functional.silu(gate) * up)

    def _linear(self, block: int, matrices: tuple[str, ...], x: Tensor) -> Tensor:
        """The base matrices side by side, with their adapters."""
        key = (block, matrices)
        if key not in self._joint:
            parts = [self._tensors[f"blk.{block}.{matrix}.weight"] for matrix in matrices]
            self._joint[key] = torch.cat(parts) if len(parts) > 1 else parts[0]
        weight = self._joint[key]
        if block < self.settings.first:
            y = functional.linear(x, weight)
        else:
            pairs = [self.pair(block, matrix) for matrix in matrices]
            a = torch.cat([a for a, _ in pairs])
            b = torch.block_diag(*(b for _, b in pairs)) * self._scale  # type: ignore[no-untyped-call]
            y = _WithAdapter.apply(x, weight, a.to(x.dtype), b.to(x.dtype))  # type: ignore[no-untyped-call]
        biases = [self._tensors.get(f"blk.{block}.{matrix}.bias") for matrix in matrices]
        return (
            y
            if any(bias is None for bias in biases)
            else y + torch.cat([b for b in biases if b is not None]).to(y.dtype)
        )

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(x.float(), (x.shape[-1],), weight, self.shape.epsilon).to(x.dtype)

    def _rotation(self, depths: Tensor) -> Tensor:
        """Unit complex numbers, shape (b, 1, n, head_width / 2)."""
        half = self.shape.head_width // 2
        speeds = self.shape.base ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = (depths.double()[:, None, :, None] * speeds).float()
        return torch.polar(torch.ones_like(angles), angles)

    def _turned(self, x: Tensor, turn: Tensor) -> Tensor:
        """Rotate pairs of values: adjacent ones for llama, those half a head apart for qwen2."""
        if self.shape.name == "llama":
            pairs = x.float().view(*x.shape[:-1], -1, 2)
        else:
            pairs = x.float().view(*x.shape[:-1], 2, -1).transpose(-1, -2)
        turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turn)
        if self.shape.name != "llama":
            turned = turned.transpose(-1, -2)
        return turned.flatten(-2).to(x.dtype)


class _WithAdapter(torch.autograd.Function):
    """`x W' + (x A') B'` for a frozen W; keeps x and the narrow product alone for the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, a: Tensor, b: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        low = flat @ a.T
        y = torch.addmm(flat @ weight.T, low, b.T)
        ctx.save_for_backward(flat, weight, a, b, low)
        ctx.shape = x.shape
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor]:
        flat, weight, a, b, low = ctx.saved_tensors
        grad = grads[0].reshape(-1, weight.shape[0])
        inner = grad @ b
        back = torch.addmm(grad @ weight, inner, a).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return back, None, inner.T @ flat, grad.T @ low


def _joined(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2).flatten(-2)


def _key(block: int, matrix: str, side: str) -> str:
    return f"{block}_{matrix}_{side}"
