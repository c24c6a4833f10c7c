"""Simulated people talk to the real agent, a teacher acting for the model; every decision is written down in tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from langchain.agents import create_agent
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from chatrec.agent._context import RecommenderContext
from chatrec.agent._middleware import RecommenderMiddleware
from chatrec.agent._turns import STAMP, outlook
from chatrec.agent.llm import ChatLlamaCpp
from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._request import Request
from chatrec.agent.tuning._domains import Domain, Split, domains, make_catalog
from chatrec.agent.tuning._people import Person, Said
from chatrec.agent.tuning._teacher import Call, Teacher
from chatrec.agent.tuning._trace import Trace, argument_trace, name_trace, prompt_of, words_trace
from chatrec.indexes import ItemIndex, Question, Recommender
from chatrec.tools._turn import Turn

__all__ = ["Decision", "Policy", "Seat", "StandIn", "conversations", "embedder_named"]

_TURNS = (1, 2, 3, 4, 5, 7)
_TURN_CHANCES = (0.22, 0.3, 0.22, 0.13, 0.07, 0.06)
"""Most conversations are short: their decisions cost the fewest tokens to learn from."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice of the model.

    Attributes:
        prompt: The prompt's tokens.
        trace: What should come next, in tokens.
        act: The act's name; "words" for words.
        arguments: The act's arguments.
        legal: Names of the legal acts.
        said: The person's last message.
        line: The state line beside it.
        right: Whether it is to be learnt; False where it is to be unlearnt.
    """

    prompt: list[int]
    trace: Trace
    act: str
    arguments: dict[str, Any]
    legal: tuple[str, ...]
    said: str
    line: str
    right: bool = True


class Policy(Protocol):
    """Decides in the model's place, knowing what the person's last message means."""

    said: Said

    def decide(self, turn: Turn, legal: Mapping[str, Mapping[str, Any]], questions: Sequence[Question]) -> Call:
        """The next call; see `Teacher.decide`."""


@dataclass(slots=True)
class Seat:
    """Who decides now, and who finds words where any are wanted; shared by all copies of the stand-in."""

    recommender: Recommender
    policy: Policy
    words: Callable[[], str] | None
    notes: list[Decision]


class StandIn(ChatLlamaCpp):
    """A `ChatLlamaCpp` that renders its prompts but lets a teacher decide."""

    _seats: list[Seat] = PrivateAttr(default_factory=list[Seat])

    def sit_in(self, seat: Seat) -> None:
        """Decide like this from now on."""
        self._seats[:] = [seat]

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        request = self._request(messages, stop, kwargs)
        stamp = next(m for m in reversed(messages) if isinstance(m, HumanMessage)).additional_kwargs[STAMP]
        answer = self._act(request, stamp) if request.mode == "call" else self._speak(request, stamp)
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def _act(self, request: Request, stamp: dict[str, Any]) -> AIMessage:
        seat = self._seats[0]
        turn = Turn.from_dict(stamp["turn"])
        questions = outlook(turn, seat.recommender).questions
        name, arguments = seat.policy.decide(turn, request.argument_schemas, questions)

        def write(engine: Engine) -> tuple[list[int], Trace, Trace]:
            named = name_trace(engine, request, name)
            return prompt_of(engine, request), named, argument_trace(engine, request, name, arguments)

        prompt, named, filled = self._worker().call(write)
        said = seat.policy.said.text
        for trace in (named, filled):
            if trace.choices:
                seat.notes.append(Decision(prompt, trace, name, arguments, request.legal, said, stamp["line"]))
        call = {"name": name, "args": arguments, "id": f"call_{len(seat.notes)}", "type": "tool_call"}
        return AIMessage(content="", tool_calls=[call])

    def _speak(self, request: Request, stamp: dict[str, Any]) -> AIMessage:
        seat = self._seats[0]
        assert seat.words is not None
        text = seat.words()

        def write(engine: Engine) -> tuple[list[int], Trace]:
            return prompt_of(engine, request), words_trace(engine, text)

        prompt, trace = self._worker().call(write)
        seat.notes.append(Decision(prompt, trace, "words", {}, (), seat.policy.said.text, stamp["line"]))
        return AIMessage(content=text)


def conversations(
    split: Split,
    *,
    count: int,
    seed: int,
    embedder: str | Embeddings = "auto",
    per_catalog: int = 16,
    model: StandIn | None = None,
) -> Iterator[dict[str, Any]]:
    """Simulate conversations; each is a JSON-ready dict with its decisions.

    Args:
        split: Which domains.
        count: How many conversations.
        seed: The same seed gives the same conversations.
        embedder: For the linker and the index.
        per_catalog: Conversations over one catalog before another is invented.
        model: Sits in the model's place; a plain stand-in by default.
    """
    rng = np.random.default_rng(seed)
    model = model or StandIn()
    kinds = domains(split)
    done = 0
    while done < count:
        for place in rng.permutation(len(kinds)):
            scene = _Scene.set(kinds[int(place)], model, embedder, rng)
            for _ in range(min(per_catalog, count - done)):
                yield scene.conversation(f"user{done}", rng)
                done += 1
            if done >= count:
                return


@dataclass(frozen=True, slots=True)
class _Scene:
    """One invented catalog with an agent over it."""

    domain: Domain
    model: StandIn
    recommender: Recommender
    agent: Any

    @classmethod
    def set(cls, kind: Domain, model: StandIn, embedder: str | Embeddings, rng: np.random.Generator) -> _Scene:
        """Invent the catalog and build the agent."""
        domain, catalog = make_catalog(kind, rng)
        recommender = Recommender(catalog, index=ItemIndex.build(catalog, embedder=embedder))
        budget = int(rng.choice([1, 2, 2, 2, 3]))
        middleware: Any = RecommenderMiddleware(recommender, max_questions=budget)
        agent = create_agent(model, middleware=[middleware], context_schema=RecommenderContext)
        return cls(domain, model, recommender, agent)

    def conversation(self, user: str, rng: np.random.Generator) -> dict[str, Any]:
        """Let somebody talk to the agent for some turns."""
        catalog = self.recommender.catalog
        language = self.domain.language if rng.random() < 0.93 or self.domain.language == "zh" else "zh"
        person = Person(self.domain, catalog, rng, language)
        notes: list[Decision] = []
        messages: list[Any] = []
        said: Said | None = person.opening()
        for _ in range(int(rng.choice(_TURNS, p=_TURN_CHANCES))):
            if said is None:
                break
            small = partial(person.voice.say, "words_small")
            self.model.sit_in(Seat(self.recommender, Teacher(self.recommender, said), small, notes))
            got = self.agent.invoke(
                {"messages": [*messages, HumanMessage(said.text)]}, context=RecommenderContext(user)
            )
            messages = got["messages"]
            said = _next(person, said, got, rng)
        return {"domain": self.domain.name, "language": language, "items": len(catalog), "decisions": notes}


def _next(person: Person, said: Said, got: dict[str, Any], rng: np.random.Generator) -> Said | None:
    """What the person says next, or None at the end."""
    last = got["messages"][-1]
    act = last.response_metadata.get("act")
    if said.last:
        return None
    if act == "ask":
        return person.answer(str(got["question"]["facet"]))
    if act == "recommend":
        return person.react(tuple(entry["id"] for entry in got["recommendations"]))
    if act == "describe" and rng.random() < 0.6 and said.about is not None:
        return person.judge(said.about, _last_list(got["messages"]))
    if said.feedback and rng.random() < 0.75:
        return None
    listed = said.about if said.about in _last_list(got["messages"]) else None
    return person.follow(str(act), listed)


def _last_list(messages: list[Any]) -> tuple[str, ...]:
    """The ids of the newest list in a conversation."""
    lists = (m.additional_kwargs.get(STAMP, {}).get("shown") for m in reversed(messages))
    return tuple(next((shown for shown in lists if shown), ()))


def embedder_named(name: str) -> str | Embeddings:
    """The embedder of a name, "hashing" for one that needs no model."""
    if name != "hashing":
        return name
    from chatrec.testing import HashingEmbedder

    return HashingEmbedder()
