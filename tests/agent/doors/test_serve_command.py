"""`chatrec serve` as a process with the embedded model: many at once, a graceful stop; and what it refuses to start."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
import typer.main
from openai import AsyncOpenAI, OpenAI
from typer.testing import CliRunner

from chatrec.agent.doors._keys import load_keys, new_key
from chatrec.agent.doors._serve import admitted
from chatrec.agent.doors.cli import app
from chatrec.errors import StoreError

CODE = "import sys; from chatrec.agent.doors.cli import main; sys.argv[0] = 'chatrec'; main()"
ROWS = "title,colour,price\nGreen Dawn,green,12\nBlack Harbour,black,9\nOld Cellar,black,30\nWhite Hill,white,25\n"
STREAMS = 50
AT_ONCE = 20


@contextmanager
def serving(catalog: Path, *options: str) -> Generator[tuple[str, subprocess.Popen[str]], None, None]:
    """Run the command on a free port; gives its URL and the process."""
    command = [sys.executable, "-c", CODE, "serve", "--catalog", str(catalog), "--port", "0", *options]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment) as process:
        assert process.stderr is not None
        try:
            line = next((line for line in process.stderr if "http://" in line), "")
            assert line.startswith("teas: "), line
            yield line.split()[-1], process
        finally:
            process.kill()


@pytest.mark.real_model
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_fifty_at_once_and_a_graceful_stop(tmp_path: Path, chatrec_home: Path) -> None:
    catalog = tmp_path / "teas.csv"
    catalog.write_text(ROWS, "utf-8")
    with serving(catalog, "--max-turns", str(AT_ONCE)) as (url, process):
        ended = asyncio.run(_many(url))
        assert set(ended) <= {"answered", "busy"}
        assert len(ended) == STREAMS
        assert ended.count("answered") >= AT_ONCE
        with OpenAI(base_url=url, api_key="none", max_retries=0) as client:
            stream = client.chat.completions.create(
                model="teas", messages=[{"role": "user", "content": "a black tea"}], stream=True
            )
            next(iter(stream))
            process.send_signal(signal.SIGTERM)
            rest = list(stream)
        assert rest[-1].choices[0].finish_reason == "stop"
        assert process.wait(timeout=20) == 0


async def _many(url: str) -> list[str]:
    async with AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=120) as client:

        async def one(number: int) -> str:
            words = ("a black tea", "something cheap", "hello", "我想喝茶", "a green tea below 20")[number % 5]
            try:
                stream = await client.chat.completions.create(
                    model="teas", messages=[{"role": "user", "content": words}], user=f"p{number}", stream=True
                )
                chunks = [chunk async for chunk in stream]
            except openai.InternalServerError as error:
                return "busy" if (error.status_code, error.code) == (503, "overloaded") else str(error)
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            return "answered" if text and chunks[-1].choices[0].finish_reason == "stop" else "cut off"

        return await asyncio.gather(*(one(number) for number in range(STREAMS)))


def test_it_does_not_listen_to_others_without_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHATREC_API_KEYS", raising=False)
    for command in (["serve"], ["mcp", "--http"], ["web"]):
        for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
            started = time.perf_counter()
            refused = CliRunner().invoke(app, [*command, "--host", host])
            assert refused.exit_code == 2
            assert "API keys" in " ".join(refused.output.replace("│", " ").split())
            assert time.perf_counter() - started < 5, "it refuses before anything is loaded"
        empty = tmp_path / "keys.txt"
        empty.write_text("# nobody yet\n", "utf-8")
        assert CliRunner().invoke(app, [*command, "--host", "0.0.0.0", "--api-key-file", str(empty)]).exit_code == 2


def test_beyond_this_machine_there_are_a_rate_and_a_body_limit_by_default(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    new_key("ana", file)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rate in (("serve", "120/minute"), ("mcp", "120/minute"), ("web", "30/minute")):
        options = {option.name: option.default for option in commands[name].params}
        assert admitted("0.0.0.0", file, options["rate"], default=rate)[1] == rate
        assert admitted("127.0.0.1", file, options["rate"], default=rate)[1] is None
        assert options.get("body_limit", 2**20) == 2**20, "the page has a bound of its own, tried in test_web.py"


def test_a_rate_is_understood_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["serve", "--rate", "often"]).exit_code == 2


def test_a_key_is_told_once_and_kept_as_a_digest(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    told = [CliRunner().invoke(app, ["key", name, "--file", str(file)]).stdout.strip() for name in ("ana", "ben")]
    assert len(set(told)) == 2
    assert (file.stat().st_mode & 0o077) == 0 or sys.platform == "win32"
    kept = file.read_text("utf-8")
    keys = load_keys(file)
    for name, key in zip(("ana", "ben"), told, strict=True):
        assert key not in kept
        holder = keys.holder(key)
        assert holder is not None
        assert holder.name == name
        assert name not in holder.tag
    assert keys.holder(told[0] + "x") is None
    assert keys.holder("") is None
    assert keys.holder("\ud800") is None


@pytest.mark.parametrize(
    "line",
    ["ana", "ana short", "a/b long-enough-key-0123456789", "ana sha256:12", "ana one two", "ana/ben " + "x" * 20],
)
def test_bad_lines_of_a_key_file_are_told_without_the_key(tmp_path: Path, line: str) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(f"# keys\n{line}\n", "utf-8")
    with pytest.raises(StoreError, match="line 2") as caught:
        load_keys(file)
    assert caught.value.hint
    for word in line.split()[1:]:
        assert word not in str(caught.value)


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        load_keys(tmp_path / "nothing.txt")
