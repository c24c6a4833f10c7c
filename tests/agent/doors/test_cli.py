from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ITEMS = """title,colour,weight in g,description
Green Dawn,green,50,A light cup for early mornings.
Black Harbour,black,80,Strong and smoky for cold evenings.
Red Valley,red,45,Fruity and without caffeine.
Old Cellar,black,120,Aged for years in a cool cellar.
White Hill,white,30,Very delicate buds from one hill.
,white,30,A row without a title.
"""


def chatrec(*words: str, home: Path, say: str | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; from chatrec.agent.doors.cli import main; sys.argv[0] = 'chatrec'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env=os.environ | {"CHATREC_HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        input=say,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "teas.csv"
    path.write_text(ITEMS, "utf-8")
    return path


def test_version(chatrec_home: Path) -> None:
    ran = chatrec("--version", home=chatrec_home)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "chatrec 0.1.0\n", "")


def test_help_names_the_commands_and_loads_nothing_heavy(chatrec_home: Path) -> None:
    code = (
        "import sys; from chatrec.agent.doors.cli import main\n"
        "sys.argv = ['chatrec', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'langchain', 'langchain_core', 'langgraph', 'llama_cpp', 'faiss'} & {*sys.modules}\n"
        "raise SystemExit(f'loaded: {heavy}' if heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert all(name in ran.stdout for name in ("chat", "index", "doctor"))


@pytest.mark.parametrize("words", [["chat", "--nonsense"], ["dance"], ["index"]])
def test_wrong_use_is_told_and_leaves_with_2(words: list[str], chatrec_home: Path) -> None:
    ran = chatrec(*words, home=chatrec_home)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "words", [["index", "nowhere.csv"], ["chat", "--catalog", "nowhere.csv", "--json", "-m", "hello"]]
)
def test_an_error_is_one_line_and_a_hint(words: list[str], chatrec_home: Path) -> None:
    ran = chatrec(*words, home=chatrec_home)
    assert ran.returncode == 1
    assert ran.stdout == ""
    first, second = ran.stderr.splitlines()
    assert first.startswith("chatrec: ")
    assert "nowhere.csv" in first
    assert second.startswith("  ")


@pytest.mark.real_model
def test_index_tells_what_was_found_and_is_kept(items: Path, chatrec_home: Path) -> None:
    ran = chatrec("index", str(items), home=chatrec_home)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert "5 items" in ran.stdout
    assert "30 to 120" in ran.stdout
    assert "1 rows left out" in ran.stdout or "1 row left out" in ran.stdout
    assert "line 7" in ran.stdout
    [folder] = (path for path in (chatrec_home / "indexes").iterdir() if path.is_dir())
    assert str(folder) in ran.stdout
    assert "\x1b" not in ran.stdout
    [rejects] = (chatrec_home / "indexes").glob("*.rejects.jsonl")
    assert str(rejects) in ran.stdout
    assert json.loads(rejects.read_text("utf-8"))["!reject"]["line"] == 7
    [vectors] = folder.glob("vectors-*.bin")
    vectors.write_bytes(b"cut off")
    again = chatrec("index", str(items), home=chatrec_home)
    assert f"built anew: the index in {str(folder)!r} is damaged" in again.stdout


@pytest.mark.real_model
def test_json_is_one_object_a_turn_and_nothing_else(items: Path, chatrec_home: Path) -> None:
    words = ["chat", "--json", "--catalog", str(items), "--thread", "t"]
    ran = chatrec(*words, "-m", "something smoky", "-m", "/like 1", "-m", "another one", home=chatrec_home)
    assert ran.returncode == 0, ran.stderr
    turns = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(turns) == 2
    for turn in turns:
        assert list(turn) == ["reply", "act", "recommendations", "question", "probabilities", "seconds"]
        assert turn["act"] in {"ask", "recommend", "reply", "describe"}
        assert turn["reply"]
        assert sum(turn["probabilities"].values()) == pytest.approx(1, abs=0.01)
    other = chatrec(*words, "--user", "ben", "-m", "hello", home=chatrec_home)
    assert (other.returncode, other.stdout) == (1, "")
    assert "belongs to another user" in other.stderr


@pytest.mark.real_model
def test_a_pipe_gets_plain_text(items: Path, chatrec_home: Path) -> None:
    ran = chatrec(
        "chat", "--catalog", str(items), home=chatrec_home, say="something smoky\n/profile\n/quit\nnever said\n"
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert ran.stdout.startswith("> something smoky\n")
    assert "\n> /profile\n" in ran.stdout
    assert "never said" not in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.real_model
def test_doctor_finds_nothing_broken_here(chatrec_home: Path) -> None:
    ran = chatrec("doctor", home=chatrec_home)
    assert ran.returncode == 0, ran.stdout
    for word in ("llama-cpp-python", "SmolLM2", "Q4_0", "MiniLM", str(chatrec_home), "tokens a second"):
        assert word in ran.stdout


def test_doctor_names_what_is_broken_and_goes_on(monkeypatch: pytest.MonkeyPatch, chatrec_home: Path) -> None:
    from chatrec.agent.doors import _doctor

    def broken() -> None:
        raise OSError("no such luck")

    findings = _doctor._careful(broken)  # type: ignore[arg-type]
    assert [(f.state, f.value) for f in findings] == [("broken", "OSError: no such luck")]
    assert findings[0].cure
