"""The message a person reads: the model's checked words, then items, facts and the question from the tools' results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from chatrec.agent._texts import listing, say, short_facts
from chatrec.agent._turns import STAMP
from chatrec.indexes import Catalog
from chatrec.tools._texts import conditions_text
from chatrec.tools._turn import Turn


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tools of one turn brought.

    Attributes:
        calls: The calls made, name and arguments, oldest first.
        succeeded: Names of the tools that answered without an error.
        facts: The tools' texts, which the model may repeat.
        listed: The artifact of `recommend`, or None.
        question: The question asked, or None.
        described: The item described, or None.
        events: The feedback recorded (kind, item_id, title), oldest first.
        profile: The person's lasting wishes, in notation, as they were looked up or changed.
        probabilities: The model's distribution over the acts at its last choice, or None.
    """

    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    succeeded: frozenset[str] = frozenset()
    facts: str = ""
    listed: dict[str, Any] | None = None
    question: dict[str, Any] | None = None
    described: dict[str, Any] | None = None
    events: tuple[dict[str, Any], ...] = ()
    profile: tuple[str, ...] = ()
    probabilities: dict[str, float] | None = None

    @property
    def taken(self) -> tuple[str, ...]:
        """The doubtful conditions that a call took for meant, in notation."""
        listed = [told for name, told in self.calls if name == "recommend" and name in self.succeeded]
        return tuple(each for told in listed for each in told.get("where") or ())

    @property
    def act(self) -> str:
        """What the turn did: recommend, ask, describe or reply."""
        if self.listed is not None:
            return "recommend"
        if self.question is not None:
            return "ask"
        return "describe" if self.described is not None else "reply"


@dataclass(slots=True)
class _Reading:
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    succeeded: set[str] = field(default_factory=set[str])
    facts: list[str] = field(default_factory=list[str])
    artifacts: dict[str, Any] = field(default_factory=dict[str, Any])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    probabilities: dict[str, float] | None = None


def outcome(messages: Sequence[AnyMessage]) -> Outcome:
    """Read what has happened since the person's last message."""
    newest = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=-1)
    read = _Reading()
    for message in messages[newest + 1 :]:
        if isinstance(message, AIMessage):
            read.calls += [(call["name"], call["args"]) for call in message.tool_calls]
            read.probabilities = message.response_metadata.get("tool_probabilities", read.probabilities)
        elif isinstance(message, ToolMessage):
            read.facts.append(message.text)
            if message.status != "error" and message.name:
                read.succeeded.add(message.name)
            if isinstance(message.artifact, dict):
                read.artifacts |= message.artifact
                read.events += [message.artifact["event"]] if "event" in message.artifact else []
    return Outcome(
        calls=tuple(read.calls),
        succeeded=frozenset(read.succeeded),
        facts="\n".join(read.facts),
        listed=read.artifacts if "recommendations" in read.artifacts else None,
        question=read.artifacts.get("question"),
        described=read.artifacts.get("described"),
        events=tuple(read.events),
        profile=tuple(read.artifacts.get("profile", ())),
        probabilities=read.probabilities,
    )


def told(got: Outcome, turn: Turn, words: str = "") -> str:
    """How the turn's last message begins: what was noted, then words.

    What was recorded is told as it was recorded, so that the person can take it back if it was misheard.

    Args:
        got: What the tools brought so far.
        turn: The turn, for its language.
        words: What follows.
    """
    noted = [say(event["kind"], turn.language, title=event["title"]) for event in got.events]
    return ("" if turn.language == "zh" else " ").join(filter(None, [*noted, words]))


def compose(words: str, turn: Turn, got: Outcome, catalog: Catalog, *, list_items: bool = True) -> AIMessage:
    """The turn's last message.

    Args:
        words: The model's words, checked; may be empty.
        turn: The turn.
        got: What the tools brought.
        catalog: For the facets to show.
        list_items: Whether the items are rendered after the words (no, where the words name them all).
    """
    said = words or _plain_words(turn, got, catalog)
    parts = [told(got, turn, said)]
    shown: list[str] = []
    if got.listed is not None:
        entries = got.listed["recommendations"]
        shown = [entry["id"] for entry in entries]
        if got.listed["relaxed"] and entries:
            count = got.listed["matching"]
            relaxed = conditions_text(got.listed["relaxed"], catalog.facets, turn.language)
            few = ("relaxed_one" if count == 1 else "relaxed_some") + ("_more" if _others(shown, turn) else "")
            parts.append(say(few if count else "relaxed", turn.language, count=str(count), relaxed=relaxed))
        if entries and list_items:
            parts.append(listing(entries, catalog.facets, turn.language))
    if got.described is not None:
        item = got.described
        facts = short_facts(item, catalog.facets, turn.language, most=12)
        parts.append(
            "\n".join(filter(None, [f"{item['title']} ({facts})" if facts else item["title"], item["description"]]))
        )
    if got.question is not None:
        parts.append(got.question["text"])
    stamp = {"act": got.act, "said": said, "shown": shown, "facet": (got.question or {}).get("facet")}
    if taken := got.taken:
        stamp["taken"] = list(taken)
    about = got.described["id"] if got.described is not None else got.events[-1]["item_id"] if got.events else None
    if about is not None:
        stamp["about"] = about
    if got.question is not None and got.question.get("examples"):
        stamp["examples"] = got.question["examples"]
    metadata: dict[str, Any] = {"act": got.act}
    if got.probabilities is not None:
        metadata["tool_probabilities"] = got.probabilities
    return AIMessage(
        content="\n\n".join(part for part in parts if part),
        additional_kwargs={STAMP: stamp},
        response_metadata=metadata,
    )


def _others(shown: Sequence[str], turn: Turn) -> bool:
    """Whether what was listed before was left out of this list, so that more items match than it counts."""
    return bool(turn.listed) and not {*shown} & {*turn.listed}


def reply_words(kind: str, turn: Turn, got: Outcome, catalog: Catalog) -> str:
    """The house's own words for a reply of some kind; "" where what was noted says it all.

    Args:
        kind: One of the reply tool's kinds.
        turn: The turn, for its language.
        got: What was called before.
        catalog: What is talked about.
    """
    if "get_profile" in got.succeeded:
        wishes = conditions_text(got.profile, catalog.facets, turn.language)
        return say("profile" if wishes else "no_profile", turn.language, wishes=wishes)
    if kind == "noted":
        return "" if got.calls else say("noted", turn.language)
    return say(kind, turn.language, name=catalog.name, count=str(len(catalog)))


def _plain_words(turn: Turn, got: Outcome, catalog: Catalog) -> str:
    language = turn.language
    if got.act == "recommend" and got.listed is not None:
        if not got.listed["recommendations"]:
            return say("nothing", language)
        kept = [c for c in got.listed["where"] if c not in got.listed["relaxed"]]
        where = conditions_text(kept, catalog.facets, language)
        return say("list_where", language, where=where) if kept else say("list", language)
    if got.act == "describe":
        return say("describe", language)
    if got.act == "ask" or got.events:
        return ""
    noted = any(name == "update_profile" for name, _ in got.calls)
    return say("noted", language) if noted else say("reply", language, name=catalog.name)
