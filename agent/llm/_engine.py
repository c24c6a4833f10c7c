"""One loaded model: tokens in, logits out, and no token evaluated twice.

An engine belongs to one thread (see `_worker`): llama.cpp aborts the process when two threads share a context.
"""

from __future__ import annotations

import ctypes
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import llguidance
import numpy as np
from numpy.typing import NDArray

from chatrec.agent.llm import _library
from chatrec.agent.llm._cancel import CancelFlag, Cancelled
from chatrec.agent.llm._grammar import GrammarCompiler
from chatrec.agent.llm._library import lib
from chatrec.agent.llm._memory import ConversationMemory, Saved, as_tokens, shared_prefix
from chatrec.agent.llm._sampling import Logits
from chatrec.agent.llm._settings import Counters, EngineSettings
from chatrec.agent.llm._steps import After, Begin, Step, Steps, T
from chatrec.agent.llm._templates import ChatTemplate
from chatrec.agent.llm._threads import ThreadChooser
from chatrec.agent.llm._vocabulary import Vocabulary
from chatrec.errors import ModelError

_llguidance: Any = llguidance
_log = logging.getLogger(__name__)

# Below this many tokens, computing them again is as quick as writing the conversation's memory out.
_WORTH_KEEPING = 64


@dataclass
class _Native:
    model: Any = None
    context: Any = None
    adapter: Any = None
    keep: list[Any] = field(default_factory=list[Any])


