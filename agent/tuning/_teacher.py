"""What the agent should do: a teacher that knows the catalog and what was said, but not what the person wants.

It believes every item that fits what was said to be as likely as it is well supported, and compares two plans by the
chance that the wanted item is listed within the turns left, a later success counting less: list now and go on listing,
or ask first and then list. Opinions on items and questions about them are taken from what the person meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.agent._acts import fits, forms
from chatrec.agent._reply import REPLY
from chatrec.agent.tuning._people import Said
from chatrec.indexes import Catalog, Constraint, Question, Recommender
from chatrec.tools._turn import Turn

__all__ = ["Teacher", "options", "value_of_asking", "value_of_listing"]

Floats = NDArray[np.float64]
Call = tuple[str, dict[str, Any]]

LIST = 5
TURNS = 5
LATER = 0.9
"""What a success is worth one turn later."""
PLEASING = 3
"""How many items would please about as well as the best: people look for something good, not for one thing."""
ANY = 0.2
"""How often an answer says that it does not matter."""


def value_of_listing(belief: Floats, turns: int) -> float:
    """The discounted chance that an item is listed which pleases, five a turn, the likeliest first.

    Args:
        belief: Chance of each item of being the wanted one, shape (n,), summing to 1 at most.
        turns: Lists that can still be shown.
    """
    whole = float(belief.sum())
    if whole <= 0:
        return 0.0
    best = np.sort(belief)[::-1][: LIST * turns]
    listed = [min(1.0, float(best[: LIST * turn].sum()) / whole) for turn in range(turns + 1)]
    pleased = [whole * (1 - (1 - share) ** PLEASING) for share in listed]
    return sum(LATER**turn * (pleased[turn + 1] - pleased[turn]) for turn in range(turns))


def value_of_asking(belief: Floats, answers: Sequence[Floats], turns: int) -> float:
    """The discounted chance after one question: a turn is lost, the belief is sharper.

    Args:
        belief: Chance of each item, shape (n,).
        answers: Per answer, the chance that each item gives it, shape (n,); what is missing to 1 is "any".
        turns: Turns left, the question's included.
    """
    told = np.sum(answers, axis=0) if len(answers) else np.zeros_like(belief)
    silent = belief * (1 - (1 - ANY) * told)
    parts = [belief * (1 - ANY) * answer for answer in answers]
    return LATER * sum(value_of_listing(part, turns - 1) for part in (silent, *parts))


@dataclass(slots=True)
class Teacher:
    """Decides the acts of one turn.

    Args:
        recommender: The catalog, the profiles and what was listed.
        said: The person's message and what is meant by it.
    """

    recommender: Recommender
    said: Said
    _feedback: list[tuple[str, str]] = field(init=False)
    _noted: bool = field(init=False, default=False)
    _looked: bool = field(init=False, default=False)
    margins: dict[str, float] = field(init=False, default_factory=dict[str, float])

    def __post_init__(self) -> None:
        self._feedback = list(self.said.feedback)

    def decide(self, turn: Turn, legal: Mapping[str, Mapping[str, Any]], questions: Sequence[Question]) -> Call:
        """The next call.

        Args:
            turn: What the agent knows.
            legal: Argument schemas of the legal acts, by name.
            questions: Questions worth asking, best first.
        """
        bookkeeping = self._opinion(turn, legal) or self._lasting(legal)
        if bookkeeping is not None:
            return bookkeeping
        need = self.said.need
        if need == "profile" and "get_profile" in legal and not self._looked:
            self._looked = True
            return "get_profile", {}
        if need in {"reply", "profile"}:
            return REPLY, {"kind": self.said.reply}
        if need == "describe":
            item = self._reference(self.said.about, turn, options(legal, "describe_item", "item"))
            return ("describe_item", {"item": item}) if item is not None else (REPLY, {"kind": "unclear"})
        facets = options(legal, "ask_user", "facet")
        facet = self._best_question(turn, facets, questions) if need != "list" else None
        if facet is None and need == "ask" and facets:
            facet = facets[0]
        return ("ask_user", {"facet": facet}) if facet is not None else ("recommend", self._wishes(legal))

    def _opinion(self, turn: Turn, legal: Mapping[str, Mapping[str, Any]]) -> Call | None:
        while self._feedback:
            kind, item_id = self._feedback.pop(0)
            item = self._reference(item_id, turn, options(legal, "record_feedback", "item"))
            said = {"item": item, "kind": kind}
            if item is not None and fits(said, legal["record_feedback"]):
                return "record_feedback", said
        return None

    def _lasting(self, legal: Mapping[str, Mapping[str, Any]]) -> Call | None:
        if self._noted or not self.said.lasting:
            return None
        self._noted = True
        heard = options(legal, "update_profile", "add")
        facets = self.recommender.catalog.facets
        meant = [
            text for text in heard if any(_same(Constraint.parse(text, facets), wish) for wish in self.said.lasting)
        ]
        return ("update_profile", {"add": meant[:3]}) if meant else None

    def _wishes(self, legal: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        perhaps = options(legal, "recommend", "where")
        facets = self.recommender.catalog.facets
        meant = [
            text for text in perhaps if any(_same(Constraint.parse(text, facets), wish) for wish in self.said.meant)
        ]
        return {"where": meant[:3]} if meant else {}

    def _reference(self, item_id: str | None, turn: Turn, options: Sequence[str]) -> str | None:
        if item_id is None:
            return None
        if item_id in turn.shown:
            number = str(turn.shown.index(item_id) + 1)
            return number if number in options else None
        title = self.recommender.catalog[item_id].title
        return title if title in options else None

    def _best_question(self, turn: Turn, facets: Sequence[str], questions: Sequence[Question]) -> str | None:
        """The facet whose question is worth more than a list now, or None."""
        belief = self.belief(turn)
        turns = max(2, TURNS - turn.questions)
        now = value_of_listing(belief, turns)
        self.margins = {}
        best, most = None, now
        for question in questions:
            if question.facet not in facets or question.examples:
                continue
            worth = value_of_asking(belief, answers_to(question, self.recommender.catalog), turns)
            self.margins[question.facet] = worth - now
            # The first is taken where two are about as good: it is the one that is shown first.
            if worth > most + (0.01 if best is not None else 0.0):
                best, most = question.facet, worth
        return best

    def belief(self, turn: Turn) -> Floats:
        """The chance of each item of being the wanted one, shape (n_items,)."""
        catalog = self.recommender.catalog
        mask = catalog.mask(turn.where)
        weights = np.where(mask, 1.0, 0.0 if mask.any() else 1.0)
        for wish in turn.prefer:
            weights *= np.where(catalog.mask([wish]), 2.5, 1.0)
        for liked in turn.like:
            weights *= np.exp(5.0 * _overlap(catalog, liked))
        gone = {e.item_id for e in self.recommender.feedback.events(turn.user_id)} | set(turn.shown) | set(turn.unlike)
        for item_id in gone:
            if item_id is not None and item_id in catalog:
                weights[catalog.row(item_id)] = 0.0
        total = weights.sum()
        return np.asarray(weights / total if total > 0 else weights, dtype=np.float64)


def answers_to(question: Question, catalog: Catalog) -> list[Floats]:
    """Per answer to a question, the chance that each item's seeker gives it."""
    facet = catalog.facets[question.facet]
    if facet.kind in {"number", "date"}:
        options = [Constraint.parse(option, catalog.facets) for option, _ in question.options]
        return [catalog.mask([option]).astype(np.float64) for option in options]
    values = list(facet.values)[:12]
    masks = [catalog.mask([Constraint(facet.name, "any", (value,))]).astype(np.float64) for value in values]
    held = np.maximum(1.0, np.sum(masks, axis=0)) if masks else np.ones(len(catalog))
    return [mask / held for mask in masks]


