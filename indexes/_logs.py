"""The logs of profiles and feedback as a whole: all catalogs of a person, or the old records of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from langgraph.store.base import BaseStore, PutOp, SearchItem

from chatrec.indexes._conversations import moment
from chatrec.indexes._events import ROOT, UNDO, delete_below, label, search_all, unlabel

_CHUNK = 500


def everything(store: BaseStore, log: str, user_id: str) -> list[dict[str, Any]]:
    """Every record of a person in one log, of all catalogs, oldest first.

    Args:
        store: The store.
        log: "profile" or "feedback".
        user_id: The person.

    Returns:
        The records with their `catalog` ("" where they belong to none) and `undone`, those that undo others left out.
    """
    found = search_all(store, (ROOT, log, label(user_id)), below=True)
    undone = {target for item in found if item.value.get("kind") == UNDO for target in item.value["targets"]}
    records = [
        {"id": item.key, "catalog": _catalog(item), **item.value, "undone": item.key in undone}
        for item in found
        if item.value.get("kind") != UNDO
    ]
    return sorted(records, key=lambda record: str(record["id"]))


def forget_user(store: BaseStore, log: str, user_id: str) -> int:
    """Delete every record of a person in one log; returns how many there were.

    Args:
        store: The store; what it deleted may be in its file until it is scrubbed.
        log: "profile" or "feedback".
        user_id: The person.
    """
    return delete_below(store, (ROOT, log, label(user_id)))


def forget_old(store: BaseStore, before: datetime) -> tuple[int, int]:
    """Delete everybody's feedback from before a time, and the words beside older changes of profiles.

    Args:
        store: The store.
        before: The time.

    Returns:
        How many records of feedback were deleted, and how many notes of profiles.
    """
    feedback = [PutOp(tuple(item.namespace), item.key, None) for item in _old(store, "feedback", before)]
    notes = [
        PutOp(tuple(item.namespace), item.key, {**item.value, "note": ""}, index=False)
        for item in _old(store, "profile", before)
        if item.value.get("note")
    ]
    _write(store, feedback + notes)
    return len(feedback), len(notes)


def _old(store: BaseStore, log: str, before: datetime) -> Iterator[SearchItem]:
    for item in search_all(store, (ROOT, log), below=True):
        at = item.value.get("at")
        if isinstance(at, str) and at and moment(at) < before:
            yield item


def _write(store: BaseStore, ops: list[PutOp]) -> None:
    for start in range(0, len(ops), _CHUNK):
        store.batch(ops[start : start + _CHUNK])


def _catalog(item: SearchItem) -> str:
    return unlabel(item.namespace[3]) if len(item.namespace) > 3 else ""
