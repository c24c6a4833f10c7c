from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console
from tests.agent.doors.conftest import Opener

from chatrec.agent._texts import beyond, listing
from chatrec.agent.doors._conversation import Answer
from chatrec.agent.doors._terminal import Lines, Loading, Screen, Typed, chat, greet
from chatrec.errors import ModelError
from chatrec.indexes import Catalog, Item

LIST: list[Any] = [("recommend", {}), "Have a look."]
ASK: list[Any] = [("ask_user", {"facet": "kind"})]


class Keys:
    """A typist: lines, and exceptions for keys like Ctrl-C."""

    typed = True

    def __init__(self, script: Iterable[str | BaseException]) -> None:
        self._script = iter(script)

    def read(self) -> str:
        key = next(self._script, EOFError())
        if isinstance(key, BaseException):
            raise key
        return key


def screen(*, terminal: bool) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=terminal, width=100, color_system="truecolor" if terminal else None, highlight=False
    )
    return Screen(console, language="en"), out


def test_piped_text_is_the_reply_as_it_is(opener: Opener) -> None:
    shown, out = screen(terminal=False)
    session = opener([*LIST, *ASK])
    chat(session, Lines(["a tea\n", "\n", "/why 1\n", "hm\n"]), shown)
    text = out.getvalue()
    assert "\x1b" not in text
    assert text.startswith("> a tea\n")
    assert text.count("\n> ") == 2
    for entry in session.shown:
        assert f"{entry['title']} (" in text


def test_cards_on_a_terminal_carry_number_title_facts_and_reason(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    session = opener(LIST)
    chat(session, Keys(["smoky tea"]), shown)
    assert "\x1b[" in out.getvalue()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    for number, entry in enumerate(session.shown, start=1):
        card = re.search(rf"^ +{number}\. {re.escape(entry['title'])} \((.+)\) *(?:\n +(.+?) *)?$", text, re.MULTILINE)
        assert card is not None
        assert str(entry["item"]["price"]) in card[1]
        reason = beyond(entry["reason"], card[1])
        assert not reason or card[2] == reason


@pytest.mark.parametrize("terminal", [False, True])
def test_what_would_steer_the_terminal_is_left_out(terminal: bool) -> None:
    evil = "\x1b]0:stolen\x07 tea \x9b2J"
    item = Item("1", f"Tea {evil}", f"About {evil}", {"kind": f"green {evil}"})
    catalog = Catalog([item])
    entry = {"title": item.title, "item": item.as_dict(), "reason": f"Because {evil}", "id": "1"}
    reply = f"Look {evil}\n\n{listing([entry], catalog.facets)}\n\nOr {evil}?"
    shown, out = screen(terminal=terminal)
    shown.answer(Answer(reply, "recommend", (entry,), None, {}, 0.1), catalog)
    shown.text(evil)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert text.count("stolen") == 6
    assert not {"\x1b", "\x07", "\x9b"} & {*text}


def test_a_question_shows_its_options(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    session = opener(ASK)
    chat(session, Keys(["hello"]), shown)
    assert "green" in out.getvalue()
    assert " · " in out.getvalue()


def test_ctrl_c_stops_an_answer_and_the_conversation_goes_on(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    session = opener([*LIST, KeyboardInterrupt(), *LIST])
    chat(session, Keys(["a tea", "another", "a third"]), shown)
    assert "Stopped." in out.getvalue()
    assert opener().turns_before == 2


def test_ctrl_c_twice_at_the_prompt_leaves_once_does_not(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    session = opener([*LIST, *LIST])
    keys = Keys([KeyboardInterrupt(), "a tea", KeyboardInterrupt(), KeyboardInterrupt(), "another"])
    chat(session, keys, shown)
    assert out.getvalue().count("Ctrl-C again") == 2
    assert opener().turns_before == 1


def test_an_error_is_shown_where_somebody_types_and_raised_where_not(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    broken = ModelError("it broke", hint="mend it")
    chat(opener([broken, *LIST]), Keys(["a tea", "again"]), shown)
    assert "it broke" in out.getvalue()
    assert "mend it" in out.getvalue()
    assert "Have a look" in out.getvalue()
    with pytest.raises(ModelError):
        chat(opener([broken], thread="t2"), Lines(["a tea"]), screen(terminal=False)[0])


def test_the_words_follow_the_persons_language(opener: Opener) -> None:
    shown, out = screen(terminal=True)
    chat(opener(LIST), Keys(["来点茶", "/undo"]), shown)
    assert "没有可撤销的" in out.getvalue()


def test_quit_ends_it(opener: Opener) -> None:
    shown, _ = screen(terminal=True)
    chat(opener(), Keys(["/quit", AssertionError("read after leaving")]), shown)


def test_greeting_tells_where_state_lives_once_and_shows_the_last_list(opener: Opener) -> None:
    shown, out = screen(terminal=False)
    session = opener(LIST)
    greet(session, shown, first="/here")
    assert "/here" in out.getvalue()
    assert "8 items" in out.getvalue()
    session.send("a tea")
    shown, out = screen(terminal=False)
    greet(opener(), shown, first=None)
    assert "thread t1" in out.getvalue()
    assert all(entry["title"] in out.getvalue() for entry in session.shown)


def test_loading_is_silent_where_nobody_looks() -> None:
    out = io.StringIO()
    with Loading(Console(file=out, force_terminal=False), language="en") as loading:
        loading.tell("index", 1, 2)
    assert out.getvalue() == ""


def test_loading_shows_what_is_done() -> None:
    out = io.StringIO()
    with Loading(Console(file=out, force_terminal=True, width=100), language="en") as loading:
        loading.tell("catalog", 0, 0)
        loading.tell("index", 3, 7)
    assert "indexing the items" in out.getvalue()
    assert "3/7" in out.getvalue()


def test_typed_lines_are_remembered_in_a_file_of_the_person_alone(tmp_path: Any) -> None:
    history = tmp_path / "history"
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        source = Typed(history)
        keys.send_text("a tea\n")
        assert source.read() == "a tea"
        keys.send_text("\x04")
        with pytest.raises(EOFError):
            source.read()
        keys.send_text("\x03")
        with pytest.raises(KeyboardInterrupt):
            source.read()
    assert "a tea" in history.read_text("utf-8")
    assert history.stat().st_mode & 0o077 == 0
