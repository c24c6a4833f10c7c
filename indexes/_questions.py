"""Which question narrows most: facets ranked by the share of the matching items that an answer is expected to rule out.

The model behind `gain`: one of the matching items, each as likely, is the one the person wants. Asked for a facet, the
person answers with that item's value (if it has several, rather with one that rules out much), or with "any": if the
item lacks the facet, else with probability `ANY`, or `ANY_RANGE` where the answer is a range of numbers or dates,
which fewer people have a wish for. The options are all that a person is shown, so only a value among them is answered;
and the more values share the items (their perplexity, exp of the entropy), the fewer people have one of them in mind:
a share of sqrt(`_FAMILIAR` / perplexity) where that is below 1. So facets with dozens of values, each rare (makers,
people's names), gain little, however evenly they would split the items for who knew the answer.

Where no facet can ask, two items are compared: `_contrasts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import Facet, Question, Scalar

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["ANY", "ANY_RANGE", "MAX_OPTIONS", "ask_range", "ask_value", "cut_points", "rank_questions"]

MAX_OPTIONS = 6
ANY = 0.2
ANY_RANGE = 0.4
_FAMILIAR = 20.0
"""So many equally frequent values of a facet are had in mind by everybody whom the facet concerns."""
_SCANNED_VALUES = 5_000
"""Facets with more values than this are not counted: nobody can be asked for them, and counting costs milliseconds."""


def rank_questions(
    catalog: Catalog, mask: NDArray[np.bool_], *, skip: Collection[str] = (), k: int = 3
) -> list[Question]:
    """The facets worth asking about among the items of a mask, best first.

    Args:
        catalog: The catalog.
        mask: Shape (n_items,), the items that still match.
        skip: Facet names not to ask about (asked already, or constrained).
        k: How many questions at most.

    Returns:
        Questions with a gain above 0, by falling gain, ties by the facets' order in the catalog.
    """
    total = int(mask.sum())
    if total < 2:
        return []
    found: list[Question] = []
    for name, facet in catalog.facets.items():
        if name in skip or facet.kind == "text" or len(facet.values) > _SCANNED_VALUES:
            continue
        if facet.kind in {"number", "date"}:
            question = ask_range(facet, _numbers(catalog, facet, mask), catalog, mask)
        else:
            held = total * facet.count / max(1, len(catalog))
            question = ask_value(name, catalog.counts(name, mask), total, held, single=facet.kind != "multi")
        if question is not None and question.gain > 0:
            found.append(question)
    found.sort(key=lambda question: -question.gain)
    return found[:k]


def ask_value(name: str, counts: Mapping[str, int], total: int, held: float, *, single: bool = True) -> Question | None:
    """A question for one of a facet's values.

    Args:
        name: The facet.
        counts: Matching items by value, most frequent first.
        total: How many items match.
        held: About how many of them have the facet at all; only read for facets with several values per item.
        single: Whether an item has at most one value.

    Returns:
        The question with at most `MAX_OPTIONS` options, or None where all matching items answer alike.
    """
    present = [(value, count) for value, count in counts.items() if count > 0]
    present.sort(key=lambda pair: -pair[1])
    if len(present) < 2:
        return None
    said = sum(count for _, count in present)
    held = said if single else min(float(total), max(held, float(present[0][1])))
    # Of an item's several values the telling one is said: each weighs by its count and by what it rules out.
    likely = [count * (1.0 if single else 1 - count / total) for _, count in present]
    weight = max(sum(likely), 1e-9)
    entropy = -sum(each / weight * math.log(each / weight) for each in likely if each > 0)
    in_mind = min(1.0, math.sqrt(_FAMILIAR / math.exp(entropy)))
    options = present[:MAX_OPTIONS]
    covered = sum(count for _, count in options) / held
    if not single:
        covered = 1 - math.prod(1 - min(1.0, count / held) for _, count in options)
    offered = max(sum(likely[:MAX_OPTIONS]), 1e-9)
    rules_out = sum(each / offered * (1 - count / total) for each, (_, count) in zip(likely, options, strict=False))
    gain = in_mind * covered * (held / total) * rules_out
    return Question(facet=name, options=tuple(options), gain=(1 - ANY) * gain)


def ask_range(facet: Facet, values: NDArray[np.float64], catalog: Catalog, mask: NDArray[np.bool_]) -> Question | None:
    """A question for a range of a number or date facet, in two to four ranges at readable numbers.

    Args:
        facet: The facet.
        values: Shape (m,), the values of the matching items that have it (years, for dates).
        catalog: Counts the items of each range.
        mask: Shape (n_items,), the items that still match.

    Returns:
        The question, its options in constraint notation and ascending order, or None where there is nothing to split.
    """
    distinct = len(np.unique(values))
    if distinct < 2:
        return None
    parts = 2 if distinct < 6 else 3 if len(values) < 200 else 4
    cuts = cut_points(values, parts, integer=facet.integer or facet.kind == "date")
    total = int(mask.sum())
    options = [(each, int((catalog.mask([each]) & mask).sum())) for each in _ranges(facet, cuts)]
    options = [(each, count) for each, count in options if count]
    readable = all(Constraint.parse(str(each), catalog.facets) == each for each, _ in options)
    if len(options) < 2 or not readable:
        return None
    gain = sum((count / total) * (1 - count / total) for _, count in options)
    return Question(
        facet=facet.name, options=tuple((str(each), count) for each, count in options), gain=(1 - ANY_RANGE) * gain
    )


def cut_points(values: NDArray[np.float64], parts: int, *, integer: bool = False) -> list[float]:
    """Numbers that split values into about equal parts and are easy to read: quantiles, rounded to 1, 2 or 5 x 10^n.

    Args:
        values: Shape (m,), at least two distinct.
        parts: How many parts at most.
        integer: Whether all cuts must be whole.

    Returns:
        Rising cut points, each above the least value and at most the greatest, so that both sides hold something.
    """
    low, high = float(values.min()), float(values.max())
    inner = np.quantile(values, [place / parts for place in range(1, parts)])
    marks = np.unique(np.concatenate(([low], inner, [high])))
    cuts: list[float] = []
    for left, mark, right in zip(marks[:-2], marks[1:-1], marks[2:], strict=True):
        cuts.append(_readable(float(mark), min(float(mark - left), float(right - mark)) / 2, integer=integer))
    kept = sorted({cut for cut in cuts if low < cut <= high})
    if kept:
        return kept
    above = float(values[values > low].min())
    cut = _readable(above, above - low, integer=integer, down=True)
    return [cut if low < cut <= above else above]


def _readable(value: float, room: float, *, integer: bool, down: bool = False) -> float:
    """The multiple of a readable step, no wider than `room`, that is nearest to a value (or next below it)."""
    power = 10.0 ** math.floor(math.log10(room))
    step = next((power * factor for factor in (5, 2, 1) if power * factor <= room), power)
    if integer:
        step = max(1.0, step)
    steps = math.floor(value / step) if down else round(value / step)
    return round(steps * step, max(0, 1 - math.floor(math.log10(step))))


def _ranges(facet: Facet, cuts: Sequence[float]) -> list[Constraint]:
    ranges = [Constraint(facet.name, "lt", (_bound(facet, cuts[0]),))]
    for low, high in pairwise(cuts):
        if facet.kind == "date":
            last: Scalar = f"{int(high) - 1}-12-31"
        else:
            last = _bound(facet, high - 1 if facet.integer else high)
        ranges.append(Constraint(facet.name, "between", (_bound(facet, low), last)))
    ranges.append(Constraint(facet.name, "ge", (_bound(facet, cuts[-1]),)))
    return ranges


def _bound(facet: Facet, value: float) -> Scalar:
    whole = int(value) if float(value).is_integer() else value
    return str(whole) if facet.kind == "date" else whole


def _numbers(catalog: Catalog, facet: Facet, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The matching items' numbers, or the years of their dates, without the absent ones."""
    if facet.kind == "number":
        column = catalog.column(facet.name)[mask]
        return column[np.isfinite(column)]
    items = catalog.items
    texts = (items[row].facets.get(facet.name) for row in np.flatnonzero(mask))
    years = [float(text[:4]) for text in texts if isinstance(text, str) and text[:4].isdecimal()]
    return np.asarray(years, dtype=np.float64)
