"""Which acts are possible, and with which arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chatrec.agent._acts import bounds
from chatrec.agent._turns import Outlook
from chatrec.indexes import Catalog
from chatrec.indexes._feedback import KINDS
from chatrec.tools._turn import Turn

LISTED = Turn("ana", shown=("mint-street", "red-valley", "jasmine-lane"))


def noting(turn: Turn, catalog: Catalog, *done: tuple[str, str]) -> dict[str, Any] | None:
    """What a note of an opinion may say; None where none may be made."""
    calls = [("record_feedback", {"item": item, "kind": kind}) for item, kind in done]
    legal = bounds(turn, Outlook(3, (), ()), catalog, may_ask=True, done=calls)
    properties = legal["record_feedback"]["properties"] if "record_feedback" in legal else None
    return properties and {name: values["enum"] for name, values in properties.items()}


def test_where_nothing_is_pointed_at_one_opinion_may_be_guessed(catalog: Catalog) -> None:
    assert noting(LISTED, catalog) == {"item": ["1", "2", "3"], "kind": list(KINDS)}
    assert noting(LISTED, catalog, ("1", "reject")) is None


def test_an_opinion_is_of_a_kind_that_was_heard(catalog: Catalog) -> None:
    turn = replace(LISTED, named=("mint-street", "red-valley"), sounds=("seen", "critique/reject?"))
    assert noting(turn, catalog) == {"item": ["1", "2"], "kind": ["reject", "seen", "critique"]}
    assert noting(turn, catalog, ("1", "seen")) == {"item": ["2"], "kind": ["reject", "critique"]}
    assert noting(turn, catalog, ("2", "reject")) == {"item": ["1"], "kind": ["seen"]}
    assert noting(turn, catalog, ("1", "seen"), ("2", "reject")) is None
    assert noting(replace(turn, sounds=("seen", "")), catalog) == {"item": ["1", "2"], "kind": list(KINDS)}
    assert noting(replace(turn, sounds=()), catalog) == {"item": ["1", "2"], "kind": list(KINDS)}


def test_what_was_spoken_of_is_pointed_at_where_it_is_judged(catalog: Catalog) -> None:
    spoken = replace(LISTED, about=("red-valley",))
    assert noting(replace(spoken, sounds=("accept",)), catalog) == {"item": ["2"], "kind": ["accept"]}
    assert noting(replace(spoken, sounds=("",)), catalog) == {"item": ["1", "2", "3"], "kind": list(KINDS)}
