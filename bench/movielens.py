"""Ranking on MovieLens-100K: the shipped `Recommender` beside popularity, item neighbours, EASE, implicit ALS and BPR.

Protocol: ratings of 4 and 5 are likes. "random": of each person's likes a fifth, drawn at random, is kept back; nobody
is told when the others were (a random split has no present). "1, 3, 5 known": only so many of the others are told, to
rankers that learnt from all. "temporal": the newest fifth of all likes is kept back; people with and without an older
like apart. "new items": a tenth of the films is taken out of what is learnt, and only they are listed. Every film but
the known likes may be listed; everybody with a kept-back like is asked; NDCG with binary gains. EASE's and ALS's
settings were chosen as ours were, on a split of the known likes; the other peers have usual ones. Data are read from an
unpacked `recbole`; nothing ships.

Each split and seed is kept on its own in results/, so that the work can be done in pieces: `--only random-0`.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import _results
from chatrec.indexes import Catalog, CoPreference, Interactions, Item, ItemIndex, Recommender
from chatrec.testing import HashingEmbedder

Floats = NDArray[np.float64]
Event = tuple[int, int, float]
Known = Mapping[int, Sequence[int]]
Hidden = Mapping[int, set[int]]
Ranker = Callable[[NDArray[np.int64], NDArray[np.int64]], Sequence[int]]
"""From the rows of what a person likes, and the rows that may not be listed beside them, to the list, best first."""
Scores = dict[str, dict[str, float]]
DEPTH = 10
NONE = np.zeros(0, dtype=np.int64)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench movielens", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder ml-100k of recbole's dataset_example")
    parser.add_argument("--seeds", type=int, default=3, help="of the random splits and of the new items (default 3)")
    parser.add_argument(
        "--only", nargs="*", help="only these pieces, e.g. random-0 new-1 temporal; the rest as it lies"
    )
    parser.add_argument("--embedder", default="minilm", help="of the recommender's index; or hashing")
    args = parser.parse_args(argv)
    if not args.data.is_dir():
        print(f"skipped: there is no folder {str(args.data)!r}")
        return 2
    pieces = [f"{kind}-{seed}" for seed in range(args.seeds) for kind in ("random", "new")] + ["temporal"]
    catalog, events = read(args.data)
    embedder: Any = HashingEmbedder() if args.embedder == "hashing" else args.embedder
    index: ItemIndex | None = None
    folder = _results.FOLDER / "movielens"
    folder.mkdir(parents=True, exist_ok=True)
    for piece in track(args.only if args.only is not None else pieces, description="splits"):
        index = index or ItemIndex.build(catalog, embedder=embedder)
        kind, _, seed = piece.partition("-")
        found = _PIECES[kind](events, catalog, index, int(seed or 0))
        (folder / f"{piece}.json").write_text(json.dumps(found, indent=1), "utf-8")
    results: dict[str, dict[str, list[float]]] = {}
    for path in sorted(folder.glob("*.json")):
        for name, columns in json.loads(path.read_text("utf-8")).items():
            for column, value in columns.items():
                results.setdefault(name, {}).setdefault(column, []).append(value)
    columns = list(dict.fromkeys(column for row in results.values() for column in row))
    table = Table("NDCG", *columns)
    for name, row in results.items():
        table.add_row(name, *(_spread(row.get(column, [])) for column in columns))
    Console(width=200).print(table)
    print(_results.write("movielens", {"embedder": args.embedder, "ndcg": results}))
    return 0


def _random(events: Sequence[Event], catalog: Catalog, index: ItemIndex, seed: int) -> Scores:
    known, hidden = at_random(events, np.random.default_rng(seed))
    found: Scores = {}
    for name, ranker in rankers([(p, r, 0.0) for p, rows in known.items() for r in rows], catalog, index).items():
        found[name] = {f"random @{depth}": value for depth, value in ndcg(ranker, known, hidden).items()}
        for few in (1, 3, 5):
            some = fewer(known, few, np.random.default_rng(seed))
            found[name][f"{few} known @{DEPTH}"] = ndcg(ranker, some, hidden)[DEPTH]
    return found


def _temporal(events: Sequence[Event], catalog: Catalog, index: ItemIndex, _: int) -> Scores:
    known, hidden = by_time(events)
    moment = sorted(at for _, _, at in events)[round(0.8 * len(events))]
    found: Scores = {}
    for name, ranker in rankers([event for event in events if event[2] < moment], catalog, index).items():
        old = {person: rows for person, rows in known.items() if rows}
        new = {person: rows for person, rows in known.items() if not rows}
        found[name] = {f"temporal @{depth}": value for depth, value in ndcg(ranker, old, hidden).items()}
        found[name] |= {f"newcomers @{depth}": value for depth, value in ndcg(ranker, new, hidden).items()}
    return found


def _new(events: Sequence[Event], catalog: Catalog, index: ItemIndex, seed: int) -> Scores:
    drawn = np.random.default_rng(seed).permutation(len(catalog))
    new, old = set(drawn[: len(catalog) // 10].tolist()), np.sort(drawn[len(catalog) // 10 :])
    known = {p: [row for row, _ in mine if row not in new] for p, mine in _by_person(events).items()}
    hidden = {p: {row for row, _ in mine if row in new} for p, mine in _by_person(events).items()}
    told = [(p, r, 0.0) for p, rows in known.items() for r in rows]
    found: Scores = {}
    for name, ranker in rankers(told, catalog, index).items():
        found[name] = {f"new items @{depth}": value for depth, value in ndcg(ranker, known, hidden, old).items()}
    return found


_PIECES: dict[str, Callable[[Sequence[Event], Catalog, ItemIndex, int], Scores]] = {
    "random": _random,
    "temporal": _temporal,
    "new": _new,
}


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


def rankers(told: Sequence[Event], catalog: Catalog, index: ItemIndex) -> dict[str, Ranker]:
    """Every ranker, trained on what is told."""
    places = {person: place for place, person in enumerate(sorted({person for person, _, _ in told}))}
    x = np.zeros((len(places), len(catalog)))
    for person, row, _ in told:
        x[places[person], row] = 1
    gram = x.T @ x
    inverse = np.linalg.inv(gram + 300 * np.eye(len(catalog)))
    ease = -inverse / np.diag(inverse)
    np.fill_diagonal(ease, 0)
    lengths = np.sqrt(np.maximum(np.diag(gram), 1))
    cosine = gram / np.outer(lengths, lengths)
    np.fill_diagonal(cosine, 0)
    vectors = index.vectors([item.id for item in catalog.items])
    found: dict[str, Ranker] = {
        "popularity": lambda rows, out: _top(x.sum(axis=0), rows, out),
        "item neighbours": lambda rows, out: _top(cosine[rows].sum(axis=0), rows, out),
        "EASE": lambda rows, out: _top(ease[rows].sum(axis=0), rows, out),
        "mean of the vectors": lambda rows, out: _top(vectors @ vectors[rows].sum(axis=0), rows, out),
    }
    found |= _implicit(x)
    together = CoPreference.learn(Interactions.of([(str(p), row, None, at) for p, row, at in told]), len(catalog))
    found["chatrec, content alone"] = _ours(Recommender(catalog, index=index))
    found["chatrec"] = _ours(Recommender(catalog, index=index, together=together))
    return found


def _ours(recommender: Recommender) -> Ranker:
    calls = iter(range(10**9))

    def ranked(rows: NDArray[np.int64], out: NDArray[np.int64]) -> Sequence[int]:
        person = f"person {next(calls)}"
        items = recommender.catalog.items
        for row in rows.tolist():
            recommender.feedback.record(person, "accept", item_id=items[row].id)
        listed = recommender.recommend(user_id=person, k=DEPTH, exclude={items[row].id for row in out.tolist()}).items
        recommender.feedback.erase(person)
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
            factors=12, regularization=0.05, alpha=4.0, iterations=15, random_state=1
        ),
        "implicit BPR": BayesianPersonalizedRanking(factors=32, iterations=200, random_state=1),
    }
    found: dict[str, Ranker] = {}
    for name, model in models.items():
        model.fit(likes, show_progress=False)
        items = np.asarray(model.item_factors)

        def ranked(
            rows: NDArray[np.int64], out: NDArray[np.int64], items: Floats = items, model: Any = model
        ) -> Sequence[int]:
            return _top(items @ _factors(model, rows, items), rows, out)

        found[name] = ranked
    return found


def _factors(model: Any, rows: NDArray[np.int64], items: Floats) -> Floats:
    """A person's factors from their likes: as the model folds people in, else the mean of their items' factors."""
    from scipy.sparse import csr_matrix

    mine = np.zeros((1, len(items)), dtype=np.float32)
    mine[0, rows] = 1
    try:
        return np.asarray(model.recalculate_user(0, csr_matrix(mine))).reshape(-1)
    except NotImplementedError:
        pass
    mean: Floats = items[rows].sum(axis=0) / max(1, len(rows))
    if not len(rows):
        mean[-1] = 1.0  # the item's own bias
    return mean


def _top(scores: Floats, liked: NDArray[np.int64], out: NDArray[np.int64]) -> list[int]:
    scores = scores.copy()
    scores[liked] = -np.inf
    scores[out] = -np.inf
    return [int(row) for row in np.argsort(-scores, kind="stable")[:DEPTH]]


def ndcg(ranker: Ranker, known: Known, hidden: Hidden, out: NDArray[np.int64] = NONE) -> dict[int, float]:
    """The mean NDCG at 5 and 10 over everybody in `known` who has a hidden like."""
    gains: dict[int, list[float]] = {5: [], DEPTH: []}
    for person, wanted in hidden.items():
        if not wanted or person not in known:
            continue
        listed = ranker(np.array(known[person], dtype=np.int64), out)
        for depth, values in gains.items():
            gained = sum(1 / np.log2(place + 2) for place, row in enumerate(listed[:depth]) if row in wanted)
            best = sum(1 / np.log2(place + 2) for place in range(min(depth, len(wanted))))
            values.append(float(gained / best))
    return {depth: statistics.fmean(values) for depth, values in gains.items()}


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = statistics.fmean(values)
    return f"{mean:.3f}" if len(values) == 1 else f"{mean:.3f} ±{statistics.stdev(values):.3f}"
