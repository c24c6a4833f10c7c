from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.agent.llm import llama_source

from chatrec.agent.llm import ChatLlamaCpp
from chatrec.agent.llm._engine import Engine
from chatrec.agent.tuning._files import read_conversations, write_conversations
from chatrec.agent.tuning._simulate import Decision, StandIn, conversations
from chatrec.testing import HashingEmbedder

pytestmark = pytest.mark.real_model
COUNT = 8


def simulated(seed: int = 5) -> list[dict[str, Any]]:
    return list(conversations("train", count=COUNT, seed=seed, embedder=HashingEmbedder(), per_catalog=4))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, derived_models: Path) -> list[dict[str, Any]]:
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(derived_models, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATREC_HOME", str(home))
        return simulated()


def decisions(found: list[dict[str, Any]]) -> list[Decision]:
    return [decision for conversation in found for decision in conversation["decisions"]]


def texts(tokens: list[list[int]]) -> list[str]:
    def write(engine: Engine) -> list[str]:
        return [b"".join(engine.vocabulary.pieces[t] for t in some).decode("utf-8", "replace") for some in tokens]

    written: list[str] = ChatLlamaCpp()._worker().call(write)
    return written


def test_the_right_token_is_always_one_that_may_be_chosen(found: list[dict[str, Any]]) -> None:
    traces = [decision.trace for decision in decisions(found) if decision.trace.kind != "words"]
    assert {trace.kind for trace in traces} == {"name", "arguments"}
    for trace in traces:
        assert trace.choices
        for place, allowed in trace.choices:
            assert trace.tokens[place] in allowed
            assert len(allowed) > 1


def test_acts_are_legal_and_several_kinds_occur(found: list[dict[str, Any]]) -> None:
    acts = [(decision.act, decision.legal) for decision in decisions(found) if decision.trace.kind == "name"]
    assert all(act in legal for act, legal in acts)
    assert {"ask_user", "recommend"} <= {act for act, _ in acts}


def test_arguments_are_written_as_the_model_reads_them_later(found: list[dict[str, Any]]) -> None:
    filled = [decision for decision in decisions(found) if decision.trace.kind == "arguments"]
    written = texts([decision.trace.tokens for decision in filled])
    for decision, text in zip(filled, written, strict=True):
        call = {"name": decision.act, "arguments": decision.arguments}
        assert json.dumps(call, ensure_ascii=False).startswith(text.rstrip("\ufffd"))


def test_the_prompt_ends_with_what_was_said_and_what_is_known(found: list[dict[str, Any]]) -> None:
    first = [conversation["decisions"][0] for conversation in found]
    for decision, prompt in zip(first, texts([d.prompt for d in first]), strict=True):
        assert f"{decision.said}\n{decision.line}" in prompt
        assert decision.line.startswith("[")


def test_what_is_written_is_read_again(found: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl.gz"
    told: list[tuple[int, int]] = []
    count = write_conversations(path, iter(found), COUNT, lambda done, total: told.append((done, total)))
    read = list(read_conversations(path))
    assert count == len(decisions(found))
    assert told[-1] == (COUNT, COUNT)
    for conversation, again in zip(found, read, strict=True):
        for decision, row in zip(conversation["decisions"], again["decisions"], strict=True):
            assert row["tokens"] == decision.prompt + decision.trace.tokens
            assert row["at"] == len(decision.prompt)
            assert [tuple(choice) for choice in row["choices"]] == [(p, a) for p, a in decision.trace.choices]


def test_the_same_seed_gives_the_same_conversations(found: list[dict[str, Any]]) -> None:
    assert decisions(simulated()) == decisions(found)
    assert decisions(simulated(6)) != decisions(found)


def test_calls_that_begin_with_a_control_token_are_written_too(tmp_path: Path) -> None:
    # Of the archive's vocabularies only this one has a control token for calls.
    template = llama_source.template("Qwen-Qwen2.5-7B-Instruct").replace("<tool_call>", "<|tool_call>")
    path = llama_source.tiny_model(tmp_path / "tiny.gguf", "gemma-4", template)
    model = StandIn(model_path=str(path), n_ctx=4096)
    try:
        found = conversations("train", count=2, seed=3, embedder=HashingEmbedder(), model=model)
        traces = [decision.trace for decision in decisions(list(found)) if decision.trace.kind == "arguments"]
        opens = model._worker().call(lambda engine: engine.vocabulary.special_texts()["<|tool_call>"])
    finally:
        model.close()
    assert traces
    assert all(trace.tokens[0] == opens for trace in traces)
