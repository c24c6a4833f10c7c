"""The commands over a real PostgreSQL: talking, a person's data, the tables, moving there and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.postgres_server import PostgresOfTests
from typer.testing import CliRunner, Result

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent.doors import _doctor
from chatrec.agent.doors._open import Wanted, open_index, open_session
from chatrec.agent.doors._session import Session
from chatrec.agent.doors.cli import app
from chatrec.errors import StoreError
from chatrec.indexes import (
    Catalog,
    Constraint,
    FeedbackLog,
    ItemIndex,
    ProfileStore,
    Recommender,
    ThreadOwners,
    export_person,
    open_checkpointer,
    open_store,
)
from chatrec.indexes._migrate import migrate_all
from chatrec.indexes._persistence import catalog_note, index_folder, load_from_database
from chatrec.indexes._postgres import connect
from chatrec.indexes._postgres_index import PostgresIndex, catalogs
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], catch_exceptions=True)


def talk(where: Any, threads: Any, user: str, *, index: Any = None) -> Session:
    """A turn with a list, a rejection with a reason, and a lasting wish."""
    store, saver = open_store(where), open_checkpointer(threads)
    recommender = Recommender(tea_catalog(), index=index, store=store, embedder=HashingEmbedder())
    agent = create_recommender(
        recommender,
        model=ScriptedChatModel(replies=[("recommend", {}), "Here you are."]),
        store=store,
        checkpointer=saver,
    )
    session = Session(agent, recommender, user_id=user, thread_id=f"thread of {user}")
    assert session.send("something fresh for me").recommendations
    session.feedback("reject", 1, "too dear")
    recommender.profiles.prefer(user, Constraint("taste", "any", ("fresh",)), note="always fresh")
    return session


def lived_home(home: Path) -> Path:
    """A home with a catalog, two people and their conversations."""
    for user in ("ana", "ben.x@example"):
        talk(home / "people.db", home / "threads.db", user)
    teas = tea_catalog()
    folder = index_folder("teas.csv", teas.name, below=home)
    ItemIndex.build(teas, embedder=HashingEmbedder(), path=folder)
    catalog_note(folder, teas, "teas.csv")
    return home


def told_of(where: Any, threads: Any) -> list[dict[str, Any]]:
    """All that is held of everybody, without the time of asking."""
    with open_store(where) as store, open_checkpointer(threads) as saver:
        found = [export_person(user, store=store, checkpointer=saver) for user in ("ana", "ben.x@example")]
    return [{name: value for name, value in each.items() if name != "exported_at"} for each in found]


def test_a_session_lives_in_the_database_alone(
    database_url: str, chatrec_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresIndex.build(tea_catalog(), server=database_url, embedder=HashingEmbedder())
    monkeypatch.setattr("chatrec.indexes._postgres_index.openable", lambda _: HashingEmbedder())
    wanted = Wanted(catalog=tea_catalog().name, user="ana", thread="t", database_url=database_url)
    assert "postgres" not in repr(wanted)
    for number in (1, 2):  # the second is another process, as far as the stores are concerned
        model = ScriptedChatModel(replies=[("recommend", {}), "Here you are."])
        session = open_session(wanted, model=model)
        assert session.send(f"tea {number}").recommendations
    history = session.agent.get_state({"configurable": {"thread_id": "t"}}).values["messages"]
    assert [message.text for message in history if message.type == "human"] == ["tea 1", "tea 2"]
    assert not list(chatrec_home.rglob("*.db"))
    assert not list(chatrec_home.rglob("indexes/*"))


async def test_create_recommender_takes_a_database_sync_and_async(database_url: str) -> None:
    replies: list[Any] = [("recommend", {}), "Here.", ("recommend", {}), "Here."]
    catalog, index = tea_catalog(), PostgresIndex.build(tea_catalog(), server=database_url, embedder=HashingEmbedder())
    agent = create_recommender(
        Recommender(catalog, index=index, database_url=database_url),
        model=ScriptedChatModel(replies=replies),
        database_url=database_url,
    )
    config: Any = {"configurable": {"thread_id": "t"}}
    message = {"messages": [{"role": "user", "content": "tea"}]}
    first = agent.invoke(message, config, context=RecommenderContext(user_id="ana"))
    second = await agent.ainvoke(message, config, context=RecommenderContext(user_id="ana"))
    assert first["recommendations"]
    assert [m.text for m in second["messages"] if m.type == "human"] == ["tea", "tea"]
    assert connect(database_url).read("SELECT count(*) AS n FROM checkpoints")[0]["n"] > 0


def test_a_file_is_brought_into_the_database_and_only_changes_are_embedded(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.indexes._postgres_index.open_embedder", lambda *_, **__: HashingEmbedder())
    monkeypatch.setattr("chatrec.indexes._postgres_index.openable", lambda _: HashingEmbedder())
    file = tmp_path / "teas.jsonl"
    rows = [item.as_dict() for item in tea_catalog().items]
    steps: list[tuple[int, int]] = []

    def bring(kept: list[dict[str, Any]]) -> Catalog:
        file.write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
        steps.clear()

        def note(what: str, done: int, total: int) -> None:
            if what == "index":
                steps.append((done, total))

        catalog, _ = open_index(str(file), database_url=database_url, on_progress=note)
        return catalog

    bring(rows)
    assert steps[-1] == (8, 8)
    bring(rows)
    assert steps == [(0, 8)]
    catalog = bring([{**rows[0], "description": "changed"}, *rows[2:], {**rows[1], "id": "new", "title": "Newcomer"}])
    assert steps[-1] == (2, 2)
    held, index = open_index("teas", database_url=database_url)  # by its name, the file is not looked for
    assert {item.id: item for item in held.items} == {item.id: item for item in catalog.items}
    assert dict(held.facets) == {name: held.facets[name] for name in catalog.facets}
    assert index.search("newcomer", k=1)[0].id == "new"
    assert rows[1]["id"] not in held


def test_an_empty_database_is_set_up_by_whatever_opens_it_first(postgres_server: PostgresOfTests) -> None:
    url = postgres_server.empty()
    assert load_from_database("films", url) is None
    assert "up to date" in run("database", "--database-url", url).stdout


def test_export_forget_and_retain_reach_the_database(database_url: str) -> None:
    for user in ("ana", "ben"):
        talk(database_url, database_url, user)
    told = json.loads(run("export", "--user", "ana", "--database-url", database_url).stdout)
    assert [record["note"] for record in told["profile"]] == ["always fresh"]
    assert told["threads"][0]["messages"][0]["text"] == "something fresh for me"
    gone = run("forget", "--user", "ana", "--yes", "--database-url", database_url)
    assert gone.exit_code == 0, gone.output
    server = connect(database_url)
    for table in ("store", "checkpoints", "checkpoint_blobs", "checkpoint_writes"):
        rows = server.read(f"SELECT to_jsonb(t)::text AS row FROM {table} AS t")
        assert not [row for row in rows if "ana" in row["row"]]
        assert [row for row in rows if "ben" in row["row"]]
    assert run("retain", "--days", "0", "--database-url", database_url).exit_code == 0
    assert server.read("SELECT count(*) AS n FROM checkpoints")[0]["n"] == 0
    assert ProfileStore(open_store(database_url), catalog="teas").get("ben").constraints


def test_the_command_makes_the_tables_and_shows_the_sql(postgres_server: PostgresOfTests) -> None:
    url = postgres_server.empty()
    shown = run("database", "--database-url", url, "--dry-run")
    assert "CREATE TABLE IF NOT EXISTS catalogs" in shown.stdout
    assert "CREATE EXTENSION" in shown.stdout
    assert "steps taken" in run("database", "--database-url", url).stdout
    assert "up to date" in run("database", "--database-url", url).stdout
    assert run("database", "--database-url", url, "--dry-run").stdout.startswith("--")
    assert isinstance(run("database").exception, StoreError)


def test_everything_moves_there_and_back_the_same(database_url: str, tmp_path: Path) -> None:
    home, back = lived_home(tmp_path / "home"), tmp_path / "back"
    before = told_of(home / "people.db", home / "threads.db")
    there = run("migrate", str(home), database_url)
    assert there.exit_code == 0, there.exception
    assert "1 catalogs with 8 items" in there.stdout
    assert "2 conversations" in there.stdout
    assert told_of(database_url, database_url) == before
    assert catalogs(connect(database_url)) == [tea_catalog().name]
    assert run("migrate", str(home), database_url).stdout == there.stdout
    assert run("migrate", database_url, str(back)).stdout == there.stdout
    assert told_of(back / "people.db", back / "threads.db") == before
    (folder,) = [path for path in (back / "indexes").iterdir() if path.is_dir()]
    assert folder.name == next(path.name for path in (home / "indexes").iterdir() if path.is_dir())
    with open_store(back / "people.db") as store:
        assert [event.reason for event in FeedbackLog(store, catalog=tea_catalog().name).events("ana")] == ["too dear"]
        assert ThreadOwners(store).owner("thread of ana") == "ana"


@pytest.mark.parametrize("stop_at", [0, 1, 3, 4, 5])
def test_a_move_that_was_stopped_is_run_again(database_url: str, tmp_path: Path, stop_at: int) -> None:
    home = lived_home(tmp_path / "home")
    before = told_of(home / "people.db", home / "threads.db")
    calls = iter(range(100))

    def stop(_what: str, _done: int, _total: int) -> None:
        if next(calls) == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate_all(str(home), database_url, progress=stop)
    counts = migrate_all(str(home), database_url)
    assert (counts.items, counts.conversations) == (8, 2)
    assert told_of(database_url, database_url) == before


def test_a_move_that_was_killed_is_run_again(database_url: str, tmp_path: Path) -> None:
    home = lived_home(tmp_path / "home")
    script = (
        "import os, sys\nfrom chatrec.indexes._migrate import migrate_all\n"
        "migrate_all(sys.argv[1], sys.argv[2], progress=lambda what, done, _: what == 'conversations' and done == 1 "
        "and os.kill(os.getpid(), 9))\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(home), database_url], check=False, env=os.environ)
    assert died.returncode == -9
    counts = migrate_all(str(home), database_url)
    assert counts.conversations == 2
    assert told_of(database_url, database_url) == told_of(home / "people.db", home / "threads.db")


def test_what_differs_is_told(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = lived_home(tmp_path / "home")
    migrate_all(str(home), database_url)
    monkeypatch.setattr("chatrec.indexes._migrate_ends.DatabaseEnd.keep", lambda *_: None)
    with connect(database_url).connection() as connection:
        connection.execute("DELETE FROM store WHERE key = 'owner'")
    with pytest.raises(StoreError, match="the record 'owner'"):
        migrate_all(str(home), database_url)
    with pytest.raises(StoreError, match="both"):
        migrate_all(database_url, database_url)


def test_the_doctor_looks_at_the_database(database_url: str, postgres_server: PostgresOfTests) -> None:
    found = {
        finding.name: finding for finding in _doctor._careful(partial(_doctor._database, database_url), "database")
    }
    assert found["its tables"].value == "up to date"
    assert found["pgvector"].value[0].isdigit()
    (broken,) = _doctor._careful(partial(_doctor._database, "postgresql://ana:s3cr3t@127.0.0.1:1/x"), "database")
    assert broken.state == "broken"
    assert "s3cr3t" not in broken.value + broken.cure
    empty = _doctor._careful(partial(_doctor._database, postgres_server.empty()), "database")
    assert any("chatrec database" in finding.cure for finding in empty)


def test_without_the_packages_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("chatrec.indexes._postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="psycopg") as refusal:
        open_store("postgresql://ana@127.0.0.1:1/x")
    assert "chatrec[postgres]" in refusal.value.hint
