"""Which number format, how many threads and what batch size suit a model on this machine: tried, not guessed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from chatrec.agent.llm._library import physical_cores
from chatrec.agent.llm._measure import Agreement, BareModel, agreement
from chatrec.agent.llm._quantize import quantize
from chatrec.agent.llm._tuned import AS_GIVEN, Measured

CANDIDATES = ("Q4_0", "Q4_K_M", "Q8_0", "BF16")
READ, WRITTEN = 192, 16
"""Tokens of the turn that a format is judged by: read at once, then written one by one."""
LEAST_SAME, MOST_DIVERGENCE = 0.9, 0.05
"""A format that says something else more often is not chosen, however fast it is."""
BATCHES = (128, 256, 512, 1024)
_REFERENCE = "F16"
_LARGEST_DERIVED = 300_000_000
_ROUNDS = (2, 12)

TEXTS = (
    "<|im_start|>system\nYou help people. Tools:\nsearch(query: string, limit?: integer): Look something up.\n"
    'note(text: string): Remember something.\nTo use one, answer only {"name": tool, "arguments": {...}}<|im_end|>\n'
    "<|im_start|>user\nPlease find out when the next train to the coast leaves, and nothing after nine.<|im_end|>\n"
    '<|im_start|>assistant\n{"name": "search", "arguments": {"query": "train to the coast", "limit": 3}}<|im_end|>\n'
    "<|im_start|>user\nResult: 18:05, 19:35, 20:50<|im_end|>\n<|im_start|>assistant\nThe next train leaves at 18:05.",
    "<|im_start|>user\nWhy is the sky blue, and why is it red in the evening?<|im_end|>\n<|im_start|>assistant\n"
    "Sunlight is made of all colours. Air scatters blue light more than red light, so blue reaches our eyes from "
    "every direction. In the evening the light crosses more air, most of the blue is lost on the way, and what is "
    "left looks red.<|im_end|>\n<|im_start|>user\nThanks! Say that in one line.<|im_end|>\n<|im_start|>assistant\n"
    "Air scatters blue light most, and a long way through air leaves only the red.",
    "<|im_start|>user\n请用一句话介绍长江。<|im_end|>\n<|im_start|>assistant\n长江是中国最长的河流，从青藏高原流向东海。"
    "<|im_end|>\n<|im_start|>user\n谢谢，它有多长？<|im_end|>\n<|im_start|>assistant\n大约六千三百公里。",
    "The committee met on Tuesday to discuss the bridge. After two hours nobody had changed their mind, but all agreed "
    "that it should be painted before the winter, and that somebody else should pay for it. The minutes were written "
    "by the youngest member, who left out everything that had been said about the mayor.",
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """Where the tuning stands.

    Attributes:
        doing: What is being done.
        done: Share that is done, 0 to 1.
        left: Seconds that are left, at most about.
    """

    doing: str
    done: float
    left: float


@dataclass
class Outcome:
    """What was measured, and what follows from it.

    Attributes:
        source: The model file that was tuned.
        weights: The chosen format, or `AS_GIVEN`.
        n_batch: The chosen batch size.
        rows: All formats.
        batches: Tokens a second while reading, by batch size, with the chosen format.
        reference: What the agreement is with.
        file: The file with the chosen weights.
    """

    source: Path
    weights: str = AS_GIVEN
    n_batch: int = 512
    rows: list[Measured] = field(default_factory=list[Measured])
    batches: dict[int, float] = field(default_factory=dict[int, float])
    reference: str = AS_GIVEN
    file: Path | None = None


def turn_seconds(row: Measured) -> float:
    """Seconds of a turn of `READ` and `WRITTEN` tokens, with the best numbers of threads."""
    return READ / max(row.reading.values()) + WRITTEN / max(row.writing.values())


def fits(row: Measured) -> bool:
    """Whether a format says nearly what the reference says."""
    return row.same >= LEAST_SAME and row.divergence <= MOST_DIVERGENCE


def choose(rows: Sequence[Measured]) -> Measured:
    """The fastest of the formats that agree with the reference; the nearest one where none does."""
    good = [row for row in rows if fits(row)]
    return min(good, key=turn_seconds) if good else min(rows, key=lambda row: row.divergence)


def thread_counts(most: int) -> list[int]:
    """The numbers of threads to try: one, and then about twice as many each time, up to all cores."""
    counts = {1, most}
    number = 2
    while number < most:
        counts |= {number, min(most, number + number // 2)} if most > 4 else {number}
        number *= 2
    return sorted(counts)


def tune(
    source: Path,
    *,
    keep: Callable[[str], Path] | None,
    on_progress: Callable[[Progress], None],
    seconds: float = 75.0,
    kinds: Sequence[str] = CANDIDATES,
) -> Outcome:
    """Try, and choose. Writes nothing that stays but the chosen weights.

    Args:
        source: A GGUF file.
        keep: Where the weights of a format are to be kept, if it is chosen; None keeps the file's own format, and
            only threads and batch size are chosen.
        on_progress: Is told of every step.
        seconds: The time to take, about; a slow machine takes longer.
        kinds: Formats to try beside the file's own.

    Raises:
        ModelError: If llama.cpp cannot load the file.
        OSError: If there is no room for the files to try.
    """
    clock = _Clock(seconds, on_progress)
    outcome = Outcome(source)
    with tempfile.TemporaryDirectory(prefix="chatrec-tune-") as folder:
        files = {AS_GIVEN: source}
        small = keep is not None and source.stat().st_size < _LARGEST_DERIVED
        for number, kind in enumerate([*kinds, _REFERENCE] if small else []):
            clock.tell(f"writing {kind}", 0.25 * number / (len(kinds) + 1))
            files[kind] = quantize(source, Path(folder) / f"{kind}.gguf", kind)
        outcome.reference = _REFERENCE if small else AS_GIVEN
        with ExitStack() as stack:
            models = {kind: stack.enter_context(BareModel(path)) for kind, path in files.items()}
            agreed = dict(_agreements(models, outcome.reference, clock))
            models.pop(_REFERENCE, None)
            speeds = _speeds(models, clock)
            for kind in models:
                size = files[kind].stat().st_size / 1e6
                reading, writing = speeds[kind]
                outcome.rows.append(Measured(kind, size, reading, writing, agreed[kind].same, agreed[kind].divergence))
        best = choose(outcome.rows) if keep is not None else outcome.rows[0]
        outcome.weights, outcome.file = best.kind, source
        threads = max(best.reading, key=best.reading.__getitem__)
        outcome.batches = _batches(files[best.kind], threads, clock)
        outcome.n_batch = _smallest_good(outcome.batches)
        if keep is not None and best.kind != AS_GIVEN:
            outcome.file = keep(best.kind)
            outcome.file.parent.mkdir(parents=True, exist_ok=True)
            part = outcome.file.with_name(f".making-{outcome.file.name}")
            shutil.move(files[best.kind], part)
            part.replace(outcome.file)
    clock.tell("done", 1.0)
    return outcome


class _Clock:
    def __init__(self, seconds: float, on_progress: Callable[[Progress], None]) -> None:
        self._started = time.monotonic()
        self._seconds = seconds
        self._on_progress = on_progress

    @property
    def spent(self) -> float:
        return (time.monotonic() - self._started) / self._seconds

    def tell(self, doing: str, done: float) -> None:
        left = max(0.0, (1 - max(done, min(self.spent, 0.99))) * self._seconds) if done < 1 else 0.0
        self._on_progress(Progress(doing, done, left))


def _agreements(models: dict[str, BareModel], reference: str, clock: _Clock) -> Iterator[tuple[str, Agreement]]:
    cores = physical_cores()
    for number, (kind, model) in enumerate(models.items()):
        clock.tell(f"comparing {kind}", 0.25 + 0.15 * number / len(models))
        yield kind, agreement(models[reference], model, TEXTS, threads=cores)


def _speeds(models: dict[str, BareModel], clock: _Clock) -> dict[str, tuple[dict[int, float], dict[int, float]]]:
    # Other programs slow a try down, nothing speeds it up: the fastest of several rounds, the formats in turn.
    counts = thread_counts(physical_cores())
    found = {kind: (dict.fromkeys(counts, 0.0), dict.fromkeys(counts, 0.0)) for kind in models}
    least, most = _ROUNDS
    begun = clock.spent
    for turn in range(most):
        for number, (kind, model) in enumerate(models.items()):
            share = max(turn / most, (clock.spent - begun) / max(0.01, 0.85 - begun))
            clock.tell(f"timing {kind}", 0.4 + 0.45 * min(1.0, share + number / len(models) / most))
            reading, writing = found[kind]
            for threads in counts:
                model.clear()
                reading[threads] = max(reading[threads], READ / model.read(READ, threads=threads))
                taken = model.read(WRITTEN, threads=threads, at_once=1)
                writing[threads] = max(writing[threads], WRITTEN / taken)
        if turn + 1 >= least and clock.spent > 0.85:
            break
    return found


def _batches(path: Path, threads: int, clock: _Clock) -> dict[int, float]:
    found: dict[int, float] = {}
    most = max(BATCHES)
    for number, size in enumerate(BATCHES):
        clock.tell(f"reading {size} at once", 0.86 + 0.13 * number / len(BATCHES))
        with BareModel(path, room=most, batch=size) as model:
            for _ in range(2):
                model.clear()
                found[size] = max(found.get(size, 0.0), most / model.read(most, threads=threads))
                if clock.spent > 1:
                    break
    return found


def _smallest_good(speeds: dict[int, float]) -> int:
    # A larger batch needs more memory and is longer in noticing that nobody waits any more.
    best = max(speeds.values())
    return min(size for size, speed in speeds.items() if speed >= 0.95 * best)
