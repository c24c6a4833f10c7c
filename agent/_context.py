"""Who is talking, and what one turn leaves in the agent's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from langchain.agents import AgentState
from langchain.agents.middleware.types import OmitFromInput, PrivateStateAttr

from chatrec.errors import ContextError

_HINT = 'agent.invoke(..., context=RecommenderContext(user_id="ana"))'


@dataclass(frozen=True, slots=True)
class RecommenderContext:
    """The runtime context of a call.

    Args:
        user_id: The person; comes from the app (a login), never from the conversation.
    """

    user_id: str


def user_of(context: object) -> str:
    """The user id in a runtime context: ours, another class with a `user_id`, or a mapping.

    Raises:
        ContextError: There is none, or it is not text.
    """
    user_id = context.get("user_id") if isinstance(context, Mapping) else getattr(context, "user_id", None)
    if not isinstance(user_id, str) or not user_id.strip():
        raise ContextError(f"no user id in the context {context!r}", hint=_HINT)
    return user_id


def _last(_old: Any, new: Any) -> Any:
    """Several writers in one step (parallel tools) are legal; the last one counts."""
    return new


class RecommenderState(AgentState[Any]):
    """What a caller reads after a turn.

    Attributes:
        recommendations: This turn's items as dicts (id, title, score, parts, reason, because, item); [] if none.
        question: This turn's question (text, facet, options); None if it did not ask.
    """

    recommendations: NotRequired[Annotated[list[dict[str, Any]], _last, OmitFromInput]]
    question: NotRequired[Annotated[dict[str, Any] | None, _last, OmitFromInput]]
    chatrec_turn: NotRequired[Annotated[dict[str, Any], _last, PrivateStateAttr]]
