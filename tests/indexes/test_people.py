"""A person's data as a whole: complete when exported, gone to the last byte when forgotten, whoever has it open."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore
from langgraph.store.sqlite.aio import AsyncSqliteStore

from chatrec.errors import StoreError, ThreadRefused
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._people import aexport_person, aforget_person, export_person, forget_person, retain
from chatrec.indexes._persistence import open_checkpointer, open_store
from chatrec.indexes._profiles import ProfileStore
from chatrec.indexes._savers import LocalSaver, MemorySaver
from chatrec.indexes._stores import LocalStore, MemoryStore
from chatrec.indexes._threads import ThreadOwners

COSY = Constraint("mood", "any", ("cosy",))
ITEM = {"id": "i7", "title": "Old Cellar", "score": 1.5, "reason": "smoky", "item": {"price": 12}}


def replies(state: MessagesState) -> dict[str, list[AnyMessage]]:
    call = {"name": "recommend", "args": {"where": ["mood=cosy"]}, "id": "c1", "type": "tool_call"}
    shown = ToolMessage("1 item", tool_call_id="c1", artifact={"recommendations": [ITEM], "matching": 1})
    return {"messages": [AIMessage("", tool_calls=[call]), shown, AIMessage("Here is one.")]}


def graph(saver: BaseCheckpointSaver[Any]) -> Any:
    built = StateGraph(MessagesState)
    built.add_node("reply", replies)
    built.add_edge(START, "reply")
    built.add_edge("reply", END)
    return built.compile(checkpointer=saver)


def thread(name: str) -> RunnableConfig:
    return {"configurable": {"thread_id": name}}


def live(user: str, store: Any, saver: Any, said: Sequence[str] = ("something cosy",)) -> None:
    """What a person leaves behind: two catalogs, a conversation, ids, notes and reasons."""
    name = f"thread of {user}"
    ThreadOwners(store).claim(name, user)
    for words in said:
        graph(saver).invoke({"messages": [HumanMessage(words)]}, thread(name))
        ProfileStore(store, catalog="teas").prefer(user, COSY, note=words, thread_id=name)
    ProfileStore(store, catalog="films").prefer(user, COSY)
    log = FeedbackLog(store, catalog="teas")
    log.record(user, "reject", item_id=f"item of {user}", reason=f"reason of {user}", thread_id=name)
    log.record(user, "seen", item_id="i2")
    log.undo(user)


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[LocalStore, LocalSaver]]:
    with open_store(tmp_path / "home" / "people.db") as store, open_checkpointer(tmp_path / "home" / "t.db") as saver:
        yield store, saver


def test_the_export_says_who_said_what_where(files: tuple[LocalStore, LocalSaver]) -> None:
    store, saver = files
    live("ana", store, saver, ["something cosy", "and strong"])
    live("ben", store, saver, ["ben's own words"])
    told = export_person("ana", store=store, checkpointer=saver)
    assert told["user"] == "ana"
    assert told["left_out"] == []
    [conversation] = told["threads"]
    assert [(m["role"], m["text"]) for m in conversation["messages"]] == [
        ("person", "something cosy"),
        ("recommender", ""),
        ("tool", "1 item"),
        ("recommender", "Here is one."),
        ("person", "and strong"),
        ("recommender", ""),
        ("tool", "1 item"),
        ("recommender", "Here is one."),
    ]
    times = [m["at"] for m in conversation["messages"]]
    assert times == sorted(times)
    assert conversation["begun"] <= times[0] <= times[-1] == conversation["last"]
    shown = conversation["messages"][2]["recommendations"]
    assert shown == [{"id": "i7", "title": "Old Cellar", "score": 1.5, "reason": "smoky"}]
    assert conversation["messages"][1]["calls"] == [{"name": "recommend", "args": {"where": ["mood=cosy"]}}]
    assert [(r["catalog"], r["note"], r.get("said_in", {}).get("text")) for r in told["profile"]] == [
        ("teas", "something cosy", "something cosy"),
        ("teas", "and strong", "and strong"),
        ("films", "", None),
    ]
    assert told["profile"][1]["said_in"] == {
        "thread": "thread of ana",
        "message": conversation["messages"][4]["id"],
        "text": "and strong",
    }
    assert [(r["kind"], r["item_id"], r["undone"]) for r in told["feedback"]] == [
        ("reject", "item of ana", False),
        ("seen", "i2", True),
    ]
    assert told["feedback"][0]["said_in"]["text"] == "and strong"
    assert "ben" not in str(told)


def test_what_was_taken_back_is_exported_as_such(files: tuple[LocalStore, LocalSaver]) -> None:
    store, saver = files
    live("ana", store, saver, ["first", "second"])
    built = graph(saver)
    said = built.get_state(thread("thread of ana")).values["messages"]
    built.update_state(thread("thread of ana"), {"messages": [RemoveMessage(said[0].id)]})
    [conversation] = export_person("ana", store=store, checkpointer=saver)["threads"]
    assert [(m["text"], m.get("taken_back", False)) for m in conversation["messages"] if m["role"] == "person"] == [
        ("first", True),
        ("second", False),
    ]


def test_a_long_conversation_is_exported_whole(files: tuple[LocalStore, LocalSaver]) -> None:
    store, saver = files
    live("ana", store, saver, [f"message {number}" for number in range(30)])
    [conversation] = export_person("ana", store=store, checkpointer=saver)["threads"]
    said = [m["text"] for m in conversation["messages"] if m["role"] == "person"]
    assert said == [f"message {number}" for number in range(30)]


def test_the_forgotten_are_in_no_byte_and_the_others_intact(
    files: tuple[LocalStore, LocalSaver], tmp_path: Path
) -> None:
    store, saver = files
    live("ana.zk7q", store, saver, ["zk7q wants tea " * 90, "zk7q again"])
    live("ben", store, saver, ["ben wants coffee"])
    before = export_person("ben", store=store, checkpointer=saver)
    token, label = b"zk7q", b"ana-2ezk7q="
    assert token in bytes_below(tmp_path)
    assert label in bytes_below(tmp_path)
    gone = forget_person("ana.zk7q", store=store, checkpointer=saver)
    assert gone.complete
    assert (gone.profile, gone.feedback, gone.threads) == (3, 3, ("thread of ana.zk7q",))
    held = bytes_below(tmp_path)
    assert token not in held
    assert label not in held
    after = export_person("ben", store=store, checkpointer=saver)
    assert after | {"exported_at": ""} == before | {"exported_at": ""}
    assert graph(saver).invoke({"messages": [HumanMessage("more")]}, thread("thread of ben"))["messages"]
    empty = export_person("ana.zk7q", store=store, checkpointer=saver)
    assert (empty["profile"], empty["feedback"], empty["threads"]) == ([], [], [])
    ThreadOwners(store).claim("thread of ana.zk7q", "carl")
    with pytest.raises(ThreadRefused):
        ThreadOwners(store).claim("thread of ben", "ana.zk7q")


OTHER = """
import sys
from langchain_core.messages import HumanMessage
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import open_checkpointer, open_store

