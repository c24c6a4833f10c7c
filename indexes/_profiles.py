"""What people like and avoid, beyond one conversation: an append-only log by user, folded into a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from langgraph.store.base import BaseStore

from chatrec.errors import StoreError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._events import EventLog, checked_id, clean, constraint_as_dict, constraint_from_dict

_LISTS = frozenset({"any", "none"})
_UPPER = frozenset({"lt", "le", "between"})
_LOWER = frozenset({"gt", "ge", "between"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person's taste.

    Attributes:
        constraints: Likes, and as `none` constraints avoidances; oldest first.
        notes: What was said beside those that are still held, oldest first.
    """

    constraints: tuple[Constraint, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: constraints (facet, op, values) and notes."""
        return {
            "constraints": [constraint_as_dict(constraint) for constraint in self.constraints],
            "notes": list(self.notes),
        }


ProfileKind: TypeAlias = Literal["prefer", "forget"]


@dataclass(frozen=True, slots=True)
class ProfileEvent:
    """One change of a profile.

    Attributes:
        id: Unique; ids sort by time, among those of feedback too.
        kind: `prefer` adds, `forget` takes away.
        constraint: What was added or taken away; None where all of a facet was forgotten.
        facet: The facet it is about.
        note: What was said beside it, or "".
        at: When, ISO 8601 in UTC.
        thread_id: The conversation it was said in, or None.
    """

    id: str
    kind: ProfileKind
    constraint: Constraint | None
    facet: str
    note: str
    at: str
    thread_id: str | None = None


class ProfileStore:
    """The profile of every user, on any LangGraph store.

    Safe from several threads and processes where the store is: changes are only ever appended.

    Args:
        store: Where the changes live; `open_store` makes one.
        catalog: The name of the catalog whose facets it is about: they mean other things in another one.
    """

    def __init__(self, store: BaseStore, *, catalog: str = "") -> None:
        self._log = EventLog(store, "profile", catalog)

    def prefer(
        self,
        user_id: str,
        constraint: Constraint,
        *,
        note: str = "",
        thread_id: str | None = None,
        call: str | None = None,
    ) -> ProfileEvent:
        """Remember a like, or with a `none` constraint an avoidance.

        The latest word counts: values now avoided leave the likes of the same facet and the other way round, and a
        bound replaces an earlier bound on the same side, or one that it excludes.

        Args:
            user_id: Any text that is not empty.
            constraint: What is liked or avoided.
            note: What the person said.
            thread_id: The conversation it was said in.
            call: As for `FeedbackLog.record`.

        Raises:
            StoreError: The user id is empty, or the constraint cannot be stored.
        """
        fields: dict[str, Any] = {"constraint": constraint_as_dict(constraint), "note": clean(note)}
        if thread_id is not None:
            fields["thread_id"] = checked_id(thread_id, "thread id")
        if call is not None:
            fields["call"] = call
        return _event(self._log.append(user_id, "prefer", fields))

    def forget(
        self, user_id: str, constraint: Constraint | str, *, thread_id: str | None = None, call: str | None = None
    ) -> ProfileEvent:
        """Take a like or an avoidance back; what is not held is forgotten without complaint.

        Args:
            user_id: Any text that is not empty.
            constraint: Its values leave the constraints of the same facet and operation; other operations must be
                equal. A facet's name forgets all that is held of the facet.
            thread_id: The conversation it was said in.
            call: As for `FeedbackLog.record`.

        Raises:
            StoreError: The user id is empty, or the constraint cannot be stored.
        """
        if isinstance(constraint, str):
            fields: dict[str, Any] = {"facet": clean(checked_id(constraint, "facet name"))}
        else:
            fields = {"constraint": constraint_as_dict(constraint)}
        if thread_id is not None:
            fields["thread_id"] = checked_id(thread_id, "thread id")
        if call is not None:
            fields["call"] = call
        return _event(self._log.append(user_id, "forget", fields))

    def get(self, user_id: str) -> Profile:
        """The user's profile; an empty one where nothing is known."""
        return fold(self.events(user_id))

    def events(self, user_id: str) -> tuple[ProfileEvent, ...]:
        """The user's changes, oldest first, without those that were undone."""
        return tuple(_event(record) for record in self._log.live(user_id))

    def undo(self, user_id: str) -> ProfileEvent | None:
        """Take back the latest change that made a difference, and any later one that made none.

        Returns:
            The change that no longer counts, or None where nothing was left to undo.
        """
        events = list(self.events(user_id))
        before, targets = fold(events), list[str]()
        while events:
            event = events.pop()
            targets.append(event.id)
            if fold(events) != before:
                self._log.undo(user_id, targets)
                return event
        return None

    def export(self, user_id: str) -> list[dict[str, Any]]:
        """Everything held of the user, JSON-ready, oldest first: undone changes and the undoing of them included."""
        return self._log.read(user_id)

    def erase(self, user_id: str) -> int:
        """Delete everything held of the user for good.

        Returns:
            How many records were deleted.
        """
        return self._log.erase(user_id)


def fold(events: Iterable[ProfileEvent]) -> Profile:
    """The profile that these changes, oldest first, amount to."""
    held: dict[Constraint, str] = {}
    for event in events:
        new = event.constraint
        if new is None:
            held = {old: note for old, note in held.items() if old.facet != event.facet}
        elif event.kind == "forget":
            held = {kept: note for old, note in held.items() if (kept := _without(old, new)) is not None}
        else:
            note = event.note or held.get(new, "")
            held = {kept: note for old, note in held.items() if (kept := _beside(old, new)) is not None}
            held[new] = note
    return Profile(tuple(held), tuple(dict.fromkeys(note for note in held.values() if note)))


def _without(old: Constraint, gone: Constraint) -> Constraint | None:
    """What remains of a held constraint once another is forgotten."""
    if old.facet != gone.facet or old.op != gone.op:
        return old
    if old.op not in _LISTS:
        return None if old.values == gone.values else old
    left = tuple(value for value in old.values if value not in gone.values)
    return replace(old, values=left) if left else None


def _beside(old: Constraint, new: Constraint) -> Constraint | None:
    """What remains of a held constraint once another is preferred."""
    if old.facet != new.facet:
        return old
    if old.op in _LISTS and new.op in _LISTS:
        # Said again, a value moves to the newer constraint; said the other way, the newer word counts.
        left = tuple(value for value in old.values if value not in new.values)
        return replace(old, values=left) if left else None
    if old == new or _same_side(old, new) or _apart(old, new):
        return None
    return old


def _same_side(old: Constraint, new: Constraint) -> bool:
    return any(old.op in side and new.op in side for side in (_UPPER, _LOWER))


def _apart(old: Constraint, new: Constraint) -> bool:
    """Whether one is a lower and the other an upper bound, and no value is within both."""
    for low, high in ((old, new), (new, old)):
        if low.op in _LOWER and high.op in _UPPER:
            floor, ceiling = low.values[0], high.values[-1]
            if isinstance(floor, str) != isinstance(ceiling, str):
                return True
            open_ended = "gt" in (low.op, high.op) or "lt" in (low.op, high.op)
            return floor > ceiling or (open_ended and floor == ceiling)  # type: ignore[operator]
    return False


def _event(record: Mapping[str, Any]) -> ProfileEvent:
    kind = record["kind"]
    if kind not in {"prefer", "forget"}:
        raise StoreError(
            f"the stored profile change {record['id']} is of the unknown kind {kind!r}",
            hint="a newer chatrec wrote it: upgrade, or erase the user's profile",
        )
    stored = record.get("constraint")
    constraint = None if stored is None else constraint_from_dict(stored)
    return ProfileEvent(
        id=str(record["id"]),
        kind=kind,
        constraint=constraint,
        facet=str(record.get("facet", "")) if constraint is None else constraint.facet,
        note=str(record.get("note", "")),
        at=str(record["at"]),
        thread_id=record.get("thread_id"),
    )
