from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chatrec.agent.tuning._pack import Batch, pack


def decision(prompt: list[int], tokens: list[int], places: list[int]) -> dict[str, Any]:
    return {"tokens": prompt + tokens, "at": len(prompt), "choices": [(p, [tokens[p], 99]) for p in places], "act": "a"}


def seen_by(batch: Batch, row: int, node: int) -> list[int]:
    """The tokens that a choice's last token sees, in the order of their positions."""
    if row < 0:
        return list(batch.shared[: node + 1])
    places = np.flatnonzero(batch.sees[row, node])
    ordered = sorted(places, key=lambda place: int(batch.depths[row, place]))
    assert [int(batch.depths[row, p]) for p in ordered] == list(
        range(len(batch.shared), len(batch.shared) + len(ordered))
    )
    return [int(t) for t in (*batch.shared, *batch.tokens[row, ordered])]


@st.composite
def histories(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    system = draw(st.lists(st.integers(1, 5), min_size=2, max_size=6))
    found: list[list[dict[str, Any]]] = []
    for _ in range(draw(st.integers(1, 5))):
        history = list(system)
        decisions: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(1, 4))):
            history = history + draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
            tokens = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
            places = sorted(draw(st.sets(st.integers(0, len(tokens) - 1), min_size=1)))
            decisions.append(decision(history, tokens, places))
            if draw(st.booleans()):
                history = history + tokens
        found.append(decisions)
    return found


@given(histories())
def test_every_choice_sees_exactly_what_stands_before_it(found: list[list[dict[str, Any]]]) -> None:
    batch = pack(found, lambda _: 1.0)
    assert batch is not None
    wanted = sorted(
        (tuple(d["tokens"][: d["at"] + place]), d["tokens"][d["at"] + place])
        for decisions in found
        for d in decisions
        for place, _ in d["choices"]
    )
    got = sorted((tuple(seen_by(batch, c.row, c.node)), c.target) for c in batch.choices)
    assert got == wanted


def test_no_token_is_computed_twice() -> None:
    system = list(range(1, 41))
    conversations = [
        [decision([*system, 50 + n], [7], [0]), decision([*system, 50 + n, 7, 8, 9], [7], [0])] for n in range(4)
    ]
    batch = pack(conversations, lambda _: 1.0)
    assert batch is not None
    assert len(batch.shared) == 40
    assert batch.tokens.size == 4 * 4


def test_decisions_that_are_too_long_are_left_out() -> None:
    system = [1] * 40  # what all begin with is no length of theirs
    short, long = decision([*system, 2], [3], [0]), decision([*system, *[4] * 30], [3], [0])
    batch = pack([[short, long]], lambda _: 2.0, longest=10)
    assert batch is not None
    assert [choice.weight for choice in batch.choices] == [2.0]
    assert pack([[long], [decision([5] * 30, [3], [0])]], lambda _: 1.0, longest=10) is None
