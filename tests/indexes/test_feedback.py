from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.store.base import BaseStore

from chatrec.errors import StoreError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackKind, FeedbackLog
from chatrec.indexes._persistence import open_store

SHORT = Constraint("minutes", "le", (90,))


@pytest.fixture
def store() -> BaseStore:
    return open_store(None)


@pytest.fixture
def log(store: BaseStore) -> FeedbackLog:
    return FeedbackLog(store)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["accept", "reject", "seen", "undo"]), max_size=30))
def test_undo_is_a_pop_whatever_came_before(steps: Sequence[str]) -> None:
    log, model = FeedbackLog(open_store(None)), list[tuple[str, str]]()
    for number, step in enumerate(steps):
        if step == "undo":
            undone = log.undo("ana")
            assert (undone and (undone.kind, undone.item_id)) == (model.pop() if model else None)
        else:
            log.record("ana", cast("FeedbackKind", step), item_id=str(number))
            model.append((step, str(number)))
        assert [(event.kind, event.item_id) for event in log.events("ana")] == model


@pytest.mark.parametrize("user_id", ["", "  \n", None, 7])
def test_a_user_without_a_name_is_refused(log: FeedbackLog, user_id: Any) -> None:
    with pytest.raises(StoreError, match="user id") as refusal:
        log.record(user_id, "accept", item_id="7")
    assert refusal.value.hint
    with pytest.raises(StoreError):
        log.events(user_id)
    with pytest.raises(StoreError):
        log.erase(user_id)


@pytest.mark.parametrize("kind", ["accept", "reject", "seen"])
def test_what_is_said_of_items_needs_one(log: FeedbackLog, kind: FeedbackKind) -> None:
    with pytest.raises(StoreError, match=kind):
        log.record("ana", kind, constraint=SHORT)
    with pytest.raises(StoreError, match="item id"):
        log.record("ana", kind, item_id="")
    assert log.events("ana") == ()


@pytest.mark.parametrize("kind", ["critique", "refine"])
def test_critiques_need_an_item_or_a_facet(log: FeedbackLog, kind: FeedbackKind) -> None:
    with pytest.raises(StoreError, match=kind):
        log.record("ana", kind, reason="too long")
    assert log.record("ana", kind, constraint=SHORT).item_id is None
    assert log.record("ana", kind, item_id="7").constraint is None


@pytest.mark.parametrize("kind", ["like", "undo", "", "Accept"])
def test_an_unknown_kind_is_refused(log: FeedbackLog, kind: Any) -> None:
    with pytest.raises(StoreError, match="accept, reject, seen"):
        log.record("ana", kind, item_id="7")


def test_a_reason_that_no_store_can_hold_is_mended(log: FeedbackLog) -> None:
    log.record("ana", "reject", item_id="7", reason=" too\x00long \ud83d")
    assert [event.reason for event in log.events("ana")] == ["too long ?"]


def test_an_item_id_that_no_store_can_hold_is_refused(tmp_path: Any) -> None:
    with open_store(tmp_path / "s.db") as store, pytest.raises(StoreError, match="JSON"):
        FeedbackLog(store).record("ana", "seen", item_id="\ud83d")


def test_the_time_is_utc_and_now(log: FeedbackLog) -> None:
    at = datetime.fromisoformat(log.record("ana", "seen", item_id="7").at)
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(at.tzinfo) - at) < timedelta(minutes=1)


def test_export_is_json_and_keeps_what_was_undone(log: FeedbackLog) -> None:
    event = log.record("ana", "critique", item_id="7", constraint=SHORT, reason="too long", thread_id="t")
    log.undo("ana")
    first, second = json.loads(json.dumps(log.export("ana")))
    assert first == event.as_dict()
    assert first["constraint"] == {"facet": "minutes", "op": "le", "values": [90]}
    assert (second["kind"], second["targets"]) == ("undo", [event.id])


def test_what_a_newer_release_wrote_is_named_not_dropped(store: BaseStore, log: FeedbackLog) -> None:
    event = log.record("ana", "seen", item_id="7")
    (namespace,) = store.list_namespaces()
    store.put(namespace, event.id, {"kind": "applaud", "at": event.at})
    with pytest.raises(StoreError, match="applaud"):
        log.events("ana")
    assert log.erase("ana") == 1


def test_catalogs_do_not_share_feedback_but_forgetting_reaches_all_of_them() -> None:
    store = open_store(None)
    films, dishes = FeedbackLog(store, catalog="films"), FeedbackLog(store, catalog="dishes")
    films.record("ana", "reject", item_id="1")
    dishes.record("ana", "accept", item_id="1")
    assert [event.kind for event in films.events("ana")] == ["reject"]
    assert [event.kind for event in dishes.events("ana")] == ["accept"]
    assert FeedbackLog(store).events("ana") == ()
    assert films.erase("ana") == 2
    assert dishes.events("ana") == ()
