"""How Chinese leaves things out, refuses, gives up and asks, in a shop of umbrellas."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from chatrec.agent._turns import fold
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._values import Item
from chatrec.tools._turn import Turn


@cache
def umbrellas() -> Catalog:
    titles = ["听雨", "青穹", "晴岚", "渡云", "小荷", "长桥"]
    rows = [
        Item(
            f"u{n}",
            titles[n] if n < len(titles) else f"伞{n}号",
            "一把伞。",
            {
                "颜色": ["黑色", "白色", "红色", "灰色"][n % 4],
                "产地": ["杭州", "泉州", "景德镇"][n % 3],
                "课时": (f"周{'六日'[n % 2]}{['上午', '下午'][n // 2 % 2]}",),
                "配件": [("挂绳",), ("伞套", "挂绳"), ("礼盒",)][n % 3],
                "适合": ["男士", "女士", "儿童"][n % 3],
                "价格_元": 60 + 10 * n,
                "重量_克": 200 + 15 * n,
                "面积_平米": 1 + n % 5,
                "最小年龄_岁": 3 + n % 8,
                "折叠": n % 2 == 0,
                "无胶": n % 3 == 0,
            },
        )
        for n in range(36)
    ]
    return Catalog(rows, name="伞")


def wishes(*said: str, listed: bool = False) -> list[str]:
    """What is wished for after some messages; from the second on, or with `listed`, three umbrellas were shown."""
    catalog, turn = umbrellas(), Turn("p", "t")
    for at, text in enumerate(said):
        turn = replace(turn, shown=("u1", "u2", "u3") if at or listed else ())
        turn = fold(turn, catalog.link(text, last=turn.shown), text, catalog)
    return [str(c) for c in turn.where]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("要黑的", ["颜色=黑色"]),
        ("有灰的没", ["颜色=灰色"]),
        ("白的不要 红的可以", ["颜色=红色"]),
        ("雪白的墙", []),
        ("男款", ["适合=男士"]),
        ("周六的", ["课时=周六上午|周六下午"]),
        ("礼拜天下午", ["课时=周日下午"]),
        ("上午下午都行", ["课时=周六上午|周日上午|周六下午|周日下午"]),
        ("来把无胶的", ["无胶=true"]),
        ("孩子五岁", ["最小年龄_岁<=5"]),
        ("别超150", ["价格_元<=150"]),
        ("我从来不超过两百块", ["价格_元<=200"]),
        ("没有一百块以内的吗", ["价格_元<=100"]),
        ("两平左右", ["面积_平米=1.8..2.2"]),
        ("和朋友一块儿用", []),
    ],
)
def test_what_is_said_short(text: str, expected: list[str]) -> None:
    assert wishes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("红色的就别推了", ["颜色!=红色"]),
        ("杭州的一律不考虑，要泉州的", ["产地=泉州"]),
        ("红的灰的就别来了", ["颜色!=红色", "颜色!=灰色"]),
        ("杭州产的不行 要红的", ["产地!=杭州", "颜色=红色"]),
        ("白的不耐脏 去掉", ["颜色!=白色"]),
        ("泉州太远了", ["产地!=泉州"]),
        ("泉州太好了", ["产地=泉州"]),
        ("200块以上的别给我看", ["价格_元<200"]),
        ("超过三百克的我一概不要", ["重量_克<=300"]),
        ("没挂绳的一律别给我看", ["配件=挂绳"]),
        ("不许要红的 礼盒也不行", ["颜色!=红色", "配件!=礼盒"]),
    ],
)
def test_a_refusal_closes_the_clause(text: str, expected: list[str]) -> None:
    assert wishes(text) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["要杭州的", "那不限杭州了"], []),
        (["要杭州的", "不是杭州的也行"], []),
        (["要杭州的", "杭州不杭州的无所谓"], []),
        (["要杭州的", "别的产地也行"], []),
        (["要杭州的", "其他产的也看看"], []),
        (["要杭州的", "泉州的也算上吧"], ["产地=杭州|泉州"]),
        (["要杭州的", "再加个泉州的"], ["产地=杭州|泉州"]),
        (["不要泉州的", "泉州的也拿来看看吧"], []),
        (["要能折叠的", "折叠的不要了"], []),
        (["要红色的，100块以下", "价格你别管了"], ["颜色=红色"]),
        (["要红色的，杭州的", "颜色产地都随意了"], []),
        (["100块以下", "贵点也没事"], []),
        (["100块以下", "贵就贵吧"], []),
        (["100块以下", "130块以上也看"], []),
        (["100块以下", "放宽到150"], ["价格_元<=150"]),
    ],
)
def test_a_wish_is_given_up_or_widened(said: list[str], expected: list[str]) -> None:
    assert wishes(*said) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第一把有没有挂绳", []),
        ("它有礼盒吧？", []),
        ("青穹能折叠不", []),
        ("第二把呢 有灰的没", []),
        ("哪把更适合女士", []),
        ("有没有比青穹便宜的", ["价格_元<70"]),
        ("才两百一十克啊", ["重量_克>210"]),
        ("杭州的不顺手 换别的", ["产地!=杭州"]),
        ("那有100块以下的吗", ["价格_元<=100"]),
        ("没挂绳啊 那不行", ["配件=挂绳"]),
        ("青穹不错，有没有再便宜点的", ["价格_元<70"]),
        ("90块我用不起 有没有便宜点的", ["价格_元<90"]),
        ("90块，抢钱呐", ["价格_元<90"]),
        ("第一把太贵 最后一把更贵", ["价格_元<70"]),
        ("第一把太小", ["面积_平米>2"]),
    ],
)
def test_what_is_said_of_what_was_shown(text: str, expected: list[str]) -> None:
    assert wishes(text, listed=True) == expected


def test_a_number_before_a_counter_points() -> None:
    link = umbrellas().link("80块那把不要", last=("u1", "u2", "u3"))
    assert ([m.id for m in link.mentions], link.proposals) == (["u2"], ())


@pytest.mark.parametrize("text", ["来个汤吧", "有没有汤", "汤，十分钟"])
def test_a_value_of_one_character_in_another_language_needs_no_ending(text: str) -> None:
    dishes = Catalog([Item(str(n), f"菜{n}", "", {"category": ["soup", "dessert"][n % 2]}) for n in range(8)])
    assert [str(p.constraint) for p in dishes.link(text).proposals if p.score >= 0.75] == ["category=soup"]
