"""The index under LangChain's own contract for vector stores."""

from __future__ import annotations

import pytest
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from chatrec.indexes._index import ItemIndex


class TestItemIndexIsAVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return ItemIndex(self.get_embeddings())
