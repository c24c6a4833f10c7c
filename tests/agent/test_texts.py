"""What chatrec itself writes around the model's words."""

from __future__ import annotations

from chatrec.agent._texts import beyond, listing
from chatrec.indexes import Catalog


def test_a_reason_adds_to_the_facts_and_repeats_none() -> None:
    facts = "green · fresh, grassy · 12 €"
    assert beyond("Green; 12 €.", facts) == ""
    assert beyond("Fresh; but 30 €.", facts) == "But 30 €."
    assert beyond("12 €; close to Mint Street (fresh).", facts) == "Close to Mint Street (fresh)."
    assert beyond("Green；与你的描述相近。", facts) == "与你的描述相近。"
    assert beyond("", facts) == ""


def test_a_list_shows_title_facts_and_reason(catalog: Catalog) -> None:
    entry = {"title": "Green Dawn", "item": catalog["green-dawn"].as_dict(), "reason": "Fresh; in your words."}
    assert listing([entry], catalog.facets) == ("1. Green Dawn (green · fresh, grassy · 12 €)\n   In your words.")
