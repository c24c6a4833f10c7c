"""One loaded model: its weights, vocabulary, template, adapters, and the slots in which it computes.

An engine belongs to one thread (see `_worker`): llama.cpp aborts the process when two threads share a context.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
import time
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import Any

import llguidance

from chatrec.agent.llm import _library
from chatrec.agent.llm._cancel import CancelFlag
from chatrec.agent.llm._gguf import AGAIN
from chatrec.agent.llm._grammar import GrammarCompiler
from chatrec.agent.llm._library import lib
from chatrec.agent.llm._lora import check_adapter
from chatrec.agent.llm._model_files import check_adaptable
from chatrec.agent.llm._places import Places
from chatrec.agent.llm._schedule import Scheduler
from chatrec.agent.llm._settings import Counters, EngineSettings
from chatrec.agent.llm._shelf import open_shelf, tables_path
from chatrec.agent.llm._slots import Context
from chatrec.agent.llm._steps import Steps, T
from chatrec.agent.llm._task import Task
from chatrec.agent.llm._templates import ChatTemplate
from chatrec.agent.llm._threads import ThreadChooser
from chatrec.agent.llm._tuned import known_costs
from chatrec.agent.llm._vocabulary import Vocabulary
from chatrec.agent.llm._weights_check import check_weights
from chatrec.errors import ModelError

_llguidance: Any = llguidance
_log = logging.getLogger(__name__)
_HEAD_START = 0.01
_AFTER_THE_FIRST = 1.0


class Engine:
    """A model with its slots.

    Raises:
        ModelError: If the file cannot be loaded; the message says what llama.cpp said.
    """

    def __init__(self, settings: EngineSettings) -> None:
        _library.start()
        self.settings = settings
        self.counters = Counters()
        self.priors: dict[Any, dict[str, float]] = {}
        self._model: Any = None
        self._adapters: dict[str, Any] = {}
        self._compiler: Future[GrammarCompiler] | None = None
        self._compiling: threading.Thread | None = None
        self._closing = threading.Event()
        try:
            self._load_model()
            self._load_places()
        except BaseException:
            self.free()
            raise

    # loading ---------------------------------------------------------------------------------------------------

    def _load_model(self) -> None:
        settings = self.settings
        check_weights(settings.path)
        parameters = lib.llama_model_default_params()
        parameters.n_gpu_layers = settings.n_gpu_layers
        if _library.amx_guard():
            parameters.use_extra_bufts = False
            _log.warning(
                "this llama.cpp uses AMX, which crashes on some machines; running slower. %s", _library.REBUILD
            )
        _library.forget_log()
        self._model = lib.llama_model_load_from_file(os.fsencode(settings.path), parameters)
        if not self._model:
            raise ModelError(
                f"llama.cpp cannot load {str(settings.path)!r}: {_library.last_errors() or 'no reason given'}",
                hint=AGAIN,
            )
        self.vocabulary = Vocabulary(lib.llama_model_get_vocab(self._model), tables_path(settings.path))
        self.trained_ctx = int(lib.llama_model_n_ctx_train(self._model))
        raw = lib.llama_model_chat_template(self._model, None)
        vocabulary = self.vocabulary
        self.template = ChatTemplate(
            raw.decode("utf-8", "replace") if raw else None,
            bos=vocabulary.text(vocabulary.bos),
            eos=vocabulary.text(vocabulary.eos),
            special=vocabulary.special_texts(),
        )

    def _load_places(self) -> None:
        settings = self.settings
        self.n_ctx = min(settings.n_ctx, self.trained_ctx) if self.trained_ctx > 0 else settings.n_ctx
        most = settings.n_threads or _library.physical_cores()
        fixed = settings.n_threads is not None
        alone = ThreadChooser(most, fixed=fixed, known=None if fixed else known_costs(settings.path))
        together = ThreadChooser(most, fixed=fixed)

        def make(n_slots: int, capacity: int) -> Context:
            size, threads = self.vocabulary.size, alone if n_slots == 1 else together
            return Context(self._model, settings, n_slots=n_slots, capacity=capacity, threads=threads, n_vocab=size)

        self.places = Places(settings, self.n_ctx, make)
        self.places.shelf = open_shelf(settings)
        self.scheduler = Scheduler(self.places, self.counters, self.adapter)

    def adapter(self, path: str) -> Any:
        """The native adapter of a file, loaded once and kept.

        Raises:
            ModelError: If it cannot be read or was made for another base model.
        """
        if (known := self._adapters.get(path)) is not None:
            return known
        check_adapter(Path(path), self.settings.path)
        check_adaptable(self.settings.path)
        _library.forget_log()
        loaded = lib.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not loaded:
            raise ModelError(
                f"the adapter {path!r} does not fit {self.settings.path.name!r}: {_library.last_errors()}",
                hint="use an adapter made for this base model, exported to GGUF",
            )
        self._adapters[path] = loaded
        return loaded

    def free(self) -> None:
        """Give the memory back; the engine is of no use afterwards."""
        self._closing.set()
        if self._compiling is not None:
            self._compiling.join()  # it reads the vocabulary
        if hasattr(self, "places"):
            self.places.free()
        model, self._model = self._model, None
        if model:
            lib.llama_model_free(model)

    def reset(self) -> None:
        """Forget what the slots hold; conversations in memory stay."""
        self.places.reset()

    @cached_property
    def grammars(self) -> GrammarCompiler:
        """The grammar compiler of this vocabulary, made when the first grammar is needed."""
        self.begin_grammars()
        assert self._compiler is not None
        return self._compiler.result()

    def begin_grammars(self, *, whole: bool = False) -> None:
        """Make the grammar compiler on a thread of its own: it takes as long as reading a short prompt.

        Args:
            whole: At once with its tables for strings, which take as long again and make masks in strings ten times
                quicker; otherwise they follow a second later.
        """
        if self._compiler is not None:
            return
        made: Future[GrammarCompiler] = Future()
        self._compiler = made

        def make() -> None:
            # llguidance holds the interpreter's lock all the while: let llama.cpp begin, which needs none.
            time.sleep(_HEAD_START)
            try:
                made.set_result(compiler := self._make_compiler(whole=whole))
            except BaseException as error:
                made.set_exception(error)
                return
            if not whole and not self._closing.wait(_AFTER_THE_FIRST):
                compiler.quicken()

        self._compiling = threading.Thread(target=make, name="chatrec-grammars", daemon=True)
        self._compiling.start()

    def _make_compiler(self, *, whole: bool) -> GrammarCompiler:
        vocabulary = self.vocabulary
        tokenizer = _llguidance.LLTokenizer.from_llamacpp(
            tokens=vocabulary.grammar_pieces(),
            vocab_ptr=vocabulary.pointer,
            tokenize_fptr=ctypes.cast(lib._lib.llama_tokenize, ctypes.c_void_p).value,
            eos_token=vocabulary.end_tokens,
            slices=None if whole else [],
        )
        return GrammarCompiler(tokenizer, vocabulary.size)

    def drive(self, steps: Steps[T]) -> T:
        """Compute what some steps ask for, beside whatever else is being computed, until they are done.

        Raises:
            ModelError: If llama.cpp fails; and whatever the steps raise.
        """
        results: list[T] = []
        errors: list[BaseException | None] = []

        def kept() -> Steps[None]:
            results.append((yield from steps))

        self.scheduler.add(Task(kept(), CancelFlag(), errors.append))
        while not errors:
            self.scheduler.tick()
        if errors[0] is not None:
            raise errors[0]
        return results[0]
