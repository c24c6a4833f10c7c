"""`record_feedback`: what the person thinks of an item."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.prebuilt import ToolRuntime

from chatrec.indexes import Recommender
from chatrec.indexes._feedback import FeedbackKind
from chatrec.tools._resolve import resolve_constraints, resolve_item
from chatrec.tools._turn import Session, call_of


def record_feedback_tool(recommender: Recommender, session: Session) -> BaseTool:
    """The tool that appends a feedback event; its artifact is `{"event": {...}}`."""
    catalog = recommender.catalog

    def record_feedback(
        item: str,
        kind: FeedbackKind,
        reason: str = "",
        about: str = "",
        runtime: ToolRuntime[Any, Any] = None,  # type: ignore[assignment]
    ) -> tuple[str, dict[str, Any]]:
        """Note what the person said about an item: they want it (accept), do not (reject), know it already (seen), or like it but for something (critique, refine).

        Args:
            item: Its number on the last list, or its title.
            kind: The feedback.
            reason: Why, in the person's words.
            about: The condition behind it, like genre!=War.
        """  # noqa: E501
        turn = session.turn(runtime)
        item_id = resolve_item(catalog, item, turn.shown)
        constraint = next(iter(resolve_constraints(catalog, [about] if about else [])), None)
        event = recommender.feedback.record(
            turn.user_id,
            kind,
            item_id=item_id,
            constraint=constraint,
            reason=reason or turn.text,
            thread_id=turn.thread_id,
            call=call_of(runtime),
        )
        title = catalog[item_id].title
        noted = {item_id, *_noted(runtime)}
        left = [turn.spoken(i, catalog[i].title) for i in turn.judged if i not in noted]
        told = f"Noted: {kind} {title}." + (f" Left: {', '.join(left)}." if left else "")
        return told, {"event": {"id": event.id, "kind": kind, "item_id": item_id, "title": title}}

    return StructuredTool.from_function(
        record_feedback, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )


def _noted(runtime: ToolRuntime[Any, Any] | None) -> list[str]:
    """Ids of the items of which an opinion was noted since the person's last message."""
    found: list[str] = []
    for message in reversed(runtime.state.get("messages", ()) if runtime is not None else ()):
        if isinstance(message, HumanMessage):
            break
        if isinstance(message, ToolMessage) and isinstance(message.artifact, dict) and "event" in message.artifact:
            found.append(message.artifact["event"]["item_id"])
    return found