def _overlap(catalog: Catalog, item_id: str) -> Floats:
    """The share of an item's values that each item has too, shape (n_items,)."""
    shares: list[Floats] = []
    for name, value in catalog[item_id].facets.items():
        if isinstance(value, str | tuple | bool) and catalog.facets[name].kind != "text":
            values = value if isinstance(value, tuple) else (str(value).lower() if isinstance(value, bool) else value,)
            shares.append(catalog.mask([Constraint(name, "any", values)]).astype(np.float64))
    return np.asarray(np.mean(shares, axis=0) if shares else np.zeros(len(catalog)), dtype=np.float64)


def options(legal: Mapping[str, Mapping[str, Any]], name: str, argument: str) -> list[str]:
    """The values that an argument of a legal act may take."""
    schemas = [form.get("properties", {}).get(argument, {}) for form in forms(legal.get(name, {}))]
    return [value for schema in schemas for value in schema.get("enum") or schema.get("items", {}).get("enum", ())]


def _same(heard: Constraint, wish: Constraint) -> bool:
    """Whether a linked condition is one that was meant."""
    if heard.facet != wish.facet:
        return False
    if {*heard.values, *wish.values} <= {"true", "false"}:
        return (heard.values == wish.values) == (heard.op == wish.op)
    if (heard.op == "none") != (wish.op == "none"):
        return False
    if heard.op in {"any", "none"}:
        return bool({str(v).casefold() for v in heard.values} & {str(v).casefold() for v in wish.values})
    return heard.op == wish.op or {heard.op, wish.op} <= {"lt", "le"} or {heard.op, wish.op} <= {"gt", "ge"}
