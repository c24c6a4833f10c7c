from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._questions import ANY, MAX_OPTIONS, ask_value, cut_points, rank_questions
from chatrec.indexes._values import FacetValue, Item


def catalog_of(*rows: Mapping[str, FacetValue]) -> Catalog:
    return Catalog([Item(id=str(n), title=f"Thing {n}", facets=row) for n, row in enumerate(rows)])


def everything(catalog: Catalog) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(len(catalog), dtype=np.bool_)


def test_an_even_split_is_worth_what_the_formula_says() -> None:
    question = ask_value("colour", {"red": 50, "blue": 50}, 100, 100)
    assert question is not None
    assert question.options == (("red", 50), ("blue", 50))
    assert question.gain == pytest.approx((1 - ANY) * 0.5)


def test_an_even_split_beats_a_lopsided_one_and_one_value_is_no_question() -> None:
    even = ask_value("a", {"x": 50, "y": 50}, 100, 100)
    lopsided = ask_value("a", {"x": 95, "y": 5}, 100, 100)
    assert even is not None
    assert lopsided is not None
    assert even.gain > lopsided.gain
    assert ask_value("a", {"x": 100}, 100, 100) is None


def test_items_that_lack_the_facet_make_it_worth_less() -> None:
    full = ask_value("a", {"x": 50, "y": 50}, 100, 100)
    sparse = ask_value("a", {"x": 5, "y": 5}, 100, 10)
    assert full is not None
    assert sparse is not None
    assert sparse.gain < full.gain / 4


def test_a_facet_with_hundreds_of_values_is_worth_less_than_one_with_a_few() -> None:
    rows: list[dict[str, FacetValue]] = [{"maker": f"Maker {n}", "size": "SML"[n % 3]} for n in range(300)]
    best = rank_questions(catalog_of(*rows), np.ones(300, dtype=np.bool_))
    assert next(question.facet for question in best) == "size"
    assert all(question.gain < 0.2 for question in best if question.facet == "maker")
    assert all(len(question.options) <= MAX_OPTIONS for question in best)


def test_only_what_the_options_cover_is_gained() -> None:
    counts = {f"maker {n}": 1 for n in range(60)}
    few, many = ask_value("maker", {"a": 30, "b": 30}, 60, 60), ask_value("maker", counts, 60, 60)
    assert few is not None
    assert many is not None
    assert many.gain < 0.1 * 0.8
    assert few.gain == pytest.approx(0.8 * 0.5)
    six = ask_value("kind", {f"kind {n}": 10 for n in range(6)}, 60, 60)
    twelve = ask_value("kind", {f"kind {n}": 5 for n in range(12)}, 60, 60)
    assert six is not None
    assert twelve is not None
    assert twelve.gain == pytest.approx(0.8 * 0.5 * (1 - 1 / 12))
    assert six.gain == pytest.approx(0.8 * (1 - 1 / 6))


def test_items_that_have_several_values_are_covered_by_any_of_them() -> None:
    counts = {f"kind {n}": 30 for n in range(12)}
    several, one = ask_value("kinds", counts, 100, 100, single=False), ask_value("kind", counts, 360, 360)
    assert several is not None
    assert one is not None
    assert several.gain > 1.2 * one.gain


def test_asked_and_constrained_facets_and_free_text_are_not_asked() -> None:
    rows: list[dict[str, FacetValue]] = [
        {
            "size": "SML"[n % 3],
            "warm": n % 2 == 0,
            "notes": f"a long note of many words, number {n}, never said twice " * 3,
        }
        for n in range(60)
    ]
    catalog = catalog_of(*rows)
    assert {question.facet for question in rank_questions(catalog, everything(catalog))} == {"size", "warm"}
    assert [question.facet for question in rank_questions(catalog, everything(catalog), skip={"size"})] == ["warm"]


def test_nothing_is_asked_about_one_item() -> None:
    catalog = catalog_of({"size": "S"}, {"size": "M"})
    assert rank_questions(catalog, np.array([True, False])) == []


