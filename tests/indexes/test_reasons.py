from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._reasons import Evidence, Language, explain, named_values, own_values, shared_values, shared_words
from chatrec.indexes._values import Facet, Item

FACETS = {
    "genres": Facet("genres", "multi", 3, values={"Comedy": 2, "Horror": 1, "War": 1}),
    "colour": Facet("colour", "category", 3, values={"black": 2, "red": 1}),
    "runtime": Facet("runtime", "number", 3, low=80, high=130, integer=True, unit="min"),
    "price": Facet("price", "number", 3, low=5, high=20.5, unit="€"),
    "release_year": Facet("release_year", "number", 3, low=1950, high=2020, integer=True),
    "vegan": Facet("vegan", "boolean", 3, values={"true": 2, "false": 1}),
    "since": Facet("since", "date", 3),
}
ITEM = Item(
    "a",
    "Laughing Moon",
    facets={
        "genres": ("Comedy", "War"),
        "colour": "red",
        "runtime": 130,
        "price": 12.5,
        "release_year": 1979,
        "vegan": True,
        "since": "2001-05-04",
    },
)


def met(*notations: str, language: Language = "en") -> str:
    constraints = [Constraint.parse(text, FACETS) for text in notations]
    return explain(ITEM, Evidence(met=constraints), FACETS, language)


def missed(*notations: str, language: Language = "en") -> str:
    constraints = [Constraint.parse(text, FACETS) for text in notations]
    return explain(ITEM, Evidence(missed=constraints), FACETS, language)


@pytest.mark.parametrize(
    ("notation", "english", "chinese"),
    [
        ("genres=Comedy|Horror", "Comedy.", "Comedy。"),
        ("genres!=Horror", "No Horror.", "不含Horror。"),
        ("colour!=black", "Not black.", "不是black。"),
        ("runtime<=140", "130 min.", "130分钟。"),
        ("price<20", "€12.50.", "€12.50。"),
        ("release_year=1970..1979", "Release year 1979.", "release year 1979。"),
        ("vegan=true", "Vegan.", "vegan。"),
        ("since>=2000", "Since 2001-05-04.", "since2001-05-04。"),
        ("colour~RE", "Colour with “RE”.", "colour含“RE”。"),
    ],
)
def test_what_is_met_is_said_by_the_items_own_value(notation: str, english: str, chinese: str) -> None:
    assert met(notation) == english
    assert met(notation, language="zh") == chinese


@pytest.mark.parametrize(
    ("notation", "english", "chinese"),
    [
        ("runtime<120", "But 130 min.", "但130分钟。"),
        ("genres=Horror", "But not Horror.", "但不是Horror。"),
        ("genres!=War", "But War.", "但War。"),
        ("vegan=false", "But vegan.", "但vegan。"),
    ],
)
def test_what_is_missed_is_said_too(notation: str, english: str, chinese: str) -> None:
    assert missed(notation) == english
    assert missed(notation, language="zh") == chinese


def test_a_whole_sentence_reads_well_in_both_languages() -> None:
    evidence = Evidence(
        met=[Constraint("genres", "any", ("Comedy",))],
        missed=[Constraint("runtime", "lt", (120,))],
        likes=["Alien", "Heat"],
        shared=["War", "Comedy"],
        words=["Moon"],
        taste=["red"],
    )
    assert explain(ITEM, evidence, FACETS) == (
        "Comedy; “Moon” in the title; close to Alien and Heat (War); your taste: red; but 130 min."
    )
    assert explain(ITEM, evidence, FACETS, "zh") == (
        "Comedy；标题含“Moon”；与“Alien”、“Heat”相近 (War)；合你的口味：red；但130分钟。"
    )


def test_chinese_units_and_values_stand_without_spaces() -> None:
    facets = {"价格": Facet("价格", "number", 1, unit="元"), "季节": Facet("季节", "category", 1, values={"夏天": 1})}
    item = Item("a", "连衣裙", facets={"价格": 199, "季节": "夏天"})
    constraints = [Constraint("季节", "any", ("夏天",)), Constraint("价格", "lt", (200,))]
    assert explain(item, Evidence(met=constraints), facets, "zh") == "夏天；199元。"


def test_a_missing_value_is_called_unknown() -> None:
    bare = Item("b", "Bare")
    assert explain(bare, Evidence(missed=[Constraint("runtime", "lt", (9,))]), FACETS) == "But runtime unknown."


def test_something_true_is_said_where_nothing_matched() -> None:
    assert explain(ITEM, Evidence(meaning=True), FACETS) == "Close to your words in meaning."
    assert explain(ITEM, Evidence(), FACETS) == "A typical one to start from."
    assert explain(ITEM, Evidence(), FACETS, "zh") == "有代表性，可以先看看。"


def test_an_items_own_values_tell_what_it_is() -> None:
    catalog = Catalog(
        Item(str(n), f"Thing {n}", facets={"tags": ("all", f"t{n % 4}"), "maker": f"M{n}", "sort": "abc"[n % 3]})
        for n in range(12)
    )
    assert own_values(catalog.items[1], catalog.facets, 12) == ["b", "t1"]
    own = Evidence(own=lambda: ["t1"])
    assert explain(catalog.items[1], own, catalog.facets) == "T1; a typical one to start from."


def test_words_of_the_title_are_found_without_everyday_words() -> None:
    assert shared_words("something with the moon please", "The Moon and Something") == ["Moon"]
    assert shared_words("我想找一条夏天的连衣裙", "碎花连衣裙") == ["连衣裙"]
    assert shared_words("ein anderer", "The Moon") == []


def test_values_named_by_the_query_are_whole_words() -> None:
    catalog = Catalog([ITEM, Item("b", "B", facets={"genres": ("Comedy",), "colour": "red"})])
    assert named_values("a red WAR comedy", ITEM, catalog.facets) == ["Comedy", "War", "red"]
    assert named_values("warm and bored", ITEM, catalog.facets) == []


def test_shared_values_come_rarest_first() -> None:
    other = Item("b", "B", facets={"genres": ("War", "Comedy"), "colour": "red"})
    assert shared_values(ITEM, [other], FACETS) == ["War", "red", "Comedy"]


@given(st.data())
def test_every_reason_is_one_finished_line(data: st.DataObject) -> None:
    text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
    evidence = Evidence(
        likes=data.draw(st.lists(text, max_size=4)),
        shared=data.draw(st.lists(text, max_size=3)),
        taste=data.draw(st.lists(text, max_size=3)),
        words=data.draw(st.lists(text, max_size=3)),
        named=data.draw(st.lists(text, max_size=3)),
        liked=data.draw(st.one_of(st.just(""), text)),
        meaning=data.draw(st.booleans()),
    )
    for language, end in zip(get_args(Language), ".。", strict=True):
        reason = explain(ITEM, evidence, FACETS, language)
        assert len(reason) > 1
        assert reason.endswith(end)
        assert "\n" not in reason
        said = [*evidence.likes, *evidence.shared, *evidence.taste, *evidence.words, *evidence.named, evidence.liked]
        assert "{}" not in reason or "{}" in "".join(said)
