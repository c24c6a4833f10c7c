"""The linker's weights of near meanings, fitted to written conversations."""

from __future__ import annotations

import numpy as np
import pytest

from chatrec.agent.tuning._meanings import Weighed, fit_meanings, weighed
from chatrec.indexes._linker_meaning import WEIGHTS


def test_the_weights_that_made_the_labels_are_found_again() -> None:
    rng = np.random.default_rng(5)
    true = np.array(WEIGHTS)
    found: list[Weighed] = []
    for n in range(6000):
        asked = rng.integers(3)
        told = (1.0, rng.uniform(0, 1), rng.uniform(0, 0.5), *map(float, (rng.integers(2), asked == 1, asked == 2)))
        found.append(Weighed(f"d{n % 4}", told, bool(rng.random() < 1 / (1 + np.exp(-true @ told)))))
    fit = fit_meanings(found)
    assert fit.weights == pytest.approx(WEIGHTS, abs=0.6)
    assert fit.surprise == pytest.approx(fit.present, abs=0.01)
    taken, right = fit.taken[0.5]
    assert taken > right > 0.6 * taken


def test_what_the_linker_weighs_in_written_talk_is_told_by_its_labels() -> None:
    found = list(weighed(["soups"]))
    assert {len(one.signs) for one in found} == {len(WEIGHTS)}
    near = {meant: np.mean([one.signs[1] for one in found if one.meant == meant]) for meant in (True, False)}
    assert near[True] > near[False] + 0.1
