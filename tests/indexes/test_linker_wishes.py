"""Wishes in everyday words: parts of values, for whom it is, what may be, need not be, or was once."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._linker import Linker
from chatrec.indexes._values import Item


@cache
def bikes() -> Linker:
    kinds = ["mountain bike", "city bike", "road bike", "folding bike", "cargo bike"]
    rows = [
        Item(
            f"b{n}",
            f"Velo {n}",
            "A bike.",
            {
                "type": kinds[n % 5],
                "colour": ["black", "red", "grey"][n % 3],
                "frame": ["steel", "aluminium", "carbon"][n % 3],
                "bag": ["solid pine", "chest of drawers", "oak"][n % 3],
                "shore": ["sea", "lake", "town"][n % 3],
                "for": [("women",), ("men",), ("kids",), ("couples",)][n % 4],
                "electric": n % 2 == 0,
                "basket": n % 4 == 0,
            },
        )
        for n in range(40)
    ]
    return Linker(Catalog(rows, name="bikes"))


@cache
def houses() -> Linker:
    rows = [
        Item(
            f"m{n}",
            f"云舍{n}号",
            "民宿。",
            {
                "位置": ["海边", "山里", "古镇"][n % 3],
                "适合": [("情侣",), ("亲子",), ("老人",)][n % 3],
                "停车位": n % 2 == 0,
                "泳池": n % 3 == 0,
            },
        )
        for n in range(30)
    ]
    return Linker(Catalog(rows, name="民宿"))


def said(linker: Linker, text: str, floor: float = 0.65) -> list[str]:
    return [str(one.constraint) for one in linker.link(text).proposals if one.score >= floor]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a mountain one, or maybe city", ["type=mountain bike|city bike"]),
        ("an aluminum frame", ["frame=aluminium"]),
        ("gray please", ["colour=grey"]),
        ("oak or pine", ["bag=oak|solid pine"]),
        ("with drawers", ["bag=chest of drawers"]),
        ("an ebike", ["electric=true"]),
        ("e-bike with a basket", ["electric=true", "basket=true"]),
        ("seaside or lakefront", ["shore=sea|lake"]),
        ("for my girlfriend", ["for=women"]),
        ("something for my little brother", ["for=men"]),
        ("for our daughter", ["for=kids"]),
        ("to ride with my husband", ["for=couples"]),
        ("let me talk to my wife", []),
        ("my wife broke the carbon one", []),
        ("not that I mind red", []),
        ("I had a red bike before, now I want a black one", ["colour=black"]),
        ("we rented a cargo bike but now we want a road bike", ["type=road bike"]),
    ],
)
def test_everyday_words_say_values(text: str, expected: list[str]) -> None:
    assert said(bikes(), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("能停车的", ["停车位=true"]),
        ("带孩子去", ["适合=亲子"]),
        ("给我爸妈", ["适合=老人"]),
        ("和女朋友一起", ["适合=情侣"]),
        ("我跟老公商量一下", []),
        ("去年住过古镇，今年想去海边", ["位置=海边"]),
    ],
)
def test_everyday_words_say_values_in_chinese(text: str, expected: list[str]) -> None:
    assert said(houses(), text) == expected


@pytest.mark.parametrize("text", ["a basket needn't be there", "no basket needed", "basket isn't needed"])
def test_what_is_not_needed_is_not_refused(text: str) -> None:
    link = bikes().link(text)
    assert (link.removed, link.proposals) == (("basket",), ())


@pytest.mark.parametrize(("linker", "text"), [(bikes, "no basket?"), (houses, "没有泳池吗？")])
def test_a_complaint_in_a_question_is_perhaps_a_wish(linker: object, text: str) -> None:
    made = bikes() if linker is bikes else houses()
    (one,) = made.link(text).proposals
    assert (one.constraint.op, one.constraint.values) == ("any", ("true",))
    assert one.score < 0.75


def test_whether_something_is_so_may_be_a_wish_unless_it_is_asked_of_what_is_shown() -> None:
    assert said(houses(), "能停车吗", 0.5) == ["停车位=true"]
    assert said(bikes(), "is it electric?", 0.5) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want to train my legs", ["muscles=legs"]),
        ("help me strengthen my core", ["muscles=core"]),
        ("exercises for the back", ["muscles=back"]),
        ("my lower back hurts", ["muscles=back"]),
        ("I want my money back", []),
        ("go back to the list", []),
    ],
)
def test_what_is_to_be_done_with_ones_own_is_a_wish(text: str, expected: list[str]) -> None:
    rows = [("Row", "back"), ("Squat", "legs"), ("Plank", "core"), ("Curl", "arms")]
    catalog = Catalog([Item(name, name, "", {"muscles": (part,)}) for name, part in rows], name="moves")
    assert [str(found.constraint) for found in catalog.link(text).proposals if found.score >= 0.75] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no equipment", ["equipment=none"]),
        ("legs, without any equipment please", ["muscles=legs", "equipment=none"]),
        ("I don't have any equipment", ["equipment=none"]),
        ("any equipment is fine", []),
        ("no preference for equipment", []),
        ("no bands", ["equipment!=band"]),
    ],
)
def test_none_may_be_a_value(text: str, expected: list[str]) -> None:
    rows = [("Row", "back", "band"), ("Squat", "legs", "none"), ("Plank", "core", "none"), ("Curl", "arms", "bell")]
    items = [Item(name, name, "", {"muscles": (part,), "equipment": gear}) for name, part, gear in rows]
    linker = Linker(Catalog(items, name="moves"))
    assert sorted(said(linker, text, 0.75)) == sorted(expected)
