"""A reader who types what a page shows: in a folder with their files, one command after the other.

What is not as it stands is in the tables here: what takes hours is made short, an address elsewhere is one of the
tests' own, a file of gigabytes is a small one of the same kind. A server is asked once, where it listens, and stopped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from tests.agent.llm.gguf_files import thin_model
from typer.testing import CliRunner

from chatrec.agent import create_recommender
from chatrec.agent.doors import cli
from chatrec.agent.doors._session import Session
from chatrec.agent.llm import embedded_model_path
from chatrec.indexes import Catalog, Recommender, home, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel

ROOT = Path(__file__).resolve().parent.parent
CODE = "import sys; from chatrec.agent.doors.cli import main; sys.argv[0] = 'chatrec'; main()"
SMALL = "qwen2.5-3b-instruct-q4_k_m.gguf"
"""The larger model of the pages; here one of six thin layers with random weights."""
ADDED = {
    "chatrec tune": ["--model", SMALL, "--minutes", "0.01", "--count", "1", "--held", "1", "--embedder", "hashing"],
    "chatrec evaluate": ["--model", SMALL, "--count", "1", "--people", "0", "--embedder", "hashing"],
    "chatrec doctor --tune": ["--model", SMALL, "--seconds", "1"],
    "chatrec chat --adapter": ["--model", SMALL],
    "python -m bench turn": ["--model", SMALL, "--turns", "2"],
}
"""What is added to a command that would take minutes, or hours."""
TYPED = {"chat": "hello\n/profile\n/quit\n", "forget": "y\n", "tune": "y\n"}
"""What the reader types."""
SAYS = {
    "chat": r"> hello\n.+|\"reply\": ",
    "doctor": "Kept: ",
    "tune": "settings beside it|it was not kept, the adapter before it stays",
    "evaluate": "as used, by act",
    "index": r"\d+ items\n",
    "init": "chatrec.toml: ",
    "export": '"feedback"',
    "forget": "ana",
    "database": "steps taken|up to date|CREATE TABLE",
    "migrate": r"copied and compared: \d+ catalogs",
    "key": r"^\S{20,}$",
}
"""What is to be read afterwards."""
INITIALIZE = (
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", '
    '"capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}\n'
)


class Reader:
    """Types commands in the folder that is current.

    Args:
        patch: For settings that a page exports.
        elsewhere: Addresses of the pages, and what stands in their place.
    """

    def __init__(self, patch: pytest.MonkeyPatch, **elsewhere: str) -> None:
        self._patch = patch
        self._elsewhere = elsewhere
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self._ending.close()

    def types(self, line: str) -> None:
        """Run a line; it must end well, and say what it is for."""
        for shown, own in self._elsewhere.items():
            line = line.replace(shown, own)
        words = shlex.split(line, comments=True)
        if words[0] == "make":
            words = _made(words)
        if words[0] == "export":
            self._patch.setenv(*words[1].split("=", 1))
        elif words[0] == "pip":  # the tests' environment was made so: here, that there are such extras
            project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
            assert set(re.findall(r"\w+", line.partition("[")[2])) <= {*project["optional-dependencies"]}
        elif words[0] == "python":
            _bench([*words, *_added(words)], self._patch)
        elif "--bare" in words:
            url = self._ending.enter_context(served([*words[1:], "--model", SMALL]))
            self._elsewhere |= {"http://127.0.0.1:8000": url, "http://127.0.0.1:11434/v1#qwen3:8b": f"{url}/bare/v1"}
        elif words[1] == "web":
            with served(words[1:]) as url:
                assert httpx.get(url, follow_redirects=True).status_code in {200, 401}
        elif words[1] == "serve" or "--http" in words:
            _asked(words)
        elif words[1] == "mcp":
            _greeted(words)
        else:
            said = run([*words, *_added(words)], typed=TYPED.get(words[1]))
            assert re.search(SAYS[words[1]], said, re.MULTILINE), said


def run(words: list[str], *, typed: str | None = None) -> str:
    """Run `chatrec` in this process; what it says on both streams."""
    assert words[0] == "chatrec", words
    ran = CliRunner().invoke(cli.app, words[1:], input=typed)
    refused = str(ran.exception or "")
    assert ran.exit_code == 0 or re.search(SAYS.get(words[1], "^$"), refused), (ran.output, ran.exception)
    return ran.output + refused


def files(folder: Path, cheeses: str) -> None:
    """What a reader of the pages has: a catalog, who liked what, a larger model; twenty films by two demos' names."""
    (folder / "dishes.csv").write_text(cheeses, "utf-8")
    (folder / "cheeses.csv").write_text(cheeses, "utf-8")
    names = re.findall(r"^([^,]+),", cheeses, re.MULTILINE)[1:]
    liked = [f"p{person},{names[(person + step) % len(names)]}" for person in range(8) for step in range(5)]
    (folder / "ratings.csv").write_text("\n".join(["user,item", *liked]) + "\n", "utf-8")
    lines = (ROOT / "indexes" / "catalogs" / "films.jsonl").read_text("utf-8").splitlines(keepends=True)
    for name in ("films", "shop"):
        (folder / name).write_text("".join(lines[:20]), "utf-8")
    thin_model(folder / SMALL, embedded_model_path())


