"""The conversation on a terminal, and as plain text where input or output is no terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from chatrec.agent._texts import beyond, listing, short_facts
from chatrec.agent._turns import language_of
from chatrec.agent.doors._commands import COMMANDS, run_command
from chatrec.agent.doors._conversation import Answer
from chatrec.agent.doors._session import OnStep, Session
from chatrec.agent.doors._words import say, step_text
from chatrec.errors import ChatrecError
from chatrec.indexes import Catalog
from chatrec.tools._texts import option_label
from chatrec.tools._turn import Spoken

_T = TypeVar("_T")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Source(Protocol):
    """Where the person's lines come from."""

    typed: bool
    """Whether the person sees what they write; else each line is shown before its answer."""

    def read(self) -> str:
        """The next line.

        Raises:
            EOFError: There is none.
            KeyboardInterrupt: The person pressed Ctrl-C.
        """
        ...


class Lines:
    """Lines that are there already: messages of the command line, or a pipe.

    Args:
        lines: One message each.
    """

    typed = False

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def read(self) -> str:
        """The next line."""
        for line in self._lines:
            return line.rstrip("\n")
        raise EOFError


class Typed:
    """Lines typed at a terminal, with editing, history and completion of commands.

    Args:
        history: The file of earlier lines.
    """

    typed = True

    def __init__(self, history: Path) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory

        self._prompt: PromptSession[str] = PromptSession(
            history=FileHistory(str(history)),
            completer=WordCompleter(list(COMMANDS), sentence=True),
            complete_while_typing=False,
        )
        history.touch(mode=0o600)

    def read(self) -> str:
        """The next line."""
        return self._prompt.prompt("> ")


class Screen:
    """What is shown, and how: cards in colour on a terminal, plain text elsewhere.

    Args:
        console: Where to.
        language: Of the first words; then the person's own.
    """

    def __init__(self, console: Console, *, language: Spoken) -> None:
        self.language: Spoken = language
        self.console = console
        self.rich = console.is_terminal

    def say(self, key: str, **values: object) -> None:
        """One of the terminal's own texts, set back."""
        self.text(say(key, self.language, **values), style="dim")

    def text(self, text: str, *, style: str = "") -> None:
        """Any text, less what would steer the terminal: catalogs and models may hold such characters."""
        text = _clean(text)
        if self.rich:
            self.console.print(Text(text, style=style))
        else:
            self.console.file.write(f"{text}\n")
            self.console.file.flush()

    def error(self, error: ChatrecError) -> None:
        """What went wrong and what to do, in two lines."""
        self.text(f"{error.args[0]}", style="red")
        self.text(f"  {error.hint}", style="dim")

    def answer(self, answer: Answer, catalog: Catalog) -> None:
        """A reply with its items and its question."""
        if not self.rich:
            self.text(f"{answer.reply}\n")
            return
        spoken: Spoken = "zh" if listing(answer.recommendations, catalog.facets, "zh") in answer.reply else "en"
        cards = listing(answer.recommendations, catalog.facets, spoken)
        before, found, after = answer.reply.partition(cards) if cards else (answer.reply, "", "")
        parts: list[RenderableType] = [Text(_clean(before.strip()))]
        if found:
            parts.append(_cards(answer.recommendations, catalog, spoken))
        if after.strip():
            parts.append(Text(_clean(after.strip())))
        if answer.question is not None:
            parts.append(Text(_clean(_options(answer.question, catalog, self.language)), style="dim"))
        shown = [part for part in parts if not isinstance(part, Text) or part.plain]
        self.console.print(Padding(Group(*_spaced(shown)), (0, 0, 1, 2)))

    def working(self, work: Callable[[OnStep], _T]) -> _T:
        """Do something that takes a while; on a terminal a spinner tells what."""
        if not self.rich:
            return work(lambda _tool: None)
        with self.console.status(say("thinking", self.language), spinner="dots") as status:
            return work(lambda tool: status.update(step_text(tool, self.language)))


