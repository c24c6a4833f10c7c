"""One conversation of one person with the recommender, whoever shows it: the terminal, or another door.

It sends what the person says, and it acts on the last list (like, reject, seen, why) without asking the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import StreamMode

from chatrec.agent._context import RecommenderContext
from chatrec.agent._graph import RecommenderGraph
from chatrec.agent._turns import STAMP, SURE
from chatrec.agent.doors._conversation import Answer, Done, Event, Step, TurnReader
from chatrec.agent.doors._history import Exchange, exchanges
from chatrec.errors import CatalogError
from chatrec.indexes import Catalog, Constraint, FeedbackEvent, Profile, Recommender
from chatrec.indexes._feedback import FeedbackKind

OnStep = Callable[[str], None]
_MARKS = frozenset({"accept", "reject", "seen"})


@dataclass(frozen=True, slots=True)
class Noted:
    """Feedback that was recorded.

    Attributes:
        event: The recorded event.
        title: The item's title.
        understood: What the reason says in the catalog's terms.
    """

    event: FeedbackEvent
    title: str
    understood: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back.

    Attributes:
        kind: The feedback's kind, or "prefer" or "forget" of the profile.
        about: The item's title or the condition.
    """

    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is held of the person.

    Attributes:
        profile: Lasting wishes.
        accepted: Titles liked, oldest first.
        rejected: Titles turned down, oldest first.
        seen: Titles known already, oldest first.
    """

    profile: Profile
    accepted: tuple[str, ...]
    rejected: tuple[str, ...]
    seen: tuple[str, ...]


class Session:
    """A conversation, kept under a thread id; a thread that exists is gone on with.

    Not for several threads at once.

    Args:
        agent: What `create_recommender` returned; needs a checkpointer.
        recommender: What the agent recommends from.
        user_id: Who is talking.
        thread_id: Which conversation.

    Raises:
        ThreadRefused: The thread belongs to another user.
    """

    def __init__(self, agent: RecommenderGraph, recommender: Recommender, *, user_id: str, thread_id: str) -> None:
        agent.owners.claim(thread_id, user_id)
        self.user_id = user_id
        self.thread_id = thread_id
        self.recommender = recommender
        self._agent = agent
        self._config: RunnableConfig = {"configurable": {"thread_id": thread_id}}
        messages: list[AnyMessage] = agent.get_state(self._config).values.get("messages", [])
        self.turns_before = sum(isinstance(message, HumanMessage) for message in messages)
        self.shown: list[dict[str, Any]] = _last_list(messages, recommender.catalog)
        """The items that numbers refer to: the last list."""

    @property
    def agent(self) -> RecommenderGraph:
        """Who answers."""
        return self._agent

    @property
    def saver(self) -> BaseCheckpointSaver[Any] | None:
        """What keeps the conversations, if anything does."""
        kept = self._agent.checkpointer
        return None if isinstance(kept, bool) else kept

    @property
    def catalog(self) -> Catalog:
        """The items."""
        return self.recommender.catalog

    def send(self, text: str, *, on_step: OnStep | None = None, key: str | None = None) -> Answer:
        """Say something and wait for the answer.

        A turn that does not end, because of an error or of Ctrl-C, leaves no trace in the conversation.

        Args:
            text: The person's words.
            on_step: Told the name of each tool as the model chooses it.
            key: The sentence's own, where it may be said again because no answer was heard: said with the same key, it
                is answered as it was, and one that was cut off is gone on with.

        Raises:
            ModelError: The model failed, or no answer came.
        """
        held = self._answered(key)
        if held is not None:
            return self._remembered(held)
        before, said = self._begin(text, key=key)
        reader = TurnReader()
        try:
            for mode, value in self._agent.stream(said, self._config, **self._how()):
                for event in reader.read(mode, value):
                    if on_step is not None and isinstance(event, Step):
                        on_step(event.tool)
            answer = reader.answer()
        except BaseException:
            self._take_back(before)
            raise
        return self._remembered(answer)

    async def stream(
        self,
        text: str,
        *,
        history: Sequence[AnyMessage] = (),
        callbacks: Sequence[BaseCallbackHandler] = (),
        key: str | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Say something and follow the turn; the events are described in `chatrec.agent.doors._conversation`.

        A turn that does not end leaves no trace in the conversation: closing the generator, or cancelling the task that
        reads it, frees the model within about a token.

        Args:
            text: The person's words.
            history: What was said before, where the conversation is new under its thread id.
            callbacks: Told of the model's calls, by LangChain.
            key: As for `send`.

        Raises:
            ModelError: The model failed, or no answer came.
        """
        held, reader = await asyncio.to_thread(self._answered, key), TurnReader()
        if held is not None:
            for words in reader.rest(self._remembered(held)):
                yield words
            yield Done(held)
            return
        before, said = await asyncio.to_thread(self._begin, text, history, key=key)
        config = self._config | {"callbacks": list(callbacks)}
        try:
            run = self._agent.astream(said, config, **self._how("custom"))
            async with aclosing(cast("AsyncGenerator[tuple[str, Any], None]", run)) as chunks:
                async for mode, value in chunks:
                    for event in reader.read(mode, value):
                        yield event
            answer = reader.answer()
        except BaseException:
            self._take_back(before)
            raise
        self._remembered(answer)
        for words in reader.rest(answer):
            yield words
        yield Done(answer)

    def feedback(self, kind: FeedbackKind, number: int, reason: str = "") -> Noted:
        """Record what the person thinks of an item of the last list.

        Args:
            kind: accept, reject, seen, ...
            number: Its place on the list, from 1.
            reason: In the person's words; conditions in it ("too long") are understood.

        Raises:
            CatalogError: There is no such number.
        """
        return self.judge(self.why(number), kind, reason)

    def judge(self, entry: Mapping[str, Any], kind: FeedbackKind, reason: str = "") -> Noted:
        """Record what the person thinks of an item, whichever list it stood on; the latest word on it counts.

        Args:
            entry: The item's entry of a list: id and title.
            kind: accept, reject, seen, ...
            reason: In the person's words; conditions in it ("too long") are understood.
        """
        link = self.catalog.link(reason, last=(entry["id"],)) if reason else None
        understood = tuple(p.constraint for p in link.proposals if p.score >= SURE) if link is not None else ()
        event = self.recommender.feedback.record(
            self.user_id,
            kind,
            item_id=entry["id"],
            # Several conditions do not fit one event; the recommender then reads the reason itself.
            constraint=understood[0] if len(understood) == 1 else None,
            reason=reason,
            thread_id=self.thread_id,
        )
        return Noted(event, entry["title"], understood)

    def marks(self) -> dict[str, FeedbackEvent]:
        """The person's latest word on each item that was liked, turned down or seen."""
        events = self.recommender.feedback.events(self.user_id)
        return {e.item_id: e for e in events if e.item_id is not None and e.kind in _MARKS}

    def unmark(self, item_id: str) -> None:
        """Take back all that the person said of an item with a like, a no or a seen."""
        while (event := self.marks().get(item_id)) is not None:
            self.recommender.feedback.undo(self.user_id, event.id)

    def why(self, number: int) -> dict[str, Any]:
        """The entry of the last list with this number: score, parts, reason.

        Raises:
            CatalogError: There is no such number.
        """
        if not 1 <= number <= len(self.shown):
            count = len(self.shown)
            hint = f"numbers go from 1 to {count}" if count else "ask for a list first"
            raise CatalogError(f"there is no number {number!r} on the last list", hint=hint)
        return self.shown[number - 1]

    def undo(self) -> Undone | None:
        """Take back the person's latest feedback or change of profile, whichever is newer.

        Returns:
            What it was; None where there was nothing.
        """
        events = self.recommender.feedback.events(self.user_id)
        changes = self.recommender.profiles.events(self.user_id)
        if events and (not changes or events[-1].id > changes[-1].id):
            undone = self.recommender.feedback.undo(self.user_id)
            if undone is None:
                return None
            about = self.title(undone.item_id) if undone.item_id is not None else str(undone.constraint)
            return Undone(undone.kind, about)
        change = self.recommender.profiles.undo(self.user_id)
        return None if change is None else Undone(change.kind, str(change.constraint or change.facet))

    def exchanges(self) -> list[Exchange]:
        """What was said so far, oldest first."""
        return exchanges(self._agent.get_state(self._config).values.get("messages", []), self.catalog)

    def known(self) -> Known:
        """What is held of the person: profile and feedback."""
        events = self.recommender.feedback.events(self.user_id)

        def titles(kind: str) -> tuple[str, ...]:
            return tuple(self.title(e.item_id) for e in events if e.kind == kind and e.item_id is not None)

        profile = self.recommender.profiles.get(self.user_id)
        return Known(profile, titles("accept"), titles("reject"), titles("seen"))

    def _answered(self, key: str | None) -> Answer | None:
        """What was answered to the sentence with this key, if it was."""
        if key is None:
            return None
        state = self._agent.get_state(self._config)
        people = [m.id for m in state.values.get("messages", []) if isinstance(m, HumanMessage)]
        if key not in people or (state.next and people[-1] == key):
            return None
        messages: list[AnyMessage] = state.values["messages"]
        start = next(at for at, message in enumerate(messages) if message.id == key)
        told = exchanges(messages[start:], self.catalog)
        return told[0].answer if told else None

    def _begin(
        self, text: str, history: Sequence[AnyMessage] = (), *, key: str | None = None
    ) -> tuple[RunnableConfig, dict[str, Any] | None]:
        """Where the conversation was before the turn, and what to tell the agent.

        A turn whose process died in the middle is gone on with where the same is said again, so that what it did
        already is not done twice; where something else is said, it is taken back.
        """
        said: dict[str, Any] = {"messages": [*history, HumanMessage(text, id=key)]}
        state = self._agent.get_state(self._config)
        if not state.next or state.interrupts:
            return state.config, said
        before: RunnableConfig = {"configurable": {"thread_id": self.thread_id}}
        for earlier in self._agent.get_state_history(self._config):
            if not earlier.next:
                before = earlier.config
                break
        people = [m for m in state.values.get("messages", []) if isinstance(m, HumanMessage)]
        if people and (people[-1].id == key if key is not None else people[-1].text == text):
            return before, None
        self._take_back(before)
        return before, said

    def _how(self, *more: StreamMode) -> dict[str, Any]:
        # Where the model is waited for there is no "custom": LangGraph would run it in a thread that Ctrl-C misses.
        return {"context": RecommenderContext(self.user_id), "stream_mode": ["updates", "values", *more]}

    def _remembered(self, answer: Answer) -> Answer:
        if answer.recommendations:
            self.shown = list(answer.recommendations)
        return answer

    def _take_back(self, before: RunnableConfig) -> None:
        """Make the conversation what it was before the turn."""
        checkpoint = before.get("configurable", {}).get("checkpoint_id")
        if checkpoint is not None:
            self._agent.update_state(before, None, as_node="__copy__")
        elif self.saver is not None:
            self.saver.delete_thread(self.thread_id)

    def title(self, item_id: str) -> str:
        """An item's title; its id where the catalog has it no more."""
        return self.catalog[item_id].title if item_id in self.catalog else item_id


def _last_list(messages: list[AnyMessage], catalog: Catalog) -> list[dict[str, Any]]:
    """The entries of the last list that was shown, as far as the catalog still has them."""
    for place in range(len(messages) - 1, -1, -1):
        stamp = messages[place].additional_kwargs.get(STAMP)
        if not (isinstance(stamp, dict) and stamp.get("shown")):
            continue
        for message in reversed(messages[:place]):
            artifact = message.artifact if isinstance(message, ToolMessage) else None
            if isinstance(artifact, dict) and artifact.get("recommendations"):
                return [entry for entry in artifact["recommendations"] if entry["id"] in catalog]
    return []
