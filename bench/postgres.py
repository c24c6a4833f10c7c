"""PostgreSQL beside the embedded stores, in one run: filtered search, the time of a turn, twenty people at once.

- search: films of `--films` under filters of several widths; the truly nearest by numpy, then how many of them are
  found and how long it takes (p50), by the SQL filter and by the recommender's masks, beside the embedded index.
  Vectors are hashed words of the length that the small models have.
- turns: the same conversation with the same model over both, in turn.
- people: two processes with a model each, over one database; one person alone, then all at once.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench import _results
from bench._server import database

K = 10
_DIMENSIONS = 384
_SCRIPT = (
    "something funny from the 80s",
    "rather from France",
    "I have seen the first one",
    "anything shorter?",
    "what is the second one about?",
    "thank you",
)
_PEOPLE = 20


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--films", type=Path, help="films_wikipedia.jsonl.gz, for the search")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3, help="of the conversation, over each")
    parser.add_argument("--only", choices=["search", "turns", "people"])
    parser.add_argument("--database-url", help="an empty database; by default one is started")
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    with database(options.database_url) as url, tempfile.TemporaryDirectory() as home:
        if options.only in {None, "search"}:
            if options.films is None or not options.films.exists():
                print("search skipped: give --films films_wikipedia.jsonl.gz", file=sys.stderr)
            else:
                result["search"] = search(url, options.films, options.queries)
        if options.only in {None, "turns"}:
            result["turns"] = turns(url, Path(home), options.rounds)
        if options.only in {None, "people"}:
            result["people"] = people(url)
    if not options.dry and result:
        print(_results.write("postgres" + (f"-{options.only}" if options.only else ""), result))
    return 0


def search(url: str, films: Path, queries: int) -> dict[str, Any]:
    """Recall and speed under filters, beside the embedded index."""
    from chatrec.indexes import Catalog, Constraint, ItemIndex
    from chatrec.indexes._index_plan import IndexSettings
    from chatrec.indexes._postgres_index import PostgresIndex
    from chatrec.testing import HashingEmbedder

    catalog = Catalog.load(films)
    embedder = HashingEmbedder(_DIMENSIONS)
    began = time.perf_counter()
    ours = ItemIndex.build(catalog, embedder=embedder, settings=IndexSettings(structure="flat"))
    vectors = ours.vectors([item.id for item in catalog.items])
    built = time.perf_counter()
    theirs = PostgresIndex.build(catalog, server=url, embedder=embedder, vectors=vectors)
    stored = time.perf_counter()
    size = _size(url)
    filters: dict[str, list[Constraint]] = {
        "all": [],
        "since 1970": [Constraint("year", "ge", (1970,))],
        "comedies": [Constraint("genres", "any", ("Comedy",))],
        "comedies of 1980-1984": [
            Constraint("genres", "any", ("Comedy",)),
            Constraint("year", "between", (1980, 1984)),
        ],
        "westerns of 1999": [Constraint("genres", "any", ("Western",)), Constraint("year", "any", (1999,))],
    }
    rng = np.random.default_rng(5)
    asked = [" ".join(catalog.items[int(row)].description.split()[:12]) for row in rng.choice(len(catalog), queries)]
    asked = [text or "a film" for text in asked]
    found: dict[str, Any] = {
        "items": len(catalog),
        "build_s": round(built - began, 1),
        "store_s": round(stored - built, 1),
        "kb_an_item": round(size / len(catalog) / 1000, 2),
        "filters": {},
    }
    for name, where in filters.items():
        mask = catalog.mask(where)
        rows = np.flatnonzero(mask)

        def near(text: str, ids: list[str], rows: Any = rows) -> int:
            """How many of these are as near as the truly nearest; many may be equally near."""
            query = ours.embed(text)
            least = np.sort(vectors[rows] @ query)[-min(K, len(rows))]
            return int((ours.vectors(ids) @ query >= least - 1e-5).sum())

        ways = {
            f"{name}, {way}": call
            for name, index in (("postgresql", theirs), ("embedded", ours))
            for way, call in _ways(index, where, mask).items()
        }
        told: dict[str, Any] = {"allowed": len(rows)}
        wanted = min(K, len(rows)) * len(asked)
        for way, call in ways.items():
            call(asked[0])
            times, hits = [], 0
            for text in asked:
                start = time.perf_counter()
                ids = call(text)
                times.append(time.perf_counter() - start)
                hits += near(text, ids) if "words" not in way else 0
            told[way] = {"p50_ms": round(median(times) * 1000, 2)}
            if "words" not in way:
                told[way]["recall"] = round(hits / wanted, 4)
        found["filters"][name] = told
        print(name, told, flush=True)
    found["graph"] = _by_graph(theirs, vectors, asked, catalog.mask(filters["since 1970"]))
    found["graph"]["kb_an_item"] = round((_size(url) - size) / len(catalog) / 1000, 2)
    print("graph", found["graph"], flush=True)
    return found


def _size(url: str) -> int:
    """Bytes of chatrec's tables and their indexes."""
    from chatrec.indexes._postgres import connect

    statement = (
        "SELECT sum(pg_total_relation_size(c.oid))::bigint AS size FROM pg_class AS c "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'chatrec'::regnamespace"
    )
    return int(connect(url).read(statement)[0]["size"])


