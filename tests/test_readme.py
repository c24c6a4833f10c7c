"""What the README shows is run: its Python, and the session against the demo catalog; its commands in test_shown.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatrec.agent._texts import card
from chatrec.indexes import Catalog
from chatrec.testing import ScriptedChatModel

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SHOWN = README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def blocks(kind: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    lines = [line for block in blocks("console", SHOWN) for line in block.splitlines()]
    return [line[2:].split("#")[0].strip() for line in lines if line.startswith(f"$ {program}")]


def said() -> list[str]:
    return re.findall(r"^> (.+)$", blocks("console")[0], re.MULTILINE)


@pytest.mark.real_model
def test_python_runs_as_it_stands() -> None:
    snippets = blocks("python")
    assert len(snippets) == 4
    names: dict[str, Any] = {"model": ScriptedChatModel(replies=["Hello."])}
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), names)
        if "result" in names:
            result = names.pop("result")
            assert result["messages"][-1].text
            assert result["recommendations"] or result["question"] or result["messages"][-1].text
            shown = [entry["id"] for entry in result["recommendations"]]
            assert all(item_id in names["catalog"] for item_id in shown)
    said_back = names["agent"].invoke(
        {"messages": [{"role": "user", "content": "hello"}]}, context=names["RecommenderContext"](user_id="ana")
    )
    assert said_back["messages"][-1].text
    assert len(names["tools"]) == 6


@pytest.mark.parametrize("line", commands("make"))
def test_make_targets_exist(line: str) -> None:
    target = line.split()[1]
    ran = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_result_is_within_thirty_lines() -> None:
    end = README.index("```", README.index("```console") + 3)
    assert README[:end].count("\n") <= 30


def test_the_session_shows_items_as_the_demo_catalog_has_them() -> None:
    catalog = Catalog.load("films")
    by_title = {item.title: item for item in catalog.items}
    lines = [line for line in blocks("console")[0].splitlines() if re.match(r"\d\. ", line)]
    assert len(lines) >= 3
    for line in lines:
        number, title = re.match(r"(\d)\. (.+) \(", line).groups()  # type: ignore[union-attr]
        entry = {"title": title, "item": by_title[title].as_dict(), "reason": ""}
        assert line == card(int(number), entry, catalog.facets, "en")


def test_ci_runs_the_readmes_test_command() -> None:
    assert "`make test`" in README
    assert (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == "make test"


@pytest.mark.real_model
def test_the_session_can_be_had(chatrec_home: Path) -> None:
    """The same words give lists and notes again; which items depends on machine and version."""
    options = [word for line in said() for word in ("--message", line)]
    code = "import sys; from chatrec.agent.doors.cli import main; sys.argv[0] = 'chatrec'; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "chat", *options], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert re.findall(r"^> (.+)$", ran.stdout, re.MULTILINE) == said()
    assert "Noted: not “" in ran.stdout
