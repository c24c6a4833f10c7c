"""What five words of feedback are worth: conversations with people of MovieLens-100K whom nothing was learnt from.

Protocol: a fifth of the people is kept out of what is learnt. Of each one's likes (ratings of 4 and 5) half is hidden.
The person says nothing but looks at lists of ten by the shipped `Recommender`, and judges the first item that they have
rated and that is not hidden: accepts a like, rejects another; where they know none, the next ten are shown. After each
of five judgements, NDCG@10 of the list with regard to the hidden half. What was judged is not listed any more;
"no feedback" is the list for a stranger, less the same items. Peers are told the same accepted items.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import _results
from bench.movielens import DEPTH, Ranker, rankers, read
from chatrec.indexes import Catalog, CoPreference, Interactions, ItemIndex, Recommender

EVENTS = 5
_LISTS = 12
Lister = Callable[[str, set[int]], list[int]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench feedback", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder ml-100k of recbole's dataset_example")
    parser.add_argument("--only", type=int, nargs="*", help="these fifths (0 to 4); others as they lie in results/")
    options = parser.parse_args(argv)
    if not options.data.is_dir():
        print(f"skipped: there is no folder {str(options.data)!r}")
        return 2
    catalog, _ = read(options.data)
    rated = ratings(options.data, catalog)
    index = ItemIndex.build(catalog, embedder="minilm")
    folder = _results.FOLDER / "feedback"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in track(options.only if options.only is not None else range(5), description="fifths"):
        (folder / f"{seed}.json").write_text(json.dumps(measure(catalog, index, rated, seed), indent=1), "utf-8")
    results: dict[str, dict[str, list[float]]] = {}
    for path in sorted(folder.glob("*.json")):
        for name, curve in json.loads(path.read_text("utf-8")).items():
            for events, value in curve.items():
                results.setdefault(name, {}).setdefault(events, []).append(value)
    table = Table(f"NDCG@{DEPTH} after", *(f"{n}" for n in range(EVENTS + 1)))
    for name, curve in results.items():
        table.add_row(name, *(_spread(curve.get(str(n), [])) for n in range(EVENTS + 1)))
    Console(width=120).print(table)
    print(_results.write("feedback", {"ndcg": results}))
    return 0


def ratings(folder: Path, catalog: Catalog) -> dict[int, dict[int, bool]]:
    """By person and row, whether it was liked."""
    found: dict[int, dict[int, bool]] = {}
    for line in (folder / "ml-100k.inter").read_text("utf-8").splitlines()[1:]:
        person, item, rating, _ = line.split("\t")
        if item in catalog:
            found.setdefault(int(person), {})[catalog.row(item)] = float(rating) >= 4
    return found


def measure(
    catalog: Catalog, index: ItemIndex, rated: dict[int, dict[int, bool]], seed: int
) -> dict[str, dict[str, float]]:
    """Mean NDCG by ranker and number of events, over the people of one fifth."""
    people = np.random.default_rng(0).permutation(sorted(rated))
    out = sorted(people[seed::5].tolist())
    told = [(p, row, 0.0) for p, mine in rated.items() if p not in set(out) for row, liked in mine.items() if liked]
    together = CoPreference.learn(Interactions.of([(str(p), row, None, 0.0) for p, row, _ in told]), len(catalog))
    peers = {n: r for n, r in rankers(told, catalog, index).items() if not n.startswith("chatrec")}
    curves: dict[str, dict[int, list[float]]] = {}
    ours = {
        "chatrec": Recommender(catalog, index=index, together=together),
        "chatrec, content alone": Recommender(catalog, index=index),
    }
    for name, recommender in ours.items():
        rng = np.random.default_rng(seed)
        for person in out:
            likes = [row for row, liked in rated[person].items() if liked]
            hidden = set(rng.permutation(likes)[: len(likes) // 2].tolist())
            if not hidden:
                continue
            seen = {row: liked for row, liked in rated[person].items() if row not in hidden}
            talk = conversation(recommender, f"{name} {person}", seen, hidden, peers if name == "chatrec" else {})
            for ranker, values in talk.items():
                curve = curves.setdefault(ranker if ranker in peers else f"{name}{ranker}", {})
                for n, value in values.items():
                    curve.setdefault(n, []).append(value)
    return {name: {str(n): statistics.fmean(v) for n, v in curve.items()} for name, curve in curves.items()}


def conversation(
    recommender: Recommender, person: str, seen: dict[int, bool], hidden: set[int], peers: dict[str, Ranker]
) -> dict[str, dict[int, float]]:
    """NDCG by ranker and number of events: "" for the recommender, ", no feedback" for its list for a stranger."""
    items = recommender.catalog.items

    def listed(who: str, out: set[int]) -> list[int]:
        found = recommender.recommend(user_id=who, k=DEPTH, exclude={items[row].id for row in out})
        return [recommender.catalog.row(each.id) for each in found.items]

    results: dict[str, dict[int, float]] = {"": {0: gain(listed(person, set()), hidden)}}
    judged: dict[int, bool] = {}
    while len(judged) < EVENTS:
        row = _judged_next(listed, person, seen)
        if row is None:
            break
        judged[row] = seen.pop(row)
        recommender.feedback.record(person, "accept" if judged[row] else "reject", item_id=items[row].id)
        results[""][len(judged)] = gain(listed(person, set()), hidden)
        results.setdefault(", no feedback", {})[len(judged)] = gain(listed("stranger", set(judged)), hidden)
        liked = np.array([row for row, good in judged.items() if good], dtype=np.int64)
        shunned = np.array([row for row, good in judged.items() if not good], dtype=np.int64)
        for name, ranker in peers.items():
            results.setdefault(name, {})[len(judged)] = gain(ranker(liked, shunned), hidden)
    return results


def _judged_next(listed: Lister, person: str, seen: dict[int, bool]) -> int | None:
    shown: set[int] = set()
    for _ in range(_LISTS):
        page = listed(person, shown)
        known = next((row for row in page if row in seen), None)
        if known is not None:
            return known
        shown |= set(page)
    return None


def gain(rows: Sequence[int], wanted: set[int]) -> float:
    """NDCG@10 with binary gains."""
    found = sum(1 / np.log2(place + 2) for place, row in enumerate(rows[:DEPTH]) if row in wanted)
    return float(found / sum(1 / np.log2(place + 2) for place in range(min(DEPTH, len(wanted)))))


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    return f"{statistics.fmean(values):.3f}" + (f" ±{statistics.stdev(values):.3f}" if len(values) > 1 else "")
