from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatrec.errors import IndexFileError
from chatrec.indexes import Catalog, Choosing, Constraint, CoPreference, Interactions, Item, ItemIndex, Recommender
from chatrec.indexes._together_factors import everyday, fold_in, learn_factors
from chatrec.indexes._together_people import learn_spread
from chatrec.indexes._together_recent import lately
from chatrec.testing import HashingEmbedder


def catalog(size: int) -> Catalog:
    return Catalog([Item(str(n), f"Thing {n}", "", {"colour": "red" if n % 3 else "blue"}) for n in range(size)])


def checkerboard(people: int, size: int) -> Interactions:
    """Even people like even items, odd people odd ones, each some of them."""
    rng = np.random.default_rng(3)
    events = [
        (str(person), row, None, 0.0)
        for person in range(people)
        for row in range(person % 2, size, 2)
        if rng.random() < 0.7
    ]
    return Interactions.of(events)


def test_the_weights_are_those_of_the_formula() -> None:
    interactions = checkerboard(30, 8)
    x = np.zeros((interactions.persons, 8))
    x[interactions.people, interactions.rows] = 1
    inverse = np.linalg.inv(x.T @ x + np.diag(20 + 0.3 / 0.7 * x.sum(axis=0)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    learnt = replace(CoPreference.learn(interactions, 8, strength=20.0), factors=())
    for liked in ({0: 1.0}, {5: 1.0}, {0: 1.0, 3: -0.5}):
        scores = np.sum([weight * expected[row] for row, weight in liked.items()], axis=0)
        scores[list(liked)] = 0
        np.testing.assert_allclose(learnt.scores(liked), scores / np.abs(scores).max(), atol=1e-5)


def test_people_are_folded_in_as_they_would_have_been_learnt() -> None:
    interactions = checkerboard(200, 40)
    factors = learn_factors(interactions.people, interactions.rows, 40)[0]
    liked = np.array([0, 2])
    normal = factors.T @ factors + 0.05 * np.eye(6) + 3.0 * factors[liked].T @ factors[liked]
    person = np.linalg.solve(normal.astype(float), 4.0 * factors[liked].sum(axis=0))
    folded = fold_in(factors, everyday(factors), liked, np.ones(2))
    np.testing.assert_allclose(folded, factors @ person, atol=1e-4)
    assert folded[4::2].mean() > folded[1::2].max()
    torn = fold_in(factors, everyday(factors), np.array([0, 1]), np.array([1.0, -1.0]))
    assert torn[2::2].mean() > torn[3::2].mean()


def test_what_is_liked_lately_counts_where_it_foretold_later_likes() -> None:
    rng = np.random.default_rng(7)
    day = 86_400.0

    def events(fashion: bool) -> Interactions:
        return Interactions.of(
            (str(n), int(rng.integers(50)) + (50 * (n // 500) if fashion else 0), None, 1e9 + n * day / 10)
            for n in range(2000)
        )

    moving = lately(events(True), 200)
    assert moving[150:].min() > moving[:100].max()
    assert 0 < moving.max() <= 1
    assert not lately(events(False), 200).any()
    assert len(lately(Interactions.of([(str(n), n % 9, None, 0.0) for n in range(900)]), 9)) == 0


def test_like_goes_with_like() -> None:
    learnt = CoPreference.learn(checkerboard(60, 10), 10)
    scores = learnt.scores({0: 1.0, 2: 1.0})
    assert set(np.argsort(-scores)[:3].tolist()) <= {4, 6, 8}
    shunned = learnt.scores({0: -0.25})
    assert np.abs(shunned).max() == pytest.approx(0.25)
    assert shunned[2::2].mean() < shunned[1::2].mean()
    assert CoPreference.learn(Interactions.of([]), 10).scores({0: 1.0}).tolist() == [0.0] * 10


def test_it_is_kept_by_id_and_survives_a_changed_catalog(tmp_path: Path) -> None:
    learnt = CoPreference.learn(checkerboard(60, 10), 10)
    file = tmp_path / "together.npz"
    learnt.save(file, catalog(10))
    turned = Catalog([*reversed(catalog(10).items), Item("new", "New", "", {})])
    again = CoPreference.load(file, turned)
    mine, theirs = learnt.scores({2: 1.0}), again.scores({turned.row("2"): 1.0})
    for item in catalog(10).items:
        assert theirs[turned.row(item.id)] == pytest.approx(mine[int(item.id)])
    assert again.likes[turned.row("new")] == 0
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(IndexFileError, match="cannot be read"):
        CoPreference.load(file, turned)


def test_one_like_moves_the_list_to_what_goes_with_it_and_says_so() -> None:
    items = catalog(40)
    index = ItemIndex.build(items, embedder=HashingEmbedder())
    recommender = Recommender(items, index=index, together=CoPreference.learn(checkerboard(80, 40), 40))
    recommender.feedback.record("ana", "accept", item_id="4")
    found = recommender.recommend(user_id="ana").items
    assert sum(int(item.id) % 2 == 0 for item in found) >= 4
    assert any("liked by people who like what you like" in item.reason.casefold() for item in found)
    for item in found:
        assert sum(item.parts.values()) == pytest.approx(item.score)
        assert {"together", "popular"} <= item.parts.keys()
    plain = Recommender(items, index=index).recommend(user_id="bob").items
    assert all("together" not in item.parts for item in plain)


def test_of_a_person_what_was_not_judged_is_expected_as_of_people_on_average() -> None:
    interactions = checkerboard(60, 8)
    x = np.zeros((interactions.persons, 8))
    x[interactions.people, interactions.rows] = 1
    usual, noise = x.mean(axis=0), 0.25
    covariance = np.cov(x.T, bias=True)
    spread = replace(learn_spread((x.T @ x).astype(np.float32), len(x)), noise=noise)
    judged, sure = np.array([0, 6, 3]), np.array([1.0, 0.5, 0.9])
    seen = covariance[np.ix_(judged, judged)] + np.diag(noise / sure)
    expected = usual + covariance[:, judged] @ np.linalg.solve(seen, 1 - usual[judged])
    np.testing.assert_allclose(spread.suits(judged, sure), expected, atol=1e-4)
    np.testing.assert_allclose(spread.suits(judged[:0], sure[:0]), usual, atol=1e-6)
    one = spread.suits(np.array([0]), np.ones(1))
    assert (one[2::2] > usual[2::2]).all()
    assert (one[1::2] < usual[1::2]).all()


def test_a_rejection_is_left_to_taste() -> None:
    items = catalog(40)
    index = ItemIndex.build(items, embedder=HashingEmbedder())
    recommender = Recommender(items, index=index, together=CoPreference.learn(checkerboard(80, 40), 40))
    recommender.feedback.record("ana", "accept", item_id="4")
    before = {item.id: item.parts["together"] for item in recommender.recommend(user_id="ana", k=40).items}
    recommender.feedback.record("ana", "reject", item_id="5")
    after = {item.id: item.parts for item in recommender.recommend(user_id="ana", k=40).items}
    assert before.keys() - after.keys() == {"5"}
    assert all(parts["together"] == pytest.approx(before[item_id], abs=0.03) for item_id, parts in after.items())


def test_who_only_rejected_is_listed_what_many_like_and_what_a_reason_asked_for() -> None:
    items = catalog(40)
    index = ItemIndex.build(items, embedder=HashingEmbedder())
    events = [(str(person), row, None, 0.0) for row in range(40) for person in range(80 - row)]
    together = CoPreference.learn(Interactions.of(events), 40)
    recommender = Recommender(items, index=index, together=together, choosing=Choosing(diversity=0.0))
    recommender.feedback.record("ana", "reject", item_id="1")
    found = recommender.recommend(user_id="ana", k=10).items
    assert [item.id for item in found] == ["0", *map(str, range(2, 11))]
    recommender.feedback.record("ana", "reject", item_id="2", constraint=Constraint("colour", "any", ("red",)))
    found = recommender.recommend(user_id="ana", k=10).items
    assert all(item.item.facets["colour"] == "blue" for item in found)
    plain = Recommender(items, index=index)
    plain.feedback.record("ana", "reject", item_id="1")
    assert any(item.parts["taste"] for item in plain.recommend(user_id="ana", k=10).items)
