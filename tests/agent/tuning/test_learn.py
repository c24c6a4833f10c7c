from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatrec.agent.llm import embedded_model_path
from chatrec.agent.llm._adapters import adapter_fields
from chatrec.agent.tuning._calibrate import fit_choice, surprise
from chatrec.agent.tuning._evaluate import Judged, write_errors
from chatrec.errors import ModelError
from chatrec.testing import HashingEmbedder


def judged(right: str, ask: float) -> Judged:
    chances = {"ask_user": ask, "recommend": 1 - ask}
    return Judged(right, max(chances, key=lambda name: chances[name]), chances, {}, {}, "said", "line")


def test_a_model_that_asks_too_readily_is_held_back() -> None:
    found = [judged("recommend", 0.7), judged("recommend", 0.6), judged("ask_user", 0.9), judged("recommend", 0.65)]
    fitted = fit_choice(found * 20)
    assert fitted["choice_prior"]["ask_user"] > 1.5
    assert 1 < fit_choice(found)["choice_prior"]["ask_user"] < fitted["choice_prior"]["ask_user"]
    assert surprise(found, **fitted) < surprise(found, {}, 1.0)


def test_a_model_that_is_too_sure_is_flattened() -> None:
    found = [
        judged("ask_user", 0.999),
        judged("recommend", 0.999),
        judged("recommend", 0.001),
        judged("ask_user", 0.001),
    ]
    assert fit_choice(found * 20)["choice_temperature"] == pytest.approx(3.0)


def test_other_choices_are_written_one_a_line(tmp_path: Path) -> None:
    write_errors(tmp_path / "e.jsonl", [judged("recommend", 0.9), judged("recommend", 0.1)])
    rows = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    assert [(row["right"], row["chosen"]) for row in rows] == [("recommend", "ask_user")]


def test_an_adapters_settings_lie_beside_it(tmp_path: Path) -> None:
    weights = tmp_path / "mine.gguf"
    assert adapter_fields(weights) == {"lora_path": str(weights)}
    weights.with_suffix(".json").write_text(json.dumps({"choice_temperature": 1.5, "other": 1}), "utf-8")
    assert adapter_fields(weights) == {"lora_path": str(weights), "choice_temperature": 1.5}


@pytest.mark.real_model
def test_an_adapter_that_decides_no_better_is_not_written(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from chatrec.agent.tuning._learn import learn
    from chatrec.agent.tuning._train import TrainSettings

    told: list[str] = []
    out = tmp_path / "adapter.gguf"
    with pytest.raises(ModelError, match="decides no better") as refused:
        learn(
            embedded_model_path(adapted=True),
            out,
            tmp_path / "run",
            count=1,
            held=1,
            settings=TrainSettings(rate=0.0, rank=2, first=28),
            embedder=HashingEmbedder(),
            tell=lambda what, _done, _total: told.append(what),
        )
    assert "train longer" in str(refused.value.hint)
    assert not out.exists()
    assert list(dict.fromkeys(told)) == ["conversations", "training", "comparison"]
