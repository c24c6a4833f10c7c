"""Export, forget and retain as commands, on what a real conversation leaves in chatrec's home."""

from __future__ import annotations

import json
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import RunnableConfig
from typer.testing import CliRunner, Result

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent.doors import _open, _people
from chatrec.agent.doors._open import Wanted, open_session
from chatrec.agent.doors._session import Session
from chatrec.agent.doors.cli import app
from chatrec.errors import StoreError
from chatrec.indexes import Catalog, Constraint, ItemIndex, Recommender, ThreadOwners, open_checkpointer, open_store
from chatrec.indexes._persistence import history_file
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog

TOKEN = "zk7quux"


def run(*words: str, say: str | None = None) -> Result:
    return CliRunner().invoke(app, [*words], input=say, catch_exceptions=True)


def talk(home: Path, user: str, words: str) -> None:
    """One turn, a like with a reason, a lasting wish, and a typed line, each with the person's words."""
    with open_store(home / "people.db") as store, open_checkpointer(home / "threads.db") as threads:
        recommender = Recommender(tea_catalog(), store=store, embedder=HashingEmbedder())
        agent = create_recommender(
            recommender,
            model=ScriptedChatModel(replies=[("recommend", {}), "Here you are."]),
            store=store,
            checkpointer=threads,
        )
        session = Session(agent, recommender, user_id=user, thread_id=f"thread-{user}")
        assert session.send(f"something {words} for me").recommendations
        session.feedback("reject", 1, f"too {words}")
        recommender.profiles.prefer(user, Constraint("taste", "any", ("fresh",)), note=f"always {words}")
    history_file(user).write_text(f"\n# {datetime.now()}\n+typed {words}\n", "utf-8")


def everything_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


@pytest.fixture
def lived(chatrec_home: Path) -> Path:
    """Two people have talked; one of them leaves a word everywhere that is nowhere else."""
    chatrec_home.mkdir(mode=0o700)
    talk(chatrec_home, f"ana-{TOKEN}", TOKEN)
    talk(chatrec_home, "ben", "smoky")
    return chatrec_home


def test_forgetting_leaves_no_byte_under_home_and_the_others_whole(lived: Path) -> None:
    other = json.loads(run("export", "--user", "ben").stdout)
    assert everything_in(lived).count(TOKEN.encode()) > 5
    ran = run("forget", "--user", f"ana-{TOKEN}", "--yes")
    assert ran.exit_code == 0, ran.output
    assert "1 conversations are deleted" in ran.stdout
    assert TOKEN.encode() not in everything_in(lived)
    assert not [path for path in lived.rglob("*") if TOKEN in path.name]
    again = json.loads(run("export", "--user", "ben").stdout)
    assert again | {"exported_at": ""} == other | {"exported_at": ""}
    assert len(other["threads"][0]["messages"]) > 2
    talk(lived, "ben", "light")
    nothing = json.loads(run("export", "--user", f"ana-{TOKEN}").stdout)
    assert (nothing["profile"], nothing["feedback"], nothing["threads"], nothing["typed"]) == ([], [], [], [])


class ForgetsWhileItAnswers(ScriptedChatModel):
    """While it thinks about what follows these words, its person is forgotten by another program."""

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        if any("and cheaper" in message.text for message in messages):
            assert run("forget", "--user", "ana", "--yes").exit_code == 0
        return super()._generate(messages, *args, **kwargs)


@pytest.mark.parametrize("on_loop", [False, True])
async def test_a_turn_that_is_under_way_does_not_bring_back_what_was_forgotten(
    chatrec_home: Path, on_loop: bool
) -> None:
    with (
        open_store(chatrec_home / "people.db") as store,
        open_checkpointer(chatrec_home / "threads.db") as threads,
    ):
        agent = create_recommender(
            Recommender(tea_catalog(), store=store, embedder=HashingEmbedder()),
            model=ForgetsWhileItAnswers(replies=[("reply", {}), "Hello!", ("reply", {}), "Yes?"], bounds_choice=True),
            store=store,
            checkpointer=threads,
        )
        config: RunnableConfig = {"configurable": {"thread_id": "t"}}
        context = RecommenderContext("ana")
        for words in (f"I am {TOKEN}", "and cheaper"):
            said = {"messages": [HumanMessage(words)]}
            if on_loop:
                answer = await agent.ainvoke(said, config, context=context)
            else:
                answer = agent.invoke(said, config, context=context)
        assert answer["messages"][-1].text
        assert ThreadOwners(store).owner("t") is None
        assert agent.get_state(config).values == {}
    assert TOKEN.encode() not in everything_in(chatrec_home)


def test_forgetting_asks_first(lived: Path) -> None:
    ran = run("forget", "--user", "ben", say="n\n")
    assert ran.exit_code == 1
    assert "ben: 1 wishes, 1 feedback, 1 conversations" in ran.stdout
    assert b"smoky" in everything_in(lived)
    assert run("forget", "--user", "ben", say="").exit_code == 1
    assert run("forget", "--user", "ben", say="y\n").exit_code == 0
    assert b"something smoky" not in everything_in(lived)


def test_programs_that_let_go_of_the_old_at_once_do_not_meet(chatrec_home: Path) -> None:
    for number in range(20):
        lines = f"\n# 2020-01-01 00:00:00\n+{TOKEN}\n\n# {datetime.now()}\n+new\n"
        history_file(f"person {number}").write_text(lines, "utf-8")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(_people.let_go, [30.0] * 12))
    kept = list((chatrec_home / "typed").iterdir())
    assert len(kept) == 20
    assert all(path.read_text("utf-8").endswith("+new\n") for path in kept)
    assert TOKEN.encode() not in everything_in(chatrec_home)


