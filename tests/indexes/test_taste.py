from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackEvent, FeedbackKind
from chatrec.indexes._taste import ACCEPT, HALF_LIFE, REJECT, REJECT_WITH_REASON, fold
from chatrec.indexes._values import Item

CATALOG = Catalog(
    Item(
        id=f"i{n}",
        title=f"Item {n}",
        facets={"tags": ("a", "b") if n % 2 else ("c",), "kind": "xyz"[n % 3], "length": 60 + 10 * n},
    )
    for n in range(12)
)
_serial = count()


def event(
    kind: FeedbackKind, item: str | None = None, constraint: Constraint | None = None, reason: str = ""
) -> FeedbackEvent:
    return FeedbackEvent(f"e{next(_serial)}", kind, item, constraint, reason, None, "2025-01-01T00:00:00+00:00")


def test_accepting_pulls_and_rejecting_pushes_a_little() -> None:
    taste = fold([event("reject", "i2"), event("accept", "i1")], CATALOG)
    assert taste.pulls["i1"] == pytest.approx(ACCEPT)
    assert taste.pulls["i2"] == pytest.approx(REJECT * 0.5 ** (1 / HALF_LIFE))
    assert taste.values["tags", "a"] > 0 > taste.values["tags", "c"]
    assert abs(taste.values["tags", "c"]) < taste.values["tags", "a"]
    assert taste.shown == {"i1", "i2"}


def test_seen_only_excludes() -> None:
    taste = fold([event("seen", "i1")], CATALOG)
    assert not taste
    assert taste.shown == {"i1"}
    kept = fold([event("accept", "i1"), event("seen", "i1")], CATALOG)
    assert kept.pulls == {"i1": ACCEPT}


def test_the_latest_word_on_an_item_counts() -> None:
    assert fold([event("accept", "i1"), event("reject", "i1")], CATALOG).pulls == {"i1": REJECT}
    assert fold([event("reject", "i1"), event("accept", "i1")], CATALOG).pulls == {"i1": ACCEPT}


def test_newer_events_weigh_more() -> None:
    taste = fold([event("accept", f"i{n}") for n in range(11)], CATALOG)
    assert taste.pulls["i10"] == ACCEPT
    assert taste.pulls["i0"] == pytest.approx(ACCEPT / 2)


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        (Constraint("tags", "any", ("a",)), -1.0),  # what was wrong: the item has it
        (Constraint("tags", "none", ("a",)), 1.0),  # what is wanted: the item is not so
        (Constraint("length", "lt", (70,)), 1.0),
        (Constraint("length", "ge", (70,)), -1.0),
    ],
)
def test_a_reason_acts_on_its_facet_whichever_way_it_is_put(said: Constraint, sign: float) -> None:
    taste = fold([event("reject", "i1", said)], CATALOG)
    assert taste.wishes == ((said, sign),)
    assert taste.pulls == {"i1": REJECT_WITH_REASON}


def test_a_critique_without_an_item_is_a_wish() -> None:
    said = Constraint("tags", "any", ("a",))
    assert fold([event("critique", None, said)], CATALOG).wishes == ((said, 1.0),)


def test_reasons_in_words_are_read_by_the_linker() -> None:
    asked: list[tuple[str, str | None]] = []

    def link(reason: str, item_id: str | None) -> list[Constraint]:
        asked.append((reason, item_id))
        return [Constraint("length", "lt", (70,))]

    taste = fold([event("reject", "i1", reason="too long"), event("accept", "i2", reason="fine")], CATALOG, link)
    assert asked == [("too long", "i1")]
    assert [constraint for constraint, _ in taste.wishes] == [Constraint("length", "lt", (70,))]


def test_less_than_this_one_means_clearly_less() -> None:
    spread = float(np.std([60 + 10 * n for n in range(12)]))
    said = Constraint("length", "lt", (160,))
    assert fold([event("critique", "i10", said)], CATALOG).wishes == (
        (replace(said, values=(round(160 - spread),)), 1.0),
    )
    least = Constraint("length", "lt", (60,))
    assert fold([event("critique", "i0", least)], CATALOG).wishes == ((least, 1.0),)


def test_a_newer_wish_on_a_number_replaces_the_older() -> None:
    events = [
        event("refine", None, Constraint("length", "lt", (70,))),
        event("refine", None, Constraint("length", "gt", (90,))),
    ]
    assert fold(events, CATALOG).wishes == ((Constraint("length", "gt", (90,)), 1.0),)


def test_unknown_items_and_facets_are_passed_over() -> None:
    taste = fold([event("accept", "gone"), event("refine", None, Constraint("gone", "any", ("x",)))], CATALOG)
    assert not taste
    assert taste.shown == {"gone"}


def test_spam_on_one_item_changes_nothing_more() -> None:
    earlier = [event("accept", "i2"), event("refine", None, Constraint("tags", "any", ("c",)))]
    once = fold([*earlier, event("accept", "i1")], CATALOG)
    often = fold([*earlier, *(event("accept", "i1") for _ in range(1000))], CATALOG)
    assert often == once


events_strategy = st.lists(
    st.builds(
        event,
        st.sampled_from(["accept", "reject", "seen", "critique", "refine"]),
        st.sampled_from([f"i{n}" for n in range(12)]),
        st.one_of(
            st.none(),
            st.sampled_from("abc").map(lambda tag: Constraint("tags", "any", (tag,))),
            st.integers(50, 200).map(lambda bound: Constraint("length", "lt", (bound,))),
        ),
    ),
    max_size=60,
)


@given(events_strategy)
def test_everything_that_comes_out_is_bounded(events: list[FeedbackEvent]) -> None:
    taste = fold(events, CATALOG)
    assert 0 <= taste.strength < 1
    assert all(-1 <= weight <= 1 for weight in taste.pulls.values())
    assert all(-1 <= weight <= 1 for weight in taste.values.values())
    assert all(-1 <= weight <= 1 for _, weight in taste.wishes)
    assert len(taste.wishes) <= 4
