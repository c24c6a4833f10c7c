"""Templates and vocabularies of real families out of llama-cpp-python's source archive, and tiny models of them.

`make test` fetches the archive into `.venv/llama-source`; `CHATREC_LLAMA_SOURCE` names another folder or archive.
"""

from __future__ import annotations

import os
import struct
import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatrec.agent.llm._gguf import read_header

_WANTED = "vendor/llama.cpp/models/"


@cache
def source() -> Path | None:
    """The folder `vendor/llama.cpp/models`, unpacked if need be; None where no archive was fetched."""
    named = os.environ.get("CHATREC_LLAMA_SOURCE")
    for place in [Path(named)] if named else [Path(sys.prefix) / "llama-source"]:
        archives = [place] if place.is_file() else sorted(place.glob("*.tar.gz"))
        for found in (*place.glob(_WANTED), *place.glob(f"*/{_WANTED}")):
            return found
        for archive in archives:
            return _unpacked(archive)
    return None


def _unpacked(archive: Path) -> Path:
    folder = archive.parent
    with tarfile.open(archive) as packed:
        members = [member for member in packed.getmembers() if _WANTED in member.name and member.isfile()]
        packed.extractall(folder, members=members, filter="data")
    return next(folder.glob(f"*/{_WANTED}"))


def template(name: str) -> str:
    """A template of the archive, by its file's name without ".jinja"."""
    return (models() / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def names() -> list[str]:
    """The templates of the archive; one empty name where there is no archive, so that its absence is seen."""
    found = source()
    return sorted(path.stem for path in (found / "templates").glob("*.jinja")) if found else [""]


def models() -> Path:
    """The archive's folder, or a skipped test."""
    if (found := source()) is None:
        pytest.skip("llama-cpp-python's source archive is not there: `make test` fetches it into .venv/llama-source")
    return found


def tiny_model(path: Path, vocabulary: str, chat_template: str, *, seed: int = 1, width: int = 32) -> Path:
    """A llama of two thin layers with random weights over a real vocabulary and a real template.

    Args:
        path: Where the GGUF is written.
        vocabulary: E.g. "qwen2" for `ggml-vocab-qwen2.gguf`.
        chat_template: A Jinja template.
        seed: Of the weights.
        width: Of the embeddings.
    """
    base = models() / f"ggml-vocab-{vocabulary}.gguf"
    header = read_header(base)
    size = header.facts["tokenizer.ggml.tokens"].count
    # The vocabulary's bytes are copied as they are: parsing and writing 150,000 tokens takes a quarter of a minute.
    whole = base.read_bytes()
    spans = [span for key, span in header.spans.items() if key.startswith("tokenizer.") and "chat_template" not in key]
    facts: dict[str, Any] = {
        "general.architecture": "llama",
        "general.name": f"tiny-{vocabulary}",
        "tokenizer.chat_template": chat_template,
        "llama.context_length": 4096,
        "llama.embedding_length": width,
        "llama.block_count": 2,
        "llama.feed_forward_length": 2 * width,
        "llama.attention.head_count": 2,
        "llama.attention.head_count_kv": 2,
        "llama.rope.dimension_count": width // 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.vocab_size": size,
    }
    tensors = _tensors(size, width, seed)
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts) + len(spans))
    out += b"".join(_text(key) + _value(value) for key, value in facts.items())
    out += b"".join(whole[begun:end] for begun, end in spans)
    data = b""
    for name, values in tensors.items():
        kind = 0 if values.dtype == np.float32 else 1
        out += _text(name) + struct.pack(f"<I{values.ndim}Q", values.ndim, *reversed(values.shape))
        out += struct.pack("<IQ", kind, len(data))
        data += values.tobytes() + b"\0" * (-values.nbytes % 32)
    path.write_bytes(out + b"\0" * (-len(out) % 32) + data)
    return path


def _tensors(size: int, width: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def chance(*shape: int) -> Any:
        return (rng.standard_normal(shape, dtype=np.float32) / np.sqrt(shape[-1])).astype(np.float16)

    made: dict[str, Any] = {"token_embd.weight": chance(size, width), "output_norm.weight": np.ones(width, np.float32)}
    for layer in range(2):
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


def _value(value: str | float) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    return struct.pack("<II", 4, value) if isinstance(value, int) else struct.pack("<If", 6, value)