def _transactions(url: str) -> int:
    """How many there were in the database; its server tells them a second late."""
    from chatrec.indexes._postgres import connect

    time.sleep(1.5)
    statement = "SELECT xact_commit AS n FROM pg_stat_database WHERE datname = current_database()"
    return int(connect(url).read(statement)[0]["n"])


def _ways(index: Any, where: list[Any], mask: Any) -> dict[str, Callable[[str], list[str]]]:
    """The ways in which items are asked for."""

    def filtered(text: str) -> list[str]:
        return [str(document.id) for document in index.similarity_search(text, K, filter=where)]

    def masked(text: str) -> list[str]:
        return [hit.id for hit in index.search(index.embed(text), k=K, mask=mask)]

    def worded(text: str) -> list[str]:
        return [hit.id for hit in index.search(text, k=K, mask=mask)]

    return {"filter": filtered, "mask": masked, "mask and words": worded}


def _by_graph(index: Any, vectors: Any, asked: list[str], mask: Any) -> dict[str, Any]:
    """The same search where pgvector's graph is used, as it is in larger catalogs."""
    from unittest.mock import patch

    with (
        patch("chatrec.indexes._postgres_tables.GRAPH_FROM", 0),
        patch("chatrec.indexes._postgres_search.GRAPH_FROM", 0),
    ):
        start = time.perf_counter()
        index._tables.build_graph()
        told: dict[str, Any] = {"build_s": round(time.perf_counter() - start, 1)}
        for name, allowed in (("all", None), ("since 1970", mask)):
            rows = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
            times, hits, wanted = [], 0, 0
            for text in asked:
                query = index.embed(text)
                near = vectors[rows] @ query
                least = np.sort(near)[-min(K, len(near))]
                start = time.perf_counter()
                found = index.search(query, k=K, mask=allowed)
                times.append(time.perf_counter() - start)
                # By nearness, since many may be equally near.
                got = index.vectors([hit.id for hit in found]) @ query
                hits += int((got >= least - 1e-5).sum())
                wanted += min(K, len(near))
            told[name] = {"recall": round(hits / wanted, 4), "p50_ms": round(median(times) * 1000, 2)}
    return told


