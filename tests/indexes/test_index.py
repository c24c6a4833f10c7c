from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from numpy.typing import NDArray

from chatrec.errors import CatalogError, ConstraintError, EmbedderError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_search import Hit, fused, nearest
from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_state import State
from chatrec.indexes._index_vectors import Floats, Rows, VectorBlock, top, unit
from chatrec.indexes._values import Item, Op, Scalar
from chatrec.testing import HashingEmbedder, checkerboard_catalog

BOARD = checkerboard_catalog()
INDEX = ItemIndex.build(BOARD, embedder=HashingEmbedder(64))
QUERIES = ("Three foxtrot", "a red circle in the north", "blue", "five", "nothing of this", "seven hotel south east")


def brute_force(query: str, allowed: NDArray[np.bool_]) -> list[tuple[str, float]]:
    """Every allowed item by its score, from the formula in `_index_search.py`."""
    vectors = INDEX.vectors([item.id for item in BOARD.items])
    cosines = vectors @ INDEX.embed(query)
    mean = float(cosines.mean())
    words = {hit.id: hit.words for hit in INDEX.search(query, k=len(BOARD))}
    scored = [
        (item.id, (float(cosines[row]) - mean) / (1 - mean) + words[item.id])
        for row, item in enumerate(BOARD.items)
        if allowed[row]
    ]
    return sorted(scored, key=lambda pair: -pair[1])


def assert_equal_up_to_ties(found: Sequence[tuple[str, float]], expected: Sequence[tuple[str, float]]) -> None:
    """The same scores, and the same ids wherever a score is clearly apart from those around it and past the end."""
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected[: len(found)]], atol=1e-5)
    for item_id, score in found:
        assert any(item_id == other and abs(score - there) < 1e-4 for other, there in expected)


CONSTRAINTS: list[tuple[str, Op, tuple[Scalar, ...]]] = [
    ("colour", "any", ("red",)),
    ("colour", "none", ("red",)),
    ("side", "any", ("north", "east")),
    ("side", "none", ("west",)),
    ("cost", "le", (9,)),
    ("cost", "gt", (50,)),
    ("row", "between", (2, 4)),
    ("column", "lt", (1,)),
    ("lit", "any", (True,)),
    ("title", "contains", ("fox",)),
    ("cost", "ge", (1000,)),
]
filters = st.lists(st.sampled_from(CONSTRAINTS), max_size=3).map(
    lambda parts: [Constraint(facet, op, values) for facet, op, values in parts]
)


def reference_mask(where: Sequence[Constraint]) -> NDArray[np.bool_]:
    def holds(item: Item, constraint: Constraint) -> bool:
        return constraint.accepts(item.title if constraint.facet == "title" else item.facets.get(constraint.facet))

    return np.array([all(holds(item, constraint) for constraint in where) for item in BOARD.items])


@given(filters, st.sampled_from(QUERIES), st.integers(1, 70))
@settings(deadline=None)
def test_search_is_brute_force_over_what_the_mask_allows(where: list[Constraint], query: str, k: int) -> None:
    allowed = reference_mask(where)
    found = INDEX.search(query, k=k, mask=BOARD.mask(where))
    assert len(found) == min(k, int(allowed.sum()))
    assert all(allowed[BOARD.row(hit.id)] for hit in found)
    assert_equal_up_to_ties([(hit.id, hit.score) for hit in found], brute_force(query, allowed))


@given(filters, st.sampled_from(QUERIES), st.integers(1, 70))
@settings(deadline=None)
def test_similarity_search_filters_before_it_counts(where: list[Constraint], query: str, k: int) -> None:
    allowed = reference_mask(where)
    found = INDEX.similarity_search_with_score(query, k, filter=where)
    vectors = INDEX.vectors([item.id for item in BOARD.items])
    cosines = vectors @ INDEX.embed(query)
    expected = sorted(
        ((item.id, float(cosines[row])) for row, item in enumerate(BOARD.items) if allowed[row]),
        key=lambda pair: -pair[1],
    )
    assert len(found) == min(k, len(expected))
    assert_equal_up_to_ties([(document.id or "", score) for document, score in found], expected)


