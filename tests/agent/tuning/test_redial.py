"""Labels of dialogues about films: they fit the catalog, and become conversations with the sentences of a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.agent.tuning.test_written import ACTS, KINDS

from chatrec.agent.tuning._redial import DOMAIN, read_labels, redial_talks
from chatrec.agent.tuning._simulate import StandIn
from chatrec.agent.tuning._written import replayed, written_catalog
from chatrec.errors import CatalogError
from chatrec.indexes import Constraint
from chatrec.testing import HashingEmbedder


def test_labels_fit_the_catalog() -> None:
    catalog, labels = written_catalog(DOMAIN), read_labels()
    assert len({label["id"] for label in labels}) == len(labels) > 100
    for label in labels:
        named = [item for items in label["listed"].values() for item in items]
        for turn in label["turns"].values():
            assert set(turn["acts"]) <= ACTS
            assert all(Constraint.parse(wish, catalog.facets).facet in catalog.facets for wish in turn["where"])
            assert (turn["acts"][0] == "feedback") == bool(turn.get("events"))
            assert all(kind in KINDS for kind, _ in turn.get("events", ()))
            named += [item for _, item in turn.get("events", ())]
            named += [turn["about"]] if "about" in turn else []
        assert all(item in catalog for item in named)


def _file(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "turns.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def test_a_dialogue_becomes_a_conversation_of_what_its_person_said(tmp_path: Path) -> None:
    label = next(label for label in read_labels() if label["listed"] and "0" in label["turns"])
    size = 2 + max(int(at) for at in (*label["turns"], *label["listed"], *label["other"]))
    said = [f"sentence {at}" for at in range(size)]
    row = {"dialog_id": label["id"], "context": said[:-1], "resp": said[-1]}
    (talk,) = redial_talks(_file(tmp_path, row | {"context": said[:1], "resp": said[1]}, row))
    assert [turn["user"] for turn in talk["turns"]] == [f"sentence {at}" for at in sorted(map(int, label["turns"]))]
    lists = [turn["then"]["items"] for turn in talk["turns"] if turn["then"] and turn["then"]["act"] == "recommend"]
    assert lists
    assert all(items in label["listed"].values() for items in lists)
    (played,) = replayed(DOMAIN, [talk], embedder=HashingEmbedder(), model=StandIn())
    assert played["domain"] == DOMAIN
    assert played["decisions"]


def test_a_file_without_them_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"turns\.jsonl\.gz"):
        redial_talks(_file(tmp_path, {"dialog_id": "no", "context": [""], "resp": "Hi"}))
