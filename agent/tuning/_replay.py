"""A labelled conversation, played with the real agent: the person's words as given, the assistant's answers as given.

The agent answers each turn as it would; then its answer is put away and the given one takes its place, with the calls
and results that would have led to it, so that every model is asked the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from chatrec.agent import RecommenderContext, RecommenderMiddleware
from chatrec.agent._compose import outcome
from chatrec.agent._turns import STAMP, Ear
from chatrec.indexes import Catalog, Constraint, ItemIndex, Recommender
from chatrec.tools._texts import facts
from chatrec.tools._turn import Turn, with_where

__all__ = ["Answer", "Event", "Given", "Replay"]

ACTS = {
    "ask_user": "ask",
    "recommend": "recommend",
    "describe_item": "describe",
    "record_feedback": "feedback",
    "update_profile": "preference",
    "get_profile": "reply",
    "reply": "reply",
}


@dataclass(frozen=True, slots=True)
class Event:
    """A feedback event to record: `kinds` best first, `about` a constraint or None."""

    kinds: tuple[str, ...]
    item: str
    about: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What the assistant did after the person's words: `items` it listed or described, `facet` it asked about."""

    act: str
    text: str
    items: tuple[str, ...]
    facet: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent did in one turn.

    Attributes:
        act: Its first act, in the labels' words.
        end: The act that ended the turn.
        chances: The distribution that the first act was drawn from, by the labels' words; {} where it had no choice.
        last: Likewise, of the act that ended the turn.
        where: The constraints that held, those that the call brought included.
        linked: The constraints that held without the model.
        events: Feedback recorded, as kind and item id.
        described: The item described, or None.
        facet: The facet asked about, or None.
        text: What the person reads.
    """

    act: str
    end: str
    chances: Mapping[str, float]
    last: Mapping[str, float]
    where: tuple[Constraint, ...]
    linked: tuple[Constraint, ...]
    events: tuple[tuple[str, str], ...]
    described: str | None
    facet: str | None
    text: str


class Replay:
    """One conversation of a person that nobody knows yet.

    Args:
        model: Decides.
        catalog: The items.
        index: Their index.
        ear: Hears opinions in place of the one that comes with chatrec.

    Attributes:
        recommender: Over the catalog, with what was noted so far.
    """

    def __init__(self, model: BaseChatModel, catalog: Catalog, index: ItemIndex, ear: Ear | None = None) -> None:
        self.recommender = Recommender(catalog, index=index)
        middleware: Any = RecommenderMiddleware(self.recommender)
        middleware.ear = ear or middleware.ear
        self._agent: Any = create_agent(model, middleware=[middleware], context_schema=RecommenderContext)
        self._messages: list[AnyMessage] = []
        self._taken: tuple[str, ...] = ()

    def say(self, text: str) -> Answer:
        """What the agent does when the person says this; call `answered` before the next turn."""
        feedback = self.recommender.feedback
        before = len(feedback.events("person"))
        known = self.recommender.profiles.get("person").constraints
        result = self._agent.invoke(
            {"messages": [*self._messages, HumanMessage(text)]}, context=RecommenderContext("person")
        )
        new = result["messages"][len(self._messages) :]
        self._messages.append(new[0])
        events = feedback.events("person")[before:]
        for _ in events:
            feedback.undo("person")
        for constraint in self.recommender.profiles.get("person").constraints:
            if constraint not in known:
                self.recommender.profiles.forget("person", constraint)
        return self._read(new, [(event.kind, event.item_id or "") for event in events])

    def answered(
        self,
        said: Given,
        events: Sequence[Event] = (),
        profile: Sequence[str] = (),
        wishes: Sequence[Constraint] | None = None,
    ) -> None:
        """Go on with the given answer, with what it recorded, and with the wishes as the agent heard them.

        Args:
            said: The answer.
            events: The feedback that was given until then.
            profile: The lasting wishes that were stated.
            wishes: The wishes that were stated until then, in place of those that the agent heard.
        """
        if wishes is not None:
            self._told(wishes)
        catalog = self.recommender.catalog
        noted = [event.item for event in events if not event.optional]
        for event in events:
            if not event.optional:
                kind: Any = event.kinds[0]
                self.recommender.feedback.record("person", kind, item_id=event.item)
                title = catalog[event.item].title
                self._called("record_feedback", {"item": title, "kind": kind}, f"Noted: {kind} {title}.")
        for notation in profile:
            self.recommender.profiles.prefer("person", Constraint.parse(notation, catalog.facets))
            self._called("update_profile", {"add": [notation]}, f"Profile now: {notation}.")
        items = [catalog[item_id] for item_id in said.items]
        told = [f"{item.title}: {facts(item, catalog.facets)}" for item in items]
        if said.act == "recommend":
            self._called("recommend", {}, "\n".join(f"{n}. {text}" for n, text in enumerate(told, start=1)))
        elif said.act == "ask":
            self._called("ask_user", {"facet": said.facet}, said.text)
        elif said.act == "describe" and items:
            self._called("describe_item", {"item": items[0].title}, told[0])
        shown = list(said.items) if said.act == "recommend" else []
        words = "" if said.act in {"recommend", "describe"} else said.text
        spoken = said.items[0] if said.act == "describe" and items else noted[-1] if noted else None
        stamp = {"act": said.act, "said": words, "shown": shown, "facet": said.facet, "about": spoken}
        if wishes is None:
            stamp["taken"] = list(self._taken)
        self._messages.append(AIMessage(said.text, additional_kwargs={STAMP: stamp}))

    def _told(self, wishes: Sequence[Constraint]) -> None:
        heard = next(m for m in reversed(self._messages) if isinstance(m, HumanMessage))
        stamp = heard.additional_kwargs[STAMP]
        settled = {wish.facet for wish in wishes}
        turn = Turn.from_dict(stamp["turn"])
        right = replace(turn, where=tuple(wishes), prefer=tuple(c for c in turn.prefer if c.facet not in settled))
        heard.additional_kwargs[STAMP] = stamp | {"turn": right.as_dict()}

    def _called(self, name: str, arguments: dict[str, Any], result: str) -> None:
        call_id = f"given_{len(self._messages)}"
        call = {"name": name, "args": arguments, "id": call_id, "type": "tool_call"}
        self._messages += [AIMessage("", tool_calls=[call]), ToolMessage(result, tool_call_id=call_id, name=name)]

    def _read(self, new: Sequence[AnyMessage], events: Sequence[tuple[str, str]]) -> Answer:
        facets = self.recommender.catalog.facets
        calls = [call for message in new if isinstance(message, AIMessage) for call in message.tool_calls]
        drawn = [found for m in new if (found := m.response_metadata.get("tool_probabilities")) is not None]
        turn = Turn.from_dict(new[0].additional_kwargs[STAMP]["turn"])
        self._taken = outcome(new).taken
        brought = [Constraint.parse(notation, facets) for notation in self._taken]
        stamp = new[-1].additional_kwargs.get(STAMP, {})
        artifacts = [m.artifact for m in new if isinstance(m, ToolMessage) and isinstance(m.artifact, dict)]
        described = next((str(found["described"]["id"]) for found in artifacts if found.get("described")), None)
        return Answer(
            act=ACTS[calls[0]["name"]] if calls else "reply",
            end=str(stamp.get("act", "")),
            chances=_by_act(drawn[0] if drawn else {}),
            last=_by_act(drawn[-1] if drawn else {}),
            where=with_where(turn, brought, self.recommender.catalog).where,
            linked=turn.where,
            events=tuple(events),
            described=described,
            facet=stamp.get("facet"),
            text=new[-1].text,
        )


def _by_act(chances: Mapping[str, float]) -> dict[str, float]:
    """A distribution over tools as one over the labels' acts."""
    acts: dict[str, float] = {}
    for name, chance in chances.items():
        acts[ACTS[name]] = acts.get(ACTS[name], 0.0) + chance
    return acts
