from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._ranker import Space, Weights, add_up, diverse, nearness, overlaps, relax, representative, typical

Mask = NDArray[np.bool_]


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    scaled: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled.astype(np.float32)


def mask(text: str) -> Mask:
    return np.array([mark == "x" for mark in text])


def test_likeness_is_in_standard_deviations_whatever_the_embedder() -> None:
    rng = np.random.default_rng(1)
    plain = unit(rng.normal(size=(500, 32)))
    crowded = unit(rng.normal(size=(500, 32)) * 0.2 + 1.0)
    for vectors in (plain, crowded):
        space = Space(vectors)
        likeness = space.likeness(vectors, vectors[0])
        assert likeness.argmax() == 0
        assert likeness[0] > 0.2
        assert abs(float(likeness.mean())) < 0.02
        cosines = vectors @ vectors[0]
        expected = np.clip((cosines - cosines.mean()) / cosines.std() / 6, -1, 1)
        np.testing.assert_allclose(likeness, expected, atol=1e-3)


def test_likeness_stays_in_bounds_on_degenerate_catalogs() -> None:
    same = np.full((3, 4), 0.5, dtype=np.float32)
    space = Space(same)
    np.testing.assert_allclose(space.likeness(same, same[0]), 0, atol=1e-5)
    np.testing.assert_allclose(space.likeness(same, np.zeros(4, dtype=np.float32)), 0)
    assert np.isfinite(space.centred(same)).all()


def test_parts_are_signals_times_weights() -> None:
    parts = add_up({"vector": np.array([0.5, -1.0]), "words": np.array([1.0, 0.0])}, Weights(vector=2.0, words=0.25))
    np.testing.assert_allclose(parts["vector"], [1.0, -2.0])
    np.testing.assert_allclose(parts["words"], [0.25, 0.0])


def test_near_duplicates_do_not_fill_the_list() -> None:
    vectors = np.eye(6, dtype=np.float32)[[0, 0, 0, 1, 2, 3]]
    scores = np.array([1.0, 0.99, 0.98, 0.9, 0.85, -1.0])
    assert diverse(scores, vectors, 3) == [0, 3, 4]
    assert diverse(scores / 100, vectors, 3) == [0, 3, 4]
    assert diverse(scores, vectors, 3, strength=0.0) == [0, 1, 2]
    assert diverse(scores, vectors, 99) == [0, 1, 2, 3, 4, 5]
    assert diverse(np.zeros(0), np.zeros((0, 6), dtype=np.float32), 3) == []


@pytest.mark.parametrize("seed", range(20))
def test_who_is_too_far_behind_need_not_be_looked_at(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=60).round(1)
    vectors = unit(rng.normal(size=(60, 3)))
    strength, k = float(rng.uniform(0.0, 3.0)), int(rng.integers(1, 12))
    lost = strength * max(0.0, float(np.sort(scores)[-k] - scores.mean()))
    expected: list[int] = []
    for _ in range(k):
        repeats = [max([0.0, *(min(1.0, (float(v @ vectors[c]) - 0.5) * 2) for c in expected)]) for v in vectors]
        left = [-np.inf if place in expected else scores[place] - lost * repeats[place] for place in range(60)]
        expected.append(int(np.argmax(left)))
    assert diverse(scores, vectors, k, strength=strength) == expected


def test_merely_similar_items_pay_nothing() -> None:
    vectors = unit(np.array([[1.0, 0.0], [0.4, 1.0], [0.4, -1.0]]))
    assert diverse(np.array([1.0, 0.9, 0.8]), vectors, 3, strength=5.0) == [0, 1, 2]


