from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatrec.errors import RulesError
from chatrec.indexes import Catalog, Constraint, Item, ItemIndex, Recommender, Rules
from chatrec.testing import HashingEmbedder

COLOURS = ("red", "blue", "green")


def item(n: int) -> Item:
    facets: dict[str, Any] = {"colour": COLOURS[n % 3], "stock": n % 4, "age": (0, 6, 12, 18)[n // 10]}
    return Item(str(n), f"Toy {n}", "a toy to play with", facets)


CATALOG = Catalog([item(n) for n in range(40)])


@pytest.fixture(scope="module")
def index() -> ItemIndex:
    return ItemIndex.build(CATALOG, embedder=HashingEmbedder())


def ruled(index: ItemIndex, told: dict[str, Any], **more: Any) -> Recommender:
    return Recommender(CATALOG, index=index, rules=Rules.of(told, CATALOG), **more)


def facets(recommender: Recommender, name: str, **asked: Any) -> list[Any]:
    return [each.item.facets[name] for each in recommender.recommend("toy", user_id="ann", k=8, **asked).items]


def test_never_and_out_of_stock_are_not_shown_and_it_is_said_by_which_rule(index: ItemIndex) -> None:
    told = {"never": [{"where": "colour=red", "name": "Recall"}], "in_stock": "stock>0"}
    found = ruled(index, told).recommend("toy", user_id="ann", k=40)
    assert {each.item.facets["colour"] for each in found.items} == {"blue", "green"}
    assert all(each.item.facets["stock"] for each in found.items)
    assert {(each.by, each.why, each.count) for each in found.excluded} == {
        ("rule", "Recall", 14),
        ("rule", "in_stock stock>0", 10),
    }
    recalled = next(each for each in found.excluded if each.why == "Recall")
    assert recalled.titles == ("Toy 0", "Toy 3", "Toy 6")


def test_rules_are_never_relaxed(index: ItemIndex) -> None:
    recommender = ruled(index, {"never": [{"where": "colour=red"}]})
    found = recommender.recommend("toy", user_id="ann", where=[Constraint("colour", "any", ("red",))], k=5)
    assert found.matching == 0
    assert "red" not in {each.item.facets["colour"] for each in found.items}


def test_only_if_shows_to_those_who_ask(index: ItemIndex) -> None:
    recommender = ruled(index, {"only_if": [{"where": "colour=green"}]})
    assert "green" not in facets(recommender, "colour")
    assert set(facets(recommender, "colour", where=[Constraint("colour", "any", ("green",))])) == {"green"}
    assert "green" not in facets(recommender, "colour", where=[Constraint("colour", "any", ("green", "blue"))])
    recommender.profiles.prefer("ann", Constraint("colour", "any", ("green",)))
    assert "green" in facets(recommender, "colour")


def test_the_age_limit_is_of_the_person_where_it_is_known(index: ItemIndex) -> None:
    told = {"age_limit": {"facet": "age", "age": 6}}
    recommender = ruled(index, told, age_of={"ann": 12.0, "bob": None}.get)
    assert max(facets(recommender, "age")) <= 12
    shown = recommender.recommend("toy", user_id="bob", k=40)
    assert max(int(str(each.item.facets["age"])) for each in shown.items) == 6
    assert ("rule", "age>6") in {(each.by, each.why) for each in shown.excluded}


def test_boost_and_bury_are_parts_of_the_score_and_boosts_are_said(index: ItemIndex) -> None:
    told = {"boost": [{"where": ["colour=blue", "stock>=2"], "by": 1.5, "name": "Blue week"}],
            "bury": [{"where": "colour=red", "by": 1}]}  # fmt: skip
    recommender = ruled(index, told)
    found = recommender.recommend("toy", user_id="ann", k=40).items
    for each in found:
        blue = each.item.facets["colour"] == "blue" and int(str(each.item.facets["stock"])) >= 2
        expected = 1.5 if blue else -1.0 if each.item.facets["colour"] == "red" else 0.0
        assert each.parts["rules"] == pytest.approx(expected)
        assert sum(each.parts.values()) == pytest.approx(each.score)
        assert ("put forward by the house: Blue week" in each.reason.replace("Put", "put")) == blue
    assert {each.item.facets["colour"] for each in found[:4]} == {"blue"}
    assert {each.item.facets["colour"] for each in found[-8:]} == {"red"}
    chinese = recommender.recommend("toy", user_id="ann", k=1, language="zh").items[0]
    assert "店家推荐：Blue week" in chinese.reason


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"never": [{"where": "color=red"}]}, "did you mean 'colour'"),
        ({"never": [{"where": "colour=rde"}]}, "did you mean 'red'"),
        ({"nver": []}, "did you mean 'never'"),
        ({"boost": [{"where": "colour=red", "bye": 1}]}, "did you mean 'by'"),
        ({"boost": [{"where": "colour=red", "by": 5}]}, "at most 2"),
        ({"boost": [{"by": 1}]}, "write where"),
        ({"boost": {"where": "colour=red"}}, r"\[\[boost\]\]"),
        ({"age_limit": {"facet": "ages", "age": 3}}, "did you mean 'age'"),
        ({"age_limit": {"facet": "age"}}, "years"),
        ({"in_stock": "stock>many"}, "takes a number"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_nearest(told: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError, match=message):
        Rules.of(told, CATALOG)


def test_rules_are_read_from_a_file(tmp_path: Path, index: ItemIndex) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('in_stock = "stock>0"\n[[never]]\nwhere = ["colour=red", "age>=12"]\n', "utf-8")
    recommender = Recommender(CATALOG, index=index, rules=file)
    shut = np.logical_or.reduce([*recommender.rules.shut(CATALOG, ()).values()])
    assert shut.sum() == sum(
        not each.facets["stock"] or (each.facets["colour"] == "red" and int(str(each.facets["age"])) >= 12)
        for each in CATALOG.items
    )
    file.write_text("never = [", "utf-8")
    with pytest.raises(RulesError, match="cannot be read"):
        Rules.load(file, CATALOG)
    with pytest.raises(RulesError, match="cannot be read"):
        Rules.load(tmp_path / "none.toml", CATALOG)
