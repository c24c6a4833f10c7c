"""A million vectors: recall, speed, time to build and to load, and memory, beside raw FAISS.

Vectors are seeded and lie as those of an embedder do (`_vectors.py`; a table says how, and with `--real` how real ones
do); queries are new ones of the same kind. They are written to the disk in parts and given to both sides, each in a
process of its own: one builds, another loads and is asked, on one thread, under filters of several shares of rows, at
random and by branches of the tree. What is truly nearest is found by comparing all.

Raw FAISS is given the same graph, links and effort. It is asked at every reach (efSearch) of a grid, with the filter as
a selector of bits, and by comparing the selected rows of its flat storage; the fastest that finds `--recall` of the
nearest is what ours is held against. So both have found as much, and raw FAISS has found it in its best way.

A run takes some minutes for each of its parts, `--part` by `--part` in one `--folder` too.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench import _results
from bench._vectors import DIMENSIONS, Grown, lie
from chatrec.indexes import Catalog, Item, ItemIndex
from chatrec.indexes._index_plan import IndexSettings
from chatrec.testing import HashingEmbedder

K = 10
SHARES = (1.0, 0.1, 0.01, 0.001)
PARTS = ("vectors", "raw-build", "our-build", "raw-serve", "our-serve")
_REACHES = (32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
_FAISS: Any = faiss
_AT_ONCE = 50_000
_FIRST = 20
Floats = NDArray[np.float32]
Report = dict[str, Any]


def main() -> int:
    """Measure."""
    settings = IndexSettings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--structure", choices=("auto", "flat", "hnsw", "hnsw-sq8"), default="auto")
    parser.add_argument("--links", type=int, default=settings.links)
    parser.add_argument("--effort", type=int, default=settings.effort)
    parser.add_argument("--recall", type=float, default=settings.recall)
    parser.add_argument("--real", type=Path, help="a saved index, to show how its vectors lie")
    parser.add_argument("--folder", type=Path, help="where files are kept, 5 KB an item; a temporary one by default")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; needs --folder")
    options = parser.parse_args()
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        return _measured(options.folder, options)
    with tempfile.TemporaryDirectory(prefix="chatrec-million-") as folder:
        return _measured(Path(folder), options)


def _measured(folder: Path, options: argparse.Namespace) -> int:
    works: dict[str, Callable[..., Report]] = {
        "vectors": _vectors,
        "raw-build": _raw_build,
        "our-build": _our_build,
        "raw-serve": _raw_serve,
        "our-serve": _our_serve,
    }
    for part in options.part or PARTS:
        began = time.perf_counter()
        report = _apart(works[part], folder, options)
        (folder / f"{part}.json").write_text(json.dumps(report), "utf-8")
        told = {name: value for name, value in report.items() if name not in {"rows", "steps"}}
        print(f"{part}: {time.perf_counter() - began:.0f} s; {json.dumps(told)}")
    paths = {part: folder / f"{part}.json" for part in PARTS}
    if not all(path.exists() for path in paths.values()):
        return 0
    reports: dict[str, Report] = {part: json.loads(path.read_text("utf-8")) for part, path in paths.items()}
    shown = _compared(reports, options.recall)
    print(_results.write("million", vars(options) | {"folder": None, "real": None, "rows": shown} | reports))
    return 0


def _compared(reports: dict[str, Report], recall: float) -> list[Report]:
    """What ours took over the fastest of raw FAISS that found enough."""
    rows: list[Report] = []
    for ours in reports["our-serve"]["rows"]:
        tried = [row for row in reports["raw-serve"]["rows"] if row["share"] == ours["share"]]
        best = min((row for row in tried if row["recall"] >= recall), key=lambda row: row["p50_ms"])
        rows.append(
            {"share": ours["share"], "recall": ours["recall"], "p50_ms": ours["p50_ms"], "how": ours["how"],
             "raw recall": best["recall"], "raw p50_ms": best["p50_ms"], "raw how": best["how"],
             "over_raw": ours["p50_ms"] / best["p50_ms"]}
        )  # fmt: skip
    table = Table(*rows[0], title="million")
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)
    lying = {name: value for name, value in reports["vectors"].items() if isinstance(value, dict)}
    table = Table("vectors", *next(iter(lying.values())), title="how they lie")
    for name, numbers in lying.items():
        table.add_row(name, *(f"{value:.3f}" for value in numbers.values()))
    Console().print(table)
    ours = reports["our-serve"]
    over = reports["our-build"]["build_s"] / reports["raw-build"]["build_s"]
    busy = reports["our-build"]["cpu_s"] / reports["raw-build"]["cpu_s"]
    print(f"build over raw {over:.2f}, of the processor's time {busy:.2f}")
    print(f"load {ours['load_s']:.2f} s; RSS over vectors {ours['rss']:.2f}")
    return rows


def _vectors(folder: Path, options: argparse.Namespace) -> Report:
    """Write the vectors, and the queries with the rows that each filter allows and the truly nearest among them."""
    grown = Grown(options.items + options.queries)
    branches = grown.branches[options.queries :]
    made = np.lib.format.open_memmap(folder / "given.npy", "w+", np.float32, (options.items, DIMENSIONS))
    queries = np.zeros((0, DIMENSIONS), np.float32)
    at = 0
    for part in grown.parts():
        fresh = min(options.queries - len(queries), len(part))
        queries = np.concatenate([queries, part[:fresh]])
        made[at : at + len(part) - fresh] = part[fresh:]
        at += len(part) - fresh
    made.flush()
    lies = {"made": lie(made)}
    if options.real is not None:
        real = ItemIndex.load(options.real)._rows.state.segments[0].vectors.matrix
        lies |= {"real": lie(real), "made, as many": lie(np.concatenate(list(Grown(len(real)).parts())))}
    slots = np.random.default_rng(1).random(options.items)
    masks = {str(share): slots < share for share in SHARES} | {"0.1 by branch": branches % 10 == 0}
    best = {name: (np.full((len(queries), K), -2, np.float32), np.full((len(queries), K), -1)) for name in masks}
    for start in range(0, options.items, _AT_ONCE):
        cosines = queries @ made[start : start + _AT_ONCE].T
        for name, mask in masks.items():
            rows = np.flatnonzero(mask[start : start + _AT_ONCE])
            scores = np.concatenate([best[name][0], cosines[:, rows]], axis=1)
            places = np.concatenate([best[name][1], np.tile(rows + start, (len(queries), 1))], axis=1)
            order = np.argpartition(-scores, K - 1, axis=1)[:, :K]
            best[name] = (np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1))
    np.savez(folder / "masks.npz", allow_pickle=False, **masks)
    truths: dict[str, NDArray[Any]] = {name: found for name, (_, found) in best.items()}
    np.savez(folder / "truths.npz", allow_pickle=False, queries=queries, **truths)
    return dict(lies)


def _apart(work: Callable[..., Report], *arguments: Any) -> Report:
    """Run in a fresh process, so that memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _raw_build(folder: Path, options: argparse.Namespace) -> Report:
    vectors = np.load(folder / "given.npy", mmap_mode="r")
    began, worked = time.perf_counter(), time.process_time()
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
    return {"build_s": time.perf_counter() - began, "cpu_s": time.process_time() - worked}