def talks(catalog: Path, *, user: str, count: int) -> None:
    """Conversations of the reader's, kept at home, in each of which a list was shown and an item of it was liked."""
    with open_store(home() / "people.db") as store, open_checkpointer(home() / "threads.db") as checkpointer:
        recommender = Recommender(Catalog.load(catalog), store=store, embedder=HashingEmbedder())
        for number in range(count):
            model = ScriptedChatModel(replies=[("recommend", {})], bounds_choice=True)
            agent = create_recommender(recommender, model=model, store=store, checkpointer=checkpointer)
            session = Session(agent, recommender, user_id=user, thread_id=f"{user}-{number}")
            session.send("what do you have?")
            session.feedback("accept", 1)


def _added(words: list[str]) -> list[str]:
    line = " ".join(words)
    return next((options for start, options in ADDED.items() if line.startswith(start)), [])


def _made(words: list[str]) -> list[str]:
    """The last command of a target: what is before it installs what the tests run in."""
    command = ["make", "--dry-run", "--no-print-directory", *words[1:]]  # under another make it would name the folder
    dry = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    program, *rest = shlex.split(dry.stdout.splitlines()[-1])
    return [Path(program).name, *rest]


def _bench(words: list[str], patch: pytest.MonkeyPatch) -> None:
    from bench import __main__, _results

    assert words[1:3] == ["-m", "bench"], words
    out = Path.cwd() / "results"
    into = ["--results", str(out), "--out", str(out)] if words[3] == "plots" else []
    patch.setattr(_results, "FOLDER", out)
    patch.setattr(sys, "argv", ["bench", *words[3:], *into])
    assert __main__.main() == 0
    assert (out / ("turn.svg" if into else f"{words[3]}.json")).is_file()


def _asked(words: list[str]) -> None:
    """A server in this process: asked for its health when it listens, then told to stop."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    heard: list[str] = []

    def ask() -> None:
        with contextlib.suppress(AssertionError):
            heard.append(_health(f"http://127.0.0.1:{port}"))
        os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=ask)
    with _as_before():
        asking.start()
        said = run([*words, "--host", "127.0.0.1", "--port", str(port)])
        asking.join()
    assert heard == ['{"status":"ok"}'], said


@contextlib.contextmanager
def served(words: list[str]) -> Generator[str]:
    """A server in a process of its own; its address, as it says it. Afterwards it is stopped, and leaves with 0."""
    command = [sys.executable, "-c", CODE, *words, "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=_environment()) as process:
        try:
            assert process.stderr is not None
            said = next((line for line in process.stderr if "http://" in line), "")
            yield said[said.index("http://") :].strip().removesuffix("/v1")
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def _greeted(words: list[str]) -> None:
    """A server over standard input: its answer to a client's first words."""
    command = [sys.executable, "-c", CODE, *words[1:]]
    ran = subprocess.run(
        command, input=INITIALIZE, capture_output=True, encoding="utf-8", env=_environment(), timeout=120, check=True
    )
    assert re.search(r'"name": ?"chatrec"', ran.stdout), ran


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _health(url: str) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{url}/health").text
        time.sleep(0.05)
    raise AssertionError(f"nobody answers at {url}")


@contextlib.contextmanager
def _as_before() -> Generator[None]:
    """Signals and logs are afterwards as they were."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    logs = [logging.getLogger(name) for name in ("chatrec", "uvicorn.error")]
    kept = [(log.handlers, log.level, log.propagate) for log in logs]
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for log, (found, level, propagate) in zip(logs, kept, strict=True):
            log.handlers, log.propagate = found, propagate
            log.setLevel(level)
