"""How long a list takes among 100,000 items with every signal on, beside the FAISS search alone.

Items are made up (seeded): three facets, a number, words and random vectors. The person has a profile, ten events of
feedback, words, a constraint, a preference, an item to stay close to; there are interactions and owner's rules. "FAISS
alone" is the nearest neighbour search for the same vector under the same filter, without words or items read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from rich.console import Console
from rich.table import Table

from bench import _results
from chatrec.indexes import Catalog, Constraint, CoPreference, Interactions, Item, ItemIndex, Recommender, Rules

_WORDS = ("amber", "birch", "cobalt", "dune", "ember", "fern", "granite", "harbour", "iris", "juniper", "kelp", "lark")


class RandomVectors(Embeddings):
    """A random vector for each text, seeded by it."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = np.random.default_rng(len(texts)).normal(size=(len(texts), 384)).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = np.random.default_rng(len(text)).normal(size=384).tolist()
        return vector


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench recommending", description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--lists", type=int, default=100)
    parser.add_argument("--cache", type=Path, help="where the index is kept")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    options = parser.parse_args()
    recommender = made(options.items, options.cache)
    rng = np.random.default_rng(1)
    likes = rng.choice(options.items // 50, 10, replace=False).tolist()
    for row in likes:
        recommender.feedback.record("ana", "accept", item_id=str(row))
    recommender.profiles.prefer("ana", Constraint("shape", "any", ("round",)))
    where = [Constraint("colour", "any", ("red", "blue"))]
    mask = recommender.catalog.mask(where)

    def ours(turn: int, text: str) -> None:
        recommender.recommend(text, user_id="ana", where=where, prefer=[Constraint("size", "lt", (400,))],
                              like=[str(turn * 17 % options.items)], k=5)  # fmt: skip

    def search(_: int, text: str) -> None:
        recommender.index.search(recommender.index.embed(text), k=150, mask=mask)

    texts = [" ".join(rng.choice(_WORDS, 4)) + " " * turn for turn in range(options.lists)]
    ours(0, texts[0])
    if options.profile:
        import cProfile

        with cProfile.Profile() as profile:
            timed(ours, texts)
        profile.print_stats("cumtime")
        return 0
    result = {"a list, every signal on": timed(ours, texts), "the vector search alone": timed(search, texts)}
    result["nothing said, stranger"] = timed(lambda n, _: _stranger(recommender, n), texts)
    table = Table("ms", "median", "95 %")
    for name, times in result.items():
        table.add_row(name, f"{median(times):.2f}", f"{quantiles(times, n=20)[-1]:.2f}")
    Console().print(table)
    print(_results.write("recommending", {"items": options.items, "milliseconds": result}))
    return 0


def _stranger(recommender: Recommender, number: int) -> None:
    recommender.recommend(user_id=f"stranger {number}", k=5)


def timed(run: Callable[[int, str], None], texts: list[str]) -> list[float]:
    """Milliseconds of each run."""
    times: list[float] = []
    for turn, text in enumerate(texts):
        begun = time.perf_counter()
        run(turn, text)
        times.append(1000 * (time.perf_counter() - begun))
    return times


def made(count: int, cache: Path | None) -> Recommender:
    """A recommender with everything on."""
    rng = np.random.default_rng(0)

    def item(n: int) -> Item:
        facets: dict[str, Any] = {
            "colour": ("red", "blue", "green", "white")[n % 4],
            "shape": ("round", "square", "long")[n % 3],
            "tags": tuple(sorted({_WORDS[n % 12], _WORDS[n * 7 % 12]})),
            "size": int(n * 7919 % 1000),
        }
        return Item(str(n), f"{_WORDS[n % 12]} {_WORDS[n * 5 % 12]} {n}", "", facets)

    catalog = Catalog([item(n) for n in range(count)], name="made up")
    index = ItemIndex.build(catalog, embedder=RandomVectors(), path=cache)
    people = rng.integers(0, 5000, 100_000)
    rows = (rng.random(100_000) ** 3 * min(count, 1500)).astype(int)
    events = [(str(p), int(r), None, 1e9 + n) for n, (p, r) in enumerate(zip(people, rows, strict=True))]
    together = CoPreference.learn(Interactions.of(events), count)
    rules = Rules.of({"boost": [{"where": "tags=amber"}], "never": [{"where": "size>990"}]}, catalog)
    return Recommender(catalog, index=index, together=together, rules=rules)
