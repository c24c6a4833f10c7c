"""A model alone, without anything around it: how fast it is here, and how nearly it says what another says."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.agent.llm import _library
from chatrec.agent.llm._library import lib
from chatrec.errors import ModelError

_AT_ONCE = 64


@dataclass(frozen=True)
class Agreement:
    """How nearly one model says what a reference says, over many places of the same text.

    Attributes:
        same: Share of places where both hold the same token likeliest, 0 to 1.
        divergence: Mean Kullback-Leibler divergence of the model from the reference, in nats; 0 is equal.
        places: How many places were compared.
    """

    same: float
    divergence: float
    places: int


class BareModel:
    """Weights and a context, with the settings of `ChatLlamaCpp`; a context manager. Use it from one thread.

    Args:
        path: A GGUF file.
        room: Tokens of context.
        batch: Tokens evaluated at once.
        adapter: A LoRA file for it.
        scale: How strongly the adapter acts.

    Raises:
        ModelError: If llama.cpp cannot load it.
    """

    def __init__(
        self, path: Path, *, room: int = 1024, batch: int = 512, adapter: Path | None = None, scale: float = 1.0
    ) -> None:
        _library.start()
        self._batch = batch
        self._context: Any = None
        settings = lib.llama_model_default_params()
        settings.use_extra_bufts = not _library.amx_guard()
        self._model = lib.llama_model_load_from_file(os.fsencode(path), settings)
        if not self._model:
            raise ModelError(f"llama.cpp cannot load {str(path)!r}", hint="the file is damaged, or too new for it")
        shape = lib.llama_context_default_params()
        shape.n_ctx = room
        shape.n_batch = shape.n_ubatch = batch
        shape.flash_attn_type = 0
        shape.type_k = shape.type_v = _library.KV_NUMBERS[_library.kv_type()]
        self._context = lib.llama_init_from_model(self._model, shape)
        if not self._context:
            self.close()
            raise ModelError(f"no room for {room} tokens of {path.name!r}", hint="close programs that need memory")
        if adapter is not None:
            self._adapt(adapter, scale)
        self._vocabulary = lib.llama_model_get_vocab(self._model)
        self._words = int(lib.llama_vocab_n_tokens(self._vocabulary))
        self._next = 0

    def __enter__(self) -> BareModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back."""
        context, model, self._context, self._model = self._context, self._model, None, None
        if context:
            lib.llama_free(context)
        if model:
            lib.llama_model_free(model)

    def clear(self) -> None:
        """Forget the context."""
        lib.llama_memory_clear(lib.llama_get_memory(self._context), True)

    def read(self, count: int, *, threads: int, at_once: int | None = None) -> float:
        """Evaluate some tokens after those in the context; which ones makes no difference to the time.

        Args:
            count: How many.
            threads: CPU threads.
            at_once: In steps of so many; None is the batch size.

        Returns:
            Seconds.
        """
        lib.llama_set_n_threads(self._context, threads, threads)
        step = at_once or self._batch
        tokens = [self._token() for _ in range(count)]
        started = time.perf_counter()
        for start in range(0, count, step):
            part = tokens[start : start + step]
            held = (ctypes.c_int32 * len(part))(*part)
            self._decode(lib.llama_batch_get_one(held, len(part)))
        lib.llama_synchronize(self._context)
        return time.perf_counter() - started

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text, texts of control tokens taken for these."""
        data = text.encode()
        room = len(data) + 16
        found = (ctypes.c_int32 * room)()
        count = int(lib.llama_tokenize(self._vocabulary, data, len(data), found, room, True, True))
        return found[:count]

    def log_chances(self, tokens: Sequence[int], *, threads: int) -> Iterator[NDArray[np.float32]]:
        """Logarithms of the chances of every next token, after each token of a text.

        Yields:
            float32, shape (up to 64, n_vocab), in nats: consecutive places.
        """
        lib.llama_set_n_threads(self._context, threads, threads)
        self.clear()
        for start in range(0, len(tokens), _AT_ONCE):
            part = tokens[start : start + _AT_ONCE]
            batch = lib.llama_batch_init(len(part), 0, 1)
            try:
                batch.n_tokens = len(part)
                for place, token in enumerate(part):
                    batch.token[place], batch.pos[place], batch.logits[place] = token, start + place, 1
                    batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
                self._decode(batch)
            finally:
                lib.llama_batch_free(batch)
            pointer = lib.llama_get_logits(self._context)
            flat = np.ctypeslib.as_array(pointer, shape=(len(part) * self._words,))
            yield _log_softmax(flat.reshape(len(part), self._words))

    def _adapt(self, path: Path, scale: float) -> None:
        adapter = lib.llama_adapter_lora_init(self._model, os.fsencode(path))
        held = (lib.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(scale)
        if not adapter or lib.llama_set_adapters_lora(self._context, held, 1, scales) != 0:
            self.close()
            raise ModelError(f"the adapter {str(path)!r} does not fit", hint="use one made for this base model")

    def _decode(self, batch: Any) -> None:
        if lib.llama_decode(self._context, batch) != 0:
            raise ModelError(f"llama.cpp could not evaluate {batch.n_tokens} tokens", hint="use a smaller batch")

    def _token(self) -> int:
        self._next = (self._next * 31 + 1009) % max(1, self._words - 1000)
        return min(self._next + 500, self._words - 1)


def agreement(reference: BareModel, model: BareModel, texts: Sequence[str], *, threads: int) -> Agreement:
    """Compare a model with a reference of the same vocabulary, place by place.

    Args:
        reference: What is taken for true.
        model: What is compared.
        texts: Read by both; each must fit the context.
        threads: CPU threads.
    """
    if model is reference:
        return Agreement(1.0, 0.0, sum(len(reference.tokens(text)) for text in texts))
    same, divergence, places = 0, 0.0, 0
    for text in texts:
        tokens = reference.tokens(text)
        pairs = zip(
            reference.log_chances(tokens, threads=threads), model.log_chances(tokens, threads=threads), strict=True
        )
        for true, found in pairs:
            same += int((true.argmax(axis=1) == found.argmax(axis=1)).sum())
            divergence += float((np.exp(true) * (true - found)).sum())
            places += len(true)
    return Agreement(same / places, max(0.0, divergence / places), places)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
