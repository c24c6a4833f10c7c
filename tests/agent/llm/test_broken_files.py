"""Broken, cut, foreign and contradictory model files: an error with the cure, never the end of the process."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agent.llm.gguf_files import llama_facts, random_tensors, small_model, write

from chatrec.agent.llm import ChatLlamaCpp
from chatrec.agent.llm._gguf import Array, read_header
from chatrec.agent.llm._weights_check import check_weights
from chatrec.errors import ModelError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("gguf") / "small.gguf")


def test_a_header_is_read(whole: Path) -> None:
    header = read_header(whole)
    assert header.facts["general.architecture"] == "llama"
    assert header.facts["tokenizer.ggml.tokens"] == Array(8, 258)
    assert header.tensors["blk.1.ffn_down.weight"].shape == (64, 32)
    check_weights(whole)


@given(
    place=st.floats(0, 1, exclude_max=True), flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4)
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_cut_or_flipped_nothing_else_is_raised(
    whole: Path, tmp_path: Path, place: float, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(whole.read_bytes())
    head = data.rindex(b"ffn_down.weight") + 60
    for where, value in flips:
        data[int(where * (head - 1))] = value
    if not flips:
        data = data[: int(place * len(data))]
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(data)
    os.utime(broken, ns=(random.getrandbits(60), random.getrandbits(60)))
    try:
        check_weights(broken)
        let_through = True
    except ModelError:
        let_through = False
    # A cut file is refused; a flipped bit may make another whole file.
    assert flips or not let_through


Change = Callable[[dict[str, Any], dict[str, Any]], None]


def _drop_table(_: dict[str, Any], tensors: dict[str, Any]) -> None:
    del tensors["token_embd.weight"]


CONTRADICTIONS: dict[str, Change] = {
    "llama.attention.head_count is 0": lambda facts, _: facts.update({"llama.attention.head_count": 0}),
    "do not divide an embedding": lambda facts, _: facts.update({"llama.attention.head_count": 5}),
    "llama.block_count": lambda facts, _: facts.update({"llama.block_count": 2**31}),
    "names no architecture": lambda facts, _: facts.pop("general.architecture"),
    "vocabulary is missing": lambda facts, _: facts.pop("tokenizer.ggml.tokens"),
    "one text twice": lambda facts, _: facts.update({"tokenizer.ggml.tokens": ["a", "b", "a"]}),
    "token_type does not go": lambda facts, _: facts.update({"tokenizer.ggml.token_type": [1]}),
    "eos_token_id is 7": lambda facts, _: facts.update({"tokenizer.ggml.eos_token_id": 7}),
    "embeddings are missing": _drop_table,
    "embeddings are 32 wide": lambda facts, _: facts.update({"llama.embedding_length": 64}),
    "no weights": lambda _, tensors: tensors.clear(),
}


@pytest.mark.parametrize("reason", CONTRADICTIONS)
def test_a_header_that_contradicts_itself_is_told_of(reason: str, tmp_path: Path) -> None:
    facts = llama_facts(3, 32) | {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["a", "b", "c"],
        "tokenizer.ggml.token_type": [1, 1, 1],
        "tokenizer.ggml.eos_token_id": 2,
    }
    tensors = random_tensors(3, 32, 1)
    check_weights(write(tmp_path / "whole.gguf", facts, tensors))
    CONTRADICTIONS[reason](facts, tensors)
    with pytest.raises(ModelError, match=reason) as caught:
        check_weights(write(tmp_path / "broken.gguf", facts, tensors))
    assert "download it again" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GGUF", "4 bytes"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "version 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60), "announces"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62) + b"x" * 64, "bytes long"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 8, 2**40), "announces"),
    ],
)
def test_headers_that_promise_too_much(data: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "t.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=reason):
        read_header(path)


def test_a_model_that_embeds_texts_is_refused(tmp_path: Path) -> None:
    facts = llama_facts(258, 32) | {
        "llama.pooling_type": 1,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [f"t{place}" for place in range(258)],
    }
    path = write(tmp_path / "embeds.gguf", facts, random_tensors(258, 32, 1))
    with pytest.raises(ModelError, match="has not learnt to answer"):
        check_weights(path)


def test_what_is_no_model_file_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "empty.gguf").touch()
    (tmp_path / "page.gguf").write_text("<html>")
    for name in ("empty.gguf", "page.gguf", ".", "missing.gguf"):
        with pytest.raises(ModelError) as caught:
            ChatLlamaCpp(model_path=str(tmp_path / name))
        assert caught.value.hint


PROGRAM = """
import random, sys
from pathlib import Path
from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._settings import EngineSettings
from chatrec.errors import ModelError
whole, folder = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
head = whole.rindex(b"ffn_down.weight") + 60
loaded = 0
for seed in range(int(sys.argv[3])):
    chance, data = random.Random(seed), bytearray(whole)
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)):]
    for _ in range(chance.choice([1, 1, 2, 4])):
        data[chance.randrange(min(head, len(data)))] ^= 1 << chance.randrange(8)
    path = folder / f"{seed}.gguf"
    path.write_bytes(data)
    print(seed, flush=True)
    try:
        engine = Engine(EngineSettings(path=path, n_ctx=64, n_threads=1, parallel=1))
        engine.free()
        loaded += 1
    except ModelError:
        pass
print("loaded", loaded)
"""


@pytest.mark.real_model
def test_llama_cpp_never_ends_the_process_over_a_flipped_bit(whole: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(whole), str(tmp_path), "60"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-500:])
    assert 0 < int(done.stdout.split()[-1]) < 60
