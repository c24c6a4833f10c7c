"""The OpenAI-compatible server, with the clients that people use."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import SecretStr
from tests.agent.doors.serving import RuledModel, WritingModel, rooms_of, served

from chatrec.agent.doors._keys import Keys
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._serve_app import serve_app
from chatrec.testing import tea_catalog

Messages = list[ChatCompletionMessageParam]


@pytest.fixture
def rooms() -> dict[str, Room]:
    return rooms_of()


@pytest.fixture
def url(rooms: dict[str, Room]) -> Generator[str, None, None]:
    with served(serve_app(rooms, keys=Keys([]))) as address:
        yield address


@pytest.fixture
def client(url: str) -> Generator[OpenAI, None, None]:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as opened:
        yield opened


def user(text: str) -> ChatCompletionMessageParam:
    return {"role": "user", "content": text}


def extension(completion: Any) -> dict[str, Any]:
    found: dict[str, Any] = completion.model_extra["chatrec"]
    return found


def test_models_are_the_catalogs(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["teas", "checkerboard"]
    assert client.models.retrieve("teas").owned_by == "chatrec"


def test_a_list_as_text_and_as_data(client: OpenAI) -> None:
    completion = client.chat.completions.create(model="teas", messages=[user("a smoky tea")], user="ana")
    choice = completion.choices[0]
    found = extension(completion)
    assert list(found) == ["act", "recommendations", "question", "probabilities"]
    assert found["act"] == "recommend"
    assert len(found["recommendations"]) == 3
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert all(entry["title"] in (choice.message.content or "") for entry in found["recommendations"])
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (20, 4)
    assert completion.usage.total_tokens == 24


def test_the_catalog_is_chosen_by_the_model(client: OpenAI) -> None:
    board = extension(client.chat.completions.create(model="checkerboard", messages=[user("a red circle")]))
    assert all("colour" in entry["item"] for entry in board["recommendations"])


def test_a_stream_says_the_same(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="teas", messages=[user("a smoky tea")], user="ana")
    chunks = list(
        client.chat.completions.create(
            model="teas",
            messages=[user("a smoky tea")],
            user="ben",
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert extension(chunks[-2]) == extension(whole)
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_sentences_come_while_the_model_still_writes() -> None:
    model = WritingModel()
    with (
        served(serve_app(rooms_of(tea_catalog(), model=model), keys=Keys([]))) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client,
    ):
        text, doing = "", list[str]()
        for chunk in client.chat.completions.create(model="teas", messages=[user("a smoky tea")], stream=True):
            if more := chunk.choices[0].delta.content:
                text += more
                model.may.release()  # only now it may write the next sentence
            elif chunk.model_extra and not chunk.choices[0].finish_reason:
                doing += chunk.model_extra["chatrec"]
        assert text.startswith("Have a look. They are dark and strong. Take your time.\n\nOnly 2 match ")
        assert doing == ["understood", "step"]
        stopped = client.chat.completions.create(
            model="teas", messages=[user("a smoky tea")], stream=True, stop="strong", user="ben"
        )
        assert "".join(c.choices[0].delta.content or "" for c in stopped) == "Have a look. They are dark and "


async def test_asynchronously(url: str) -> None:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        whole = await client.chat.completions.create(model="teas", messages=[user("a smoky tea")])
        stream = await client.chat.completions.create(model="teas", messages=[user("a smoky tea")], stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == whole.choices[0].message.content


def test_through_langchain(url: str) -> None:
    model = ChatOpenAI(base_url=f"{url}/v1", api_key=SecretStr("none"), model="teas", max_retries=0)
    message = model.invoke("a smoky tea")
    assert "1. " in message.text
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == 24
    assert "".join(chunk.text for chunk in model.stream("a smoky tea")) == message.text


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_with_curl(url: str) -> None:
    body = json.dumps({"model": "teas", "messages": [user("a smoky tea")], "stream": True})
    command = ["curl", "--silent", "--no-buffer", f"{url}/v1/chat/completions", "-H", "Content-Type: application/json"]
    ran = subprocess.run([*command, "-d", body], capture_output=True, text=True, check=True)
    lines = [line for line in ran.stdout.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert "chatrec" in json.loads(lines[-2].removeprefix("data: "))


def test_a_stop_ends_the_text(client: OpenAI) -> None:
    completion = client.chat.completions.create(model="teas", messages=[user("a tea")], stop=["2. "])
    assert "1. " in (completion.choices[0].message.content or "")
    assert "2. " not in (completion.choices[0].message.content or "")
    assert len(extension(completion)["recommendations"]) == 3


def test_parts_of_text_and_what_changes_nothing(client: OpenAI) -> None:
    completion = client.chat.completions.create(
        model="teas",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": [{"type": "text", "text": "a smoky"}, {"type": "text", "text": "tea"}]},
        ],
        temperature=1.5,
        max_tokens=1,
        seed=3,
        tools=[{"type": "function", "function": {"name": "weather", "parameters": {}}}],
        extra_body={"unheard_of": True},
    )
    assert len(extension(completion)["recommendations"]) == 3


def test_watching(url: str, client: OpenAI) -> None:
    client.chat.completions.create(model="teas", messages=[user("a tea from Ljubljana")], user="anastasia")
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{url}/ready").json() == {"status": "ready"}
    text = httpx.get(f"{url}/metrics").text
    assert 'chatrec_turns_total{act="recommend",model="teas"} 1.0' in text
    assert 'chatrec_requests_total{method="POST",path="/v1/chat/completions",status="200"} 1.0' in text
    assert "anastasia" not in text
    assert "Ljubljana" not in text


def test_the_access_log_names_nobody(rooms: dict[str, Room], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="chatrec")
    app = serve_app(rooms, keys=Keys([("anna-key", "00" * 32)]), user_header="x-user")
    with served(app) as url:
        headers = {"Authorization": "Bearer secret-secret-secret", "x-user": "anastasia"}
        body = {"model": "teas", "messages": [user("Ljubljana")], "user": "anastasia"}
        assert httpx.post(f"{url}/v1/chat/completions?q=Ljubljana", json=body, headers=headers).status_code == 401
        httpx.get(f"{url}/anastasia", headers=headers)
    assert caplog.messages
    assert "POST /v1/chat/completions 401" in caplog.text
    for word in ("anastasia", "Ljubljana", "secret", "anna-key", "127.0.0.1"):
        assert word not in caplog.text


class Slow(RuledModel):
    """Thinks until it is told to stop; says when it began and when it stopped."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.replies.append("began")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.replies.append("stopped")
            raise
        raise AssertionError


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("stream", [True, False])
def test_who_goes_away_frees_the_model(stream: bool) -> None:
    model = Slow()
    rooms = rooms_of(model=model)
    with served(serve_app(rooms, keys=Keys([]), most_turns=1)) as url:
        body = {"model": "teas", "messages": [user("a tea")], "stream": stream, "user": "ana"}
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/chat/completions", json=body, timeout=0.5)
        wait_until(lambda: model.replies == ["began", "stopped"])
        wait_until(lambda: httpx.get(f"{url}/ready").status_code == 200)
        assert rooms["teas"].agent.owners.threads("ana") == ()


async def test_who_cancels_frees_the_model() -> None:
    model = Slow()
    with served(serve_app(rooms_of(model=model), keys=Keys([]))) as url:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
            stream = await client.chat.completions.create(model="teas", messages=[user("a tea")], stream=True)
            await anext(stream)
            await asyncio.to_thread(wait_until, lambda: model.replies == ["began"])
            await stream.close()
            await asyncio.to_thread(wait_until, lambda: model.replies == ["began", "stopped"])


def test_too_many_are_told_to_come_back() -> None:
    model = Slow()
    with served(serve_app(rooms_of(model=model), keys=Keys([]), most_turns=1), grace=1) as url:
        body = {"model": "teas", "messages": [user("a tea")], "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body):
            wait_until(lambda: model.replies == ["began"])
            refused = httpx.post(f"{url}/v1/chat/completions", json=body)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["error"]["code"] == "overloaded"
            assert httpx.get(f"{url}/ready").status_code == 503
            assert httpx.get(f"{url}/health").status_code == 200
            assert "chatrec_busy_total 1.0" in httpx.get(f"{url}/metrics").text
