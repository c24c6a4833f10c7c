from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from chatrec.agent.doors import _doctor, _tune
from chatrec.agent.doors._doctor import _tuned as finding
from chatrec.agent.llm import _tuned
from chatrec.agent.llm._tune import Outcome, Progress
from chatrec.agent.llm._tuned import AS_GIVEN, Measured, choice_for, store_choice
from chatrec.errors import ModelError, StoreError


def rows(*kinds: str) -> list[Measured]:
    speeds = {"Q4_0": 400.0, "Q8_0": 300.0, AS_GIVEN: 100.0}
    same = {"Q4_0": 0.6}
    return [Measured(k, 90.0, {1: speeds[k], 2: 10.0}, {1: 9.0, 2: 50.0}, same.get(k, 1.0), 0.0) for k in kinds]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    return path


def run(model: Path, monkeypatch: pytest.MonkeyPatch, tune: Any) -> str:
    monkeypatch.setattr(_tune, "tune", tune)
    out = io.StringIO()
    _tune.tune_and_tell(model, Console(file=out, width=140), seconds=1)
    return out.getvalue()


def found(source: Path, **given: Any) -> Outcome:
    assert given["keep"] is None
    given["on_progress"](Progress("timing", 0.5, 30.0))
    return Outcome(source, AS_GIVEN, 256, rows(AS_GIVEN, "Q8_0", "Q4_0"), {256: 100.0}, AS_GIVEN, source)


def test_the_table_says_what_was_chosen_and_why_not_the_others(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(model, monkeypatch, found)
    lines = {line.split()[1]: line for line in told.splitlines() if line.startswith("│")}
    assert list(lines) == ["Q4_0", "Q8_0", "as"]
    assert "differs too much" in lines["Q4_0"]
    assert "chosen" in lines["as"]
    assert "1, 2" in lines["Q8_0"]
    assert "256 tokens at once" in told
    choice = choice_for(model)
    assert choice is not None
    assert (choice.n_batch, choice.best_threads()) == (256, (1, 2))


def test_stopping_leaves_the_old_choice(model: Path, chatrec_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_choice(model, weights="Q8_0", n_batch=64, rows=rows("Q8_0"))
    before = (chatrec_home / "tuned.json").read_bytes()

    def stopped(source: Path, **given: Any) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(model, monkeypatch, stopped)
    assert (chatrec_home / "tuned.json").read_bytes() == before


def test_a_full_disk_is_told_with_the_cure(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, **given: Any) -> Outcome:
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space") as caught:
        run(model, monkeypatch, full)
    assert "CHATREC_HOME" in caught.value.hint


def test_what_is_no_model_is_refused_before_anything_is_tried(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>", "utf-8")
    with pytest.raises(ModelError, match="not a GGUF"):
        _tune.tune_and_tell(tmp_path / "page.gguf", Console(file=io.StringIO()), seconds=1)


def test_the_doctor_tells_what_is_chosen_and_when_it_no_longer_holds(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--tune" in finding(model).value
    store_choice(model, weights="Q8_0", n_batch=64, rows=rows("Q8_0", "Q4_0"))
    good = finding(model)
    assert (good.state, good.cure) == ("good", "")
    assert good.value.startswith(
        "Q8_0 where no adapter is used, 1 thread to read, 2 threads to write, 64 tokens at once"
    )
    assert "reads 300 and writes 50" in good.value
    monkeypatch.setattr(_tuned, "processor", lambda: "another")
    stale = finding(model)
    assert stale.state == "slow"
    assert "the processor has changed" in stale.value
    assert "--tune" in stale.cure


def test_the_doctor_tells_what_is_kept_of_prompts(chatrec_home: Path) -> None:
    assert _doctor._prefixes().value.startswith("none kept")
    folder = chatrec_home / "prefixes"
    folder.mkdir(parents=True)
    (folder / "a.prefix").write_bytes(bytes(2_000_000))
    assert _doctor._prefixes().value.startswith(f"1 kept for quick starts, 2.0 MB in {folder}; delete the folder")
