"""A choice between two items, from the question to the list that follows the answer."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent._turns import STAMP
from chatrec.indexes import Catalog, Item, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder, ScriptedChatModel

WORDS = ("waves harbour sail boat tide", "engine gear piston oil valve")
IN_T: RunnableConfig = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def stories() -> Recommender:
    def item(number: int) -> Item:
        words = WORDS[number % 2].split()
        return Item(
            f"s{number}", f"Tale {chr(65 + number)}oro", " ".join(words[number % 5 :] + words[: number % 4]), {}
        )

    catalog = Catalog([item(number) for number in range(20)])
    return Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))


def talk(recommender: Recommender, *said: str) -> tuple[list[dict[str, Any]], ScriptedChatModel]:
    """A question, then lists."""
    replies = [("ask_user", {"facet": "examples"})] + [("recommend", {})] * (len(said) - 1)
    model = ScriptedChatModel(replies=replies, bounds_choice=True)
    agent = create_recommender(recommender, model=model, checkpointer=InMemorySaver(), reply="rendered")
    ana = RecommenderContext("ana")
    return [agent.invoke({"messages": [HumanMessage(text)]}, context=ana, config=IN_T) for text in said], model


@pytest.mark.parametrize(
    ("vague", "answer", "place", "asked"),
    [
        ("a story", "more like the first", 0, "More like “{}”, or more like “{}”?"),
        ("a story", "the latter", 1, "More like “{}”, or more like “{}”?"),
        ("来个故事", "第二个", 1, "更接近“{}”，还是更接近“{}”？"),
    ],
)
def test_the_answer_is_taken_as_what_to_stay_close_to(
    stories: Recommender, vague: str, answer: str, place: int, asked: str
) -> None:
    (first, second), model = talk(stories, vague, answer)
    question = first["question"]
    chosen = question["examples"][place]
    assert question["options"] == [stories.catalog[item_id].title for item_id in question["examples"]]
    assert first["messages"][-1].text == asked.format(*question["options"])
    asking = model.history[0].settings["argument_schemas"]["ask_user"]["properties"]["facet"]["enum"]
    assert asking == ["examples"]
    turn = next(m for m in reversed(second["messages"]) if isinstance(m, HumanMessage)).additional_kwargs[STAMP]["turn"]
    assert turn["like"] == [chosen]
    assert turn["compared"] == []
    listed = [int(entry["id"][1:]) % 2 for entry in second["recommendations"]]
    assert listed == [int(chosen[1:]) % 2] * 5


def test_saying_its_title_chooses_and_refusing_it_keeps_away(stories: Recommender) -> None:
    (first, *_), _ = talk(stories, "a story")
    one, other = first["question"]["examples"]
    title = stories.catalog[other].title
    (_, second), _ = talk(stories, "a story", f"more like {title}")
    assert {int(entry["id"][1:]) % 2 for entry in second["recommendations"]} == {int(other[1:]) % 2}
    assert one != other
