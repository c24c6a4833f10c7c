"""What sentences mean in terms of a catalog: conditions read exactly right, beside plain matching of values.

The sentences were written and labelled by somebody who had not seen the linker. A condition counts where facet,
operator and values are all right; distractors, which mean none, count against whoever reads one in them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._results import write
from bench._sentences import DATA, Said, Score, Sentence, read, said
from chatrec.indexes import Catalog, Constraint
from chatrec.indexes._embedders import open_embedder

_SURE = 0.75
Reader = Callable[[Catalog, Sentence], Said]


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


def _measured(films: str | None, recipes: str | None) -> dict[str, list[tuple[Catalog, Sentence]]]:
    given = {"films": films, "recipes": recipes}
    catalogs = {name: Catalog.load(path, name=name) for name, path in given.items() if path}
    return {name: read(f"linking_{name}", catalog) for name, catalog in catalogs.items()}


def _dev() -> dict[str, list[tuple[Catalog, Sentence]]]:
    catalogs = {path.stem: Catalog.load(str(path)) for path in sorted(DATA.glob("dev_*.jsonl"))}
    return {"dev": read("linking_dev", catalogs)}


class _Linked:
    """What the linker is sure of, and how long it took."""

    def __init__(self, *, embedding: bool) -> None:
        self._embedding = embedding
        self._embedders: dict[str, Any] = {}
        self._took: list[float] = []
        self._first: list[float] = []
        self._seen: set[int] = set()

    def __call__(self, catalog: Catalog, sentence: Sentence) -> Said:
        embedder = self._embedders.setdefault(catalog.language, open_embedder(language=catalog.language))
        began = time.perf_counter()
        link = catalog.link(sentence.text, last=sentence.last, embedder=embedder if self._embedding else None)
        took = 1000 * (time.perf_counter() - began)
        (self._took if id(catalog) in self._seen else self._first).append(took)
        self._seen.add(id(catalog))
        return said([one.constraint for one in link.proposals if one.score >= _SURE], link.removed)

    def speed(self) -> dict[str, float]:
        """Milliseconds a sentence; the first of a catalog, which prepares it, apart."""
        cuts = quantiles(self._took, n=20)
        rows = {"p50": median(self._took), "p95": cuts[-1], "most": max(self._took), "first": max(self._first)}
        return {name: round(value, 2) for name, value in rows.items()}


def _plain(catalog: Catalog, sentence: Sentence) -> Said:
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
    return said(found, ())


def _scores(rows: list[tuple[Catalog, Sentence]], reader: Reader, *, show: bool = False) -> dict[str, Score]:
    scores: dict[str, Score] = {"all": Score()}
    for catalog, sentence in rows:
        reading = reader(catalog, sentence)
        for group in ("all", sentence.language, *sentence.kinds):
            scores.setdefault(group, Score()).add(reading, sentence)
        if show and reading not in sentence.readings:
            Console().print_json(
                json.dumps(
                    {"text": sentence.text, "read": sorted(map(str, reading)),
                     "meant": sorted(map(str, sentence.readings[0]))}, ensure_ascii=False,
                ), indent=None,
            )  # fmt: skip
    return scores


def _numbers(scores: dict[str, Score]) -> dict[str, dict[str, float]]:
    return {
        group: {
            "precision": round(s.precision, 3), "recall": round(s.recall, 3), "f1": round(s.f1, 3),
            "right": s.right, "wrong": s.wrong, "missing": s.missing, "sentences": s.sentences, "whole": s.whole,
        }
        for group, s in scores.items()
    }  # fmt: skip


def _show(name: str, scores: dict[str, Score], plain: dict[str, Score]) -> None:
    table = Table(name, "sentences", "wholly right", "right", "wrong", "missing", "P", "R", "F1", "F1 of plain words")
    for group, s in sorted(scores.items(), key=lambda pair: (pair[0] not in {"all", "en", "zh"}, pair[0])):
        table.add_row(
            group, *map(str, (s.sentences, s.whole, s.right, s.wrong, s.missing)),
            f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}", f"{plain[group].f1:.3f}",
        )  # fmt: skip
    Console().print(table)
