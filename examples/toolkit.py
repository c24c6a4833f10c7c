"""The tools alone, for somebody else's chat model and agent: no middleware, no context.

python examples/toolkit.py openai:gpt-5-mini    # any model that LangChain knows; needs its package and key
python examples/toolkit.py                      # a script in place of a model, to see what goes where

The model must be one that calls tools by itself, which the embedded one does not: `add_to_agent.py` bounds its choice.
"""

from __future__ import annotations

import sys
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage

from chatrec.indexes import Catalog, Recommender
from chatrec.testing import ScriptedChatModel
from chatrec.tools import RecommenderToolkit


def build(model: BaseChatModel, recommender: Recommender, user_id: str) -> Any:
    """An agent for one person; make one for each request, the tools weigh nothing."""
    return create_agent(
        model,
        tools=RecommenderToolkit(recommender, user_id=user_id).get_tools(),
        system_prompt="You recommend films. Look them up with your tools, and name only what they return.",
    )


def items(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What was recommended: the tool's message carries it for the app, the model read a few lines only."""
    found: list[dict[str, Any]] = []
    for message in result["messages"]:
        if isinstance(message, ToolMessage) and message.name == "recommend" and message.artifact:
            found = message.artifact["recommendations"]
    return found


def script() -> BaseChatModel:
    """Calls the tool and says a word, as a model would."""
    return ScriptedChatModel(replies=[("recommend", {"query": "a comedy"}), "(here your model would talk of these)"])


def main(model: str | None = None) -> None:
    chosen = init_chat_model(model) if model else script()
    agent = build(chosen, Recommender(Catalog.load("films")), user_id="ana")
    result = agent.invoke({"messages": [{"role": "user", "content": "Recommend a comedy."}]}, {"recursion_limit": 20})
    print(result["messages"][-1].text)
    print([entry["title"] for entry in items(result)])


if __name__ == "__main__":
    main(*sys.argv[1:2])
