"""What `chatrec doctor --tune` chose for a model on this machine, kept as JSON and used by later loads."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from chatrec._files import replacing
from chatrec.agent.llm._identity import file_identity, processor

_log = logging.getLogger(__name__)

FORMAT = 1
AS_GIVEN = "as given"
"""Stands for the file's own number format."""


@dataclass(frozen=True)
class Measured:
    """One number format on this machine.

    Attributes:
        kind: Its name.
        megabytes: Size of the file.
        reading: Tokens a second while reading a prompt, by number of threads.
        writing: Tokens a second while writing an answer, by number of threads.
        same: Share of places where the likeliest next token is the reference's.
        divergence: From the reference's chances, mean over places, in nats.
    """

    kind: str
    megabytes: float
    reading: Mapping[int, float]
    writing: Mapping[int, float]
    same: float
    divergence: float


@dataclass(frozen=True)
class Choice:
    """What was chosen for one model file.

    Attributes:
        weights: A number format's name, or `AS_GIVEN`.
        n_batch: Tokens evaluated at once while reading.
        rows: What was measured.
        made_with: What must be the same for the choice to hold; see `circumstances`.
        at: When, ISO 8601.
    """

    weights: str
    n_batch: int
    rows: tuple[Measured, ...]
    made_with: Mapping[str, str]
    at: str

    @property
    def row(self) -> Measured:
        """The measurements of the chosen format."""
        return next(row for row in self.rows if row.kind == self.weights)

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        row = self.row
        read, write = max(row.reading.values()), max(row.writing.values())
        return f"reads {read:.0f} and writes {write:.0f} tokens a second, agrees on {row.same:.0%}"

    def best_threads(self) -> tuple[int, int]:
        """The fastest numbers of threads, for reading and for writing."""
        row = self.row
        return max(row.reading, key=row.reading.__getitem__), max(row.writing, key=row.writing.__getitem__)

    def changed(self, path: Path) -> list[str]:
        """What is no longer as it was when this was chosen, in words; [] where the choice holds."""
        now = circumstances(path)
        names = {"model": "the model file", "processor": "the processor", "cores": "the number of cores"}
        names |= {"library": "llama.cpp"}
        return [f"{name} has changed" for key, name in names.items() if now.get(key) != self.made_with.get(key)]


def circumstances(path: Path) -> dict[str, str]:
    """What a choice for this model depends on."""
    return {
        "model": file_identity(path),
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "library": version("llama-cpp-python"),
    }


def cache_folder() -> Path:
    """Where is kept what can be computed again: `CHATREC_HOME`, else the platform's user cache."""
    home = os.environ.get("CHATREC_HOME")
    return Path(home) if home else Path(platformdirs.user_cache_dir("chatrec"))


def choice_for(path: Path, *, stale: bool = False) -> Choice | None:
    """The stored choice for a model file.

    Args:
        path: The file that was tuned, or the one that was chosen.
        stale: Give it even if the machine, the library or the file has changed since.

    Returns:
        None where there is none, or none that can be read.
    """
    found = _stored().get(str(path.resolve()))
    try:
        choice = _parsed(found) if found is not None else None
        if choice is None or stale or not choice.changed(path):
            return choice
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, OSError) as error:
        _log.warning("the stored choice for %s is of no use (%r): run chatrec doctor --tune", path, error)
    return None


def known_costs(path: Path) -> dict[bool, dict[int, float]]:
    """Seconds a token by number of threads, as measured: key True for single tokens, False for batches."""
    choice = choice_for(path)
    if choice is None:
        return {}
    row = choice.row
    return {
        True: {number: 1 / speed for number, speed in row.writing.items()},
        False: {number: 1 / speed for number, speed in row.reading.items()},
    }


def store_choice(
    path: Path, *, weights: str, n_batch: int, rows: Sequence[Measured], derived: Path | None = None
) -> Choice:
    """Keep a choice; the file is replaced whole.

    Args:
        path: The model file that was tuned.
        weights: The chosen format.
        n_batch: The chosen batch size.
        rows: What was measured, the chosen format among it.
        derived: The file with the chosen weights, if it is another one.

    Raises:
        OSError: If it cannot be written.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    choice = Choice(weights, n_batch, tuple(rows), circumstances(path), at)
    kept = _stored() | {str(path.resolve()): asdict(choice)}
    if derived is not None:
        kept[str(derived.resolve())] = asdict(choice) | {"made_with": circumstances(derived)}
    with replacing(_file(), private=True) as made:
        made.write_text(json.dumps({"format": FORMAT, "choices": kept}, indent=1, ensure_ascii=False), "utf-8")
    return choice


def _file() -> Path:
    return cache_folder() / "tuned.json"


def _stored() -> dict[str, Any]:
    try:
        found: Any = json.loads(_file().read_text("utf-8"))
        choices = found["choices"] if found["format"] == FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return choices if isinstance(choices, dict) else {}


def _parsed(found: Any) -> Choice:
    values = {name.name: found[name.name] for name in fields(Choice)}
    rows = tuple(_row(row) for row in values.pop("rows"))
    choice = Choice(rows=rows, **values)
    if choice.n_batch < 1 or not choice.row.reading or not choice.row.writing:
        raise ValueError(f"not a choice: {found!r}")
    return choice


def _row(found: Any) -> Measured:
    values = {name.name: found[name.name] for name in fields(Measured)}
    for name in ("reading", "writing"):
        values[name] = {int(number): float(speed) for number, speed in values[name].items()}
        if any(number < 1 or speed <= 0 for number, speed in values[name].items()):
            raise ValueError(f"not speeds: {values[name]!r}")
    return Measured(**values)
