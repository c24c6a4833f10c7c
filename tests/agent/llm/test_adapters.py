"""Adapters: chosen per call, several over one base, and refused where they were made for another one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from chatrec.agent.llm import ChatLlamaCpp, embedded_model_path, shipped_adapter
from chatrec.agent.llm._adapters import chosen_adapters
from chatrec.agent.llm._lora import check_adapter
from chatrec.errors import ModelError

MakeModel = Callable[..., ChatLlamaCpp]

TOOLS = [
    {"type": "function", "function": {"name": name, "description": f"To {name}.", "parameters": {"type": "object"}}}
    for name in ("recommend", "ask_user", "reply")
]

SAID = (
    "Something funny for tonight?",
    "Hello there!",
    "What do you have?",
    "I want a red one under 50",
    "Thanks, that was all.",
    "想找一个便宜的",
    "The second one is too long.",
    "Surprise me.",
)


@pytest.fixture
def adapter() -> str:
    return str(shipped_adapter()["lora_path"])


def chances(model: ChatLlamaCpp, text: str = SAID[0], **options: Any) -> dict[str, float]:
    message = model.invoke(text, tools=TOOLS, tool_choice="any", max_tokens=1, **options)
    found: dict[str, float] = message.response_metadata["tool_probabilities"]
    return found


def distance(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(abs(one[name] - other[name]) for name in one)


def write(path: Path, *, kind: str = "adapter", arch: str = "llama", **tensors: tuple[int, ...]) -> Path:
    """A small adapter; names use __ for dots, shapes are numpy's."""
    writer = gguf.GGUFWriter(path, arch)
    writer.add_string("general.type", kind)
    writer.add_string("adapter.type", "lora")
    writer.add_string("general.base_model.0.name", "Some Other Model")
    writer.add_float32("adapter.lora.alpha", 16.0)
    for name, shape in tensors.items():
        writer.add_tensor(name.replace("__", "."), np.zeros(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_which_adapters_a_call_gets(tmp_path: Path) -> None:
    one, two = (write(tmp_path / name) for name in ("1.gguf", "2.gguf"))
    own = {"lora_path": str(one), "lora_scale": 0.5, "adapters": None}
    none = {"lora_path": None, "lora_scale": 1.0, "adapters": None}
    assert chosen_adapters(none, {}) == ()
    assert chosen_adapters(own, {}) == ((str(one), 0.5),)
    assert chosen_adapters(own, {"lora_scale": 0}) == ()
    assert chosen_adapters(own, {"lora_path": str(two)}) == ((str(two), 0.5),)
    assert chosen_adapters(own, {"adapters": {str(two): 2}}) == ((str(two), 2.0),)
    assert chosen_adapters(own, {"adapters": {}}) == ()
    both = chosen_adapters({**none, "adapters": {str(two): 1, str(one): 0.25}}, {})
    assert both == ((str(one), 0.25), (str(two), 1.0))
    for wrong in ({str(one): float("nan")}, {str(one): "much"}, {str(tmp_path / "none.gguf"): 1}):
        with pytest.raises(ModelError):
            chosen_adapters(none, {"adapters": wrong})


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"blk__0__attn_q__weight__lora_a": (4, 576), "blk__0__attn_q__weight__lora_b": (576, 4)}, None),
        ({"blk__0__attn_q__weight__lora_a": (4, 896), "blk__0__attn_q__weight__lora_b": (896, 4)}, "shape"),
        ({"blk__77__attn_q__weight__lora_a": (4, 576), "blk__77__attn_q__weight__lora_b": (576, 4)}, "does not have"),
        ({"blk__0__attn_q__weight__lora_a": (4, 576)}, "half of its change"),
        ({"blk__0__attn_q__weight__lora_a": (576,), "blk__0__attn_q__weight__lora_b": (576, 4)}, "shape"),
    ],
)
def test_shapes_decide_whether_it_fits(tmp_path: Path, tensors: dict[str, Any], reason: str | None) -> None:
    path = write(tmp_path / "adapter.gguf", **tensors)
    if reason is None:
        check_adapter(path, embedded_model_path())
    else:
        with pytest.raises(ModelError, match=reason) as caught:
            check_adapter(path, embedded_model_path())
        assert "Some Other Model" in str(caught.value)
        assert caught.value.hint


