"""How well a model decides: its own choices beside the teacher's, in conversations of held-out domains.

The model answers through the real `ChatLlamaCpp`, engine, grammar and prior included; the conversation then goes on
with the teacher's call, so that every model is asked the same.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult
from pydantic import PrivateAttr

from chatrec.agent._turns import STAMP
from chatrec.agent.llm import ChatLlamaCpp
from chatrec.agent.tuning._domains import Split
from chatrec.agent.tuning._simulate import StandIn, conversations

__all__ = ["RULES", "Examined", "Judged", "classification", "judge", "reliability", "ruled", "write_errors"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One choice.

    Attributes:
        right: The teacher's act.
        chosen: The model's act.
        chances: The model's distribution over the legal acts.
        right_arguments: The teacher's arguments.
        arguments: The model's arguments.
        said: The person's words.
        line: The state line.
        turn: Which of the person's messages it answers, from 1.
    """

    right: str
    chosen: str
    chances: Mapping[str, float]
    right_arguments: Mapping[str, Any]
    arguments: Mapping[str, Any]
    said: str
    line: str
    turn: int = 1


class Examined(StandIn):
    """A model that is asked first; then the teacher's call is made.

    Args:
        alone: Whether it is asked without what the linker found, the state line and the question budget.
    """

    alone: bool = False
    _found: list[Judged] = PrivateAttr(default_factory=list[Judged])

    def taken(self) -> list[Judged]:
        """The choices since this was last called."""
        found, self._found[:] = list(self._found), []
        return found

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        if self._request(messages, stop, kwargs).mode != "call":
            return super()._generate(messages, stop, run_manager, **kwargs)
        asked = (_words_alone(messages), stop, run_manager) if self.alone else (messages, stop, run_manager)
        how = kwargs | _may_ask(kwargs) if self.alone else kwargs
        own = ChatLlamaCpp._generate(self, *asked, **how).generations[0].message
        taught = super()._generate(messages, stop, run_manager, **kwargs)
        right = taught.generations[0].message
        assert isinstance(own, AIMessage)
        assert isinstance(right, AIMessage)
        human = next(m for m in reversed(messages) if isinstance(m, HumanMessage))
        self._found.append(
            Judged(
                right=right.tool_calls[0]["name"],
                chosen=own.tool_calls[0]["name"],
                chances=own.response_metadata["tool_probabilities"],
                right_arguments=right.tool_calls[0]["args"],
                arguments=own.tool_calls[0]["args"],
                said=human.text.rsplit("\n", 1)[0],
                line=human.additional_kwargs[STAMP]["line"],
                turn=sum(isinstance(m, HumanMessage) for m in messages),
            )
        )
        return taught


