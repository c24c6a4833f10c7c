"""Who began a conversation: nobody else may go on with it, or read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from langgraph.store.base import BaseStore, SearchItem

from chatrec.errors import ThreadRefused
from chatrec.indexes._events import ROOT, Scrubs, checked_id, label, new_id, search_all, unlabel

_ROOT = (ROOT, "threads")


@runtime_checkable
class PutsOnce(Protocol):
    """A store that can write a value only where there is none, as one step."""

    def put_once(self, namespace: tuple[str, ...], key: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Write unless something is there; return what is there now."""
        ...


@runtime_checkable
class HoldsNames(Protocol):
    """A store over which several processes can hold names against each other."""

    def hold(self, name: str) -> bool:
        """Hold a name until `let_go` or the end of this process; False where anybody holds it."""
        ...

    def let_go(self, name: str) -> None:
        """Hold it no more."""
        ...

    def settle(self) -> None:
        """Wait until what processes that are gone had sent is written: the names of the dead are free before that."""
        ...


class ThreadOwners:
    """The owner of every thread, on any LangGraph store.

    The first claim wins for good. The stores of `open_store` decide simultaneous first claims in one atomic step. Other
    stores have no such step: there the earliest claim wins, and of two people who claim a new thread within the same
    moment the loser is refused from the second call on.

    Args:
        store: Where the owners live; `open_store` makes one.
    """

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    def claim(self, thread_id: str, user_id: str) -> None:
        """Make the thread the user's, or check that it is; call this before anything of the thread is loaded.

        Raises:
            ThreadRefused: The thread belongs to somebody else.
            StoreError: One of the ids is empty.
        """
        namespace = _namespace(thread_id)
        mine = label(checked_id(user_id, "user id"))
        if isinstance(self._store, PutsOnce):
            owner = self._earliest(namespace) or self._store.put_once(namespace, "owner", {"user": mine})
        else:
            owner = self._earliest(namespace) or self._append(namespace, mine)
        if owner["user"] != mine:
            # The owner is not named: whoever asks has no right to know.
            raise ThreadRefused(
                f"the thread {thread_id!r} belongs to another user", hint="begin a thread with another thread_id"
            )

    def owner(self, thread_id: str) -> str | None:
        """The user who began the thread, or None where nobody did."""
        claim = self._earliest(_namespace(thread_id))
        return None if claim is None else unlabel(claim["user"])

    def threads(self, user_id: str) -> tuple[str, ...]:
        """The threads that the user began."""
        mine = label(checked_id(user_id, "user id"))
        found = search_all(self._store, _ROOT, where={"user": mine}, below=True)
        return tuple(unlabel(name) for name in dict.fromkeys(item.namespace[-1] for item in found))

    def claims(self) -> dict[str, SearchItem]:
        """The earliest claim of every thread, by thread."""
        found: dict[str, SearchItem] = {}
        for item in sorted(search_all(self._store, _ROOT, below=True), key=lambda item: item.key, reverse=True):
            found[unlabel(item.namespace[-1])] = item
        return found

    def release(self, thread_id: str) -> None:
        """Forget whose thread it is; delete the conversation first, or the next to claim the name reads it."""
        namespace = _namespace(thread_id)
        for item in search_all(self._store, namespace):
            self._store.delete(namespace, item.key)

    def erase(self, user_id: str) -> int:
        """Release every thread of the user for good; delete the conversations in `threads` first.

        Returns:
            How many threads were released.
        """
        threads = self.threads(user_id)
        for thread_id in threads:
            self.release(thread_id)
        if isinstance(self._store, Scrubs):
            self._store.scrub()
        return len(threads)

    def _append(self, namespace: tuple[str, ...], mine: str) -> dict[str, Any]:
        self._store.put(namespace, new_id(), {"user": mine}, index=False, ttl=None)
        return self._earliest(namespace) or {"user": mine}

    def _earliest(self, namespace: tuple[str, ...]) -> dict[str, Any] | None:
        claims = search_all(self._store, namespace)
        return min(claims, key=lambda item: item.key).value if claims else None


def _namespace(thread_id: str) -> tuple[str, ...]:
    return (*_ROOT, label(checked_id(thread_id, "thread id")))