@pytest.mark.parametrize("query", QUERIES)
def test_a_hit_is_the_sum_of_its_parts_best_first(query: str) -> None:
    hits = INDEX.search(query, k=20)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert hit.score == hit.vector + hit.words
        assert hit.vector <= 1
        assert 0 <= hit.words <= 1


def test_every_title_finds_its_item() -> None:
    assert [INDEX.search(item.title, k=1)[0].id for item in BOARD.items] == [item.id for item in BOARD.items]


def test_excluded_items_are_never_found() -> None:
    first = INDEX.search("Three foxtrot", k=1)[0]
    assert first.id == "r3c5"
    rest = INDEX.search("Three foxtrot", k=len(BOARD), exclude={"r3c5", "unknown"})
    assert len(rest) == len(BOARD) - 1
    assert "r3c5" not in {hit.id for hit in rest}
    mask = BOARD.mask([Constraint("row", "any", (3,))])
    assert len(INDEX.search("blue", k=9, mask=mask, exclude=["r3c5"])) == 7
    assert mask.sum() == 8  # the caller's mask is left as it was


def test_a_vector_is_searched_without_words() -> None:
    vector = INDEX.vectors(["r6c1"])[0]
    hits = INDEX.search(3 * vector, k=3)
    assert hits[0].id == "r6c1"
    assert hits[0].vector == pytest.approx(1, abs=1e-5)
    assert {hit.words for hit in hits} == {0.0}


def test_an_empty_query_finds_the_first_allowed_items() -> None:
    assert INDEX.search("  ", k=2, exclude=["r0c0"]) == [Hit("r0c1", 0, 0, 0), Hit("r0c2", 0, 0, 0)]


def test_nothing_allowed_nothing_found() -> None:
    none = np.zeros(len(BOARD), np.bool_)
    assert INDEX.search("blue", k=3, mask=none) == []
    assert INDEX.search("blue", k=0) == []
    assert INDEX.similarity_search("blue", 3, filter=[Constraint("cost", "lt", (0,))]) == []
    assert INDEX.max_marginal_relevance_search("blue", 3, filter=[Constraint("cost", "lt", (0,))]) == []


def test_wrong_arguments_are_named_with_the_cure() -> None:
    with pytest.raises(CatalogError, match=r"shape \(3,\), the index 64 rows"):
        INDEX.search("blue", k=1, mask=np.ones(3, np.bool_))
    with pytest.raises(EmbedderError, match="5 numbers, those of the index 64"):
        INDEX.search(np.ones(5, np.float32), k=1)
    with pytest.raises(EmbedderError, match="finite"):
        INDEX.search(np.full(64, np.nan, np.float32), k=1)
    with pytest.raises(CatalogError, match="no item 'r9c9'"):
        INDEX.vectors(["r0c0", "r9c9"])
    with pytest.raises(ConstraintError, match="no facet 'price'"):
        INDEX.similarity_search("blue", filter={"price": 3})
    with pytest.raises(ConstraintError, match="asks 'cost' to be"):
        INDEX.similarity_search("blue", filter={"cost": {"$lt": 3}})
    with pytest.raises(CatalogError, match="1 ids for 2 documents"):
        INDEX.add_documents([Document("a"), Document("b")], ids=["a"])


def test_a_mapping_asks_for_values_or_any_of_several() -> None:
    found = INDEX.similarity_search("square", 64, filter={"colour": "red", "row": [1, 2], "lit": False})
    assert {document.id for document in found} == {"r1c1", "r1c3", "r1c5", "r1c7"}
    mask = INDEX.mask({"side": ("north", "east")})
    assert mask is not None
    assert mask.sum() == 48
    assert INDEX.mask(None) is None


