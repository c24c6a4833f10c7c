from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.agent._acts import bounds
from chatrec.agent._turns import outlook
from chatrec.agent.tuning._people import Said
from chatrec.agent.tuning._teacher import LATER, PLEASING, Teacher, value_of_asking, value_of_listing
from chatrec.indexes import Catalog, Constraint, Item, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder
from chatrec.tools._turn import Turn


def uniform(count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.full(count, 1 / count)


def test_a_list_of_all_that_is_left_is_sure_to_please() -> None:
    assert value_of_listing(uniform(5), 1) == pytest.approx(1.0)
    missed = 0.5**PLEASING
    assert value_of_listing(uniform(10), 2) == pytest.approx(1 - missed + missed * LATER)
    first, second = 1 - 0.95**PLEASING, 1 - 0.9**PLEASING
    assert value_of_listing(uniform(100), 2) == pytest.approx(first + (second - first) * LATER)
    assert value_of_listing(uniform(100) / 2, 2) == pytest.approx(value_of_listing(uniform(100), 2) / 2)


def test_asking_is_worth_it_where_many_items_fit_and_not_where_few_do() -> None:
    def gain(count: int) -> float:
        thirds = [np.array([float(i % 3 == part) for i in range(count)]) for part in range(3)]
        return value_of_asking(uniform(count), thirds, 5) - value_of_listing(uniform(count), 5)

    assert gain(6) < 0
    assert gain(300) > 0


@given(st.integers(1, 200), st.integers(1, 5))
def test_a_question_that_tells_nothing_is_never_worth_its_turn(count: int, turns: int) -> None:
    everyone = [np.ones(count)]
    assert value_of_asking(uniform(count), everyone, turns) <= value_of_listing(uniform(count), turns) + 1e-12


def catalog(count: int) -> Catalog:
    kinds = ("red", "green", "blue", "black")
    return Catalog([Item(str(i), f"Thing {i}", "", {"colour": kinds[i % 4], "price": i}) for i in range(count)])


def decided(said: Said, turn: Turn, *, items: int = 400, user: str = "ana") -> list[tuple[str, dict[str, Any]]]:
    """All calls of a turn."""
    recommender = Recommender(catalog(items), index=ItemIndex.build(catalog(items), embedder=HashingEmbedder()))
    teacher = Teacher(recommender, said)
    calls: list[tuple[str, dict[str, Any]]] = []
    seen = outlook(turn, recommender)
    while not calls or calls[-1][0] in {"record_feedback", "update_profile", "get_profile"}:
        legal = bounds(turn, seen, recommender.catalog, may_ask=turn.questions < 2, done=calls)
        calls.append(teacher.decide(turn, legal, seen.questions))
    return calls


def test_vague_is_asked_about_and_narrow_is_listed() -> None:
    assert decided(Said("something nice"), Turn("ana"))[0][0] == "ask_user"
    narrow = Turn("ana", where=(Constraint("colour", "any", ("red",)), Constraint("price", "lt", (40,))))
    assert decided(Said("a red one below 40"), narrow) == [("recommend", {})]
    assert decided(Said("something nice"), Turn("ana"), items=8) == [("recommend", {})]


def test_who_wants_a_list_gets_one_and_a_spent_budget_lists_too() -> None:
    assert decided(Said("just show me some", "list"), Turn("ana")) == [("recommend", {})]
    assert decided(Said("dunno"), Turn("ana", questions=2)) == [("recommend", {})]


def test_opinions_come_first_by_number_on_the_list() -> None:
    said = Said("not the second, the third I know", "list", feedback=(("reject", "11"), ("seen", "12")))
    notes = [("record_feedback", {"item": "2", "kind": "reject"}), ("record_feedback", {"item": "3", "kind": "seen"})]
    turn = Turn("ana", named=("11", "12"), shown=("10", "11", "12"))
    assert decided(said, turn) == [*notes, ("recommend", {})]
    assert decided(said, replace(turn, named=())) == [notes[0], ("recommend", {})]
    assert decided(said, replace(turn, sounds=("critique", "seen"))) == [notes[1], ("recommend", {})]


def test_an_item_is_described_where_it_was_understood_else_words_must_do() -> None:
    said = Said("tell me about Thing 7", "describe", about="7")
    assert decided(said, Turn("ana", named=("7",))) == [("describe_item", {"item": "Thing 7"})]
    assert decided(said, Turn("ana")) == [("reply", {"kind": "unclear"})]


def test_a_lasting_wish_is_kept_as_it_was_heard_and_only_that() -> None:
    never = Constraint("colour", "none", ("red",))
    said = Said("never red. below 50", lasting=(never,))
    turn = Turn("ana", where=(never, Constraint("price", "lt", (50,))))
    assert decided(said, turn)[0] == ("update_profile", {"add": ["colour!=red"]})
    misheard = Turn("ana", where=(Constraint("colour", "any", ("red",)),))
    assert decided(said, misheard)[0][0] != "update_profile"


def test_a_guess_of_the_linker_is_used_where_it_was_meant() -> None:
    meant = Constraint("colour", "any", ("blue",))
    said = Said("like the sea", "list", meant=(meant,))
    turn = Turn("ana", prefer=(meant, Constraint("colour", "any", ("green",))))
    assert decided(said, turn) == [("recommend", {"where": ["colour=blue"]})]
    negated = Turn("ana", prefer=(Constraint("colour", "none", ("blue",)),))
    assert decided(said, negated) == [("recommend", {})]
