"""A person's data as a whole, whatever stores hold it: given to them, forgotten, or let go of with age.

Profile, feedback and thread owners live in a LangGraph store, conversations in a checkpointer. Each function here has
an async twin, which also serves stores and checkpointers that live in the running event loop.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.store.base import BaseStore, SearchItem
from langgraph.store.memory import InMemoryStore

from chatrec.errors import StoreError
from chatrec.indexes._conversations import Conversations, moment
from chatrec.indexes._events import Scrubs, checked_id
from chatrec.indexes._heard import forget_heard, forget_heard_threads
from chatrec.indexes._logs import everything, forget_old, forget_user
from chatrec.indexes._threads import ThreadOwners

Saver = BaseCheckpointSaver[Any]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted.

    Attributes:
        profile: Records of profiles.
        feedback: Records of feedback.
        threads: Conversations.
        left: What may still be held somewhere, and why; empty where all is gone.
    """

    profile: int
    feedback: int
    threads: tuple[str, ...]
    left: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not self.left


def export_person(user_id: str, *, store: BaseStore, checkpointer: Saver | None = None) -> dict[str, Any]:
    """Everything held of a person, JSON-ready.

    `profile` and `feedback` hold every record by catalog, with `undone` where it was taken back and `said_in` (thread,
    message and its text) where it is known; `threads` every conversation with who said what when and what was
    recommended; `left_out` says what could not be read.

    Args:
        user_id: The person.
        store: Where profile, feedback and thread owners live.
        checkpointer: Where the conversations live.

    Raises:
        StoreError: The user id is empty, or a store cannot be read.
    """
    return _export(checked_id(user_id, "user id"), store, checkpointer, None)


async def aexport_person(user_id: str, *, store: BaseStore, checkpointer: Saver | None = None) -> dict[str, Any]:
    """As `export_person`, beside the running event loop."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_export, checked_id(user_id, "user id"), store, checkpointer, loop)


def forget_person(user_id: str, *, store: BaseStore, checkpointer: Saver | None = None) -> Forgotten:
    """Delete everything held of a person, for good.

    The stores of `open_store` and `open_checkpointer` leave no byte of it in their files, whoever else has them open.
    Of others, `left` says what they cannot promise. Conversations go first and their owner last, so that nobody else
    can claim a conversation that is still there.

    Args:
        user_id: The person.
        store: Where profile, feedback and thread owners live.
        checkpointer: Where the conversations live.

    Raises:
        StoreError: The user id is empty, or a store cannot be written.
    """
    return _forget(checked_id(user_id, "user id"), store, checkpointer, None)


async def aforget_person(user_id: str, *, store: BaseStore, checkpointer: Saver | None = None) -> Forgotten:
    """As `forget_person`, beside the running event loop."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_forget, checked_id(user_id, "user id"), store, checkpointer, loop)


def retain(
    days: float, *, store: BaseStore, checkpointer: Saver | None = None, now: datetime | None = None
) -> Forgotten:
    """Delete the conversations and the feedback of everybody that are older than so many days, for good.

    A conversation is as old as the last thing said in it. Lasting wishes stay, but the words in which they were said
    are deleted with the conversations.

    Args:
        days: How long both are kept, at least 0.
        store: Where feedback and thread owners live.
        checkpointer: Where the conversations live.
        now: The time to count back from, by default the present.

    Raises:
        StoreError: The days are no number of at least 0, or a store cannot be written.
    """
    return _retain(days, store, checkpointer, None, now)


async def aretain(
    days: float, *, store: BaseStore, checkpointer: Saver | None = None, now: datetime | None = None
) -> Forgotten:
    """As `retain`, beside the running event loop."""
    return await asyncio.to_thread(_retain, days, store, checkpointer, asyncio.get_running_loop(), now)


def _export(
    user_id: str, store: BaseStore, saver: Saver | None, loop: asyncio.AbstractEventLoop | None
) -> dict[str, Any]:
    owned = ThreadOwners(store).threads(user_id)
    left: list[str] = []
    threads: list[dict[str, Any]] = []
    if saver is not None:
        conversations = Conversations(saver, loop)
        try:
            threads = [conversations.read(thread_id) for thread_id in owned]
        except NotImplementedError:
            left.append(f"{conversations.name} cannot list what it holds of the threads: {', '.join(owned)}")
    elif owned:
        left.append(f"no checkpointer was given to read the threads from: {', '.join(owned)}")
    exported: dict[str, Any] = {"user": user_id, "exported_at": datetime.now(UTC).isoformat(timespec="seconds")}
    for log in ("profile", "feedback"):
        exported[log] = [record | _said_in(record, threads) for record in everything(store, log, user_id)]
    return exported | {"threads": threads, "left_out": left}


