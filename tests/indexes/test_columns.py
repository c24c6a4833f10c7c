"""Masks and counts by column, against asking every item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.errors import ConstraintError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._columns import CodedColumn, NumberColumn
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import FacetValue, Item, Op, Scalar

WORDS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "ab",
        "Straße",
        "STRASSE",
        "猫",
        "猫咪",
        "2001-05-01",
        "2001-05",
        "2001-05-01T18:00",
        "1.0",
        "true",
        "inf",
    ]
)
NUMBERS = st.sampled_from([-2, -0.0, 0, 0.5, 1, 1.0, 2, 1e9]) | st.integers(-3, 3)
SCALARS = WORDS | NUMBERS | st.booleans()
COLUMNS: dict[str, st.SearchStrategy[FacetValue]] = {
    "words": WORDS,
    "numbers": NUMBERS,
    "truths": st.booleans(),
    "lists": st.lists(WORDS, max_size=4).map(tuple),
    "mixed": SCALARS | st.lists(WORDS, max_size=2).map(tuple),
}
ORDERS: tuple[Op, ...] = ("lt", "le", "gt", "ge")


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    rows = draw(st.lists(st.fixed_dictionaries({}, optional=COLUMNS), min_size=1, max_size=8))
    return Catalog(Item(str(number), f"Title {number % 3}", "", facets) for number, facets in enumerate(rows))


@st.composite
def constraints(draw: st.DrawFn, facet: str) -> Constraint:
    op: Op = draw(st.sampled_from(("any", "none", "between", "contains", *ORDERS)))
    values: Sequence[Scalar]
    if op in {"any", "none"}:
        values = draw(st.lists(SCALARS, max_size=3))
    else:
        values = draw(st.lists(SCALARS, min_size=2, max_size=2) if op == "between" else st.lists(SCALARS, min_size=1))
    return Constraint(facet, op, tuple(values))


def asked(catalog: Catalog, where: Sequence[Constraint]) -> list[bool]:
    return [all(c.accepts(item.facets.get(c.facet)) for c in where) for item in catalog.items]


@settings(max_examples=400)
@given(st.data())
def test_masks_equal_accepts_of_every_item(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    if not catalog.facets:
        return
    facets = st.sampled_from(sorted(catalog.facets))
    where = data.draw(st.lists(facets.flatmap(constraints), max_size=2))
    assert catalog.mask(where).tolist() == asked(catalog, where)


@given(st.data())
def test_counts_are_of_the_mask_and_sorted(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    for name in catalog.facets:
        chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(catalog), max_size=len(catalog))))
        counted = catalog.counts(name, chosen)
        expected: Counter[str] = Counter()
        for item, kept in zip(catalog.items, chosen, strict=True):
            if kept and name in item.facets:
                expected.update(shown(item.facets[name]))
        assert counted == dict(expected)
        assert list(counted.values()) == sorted(counted.values(), reverse=True)
        assert catalog.counts(name) == catalog.counts(name, np.ones(len(catalog), dtype=np.bool_))


def shown(value: FacetValue) -> set[str]:
    parts: Sequence[Scalar] = value if isinstance(value, tuple) else (value,)
    return {str(part).lower() if isinstance(part, bool) else show_part(part) for part in parts}


def show_part(part: Scalar) -> str:
    return part if isinstance(part, str) else str(int(part)) if float(part).is_integer() else str(part)


def films(rows: Sequence[Mapping[str, FacetValue]]) -> Catalog:
    return Catalog(Item(f"i{number}", f"Film {number}", "On the moon.", facets) for number, facets in enumerate(rows))


def test_numbers_are_a_column_with_nan_for_absent_that_nobody_can_write() -> None:
    catalog = films([{"year": 1990}, {}, {"year": 2001.5}])
    column = catalog.column("year")
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column, [1990, np.nan, 2001.5])
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


def test_only_number_facets_have_a_column_of_numbers() -> None:
    catalog = films([{"genre": "noir"}, {"genre": "noir"}])
    with pytest.raises(ConstraintError, match="'genre' is a category facet"):
        catalog.column("genre")
    with pytest.raises(ConstraintError, match="there is no facet 'taste'"):
        catalog.column("taste")


def test_items_without_the_facet_satisfy_none_alone() -> None:
    catalog = films([{"genre": "noir"}, {}, {"genre": "war"}])
    assert catalog.mask([Constraint("genre", "none", ("noir",))]).tolist() == [False, True, True]
    assert catalog.mask([Constraint("genre", "any", ("noir", "war"))]).tolist() == [True, False, True]


def test_titles_and_descriptions_can_be_searched_like_facets() -> None:
    catalog = films([{}, {}, {}])
    assert catalog.mask([Constraint("title", "contains", ("FILM 1",))]).tolist() == [False, True, False]
    assert catalog.mask([Constraint("description", "contains", ("Moon",))]).all()


def test_an_unknown_facet_is_an_error_that_lists_the_facets() -> None:
    catalog = films([{"genre": "noir", "year": 1950}])
    with pytest.raises(ConstraintError, match=r"there is no facet 'gener' .*genre, year"):
        catalog.mask([Constraint("gener", "any", ("noir",))])


def test_masks_are_fresh_and_without_constraints_all_true() -> None:
    catalog = films([{"genre": "noir"}, {"genre": "war"}])
    where = [Constraint("genre", "any", ("noir",))]
    catalog.mask(where)[:] = True
    assert catalog.mask(where).tolist() == [True, False]
    assert catalog.mask([]).tolist() == [True, True]


def test_a_value_twice_in_one_item_counts_once() -> None:
    catalog = films([{"tags": ("b", "a", "b")}, {"tags": ("b",)}])
    assert catalog.counts("tags") == {"b": 2, "a": 1}


def test_as_many_values_as_items_does_not_mean_one_each() -> None:
    catalog = films([{"tags": ("a", "b")}, {}, {"tags": ("c",)}])
    assert catalog.mask([Constraint("tags", "any", ("b", "c"))]).tolist() == [True, False, True]


def test_only_the_columns_that_are_asked_for_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    catalog = films([{"genre": "noir", "year": 1950, "cast": ("A", "B")}])
    for kind in (CodedColumn, NumberColumn):
        original = kind.__init__

        def note(self: object, values: object, original: object = original, kind: type = kind) -> None:
            built.append(kind.__name__)
            original(self, values)  # type: ignore[operator]

        monkeypatch.setattr(kind, "__init__", note)
    catalog.mask([Constraint("year", "ge", (1900,))])
    catalog.counts("year")
    assert built == ["NumberColumn"]
