"""From a whole history, as programs send it with every request, to the conversation that it goes on with.

What we said ourselves is taken from our own record, found by the person's words; the text that a client sends for it
only tells which of several records is meant. So everything that a turn left behind (which items were shown, what was
asked, what was understood) holds on, and a history can neither invent it nor repeat feedback. A history that we have no
record of is read as text: lists in it are recognised by the titles that the catalog holds.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, Literal

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.types import StateSnapshot

from chatrec.agent._turns import STAMP
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._session import Session
from chatrec.indexes import FeedbackEvent
from chatrec.indexes._events import clean
from chatrec.indexes._heard import HeardThreads
from chatrec.indexes._repeats import Claim, Repeats, same
from chatrec.indexes._threads import HoldsNames

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
class Once:
    """A request that its program may send again.

    Attributes:
        key: The program's own for it.
        request: What it asks, as text.
    """

    key: str
    request: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a history goes on.

    Attributes:
        session: The conversation.
        text: The person's newest words.
        history: What `Session.stream` needs of the history: nothing where the thread holds it.
        texts: All words of the person, the newest included.
        mark: Events recorded in this turn have greater ids, also before its process died.
        claim: What the request's key stands for, if it has one.
    """

    session: Session
    text: str
    history: tuple[AnyMessage, ...]
    texts: tuple[str, ...]
    mark: str
    claim: Claim | None = None


class KeyTaken(Exception):
    """The key of a request stands for another request."""


class UnderWay(Exception):
    """The same request is being answered, by this process or another."""


class Histories:
    """The conversations of one catalog, by what was said in them.

    A turn holds its conversation against others, of this process and, where the store can, of every other. A turn that
    was cut off with its process is gone on with where the same is said again.

    Safe from several threads.

    Args:
        room: The catalog.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._store = room.recommender.store
        self._heard = HeardThreads(self._store, catalog=room.recommender.catalog.name)
        self._repeats = Repeats(self._store)
        self._busy: set[str] = set()
        self._lock = Lock()

    def open(self, user_id: str, said: Sequence[Said], once: Once | None = None) -> Place:
        """Find or begin the conversation; `close` or `drop` it afterwards.

        Args:
            user_id: The person.
            said: The history; its last message is the person's.
            once: What the request is known by, if it may be sent again.

        Raises:
            KeyTaken: The key stands for another request.
            UnderWay: The same request is being answered.
            ThreadRefused: Never for a thread found here; they are looked for among the person's own.
        """
        said = [Said(message.role, clean(message.text)) for message in said]
        texts = tuple(message.text for message in said if message.role == "user")
        claim = None if once is None else self._repeats.find(user_id, once.key)
        if once is not None and claim is not None:
            if not same(claim, once.request):
                raise KeyTaken
            if not self._hold(claim.thread, unfinished=claim.told is None):
                raise UnderWay
            thread = claim.thread
            history = () if self._messages(thread) else self._past(user_id, texts[:-1], said[:-1])[2]
        else:
            thread, history = self._found(user_id, texts, said[:-1])
        try:
            if once is not None and claim is None:
                claim = self._repeats.claim(user_id, once.key, once.request, thread)
                if claim.thread != thread:
                    raise UnderWay  # it came to another process in the same moment
            begun = self._heard.note(user_id, texts, thread)
            return Place(self._room.session(user_id, thread), texts[-1], history, texts, begun, claim)
        except BaseException:
            self._free(thread)
            raise

    def close(self, place: Place, told: Mapping[str, Any]) -> None:
        """The turn has ended well: what was noted twice counts once; what was told is told again to the same key."""
        session = place.session
        feedback = session.recommender.feedback
        try:
            events = feedback.events(session.user_id)
            known = {_content(event) for event in events if event.id <= place.mark}
            for event in events:
                if event.id > place.mark and event.thread_id == session.thread_id and _content(event) in known:
                    feedback.undo(session.user_id, event.id)
            if place.claim is not None and place.claim.told is None:
                self._repeats.settle(session.user_id, place.claim, told)
        finally:
            self._free(session.thread_id)

    def drop(self, place: Place) -> None:
        """The turn has not ended: nothing of it is kept."""
        session = place.session
        try:
            self._heard.drop(session.user_id, place.texts, session.thread_id)
            if not self._messages(session.thread_id):
                self._room.agent.owners.release(session.thread_id)
        finally:
            self._free(session.thread_id)

    def _hold(self, thread: str, *, unfinished: bool = False) -> bool:
        """Hold a conversation against all others; an unfinished turn's process may have died, so wait for its words."""
        with self._lock:
            if thread in self._busy:
                return False
            self._busy.add(thread)
        try:
            names = self._store if isinstance(self._store, HoldsNames) else None
            held = names is None or names.hold(thread)
            if held and unfinished and names is not None:
                names.settle()
        except BaseException:
            self._free(thread)
            raise
        if not held:
            self._busy.discard(thread)
        return held

    def _free(self, thread: str) -> None:
        if isinstance(self._store, HoldsNames):
            self._store.let_go(thread)
        self._busy.discard(thread)

    def _found(self, user_id: str, texts: Sequence[str], said: Sequence[Said]) -> tuple[str, tuple[AnyMessage, ...]]:
        """The thread to go on with, held: cut off at these words, or ending before them, or new, with what was said."""
        # Many conversations begin alike; what is said again was said last.
        for thread in self._heard.find(user_id, texts)[:2]:
            if (
                self._room.agent.owners.owner(thread) == user_id
                and self._cut_off(thread, texts)
                and self._hold(thread, unfinished=True)
            ):
                if self._cut_off(thread, texts):
                    return thread, ()
                self._free(thread)
        thread, ends, history = self._past(user_id, texts[:-1], said)
        if ends and self._hold(thread):
            return thread, ()
        thread = f"http-{secrets.token_hex(8)}"
        self._hold(thread)
        return thread, history

    def _cut_off(self, thread: str, texts: Sequence[str]) -> bool:
        """Whether a thread's last turn never ended, and all that was said in it is this."""
        state = self._state(thread)
        people = [m.text for m in state.values.get("messages", []) if isinstance(m, HumanMessage)]
        return bool(state.next) and not state.interrupts and people == list(texts)

    def _past(
        self, user_id: str, texts: Sequence[str], said: Sequence[Said]
    ) -> tuple[str, bool, tuple[AnyMessage, ...]]:
        """The thread in which this was said, whether it ends there, and what was said, as we recorded it or read it."""
        replies = [message.text for message in said if message.role == "assistant"]
        best: tuple[int, str, list[AnyMessage], bool] | None = None
        for thread in self._heard.find(user_id, texts) if texts else ():
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
            return "", False, self._rebuilt(said)
        _, thread, turns, ends = best
        return thread, ends, tuple(turns)

    def _state(self, thread_id: str) -> StateSnapshot:
        return self._room.agent.get_state({"configurable": {"thread_id": thread_id}})

    def _messages(self, thread_id: str) -> list[AnyMessage]:
        messages: list[AnyMessage] = self._state(thread_id).values.get("messages", [])
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
