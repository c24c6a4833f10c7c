"""What people's data may expect of any store: the same tests for every back end.

A new back end subclasses `StoreContract` here and gives a `store` fixture.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

from chatrec.errors import ThreadRefused
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import open_store
from chatrec.indexes._profiles import Profile, ProfileStore
from chatrec.indexes._threads import PutsOnce, ThreadOwners

COSY = Constraint("mood", "any", ("cosy",))
LOUD = Constraint("mood", "none", ("loud",))
# Alike to a store that matches prefixes, patterns or letters whatever their case, or that splits at dots.
ALIKE = ["ann", "anna", "Ann", "a_n", "a%n", "a*n", "ann.feedback", "ann@x.org", "ann=", "安", "ann\n", "🦊", "a\x00n"]


@contextmanager
def often_switching() -> Generator[None, None, None]:
    """Let threads take turns so often that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


class StoreContract(ABC):
    shared = True
    """Whether several threads may use the store at once."""

    @pytest.fixture
    @abstractmethod
    def store(self, tmp_path: Path) -> Iterator[BaseStore]: ...

    def test_feedback_comes_back_whole_and_in_order(self, store: BaseStore) -> None:
        log = FeedbackLog(store)
        first = log.record("ana", "accept", item_id="7", thread_id="t.1")
        second = log.record("ana", "critique", item_id="7", constraint=LOUD, reason="太吵了")
        assert log.events("ana") == (first, second)
        assert second.constraint == LOUD
        assert second.reason == "太吵了"

    def test_users_never_mix(self, store: BaseStore) -> None:
        log, profiles, owners = FeedbackLog(store), ProfileStore(store), ThreadOwners(store)
        for user in ALIKE:
            log.record(user, "seen", item_id=f"item of {user!r}")
            profiles.prefer(user, COSY, note=f"note of {user!r}")
            owners.claim(user, user)
        for user in ALIKE:
            assert [event.item_id for event in log.events(user)] == [f"item of {user!r}"]
            assert profiles.get(user).notes == (f"note of {user!r}",)
            assert owners.threads(user) == (user,)
            assert owners.owner(user) == user
        assert log.erase("ann") == 1
        assert profiles.erase("ann") == 1
        assert all(len(log.events(user)) == 1 and profiles.get(user).constraints for user in ALIKE if user != "ann")

    def test_reading_goes_on_to_the_end(self, store: BaseStore) -> None:
        log = FeedbackLog(store)
        written = [log.record("ana", "seen", item_id=str(number)).id for number in range(2_100)]
        assert [event.id for event in log.events("ana")] == written

    def test_undo_goes_back_one_by_one(self, store: BaseStore) -> None:
        log = FeedbackLog(store)
        first, second = log.record("ana", "reject", item_id="1"), log.record("ana", "reject", item_id="2")
        assert log.undo("ana") == second
        third = log.record("ana", "seen", item_id="3")
        assert log.undo("ana") == third
        assert log.undo("ana") == first
        assert log.undo("ana") is None
        assert log.events("ana") == ()

    def test_profile_holds_the_latest_word(self, store: BaseStore) -> None:
        profiles = ProfileStore(store)
        profiles.prefer("ana", COSY)
        profiles.prefer("ana", LOUD, note="migraine")
        assert profiles.get("ana") == Profile((COSY, LOUD), ("migraine",))
        profiles.forget("ana", LOUD)
        assert profiles.get("ana") == Profile((COSY,))
        profiles.undo("ana")
        assert profiles.get("ana") == Profile((COSY, LOUD), ("migraine",))

    def test_erase_leaves_nothing_and_the_user_may_begin_again(self, store: BaseStore) -> None:
        log = FeedbackLog(store)
        for number in range(1_100):
            log.record("ana", "seen", item_id=str(number))
        log.undo("ana")
        assert log.erase("ana") == 1_101
        assert log.export("ana") == []
        assert log.erase("ana") == 0
        again = log.record("ana", "accept", item_id="7")
        assert log.events("ana") == (again,)

    def test_a_thread_belongs_to_who_began_it(self, store: BaseStore) -> None:
        owners = ThreadOwners(store)
        owners.claim("t1", "ana")
        owners.claim("t1", "ana")
        with pytest.raises(ThreadRefused, match="t1") as refusal:
            owners.claim("t1", "ben")
        assert "ana" not in str(refusal.value)
        owners.release("t1")
        assert owners.owner("t1") is None
        owners.claim("t1", "ben")
        assert owners.threads("ben") == ("t1",)
        assert owners.threads("ana") == ()

    def test_eight_threads_write_and_read_at_once(self, store: BaseStore) -> None:
        if not self.shared:
            pytest.skip("this store is not made for several threads")
        log = FeedbackLog(store)

        def work(worker: int) -> list[str]:
            written = list[str]()
            for number in range(40):
                written.append(log.record("ana", "seen", item_id=f"{worker}-{number}").id)
                log.record(f"user {worker}", "seen", item_id=str(number))
                held = [event.id for event in log.events("ana")]
                assert held == sorted(held)
                assert set(written) <= set(held)
            return written

        with often_switching(), ThreadPoolExecutor(8) as pool:
            written = [key for keys in pool.map(work, range(8)) for key in keys]
        assert sorted(written) == [event.id for event in log.events("ana")]
        assert all(len(log.events(f"user {worker}")) == 40 for worker in range(8))

    def test_of_simultaneous_claims_one_wins(self, store: BaseStore) -> None:
        if not isinstance(store, PutsOnce):
            pytest.skip("this store has no atomic step for first claims")
        owners = ThreadOwners(store)

        def claim(user: int) -> bool:
            try:
                owners.claim(f"thread {user // 8}", f"user {user}")
            except ThreadRefused:
                return False
            return True

        with often_switching(), ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(800)))
        assert [sum(won[start : start + 8]) for start in range(0, 800, 8)] == [1] * 100


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[BaseStore]:
        with open_store(None) as store:
            yield store


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[BaseStore]:
        with open_store(tmp_path / "people.db") as store:
            yield store


class TestLangGraphMemory(StoreContract):
    shared = False

    @pytest.fixture
    def store(self) -> BaseStore:
        return InMemoryStore()


class TestLangGraphSqlite(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[BaseStore]:
        with SqliteStore.from_conn_string(str(tmp_path / "people.db")) as store:
            store.setup()
            yield store


class TestPostgres(StoreContract):
    @pytest.fixture
    def store(self, database_url: str) -> Iterator[BaseStore]:
        with open_store(database_url) as store:
            yield store
