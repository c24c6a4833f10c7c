from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.errors import StoreError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._persistence import open_store
from chatrec.indexes._profiles import Profile, ProfileStore
from chatrec.indexes._values import Op, Scalar

VALUES = ["red", "green", "blue"]
list_constraints = st.builds(
    Constraint,
    st.sampled_from(["colour", "shape"]),
    st.sampled_from(["any", "none"]),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True).map(tuple),
)
bounds = st.one_of(
    st.builds(Constraint, st.just("weight"), st.sampled_from(["lt", "le", "gt", "ge"]), st.tuples(st.integers(0, 9))),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda ends: Constraint("weight", "between", tuple(sorted(ends)))
    ),
)


@pytest.fixture
def profiles() -> ProfileStore:
    return ProfileStore(open_store(None))


def held(profile: Profile) -> dict[tuple[str, Scalar], Op]:
    """The any and none constraints as one word a value; a value held twice would fail the count."""
    pairs: list[tuple[tuple[str, Scalar], Op]] = [
        ((c.facet, value), c.op) for c in profile.constraints for value in c.values
    ]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["prefer", "forget"]), list_constraints), max_size=15))
def test_the_latest_word_on_each_value_is_held(steps: list[tuple[str, Constraint]]) -> None:
    profiles, model = ProfileStore(open_store(None)), dict[tuple[str, Scalar], Op]()
    for verb, constraint in steps:
        if verb == "prefer":
            profiles.prefer("ana", constraint)
            model |= {(constraint.facet, value): constraint.op for value in constraint.values}
        else:
            profiles.forget("ana", constraint)
            for value in constraint.values:
                if model.get((constraint.facet, value)) == constraint.op:
                    del model[constraint.facet, value]
        assert held(profiles.get("ana")) == model


@settings(deadline=None)
@given(st.lists(bounds, min_size=1, max_size=8))
def test_bounds_never_exclude_each_other(steps: list[Constraint]) -> None:
    profiles = ProfileStore(open_store(None))
    for constraint in steps:
        profiles.prefer("ana", constraint)
        constraints = profiles.get("ana").constraints
        assert constraints[-1] == constraint
        assert sum(c.op in {"lt", "le", "between"} for c in constraints) <= 1
        assert sum(c.op in {"gt", "ge", "between"} for c in constraints) <= 1
        if len(constraints) > 1:
            assert any(all(c.accepts(tenth / 10) for c in constraints) for tenth in range(-10, 110))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["prefer", "forget", "undo"]), list_constraints | bounds), max_size=20))
def test_undo_returns_to_the_state_before(steps: list[tuple[str, Constraint]]) -> None:
    profiles = ProfileStore(open_store(None))
    states = [Profile()]
    for verb, constraint in steps:
        if verb == "prefer":
            profiles.prefer("ana", constraint)
            states.append(profiles.get("ana"))
        elif verb == "forget":
            profiles.forget("ana", constraint)
            states.append(profiles.get("ana"))
        else:
            now, before = states[-1], list(states)
            while before and before[-1] == now:
                before.pop()
            undone = profiles.undo("ana")
            assert (undone is None) == (not before)
            states = before or states
        assert profiles.get("ana") == states[-1]


def test_a_repeated_word_needs_one_undo(profiles: ProfileStore) -> None:
    red = Constraint("colour", "any", ("red",))
    first = profiles.prefer("ana", red)
    profiles.prefer("ana", red)
    profiles.forget("ana", Constraint("colour", "any", ("blue",)))
    assert profiles.undo("ana") == first
    assert profiles.get("ana") == Profile()
    assert profiles.undo("ana") is None


def test_a_facet_is_forgotten_whole(profiles: ProfileStore) -> None:
    profiles.prefer("ana", Constraint("colour", "any", ("red",)))
    profiles.prefer("ana", Constraint("weight", "le", (5,)))
    profiles.prefer("ana", Constraint("weight", "ge", (1,)))
    profiles.forget("ana", "weight")
    assert [str(constraint) for constraint in profiles.get("ana").constraints] == ["colour=red"]
    profiles.undo("ana")
    assert len(profiles.get("ana").constraints) == 3


def test_notes_go_with_what_they_were_said_of(profiles: ProfileStore) -> None:
    red, light = Constraint("colour", "any", ("red",)), Constraint("weight", "le", (5,))
    profiles.prefer("ana", red, note="like my bike")
    profiles.prefer("ana", light, note="weak back")
    profiles.prefer("ana", red)
    assert set(profiles.get("ana").notes) == {"like my bike", "weak back"}
    profiles.prefer("ana", Constraint("colour", "none", ("red",)))
    assert profiles.get("ana").notes == ("weak back",)


def test_dates_are_compared_as_text(profiles: ProfileStore) -> None:
    profiles.prefer("ana", Constraint("made", "lt", ("2000-01-01",)))
    profiles.prefer("ana", Constraint("made", "ge", ("2010-01-01",)))
    assert [str(constraint) for constraint in profiles.get("ana").constraints] == ["made>=2010-01-01"]
    profiles.prefer("ana", Constraint("made", "le", (5,)))
    assert [str(constraint) for constraint in profiles.get("ana").constraints] == ["made<=5"]


def test_export_is_json(profiles: ProfileStore) -> None:
    event = profiles.prefer("ana", Constraint("colour", "any", ("red",)), note="喜欢")
    profiles.forget("ana", "colour")
    first, second = json.loads(json.dumps(profiles.export("ana")))
    assert first == {
        "id": event.id,
        "kind": "prefer",
        "at": event.at,
        "constraint": {"facet": "colour", "op": "any", "values": ["red"]},
        "note": "喜欢",
    }
    assert (second["kind"], second["facet"]) == ("forget", "colour")
    assert json.loads(json.dumps(profiles.get("ana").as_dict())) == {"constraints": [], "notes": []}


@pytest.mark.parametrize("user_id", ["", "\t"])
def test_a_user_without_a_name_is_refused(profiles: ProfileStore, user_id: str) -> None:
    for call in (profiles.get, profiles.undo, profiles.erase, profiles.export):
        with pytest.raises(StoreError, match="user id"):
            call(user_id)


def test_a_facet_without_a_name_is_refused(profiles: ProfileStore) -> None:
    with pytest.raises(StoreError, match="facet name"):
        profiles.forget("ana", " ")
    with pytest.raises(StoreError, match="facet"):
        profiles.prefer("ana", Constraint("", "any", ("red",)))