class Engine:
    """A model with its context; sequence 0 of the KV memory holds the live conversation.

    Raises:
        ModelError: If the file or the adapter cannot be loaded; the message says what llama.cpp said.
    """

    def __init__(self, settings: EngineSettings) -> None:
        _library.start()
        self.settings = settings
        self.counters = Counters()
        self.memory = ConversationMemory(settings.cache_bytes)
        self._native = _Native()
        self._live = as_tokens([])
        self._fresh = False
        self._cancel = CancelFlag()
        try:
            self._load_model()
            self._load_context()
            self._load_adapter()
        except BaseException:
            self.free()
            raise

    # loading ---------------------------------------------------------------------------------------------------

    def _load_model(self) -> None:
        settings = self.settings
        parameters = lib.llama_model_default_params()
        parameters.n_gpu_layers = settings.n_gpu_layers
        if _library.amx_guard():
            parameters.use_extra_bufts = False
            _log.warning(
                "this llama.cpp uses AMX, which crashes on some machines; running slower. %s", _library.REBUILD
            )
        _library.forget_log()
        self._native.model = lib.llama_model_load_from_file(os.fsencode(settings.path), parameters)
        if not self._native.model:
            raise ModelError(
                f"llama.cpp cannot load {str(settings.path)!r}: {_library.last_errors() or 'no reason given'}",
                hint="the file is cut short, damaged, or of a kind this llama.cpp does not know: download it again, "
                "compare its size and checksum, or update llama-cpp-python",
            )
        self.vocabulary = Vocabulary(lib.llama_model_get_vocab(self._native.model))
        self.trained_ctx = int(lib.llama_model_n_ctx_train(self._native.model))
        raw = lib.llama_model_chat_template(self._native.model, None)
        vocabulary = self.vocabulary
        self.template = ChatTemplate(
            raw.decode("utf-8", "replace") if raw else None,
            bos=vocabulary.text(vocabulary.bos),
            eos=vocabulary.text(vocabulary.eos),
            special=vocabulary.special_texts(),
        )

    def _load_context(self) -> None:
        settings = self.settings
        self.n_ctx = min(settings.n_ctx, self.trained_ctx) if self.trained_ctx > 0 else settings.n_ctx
        threads = settings.n_threads or _library.physical_cores()
        self._threads = ThreadChooser(threads, fixed=settings.n_threads is not None)
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = self.n_ctx
        parameters.n_batch = parameters.n_ubatch = min(settings.n_batch, self.n_ctx)
        parameters.n_seq_max = 1
        parameters.n_threads = parameters.n_threads_batch = threads
        # Measured on CPUs: a quarter more prefill speed, half the decoding speed at 1,500 tokens.
        if settings.n_gpu_layers == 0:
            parameters.flash_attn_type = 0
        parameters.no_perf = True
        parameters.swa_full = True
        _library.forget_log()
        self._native.context = lib.llama_init_from_model(self._native.model, parameters)
        if not self._native.context:
            raise ModelError(
                f"no room for a context of {self.n_ctx} tokens: {_library.last_errors()}",
                hint="lower n_ctx or choose a smaller model",
            )
        self._kv = lib.llama_get_memory(self._native.context)
        self._abort = _library.native_abort()
        self.priors: dict[Any, dict[str, float]] = {}

    def _load_adapter(self) -> None:
        path = self.settings.lora_path
        if path is None:
            return
        _library.forget_log()
        self._native.adapter = lib.llama_adapter_lora_init(self._native.model, os.fsencode(path))
        if not self._native.adapter:
            raise ModelError(
                f"the adapter {str(path)!r} does not fit {self.settings.path.name!r}: {_library.last_errors()}",
                hint="use an adapter made for this base model, exported to GGUF",
            )
        adapters = (lib.llama_adapter_lora_p_ctypes * 1)(self._native.adapter)
        scales = (ctypes.c_float * 1)(self.settings.lora_scale)
        if lib.llama_set_adapters_lora(self._native.context, adapters, 1, scales) != 0:
            raise ModelError(
                f"llama.cpp refused the adapter {str(path)!r}",
                hint="use an adapter made for this base model, exported to GGUF",
            )

    def free(self) -> None:
        """Give the memory back; the engine is of no use afterwards."""
        native, self._native = self._native, _Native()
        if native.context:
            lib.llama_free(native.context)
        if native.model:
            lib.llama_model_free(native.model)
        self.memory.clear()

    @cached_property
    def grammars(self) -> GrammarCompiler:
        """The grammar compiler of this vocabulary, made when the first grammar is needed."""
        vocabulary = self.vocabulary
        tokenizer = _llguidance.LLTokenizer.from_llamacpp(
            tokens=vocabulary.grammar_pieces(),
            vocab_ptr=vocabulary.pointer,
            tokenize_fptr=ctypes.cast(lib._lib.llama_tokenize, ctypes.c_void_p).value,
            eos_token=vocabulary.end_tokens,
            slices=None,
        )
        return GrammarCompiler(tokenizer, vocabulary.size)

    # computing -------------------------------------------------------------------------------------------------

    @property
    def live(self) -> NDArray[np.int32]:
        """The tokens in the KV memory, int32, shape (n,)."""
        return self._live

    def drive(self, steps: Steps[T], cancel: CancelFlag | None = None) -> T:
        """Compute what an answer asks for until it is done.

        Raises:
            Cancelled: If told to stop.
            ModelError: If llama.cpp fails; and whatever the answer raises.
        """
        self._cancel = cancel or CancelFlag()
        lib.llama_set_abort_callback(self._native.context, self._abort, ctypes.c_void_p(self._cancel.address))
        result: Any = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as end:
                value: T = end.value
                return value
            try:
                result = self._do(step)
            except BaseException as error:
                # The answer is told where it stands, so that it can count what it took.
                steps.throw(error)
                raise

    def _do(self, step: Step) -> Any:
        if isinstance(step, Begin):
            return self.begin(step.prompt)
        if isinstance(step, After):
            return self.advance_to(step.tokens)
        if step.each:
            return [self.extend([token]).copy() for token in step.tokens]
        return self.extend(step.tokens)

    def begin(self, prompt: Sequence[int]) -> int:
        """Turn to a conversation.

        Args:
            prompt: Its tokens.

        Returns:
            How many of the first tokens need no evaluation. At least one always does: its logits are wanted.
        """
        target = as_tokens(prompt)
        common = shared_prefix(self._live, target)
        saved, elsewhere = self.memory.best(target)
        if len(self._live) - common >= _WORTH_KEEPING:
            self._save()
        if saved is not None and elsewhere >= common + _WORTH_KEEPING and self._restore(saved):
            common = elsewhere
        self.rewind(common)
        self._fresh = False
        return max(0, min(len(self._live), len(target) - 1))

    def advance_to(self, tokens: Sequence[int] | NDArray[np.int32]) -> Logits:
        """Bring the KV memory to exactly these tokens, evaluating only what differs.

        Returns:
            The logits after the last token, float32, shape (n_vocab,): a view, valid until the next evaluation.

        Raises:
            ModelError: If llama.cpp fails.
        """
        target = as_tokens(tokens)
        common = shared_prefix(self._live, target)
        if common == len(target) and not (self._fresh and len(self._live) == common):
            common -= 1
        self.rewind(common)
        return self.extend(target[len(self._live) :])

    def extend(self, tokens: Sequence[int] | NDArray[np.int32]) -> Logits:
        """Evaluate tokens after the live ones; returns as `advance_to`."""
        new = np.ascontiguousarray(as_tokens(tokens))
        step = min(self.settings.n_batch, self.n_ctx)
        for start in range(0, len(new), step):
            self._evaluate(new[start : start + step])
        return self._logits()

    def rewind(self, length: int) -> None:
        """Forget the live tokens after the first `length`."""
        if length >= len(self._live):
            return
        if not lib.llama_memory_seq_rm(self._kv, 0, length, -1):
            # Recurrent models cannot go back: begin again.
            lib.llama_memory_clear(self._kv, True)
            length = 0
        self._live = self._live[:length]
        self._fresh = False

    def reset(self) -> None:
        """Forget the live conversation, after a failure."""
        if self._native.context:
            lib.llama_memory_clear(self._kv, True)
        self._live = as_tokens([])
        self._fresh = False

    def _evaluate(self, tokens: NDArray[np.int32]) -> None:
        self._cancel.check()
        pointer = tokens.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        self._fresh = False
        threads = self._threads.pick(len(tokens))
        lib.llama_set_n_threads(self._native.context, threads, threads)
        started = time.perf_counter()
        code = lib.llama_decode(self._native.context, lib.llama_batch_get_one(pointer, len(tokens)))
        if code != 0:
            # What was half computed is taken out again, so that the live tokens stay true.
            lib.llama_memory_seq_rm(self._kv, 0, len(self._live), -1)
            if code == 2 and self._cancel.is_set():
                raise Cancelled
            raise ModelError(
                f"llama.cpp failed with code {code}", hint="load the model again; lower n_ctx if it recurs"
            )
        lib.llama_synchronize(self._native.context)
        self._threads.note(len(tokens), threads, time.perf_counter() - started)
        self._live = np.concatenate([self._live, tokens])
        self._fresh = True
        self.counters.evaluated_tokens += len(tokens)

    def _logits(self) -> Logits:
        pointer = lib.llama_get_logits_ith(self._native.context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,))

    def _save(self) -> None:
        context = self._native.context
        size = int(lib.llama_state_seq_get_size(context, 0))
        if not self.memory.fits(size) or self.memory.holds(self._live):
            return
        state = np.empty(size, dtype=np.uint8)
        pointer = state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        if lib.llama_state_seq_get_data(context, pointer, size, 0) == size:
            self.memory.keep(Saved(self._live.copy(), state))

    def _restore(self, saved: Saved) -> bool:
        lib.llama_memory_clear(self._kv, False)
        pointer = saved.state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        done = int(lib.llama_state_seq_set_data(self._native.context, pointer, saved.state.nbytes, 0)) > 0
        self._live = saved.tokens if done else as_tokens([])
        if not done:
            lib.llama_memory_clear(self._kv, True)
        return done
