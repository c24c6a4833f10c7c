"""Ranking on MovieLens-100K: the shipped `Recommender` beside popularity, item neighbours, EASE, implicit ALS and BPR.

Protocol: ratings of 4 and 5 are likes. "random": of each person's likes a fifth, drawn at random, is kept back;
"temporal": the newest fifth of all likes. Everybody with a kept-back like is asked; every film but the known likes may
be listed. NDCG with binary gains. The data are read from an unpacked `recbole` and trained into nothing that ships.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._results import write
from chatrec.indexes import Catalog, CoPreference, Interactions, Item, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder

Floats = NDArray[np.float64]
Event = tuple[int, int, float]
Ranker = Callable[[int, NDArray[np.int64]], Sequence[int]]
"""From a person and the rows of what they like to the rows of the list, best first."""
DEPTH = 10


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench movielens", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder ml-100k of recbole's dataset_example")
    parser.add_argument("--seeds", type=int, default=3, help="random splits (default 3)")
    parser.add_argument("--embedder", default="minilm", help="of the recommender's index; or hashing")
    parser.add_argument(
        "--few", type=int, nargs="*", default=[1, 3, 5], help="also with so many likes of a person known"
    )
    args = parser.parse_args(argv)
    catalog, events = read(args.data)
    embedder: Any = HashingEmbedder() if args.embedder == "hashing" else args.embedder
    index = ItemIndex.build(catalog, embedder=embedder)
    results: dict[str, dict[str, list[float]]] = {}
    for seed in track(range(args.seeds), description="random splits"):
        known, hidden = at_random(events, np.random.default_rng(seed))
        for name, ranker in rankers(known, catalog, index).items():
            for depth, value in ndcg(ranker, known, hidden).items():
                results.setdefault(name, {}).setdefault(f"random @{depth}", []).append(value)
            for few in args.few:
                some = fewer(known, few, np.random.default_rng(seed))
                value = ndcg(ranker, some, hidden)[DEPTH]
                results[name].setdefault(f"{few} known @{DEPTH}", []).append(value)
    known, hidden = by_time(events)
    for name, ranker in rankers(known, catalog, index).items():
        for depth, value in ndcg(ranker, known, hidden).items():
            results[name].setdefault(f"temporal @{depth}", []).append(value)
    table = Table("NDCG", *next(iter(results.values())))
    for name, columns in results.items():
        table.add_row(name, *(_spread(values) for values in columns.values()))
    Console(width=160).print(table)
    write("movielens", {"embedder": args.embedder, "seeds": args.seeds, "ndcg": results})
    return 0


def read(folder: Path) -> tuple[Catalog, list[Event]]:
    """The films, and likes as (person, row, time)."""
    items: list[Item] = []
    for line in (folder / "ml-100k.item").read_text("utf-8").splitlines()[1:]:
        number, title, year, kinds = line.split("\t")
        facets: dict[str, Any] = {"genres": tuple(kinds.split())} if kinds else {}
        items.append(Item(number, f"{title}", "", facets | ({"year": int(year)} if year.isdigit() else {})))
    catalog = Catalog(items, name="ml-100k")
    events: list[Event] = []
    for line in (folder / "ml-100k.inter").read_text("utf-8").splitlines()[1:]:
        person, item, rating, at = line.split("\t")
        if float(rating) >= 4 and item in catalog:
            events.append((int(person), catalog.row(item), float(at)))
    return catalog, events


def at_random(events: Sequence[Event], rng: np.random.Generator) -> tuple[dict[int, Any], dict[int, set[int]]]:
    """Four fifths of each person's likes, oldest first, and the fifth."""
    known: dict[int, Any] = {}
    hidden: dict[int, set[int]] = {}
    for person, mine in _by_person(events).items():
        out = set(rng.permutation(len(mine))[: round(len(mine) / 5)].tolist())
        known[person] = [row for place, (row, _) in enumerate(mine) if place not in out]
        hidden[person] = {row for place, (row, _) in enumerate(mine) if place in out}
    return known, hidden


def by_time(events: Sequence[Event]) -> tuple[dict[int, Any], dict[int, set[int]]]:
    """The likes before and after the moment at which four fifths of all were there."""
    moment = sorted(at for _, _, at in events)[round(0.8 * len(events))]
    people = _by_person(events)
    known = {person: [row for row, at in mine if at < moment] for person, mine in people.items()}
    hidden = {person: {row for row, at in mine if at >= moment} for person, mine in people.items()}
    return known, hidden


def fewer(known: Mapping[int, Sequence[int]], count: int, rng: np.random.Generator) -> dict[int, list[int]]:
    """Only some likes of each person, as of a newcomer."""
    return {p: [int(row) for row in rng.permutation(np.array(rows))[:count]] for p, rows in known.items() if rows}


