"""Names on the hub, against a server on loopback that speaks the few endpoints needed; each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from chatrec.agent.llm import ChatLlamaCpp
from chatrec.agent.llm._hub import matching, parse_hub_name
from chatrec.errors import ModelError

pytest.importorskip("huggingface_hub")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROGRAM = """
import json, sys, time
from chatrec.agent.llm._hub import hub_file
from chatrec.errors import ModelError
begun = time.monotonic()
try:
    said = {"path": str(hub_file(sys.argv[1]))}
except ModelError as error:
    said = {"error": str(error), "hint": error.hint}
print(json.dumps(said | {"seconds": time.monotonic() - begun}))
"""


@dataclass
class Hub:
    """What the server has, and what it was asked."""

    files: dict[str, bytes]
    sums: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    break_after: int | None = None
    url: str = ""

    def sum_of(self, name: str) -> str:
        return self.sums.get(name) or hashlib.sha256(self.files[name]).hexdigest()


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append((self.command, path, self.headers.get("Range") or ""))
            if path.startswith("/api/models/owner/tiny"):
                listed = {"id": "owner/tiny", "sha": COMMIT, "siblings": [{"rfilename": name} for name in hub.files]}
                self._send(200, json.dumps(listed).encode(), {"Content-Type": "application/json"}, body=body)
                return
            name = path.rpartition("/resolve/main/")[2] or path.rpartition("/")[2]
            if name not in hub.files:
                code = "EntryNotFound" if "/tiny/" in path else "RepoNotFound"
                self._send(404, b"", {"X-Error-Code": code}, body=body)
                return
            data, headers = hub.files[name], {"X-Repo-Commit": COMMIT, "ETag": f'"{hub.sum_of(name)}"'}
            headers["Accept-Ranges"] = "bytes"
            start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206 if start else 200, data[start:], headers, body=body)

        def _send(self, code: int, data: bytes, headers: dict[str, str], *, body: bool) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and hub.break_after is not None and len(data) > hub.break_after:
                self.wfile.write(data[: hub.break_after])
                self.wfile.flush()
                self.close_connection = True
            elif body:
                self.wfile.write(data)

    return Handler


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub({"tiny-Q4_K_M.gguf": b"GGUF" + bytes(range(256)) * 400, "tiny-Q8_0.gguf": b"GGUF8", "README.md": b"#"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(hub: Hub, home: Path, name: str, **env: str) -> dict[str, Any]:
    cleared = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "CHATREC_HOME": str(home / "own"), **env}
    settings |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name],
        env=cleared | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_a_file_is_downloaded_once_and_then_read_offline(hub: Hub, tmp_path: Path) -> None:
    first = fetch(hub, tmp_path, "hf:owner/tiny:Q4_K_M")
    assert Path(first["path"]).read_bytes() == hub.files["tiny-Q4_K_M.gguf"]
    hub.asked.clear()
    for env in ({}, {"HF_HUB_OFFLINE": "1"}):
        assert fetch(hub, tmp_path, "hf:owner/tiny:*Q4_K_M.gguf", **env)["path"] == first["path"]
    assert hub.asked == []


def test_a_download_that_broke_off_goes_on(hub: Hub, tmp_path: Path) -> None:
    # The library writes what has arrived every ten megabytes.
    hub.files["tiny-Q4_K_M.gguf"] = b"GGUF" + bytes(range(256)) * 90_000
    hub.break_after = 15_000_000
    broken = fetch(hub, tmp_path, "hf:owner/tiny:tiny-Q4_K_M.gguf", HF_HUB_DOWNLOAD_TIMEOUT="2")
    got = [asked for asked in hub.asked if asked[0] == "GET" and asked[1].endswith("Q4_K_M.gguf")]
    hub.break_after = None
    again = fetch(hub, tmp_path, "hf:owner/tiny:tiny-Q4_K_M.gguf")
    assert Path(again["path"]).read_bytes() == hub.files["tiny-Q4_K_M.gguf"]
    later = [asked for asked in hub.asked if asked[0] == "GET" and asked[1].endswith("Q4_K_M.gguf")][1:]
    assert got
    assert any(int(asked[2][6:].partition("-")[0] or 0) >= 10_000_000 for asked in later), later
    assert "path" in broken or "try again" in broken["hint"]


def test_what_is_not_what_the_hub_states_is_deleted(hub: Hub, tmp_path: Path) -> None:
    hub.sums["tiny-Q8_0.gguf"] = "ab" * 32
    said = fetch(hub, tmp_path, "hf:owner/tiny:Q8_0")
    assert "damaged" in said["error"]
    assert not [path for path in (tmp_path / "hf").rglob("*") if path.name in ("ab" * 32, "tiny-Q8_0.gguf")]
    del hub.sums["tiny-Q8_0.gguf"]
    assert Path(fetch(hub, tmp_path, "hf:owner/tiny:Q8_0")["path"]).read_bytes() == b"GGUF8"


def test_offline_fails_at_once_with_the_cure(hub: Hub, tmp_path: Path) -> None:
    said = fetch(hub, tmp_path, "hf:owner/tiny:Q8_0", HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE" in said["error"]
    assert "path of a GGUF file" in said["hint"]
    nobody = Hub({}, url="http://127.0.0.1:9")
    said = fetch(nobody, tmp_path, "hf:owner/tiny:Q8_0")
    assert "path of a GGUF file" in said["hint"]
    assert said["seconds"] < 60
    assert hub.asked == []


def test_a_wrong_name_is_told_what_there_is(hub: Hub, tmp_path: Path) -> None:
    assert "tiny-Q8_0.gguf" in fetch(hub, tmp_path, "hf:owner/tiny:Q5_1")["hint"]
    assert "owner/other" in fetch(hub, tmp_path, "hf:owner/other:Q8_0")["error"]


def test_names() -> None:
    assert parse_hub_name("hf:a/b:Q4_0@v1") == ("a/b", "Q4_0", "v1")
    files = ["m-Q4_K.gguf", "m-Q4_K_M.gguf", "m-q8_0-00001-of-00002.gguf", "m-q8_0-00002-of-00002.gguf", "x.md"]
    assert matching("Q4_K", files, "n") == ["m-Q4_K.gguf"]
    assert matching("q8_0", files, "n") == files[2:4]
    with pytest.raises(ModelError, match="fits 2 files"):
        matching("*Q4*", files, "n")
    for wrong in ("hf:a:b", "hf:a/b", "hf:", "hf:a/b:c:d"):
        with pytest.raises(ModelError, match="hf:"):
            ChatLlamaCpp(model_path=wrong)
    assert ChatLlamaCpp(model_path="hf:a/b:Q4_0").model_name == "a/b:Q4_0"
