"""`ask_user`: one question to the person, about one facet, with the catalog's own options."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.prebuilt import ToolRuntime

from chatrec.indexes import Recommender
from chatrec.indexes._contrasts import CONTRAST
from chatrec.tools._texts import contrast_text, question_text
from chatrec.tools._turn import Session


def ask_user_tool(recommender: Recommender, session: Session) -> BaseTool:
    """The tool that asks; its artifact is `{"question": {"text", "facet", "options"}}` and it ends the turn.

    A choice between two items has their ids beside, as `examples`.
    """
    facets = recommender.catalog.facets

    def ask_user(
        facet: str,
        question: str = "",
        runtime: ToolRuntime[Any, Any] = None,  # type: ignore[assignment]
    ) -> tuple[str, dict[str, Any]]:
        """Ask the person one question, when the wish is too vague to choose well.

        Args:
            facet: What to ask about.
            question: The question's words; empty means a plain one.
        """
        turn = session.turn(runtime)
        asked = {other for other in (*facets, CONTRAST) if other != facet}
        best = recommender.questions(
            user_id=turn.user_id, where=turn.where, asked=asked, k=1, query=turn.query, like=turn.like
        )
        examples = list(best[0].examples) if best else []
        if facet not in facets and not examples:
            raise ToolException(f"There is no facet {facet!r}. Facets: {', '.join(facets)}.")
        options = [option for option, _ in best[0].options] if best else []
        text = question.strip()
        if examples:
            text = text or contrast_text(options, turn.language)
            return text, {"question": {"text": text, "facet": facet, "options": options, "examples": examples}}
        text = text or question_text(facets[facet], options, turn.language)
        return text, {"question": {"text": text, "facet": facet, "options": options}}

    return StructuredTool.from_function(
        ask_user, parse_docstring=True, response_format="content_and_artifact", handle_tool_error=True
    )