def test_only_matching_items_count() -> None:
    catalog = catalog_of({"size": "S", "hue": "red"}, {"size": "S", "hue": "blue"}, {"size": "M", "hue": "red"})
    mask = catalog.mask([Constraint("size", "any", ("S",))])
    assert [question.facet for question in rank_questions(catalog, mask)] == ["hue"]


def test_numbers_become_readable_ranges_that_cover_every_item_once() -> None:
    rng = np.random.default_rng(7)
    years = np.clip(rng.normal(1992, 20, size=150).round(), 1920, 2024)
    catalog = catalog_of(*({"year": int(year)} for year in years))
    [question] = rank_questions(catalog, everything(catalog))
    assert sum(count for _, count in question.options) == 150
    assert len(question.options) == 3
    low, middle, high = (Constraint.parse(text, catalog.facets) for text, _ in question.options)
    assert (low.op, middle.op, high.op) == ("lt", "between", "ge")
    bounds = [low.values[0], *middle.values, high.values[0]]
    assert all(isinstance(bound, int) for bound in bounds)
    assert int(low.values[0]) % 5 == 0
    assert int(high.values[0]) % 5 == 0
    assert int(middle.values[1]) == int(high.values[0]) - 1


def test_dates_become_ranges_of_years() -> None:
    catalog = catalog_of(*({"released": f"{1990 + n % 30}-03-{n % 27 + 1:02d}"} for n in range(90)))
    assert catalog.facets["released"].kind == "date"
    [question] = rank_questions(catalog, everything(catalog))
    assert sum(count for _, count in question.options) == 90
    counted = [int(catalog.mask([Constraint.parse(text, catalog.facets)]).sum()) for text, _ in question.options]
    assert counted == [count for _, count in question.options]


@given(
    st.lists(
        st.one_of(st.integers(-50, 5000), st.floats(-5, 1e6, allow_nan=False).map(lambda value: round(value, 2))),
        min_size=2,
        max_size=60,
    )
)
def test_every_option_of_numbers_counts_what_its_constraint_accepts(numbers: list[float]) -> None:
    catalog = catalog_of(*({"amount": number} for number in numbers))
    for question in rank_questions(catalog, everything(catalog)):
        assert 0 < question.gain < 1
        assert 2 <= len(question.options) <= 4
        for text, count in question.options:
            constraint = Constraint.parse(text, catalog.facets)
            assert count == sum(constraint.accepts(item.facets.get("amount")) for item in catalog.items) > 0


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=50), st.integers(2, 4))
def test_cut_points_leave_something_on_both_sides(numbers: list[float], parts: int) -> None:
    values = np.array(numbers)
    if len(np.unique(values)) < 2:
        return
    cuts = cut_points(values, parts)
    assert cuts == sorted(set(cuts))
    assert 1 <= len(cuts) <= parts - 1
    assert all((values < cut).any() and (values >= cut).any() for cut in cuts)


def test_ten_thousand_items_are_ranked_within_milliseconds() -> None:
    rng = np.random.default_rng(0)
    rows: list[dict[str, FacetValue]] = [
        {
            "kind": f"kind {int(rng.integers(12))}",
            "tags": tuple(f"tag {int(tag)}" for tag in rng.choice(40, size=3, replace=False)),
            "year": int(rng.integers(1950, 2025)),
            "price": round(float(rng.lognormal(3, 1)), 2),
            "maker": f"maker {int(rng.integers(3000))}",
        }
        for _ in range(10_000)
    ]
    catalog = catalog_of(*rows)
    mask = everything(catalog)
    rank_questions(catalog, mask)
    best = min(_timed(catalog, mask) for _ in range(5))
    assert best < 0.05


def _timed(catalog: Catalog, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    start = time.perf_counter()
    rank_questions(catalog, mask)
    return time.perf_counter() - start
