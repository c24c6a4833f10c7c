"""What happens in a turn, as every door shows it: the answer, and the events that lead to it.

`Session.send` waits for the `Answer`. `Session.stream` gives the same turn as events, for servers; their order is

    Understood              once, before the model is asked
    Probabilities, Step     as often as the model chooses: what it considered (where the model tells), which act it took
    Items, Question         as soon as the catalog has answered
    Words                   pieces of the reply; put together they are `Answer.reply`, items and question included
    Done                    the `Answer`; nothing follows

Words come as soon as they are sure, between the others: feedback that was noted, each sentence of the model that was
checked. The rest, rendered from the results, comes at the end, a line each; a door that shows `Items` as cards and
`Question` as chips may leave it out (`Words.rendered`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from langchain_core.messages import AIMessage

from chatrec.errors import ModelError


@dataclass(frozen=True, slots=True)
class Answer:
    """What one turn brought.

    Attributes:
        reply: The whole reply as text, items and question included.
        act: What the turn did: recommend, ask, describe or reply.
        recommendations: The items shown, best first: id, title, score, parts, reason, because, item.
        question: The question asked (text, facet, options), or None.
        probabilities: The model's distribution over its acts, by tool name; empty where the model gives none.
        seconds: Wall time of the turn.
    """

    reply: str
    act: str
    recommendations: tuple[dict[str, Any], ...]
    question: dict[str, Any] | None
    probabilities: Mapping[str, float]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: reply, act, recommendations, question, probabilities, seconds."""
        return {
            "reply": self.reply,
            "act": self.act,
            "recommendations": list(self.recommendations),
            "question": self.question,
            "probabilities": _rounded(self.probabilities),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Understood:
    """What the catalog heard in the person's words: wishes in notation, and how many items match them."""

    name: ClassVar[str] = "understood"
    where: tuple[str, ...]
    matching: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"where": list(self.where), "matching": self.matching}


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What the model considered before it chose."""

    name: ClassVar[str] = "probabilities"
    probabilities: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"probabilities": _rounded(self.probabilities)}


@dataclass(frozen=True, slots=True)
class Step:
    """The tool that the model chose."""

    name: ClassVar[str] = "step"
    tool: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"tool": self.tool}


@dataclass(frozen=True, slots=True)
class Items:
    """The turn's list, best first."""

    name: ClassVar[str] = "items"
    recommendations: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"recommendations": list(self.recommendations)}


@dataclass(frozen=True, slots=True)
class Question:
    """The turn's question: text, facet, options."""

    name: ClassVar[str] = "question"
    question: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"question": self.question}


@dataclass(frozen=True, slots=True)
class Words:
    """The next piece of the reply, at most a line; rendered from the turn's results, or said before they were."""

    name: ClassVar[str] = "words"
    text: str
    rendered: bool = True

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"text": self.text}


@dataclass(frozen=True, slots=True)
class Done:
    """The turn's end."""

    name: ClassVar[str] = "done"
    answer: Answer

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return self.answer.as_dict()


Event: TypeAlias = Understood | Probabilities | Step | Items | Question | Words | Done
"""Each has a `name` (understood, probabilities, step, items, question, words, done) and `as_dict()`."""


class TurnReader:
    """Makes events and an answer of what the agent streams in the modes updates, values and, if at all, custom."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._state: dict[str, Any] = {}
        self._considered: Mapping[str, float] = {}
        self._said = ""

    def read(self, mode: str, value: Any) -> Iterator[Event]:
        """The events of one chunk."""
        if mode == "values":
            self._state = value
        elif mode == "custom":
            yield from self._told(value)
        else:
            for update in value.values():
                if isinstance(update, dict):
                    yield from self._events(update)

    def rest(self, answer: Answer) -> Iterator[Words]:
        """What was not said yet of the answer's reply, a line each."""
        for line in answer.reply.removeprefix(self._said).splitlines(keepends=True):
            yield Words(line)

    def answer(self) -> Answer:
        """The turn's answer, once the stream has ended.

        Raises:
            ModelError: There is none.
        """
        message = self._state["messages"][-1] if self._state.get("messages") else None
        if not isinstance(message, AIMessage):
            raise ModelError("the turn ended without an answer", hint="try again, or another model with --model")
        return Answer(
            reply=message.text,
            act=str(message.response_metadata.get("act", "reply")),
            recommendations=tuple(self._state.get("recommendations") or ()),
            question=self._state.get("question"),
            probabilities=message.response_metadata.get("tool_probabilities") or {},
            seconds=time.perf_counter() - self._started,
        )

    def _told(self, value: Any) -> Iterator[Event]:
        kind = value.get("chatrec") if isinstance(value, dict) else None
        if kind == "understood":
            yield Understood(tuple(value["where"]), value["matching"])
        elif kind == "said":
            more, self._said = value["text"].removeprefix(self._said), value["text"]
            if more:
                yield Words(more, rendered=False)

    def _events(self, update: Mapping[str, Any]) -> Iterator[Event]:
        for message in update.get("messages", ()):
            considered = message.response_metadata.get("tool_probabilities")
            if considered and considered != self._considered:
                self._considered = considered
                yield Probabilities(considered)
            for call in getattr(message, "tool_calls", ()):
                yield Step(call["name"])
        if update.get("recommendations"):
            yield Items(tuple(update["recommendations"]))
        if update.get("question"):
            yield Question(update["question"])


def _rounded(probabilities: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in probabilities.items()}
