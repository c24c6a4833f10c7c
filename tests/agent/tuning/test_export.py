from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.agent.llm.llama_source import lora_converter
from tests.agent.tuning.conftest import BLOCKS, HEADS, INNER, KV_HEADS, VOCAB, WIDTH, llama_logits, tiny_model

torch = pytest.importorskip("torch")
gguf: Any = pytest.importorskip("gguf")

from chatrec.agent.tuning._export import as_peft, export_adapter, read_adapter  # noqa: E402
from chatrec.agent.tuning._model import LoraModel, LoraSettings, load_base  # noqa: E402
from chatrec.errors import ModelError  # noqa: E402

TOKENS = [3, 17, 88, 5, 5, 41, 60, 2, 9, 33]


def adapted(path: Path, *, rank: int = 4, first: int = 0) -> LoraModel:
    """The tiny model with an adapter that is far from zero."""
    shape, tensors = load_base(path, dtype=torch.float32)
    model = LoraModel(shape, tensors, LoraSettings(rank, 2.0 * rank, first), seed=5).eval()
    made = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, values in model.adapter.items():
            if name.endswith("_b"):
                values.copy_(torch.randn(values.shape, generator=made) * 0.2)
    return model


def torch_logits(model: LoraModel, tokens: list[int], shared: int) -> NDArray[np.float32]:
    rest = len(tokens) - shared
    with torch.no_grad():
        _, hidden = model(
            torch.tensor(tokens[:shared]),
            torch.tensor(tokens[shared:])[None],
            torch.arange(shared, len(tokens))[None],
            torch.ones(1, rest, rest).tril().bool(),
        )
        return np.asarray(model.logits(hidden[0, -1:])[0].numpy(), dtype=np.float32)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_torch_and_llama_cpp_compute_the_same_logits_without_and_with_the_adapter(
    tmp_path: Path, architecture: str
) -> None:
    base = tiny_model(tmp_path / "base.gguf", architecture)
    model = adapted(base)
    adapter = export_adapter(
        dict(model.adapter.items()),
        tmp_path / "adapter.gguf",
        architecture=architecture,
        alpha=model.settings.alpha,
        half=False,
    )
    with_adapter = llama_logits(base, TOKENS, adapter)
    assert np.abs(torch_logits(model, TOKENS, 4) - with_adapter).max() < 2e-3
    plain = LoraModel(model.shape, load_base(base, dtype=torch.float32)[1], LoraSettings(4, 8.0)).eval()
    without = llama_logits(base, TOKENS)
    assert np.abs(torch_logits(plain, TOKENS, 4) - without).max() < 2e-3
    assert np.abs(with_adapter - without).max() > 0.1


def test_the_shared_part_may_be_cut_anywhere(tmp_path: Path) -> None:
    model = adapted(tiny_model(tmp_path / "base.gguf", "llama"))
    one, other = torch_logits(model, TOKENS, 1), torch_logits(model, TOKENS, 7)
    assert np.abs(one - other).max() < 1e-4


def test_blocks_before_the_first_have_no_adapter(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base.gguf", "llama")
    model = adapted(base, first=2)
    path = export_adapter(
        dict(model.adapter.items()), tmp_path / "adapter.gguf", architecture="llama", alpha=8.0, half=False
    )
    names = {tensor.name for tensor in gguf.GGUFReader(str(path)).tensors}
    assert names
    assert all(name.startswith("blk.2.") for name in names)
    assert np.abs(torch_logits(model, TOKENS, 3) - llama_logits(base, TOKENS, path)).max() < 2e-3


def test_an_adapter_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    model = adapted(tiny_model(tmp_path / "base.gguf", "llama"), first=1)
    kept = dict(model.adapter.items())
    path = export_adapter(kept, tmp_path / "adapter.gguf", architecture="llama", alpha=8.0, half=False)
    read, settings = read_adapter(path)
    assert settings == LoraSettings(4, 8.0, 1)
    assert read.keys() == kept.keys()
    assert all(torch.equal(read[name], kept[name]) for name in kept)
    kept.pop("2_ffn_up_a")
    export_adapter(kept, path, architecture="llama", alpha=8.0)
    with pytest.raises(ModelError, match="not of the shape"):
        read_adapter(path)


def test_an_architecture_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "base.gguf", "qwen2")
    path.write_bytes(path.read_bytes().replace(b"qwen2", b"gemma"))
    with pytest.raises(ModelError, match="gemma"):
        load_base(path)


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_the_tensors_are_those_that_llama_cpps_own_converter_writes(tmp_path: Path, architecture: str) -> None:
    from safetensors.torch import save_file

    model = adapted(tiny_model(tmp_path / "base.gguf", architecture))
    adapter = dict(model.adapter.items())
    mine = export_adapter(adapter, tmp_path / "mine.gguf", architecture=architecture, alpha=8.0, half=False)
    peft, base = tmp_path / "peft", tmp_path / "base"
    peft.mkdir()
    named = as_peft(adapter, architecture=architecture, heads=HEADS, kv_heads=KV_HEADS)
    save_file(named, peft / "adapter_model.safetensors")
    (peft / "adapter_config.json").write_text(json.dumps({"r": 4, "lora_alpha": 8, "peft_type": "LORA"}))
    base.mkdir()
    config: dict[str, Any] = {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}[architecture]],
        "model_type": architecture, "hidden_size": WIDTH, "intermediate_size": INNER, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "num_hidden_layers": BLOCKS, "vocab_size": VOCAB, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 128, "rope_theta": 10000.0,
    }  # fmt: skip
    (base / "config.json").write_text(json.dumps(config))
    theirs = tmp_path / "theirs.gguf"
    command = [str(lora_converter()), str(peft), "--base", str(base), "--outfile", str(theirs), "--outtype", "f32"]
    made = subprocess.run([sys.executable, *command], check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    one, other = (gguf.GGUFReader(str(path)) for path in (mine, theirs))
    for field in ("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha"):
        assert one.fields[field].contents() == other.fields[field].contents(), field
    tensors, wanted = ({tensor.name: tensor.data for tensor in reader.tensors} for reader in (one, other))
    assert len(tensors) == BLOCKS * 7 * 2
    assert tensors.keys() == wanted.keys()
    assert all(np.array_equal(tensors[name], wanted[name]) for name in wanted)
