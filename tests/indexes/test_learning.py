"""What one word of feedback does to the next list, with interactions in play."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatrec.indexes import Catalog, Constraint, CoPreference, Interactions, Item, ItemIndex, Recommender, Weights
from chatrec.testing import HashingEmbedder

COLOURS = ("red", "blue", "green", "white")
SHAPES = ("round", "square", "long")


def item(n: int) -> Item:
    facets: dict[str, Any] = {"colour": COLOURS[n % 4], "shape": SHAPES[n % 3], "weight": n % 17}
    return Item(f"i{n}", f"Thing {n}", f"{COLOURS[n % 4]} and {SHAPES[n % 3]}", facets)


CATALOG = Catalog([item(n) for n in range(120)])
LIKES = Interactions.of(
    [(f"p{person}", row, None, 0.0) for person in range(60) for row in range(person % 4, 120, 4) if (row + person) % 3]
)


@pytest.fixture(scope="module")
def parts() -> tuple[ItemIndex, CoPreference]:
    return ItemIndex.build(CATALOG, embedder=HashingEmbedder()), CoPreference.learn(LIKES, len(CATALOG))


@pytest.fixture
def shop(parts: tuple[ItemIndex, CoPreference]) -> Recommender:
    return Recommender(CATALOG, index=parts[0], together=parts[1])


def listed(shop: Recommender, user: str = "ann", k: int = 10) -> list[Item]:
    return [each.item for each in shop.recommend(user_id=user, k=k).items]


def share(items: list[Item], colour: str) -> float:
    return sum(each.facets["colour"] == colour for each in items) / len(items)


def test_one_update_takes_milliseconds_and_the_next_list_is_another(shop: Recommender) -> None:
    taken: list[float] = []
    for n in range(15):
        before = [each.id for each in listed(shop)]
        begun = time.process_time()
        shop.feedback.record("ann", "accept", item_id=before[n % 3])
        after = [each.id for each in listed(shop)]
        taken.append(time.process_time() - begun)
        assert before[n % 3] not in after
        assert after != before
    assert median(taken) < 0.1


def test_old_taste_fades(shop: Recommender) -> None:
    for n in range(0, 24, 4):
        shop.feedback.record("ann", "accept", item_id=f"i{n}")
    assert share(listed(shop), "red") >= 0.8
    for n in range(1, 97, 4):
        shop.feedback.record("ann", "accept", item_id=f"i{n}")
    assert share(listed(shop, k=6), "blue") >= 0.6


def test_a_reason_reaches_its_facet_and_not_this_one_does_not(shop: Recommender) -> None:
    for n in (0, 4, 8):
        shop.feedback.record("ann", "accept", item_id=f"i{n}")
        shop.feedback.record("bob", "accept", item_id=f"i{n}")
    first = listed(shop)[0]
    assert share(listed(shop), "red") >= 0.8
    shop.feedback.record("ann", "reject", item_id=first.id)
    assert share(listed(shop), "red") >= 0.8
    complaint = Constraint("shape", "any", (str(first.facets["shape"]),))
    before = sum(each.facets["shape"] == first.facets["shape"] for each in listed(shop, "bob"))
    shop.feedback.record("bob", "reject", item_id=first.id, constraint=complaint)
    after = sum(each.facets["shape"] == first.facets["shape"] for each in listed(shop, "bob"))
    assert after < before


def test_what_mattered_is_named(shop: Recommender) -> None:
    shop.feedback.record("ann", "accept", item_id="i4")
    shop.feedback.record("ann", "accept", item_id="i7")
    for each in shop.recommend(user_id="ann", k=5).items:
        assert {past.id for past in each.because} <= {"i4", "i7"}
        weights = [abs(past.weight) for past in each.because]
        assert weights == sorted(weights, reverse=True)
        if each.item.facets["colour"] == "red" and each.because:
            assert each.because[0].accepted


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["accept", "reject", "seen"]), st.integers(0, 119)), min_size=1, max_size=60))
def test_whatever_one_says_stays_bounded_and_moves_nobody_else(
    parts: tuple[ItemIndex, CoPreference], said: list[tuple[Any, int]]
) -> None:
    shop = Recommender(CATALOG, index=parts[0], together=parts[1])
    shop.feedback.record("bob", "accept", item_id="i5")
    before = shop.recommend(user_id="bob", k=10)
    for kind, n in said * 3:
        shop.feedback.record("ann", kind, item_id=f"i{n}")
    found = shop.recommend(user_id="ann", k=10)
    bounds = Weights().as_dict()
    for each in found.items:
        assert each.score == pytest.approx(sum(each.parts.values()))
        assert all(abs(part) <= bounds[name] + 1e-6 for name, part in each.parts.items())
    assert shop.recommend(user_id="bob", k=10) == before
    once = Recommender(CATALOG, index=parts[0], together=parts[1])
    for kind, n in said:
        once.feedback.record("ann", kind, item_id=f"i{n}")
    assert [each.id for each in once.recommend(user_id="ann", k=10).items] == [each.id for each in found.items]
