"""What people wrote and labelled by hand for measuring: read from `bench/data`, and checked.

The formats, the rules of labelling and the licence stand in `bench/data/README.md`. None of it trains anything; the
development sets alone (`linking_dev`, `DEVELOPMENT`) may be read for their mistakes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from chatrec.agent.tuning._replay import Event, Given
from chatrec.indexes import Catalog, Constraint

DATA = Path(__file__).resolve().parent / "data"
LINKING = ("linking_dev", "linking_films", "linking_recipes")
DEVELOPMENT = "dev"
"""What `conversations` takes for those that may be read: over six catalogs, which each conversation names."""
KINDS = frozenset({"exact", "synonym", "negation", "number", "range", "several", "comparative", "lifted"}) | frozenset(
    {"distractor", "title", "typo", "slang", "long", "short"}
)
ACTS = ("ask", "recommend", "describe", "feedback", "preference", "reply")
ENDS = ("ask", "recommend", "describe", "reply")
RELATIONS = {
    "constraint added": frozenset({"ask_not_higher"}),
    "just show me": frozenset({"ask_lower"}),
    "vaguer": frozenset({"ask_higher"}),
    "paraphrase": frozenset({"same"}),
    "pleasantry": frozenset({"same"}),
    "few matches": frozenset({"recommend"}),
    "already answered": frozenset({"facet_not_asked"}),
}
Wishes: TypeAlias = tuple[str, ...]
Spoken: TypeAlias = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the constraints that a careful person hears in it."""

    id: str
    text: str
    language: Spoken
    catalog: str
    kinds: tuple[str, ...]
    want: Wishes
    also: tuple[Wishes, ...]
    last: tuple[str, ...]
    lifted: tuple[str, ...]
    named: tuple[str, ...]

    @property
    def accepted(self) -> tuple[Wishes, ...]:
        """Every set of constraints that counts as right, the best first."""
        return (self.want, *self.also)


@dataclass(frozen=True, slots=True)
class Dish:
    """A question and every title that answers it."""

    id: str
    text: str
    language: Spoken
    catalog: str
    accept: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """The person's words, the labels of the turn, and the assistant's given answer (None where the labels end)."""

    user: str
    best: str
    acts: tuple[str, ...]
    end: tuple[str, ...]
    where: Wishes
    also: tuple[Wishes, ...]
    events: tuple[Event, ...]
    profile: Wishes
    facets: tuple[str, ...]
    described: str | None
    assistant: Given | None

    @property
    def accepted(self) -> tuple[Wishes, ...]:
        """Every set of constraints that may hold after the turn, the best first."""
        return (self.where, *self.also)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation over one catalog."""

    id: str
    domain: str
    catalog: str
    language: Spoken
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The person's words and the assistant's given answer; None after the last, which is measured."""

    user: str
    assistant: Given | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two conversations that differ in one respect, and what follows for the last turn.

    `facet` is what was answered ("already answered"); `where` what `b` asks for ("few matches").
    """

    id: str
    domain: str
    catalog: str
    language: Spoken
    relation: str
    expect: str
    facet: str | None
    where: Wishes
    a: tuple[Exchange, ...]
    b: tuple[Exchange, ...]


def sentences(name: str) -> list[Sentence]:
    """The labelled sentences of one of `LINKING`."""
    return [
        Sentence(
            row["id"],
            row["text"],
            row["language"],
            row["catalog"],
            tuple(row["kinds"]),
            tuple(row["want"]),
            _sets(row["also"]),
            tuple(row["last"]),
            tuple(row["lifted"]),
            tuple(row["named"]),
        )
        for row in _rows(DATA / f"{name}.jsonl")
    ]


def dishes() -> list[Dish]:
    """Questions over the Chinese recipes."""
    return [
        Dish(row["id"], row["text"], row["language"], row["catalog"], tuple(row["accept"]), tuple(row["ids"]))
        for row in _rows(DATA / "dishes.jsonl")
    ]


def domains() -> list[str]:
    """The domains of the kept conversations; `DEVELOPMENT` is none of them."""
    return sorted(path.stem.removeprefix("acts_catalog_") for path in DATA.glob("acts_catalog_*.jsonl"))


def conversations(domain: str) -> list[Conversation]:
    """The labelled conversations of one of `domains()`, or of `DEVELOPMENT`."""
    return [
        Conversation(
            row["id"], row["domain"], row["catalog"], row["language"], tuple(_turn(turn) for turn in row["turns"])
        )
        for row in _rows(DATA / f"acts_{domain}.jsonl")
    ]


def pairs() -> list[Pair]:
    """The metamorphic pairs of all domains."""
    return [
        Pair(
            row["id"],
            row["domain"],
            row["catalog"],
            row["language"],
            row["relation"],
            row["expect"],
            row["facet"],
            tuple(row["where"]),
            tuple(Exchange(turn["user"], _said(turn["assistant"])) for turn in row["a"]),
            tuple(Exchange(turn["user"], _said(turn["assistant"])) for turn in row["b"]),
        )
        for row in _rows(DATA / "metamorphic.jsonl")
    ]


def passes(what: Literal["linking", "acts"]) -> list[dict[str, Any]]:
    """What both passes of labelling said, before they were reconciled."""
    return list(_rows(DATA / f"passes_{what}.jsonl"))


def load_catalog(name: str, shared: Path | None = None) -> Catalog | None:
    """A catalog that the labels speak of; None where it is not part of the project and `shared` lacks it.

    Args:
        name: As the labels name it.
        shared: The folder of the data that may not be copied here.
    """
    folders = [DATA] if shared is None else [DATA, shared]
    found = [path for folder in folders for end in (".jsonl", ".jsonl.gz") if (path := folder / (name + end)).exists()]
    return Catalog.load(found[0]) if found else None


def read_wishes(catalog: Catalog, wishes: Sequence[str]) -> tuple[Constraint, ...]:
    """The constraints behind the notation.

    Raises:
        ConstraintError: One does not fit the catalog.
    """
    return tuple(Constraint.parse(wish, catalog.facets) for wish in wishes)


def same_wishes(catalog: Catalog, one: Sequence[Constraint], other: Sequence[Constraint]) -> bool:
    """Whether two sets of constraints mean the same: the same facets, and of each the same items admitted.

    `year>1960` with `year<1970` equals `year=1961..1969`; the order does not matter.
    """
    facets = {constraint.facet for constraint in one}
    if facets != {constraint.facet for constraint in other}:
        return False
    return all(
        np.array_equal(
            catalog.mask([constraint for constraint in one if constraint.facet == facet]),
            catalog.mask([constraint for constraint in other if constraint.facet == facet]),
        )
        for facet in facets
    )


def _turn(row: dict[str, Any]) -> Turn:
    events = tuple(
        Event(tuple(event["kinds"]), event["item"], event["about"], event["optional"]) for event in row["events"]
    )
    return Turn(
        row["user"],
        row["best"],
        tuple(row["acts"]),
        tuple(row["end"]),
        tuple(row["where"]),
        _sets(row["also"]),
        events,
        tuple(row["profile"]),
        tuple(row["facets"]),
        row["described"],
        _said(row["assistant"]),
    )


def _said(row: dict[str, Any] | None) -> Given | None:
    return None if row is None else Given(row["act"], row["text"], tuple(row["items"]), row["facet"])


def _sets(rows: list[list[str]]) -> tuple[Wishes, ...]:
    return tuple(tuple(row) for row in rows)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield cast("dict[str, Any]", json.loads(line))
