"""Another engine under the same recommender: the lists are those of the embedded index."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatrec.indexes import Catalog, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder


def test_milvus_finds_what_our_own_index_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("langchain_milvus", "milvus_lite"):
        pytest.importorskip(package, reason="the example's own packages are not installed")
    from examples.engines import milvus_items

    monkeypatch.setattr("chatrec.indexes._store_index._FEW", 20)  # ask the engine of so few items too
    films = Catalog.load("films")
    theirs = milvus_items.build(films, tmp_path, HashingEmbedder())
    ours = Recommender(films, index=ItemIndex.build(films, embedder=HashingEmbedder()))
    for query in ("a wedding in the rain", "a heist that goes wrong"):
        told = [[item.id for item in each.recommend(query, user_id="ana").items] for each in (ours, theirs)]
        assert told[0] == told[1]
