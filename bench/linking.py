"""What sentences mean in terms of a catalog: conditions read exactly right, beside plain matching of values.

The sentences were written and labelled by somebody who had not seen the linker. A condition counts where facet,
operator and values are all right; distractors, which mean none, count against whoever reads one in them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._labelled import Sentence, load_catalog, read_wishes, same_wishes, sentences
from bench._results import write
from chatrec.indexes import Catalog, Constraint
from chatrec.indexes._embedders import open_embedder

_SURE = 0.75
_Rows = list[tuple[Catalog, Sentence]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read in a sentence: conditions, and facets whose condition is lifted."""

    wishes: tuple[Constraint, ...]
    lifted: frozenset[str]


@dataclass(slots=True)
class _Score:
    """Right, wrong and missing conditions."""

    right: int = 0
    wrong: int = 0
    missing: int = 0
    sentences: int = 0
    whole: int = 0

    def add(self, right: int, wrong: int, missing: int) -> None:
        self.right, self.wrong, self.missing = self.right + right, self.wrong + wrong, self.missing + missing
        self.sentences += 1
        self.whole += not (wrong or missing)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missing)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missing)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench linking", description=__doc__)
    parser.add_argument("--films", help="films_wikipedia.jsonl.gz")
    parser.add_argument("--recipes", help="recipes_zh.jsonl")
    parser.add_argument("--dev", action="store_true", help="the sentences that the linker was improved with, instead")
    parser.add_argument("--no-embedder", action="store_true", help="words alone, nothing by meaning")
    parser.add_argument("--errors", action="store_true", help="show what was read wrong (only of --dev)")
    args = parser.parse_args(argv)
    tests = _dev() if args.dev else _measured(args.films, args.recipes)
    if not tests:
        parser.error("give --films and --recipes, or --dev")
    reader = _Linked(embedding=not args.no_embedder)
    everything: dict[str, Any] = {}
    for name, rows in tests.items():
        scores = _scores(rows, reader, show=args.dev and args.errors)
        plain = _scores(rows, _plain)
        everything[name] = {"linker": _numbers(scores), "words alone": _numbers(plain)}
        _show(name, scores, plain)
    everything["milliseconds"] = reader.speed()
    Console().print(reader.speed())
    if not args.dev:
        write("linking", everything)
    return 0


def _measured(films: str | None, recipes: str | None) -> dict[str, _Rows]:
    given = {"films": films, "recipes": recipes}
    catalogs = {name: Catalog.load(path, name=name) for name, path in given.items() if path}
    return {name: [(catalog, row) for row in sentences(f"linking_{name}")] for name, catalog in catalogs.items()}


def _dev() -> dict[str, _Rows]:
    rows = sentences("linking_dev")
    catalogs = {name: load_catalog(name) for name in {row.catalog for row in rows}}
    return {"dev": [(catalog, row) for row in rows if (catalog := catalogs[row.catalog]) is not None]}


class _Linked:
    """What the linker is sure of, and how long it took."""

    def __init__(self, *, embedding: bool) -> None:
        self._embedding = embedding
        self._embedders: dict[str, Any] = {}
        self._took: list[float] = []
        self._first: list[float] = []
        self._seen: set[int] = set()

    def __call__(self, catalog: Catalog, sentence: Sentence) -> _Reading:
        embedder = self._embedders.setdefault(catalog.language, open_embedder(language=catalog.language))
        began = time.perf_counter()
        link = catalog.link(sentence.text, last=sentence.last, embedder=embedder if self._embedding else None)
        took = 1000 * (time.perf_counter() - began)
        (self._took if id(catalog) in self._seen else self._first).append(took)
        self._seen.add(id(catalog))
        return _Reading(tuple(one.constraint for one in link.proposals if one.score >= _SURE), frozenset(link.removed))

    def speed(self) -> dict[str, float]:
        """Milliseconds a sentence; the first of a catalog, which prepares it, apart."""
        cuts = quantiles(self._took, n=20)
        rows = {"p50": median(self._took), "p95": cuts[-1], "most": max(self._took), "first": max(self._first)}
        return {name: round(value, 2) for name, value in rows.items()}


