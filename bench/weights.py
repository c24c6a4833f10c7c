"""Number formats of a model's weights: how fast they are read and written here, and how nearly they say what it says.

Without an adapter, the reference is the same weights in 16 bit. With one, it is the adapter over the weights that it
was trained on, and the texts are its own domain's. "Merged" are weights to which the adapter was added before they
were brought into the format, so that nothing is added while computing.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._results import write
from bench.choice import EXPECTED
from chatrec.agent.llm import embedded_model_path, shipped_adapter
from chatrec.agent.llm._library import physical_cores
from chatrec.agent.llm._measure import Agreement, BareModel, agreement
from chatrec.agent.llm._quantize import KINDS, quantize
from chatrec.agent.llm._tune import TEXTS, thread_counts

_READ, _WRITTEN = 192, 24
_REFERENCE = "F16"


Files = dict[str, tuple[Path, Path | None]]
"""Weights and the adapter over them, by name."""


@dataclass
class Row:
    """One format, alone or with the adapter.

    Attributes:
        name: Of the format, and how the adapter is applied.
        megabytes: Of the file.
        agreed: With its reference.
        reading: Tokens a second, by threads.
        writing: Tokens a second, by threads.
    """

    name: str
    megabytes: float
    agreed: Agreement
    reading: dict[int, float]
    writing: dict[int, float]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench weights", description=__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded model with its adapter by default")
    parser.add_argument("--kinds", nargs="+", default=["Q4_0", "Q5_0", "Q4_K_M", "Q8_0", "BF16", "F16"], choices=KINDS)
    parser.add_argument("--rounds", type=int, default=4, help="tries of each; the fastest counts")
    args = parser.parse_args(argv)
    source = args.model or embedded_model_path(fast=False)
    adapter = Path(shipped_adapter()["lora_path"]) if args.model is None and shipped_adapter() else None
    kinds = list(dict.fromkeys([*args.kinds, _REFERENCE]))
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: quantize(source, Path(folder) / f"{kind}.gguf", kind) for kind in kinds}
        alone: Files = {"as given": (source, None)}
        groups = [measure(alone | {kind: (path, None) for kind, path in files.items()}, TEXTS, args.rounds)]
        if adapter is not None:
            groups.append(_adapted(files, adapter, Path(folder), args.rounds))
    console = Console()
    for rows in groups:
        console.print(_table(rows))
    result: dict[str, Any] = {"model": source.name, "rows": [[asdict(row) for row in rows] for rows in groups]}
    console.print(f"written to {write('weights', result)}")
    return 0


def _adapted(files: dict[str, Path], adapter: Path, folder: Path, rounds: int) -> list[Row]:
    base = quantize(embedded_model_path(adapted=True), folder / "base.gguf", _REFERENCE)
    merged = merge(base, adapter, folder / "merged.gguf")
    reference = "trained on + adapter"
    both: Files = {reference: (base, adapter)}
    both |= {f"{kind} + adapter": (path, adapter) for kind, path in files.items() if kind != _REFERENCE}
    for kind in files:
        if kind not in (_REFERENCE, "Q5_0", "Q4_K_M"):
            both[f"{kind}, merged"] = (quantize(merged, folder / f"merged-{kind}.gguf", kind), None)
    return measure(both, asked(), rounds, reference=reference)


def measure(files: Files, texts: Sequence[str], rounds: int, *, reference: str = _REFERENCE) -> list[Row]:
    """Compare every file, with its adapter if it has one, with the reference; then time them in turn."""
    threads = thread_counts(physical_cores())
    with ExitStack() as stack:
        models = {n: stack.enter_context(BareModel(path, adapter=extra)) for n, (path, extra) in files.items()}
        rows = {
            name: Row(
                name,
                files[name][0].stat().st_size / 1e6,
                agreement(models[reference], model, texts, threads=threads[-1]),
                dict.fromkeys(threads, 0.0),
                dict.fromkeys(threads, 0.0),
            )
            for name, model in track(models.items(), description="comparing", console=Console(stderr=True))
        }
        for _ in track(range(rounds), description="timing", console=Console(stderr=True)):
            for name, model in models.items():
                row = rows[name]
                for count in threads:
                    model.clear()
                    row.reading[count] = max(row.reading[count], _READ / model.read(_READ, threads=count))
                    taken = model.read(_WRITTEN, threads=count, at_once=1)
                    row.writing[count] = max(row.writing[count], _WRITTEN / taken)
    return list(rows.values())


def asked() -> list[str]:
    """Texts like those that the adapter was made for: an act, as a call, after each of some first messages."""
    acts = {"reply": "{}", "ask_user": "{}", "recommend": '{"constraints": []}', "describe_item": '{"item": 1}'}
    return [
        f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
        f'{{"name": "{act}", "arguments": {acts.get(act, "{}")}}}<|im_end|>\n'
        for act, texts in EXPECTED.items()
        for text in texts
    ]


def merge(base: Path, adapter: Path, target: Path) -> Path:
    """Add a LoRA to weights in 16 bit: W + alpha / rank * B A."""
    shutil.copyfile(base, target)
    lora = GGUFReader(adapter)
    parts = {tensor.name: np.asarray(tensor.data, dtype=np.float32) for tensor in lora.tensors}
    field = lora.get_field("adapter.lora.alpha")
    alpha = float(field.contents()) if field is not None else 0.0
    weights = GGUFReader(target, "r+")
    for tensor in weights.tensors:
        down, up = parts.get(f"{tensor.name}.lora_a"), parts.get(f"{tensor.name}.lora_b")
        if down is not None and up is not None:
            change = (alpha / len(down) if alpha else 1.0) * (up @ down)
            tensor.data[:] = (tensor.data.astype(np.float32) + change).astype(np.float16)
    weights.data.flush()
    return target


def _table(rows: Sequence[Row]) -> Table:
    table = Table("weights", "MB", "reads", "writes", "threads", "same token", "divergence")
    for row in rows:
        read, write_ = (max(speeds, key=speeds.__getitem__) for speeds in (row.reading, row.writing))
        cells = [f"{row.megabytes:.0f}", f"{row.reading[read]:.0f}/s", f"{row.writing[write_]:.0f}/s"]
        table.add_row(row.name, *cells, f"{read}, {write_}", f"{row.agreed.same:.1%}", f"{row.agreed.divergence:.4f}")
    return table
