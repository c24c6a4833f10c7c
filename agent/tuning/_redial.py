"""Conversations of people who recommend films to people (ReDial), as something to learn from.

What is kept here are labels: what an agent should do after each of the person's sentences, by dialogue and sentence,
given by hand as in the other conversations of `written/`, over a catalog of facts. The sentences are read from a file
of ReDial's validation part (Li et al. 2018, CC BY 4.0) as iEvaLM-CRS gives it: one line for each turn in which films
were recommended, with `dialog_id`, `context` (all sentences before, of the person and the recommender by turns) and
`resp` (the recommender's).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatrec.agent.tuning._files import read_written
from chatrec.errors import CatalogError

__all__ = ["DOMAIN", "read_labels", "redial_talks"]

DOMAIN = "films"


def read_labels() -> list[dict[str, Any]]:
    """The labels of each dialogue.

    `turns` holds by the sentence's number what the conversations of `written/` have for a turn; `other` says of the
    recommender's sentences whether they ask, describe or only reply, and `listed` which films they recommend.
    """
    return read_written(f"{DOMAIN}.labels.jsonl")


def redial_talks(path: Path) -> list[dict[str, Any]]:
    """The labelled dialogues as conversations, with ReDial's sentences.

    Raises:
        CatalogError: The file holds none of them.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    # The last turn of a dialogue has all sentences before it.
    longest = {row["dialog_id"]: row for row in sorted(rows, key=lambda row: len(row["context"]))}
    found = [
        _talk(label, [*row["context"], row["resp"]])
        for label in read_labels()
        if (row := longest.get(label["id"])) is not None
    ]
    if not found:
        raise CatalogError(f"{path.name!r} holds none of the labelled dialogues", hint="give ReDial's validation part")
    return found


def _talk(label: Mapping[str, Any], sentences: Sequence[str]) -> dict[str, Any]:
    turns = [
        {"user": sentences[int(at)], **turn, "then": _then(label, turn, sentences, int(at) + 1)}
        for at, turn in sorted(label["turns"].items(), key=lambda pair: int(pair[0]))
    ]
    return {"language": "en", "turns": turns}


def _then(
    label: Mapping[str, Any], turn: Mapping[str, Any], sentences: Sequence[str], at: int
) -> dict[str, Any] | None:
    """What the human recommender did next, as an answer of ours."""
    text = sentences[at] if at < len(sentences) else ""
    if not text:
        return None
    listed = label["listed"].get(str(at), ())
    if listed:
        return {"act": "recommend", "items": listed}
    act = label["other"].get(str(at), "reply")
    if act == "describe" and turn.get("about"):
        return {"act": "describe", "items": [turn["about"]]}
    return {"act": "ask", "facet": "genre", "text": text} if act == "ask" else {"act": "reply", "text": text}
