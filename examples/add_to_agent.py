"""An agent that you already have gains recommendations by one middleware; its own tools stay.

python examples/add_to_agent.py
"""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import tool

from chatrec.agent import ChatLlamaCpp, RecommenderContext, RecommenderMiddleware
from chatrec.indexes import Catalog, Recommender


@tool
def opening_hours(day: str) -> str:
    """When the shop is open on a day of the week."""
    return "closed" if day.casefold().startswith("sun") else "9 to 18 o'clock"


def build(model: BaseChatModel, recommender: Recommender) -> Any:
    """Your agent: one line is new, and the context that says who is talking."""
    return create_agent(
        model,
        tools=[opening_hours],
        middleware=[RecommenderMiddleware(recommender)],  # <- this one
        context_schema=RecommenderContext,
    )


def main() -> None:
    agent = build(ChatLlamaCpp(temperature=0), Recommender(Catalog.load("films")))
    said = {"messages": [{"role": "user", "content": "a short comedy from the 80s"}]}
    result = agent.invoke(said, context=RecommenderContext(user_id="ana"))
    print(result["messages"][-1].text)
    print([entry["title"] for entry in result["recommendations"]], result["question"])


if __name__ == "__main__":
    main()
