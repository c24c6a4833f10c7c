"""Loading a made-up catalog of many rows: time and memory, beside a plain list of what `json` or `csv` reads.

Each reading runs in a process of its own; memory is its highest resident size less what the interpreter with the
imported package has already, over the size of the file.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._results import write

_READ = """
import csv, json, resource, sys, time
what, path = sys.argv[1:]
import chatrec.indexes._loading
from chatrec.indexes import Catalog
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
start = time.perf_counter()
if what == "chatrec":
    held = Catalog.load(path)
elif path.endswith("csv"):
    with open(path, newline="", encoding="utf-8") as file:
        held = list(csv.DictReader(file))
else:
    with open(path, encoding="utf-8") as file:
        held = [json.loads(line) for line in file]
seconds = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"rows": len(held), "seconds": seconds, "bytes": after - before}))
"""


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="where the files are written; a temporary one")
    told = parser.parse_args()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        for name in ("jsonl", "csv"):
            path = _write(Path(folder) / f"made.{name}", told.rows)
            size = path.stat().st_size
            for reader in ("chatrec", name.removesuffix("l")):
                command = [sys.executable, "-c", _READ, reader, str(path)]
                ran = subprocess.run(command, capture_output=True, text=True, check=True)
                measured = json.loads(ran.stdout)
                found.append(
                    {"file": name, "reader": reader, "size": size, "over_size": measured["bytes"] / size} | measured
                )
    table = Table("file", "reader", "rows", "MB", "seconds", "memory / size")
    for row in found:
        shown = (f"{row['rows']:,}", f"{row['size'] / 1e6:.0f}", f"{row['seconds']:.1f}", f"{row['over_size']:.2f}")
        table.add_row(row["file"], row["reader"], *shown)
    Console().print(table)
    write("loading", {"readings": found})
    return 0


def _write(path: Path, rows: int) -> Path:
    rng = Random(20240607)
    words = [f"word{number}" for number in range(3000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        for number in range(rows):
            row: dict[str, Any] = {
                "id": f"it{number}",
                "title": "A " + " ".join(rng.choices(words, k=3)),
                "year": rng.randint(1950, 2020),
                "price": round(rng.random() * 100, 2),
                "length": f"{rng.randint(60, 200)} min",
                "tags": rng.sample(words[:40], 3),
                "brand": rng.choice(words[:200]),
                "new": rng.random() < 0.5,
                "description": " ".join(rng.choices(words, k=20)),
            }
            if path.suffix == ".csv":
                if number == 0:
                    table.writerow(row)
                table.writerow(
                    [*[*row.values()][:5], "|".join(row["tags"]), row["brand"], row["new"], row["description"]]
                )
            else:
                file.write(json.dumps(row) + "\n")
    return path
