"""What the settings of a list change: NDCG, how different its films are, and how many are seldom liked.

Protocol: the random splits of `bench movielens`. "different": 1 less what two films share of genres (Jaccard), the
mean over the pairs of a list of ten; "long tail": the share of films outside the most liked fifth. The first row is the
list of the best scores alone. A setting costs nothing where its NDCG is within the spread of that row's.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import _results
from bench.feedback import gain
from bench.movielens import DEPTH, at_random, read
from chatrec.indexes import Catalog, Choosing, CoPreference, Interactions, Item, ItemIndex, Recommender
from chatrec.indexes._choosing import long_tail

SETTINGS: Mapping[str, Choosing] = {
    "score alone": Choosing(diversity=0.0, own_tail=0.0),
    "as shipped": Choosing(),
    "diversity 1": Choosing(diversity=1.0, own_tail=0.0),
    "novelty 1": Choosing(diversity=0.0, novelty=1.0, own_tail=0.0),
    "own tail .35": Choosing(diversity=0.0),
    "own tail 1": Choosing(diversity=0.0, own_tail=1.0),
    "long tail .2": Choosing(diversity=0.0, long_tail=0.2, own_tail=0.0),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench variety", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder ml-100k of recbole's dataset_example")
    parser.add_argument("--only", type=int, nargs="*", help="these seeds (0 to 2); others as they lie in results/")
    parser.add_argument("--people", type=int, default=300, help="drawn of those with a hidden like (default 300)")
    options = parser.parse_args(argv)
    if not options.data.is_dir():
        print(f"skipped: there is no folder {str(options.data)!r}")
        return 2
    catalog, events = read(options.data)
    index = ItemIndex.build(catalog, embedder="minilm")
    folder = _results.FOLDER / "variety"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in track(options.only if options.only is not None else range(3), description="splits"):
        known, hidden = at_random(events, np.random.default_rng(seed))
        found = measure(catalog, index, known, hidden, options.people)
        (folder / f"{seed}.json").write_text(json.dumps(found, indent=1), "utf-8")
    results: dict[str, dict[str, list[float]]] = {}
    for path in sorted(folder.glob("*.json")):
        for name, columns in json.loads(path.read_text("utf-8")).items():
            for column, value in columns.items():
                results.setdefault(name, {}).setdefault(column, []).append(value)
    table = Table("", *next(iter(results.values())))
    for name, row in results.items():
        table.add_row(name, *(f"{statistics.fmean(v):.3f} ±{statistics.pstdev(v):.3f}" for v in row.values()))
    Console(width=120).print(table)
    print(_results.write("variety", {"people": options.people, "lists": results}))
    return 0


def measure(
    catalog: Catalog,
    index: ItemIndex,
    known: Mapping[int, Sequence[int]],
    hidden: Mapping[int, set[int]],
    count: int,
) -> dict[str, dict[str, float]]:
    """NDCG, difference and share of the long tail by setting."""
    likes = [(str(p), row, None, 0.0) for p, rows in known.items() for row in rows]
    together = CoPreference.learn(Interactions.of(likes), len(catalog))
    tail = long_tail(together.likes)
    people = [p for p in np.random.default_rng(0).permutation([*known]).tolist() if hidden[p]][:count]
    found: dict[str, dict[str, float]] = {}
    for name, choosing in SETTINGS.items():
        recommender = Recommender(catalog, index=index, together=together, choosing=choosing)
        values: dict[str, list[float]] = {f"NDCG@{DEPTH}": [], "different": [], "long tail": []}
        for person in people:
            for row in known[person]:
                recommender.feedback.record(str(person), "accept", item_id=catalog.items[row].id)
            items = [each.item for each in recommender.recommend(user_id=str(person), k=DEPTH).items]
            rows = [catalog.row(item.id) for item in items]
            values[f"NDCG@{DEPTH}"].append(gain(rows, hidden[person]))
            values["different"].append(statistics.fmean(_different(a, b) for a, b in combinations(items, 2)))
            values["long tail"].append(float(tail[rows].mean()))
        found[name] = {column: statistics.fmean(each) for column, each in values.items()}
    return found


def _different(one: Item, other: Item) -> float:
    mine, theirs = (set(item.facets.get("genres") or ()) for item in (one, other))  # type: ignore[arg-type]
    return 1 - len(mine & theirs) / max(1, len(mine | theirs))
