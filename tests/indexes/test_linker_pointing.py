"""Listed items that are told by what they are: a part of their title, what they are most of, a number in words."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes import Catalog, Item

LAMPS = ("l0", "l1", "l2", "l3")
CAKES = ("c0", "c1", "c2")


@cache
def lamps() -> Catalog:
    rows = [
        ("Harbour Reading Light", "A clamp for the shelf.", 40, 900, "brass"),
        ("Paper Moon", "A globe on three legs, with a dimmer.", 25, 300, "white"),
        ("Heron Desk Lamp", "It bends its neck.", 90, 1500, "black"),
        ("Little Lantern", "For the tent; runs on batteries.", 15, 200, "green"),
        ("Heron Floor Lamp", "The tall sister.", 140, 6000, "black"),
        ("Brass Bell", "Hangs from a beam.", 60, 1100, "brass"),
        ("Night Owl", "Sits on the edge of a cot.", 20, 250, "white"),
        ("Paper Lantern", "Folds flat.", 8, 100, "white"),
    ]
    return Catalog(
        [Item(f"l{n}", t, d, {"price_eur": p, "weight_g": w, "colour": c}) for n, (t, d, p, w, c) in enumerate(rows)],
        name="lamps",
    )


@cache
def cakes() -> Catalog:
    rows = [
        ("桂花拿破仑", 38, "奶油"),
        ("外婆的松糕", 12, "米"),
        ("黑森林小方", 45, "巧克力"),
        ("蓝莓云朵", 28, "水果"),
        ("芒果千层", 52, "水果"),
        ("红豆年轮", 33, "奶油"),
    ]
    return Catalog([Item(f"c{n}", t, "", {"价格_元": p, "口味": k}) for n, (t, p, k) in enumerate(rows)], name="蛋糕")


def pointed(catalog: Catalog, text: str, last: tuple[str, ...], listed: tuple[str, ...] = ()) -> list[str]:
    return [mention.id for mention in catalog.link(text, last=last, listed=listed).mentions]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("perfect, the heron", ["l2"]),
        ("I have the desk lamp already", ["l2"]),
        ("the lantern one, please", ["l3"]),
        ("is that reading light heavy?", ["l0"]),
        ("hmm, that Heron looks odd", ["l2"]),
        ("not the heron", ["l2"]),
        ("the cheapest one", ["l3"]),
        ("what about the heavier one?", ["l2"]),
        ("the one with the dimmer", ["l1"]),
        ("not 2, not 4", ["l1", "l3"]),
        ("1 or 3? which lasts longer", ["l0", "l2"]),
        ("the third to be honest", ["l2"]),
        ("first two are ugly", ["l0", "l1"]),
        ("what is the difference between the last 2", ["l2", "l3"]),
        ("lantern goes hard but i got ten euros tops", ["l3"]),
        ("my aunt has the harbour, sorry", ["l0"]),
    ],
)
def test_a_listed_item_is_told_by_what_it_is(text: str, ids: list[str]) -> None:
    assert pointed(lamps(), text, LAMPS) == ids


@pytest.mark.parametrize(
    "text",
    [
        "something for reading",
        "a lamp for the desk",
        "over the moon about a light one",
        "cheaper ones",
        "for 2 rooms",
        "the first thing that comes to mind",
        "first two weeks are free",
        "show me more lamps",
    ],
)
def test_a_wish_in_the_words_of_a_title_points_at_nothing(text: str) -> None:
    assert pointed(lamps(), text, LAMPS) == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("就黑森林吧", ["c2"]),
        ("桂花拿破仑多少钱", ["c0"]),
        ("松糕？我不爱吃", ["c1"]),
        ("便宜的那个", ["c1"]),
        ("最贵的那款来一份", ["c2"]),
        ("最后那个太甜了", ["c2"]),
        ("2号不错", ["c1"]),
        ("巧克力的那个", ["c2"]),
        ("第一个可以，后面俩不要", ["c0", "c1", "c2"]),
        ("前面两个都不行", ["c0", "c1"]),
        ("上次的松糕早吃腻了", ["c1"]),
    ],
)
def test_a_listed_item_is_told_in_chinese(text: str, ids: list[str]) -> None:
    assert pointed(cakes(), text, CAKES) == ids


@pytest.mark.parametrize("text", ["想吃水果的", "便宜一点的", "5月2号要用", "有没有别的", "有没有松糕", "前几天"])
def test_a_wish_in_chinese_points_at_nothing(text: str) -> None:
    assert pointed(cakes(), text, CAKES) == []


def test_a_part_that_two_listed_titles_have_tells_neither() -> None:
    assert pointed(lamps(), "the heron", ("l2", "l4")) == []
    assert pointed(lamps(), "the floor lamp", ("l2", "l4")) == ["l4"]


def test_what_was_listed_earlier_can_be_named_again() -> None:
    assert pointed(lamps(), "back to the owl", LAMPS) == []
    assert pointed(lamps(), "back to the owl", LAMPS, (*LAMPS, "l6")) == ["l6"]
    assert pointed(lamps(), "the lantern", LAMPS, (*LAMPS, "l7")) == ["l3"]


def test_each_clause_is_measured_against_the_item_it_names() -> None:
    link = lamps().link("the second is too heavy, the fourth is nice", last=LAMPS)
    assert [str(proposal.constraint) for proposal in link.proposals] == ["weight_g<300"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("none of these, sorry", "012"),
        ("all three of them look dull", "012"),
        ("they're all too big", "012"),
        ("these two are ugly", ""),
        ("these three months were hard", ""),
        ("the first is fine, the other two are not", "012"),
        ("second one no, the others maybe", "102"),
        ("the first is too big, the other one too small", "0"),
        ("the other day", ""),
        ("middle one please", "1"),
        ("the second opens too wide", "1"),
        ("First. The rest I don't like", "012"),
        ("first, something for the tent", ""),
        ("last one maybe", "2"),
        ("brass one could do", "0"),
        ("90? no way", "2"),
        ("the 25 euro one", "1"),
        ("under 90", ""),
        ("which of these is lightest?", "1"),
    ],
)
def test_several_are_told_at_once(text: str, places: str) -> None:
    assert pointed(lamps(), text, LAMPS[:3]) == [f"l{place}" for place in places]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("这几个都一般", "012"),
        ("都不行", "012"),
        ("没一个喜欢的", "012"),
        ("这三个都太甜", "012"),
        ("这两个月在减肥", ""),
        ("颜色都不错", ""),
        ("第一个不错，另外两个不要", "012"),
        ("剩下俩呢", ""),
        ("除了第二个其他都行", "102"),
        ("中间那个吧", "1"),
        ("倒数第二个", "1"),
        ("三号要了", "2"),
        ("哪个最便宜", "1"),
        ("有哪个便宜点", ""),
    ],
)
def test_several_are_told_in_chinese(text: str, places: str) -> None:
    assert pointed(cakes(), text, CAKES) == [f"c{place}" for place in places]


def test_the_other_one_is_the_one_not_spoken_of_before() -> None:
    link = lamps().link("tell me about the other one", last=LAMPS[:2], about="l0")
    assert [mention.id for mention in link.mentions] == ["l1"]


def test_what_a_wish_is_measured_against_is_no_subject() -> None:
    than, subject = (
        lamps().link(text, last=LAMPS).mentions[0] for text in ("cheaper than the second", "the second is nice")
    )
    assert (than.id, than.standard) == ("l1", True)
    assert (subject.id, subject.standard) == ("l1", False)
    (than,) = cakes().link("比第二个便宜的有吗", last=CAKES).mentions
    assert than.standard


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("too heavy", "weight_g<900"),
        ("hmm, anything cheaper?", "price_eur<40"),
        ("cheaper than the third", "price_eur<90"),
        ("the third is too heavy", "weight_g<1500"),
        ("cheaper than these", "price_eur<15"),
    ],
)
def test_a_comparative_is_read_against_the_item_spoken_of_last(text: str, wish: str) -> None:
    link = lamps().link(text, last=LAMPS, about="l0")
    assert [str(proposal.constraint) for proposal in link.proposals] == [wish]


@pytest.mark.parametrize(("text", "wish"), [("有点贵", "价格_元<38"), ("比这几个都便宜的", "价格_元<12")])
def test_a_chinese_comparative_too(text: str, wish: str) -> None:
    link = cakes().link(text, last=CAKES, about="c0")
    assert [str(proposal.constraint) for proposal in link.proposals] == [wish]
    assert cakes().link(text, last=CAKES, about="gone") == cakes().link(text, last=CAKES)


def test_all_that_is_known_is_pointed_at() -> None:
    assert pointed(lamps(), "I know them all", LAMPS) == list(LAMPS)
    assert pointed(lamps(), "seen them both", LAMPS[:2]) == list(LAMPS[:2])
    assert pointed(cakes(), "我都吃过了", CAKES) == list(CAKES)
    assert pointed(cakes(), "第一个和第二个我都吃过", CAKES) == list(CAKES[:2])
    assert not pointed(cakes(), "朋友都吃过", CAKES)


def test_all_that_is_refused_is_refused() -> None:
    for text, refused in (("none of these", True), ("neither", True), ("they all look nice", False)):
        assert [m.negated for m in lamps().link(text, last=LAMPS[:2]).mentions] == [refused, refused], text
    assert all(m.negated for m in cakes().link("一个都不喜欢", last=CAKES).mentions)
    assert not lamps().link("both", last=LAMPS[:2], asked="colour").mentions


def test_the_end_of_a_title_is_that_title_and_not_one_that_goes_on() -> None:
    titles = ("Brook Marshal", "Brook Marshal Junior", "Silt", "西湖龙井", "龙井茶饼")
    catalog = Catalog([Item(str(n), title, "", {}) for n, title in enumerate(titles)])
    assert pointed(catalog, "the Marshal would do if it were lighter", ("1", "0")) == ["0"]
    assert pointed(catalog, "the Marshal Junior would do", ("1", "0")) == ["1"]
    assert pointed(catalog, "就龙井吧", ("4", "3")) == ["3"]
