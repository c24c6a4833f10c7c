"""The people who have the page open: each one's conversation, and the turn that is being answered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import suppress

from chatrec.agent.doors._conversation import Event
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._session import Session

_KEPT = 1000


class Turn:
    """A turn that runs by itself: whoever looks may leave and come back.

    Args:
        session: Where it is said.
        said: The person's words.
    """

    def __init__(self, session: Session, said: str) -> None:
        self.said = said
        self._events: list[Event] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run(session))

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def follow(self) -> AsyncGenerator[Event, None]:
        """Its events from the first on, as they come.

        Raises:
            ChatrecError: The turn failed.
            asyncio.CancelledError: It was stopped.
        """
        seen = 0
        while True:
            for event in self._events[seen:]:
                seen += 1
                yield event
            if self.over:
                self._task.result()
                return
            await self._news.wait()

    async def stop(self) -> None:
        """End it; the conversation is then as it was before."""
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task

    async def _run(self, session: Session) -> None:
        try:
            async for event in session.stream(self.said):
                self._events.append(event)
                self._tell()
        finally:
            # After the task is done, so that who waits finds it so.
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Guest:
    """One person.

    Args:
        session: Their conversation.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.turn: Turn | None = None

    @property
    def answering(self) -> Turn | None:
        """The turn that is being answered, if any."""
        return None if self.turn is None or self.turn.over else self.turn

    def say(self, text: str) -> Turn:
        """Begin a turn; only one runs at a time."""
        self.turn = Turn(self.session, text)
        return self.turn


class Guests:
    """Everybody by name; those who were away longest are let go of, their conversations are kept by the agent.

    Args:
        room: The catalog, and who recommends from it.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._guests: OrderedDict[str, Guest] = OrderedDict()

    def of(self, user_id: str) -> Guest:
        """The person, their latest conversation opened.

        Args:
            user_id: Who.
        """
        guest = self._guests.get(user_id)
        if guest is None:
            guest = self._guests[user_id] = self._open(user_id, max(1, self._latest(user_id)))
        self._guests.move_to_end(user_id)
        for name in [n for n, g in self._guests.items() if g.answering is None][: len(self._guests) - _KEPT]:
            del self._guests[name]
        return guest

    def anew(self, user_id: str) -> Guest:
        """The person, with a new conversation."""
        guest = self._guests[user_id] = self._open(user_id, self._latest(user_id) + 1)
        return guest

    def drop(self, user_id: str) -> None:
        """Know nothing of the person any more."""
        self._guests.pop(user_id, None)

    def _open(self, user_id: str, number: int) -> Guest:
        return Guest(self._room.session(user_id, f"{self._stem(user_id)}{number}"))

    def _latest(self, user_id: str) -> int:
        stem = self._stem(user_id)
        mine = (name.removeprefix(stem) for name in self._room.agent.owners.threads(user_id) if name.startswith(stem))
        return max((int(number) for number in mine if number.isdecimal()), default=0)

    def _stem(self, user_id: str) -> str:
        return f"web/{self._room.recommender.catalog.name}/{user_id}/"
