"""A conversation as it was: what the person said, and the answers with their items and questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from chatrec.agent._turns import STAMP
from chatrec.agent.doors._conversation import Answer
from chatrec.indexes import Catalog


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn that is over.

    Attributes:
        said: The person's words.
        answer: What they brought; the time that it took is not kept (0).
    """

    said: str
    answer: Answer


def exchanges(messages: Sequence[AnyMessage], catalog: Catalog) -> list[Exchange]:
    """The turns of a conversation, oldest first; of their items those that the catalog still has.

    Args:
        messages: The conversation as its checkpointer keeps it.
        catalog: The items.
    """
    turns: list[Exchange] = []
    said: str | None = None
    artifacts: dict[str, Any] = {}
    for message in messages:
        if isinstance(message, HumanMessage):
            said, artifacts = message.text, {}
        elif isinstance(message, ToolMessage) and isinstance(message.artifact, dict):
            artifacts |= message.artifact
        elif (
            isinstance(message, AIMessage)
            and said is not None
            and isinstance(message.additional_kwargs.get(STAMP), dict)
        ):
            turns.append(Exchange(said, _answer(message, artifacts, catalog)))
            said = None
    return turns


def _answer(message: AIMessage, artifacts: dict[str, Any], catalog: Catalog) -> Answer:
    stamp = message.additional_kwargs[STAMP]
    shown = set(stamp.get("shown") or ())
    listed = [e for e in artifacts.get("recommendations") or () if e["id"] in shown and e["id"] in catalog]
    return Answer(
        reply=message.text,
        act=str(stamp.get("act", "reply")),
        recommendations=tuple(listed),
        question=artifacts.get("question") if stamp.get("facet") else None,
        probabilities=message.response_metadata.get("tool_probabilities") or {},
        seconds=0.0,
    )