folder = sys.argv[1]
with open_store(folder + "/people.db") as store, open_checkpointer(folder + "/t.db") as saver:
    log = FeedbackLog(store, catalog="teas")
    assert len(log.events("ana")) == 1
    assert saver.get_tuple({"configurable": {"thread_id": "thread of ana"}}) is not None
    print("ready", flush=True)
    sys.stdin.readline()
    assert log.events("ana") == ()
    assert saver.get_tuple({"configurable": {"thread_id": "thread of ana"}}) is None
    log.record("ben", "accept", item_id="later")
print("done", flush=True)
"""


def test_forgetting_reaches_files_that_another_process_has_open(
    files: tuple[LocalStore, LocalSaver], tmp_path: Path
) -> None:
    store, saver = files
    live("ana", store, saver, ["zk7q in another process"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", OTHER, str(tmp_path / "home")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        gone = forget_person("ana", store=store, checkpointer=saver)
        held = bytes_below(tmp_path)
        out, errors = other.communicate("go\n", timeout=60)
    assert gone.complete
    assert b"zk7q" not in held
    assert b"thread of ana" not in held
    assert (out, errors, other.returncode) == ("done\n", "", 0)
    assert [event.item_id for event in FeedbackLog(store, catalog="teas").events("ben")] == ["later"]


WRITER = """
import sys
from langgraph.checkpoint.base import empty_checkpoint
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import open_checkpointer, open_store
from chatrec.indexes._profiles import ProfileStore
from chatrec.indexes._threads import ThreadOwners

