from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.agent.llm.llama_source import models

from chatrec.agent.llm import _tables, embedded_model_path
from chatrec.agent.llm._library import lib, start
from chatrec.agent.llm._tables import TokenTables, read_tables, write_tables
from chatrec.agent.llm._vocabulary import Vocabulary

TABLES = TokenTables([b"a", b"", b"\xe6\xb0", b" long"], [b"a", b"\xff<end>", b"\xe6\xb0", b" long"], [1], [1, 3])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_tables(tmp_path / "new" / "v.npz", TABLES)
    assert read_tables(tmp_path / "new" / "v.npz", 4) == TABLES
    assert read_tables(tmp_path / "new" / "v.npz", 5) is None
    assert read_tables(tmp_path / "none.npz", 4) is None
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["v.npz"]


def test_a_damaged_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "v.npz"
    write_tables(path, TABLES)
    whole = path.read_bytes()
    place = whole.index(b"\xe6\xb0 long")
    for harmed in (whole[:-30], b"", b"PK" + bytes(40), whole[:place] + b"X" + whole[place + 1 :]):
        path.write_bytes(harmed)
        assert read_tables(path, 4) is None


def test_few_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tables, "_MOST_FILES", 2)
    for name in ("a", "b", "c"):
        write_tables(tmp_path / f"{name}.npz", TABLES)
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / "c.npz").exists()


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    write_tables(tmp_path / "file" / "v.npz", TABLES)
    assert read_tables(tmp_path / "file" / "v.npz", 4) is None


@pytest.mark.real_model
def test_kept_tables_are_those_of_the_model(tmp_path: Path) -> None:
    start()
    settings = lib.llama_model_default_params()
    settings.vocab_only = True
    model = lib.llama_model_load_from_file(str(embedded_model_path(fast=False)).encode(), settings)
    pointer = lib.llama_model_get_vocab(model)
    fresh = Vocabulary(pointer, tmp_path / "v.npz")
    kept = Vocabulary(pointer, tmp_path / "v.npz")
    assert kept.pieces == fresh.pieces == Vocabulary(pointer).pieces
    assert kept.grammar_pieces() == fresh.grammar_pieces()
    assert kept.end_tokens == fresh.end_tokens
    assert kept.special_texts() == fresh.special_texts() != {}
    text = "Tea, or 茶?"
    assert b"".join(kept.pieces[token] for token in kept.tokenize(text)) == text.encode()
    lib.llama_model_free(model)


@pytest.mark.parametrize("name", ["embedded", "llama-bpe", "llama-spm", "phi-3", "command-r"])
def test_a_prompt_has_the_same_tokens_in_parts_as_whole(name: str) -> None:
    start()
    settings = lib.llama_model_default_params()
    settings.vocab_only = True
    path = embedded_model_path(fast=False) if name == "embedded" else models() / f"ggml-vocab-{name}.gguf"
    model = lib.llama_model_load_from_file(os.fsencode(path), settings)
    vocabulary = Vocabulary(lib.llama_model_get_vocab(model))
    rng = random.Random(1)
    special = sorted(vocabulary.special_texts())[:30]
    plain = ["Hello", " tea", "\n", "  ", " ", "你好", "\n\n", "é", ".", "▁", "<|", "|>", "</", "im_end"]
    end = vocabulary.text(vocabulary.eos)
    said = ""
    for _ in range(150):
        said += "".join(rng.choice([*plain, rng.choice(special), end]) for _ in range(rng.randint(0, 6)))
        assert vocabulary.prompt(said) == vocabulary.tokenize(said)
    assert len(vocabulary._turns) > 20
    lib.llama_model_free(model)
