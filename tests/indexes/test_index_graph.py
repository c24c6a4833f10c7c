"""Which structure an index has, and that a graph finds what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from langchain_core.documents import Document
from numpy.typing import NDArray

from chatrec.errors import CatalogError, IndexFileError
from chatrec.indexes import _index_state
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_describe import describe_saved
from chatrec.indexes._index_plan import IndexSettings, plan
from chatrec.indexes._index_vectors import VectorBlock, unit
from chatrec.indexes._values import Item
from chatrec.testing import HashingEmbedder

EMBEDDER = HashingEmbedder(24)
SIZE = 1500


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine FAISS's threads wait for each other a hundred times longer than they work."""
    module: Any = faiss
    threads = module.omp_get_max_threads()
    module.omp_set_num_threads(1)
    yield
    module.omp_set_num_threads(threads)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(60, 24))
    return unit(centres[rng.integers(40, size=SIZE)] + 0.6 * rng.normal(size=(SIZE, 24)))


CATALOG = Catalog(
    Item(str(row), f"Thing {row}", "lamp" if row % 7 == 0 else "chair", {"tenth": row % 10, "group": f"g{row % 3}"})
    for row in range(SIZE)
)


def build(vectors: NDArray[Any], structure: Any, path: Path | None = None) -> ItemIndex:
    settings = IndexSettings(structure=structure, links=12)
    return ItemIndex.build(CATALOG, embedder=EMBEDDER, vectors=vectors, path=path, settings=settings)


def recall(index: ItemIndex, vectors: NDArray[np.float32], where: list[Constraint], rng: np.random.Generator) -> float:
    mask = CATALOG.mask(where)
    rows = np.flatnonzero(mask)
    found = 0
    for query in unit(vectors[rng.integers(SIZE, size=100)] + 0.1 * rng.normal(size=(100, 24))):
        expected = rows[np.argsort(-(vectors[rows] @ query))[:10]]
        documents = index.similarity_search_by_vector(query.tolist(), 10, filter=where)
        assert all(CATALOG.mask(where)[CATALOG.row(document.id or "")] for document in documents)
        found += len({str(row) for row in expected} & {document.id for document in documents})
    return found / (100 * min(10, len(rows)))


@pytest.mark.parametrize("structure", ["hnsw", "hnsw-sq8"])
def test_a_graph_finds_what_it_promises_under_filters_and_after_changes(
    tmp_path: Path, vectors: NDArray[np.float32], rng: np.random.Generator, structure: str
) -> None:
    built = build(vectors, structure, tmp_path / "index")
    loaded = ItemIndex.load(tmp_path / "index", embedder=EMBEDDER)
    for index in (built, loaded, build(vectors, structure)):
        assert index.describe().structure == structure
        for where in ([], [Constraint("group", "any", ("g1",))], [Constraint("tenth", "any", (4,))]):
            assert recall(index, vectors, where, rng) >= 0.92
    loaded.delete([str(row) for row in range(0, SIZE, 2)])
    loaded.add_documents([Document("A lamp of brass", id="new", metadata={"tenth": 4, "group": "g1"})])
    query = vectors[20].tolist()
    found = loaded.similarity_search_by_vector(query, 20)
    assert all(int(document.id or 0) % 2 for document in found if document.id != "new")
    expected = [row for row in np.argsort(-(vectors @ vectors[20])) if row % 2][:20]
    assert len({str(row) for row in expected} & {document.id for document in found}) >= 18
    assert loaded.search("lamp of brass", k=1)[0].id == "new"


def test_a_narrow_filter_is_searched_exactly(vectors: NDArray[np.float32], rng: np.random.Generator) -> None:
    index = build(vectors, "hnsw")
    where = [
        Constraint("tenth", "any", (3,)),
        Constraint("group", "any", ("g0",)),
        Constraint("title", "contains", ("9",)),
    ]
    assert 5 < CATALOG.mask(where).sum() < 50
    assert recall(index, vectors, where, rng) == 1.0


def test_words_and_vectors_are_joined_with_a_graph_too(vectors: NDArray[np.float32]) -> None:
    index, flat = build(vectors, "hnsw"), build(vectors, "flat")
    for query in ("Thing 77", "lamp", "thing 1498 chair"):
        found, expected = index.search(query, k=5), flat.search(query, k=5)
        assert found[0].id == expected[0].id
        assert len({hit.id for hit in found} & {hit.id for hit in expected}) >= 4
    flat_hits = flat.search(vectors[5], k=10)
    assert len({hit.id for hit in index.search(vectors[5], k=10)} & {hit.id for hit in flat_hits}) >= 9


