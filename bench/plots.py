"""Pictures for docs/benchmarks.md from what the measurements wrote to bench/results/.

A measurement has a picture when it stands in `FIGURES`. Pictures without a result stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from bench import _ranking_plots
from bench._plots import FOLDER, Bars, Curves, Value, draw
from bench._results import FOLDER as RESULTS

Result: TypeAlias = Mapping[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Draw a picture of every result that has one."""
    parser = argparse.ArgumentParser(prog="bench plots", description=__doc__)
    parser.add_argument("names", nargs="*", help="of results (default all that lie there)", metavar="NAME")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the results lie")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the pictures go")
    options = parser.parse_args(argv)
    drawn = 0
    for name, figure in FIGURES.items():
        path: Path = options.results / f"{name}.json"
        if options.names and name not in options.names:
            continue
        if path.exists():
            print(draw(name, figure(json.loads(path.read_text("utf-8"))), folder=options.out))
            drawn += 1
        else:
            print(f"{name}: no result; `make bench NAME={name}` makes one")
    return 0 if drawn else 1


def source(result: Result, options: str = "") -> str:
    """Which command measured a result, on what, and when.

    Args:
        result: As `bench._results.write` wrote it.
        options: What else the command was given.
    """
    command = f"make bench NAME={result['name']}" + (f' ARGS="{options}"' if options else "")
    machine = result.get("machine", {})
    where = f"{machine.get('processors', '?')} × {machine.get('processor') or machine.get('machine', '?')}"
    return f"{command} · {where} · {str(result['at'])[:10]}"


def spread(values: Sequence[float]) -> Value:
    """The lowest, middle and highest of several runs."""
    return (min(values), median(values), max(values))


def _turn(result: Result) -> Bars:
    words = {f"{at}. {turn['text']}": turn for at, turn in enumerate(result["turns"], 1)}
    return Bars(
        title="How long a turn takes, and what the model itself must cost",
        unit="seconds (less is better); floor: new tokens at llama.cpp's bare speed",
        source=source(result),
        rows={name: {"a turn": turn["seconds"], "its floor": turn["floor"]} for name, turn in words.items()},
    )


def _peer(result: Result) -> Bars:
    return Bars(
        title="A forced tool call: time, beside LangChain's community class",
        unit="seconds a call (less is better); middle and range of the calls",
        source=source(result),
        rows={"a call": {name: spread([c["seconds"] for c in calls]) for name, calls in result["calls"].items()}},
    )


def _decoding(result: Result) -> Bars:
    times = result["grammar"]["milliseconds_a_token"]
    return Bars(
        title="What constrained decoding costs",
        unit="milliseconds a token (less is better)",
        source=source(result),
        rows={
            name: {"to a JSON schema": spread(times[f"{key}, schema"]), "free": spread(times[f"{key}, free"])}
            for name, key in (("chatrec", "ours"), ("llama.cpp's GBNF", "GBNF"))
        },
    )


def _prefix(result: Result) -> Bars:
    told = {"recommender": "the recommender's prompt", "long": "a long prompt"}
    return Bars(
        title="A new process: time to the first token, with the system text kept on disk and without",
        unit="seconds (less is better); middle and range of the runs",
        source=source(result),
        rows={
            f"{told.get(name, name)}, {runs['with'][0]['prompt']} tokens": {
                f"{how} prefix_cache": spread([run["first"] for run in runs[how]]) for how in ("with", "without")
            }
            for name, runs in result["runs"].items()
        },
    )


def _search(result: Result) -> Curves:
    names = ("ours, whole", "raw FAISS", "numpy scan", "LangChain FAISS")
    series = {
        name: [(row["share"], row["p50_ms"]) for row in result["rows"] if row["search"] == name] for name in names
    }
    hits = [f"{row['hits']:.3g} of 10 found" for row in result["rows"] if row["search"] == "LangChain FAISS"]
    return Curves(
        title=f"Ten nearest of {result['items']:,} items under a filter",
        x="share of the items that pass the filter",
        y="milliseconds, median (less is better)",
        source=source(result),
        series=series,
        log="xy",
        labels={"LangChain FAISS": hits},
    )


def _million(result: Result) -> Bars:
    rows = result["rows"]
    return Bars(
        title=f"Recall of the ten nearest of {result['items']:,} items under a filter",
        unit="recall@10 (more is better); beside it the median times of a search, chatrec's and raw HNSW's",
        source=source(result),
        rows={
            f"keeps {row['share']}: {row['p50_ms']:.3g} and {row['raw p50_ms']:.2g} ms": {
                who: row[f"{key}recall"] for who, key in (("chatrec", ""), ("raw HNSW", "raw "))
            }
            for row in rows
        },
    )


def _dishes(result: Result) -> Bars:
    told = {"zh": "Chinese questions", "en": "English questions"}
    return Bars(
        title="Chinese recipes: the right dish among the first five",
        unit="share of the questions (more is better)",
        source=source(result),
        rows={
            words: {name: found[language] for name, found in result["found"].items()}
            for language, words in told.items()
        },
    )


def _linking(result: Result) -> Bars:
    rows: dict[str, dict[str, Value]] = {}
    for part, language in (("films", "English and Chinese"), ("recipes", "Chinese, English")):
        rows[f"{part} ({language})"] = {who: found["all"]["f1"] for who, found in result[part].items()}
    return Bars(
        title="Wishes read in the catalog's own terms, without a model",
        unit="F1 of the constraints (more is better)",
        source=source(result),
        rows=rows,
    )


def _loading(result: Result) -> Bars:
    rows: dict[str, dict[str, Value]] = {}
    for reading in result["readings"]:
        who = "chatrec" if reading["reader"] == "chatrec" else "Python's reader, untyped"
        rows.setdefault(f"{reading['rows']:,} rows, {reading['file']}", {})[who] = reading["over_size"]
    return Bars(
        title="Memory while a file is loaded",
        unit="peak memory over the file's size (less is better)",
        source=source(result),
        rows=rows,
    )


def _acts(result: Result) -> Bars:
    every = result.get("every", 1)
    used = result["figures"]["as used"]
    told = {"all": "all", "en": "English", "zh": "Chinese"}
    return Bars(
        title=f"The right act, {used['all']['turns']} labelled turns in domains with their own catalogs",
        unit="share of the turns (more is better)",
        source=source(result, f"--every {every}" if every != 1 else ""),
        rows={
            words: {
                "embedded model with its adapter": used[part]["right act"],
                "ask first, then list": used[part]["first-turn rule"],
            }
            for part, words in told.items()
            if part in used
        },
    )


def _choice(result: Result) -> Bars:
    return Bars(
        title="First messages about the demo films, each once: right acts",
        unit="of 25 messages (more is better)",
        source=source(result),
        rows={"right acts": {name: float(sum(acts.values())) for name, acts in result["right"].items()}},
    )


FIGURES: dict[str, Callable[[Result], Bars | Curves]] = {
    "acts": _acts,
    "choice": _choice,
    "decoding": _decoding,
    "dishes": _dishes,
    "feedback": lambda result: _ranking_plots.feedback(result, source),
    "linking": _linking,
    "loading": _loading,
    "million": _million,
    "movielens": lambda result: _ranking_plots.movielens(result, source),
    "peer": _peer,
    "prefix": _prefix,
    "recommending": lambda result: _ranking_plots.recommending(result, source),
    "redial": lambda result: _ranking_plots.redial(result, source),
    "search": _search,
    "turn": _turn,
    "variety": lambda result: _ranking_plots.variety(result, source),
}
