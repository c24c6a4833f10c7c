"""The labelled material is whole: constraints can be read, items exist, there is enough of everything."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from bench import _labelled as labelled
from bench.agreement import kappa

from chatrec.agent.tuning._replay import Given
from chatrec.indexes import Catalog
from chatrec.indexes._feedback import KINDS

SHARED = Path(os.environ.get("CHATREC_SHARED_DATA", "shared/data"))
SIZES = {"linking_dev": 120, "linking_films": 110, "linking_recipes": 110}
CHINESE_OR_ENGLISH = {"linking_dev": 40, "linking_films": 25, "linking_recipes": 25}


def catalog_of(name: str) -> Catalog:
    catalog = labelled.load_catalog(name, SHARED)
    if catalog is None:
        pytest.skip(f"{name} is not part of the project: name its folder in CHATREC_SHARED_DATA")
    return catalog


def check_turn(turn: labelled.Turn, catalog: Catalog, before: set[str]) -> None:
    assert turn.acts[0] == turn.best
    assert set(turn.acts) <= set(labelled.ACTS)
    assert turn.end
    assert set(turn.end) <= set(labelled.ENDS)
    for wishes in (*turn.accepted, turn.profile):
        assert len(labelled.read_wishes(catalog, wishes)) == len(wishes)
    assert set(turn.facets) <= set(catalog.facets)
    for event in turn.events:
        assert event.kinds
        assert set(event.kinds) <= set(KINDS)
        assert event.item in before
        assert event.about is None or labelled.read_wishes(catalog, [event.about])
    assert turn.best != "feedback" or any(not event.optional for event in turn.events)
    assert turn.best != "preference" or turn.profile
    assert "describe" not in (turn.acts[0], turn.end[0]) or turn.described in catalog


def check_said(said: Given, catalog: Catalog) -> None:
    assert said.act in labelled.ENDS
    assert said.text
    assert all(item in catalog for item in said.items)
    assert (said.facet in catalog.facets) == (said.act == "ask")
    assert (len(said.items) > 0) == (said.act in {"recommend", "describe"})


def check_sentence(sentence: labelled.Sentence, catalog: Catalog) -> None:
    for wishes in sentence.accepted:
        assert all(str(wish) for wish in labelled.read_wishes(catalog, wishes))
    assert all(item in catalog for item in (*sentence.last, *sentence.named)), sentence.id
    assert all(facet in catalog.facets for facet in sentence.lifted), sentence.id
    assert "comparative" not in sentence.kinds or sentence.last, sentence.id


@pytest.mark.parametrize("name", labelled.LINKING)
def test_sentences_are_enough_and_of_every_kind(name: str) -> None:
    found = labelled.sentences(name)
    assert len(found) >= SIZES[name]
    assert len({sentence.id for sentence in found}) == len(found)
    assert len({(sentence.catalog, sentence.text) for sentence in found}) == len(found)
    assert {kind for sentence in found for kind in sentence.kinds} == labelled.KINDS
    assert min(Counter(sentence.language for sentence in found).values()) >= CHINESE_OR_ENGLISH[name]
    nothing = [sentence for sentence in found if "distractor" in sentence.kinds]
    assert len(nothing) >= 0.15 * len(found)
    assert not any(sentence.want or sentence.lifted for sentence in nothing)


@pytest.mark.parametrize("name", labelled.LINKING)
def test_sentences_fit_their_catalogs(name: str) -> None:
    found = labelled.sentences(name)
    for catalog_name in sorted({sentence.catalog for sentence in found}):
        catalog = catalog_of(catalog_name)
        for sentence in found:
            if sentence.catalog == catalog_name:
                check_sentence(sentence, catalog)


def test_dishes_never_repeat_the_title() -> None:
    found = labelled.dishes()
    count = Counter(dish.language for dish in found)
    assert count["zh"] >= 60
    assert count["en"] >= 30
    assert not [dish.id for dish in found for title in dish.accept if title in dish.text]


def test_dishes_exist() -> None:
    catalog = catalog_of("recipes_zh")
    for dish in labelled.dishes():
        assert {catalog[item].title for item in dish.ids} == set(dish.accept), dish.id


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["gears>1", "gears<4"], ["gears=2..3"], True),
        (["type=road", "gears>1"], ["gears>1", "type=road"], True),
        (["type=road|city"], ["type=road", "type=city"], False),
        (["type=road"], ["type=road", "gears>=1"], False),
    ],
)
def test_wishes_are_compared_by_what_they_admit(one: list[str], other: list[str], same: bool) -> None:
    catalog = catalog_of("dev_bikes")
    first, second = labelled.read_wishes(catalog, one), labelled.read_wishes(catalog, other)
    assert labelled.same_wishes(catalog, first, second) is same
    assert labelled.same_wishes(catalog, second, first) is same


def test_there_are_turns_enough_of_every_act() -> None:
    found = [talk for domain in labelled.domains() for talk in labelled.conversations(domain)]
    turns = [(talk.language, turn) for talk in found for turn in talk.turns]
    assert len(turns) >= 300
    assert len({talk.domain for talk in found}) >= 10
    assert len({talk.domain for talk in found if talk.language == "zh"}) >= 3
    assert len({talk.id for talk in found}) == len(found)
    assert all(1 < len(talk.turns) <= 6 for talk in found)
    acts = Counter(turn.best for _, turn in turns)
    assert min(acts[act] for act in labelled.ACTS) >= 10
    events = Counter(event.kinds[0] for _, turn in turns for event in turn.events)
    assert min(events[kind] for kind in KINDS) >= 10


def test_development_turns_are_enough_of_every_act_and_kept_apart() -> None:
    found = labelled.conversations(labelled.DEVELOPMENT)
    turns = [(talk.language, turn) for talk in found for turn in talk.turns]
    assert len(turns) >= 160
    assert min(Counter(language for language, _ in turns).values()) >= 80
    assert len({talk.id for talk in found}) == len(found)
    assert all(3 <= len(talk.turns) <= 6 for talk in found)
    acts = Counter(turn.best for _, turn in turns)
    assert min(acts[act] for act in labelled.ACTS) >= 10
    events = Counter(event.kinds[0] for _, turn in turns for event in turn.events if not event.optional)
    assert min(events[kind] for kind in KINDS) >= 5
    kept = [talk for domain in labelled.domains() for talk in labelled.conversations(domain)]
    assert labelled.DEVELOPMENT not in labelled.domains()
    assert not {talk.domain for talk in found} & {talk.domain for talk in kept}
    assert not {talk.catalog for talk in found} & {talk.catalog for talk in kept}


@pytest.mark.parametrize("domain", [*labelled.domains(), labelled.DEVELOPMENT])
def test_conversations_fit_their_catalog(domain: str) -> None:
    for talk in labelled.conversations(domain):
        catalog = catalog_of(talk.catalog)
        assert (20 if domain == labelled.DEVELOPMENT else 25) <= len(catalog) <= 60
        assert [turn.assistant is None for turn in talk.turns] == [False] * (len(talk.turns) - 1) + [True], talk.id
        seen: set[str] = set()
        for turn in talk.turns:
            check_turn(turn, catalog, seen)
            if turn.assistant is not None:
                check_said(turn.assistant, catalog)
                seen |= set(turn.assistant.items)


def test_pairs_are_enough_and_fit() -> None:
    found = labelled.pairs()
    assert len(found) >= 200
    assert len({pair.id for pair in found}) == len(found)
    assert set(labelled.RELATIONS) == {pair.relation for pair in found}
    assert {pair.domain for pair in found} == set(labelled.domains())
    for pair in found:
        catalog = catalog_of(pair.catalog)
        assert pair.expect in labelled.RELATIONS[pair.relation], pair.id
        assert pair.a != pair.b
        for side in (pair.a, pair.b):
            assert [turn.assistant is None for turn in side] == [False] * (len(side) - 1) + [True], pair.id
            for turn in side[:-1]:
                assert turn.assistant is not None
                check_said(turn.assistant, catalog)
        assert (pair.facet in catalog.facets) == (pair.relation == "already answered"), pair.id
        if pair.relation == "few matches":
            assert 1 <= catalog.mask(labelled.read_wishes(catalog, pair.where)).sum() <= 5, pair.id


def test_everything_was_labelled_twice() -> None:
    assert [row["id"] for row in labelled.passes("linking")] == [
        sentence.id for name in labelled.LINKING for sentence in labelled.sentences(name)
    ]
    talks = {talk.id: talk for domain in labelled.domains() for talk in labelled.conversations(domain)}
    twice = {row["id"]: row for row in labelled.passes("acts")}
    assert twice.keys() == talks.keys()
    assert all(len(twice[name]["turns"]) == len(talk.turns) for name, talk in talks.items())


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a", "a"), ("b", "b")], 1.0),
        ([("a", "b"), ("b", "a")], -1.0),
        ([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], 0.0),
        ([("a", "a")], 1.0),
        ([("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15, 0.4),
    ],
)
def test_kappa(pairs: list[tuple[str, str]], expected: float) -> None:
    assert kappa(pairs) == pytest.approx(expected)