def test_vectors_are_unit_copies_in_the_order_asked() -> None:
    vectors = INDEX.vectors(["r2c2", "r0c0", "r2c2"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    vectors[:] = 0
    assert INDEX.vectors(["r2c2"]).any()
    assert INDEX.vectors([]).shape == (0, 64)


def test_a_query_is_embedded_once() -> None:
    embedder = HashingEmbedder(64)
    index = ItemIndex.build(BOARD, embedder=embedder)
    before = len(embedder.texts)
    for _ in range(3):
        index.search("blue circle", k=2)
        index.similarity_search("blue circle")
    assert embedder.texts[before:] == ["blue circle"]
    with pytest.raises(ValueError, match="read-only"):
        index.embed("blue circle")[0] = 1


def test_langchains_search_and_retrievers_work_too() -> None:
    documents = INDEX.search("Three foxtrot", "similarity", k=2)
    assert [type(document) for document in documents] == [Document, Document]
    assert documents[0].metadata["title"] == "Three foxtrot"
    scored = INDEX.similarity_search_with_relevance_scores("Three foxtrot", k=64)
    assert all(0 <= score <= 1 for _, score in scored)
    for kind in ("similarity", "mmr"):
        retriever = INDEX.as_retriever(search_type=kind, search_kwargs={"k": 2, "filter": {"colour": "blue"}})
        assert {document.metadata["colour"] for document in retriever.invoke("red circle")} == {"blue"}


def test_marginal_relevance_prefers_what_is_unlike_the_rest() -> None:
    texts = ["red circle one", "red circle two", "red lamp"]
    index = ItemIndex.from_texts(texts, HashingEmbedder(), ids=["a", "b", "c"])
    near = index.max_marginal_relevance_search("red circle one", k=2, lambda_mult=1.0)
    varied = index.max_marginal_relevance_search("red circle one", k=2, lambda_mult=0.1)
    assert [document.id for document in near] == ["a", "b"]
    assert [document.id for document in varied] == ["a", "c"]


async def test_the_async_methods_give_the_same() -> None:
    assert await INDEX.asimilarity_search("blue", filter={"row": 1}) == INDEX.similarity_search(
        "blue", filter={"row": 1}
    )


def test_an_items_document_has_its_text_title_and_facets() -> None:
    document = INDEX.get_by_ids(["r1c1", "unknown"])[0]
    item = BOARD["r1c1"]
    assert document.page_content == item.text()
    assert document.metadata == {"title": "One bravo", **item.facets, "side": ["north", "west"]}
    document.metadata["colour"] = "green"
    assert INDEX.get_by_ids(["r1c1"])[0].metadata["colour"] == "red"


def small_index() -> ItemIndex:
    index = ItemIndex(HashingEmbedder(64))
    index.add_documents(
        [
            Document("A lamp that glows", id="lamp", metadata={"colour": "red", "cost": 5}),
            Document("A chair to sit on", id="chair", metadata={"colour": "blue", "cost": 9}),
            Document("A shelf for books", id="shelf", metadata={"colour": "red", "tags": ["wood", "wall"]}),
        ]
    )
    return index


def found(index: ItemIndex, query: str, **where: Scalar) -> list[str | None]:
    return [document.id for document in index.similarity_search(query, 9, filter=where)]


def test_words_and_facets_follow_every_change() -> None:
    index = small_index()
    assert found(index, "lamp", colour="red") == ["lamp", "shelf"]
    assert index.search("glows", k=1)[0].words > 0
    index.add_documents([Document("A lantern", id="lamp", metadata={"colour": "green"})])
    assert len(index) == 3
    assert found(index, "lamp", colour="red") == ["shelf"]
    assert found(index, "lamp", colour="green") == ["lamp"]
    assert {hit.words for hit in index.search("glows", k=3)} == {0.0}
    assert index.search("lantern", k=1)[0].id == "lamp"
    index.delete(["chair", "unknown"])
    assert "chair" not in index
    assert [hit.id for hit in index.search("lantern", k=9)] == ["lamp", "shelf"]
    assert found(index, "sit", colour="red") == ["shelf"]
    index.add_documents([Document("A stool to sit on", id="stool", metadata={"colour": "red"})])
    assert found(index, "sit", colour="red") == ["stool", "shelf"]
    index.delete()
    assert len(index) == 0
    assert index.search("sit", k=3) == []
    assert index.similarity_search("sit") == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=25))
