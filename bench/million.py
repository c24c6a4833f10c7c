"""A million vectors: recall, speed, time to build and to load, and memory, beside raw FAISS with the same parameters.

Vectors are seeded and lie in clusters, so that being near means something; they are written to the disk in parts and
given to both. Each side runs in a process of its own: one builds, another loads and is asked under filters of several
shares of rows, at random and by cluster. What is truly nearest is found by comparing all.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench import _results
from chatrec.indexes import Catalog, Item, ItemIndex
from chatrec.indexes._index_plan import IndexSettings
from chatrec.indexes._index_vectors import unit
from chatrec.testing import HashingEmbedder

DIMENSIONS = 384
K = 10
SHARES = (1.0, 0.1, 0.01, 0.001)
_FAISS: Any = faiss
_AT_ONCE = 50_000
Floats = NDArray[np.float32]
Report = dict[str, Any]


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--structure", choices=("auto", "flat", "hnsw", "hnsw-sq8"), default="auto")
    parser.add_argument("--links", type=int, default=16)
    parser.add_argument("--effort", type=int, default=40)
    parser.add_argument("--reach", type=int, default=128, help="raw FAISS's efSearch")
    parser.add_argument("--folder", type=Path, help="where files are kept, 5 KB an item; a temporary one by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatrec-million-", dir=options.folder) as folder:
        result = _measured(Path(folder), options)
    print(_results.write("million", vars(options) | {"folder": None} | result))
    return 0


def _measured(folder: Path, options: argparse.Namespace) -> Report:
    began = time.perf_counter()
    labels = _write_vectors(folder, options.items)
    queries, masks, truths = _questions(folder, labels, options.queries)
    print(f"vectors and truth: {time.perf_counter() - began:.0f} s")
    reports: dict[str, Report] = {}
    for name, build, serve in (("raw", _raw_build, _raw_serve), ("ours", _our_build, _our_serve)):
        reports[name] = _apart(build, folder, options) | _apart(serve, folder, options, queries, masks, truths)
        print(name, json.dumps({key: value for key, value in reports[name].items() if key != "rows"}))
    rows = [
        {"share": ours["share"], "recall": ours["recall"], "p50_ms": ours["p50_ms"], "raw recall": raw["recall"],
         "raw p50_ms": raw["p50_ms"], "over_raw": ours["p50_ms"] / raw["p50_ms"]}
        for ours, raw in zip(reports["ours"]["rows"], reports["raw"]["rows"], strict=True)
    ]  # fmt: skip
    table = Table(*rows[0], title="million")
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)
    over = reports["ours"]["build_s"] / reports["raw"]["build_s"]
    ours = reports["ours"]
    print(f"build over raw {over:.2f}; load {ours['load_s']:.2f} s; RSS over vectors {ours['rss']:.2f}")
    return {"rows": rows, "build_over_raw": over, "raw": reports["raw"], "ours": reports["ours"]}


def _write_vectors(folder: Path, items: int) -> NDArray[np.int64]:
    """Vectors in clusters of about 200, a few numbers of each telling it from its neighbours."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(max(10, items // 200), DIMENSIONS)).astype(np.float32)
    made = np.lib.format.open_memmap(folder / "given.npy", "w+", np.float32, (items, DIMENSIONS))
    labels = rng.integers(len(centres), size=items)
    for start in range(0, items, _AT_ONCE):
        part = centres[labels[start : start + _AT_ONCE]]
        made[start : start + _AT_ONCE] = unit(part + 0.7 * rng.normal(size=part.shape).astype(np.float32))
    made.flush()
    return labels


