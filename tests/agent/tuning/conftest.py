"""A tiny random llama in a GGUF, loaded by torch and by llama.cpp alike."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

WIDTH, HEADS, KV_HEADS, INNER, VOCAB, BLOCKS = 32, 4, 2, 48, 96, 3


def tiny_model(path: Path, architecture: str, *, seed: int = 0) -> Path:
    """Write a random model of 32-bit numbers, without a tokenizer."""
    gguf: Any = pytest.importorskip("gguf")
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(BLOCKS)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCAB)
    writer.add_tokenizer_model("no_vocab")
    narrow = WIDTH // HEADS * KV_HEADS

    def put(name: str, *shape: int) -> None:
        values = rng.normal(0, 0.35, shape) if len(shape) == 2 else 1 + rng.normal(0, 0.1, shape)
        writer.add_tensor(name, values.astype(np.float32))

    put("token_embd.weight", VOCAB, WIDTH)
    put("output.weight", VOCAB, WIDTH)
    put("output_norm.weight", WIDTH)
    for block in range(BLOCKS):
        put(f"blk.{block}.attn_norm.weight", WIDTH)
        put(f"blk.{block}.ffn_norm.weight", WIDTH)
        put(f"blk.{block}.attn_q.weight", WIDTH, WIDTH)
        put(f"blk.{block}.attn_k.weight", narrow, WIDTH)
        put(f"blk.{block}.attn_v.weight", narrow, WIDTH)
        put(f"blk.{block}.attn_output.weight", WIDTH, WIDTH)
        put(f"blk.{block}.ffn_gate.weight", INNER, WIDTH)
        put(f"blk.{block}.ffn_up.weight", INNER, WIDTH)
        put(f"blk.{block}.ffn_down.weight", WIDTH, INNER)
        if architecture == "qwen2":
            for matrix, width in (("q", WIDTH), ("k", narrow), ("v", narrow)):
                put(f"blk.{block}.attn_{matrix}.bias", width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def llama_logits(model: Path, tokens: list[int], adapter: Path | None = None) -> NDArray[np.float32]:
    """llama.cpp's logits after the last token, shape (VOCAB,)."""
    from chatrec.agent.llm._library import lib, start

    start()
    loaded = lib.llama_model_load_from_file(str(model).encode(), lib.llama_model_default_params())
    parameters = lib.llama_context_default_params()
    parameters.n_ctx = 128
    parameters.n_threads = parameters.n_threads_batch = 1
    parameters.flash_attn_type = 0
    parameters.type_k = parameters.type_v = 0
    context = lib.llama_init_from_model(loaded, parameters)
    try:
        if adapter is not None:
            found = lib.llama_adapter_lora_init(loaded, str(adapter).encode())
            assert found, "llama.cpp refuses the adapter"
            adapters = (lib.llama_adapter_lora_p_ctypes * 1)(found)
            assert lib.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) == 0
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        assert lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens))) == 0
        return np.ctypeslib.as_array(lib.llama_get_logits_ith(context, -1), shape=(VOCAB,)).copy()
    finally:
        lib.llama_free(context)
        lib.llama_model_free(loaded)
