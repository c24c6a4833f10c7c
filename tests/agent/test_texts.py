"""What chatrec itself writes around the model's words."""

from __future__ import annotations

from chatrec.agent._texts import beyond, listing, short_facts
from chatrec.indexes import Catalog, Item
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._reasons import Evidence, explain
from chatrec.tools._texts import condition_text, question_text


def test_a_reason_adds_to_the_facts_and_repeats_none() -> None:
    facts = "green · fresh, grassy · €12"
    assert beyond("Green; €12.", facts) == ""
    assert beyond("Fresh; but €30.", facts) == "But €30."
    assert beyond("€12; close to Mint Street (fresh).", facts) == "Close to Mint Street (fresh)."
    assert beyond("Green；与你的描述相近。", facts) == "与你的描述相近。"
    assert beyond("", facts) == ""


def test_a_list_shows_title_facts_and_reason(catalog: Catalog) -> None:
    entry = {"title": "Green Dawn", "item": catalog["green-dawn"].as_dict(), "reason": "Fresh; in your words."}
    assert listing([entry], catalog.facets) == ("1. Green Dawn (green · fresh, grassy · €12)\n   In your words.")


def test_values_in_two_languages_are_shown_in_the_readers() -> None:
    shop = Catalog.load("shop")
    dress = shop["linen-wrap-dress"]
    entry = {"title": dress.title, "item": dress.as_dict(), "reason": ""}
    assert "(dress · €69" in listing([entry], shop.facets, "en")
    assert "(连衣裙/裙子 · €69" in listing([entry], shop.facets, "zh")
    assert condition_text("season=summer 夏天|winter 冬天", shop.facets, "zh") == "夏天, 冬天"
    asked = [Constraint("season", "any", ("summer 夏天",)), Constraint("colour", "none", ("red 红色",))]
    assert explain(dress, Evidence(met=asked), shop.facets, "zh") == "夏天；不含红色。"
    assert explain(dress, Evidence(met=asked), shop.facets, "en") == "Summer; no red."


def test_names_and_units_are_told_in_the_readers_language() -> None:
    travel = Catalog.load("travel")
    assert condition_text("stay<=1", travel.facets, "en") == "stay up to 1 day"
    assert condition_text("stay<=3", travel.facets, "en") == "stay up to 3 days"
    assert condition_text("stay<=3", travel.facets, "zh") == "停留时间3天以下"
    assert condition_text("altitude>1990", travel.facets, "zh") == "海拔超过1990米"
    assert question_text(travel.facets["climate"], (), "zh") == "气候方面有什么偏好？"
    assert question_text(travel.facets["best_months"], (), "en") == "Do you have a preference for best months?"


def test_numbers_are_told_with_their_units_as_people_write_them() -> None:
    items = [Item(f"g{n}", f"Glaze {n}", "", {"fired (℃)": 1240 + n, "price (€/kg)": 4.5 + n}) for n in range(3)]
    facets = Catalog(items, name="glazes").facets
    assert short_facts(items[0].as_dict(), facets, "en") == "1240 °C · €4.50"
    assert condition_text("price (€/kg)<5", facets, "en") == "price below €5"
    assert condition_text("fired (℃)>=1241", facets, "zh") == "fired 1241 °C以上"
