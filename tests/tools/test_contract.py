"""Every tool passes LangChain's own suites, called directly and by a tool call."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from chatrec.indexes import Recommender
from chatrec.tools import RecommenderToolkit

EXAMPLES: dict[str, dict[str, Any]] = {
    "recommend": {"query": "something smoky", "where": ["price<=20"], "like": ["Black Harbour"]},
    "ask_user": {"facet": "kind"},
    "describe_item": {"item": "Old Cellar"},
    "record_feedback": {"kind": "accept", "item": "Green Dawn", "reason": "fresh"},
    "update_profile": {"add": ["taste!=smoky"]},
    "get_profile": {},
}


class _EachTool:
    _tool: BaseTool

    @pytest.fixture(autouse=True, params=sorted(EXAMPLES))
    def _choose(self, request: pytest.FixtureRequest, recommender: Recommender) -> None:
        tools = RecommenderToolkit(recommender, user_id="ana").get_tools()
        self._tool = next(tool for tool in tools if tool.name == request.param)

    @property
    def tool_constructor(self) -> BaseTool:
        return self._tool

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return EXAMPLES[self._tool.name]


class TestUnit(_EachTool, ToolsUnitTests):
    """The unit suite, for each tool."""


class TestIntegration(_EachTool, ToolsIntegrationTests):
    """The integration suite, for each tool."""


def test_the_toolkit_has_exactly_these_tools(recommender: Recommender) -> None:
    assert {tool.name for tool in RecommenderToolkit(recommender).get_tools()} == set(EXAMPLES)
