"""How much of a thing is wished for, with whom, and what is only asked, allowed or found too much."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from chatrec.agent._turns import fold
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._values import Item
from chatrec.tools._turn import Turn


@cache
def records() -> Catalog:
    moods = ["dark 黑暗", "romantic 浪漫", "funny 搞笑", "scary 恐怖"]
    company = ["partner 恋人", "friends 朋友", "alone 独自", "family 家人"]
    rows = [
        Item(
            f"r{n}",
            f"Record {n}",
            "A thing to hear.",
            {
                "mood": (moods[n % 4], moods[(n // 4) % 4]) if n % 4 != (n // 4) % 4 else (moods[n % 4],),
                "company": (company[(n // 2) % 4],),
                "kind": ["play", "talk", "song"][n % 3],
                "runtime_min": 40 + 3 * n,
                "price_eur": 10 + 5 * n,
            },
        )
        for n in range(48)
    ]
    return Catalog(rows, name="records")


def wishes(*said: str, listed: bool = False) -> list[str]:
    """What is wished for after some messages with a list shown between them; "~" marks what perhaps is."""
    catalog, turn = records(), Turn("p", "t")
    for at, text in enumerate(said):
        turn = replace(turn, shown=("r5", "r16", "r30") if at or listed else ())
        turn = fold(turn, catalog.link(text, last=turn.shown), text, catalog)
    return [str(c) for c in turn.where] + [f"~{c}" for c in turn.prefer]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not that dark please", ["mood!=dark 黑暗"]),
        ("a bit less dark", ["mood!=dark 黑暗"]),
        ("something that isn't so dark", ["mood!=dark 黑暗"]),
        ("a not too dark play", ["mood!=dark 黑暗", "kind=play"]),
        ("not too scary for friends", ["mood!=scary 恐怖", "company=friends 朋友"]),
        ("nothing too long or scary", ["mood!=scary 恐怖", "~runtime_min<=112"]),
        ("too dark", ["mood!=dark 黑暗"]),
        ("not dark enough", ["mood=dark 黑暗"]),
        ("something a bit dark", ["mood=dark 黑暗"]),
        ("not that, something dark", ["mood=dark 黑暗"]),
        ("not that one", []),
        ("dark, but not too dark", ["mood=dark 黑暗"]),
        ("not enough romantic ones", ["mood=romantic 浪漫"]),
        ("不要黑暗的恐怖的", ["mood!=dark 黑暗", "mood!=scary 恐怖"]),
        ("别太黑暗", ["mood!=dark 黑暗"]),
        ("不要那么黑暗", ["mood!=dark 黑暗"]),
        ("没那么黑暗的", ["mood!=dark 黑暗"]),
        ("不太恐怖的", ["mood!=scary 恐怖"]),
        ("太黑暗了", ["mood!=dark 黑暗"]),
        ("不够浪漫", ["mood=romantic 浪漫"]),
    ],
)
def test_what_is_too_much_is_refused(text: str, expected: list[str]) -> None:
    assert wishes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("they're all a bit dark", ["mood!=dark 黑暗"]),
        ("these are too dark for me", ["mood!=dark 黑暗"]),
        ("these aren't romantic enough", ["mood=romantic 浪漫"]),
        ("too many plays", ["~kind!=play"]),
        ("有点黑暗", ["mood!=dark 黑暗"]),
        ("太长太黑暗", ["mood!=dark 黑暗", "runtime_min<55"]),
        ("is it funny?", []),
        ("is it funny", []),
        ("how scary is it?", []),
        ("恐怖吗？", []),
        ("它恐怖吗", []),
        ("is there a scary one?", ["mood=scary 恐怖"]),
        ("有恐怖的吗", ["mood=scary 恐怖"]),
        ("they're all scary, aren't they", []),
        ("that one's scary, right?", []),
        ("does the second one get scary", []),
        ("tell me about the scary one", []),
        ("is it scary? I want something funny", ["mood=funny 搞笑"]),
    ],
)
def test_what_was_shown_is_judged_or_asked_about(text: str, expected: list[str]) -> None:
    assert sorted(wishes(text, listed=True)) == sorted(expected)


@pytest.mark.parametrize(
    "text",
    [
        "for a date",
        "me and my girlfriend",
        "for our honeymoon",
        "with my girlfriend",
        "date night with my husband",
        "for my wife and me",
        "和女朋友一起听",
        "跟男朋友听的",
        "约会听什么好",
    ],
)
def test_two_who_are_a_couple(text: str) -> None:
    assert wishes(text) == ["company=partner 恋人"]


@pytest.mark.parametrize("text", ["on my own", "just me tonight", "by myself", "home alone", "就我一个人", "一个人听"])
def test_one_alone(text: str) -> None:
    assert wishes(text) == ["company=alone 独自"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("和爸妈一起听", ["company=family 家人"]),
        ("全家一起听", ["company=family 家人"]),
        ("和同事听", ["company=friends 朋友"]),
        ("和朋友听", ["company=friends 朋友"]),
        ("I'd rather decide on my own", []),
        ("自己看着办", []),
    ],
)
def test_others(text: str, expected: list[str]) -> None:
    assert wishes(text) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["under 100 minutes", "380 minutes? no way"], ["runtime_min<100"]),
        (["100分钟以内", "380分钟？不行"], ["runtime_min<=100"]),
        (["under 100 euros", "200 is steep"], ["price_eur<100"]),
        (["under 100 euros", "€180? too much"], ["price_eur<100"]),
        (["under 100 euros", "I don't mind paying more than 150"], []),
        (["at least 50 euros", "I don't mind paying more than 150"], ["price_eur>=50"]),
        (["under 180 euros", "I don't mind more than 150 euros"], ["price_eur<180"]),
        (["100块以内", "超过150块也行"], []),
        (["nothing too long", "a play"], ["kind=play", "~runtime_min<=112"]),
        (["I don't want anything too long"], ["~runtime_min<=112"]),
        (["nothing that long"], ["~runtime_min<=112"]),
        (["I don't want to spend a lot"], ["~price_eur<=130"]),
        (["won't break the bank please"], ["~price_eur<=130"]),
        (["I'd go to 150 euros for a good one"], ["price_eur<=150"]),
        (["不想听太长的"], ["~runtime_min<=112"]),
        (["不想花太多钱"], ["~price_eur<=130"]),
    ],
)
def test_numbers_that_only_may_be_or_may_not_be_great(said: list[str], expected: list[str]) -> None:
    assert wishes(*said) == expected


@cache
def flats() -> Catalog:
    rows = [
        Item(
            f"f{n}",
            f"Flat {n}",
            "A place to live.",
            {
                "area": ["Old Town", "Harbour", "Northside"][n % 3],
                "noise": ["silent", "loud", "very loud"][n % 3],
                "suits": (["single", "couple", "family"][(n // 2) % 3],),
                "rent_eur": 450 + 35 * n,
                "deposit_eur": [0, 400, 800][n % 3],
                "lease_months": [6, 12, 24, 36][n % 4],
                "floor": n % 7,
                "size_m2": 25 + 3 * n,
                "walk_to_station_min": 2 + n % 20,
                "furnished": n % 2 == 0,
                "balcony": n % 3 == 0,
                "indoors_parking": n % 4 == 0,
            },
        )
        for n in range(60)
    ]
    return Catalog(rows, name="flats")


@cache
def rooms() -> Catalog:
    rows = [
        Item(
            f"z{n}",
            f"小区{n}号",
            "房子。",
            {
                "区域": ["朝阳区", "海淀区", "丰台区"][n % 3],
                "强度": ["高强度", "低噪音"][n % 2],
                "装修": ["精装修", "简装", "毛坯"][n % 3],
                "月租": 1200 + 150 * n,
                "楼层": 1 + n % 20,
                "通勤分钟": 10 + n,
                "容量ml": [30, 50, 75, 100][n % 4],
            },
        )
        for n in range(60)
    ]
    return Catalog(rows, name="租房")


def read(catalog: Catalog, text: str, shown: tuple[str, ...] = ()) -> list[str]:
    proposals = catalog.link(text, last=shown).proposals
    return sorted(str(one.constraint) for one in proposals if one.score >= 0.75)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I hate loud ones", ["noise!=loud|very loud"]),
        ("any area but the Harbour", ["area!=Harbour"]),
        ("unfurnished", ["furnished!=true"]),
        ("no deposit please", ["deposit_eur=0"]),
        ("a lease of up to two years", ["lease_months<=24"]),
        ("we're a family of four", ["suits=family"]),
        ("3rd floor or higher", ["floor>=3"]),
        ("it has to be furnished and have a balcony", ["balcony=true", "furnished=true"]),
        ("balcony would be nice but not necessary", []),
        ("a balcony isn't important", []),
        ("no rent limit", []),
        ("leave me alone", []),
    ],
)
def test_more_ways_to_say_so(text: str, expected: list[str]) -> None:
    assert read(flats(), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("does the second have a balcony?", []),
        ("will it suit a family?", []),
        ("too far from the station", ["walk_to_station_min<3"]),
        ("why are they all furnished?", []),
        ("all furnished, I said unfurnished", ["furnished!=true"]),
        ("they're all in the Harbour", ["area!=Harbour"]),
        ("the second is furnished?", []),
        ("is it furnished?", []),
    ],
)
def test_what_is_said_of_a_list(text: str, expected: list[str]) -> None:
    assert read(flats(), text, ("f1", "f4", "f7")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("预算四千", ["月租<=4000"]),
        ("不超过十层", ["楼层<=10"]),
        ("通勤半小时以内", ["通勤分钟<=30"]),
        ("50毫升以上", ["容量ml>=50"]),
        ("强度低点的", []),
    ],
)
def test_chinese_columns_with_units_and_counters(text: str, expected: list[str]) -> None:
    assert read(rooms(), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这几个都是毛坯，我要精装修", ["装修!=毛坯", "装修=精装修"]),
        ("怎么都是毛坯的", ["装修!=毛坯"]),
        ("都是毛坯，挺好的", ["装修=毛坯"]),
    ],
)
def test_what_is_said_of_a_list_in_chinese(text: str, expected: list[str]) -> None:
    assert read(rooms(), text, ("z2", "z5", "z8")) == expected
