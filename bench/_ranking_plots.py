"""Pictures of what the recommender was measured at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from bench._plots import Bars, Curves, Value

Result = Mapping[str, Any]
Sources = Callable[[Result, str], str]

_DATA = "--data .../ml-100k"


def movielens(result: Result, source: Sources) -> Bars:
    """NDCG@10 by protocol and ranker."""
    columns = dict.fromkeys(c for row in result["ndcg"].values() for c in row if c.endswith("@10"))
    rows = {
        column: {name: _spread(row[column]) for name, row in result["ndcg"].items() if column in row}
        for column in columns
    }
    return Bars(
        title="Ranking MovieLens-100K",
        unit="NDCG@10 (more is better); middle and range of the splits",
        source=source(result, _DATA),
        rows=rows,
    )


def feedback(result: Result, source: Sources) -> Curves:
    """NDCG@10 by number of judgements."""
    series = {
        name: [(float(n), fmean(values)) for n, values in sorted(curve.items(), key=lambda pair: int(pair[0]))]
        for name, curve in result["ndcg"].items()
    }
    return Curves(
        title="What a few judgements are worth",
        x="items accepted or rejected",
        y="NDCG@10 (more is better)",
        source=source(result, _DATA),
        series=series,
    )


def redial(result: Result, source: Sources) -> Bars:
    """Recall@10 by ranker."""
    columns = next(iter(result["recall"].values()))
    return Bars(
        title="The films that people recommended to people (ReDial, validation)",
        unit="recall@10 (more is better); middle and range of the folds",
        source=source(result, "--turns ... --items ..."),
        rows={c: {name: _spread(row[c]) for name, row in result["recall"].items()} for c in columns},
    )


def variety(result: Result, source: Sources) -> Bars:
    """What each setting of a list changes."""
    columns = next(iter(result["lists"].values()))
    return Bars(
        title="Settings of a list",
        unit="NDCG@10; mean difference of two films' genres; share of the long tail",
        source=source(result, _DATA),
        rows={c: {name: _spread(row[c]) for name, row in result["lists"].items()} for c in columns},
    )


def recommending(result: Result, source: Sources) -> Bars:
    """How long a list takes."""
    times = {name: median(each) for name, each in result["milliseconds"].items()}
    return Bars(
        title=f"A list among {result['items']:,} items",
        unit="milliseconds, median (less is better)",
        source=source(result, ""),
        rows={"a list": times},
    )


def _spread(values: Sequence[float]) -> Value:
    return (min(values), median(values), max(values))
