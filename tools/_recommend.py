"""`recommend`: a list of items."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from langgraph.prebuilt import ToolRuntime

from chatrec.indexes import Recommendations, Recommender
from chatrec.tools._resolve import resolve_constraints, resolve_item
from chatrec.tools._turn import Session, Turn, with_where


def recommend_tool(recommender: Recommender, session: Session, *, size: int = 5) -> BaseTool:
    """The tool that finds items; its artifact is `{"recommendations": [...], "matching": n, "relaxed": [...]}`."""
    catalog = recommender.catalog

    def recommend(
        query: str = "",
        where: list[str] | None = None,
        like: list[str] | None = None,
        runtime: ToolRuntime[Any, Any] = None,  # type: ignore[assignment]
    ) -> tuple[str, dict[str, Any]]:
        """Show a list of items. What is known of the wishes applies by itself.

        Args:
            query: What to look for; empty means what the person said.
            where: More conditions, like genre=Drama, genre!=War, price<=20.
            like: Titles to be similar to.
        """
        turn = with_where(session.turn(runtime), resolve_constraints(catalog, where or ()), catalog)
        liked = [resolve_item(catalog, reference, turn.shown) for reference in like or ()]
        refused = {event.item_id for event in recommender.feedback.events(turn.user_id) if event.kind == "reject"}
        likes = tuple(i for i in dict.fromkeys([*turn.like, *turn.named, *liked]) if i not in {*refused, *turn.unlike})
        found = _find(recommender, turn, query or turn.query, likes, size)
        session.showed(tuple(item.id for item in found.items))
        artifact = {
            "recommendations": [item.as_dict() for item in found.items],
            "matching": found.matching,
            "relaxed": [str(constraint) for constraint in found.relaxed],
            "where": [str(constraint) for constraint in turn.where],
            "excluded": [each.as_dict() for each in found.excluded],
        }
        lines = [f"{n}. {item.title}: {item.reason}" for n, item in enumerate(found.items, start=1)]
        return "\n".join(lines) or "Nothing is left to show.", artifact

    return StructuredTool.from_function(
        recommend, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )


def _find(recommender: Recommender, turn: Turn, query: str, like: tuple[str, ...], size: int) -> Recommendations:
    """Items that were not listed before, unless nothing else matches."""

    def find(exclude: tuple[str, ...]) -> Recommendations:
        return recommender.recommend(
            query,
            user_id=turn.user_id,
            where=turn.where,
            prefer=turn.prefer,
            like=like,
            unlike=turn.unlike,
            exclude=exclude,
            k=size,
            language=turn.language,
        )

    found = find(turn.listed)
    return found if found.matching or not turn.listed else find(())
