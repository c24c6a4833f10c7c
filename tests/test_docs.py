"""What the pages of docs/ show is run as it stands: the tutorial line by line, snippets, commands with their output.

Blocks of kind `console` are run in the order of the page, those of kind `sh` in test_shown.py; `python` blocks of a
page share their names, `toml` stands in a file that the page's commands wrote, or is read as a schema.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chatrec.agent.doors import cli
from chatrec.indexes import Schema
from chatrec.testing import ScriptedChatModel

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(DOCS.glob("*.md"))}
RUN = ("tutorial", "catalogs", "people", "languages", "models", "privacy", "langchain")
"""Pages whose blocks are run; those of the doors have tests of their own beside the doors."""


def blocks(kind: str, page: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The commands of a block with the lines that are shown under each."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *shown = part.rstrip("\n").split("\n")
        yield shlex.split(line, comments=True), [each for each in shown if each.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, derived_models: Path) -> Path:
    """One folder and one home for all pages: the tutorial's file, indexed and embedded once."""
    folder = tmp_path_factory.mktemp("docs")
    home = folder / "home"
    home.mkdir(mode=0o700)
    (home / "models").symlink_to(derived_models, target_is_directory=True)
    work = folder / "work"
    work.mkdir()
    (work / "cheeses.csv").write_text(blocks("csv", "tutorial")[0], "utf-8")
    return work


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CHATREC_HOME", str(folder.parent / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def run(words: list[str]) -> str:
    """Run a command as it stands; what it says on both streams."""
    assert words[0] == "chatrec", words
    ran = CliRunner().invoke(cli.app, words[1:], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def as_shown(text: str, stands: list[str]) -> None:
    """The lines shown are in the output, in order; one with … stands for whatever is there."""
    rest = iter(text.splitlines())
    for line in stands:
        if "…" not in line:
            assert any(line.rstrip() == each.rstrip() for each in rest), f"{line!r} is not in\n{text}"


@pytest.mark.real_model
def test_the_tutorial_can_be_followed(here: Path) -> None:
    """Commands give what is shown; in the conversation, lists may differ from machine to machine."""
    for block in blocks("console", "tutorial"):
        for words, shown in commands(block):
            if words[0] != "chatrec":
                continue
            out = run(words)
            if words[1] in {"init", "index", "forget"}:
                as_shown(out, shown)
            said = [line for line in shown if line.startswith("> ")]
            assert not said or [line for line in out.splitlines() if line.startswith("> ")] == said
        if "init" in block:
            text = (here / "chatrec.toml").read_text("utf-8")
            before, after = blocks("toml", "tutorial")
            assert before in text
            (here / "chatrec.toml").write_text(text.replace(before, after), "utf-8")
    assert tomllib.loads((here / "chatrec.toml").read_text("utf-8"))["columns"]["good with"]["label"] == "company"
    (here / "chatrec.toml").unlink()


@pytest.mark.real_model
@pytest.mark.parametrize("page", [page for page in RUN if page != "tutorial" and blocks("console", page)])
def test_commands_run_as_they_stand(here: Path, page: str) -> None:
    for block in blocks("console", page):
        for words, shown in commands(block):
            as_shown(run(words), shown)


@pytest.mark.real_model
@pytest.mark.parametrize("page", [page for page in RUN if blocks("python", page)])
def test_python_runs_as_it_stands(here: Path, page: str) -> None:
    call: Any = ("recommend", {})
    names: dict[str, Any] = {"model": ScriptedChatModel(replies=[call, "Here.", call, "There."])}
    with contextlib.redirect_stdout(io.StringIO()):
        for snippet in blocks("python", page):
            exec(compile(snippet, f"docs/{page}.md", "exec"), names)


@pytest.mark.parametrize("page", ["catalogs"])
def test_schemas_are_read(page: str) -> None:
    for block in blocks("toml", page):
        assert Schema.of(tomllib.loads(block)).columns


def test_links_lead_to_pages_and_pictures() -> None:
    linked = {name for text in PAGES.values() for name in re.findall(r"\]\(([\w/.-]+\.(?:md|svg))", text)}
    assert len(linked) > 15
    assert [name for name in linked if not (DOCS / name).is_file()] == []


def test_the_pages_are_named_in_the_readme() -> None:
    assert "docs/tutorial.md" in (ROOT / "README.md").read_text("utf-8")
