"""Which acts are possible, and with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatrec.agent._acts import bounds, fits, forms
from chatrec.agent._turns import Outlook
from chatrec.indexes import Catalog
from chatrec.indexes._feedback import KINDS
from chatrec.tools._turn import Turn

ALL: list[str] = list(KINDS)
LISTED = Turn("ana", shown=("mint-street", "red-valley", "jasmine-lane"))


def noting(turn: Turn, catalog: Catalog, *done: tuple[str, str]) -> dict[str, list[str]]:
    """The items of which an opinion may be noted, and its kinds."""
    calls = [("record_feedback", {"item": item, "kind": kind}) for item, kind in done]
    legal = bounds(turn, Outlook(3, (), ()), catalog, may_ask=True, done=calls)
    schema = legal.get("record_feedback", {"anyOf": []})
    found = {item: form["properties"]["kind"]["enum"] for form in forms(schema) for item in items(form)}
    assert all(fits({"item": item, "kind": kind}, schema) == (kind in found[item]) for item in found for kind in KINDS)
    return dict(sorted(found.items()))


def items(form: Mapping[str, Any]) -> list[str]:
    return list(form["properties"]["item"]["enum"])


def test_where_nothing_is_pointed_at_one_opinion_may_be_guessed(catalog: Catalog) -> None:
    assert noting(LISTED, catalog) == {"1": ALL, "2": ALL, "3": ALL}
    assert not noting(LISTED, catalog, ("1", "reject"))


def test_an_opinion_of_an_item_is_of_a_kind_that_was_heard_of_it(catalog: Catalog) -> None:
    turn = replace(LISTED, named=("mint-street", "red-valley"), sounds=("seen", "critique/reject?"))
    assert noting(turn, catalog) == {"1": ["seen"], "2": ["reject", "critique"]}
    assert noting(turn, catalog, ("1", "seen")) == {"2": ["reject", "critique"]}
    assert noting(turn, catalog, ("2", "reject")) == {"1": ["seen"]}
    assert not noting(turn, catalog, ("1", "seen"), ("2", "reject"))
    assert noting(replace(turn, sounds=("seen", "")), catalog) == {"1": ["seen"], "2": ALL}
    assert noting(replace(turn, sounds=()), catalog) == {"1": ALL, "2": ALL}


def test_what_was_spoken_of_is_pointed_at_where_it_is_judged(catalog: Catalog) -> None:
    spoken = replace(LISTED, about=("red-valley",))
    assert noting(replace(spoken, sounds=("accept",)), catalog) == {"2": ["accept"]}
    assert noting(replace(spoken, sounds=("",)), catalog) == {"1": ALL, "2": ALL, "3": ALL}
