"""The whole on the embedded model: choice, calls, memory, threads, cancellation, failures."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from chatrec.agent.llm import ChatLlamaCpp, cpu_report, embedded_model_path
from chatrec.agent.llm._formats import PLAIN, Tool
from chatrec.agent.llm._prompt import prompt_tokens
from chatrec.agent.llm._request import Request
from chatrec.agent.llm._sampling import softmax
from chatrec.agent.llm._steps import Steps, after, begin
from chatrec.errors import ContextOverflow, ModelError

MakeModel = Callable[..., ChatLlamaCpp]

pytestmark = pytest.mark.real_model


def tool(name: str, description: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TEXT = {"type": "string"}
TOOLS = [
    tool("brew_tea", "Make tea.", kind=TEXT, cups={"type": "integer", "minimum": 1, "maximum": 9}),
    tool("brew_coffee", "Make coffee.", kind=TEXT),
    tool("ask_guest", "Ask the guest.", question=TEXT),
    tool("close_shop", "Close the shop."),
]
NAMES = [entry["function"]["name"] for entry in TOOLS]
ASKED: list[BaseMessage] = [SystemMessage("You run a tea shop."), HumanMessage("A cup of green tea, please.")]


def merged(chunks: Iterable[AIMessage]) -> AIMessageChunk:
    whole: AIMessageChunk | None = None
    for chunk in chunks:
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


def usage(message: AIMessage) -> dict[str, Any]:
    assert message.usage_metadata is not None
    return dict(message.usage_metadata)


def chances(message: AIMessage) -> dict[str, float]:
    found: dict[str, float] = message.response_metadata["tool_probabilities"]
    return found


def logits_after(tokens: list[int]) -> Steps[Any]:
    yield from begin(tokens)
    return (yield from after(tokens)).copy()


# the choice


def test_probabilities_equal_brute_force_over_raw_logits(make_model: MakeModel) -> None:
    model = make_model()
    message = model.invoke(ASKED, tools=TOOLS, tool_choice="any")
    shown = tuple(Tool(e["function"]["name"], e["function"]["description"], e["function"]["parameters"]) for e in TOOLS)
    messages = ({"role": "system", "content": ASKED[0].text}, {"role": "user", "content": ASKED[1].text})

    def brute(engine: Any) -> dict[str, float]:
        prompt = prompt_tokens(engine, Request(messages=messages, tools=shown, mode="call", legal=tuple(NAMES)))
        paths = {name: engine.vocabulary.tokenize(PLAIN.head(name)) for name in NAMES}
        out: dict[str, float] = {}
        for name, path in paths.items():
            chance = 1.0
            for place, token in enumerate(path):
                legal = sorted({other[place] for other in paths.values() if other[:place] == path[:place]})
                engine.reset()
                logits = engine.drive(logits_after([*prompt, *path[:place]]))
                chance *= float(softmax(logits[np.array(legal)])[legal.index(token)])
            out[name] = chance
        return out

    expected = model._worker().call(brute)
    assert chances(message) == pytest.approx(expected, abs=2e-3)
    assert sum(chances(message).values()) == pytest.approx(1)
    assert message.tool_calls[0]["name"] == max(expected, key=expected.__getitem__)


def test_legal_tools_and_narrower_arguments(make_model: MakeModel) -> None:
    bound = make_model().bind_tools(TOOLS, tool_choice="any")
    narrow = {"type": "object", "properties": {"question": {"enum": ["Milk?", "加糖吗？"]}}, "required": ["question"]}
    message = bound.invoke(ASKED, legal_tools=["ask_guest", "close_shop"], argument_schemas={"ask_guest": narrow})
    assert set(chances(message)) == {"ask_guest", "close_shop"}
    forced = bound.invoke(ASKED, legal_tools=["ask_guest"], argument_schemas={"ask_guest": narrow})
    assert forced.tool_calls[0]["args"]["question"] in ("Milk?", "加糖吗？")
    assert chances(forced) == {"ask_guest": 1.0}


def test_auto_reports_words_beside_the_tools(make_model: MakeModel) -> None:
    message = make_model().bind_tools(TOOLS).invoke(ASKED)
    assert set(chances(message)) == {"", *NAMES}
    assert sum(chances(message).values()) == pytest.approx(1)
    assert message.text
    assert not message.tool_calls


def test_a_prior_can_turn_words_into_a_call(make_model: MakeModel) -> None:
    model = make_model(choice_prior={"": 1e6}, max_tokens=400)
    message = model.bind_tools(TOOLS).invoke(ASKED)
    assert len(message.tool_calls) == 1
    assert chances(message)[""] < 0.5


def test_the_empty_prior_divides_and_is_computed_once(make_model: MakeModel) -> None:
    model = make_model()
    options: dict[str, Any] = {"tools": TOOLS, "tool_choice": "any"}
    plain = chances(model.invoke(ASKED, **options))
    neutral = chances(model.invoke([ASKED[0], HumanMessage("")], **options))
    divided = chances(model.invoke(ASKED, choice_prior="empty", **options))
    ratio = {name: plain[name] / neutral[name] for name in plain}
    total = sum(ratio.values())
    # A batch of another size is multiplied in another order: BF16 keeps two to three digits of a chance.
    assert divided == pytest.approx({name: value / total for name, value in ratio.items()}, rel=0.06)
    before = model.stats()
    model.invoke(ASKED, choice_prior="empty", **options)
    assert (model.stats() - before).prefill_tokens <= 2


def test_sampled_choices_follow_the_distribution(make_model: MakeModel) -> None:
    model = make_model(temperature=1.0, seed=None)
    nothing = {name: {"type": "object", "properties": {}} for name in NAMES}
    bound = model.bind_tools(TOOLS, tool_choice="any", argument_schemas=nothing)
    messages = [bound.invoke(ASKED) for _ in range(60)]
    expected = chances(messages[0])
    for name in NAMES:
        share = sum(message.tool_calls[0]["name"] == name for message in messages) / len(messages)
        assert share == pytest.approx(expected[name], abs=0.22)


# calls


@pytest.mark.parametrize("max_tokens", [1, 3, 12, 60])
def test_a_forced_call_is_whole_whatever_the_budget(make_model: MakeModel, max_tokens: int) -> None:
    line = {"type": "object", "properties": {"what": TEXT, "n": {"type": "integer"}}, "required": ["what", "n"]}
    deep = tool("order", "Order things.", note=TEXT, lines={"type": "array", "items": line})
    message = make_model(max_tokens=max_tokens, temperature=1.5).invoke(ASKED, tools=[deep], tool_choice="order")
    assert not message.invalid_tool_calls
    arguments = message.tool_calls[0]["args"]
    assert set(arguments) == {"note", "lines"}
    assert all(set(line) == {"what", "n"} for line in arguments["lines"])


def test_a_free_call_is_cut_off_and_invalid(make_model: MakeModel) -> None:
    model = make_model(choice_prior={"": 1e9}, max_tokens=2)
    options: dict[str, Any] = {"tools": [tool("write", "Write a letter.", text=TEXT)]}
    message = model.invoke("Write me a letter about the sea.", **options)
    assert message.response_metadata["finish_reason"] == "length"
    assert not message.tool_calls
    assert message.invalid_tool_calls[0]["name"] == "write"
    whole = merged(model.stream("Write me a letter about the sea.", **options))
    assert not whole.tool_calls
    assert whole.invalid_tool_calls


def test_streamed_and_whole_calls_agree(make_model: MakeModel) -> None:
    bound = make_model().bind_tools(TOOLS, tool_choice="brew_tea")
    chunks = [chunk for chunk in bound.stream(ASKED) if isinstance(chunk, AIMessageChunk)]
    whole = merged(chunks)
    message = bound.invoke(ASKED)
    assert whole.tool_calls[0]["args"] == message.tool_calls[0]["args"]
    assert 1 <= message.tool_calls[0]["args"]["cups"] <= 9
    assert sum(len(chunk.tool_call_chunks) for chunk in chunks) > 2
    assert chunks[-1].usage_metadata is not None


def test_the_model_gets_results_of_tools(make_model: MakeModel) -> None:
    call = {"name": "brew_tea", "args": {"kind": "green", "cups": 1}, "id": "1"}
    messages = [*ASKED, AIMessage("", tool_calls=[call]), ToolMessage("One green tea.", tool_call_id="1")]
    message = make_model().bind_tools(TOOLS, tool_choice="none").invoke(messages, text_grammar="sentence")
    assert message.text.strip()
    assert not set(message.text) & set("{}[]<>`|")


@pytest.mark.parametrize("language", ["Tell me a story.", "给我讲一个故事。"])
def test_words_hold_no_braces(make_model: MakeModel, language: str) -> None:
    model = make_model(temperature=2.0, top_p=1.0, top_k=0, min_p=0.0, max_tokens=24)
    message = model.bind_tools(TOOLS, tool_choice="none").invoke(language)
    assert message.text.strip()
    assert "\ufffd" not in message.text[:-1]
    assert not set(message.text) & set("{}[]<>`|")


def test_structured_output_fits(make_model: MakeModel) -> None:
    schema = {
        "title": "Order",
        "type": "object",
        "properties": {"drink": {"enum": ["tea", "coffee"]}, "cups": {"type": "integer", "minimum": 1, "maximum": 3}},
        "required": ["drink", "cups"],
    }
    for method in ("json_schema", "function_calling", "json_mode"):
        answer = make_model().with_structured_output(schema, method=method).invoke("Two teas please")
        assert answer["drink"] in ("tea", "coffee")
        assert answer["cups"] in (1, 2, 3)


def test_a_keyword_that_cannot_be_followed_is_named(make_model: MakeModel) -> None:
    schema = {"title": "T", "type": "object", "properties": {"a": {"not": {"type": "string"}, "type": "integer"}}}
    with pytest.raises(ModelError, match="not"):
        make_model().with_structured_output(schema).invoke("x")


# memory


def test_no_token_twice(make_model: MakeModel) -> None:
    model = make_model(n_ctx=4096)
    bound = model.bind_tools(TOOLS, tool_choice="any")
    history: list[Any] = list(ASKED)
    new = evaluated = known = 0
    for turn in range(6):
        before = model.stats()
        message = bound.invoke(history)
        spent = usage(message)
        if turn:
            new += spent["input_tokens"] + spent["output_tokens"] - known
            evaluated += (model.stats() - before).evaluated_tokens
        known = spent["input_tokens"] + spent["output_tokens"]
        done = ToolMessage("Done.", tool_call_id=message.tool_calls[0]["id"] or "")
        history += [message, done, HumanMessage(f"And number {turn}, please.")]
    assert evaluated <= 1.15 * new


def test_a_call_leaves_the_shared_beginning_untouched(make_model: MakeModel) -> None:
    model = make_model()
    bound = model.bind_tools(TOOLS)
    bound.invoke(ASKED, tool_choice="any")
    again = bound.invoke(ASKED, tool_choice="none", text_grammar="sentence")
    spent = usage(again)
    assert spent["input_token_details"]["cache_read"] == spent["input_tokens"] - 1


def test_two_conversations_keep_their_memory(make_model: MakeModel) -> None:
    model = make_model(cache_bytes=64 * 2**20)
    long_ago = [HumanMessage("The sea is wide and the ship is small. " * 20)]
    other = [HumanMessage("Mountains are high and the hut is warm. " * 20)]
    first = model.invoke(long_ago)
    model.invoke(other)
    again = model.invoke(long_ago)
    assert again.text == first.text
    spent = usage(again)
    assert spent["input_token_details"]["cache_read"] >= spent["input_tokens"] - 1


def test_memory_does_not_change_answers(make_model: MakeModel) -> None:
    warm = make_model(max_tokens=12)
    questions = [
        [HumanMessage(f"Say something about {thing}. " * 8)] for thing in ("tea", "rain", "tea", "snow", "rain")
    ]
    with_memory = [warm.invoke(question).text for question in questions]
    cold = make_model(max_tokens=12, cache_bytes=0)

    def forget(engine: Any) -> None:
        engine.reset()

    without: list[str] = []
    for question in questions:
        cold._worker().call(forget)
        without.append(cold.invoke(question).text)
    assert with_memory == without


# many at once, and stopping


def test_equal_settings_share_an_engine(make_model: MakeModel) -> None:
    one, two = make_model(), make_model(temperature=1.0)
    one.load()
    two.load()
    assert one._worker() is two._worker()
    assert one._worker() is not make_model(n_ctx=1024)._worker()
    assert one.model_copy(update={"n_ctx": 1024})._worker() is not one._worker()


def test_eight_threads_get_their_own_answers(make_model: MakeModel) -> None:
    model = make_model(max_tokens=8)
    questions = [f"Write the word number{i}" for i in range(8)]
    expected = [model.invoke(question).text for question in questions]
    found: list[str | None] = [None] * 8
    failures: list[BaseException] = []

    def work(place: int) -> None:
        try:
            if place % 3 == 2:
                stream = model.stream(questions[place])
                next(stream)
                stream.close()  # type: ignore[attr-defined]
            found[place] = model.invoke(questions[place]).text
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert found == expected


def test_a_closed_stream_frees_the_model(make_model: MakeModel) -> None:
    model = make_model(max_tokens=1000)
    stream = model.stream("Count to one thousand.")
    for _ in range(3):
        next(stream)
    before = model.stats().sampled_tokens
    stream.close()  # type: ignore[attr-defined]
    model.invoke("Hello", max_tokens=1)
    assert model.stats().sampled_tokens - before < 60


async def test_a_cancelled_task_frees_the_model(make_model: MakeModel) -> None:
    model = make_model(max_tokens=1000, n_ctx=8192)
    model.load()
    # Long enough to read that no machine has answered by the time it is cancelled.
    task = asyncio.create_task(model.ainvoke("Count to one thousand. " * 700))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    answer = await asyncio.wait_for(model.ainvoke("Hello", max_tokens=1), 5)
    assert answer.text


async def test_a_long_prompt_is_cancelled_while_it_is_read(make_model: MakeModel) -> None:
    model = make_model(n_ctx=8192)
    model.load()
    before = model.stats().evaluated_tokens
    task = asyncio.create_task(model.ainvoke("sea " * 4000))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(model.ainvoke("Hello", max_tokens=1), 5)
    assert model.stats().evaluated_tokens - before < 3000


def test_timeout_is_langchains_too(make_model: MakeModel) -> None:
    from langchain_core.exceptions import ModelTimeoutError

    model = make_model(timeout=0.05, max_tokens=1000)
    with pytest.raises(ModelTimeoutError):
        model.invoke("Count to one thousand.")
    assert make_model().invoke("Hello", max_tokens=2).text


# failures


def test_overflow_is_langchains_too(make_model: MakeModel) -> None:
    model = make_model(n_ctx=256)
    for error in (ContextOverflow, ContextOverflowError):
        with pytest.raises(error, match="256"):
            model.invoke("tea " * 400)
    assert model.invoke("Hello").text
    filled = model.invoke("tea " * 200, max_tokens=500)
    assert filled.response_metadata["finish_reason"] in ("length", "stop")


def test_a_cut_or_scrambled_file_gives_an_error_with_the_cure(tmp_path: Path, make_model: MakeModel) -> None:
    whole = embedded_model_path()
    cut = tmp_path / "cut.gguf"
    with whole.open("rb") as source, cut.open("wb") as target:
        shutil.copyfileobj(source, target)
        target.truncate(whole.stat().st_size // 2)
    scrambled = tmp_path / "scrambled.gguf"
    scrambled.write_bytes(b"GGUF" + np.random.default_rng(1).bytes(4096))
    header = tmp_path / "header.gguf"
    header.write_bytes(b"GGUF\x03\x00\x00\x00")
    for path in (cut, scrambled, header):
        with pytest.raises(ModelError, match="cannot load") as caught:
            ChatLlamaCpp(model_path=str(path)).invoke("x")
        assert "download it again" in caught.value.hint
    with pytest.raises(ModelError, match="does not fit"):
        make_model(lora_path=str(embedded_model_path(fast=False)), n_ctx=256).invoke("x")


def test_closing_and_using_again() -> None:
    model = ChatLlamaCpp(n_ctx=512, max_tokens=2)
    assert model.invoke("Hello").text
    thread = model._worker()._thread
    model.close()
    thread.join(10)
    assert not thread.is_alive()
    assert model.stats().calls == 0
    assert model.invoke("Hello").text
    model.close()


def test_counting_tokens(make_model: MakeModel) -> None:
    model = make_model()
    assert model.get_num_tokens("") == 0
    assert model.get_num_tokens("Hello world") == 2
    assert model.get_num_tokens("<|im_end|>") > 1
    message = model.invoke(ASKED, tools=TOOLS, tool_choice="any")
    assert model.get_num_tokens_from_messages(ASKED, tools=TOOLS) == usage(message)["input_tokens"]


def test_stop_texts_and_seeds(make_model: MakeModel) -> None:
    model = make_model(max_tokens=40)
    # A prompt read at once and one kept in memory may differ where two tokens nearly tie.
    model.invoke("Tell me about tea.")
    text = model.invoke("Tell me about tea.").text
    stop = text[10:14]
    stopped = model.invoke("Tell me about tea.", stop=[stop])
    assert stopped.text == text[: text.index(stop)]
    chance = make_model(temperature=1.2, seed=7)
    assert chance.invoke("Tell me about tea.").text == chance.invoke("Tell me about tea.").text


def test_the_fast_copy_is_made_once_and_whole() -> None:
    for adapted in (False, True):
        path = embedded_model_path(adapted=adapted)
        before = path.stat().st_mtime_ns
        assert embedded_model_path(adapted=adapted).stat().st_mtime_ns == before
        assert not list(path.parent.glob(".making-*"))
    assert path.stat().st_size < embedded_model_path(fast=False).stat().st_size


def test_report() -> None:
    report = cpu_report()
    json.dumps(report)
    assert report["physical_cores"] >= 1
    assert report["amx_guard"] is report["features"].get("AMX_INT8", False)


def test_words_in_many_scripts_are_streamed_whole(make_model: MakeModel) -> None:
    model = make_model(temperature=1.0, seed=3, max_tokens=40)
    started = time.perf_counter()
    pieces = [chunk.text for chunk in model.stream("请用中文回答：你好！")]
    assert time.perf_counter() - started < 60
    assert "\ufffd" not in "".join(pieces)[:-1]


PROGRAM = """
import os, sys
from chatrec.agent.llm import ChatLlamaCpp
model = ChatLlamaCpp(max_tokens=2000, temperature=0, n_ctx=4096)
stream = model.stream("Tell a long story.")
next(stream)
if sys.argv[1] == "drop":
    del stream, model
elif sys.argv[1] == "fork":
    child = os.fork()
    if child == 0:
        sys.exit(0 if model.invoke("Hello", max_tokens=2).text else 1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("ending", ["drop", "keep", "fork"])
def test_a_process_may_end_while_the_model_speaks(ending: str) -> None:
    if ending == "fork" and sys.platform != "linux":
        pytest.skip("forking a process with threads is for Linux")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ending], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