@settings(deadline=None, max_examples=40)
def test_any_order_of_changes_leaves_what_a_dictionary_would_hold(steps: list[tuple[str, bool]]) -> None:
    index = ItemIndex(HashingEmbedder(16))
    model: dict[str, str] = {}
    for number, (item_id, add) in enumerate(steps):
        if add:
            model[item_id] = f"word{number} {item_id}"
            index.add_documents([Document(model[item_id], id=item_id, metadata={"step": number})])
        else:
            index.delete([item_id])
            model.pop(item_id, None)
    assert len(index) == len(model)
    for item_id, text in model.items():
        np.testing.assert_allclose(index.vectors([item_id])[0], index.embed(text), atol=1e-6)
        step = int(text.split()[0].removeprefix("word"))
        assert [document.id for document in index.similarity_search(text, filter={"step": step})] == [item_id]
        assert index.search(text.split(maxsplit=1)[0], k=1)[0].id == item_id


def test_of_equal_ids_in_one_call_the_last_counts() -> None:
    index = ItemIndex(HashingEmbedder(16))
    assert index.add_documents([Document("first", id="a"), Document("second", id="a")]) == ["a", "a"]
    assert [document.page_content for document in index.get_by_ids(["a"])] == ["second"]


def test_odd_metadata_are_kept_but_are_no_facets() -> None:
    index = ItemIndex(HashingEmbedder(16))
    metadata = {"none": None, "deep": {"a": 1}, "nan": float("nan"), "fine": 3}
    index.add_documents([Document("text", id="a", metadata=metadata), Document("", id="b")])
    assert index.get_by_ids(["a"])[0].metadata["deep"] == {"a": 1}
    assert found(index, "text", fine=3) == ["a"]
    with pytest.raises(ConstraintError, match="no facet 'deep'"):
        found(index, "text", deep="a")


def test_threads_may_search_while_another_changes() -> None:
    index = small_index()
    failures: list[BaseException] = []

    def search() -> None:
        try:
            for _ in range(30):
                hits = index.search("sit", k=3)
                assert len(hits) == len({hit.id for hit in hits})
                index.similarity_search("lamp", filter={"colour": "red"})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        index.add_documents([Document(f"thing {number}", id=str(number), metadata={"colour": "red"})])
        index.delete([str(number - 3)])
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.9, 1.0])
@pytest.mark.parametrize("worded", [True, False])
def test_many_segments_are_searched_exactly(rng: np.random.Generator, share: float, worded: bool) -> None:
    vectors = unit(rng.normal(size=(900, 16)))
    texts = [" ".join(rng.choice(["moon", "sun", "sea", "hill"], size=3)) for _ in range(900)]
    entries = [Entry(Item(str(row), text)) for row, text in enumerate(texts)]
    state = State()
    for start, stop in ((0, 600), (600, 601), (601, 900)):
        state = state.with_rows(Segment.of(entries[start:stop], vectors[start:stop]))
    query = unit(rng.normal(size=(1, 16)))[0]
    text = "moon sea" if worded else ""
    words = State([Segment.of(entries, vectors)]).corpus.scores(text)[0]
    mean = float(vectors.mean(axis=0) @ query)
    scores = (vectors @ query - mean) / (1 - mean) + words
    allowed = None if share == 1.0 else rng.random(900) < share
    cosines = vectors @ query
    if allowed is not None:
        scores[~allowed] = cosines[~allowed] = -np.inf
    count = min(25, int(np.isfinite(scores).sum()))
    found = fused(state, query, text, 25, allowed)
    np.testing.assert_allclose(found.vector + found.words, np.sort(scores)[::-1][:count], atol=1e-5)
    np.testing.assert_allclose(scores[found.places], found.vector + found.words, atol=1e-5)
    places, near = nearest(state, query, 25, allowed)
    assert places.tolist() == np.argsort(-cosines, kind="stable")[:count].tolist()
    np.testing.assert_allclose(near, cosines[places], atol=1e-5)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 35))
