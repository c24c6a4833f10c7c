"""The vectors of what a linker compares words with are kept with an index: built, updated and verified with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chatrec.errors import IndexFileError
from chatrec.indexes import Catalog, Item, ItemIndex
from chatrec.indexes._index_files import IndexFolder
from chatrec.indexes._index_phrases import PhraseEmbedder, Phrases
from chatrec.indexes._linker_meaning import linked_texts
from chatrec.testing import HashingEmbedder

KINDS = ("oak shelf", "pine table", "brass lamp", "wool rug", "glass vase")


class CountingEmbedder(HashingEmbedder):
    """Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__(32)
        self.asked: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        return super().embed_documents(texts)


def catalog(*more: str) -> Catalog:
    return Catalog(
        Item(f"{kind} {number}", f"The {kind}", "For any room.", {"kind": kind})
        for kind in (*KINDS, *more)
        for number in range(3)
    )


def test_a_loaded_index_embeds_the_phrase_alone(tmp_path: Path) -> None:
    items = catalog()
    ItemIndex.build(items, embedder=CountingEmbedder(), path=tmp_path)
    later = CountingEmbedder()
    index = ItemIndex.load(tmp_path, embedder=later)
    items.link("something cosy underfoot", embedder=index.phrases)
    assert later.asked
    assert not set(later.asked) & set(linked_texts(items.facets.values()))


def test_what_is_kept_changes_no_reading(tmp_path: Path) -> None:
    items, embedder = catalog(), HashingEmbedder(32)
    index = ItemIndex.build(items, embedder=embedder, path=tmp_path)
    for said in ("a lamp of brass", "woollen rugs", "something for flowers"):
        assert items.link(said, embedder=index.phrases) == items.link(said, embedder=embedder)


def test_a_changed_catalog_embeds_its_new_values_alone(tmp_path: Path) -> None:
    ItemIndex.build(catalog(), embedder=CountingEmbedder(), path=tmp_path)
    later = CountingEmbedder()
    ItemIndex.build(catalog("silk cushion"), embedder=later, path=tmp_path)
    assert "silk cushion" in later.asked
    assert not {*KINDS} & {*later.asked}
    again = CountingEmbedder()
    ItemIndex.build(catalog("silk cushion"), embedder=again, path=tmp_path)
    assert again.asked == []


def test_they_outlive_changes_of_the_index(tmp_path: Path) -> None:
    index = ItemIndex.build(catalog(), embedder=CountingEmbedder(), path=tmp_path)
    index.delete(["wool rug 0"])
    index.save(tmp_path)
    saved = IndexFolder(tmp_path).read()
    assert saved is not None
    assert saved.phrases.are(linked_texts(catalog().facets.values()))


def test_they_are_verified_with_the_rest(tmp_path: Path) -> None:
    ItemIndex.build(catalog(), embedder=CountingEmbedder(), path=tmp_path)
    saved = IndexFolder(tmp_path).read()
    assert saved is not None
    (rows,) = tmp_path.glob("rows-*.bin")
    content = bytearray(rows.read_bytes())
    at = content.find(saved.phrases.vectors[0].tobytes())
    content[at] ^= 1
    rows.write_bytes(content)
    with pytest.raises(IndexFileError, match="has been changed"):
        ItemIndex.load(tmp_path, embedder=CountingEmbedder())


def test_an_embedder_with_phrases_answers_as_without() -> None:
    embedder = CountingEmbedder()
    held = Phrases.of(["red", "blue"], embedder, Phrases.none())
    knowing = PhraseEmbedder(embedder, held)
    embedder.asked.clear()
    texts = ["blue", "green", "red", "green"]
    assert np.allclose(knowing.embed_documents(texts), HashingEmbedder(32).embed_documents(texts))
    assert embedder.asked == ["green"]
    assert knowing.embed_query("red") == embedder.embed_query("red")