folder, me = sys.argv[1:]
with open_store(folder + "/people.db") as store, open_checkpointer(folder + "/t.db") as saver:
    log, profiles = FeedbackLog(store), ProfileStore(store)
    ThreadOwners(store).claim("thread of " + me, me)
    config = {"configurable": {"thread_id": "thread of " + me, "checkpoint_ns": ""}}
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        log.record(me, "seen", item_id=str(number))
        log.record("ana", "seen", item_id=str(number), reason="zk7q " * 50)
        profiles.prefer(me, Constraint("size", "any", (str(number),)))
        config = saver.put(config, empty_checkpoint(), {"step": number}, {})
"""


def test_two_processes_lose_nothing_while_somebody_is_forgotten(
    files: tuple[LocalStore, LocalSaver], tmp_path: Path
) -> None:
    store, saver = files
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "home"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in ("ben", "carl")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    while any(worker.poll() is None for worker in workers):
        forget_person("ana", store=store, checkpointer=saver)
    assert [(worker.wait(60), worker.communicate()[1]) for worker in workers] == [(0, "")] * 2
    assert forget_person("ana", store=store, checkpointer=saver).complete
    assert b"zk7q" not in bytes_below(tmp_path)
    for name in ("ben", "carl"):
        told = export_person(name, store=store, checkpointer=saver)
        assert [record["item_id"] for record in told["feedback"]] == [str(number) for number in range(40)]
        assert [record["constraint"]["values"] for record in told["profile"]] == [[str(n)] for n in range(40)]
        assert len(list(saver.list(thread(f"thread of {name}")))) == 40


def test_a_reader_that_holds_on_is_named_and_nothing_is_served_meanwhile(
    files: tuple[LocalStore, LocalSaver], tmp_path: Path
) -> None:
    store, saver = files
    live("ana", store, saver, ["zk7q"])
    for opened in (store.conn, saver.conn):
        opened.execute("PRAGMA busy_timeout=50")
    with (
        open_store(tmp_path / "home" / "people.db") as other,
        open_checkpointer(tmp_path / "home" / "t.db") as reader,
        other._database.transaction(writes=False) as cursor,
        reader._database.transaction(writes=False) as its,
    ):
        cursor.execute("SELECT count(*) FROM store").fetchone()
        its.execute("SELECT count(*) FROM checkpoints").fetchone()
        gone = forget_person("ana", store=store, checkpointer=saver)
        assert len(gone.left) == 2
        assert all("another program is reading" in why for why in gone.left)
        assert FeedbackLog(store, catalog="teas").events("ana") == ()
    assert forget_person("ana", store=store, checkpointer=saver).complete
    assert b"zk7q" not in bytes_below(tmp_path)


class WrittenMeanwhile(MemoryStore):
    """A store that lets a turn end elsewhere just before the name of its conversation is let go."""

    def __init__(self, saver: MemorySaver, name: str) -> None:
        super().__init__()
        self.saver, self.name = saver, name

    def delete(self, namespace: tuple[str, ...], key: str) -> None:
        graph(self.saver).invoke({"messages": [HumanMessage("zk7q again")]}, thread(self.name))
        super().delete(namespace, key)


@pytest.mark.parametrize("aged", [False, True])
def test_a_turn_that_ends_while_its_person_is_forgotten_leaves_nothing_that_is_nobodys(aged: bool) -> None:
    saver = open_checkpointer(None)
    store = WrittenMeanwhile(saver, "thread of ana")
    live("ana", store, saver)
    late = datetime.now(UTC) + timedelta(days=1)
    gone = (
        retain(0.5, store=store, checkpointer=saver, now=late)
        if aged
        else forget_person("ana", store=store, checkpointer=saver)
    )
    assert gone.threads == ("thread of ana",)
    assert ThreadOwners(store).owner("thread of ana") is None
    assert list(saver.list(thread("thread of ana"))) == []


class AsyncOnly(BaseCheckpointSaver[str]):
    """A checkpointer of somebody's that has the asynchronous half alone, and cannot delete."""

    def __init__(self, inner: InMemorySaver) -> None:
        super().__init__()
        self.inner = inner

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self.inner.get_tuple(config)

    async def alist(self, config: RunnableConfig | None, **kwargs: Any) -> AsyncIterator[CheckpointTuple]:
        for held in self.inner.list(config, **kwargs):
            yield held


