from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.agent.llm.gguf_files import small_model

from chatrec.agent.llm import ChatLlamaCpp, _tuned, embedded_model_path, shipped_adapter
from chatrec.agent.llm._model_files import default_weights, derived_path
from chatrec.agent.llm._quantize import quantize
from chatrec.agent.llm._threads import ThreadChooser
from chatrec.agent.llm._tune import Progress, choose, thread_counts, tune
from chatrec.agent.llm._tuned import AS_GIVEN, Measured, choice_for, known_costs, store_choice
from chatrec.errors import ModelError


def row(kind: str, reading: float, writing: float, *, same: float = 1.0, divergence: float = 0.0) -> Measured:
    return Measured(kind, 100.0, {1: reading, 2: reading * 1.5}, {1: writing, 2: writing / 2}, same, divergence)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    return path


def test_the_fastest_that_agrees_is_chosen() -> None:
    wrong = row("wrong", 900, 300, same=0.68, divergence=0.3)
    drifting = row("drifting", 900, 300, same=0.95, divergence=0.2)
    quick, slow = row("quick", 500, 100, same=0.96), row("slow", 200, 100)
    assert choose([slow, wrong, quick, drifting]).kind == "quick"
    assert choose([wrong, drifting]).kind == "drifting"


@pytest.mark.parametrize(("most", "counts"), [(1, [1]), (2, [1, 2]), (4, [1, 2, 4]), (8, [1, 2, 3, 4, 6, 8])])
def test_threads_that_are_tried(most: int, counts: list[int]) -> None:
    assert thread_counts(most) == counts


def test_a_choice_is_kept_and_told(model: Path, chatrec_home: Path) -> None:
    assert choice_for(model) is None
    store_choice(model, weights="Q8_0", n_batch=256, rows=[row("Q4_0", 9, 9), row("Q8_0", 100, 50, same=0.96)])
    choice = choice_for(model)
    assert choice is not None
    assert (choice.weights, choice.n_batch, choice.best_threads()) == ("Q8_0", 256, (2, 1))
    assert choice.reason == "reads 150 and writes 50 tokens a second, agrees on 96%"
    assert known_costs(model)[True][1] == pytest.approx(1 / 50)
    assert known_costs(model)[False][2] == pytest.approx(1 / 150)
    other = model.with_name("other.gguf")
    other.write_bytes(model.read_bytes())
    assert choice_for(other) is None
    store_choice(other, weights="Q4_0", n_batch=128, rows=[row("Q4_0", 9, 9)])
    assert choice_for(model) == choice
    assert [path.name for path in chatrec_home.iterdir()] == ["tuned.json"]