def _raw_serve(folder: Path, options: argparse.Namespace) -> Report:
    began = time.perf_counter()
    index = _FAISS.read_index(str(folder / "raw.faiss"))
    loaded = time.perf_counter() - began
    _FAISS.omp_set_num_threads(1)
    flat = index.storage

    def by_graph(query: Floats, mask: NDArray[np.bool_] | None, reach: int) -> list[int]:
        bits = None if mask is None else np.packbits(mask, bitorder="little")
        selector = None if bits is None else _FAISS.IDSelectorBitmap(bits)
        settings = _FAISS.SearchParametersHNSW(efSearch=reach, sel=selector)
        return [row for row in index.search(query[None], K, params=settings)[1][0].tolist() if row >= 0]

    def by_scan(query: Floats, mask: NDArray[np.bool_] | None) -> list[int]:
        bits = None if mask is None else np.packbits(mask, bitorder="little")
        selector = None if bits is None else _FAISS.IDSelectorBitmap(bits)
        found = flat.search(query[None], K, params=_FAISS.SearchParameters(sel=selector))[1][0].tolist()
        return [row for row in found if row >= 0]

    rows = _asked(by_scan, folder, "scan")
    for reach in _REACHES:
        rows += _asked(partial(by_graph, reach=reach), folder, f"reach {reach}", rows, options.recall)
    return {"load_s": loaded, "rows": rows, "rss": _rss() / (options.items * DIMENSIONS * 4)}


