"""What comes in each stream mode, sync and async.

`messages`: the reply's text, once it is checked (the model's unchecked words are shown by no stream).
`updates`: what each step changed; the recommendations come with the step after the tool.
`custom`: progress: what was understood, which act the model chose, and the reply's beginning as soon as it is sure.

python examples/streaming.py
"""

from __future__ import annotations

import asyncio
from typing import Any

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.indexes import Catalog

ANA = RecommenderContext(user_id="ana")
MODES = ["custom", "updates", "messages"]


def said(text: str) -> dict[str, Any]:
    """A turn's input."""
    return {"messages": [{"role": "user", "content": text}]}


def line(mode: str, data: Any) -> str | None:
    """One line for whatever came; None for what is not worth one."""
    if mode == "custom" and "chatrec" in data:
        return f"{data['chatrec']}: { {key: value for key, value in data.items() if key != 'chatrec'} }"
    if mode == "updates":
        found = [update["recommendations"] for update in data.values() if update and update.get("recommendations")]
        return f"items: {[entry['title'] for entry in found[0]]}" if found else None
    if mode == "messages" and data[0].type in {"ai", "AIMessageChunk"} and data[0].text:
        return f"text: {data[0].text}"
    return None


async def astreamed(agent: Any, text: str) -> list[str]:
    """The same, asynchronously."""
    lines = [line(mode, data) async for mode, data in agent.astream(said(text), context=ANA, stream_mode=MODES)]
    return [each for each in lines if each]


def streamed(agent: Any, text: str) -> list[str]:
    """What a turn streams, in order."""
    lines = [line(mode, data) for mode, data in agent.stream(said(text), context=ANA, stream_mode=MODES)]
    return [each for each in lines if each]


def main() -> None:
    agent = create_recommender(Catalog.load("films"))
    print(*streamed(agent, "a short comedy from the 80s"), sep="\n")
    print(*asyncio.run(astreamed(agent, "hello")), sep="\n")


if __name__ == "__main__":
    main()
