"""A person's own conversations as something to learn from: the acts that their feedback confirmed or took back.

What nobody confirmed teaches nothing. A list was right if something on it was accepted, a question if the next message
answered it, facts if their item was accepted; what was noted was right if the person talked on and let it stand. Notes
that were taken back were wrong in what they said of which item; whether to note anything is not known then.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.store.base import BaseStore

from chatrec.agent._acts import fits
from chatrec.agent._context import RecommenderContext
from chatrec.agent._middleware import RecommenderMiddleware
from chatrec.agent._reply import REPLY
from chatrec.agent._turns import STAMP, stamped_turn
from chatrec.agent.tuning._masking import masked_messages
from chatrec.agent.tuning._people import Said
from chatrec.agent.tuning._simulate import Decision, Seat, StandIn
from chatrec.agent.tuning._teacher import Call
from chatrec.indexes import Catalog, FeedbackLog, ProfileStore, Question, Recommender, ThreadOwners
from chatrec.tools._turn import Turn

__all__ = ["Act", "Talk", "keep_back", "read_log", "relive"]

_KEPT_BACK = 4
"""Of so many conversations one is kept back."""
_VERDICTS = frozenset({"accept", "reject", "seen"})


@dataclass(frozen=True, slots=True)
class Act:
    """One call of the model's.

    Attributes:
        name: The tool's name.
        arguments: The call's arguments.
        right: Whether the person confirmed it or took it back; None where nobody knows.
    """

    name: str
    arguments: Mapping[str, Any]
    right: bool | None


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation, masked.

    Attributes:
        thread_id: Its thread.
        messages: All that was said and called.
        turns: By place of the person's message, the acts of the turn; turns of which nothing is known are left out.
    """

    thread_id: str
    messages: tuple[AnyMessage, ...]
    turns: Mapping[int, tuple[Act, ...]]

    def count(self, right: bool) -> int:
        """How many acts were confirmed, or taken back."""
        return sum(act.right is right for acts in self.turns.values() for act in acts)


def read_log(user_id: str, catalog: Catalog, *, store: BaseStore, checkpointer: BaseCheckpointSaver[Any]) -> list[Talk]:
    """A person's conversations about a catalog in which an act was confirmed or taken back.

    Args:
        user_id: The person; their id is masked like other names.
        catalog: What was talked about; turns that name what it no longer has are left out.
        store: Where profiles, feedback and thread owners live.
        checkpointer: Where the conversations live.
    """
    feedback, profiles = FeedbackLog(store, catalog=catalog.name), ProfileStore(store, catalog=catalog.name)
    records = [*feedback.export(user_id), *profiles.export(user_id)]
    undone = {target for record in records for target in record.get("targets", ())}
    stands = {record["call"]: record["id"] not in undone for record in reversed(records) if "call" in record}
    words = {(e.thread_id, e.item_id): e.kind for e in feedback.events(user_id) if e.kind in _VERDICTS}
    names = [user_id] if len(user_id) > 2 else []
    talks: list[Talk] = []
    for thread in sorted(ThreadOwners(store).threads(user_id)):
        config: RunnableConfig = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
        held = checkpointer.get_tuple(config)
        said = [] if held is None else held.checkpoint["channel_values"].get("messages", [])
        messages = masked_messages(said, names)
        accepted = {str(item) for (where, item), kind in words.items() if where == thread and kind == "accept"}
        turns = dict(_turns(messages, catalog, accepted, stands))
        told = {at: acts for at, acts in turns.items() if any(act.right is not None for act in acts)}
        if told:
            talks.append(Talk(thread, tuple(messages), told))
    return talks


def keep_back(talks: Sequence[Talk]) -> tuple[list[Talk], list[Talk]]:
    """The conversations to learn from, and those that are kept back to compare; the same ones each time."""
    order = sorted(talks, key=lambda talk: zlib.crc32(talk.thread_id.encode()))
    kept = order[::_KEPT_BACK]
    return [talk for talk in order if talk not in kept], kept