def _said_in(record: dict[str, Any], threads: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a record came from: the last one the person said before it, in its thread or in its words."""
    at = moment(str(record["at"]))
    words = record.get("note") or record.get("reason")
    best: tuple[datetime, dict[str, Any]] | None = None
    for thread in threads:
        if record.get("thread_id") not in {None, thread["id"]}:
            continue
        for message in thread["messages"]:
            said = moment(message["at"])
            if message["role"] != "person" or said > at or (best is not None and said < best[0]):
                continue
            if record.get("thread_id") is not None or (words and message["text"].strip() == words):
                best = said, {"thread": thread["id"], "message": message["id"], "text": message["text"]}
    return {} if best is None else {"said_in": best[1]}


def _forget(user_id: str, store: BaseStore, saver: Saver | None, loop: asyncio.AbstractEventLoop | None) -> Forgotten:
    owners = ThreadOwners(store)
    gone, left = _delete(owners.threads(user_id), saver, loop)
    left += _release(gone, owners, saver, loop)
    profile, feedback = (forget_user(store, log, user_id) for log in ("profile", "feedback"))
    forget_heard(store, user_id)
    left += _scrub(store, deleted=bool(profile or feedback or gone))
    return Forgotten(profile, feedback, tuple(gone), tuple(left))


def _retain(
    days: float, store: BaseStore, saver: Saver | None, loop: asyncio.AbstractEventLoop | None, now: datetime | None
) -> Forgotten:
    before = _days_before(days, now or datetime.now(UTC))
    owners = ThreadOwners(store)
    claims = owners.claims()
    old: list[str] = []
    if saver is not None:
        conversations = Conversations(saver, loop)
        old = [name for name, claim in claims.items() if (conversations.last(name) or _made(claim)) < before]
    gone, left = _delete(old, saver, loop) if old else ([], [])
    left += _release(gone, owners, saver, loop)
    forget_heard_threads(store, gone)
    feedback, notes = forget_old(store, before)
    left += _scrub(store, deleted=bool(feedback or notes or gone))
    return Forgotten(0, feedback, tuple(gone), tuple(left))


def _days_before(days: float, now: datetime) -> datetime:
    with suppress(OverflowError):  # before the calendar begins
        if days >= 0:
            return now - timedelta(days=days)
    raise StoreError(f"{days!r} is no number of days", hint=f"give 0 to {(now.year - 1) * 365}")


def _made(claim: SearchItem) -> datetime:
    return claim.created_at if claim.created_at.tzinfo else claim.created_at.replace(tzinfo=UTC)


def _delete(
    thread_ids: tuple[str, ...] | list[str], saver: Saver | None, loop: asyncio.AbstractEventLoop | None
) -> tuple[list[str], list[str]]:
    """Which conversations are gone, and what is left of the others."""
    if saver is None:
        why = f"no checkpointer was given to delete the threads from: {', '.join(thread_ids)}"
        return [], [why] if thread_ids else []
    conversations = Conversations(saver, loop)
    try:
        failed = conversations.delete(thread_ids)
        left = [f"thread {name!r}: {why}" for name, why in failed.items()]
    except StoreError as error:
        # Deleted, but not yet wiped; the next one who deletes wipes it.
        failed, left = {}, [str(error)]
    gone = [name for name in thread_ids if name not in failed]
    if gone and not conversations.wipes:
        left.append(
            f"{conversations.name} has deleted the conversations; when their bytes leave its disk is its matter"
        )
    return gone, left


def _release(
    thread_ids: list[str], owners: ThreadOwners, saver: Saver | None, loop: asyncio.AbstractEventLoop | None
) -> list[str]:
    """Let go of the names of deleted conversations; returns what is left of any.

    A turn under way elsewhere may have written its conversation again before its name was let go: it is deleted again.
    One that writes later finds the name gone, and deletes it itself.
    """
    for thread_id in thread_ids:
        owners.release(thread_id)
    if saver is None:
        return []
    conversations = Conversations(saver, loop)
    again = [name for name in thread_ids if conversations.last(name) is not None and owners.owner(name) is None]
    return _delete(again, saver, loop)[1] if again else []


def _scrub(store: BaseStore, *, deleted: bool) -> list[str]:
    if isinstance(store, Scrubs):
        try:
            store.scrub()
        except StoreError as error:
            return [str(error)]
        return []
    if not deleted or isinstance(store, InMemoryStore):
        return []
    return [f"{type(store).__name__} has deleted the records; when their bytes leave its disk is its matter"]