def _questions(folder: Path, labels: NDArray[np.int64], count: int) -> tuple[Floats, dict[str, Any], dict[str, Any]]:
    """Queries, which rows each filter allows, and the truly nearest among them."""
    rng = np.random.default_rng(1)
    vectors = np.load(folder / "given.npy", mmap_mode="r")
    picked = np.sort(rng.choice(len(vectors), count, replace=False))
    noise = 0.5 * rng.normal(size=(count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    queries = unit(vectors[picked] + noise)
    slots = rng.random(len(vectors))
    masks = {str(share): slots < share for share in SHARES}
    masks["0.1 by cluster"] = labels % 10 == 0
    best = {name: (np.full((count, K), -2, np.float32), np.full((count, K), -1, np.int64)) for name in masks}
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = queries @ vectors[start : start + _AT_ONCE].T
        for name, mask in masks.items():
            rows = np.flatnonzero(mask[start : start + _AT_ONCE])
            scores = np.concatenate([best[name][0], cosines[:, rows]], axis=1)
            places = np.concatenate([best[name][1], np.tile(rows + start, (count, 1))], axis=1)
            order = np.argpartition(-scores, K - 1, axis=1)[:, :K]
            best[name] = (np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1))
    return queries, masks, {name: found for name, (_, found) in best.items()}


def _apart(work: Callable[..., Report], *arguments: Any) -> Report:
    """Run in a fresh process, so that memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _raw_build(folder: Path, options: argparse.Namespace) -> Report:
    vectors = np.load(folder / "given.npy", mmap_mode="r")
    began = time.perf_counter()
    quantized = options.structure == "hnsw-sq8"
    metric = _FAISS.METRIC_INNER_PRODUCT
    if quantized:
        kind = _FAISS.ScalarQuantizer.QT_8bit
        index = _FAISS.IndexHNSWSQ(DIMENSIONS, kind, options.links, metric)
        index.train(np.ascontiguousarray(vectors[:_AT_ONCE]))
    else:
        index = _FAISS.IndexHNSWFlat(DIMENSIONS, options.links, metric)
    index.hnsw.efConstruction = options.effort
    for start in range(0, len(vectors), _AT_ONCE):
        index.add(np.ascontiguousarray(vectors[start : start + _AT_ONCE]))
    _FAISS.write_index(index, str(folder / "raw.faiss"))
    return {"build_s": time.perf_counter() - began}


def _raw_serve(
    folder: Path, options: argparse.Namespace, queries: Floats, masks: dict[str, Any], truths: dict[str, Any]
) -> Report:
    began = time.perf_counter()
    index = _FAISS.read_index(str(folder / "raw.faiss"))
    loaded = time.perf_counter() - began
    _FAISS.omp_set_num_threads(1)

    def search(query: Floats, mask: NDArray[np.bool_]) -> list[int]:
        selector = None
        if not mask.all():
            bits = np.packbits(mask, bitorder="little")
            selector = _FAISS.IDSelectorBitmap(bits)
        _, found = index.search(
            query[None], K, params=_FAISS.SearchParametersHNSW(efSearch=options.reach, sel=selector)
        )
        return [row for row in found[0].tolist() if row >= 0]

    rows = _asked(search, queries, masks, truths)
    return {"load_s": loaded, "rows": rows, "rss": _rss() / (options.items * DIMENSIONS * 4)}


def _our_build(folder: Path, options: argparse.Namespace) -> Report:
    vectors = np.load(folder / "given.npy", mmap_mode="r")
    catalog = Catalog(Item(str(row), f"Thing {row}", "", {"slot": row % 1000}) for row in range(len(vectors)))
    settings = IndexSettings(structure=options.structure, links=options.links, effort=options.effort)
    embedder = HashingEmbedder(DIMENSIONS)
    began = time.perf_counter()
    index = ItemIndex.build(catalog, embedder=embedder, vectors=vectors, path=folder / "index", settings=settings)
    built = time.perf_counter() - began
    graph = index._rows.state.segments[0].graph
    steps = [] if graph is None else [vars_of(step) for step in graph.steps]
    return {"build_s": built, "structure": str(index.describe()), "steps": steps}


def vars_of(step: Any) -> dict[str, float]:
    return {name: getattr(step, name) for name in ("share", "reach", "seconds", "recall", "scanned")}


def _our_serve(
    folder: Path, options: argparse.Namespace, queries: Floats, masks: dict[str, Any], truths: dict[str, Any]
) -> Report:
    embedder = HashingEmbedder(DIMENSIONS)
    ItemIndex.load(folder / "index", embedder=embedder)  # compares large files with their checksums once
    began = time.perf_counter()
    index = ItemIndex.load(folder / "index", embedder=embedder)
    loaded = time.perf_counter() - began

    def search(query: Floats, mask: NDArray[np.bool_]) -> list[int]:
        return [int(hit.id) for hit in index.search(query, k=K, mask=None if mask.all() else mask)]

    rows = _asked(search, queries, masks, truths)
    return {"load_s": loaded, "rows": rows, "rss": _rss() / (options.items * DIMENSIONS * 4)}


def _asked(
    search: Callable[[Floats, NDArray[np.bool_]], Sequence[int]],
    queries: Floats,
    masks: dict[str, Any],
    truths: dict[str, Any],
) -> list[Report]:
    rows: list[Report] = []
    for name, mask in masks.items():
        for query in queries[:20]:
            search(query, mask)
        took: list[float] = []
        found = 0
        for query, truth in zip(queries, truths[name], strict=True):
            began = time.perf_counter()
            hits = search(query, mask)
            took.append(time.perf_counter() - began)
            found += len(set(hits) & set(truth.tolist()))
        rows.append({"share": name, "recall": found / (K * len(queries)), "p50_ms": 1e3 * median(took)})
    return rows


def _rss() -> int:
    """Bytes of memory of this process, mapped files that it has read among them."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not say how much memory a process has")


if __name__ == "__main__":
    sys.exit(main())