async def test_a_checkpointer_that_cannot_delete_keeps_its_owner_and_says_so() -> None:
    store, inner = InMemoryStore(), InMemorySaver()
    live("ana", store, inner)
    saver = AsyncOnly(inner)
    told = await aexport_person("ana", store=store, checkpointer=saver)
    assert told["threads"][0]["messages"][0]["text"] == "something cosy"
    gone = await aforget_person("ana", store=store, checkpointer=saver)
    assert gone.threads == ()
    assert gone.left == ("thread 'thread of ana': AsyncOnly cannot delete conversations",)
    assert (gone.profile, gone.feedback) == (2, 3)
    with pytest.raises(ThreadRefused):
        ThreadOwners(store).claim("thread of ana", "ben")


def test_langgraphs_own_stores_are_emptied_and_said_to_be_their_own(tmp_path: Path) -> None:
    with (
        SqliteStore.from_conn_string(str(tmp_path / "s.db")) as store,
        SqliteSaver.from_conn_string(str(tmp_path / "t.db")) as saver,
    ):
        store.setup()
        live("ana", store, saver)
        gone = forget_person("ana", store=store, checkpointer=saver)
        assert (gone.profile, gone.feedback, len(gone.threads)) == (2, 3, 1)
        assert [line.split()[0] for line in gone.left] == ["SqliteSaver", "SqliteStore"]
        assert export_person("ana", store=store, checkpointer=saver)["threads"] == []


async def test_stores_of_the_running_loop_are_served_by_the_async_twins(tmp_path: Path) -> None:
    async with (
        AsyncSqliteStore.from_conn_string(str(tmp_path / "s.db")) as store,
        AsyncSqliteSaver.from_conn_string(str(tmp_path / "t.db")) as saver,
    ):
        await store.setup()
        await graph(saver).ainvoke({"messages": [HumanMessage("hello there")]}, thread("t"))
        await store.aput(("chatrec", "threads", "t="), "owner", {"user": "ana="})
        told = await aexport_person("ana", store=store, checkpointer=saver)
        assert told["threads"][0]["messages"][0]["text"] == "hello there"
        gone = await aforget_person("ana", store=store, checkpointer=saver)
        assert gone.threads == ("t",)
        assert await saver.aget_tuple(thread("t")) is None


def test_without_a_checkpointer_threads_stay_and_are_named() -> None:
    store = open_store(None)
    live("ana", store, InMemorySaver())
    assert "thread of ana" in export_person("ana", store=store)["left_out"][0]
    gone = forget_person("ana", store=store)
    assert gone.threads == ()
    assert "thread of ana" in gone.left[0]
    assert ThreadOwners(store).owner("thread of ana") == "ana"


def test_what_is_older_than_told_goes_and_wishes_stay(files: tuple[LocalStore, LocalSaver], tmp_path: Path) -> None:
    store, saver = files
    live("ana", store, saver, ["zk7q long ago"])
    later = datetime.now(UTC) + timedelta(days=31)
    assert retain(40, store=store, checkpointer=saver, now=later).threads == ()
    assert len(FeedbackLog(store, catalog="teas").events("ana")) == 1
    ThreadOwners(store).claim("never used", "ben")
    gone = retain(30, store=store, checkpointer=saver, now=later)
    assert set(gone.threads) == {"thread of ana", "never used"}
    assert gone.feedback == 3
    assert gone.complete
    assert b"zk7q" not in bytes_below(tmp_path)
    assert ProfileStore(store, catalog="teas").get("ana").constraints == (COSY,)
    assert ThreadOwners(store).owner("thread of ana") is None
    assert retain(30, store=store, checkpointer=saver, now=later).feedback == 0


@pytest.mark.parametrize("days", [-1, float("nan"), float("inf"), 800_000, 999_999])
def test_days_are_a_number_of_days(days: float) -> None:
    with pytest.raises(StoreError, match="no number of days"):
        retain(days, store=open_store(None))
