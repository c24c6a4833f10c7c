"""Requests that cannot be answered: each gets OpenAI's own error, and the server lives on."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from tests.agent.doors.serving import RuledModel, rooms_of, served

from chatrec.agent.doors._keys import Keys
from chatrec.agent.doors._serve_app import serve_app
from chatrec.errors import ContextOverflow, ModelError

LIMIT = 2**20
"""As it is by default."""
SECRET = "they said: secret"


class Breaking(RuledModel):
    """Breaks at a word."""

    def _choice(self, words: list[str]) -> tuple[str, dict[str, Any]]:
        if "overflow" in words:
            raise ContextOverflow("too long", hint="be brief")
        if "model" in words:
            raise ModelError(SECRET, hint="x")
        if "defect" in words:
            raise RuntimeError(SECRET)
        return super()._choice(words)


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    with served(serve_app(rooms_of(model=Breaking()), keys=Keys([]), body_limit=LIMIT)) as address:
        yield address


def said(*roles: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": "a tea"} for role in roles]


def body(**more: Any) -> dict[str, Any]:
    return {"model": "teas", "messages": said("user")} | more


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    error: dict[str, Any] = response.json()["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert error["message"]
    return error


def lives(url: str) -> None:
    answer = httpx.post(f"{url}/v1/chat/completions", json=body())
    assert answer.status_code == 200
    assert len(answer.json()["chatrec"]["recommendations"]) == 3


TEXT = {"type": "text", "text": "a tea"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
BAD: dict[str, tuple[Any, int, str | None, str]] = {
    "no model": ({"messages": said("user")}, 400, "model", "missing_required_parameter"),
    "unknown model": (body(model="gpt-9"), 404, "model", "model_not_found"),
    "model is a number": (body(model=3), 400, "model", "invalid_value"),
    "no messages": ({"model": "teas"}, 400, "messages", "missing_required_parameter"),
    "empty messages": (body(messages=[]), 400, "messages", "empty_array"),
    "messages is a text": (body(messages="a tea"), 400, "messages", "invalid_value"),
    "a message is null": (body(messages=[None]), 400, "messages[0]", "invalid_value"),
    "a message without role": (
        body(messages=[{"content": "x"}]),
        400,
        "messages[0].role",
        "missing_required_parameter",
    ),
    "10,000 messages": (body(messages=said(*["user", "assistant"] * 5_000)), 400, "messages", "array_above_max_length"),
    "2,049 messages": (body(messages=said(*["user"] * 2_049)), 400, "messages", "array_above_max_length"),
    "assistant last": (body(messages=said("user", "assistant")), 400, "messages", "invalid_role_order"),
    "system alone": (body(messages=said("system")), 400, "messages", "invalid_role_order"),
    "system last": (body(messages=said("user", "system")), 400, "messages", "invalid_role_order"),
    "a tool's message": (body(messages=said("user", "tool", "user")), 400, "messages[1].role", "invalid_value"),
    "an unheard-of role": (body(messages=said("king")), 400, "messages[0].role", "invalid_value"),
    "no words": (body(messages=[{"role": "user", "content": " \n"}]), 400, "messages", "empty_message"),
    "null words": (
        body(messages=[{"role": "user", "content": None}]),
        400,
        "messages[0].content",
        "invalid_value",
    ),
    "an endless word": (
        body(messages=[{"role": "user", "content": "x" * 20_001}]),
        400,
        "messages[0].content",
        "string_above_max_length",
    ),
    "an image": (
        body(messages=[{"role": "user", "content": [TEXT, IMAGE]}]),
        400,
        "messages[0].content[1].type",
        "unsupported_content",
    ),
    "several choices": (body(n=2), 400, "n", "unsupported_value"),
    "log probabilities": (body(logprobs=True), 400, "logprobs", "unsupported_value"),
    "a forced tool": (body(tool_choice="required"), 400, "tool_choice", "unsupported_value"),
    "JSON": (body(response_format={"type": "json_object"}), 400, "response_format", "unsupported_value"),
    "sound": (body(modalities=["text", "audio"]), 400, "modalities", "unsupported_value"),
    "a user that is no text": (body(user={"a": 1}), 400, "user", "invalid_value"),
    "a user with a line break": (body(user="ana\nben"), 400, "user", "invalid_value"),
    "half a character as user": (body(user="\ud800"), 400, "user", "invalid_value"),
    "a long user": (body(user="x" * 257), 400, "user", "invalid_value"),
    "stream is a text": (body(stream="yes"), 400, "stream", "invalid_value"),
    "a list": ([1, 2], 400, None, "invalid_value"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests(url: str, name: str) -> None:
    sent, status, param, code = BAD[name]
    headers = {"Content-Type": "application/json"}
    error = refused(httpx.post(f"{url}/v1/chat/completions", content=json.dumps(sent), headers=headers), status)
    assert (error["param"], error["code"]) == (param, code)
    lives(url)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"model": "teas", "messages": [', b"[" * 100_000, b"null"]
)
def test_broken_bodies(url: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused(httpx.post(f"{url}/v1/chat/completions", content=content, headers=headers), 400)
    lives(url)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_huge_body(url: str, chunked: bool) -> None:
    content = b" " * (LIMIT + 1)
    sent: Any = iter([content]) if chunked else content
    headers = {"Content-Type": "application/json"}
    error = refused(httpx.post(f"{url}/v1/chat/completions", content=sent, headers=headers), 413)
    assert error["code"] == "request_too_large"
    lives(url)


def test_a_page_of_the_web_cannot_send_a_form(url: str) -> None:
    """Browsers ask before they send JSON elsewhere, and do not before plain text."""
    sent = json.dumps(body())
    response = httpx.post(f"{url}/v1/chat/completions", content=sent, headers={"Content-Type": "text/plain"})
    refused(response, 400)


@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}])
def test_pages_of_the_web_are_not_answered(url: str, header: dict[str, str]) -> None:
    assert refused(httpx.post(f"{url}/v1/chat/completions", json=body(), headers=header), 403)["code"] == "forbidden"
    assert httpx.get(f"{url}/v1/models", headers={"Origin": "http://localhost:3000"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/responses"),
        ("GET", "/docs"),
    ],
)
def test_other_addresses(url: str, method: str, path: str) -> None:
    assert refused(httpx.request(method, url + path), 404)["code"] == "unknown_url"


def test_an_unknown_model_is_not_found(url: str) -> None:
    assert refused(httpx.get(f"{url}/v1/models/gpt-9"), 404)["code"] == "model_not_found"


def test_what_breaks_tells_no_words(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for word, status, code in (
        ("overflow", 400, "context_length_exceeded"),
        ("model", 500, "ModelError"),
        ("defect", 500, "internal_error"),
    ):
        sent = body(messages=[{"role": "user", "content": f"{word} Ljubljana"}])
        assert refused(httpx.post(f"{url}/v1/chat/completions", json=sent), status)["code"] == code
        streamed = httpx.post(f"{url}/v1/chat/completions", json=sent | {"stream": True})
        assert streamed.status_code == 200
        last = streamed.text.strip().split("\n\n")[-1].removeprefix("data: ")
        assert json.loads(last)["error"]["code"] == code
        assert "secret" not in streamed.text
        lives(url)
    assert "secret" not in caplog.text
    assert "Ljubljana" not in caplog.text


def test_the_official_client_raises_its_own_errors(url: str) -> None:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        with pytest.raises(openai.NotFoundError, match="does not exist"):
            client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "x"}])
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="teas", messages=[])
        assert caught.value.code == "empty_array"
        with pytest.raises(openai.APIError, match="made a mistake"):
            list(
                client.chat.completions.create(
                    model="teas", messages=[{"role": "user", "content": "defect"}], stream=True
                )
            )
    lives(url)


@pytest.mark.parametrize(
    "sent", [b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/chat/completions HTTP/1.1\r\n"]
)
def test_what_is_no_http(url: str, sent: bytes) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)
    lives(url)
