from __future__ import annotations

import math

import pytest

from chatrec.agent.tuning._evaluate import Judged, classification, judge
from chatrec.testing import HashingEmbedder


def judged(right: str, chosen: str, chance: float, **arguments: str) -> Judged:
    other = {"ask_user": "recommend", "recommend": "ask_user"}[right]
    return Judged(right, chosen, {right: chance, other: 1 - chance}, arguments, arguments, "", "")


def test_the_figures_are_those_of_a_small_table_done_by_hand() -> None:
    found = [
        judged("ask_user", "ask_user", 0.8, facet="colour"),
        judged("ask_user", "recommend", 0.4),
        judged("recommend", "recommend", 0.9),
        judged("recommend", "recommend", 0.6),
    ]
    figures = classification(found)
    assert figures["accuracy"] == pytest.approx(0.75)
    assert figures["f1"] == {"ask_user": pytest.approx(2 / 3), "recommend": pytest.approx(0.8)}
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2)
    assert figures["confusion"] == {"ask_user": {"ask_user": 1, "recommend": 1}, "recommend": {"recommend": 2}}
    assert figures["nll"] == pytest.approx(-sum(math.log(p) for p in (0.8, 0.4, 0.9, 0.6)) / 4)
    assert figures["brier"] == pytest.approx(sum(2 * (1 - p) ** 2 for p in (0.8, 0.4, 0.9, 0.6)) / 4)
    assert figures["arguments"] == {"ask_user": 1.0}
    assert figures["ask_or_recommend"]["choices"] == 4


@pytest.mark.real_model
def test_the_embedded_model_is_asked_and_the_teacher_goes_on() -> None:
    found = judge("dev", count=2, seed=4, embedder=HashingEmbedder(), choice_prior="empty")
    assert found
    for each in found:
        assert each.chosen in each.chances
        assert each.right in each.chances
        assert sum(each.chances.values()) == pytest.approx(1.0)