def _our_build(folder: Path, options: argparse.Namespace) -> Report:
    vectors = np.load(folder / "given.npy", mmap_mode="r")
    catalog = Catalog(Item(str(row), f"Thing {row}", "", {"slot": row % 1000}) for row in range(len(vectors)))
    settings = IndexSettings(structure=options.structure, links=options.links, effort=options.effort)
    embedder = HashingEmbedder(DIMENSIONS)
    began, worked = time.perf_counter(), time.process_time()
    index = ItemIndex.build(catalog, embedder=embedder, vectors=vectors, path=folder / "index", settings=settings)
    built = time.perf_counter() - began
    graph = index._rows.state.segments[0].graph
    steps = [] if graph is None else [_numbers(step) for step in graph.steps]
    return {"build_s": built, "cpu_s": time.process_time() - worked, "structure": str(index.describe()), "steps": steps}


def _numbers(step: Any) -> dict[str, float]:
    return {name: getattr(step, name) for name in ("share", "reach", "seconds", "recall", "scanned")}


def _our_serve(folder: Path, options: argparse.Namespace) -> Report:
    embedder = HashingEmbedder(DIMENSIONS)
    ItemIndex.load(folder / "index", embedder=embedder)  # compares large files with their checksums once
    gc.collect()
    began = time.perf_counter()
    index = ItemIndex.load(folder / "index", embedder=embedder)
    loaded = time.perf_counter() - began

    def search(query: Floats, mask: NDArray[np.bool_] | None) -> list[int]:
        return [int(hit.id) for hit in index.search(query, k=K, mask=mask)]

    rows = _asked(search, folder, "")
    graph = index._rows.state.segments[0].graph
    for row in rows:
        step = graph.pays(int(row["allowed"])) if graph is not None else None
        row["how"] = "scan" if step is None else f"reach {step.reach}"
    return {"load_s": loaded, "rows": rows, "rss": _rss() / (options.items * DIMENSIONS * 4)}


def _asked(
    search: Callable[[Floats, NDArray[np.bool_] | None], Sequence[int]],
    folder: Path,
    how: str,
    known: Sequence[Report] = (),
    enough: float = 0.0,
) -> list[Report]:
    """Ask every query under every filter, unless `enough` was found before, or far too little by the first queries."""
    truths = np.load(folder / "truths.npz")
    masks = np.load(folder / "masks.npz")
    queries = truths["queries"]
    done = {row["share"] for row in known if row["how"] != "scan" and row["recall"] >= enough > 0}
    rows: list[Report] = []
    for name in masks.files:
        if name in done:
            continue
        mask = None if name == "1.0" else masks[name]
        for query in queries[:5]:
            search(query, mask)
        took: list[float] = []
        found = 0
        for query, truth in zip(queries, truths[name], strict=True):
            if len(took) == _FIRST and found < (enough - 0.1) * K * _FIRST:
                break
            began = time.perf_counter()
            hits = search(query, mask)
            took.append(time.perf_counter() - began)
            found += len(set(hits) & set(truth.tolist()))
        if len(took) < len(queries):
            continue
        rows.append(
            {"share": name, "how": how, "recall": found / (K * len(queries)), "p50_ms": 1e3 * median(took),
             "allowed": int(masks[name].sum())}
        )  # fmt: skip
    return rows


def _rss() -> int:
    """Bytes of memory of this process, mapped files that it has read among them."""
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not say how much memory a process has")


if __name__ == "__main__":
    sys.exit(main())