def _by_person(events: Sequence[Event]) -> dict[int, list[tuple[int, float]]]:
    people: dict[int, list[tuple[int, float]]] = {}
    for person, row, at in sorted(events, key=lambda event: event[2]):
        people.setdefault(person, []).append((row, at))
    return people


def rankers(known: Mapping[int, Sequence[int]], catalog: Catalog, index: ItemIndex) -> dict[str, Ranker]:
    """Every ranker, trained on what is known."""
    people = list(known)
    x = np.zeros((len(people), len(catalog)))
    for place, person in enumerate(people):
        x[place, list(known[person])] = 1
    gram = x.T @ x
    inverse = np.linalg.inv(gram + 200 * np.eye(len(catalog)))
    ease = -inverse / np.diag(inverse)
    np.fill_diagonal(ease, 0)
    lengths = np.sqrt(np.maximum(np.diag(gram), 1))
    cosine = gram / np.outer(lengths, lengths)
    np.fill_diagonal(cosine, 0)
    found: dict[str, Ranker] = {
        "popularity": lambda _, rows: _top(x.sum(axis=0), rows),
        "item neighbours": lambda _, rows: _top(cosine[rows].sum(axis=0), rows),
        "EASE": lambda _, rows: _top(ease[rows].sum(axis=0), rows),
    }
    found |= _implicit(x)
    events = [(str(p), row, None, float(n)) for p, rows in known.items() for n, row in enumerate(rows)]
    together = CoPreference.learn(Interactions.of(events), len(catalog))
    found["chatrec, content alone"] = _ours(Recommender(catalog, index=index))
    found["chatrec"] = _ours(Recommender(catalog, index=index, together=together))
    return found


def _ours(recommender: Recommender) -> Ranker:
    calls = iter(range(10**9))

    def ranked(_: int, rows: NDArray[np.int64]) -> Sequence[int]:
        person = f"person {next(calls)}"
        for row in rows.tolist():
            recommender.feedback.record(person, "accept", item_id=recommender.catalog.items[row].id)
        listed = recommender.recommend(user_id=person, k=DEPTH).items
        return [recommender.catalog.row(item.id) for item in listed]

    return ranked


def _implicit(x: Floats) -> dict[str, Ranker]:
    """The peers of the package `implicit`, where it is installed."""
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
        from scipy.sparse import csr_matrix
    except ImportError:
        return {}
    likes = csr_matrix(x.astype(np.float32))
    models: dict[str, Any] = {
        "implicit ALS": AlternatingLeastSquares(
            factors=64, regularization=0.05, alpha=4.0, iterations=20, random_state=1
        ),
        "implicit BPR": BayesianPersonalizedRanking(factors=64, iterations=100, random_state=1),
    }
    found: dict[str, Ranker] = {}
    for name, model in models.items():
        model.fit(likes, show_progress=False)
        items = np.asarray(model.item_factors)
        found[name] = lambda _, rows, items=items, model=model: _top(items @ _factors(model, rows, items), rows)  # type: ignore[misc]
    return found


def _factors(model: Any, rows: NDArray[np.int64], items: Floats) -> Floats:
    """A person's factors from their likes, as the model computes them for people it has not seen."""
    from scipy.sparse import csr_matrix

    mine = np.zeros((1, len(items)), dtype=np.float32)
    mine[0, rows] = 1
    if hasattr(model, "recalculate_user"):
        return np.asarray(model.recalculate_user(0, csr_matrix(mine))).reshape(-1)
    mean: Floats = items[rows].mean(axis=0)
    return mean


def _top(scores: Floats, liked: NDArray[np.int64]) -> list[int]:
    scores = scores.copy()
    scores[liked] = -np.inf
    return [int(row) for row in np.argsort(-scores, kind="stable")[:DEPTH]]


def ndcg(ranker: Ranker, known: Mapping[int, Sequence[int]], hidden: Mapping[int, set[int]]) -> dict[int, float]:
    """The mean NDCG at 5 and 10 over everybody with a hidden like."""
    gains: dict[int, list[float]] = {5: [], DEPTH: []}
    for person, wanted in hidden.items():
        if not wanted or person not in known:
            continue
        listed = ranker(person, np.array(known[person], dtype=np.int64))
        for depth, values in gains.items():
            gained = sum(1 / np.log2(place + 2) for place, row in enumerate(listed[:depth]) if row in wanted)
            best = sum(1 / np.log2(place + 2) for place in range(min(depth, len(wanted))))
            values.append(float(gained / best))
    return {depth: statistics.fmean(values) for depth, values in gains.items()}


def _spread(values: Sequence[float]) -> str:
    mean = statistics.fmean(values)
    return f"{mean:.3f}" if len(values) == 1 else f"{mean:.3f} ±{statistics.stdev(values):.3f}"
