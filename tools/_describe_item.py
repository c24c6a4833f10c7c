"""`describe_item`: the facts of one item."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool
from langgraph.prebuilt import ToolRuntime

from chatrec.indexes import Recommender
from chatrec.tools._resolve import resolve_item
from chatrec.tools._texts import facts
from chatrec.tools._turn import Session


def describe_item_tool(recommender: Recommender, session: Session) -> BaseTool:
    """The tool that tells about an item; its artifact is `{"described": item}`."""
    catalog = recommender.catalog

    def describe_item(
        item: str,
        runtime: ToolRuntime[Any, Any] = None,  # type: ignore[assignment]
    ) -> tuple[str, dict[str, Any]]:
        """Tell the facts of one item that the person asks about.

        Args:
            item: Its number on the last list, or its title.
        """
        turn = session.turn(runtime)
        found = catalog[resolve_item(catalog, item, turn.shown)]
        return f"{found.title}. {facts(found, catalog.facets)}. {found.description}", {"described": found.as_dict()}

    return StructuredTool.from_function(
        describe_item, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )
