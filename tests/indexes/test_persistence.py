"""Real SQLite files: several processes, threads, sync and async callers, rights, erasure."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.graph import END, START, StateGraph
from langgraph.store.base import GetOp, PutOp

from chatrec.errors import StoreError, ThreadRefused
from chatrec.indexes._events import label
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import catalog_note, home, open_checkpointer, open_store, read_note
from chatrec.indexes._stores import LocalStore
from chatrec.indexes._threads import ThreadOwners
from chatrec.testing import tea_catalog

WRITER = """
import sys
from chatrec.errors import ThreadRefused
from chatrec.indexes._events import label
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import open_checkpointer, open_store
from chatrec.indexes._threads import ThreadOwners
from langgraph.checkpoint.base import empty_checkpoint

folder, me = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
won = []
with open_store(folder + "/people.db") as store, open_checkpointer(folder + "/threads.db") as saver:
    log, owners = FeedbackLog(store), ThreadOwners(store)
    config = {"configurable": {"thread_id": me, "checkpoint_ns": ""}}
    for number in range(60):
        log.record("ana", "seen", item_id=f"{me}-{number}")
        log.events("ana")
        config = saver.put(config, empty_checkpoint(), {"step": number}, {})
        try:
            owners.claim(f"thread {number}", me)
            won.append(number)
        except ThreadRefused:
            pass
print(*won)
"""


class State(TypedDict):
    messages: list[Any]
    turns: int


def a_turn(state: State) -> State:
    return {"messages": [*state["messages"], AIMessage("好的")], "turns": state["turns"] + 1}


def a_graph(saver: BaseCheckpointSaver[Any]) -> Any:
    graph = StateGraph(State)
    graph.add_node("turn", a_turn)
    graph.add_edge(START, "turn")
    graph.add_edge("turn", END)
    return graph.compile(checkpointer=saver)


def thread(name: str) -> RunnableConfig:
    return {"configurable": {"thread_id": name}}


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    with open_store(tmp_path / "people.db") as store:
        yield store


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in ("one", "two")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [(worker.returncode, errors) for worker, (_, errors) in zip(workers, said, strict=True)] == [(0, "")] * 2
    won = [[int(number) for number in out.split()] for out, _ in said]
    assert sorted(won[0] + won[1]) == list(range(60))
    with open_store(tmp_path / "people.db") as store, open_checkpointer(tmp_path / "threads.db") as saver:
        items = [event.item_id for event in FeedbackLog(store).events("ana")]
        for name in ("one", "two"):
            assert [item for item in items if item and item.startswith(name)] == [f"{name}-{n}" for n in range(60)]
            assert len(list(saver.list(thread(name)))) == 60
        assert len(items) == 120


def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    for attempt in range(5):
        start = threading.Barrier(8)

        def work(
            worker: int, start: threading.Barrier = start, path: Path = tmp_path / f"{attempt}" / "people.db"
        ) -> None:
            start.wait()
            with open_store(path) as store, open_checkpointer(path.with_name("threads.db")) as saver:
                FeedbackLog(store).record("ana", "seen", item_id=str(worker))
                saver.put({"configurable": {"thread_id": "t", "checkpoint_ns": ""}}, empty_checkpoint(), {}, {})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        with open_store(tmp_path / f"{attempt}" / "people.db") as store:
            assert len(FeedbackLog(store).events("ana")) == 8


def test_opening_again_lets_no_lock_go(store: LocalStore, tmp_path: Path) -> None:
    store.put(("a",), "k1", {"x": 1})
    open_store(tmp_path / "people.db").close()
    other = "import sys; from chatrec.indexes import open_store; open_store(sys.argv[1]).put(('a',), 'k2', {'x': 2})"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", other, str(tmp_path / "people.db")], env=environment, check=True)
    assert (tmp_path / "people.db-wal").exists(), "the other process took itself for the last and deleted the log"
    store.put(("a",), "k3", {"x": 3})
    store.close()
    with open_store(tmp_path / "people.db") as again:
        assert {item.key for item in again.search(("a",))} == {"k1", "k2", "k3"}


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with open_store(tmp_path / "people.db") as store:
        event = FeedbackLog(store).record("ana", "accept", item_id="7")
        ThreadOwners(store).claim("t", "ana")
    with open_store(str(tmp_path / "people.db")) as store:
        assert FeedbackLog(store).events("ana") == (event,)
        with pytest.raises(ThreadRefused):
            ThreadOwners(store).claim("t", "ben")


def test_closing_twice_is_harmless_and_use_after_it_is_refused(tmp_path: Path) -> None:
    store, saver = open_store(tmp_path / "people.db"), open_checkpointer(tmp_path / "threads.db")
    for opened in (store, saver, open_store(None), open_checkpointer(None)):
        opened.close()
        opened.close()
    with pytest.raises(StoreError, match="closed"):
        store.get(("a",), "b")
    with pytest.raises(StoreError, match="closed"):
        saver.get(thread("t"))


def test_a_forgotten_store_closes_its_file(tmp_path: Path) -> None:
    store = open_store(tmp_path / "people.db")
    connection = store.conn
    del store
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


async def test_async_and_sync_see_the_same(store: LocalStore) -> None:
    await store.aput(("a",), "k", {"x": 1})
    assert store.get(("a",), "k") == await store.aget(("a",), "k")
    await asyncio.gather(*(store.aput(("a",), f"k{number}", {"x": number}) for number in range(20)))
    assert len(await store.asearch(("a",), limit=100)) == 21
    await store.adelete(("a",), "k")
    assert await store.aget(("a",), "k") is None


def test_a_batch_that_fails_leaves_nothing(store: LocalStore) -> None:
    with pytest.raises(StoreError):
        store.batch([PutOp(("a",), "good", {"x": 1}), PutOp(("a",), None, {"x": 1})])  # type: ignore[arg-type]
    assert store.get(("a",), "good") is None
    store.put(("a",), "good", {"x": 2})
    assert store.get(("a",), "good") is not None


def test_a_writer_waits_for_a_writer_of_another_process(store: LocalStore, tmp_path: Path) -> None:
    store.put(("a",), "n", {"x": 0})
    with open_store(tmp_path / "people.db") as other:
        held = threading.Event()

        def hold() -> None:
            with other._cursor() as cursor:
                cursor.execute("UPDATE store SET value = '{\"x\":1}'")
                held.set()
                threading.Event().wait(0.2)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        # Reads first, then writes: without the write lock from the start SQLite would fail at once.
        found, _ = store.batch([GetOp(("a",), "n"), PutOp(("a",), "m", {"x": 2})])
        holder.join()
    assert found is not None
    assert found.value == {"x": 1}  # type: ignore[union-attr]


def test_a_reader_does_not_wait_for_a_writer(store: LocalStore, tmp_path: Path) -> None:
    store.put(("a",), "n", {"x": 0})
    with open_store(tmp_path / "people.db") as other, other._cursor() as cursor:
        cursor.execute("UPDATE store SET value = '{\"x\":1}'")
        found = store.get(("a",), "n")
        assert found is not None
        assert found.value == {"x": 0}


@pytest.mark.parametrize("seed", range(4))
def test_erasure_leaves_no_byte(tmp_path: Path, seed: int) -> None:
    rng, folder = random.Random(seed), tmp_path / "state"
    users = [f"user{number}" for number in range(30)]
    # Rows of many lengths make SQLite move rows between pages, where zeroing what is deleted leaves copies.
    with open_store(folder / "people.db") as store:
        log, owners = FeedbackLog(store), ThreadOwners(store)
        for number in range(1_000):
            user = rng.choice(users)
            reason = f"secret of {user}." + "x" * rng.choice([3, 30, 300, 3_000])
            log.record(user, "reject", item_id=str(number), reason=reason)
            owners.claim(f"thread of {user}", user)
        gone = rng.sample(users, 15)
        for user in gone:
            assert log.erase(user) > 0
            assert owners.erase(user) == 1
        left = everything_in(folder)
        for user in users:
            held = [text.encode() in left for text in (f"secret of {user}.", label(user), label(f"thread of {user}"))]
            assert held == [user not in gone] * 3


def test_an_erasure_that_cannot_reach_the_log_says_so(store: LocalStore, tmp_path: Path) -> None:
    log = FeedbackLog(store)
    log.record("ana", "seen", item_id="7")
    store.conn.execute("PRAGMA busy_timeout=50")
    reader = sqlite3.connect(tmp_path / "people.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM store").fetchone()
    with pytest.raises(StoreError, match="another program is reading"):
        log.erase("ana")
    reader.execute("COMMIT")
    reader.close()
    assert log.erase("ana") == 0
    assert b"seen" not in everything_in(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with open_store(tmp_path / "a" / "b" / "people.db") as store, open_checkpointer(tmp_path / "a" / "t.db"):
            store.put(("a",), "k", {})
            found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}
    finally:
        os.umask(old)
    assert {path.name for path in found} >= {"b", "people.db", "people.db-wal", "people.db-shm", "t.db"}
    assert {path.name: mode for path, mode in found.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_a_file_that_all_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "people.db").touch(0o644)
    open_store(tmp_path / "people.db").close()
    assert stat.S_IMODE((tmp_path / "people.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("opener", [open_store, open_checkpointer])
def test_what_is_no_database_is_named(tmp_path: Path, opener: Any) -> None:
    (tmp_path / "notes.txt").write_text("milk, eggs, bread and a very long shopping list beside them" * 20)
    (tmp_path / "notes.txt").chmod(mode := 0o644)
    with pytest.raises(StoreError, match=r"notes\.txt.*no SQLite file"):
        opener(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text().startswith("milk")
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "notes.txt").stat().st_mode) == mode
    with pytest.raises(StoreError, match="write to"):
        opener(tmp_path)
    with pytest.raises(StoreError, match="Not a directory"):
        opener(tmp_path / "notes.txt" / "people.db")


def test_home_is_told_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATREC_HOME", str(tmp_path / "x" / "y"))
    assert home() == tmp_path / "x" / "y"
    assert home().is_dir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATREC_HOME", "here")
    assert home() == tmp_path / "here"
    monkeypatch.setenv("CHATREC_HOME", " ")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home().is_relative_to(tmp_path)
    assert home().name == "chatrec"


@pytest.mark.parametrize("name", [None, "threads.db"])
async def test_a_graph_remembers_sync_and_async(tmp_path: Path, name: str | None) -> None:
    with open_checkpointer(name and tmp_path / name) as saver:
        graph = a_graph(saver)
        said = HumanMessage("something cosy")
        graph.invoke({"messages": [said], "turns": 0}, thread("t"))
        first = await graph.aget_state(thread("t"))
        await graph.ainvoke({"messages": first.values["messages"], "turns": 1}, thread("t"))
        assert graph.get_state(thread("t")).values["turns"] == 2
        assert graph.get_state(thread("t")).values["messages"][0] == said
        ahead = [state.values.get("turns") async for state in graph.aget_state_history(thread("t"))]
        assert ahead == [state.values.get("turns") for state in graph.get_state_history(thread("t"))]
        await saver.adelete_thread("t")
        assert await saver.aget_tuple(thread("t")) is None


def test_a_home_of_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATREC_HOME", "~nobody-of-this-name/x")
    with pytest.raises(StoreError, match="nobody is called so"):
        home()


def test_programs_that_begin_at_once_write_the_note_beside_an_index(tmp_path: Path) -> None:
    catalog = tea_catalog()

    def note(number: int) -> None:
        catalog_note(tmp_path / "teas", catalog, f"teas {number}.csv")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(note, range(8)))
    assert read_note(tmp_path / "teas")["name"] == "teas"
    assert [path.name for path in tmp_path.iterdir()] == ["teas.catalog.json"]


def test_conversations_survive_reopening_and_hold_no_lock_while_listed(tmp_path: Path) -> None:
    with open_checkpointer(tmp_path / "threads.db") as saver:
        a_graph(saver).invoke({"messages": [HumanMessage("hi")], "turns": 0}, thread("t"))
    with open_checkpointer(tmp_path / "threads.db") as saver:
        graph = a_graph(saver)
        listing = saver.list(thread("t"))
        newest, held = next(listing), saver.lock.locked()
        assert len(list(listing)) == 2
        # A lock held between two of them would stop whoever writes in the meantime for ever.
        assert not held
        graph.update_state(newest.config, {"turns": 9})
        assert graph.get_state(thread("t")).values["turns"] == 9


async def test_many_conversations_at_once(tmp_path: Path) -> None:
    with open_checkpointer(tmp_path / "threads.db") as saver:
        graph = a_graph(saver)
        await asyncio.gather(*(graph.ainvoke({"messages": [], "turns": n}, thread(f"t{n}")) for n in range(16)))
        assert [graph.get_state(thread(f"t{n}")).values["turns"] for n in range(16)] == list(range(1, 17))


def test_a_deleted_conversation_leaves_no_byte(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with open_checkpointer(folder / "threads.db") as saver:
        graph = a_graph(saver)
        for number in range(10):
            graph.invoke({"messages": [HumanMessage(f"secret{number} " * 50)], "turns": 0}, thread(f"t{number}"))
        for number in range(0, 10, 2):
            saver.delete_thread(f"t{number}")
        left = everything_in(folder)
        assert [b"secret%d" % number in left for number in range(10)] == [False, True] * 5


@dataclass
class Foreign:
    """A type of the app's, which a file must not bring back to life by naming it."""

    x: int


@dataclass
class Known:
    """A type of the app's that the app has named."""

    x: int


@pytest.mark.parametrize("name", [None, "threads.db"])
def test_nothing_is_pickled_and_no_foreign_type_is_built(tmp_path: Path, name: str | None) -> None:
    with open_checkpointer(name and tmp_path / name, types=[Known]) as saver:
        config: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"thing": Foreign(3), "known": Known(4)}
        checkpoint["channel_versions"] = {"thing": "1", "known": "1"}
        saver.put(config, checkpoint, {}, {"thing": "1", "known": "1"})
        found = saver.get(config)
        assert found is not None
        assert found["channel_values"] == {"thing": {"x": 3}, "known": Known(4)}
        with pytest.raises(TypeError):
            saver.put_writes({"configurable": {**config["configurable"], "checkpoint_id": "1"}}, [("c", print)], "task")
        with pytest.raises(NotImplementedError, match="pickle"):
            saver.serde.loads_typed(("pickle", b"\x80\x04N."))
