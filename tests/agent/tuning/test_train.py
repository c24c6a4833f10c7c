from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.agent.tuning.conftest import VOCAB, tiny_model

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from safetensors.torch import load_file  # noqa: E402

from chatrec.agent.tuning._train import TrainSettings, train  # noqa: E402
from chatrec.errors import ModelError  # noqa: E402

SETTINGS = TrainSettings(
    rank=4, alpha=8.0, rate=0.02, warmup=2, group=4, check_every=4, patience=50, passes=2, threads=1, minutes=5.0
)


def written(path: Path, *, seed: int, count: int = 48) -> Path:
    """Conversations whose right act is told by the last token of the prompt."""
    rng = np.random.default_rng(seed)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for number in range(count):
            prompt = [5, 6, 7, *(int(t) for t in rng.integers(20, VOCAB, size=4)), 10 + int(rng.integers(2))]
            target = 1 if prompt[-1] == 10 else 2
            row = {
                "kept": 0, "more": [*prompt, target], "at": len(prompt), "kind": "name", "choices": [(0, [1, 2])],
                "act": "ask" if target == 1 else "list", "arguments": {}, "legal": [], "said": "", "line": "",
            }  # fmt: skip
            told = {"domain": f"d{number // 12}", "language": "en", "items": 9, "decisions": [row]}
            out.write(json.dumps(told) + "\n")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    return (
        tiny_model(tmp_path / "base.gguf", "llama"),
        written(tmp_path / "data.jsonl.gz", seed=1),
        written(tmp_path / "held.jsonl.gz", seed=2, count=12),
    )


def test_it_learns_what_the_prompt_tells_and_keeps_the_best(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files
    steps: list[Mapping[str, float]] = []
    result = train(base, [data], held, tmp_path / "run", SETTINGS, steps.append)
    before = result["history"][0]
    assert result["best"]["act_loss"] < before["act_loss"] / 2
    assert result["best"]["sure"] > 0.9
    assert result["best"] == min(result["history"], key=lambda found: found["act_loss"])
    kept = json.loads((tmp_path / "run" / "progress.json").read_text("utf-8"))
    assert kept["best"] == result["best"]
    told = [found for found in steps if "minutes_left" in found]
    assert [found["step"] for found in told] == list(range(1, len(told) + 1))
    assert all(found["minutes_left"] >= 0 for found in told)


def test_an_interrupted_run_ends_as_if_it_had_not_been(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files

    def stop(found: Mapping[str, float]) -> None:
        if found["step"] == 6 and "minutes_left" in found:
            raise KeyboardInterrupt

    whole = train(base, [data], held, tmp_path / "whole", SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        train(base, [data], held, tmp_path / "cut", SETTINGS, stop)
    again = train(base, [data], held, tmp_path / "cut", SETTINGS)
    assert again["steps"] == whole["steps"]
    one, other = (load_file(tmp_path / name / "last.safetensors") for name in ("whole", "cut"))
    # The rate falls with the clock as well, so the two are near, not equal.
    assert all(torch.allclose(one[name], other[name], atol=2e-3) for name in one)


def test_a_run_may_begin_with_an_adapter(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files
    first = train(base, [data], held, tmp_path / "run", SETTINGS)
    kept = tmp_path / "run" / "adapter.safetensors"
    again = train(base, [data], held, tmp_path / "again", replace(SETTINGS, passes=1), begin=kept)
    assert again["history"][0]["act_loss"] == pytest.approx(first["best"]["act_loss"], rel=1e-3)


def test_a_folder_with_a_run_of_other_settings_is_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files
    few = replace(SETTINGS, passes=1)
    train(base, [data], held, tmp_path / "run", few)
    with pytest.raises(ModelError, match="other settings"):
        train(base, [data], held, tmp_path / "run", replace(few, rank=8))


def test_a_run_whose_time_was_up_goes_on_with_more(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files
    short = train(base, [data], held, tmp_path / "run", replace(SETTINGS, minutes=1e-9))
    long = train(base, [data], held, tmp_path / "run", SETTINGS)
    assert 0 < short["steps"] < long["steps"]
    assert long["history"][: len(short["history"])] == short["history"]


def test_without_conversations_there_is_nothing_to_learn(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, _, held = files
    empty = written(tmp_path / "empty.jsonl.gz", seed=1, count=0)
    with pytest.raises(ModelError, match="no conversations"):
        train(base, [empty], held, tmp_path / "run", SETTINGS)
    base, data, held = files
    with pytest.raises(ModelError, match="at most 0 tokens"):
        train(base, [data], held, tmp_path / "short", replace(SETTINGS, longest=0))


def test_what_was_wrong_is_unlearnt(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    base, data, held = files
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        told = [json.loads(line) for line in lines]
    for conversation in told:
        (row,) = conversation["decisions"]
        row["more"][-1] = 3 - row["more"][-1]  # of two choices the other one
        row["wrong"] = True
    wrong = tmp_path / "wrong.jsonl.gz"
    with gzip.open(wrong, "wt", encoding="utf-8") as out:
        out.write("".join(json.dumps(conversation) + "\n" for conversation in told))
    result = train(base, [wrong], held, tmp_path / "run", SETTINGS)
    assert result["best"]["act_loss"] < result["history"][0]["act_loss"] / 2


def test_rare_acts_weigh_more() -> None:
    from chatrec.agent.tuning._train import _weights

    rows: list[Any] = [[[{"kind": "name", "act": "ask"}] * 90 + [{"kind": "name", "act": "reply"}] * 10]]
    weights = _weights(rows)
    assert weights["reply"] / weights["ask"] == pytest.approx(3.0)
    assert 0.9 * weights["ask"] + 0.1 * weights["reply"] == pytest.approx(1.0)
