"""`chatrec tune --from-log` and `chatrec evaluate` up to where the model would be needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatrec.agent.doors.cli import app
from chatrec.errors import ModelError

pytest.importorskip("torch")


def test_without_a_yes_nothing_is_read(tmp_path: Path, chatrec_home: Path) -> None:
    out = tmp_path / "mine.gguf"
    ended = CliRunner().invoke(app, ["tune", str(out), "--from-log"], input="n\n")
    assert ended.exit_code == 1
    assert "Nothing leaves this machine" in ended.output
    assert "Learn from them?" in ended.output
    assert not out.exists()
    assert not (chatrec_home / "people.db").exists()
    assert not (chatrec_home / "threads.db").exists()


def test_a_home_without_conversations_teaches_nothing(tmp_path: Path) -> None:
    out = tmp_path / "mine.gguf"
    ended = CliRunner().invoke(app, ["tune", str(out), "--from-log", "--yes"])
    assert isinstance(ended.exception, ModelError)
    assert "0 acts in 0 conversations were confirmed" in str(ended.exception)
    assert not out.exists()
    assert not out.with_suffix(".own").exists()
