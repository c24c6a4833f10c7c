"""`reply`: the act of saying words only. It is offered where every choice is one constrained decision."""

from __future__ import annotations

from langchain_core.tools import BaseTool, tool

REPLY = "reply"


@tool(REPLY)
def _reply() -> str:
    """Say something in words, when neither a list nor a question nor facts are called for (thanks, small talk)."""
    return ""


def reply_tool() -> BaseTool:
    """The tool that stands for plain words."""
    return _reply
