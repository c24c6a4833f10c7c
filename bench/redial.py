"""Finding the film that people recommended to people: dialogues of ReDial, ranked by the shipped `Recommender`.

Protocol: the turns fall into five folds by dialogue. Which films the dialogues of the other four folds name together is
told as interactions, a dialogue as a person. At each turn the last three utterances, without titles, are the words, and
the films named so far are what to stay close to. Recall@10 over the films recommended at the turn: "excluded", films
named before neither count nor are listed; "included", they count, and rankers that can list them may. Ours never
lists what was named. Peers: MiniLM on the same utterances, how often films are named, and how often they are
named together with the ones named so far, mixed with MiniLM. Data are read only; nothing trained on them ships.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import _results
from chatrec.indexes import Catalog, CoPreference, Interactions, ItemIndex, Recommender

FOLDS = 5
DEPTH = 10
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn at which films were recommended; films as rows of the catalog."""

    dialogue: str
    words: str
    named: tuple[int, ...]
    wanted: tuple[int, ...]


Ranker = Callable[[Turn, bool], Sequence[int]]
"""From a turn, and whether films named before may be listed, to the rows of the list, best first."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench redial", description=__doc__)
    parser.add_argument("--turns", type=Path, required=True, help="redial_valid.jsonl.gz")
    parser.add_argument("--items", type=Path, required=True, help="redial_items.jsonl.gz")
    parser.add_argument("--cache", type=Path, help="where the index is kept")
    parser.add_argument("--only", type=int, nargs="*", help="these folds (0 to 4); others as they lie in results/")
    options = parser.parse_args(argv)
    if not (options.turns.exists() and options.items.exists()):
        print("skipped: the files of ReDial are not there")
        return 2
    catalog = Catalog.load(options.items)
    index = ItemIndex.build(catalog, embedder="minilm", path=options.cache)
    turns = list(read(options.turns, catalog))
    folder = _results.FOLDER / "redial"
    folder.mkdir(parents=True, exist_ok=True)
    for fold in track(options.only if options.only is not None else range(FOLDS), description="folds"):
        found = measure(rankers(catalog, index, others(turns, fold)), mine(turns, fold))
        (folder / f"{fold}.json").write_text(json.dumps(found, indent=1), "utf-8")
    results: dict[str, dict[str, list[float]]] = {}
    for path in sorted(folder.glob("*.json")):
        for name, columns in json.loads(path.read_text("utf-8")).items():
            for column, value in columns.items():
                results.setdefault(name, {}).setdefault(column, []).append(value)
    columns = list(next(iter(results.values())))
    table = Table("", *columns)
    for name, row in results.items():
        told = [_spread(row[column]) for column in columns]
        table.add_row(name, *told)
    Console(width=120).print(table)
    print(_results.write("redial", {"turns": len(turns), "recall": results}))
    return 0


def read(path: Path, catalog: Catalog) -> Iterator[Turn]:
    """The turns whose recommended films are in the catalog."""
    rows = {item.title: row for row, item in reversed([*enumerate(catalog.items)])}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            told: dict[str, Any] = json.loads(line)
            words = " ".join(told["context"][-3:])
            for title in sorted({t for t in told["entity"] if t in rows}, key=len, reverse=True):
                words = words.replace(title, " ")
            words = " ".join(re.sub(r"\(\d{4}\)", " ", words).split())
            named = tuple(dict.fromkeys(rows[title] for title in told["entity"] if title in rows))
            wanted = tuple(dict.fromkeys(rows[title] for title in told["rec"] if title in rows))
            if wanted:
                yield Turn(told["dialog_id"], words, named, wanted)


def mine(turns: Sequence[Turn], fold: int) -> list[Turn]:
    """The turns of a fold."""
    return [turn for turn in turns if zlib.crc32(turn.dialogue.encode()) % FOLDS == fold]


def others(turns: Sequence[Turn], fold: int) -> dict[str, list[int]]:
    """The films that each dialogue of the other folds names."""
    found: dict[str, dict[int, None]] = {}
    for turn in turns:
        if zlib.crc32(turn.dialogue.encode()) % FOLDS != fold:
            found.setdefault(turn.dialogue, {}).update(dict.fromkeys((*turn.named, *turn.wanted)))
    return {dialogue: [*rows] for dialogue, rows in found.items()}


def rankers(catalog: Catalog, index: ItemIndex, told: dict[str, list[int]]) -> dict[str, Ranker]:
    """Every ranker."""
    vectors: Floats = index.vectors([item.id for item in catalog.items])
    often = np.zeros(len(catalog), dtype=np.float32)
    together: dict[int, dict[int, float]] = {}
    for rows in told.values():
        often[rows] += 1
        for row in rows:
            for other in rows:
                if other != row:
                    together.setdefault(row, {})[other] = together.get(row, {}).get(other, 0.0) + 1

    def meaning(turn: Turn) -> Floats:
        likeness: Floats = vectors @ index.embed(turn.words or "film")
        return likeness

    def mix(turn: Turn) -> Floats:
        company = np.zeros(len(catalog), dtype=np.float32)
        for row in turn.named:
            for other, count in together.get(row, {}).items():
                company[other] += count / np.sqrt(max(1.0, float(often[row])))
        known = company / max(float(company.max()), 1e-6)
        return np.asarray(meaning(turn) + 0.5 * known + 0.05 * np.log1p(often), dtype=np.float32)

    likes = [(dialogue, row, None, 0.0) for dialogue, rows in told.items() for row in rows]
    learnt = CoPreference.learn(Interactions.of(likes), len(catalog))
    return {
        "MiniLM": lambda turn, may: _top(meaning(turn), turn, may=may),
        "how often named": lambda turn, may: _top(often, turn, may=may),
        "co-mentions and MiniLM": lambda turn, may: _top(mix(turn), turn, may=may),
        "chatrec, no interactions": ours(Recommender(catalog, index=index)),
        "chatrec": ours(Recommender(catalog, index=index, together=learnt)),
    }


def ours(recommender: Recommender) -> Ranker:
    """The shipped recommender."""
    items = recommender.catalog.items

    def ranked(turn: Turn, may: bool) -> Sequence[int]:
        found = recommender.recommend(turn.words, user_id="seeker", like=[items[row].id for row in turn.named], k=DEPTH)
        return [recommender.catalog.row(item.id) for item in found.items]

    return ranked


def measure(found: dict[str, Ranker], turns: Sequence[Turn]) -> dict[str, dict[str, float]]:
    """Recall by ranker."""
    results: dict[str, dict[str, float]] = {}
    for name, ranker in found.items():
        shares: dict[str, list[float]] = {"excluded": [], "included": []}
        for turn in turns:
            for column, may in (("excluded", False), ("included", True)):
                wanted = [row for row in turn.wanted if may or row not in turn.named]
                if wanted:
                    listed = set(ranker(turn, may))
                    shares[column] += [float(row in listed) for row in wanted]
        results[name] = {f"recall@{DEPTH} {column}": statistics.fmean(values) for column, values in shares.items()}
    return results


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.3f}" + (f" ±{statistics.stdev(values):.3f}" if len(values) > 1 else "")


def _top(scores: Floats, turn: Turn, *, may: bool) -> list[int]:
    scores = scores.copy()
    if not may:
        scores[list(turn.named)] = -np.inf
    return [int(row) for row in np.argsort(-scores, kind="stable")[:DEPTH]]
