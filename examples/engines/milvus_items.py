"""The items in another engine: any LangChain vector store under the same recommender, here Milvus in a file.

pip install langchain-milvus milvus-lite
python examples/engines/milvus_items.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from chatrec.indexes import Catalog, Constraint, Recommender, StoreIndex


def build(catalog: Catalog, folder: Path, embedder: str | Embeddings = "auto") -> Recommender:
    """A recommender whose near items are found by Milvus; filters, words and reasons are chatrec's."""
    from langchain_milvus import Milvus

    def store(embeddings: Embeddings) -> VectorStore:
        engine: VectorStore = Milvus(
            embeddings,
            connection_args={"uri": str(folder / "items.db")},  # or a server's: http://host:19530
            index_params={"index_type": "FLAT", "metric_type": "COSINE"},
            auto_id=False,
        )
        return engine

    return Recommender(catalog, index=StoreIndex.build(catalog, store, embedder=embedder, path=folder / "vectors.npy"))


def main() -> None:
    """Show three films."""
    with tempfile.TemporaryDirectory() as folder:
        recommender = build(Catalog.load("films"), Path(folder))
        found = recommender.recommend(
            "a heist that goes wrong", user_id="ana", where=[Constraint("year", "ge", (1990,))], k=3
        )
        for item in found.items:
            print(f"{item.title}: {item.reason}")


if __name__ == "__main__":
    main()