def test_other_architectures_models_and_broken_files_are_refused(tmp_path: Path, adapter: str) -> None:
    base = embedded_model_path()
    check_adapter(Path(adapter), base)
    with pytest.raises(ModelError, match="'qwen2', not 'llama'"):
        check_adapter(write(tmp_path / "qwen.gguf", arch="qwen2"), base)
    with pytest.raises(ModelError, match="no LoRA adapter"):
        check_adapter(base, base)
    whole = Path(adapter).read_bytes()
    for length in (4, 30, 400, 3000):
        cut = tmp_path / f"cut{length}.gguf"
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError, match="does not fit") as caught:
            check_adapter(cut, base)
        assert caught.value.hint


@pytest.mark.real_model
def test_adapters_switch_per_call_and_share_the_weights(make_model: MakeModel, adapter: str, tmp_path: Path) -> None:
    adapted = make_model(lora_path=adapter)
    plain = chances(adapted, lora_scale=0.0)
    full = chances(adapted)
    half = chances(adapted, lora_scale=0.5)
    assert max(abs(full[name] - plain[name]) for name in full) > 0.05
    assert half != pytest.approx(full, abs=1e-3)
    # Memory computed under one adapter is of no use under another: the first answers come again.
    assert chances(adapted) == pytest.approx(full, abs=5e-3)
    assert chances(adapted, adapters={}) == pytest.approx(plain, abs=5e-3)
    twin = tmp_path / "twin.gguf"
    shutil.copy(adapter, twin)
    other = make_model(adapters={str(twin): 0.5})
    assert other._worker() is adapted._worker()
    assert chances(other) == pytest.approx(half, abs=5e-3)
    both = chances(other, adapters={str(twin): 0.5, adapter: 0.5})
    assert distance(both, full) < 0.5 * distance(half, full)


@pytest.mark.real_model
def test_a_refused_adapter_harms_nobody(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model()
    before = model.invoke("Hello", max_tokens=4).text
    wrong = write(tmp_path / "wrong.gguf", arch="qwen2")
    with pytest.raises(ModelError, match="does not fit"):
        model.invoke("Hello", lora_path=str(wrong), max_tokens=4)
    assert model.invoke("Hello", max_tokens=4).text == before


def test_an_adapter_worked_into_the_weights_says_the_same(
    adapter: str, chatrec_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = ChatLlamaCpp(lora_path=adapter, n_ctx=1024, temperature=0)
    inside = ChatLlamaCpp(lora_path=adapter, n_ctx=1024, temperature=0, merge=True)
    plain = ChatLlamaCpp(model_path=str(embedded_model_path(adapted=True)), n_ctx=1024, temperature=0)
    # Rounding tells where two acts are about as likely; so what is changed is summed over several messages.
    wanted, found, before = ([chances(model, text=text) for text in SAID] for model in (beside, inside, plain))
    assert sum(map(distance, found, wanted)) < 0.06 * len(SAID)
    assert sum(map(distance, before, wanted)) > 0.6 * len(SAID)
    assert inside.weights_file().parent == chatrec_home / "models"
    assert ChatLlamaCpp(lora_path=adapter, merge=True).weights_file() == inside.weights_file()
    weaker = ChatLlamaCpp(lora_path=adapter, lora_scale=0.5, merge=True).weights_file()
    assert not inside.weights_file().samefile(weaker)
    assert weaker.stat().st_size == inside.weights_file().stat().st_size
    with pytest.raises(ModelError, match="no call can switch it"):
        inside.invoke("hello", lora_scale=0)

    def full(*_: Any) -> Path:
        raise OSError("no space left")

    monkeypatch.setattr("chatrec.agent.llm._chat_model.merged", full)
    narrow = ChatLlamaCpp(lora_path=adapter, n_ctx=1024, temperature=0, merge=True)
    assert distance(chances(narrow), wanted[0]) < 1e-3  # beside the weights then


def test_a_call_may_bring_an_adapter_where_none_is_worked_in(adapter: str) -> None:
    none = ChatLlamaCpp(model_path=str(embedded_model_path(adapted=True)), n_ctx=1024, temperature=0, merge=True)
    assert distance(chances(none, lora_path=adapter), chances(none)) > 0.1
