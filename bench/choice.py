"""The act chosen for the first message of a conversation about the demo films, beside the untrained model.

Twenty-five messages written by hand, each with the act that a person would expect. The prior of an earlier adapter was
chosen on them: they show what the model does, not how well it does elsewhere.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._results import write
from chatrec.agent import ChatLlamaCpp, RecommenderContext, create_recommender
from chatrec.agent._assemble import local_model
from chatrec.indexes import Catalog, ItemIndex, Recommender, open_checkpointer, open_store

EXPECTED = {
    "reply": ("hello", "hi there!", "thanks, bye", "who are you?", "what is the capital of Peru?"),
    "ask_user": (
        "I want a film", "something good for tonight", "can you recommend a movie?", "I don't know what to watch",
        "我想看电影",
    ),
    "recommend": (
        "a short French comedy from the 60s", "just show me something", "something like Alien",
        "a samurai film by Kurosawa", "animation for kids under 90 minutes", "list some horror from the 80s please",
        "surprise me", "a slow sad Japanese family story",
    ),
    "describe_item": ("what is Alien about?", "how long is Seven Samurai?", "who directed Solaris?"),
    "record_feedback": ("I have already seen Alien", "I loved Spirited Away"),
    "update_profile": ("never show me horror", "I always avoid war films"),
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench choice", description=__doc__)
    parser.add_argument("--model", help="a GGUF file instead of the embedded model")
    args = parser.parse_args(argv)
    models = {"by itself": local_model(args.model, None).model_copy(update={"choice_prior": "none"})}
    models["against its habits"] = local_model(args.model, None).model_copy(update={"choice_prior": "empty"})
    if args.model is None:
        models["with its adapter, no prior"] = local_model(None).model_copy(update={"choice_prior": "none"})
        models["with its adapter, as shipped"] = local_model(None)
    catalog = Catalog.load("films")
    index = ItemIndex.build(catalog)
    table = Table("model", "right acts", "of")
    results: dict[str, Any] = {}
    for name, model in models.items():
        right = {act: sum(chosen(model, index, act)) for act in EXPECTED}
        results[name] = right
        table.add_row(name, str(sum(right.values())), str(sum(map(len, EXPECTED.values()))))
    Console().print(table)
    write("choice", {"model": args.model or "embedded", "right": results})
    return 0


def chosen(model: ChatLlamaCpp, index: ItemIndex, act: str) -> list[bool]:
    """Whether the model's first act is the expected one, for each message."""
    with tempfile.TemporaryDirectory() as folder:
        recommender = Recommender(Catalog.load("films"), index=index, store=open_store(Path(folder) / "people.db"))
        agent = create_recommender(recommender, model=model, checkpointer=open_checkpointer(None))
        found: list[bool] = []
        for number, text in enumerate(EXPECTED[act]):
            result = agent.invoke(
                {"messages": [{"role": "user", "content": text}]}, context=RecommenderContext(f"person{number}")
            )
            calls = [call["name"] for message in result["messages"] for call in getattr(message, "tool_calls", [])]
            found.append((calls[0] if calls else "reply") == act)
    return found