@pytest.mark.parametrize(
    ("what", "says"),
    [("processor", "the processor"), ("cores", "the number of cores"), ("library", "llama.cpp")],
)
def test_a_choice_made_elsewhere_is_stale(model: Path, what: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store_choice(model, weights="Q8_0", n_batch=256, rows=[row("Q8_0", 100, 50)])
    now = _tuned.circumstances(model)
    monkeypatch.setattr(_tuned, "circumstances", lambda _: now | {what: "another"})
    assert choice_for(model) is None
    assert known_costs(model) == {}
    old = choice_for(model, stale=True)
    assert old is not None
    assert old.changed(model) == [f"{says} has changed"]


def test_a_choice_for_a_file_that_was_replaced_is_stale(model: Path) -> None:
    store_choice(model, weights="Q8_0", n_batch=256, rows=[row("Q8_0", 100, 50)])
    model.write_bytes(b"GGUF" + bytes(101))
    assert choice_for(model) is None


@pytest.mark.parametrize(
    "harm",
    [
        lambda kept: kept | {"rows": []},
        lambda kept: kept | {"weights": "Q2_K"},
        lambda kept: kept | {"n_batch": 0},
        lambda kept: kept | {"rows": [kept["rows"][0] | {"reading": {"1": 0}}]},
        lambda kept: {key: value for key, value in kept.items() if key != "rows"},
        lambda kept: "Q8_0",
    ],
)
def test_a_damaged_choice_is_none(model: Path, chatrec_home: Path, harm: Any) -> None:
    store_choice(model, weights="Q8_0", n_batch=256, rows=[row("Q8_0", 100, 50)])
    file = chatrec_home / "tuned.json"
    held = json.loads(file.read_text("utf-8"))
    held["choices"] = {name: harm(kept) for name, kept in held["choices"].items()}
    file.write_text(json.dumps(held), "utf-8")
    assert choice_for(model) is None
    file.write_text("{", "utf-8")
    assert choice_for(model) is None


def test_known_costs_decide_the_first_number_of_threads() -> None:
    known = {True: {1: 0.01, 4: 0.02}, False: {1: 0.004, 4: 0.002, 16: 0.001}}
    chooser = ThreadChooser(8, known=known)
    assert chooser.pick(1) == 1
    assert chooser.pick(32) == 4
    for _ in range(5):
        chooser.note(1, 1, 1.0)
    assert chooser.pick(1) == 4
    assert ThreadChooser(8, fixed=True, known=known).pick(1) == 8


@pytest.mark.real_model
def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Q9") as caught:
        quantize(embedded_model_path(fast=False), tmp_path / "x.gguf", "Q9")
    assert "Q8_0" in caught.value.hint
    assert list(tmp_path.glob("*.gguf")) == []


@pytest.mark.real_model
def test_what_cannot_be_quantized_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(OSError, match=r"Q8_0 of bad\.gguf"):
        quantize(tmp_path / "bad.gguf", tmp_path / "out" / "x.gguf", "Q8_0")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.real_model
def test_tuning_measures_what_it_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrec.agent.llm._tune.BATCHES", (64,))
    monkeypatch.setattr("chatrec.agent.llm._tune.READ", 16)
    monkeypatch.setattr("chatrec.agent.llm._tune.WRITTEN", 2)
    told: list[Progress] = []
    outcome = tune(
        embedded_model_path(fast=False),
        keep=lambda kind: tmp_path / f"{kind}.gguf",
        on_progress=told.append,
        seconds=1,
        kinds=("Q4_0", "Q8_0"),
    )
    rows = {row.kind: row for row in outcome.rows}
    assert set(rows) == {AS_GIVEN, "Q4_0", "Q8_0"}
    assert rows["Q8_0"].same > 0.9 > rows["Q4_0"].same
    assert rows["Q8_0"].divergence < 0.05 < rows["Q4_0"].divergence
    assert outcome.weights in {AS_GIVEN, "Q8_0"}
    assert outcome.file is not None
    assert outcome.file.exists()
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert told[-1].left == 0


@pytest.mark.real_model
def test_tuning_that_is_stopped_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def stop(step: Progress) -> None:
        if step.doing.startswith("comparing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(embedded_model_path(fast=False), keep=lambda kind: tmp_path / kind, on_progress=stop, kinds=("Q8_0",))
    assert [path for path in tmp_path.iterdir() if path.name != "chatrec-home"] == []


@pytest.mark.real_model
def test_the_embedded_model_follows_the_choice_but_not_a_stale_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert embedded_model_path() == derived_path(default_weights())
    source = embedded_model_path(fast=False)
    store_choice(source, weights="Q4_0", n_batch=128, rows=[row("Q4_0", 100, 50)])
    assert embedded_model_path() == derived_path("Q4_0") == embedded_model_path(adapted=True)
    assert embedded_model_path().stat().st_size < source.stat().st_size
    store_choice(source, weights=AS_GIVEN, n_batch=128, rows=[row(AS_GIVEN, 100, 50)])
    assert embedded_model_path() == source
    monkeypatch.setattr(_tuned, "processor", lambda: "another")
    assert embedded_model_path() == derived_path(default_weights())


@pytest.mark.real_model
def test_an_adapter_is_used_over_the_weights_it_was_trained_on() -> None:
    adapter = shipped_adapter()["lora_path"]
    settings: dict[str, Any] = {"temperature": 0, "max_tokens": 1, "n_ctx": 256}
    with pytest.raises(ModelError, match="trained on its Q4_0") as caught:
        ChatLlamaCpp(**settings).invoke("Hello", lora_path=adapter)
    assert "lora_scale=0" in caught.value.hint
    assert ChatLlamaCpp(**settings, lora_path=adapter).invoke("Hello").text


def test_a_model_in_another_number_format(tmp_path: Path, chatrec_home: Path) -> None:
    given = small_model(tmp_path / "small.gguf")
    first = ChatLlamaCpp(model_path=str(given), weights="BF16", n_ctx=64, max_tokens=4, seed=1)
    text = first.invoke("hello").text
    (made,) = (chatrec_home / "models").iterdir()
    assert made.name.startswith("small.BF16-")
    written = made.stat().st_mtime_ns
    again = ChatLlamaCpp(model_path=str(given), weights="BF16", n_ctx=64, max_tokens=4, seed=1)
    assert again.invoke("hello").text == text
    assert made.stat().st_mtime_ns == written
    part = tmp_path / "big-00001-of-00003.gguf"
    part.write_bytes(given.read_bytes())
    with pytest.raises(ModelError, match="one of several files"):
        ChatLlamaCpp(model_path=str(part), weights="Q8_0").load()
    given.write_bytes(given.read_bytes() + bytes(32))  # another file under the same name is converted anew
    ChatLlamaCpp(model_path=str(given), weights="BF16", n_ctx=64).load()
    assert len(list((chatrec_home / "models").iterdir())) == 2
