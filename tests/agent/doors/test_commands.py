from __future__ import annotations

import re
from typing import Any

import pytest
from tests.agent.doors.conftest import Opener

from chatrec.agent.doors._commands import COMMANDS, run_command
from chatrec.agent.doors._session import Session
from chatrec.indexes import part_name

LIST: list[Any] = [("recommend", {}), "Have a look."]


@pytest.fixture
def session(opener: Opener) -> Session:
    session = opener([*LIST, *LIST])
    session.send("a tea")
    return session


def test_like_no_and_seen_record_and_say_so(session: Session) -> None:
    titles = [entry["title"] for entry in session.shown]
    assert titles[0] in str(run_command("/like 1", session, "en"))
    assert titles[1] in str(run_command("/no 2", session, "en"))
    assert titles[2] in str(run_command("/SEEN #3", session, "zh"))
    events = session.recommender.feedback.events("ana")
    assert [event.kind for event in events] == ["accept", "reject", "seen"]
    shown = {entry["id"] for entry in session.send("more").recommendations}
    assert not shown & {event.item_id for event in events}


def test_a_reason_is_shown_as_it_was_understood(session: Session) -> None:
    shown = run_command("/no 1 not smoky please", session, "en")
    assert "Understood: not smoky." in str(shown)
    [event] = session.recommender.feedback.events("ana")
    assert event.reason == "not smoky please"
    assert "no condition" in str(run_command("/no 2 my aunt hates it", session, "en"))


def test_why_draws_the_parts_of_the_score(session: Session) -> None:
    entry = session.shown[1]
    shown = str(run_command("/why 2", session, "en"))
    assert shown.startswith(entry["title"])
    for name, value in entry["parts"].items():
        drawn = re.search(rf"^  {re.escape(part_name(name, 'en'))} +([█░]+) +([+-]\d+\.\d\d)$", shown, re.MULTILINE)
        assert (drawn is not None) == (round(value, 2) != 0)
        if drawn is not None:
            assert float(drawn[2]) == pytest.approx(value, abs=0.005)
    bars = [len(bar) for bar in re.findall("[█░]+", shown)]
    assert max(bars) == 24
    assert bars == sorted(bars, reverse=True)
    assert re.search(rf"^  score +{entry['score']:+.2f}$".replace("+0", r"\+0"), shown, re.MULTILINE)
    assert "总分" in str(run_command("/why 2", session, "zh"))


def test_why_names_the_past_that_mattered(session: Session) -> None:
    entry = session.shown[0]
    past = {"id": "x", "title": "Oolong", "accepted": True, "weight": 0.4}
    entry["because"] = [past, past | {"title": "Assam", "accepted": False}]
    assert "you liked Oolong\n  you turned down Assam" in str(run_command("/why 1", session, "en"))
    assert "你喜欢过 Oolong" in str(run_command("/why 1", session, "zh"))


def test_undo_until_nothing_is_left(session: Session) -> None:
    title = session.shown[0]["title"]
    run_command("/like 1", session, "en")
    assert run_command("/undo", session, "en") == f"Taken back: you like “{title}”."
    assert run_command("/undo", session, "en") == "There is nothing to take back."


def test_profile_tells_what_is_held(session: Session) -> None:
    assert run_command("/profile", session, "en") == "I know nothing of you yet."
    title = session.shown[0]["title"]
    run_command("/like 1", session, "en")
    assert run_command("/profile", session, "en") == f"What I know of you:\n  liked: {title}"


@pytest.mark.parametrize("command", ["/quit", "/exit", "/QUIT"])
def test_quit_leaves(session: Session, command: str) -> None:
    assert run_command(command, session, "en") is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/like", "Write it like /like 2"),
        ("/like two", "Write it like /like 2"),
        ("/why", "Write it like /why 2"),
        ("/no 1too long", "Write it like /no 1 too long"),
        ("/like 0", "from 1 to 3"),
        ("/like 4", "from 1 to 3"),
        ("/dance", "I do not know /dance"),
        ("/", "I do not know /."),
    ],
)
def test_what_is_not_understood_is_told_and_changes_nothing(session: Session, line: str, says: str) -> None:
    assert says in str(run_command(line, session, "en"))
    assert session.recommender.feedback.events("ana") == ()


def test_numbers_need_a_list(opener: Opener) -> None:
    assert run_command("/like 1", opener(), "en") == "There is no list yet: ask for something first."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_names_every_command(session: Session, language: Any) -> None:
    shown = str(run_command("/help", session, language))
    assert all(command in shown for command in COMMANDS)