def test_a_worn_graph_is_made_anew(
    tmp_path: Path, vectors: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_index_state, "_LEAST_WORN", 100)
    index = build(vectors, "hnsw", tmp_path / "index")
    index.delete([str(row) for row in range(350)])
    assert index.describe().gone == 350
    index.delete([str(row) for row in range(350, 400)])
    described = index.describe()
    assert (described.items, described.gone, described.added, described.structure) == (SIZE - 400, 0, 0, "hnsw")
    again = ItemIndex.load(tmp_path / "index", embedder=EMBEDDER)
    assert again.describe() == described
    assert again.search(vectors[900], k=1)[0].id == "900"


def test_a_broken_graph_is_refused(tmp_path: Path, vectors: NDArray[np.float32]) -> None:
    build(vectors, "hnsw", tmp_path / "index")
    graph = next((tmp_path / "index").glob("graph-*"))
    graph.write_bytes(graph.read_bytes()[:-10])
    with pytest.raises(IndexFileError, match="bytes, not"):
        ItemIndex.load(tmp_path / "index", embedder=EMBEDDER)


def test_the_structure_is_chosen_by_cost_and_memory() -> None:
    def chosen(rows: int, **settings: Any) -> str:
        return plan(rows, 384, 1e-7, IndexSettings(**settings)).structure

    assert chosen(34_375) == "flat"
    assert chosen(1_000_000, memory_mb=4000) == "hnsw"
    assert chosen(1_000_000, memory_mb=1000) == "hnsw-sq8"
    assert chosen(1_000_000, slow_ms=200) == "flat"
    assert chosen(10, structure="hnsw") == "hnsw"
    described = plan(1_000_000, 384, 1e-7, IndexSettings(memory_mb=1000))
    assert described.reason.startswith("comparing all 1000000 would take about 100 ms, more than 20 ms; exact vectors")
    assert described.bytes == 1_000_000 * (384 + 52 * 4)


@pytest.mark.parametrize(
    "wrong", [{"structure": "ivf"}, {"recall": 1.5}, {"links": 1}, {"effort": 0}, {"slow_ms": 0}, {"memory_mb": -1}]
)
def test_settings_out_of_bounds_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(CatalogError, match=f"{next(iter(wrong))} is {next(iter(wrong.values()))!r}"):
        IndexSettings(**wrong)


def test_given_vectors_must_be_one_an_item() -> None:
    with pytest.raises(CatalogError, match=r"shape \(2, 24\) for 1500 items"):
        ItemIndex.build(CATALOG, embedder=EMBEDDER, vectors=np.ones((2, 24), np.float32))


def test_an_index_says_what_it_is(tmp_path: Path) -> None:
    index = ItemIndex.build(Catalog(CATALOG.items[:50]), embedder=EMBEDDER, path=tmp_path / "index")
    index.add_documents([Document("x", id="x"), Document("y", id="1")])
    described = index.describe()
    assert (described.items, described.dimensions, described.added, described.gone) == (51, 24, 2, 1)
    assert described.folder == str(tmp_path / "index")
    assert describe_saved(tmp_path / "index") == described
    assert describe_saved(tmp_path / "none") is None
    assert str(described).startswith("flat: 51 items, 2 added since, 1 gone, 0.0 MB of vectors; comparing all 50 takes")


def test_a_block_is_what_faiss_writes(vectors: NDArray[np.float32], tmp_path: Path) -> None:
    block = VectorBlock.of(vectors)
    module: Any = faiss
    index = module.IndexFlatIP(24)
    index.add(vectors)
    assert module.serialize_index(block.flat()).tobytes() == module.serialize_index(index).tobytes()
    rows = np.arange(0, SIZE, 7)
    np.testing.assert_allclose(block.cosines(vectors[3], rows), vectors[rows] @ vectors[3], atol=1e-5)
    distances, found = index.search(vectors[3:4], 10)
    near, cosines = block.nearest(vectors[3], 10)
    assert near.tolist() == found[0].tolist()
    np.testing.assert_allclose(cosines, distances[0], atol=1e-5)
