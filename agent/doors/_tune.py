"""`chatrec doctor --tune`: the tuning with its progress, its table, and what is kept of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from chatrec.agent.llm import embedded_model_path
from chatrec.agent.llm._library import physical_cores
from chatrec.agent.llm._model_files import ADAPTED_WEIGHTS, check_model_file, derived_path
from chatrec.agent.llm._tune import READ, WRITTEN, Outcome, fits, tune, turn_seconds
from chatrec.agent.llm._tune import Progress as Step
from chatrec.agent.llm._tuned import AS_GIVEN, store_choice
from chatrec.errors import StoreError

_BUSY: Final = 0.7
"""Processes for each core above which a measurement is doubtful."""


def tune_and_tell(model: Path | None, console: Console, *, seconds: float) -> None:
    """Tune, show what was measured, keep the choice. Stopped on the way, everything stays as it was.

    Args:
        model: A GGUF file; None is the embedded model.
        console: Where to.
        seconds: The time to take, about.

    Raises:
        ModelError: If the file cannot be used.
        StoreError: If there is no room for the files to try, or the choice cannot be written.
    """
    if model is not None:
        check_model_file(model)
    source = model or embedded_model_path(fast=False)
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > _BUSY * physical_cores():
        console.print("Other programs compute just now: what is found may not hold. Better close them and try again.")
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"), console=console)
    with bar:
        task = bar.add_task("beginning", total=1.0, left="")

        def follow(step: Step) -> None:
            bar.update(task, description=step.doing, completed=step.done, left=f"about {step.left:.0f} s left")

        try:
            target = derived_path if model is None else None
            outcome = tune(source, keep=target, on_progress=follow, seconds=seconds)
            keep(outcome, embedded=model is None)
        except OSError as error:
            raise StoreError(
                f"what the tuning needs cannot be written: {error}",
                hint="free a gigabyte on the disk, or set CHATREC_HOME or TMPDIR to another; the old choice stays",
            ) from error
        bar.update(task, left="")
    show(outcome, console)


def keep(outcome: Outcome, *, embedded: bool) -> None:
    """Store the choice for the file and for the weights made from it."""
    batch, rows = outcome.n_batch, outcome.rows
    store_choice(outcome.source, weights=outcome.weights, n_batch=batch, rows=rows, derived=outcome.file)
    if embedded and any(row.kind == ADAPTED_WEIGHTS for row in rows):
        # With an adapter the weights are those that it was trained on, whatever else is faster.
        store_choice(embedded_model_path(adapted=True), weights=ADAPTED_WEIGHTS, n_batch=batch, rows=rows)


def show(outcome: Outcome, console: Console) -> None:
    """The table, and what was chosen in one sentence."""
    table = Table("weights", "MB", "reads", "writes", "threads", "turn", "same token", "divergence", "")
    for row in sorted(outcome.rows, key=turn_seconds):
        reading, writing = (max(speeds, key=speeds.__getitem__) for speeds in (row.reading, row.writing))
        told = "chosen" if row.kind == outcome.weights else "" if fits(row) else "differs too much"
        cells = [f"{row.megabytes:.0f}", f"{row.reading[reading]:.0f}/s", f"{row.writing[writing]:.0f}/s"]
        cells += [f"{reading}, {writing}", f"{turn_seconds(row):.2f} s", f"{row.same:.1%}", f"{row.divergence:.4f}"]
        table.add_row(row.kind, *cells, told)
    console.print(table)
    reference = "itself" if outcome.reference == AS_GIVEN else f"the same weights in {outcome.reference}"
    console.print(
        f"A turn reads {READ} tokens and writes {WRITTEN}; threads: to read, to write; compared with {reference}.\n"
        f"Kept: {outcome.weights}, {outcome.n_batch} tokens at once."
    )
