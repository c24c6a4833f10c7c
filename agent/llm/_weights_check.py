"""Whether a GGUF can be handed to llama.cpp, which ends the process over some that are broken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatrec.agent.llm._gguf import AGAIN, Array, Header, read_header
from chatrec.errors import ModelError

# llama.cpp reserves memory by these numbers before it looks at the weights.
_MOST = {
    "block_count": 4096,
    "embedding_length": 2**20,
    "feed_forward_length": 2**24,
    "context_length": 2**40,
    "attention.head_count": 2**16,
    "attention.head_count_kv": 2**16,
    "attention.key_length": 2**16,
    "attention.value_length": 2**16,
    "rope.dimension_count": 2**16,
    "expert_count": 2**16,
    "expert_used_count": 2**16,
}
_MAY_BE_ZERO = {"attention.head_count_kv", "expert_count", "expert_used_count", "rope.dimension_count"}


def check_weights(path: Path) -> None:
    """Refuse a model file whose header is broken or contradicts itself.

    Raises:
        ModelError: If it does; says how.
    """
    header = read_header(path)
    if (reason := _wrong(header)) is not None:
        raise ModelError(f"cannot load {str(path)!r}: {reason}", hint=AGAIN)
    family = header.facts["general.architecture"]
    if header.facts.get(f"{family}.pooling_type"):
        raise ModelError(
            f"{str(path)!r} turns texts into numbers, for search, and has not learnt to answer",
            hint="give a chat model, whose name often says Instruct, Chat or it",
        )


def _wrong(header: Header) -> str | None:
    facts = header.facts
    family = facts.get("general.architecture")
    if not isinstance(family, str) or not family:
        return f"it names no architecture but {family!r}"
    if not header.tensors:
        return "it holds no weights, a vocabulary at most"
    return _wrong_sizes(facts, family) or _wrong_vocabulary(header, family) or _wrong_tensors(header, family)


def _wrong_sizes(facts: Mapping[str, Any], family: str) -> str | None:
    for name, most in _MOST.items():
        value = facts.get(f"{family}.{name}")
        least = 0 if name in _MAY_BE_ZERO else 1
        if value is not None and not isinstance(value, Array) and not (_whole(value) and least <= value <= most):
            return f"{family}.{name} is {value!r}, out of {least} to {most}"
    heads, width = facts.get(f"{family}.attention.head_count"), facts.get(f"{family}.embedding_length")
    shared = facts.get(f"{family}.attention.head_count_kv")
    if isinstance(heads, int):
        if isinstance(width, int) and f"{family}.attention.key_length" not in facts and width % heads:
            return f"{heads} attention heads do not divide an embedding of {width}"
        if isinstance(shared, int) and shared and heads % shared:
            return f"{shared} key heads do not divide {heads} attention heads"
    return None


def _wrong_vocabulary(header: Header, family: str) -> str | None:
    facts = header.facts
    tokens = facts.get("tokenizer.ggml.tokens")
    if not isinstance(tokens, Array):
        return "its vocabulary is missing"
    if tokens.kind != 8 or tokens.count == 0 or tokens.repeated:
        return "its vocabulary holds no texts, or one text twice"
    for name, kind in (("scores", 6), ("token_type", 5)):
        extra = facts.get(f"tokenizer.ggml.{name}")
        if extra is not None and not (isinstance(extra, Array) and extra.kind == kind and extra.count == tokens.count):
            return f"its vocabulary has {tokens.count} tokens, tokenizer.ggml.{name} does not go with them"
    merges = facts.get("tokenizer.ggml.merges")
    if merges is not None and not (isinstance(merges, Array) and merges.kind == 8):
        return "tokenizer.ggml.merges holds no texts"
    for name, value in facts.items():
        ends = name.startswith("tokenizer.ggml.") and name.endswith("_token_id")
        # Some converters write -1 for a token that a vocabulary lacks.
        if ends and not (_whole(value) and (value < tokens.count or value in (2**32 - 1, -1))):
            return f"{name} is {value!r}, the vocabulary has {tokens.count} tokens"
    return None


def _wrong_tensors(header: Header, family: str) -> str | None:
    if header.facts.get("split.count", 1) not in (0, 1):
        return None
    width = header.facts.get(f"{family}.embedding_length")
    table = header.tensors.get("token_embd.weight")
    if table is None:
        return "its embeddings are missing"
    if _whole(width) and table.shape[0] != width:
        return f"its embeddings are {table.shape[0]} wide, {family}.embedding_length says {width}"
    tokens = header.facts.get("tokenizer.ggml.tokens")
    # Padded embeddings are fine, a smaller table than the vocabulary is not.
    if isinstance(tokens, Array) and (len(table.shape) < 2 or table.shape[1] < tokens.count):
        return f"its vocabulary has {tokens.count} tokens, its embeddings have the shape {table.shape}"
    return None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
