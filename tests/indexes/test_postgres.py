"""A server that comes and goes, its tables, and what is never shown of its URL."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from langchain_core.messages import HumanMessage
from langgraph.store.base import GetOp, PutOp, SearchOp
from tests.indexes.test_people import graph, thread
from tests.postgres_server import PostgresOfTests

from chatrec.errors import StoreError
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import open_checkpointer, open_store
from chatrec.indexes._postgres import Postgres, shown_url
from chatrec.indexes._postgres_schema import as_sql, migrate, pending, ready
from chatrec.indexes._postgres_stores import ServerSaver, ServerStore

SECRET = "s3cr3t@/:?#"
QUOTED = "s3cr3t%40%2F%3A%3F%23"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ana:{QUOTED}@127.0.0.1:1/shop",
        f"postgresql://ana:{QUOTED}@127.0.0.1:1/shop?sslmode=nonsense",
        f"postgresql://127.0.0.1:1/shop?user=ana&password={QUOTED}",
        f"postgresql://ana:{SECRET}@127.0.0.1:1/shop",
        f"postgresql://ana:{QUOTED}@[::1/shop",
        f"postgresql://ana:{QUOTED}@127.0.0.1:1/shop?nosuch=1",
        f"mysql://ana:{QUOTED}@127.0.0.1:1/shop",
    ],
)
def test_a_password_is_never_shown(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StoreError) as refusal:
        Postgres(url)
    cause: BaseException | None = refusal.value
    said = caplog.text + "".join(capfd.readouterr()) + refusal.value.hint
    while cause is not None:
        said += str(cause) + repr(cause)
        cause = cause.__cause__ or cause.__context__
    assert "s3cr3t" not in said
    assert refusal.value.hint


def test_the_url_is_shown_without_what_may_be_secret() -> None:
    assert (
        shown_url(f"postgresql://ana:{QUOTED}@db.example:5433/shop?sslkey=x") == "postgresql://ana@db.example:5433/shop"
    )


def test_nothing_shows_the_password_of_an_open_database(database_url: str) -> None:
    url = database_url.replace("postgres@", f"postgres:{QUOTED}@")
    with open_store(url) as store, open_checkpointer(url) as saver:
        assert isinstance(store, ServerStore)
        assert isinstance(saver, ServerSaver)
        for each in (store, saver, store.server, store.server.pool):
            assert "s3cr3t" not in repr(each) + str(each)


def test_an_empty_database_is_set_up_by_whoever_comes_first(postgres_server: PostgresOfTests) -> None:
    url = postgres_server.empty()
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: ServerStore(Postgres(url)), range(4)))
    FeedbackLog(stores[0]).record("ana", "seen", item_id="1")
    assert len(FeedbackLog(stores[3]).events("ana")) == 1
    assert pending(stores[0].server) == ()


def test_the_sql_that_is_shown_does_what_is_done(postgres_server: PostgresOfTests) -> None:
    server = Postgres(postgres_server.empty())
    script = as_sql(pending(server))
    with server.connection() as connection:
        for statement in script.split(";\n"):
            connection.execute(statement.encode())
    assert pending(server) == ()
    assert migrate(server) == ()
    assert as_sql(()).startswith("--")
    with open_store(postgres_server.database()) as store:
        assert isinstance(store, ServerStore)
        names = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='chatrec' ORDER BY 1,2"
        )
        assert server.read(names) == store.server.read(names)
    server.close()


def test_older_and_newer_tables_are_refused(database_url: str) -> None:
    server = Postgres(database_url)
    with server.connection() as connection:
        connection.execute("DELETE FROM store_migrations WHERE v = 3")
    with pytest.raises(StoreError, match="lack 1 step") as refusal:
        ready(server)
    assert "chatrec database" in refusal.value.hint
    assert [step.version for step in migrate(server)] == [3]
    ready(server)
    with server.connection() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (999)")
    with pytest.raises(StoreError, match="newer chatrec"):
        ready(server)
    server.close()


def test_a_server_that_is_down_is_told_and_what_comes_after_works(
    postgres_server: PostgresOfTests, database_url: str
) -> None:
    server = Postgres(database_url, patience=1.5)
    store, saver = ServerStore(server), ServerSaver(server)
    log = FeedbackLog(store)
    first = log.record("ana", "accept", item_id="1")
    graph(saver).invoke({"messages": [HumanMessage("hello")]}, thread("t"))
    postgres_server.stop()
    try:
        began = time.monotonic()
        with pytest.raises(StoreError, match="postgresql://postgres@") as refusal:
            log.record("ana", "accept", item_id="2")
        assert time.monotonic() - began < 15
        assert "running" in refusal.value.hint
        with pytest.raises(StoreError, match="postgresql://"):
            graph(saver).invoke({"messages": [HumanMessage("anybody?")]}, thread("t"))
    finally:
        postgres_server.start()
    third = log.record("ana", "accept", item_id="3")
    assert log.events("ana") == (first, third)
    said = graph(saver).invoke({"messages": [HumanMessage("again")]}, thread("t"))["messages"]
    assert [message.text for message in said if message.type == "human"] == ["hello", "again"]
    server.close()


def test_a_short_absence_is_not_noticed(postgres_server: PostgresOfTests, database_url: str) -> None:
    server = Postgres(database_url, patience=20)
    log = FeedbackLog(ServerStore(server))
    log.record("ana", "seen", item_id="before")
    postgres_server.stop()
    back = threading.Timer(0.7, postgres_server.start)
    back.start()
    log.record("ana", "seen", item_id="while it was away")
    back.join()
    assert [event.item_id for event in log.events("ana")] == ["before", "while it was away"]
    server.close()


def test_a_batch_is_kept_whole_or_not_at_all(database_url: str) -> None:
    store = ServerStore(Postgres(database_url))
    good, other = PutOp(("a",), "k", {"n": 1}), PutOp(("a",), "m", {"n": 2})
    with pytest.raises(StoreError):
        store.batch([good, PutOp(("b",), "bad\x00key", {"n": 3})])
    with pytest.raises(StoreError):
        store.batch([good, SearchOp(("a",)), PutOp(("b",), "k", None), PutOp(("b",), "bad", {"text": "\x00"})])
    assert store.search(("a",)) == []
    found = store.batch([good, other, PutOp(("a",), "k", {"n": 4}), GetOp(("a",), "m")])
    assert len(found) == 4
    assert {item.key: item.value["n"] for item in store.search(("a",))} == {"k": 4, "m": 2}
    store.server.close()


def test_a_connection_that_broke_is_replaced_and_nothing_is_written_twice(database_url: str) -> None:
    server, other = Postgres(database_url, patience=5), Postgres(database_url)
    log = FeedbackLog(ServerStore(server))
    for number in range(5):
        log.record("ana", "seen", item_id=str(number))
        other.read(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [event.item_id for event in log.events("ana")] == ["0", "1", "2", "3", "4"]
    server.close()
    other.close()


def test_what_a_process_sent_before_it_died_is_written_before_another_goes_on(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as dying:
        dying.execute("CREATE TABLE words (word text)")
        dying.pgconn.send_query(b"SELECT pg_sleep(0.4); INSERT INTO words VALUES ('last')")
        dying.pgconn.finish()
    server = Postgres(database_url)
    with open_store(database_url) as store:
        assert isinstance(store, ServerStore)
        with server.connection() as connection:
            assert connection.execute("SELECT word FROM public.words").fetchall() == []
            store.settle()
            assert connection.execute("SELECT word FROM public.words").fetchall() == [{"word": "last"}]
    server.close()


def test_a_server_that_is_busy_for_long_is_not_waited_for(database_url: str) -> None:
    busy = psycopg.connect(database_url)
    busy.pgconn.send_query(b"SELECT pg_sleep(60)")
    with open_store(database_url) as store:
        assert isinstance(store, ServerStore)
        began = time.monotonic()
        store.settle()
        assert time.monotonic() - began < 30
    busy.cancel_safe()
    busy.pgconn.finish()
