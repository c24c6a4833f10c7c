"""What each tool does to the recommender, and what it tells the model and the app."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool

from chatrec.errors import ContextError
from chatrec.indexes import Recommender
from chatrec.tools import RecommenderToolkit

TEXTS = {
    "recommend": "Show a list of items. What is known of the wishes applies by itself.",
    "ask_user": "Ask the person one question, when the wish is too vague to choose well.",
    "describe_item": "Tell the facts of one item that the person asks about.",
    "update_profile": 'Remember a lasting wish of the person ("always", "never"), or forget one.',
    "get_profile": "Look up what the person lastingly likes and avoids.",
}


@pytest.fixture
def tools(recommender: Recommender) -> dict[str, BaseTool]:
    return {tool.name: tool for tool in RecommenderToolkit(recommender, user_id="ana").get_tools()}


def call(tool: BaseTool, **args: Any) -> ToolMessage:
    message = tool.invoke({"name": tool.name, "args": args, "id": "1", "type": "tool_call"})
    assert isinstance(message, ToolMessage)
    return message


def ids(message: ToolMessage) -> list[str]:
    return [entry["id"] for entry in message.artifact["recommendations"]]


def test_the_models_text_is_pinned(tools: dict[str, BaseTool]) -> None:
    assert {name: tools[name].description for name in TEXTS} == TEXTS


def test_a_list_obeys_its_conditions(tools: dict[str, BaseTool], recommender: Recommender) -> None:
    message = call(tools["recommend"], where=["taste=smoky"])
    assert set(ids(message)[:2]) == {"black-harbour", "smoke-ridge"}
    assert message.artifact["matching"] == 2
    assert message.text.startswith("1. ")
    assert set(ids(message)) <= {item.id for item in recommender.catalog.items}


def test_a_second_list_brings_others_until_all_were_shown(tools: dict[str, BaseTool]) -> None:
    first, second, third = (ids(call(tools["recommend"], query="fresh")) for _ in range(3))
    assert not set(first) & set(second)
    assert len(set(first) | set(second)) == 8
    assert third


def test_a_position_means_the_last_list(tools: dict[str, BaseTool], recommender: Recommender) -> None:
    listed = ids(call(tools["recommend"], query="fresh"))
    assert call(tools["describe_item"], item="2").artifact["described"]["id"] == listed[1]
    call(tools["record_feedback"], kind="seen", item="#1")
    event = recommender.feedback.events("ana")[-1]
    assert (event.kind, event.item_id) == ("seen", listed[0])
    again = RecommenderToolkit(recommender, user_id="ana").get_tools()[0]
    assert listed[0] not in ids(call(again, query="fresh"))


def test_a_question_offers_the_catalogs_own_options(tools: dict[str, BaseTool]) -> None:
    question = call(tools["ask_user"], facet="kind").artifact["question"]
    assert question["facet"] == "kind"
    assert set(question["options"]) <= {"green", "black", "herbal", "dark", "white"}
    assert "kind" in question["text"]


def test_an_avoidance_in_the_profile_holds_for_good(tools: dict[str, BaseTool]) -> None:
    assert call(tools["update_profile"], add=["taste!=smoky"]).artifact["profile"] == ["taste!=smoky"]
    assert not {"black-harbour", "smoke-ridge"} & set(ids(call(tools["recommend"], query="smoky evening")))
    assert "taste!=smoky" in call(tools["get_profile"]).text
    assert call(tools["update_profile"], remove=["taste!=smoky"]).artifact["profile"] == []


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("recommend", {"where": ["colour=red"]}, "facets: kind, taste, price"),
        ("recommend", {"where": ["price>=cheap"]}, "number"),
        ("recommend", {"like": ["Zzyzx"]}, "no item 'Zzyzx'"),
        ("describe_item", {"item": "7"}, "no item '7'"),
        ("ask_user", {"facet": "colour"}, "no facet 'colour'"),
    ],
)
def test_a_wrong_argument_is_told_to_the_model_with_the_cure(
    tools: dict[str, BaseTool], name: str, args: dict[str, Any], told: str
) -> None:
    message = call(tools[name], **args)
    assert message.status == "error"
    assert told in message.text


def test_tools_of_nobody_are_refused(recommender: Recommender) -> None:
    tool = RecommenderToolkit(recommender).get_tools()[0]
    with pytest.raises(ContextError, match="user"):
        tool.invoke({})
