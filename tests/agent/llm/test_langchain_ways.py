"""What LangChain's users do with a chat model beside calling it: copy, pickle, cache, ask for a form and tools."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from datetime import date
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.runnables import ConfigurableField
from langchain_core.tools import tool
from pydantic import BaseModel, Field
from tests.agent.llm.conftest import MakeModel
from tests.agent.llm.gguf_files import small_model

from chatrec.agent.llm import ChatLlamaCpp, _worker
from chatrec.errors import ModelError

RECORD: dict[str, Any] = {
    "title": "Record",
    "type": "object",
    "properties": {"name": {"enum": ["look_up", "tea"]}, "cups": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["name", "cups"],
}
FORM = {"type": "json_schema", "json_schema": {"name": "Record", "schema": RECORD}}


class Plant(BaseModel):
    """A plant."""

    kind: Literal["fern", "moss"]
    shoots: list[Plant] = Field(default=[], max_length=2)


@tool
def grow(plant: Plant) -> str:
    """Grow a plant."""
    return plant.kind


def look_up(place: str) -> str:
    """Look up the weather of a place."""
    return place


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ChatLlamaCpp:
    path = small_model(tmp_path_factory.mktemp("small") / "small.gguf")
    return ChatLlamaCpp(model_path=str(path), n_ctx=2048, max_tokens=8, seed=1, parallel=1, prefix_cache=False)


def test_copies_share_a_loaded_model_and_pickles_load_it_anew(tiny: ChatLlamaCpp) -> None:
    said = tiny.invoke("Hi").content
    for made in (copy.copy(tiny), copy.deepcopy(tiny), tiny.model_copy(deep=True)):
        assert made._worker() is tiny._worker()
    sent = pickle.loads(pickle.dumps(tiny))
    assert sent._shared is None
    assert sent.invoke("Hi").content == said


def test_a_seed_of_minus_one_is_a_new_one_each_time(tiny: ChatLlamaCpp) -> None:
    said = {tiny.invoke("Hi", seed=-1, temperature=5).text for _ in range(3)}
    assert len(said) > 1
    assert ChatLlamaCpp(seed=-1).seed == -1
    with pytest.raises(ModelError, match="seed=-2"):
        tiny.invoke("Hi", seed=-2)


def test_one_stop_text_is_not_taken_letter_by_letter(tiny: ChatLlamaCpp) -> None:
    request = tiny._request([], "END", {})  # type: ignore[arg-type]
    assert request.stop == ("END",)
    with pytest.raises(ModelError, match="stop="):
        tiny._request([], [5], {})  # type: ignore[list-item]


@pytest.mark.parametrize("given", [{"type": "web_search"}, {"type": "function", "function": {}}, look_up, None])
def test_what_is_no_tool_is_told_of(tiny: ChatLlamaCpp, given: Any) -> None:
    with pytest.raises(ModelError, match="no tool with a name"):
        tiny.invoke("Hi", tools=[given])


LIST: dict[str, Any] = {"type": "array", "items": {"enum": ["fern", "moss"]}, "minItems": 1, "maxItems": 3}


@pytest.mark.parametrize(
    "given",
    [
        LIST,
        {"title": "Plants", **LIST},
        {"name": "plants", "strict": True, "schema": LIST},
        {"type": "json_schema", "json_schema": {"name": "plants", "schema": LIST}},
    ],
)
def test_a_schema_is_followed_however_it_is_handed_over(tiny: ChatLlamaCpp, given: dict[str, Any]) -> None:
    found = tiny.with_structured_output(given).invoke("Hi")
    jsonschema.validate(found, LIST)
    with pytest.raises(ModelError, match="'array'"):
        tiny.with_structured_output(given, method="function_calling")


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_models_of_themselves_are_followed_all_the_way(tiny: ChatLlamaCpp, method: Any) -> None:
    asked = tiny.model_copy(update={"max_tokens": 400, "temperature": 2.0})
    deepest = 0
    for seed in range(6):
        found = asked.with_structured_output(Plant, method=method).invoke("Hi", seed=seed)
        assert isinstance(found, Plant)
        deepest = max(deepest, len(found.shoots))
    assert deepest
    call = asked.bind_tools([grow], tool_choice="any").invoke("Hi", seed=3).tool_calls[0]
    assert grow.invoke(call["args"]) in ("fern", "moss")


def test_the_profile_tells_of_the_context_that_there_is(tiny: ChatLlamaCpp) -> None:
    made = ChatLlamaCpp(model_path=tiny.model_path, n_ctx=8192)
    promised = [(model.profile or {}).get("max_input_tokens") for model in (made, tiny)]
    assert promised == [4096, 2048]


def test_arguments_that_are_no_json_are_told_of(tiny: ChatLlamaCpp) -> None:
    call = ToolCall(name="look_up", args={"day": date(2026, 1, 2)}, id="1")
    asked = [HumanMessage("When?"), AIMessage("", tool_calls=[call]), ToolMessage("Then.", tool_call_id="1")]
    with pytest.raises(ModelError, match=r"day.*not JSON serializable"):
        tiny.invoke(asked)


@pytest.mark.parametrize("form", [{"type": "json_schema"}, {"type": "json_schema", "json_schema": None}, "json"])
def test_a_form_without_a_schema_is_told_of(tiny: ChatLlamaCpp, form: Any) -> None:
    with pytest.raises(ModelError, match="response_format"):
        tiny.invoke("Hi", response_format=form)


def test_a_cached_answer_is_of_the_same_settings(tiny: ChatLlamaCpp) -> None:
    cache = InMemoryCache()
    plain, told = (tiny.model_copy(update={"cache": cache, "logprobs": wanted}) for wanted in (None, True))
    assert "logprobs" not in plain.invoke("Hi").response_metadata
    assert "logprobs" in told.invoke("Hi").response_metadata


def test_a_hub_name_is_no_adapter() -> None:
    with pytest.raises(ModelError, match="no model file at 'hf:"):
        ChatLlamaCpp(lora_path="hf:owner/name:file.gguf")


@pytest.mark.real_model
def test_tools_may_be_called_where_an_answer_has_a_form(make_model: MakeModel) -> None:
    model = make_model(temperature=1, seed=None, max_tokens=80).bind_tools([look_up], response_format=FORM)
    seen: dict[bool, AIMessage] = {}
    for prior in (1e-9, 1e9):
        answer = model.invoke("What is the weather in Rome?", choice_prior={"": prior})
        seen[bool(answer.tool_calls)] = answer
        chances = answer.response_metadata["tool_probabilities"]
        assert sum(chances.values()) == pytest.approx(1)
    jsonschema.validate(json.loads(seen[False].text), RECORD)
    assert seen[True].tool_calls[0]["name"] == "look_up"
    assert not seen[True].text
    free = model.invoke("What is the weather in Rome?").response_metadata["tool_probabilities"]
    assert 0.01 < free[""] < 0.99
    assert model.invoke("Rome?", tool_choice="any").tool_calls
    jsonschema.validate(json.loads(model.invoke("Rome?", tool_choice="none").text), RECORD)


@pytest.mark.parametrize(
    "text",
    [
        {"format": "uri", "maxLength": 2083},
        {"format": "duration"},
        {"format": "email", "maxLength": 900},
        {"pattern": "^[a-z]{150,190}!$"},
    ],
)
def test_a_pattern_without_an_end_in_sight_does_not_outrun_the_budget(tiny: ChatLlamaCpp, text: Any) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "Text", "schema": {"type": "string", **text}}}
    answer = tiny.invoke("Hi", response_format=form, max_tokens=10)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] < 100
    assert answer.response_metadata["finish_reason"] == "length"


def test_copies_made_for_single_calls_find_the_model_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_model(tmp_path / "small.gguf")
    base = ChatLlamaCpp(model_path=str(path), n_ctx=512, max_tokens=2, parallel=1, prefix_cache=False)
    chosen = base.configurable_fields(temperature=ConfigurableField(id="temperature"))
    threads: set[threading.Thread] = set()
    for temperature in (0.0, 0.5, 1.0):
        chosen.invoke("Hi", {"configurable": {"temperature": temperature}})
        latest = _worker._latest
        assert latest is not None
        threads.add(latest._thread)
        del latest
    (thread,) = threads
    base.load()
    base.close()
    assert not thread.is_alive()

    monkeypatch.setattr(_worker, "_LINGER", 0.05)
    for again in (False, True):
        other = base.model_copy(update={"n_ctx": 256 + 256 * again})
        other.invoke("Hi")
        thread = other._worker()._thread
        del other
        thread.join(10)
        assert not thread.is_alive()
