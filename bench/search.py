"""How fast and how completely items are found under a filter, beside raw FAISS, numpy and LangChain's FAISS store.

All search the same vectors for the same queries under the same filters; vectors are seeded and random, which is the
same work as with a model. Each answers all queries before the next one begins, several times in turn: asked one after
the other, whoever follows a slow one would find the processor's caches empty and pay for it. `ours` and `raw FAISS`
begin with the query's vector and the same boolean mask; `ours, whole` and LangChain's begin with the filter and end
with documents. FAISS reads bits instead of masks: packing them counts as its own. The faster of raw FAISS with all
threads and with one is 1. A miss is one of the truly nearest that was not found.

With `--finding` items are looked for by what a person might remember of them: the title, the title with a typing
mistake, some words of the text without those of the title. Vectors are then the model's; they are kept in `--cache`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench import _results
from chatrec.indexes import Catalog, Constraint, Item, ItemIndex
from chatrec.indexes._index_vectors import unit
from chatrec.indexes._words import is_stop, words
from chatrec.testing import HashingEmbedder

K = 10
ROUNDS = 3
SHARES = (0.001, 0.01, 0.1, 1.0)
_FAISS: Any = faiss
Floats = NDArray[np.float32]
Searcher = Callable[[Floats, NDArray[np.bool_], list[Constraint]], list[int]]


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--films", type=Path, required=True, help="films_wikipedia.jsonl.gz")
    parser.add_argument("--items", type=int, help="only so many of them")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--finding", action="store_true", help="measure what is found by title and by text instead")
    parser.add_argument("--cache", type=Path, help="where the index of --finding is kept")
    options = parser.parse_args()
    if not options.films.exists():
        print(f"skipped: there is no file {str(options.films)!r}", file=sys.stderr)
        return 2
    items = Catalog.load(options.films).items[: options.items]
    finding = options.finding
    result = _finding(items, options.queries, options.cache) if finding else _speed(items, options.queries)
    name = "finding" if options.finding else "search"
    print(_results.write(name, {"items": len(items), "queries": options.queries} | result))
    return 0


def _speed(items: Sequence[Item], queries: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    slots = rng.permutation(len(items)).tolist()
    catalog = Catalog(
        Item(str(row), item.title, item.description[:300], {"slot": slot})
        for row, (item, slot) in enumerate(zip(items, slots, strict=True))
    )
    vectors = unit(rng.normal(size=(len(items), 384)))
    asked = unit(rng.normal(size=(queries, 384)))
    searchers = _searchers(catalog, vectors)
    rows: list[dict[str, Any]] = []
    for share in SHARES:
        where = [Constraint("slot", "lt", (share * len(items),))]
        mask = catalog.mask(where)
        took: dict[str, list[float]] = {name: [] for name in searchers}
        hits: dict[str, int] = dict.fromkeys(searchers, 0)
        missed: dict[str, int] = dict.fromkeys(searchers, 0)
        allowed = np.flatnonzero(mask)
        truths = [set(allowed[np.argsort(-(vectors[allowed] @ query))[:K]].tolist()) for query in asked]
        for _ in range(ROUNDS):
            for name, search in searchers.items():
                for query, truth in zip(asked, truths, strict=True):
                    began = time.perf_counter()
                    found = search(query, mask, where)
                    took[name].append(time.perf_counter() - began)
                    hits[name] += len(found)
                    missed[name] += len(truth.difference(found))
        raw = min(median(took[name]) for name in took if name.startswith("raw"))
        rows += [
            {
                "share": share,
                "search": name,
                "p50_ms": 1e3 * median(took[name]),
                "over_raw": median(took[name]) / raw,
                "hits": hits[name] / (ROUNDS * queries),
                "missed": missed[name] / (ROUNDS * queries),
            }
            for name in searchers
        ]
    _show("search", rows)
    return {"rows": rows}


def _searchers(catalog: Catalog, vectors: Floats) -> dict[str, Searcher]:
    index = ItemIndex.build(catalog, embedder=HashingEmbedder(384), vectors=vectors)
    print(index.describe())
    flat = _FAISS.IndexFlatIP(384)
    flat.add(vectors)
    store = _langchain(catalog, vectors)
    threads = _FAISS.omp_get_max_threads()

    def ours(query: Floats, mask: NDArray[np.bool_], _: list[Constraint]) -> list[int]:
        return [int(hit.id) for hit in index.search(query, k=K, mask=mask)]

    def whole(query: Floats, _: NDArray[np.bool_], where: list[Constraint]) -> list[int]:
        return [int(each.id or -1) for each in index.similarity_search_by_vector(query.tolist(), K, filter=where)]

    def raw(query: Floats, mask: NDArray[np.bool_], _: list[Constraint]) -> list[int]:
        bits = np.packbits(mask, bitorder="little")
        _, found = flat.search(query[None], K, params=_FAISS.SearchParameters(sel=_FAISS.IDSelectorBitmap(bits)))
        return [row for row in found[0].tolist() if row >= 0]

    def alone(query: Floats, mask: NDArray[np.bool_], where: list[Constraint]) -> list[int]:
        _FAISS.omp_set_num_threads(1)
        try:
            return raw(query, mask, where)
        finally:
            _FAISS.omp_set_num_threads(threads)

    def numpy(query: Floats, mask: NDArray[np.bool_], _: list[Constraint]) -> list[int]:
        rows = np.flatnonzero(mask)
        cosines = vectors[rows] @ query
        best = np.argpartition(-cosines, min(K, len(rows) - 1))[:K]
        found: list[int] = rows[best[np.argsort(-cosines[best])]].tolist()
        return found

    def peer(query: Floats, _: NDArray[np.bool_], where: list[Constraint]) -> list[int]:
        bound = float(where[0].values[0])
        found = store.similarity_search_by_vector(
            query.tolist(), k=K, filter=lambda metadata: metadata["slot"] < bound, fetch_k=20
        )
        return [int(document.id) for document in found]

    found: dict[str, Searcher] = {"ours": ours, "raw FAISS": raw, "raw FAISS, one thread": alone, "numpy scan": numpy}
    found["ours, whole"] = whole
    if store is not None:
        found["LangChain FAISS"] = peer
    return found


def _langchain(catalog: Catalog, vectors: Floats) -> Any:
    try:
        from langchain_community.docstore.in_memory import InMemoryDocstore
        from langchain_community.vectorstores import FAISS
        from langchain_community.vectorstores.utils import DistanceStrategy
    except ImportError:
        print("without LangChain's FAISS store: pip install 'chatrec[bench]'", file=sys.stderr)
        return None
    flat = _FAISS.IndexFlatIP(384)
    flat.add(vectors)
    documents = {
        item.id: Document(item.text(), id=item.id, metadata={"slot": item.facets["slot"]}) for item in catalog.items
    }
    return FAISS(
        HashingEmbedder(384),
        flat,
        InMemoryDocstore(documents),
        {row: item.id for row, item in enumerate(catalog.items)},
        distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT,
    )


def _finding(items: Sequence[Item], queries: int, cache: Path | None) -> dict[str, Any]:
    index = ItemIndex.build(Catalog(items), path=cache, progress=_progress)
    rng = random.Random(0)
    asked: dict[str, list[tuple[str, str]]] = {"title": [], "misspelt title": [], "words of the text": []}
    for item in rng.sample(list(items), min(len(items), 4 * queries)):
        misspelt = _misspelt(item.title, rng)
        remembered = _remembered(item, rng)
        if misspelt is None or remembered is None or len(asked["title"]) == queries:
            continue
        for kind, query in zip(asked, (item.title, misspelt, remembered), strict=True):
            asked[kind].append((query, item.title))
    titles = {item.id: " ".join(words(item.title)) for item in items}
    rows: list[dict[str, Any]] = []
    for kind, pairs in asked.items():
        ranks: dict[str, list[int]] = {}
        for query, title in pairs:
            hits = index.search(query, k=len(items))
            for name, weight in (("vectors", 0.0), ("0.5", 0.5), ("1", 1.0), ("2", 2.0), ("words", 1e6)):
                order = sorted(hits, key=lambda hit: -(hit.vector + weight * hit.words))[:K]
                named = [titles[hit.id] for hit in order]
                wanted = " ".join(words(title))
                ranks.setdefault(name, []).append(named.index(wanted) + 1 if wanted in named else 0)
        for name, found in ranks.items():
            rows.append(
                {
                    "query": kind,
                    "words weigh": name,
                    "first": sum(rank == 1 for rank in found) / len(found),
                    "in 5": sum(0 < rank <= 5 for rank in found) / len(found),
                    "mrr": sum(1 / rank for rank in found if rank) / len(found),
                }
            )
    _show("finding", rows)
    return {"rows": rows, "examples": {kind: pairs[:5] for kind, pairs in asked.items()}}


def _misspelt(title: str, rng: random.Random) -> str | None:
    """The title with one typing mistake in a long word, not at its beginning; None where it has none."""
    parts = title.split()
    long = [number for number, part in enumerate(parts) if len(part) > 5 and part.isascii() and part.isalpha()]
    if not long:
        return None
    number = rng.choice(long)
    word = parts[number]
    at = rng.randrange(1, len(word) - 1)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    kinds = (
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
    )
    parts[number] = rng.choice(kinds)
    return " ".join(parts)


def _remembered(item: Item, rng: random.Random) -> str | None:
    """Eight words of the text in any order, none of them from the title; None where there are too few."""
    said = set(words(item.title))
    telling = sorted({word for word in words(item.description) if not is_stop(word) and word not in said})
    return " ".join(rng.sample(telling, 8)) if len(telling) >= 16 else None


def _progress(done: int, total: int) -> None:
    if done % 1024 == 0:
        print(f"{done} of {total}", file=sys.stderr)


def _show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
