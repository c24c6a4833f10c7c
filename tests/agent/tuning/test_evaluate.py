from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from chatrec.agent.tuning._calibrate import rescaled
from chatrec.agent.tuning._evaluate import RULES, Judged, classification, judge, reliability, ruled
from chatrec.agent.tuning._plots import draw
from chatrec.agent.tuning._seekers import Found
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


def test_the_rules_ask_as_they_say() -> None:
    first = replace(judged("ask_user", "ask_user", 0.9), said="a few words")
    long = replace(first, said="one two three four five six seven eight nine")
    later = replace(first, turn=2)
    made = {name: [each.chosen for each in ruled([first, long, later], rule)] for name, rule in RULES.items()}
    assert made == {
        "always recommend": ["recommend"] * 3,
        "ask first": ["ask_user", "ask_user", "recommend"],
        "ask first, if it is short": ["ask_user", "recommend", "recommend"],
    }
    assert ruled([replace(first, chances={"recommend": 1.0})], lambda _: True)[0].chosen == "recommend"


def test_reliability_is_that_of_a_small_table_done_by_hand() -> None:
    found = [
        judged("ask_user", "ask_user", 0.9),
        judged("ask_user", "recommend", 0.4),
        judged("recommend", "recommend", 0.7),
    ]
    assert reliability(found, 3) == [(0.6, 0.0, 1), (0.7, 1.0, 1), (0.9, 1.0, 1)]
    ((chance, right, count),) = reliability(found, 1)
    assert chance == pytest.approx((0.9 + 0.6 + 0.7) / 3)
    assert right == pytest.approx(2 / 3)
    assert count == 3


def test_a_fitted_temperature_may_change_no_more_than_it_says() -> None:
    found = [judged("ask_user", "ask_user", 0.6), judged("recommend", "recommend", 0.7)]
    assert [each.chosen for each in rescaled(found, {"ask_user": 4.0}, 1.0)] == ["recommend", "recommend"]
    (flat, _) = rescaled(found, {}, 2.0)
    assert flat.chances["ask_user"] == pytest.approx(0.6**0.5 / (0.6**0.5 + 0.4**0.5))


def test_pictures_are_drawn_of_choices_and_of_people(tmp_path: Path) -> None:
    found = [judged("ask_user", "ask_user", 0.9), judged("recommend", "ask_user", 0.4)]
    ends = {most: {"teacher": [Found(True, 2, most, "x", "en"), Found(False, 5, 0, "x", "en")]} for most in (1, 2)}
    files = draw(tmp_path / "new", {"as used": found, "always recommend": found}, ends)
    assert [file.name for file in files] == ["confusion.svg", "reliability.svg", "questions.svg"]
    reliable = files[1].read_text("utf-8")
    assert "as used" in reliable
    assert "always recommend" not in reliable
    assert "teacher" in files[2].read_text("utf-8")


@pytest.mark.real_model
def test_alone_it_hears_the_words_only_and_may_always_ask() -> None:
    used, alone = (judge("dev", count=1, seed=4, embedder=HashingEmbedder(), alone=each) for each in (False, True))
    assert [each.right for each in used] == [each.right for each in alone]
    assert all("ask_user" in each.chances for each in alone)
    assert [each.chances for each in used] != [each.chances for each in alone]