def _words_alone(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The conversation without the lines that stand below the person's words."""
    return [
        m.model_copy(update={"content": m.text.rsplit("\n", 1)[0]})
        if isinstance(m, HumanMessage) and STAMP in m.additional_kwargs
        else m
        for m in messages
    ]


def _may_ask(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The legal acts with asking among them, however often it was done."""
    nothing = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    legal = dict.fromkeys([*kwargs["legal_tools"], "ask_user"])
    return {"legal_tools": list(legal), "argument_schemas": {"ask_user": nothing} | kwargs["argument_schemas"]}


def judge(
    split: Split,
    *,
    count: int,
    seed: int,
    embedder: str | Embeddings = "auto",
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> list[Judged]:
    """Ask a model in simulated conversations.

    Args:
        split: Which domains.
        count: How many conversations.
        seed: Of the conversations.
        embedder: For the linker and the index.
        progress: Called after every conversation.
        **settings: Of `ChatLlamaCpp`: `model_path`, `lora_path`, `choice_prior`, `choice_temperature`; and `alone` of
            `Examined`.
    """
    model = Examined(temperature=0.0, **settings)
    for number, _ in enumerate(conversations(split, count=count, seed=seed, embedder=embedder, model=model), start=1):
        if progress is not None:
            progress(number, count)
    return model.taken()


def classification(found: Sequence[Judged]) -> dict[str, Any]:
    """Accuracy, macro-F1 over the acts that occur, F1 by act, confusion, calibration and argument accuracy."""
    pairs = [(judged.right, judged.chosen) for judged in found]
    acts = sorted({right for right, _ in pairs})
    f1 = {act: _f1(pairs, act) for act in acts}
    confusion: dict[str, dict[str, int]] = {
        act: dict(Counter(chosen for right, chosen in pairs if right == act).most_common()) for act in acts
    }
    chance = [judged.chances.get(judged.right, 0.0) for judged in found]
    brier = [sum((p - (name == j.right)) ** 2 for name, p in j.chances.items()) for j in found]
    same = [judged for judged in found if judged.right == judged.chosen]
    return {
        "choices": len(found),
        "accuracy": _mean(right == chosen for right, chosen in pairs),
        "macro_f1": _mean(f1.values()),
        "f1": f1,
        "ask_or_recommend": _ask_or_recommend(found),
        "nll": _mean(-math.log(max(p, 1e-9)) for p in chance),
        "brier": _mean(brier),
        "arguments": {
            act: _mean(j.arguments == j.right_arguments for j in same if j.right == act)
            for act in acts
            if any(j.right == act and (j.right_arguments or j.arguments) for j in same)
        },
        "confusion": confusion,
    }


_SHORT = 8
"""Words of a first message up to which the rule of length asks."""
RULES: dict[str, Callable[[Judged], bool]] = {
    "always recommend": lambda _: False,
    "ask first": lambda judged: judged.turn == 1,
    "ask first, if it is short": lambda judged: judged.turn == 1 and len(judged.said.split()) <= _SHORT,
}
"""When rules that need no model ask; otherwise they recommend."""


def ruled(found: Sequence[Judged], rule: Callable[[Judged], bool]) -> list[Judged]:
    """The same choices, made by a rule, which is always sure."""
    made: list[Judged] = []
    for each in found:
        act = "ask_user" if rule(each) and "ask_user" in each.chances else "recommend"
        sure = {name: float(name == act) for name in each.chances}
        made.append(replace(each, chosen=act, chances=sure, arguments={}))
    return made


def reliability(found: Sequence[Judged], bins: int = 8) -> list[tuple[float, float, int]]:
    """How often choices of some chance were right.

    Args:
        found: Choices with chances.
        bins: In how many parts of equal size they are sorted by the chance of the chosen act.

    Returns:
        Of each part the mean chance, the share that was right, and how many choices there are; lowest chance first.
    """
    sure = sorted((max(each.chances.values()), each.right == each.chosen) for each in found)
    bounds = [len(sure) * part // bins for part in range(bins + 1)]
    parts = [sure[begin:end] for begin, end in pairwise(bounds) if end > begin]
    return [(_mean(chance for chance, _ in part), _mean(hit for _, hit in part), len(part)) for part in parts]


def write_errors(path: Path, found: Iterable[Judged]) -> None:
    """Write the choices that were not the teacher's, one JSON object a line."""
    wrong = [j for j in found if j.right != j.chosen or j.arguments != j.right_arguments]
    path.write_text("".join(json.dumps(asdict(j), ensure_ascii=False) + "\n" for j in wrong), "utf-8")


def _ask_or_recommend(found: Sequence[Judged]) -> dict[str, float]:
    """The central choice alone, where it was free: the chances of asking and listing against each other."""
    free = [
        (j.right == "ask_user", j.chances["ask_user"] > j.chances["recommend"])
        for j in found
        if j.right in {"ask_user", "recommend"} and "ask_user" in j.chances
    ]
    ask = _f1(free, True)
    recommend = _f1(free, False)
    return {"choices": len(free), "macro_f1": (ask + recommend) / 2, "f1_ask": ask, "f1_recommend": recommend}


def _f1(pairs: Iterable[tuple[Any, Any]], kind: Any) -> float:
    pairs = list(pairs)
    hits = sum(right == kind == chosen for right, chosen in pairs)
    total = sum(right == kind for right, _ in pairs) + sum(chosen == kind for _, chosen in pairs)
    return 2 * hits / total if total else 0.0


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0
