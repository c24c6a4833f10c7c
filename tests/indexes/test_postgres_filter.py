"""What a condition in SQL accepts is what the constraint accepts, value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.postgres_server import PostgresOfTests

from chatrec.indexes import Constraint
from chatrec.indexes._postgres import Postgres
from chatrec.indexes._postgres_filter import Where

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "B",
        "true",
        "false",
        "1",
        "10",
        "9.5",
        "2020-01-02",
        "2020-01-01",
        "2020-01",
        "2020-01-02T18:00",
        "红",
        'it\'s "q"',
        "%s",
        "",
    ]
)
NUMBERS = st.sampled_from([0, 1, 10, 9.5, -3, 1e9])
SCALARS = st.one_of(WORDS, NUMBERS, st.booleans())
HELD = st.one_of(st.none(), SCALARS, st.lists(WORDS, max_size=3).map(tuple))


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    op = draw(st.sampled_from(["any", "none", "lt", "le", "gt", "ge", "between"]))
    if op in {"any", "none"}:
        return Constraint("f", op, tuple(draw(st.lists(SCALARS, min_size=1, max_size=3))))  # type: ignore[arg-type]
    count = 2 if op == "between" else 1
    return Constraint("f", op, tuple(draw(st.one_of(WORDS, NUMBERS)) for _ in range(count)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def server(postgres_server: PostgresOfTests) -> Iterator[Postgres]:
    server = Postgres(postgres_server.database())
    yield server
    server.close()


def accepted(server: Postgres, constraint: Constraint, held: list[Any]) -> list[bool]:
    condition = Where([constraint])
    rows = [json.dumps({} if value is None else {"f": value}) for value in held]
    sql = (
        f"SELECT coalesce({condition.sql}, FALSE) AS held FROM "
        "(SELECT t::jsonb AS facets, t::json AS entry, '' AS title, n FROM unnest(%(rows)s::text[]) "
        "WITH ORDINALITY AS u(t, n)) AS items ORDER BY n"
    )
    return [row["held"] for row in server.read(sql, condition.values | {"rows": rows})]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(constraint=constraints(), held=st.lists(HELD, min_size=1, max_size=8))
def test_sql_accepts_what_the_constraint_accepts(server: Postgres, constraint: Constraint, held: list[Any]) -> None:
    assert accepted(server, constraint, held) == [constraint.accepts(value) for value in held]


@pytest.mark.parametrize(
    ("needle", "held"), [("CO", "scones"), ("红", "大红袍"), ("x", "scones"), ("9.5", 9.5), ("it", True)]
)
def test_contains(server: Postgres, needle: str, held: Any) -> None:
    constraint = Constraint("f", "contains", (needle,))
    assert accepted(server, constraint, [held, None]) == [constraint.accepts(held), False]