def test_representatives_cover_the_crowds_largest_first() -> None:
    rng = np.random.default_rng(3)
    centres = np.eye(8)[:3]
    crowds = np.concatenate([centres[n] + rng.normal(scale=0.05, size=(size, 8)) for n, size in enumerate((10, 30, 5))])
    space = Space(unit(crowds))
    overlap = overlaps(space.centred(unit(crowds)))
    chosen = representative(np.zeros(45), overlap, 3)
    assert [0 if place < 10 else 1 if place < 40 else 2 for place in chosen] == [1, 0, 2]
    assert representative(np.where(np.arange(45) == 7, 9.0, 0.0), overlap, 1) == [7]
    assert typical(overlap).max() == pytest.approx(1.0)
    assert 10 <= typical(overlap).argmax() < 40
    assert typical(overlap).min() >= 0.0


def test_nearness_grades_numbers_and_only_them() -> None:
    runtime = np.array([90.0, 119.0, 125.0, 180.0, np.nan])
    near = nearness(Constraint("runtime", "lt", (120,)), runtime, runtime < 120)
    assert near[0] == near[1] == 1.0
    assert 0.8 > near[2] > near[3] > 0.0
    assert near[4] == 0.0
    accepted = mask("x..x.")
    np.testing.assert_array_equal(nearness(Constraint("genre", "any", ("War",)), None, accepted), accepted)


def test_nothing_is_relaxed_where_enough_match() -> None:
    lifted, pools = relax([mask("xxx."), mask("xx.x")], mask("xxxx"), 2, lambda place, gained: 1.0)
    assert lifted == []
    assert len(pools) == 1
    np.testing.assert_array_equal(pools[0], mask("xx.."))


def test_the_worthiest_constraint_is_lifted_first_and_ties_lift_the_one_said_first() -> None:
    masks = [mask("xx..xx"), mask("xxxx..")]
    base = np.ones(6, dtype=np.bool_)
    assert relax(masks, base, 3, lambda place, gained: float(place))[0] == [1]
    assert relax(masks, base, 3, lambda place, gained: 1.0)[0] == [0]


def test_what_was_lifted_for_nothing_is_put_back() -> None:
    # No single lifting helps: the narrowest is lifted first, then another, and the first turns out to be harmless.
    masks = [mask("x......"), mask("..xx..."), mask("..xxxxx")]
    lifted, pools = relax(masks, np.ones(7, dtype=np.bool_), 2, lambda place, gained: float(gained.sum()))
    assert lifted == [0]
    np.testing.assert_array_equal(pools[-1], mask("..xx..."))


masks_strategy = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        st.lists(st.lists(st.booleans(), min_size=size, max_size=size), max_size=4),
        st.lists(st.booleans(), min_size=size, max_size=size),
        st.integers(1, 6),
    )
)


@given(masks_strategy)
def test_relaxing_reaches_k_or_everything_and_lifts_nothing_in_vain(
    drawn: tuple[list[list[bool]], list[bool], int],
) -> None:
    masks = [np.array(each) for each in drawn[0]]
    base, k = np.array(drawn[1]), drawn[2]
    lifted, pools = relax(masks, base, k, lambda place, gained: float(gained.sum()))
    kept = [each for place, each in enumerate(masks) if place not in lifted]
    np.testing.assert_array_equal(pools[-1], np.logical_and.reduce([base, *kept]))
    assert not (pools[-1] & ~base).any()
    assert pools[-1].sum() >= min(k, base.sum())
    exact = np.logical_and.reduce([base, *masks])
    np.testing.assert_array_equal(pools[0], exact)
    for place in lifted:
        assert (pools[-1] & masks[place]).sum() < min(k, base.sum())


def test_of_two_wishes_worth_the_same_the_older_one_is_given_up() -> None:
    first, second = np.array([True, False, False]), np.array([False, True, False])
    lifted, _ = relax([first, second], np.ones(3, dtype=np.bool_), 1, lambda _place, _gained: 1.0)
    assert lifted == [0]
    lifted, _ = relax([first, second], np.ones(3, dtype=np.bool_), 1, lambda place, _gained: 1.0 + 0.2 * place)
    assert lifted == [0]
    lifted, _ = relax([first, second], np.ones(3, dtype=np.bool_), 1, lambda place, _gained: 1.0 + 2.0 * place)
    assert lifted == [1]
