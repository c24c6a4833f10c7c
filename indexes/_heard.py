"""Which conversation a history belongs to, for programs that send the whole history each time and no thread.

What is kept is a digest of the person's words so far, by person, and the thread in which they were said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence

from langgraph.store.base import BaseStore, PutOp

from chatrec.indexes._events import ROOT, checked_id, delete_below, label, new_id, search_all

LOG = "heard"
"""The label of all of it in a store."""
_KEPT = 16
"""Threads remembered for the same words: many conversations begin alike."""


class HeardThreads:
    """The threads in which a person said what a history holds, on any LangGraph store.

    Args:
        store: Where it is kept.
        catalog: The name of the catalog that is talked about.
    """

    def __init__(self, store: BaseStore, *, catalog: str) -> None:
        self._store = store
        self._catalog = catalog

    def note(self, user_id: str, said: Sequence[str], thread_id: str) -> str:
        """Remember that all of this, in this order and nothing else, was said in a thread.

        Returns:
            An id as `new_id` makes them, of the moment when this was noted first.
        """
        namespace = self._namespace(user_id, said)
        held = sorted(search_all(self._store, namespace), key=lambda item: item.key)
        noted = next((item.key for item in held if item.value["thread"] == thread_id), None)
        if noted is not None:
            return noted
        now = new_id()
        ops = [PutOp(namespace, now, {"thread": thread_id}, index=False, ttl=None)]
        ops += [PutOp(namespace, item.key, None) for item in held[: max(0, len(held) + 1 - _KEPT)]]
        self._store.batch(ops)
        return now

    def drop(self, user_id: str, said: Sequence[str], thread_id: str) -> None:
        """Forget that all of this was said in a thread."""
        namespace = self._namespace(user_id, said)
        held = [item for item in search_all(self._store, namespace) if item.value["thread"] == thread_id]
        self._store.batch([PutOp(namespace, item.key, None) for item in held])

    def find(self, user_id: str, said: Sequence[str]) -> tuple[str, ...]:
        """The threads in which exactly this was said at some time, newest first."""
        held = sorted(search_all(self._store, self._namespace(user_id, said)), key=lambda item: item.key)
        return tuple(str(item.value["thread"]) for item in reversed(held))

    def _namespace(self, user_id: str, said: Sequence[str]) -> tuple[str, ...]:
        text = json.dumps([self._catalog, *said])
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return (ROOT, LOG, label(checked_id(user_id, "user id")), digest[:32])


def forget_heard(store: BaseStore, user_id: str) -> int:
    """Delete all of it that is kept of a person; returns how many records there were."""
    return delete_below(store, (ROOT, LOG, label(user_id)))


def forget_heard_threads(store: BaseStore, thread_ids: Collection[str]) -> int:
    """Delete what leads to threads that are gone; returns how many records there were."""
    if not thread_ids:
        return 0
    found = [item for item in search_all(store, (ROOT, LOG), below=True) if item.value["thread"] in thread_ids]
    store.batch([PutOp(tuple(item.namespace), item.key, None) for item in found])
    return len(found)
