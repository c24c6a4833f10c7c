"""chatrec in an app that has a checkpointer and a store already: conversations, profiles and feedback go there.

python examples/own_stores.py
"""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.indexes import Catalog, Constraint, Recommender


def build(recommender: Recommender, checkpointer: BaseCheckpointSaver[Any], model: BaseChatModel | None = None) -> Any:
    """The agent on the app's own stores; the recommender keeps profiles and feedback in its own `store`."""
    return create_recommender(recommender, model=model, store=recommender.store, checkpointer=checkpointer)


def main() -> None:
    store: BaseStore = InMemoryStore()  # yours: PostgresStore, SqliteStore, ...
    checkpointer = InMemorySaver()  # yours: PostgresSaver, ...
    recommender = Recommender(Catalog.load("films"), store=store)
    recommender.profiles.prefer("ana", Constraint("genres", "none", ("Horror",)), note="never horror")
    agent = build(recommender, checkpointer)
    here = {"configurable": {"thread_id": "t1"}}
    for text in ("something scary from the 80s", "I have seen the first one"):
        said = {"messages": [{"role": "user", "content": text}]}
        result = agent.invoke(said, here, context=RecommenderContext(user_id="ana"))
        print(f"> {text}\n{result['messages'][-1].text}\n")
    print("kept:", [str(each) for each in recommender.feedback.events("ana")])
    print("messages:", len(checkpointer.get_tuple(here).checkpoint["channel_values"]["messages"]))  # type: ignore[union-attr,arg-type]


if __name__ == "__main__":
    main()
