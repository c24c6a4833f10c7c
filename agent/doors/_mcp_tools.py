"""The tools and the resource of the MCP server: a catalog and one person's profile in it, for any program's own model.

The person is whoever the server says (the command line, or the key of the request), never an argument of a tool. What
the tools return are data: texts of items are somebody else's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field
from typing_extensions import TypedDict

from chatrec.agent.doors._talks import Talks
from chatrec.errors import ChatrecError
from chatrec.indexes import Catalog, Facet, Recommendation, Recommender
from chatrec.indexes._feedback import FeedbackKind
from chatrec.tools._describe_item import describe_item_tool
from chatrec.tools._profile import get_profile_tool, update_profile_tool
from chatrec.tools._recommend import recommend_tool
from chatrec.tools._record_feedback import record_feedback_tool
from chatrec.tools._resolve import resolve_constraints

PersonOf = Callable[[Context[Any, Any]], str]
"""Who a request is from."""

Conversation = Annotated[
    str,
    Field(max_length=100, description="Which conversation; another name begins a new one that knows nothing said."),
]
Where = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=16, description="Conditions such as facet=value, facet!=value, facet<=10; see the catalog card."),
]
Words = Annotated[str, Field(max_length=4000)]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOBODY = "/"
"""No person's id: searching knows nobody."""
_VALUES = 40


class Listed(TypedDict):
    """One item of a list."""

    number: int
    id: str
    title: str
    reason: str
    score: float
    item: dict[str, Any]


class Found(TypedDict):
    """A list of items."""

    items: list[Listed]
    matching: int
    relaxed: list[str]


class Wishes(TypedDict):
    """What is held of the person."""

    wishes: list[str]
    accepted: list[str]
    rejected: list[str]
    seen: list[str]


class Kept(TypedDict):
    """The person's lasting wishes."""

    wishes: list[str]


class Recorded(TypedDict):
    """Feedback that was recorded."""

    kind: str
    item_id: str
    title: str


def add_tools(server: MCPServer[Any], recommender: Recommender, person_of: PersonOf, *, size: int = 5) -> None:
    """Give a server the tools and the catalog card.

    Args:
        server: The server.
        recommender: What is recommended from.
        person_of: Who a request is from.
        size: Items in a list of recommendations.
    """
    talks = Talks(recommender)
    _add_finding(server, recommender, talks, person_of, size)
    _add_feedback(server, recommender, talks, person_of)
    _add_profile(server, recommender, talks, person_of)
    card = json.dumps(catalog_card(recommender.catalog), ensure_ascii=False, indent=2)

    @server.resource("chatrec://catalog", name="catalog", title="Catalog card", mime_type="application/json")
    def catalog() -> str:  # pyright: ignore[reportUnusedFunction]
        """What the catalog holds: its facets, their kinds and values, and how conditions on them are written."""
        return card


def _add_finding(
    server: MCPServer[Any], recommender: Recommender, talks: Talks, person_of: PersonOf, size: int
) -> None:
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    @server.tool(annotations=reads)
    def search(  # pyright: ignore[reportUnusedFunction]
        query: Words,
        where: Where = [],  # noqa: B006 - pydantic copies it
        k: Annotated[int, Field(ge=1, le=50)] = 10,
    ) -> Found:
        """Search the catalog, for nobody in particular: by meaning, by words, and by conditions on facets."""
        with _told():
            conditions = resolve_constraints(recommender.catalog, where)
            found = recommender.recommend(query, user_id=_NOBODY, where=conditions, k=k)
        return _found(found.items, found.matching, [str(each) for each in found.relaxed])

    @server.tool(annotations=reads)
    def recommend(  # pyright: ignore[reportUnusedFunction]
        ctx: Context[Any, Any],
        message: Words = "",
        where: Where = [],  # noqa: B006
        like: Annotated[list[Words], Field(max_length=16)] = [],  # noqa: B006
        conversation: Conversation = "",
    ) -> Found:
        """Recommend items to the person, by what they say now, said before, and are known to like.

        Pass the person's own words as `message`, in their language: negations, numbers, comparisons with the last list
        ("cheaper") and titles are understood. What was shown in this conversation is not shown again.

        Args:
            message: What the person said.
            where: More conditions.
            like: Titles or ids to be similar to.
            conversation: Which conversation.
        """
        with talks.of(person_of(ctx), conversation) as talk:
            if message.strip():
                talk.hear(message)
            got = _call(recommend_tool(recommender, talk, size=size), where=where, like=like)
        return Found(
            items=[_listed(number, entry) for number, entry in enumerate(got["recommendations"], start=1)],
            matching=got["matching"],
            relaxed=got["relaxed"],
        )

    @server.tool(annotations=reads)
    def describe(  # pyright: ignore[reportUnusedFunction]
        ctx: Context[Any, Any], item: Words, conversation: Conversation = ""
    ) -> dict[str, Any]:
        """Tell all facts of one item.

        Args:
            item: Its number on the conversation's last list, its title, or its id.
            conversation: Which conversation.
        """
        with talks.of(person_of(ctx), conversation) as talk:
            described: dict[str, Any] = _call(describe_item_tool(recommender, talk), item=item)["described"]
        cleaned: dict[str, Any] = _clean(described)
        return cleaned