def _plain(catalog: Catalog, sentence: Sentence) -> _Reading:
    """Every value whose words stand in the sentence, and every number that a facet has."""
    text = sentence.text.casefold()
    found: list[Constraint] = []
    for facet in catalog.facets.values():
        if facet.kind in {"category", "multi"}:
            for value in facet.values:
                edge = r"\b" if value.isascii() else ""
                if value.casefold() in text and re.search(edge + re.escape(value.casefold()) + edge, text):
                    found.append(Constraint(facet.name, "any", (value,)))
        elif facet.kind == "number" and facet.low is not None and facet.high is not None:
            numbers = map(int, re.findall(r"\d+", text))
            found.extend(Constraint(facet.name, "any", (n,)) for n in numbers if facet.low <= n <= facet.high)
    return _Reading(tuple(found), frozenset())


def _scores(rows: _Rows, reader: Callable[[Catalog, Sentence], _Reading], *, show: bool = False) -> dict[str, _Score]:
    scores: dict[str, _Score] = {"all": _Score()}
    for catalog, sentence in rows:
        reading = reader(catalog, sentence)
        counts = min((_compare(catalog, reading, one, sentence) for one in sentence.accepted), key=_badness)
        for group in ("all", sentence.language, *sentence.kinds):
            scores.setdefault(group, _Score()).add(*counts)
        if show and counts[1:] != (0, 0):
            read = [*map(str, reading.wishes), *(f"{name} lifted" for name in sorted(reading.lifted))]
            meant = [*sentence.want, *(f"{name} lifted" for name in sentence.lifted)]
            Console(width=200).print(
                json.dumps({"text": sentence.text, "read": read, "meant": meant}, ensure_ascii=False)
            )
    return scores


def _compare(catalog: Catalog, reading: _Reading, meant: Sequence[str], sentence: Sentence) -> tuple[int, int, int]:
    """Conditions right, wrong and missing; those of a facet that admit the same items are right however written."""
    wanted = read_wishes(catalog, meant)
    right, wrong, missing = 0, 0, 0
    for facet in {one.facet for one in (*wanted, *reading.wishes)}:
        mine = [one for one in reading.wishes if one.facet == facet]
        theirs = [one for one in wanted if one.facet == facet]
        if same_wishes(catalog, mine, theirs):
            right += len(theirs)
            continue
        have, want = _atoms(mine), _atoms(theirs)
        right, wrong, missing = right + len(have & want), wrong + len(have - want), missing + len(want - have)
    lifted = frozenset(sentence.lifted)
    return (
        right + len(reading.lifted & lifted),
        wrong + len(reading.lifted - lifted),
        missing + len(lifted - reading.lifted),
    )


def _atoms(constraints: Iterable[Constraint]) -> frozenset[tuple[str, frozenset[str]]]:
    return frozenset((one.op, frozenset(map(str, one.values))) for one in constraints)


def _badness(counts: tuple[int, int, int]) -> tuple[int, int]:
    return counts[1] + counts[2], -counts[0]


def _numbers(scores: dict[str, _Score]) -> dict[str, dict[str, float]]:
    return {
        group: {
            "precision": round(s.precision, 3), "recall": round(s.recall, 3), "f1": round(s.f1, 3),
            "right": s.right, "wrong": s.wrong, "missing": s.missing, "sentences": s.sentences, "whole": s.whole,
        }
        for group, s in scores.items()
    }  # fmt: skip


def _show(name: str, scores: dict[str, _Score], plain: dict[str, _Score]) -> None:
    table = Table(name, "sentences", "wholly right", "right", "wrong", "missing", "P", "R", "F1", "F1 of plain words")
    for group, s in sorted(scores.items(), key=lambda pair: (pair[0] not in {"all", "en", "zh"}, pair[0])):
        table.add_row(
            group, *map(str, (s.sentences, s.whole, s.right, s.wrong, s.missing)),
            f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}", f"{plain[group].f1:.3f}",
        )  # fmt: skip
    Console().print(table)
