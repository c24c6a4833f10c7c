"""What a recommender may expect of any index: the same hits with the same scores, whatever keeps the items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests
from tests.postgres_server import PostgresOfTests

from chatrec.errors import CatalogError, ConstraintError
from chatrec.indexes import Catalog, Constraint, ItemIndex, Recommender
from chatrec.indexes._index_facets import Filter, as_constraints
from chatrec.indexes._postgres_index import PostgresIndex
from chatrec.indexes._postgres_search import nearest_sql
from chatrec.indexes._postgres_tables import vector_text
from chatrec.indexes._store_index import StoreIndex
from chatrec.testing import HashingEmbedder

Index: TypeAlias = ItemIndex | PostgresIndex

QUERIES = [
    "a funny film about a dog",
    "the godfather",
    "alien",
    "airplane or the breakfast club",
    "the",
    "Hitchcok thriller",
    "something scary in space with a crew that does not come back",
    "zzzz qqqq",
    "1994",
]


@pytest.fixture(scope="module")
def films() -> Catalog:
    return Catalog.load("films")


@pytest.fixture(scope="module")
def expected(films: Catalog) -> ItemIndex:
    return ItemIndex.build(films, embedder=HashingEmbedder())


@pytest.fixture(scope="module")
def in_postgres(films: Catalog, postgres_server: PostgresOfTests) -> PostgresIndex:
    return PostgresIndex.build(films, server=postgres_server.database(), embedder=HashingEmbedder())


class IndexContract(ABC):
    @abstractmethod
    def build(self, catalog: Catalog, request: pytest.FixtureRequest) -> Index: ...

    @abstractmethod
    def empty(self, request: pytest.FixtureRequest) -> Index: ...

    @pytest.mark.parametrize("share", [1.0, 0.5, 0.02, 0.0])
    def test_hits_and_scores_are_those_of_the_embedded_index(
        self, films: Catalog, expected: ItemIndex, request: pytest.FixtureRequest, share: float
    ) -> None:
        index = self.build(films, request)
        mask = np.random.default_rng(7).random(len(films)) < share if share < 1 else None
        for query in QUERIES:
            ours, theirs = (each.search(query, k=10, mask=mask, exclude=["f1", "f7"]) for each in (index, expected))
            assert len(ours) == len(theirs)
            np.testing.assert_allclose([h.score for h in ours], [h.score for h in theirs], atol=2e-4)
            np.testing.assert_allclose([h.words for h in ours], [h.words for h in theirs], atol=2e-4)
            # Ties may be cut in another order at the end of the list.
            last = theirs[-1].score + 1e-3 if theirs else 0.0
            assert {h.id for h in ours if h.score > last} == {h.id for h in theirs if h.score > last}

    def test_a_vector_finds_without_words(
        self, films: Catalog, expected: ItemIndex, request: pytest.FixtureRequest
    ) -> None:
        index = self.build(films, request)
        query = expected.vectors([films.items[3].id])[0]
        assert index.search(query, k=5)[0].id == films.items[3].id
        np.testing.assert_allclose(index.vectors([films.items[3].id])[0], query, atol=1e-6)

    def test_words_count_beside_a_vector_and_alone(
        self, films: Catalog, expected: ItemIndex, request: pytest.FixtureRequest
    ) -> None:
        index = self.build(films, request)
        text = "a funny film about the godfather"
        hits = index.search(expected.embed("alien"), k=30, words=text)
        alone = expected.search(expected.embed("alien"), k=len(films))
        near = {hit.id: hit.vector for hit in alone}
        said = {hit.id: hit.words for hit in expected.search(text, k=len(films))}
        best = sorted(near, key=lambda item_id: -(near[item_id] + said[item_id]))[:30]
        assert [hit.score for hit in hits] == pytest.approx([near[i] + said[i] for i in best], abs=1e-4)
        assert index.words(text, best).tolist() == pytest.approx([said[i] for i in best], abs=1e-4)

    def test_nothing_said_finds_the_first(self, films: Catalog, request: pytest.FixtureRequest) -> None:
        index = self.build(films, request)
        mask = np.arange(len(films)) % 2 == 1
        assert [h.id for h in index.search(" ", k=3, mask=mask)] == [films.items[at].id for at in (1, 3, 5)]

    @pytest.mark.parametrize(
        "where",
        [
            {"genres": "Comedy"},
            {"genres": ["Comedy", "War"], "country": "France"},
            [Constraint("year", "between", (1980, 1989))],
            [Constraint("year", "lt", (1960,)), Constraint("genres", "none", ("Drama",))],
            [Constraint("title", "contains", ("THE",))],
            [Constraint("title", "any", ("Alien",))],
            [Constraint("description", "contains", ("murder",)), Constraint("year", "ge", (1990,))],
            [Constraint("genres", "contains", ("come",))],
            [Constraint("country", "none", ("USA",))],
        ],
    )
    def test_filters_mean_what_constraints_mean(
        self, films: Catalog, request: pytest.FixtureRequest, where: Filter
    ) -> None:
        index = self.build(films, request)
        constraints = as_constraints(where)
        allowed = {item.id for item, held in zip(films.items, films.mask(constraints), strict=True) if held}
        found = index.similarity_search("a good film", k=len(films), filter=where)
        assert {document.id for document in found} == allowed

    def test_unknown_facets_and_foreign_masks_are_refused(self, films: Catalog, request: pytest.FixtureRequest) -> None:
        index = self.build(films, request)
        with pytest.raises(ConstraintError, match="nosuch"):
            index.similarity_search("x", filter={"nosuch": 1})
        with pytest.raises(CatalogError, match="mask"):
            index.search("x", k=3, mask=np.ones(3, np.bool_))

    def test_changes_change_words_and_vectors(self, request: pytest.FixtureRequest) -> None:
        index, other = self.empty(request), ItemIndex(HashingEmbedder())
        for each in (index, other):
            texts = ["green tea from Uji", "black tea from Assam", "乌龙茶 来自 福建"]
            each.add_texts(texts, [{"kind": "tea", "price": p} for p in (3, 4.5, 6)], ids=["a", "b", "c"])
            each.add_documents([Document("smoky tea\x00 from Wuyi", id="b", metadata={"title": "Lapsang"})])
            each.delete(["a"])
            each.add_texts(["coffee"], [{"kind": "other"}], ids=["d"])
        for query in ("green tea", "smoky", "乌龙茶", "lapsang", "coffee from Uji"):
            ours, theirs = (each.search(query, k=4) for each in (index, other))
            np.testing.assert_allclose([h.score for h in ours], [h.score for h in theirs], atol=2e-4)
            assert ours[0].id == theirs[0].id
        assert len(index) == 3
        assert [document.id for document in index.get_by_ids(["d", "a", "b"])] == ["d", "b"]
        assert {d.id for d in index.similarity_search("tea", k=9, filter={"kind": "tea"})} == {"c"}
        index.delete()
        assert index.search("tea", k=3) == []

    def test_the_recommender_recommends_the_same(
        self, films: Catalog, expected: ItemIndex, request: pytest.FixtureRequest
    ) -> None:
        where = [Constraint("genres", "any", ("Comedy",)), Constraint("year", "ge", (1990,))]
        told = []
        for index in (self.build(films, request), expected):
            recommender = Recommender(films, index=index)
            recommender.feedback.record("ana", "accept", item_id=films.items[5].id)
            told.append([r.id for r in recommender.recommend("a wedding", user_id="ana", where=where).items])
            told.append([r.id for r in recommender.recommend(user_id="ana").items])
        assert told[:2] == told[2:]


class TestEmbedded(IndexContract):
    def build(self, catalog: Catalog, request: pytest.FixtureRequest) -> Index:
        return ItemIndex.build(catalog, embedder=HashingEmbedder())

    def empty(self, request: pytest.FixtureRequest) -> Index:
        return ItemIndex(HashingEmbedder())


class TestPostgres(IndexContract):
    def build(self, catalog: Catalog, request: pytest.FixtureRequest) -> Index:
        index: PostgresIndex = request.getfixturevalue("in_postgres")
        return index

    def empty(self, request: pytest.FixtureRequest) -> Index:
        return PostgresIndex(HashingEmbedder(), server=str(request.getfixturevalue("database_url")))


class TestPostgresByGraph:
    """Where many are allowed, pgvector's graph finds the near ones; a filter costs no hits."""

    @pytest.fixture
    def index(self, in_postgres: PostgresIndex, monkeypatch: pytest.MonkeyPatch) -> PostgresIndex:
        for module in ("_postgres_tables", "_postgres_search"):
            monkeypatch.setattr(f"chatrec.indexes.{module}.GRAPH_FROM", 0)
        in_postgres._tables.build_graph()
        return in_postgres

    @pytest.mark.parametrize("share", [1.0, 0.3, 0.02])
    def test_hits(self, films: Catalog, expected: ItemIndex, index: PostgresIndex, share: float) -> None:
        mask = np.random.default_rng(7).random(len(films)) < share if share < 1 else None
        same = wanted = 0
        for query in QUERIES:
            ours, theirs = (each.search(query, k=5, mask=mask, exclude=["f1"]) for each in (index, expected))
            assert len(ours) == len(theirs)
            least = theirs[-1].score - 1e-3
            same += sum(hit.score >= least for hit in ours)
            wanted += len(theirs)
        assert same >= 0.95 * wanted

    def test_documents_and_use_of_the_graph(self, films: Catalog, index: PostgresIndex) -> None:
        where = [Constraint("genres", "any", ("Comedy",))]
        allowed = {item.id for item, held in zip(films.items, films.mask(where), strict=True) if held}
        found = index.similarity_search("a wedding", k=len(films), filter=where)
        assert {document.id for document in found} == allowed
        head = index._tables.head()
        assert head is not None
        with index.server.transaction() as connection:
            connection.execute("SET LOCAL enable_seqscan TO off")
            sql = nearest_sql(head, "TRUE", by_graph=True)
            values = {"query": vector_text(index.embed("a wedding")), "k": 5}
            plan = connection.execute(f"EXPLAIN {sql}".encode(), values).fetchall()
        assert f"{head.items}_near" in " ".join(str(row["QUERY PLAN"]) for row in plan)


class TestPostgresIsAVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, database_url: str) -> VectorStore:
        return PostgresIndex(self.get_embeddings(), server=database_url)


class TestAnyVectorStore:
    """The engine finds what is near; hits and lists are those of the embedded index all the same."""

    @pytest.fixture(params=[5_000, 20])
    def index(self, films: Catalog, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StoreIndex:
        # With 20, the engine is asked; otherwise so few items are compared one by one.
        monkeypatch.setattr("chatrec.indexes._store_index._FEW", request.param)
        return StoreIndex.build(films, InMemoryVectorStore, embedder=HashingEmbedder())

    @pytest.mark.parametrize("share", [1.0, 0.3, 0.02])
    def test_hits(self, films: Catalog, expected: ItemIndex, index: StoreIndex, share: float) -> None:
        mask = np.random.default_rng(7).random(len(films)) < share
        for query in QUERIES:
            ours, theirs = (each.search(query, k=5, mask=mask, exclude=["f1"]) for each in (index, expected))
            np.testing.assert_allclose([h.score for h in ours], [h.score for h in theirs], atol=2e-4)

    def test_lists(self, films: Catalog, expected: ItemIndex, index: StoreIndex, tmp_path: Path) -> None:
        told = [
            [r.id for r in Recommender(films, index=each).recommend("a wedding in the rain", user_id="ana").items]
            for each in (index, expected)
        ]
        assert told[0] == told[1]
        kept = StoreIndex.build(films, InMemoryVectorStore, embedder=HashingEmbedder(), path=tmp_path / "v.npy")
        assert [h.id for h in kept.search("alien", k=3)] == [h.id for h in expected.search("alien", k=3)]
