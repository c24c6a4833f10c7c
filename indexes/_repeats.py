"""Requests that a program may send again under a key of its own: which conversation answers them, for a day.

What is kept are digests of key and request, beside the person's other traces of conversations, so that whoever is
forgotten leaves none of them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from langgraph.store.base import BaseStore, PutOp

from chatrec.indexes._events import ROOT, checked_id, label, search_all
from chatrec.indexes._heard import LOG
from chatrec.indexes._threads import PutsOnce

KEPT_SECONDS = 24 * 3600
"""For how long a key is remembered."""
KEPT = 200
"""Keys of one person that are remembered at most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key stands for.

    Attributes:
        key: A digest of it.
        request: A digest of what was asked.
        thread: The conversation that answers it.
        at: When it came first, in seconds since 1970.
        told: What else was answered; None until it was.
    """

    key: str
    request: str
    thread: str
    at: int
    told: dict[str, Any] | None = None


class Repeats:
    """The keys of everybody, on any LangGraph store.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    def find(self, user_id: str, key: str) -> Claim | None:
        """What a key stands for, if it came before."""
        held = self._store.get(_namespace(user_id), _digest(key))
        return None if held is None or _old(held.value) else Claim(**held.value)

    def claim(self, user_id: str, key: str, request: str, thread: str) -> Claim:
        """Let a key stand for a request, unless it does for another: the first one counts, whichever process is it."""
        namespace = _namespace(user_id)
        held = sorted(search_all(self._store, namespace), key=lambda item: int(item.value["at"]))
        gone = [item for place, item in enumerate(held) if _old(item.value) or place <= len(held) - KEPT]
        if gone:
            self._store.batch([PutOp(namespace, item.key, None) for item in gone])
        claim = Claim(_digest(key), _digest(request), thread, int(time.time()))
        if isinstance(self._store, PutsOnce):
            return Claim(**self._store.put_once(namespace, claim.key, asdict(claim)))
        self._write(user_id, claim)
        return claim

    def settle(self, user_id: str, claim: Claim, told: Mapping[str, Any]) -> None:
        """Keep what was answered beside the conversation."""
        self._write(user_id, replace(claim, told=dict(told)))

    def _write(self, user_id: str, claim: Claim) -> None:
        self._store.put(_namespace(user_id), claim.key, asdict(claim), index=False, ttl=None)


def same(claim: Claim, request: str) -> bool:
    """Whether a request is the one that its key stands for."""
    return claim.request == _digest(request)


def _namespace(user_id: str) -> tuple[str, ...]:
    return (ROOT, LOG, label(checked_id(user_id, "user id")), "once")


def _old(value: Mapping[str, Any]) -> bool:
    return int(value["at"]) < time.time() - KEPT_SECONDS


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
