from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from chatrec.agent.tuning.__main__ import main


@pytest.mark.parametrize("command", ["generate", "train", "export", "evaluate"])
def test_every_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--" in capsys.readouterr().out


@pytest.mark.real_model
def test_conversations_are_generated_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "some.jsonl.gz"
    assert main(["generate", str(out), "--count", "2", "--embedder", "hashing", "--seed", "3"]) == 0
    assert out.is_file()
    assert "decisions in" in capsys.readouterr().out


def test_a_refusal_is_one_line_with_a_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "no.gguf"
    wrong.write_bytes(b"<html>")
    assert main(["evaluate", "--model", str(wrong), "--count", "1"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "GGUF" in said
