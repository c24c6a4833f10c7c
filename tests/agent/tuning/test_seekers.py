from __future__ import annotations

import pytest

from chatrec.agent.tuning._seekers import FIXED, Found, seek
from chatrec.testing import HashingEmbedder

pytestmark = pytest.mark.real_model


@pytest.fixture(scope="module")
def ends() -> dict[str, list[Found]]:
    return seek("dev", {}, count=4, seed=3, embedder=HashingEmbedder())


def test_every_policy_meets_the_same_people(ends: dict[str, list[Found]]) -> None:
    assert list(ends) == list(FIXED)
    assert {tuple(found.domain for found in each) for each in ends.values()} == {
        tuple(found.domain for found in ends["teacher"])
    }


def test_a_policy_asks_as_often_as_its_name_says(ends: dict[str, list[Found]]) -> None:
    assert all(found.questions == 0 for found in ends["always recommend"])
    assert all(found.questions == 1 for found in ends["ask once, then recommend"])
    assert all(found.questions <= 2 for found in ends["ask twice, then recommend"])


def test_a_conversation_without_success_takes_all_its_turns(ends: dict[str, list[Found]]) -> None:
    every = [found for each in ends.values() for found in each]
    assert all(found.turns == 5 for found in every if not found.success)
    assert any(found.success for found in every)
