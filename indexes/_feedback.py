"""What people said of items: an append-only log of typed events by user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from langgraph.store.base import BaseStore

from chatrec.errors import StoreError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._events import EventLog, checked_id, clean, constraint_as_dict, constraint_from_dict

FeedbackKind: TypeAlias = Literal["accept", "reject", "seen", "critique", "refine"]
KINDS: tuple[FeedbackKind, ...] = get_args(FeedbackKind)
_ON_ITEMS = frozenset({"accept", "reject", "seen"})


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One thing that a person said of an item or of a facet.

    Attributes:
        id: Unique; ids sort by time.
        kind: `accept`, `reject` and `seen` are said of an item; `critique` (what was wrong with it) and `refine` (what
            is wanted instead) of an item, of a facet, or of both.
        item_id: The item, or None.
        constraint: What is wanted of a facet, or None.
        reason: The person's reason, or "".
        thread_id: The conversation it was said in, or None.
        at: When, ISO 8601 in UTC.
    """

    id: str
    kind: FeedbackKind
    item_id: str | None
    constraint: Constraint | None
    reason: str
    thread_id: str | None
    at: str

    def as_dict(self) -> dict[str, Any]:
        """The event as JSON-ready values, its constraint as facet, op and values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "item_id": self.item_id,
            "constraint": None if self.constraint is None else constraint_as_dict(self.constraint),
            "reason": self.reason,
            "thread_id": self.thread_id,
            "at": self.at,
        }


class FeedbackLog:
    """The feedback of every user, on any LangGraph store.

    Safe from several threads and processes where the store is: events are only ever appended.

    Args:
        store: Where the events live; `open_store` makes one.
        catalog: The name of the catalog they are about: facets and ids mean other things in another one.
    """

    def __init__(self, store: BaseStore, *, catalog: str = "") -> None:
        self._log = EventLog(store, "feedback", catalog)

    def record(
        self,
        user_id: str,
        kind: FeedbackKind,
        *,
        item_id: str | None = None,
        constraint: Constraint | None = None,
        reason: str = "",
        thread_id: str | None = None,
        call: str | None = None,
    ) -> FeedbackEvent:
        """Append one event.

        Args:
            user_id: Any text that is not empty.
            kind: What was said.
            item_id: Needed by `accept`, `reject` and `seen`.
            constraint: `critique` and `refine` need it or an item.
            reason: In the person's words.
            thread_id: The conversation it was said in.
            call: What recorded it, if that may be run again: of several events with the same one, the first counts.

        Raises:
            StoreError: The kind is unknown, or what it needs is missing.
        """
        if kind not in KINDS:
            raise StoreError(f"{kind!r} is not a kind of feedback", hint="kinds: " + ", ".join(KINDS))
        if kind in _ON_ITEMS and item_id is None:
            raise StoreError(f"{kind!r} feedback names no item", hint="give item_id")
        if item_id is None and constraint is None:
            raise StoreError(f"{kind!r} feedback names neither item nor facet", hint="give item_id or constraint")
        fields: dict[str, Any] = {"item_id": None if item_id is None else checked_id(item_id, "item id")}
        fields["constraint"] = None if constraint is None else constraint_as_dict(constraint)
        fields["reason"] = clean(reason)
        fields["thread_id"] = None if thread_id is None else checked_id(thread_id, "thread id")
        if call is not None:
            fields["call"] = call
        return _event(self._log.append(user_id, kind, fields))

    def events(self, user_id: str) -> tuple[FeedbackEvent, ...]:
        """The user's events, oldest first, without those that were undone."""
        return tuple(_event(record) for record in self._log.live(user_id))

    def undo(self, user_id: str, event_id: str | None = None) -> FeedbackEvent | None:
        """Take back one event that holds.

        Args:
            user_id: Whose.
            event_id: Which; the latest by default.

        Returns:
            The event that no longer counts, or None where there was none.
        """
        events = [event for event in self.events(user_id) if event_id in {None, event.id}]
        if not events:
            return None
        self._log.undo(user_id, [events[-1].id])
        return events[-1]

    def export(self, user_id: str) -> list[dict[str, Any]]:
        """Everything held of the user, JSON-ready, oldest first: undone events and the undoing of them included."""
        return self._log.read(user_id)

    def erase(self, user_id: str) -> int:
        """Delete every event of the user for good.

        Returns:
            How many records were deleted.
        """
        return self._log.erase(user_id)


def _event(record: Mapping[str, Any]) -> FeedbackEvent:
    kind = record["kind"]
    if kind not in KINDS:
        raise StoreError(
            f"the stored feedback {record['id']} is of the unknown kind {kind!r}",
            hint="a newer chatrec wrote it: upgrade, or erase the user's feedback",
        )
    constraint = record.get("constraint")
    return FeedbackEvent(
        id=str(record["id"]),
        kind=kind,
        item_id=record.get("item_id"),
        constraint=None if constraint is None else constraint_from_dict(constraint),
        reason=str(record.get("reason", "")),
        thread_id=record.get("thread_id"),
        at=str(record["at"]),
    )