def test_top_breaks_ties_by_place(values: list[int], k: int) -> None:
    scores = np.array(values, np.float32)
    assert top(scores, k).tolist() == sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]


def test_an_empty_catalog_is_an_empty_index() -> None:
    index = ItemIndex.build(Catalog([]), embedder=HashingEmbedder(8))
    assert len(index) == 0
    assert index.search("x", k=1) == []
    assert index.vectors([]).shape[0] == 0


@pytest.mark.real_model
def test_the_films_are_found_by_name_and_by_description() -> None:
    every = Catalog.load("films").items
    films = Catalog(film for number, film in enumerate(every) if number % 4 == 0 or film.title.startswith("Alien"))
    index = ItemIndex.build(films)
    assert films[index.search("Alien", k=1)[0].id].title == "Alien"
    titles = [films[hit.id].title for hit in index.search("slow-burn space horror", k=3)]
    assert "Alien" in titles
    for item in films.items[::3]:
        assert item.id in {hit.id for hit in index.search(item.title, k=2)}  # two films may share a title


@pytest.mark.real_model
def test_a_chinese_catalog_is_found_in_chinese() -> None:
    dishes = Catalog(
        [
            Item("a", "冰镇绿豆汤", "夏天消暑的甜品，清凉解渴。"),
            Item("b", "羊肉火锅", "冬天和朋友一起吃，暖身又热闹。"),
            Item("c", "烤鸡翅", "外皮焦香，适合聚会。"),
            Item("d", "西红柿炒鸡蛋", "十分钟就能做好的家常菜。"),
        ]
    )
    assert dishes.language == "zh"
    index = ItemIndex.build(dishes)
    for query, first in (("夏天", "a"), ("火锅", "b"), ("something warm for winter", "b"), ("很快能做好的菜", "d")):
        assert index.search(query, k=1)[0].id == first


def test_what_was_compared_is_looked_up_and_a_change_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrec.indexes._index_vectors._KEPT_FROM", 1)
    catalog = Catalog([Item(f"i{n}", f"Thing number {n}", "", {}) for n in range(60)])
    index = ItemIndex.build(catalog, embedder=HashingEmbedder())
    compared: list[int] = []
    compare = VectorBlock._compared

    def counted(self: VectorBlock, query: Floats, rows: Rows | None) -> Floats:
        compared.append(len(self) if rows is None else len(rows))
        return compare(self, query, rows)

    monkeypatch.setattr(VectorBlock, "_compared", counted)
    wide, narrow = np.arange(60) % 4 < 3, np.arange(60) % 4 == 1
    text = catalog.items[1].title
    index.search(text, k=5, mask=wide)
    assert compared == [45]
    again = index.search(text, k=5, mask=narrow)
    assert compared == [45]
    assert again == ItemIndex.build(catalog, embedder=HashingEmbedder()).search(text, k=5, mask=narrow)
    index.search(text, k=5)
    assert compared[-1] == 60, "what was not compared yet is"
    index.delete([again[0].id])
    assert again[0].id not in {hit.id for hit in index.search(text, k=60)}
    index.add_documents([Document(text, id="new")])
    assert "new" in {hit.id for hit in index.search(text, k=3)}