def _add_feedback(server: MCPServer[Any], recommender: Recommender, talks: Talks, person_of: PersonOf) -> None:
    @server.tool(annotations=ToolAnnotations(destructive_hint=False, open_world_hint=False))
    def feedback(  # pyright: ignore[reportUnusedFunction]
        ctx: Context[Any, Any],
        kind: FeedbackKind,
        item: Words,
        reason: Words = "",
        conversation: Conversation = "",
    ) -> Recorded:
        """Note what the person said about an item; the very next list heeds it.

        Args:
            kind: They want it (accept), do not (reject), know it already (seen), or like it but for something.
            item: Its number on the conversation's last list, its title, or its id.
            reason: Why, in the person's words.
            conversation: Which conversation.
        """
        with talks.of(person_of(ctx), conversation) as talk:
            event = _call(record_feedback_tool(recommender, talk), kind=kind, item=item, reason=reason)["event"]
        return Recorded(kind=event["kind"], item_id=event["item_id"], title=_clean(event["title"]))


def _add_profile(server: MCPServer[Any], recommender: Recommender, talks: Talks, person_of: PersonOf) -> None:
    @server.tool(annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    def get_profile(ctx: Context[Any, Any]) -> Wishes:  # pyright: ignore[reportUnusedFunction]
        """Look up what the person lastingly likes and avoids, and what they liked, turned down and knew."""
        user_id = person_of(ctx)
        with talks.of(user_id, "") as talk:
            wishes = _call(get_profile_tool(recommender, talk))["profile"]
        events = recommender.feedback.events(user_id)

        def titles(kind: str) -> list[str]:
            ids = [event.item_id for event in events if event.kind == kind and event.item_id in recommender.catalog]
            return [_clean(recommender.catalog[item_id].title) for item_id in ids if item_id is not None]

        return Wishes(wishes=wishes, accepted=titles("accept"), rejected=titles("reject"), seen=titles("seen"))

    @server.tool(annotations=ToolAnnotations(destructive_hint=False, open_world_hint=False))
    def update_profile(  # pyright: ignore[reportUnusedFunction]
        ctx: Context[Any, Any],
        add: Where = [],  # noqa: B006
        remove: Where = [],  # noqa: B006
    ) -> Kept:
        """Remember a lasting wish of the person ("always", "never"), or forget one; returns the wishes after it."""
        with talks.of(person_of(ctx), "") as talk:
            got = _call(update_profile_tool(recommender, talk), add=add, remove=remove)
        return Kept(wishes=got["profile"])


def catalog_card(catalog: Catalog) -> dict[str, Any]:
    """What a catalog holds, JSON-ready."""
    return {
        "name": catalog.name,
        "items": len(catalog),
        "language": catalog.language,
        "conditions": "facet=value, facet=one|other, facet!=value; of numbers also facet<10, facet>=10, facet=10..20",
        "facets": [_facet(facet) for facet in catalog.facets.values()],
    }


def _facet(facet: Facet) -> dict[str, Any]:
    told: dict[str, Any] = {"name": facet.name, "kind": facet.kind}
    if facet.kind == "number":
        told |= {"low": facet.low, "high": facet.high}
        told |= {"unit": facet.unit} if facet.unit else {}
    elif facet.kind != "text":
        told["values"] = [_clean(str(value)) for value in list(facet.values)[:_VALUES]]
        told["more_values"] = max(0, len(facet.values) - _VALUES)
    return told


def _call(tool: BaseTool, **arguments: Any) -> dict[str, Any]:
    """Run a tool of the toolkit; its refusals become the protocol's.

    Raises:
        ToolError: The arguments cannot be used; the message says how to mend them.
    """
    with _told():
        message = tool.invoke({"name": tool.name, "args": arguments, "id": "mcp", "type": "tool_call"})
    assert isinstance(message, ToolMessage)
    if message.status == "error":
        raise ToolError(message.text)
    artifact: dict[str, Any] = message.artifact
    return artifact


@contextmanager
def _told() -> Generator[None, None, None]:
    """Our own errors as the protocol's."""
    try:
        yield
    except (ChatrecError, ToolException) as error:
        raise ToolError(str(error)) from error


def _found(items: Sequence[Recommendation], matching: int, relaxed: list[str]) -> Found:
    listed = [_listed(number, item.as_dict()) for number, item in enumerate(items, start=1)]
    return Found(items=listed, matching=matching, relaxed=relaxed)


def _listed(number: int, entry: dict[str, Any]) -> Listed:
    return Listed(
        number=number,
        id=entry["id"],
        title=_clean(entry["title"]),
        reason=_clean(entry["reason"]),
        score=round(float(entry["score"]), 4),
        item=_clean(entry["item"]),
    )


def _clean(value: Any) -> Any:
    """Without characters that steer a terminal: they are in no honest item."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value
