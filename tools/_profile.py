"""`get_profile` and `update_profile`: what is known of the person beyond this conversation."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from langgraph.prebuilt import ToolRuntime

from chatrec.indexes import Recommender
from chatrec.tools._resolve import resolve_constraints
from chatrec.tools._turn import Session, call_of


def get_profile_tool(recommender: Recommender, session: Session) -> BaseTool:
    """The tool that reads the profile; its artifact is `{"profile": [...], "events": n}`."""

    def get_profile(runtime: ToolRuntime[Any, Any] = None) -> tuple[str, dict[str, Any]]:  # type: ignore[assignment]
        """Look up what the person lastingly likes and avoids."""
        turn = session.turn(runtime)
        wishes = [str(constraint) for constraint in recommender.profiles.get(turn.user_id).constraints]
        events = recommender.feedback.events(turn.user_id)
        taken = [
            recommender.catalog[event.item_id].title
            for event in events[-8:]
            if event.kind == "accept" and event.item_id is not None and event.item_id in recommender.catalog
        ]
        text = f"Profile: {', '.join(wishes) or 'empty'}." + (f" Liked: {', '.join(taken)}." if taken else "")
        return text, {"profile": wishes, "events": len(events)}

    return StructuredTool.from_function(
        get_profile, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )


def update_profile_tool(recommender: Recommender, session: Session) -> BaseTool:
    """The tool that writes the profile; its artifact is `{"profile": [...]}`, the profile after it."""
    catalog = recommender.catalog

    def update_profile(
        add: list[str] | None = None,
        remove: list[str] | None = None,
        runtime: ToolRuntime[Any, Any] = None,  # type: ignore[assignment]
    ) -> tuple[str, dict[str, Any]]:
        """Remember a lasting wish of the person ("always", "never"), or forget one.

        Args:
            add: Conditions to remember, like genre=Drama or genre!=War.
            remove: Conditions to forget.
        """
        turn = session.turn(runtime)
        who, thread = turn.user_id, turn.thread_id
        for number, constraint in enumerate(resolve_constraints(catalog, remove or ())):
            recommender.profiles.forget(who, constraint, thread_id=thread, call=call_of(runtime, f"-{number}"))
        for number, constraint in enumerate(resolve_constraints(catalog, add or ())):
            call = call_of(runtime, f"+{number}")
            recommender.profiles.prefer(who, constraint, note=turn.text, thread_id=thread, call=call)
        wishes = [str(constraint) for constraint in recommender.profiles.get(turn.user_id).constraints]
        return f"Profile now: {', '.join(wishes) or 'empty'}.", {"profile": wishes}

    return StructuredTool.from_function(
        update_profile, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )
