"""How fast llama.cpp alone is with a model: the floor under every turn."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

_READ = 256
_WRITTEN = 48


@dataclass(frozen=True)
class Speed:
    """Tokens a second of llama.cpp without anything around it.

    Attributes:
        prefill: Reading a prompt.
        decode: Writing one token after the other.
        context: Tokens before them: both slow down as a conversation grows.
    """

    prefill: float
    decode: float
    context: int


def raw_speed(path: str, *, context: int, threads: int, batch: int = 512, repeats: int = 3) -> Speed:
    """Measure; the best of several tries counts, so that the floor is a floor.

    Args:
        path: A GGUF file.
        context: Tokens that are in the context before the measured ones.
        threads: CPU threads.
        batch: Tokens evaluated at once.
        repeats: Tries.
    """
    with _Bare(path, context + _READ + _WRITTEN, threads, batch) as bare:
        prefill = decode = 0.0
        for _ in range(repeats):
            bare.clear()
            bare.read(context, at_once=batch)
            prefill = max(prefill, _READ / _timed(bare, _READ, at_once=batch))
            decode = max(decode, _WRITTEN / _timed(bare, _WRITTEN, at_once=1))
    return Speed(prefill=prefill, decode=decode, context=context)


def raw_seconds(path: str, *, context: int, batches: Sequence[int], threads: int, repeats: int = 5) -> float:
    """Seconds that llama.cpp alone takes for some batches, one after the other; the best of several tries.

    Args:
        path: A GGUF file.
        context: Tokens that are in the context before the first batch.
        batches: Tokens of each.
        threads: CPU threads.
        repeats: Tries.
    """
    with _Bare(path, context + sum(batches), threads, 512) as bare:
        tries: list[float] = []
        for _ in range(repeats):
            bare.clear()
            bare.read(context, at_once=512)
            tries.append(sum(_timed(bare, size, at_once=size) for size in batches))
    return min(tries)


def _timed(bare: _Bare, count: int, *, at_once: int) -> float:
    started = time.perf_counter()
    bare.read(count, at_once=at_once)
    return time.perf_counter() - started


class _Bare:
    """A model and a context with the settings of `ChatLlamaCpp`, and nothing else."""

    def __init__(self, path: str, size: int, threads: int, batch: int) -> None:
        from chatrec.agent.llm import _library

        _library.start()
        self._lib = lib = _library.lib
        settings = lib.llama_model_default_params()
        settings.use_extra_bufts = not _library.amx_guard()
        self._model = lib.llama_model_load_from_file(os.fsencode(path), settings)
        shape = lib.llama_context_default_params()
        shape.n_ctx = size
        shape.n_batch = shape.n_ubatch = batch
        shape.n_threads = shape.n_threads_batch = threads
        shape.flash_attn_type = 0
        shape.type_k = shape.type_v = _library.KV_NUMBERS[_library.kv_type()]
        self._context = lib.llama_init_from_model(self._model, shape)
        self._words: int = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self._model))
        self._next = 0

    def __enter__(self) -> _Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

    def clear(self) -> None:
        """Forget the context."""
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)

    def read(self, count: int, *, at_once: int) -> None:
        """Evaluate some tokens; which ones makes no difference to the time."""
        for start in range(0, count, at_once):
            self._evaluate([self._token() for _ in range(min(at_once, count - start))])

    def _token(self) -> int:
        self._next = (self._next * 31 + 1009) % (self._words - 1000)
        return self._next + 500

    def _evaluate(self, tokens: Sequence[int]) -> None:
        held = (ctypes.c_int32 * len(tokens))(*tokens)
        if self._lib.llama_decode(self._context, self._lib.llama_batch_get_one(held, len(tokens))) != 0:
            raise RuntimeError(f"llama.cpp could not evaluate {len(tokens)} tokens")
        self._lib.llama_synchronize(self._context)
