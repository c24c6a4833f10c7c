"""Families that write a call's arguments between tags, read off their chat templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chatrec.agent.llm._formats import NAME, ToolFormat
from chatrec.agent.llm._tagged import Tagged

_TAG = re.compile(r"(\s*)(<[^<>]+>)")
_KEYS, _VALUES = ("zqka", "zqkb"), ("zqva", "zqvb")

Said = Callable[..., str]
"""What a template writes for one or more calls with these arguments, from the answer's beginning to its end."""


def read_tagged(said: Said, names: tuple[str, str]) -> ToolFormat | None:
    """The format, None if the rendering is not of this kind.

    Args:
        said: Renders calls of the tools `names`, in order, with the given arguments.
        names: Of the two tools.
    """
    texts: dict[str, Any] = dict(zip(_KEYS, _VALUES, strict=True))
    both, none = said(texts), said({})
    parts = re.fullmatch("(.*?)zqka(.*?)zqva(.*?)zqkb(.*?)zqvb(.*)", both, re.DOTALL)
    if parts is None or parts[2] != parts[4] or names[0] not in parts[1]:
        return None
    shared = next((i for i, (a, b) in enumerate(zip(parts[1], none, strict=False)) if a != b), len(none))
    begun = parts[1].rfind("<", 0, shared)
    head = parts[1][:begun] if begun >= 0 and ">" not in parts[1][begun:shared] else parts[1][:shared]
    before = parts[1][len(head) :]
    if not before or not parts[3].endswith(before):
        return None
    tagged = Tagged(before, parts[2], parts[3][: -len(before)])
    rest = parts[5].removeprefix(tagged.after)
    end = _TAG.match(rest)
    if none != head + rest or end is None or not tagged.after.strip().startswith("<"):
        return None
    if said({"zqka": 5, "zqkb": [1, "x"]}) != head + tagged.written({"zqka": 5, "zqkb": [1, "x"]}) + rest:
        return None
    opened = _TAG.match(head)
    lead, opening = (opened[1], opened[2]) if opened and names[0] not in opened[2] else ("", "")
    start, _, middle = head[len(lead + opening) :].replace(names[0], NAME).partition(NAME)
    # Without a sign behind it, one tool's name could be the beginning of another's.
    if NAME in middle or not middle or not (opening or start):
        return None
    between = said(texts, {}).removeprefix(head + tagged.written(texts) + end[0])
    start_of_next, found, _ = between.partition(names[1])
    return ToolFormat(
        "tagged",
        opening,
        start,
        native=True,
        middle=middle,
        tail=end[0],
        lead=lead,
        separator=start_of_next if found and between != said(texts, {}) else None,
        closing=rest[len(end[0]) :],
        tagged=tagged,
    )
