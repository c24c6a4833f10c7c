"""What other programs see of our tables: LangChain's own PostgreSQL store reads the items as they lie there."""

from __future__ import annotations

from langchain_postgres import PGEngine, PGVectorStore

from chatrec.indexes import Constraint
from chatrec.indexes._postgres import connect
from chatrec.indexes._postgres_index import PostgresIndex
from chatrec.testing import HashingEmbedder, tea_catalog


def test_langchains_store_reads_our_items(database_url: str) -> None:
    ours = PostgresIndex.build(tea_catalog(), server=database_url, embedder=HashingEmbedder())
    (table,) = [f"items_{row['number']}" for row in connect(database_url).read("SELECT number FROM catalogs")]
    host, _, database = database_url.partition("@")[2].rpartition("/")
    engine = PGEngine.from_connection_string(f"postgresql+psycopg://postgres@/{database}?host={host}")
    theirs = PGVectorStore.create_sync(
        engine,
        HashingEmbedder(),
        table,
        schema_name="chatrec",
        id_column="id",
        content_column="content",
        embedding_column="embedding",
        metadata_columns=["title", "row"],
        metadata_json_column="facets",
    )
    found = theirs.similarity_search_with_score("a smoky black tea", k=3)
    expected = ours.similarity_search_with_score("a smoky black tea", k=3)
    assert [document.id for document, _ in found] == [document.id for document, _ in expected]
    assert found[0][0].page_content == expected[0][0].page_content
    title = expected[1][0].metadata["title"]
    only = theirs.similarity_search("tea", k=3, filter={"title": {"$eq": title}})
    assert [document.metadata["title"] for document in only] == [title]
    same = ours.similarity_search("tea", k=3, filter=[Constraint("title", "any", (title,))])
    assert [document.id for document in only] == [document.id for document in same]
    engine._run_as_sync(engine.close())
