from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chatrec.errors import IndexFileError
from chatrec.indexes import Catalog, CoPreference, Interactions, Item, ItemIndex, Recommender
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
    inverse = np.linalg.inv(x.T @ x + 20 * np.eye(8))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    learnt = CoPreference.learn(interactions, 8, strength=20.0)
    for row in range(8):
        np.testing.assert_allclose(learnt.scores({row: 1.0}), expected[row], atol=1e-5)
    np.testing.assert_allclose(learnt.scores({0: 1.0, 3: -0.5}), expected[0] - 0.5 * expected[3], atol=1e-5)


def test_like_goes_with_like() -> None:
    learnt = CoPreference.learn(checkerboard(60, 10), 10)
    scores = learnt.scores({0: 1.0, 2: 1.0})
    assert set(np.argsort(-scores)[:3].tolist()) <= {4, 6, 8}
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
