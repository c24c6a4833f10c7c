from __future__ import annotations

import string
from typing import get_args

import pytest

from chatrec.agent.doors._words import _SAID, machine_language, say, step_text
from chatrec.indexes._feedback import FeedbackKind
from chatrec.indexes._profiles import ProfileKind


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    assert {key: braces(text) for key, text in _SAID["en"].items()} == {
        key: braces(text) for key, text in _SAID["zh"].items()
    }


def test_chinese_is_chinese() -> None:
    assert all(any("一" <= letter <= "鿿" for letter in text) for text in _SAID["zh"].values())


def test_values_fill_the_braces() -> None:
    assert say("no_number", "en", number=7, count=3) == "There is no number 7: the last list goes from 1 to 3."
    assert say("no_number", "zh", number=7, count=3) == "没有第 7 个：上次的列表是 1 到 3。"


def test_a_foreign_tool_is_named() -> None:
    assert step_text("recommend", "en") == "looking through the items"
    assert step_text("book_table", "zh") == "book_table"


@pytest.mark.parametrize(
    ("settings", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_the_machines_language(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], language: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert machine_language() == language


@pytest.mark.parametrize("kind", [*get_args(FeedbackKind), *get_args(ProfileKind)])
def test_every_kind_of_change_can_be_told_when_it_is_undone(kind: str) -> None:
    assert "Green Dawn" in say(f"kind_{kind}", "en", about="Green Dawn")
