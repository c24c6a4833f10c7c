from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.store.memory import InMemoryStore

from chatrec.errors import StoreError
from chatrec.indexes import _events
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._events import (
    EventLog,
    constraint_as_dict,
    constraint_from_dict,
    label,
    new_id,
    search_all,
    seen_id,
    unlabel,
)
from chatrec.indexes._values import Op

texts = st.text(st.characters(), min_size=1)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).map(str.strip)


@given(texts)
def test_a_label_is_read_back_and_fits_a_namespace(text: str) -> None:
    assert unlabel(label(text)) == text
    assert label(text).isascii()
    assert not set(label(text)) & set(".%_*?[\x00")


@given(texts, texts)
def test_no_label_begins_another(one: str, other: str) -> None:
    assert label(one).startswith(label(other)) == (one == other)


def test_ids_rise_even_after_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(set(ids))
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    assert new_id() > ids[-1]


def test_ids_rise_beyond_those_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_events, "_last_ns", 0)
    of_a_fast_clock = f"{time.time_ns() + 10**15:016x}00000000"
    store = InMemoryStore()
    store.put(("chatrec", "log", label("ana")), of_a_fast_clock, {"kind": "x", "at": ""})
    log = EventLog(store, "log")
    log.read("ana")
    log.append("ana", "y", {})
    assert [record["kind"] for record in log.read("ana")] == ["x", "y"]


def test_a_foreign_key_does_not_move_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_events, "_last_ns", 0)
    for key in ["zebra", "f" * 24, ""]:
        seen_id(key)
    assert int(new_id()[:16], 16) == pytest.approx(time.time_ns(), abs=10**12)


@given(st.sampled_from(["any", "none"]), st.lists(words | numbers, min_size=1))
def test_a_list_constraint_survives_json(op: Op, values: list[str | float]) -> None:
    constraint = Constraint("颜色", op, tuple(values))
    assert constraint_from_dict(json.loads(json.dumps(constraint_as_dict(constraint)))) == constraint


@pytest.mark.parametrize(
    ("op", "values"), [("between", (1,)), ("ge", (1, 2)), ("any", ()), ("like", ("x",)), ("contains", ())]
)
def test_a_misshapen_constraint_is_refused(op: Op, values: tuple[int, ...]) -> None:
    with pytest.raises(StoreError):
        constraint_as_dict(Constraint("year", op, values))
    with pytest.raises(StoreError):
        constraint_from_dict({"facet": "year", "op": op, "values": list(values)})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, b"x", ["x"]])
def test_values_that_json_cannot_hold_are_refused(value: float) -> None:
    with pytest.raises(StoreError, match="year"):
        constraint_as_dict(Constraint("year", "ge", (value,)))


def test_numbers_of_numpy_are_stored_as_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    constraint = Constraint("year", "between", (numpy.int64(1990), numpy.float64(1999.5)))
    assert json.dumps(constraint_as_dict(constraint)["values"]) == "[1990, 1999.5]"


@pytest.mark.parametrize("data", [{}, {"facet": "a", "op": "any"}, {"facet": "a", "op": "any", "values": 3}])
def test_a_damaged_stored_constraint_is_named(data: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        constraint_from_dict(data)


def test_search_leaves_out_namespaces_below_unless_asked() -> None:
    store = InMemoryStore()
    store.put(("a",), "1", {"x": 1})
    store.put(("a", "b"), "2", {"x": 1})
    store.put(("a", "b"), "3", {"x": 2})
    assert [item.key for item in search_all(store, ("a",))] == ["1"]
    assert sorted(item.key for item in search_all(store, ("a",), below=True)) == ["1", "2", "3"]
    assert sorted(item.key for item in search_all(store, ("a",), below=True, where={"x": 1})) == ["1", "2"]
