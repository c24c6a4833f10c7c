"""Labelled sentences: what each means in terms of its catalog, and how near a reading comes to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatrec.indexes import Catalog, Constraint

DATA = Path(__file__).resolve().parent / "data"

Said = frozenset[tuple[str, str, tuple[str, ...]]]
"""What a sentence states: facet, operator and values of each condition; the operator `lift` for a lifted facet."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One labelled sentence.

    Attributes:
        id: Its name in the file.
        text: What the person says.
        language: "en" or "zh".
        kinds: What is hard about it ("negation", "range", ...).
        readings: What it states; the first is the label, the others are as right.
        last: Ids of the list that it is said about.
        named: Ids of the items that it names.
    """

    id: str
    text: str
    language: str
    kinds: tuple[str, ...]
    readings: tuple[Said, ...]
    last: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """Right, wrong and missing conditions."""

    right: int = 0
    wrong: int = 0
    missing: int = 0
    sentences: int = 0
    whole: int = 0

    def add(self, said: Said, sentence: Sentence) -> None:
        """Count what was read, against the reading of the sentence that it comes nearest to."""
        meant = min(sentence.readings, key=lambda one: (len(said ^ one), -len(said & one)))
        self.right += len(said & meant)
        self.wrong += len(said - meant)
        self.missing += len(meant - said)
        self.sentences += 1
        self.whole += said == meant

    @property
    def precision(self) -> float:
        """Right ones of those read."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Right ones of those meant."""
        return self.right / max(1, self.right + self.missing)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missing)


def read(name: str, catalogs: Catalog | dict[str, Catalog]) -> list[tuple[Catalog, Sentence]]:
    """The sentences of `data/NAME.jsonl`, each with its catalog: the one for all, or the one that it names."""
    found: list[tuple[Catalog, Sentence]] = []
    for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        catalog = catalogs if isinstance(catalogs, Catalog) else catalogs[row["catalog"]]
        readings = [
            said([Constraint.parse(text, catalog.facets) for text in texts], row["lifted"])
            for texts in (row["want"], *row["also"])
        ]
        found.append(
            (
                catalog,
                Sentence(
                    row["id"], row["text"], row["language"], tuple(row["kinds"]), tuple(readings),
                    tuple(row["last"]), tuple(row["named"]),
                ),
            )
        )  # fmt: skip
    return found


def said(constraints: Iterable[Constraint], lifted: Sequence[str]) -> Said:
    """Conditions in a form in which those that say the same are equal.

    Refused values count one by one, alternatives in any order, and `x!=true` is `x=false`.
    """
    made: set[tuple[str, str, tuple[str, ...]]] = {(facet, "lift", ()) for facet in lifted}
    for one in constraints:
        values = tuple(str(float(v)) if isinstance(v, int | float) else v for v in one.values)
        if one.op == "none" and values in {("true",), ("false",)}:
            made.add((one.facet, "any", ("false" if values == ("true",) else "true",)))
        elif one.op == "none":
            made |= {(one.facet, "none", (value,)) for value in values}
        else:
            made.add((one.facet, one.op, values if one.op == "between" else tuple(sorted(values))))
    return frozenset(made)
