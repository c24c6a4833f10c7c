"""Who is computed next: answers that run side by side, in batches, one or several tokens of each at a time.

Everyone in a batch advances by a token or a piece of prompt; conversations under other adapters, or in the long slot,
take turns with the batch. Who finds no slot waits, first come first served.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from chatrec.agent.llm._cancel import CancelFlag, Cancelled
from chatrec.agent.llm._errors import overflow
from chatrec.agent.llm._memory import Adapters, as_tokens, shared_prefix
from chatrec.agent.llm._places import Places
from chatrec.agent.llm._sampling import Logits
from chatrec.agent.llm._settings import Counters
from chatrec.agent.llm._slots import Aborted, Context, Row, Slot
from chatrec.agent.llm._steps import After, Begin, Step
from chatrec.agent.llm._task import FEW, Task
from chatrec.errors import ModelError

# How long one batch may keep the others from their next token, and a newcomer from being noticed; seconds.
_PATIENCE_TOGETHER = 0.15
_PATIENCE_ALONE = 1.0
_LEAST_READ = 32
# Tokens that somebody computes anyway; fewer are quicker computed than waited for.
_WORTH_WAITING = 8
_TURN = 0.1


class Scheduler:
    """All answers of one engine; lives on the engine's thread.

    Args:
        places: The slots.
        counters: Where evaluated tokens are counted.
        adapter: Gives the native adapter of a file, loaded when first asked for.
    """

    def __init__(self, places: Places, counters: Counters, adapter: Callable[[str], Any]) -> None:
        self._places = places
        self._counters = counters
        self._adapter = adapter
        self._n_ctx = places.single.capacity
        self._waiting: deque[Task] = deque()
        self._active: list[Task] = []
        self._speed = 0.0
        self._turn_of: tuple[Context, Adapters] | None = None
        self._turn_began = 0.0
        self.halt = CancelFlag()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._waiting and not self._active

    def add(self, task: Task) -> None:
        """Begin an answer; what it does before its first step is done now."""
        self._resume(task, None)

    def tick(self) -> None:
        """Compute one batch, and let the answers take what they waited for."""
        for task in self._all():
            try:
                task.cancel.check()
            except (Cancelled, ModelError) as error:
                self._fail(task, error)
        self._admit()
        self._gather()
        if group := self._next_group():
            self._compute(group)

    def _all(self) -> list[Task]:
        # Who has outgrown its slot is among the active and waits too.
        return list(dict.fromkeys([*self._waiting, *self._active]))

    def stop(self, error: BaseException) -> None:
        """End all answers with an error."""
        for task in self._all():
            self._fail(task, error)

    # slots -----------------------------------------------------------------------------------------------------

    def _admit(self) -> None:
        for task in list(self._waiting):
            if (slot := self._slot_for(task)) is None:
                continue
            self._waiting.remove(task)
            self._seat(task, slot)

    def _slot_for(self, task: Task) -> Slot | None:
        """The slot for a waiting task; None if it has to wait on."""
        if task.slot is not None and task.need <= task.slot.context.capacity:
            return task.slot  # begins anew where it is
        others = [other for other in self._active if other is not task]
        if not others and task.slot is None:
            return self._places.alone(task.target, task.adapters, task.need)
        long = self._places.single.slots[0]
        shared = self._places.share()
        if shared is None or task.need > shared.capacity:
            first = next(other for other in self._waiting if shared is None or other.need > shared.capacity)
            return long if not long.busy and first is task else None
        if all(slot.busy for slot in shared.slots) or self._follows(task):
            return None
        return self._places.beside(task.target, task.adapters)

    def _follows(self, task: Task) -> bool:
        """Whether somebody is computing a beginning that this one shares: it is then copied, not computed again."""
        known = -1
        for other in self._active:
            if other.slot is None or other.adapters != task.adapters or not len(other.pending):
                continue
            common = min(shared_prefix(other.target, task.target), len(other.slot.tokens) + len(other.pending))
            if common <= len(other.slot.tokens) + _WORTH_WAITING:
                continue
            if known < 0:
                known = self._places.known(task.target, task.adapters)
            if common > known + _WORTH_WAITING:
                return True
        return False

    def _seat(self, task: Task, slot: Slot) -> None:
        step, task.waits = task.waits, None
        if task.slot is not None and task.slot is not slot:
            # It has outgrown its slot.
            if not self._places.move(task.slot, slot):
                slot.rewind(0)
            task.slot.busy = False
        slot.busy, task.slot = True, slot
        if task not in self._active:
            self._active.append(task)
        if step is not None:
            self._resume(task, self._places.prepare(slot, task.target, task.adapters))

    def _gather(self) -> None:
        """Bring together what can be computed together."""
        shared = self._places.shared
        if shared is None or len(self._active) < 2:
            return
        for task in self._active:
            if task.slot is None or task.slot.context is shared or task.need > shared.capacity:
                continue
            if any(other.slot is not None and other.slot.context is shared for other in self._active):
                self._relocate(task, self._places.beside(task.target, task.adapters))
        if not self._waiting and (move := self._places.misplaced()) is not None:
            edge, gap = move
            self._relocate(next(task for task in self._active if task.slot is edge), gap)

    def _relocate(self, task: Task, slot: Slot | None) -> None:
        if slot is not None and task.slot is not None and self._places.move(task.slot, slot):
            task.slot.busy, slot.busy, task.slot = False, True, slot
            task.fresh = None

    # computing -------------------------------------------------------------------------------------------------

    def _next_group(self) -> list[Task]:
        """Answers that can be computed together now; the groups take turns."""
        groups: dict[tuple[Context, Adapters], list[Task]] = {}
        for task in self._active:
            if len(task.pending) and task not in self._waiting:
                groups.setdefault((task.seat.context, task.adapters), []).append(task)
        if not groups:
            return []
        now = time.perf_counter()
        if self._turn_of not in groups or (len(groups) > 1 and now - self._turn_began > _TURN):
            keys = list(groups)
            place = keys.index(self._turn_of) + 1 if self._turn_of in groups else 0
            self._turn_of, self._turn_began = keys[place % len(keys)], now
        return groups[self._turn_of]

    def _compute(self, group: list[Task]) -> None:
        context, adapters = group[0].seat.context, group[0].adapters
        parts = self._parts(group, context.n_batch)
        tasks = sorted(parts, key=lambda task: task.seat.number)
        rows = [self._row(task, parts[task]) for task in tasks]
        halt = tasks[0].cancel if len(tasks) == 1 else self.halt
        try:
            context.wear(adapters, [self._adapter(path) for path, _ in adapters])
            found = context.decode(rows, halt.address)
        except Aborted:
            return  # the next tick sees who wanted it
        except ModelError as error:
            for task in tasks:
                self._fail(task, error)
            return
        count = sum(len(row.tokens) for row in rows)
        self._counters.evaluated_tokens += count
        if count > FEW:
            speed = count / context.seconds
            self._speed = speed if not self._speed else self._speed + 0.3 * (speed - self._speed)
        for task, row, logits in zip(tasks, rows, found, strict=True):
            self._advance(task, row, logits)
        # Whoever was served first is served last next time, should there be too much for one batch.
        self._active.sort(key=lambda task: task in parts)

    def _parts(self, group: list[Task], n_batch: int) -> dict[Task, int]:
        """How many pending tokens of each answer the next batch holds."""
        together = len(self._active) > 1
        patience = _PATIENCE_TOGETHER if together else _PATIENCE_ALONE
        budget = n_batch
        if self._speed:
            budget = min(n_batch, max(_LEAST_READ, int(self._speed * patience)))
        readers = [task for task in group if task.reads]
        share = max(_LEAST_READ, budget // max(1, len(readers)))
        parts: dict[Task, int] = {}
        left = n_batch
        for task in sorted(group, key=lambda task: task.reads):
            size = min(len(task.pending), left, share if task.reads else FEW)
            if 0 < (ahead := task.stable - len(task.seat.tokens)) < size:
                size = ahead
            if size > 0:
                parts[task] = size
                left -= size
        return parts

    def _row(self, task: Task, size: int) -> Row:
        later = len(task.pending) - size
        return Row(task.seat, task.pending[:size], max(0, min(size, task.wanted - later)))

    def _advance(self, task: Task, row: Row, logits: list[Logits]) -> None:
        task.pending = task.pending[len(row.tokens) :]
        if len(row.slot.tokens) == task.stable:
            self._shelve(row.slot)
        if task.each:
            task.found += [each.copy() for each in logits]
        if not len(task.pending):
            task.fresh = logits[-1]
            self._resume(task, task.found if task.each else task.fresh)

    def _shelve(self, slot: Slot) -> None:
        shelf = self._places.shelf
        if shelf is not None and shelf.wants(slot.adapters, slot.tokens) and (saved := slot.save()) is not None:
            shelf.keep(saved)

    # the answers' side -----------------------------------------------------------------------------------------

    def _resume(self, task: Task, value: Any) -> None:
        while True:
            try:
                step = task.steps.send(value)
            except StopIteration:
                self._end(task, None)
                return
            except BaseException as error:
                self._end(task, error)
                return
            try:
                value = self._take(task, step)
            except ModelError as error:
                self._fail(task, error)
                return
            if value is None:
                return

    def _take(self, task: Task, step: Step) -> Any:
        """Note what a task asks for; the answer if it is there already."""
        if isinstance(step, Begin):
            task.waits, task.target, task.adapters = step, as_tokens(step.prompt), step.adapters
            task.need = min(self._n_ctx, len(step.prompt) + step.room)
            task.stable = step.stable if self._places.shelf is not None else 0
            task.pending, task.fresh = as_tokens([]), None
            for path, _ in step.adapters:
                self._adapter(path)
            self._waiting.append(task)
            return None
        slot, task.each, task.found = task.seat, False, []
        if isinstance(step, After):
            target = as_tokens(step.tokens)
            common = shared_prefix(slot.tokens, target)
            if common == len(target) == len(slot.tokens) and task.fresh is not None:
                return task.fresh
            slot.rewind(min(common, len(target) - 1))
            task.pending, task.wanted = target[len(slot.tokens) :], 1
        else:
            task.pending, task.each = as_tokens(step.tokens), step.each
            task.wanted = len(task.pending) if step.each else 1
        task.fresh = None
        total = len(slot.tokens) + len(task.pending)
        if total > self._n_ctx:
            raise overflow(len(task.target), total - len(task.target), self._n_ctx)
        if total > slot.context.capacity:
            task.need = self._n_ctx
            self._waiting.append(task)
        return None

    def _fail(self, task: Task, error: BaseException) -> None:
        # The answer is told where it stands, so that it can count what it took.
        try:
            task.steps.throw(error)
        except BaseException as raised:
            error = raised
        finally:
            task.steps.close()
        self._end(task, error)

    def _end(self, task: Task, error: BaseException | None) -> None:
        if task in self._waiting:
            self._waiting.remove(task)
        if task in self._active:
            self._active.remove(task)
        if task.slot is not None:
            task.slot.busy = False
            if error is not None and not isinstance(error, (Cancelled, ModelError)):
                task.slot.rewind(0)
            task.slot = None
        task.done(error)
