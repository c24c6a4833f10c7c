"""A model elsewhere: the same agent over an OpenAI-compatible server of the tests' own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent._assemble import open_model
from chatrec.agent._remote import KEY, remote_model, shown_address
from chatrec.errors import ModelError
from chatrec.indexes import ItemIndex, Recommender, open_checkpointer
from chatrec.testing import HashingEmbedder, tea_catalog


class Server(ThreadingHTTPServer):
    """Gives the answers of a script, and remembers what it was asked."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.asked, self.keys = script, list[dict[str, Any]](), list[str]()
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [{"id": "tiny", "object": "model", "created": 0, "owned_by": "us"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        self.server.keys.append(self.headers["authorization"])
        message = self.server.script.pop(0)
        status = message.pop("status", 200)
        if status != 200:
            self._send(status, {"error": message})
            return
        said = {"role": "assistant", "content": None, **message}
        part = "delta" if asked.get("stream") else "message"
        kind = "chat.completion.chunk" if asked.get("stream") else "chat.completion"
        choice = {"index": 0, part: said, "finish_reason": "stop"}
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        body = {"id": "1", "object": kind, "created": 0, "model": "tiny", "choices": [choice], "usage": usage}
        if asked.get("stream"):
            self._write(200, f"data: {json.dumps(body)}\n\ndata: [DONE]\n\n".encode(), "text/event-stream")
        else:
            self._send(200, body)

    def _send(self, status: int, body: dict[str, Any]) -> None:
        self._write(status, json.dumps(body).encode(), "application/json")

    def _write(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def call(name: str, **args: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(args)}
    return {"tool_calls": [{"id": "c1", "type": "function", "function": function}]}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server([]) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def agent_at(server: Server) -> Any:
    catalog = tea_catalog()
    recommender = Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))
    return create_recommender(
        recommender, model=server.url, store=recommender.store, checkpointer=open_checkpointer(None)
    )


def test_the_same_tools_and_the_same_grounding(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "k3y")
    server.script += [call("recommend", like=[]), {"content": "You will love Dragon Breath 9000! It is cheap."}]
    result = agent_at(server).invoke(
        {"messages": [{"role": "user", "content": "something green"}]},
        context=RecommenderContext(user_id="ana"),
        config={"configurable": {"thread_id": "t"}},
    )
    shown = result["messages"][-1].text
    titles = [entry["title"] for entry in result["recommendations"]]
    assert titles
    assert all(title in shown for title in titles)
    assert "Dragon Breath" not in shown
    assert {tool["function"]["name"] for tool in server.asked[0]["tools"]} >= {
        "recommend",
        "ask_user",
        "record_feedback",
    }
    assert server.asked[0]["model"] == "tiny"
    assert server.asked[1]["stream"], "its words come as it writes them"
    assert result["messages"][-1].usage_metadata["total_tokens"] == 10
    assert server.keys == ["Bearer k3y", "Bearer k3y"]


def test_a_model_is_named_after_the_url(server: Server) -> None:
    server.script += [{"content": "hello"}]
    assert open_model(f"{server.url}#other").invoke("hi").text == "hello"
    assert server.asked[0]["model"] == "other"


@pytest.mark.parametrize(("status", "hint"), [(401, KEY), (400, "#NAME")])
def test_refusals_say_what_to_do(server: Server, status: int, hint: str) -> None:
    server.script += [{"status": status, "message": "no"}]
    with pytest.raises(ModelError, match="refuse") as refusal:
        remote_model(f"{server.url}#tiny").invoke("hi")
    assert hint in refusal.value.hint


def test_a_server_that_is_away_is_told_without_its_password() -> None:
    with pytest.raises(ModelError, match="does not answer") as refusal:
        remote_model("http://ana:s3cr3t@127.0.0.1:9/v1")
    assert "s3cr3t" not in str(refusal.value)
    assert shown_address("http://ana:s3cr3t@h:8/v1?key=s3cr3t") == "http://h:8/v1"


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "langchain_openai", None)
    with pytest.raises(ModelError, match="langchain_openai") as refusal:
        remote_model("http://127.0.0.1:9/v1")
    assert "chatrec[remote]" in refusal.value.hint
