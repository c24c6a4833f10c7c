"""Turns of many people at once: so many and no more, each in a task of its own, which ends when its listener goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from langchain_core.callbacks import UsageMetadataCallbackHandler

from chatrec.agent.doors._conversation import Answer, Done, Event
from chatrec.agent.doors._histories import Histories, KeyTaken, Once, Said, UnderWay
from chatrec.agent.doors._metrics import Metrics
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._serve_errors import as_api_error, busy, key_taken, under_way
from chatrec.agent.doors._serve_reply import usage_of
from chatrec.agent.llm._errors import QueueFull

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Taken:
    """A turn that ended well.

    Attributes:
        answer: What it brought.
        usage: Its tokens, as OpenAI counts them.
        at: When its request came first, in seconds since 1970, where that was asked for.
        again: Whether it is what was told before.
    """

    answer: Answer
    usage: dict[str, Any]
    at: int | None = None
    again: bool = False


class Begun:
    """A turn under way.

    Args:
        work: Takes the turn; tells what happens to whom it is given.
    """

    def __init__(self, work: Callable[[Callable[[Event], None]], Coroutine[Any, Any, Taken]]) -> None:
        self._news: asyncio.Queue[Event | None] = asyncio.Queue()
        self.task = asyncio.create_task(work(self._news.put_nowait))
        self.task.add_done_callback(lambda _: self._news.put_nowait(None))

    async def follow(self, patience: float) -> AsyncGenerator[Event | None, None]:
        """What happens, as it happens; None whenever nothing did for some seconds."""
        while True:
            try:
                event = await asyncio.wait_for(self._news.get(), patience)
            except TimeoutError:
                yield None
                continue
            if event is None:
                return
            yield event


class Turns:
    """The turns of a server.

    Args:
        rooms: The catalogs by name.
        most: How many turns may be under way at once, those that wait for the model included.
        metrics: Where they are counted.
    """

    def __init__(self, rooms: Mapping[str, Room], *, most: int, metrics: Metrics) -> None:
        self._histories = {name: Histories(room) for name, room in rooms.items()}
        self._most = most
        self._metrics = metrics
        self._under_way: set[asyncio.Task[Taken]] = set()

    @property
    def full(self) -> bool:
        """Whether one more turn would be refused."""
        return len(self._under_way) >= self._most

    def begin(self, catalog: str, user_id: str, said: Sequence[Said], once: Once | None = None) -> Begun:
        """Begin a turn; cancelling its task frees the model within about a token.

        Args:
            catalog: Its name.
            user_id: The person.
            said: The history.
            once: What the request is known by, if it may be sent again.

        Raises:
            ApiError: Too many turns are under way.
        """
        if self.full:
            self._metrics.busy.inc()
            raise busy()
        begun = Begun(partial(self._take, catalog, user_id, said, once))
        # Kept here until it has ended: who began it may be gone by then.
        self._under_way.add(begun.task)
        self._metrics.under_way.set(len(self._under_way))
        begun.task.add_done_callback(self._ended)
        return begun

    async def _take(
        self, catalog: str, user_id: str, said: Sequence[Said], once: Once | None, tell: Callable[[Event], None]
    ) -> Taken:
        started = time.perf_counter()
        histories = self._histories[catalog]
        place = await _to_its_end(lambda: histories.open(user_id, said, once), undo=histories.drop)
        claim = place.claim
        tokens = UsageMetadataCallbackHandler()
        try:
            answer = None
            async for event in place.session.stream(
                place.text, history=place.history, callbacks=[tokens], key=None if claim is None else claim.key
            ):
                tell(event)
                if isinstance(event, Done):
                    answer = event.answer
            assert answer is not None
        except BaseException:
            histories.drop(place)
            raise
        usage = usage_of(tokens.usage_metadata)
        await _to_its_end(lambda: histories.close(place, {"usage": usage}))
        if claim is not None and claim.told is not None:
            return Taken(answer, claim.told["usage"], claim.at, again=True)
        self._metrics.turns.labels(catalog, answer.act).inc()
        self._metrics.seconds.labels(catalog).observe(time.perf_counter() - started)
        for kind in ("prompt", "completion"):
            self._metrics.tokens.labels(kind).inc(usage[f"{kind}_tokens"])
        return Taken(answer, usage, None if claim is None else claim.at)

    def _ended(self, task: asyncio.Task[Taken]) -> None:
        self._under_way.discard(task)
        self._metrics.under_way.set(len(self._under_way))
        if task.cancelled():
            self._metrics.broken.labels("cancelled").inc()
        elif (error := task.exception()) is not None:
            self._metrics.broken.labels(type(error).__name__).inc()


async def until_gone(task: asyncio.Task[Taken], gone: Callable[[], Awaitable[None]]) -> Taken | None:
    """Wait for a turn as long as its listener does; None where the listener went first.

    Args:
        task: The turn.
        gone: Returns when the listener has gone.

    Raises:
        ApiError: The turn failed.
    """
    watch = asyncio.ensure_future(gone())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            return None
        return await taken(task)
    finally:
        watch.cancel()
        task.cancel()


async def taken(task: asyncio.Task[Taken]) -> Taken:
    """The result of a turn.

    Raises:
        ApiError: It failed, or the server stops.
    """
    try:
        return await asyncio.shield(task)
    except QueueFull as error:
        raise busy() from error
    except KeyTaken as error:
        raise key_taken() from error
    except UnderWay as error:
        raise under_way() from error
    except Exception as error:
        raise as_api_error(error) from error


async def _to_its_end(work: Callable[[], _T], *, undo: Callable[[_T], None] | None = None) -> _T:
    """Run work on a thread, to its end whatever is cancelled: half of it would be worse than all."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        done = await running
        if undo is not None:
            undo(done)
        raise
