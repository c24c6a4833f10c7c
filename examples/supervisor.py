"""chatrec as a subgraph under a LangGraph supervisor: a router sends each message to the right assistant.

python examples/supervisor.py
"""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.indexes import Catalog


class State(MessagesState, total=False):
    """What the supervisor shares with its assistants; the last two are filled by chatrec."""

    recommendations: list[dict[str, Any]]
    question: dict[str, Any] | None


def route(state: State) -> Literal["billing", "recommender"]:
    """Yours: rules, a classifier, or a model with structured output."""
    return "billing" if "invoice" in state["messages"][-1].text.casefold() else "recommender"


def billing(state: State) -> dict[str, Any]:
    """Another assistant."""
    return {"messages": [AIMessage("Your last invoice is paid.")], "recommendations": [], "question": None}


def build(recommender: Any) -> Any:
    """The supervisor; `recommender` is what `create_recommender` returns, added as a node."""
    graph = StateGraph(State, context_schema=RecommenderContext)
    graph.add_node("billing", billing)
    graph.add_node("recommender", recommender)
    graph.add_conditional_edges(START, route)
    graph.add_edge("billing", END)
    graph.add_edge("recommender", END)
    return graph.compile(checkpointer=InMemorySaver())


def main() -> None:
    agent = build(create_recommender(Catalog.load("films")))
    for text in ("a short comedy from the 80s", "where is my invoice?", "and something older?"):
        result = agent.invoke(
            {"messages": [{"role": "user", "content": text}]},
            config={"configurable": {"thread_id": "supervised"}},
            context=RecommenderContext(user_id="ana"),
        )
        print(f"> {text}\n{result['messages'][-1].text}\n")


if __name__ == "__main__":
    main()