def chat(session: Session, source: Source, screen: Screen) -> None:
    """Talk until the person leaves or the lines end.

    Ctrl-C stops an answer; at the prompt it leaves when pressed twice. Where nobody types, an error ends the
    conversation.

    Args:
        session: The conversation.
        source: The person's lines.
        screen: Where the answers go.

    Raises:
        ChatrecError: A turn failed, where the lines are not typed.
    """
    leaving = False
    while True:
        try:
            line = source.read().strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            if leaving or not source.typed:
                return
            leaving = True
            screen.say("leave_again")
            continue
        leaving = False
        if not line:
            continue
        if not source.typed:
            screen.text(f"> {line}")
        if not _take(line, session, source, screen):
            return


def _take(line: str, session: Session, source: Source, screen: Screen) -> bool:
    """Answer one line; whether the conversation goes on."""
    try:
        if line.startswith("/"):
            shown = run_command(line, session, screen.language)
            if shown is None:
                return False
            screen.text(f"{shown}\n")
            return True
        screen.language = language_of(line, screen.language)
        answer = screen.working(lambda on_step: session.send(line, on_step=on_step))
        screen.answer(answer, session.catalog)
    except KeyboardInterrupt:
        if not source.typed:
            raise
        screen.say("stopped")
    except ChatrecError as error:
        if not source.typed:
            raise
        screen.error(error)
    return True


def greet(session: Session, screen: Screen, *, first: str | None) -> None:
    """The first words: what is here, where state lives (`first`: told once), and the list where it was left."""
    catalog = session.catalog
    screen.say("hello", name=catalog.name, count=len(catalog))
    if first is not None:
        screen.say("first", home=first)
    if session.turns_before:
        screen.say("resumed", thread=session.thread_id, turns=session.turns_before)
        if session.shown:
            screen.say("resumed_list")
            if screen.rich:
                screen.console.print(Padding(_cards(session.shown, catalog, screen.language), (0, 0, 0, 2)))
            else:
                screen.text(listing(session.shown, catalog.facets, screen.language))
    screen.text("")


class Loading:
    """Progress of opening, on a terminal alone.

    Args:
        console: Where to; standard error, so that a pipe stays clean.
        language: Of the words.
    """

    def __init__(self, console: Console, *, language: Spoken) -> None:
        self._language: Spoken = language
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Loading:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """How far one part is."""
        if what not in self._tasks:
            for task in self._tasks.values():
                self._progress.update(task, visible=False)
            self._tasks[what] = self._progress.add_task(say(f"loading_{what}", self._language), total=total or None)
        self._progress.update(self._tasks[what], completed=done, total=total or None)


def _cards(entries: Sequence[dict[str, Any]], catalog: Catalog, language: Spoken) -> Table:
    """A list: number, then title and facts, then what else the reason says, each wrapped within its own column."""
    grid = Table.grid(padding=(0, 1))
    for number, entry in enumerate(entries, start=1):
        card = Text(_clean(str(entry["title"])), style="bold")
        facts = _clean(short_facts(entry["item"], catalog.facets, language))
        if facts:
            card.append(f" ({facts})", style="not bold dim")
        reason = _clean(beyond(entry["reason"], facts))
        if reason:
            card.append(f"\n{reason}", style="not bold italic")
        grid.add_row(Text(f"{number}.", style="bold cyan"), card)
    return grid


def _options(question: dict[str, Any], catalog: Catalog, language: Spoken) -> str:
    facet = catalog.facets.get(question["facet"])
    labels = [option if facet is None else option_label(facet, option, language) for option in question["options"]]
    return say("options", language, options=" · ".join(labels)) if labels else ""


def _spaced(parts: list[RenderableType]) -> list[RenderableType]:
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += [part] if not spaced else ["", part]
    return spaced


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
