"""The notation of constraints and what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.errors import ConstraintError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import Facet, FacetValue, Op, Scalar

FACETS = {
    facet.name: facet
    for facet in (
        Facet("genres", "multi", 9, values={"Comedy": 5, "Drama": 3, "Sci-Fi": 1}),
        Facet("颜色", "category", 4, values={"红色": 3, "黑色": 1}),
        Facet("year", "number", 9, low=1900.0, high=2020.0, integer=True),
        Facet("price (€)", "number", 9, low=0.5, high=99.9, unit="€"),
        Facet("released", "date", 9),
        Facet("new", "boolean", 9, values={"true": 5, "false": 4}),
        Facet("notes", "text", 9),
    )
}


@pytest.mark.parametrize(
    ("text", "facet", "op", "values"),
    [
        ("genres=Comedy", "genres", "any", ("Comedy",)),
        ("GENRES = comedy | sci-fi", "genres", "any", ("Comedy", "Sci-Fi")),
        ("genres!=Drama", "genres", "none", ("Drama",)),
        ("year>=1990", "year", "ge", (1990,)),
        ("year<2,000", "year", "lt", (2000,)),
        ("year > 1990", "year", "gt", (1990,)),
        ("year<=1990", "year", "le", (1990,)),
        ("year=1990..1999", "year", "between", (1990, 1999)),
        ("price (€)<=12.5", "price (€)", "le", (12.5,)),
        ("released=2020-01..2020-06-30", "released", "between", ("2020-01", "2020-06-30")),
        ("released>=2020", "released", "ge", ("2020",)),
        ("new=true", "new", "any", ("true",)),
        ("notes~a=b", "notes", "contains", ("a=b",)),
        ("颜色!=黑色", "颜色", "none", ("黑色",)),
    ],
)
def test_the_notation_is_read(text: str, facet: str, op: Op, values: tuple[Scalar, ...]) -> None:
    constraint = Constraint.parse(text, FACETS)
    assert constraint == Constraint(facet, op, values)
    assert Constraint.parse(str(constraint), FACETS) == constraint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comedy", "'comedy' is not a constraint .*facet=value"),
        ("genres=", "is not a constraint"),
        ("mood=dark", "there is no facet 'mood' .*genres"),
        ("genres=Romance", "'genres' never has the value 'Romance' .*Comedy, Drama"),
        ("genres>=Comedy", "'genres' has no order"),
        ("year>=old", "'year' takes a number, not 'old'"),
    ],
)
def test_what_does_not_fit_is_an_error_with_the_cure(text: str, message: str) -> None:
    with pytest.raises(ConstraintError, match=message):
        Constraint.parse(text, FACETS)


@given(st.floats(-1e12, 1e12), st.sampled_from(("lt", "le", "gt", "ge", "any")))
def test_numbers_survive_the_notation(number: float, op: Op) -> None:
    constraint = Constraint("price (€)", op, (number,))
    assert Constraint.parse(str(constraint), FACETS) == constraint


@pytest.mark.parametrize(
    ("op", "values", "held", "accepted"),
    [
        ("any", ("a", "b"), "b", True),
        ("any", ("a", "b"), ("c", "a"), True),
        ("any", ("a",), "A", False),
        ("any", (1,), 1.0, True),
        ("any", ("1",), 1, False),
        ("any", ("true",), True, True),
        ("none", ("a",), ("b", "a"), False),
        ("none", ("a",), None, True),
        ("none", ("a",), (), True),
        ("any", ("a",), None, False),
        ("ge", (1990,), 1990, True),
        ("gt", (1990,), 1990, False),
        ("lt", (1990,), "1980", False),
        ("between", (1, 3), 3, True),
        ("between", (3, 1), 2, False),
        ("ge", ("2020-02",), "2020-02-01", True),
        ("ge", ("2020-02-01",), "2020-02", True),
        ("ge", ("2020-01-01",), "2019-12-31T23:59", False),
        ("lt", ("2020-02-01",), "2020-02", False),
        ("lt", ("2020-02-01",), "2020-01-31T23:59", True),
        ("le", ("2020-02-29",), "2020-02-29T18:00:00+02:00", True),
        ("le", ("2020-02-29",), "2020-03-01T00:00", False),
        ("le", ("2020",), "2020-12-31", True),
        ("gt", ("2020-02-29",), "2020-02-29 18:00", False),
        ("gt", ("2020-02",), "2020-03-01", True),
        ("between", ("2020-02-01", "2020-02-29"), "2020-02", True),
        ("between", ("2020-02-29", "2020-02-29"), "2020-02-29T18:00", True),
        ("between", ("2020-02-01", "2020-02-29"), "2020-03-01", False),
        ("le", ("Fr",), "Fred", False),
        ("contains", ("STRASSE",), "Hauptstraße", True),
        ("contains", ("oo",), ("Bar", "Moon"), True),
        ("contains", ("oo",), None, False),
    ],
)
def test_what_a_constraint_accepts(op: Op, values: tuple[Scalar, ...], held: FacetValue | None, accepted: bool) -> None:
    assert Constraint("x", op, values).accepts(held) is accepted
