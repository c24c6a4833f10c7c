from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from chatrec.errors import CatalogError, ConstraintError, ContextError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._persistence import open_store
from chatrec.indexes._ranker import Weights
from chatrec.indexes._recommender import Recommendations, Recommender
from chatrec.indexes._values import FacetValue, Item

KINDS = ("lamp", "chair", "table", "shelf")
WORDS = {
    "lamp": "light bulb glow bright evening reading",
    "chair": "seat sit soft cushion back legs",
    "table": "dinner wood surface eat work legs",
    "shelf": "books wall storage boards order",
}
COLOURS = ("red", "blue", "green", "white", "black")


class WordHashes(Embeddings):
    """A bag of hashed words: texts that share words are near."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = np.full(64, 1e-3)
        for word in text.casefold().replace(".", " ").replace(",", " ").split():
            seed = zlib.crc32(word.encode())
            vector += np.random.default_rng(seed).normal(size=64)
        return [float(x) for x in vector / np.linalg.norm(vector)]


def item(number: int) -> Item:
    kind = KINDS[number % 4]
    words = WORDS[kind].split()
    facets: dict[str, FacetValue] = {
        "kind": kind,
        "colours": tuple({COLOURS[number % 5]: 0, COLOURS[(number * 2 + 1) % 5]: 0}),
        "price": 10 + 7 * (number % 23),
        "steel": number % 3 == 0,
    }
    return Item(f"i{number}", f"{kind.title()} {number}", " ".join(words[: 3 + number % 4]), facets)


CATALOG = Catalog([item(n) for n in range(80)], units={"price": "€"})


def one(text: str, catalog: Catalog = CATALOG) -> Constraint:
    return Constraint.parse(text, catalog.facets)


@pytest.fixture(scope="module")
def index() -> ItemIndex:
    return ItemIndex.build(CATALOG, embedder=WordHashes())


@pytest.fixture
def shop(index: ItemIndex) -> Recommender:
    return Recommender(CATALOG, index=index)


def ids(found: Recommendations) -> list[str]:
    return [each.id for each in found.items]


def kinds(found: Recommendations) -> list[FacetValue]:
    return [each.item.facets["kind"] for each in found.items]


def test_the_words_decide_what_comes_first(shop: Recommender) -> None:
    assert set(kinds(shop.recommend("a bright light for reading in the evening", user_id="ann"))) == {"lamp"}
    assert set(kinds(shop.recommend("books on the wall", user_id="ann"))) == {"shelf"}


def test_the_score_is_the_sum_of_bounded_parts(shop: Recommender) -> None:
    shop.feedback.record("ann", "accept", item_id="i3")
    shop.profiles.prefer("ann", one("colours=red"))
    found = shop.recommend(
        "soft seat",
        user_id="ann",
        where=[one("price<30")],
        prefer=[one("steel=true")],
        like=["i5"],
        unlike=["i6"],
        k=10,
    )
    assert {"vector", "words", "like", "prefer", "taste", "profile"} <= set(found.items[0].parts)
    _check_parts(found)


def _price(found: Recommendations) -> float:
    return float(np.mean([float(str(each.item.facets["price"])) for each in found.items]))


def _check_parts(found: Recommendations) -> None:
    bounds = Weights().as_dict()
    for each in found.items:
        assert each.score == pytest.approx(sum(each.parts.values()))
        for name, part in each.parts.items():
            factor = max(1, len(found.relaxed)) if name == "missed" else 1
            assert abs(part) <= bounds[name] * factor + 1e-6


NOTATIONS = [
    "kind=lamp",
    "kind!=lamp",
    "colours=red|blue",
    "price<40",
    "price>=100",
    "price=20..60",
    "steel=true",
    "title~1",
]
EVENTS = st.tuples(
    st.sampled_from(["accept", "reject", "seen"]), st.integers(0, 79), st.sampled_from([None, "price<40", "kind=lamp"])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_asked_the_promises_hold(index: ItemIndex, data: st.DataObject) -> None:
    shop = Recommender(CATALOG, index=index)
    facets_only = [text for text in NOTATIONS if not text.startswith("title")]
    number = st.integers(0, 79).map(lambda n: f"i{n}")
    for kind, place, said in data.draw(st.lists(EVENTS, max_size=6)):
        constraint = one(said) if said else None
        shop.feedback.record("ann", kind, item_id=f"i{place}", constraint=constraint)  # type: ignore[arg-type]
    avoided = data.draw(st.sampled_from([None, "kind!=chair", "colours!=red|green"]))
    if avoided:
        shop.profiles.prefer("ann", one(avoided))
    where = [one(text) for text in data.draw(st.lists(st.sampled_from(facets_only), max_size=4))]
    prefer = [one(text) for text in data.draw(st.lists(st.sampled_from(facets_only), max_size=2))]
    like, unlike, exclude = (data.draw(st.lists(number, max_size=2)) for _ in range(3))
    k = data.draw(st.integers(1, 12))
    query = data.draw(st.sampled_from(["", "soft seat", "red wood", "zzz", "书架"]))

    found = shop.recommend(
        query, user_id="ann", where=where, prefer=prefer, like=like, unlike=unlike, exclude=exclude, k=k
    )

    _check_parts(found)
    shown = ids(found)
    gone = {event.item_id for event in shop.feedback.events("ann")} | {*like, *unlike, *exclude}
    allowed = CATALOG.mask([one(avoided)] if avoided else [])
    base = {each.id for row, each in enumerate(CATALOG.items) if allowed[row]} - gone
    exact = [each for each in base if CATALOG.mask(where)[CATALOG.row(each)]]
    assert len(set(shown)) == len(shown) == min(k, len(base))
    assert set(shown) <= base
    assert found.matching == len(exact)
    assert bool(found.relaxed) == (len(exact) < min(k, len(base)))
    assert set(shown[: len(exact)]) == set(exact) or len(exact) > k
    kept = [each for each in where if each not in found.relaxed]
    assert all(CATALOG.mask(kept)[CATALOG.row(each)] for each in shown)
    assert all(each.reason.endswith(".") for each in found.items)
    again = shop.recommend(
        query, user_id="ann", where=where, prefer=prefer, like=like, unlike=unlike, exclude=exclude, k=k
    )
    assert again == found


def test_nothing_said_gives_a_varied_list_and_not_the_first_rows(shop: Recommender) -> None:
    found = shop.recommend(user_id="ann", k=4)
    assert set(kinds(found)) == set(KINDS)
    assert ids(found) != ["i0", "i1", "i2", "i3"]
    assert ids(found) == ids(shop.recommend(user_id="bob", k=4))


def test_soft_constraints_pull_without_excluding(shop: Recommender) -> None:
    found = shop.recommend(user_id="ann", prefer=[one("kind=table")], k=5)
    assert set(kinds(found)) == {"table"}
    assert found.matching == 80
    mixed = shop.recommend("bright light", user_id="ann", prefer=[one("steel=true")], k=3)
    assert all(each.item.facets["steel"] for each in mixed.items)


def test_items_like_one_come_near_it_and_never_it(shop: Recommender) -> None:
    found = shop.recommend(user_id="ann", like=["i4"])
    assert set(kinds(found)) == {"lamp"}
    assert "i4" not in ids(found)
    assert all("lose to Lamp 4" in each.reason for each in found.items)


def test_feedback_changes_the_very_next_list_and_undo_takes_it_back(shop: Recommender) -> None:
    before = shop.recommend("legs", user_id="ann")
    first = before.items[0]
    shop.feedback.record("ann", "reject", item_id=first.id)
    after = shop.recommend("legs", user_id="ann")
    assert first.id not in ids(after)
    assert shop.recommend("legs", user_id="bob") == before
    shop.feedback.undo("ann")
    assert shop.recommend("legs", user_id="ann") == before


def test_accepted_items_pull_the_next_list(shop: Recommender) -> None:
    shop.feedback.record("ann", "accept", item_id="i7")
    shop.feedback.record("ann", "accept", item_id="i11")
    found = shop.recommend(user_id="ann")
    assert set(kinds(found)) == {"shelf"}
    assert all("taste: shelf" in each.reason for each in found.items)


def test_a_critique_moves_the_list_along_its_facet(shop: Recommender) -> None:
    before = shop.recommend("soft seat", user_id="ann")
    shop.feedback.record("ann", "critique", item_id=before.items[0].id, constraint=one("price<40"))
    after = shop.recommend("soft seat", user_id="ann")
    assert _price(after) < _price(before)
    assert set(kinds(after)) == {"chair"}


def test_a_reason_in_words_moves_the_list_too(shop: Recommender) -> None:
    dearest = max(CATALOG.items, key=lambda each: float(str(each.facets["price"])))
    before = shop.recommend(user_id="ann", like=["i5"], exclude=[dearest.id])
    shop.feedback.record("ann", "reject", item_id=dearest.id, reason="too expensive")
    after = shop.recommend(user_id="ann", like=["i5"])
    assert _price(after) < _price(before)


def test_not_this_one_is_not_none_of_these(shop: Recommender) -> None:
    for _ in range(3):
        found = shop.recommend("bright light", user_id="ann")
        assert set(kinds(found)) == {"lamp"}
        shop.feedback.record("ann", "reject", item_id=found.items[0].id)


def test_spam_stays_bounded_and_never_moves_another(shop: Recommender) -> None:
    others = shop.recommend("soft seat", user_id="bob")
    for number in range(0, 80, 4):
        for _ in range(5):
            shop.feedback.record("ann", "accept", item_id=f"i{number}")
    found = shop.recommend("soft seat cushion", user_id="ann")
    assert all(abs(each.parts["taste"]) <= Weights().taste for each in found.items)
    assert "chair" in kinds(found)
    assert shop.recommend("soft seat", user_id="bob") == others


def test_near_misses_fill_the_list_and_are_named(shop: Recommender) -> None:
    where = [one("kind=lamp"), one("price<15")]
    found = shop.recommend("light", user_id="ann", where=where)
    assert found.matching < 5
    assert found.relaxed == (where[1],)
    assert set(kinds(found)) == {"lamp"}
    prices = [float(str(each.item.facets["price"])) for each in found.items]
    assert prices[: found.matching] == [10.0] * found.matching
    assert max(prices) < 60
    assert all("but €" in each.reason.casefold() for each in found.items[found.matching :])


def test_avoidances_are_never_relaxed(shop: Recommender) -> None:
    shop.profiles.prefer("ann", one("kind!=lamp"))
    found = shop.recommend("bright light", user_id="ann", where=[one("kind=lamp")])
    assert found.matching == 0
    assert "lamp" not in kinds(found)
    assert found.relaxed == (one("kind=lamp"),)


def test_reasons_are_in_the_language_asked_for(shop: Recommender) -> None:
    assert shop.language == "en"
    found = shop.recommend("light", user_id="ann", where=[one("kind=lamp"), one("price<40")], language="zh")
    assert all(each.reason.endswith("。") and "lamp；€" in each.reason.casefold() for each in found.items)


def test_questions_narrow_what_matches_and_skip_what_is_known(shop: Recommender) -> None:
    names = [question.facet for question in shop.questions(user_id="ann", k=9)]
    assert set(names) == {"kind", "colours", "price", "steel"}
    left = shop.questions(user_id="ann", where=[one("kind=lamp")], asked={"price"}, k=9)
    assert {question.facet for question in left} == {"colours", "steel"}
    assert left == sorted(left, key=lambda question: -question.gain)
    shop.profiles.prefer("ann", one("steel!=true"))
    assert "steel" not in {question.facet for question in shop.questions(user_id="ann", k=9)}


def test_count_is_of_the_whole_catalog(shop: Recommender) -> None:
    assert shop.count([]) == 80
    assert shop.count([one("kind=lamp")]) == 20


def test_what_cannot_be_asked_is_refused_with_the_cure(shop: Recommender) -> None:
    with pytest.raises(CatalogError, match="'gone'"):
        shop.recommend(user_id="ann", like=["gone"])
    with pytest.raises(CatalogError, match="0 items"):
        shop.recommend(user_id="ann", k=0)
    with pytest.raises(ContextError, match="empty"):
        shop.recommend(user_id="")
    with pytest.raises(ConstraintError, match="'taste'"):
        shop.recommend(user_id="ann", where=[Constraint("taste", "any", ("sweet",))])
    assert len(shop.recommend(user_id="ann", exclude=["gone"]).items) == 5


def test_taste_outlives_the_process_in_a_file(index: ItemIndex, tmp_path: Path) -> None:
    with open_store(tmp_path / "people.db") as store:
        Recommender(CATALOG, index=index, store=store).feedback.record("ann", "accept", item_id="i7")
    with open_store(tmp_path / "people.db") as store:
        assert set(kinds(Recommender(CATALOG, index=index, store=store).recommend(user_id="ann"))) == {"shelf"}


def test_a_large_pool_gives_the_same_first_items_as_looking_at_every_one(
    index: ItemIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Recommender(CATALOG, index=index).recommend(
        "soft seat", user_id="ann", like=["i4"], prefer=[one("steel=true")]
    )
    monkeypatch.setattr("chatrec.indexes._candidates._ALL", 10)
    monkeypatch.setattr("chatrec.indexes._candidates._KEPT_VECTORS", 10)
    part = Recommender(CATALOG, index=index).recommend(
        "soft seat", user_id="ann", like=["i4"], prefer=[one("steel=true")]
    )
    assert ids(part) == ids(whole)


def test_small_catalogs_work() -> None:
    for size in (1, 2):
        catalog = Catalog([item(n) for n in range(size)])
        shop = Recommender(catalog, embedder=WordHashes())
        assert len(shop.recommend("light", user_id="ann").items) == size
        assert len(shop.recommend(user_id="ann", where=[one("price<1", catalog)]).items) == size
        assert shop.recommend(user_id="ann", exclude=[each.id for each in catalog.items]).items == ()


def test_results_are_ready_for_json(shop: Recommender) -> None:
    told = shop.recommend("light", user_id="ann", where=[one("price<1")], k=2).as_dict()
    assert told["relaxed"] == ["price<1"]
    assert told["matching"] == 0
    assert {"id", "title", "score", "parts", "reason", "because", "item"} == set(told["items"][0])


def test_importing_the_package_loads_no_engine() -> None:
    heavy = ("faiss", "torch", "sentence_transformers", "bm25s", "llama_cpp")
    code = f"import sys, chatrec.indexes as i; i.Constraint; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_sorted() -> None:
    from chatrec import indexes

    names: Sequence[str] = indexes.__all__
    assert list(names) == sorted(names)
    assert all(getattr(indexes, name) is not None for name in names)
    assert dir(indexes) == list(names)
