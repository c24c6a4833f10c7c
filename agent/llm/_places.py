"""Where conversations are computed: one long slot for a single caller, several side by side once calls overlap.

The second context is made when it is first needed, so that who calls one at a time pays nothing for it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator

from chatrec.agent.llm._memory import (
    WORTH_KEEPING,
    Adapters,
    ConversationMemory,
    PrefixShelf,
    Tokens,
    shared_prefix,
)
from chatrec.agent.llm._settings import EngineSettings
from chatrec.agent.llm._slots import Context, Slot
from chatrec.errors import ModelError

_log = logging.getLogger(__name__)

# Below this many tokens a conversation, batching would serve few: better fewer slots.
_SHORTEST = 1024
_STEP = 256

MakeContext = Callable[[int, int], Context]


class Places:
    """All slots of a model, and the memory of conversations that have none.

    Args:
        settings: The engine's.
        n_ctx: Tokens of the long slot.
        make: Makes a context of so many slots and tokens each.
    """

    def __init__(self, settings: EngineSettings, n_ctx: int, make: MakeContext) -> None:
        self.memory = ConversationMemory(settings.cache_bytes)
        self.shelf: PrefixShelf | None = None
        self.single = make(1, n_ctx)
        self.shared: Context | None = None
        self._settings = settings
        self._n_ctx = n_ctx
        self._make = make
        self._may_share = settings.parallel > 1
        self._clock = itertools.count(1)

    def free(self) -> None:
        """Give all memory back."""
        for context in self._contexts():
            context.free()
        self.memory.clear()

    def _contexts(self) -> Iterator[Context]:
        yield self.single
        if self.shared is not None:
            yield self.shared

    def slots(self) -> Iterator[Slot]:
        """Every slot."""
        for context in self._contexts():
            yield from context.slots

    def reset(self) -> None:
        """Forget what the slots hold."""
        for slot in self.slots():
            slot.context.cut(slot, 0)

    def share(self) -> Context | None:
        """The context for conversations side by side; None as long as there cannot be one.

        How large it may be is known once some conversation's memory can be weighed.
        """
        if self.shared is not None or not self._may_share:
            return self.shared
        weighed = next((slot for slot in self.slots() if len(slot.tokens)), None)
        if weighed is None:
            return None
        per_token = weighed.context.size(weighed) / len(weighed.tokens)
        shortest = min(_SHORTEST, self._n_ctx)
        room = self._settings.parallel_bytes / per_token
        n_slots = min(self._settings.parallel, int(room // shortest))
        self._may_share = n_slots > 1
        if not self._may_share:
            _log.info(
                "calls are answered one after the other: parallel_bytes has no room for two of %d tokens", shortest
            )
            return None
        capacity = min(self._n_ctx, max(shortest, int(room / n_slots) // _STEP * _STEP))
        try:
            self.shared = self._make(n_slots, capacity)
        except ModelError as error:
            self._may_share = False
            _log.warning("calls are answered one after the other: %s", error)
        return self.shared

    # which slot ------------------------------------------------------------------------------------------------

    def alone(self, target: Tokens, adapters: Adapters, need: int) -> Slot:
        """The slot for a conversation while nobody else computes: where most of it lies already."""
        best = self.single.slots[0]
        most = _common(best, target, adapters) + WORTH_KEEPING
        if self.shared is not None and need <= self.shared.capacity:
            for slot in self.shared.slots:
                if (common := _common(slot, target, adapters)) >= most:
                    best, most = slot, common + 1
        return best

    def beside(self, target: Tokens, adapters: Adapters) -> Slot | None:
        """A free slot of the shared context, next to the busy ones: llama.cpp batches neighbours only."""
        if self.shared is None:
            return None
        free = [slot for slot in self.shared.slots if not slot.busy]
        busy = [slot.number for slot in self.shared.slots if slot.busy]
        if busy and free:
            near = [slot for slot in free if min(busy) - 1 <= slot.number <= max(busy) + 1]
            free = near or free
        return max(free, key=lambda slot: (_common(slot, target, adapters), -slot.used), default=None)

    def misplaced(self) -> tuple[Slot, Slot] | None:
        """A busy slot at the edge, and a free one between busy ones that it should move to; None if there is none."""
        slots = self.shared.slots if self.shared is not None else []
        busy = [slot for slot in slots if slot.busy]
        if not busy:
            return None
        first, last = busy[0].number, busy[-1].number
        gap = next((slot for slot in slots[first:last] if not slot.busy), None)
        if gap is None:
            return None
        return (busy[0] if gap.number - first < last - gap.number else busy[-1]), gap

    # what is in it ---------------------------------------------------------------------------------------------

    def known(self, target: Tokens, adapters: Adapters) -> int:
        """How many first tokens some slot or the memory holds."""
        return max(self.memory.best(target, adapters)[1], *(_common(slot, target, adapters) for slot in self.slots()))

    def prepare(self, slot: Slot, target: Tokens, adapters: Adapters) -> int:
        """Bring into a slot what is known of a conversation, and keep what it held before.

        Returns:
            How many of the target's first tokens need no evaluation; at least one always does: its logits are wanted.
        """
        slot.used = next(self._clock)
        own = _common(slot, target, adapters)
        donor = max(self.slots(), key=lambda other: _common(other, target, adapters))
        there = _common(donor, target, adapters)
        saved, kept = self.memory.best(target, adapters)
        found = None
        if self.shelf is not None:
            found = self.shelf.find(adapters, target, longer_than=max(own, there, kept) + WORTH_KEEPING)
        elsewhere = max(there, kept) if found is None else shared_prefix(found.tokens, target)
        if len(slot.tokens) - own >= WORTH_KEEPING:
            self._store(slot)
        if found is None and elsewhere >= own + WORTH_KEEPING:
            found = saved if kept >= there else donor.save()
            if found is saved and saved is not None:
                self.memory.touch(saved)
            elif not donor.busy and there == len(donor.tokens):
                donor.used = 0
        if found is not None and slot.restore(found):
            own = elsewhere
        slot.rewind(own)
        slot.adapters = adapters
        return max(0, min(len(slot.tokens), len(target) - 1))

    def move(self, source: Slot, target: Slot) -> bool:
        """Copy a conversation to another slot, and keep what that one held; false if it could not be done."""
        if len(target.tokens) >= WORTH_KEEPING:
            self._store(target)
        target.used = next(self._clock)
        if not len(source.tokens):
            target.rewind(0)
        elif (state := source.save()) is None or not target.restore(state):
            return False
        target.adapters, source.used = source.adapters, 0
        return True

    def _store(self, slot: Slot) -> None:
        elsewhere = any(
            other is not slot and _common(other, slot.tokens, slot.adapters) == len(slot.tokens)
            for other in self.slots()
        )
        if elsewhere or self.memory.holds(slot.tokens, slot.adapters):
            return
        if self.memory.fits(slot.context.size(slot)) and (saved := slot.save()) is not None:
            self.memory.keep(saved)


def _common(slot: Slot, tokens: Tokens, adapters: Adapters) -> int:
    return shared_prefix(slot.tokens, tokens) if slot.adapters == adapters else 0
