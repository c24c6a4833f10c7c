"""GGUF files written by hand: a llama of few thin layers with random weights."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chatrec.agent.llm._gguf import read_header


def llama_facts(size: int, width: int, layers: int = 2) -> dict[str, Any]:
    """What such a model's file says of it, its vocabulary apart."""
    return {
        "general.architecture": "llama",
        "llama.context_length": 4096,
        "llama.embedding_length": width,
        "llama.block_count": layers,
        "llama.feed_forward_length": 2 * width,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 2,
        "llama.rope.dimension_count": width // 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.vocab_size": size,
    }


def small_model(path: Path, *, width: int = 32) -> Path:
    """A whole model of some 100 kB, over the 256 bytes and ChatML's two tags."""
    tags = ["<|im_start|>", "<|im_end|>"]
    tokens = [*_bytes(), *tags]
    facts = llama_facts(len(tokens), width) | {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * 256 + [3] * len(tags),
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.bos_token_id": 256,
        "tokenizer.ggml.eos_token_id": 257,
    }
    return write(path, facts, random_tensors(len(tokens), width, 1))


def thin_model(path: Path, like: Path, *, width: int = 64, layers: int = 6) -> Path:
    """A whole llama over another model's vocabulary and with its chat template, by default of 7 MB."""
    header = read_header(like)
    size = header.facts["tokenizer.ggml.tokens"].count
    # The vocabulary's bytes are copied as they are: parsing and writing so many tokens takes seconds.
    whole = like.read_bytes()
    parts = [whole[begun:end] for key, (begun, end) in header.spans.items() if key.startswith("tokenizer.")]
    return write(path, llama_facts(size, width, layers), random_tensors(size, width, 1, layers), parts)


def _bytes() -> list[str]:
    # GPT-2's printable stand-ins for bytes.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) if byte in plain else chr(256 + others.index(byte)) for byte in range(256)]


def write(path: Path, facts: Mapping[str, Any], tensors: Mapping[str, Any], more: Sequence[bytes] = ()) -> Path:
    """Write a GGUF.

    Args:
        path: Where.
        facts: Metadata.
        tensors: Name to float32 or float16 values.
        more: Facts that are bytes already, key and value.
    """
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts) + len(more))
    out += b"".join(_text(key) + _value(value) for key, value in facts.items()) + b"".join(more)
    data = b""
    for name, values in tensors.items():
        kind = 0 if values.dtype == np.float32 else 1
        out += _text(name) + struct.pack(f"<I{values.ndim}Q", values.ndim, *reversed(values.shape))
        out += struct.pack("<IQ", kind, len(data))
        data += values.tobytes() + b"\0" * (-values.nbytes % 32)
    path.write_bytes(out + b"\0" * (-len(out) % 32) + data)
    return path


def random_tensors(size: int, width: int, seed: int, layers: int = 2) -> dict[str, Any]:
    """Weights of such a model."""
    rng = np.random.default_rng(seed)

    def chance(*shape: int) -> Any:
        return (rng.standard_normal(shape, dtype=np.float32) / np.sqrt(shape[-1])).astype(np.float16)

    made: dict[str, Any] = {"token_embd.weight": chance(size, width), "output_norm.weight": np.ones(width, np.float32)}
    for layer in range(layers):
        block = f"blk.{layer}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            made[f"{block}.{part}.weight"] = chance(width, width)
        for part in ("attn_norm", "ffn_norm"):
            made[f"{block}.{part}.weight"] = np.ones(width, np.float32)
        made[f"{block}.ffn_gate.weight"] = chance(2 * width, width)
        made[f"{block}.ffn_up.weight"] = chance(2 * width, width)
        made[f"{block}.ffn_down.weight"] = chance(width, 2 * width)
    return made


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    if isinstance(value, list):
        parts: list[Any] = value
        kind = 8 if isinstance(parts[0], str) else 5
        packed = [_text(part) if kind == 8 else struct.pack("<I", part) for part in parts]
        return struct.pack("<IIQ", 9, kind, len(parts)) + b"".join(packed)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    return struct.pack("<II", 4, value) if isinstance(value, int) else struct.pack("<If", 6, value)
