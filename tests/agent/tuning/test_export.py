from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.agent.tuning.conftest import HEADS, KV_HEADS, VOCAB, WIDTH, llama_logits, tiny_model

torch = pytest.importorskip("torch")
gguf: Any = pytest.importorskip("gguf")

from chatrec.agent.tuning._export import as_peft, export_adapter  # noqa: E402
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


def test_an_architecture_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = tiny_model(tmp_path / "base.gguf", "qwen2")
    path.write_bytes(path.read_bytes().replace(b"qwen2", b"gemma"))
    with pytest.raises(ModelError, match="gemma"):
        load_base(path)


def test_the_tensors_are_those_that_llama_cpps_own_converter_writes(tmp_path: Path) -> None:
    root = os.environ.get("CHATREC_LLAMA_CPP")
    if not root:
        pytest.skip("CHATREC_LLAMA_CPP does not name a source tree of llama.cpp (vendor/llama.cpp of the sdist)")
    base = tiny_model(tmp_path / "base.gguf", "llama")
    model = adapted(base)
    mine = export_adapter(
        dict(model.adapter.items()), tmp_path / "mine.gguf", architecture="llama", alpha=8.0, half=False
    )
    folder = tmp_path / "peft"
    folder.mkdir()
    from safetensors.torch import save_file

    named = as_peft(dict(model.adapter.items()), architecture="llama", heads=HEADS, kv_heads=KV_HEADS)
    save_file(named, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"r": 4, "lora_alpha": 8, "peft_type": "LORA"}))
    config = tmp_path / "config"
    config.mkdir()
    (config / "config.json").write_text(
        json.dumps(
            {
                "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH,
                "intermediate_size": 48, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
                "num_hidden_layers": 3, "vocab_size": VOCAB, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
                "rope_theta": 10000.0,
            }
        )
    )  # fmt: skip
    theirs = tmp_path / "theirs.gguf"
    script = Path(root) / "convert_lora_to_gguf.py"
    subprocess.run(
        [sys.executable, str(script), str(folder), "--base", str(config), "--outfile", str(theirs), "--outtype", "f32"],
        check=True,
        capture_output=True,
    )
    one = {tensor.name: tensor.data for tensor in gguf.GGUFReader(str(mine)).tensors}
    other = {tensor.name: tensor.data for tensor in gguf.GGUFReader(str(theirs)).tensors}
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
