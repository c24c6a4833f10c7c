"""One request through the worker, as an iterator of its events, for threads and for event loops."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatrec.agent.llm._cancel import CancelFlag
from chatrec.agent.llm._request import Event, Request
from chatrec.agent.llm._worker import Job, Worker, wait_for

if TYPE_CHECKING:
    from chatrec.agent.llm._engine import Engine
    from chatrec.agent.llm._steps import Steps


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def answer(
    worker: Worker, request: Request, cancel: CancelFlag, *, max_waiting: int, whole: bool = False
) -> Iterator[Event]:
    """The events of an answer; closing the iterator frees the model within about a token.

    Args:
        worker: Of the model.
        request: What is asked.
        cancel: Also carries the deadline.
        max_waiting: Refuse the call if more than this wait.
        whole: Hand the events out together at the end: a waiting thread that wakes for each costs the model time.

    Raises:
        ModelError: Whatever the engine raises.
    """
    events: queue.SimpleQueue[Event | _End] = queue.SimpleQueue()
    worker.submit(_job(request, events.put, cancel, max_waiting, whole=whole))
    try:
        while not isinstance(event := wait_for(events), _End):
            yield event
        if event.error is not None:
            raise event.error
    finally:
        cancel.set()


async def aanswer(
    worker: Worker, request: Request, cancel: CancelFlag, *, max_waiting: int, whole: bool = False
) -> AsyncGenerator[Event, None]:
    """As `answer`, without blocking the event loop; cancelling the task cancels the answer."""
    events: asyncio.Queue[Event | _End] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def put(event: Event | _End) -> None:
        try:
            loop.call_soon_threadsafe(events.put_nowait, event)
        except RuntimeError:
            # The loop is closed: nobody will ever read this.
            cancel.set()

    worker.submit(_job(request, put, cancel, max_waiting, whole=whole))
    try:
        while not isinstance(event := await events.get(), _End):
            yield event
        if event.error is not None:
            raise event.error
    finally:
        cancel.set()


def _job(
    request: Request, put: Callable[[Event | _End], None], cancel: CancelFlag, max_waiting: int, *, whole: bool
) -> Job:
    held: list[Event] = []

    def work(engine: Engine) -> Steps[None]:
        from chatrec.agent.llm._generate import Generation

        return Generation(engine, request, held.append if whole else put).run()

    def done(error: BaseException | None) -> None:
        for event in held:
            put(event)
        put(_End(error))

    return Job(work, done, cancel, max_waiting)