def test_the_old_shared_history_goes_with_whoever_is_forgotten(lived: Path) -> None:
    (lived / "history").write_text(f"+ {TOKEN}", "utf-8")
    assert run("forget", "--user", f"ana-{TOKEN}", "-y").exit_code == 0
    assert not (lived / "history").exists()
    assert history_file("ben").exists()


def test_stored_beginnings_of_prompts_go_too(lived: Path) -> None:
    kept = lived / "prefixes" / "k-1.prefix"
    kept.parent.mkdir()
    kept.write_bytes(f"the user is {TOKEN}".encode())
    assert run("forget", "--user", f"ana-{TOKEN}", "-y").exit_code == 0
    assert not kept.exists()


def test_the_export_of_a_name_that_is_no_text_is_json_all_the_same(chatrec_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.json"
    assert run("export", "--user", "an\udcff", "--out", str(out)).exit_code == 0
    assert json.loads(out.read_text("utf-8"))["user"] == "an\udcff"
    assert json.loads(run("export", "--user", "an\udcff").stdout)["user"] == "an\udcff"


@pytest.mark.skipif(os.name != "posix", reason="rights are another matter there")
def test_an_export_over_a_file_that_all_can_read_closes_it(lived: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.json"
    out.write_text("{}")
    out.chmod(0o644)
    assert run("export", "--user", "ben", "--out", str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert run("export", "--user", "ben", "--out", os.devnull).exit_code == 0


def test_the_export_is_written_for_its_owner_alone(lived: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.json"
    assert run("export", "--user", f"ana-{TOKEN}", "--out", str(out)).exit_code == 0
    told = json.loads(out.read_text("utf-8"))
    said = [message for message in told["threads"][0]["messages"] if message["role"] == "person"]
    assert [message["text"] for message in said] == [f"something {TOKEN} for me"]
    assert [shown["title"] for m in told["threads"][0]["messages"] for shown in m.get("recommendations", [])]
    [event] = told["feedback"]
    assert event["reason"] == f"too {TOKEN}"
    assert event["said_in"]["message"] == said[0]["id"]
    assert told["profile"][0]["note"] == f"always {TOKEN}"
    assert f"+typed {TOKEN}" in told["typed"]
    if sys.platform != "win32":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    ran = run("export", "--user", "ben", "--out", str(tmp_path / "no" / "where.json"))
    assert isinstance(ran.exception, StoreError)


def test_what_a_reader_holds_on_to_is_told_and_leaves_with_1(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrec.indexes._database._BUSY_SECONDS", 0.05)
    with open_store(lived / "people.db") as other, other._database.transaction(writes=False) as cursor:
        cursor.execute("SELECT count(*) FROM store").fetchone()
        ran = run("forget", "--user", "ben", "--yes")
    assert ran.exit_code == 1
    assert "close the other program and delete again" in ran.stderr
    assert run("forget", "--user", "ben", "--yes").exit_code == 0


def test_retain_deletes_what_is_older(lived: Path) -> None:
    ran = run("retain", "--days", "1")
    assert (ran.exit_code, ran.stdout) == (0, "older than 1 days: 0 conversations, 0 records of feedback deleted\n")
    assert f"+typed {TOKEN}" in history_file(f"ana-{TOKEN}").read_text("utf-8")
    old = history_file("ben")
    old.write_text(f"\n# {datetime.now() - timedelta(days=9)}\n+long ago\n\n# {datetime.now()}\n+now\n", "utf-8")
    assert run("retain", "--days", "1").exit_code == 0
    assert "long ago" not in old.read_text("utf-8")
    assert "+now" in old.read_text("utf-8")
    ran = run("retain", "--days", "0")
    assert "2 conversations, 2 records of feedback" in ran.stdout
    assert TOKEN not in everything_in(lived).decode("utf-8", "ignore").replace(f"ana-2d{TOKEN}=", "")
    assert run("retain", "--days", "-1").exit_code == 2


def test_a_chat_lets_go_of_the_old_when_it_is_told_to(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_open, "open_index", _index_of_teas)
    open_session(Wanted(catalog="teas", thread="new"), model=ScriptedChatModel(replies=[]))
    with open_store(lived / "people.db") as store:
        assert len(ThreadOwners(store).threads("ben")) == 1
    open_session(Wanted(catalog="teas", thread="new2", keep_days=0), model=ScriptedChatModel(replies=[]))
    with open_store(lived / "people.db") as store:
        assert ThreadOwners(store).threads("ben") == ()


def _index_of_teas(source: str, **_: object) -> tuple[Catalog, ItemIndex]:
    catalog = tea_catalog()
    return catalog, ItemIndex.build(catalog, embedder=HashingEmbedder())


def test_history_files_do_not_tell_whose_they_are(chatrec_home: Path) -> None:
    assert history_file("ana").parent == chatrec_home / "typed"
    assert history_file("ana") != history_file("ben")
    assert "ana" not in history_file("ana").name
    if sys.platform != "win32":
        assert stat.S_IMODE(os.stat(chatrec_home / "typed").st_mode) == 0o700


def test_people_commands_are_on_the_command_line() -> None:
    assert {command.__name__ for command in (_people.export, _people.forget, _people.retain)} == {
        command.callback.__name__ for command in app.registered_commands if command.callback is not None
    } & {"export", "forget", "retain"}