def relive(talk: Talk, model: StandIn, recommender: Recommender) -> tuple[list[Decision], list[Act]]:
    """Play a conversation's known turns again, the model's place taken by what was done.

    Args:
        talk: The conversation.
        model: Sits in the model's place.
        recommender: Over the catalog, with a store of its own that knows nobody.

    Returns:
        The decisions of which something is known, and every act that was played.
    """
    middleware: Any = RecommenderMiddleware(recommender)
    agent: Any = create_agent(model, middleware=[middleware], context_schema=RecommenderContext)
    known: list[Decision] = []
    played: list[Act] = []
    for at, acts in talk.turns.items():
        notes: list[Decision] = []
        text = talk.messages[at].text
        again = _Again(Said(text), list(acts), notes)
        model.sit_in(Seat(recommender, again, None, notes))
        agent.invoke({"messages": [*talk.messages[:at], HumanMessage(text)]}, context=RecommenderContext("somebody"))
        ends = [begin for _, begin in again.played[1:]] + [len(notes)]
        for (act, begin), end in zip(again.played, ends, strict=True):
            played.append(act)
            if act.right is not None:
                # Of what was taken back the item or the kind was wrong, so the choice of the act is left alone.
                some = [note for note in notes[begin:end] if act.right or note.trace.kind == "arguments"]
                known += [replace(note, right=act.right) for note in some]
    return known, played


@dataclass(slots=True)
class _Again:
    """Does what was done, as far as it is still legal; then says a word and stops."""

    said: Said
    left: list[Act]
    notes: list[Decision]
    played: list[tuple[Act, int]] = field(default_factory=list[tuple[Act, int]])

    def decide(self, turn: Turn, legal: Mapping[str, Mapping[str, Any]], questions: Sequence[Question]) -> Call:
        """The call that was made then."""
        act = self.left.pop(0) if self.left else None
        if act is None or act.name not in legal or not fits(act.arguments, legal[act.name]):
            self.left.clear()
            act = Act(REPLY, {"kind": "noted"}, None)
        self.played.append((act, len(self.notes)))
        return act.name, dict(act.arguments)


def _turns(
    messages: Sequence[AnyMessage], catalog: Catalog, accepted: set[str], stands: Mapping[str, bool]
) -> dict[int, tuple[Act, ...]]:
    """The acts of every turn of the person's, by the place of their message."""
    places = [at for at, message in enumerate(messages) if isinstance(message, HumanMessage)]
    turns = [stamped_turn(messages[at], catalog) for at in places]
    found: dict[int, tuple[Act, ...]] = {}
    for at, end, turn, then in zip(places, [*places[1:], len(messages)], turns, [*turns[1:], None], strict=True):
        if turn is not None:
            results = {m.tool_call_id: m for m in messages[at:end] if isinstance(m, ToolMessage)}
            shown = messages[end - 1].additional_kwargs.get(STAMP, {}).get("shown", ())
            listed = not accepted.isdisjoint(shown)
            found[at] = tuple(
                Act(call["name"], call["args"], _right(call, message, results, turn, then, listed, accepted, stands))
                for message in messages[at:end]
                if isinstance(message, AIMessage)
                for call in message.tool_calls
            )
    return found


def _right(  # noqa: PLR0917
    call: Mapping[str, Any],
    message: AIMessage,
    results: Mapping[str, ToolMessage],
    turn: Turn,
    then: Turn | None,
    listed: bool,
    accepted: set[str],
    stands: Mapping[str, bool],
) -> bool | None:
    name, result = call["name"], results.get(call["id"])
    if result is None or result.status == "error":
        return None
    if name == "recommend":
        return listed or None
    if name == "ask_user":
        facet = call["args"].get("facet")
        before, after = (_facets(each) if each is not None else set[str]() for each in (turn, then))
        return facet in after - before or None
    if name == "describe_item":
        described = result.artifact.get("described") if isinstance(result.artifact, dict) else None
        return (described is not None and described.get("id") in accepted) or None
    own = re.compile(re.escape(f"{message.id}/{call['id']}") + r"([+-]\d+)?")
    noted = [ok for key, ok in stands.items() if own.fullmatch(key)]
    if not all(noted):
        return False
    return True if noted and then is not None else None


def _facets(turn: Turn) -> set[str]:
    return {constraint.facet for constraint in (*turn.where, *turn.prefer)}
