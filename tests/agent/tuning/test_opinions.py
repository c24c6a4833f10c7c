"""Weights that hear opinions, fitted to written conversations."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from chatrec.agent._opinions import Opinions
from chatrec.agent.tuning._opinions import Halves, Opined, alone, fit_opinions, opined
from chatrec.indexes._feedback import KINDS
from chatrec.testing import HashingEmbedder
from chatrec.tools._turn import Spoken


def test_what_is_said_of_items_has_its_labels() -> None:
    found = opined("soups")
    assert {one.kind for one in found} >= {"", "accept", "reject", "seen"}
    assert all(one.words and one.domain == "soups" and one.language == "en" for one in found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_messages_that_stand_alone_have_every_kind_many_times(language: Spoken) -> None:
    found = alone(language)
    counts = Counter(one.kind for one in found)
    assert set(counts) == {"", *KINDS}
    assert min(counts.values()) > 100
    assert all(one.words and one.language == language for one in found)
    assert len({one.domain for one in found}) > 40


def test_weights_tell_kinds_apart() -> None:
    rng = np.random.default_rng(4)
    kinds = ["", "accept", "reject", "seen", "critique", "refine"]
    middles = rng.normal(size=(6, 16))
    which = rng.integers(6, size=600)

    def heard(kind: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.hstack([middles[kind] + 0.3 * rng.normal(size=(len(kind), 16)), np.ones((len(kind), 1))])

    weights = fit_opinions(heard(which), [kinds[n] for n in which])
    fresh = rng.integers(6, size=200)
    assert ((heard(fresh) @ weights.T).argmax(axis=1) == fresh).mean() > 0.9


def test_a_domain_is_heard_with_weights_that_have_not_seen_it() -> None:
    found = [
        Opined(domain, "en", words, kind) for domain, kind in (("a", "accept"), ("b", "reject")) for words in "xyz"
    ]
    done: list[tuple[int, int]] = []
    halves = Halves(found, HashingEmbedder(32), lambda *each: done.append(each))
    assert halves.of("a").of("x", [""]) == ("reject",)
    assert halves.of("b").of("x", [""]) == ("accept",)
    assert halves.right() == {"en": 0.0}
    told = Opinions(halves.all(), HashingEmbedder(32)).chances("x")
    assert abs(told[1] - told[2]) < 0.05 < told[1]
    assert done[-1] == (6, 6)
