"""One llama.cpp context with its slots: each holds the KV memory of one conversation, and all are decoded together."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.agent.llm import _library
from chatrec.agent.llm._library import lib
from chatrec.agent.llm._memory import Adapters, Saved, Tokens, as_tokens
from chatrec.agent.llm._sampling import Logits
from chatrec.agent.llm._settings import EngineSettings
from chatrec.agent.llm._threads import ThreadChooser
from chatrec.errors import ModelError

_BYTES = ctypes.POINTER(ctypes.c_uint8)


class Aborted(Exception):
    """llama.cpp was told to stop in the middle of a batch; nothing of the batch is kept."""


@dataclass(eq=False)
class Slot:
    """Room for one conversation.

    Attributes:
        context: Where it lies.
        number: Its sequence in llama.cpp.
        tokens: What its KV memory stands for, int32, shape (n,).
        adapters: What that was computed under.
        busy: Whether an answer works in it.
        used: When it was last used; larger is later.
    """

    context: Context
    number: int
    tokens: Tokens
    adapters: Adapters = ()
    busy: bool = False
    used: int = 0

    def rewind(self, length: int) -> None:
        """Forget the tokens after the first `length`; a model that cannot go back forgets all."""
        if length < len(self.tokens):
            self.context.cut(self, length)

    def save(self) -> Saved | None:
        """A copy of the KV memory; None if llama.cpp cannot give one."""
        return self.context.save(self)

    def restore(self, saved: Saved) -> bool:
        """Replace the KV memory; empty if that fails."""
        return self.context.restore(self, saved)


@dataclass(frozen=True)
class Row:
    """What a batch computes for one slot.

    Attributes:
        slot: The conversation.
        tokens: Come after its own; at least one.
        wanted: How many of the last tokens' logits are wanted.
    """

    slot: Slot
    tokens: Tokens
    wanted: int


class Context:
    """A native context over a model's weights.

    Args:
        model: `llama_model *`.
        settings: The engine's.
        n_slots: Conversations at once.
        capacity: Tokens of each.
        threads: Chooses how many threads compute.
        n_vocab: Size of the logits.

    Raises:
        ModelError: If there is no room for it.
    """

    def __init__(
        self, model: Any, settings: EngineSettings, *, n_slots: int, capacity: int, threads: ThreadChooser, n_vocab: int
    ) -> None:
        self.capacity = capacity
        self.n_batch = min(settings.n_batch, capacity)
        self.seconds = 0.0
        self._threads = threads
        self._n_vocab = n_vocab
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = capacity * n_slots
        parameters.n_seq_max = n_slots
        # Measured: conversations that share their cells make each other's attention as long as all of them together.
        parameters.kv_unified = False
        parameters.n_batch = parameters.n_ubatch = self.n_batch
        parameters.n_threads = parameters.n_threads_batch = threads.most
        # Measured on CPUs: a quarter more prefill speed, half the decoding speed at 1,500 tokens.
        if settings.n_gpu_layers == 0:
            parameters.flash_attn_type = 0
        parameters.type_k = parameters.type_v = _library.KV_NUMBERS[_library.kv_type(settings.n_gpu_layers)]
        parameters.no_perf = True
        parameters.swa_full = True
        _library.forget_log()
        self._native = lib.llama_init_from_model(model, parameters)
        if not self._native:
            raise ModelError(
                f"no room for a context of {capacity * n_slots} tokens: {_library.last_errors()}",
                hint="lower n_ctx or choose a smaller model",
            )
        self._kv = lib.llama_get_memory(self._native)
        self._abort = _library.native_abort()
        self._adapters: Adapters = ()
        self.slots = [Slot(self, number, as_tokens([])) for number in range(n_slots)]
        self._make_batch(n_slots)

    def _make_batch(self, n_slots: int) -> None:
        size = self.n_batch
        self._numbers = np.arange(n_slots, dtype=np.int32)
        self._token, self._place = np.zeros(size, dtype=np.int32), np.zeros(size, dtype=np.int32)
        self._count, self._wanted = np.ones(size, dtype=np.int32), np.zeros(size, dtype=np.int8)
        self._sequence = np.zeros(size, dtype=np.uintp)  # of pointers into `_numbers`
        batch = self._batch = lib.llama_batch()
        for name, array in (
            ("token", self._token),
            ("pos", self._place),
            ("n_seq_id", self._count),
            ("seq_id", self._sequence),
            ("logits", self._wanted),
        ):
            kind = next(kind for field, kind in batch._fields_ if field == name)
            setattr(batch, name, ctypes.cast(array.ctypes.data, kind))

    def free(self) -> None:
        """Give the memory back."""
        native, self._native = self._native, None
        if native:
            lib.llama_free(native)

    def wear(self, adapters: Adapters, native: Sequence[Any]) -> None:
        """Compute under these adapters from now on.

        Raises:
            ModelError: If llama.cpp refuses them.
        """
        if adapters == self._adapters:
            return
        pointers = (lib.llama_adapter_lora_p_ctypes * max(1, len(native)))(*native)
        scales = (ctypes.c_float * max(1, len(native)))(*(scale for _, scale in adapters))
        if lib.llama_set_adapters_lora(self._native, pointers, len(native), scales) != 0:
            raise ModelError(
                f"llama.cpp refused the adapters {adapters!r}", hint="use adapters made for this base model"
            )
        self._adapters = adapters

    def decode(self, rows: Sequence[Row], abort: int) -> list[list[Logits]]:
        """Compute all rows in one batch.

        Args:
            rows: In ascending order of their slots, one for each, n_batch tokens together at most.
            abort: Address of a byte; while it is not zero, the computation stops.

        Returns:
            Of each row the wanted logits, float32, shape (n_vocab,): views, valid until the next batch.

        Raises:
            Aborted: If told to stop.
            ModelError: If llama.cpp fails.
        """
        count = self._fill(rows)
        lib.llama_set_abort_callback(self._native, self._abort, ctypes.c_void_p(abort))
        threads = self._threads.pick(count)
        lib.llama_set_n_threads(self._native, threads, threads)
        started = time.perf_counter()
        code = lib.llama_decode(self._native, self._batch)
        if code != 0:
            # What was half computed is taken out again, so that the slots' tokens stay true.
            for row in rows:
                self.cut(row.slot, len(row.slot.tokens))
            if code == 2:
                raise Aborted
            raise ModelError(
                f"llama.cpp failed with code {code}", hint="load the model again; lower n_ctx if it recurs"
            )
        lib.llama_synchronize(self._native)
        self.seconds = time.perf_counter() - started
        self._threads.note(count, threads, self.seconds)
        found: list[list[Logits]] = []
        end = 0
        for row in rows:
            end += len(row.tokens)
            row.slot.tokens = np.concatenate([row.slot.tokens, row.tokens])
            found.append([self._logits(place) for place in range(end - row.wanted, end)])
        return found

    def _fill(self, rows: Sequence[Row]) -> int:
        end = 0
        self._wanted[:] = 0
        for row in rows:
            start, end = end, end + len(row.tokens)
            self._token[start:end] = row.tokens
            first = len(row.slot.tokens)
            self._place[start:end] = np.arange(first, first + len(row.tokens), dtype=np.int32)
            self._sequence[start:end] = self._numbers.ctypes.data + self._numbers.itemsize * row.slot.number
            self._wanted[end - row.wanted : end] = 1
        self._batch.n_tokens = end
        return end

    def _logits(self, place: int) -> Logits:
        pointer = lib.llama_get_logits_ith(self._native, place)
        return np.ctypeslib.as_array(pointer, shape=(self._n_vocab,))

    # one slot's memory -----------------------------------------------------------------------------------------

    def cut(self, slot: Slot, length: int) -> None:
        """Take out of the KV memory whatever comes after the first `length` tokens; see `Slot.rewind`."""
        if not lib.llama_memory_seq_rm(self._kv, slot.number, length, -1):
            lib.llama_memory_seq_rm(self._kv, slot.number, -1, -1)
            length = 0
        slot.tokens = slot.tokens[:length]

    def size(self, slot: Slot) -> int:
        """Bytes that `save` would take."""
        return int(lib.llama_state_seq_get_size(self._native, slot.number))

    def save(self, slot: Slot) -> Saved | None:
        """See `Slot.save`."""
        state: NDArray[np.uint8] = np.empty(self.size(slot), dtype=np.uint8)
        pointer = state.ctypes.data_as(_BYTES)
        if int(lib.llama_state_seq_get_data(self._native, pointer, state.nbytes, slot.number)) != state.nbytes:
            return None
        single = single_stream(state, slot.number, len(self.slots))
        return Saved(slot.tokens.copy(), single, slot.adapters) if single is not None else None

    def restore(self, slot: Slot, saved: Saved) -> bool:
        """See `Slot.restore`."""
        self.cut(slot, 0)
        state = many_streams(saved.state, slot.number, len(self.slots))
        pointer = state.ctypes.data_as(_BYTES)
        if int(lib.llama_state_seq_set_data(self._native, pointer, state.nbytes, slot.number)) == 0:
            self.cut(slot, 0)
            return False
        slot.tokens, slot.adapters = saved.tokens, saved.adapters
        return True


# llama.cpp writes a sequence as: a few words of its own, the number of the sequence last; the number of streams of the
# context; of each stream its number of cells, then the cells. All streams but the sequence's own are empty. A context
# of another number of streams refuses to read that, so it is kept as one of a single stream would have written it.
_WORD = 4
_MOST = 32


def single_stream(state: NDArray[np.uint8], number: int, n_streams: int) -> NDArray[np.uint8] | None:
    """The state of sequence `number` in the form of one stream, a view of `state`; None if it looks otherwise."""
    if n_streams == 1:
        return state
    if len(state) < _WORD * (2 * n_streams + 64) or n_streams > _MOST:
        return None
    behind = len(state) - _WORD * (n_streams - 1 - number)
    words = state[: 64 * _WORD].view(np.uint32)
    for head in range(4):
        first = head + 1 + number
        if words[head] != n_streams or words[head + 1 : first].any() or not words[first] or state[behind:].any():
            continue
        words[number : number + head] = [*words[: head - 1], 0] if head else []
        words[number + head] = 1
        return state[_WORD * number : behind]
    return None


def many_streams(state: NDArray[np.uint8], number: int, n_streams: int) -> NDArray[np.uint8]:
    """A state of one stream as a context of several reads it for its sequence `number`."""
    if n_streams == 1:
        return np.ascontiguousarray(state)
    wide = np.zeros(len(state) + _WORD * (n_streams - 1), dtype=np.uint8)
    wide[: len(state)] = state
    words = wide[: 8 * _WORD].view(np.uint32)
    # The first 1 that cells follow is the number of streams; before it there may be a sequence's number, kept as 0.
    head = next((place for place in range(4) if words[place] == 1 and words[place + 1] > 0), 0)
    if head:
        words[head - 1] = number
    words[head] = n_streams
    return wide
