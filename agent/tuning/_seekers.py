"""Simulated people who know what they want: how often do they find it, and after how many questions?

Each has a target, never says its title, answers what is asked in words of their own, and says nothing unasked when a
list misses. A conversation has five turns; a question costs one. The model is measured beside fixed policies and the
teacher, over the same catalogs, targets and first messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from langchain.agents import create_agent
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from chatrec.agent._context import RecommenderContext
from chatrec.agent._middleware import RecommenderMiddleware
from chatrec.agent.tuning._domains import Domain, Split, domains, make_catalog
from chatrec.agent.tuning._mind import Mind
from chatrec.agent.tuning._people import Said
from chatrec.agent.tuning._simulate import Policy, Seat, StandIn
from chatrec.agent.tuning._teacher import TURNS, Call, Teacher, options
from chatrec.agent.tuning._voice import Voice
from chatrec.indexes import Catalog, ItemIndex, Question, Recommender
from chatrec.tools._turn import Turn

__all__ = ["FIXED", "Found", "seek"]

_PER_CATALOG = 5
_OPENING = (0, 1, 1, 2)
"""Wishes that a first message may hold; each count is as likely as it is often here."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class AskFirst:
    """Asks the best question `most` times before the first list, then only lists."""

    most: int
    said: Said

    def decide(self, turn: Turn, legal: Mapping[str, Mapping[str, Any]], questions: Sequence[Question]) -> Call:
        """The next call."""
        facets = [q.facet for q in questions if q.facet in options(legal, "ask_user", "facet")]
        if facets and not turn.listed and turn.questions < self.most:
            return "ask_user", {"facet": facets[0]}
        return "recommend", {}


FIXED: dict[str, Callable[[Recommender, Said], Policy]] = {
    "always recommend": lambda _, said: AskFirst(0, said),
    "ask once, then recommend": lambda _, said: AskFirst(1, said),
    "ask twice, then recommend": lambda _, said: AskFirst(2, said),
    "teacher": Teacher,
}
"""Policies that need no model: made for each of the person's messages, from the recommender and what is meant."""


@dataclass(frozen=True, slots=True)
class Found:
    """How one conversation ended.

    Attributes:
        success: Whether the target was listed.
        turns: Turns taken, 1 to 5.
        questions: Questions asked.
        domain: What was looked for.
        language: "en" or "zh".
    """

    success: bool
    turns: int
    questions: int
    domain: str
    language: str


def seek(
    split: Split,
    models: Mapping[str, BaseChatModel],
    *,
    count: int,
    seed: int,
    max_questions: int = 2,
    embedder: str | Embeddings = "auto",
    fixed: Sequence[str] = tuple(FIXED),
    progress: Progress | None = None,
) -> dict[str, list[Found]]:
    """Let people look for their item, once with every policy.

    Args:
        split: Which domains.
        models: Models that decide, by the name for the result.
        count: Conversations for each.
        seed: Of catalogs, targets and words.
        max_questions: Consecutive questions that the agent may ask.
        embedder: For the linker and the index.
        fixed: Which of `FIXED` to run beside the models.
        progress: Called after each conversation with how many are done, of how many.

    Returns:
        The conversations' ends by policy, in the same order for each.
    """
    stand_in = StandIn()
    kinds = domains(split)
    ends: dict[str, list[Found]] = {name: [] for name in (*fixed, *models)}
    total, done = count * len(ends), 0
    for scene in range(-(-count // _PER_CATALOG)):
        domain, catalog = make_catalog(kinds[scene % len(kinds)], np.random.default_rng((seed, scene)))
        recommender = Recommender(catalog, index=ItemIndex.build(catalog, embedder=embedder))
        fixed_agent = _agent(stand_in, recommender, max_questions)
        agents = {name: _agent(model, recommender, max_questions) for name, model in models.items()}
        for place in range(min(_PER_CATALOG, count - scene * _PER_CATALOG)):
            for name, found in ends.items():
                seeker = _Seeker(domain, catalog, np.random.default_rng((seed, scene, place)))
                user = f"{name} {scene} {place}"
                if name in agents:
                    found.append(_talk(seeker, agents[name], user, lambda _: None))
                else:
                    sit = partial(_sit, stand_in, FIXED[name], recommender, seeker.voice)
                    found.append(_talk(seeker, fixed_agent, user, sit))
                done += 1
                if progress is not None:
                    progress(done, total)
    return ends


def _sit(
    model: StandIn,
    policy: Callable[[Recommender, Said], Policy],
    recommender: Recommender,
    voice: Voice,
    said: Said,
) -> None:
    model.sit_in(Seat(recommender, policy(recommender, said), partial(voice.say, "words_small"), []))


def _agent(model: BaseChatModel, recommender: Recommender, max_questions: int) -> Any:
    middleware: Any = RecommenderMiddleware(recommender, max_questions=max_questions)
    return create_agent(model, middleware=[middleware], context_schema=RecommenderContext)


def _talk(seeker: _Seeker, agent: Any, user: str, before: Callable[[Said], None]) -> Found:
    messages: list[Any] = []
    said, questions = seeker.opening(), 0
    for turn in range(1, TURNS + 1):
        before(said)
        got = agent.invoke({"messages": [*messages, HumanMessage(said.text)]}, context=RecommenderContext(user))
        messages = got["messages"]
        shown = tuple(entry["id"] for entry in got["recommendations"])
        if seeker.mind.target.id in shown:
            return seeker.end(turn, questions, success=True)
        if got["question"] is not None:
            questions += 1
            said = seeker.answer(str(got["question"]["facet"]))
        else:
            said = seeker.shake_head(shown)
    return seeker.end(TURNS, questions, success=False)


class _Seeker:
    """Somebody who wants one item of a catalog."""

    def __init__(self, domain: Domain, catalog: Catalog, rng: np.random.Generator) -> None:
        self._domain = domain
        self._rng = rng
        self.mind = Mind(domain, catalog, rng)
        self.voice = Voice(domain, catalog, rng, domain.language)

    def opening(self) -> Said:
        """The first message: vague, or with some wishes."""
        some = self.mind.reveal(int(self._rng.choice(_OPENING)))
        key = "open_wishes" if some else "open_vague"
        return self._said(self.voice.say(key, wishes=self.voice.wishes(some)), opening=True)

    def answer(self, facet: str) -> Said:
        """What the target has there, or that it does not matter."""
        column = self._domain.column(facet)
        wish = self.mind.wish_about(facet)
        if column is None or wish is None:
            return self._said(self.voice.say("answer_any"))
        self.mind.mean([wish])
        if column.kind in {"number", "boolean"} or wish.op != "any":
            return self._said(self.voice.wish(wish))
        value = self.voice.value(column, str(wish.values[0]))
        return self._said(self.voice.say("answer_value", value=value, label=self.voice.label(facet)))

    def shake_head(self, shown: tuple[str, ...]) -> Said:
        """What is said to a list without the target, or to no list at all."""
        text = self.voice.say("none" if shown else "more")
        return self._said(text, feedback=tuple(("reject", item) for item in shown))

    def end(self, turns: int, questions: int, *, success: bool) -> Found:
        """How it ended."""
        return Found(success, turns, questions, self._domain.name, self._domain.language)

    def _said(self, text: str, *, feedback: tuple[tuple[str, str], ...] = (), opening: bool = False) -> Said:
        spoken = self.voice.spoken(text, opening=opening)
        return Said(spoken, feedback=feedback, meant=tuple(self.mind.meant))