def turns(url: str, home: Path, rounds: int) -> dict[str, Any]:
    """The same conversation with the same model over PostgreSQL and over the embedded stores."""
    from chatrec.agent import create_recommender
    from chatrec.agent._assemble import local_model
    from chatrec.agent.doors._session import Session
    from chatrec.indexes import Catalog, Recommender, open_checkpointer, open_store
    from chatrec.indexes._persistence import build_index
    from chatrec.indexes._postgres import connect

    catalog, model = Catalog.load("films"), local_model(None)
    agents: dict[str, tuple[Any, Recommender]] = {}
    for name, where in (("embedded", None), ("postgresql", url)):
        index = build_index(catalog, path=home / "films", database_url=where)
        recommender = Recommender(catalog, index=index, store=open_store(where or home / "people.db"))
        saver = open_checkpointer(where or home / "threads.db")
        agents[name] = create_recommender(recommender, model=model, checkpointer=saver), recommender
    taken: dict[str, list[float]] = {name: [] for name in agents}
    said: dict[str, list[str]] = {name: [] for name in agents}
    transactions = _transactions(url)
    for number in range(-1, rounds):
        for name, (agent, recommender) in agents.items():
            session = Session(agent, recommender, user_id=f"person {number}", thread_id=f"{name} {number}")
            start = time.perf_counter()
            replies = [session.send(text).reply for text in _SCRIPT]
            if number >= 0:  # the round before the first loads what is needed
                taken[name].append(time.perf_counter() - start)
                said[name] += replies
    result: dict[str, Any] = {name: round(median(each), 3) for name, each in taken.items()}
    result |= {"turns": len(_SCRIPT), "rounds": rounds, "same_replies": said["embedded"] == said["postgresql"]}
    result["transactions_a_turn"] = round((_transactions(url) - transactions) / ((rounds + 1) * len(_SCRIPT)), 1)
    size = "SELECT sum(pg_total_relation_size(t::regclass))::bigint AS b FROM unnest(%(tables)s::text[]) AS t"
    tables = ["checkpoints", "checkpoint_blobs", "checkpoint_writes"]
    kept = connect(url).read(size, {"tables": tables})[0]["b"]
    result["kb_a_turn"] = round(kept / ((rounds + 1) * len(_SCRIPT)) / 1000, 1)
    result["over"] = round(result["postgresql"] / result["embedded"], 3)
    print(result, flush=True)
    return result


def people(url: str) -> dict[str, Any]:
    """One person, then twenty at once, over two processes with a model each."""
    context = mp.get_context("spawn")
    pipes: list[Any] = []
    for _ in range(2):
        ours, theirs = context.Pipe()
        context.Process(target=_member, args=(url, theirs), daemon=True).start()
        pipes.append(ours)
    for pipe in pipes:
        pipe.recv()

    def converse(names: list[str], process: int) -> list[tuple[float, str]]:
        pipes[process].send(names)
        found: list[tuple[float, str]] = pipes[process].recv()
        return found

    alone = converse(["alone"], 0)
    everybody = [f"person {number}" for number in range(_PEOPLE)]
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(converse, [everybody[::2], everybody[1::2]], [0, 1]))
    wall = time.perf_counter() - began
    for pipe in pipes:
        pipe.send(None)
    crowd = [turn for part in parts for turn in part]
    result = {
        "people": _PEOPLE,
        "processes": 2,
        "turns": len(crowd),
        "errors": sum(1 for _, error in alone + crowd if error),
        "error": next((error for _, error in alone + crowd if error), ""),
        "one_p95_s": round(float(np.percentile([seconds for seconds, _ in alone], 95)), 2),
        "all_p50_s": round(float(np.percentile([seconds for seconds, _ in crowd], 50)), 2),
        "all_p95_s": round(float(np.percentile([seconds for seconds, _ in crowd], 95)), 2),
        "turns_a_second": round(len(crowd) / wall, 2),
    }
    print(result, flush=True)
    return result


def _member(url: str, pipe: Any) -> None:
    """A process with a model: lets people talk at once, as often as it is told."""
    from chatrec.agent import create_recommender
    from chatrec.agent.doors._session import Session
    from chatrec.indexes import Catalog, Recommender

    catalog = Catalog.load("films")
    recommender = Recommender(catalog, database_url=url)
    agent = create_recommender(recommender, database_url=url)
    Session(agent, recommender, user_id="first", thread_id=f"first {time.time_ns()}").send(_SCRIPT[0])

    def talk(name: str) -> list[tuple[float, str]]:
        found: list[tuple[float, str]] = []
        for text in _SCRIPT[:3]:
            start = time.perf_counter()
            error = ""
            try:
                Session(agent, recommender, user_id=name, thread_id=f"of {name}").send(text)
            except Exception as failed:  # it is counted and told
                error = f"{type(failed).__name__}: {failed}"
            found.append((time.perf_counter() - start, error))
        return found

    pipe.send("ready")
    while (names := pipe.recv()) is not None:
        with ThreadPoolExecutor(len(names)) as pool:
            pipe.send([turn for each in pool.map(talk, names) for turn in each])


if __name__ == "__main__":
    sys.exit(main())
