"""Figures among other figures: what they are about, how often is no amount, who has money, which of these is less."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes import Catalog, Item


@cache
def ladders() -> Catalog:
    kinds = [("loft",), ("step", "folding"), ("rope",), ("step",), ("folding",)]
    return Catalog(
        [
            Item(
                f"l{n}",
                f"Ladder {chr(65 + n)}",
                "",
                {
                    "height_cm": 90 + 25 * n,
                    "price_eur": 30 + 12 * n,
                    "weight_kg": 3 + n,
                    "delivery_days": 2 + n,
                    "kind": kinds[n % 5],
                    "made_in": 1990 + 3 * n,
                    "child_safe": n % 2 == 0,
                    "delivered": ["monday", "friday", "sunday"][n % 3],
                },
            )
            for n in range(10)
        ],
        name="ladders",
    )


def said(text: str, *last: str) -> list[str]:
    return [str(p.constraint) for p in ladders().link(text, last=last).proposals if p.score >= 0.75]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at most 1m80", ["height_cm<=180"]),
        ("up to 2m05 high", ["height_cm<=205"]),
        ("I have 80 euros for it", ["price_eur<=80"]),
        ("80 euro budget", ["price_eur<=80"]),
        ("180 cm is a lot, 150 tops", ["height_cm<=150"]),
        ("within a week", ["delivery_days<=7"]),
        ("made at most 2005 year", ["made_in<=2005"]),
        ("never friday, friday is football", ["delivered!=friday"]),
        ("no rope, no skyhooks", ["kind!=rope"]),
        ("for a child", ["child_safe=true"]),
    ],
)
def test_a_figure_is_about_what_suits_it(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    ["I climb nine hours a day", "I paint one night a week", "twice a week", "we live 600 miles away"],
)
def test_how_often_and_how_far_away_are_no_amounts(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize("text", ["which of these is lighter?", "1 or 3, which one is cheaper", "哪个更便宜"])
def test_which_of_these_is_less_is_a_question(text: str) -> None:
    assert said(text, "l2", "l5", "l7") == []


def test_what_is_longer_may_last_or_measure_more() -> None:
    assert said("something shorter", "l2", "l5") == []
    assert said("lighter", "l2", "l5") == ["weight_kg<5"]


def test_a_comparison_with_what_nobody_knows_is_only_perhaps() -> None:
    assert said("lighter than the piano", "l2", "l5") == []
    assert said("lighter than the rest", "l2", "l5") == ["weight_kg<5"]


def test_what_lies_high_is_neither_long_nor_far() -> None:
    rows = [Item(f"w{n}", f"Walk {n}", "", {"altitude_m": 300 * n, "hours": 1 + n}) for n in range(8)]
    walks = Catalog(rows, name="walks")
    for text, expected in (("shorter", ["hours<4"]), ("太远了", []), ("below 1000 m", ["altitude_m<1000"])):
        found = [str(p.constraint) for p in walks.link(text, last=["w3", "w4"]).proposals if p.score >= 0.75]
        assert found == expected, text
