"""Whatever threads, cancellations and prompts do to it, the embedded model goes on and answers as before."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.exceptions import ContextOverflowError, ModelTimeoutError

from chatrec.agent.llm import ChatLlamaCpp, shipped_adapter
from chatrec.agent.llm._errors import QueueFull
from chatrec.errors import ModelError

MakeModel = Callable[..., ChatLlamaCpp]

pytestmark = pytest.mark.real_model

QUESTION = "What is tea made of?"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 99}}, "required": ["n"]}
FORMAT = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "count", "description": "Count.", "parameters": SCHEMA}}
ADAPTER: dict[str, Any] = {"lora_path": shipped_adapter()["lora_path"], "lora_scale": 0.0}
SYSTEM = [("system", "You count things for a warehouse. " * 6)]


def options(rng: random.Random) -> dict[str, Any]:
    chosen: dict[str, Any] = rng.choice(
        [{}, {"response_format": FORMAT}, {"tools": [TOOL]}, {"tools": [TOOL], "tool_choice": "any"}]
    )
    if rng.random() < 0.4:
        chosen = {**chosen, "lora_scale": rng.choice([0.5, 1.0])}
    return {**chosen, "max_tokens": rng.choice([1, 4, 12]), "temperature": rng.choice([0.0, 1.0])}


def asked(rng: random.Random) -> Any:
    length = rng.choice([1, 1, 5, 20, 90])
    return [*rng.choice([[], SYSTEM]), ("user", "how many " * length)]


def closed_early(model: ChatLlamaCpp, rng: random.Random) -> None:
    stream = model.stream(asked(rng), **options(rng))
    for _ in range(rng.randint(1, 3)):
        next(stream, None)
    stream.close()  # type: ignore[attr-defined]


def cancelled(model: ChatLlamaCpp, rng: random.Random) -> None:
    async def run() -> None:
        task = asyncio.create_task(model.ainvoke(asked(rng), **options(rng)))
        await asyncio.sleep(rng.random() * 0.1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())


def whole(model: ChatLlamaCpp, rng: random.Random) -> None:
    chosen = options(rng)
    message = model.invoke(asked(rng), **chosen)
    if chosen.get("tool_choice") == "any":
        assert 0 <= message.tool_calls[0]["args"]["n"] <= 99


def too_late(model: ChatLlamaCpp, rng: random.Random) -> None:
    hurried = model.model_copy(update={"timeout": 0.02 + 0.05 * rng.random()})
    with contextlib.suppress(ModelTimeoutError):
        hurried.invoke(asked(rng), **options(rng))


def too_long(model: ChatLlamaCpp, rng: random.Random) -> None:
    with pytest.raises(ContextOverflowError):
        model.invoke("how many " * 1200, **options(rng))


def test_sixteen_threads_do_what_they_like(make_model: MakeModel) -> None:
    model = make_model(n_ctx=1024, parallel=4, max_waiting=6, cache_bytes=40 * 2**20, max_tokens=12, **ADAPTER)
    before = model.invoke(QUESTION).text
    failures: list[BaseException] = []
    refused: list[QueueFull] = []
    done: list[str] = []
    stop = time.monotonic() + 2.5

    def work(seed: int) -> None:
        rng = random.Random(seed)
        while time.monotonic() < stop:
            act = rng.choice([closed_early, cancelled, whole, whole, too_late, too_long])
            try:
                act(model, rng)
                done.append(act.__name__)
            except QueueFull as error:
                refused.append(error)
                time.sleep(0.05)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()
    assert not failures
    assert len(set(done)) >= 4
    assert model.invoke(QUESTION).text == before

    def idle(engine: Any) -> bool:
        return engine.scheduler.idle and not any(slot.busy for slot in engine.places.slots())

    assert model._worker().call(idle)
    assert not model._worker()._state.live


def test_closing_during_calls_lets_them_end_and_frees_the_model() -> None:
    model = ChatLlamaCpp(n_ctx=768, max_tokens=20, temperature=0)
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(model.invoke(QUESTION).text)) for _ in range(3)]
    for thread in threads:
        thread.start()
    while not model._shared or not model._shared[1]._state.live:
        time.sleep(0.005)
    inner = model._worker()._thread
    model.close()
    for thread in threads:
        thread.join(60)
    assert len(texts) == 3
    model.close()
    inner.join(20)
    assert not inner.is_alive()


def test_a_stopped_worker_ends_every_call() -> None:
    model = ChatLlamaCpp(n_ctx=640, max_tokens=500, temperature=0)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            model.invoke("Count to one thousand.")
        except ModelError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    worker = model._worker()
    while len(worker._state.live) < 3:
        time.sleep(0.005)
    worker.stop()
    for thread in threads:
        thread.join(30)
    assert len(errors) == 3
    assert all("closed" in str(error) for error in errors)


PROGRAM = """
import os, sys, threading, time
from chatrec.agent.llm import ChatLlamaCpp
model = ChatLlamaCpp(max_tokens=2000, temperature=0, n_ctx=1024, parallel=3)
streams = []
def speak(number):
    stream = model.stream(f"Tell a long story of {number}.")
    streams.append(stream)
    for chunk in stream:
        begun.release()
begun = threading.Semaphore(0)
for number in range(3):
    threading.Thread(target=speak, args=(number,), daemon=True).start()
for _ in range(12):
    begun.acquire()
if sys.argv[1] == "fork":
    child = os.fork()
    if child == 0:
        os._exit(0 if model.invoke("Hello", max_tokens=2).text else 1)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))  # the child's end is what is tried
"""


@pytest.mark.parametrize("ending", ["exit", "fork"])
def test_a_process_may_end_while_several_answers_are_made(ending: str) -> None:
    if ending == "fork" and sys.platform != "linux":
        pytest.skip("forking a process with threads is for Linux")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ending], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Fatal" not in done.stderr
