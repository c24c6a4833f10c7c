from __future__ import annotations

import pytest
from langgraph.store.memory import InMemoryStore

from chatrec.errors import StoreError, ThreadRefused
from chatrec.indexes._events import label
from chatrec.indexes._persistence import open_store
from chatrec.indexes._threads import ThreadOwners


@pytest.mark.parametrize(("thread_id", "user_id"), [("", "ana"), ("t", ""), (" ", "ana")])
def test_empty_ids_are_refused(thread_id: str, user_id: str) -> None:
    with pytest.raises(StoreError):
        ThreadOwners(open_store(None)).claim(thread_id, user_id)


def test_where_claims_crossed_the_earliest_counts_for_both() -> None:
    store = InMemoryStore()
    namespace = ("chatrec", "threads", label("t"))
    store.put(namespace, "0000000000000002" + "0" * 8, {"user": label("ben")})
    store.put(namespace, "0000000000000001" + "0" * 8, {"user": label("ana")})
    owners = ThreadOwners(store)
    owners.claim("t", "ana")
    with pytest.raises(ThreadRefused):
        owners.claim("t", "ben")
    assert owners.owner("t") == "ana"


def test_a_claim_is_written_once() -> None:
    store = open_store(None)
    owners = ThreadOwners(store)
    for _ in range(3):
        owners.claim("安.1", "ana@x.org")
    assert len(store.search(("chatrec", "threads"), limit=100)) == 1
    assert owners.threads("ana@x.org") == ("安.1",)
    assert owners.threads("ana@x") == ()


def test_a_refusal_is_a_permission_error_with_a_cure() -> None:
    owners = ThreadOwners(open_store(None))
    owners.claim("t", "ana")
    with pytest.raises(PermissionError, match="another thread_id"):
        owners.claim("t", "Ana")


def test_erasing_a_person_releases_their_threads_alone() -> None:
    store = open_store(None)
    owners = ThreadOwners(store)
    for thread_id, user_id in [("t1", "ana"), ("t2", "ana"), ("t3", "ben")]:
        owners.claim(thread_id, user_id)
    assert owners.erase("ana") == 2
    assert store.list_namespaces() == [("chatrec", "threads", label("t3"))]
    owners.claim("t1", "ben")
    assert set(owners.threads("ben")) == {"t1", "t3"}
