"""From a whole history, as programs send it with every request, to the conversation that it goes on with.

What we said ourselves is taken from our own record, found by the person's words; the text that a client sends for it
only tells which of several records is meant. So everything that a turn left behind (which items were shown, what was
asked, what was understood) holds on, and a history can neither invent it nor repeat feedback. A history that we have no
record of is read as text: lists in it are recognised by the titles that the catalog holds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, Literal

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from chatrec.agent._turns import STAMP
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._session import Session
from chatrec.indexes import FeedbackEvent
from chatrec.indexes._events import clean, new_id
from chatrec.indexes._heard import HeardThreads

_LINE = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]+(.+?)[ \t]*$", re.MULTILINE)
_READ = 40
"""Messages that are read of a history that we have no record of, from its end."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a history.

    Attributes:
        role: Who said it.
        text: What.
    """

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a history goes on.

    Attributes:
        session: The conversation.
        text: The person's newest words.
        history: What `Session.stream` needs of the history: nothing where the thread holds it.
        texts: All words of the person, the newest included.
        mark: Events recorded from now on have greater ids.
    """

    session: Session
    text: str
    history: tuple[AnyMessage, ...]
    texts: tuple[str, ...]
    mark: str


class Histories:
    """The conversations of one catalog, by what was said in them.

    Safe from several threads.

    Args:
        room: The catalog.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._heard = HeardThreads(room.recommender.store, catalog=room.recommender.catalog.name)
        self._busy: set[str] = set()
        self._lock = Lock()

    def open(self, user_id: str, said: Sequence[Said]) -> Place:
        """Find or begin the conversation; `close` or `drop` it afterwards.

        Args:
            user_id: The person.
            said: The history; its last message is the person's.

        Raises:
            ThreadRefused: Never for a thread found here; they are looked for among the person's own.
        """
        said = [Said(message.role, clean(message.text)) for message in said]
        texts = tuple(message.text for message in said if message.role == "user")
        history: tuple[AnyMessage, ...] = ()
        thread = ""
        if len(said) > 1:
            thread, history = self._record(user_id, texts[:-1], said[:-1])
        if not history:
            history = self._rebuilt(said[:-1])
        if thread:
            history = ()
        else:
            thread = f"http-{secrets.token_hex(8)}"
            with self._lock:
                self._busy.add(thread)
        return Place(self._room.session(user_id, thread), texts[-1], history, texts, new_id())

    def close(self, place: Place) -> None:
        """The turn has ended well: the next history finds it, and what was noted twice counts once."""
        session = place.session
        self._heard.note(session.user_id, place.texts, session.thread_id)
        feedback = session.recommender.feedback
        events = feedback.events(session.user_id)
        known = {_content(event) for event in events if event.id <= place.mark}
        for event in events:
            if event.id > place.mark and event.thread_id == session.thread_id and _content(event) in known:
                feedback.undo(session.user_id, event.id)
        self._free(place)

    def drop(self, place: Place) -> None:
        """The turn has not ended: nothing of it is kept."""
        session = place.session
        if not self._messages(session.thread_id):
            self._room.agent.owners.release(session.thread_id)
        self._free(place)

    def _free(self, place: Place) -> None:
        with self._lock:
            self._busy.discard(place.session.thread_id)

    def _record(self, user_id: str, texts: Sequence[str], said: Sequence[Said]) -> tuple[str, tuple[AnyMessage, ...]]:
        """The thread to go on with, if it ends there and nobody else does; and what was said, as we recorded it."""
        replies = [message.text for message in said if message.role == "assistant"]
        best: tuple[int, str, list[AnyMessage], bool] | None = None
        for thread in self._heard.find(user_id, texts):
            if self._room.agent.owners.owner(thread) != user_id:
                continue
            messages = self._messages(thread)
            turns = _turns(messages, len(texts))
            if [message.text for message in turns if isinstance(message, HumanMessage)] != list(texts):
                continue
            told = [clean(m.text) for m in turns if isinstance(m, AIMessage) and not m.tool_calls]
            alike = sum(ours == theirs for ours, theirs in zip(reversed(told), reversed(replies), strict=False))
            if best is None or alike > best[0]:
                best = alike, thread, turns, len(turns) == len(messages)
        if best is None:
            return "", ()
        _, thread, turns, ends = best
        with self._lock:
            if not ends or thread in self._busy:
                return "", tuple(turns)
            self._busy.add(thread)
        return thread, tuple(turns)

    def _messages(self, thread_id: str) -> list[AnyMessage]:
        state = self._room.agent.get_state({"configurable": {"thread_id": thread_id}})
        messages: list[AnyMessage] = state.values.get("messages", [])
        return messages

    def _rebuilt(self, said: Sequence[Said]) -> tuple[AnyMessage, ...]:
        return tuple(
            HumanMessage(message.text) if message.role == "user" else self._ours(message.text)
            for message in said[-_READ:]
        )

    def _ours(self, text: str) -> AIMessage:
        """A message of ours that we have no record of: which of the catalog's items does it list?"""
        shown = list(dict.fromkeys(filter(None, map(self._item, _LINE.findall(text)))))
        first = _LINE.search(text)
        words = text[: first.start()].strip() if shown and first is not None else text
        stamp: dict[str, Any] = {"act": "recommend" if shown else "reply", "said": words, "shown": shown, "facet": None}
        return AIMessage(text, additional_kwargs={STAMP: stamp})

    def _item(self, line: str) -> str | None:
        line = line.replace("*", "").strip()
        while line:
            if line.casefold() in self._titles:
                return self._titles[line.casefold()]
            line = line.rpartition(" (")[0]
        return None

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {item.title.casefold(): item.id for item in reversed(self._room.recommender.catalog.items)}


def _turns(messages: Sequence[AnyMessage], count: int) -> list[AnyMessage]:
    """The first so many turns of a conversation."""
    begins = [place for place, message in enumerate(messages) if isinstance(message, HumanMessage)]
    return list(messages if len(begins) <= count else messages[: begins[count]])


def _content(event: FeedbackEvent) -> tuple[object, ...]:
    return event.kind, event.item_id, event.constraint, event.reason
