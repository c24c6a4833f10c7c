"""What docs/serve.md shows is run: its Python, its `curl`, its settings; its commands in tests/test_shown.py."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml  # type: ignore[import-untyped]
from tests.agent.doors.serving import rooms_of, served
from typer.testing import CliRunner

from chatrec.agent.doors._keys import Keys
from chatrec.agent.doors._serve_app import serve_app
from chatrec.agent.doors.cli import app
from chatrec.indexes import Catalog

ROOT = Path(__file__).resolve().parent.parent.parent.parent
TEXT = (ROOT / "docs" / "serve.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in lines if line.split()[0] == program]


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    with served(serve_app(rooms_of(Catalog.load("films")), keys=Keys([]))) as address:
        yield address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("line", commands("curl"))
def test_curl(url: str, line: str) -> None:
    words = shlex.split(line.replace("http://127.0.0.1:8000", url))
    ran = subprocess.run([*words, "--silent", "--fail"], capture_output=True, text=True, encoding="utf-8", check=True)
    assert "films" in ran.stdout
    assert "error" not in json.loads(ran.stdout)


def test_python(url: str) -> None:
    snippet = "\n".join(blocks("python"))
    names: dict[str, Any] = {}
    exec(compile(snippet.replace("http://127.0.0.1:8000", url), "serve.md", "exec"), names)
    with names["client"]:
        completion = names["completion"]
        assert completion.choices[0].message.content
        listed = completion.model_extra["chatrec"]
        for field in ("act", "recommendations", "question", "probabilities"):
            assert f"| `{field}` |" in TEXT
        assert set(listed) == {"act", "recommendations", "question", "probabilities"}
        for field in listed["recommendations"][0]:
            assert f"`{field}`" in TEXT


def test_defaults_are_as_told() -> None:
    options = {p.name: p for p in typer.main.get_command(app).commands["serve"].params}  # type: ignore[attr-defined]
    assert options["body_limit"].default == 2**20
    assert options["max_turns"].default == 64
    assert options["port"].default == 8000
    assert "120 times a minute" in TEXT


def test_settings_can_be_read() -> None:
    (settings,) = blocks("yaml")
    (endpoint,) = yaml.safe_load(settings)["endpoints"]["custom"]
    assert endpoint["baseURL"].endswith(":8000/v1")
    (servers,) = blocks("json")
    started = json.loads(servers)["mcpServers"]["chatrec"]
    command = typer.main.get_command(app).commands["mcp"]  # type: ignore[attr-defined]
    assert started["args"][0] == "mcp"
    command.make_context("mcp", started["args"][1:])
    (environment,) = blocks("ini")
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in environment.splitlines())


@pytest.mark.parametrize("name", ["serve", "mcp", "key"])
def test_help_teaches_with_examples(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"chatrec {name}" in shown.output
