from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage

from chatrec.agent.llm import ChatLlamaCpp, _library, shipped_adapter
from chatrec.agent.llm._memory import Adapters, Saved, as_tokens
from chatrec.agent.llm._prefix import PrefixStore
from chatrec.agent.llm._shelf import DiskShelf, prefix_folder

SYSTEM = " ".join(f"Rule {number}: a reader below {number} may not borrow book {number * 7}." for number in range(9))
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "lend",
        "description": "Lend a book.",
        "parameters": {"type": "object", "properties": {"book": {"type": "integer"}}, "required": ["book"]},
    },
}


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    return path


def saved(*, start: int = 0, length: int = 100, adapters: Adapters = ()) -> Saved:
    return Saved(as_tokens(range(start, start + length)), np.arange(64, dtype=np.uint8), adapters)


def shelf(gguf: Path, folder: Path, **more: Any) -> DiskShelf:
    return DiskShelf(gguf, PrefixStore(folder), **more)


def test_only_what_is_new_and_long_is_wanted(gguf: Path, tmp_path: Path) -> None:
    store = PrefixStore(tmp_path / "p")
    first = DiskShelf(gguf, store)
    assert not first.wants((), as_tokens(range(63)))
    assert first.wants((), saved().tokens)
    first.keep(saved())
    store.finish()
    again = shelf(gguf, tmp_path / "p")
    assert not again.wants((), saved().tokens)
    assert not again.wants((), saved(length=120).tokens)
    assert again.wants((), saved(length=200).tokens)
    assert again.wants((), saved(start=1).tokens)


def test_a_system_text_that_always_changes_does_not_fill_the_disk(gguf: Path, tmp_path: Path) -> None:
    now = [0.0]
    store = PrefixStore(tmp_path / "p")
    kept = DiskShelf(gguf, store, clock=lambda: now[0])
    for number in range(20):
        if kept.wants((), saved(start=number * 1000).tokens):
            kept.keep(saved(start=number * 1000))
            store.finish()
    assert len(list((tmp_path / "p").iterdir())) == 4
    now[0] = 61.0
    assert kept.wants((), saved(start=90_000).tokens)


def test_another_model_library_or_adapter_finds_nothing(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"GGUF" + bytes(50))
    strong, weak = ((str(adapter), 1.0),), ((str(adapter), 0.5),)
    store = PrefixStore(tmp_path / "p")
    DiskShelf(gguf, store).keep(saved(adapters=strong))
    store.finish()
    tokens = saved(length=150).tokens
    found = shelf(gguf, tmp_path / "p").find(strong, tokens, longer_than=0)
    assert found is not None
    assert found.adapters == strong
    assert shelf(gguf, tmp_path / "p").find(weak, tokens, longer_than=0) is None
    assert shelf(gguf, tmp_path / "p").find((), tokens, longer_than=0) is None
    other = gguf.with_name("other.gguf")
    other.write_bytes(gguf.read_bytes() + b"x")
    assert shelf(other, tmp_path / "p").find(strong, tokens, longer_than=0) is None
    monkeypatch.setattr(_library, "version", lambda: "0.0.1")
    assert shelf(gguf, tmp_path / "p").find(strong, tokens, longer_than=0) is None


class Process:
    """A model that is loaded anew for every call, as in a new process."""

    def __init__(self, **settings: Any) -> None:
        self._settings: dict[str, Any] = {"temperature": 0, "max_tokens": 4, "n_ctx": 1024} | settings

    def say(self, text: str, **options: Any) -> AIMessage:
        model = ChatLlamaCpp(**self._settings)
        worker = model._worker()
        try:
            return model.invoke([("system", SYSTEM), ("user", text)], tools=[TOOL], **options)
        finally:
            model.close()
            worker.stop()
            gc.collect()


def cached(message: AIMessage) -> int:
    assert message.usage_metadata is not None
    return message.usage_metadata.get("input_token_details", {}).get("cache_read", 0)


@pytest.mark.real_model
def test_a_new_process_reads_the_beginning_and_says_the_same() -> None:
    plain = Process(prefix_cache=False).say("Book 7, please.", tool_choice="lend")
    assert not prefix_folder().exists()
    process = Process()
    first = process.say("Good morning!", tool_choice="none")
    assert cached(first) == 0
    [path] = prefix_folder().iterdir()
    second = process.say("Book 7, please.", tool_choice="lend")
    assert cached(second) > 150
    assert second.tool_calls[0]["args"] == plain.tool_calls[0]["args"]
    assert [each.name for each in prefix_folder().iterdir()] == [path.name]


@pytest.mark.real_model
def test_a_damaged_beginning_is_computed_again() -> None:
    process = Process()
    process.say("Good morning!", tool_choice="none")
    [path] = prefix_folder().iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-4000] + bytes(4000))
    again = process.say("Book 7, please.", tool_choice="none")
    assert cached(again) == 0
    assert [each.name for each in prefix_folder().iterdir()] == [path.name]
    assert path.read_bytes()[:48] == whole[:48]


@pytest.mark.real_model
def test_an_adapter_has_beginnings_of_its_own() -> None:
    adapter = shipped_adapter()["lora_path"]
    with_adapter, without = Process(lora_path=adapter), Process()
    with_adapter.say("Good morning!", tool_choice="none")
    assert cached(without.say("Good morning!", tool_choice="none")) == 0
    assert len(list(prefix_folder().iterdir())) == 2
    assert cached(with_adapter.say("Book 7, please.", tool_choice="none")) > 150
    half = Process(lora_path=adapter, lora_scale=0.5)
    assert cached(half.say("Book 7, please.", tool_choice="none")) == 0
