"""`reply`: the act of saying words only. It is offered where every choice is one constrained decision."""

from __future__ import annotations

from typing import Literal, get_args

from langchain_core.tools import BaseTool, tool

REPLY = "reply"
Kind = Literal["greeting", "thanks", "goodbye", "help", "noted", "unclear", "off topic", "chat"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FREE: Kind = "chat"
"""The kind that is answered in the model's own words; chatrec has a sentence for each other one."""


@tool(REPLY)
def _reply(kind: Kind) -> str:
    """Say something in words, when neither a list nor a question nor facts are called for."""
    return ""


def reply_tool() -> BaseTool:
    """The tool that stands for plain words."""
    return _reply
