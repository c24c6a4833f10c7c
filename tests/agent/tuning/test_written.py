"""Conversations written by hand: their labels fit their catalogs, and a replay decides what the labels say."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest

from chatrec.agent.tuning._simulate import StandIn
from chatrec.agent.tuning._written import handwritten, handwritten_count, read_talks, replayed, written_domains
from chatrec.indexes import Catalog, Constraint
from chatrec.testing import HashingEmbedder

ACTS = {"ask", "recommend", "describe", "feedback", "preference", "reply"}
KINDS = {"accept", "reject", "seen", "critique", "refine"}


@pytest.mark.parametrize("domain", written_domains())
def test_labels_fit_the_catalog(domain: str) -> None:
    with as_file(files("chatrec.agent.tuning").joinpath("written", f"{domain}.catalog.jsonl")) as path:
        catalog = Catalog.load(path)
    for talk in read_talks(domain):
        assert talk["language"] in {"en", "zh"}
        for turn in talk["turns"]:
            assert set(turn["acts"]) <= ACTS
            for notation in (*turn["where"], *turn.get("profile", ())):
                assert Constraint.parse(notation, catalog.facets).facet in catalog.facets
            assert all(kind in KINDS and item in catalog for kind, item in turn.get("events", ()))
            assert turn["user"].strip()
            then = turn.get("then") or {}
            assert all(item in catalog for item in then.get("items", ()))
            assert then.get("facet") is None or then["facet"] in catalog.facets
        assert all(turn.get("then") for turn in talk["turns"][:-1])


def test_a_replay_decides_as_labelled() -> None:
    talks = read_talks("backpacks")[:1]
    first = next(replayed("backpacks", talks, embedder=HashingEmbedder(), model=StandIn()))
    turns = read_talks(first["domain"])[0]["turns"]
    named = [note for note in first["decisions"] if note.trace.kind == "name"]
    chosen = [(note.said, note.act) for note in named]
    names = {"ask": "ask_user", "recommend": "recommend", "describe": "describe_item", "feedback": "record_feedback"}
    for turn in turns:
        acts = [act for said, act in chosen if said == turn["user"]]
        assert acts[0] in {names[act] for act in turn["acts"]}
    opinions = [note.arguments["kind"] for note in named if note.act == "record_feedback"]
    assert opinions == [kind for turn in turns for kind, _ in turn.get("events", ())]
    assert first["language"] == read_talks(first["domain"])[0]["language"]


def test_fewer_are_of_all_domains() -> None:
    few = list(handwritten(3, embedder=HashingEmbedder(), model=StandIn()))
    assert [each["domain"] for each in few] == written_domains()[:3]
    assert handwritten_count() == sum(len(read_talks(domain)) for domain in written_domains()) > 400
