from __future__ import annotations

import pytest

from chatrec.indexes import Catalog, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder, tea_catalog


@pytest.fixture
def catalog() -> Catalog:
    return tea_catalog()


@pytest.fixture
def recommender(catalog: Catalog) -> Recommender:
    return Recommender(catalog, index=ItemIndex.build(catalog, embedder=HashingEmbedder()))
