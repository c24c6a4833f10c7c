from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.errors import ContextError
from chatrec.indexes import Choosing
from chatrec.indexes._choosing import choose, long_tail, own_share


def test_the_tail_is_all_but_the_most_liked_fifth() -> None:
    assert long_tail(np.array([9, 8, 1, 1, 2, 3, 0, 1, 1, 1, 1], np.int32)).tolist() == [False] * 2 + [True] * 9
    assert long_tail(np.zeros(3, np.int32)).all()


@given(st.integers(0, 60), st.integers(1, 12), st.floats(0, 1), st.integers(0, 99))
def test_as_much_of_the_list_is_long_tail_as_is_asked_for_and_there_is(n: int, k: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, tail = rng.normal(size=n), rng.random(n) < 0.4
    vectors = rng.normal(size=(n, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    plain = choose(scores, vectors, k, Choosing(diversity=0.0), tail)
    assert plain == np.argsort(-scores, kind="stable")[:k].tolist()
    chosen = choose(scores, vectors, k, Choosing(diversity=0.0, long_tail=share), tail)
    assert len(set(chosen)) == len(chosen) == min(k, n)
    assert tail[chosen].sum() >= min(share * len(chosen) - 1e-6, tail.sum())
    assert set(np.flatnonzero(tail)) & set(plain) <= set(chosen)


@pytest.mark.parametrize("name", ["diversity", "novelty", "long_tail", "own_tail"])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_settings_have_bounds(name: str, value: float) -> None:
    with pytest.raises(ContextError, match="from 0 to 1"):
        Choosing(**{name: value})


def test_who_likes_the_long_tail_gets_it() -> None:
    scores = np.linspace(1.0, 0.0, 40)
    tail = np.arange(40) >= 20
    vectors = np.eye(40, dtype=np.float32)
    settings = Choosing(diversity=0.0, own_tail=0.5)
    assert own_share(np.array([], np.bool_)) == 0.0
    assert own_share(np.array([True])) < 0.2
    assert own_share(np.array([True, False] * 500)) == pytest.approx(0.5, abs=0.01)
    for own, rare in ((0.0, 0), (0.1, 0), (0.4, 2), (1.0, 5)):
        chosen = choose(scores, vectors, 10, settings, tail, own=own)
        assert tail[chosen].sum() == rare
        assert chosen == [*range(10 - rare), *range(20, 20 + rare)]


def test_items_of_the_same_facet_values_stand_apart_where_scores_are_near() -> None:
    scores = np.array([1.0, 0.99, 0.985, 0.2, 0.1, 0.0])
    vectors = np.eye(6, dtype=np.float32)
    same, other = frozenset({("kind", "lamp")}), frozenset({("kind", "chair")})
    values = [same, same, other, same, other, other]
    assert choose(scores, vectors, 2, Choosing(), values=values.__getitem__) == [0, 2]
    assert choose(scores, vectors, 2, Choosing(diversity=0.0), values=values.__getitem__) == [0, 1]
    assert choose(scores, vectors, 2, Choosing(), values=lambda _: frozenset()) == [0, 1]
