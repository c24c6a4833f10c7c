"""Figures among other figures: what they are about, how often is no amount, who has money, which of these is less."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes import Catalog, Item
from chatrec.indexes._values import FacetValue


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
        ("never one without a loft", ["kind=loft"]),
        ("i can't live without a rope", ["kind=rope"]),
        ("nothing folding and less than 80", ["kind!=folding", "price_eur<80"]),
        ("it would have to be less, under 80", ["price_eur<80"]),
        ("100 euros is far too much", ["price_eur<100"]),
        ("rope obviously, or loft", ["kind=rope|loft"]),
        ("rope, or failing that a loft one", ["kind=rope|loft"]),
        ("the tall grey one is fine, under 80 euros", ["price_eur<80"]),
        ("6 kilos... way too heavy", ["weight_kg<6"]),
        ("54 euros for the rope one is madness", ["price_eur<54", "kind=rope"]),
        ("90 euros for that?!", ["price_eur<90"]),
        ("they're over 9 kilos, too heavy", ["weight_kg<=9"]),
        ("140 cm, too big", ["height_cm=140"]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anything similar for 30 or less", ["price_eur<=30"]),
        ("max a metre", ["height_cm<=100"]),
        ("a metre and a half at most", ["height_cm<=150"]),
        ("a metre sixty tops", ["height_cm<=160"]),
        ("up to six foot two", ["height_cm<=187.96"]),
        ("half a metre more than 2 kilos", ["height_cm=45..55", "weight_kg>2"]),
        ("within half a dozen days", ["delivery_days<=6"]),
        ("two dozen euros at most", ["price_eur<=24"]),
        ("a fiver at most", ["price_eur<=5"]),
        ("within a couple of weeks", ["delivery_days<=14"]),
        ("no taller than 160", ["height_cm<=160"]),
        ("taller than 160", ["height_cm>160"]),
        ("120 high is plenty", ["height_cm<=120"]),
        ("a 140 tall one", ["height_cm=140"]),
        ("高140以内", ["height_cm<=140"]),
        ("一米五以内", ["height_cm<=150"]),
        ("一米五高的", ["height_cm=135..165"]),
        ("not a penny over 60", ["price_eur<=60"]),
        ("double figures only", ["price_eur=10..99"]),
        ("价格两位数", ["price_eur=10..99"]),
        ("under 80, no wait, 60", ["price_eur<60"]),
        ("at most 80, or rather under 60", ["price_eur<60"]),
        ("80以内，不对，60", ["price_eur<=60"]),
        ("99 is steep", ["price_eur<99"]),
        ("99 is a bit much", ["price_eur<99"]),
        ("99太贵了", ["price_eur<99"]),
        ("ten days is a bit long", ["delivery_days<10"]),
        ("4 kilos is too little", ["weight_kg>4"]),
        ("not more than a couple of hundred", ["price_eur<=200"]),
        ("4,5 kg max", ["weight_kg<=4.5"]),
        ("4½ kilos at most", ["weight_kg<=4.5"]),
        ("4 kilos or lighter", ["weight_kg<=4"]),
        ("5 days or quicker", ["delivery_days<=5"]),
        ("no more than, say, 80", ["price_eur<=80"]),
        ("60 would be my limit", ["price_eur<=60"]),
        ("i've got 60 to spend", ["price_eur<=60"]),
        ("a rope one, sorry, I meant a loft one", ["kind=loft"]),
        ("from the last five days", []),
    ],
)
def test_everyday_measures_are_read(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize("text", ["a foot stool", "1 is tall enough", "three high shelves", "a pound cake"])
def test_a_measure_before_its_noun_is_no_bound(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("less tall than the second", ["height_cm<115"]),
        ("taller", ["height_cm>140"]),
        ("that's a bit steep", ["price_eur<30"]),
        ("the third is a bit tall", ["height_cm<140"]),
        ("有点高", ["height_cm<90"]),
        ("第三个贵了点", ["price_eur<54"]),
        ("矮一点的", ["height_cm<90"]),
        ("10 euros cheaper than the third", ["price_eur<=44"]),
        ("taller but not more expensive", ["height_cm>140", "price_eur<=54"]),
        ("more expensive is fine", []),
        ("20 cm taller than the third", ["height_cm>=160"]),
        ("比第三个便宜10块", ["price_eur<=44"]),
        ("比第三个短一天", ["delivery_days<=3"]),
        ("贵一点也行", []),
        ("Ladder C is too tall", ["height_cm<140"]),
        ("Ladder B is so small, something taller than that", ["height_cm>115"]),
        ("is Ladder B child safe", []),
        ("the third, is it a rope one", []),
    ],
)
def test_what_is_found_fault_with_is_too_much(text: str, expected: list[str]) -> None:
    assert said(text, "l0", "l1", "l2") == expected


@pytest.mark.parametrize("text", ["a bit pricey, but fine", "有点贵，不过也行", "is that expensive?"])
def test_a_fault_that_is_forgiven_is_no_wish(text: str) -> None:
    assert said(text, "l0", "l1", "l2") == []


def test_a_number_that_is_too_much_may_speak_of_an_item() -> None:
    (proposal,) = ladders().link("54 is steep", last=("l0", "l2")).proposals
    assert (str(proposal.constraint), proposal.holders) == ("price_eur<54", ("l2",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fridays fine too", ["delivered=friday"]),
        ("friday would do as well", ["delivered=friday"]),
        ("friday also works", ["delivered=friday"]),
        ("i could also do friday", ["delivered=friday"]),
        ("failing that, friday", ["delivered=friday"]),
        ("then friday as well", ["delivered=friday"]),
        ("friday counts too", ["delivered=friday"]),
        ("friday would be all right after all", ["delivered=friday"]),
        ("let friday in as well", ["delivered=friday"]),
        ("要不friday也行", ["delivered=friday"]),
    ],
)
def test_what_would_do_too_widens(text: str, expected: list[str]) -> None:
    proposals = ladders().link(text).proposals
    assert [(str(p.constraint), p.wider) for p in proposals] == [(one, True) for one in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mondays? no good", ["delivered!=monday"]),
        ("monday, no thanks", ["delivered!=monday"]),
        ("rope with toddlers? no way", ["kind!=rope"]),
        ("mondays are out, friday works", ["delivered!=monday", "delivered=friday"]),
        ("monday doesn't work for us", ["delivered!=monday"]),
        ("i can't do mondays", ["delivered!=monday"]),
        ("i can't do without a loft one", ["kind=loft"]),
        ("rope？算了", ["kind!=rope"]),
        ("rope，不了", ["kind!=rope"]),
        ("is there a rope one? no? ok", ["kind=rope"]),
        ("is there a rope one under 80? no way!", ["kind=rope", "price_eur<80"]),
        ("friday, no problem", ["delivered=friday"]),
        ("monday, no wait, friday", ["delivered=friday"]),
        ("monday，哦不，friday", ["delivered=friday"]),
        ("mon or fri", ["delivered=monday|friday"]),
        ("no weekends", ["delivered!=sunday"]),
        ("leave the rope out", ["kind!=rope"]),
        ("the rope would have to go", ["kind!=rope"]),
        ("the rope has to go with the boat", ["kind=rope"]),
        ("rope ladders are just sad", ["kind!=rope"]),
        ("the first, except I'd want a rope", ["kind=rope"]),
    ],
)
def test_a_refusal_or_a_correction_follows(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_what_is_counted_by_the_week_is_no_week() -> None:
    def facets(n: int) -> dict[str, FacetValue]:
        return {"hours_per_week": 2 + n % 5, "min_age_years": 14 + n % 4, "screen": ["TV", "VR"][n % 2]}

    catalog = Catalog([Item(f"j{n}", f"Job {n}", "", facets(n)) for n in range(12)])
    told = ["max 3 hours", "3 to 5 hours a week", "16+ please", "new in town", "on the tv"]
    said = [[str(p.constraint) for p in catalog.link(text).proposals if p.score >= 0.75] for text in told]
    assert said == [["hours_per_week<=3"], ["hours_per_week=3..5"], ["min_age_years>=16"], [], ["screen=TV"]]


def test_days_go_by_their_other_names() -> None:
    days = ["周一", "周三", "周六", "周日"]
    catalog = Catalog([Item(f"c{n}", f"课{n}", "", {"上课日": days[n % 4], "价格": 90 + 10 * n}) for n in range(12)])
    said = [str(p.constraint) for text in ("星期一", "不要周末", "工作日的") for p in catalog.link(text).proposals]
    assert said == ["上课日=周一", "上课日!=周六|周日", "上课日=周一|周三"]


@cache
def plugs() -> Catalog:
    kinds, uses = ["in-wall", "on-wall", "over-wall", "loose"], ["plug bar", "desk", "shed"]
    rows: list[dict[str, str | int]] = [
        {
            "kind": kinds[n % 4],
            "use": uses[n % 3],
            "price_eur_kg": 10 + 2 * n,
            "age_months": 2 * n,
            "sockets": n % 9 + 1,
        }
        for n in range(24)
    ]
    return Catalog([Item(f"p{n}", f"Volt {n}", "", {**row}) for n, row in enumerate(rows)], name="plugs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 at most", ["price_eur_kg<=30"]),
        ("a plug for the shed", ["use=shed"]),
        ("nothing that goes in the wall", ["kind!=in-wall"]),
        ("a wall is a wall", []),
        ("three sockets is too many", ["sockets<3"]),
        ("18 months or older", ["age_months>=18"]),
        ("the price is no matter, over the wall", ["kind=over-wall"]),
    ],
)
def test_what_is_paid_a_kilo_is_money_and_a_noun_that_all_share_tells_none(text: str, expected: list[str]) -> None:
    assert [str(p.constraint) for p in plugs().link(text).proposals if p.score >= 0.75] == expected
