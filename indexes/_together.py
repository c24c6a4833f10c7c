"""What goes together: which items are liked by the people who like others; learnt from interactions in closed form.

EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019): with X the people's likes and
P = (X'X + lambda I)^-1, the weights are B = -P / diag(P), diagonal 0, and a person's scores are x B. Only the strongest
weights of each item are kept, so a person's scores cost the number of their items, not the size of the catalog.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import IndexFileError
from chatrec.indexes._interactions import Interactions

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["CoPreference"]

Floats = NDArray[np.float32]

_MOST_ITEMS = 5000
"""Most liked items that are learnt from; the inverse takes their number to the third power."""
_KEPT = 300
_LAMBDAS = (20.0, 60.0, 200.0, 600.0, 2000.0)
_JUDGES = 400
_FORMAT = 1


@dataclass(frozen=True)
class CoPreference:
    """Weights between items, and how often each was liked.

    Attributes:
        size: Items of the catalog.
        items: Rows that were learnt, int32, shape (m,), rising.
        others: For each of them the rows that it speaks for, int32, shape (m, k); -1 where there are fewer.
        weights: How strongly, float32, shape (m, k).
        likes: How many people liked each row of the catalog, int32, shape (size,).
        strength: The lambda of the formula above, chosen on likes that were kept back.
    """

    size: int
    items: NDArray[np.int32]
    others: NDArray[np.int32]
    weights: Floats
    likes: NDArray[np.int32]
    strength: float

    @classmethod
    def learn(cls, interactions: Interactions, size: int, *, strength: float | None = None) -> CoPreference:
        """Learn from interactions.

        Args:
            interactions: Who liked what.
            size: Items of the catalog.
            strength: Lambda; chosen among five by likes that are kept back if None.
        """
        likes = np.bincount(interactions.rows, minlength=size).astype(np.int32)
        items = np.sort(np.argsort(-likes, kind="stable")[: min(_MOST_ITEMS, int((likes > 0).sum()))]).astype(np.int32)
        people = _matrix(interactions, items)
        if strength is None:
            strength = _chosen(people) if len(people) and len(items) else _LAMBDAS[2]
        weights = _ease(people.T @ people, strength) if len(items) else np.zeros((0, 0), np.float32)
        kept = min(_KEPT, len(items))
        places = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :kept]
        strongest = np.take_along_axis(weights, places, axis=1).astype(np.float32)
        others = np.where(strongest != 0, items[places], -1).astype(np.int32) if len(items) else places.astype(np.int32)
        return cls(size, items, others, strongest, likes, strength)

    @cached_property
    def popular(self) -> Floats:
        """How liked each item is, shape (size,): 1 for the most liked, 0 for nobody's, logarithmic between."""
        logs = np.log1p(self.likes.astype(np.float64))
        return (logs / max(float(logs.max(initial=0.0)), 1e-9)).astype(np.float32)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {int(row): place for place, row in enumerate(self.items)}

    def scores(self, liked: Mapping[int, float]) -> Floats:
        """What speaks for each item, shape (size,), about 0 to 1; 0 where nothing is known.

        Args:
            liked: Weight by row: positive for liked items, negative for rejected ones.
        """
        total = np.zeros(self.size + 1, dtype=np.float32)
        for row, weight in liked.items():
            place = self._places.get(row)
            if place is not None:
                np.add.at(total, self.others[place], np.float32(weight) * self.weights[place])
        return total[:-1]

    # on disk -----------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], catalog: Catalog) -> None:
        """Write to one file, as a whole or not at all; rows are written as ids, so that the catalog may change."""
        file = Path(path)
        ids = np.array([item.id for item in catalog.items])
        held = io.BytesIO()
        np.savez_compressed(
            held,
            format=np.array([_FORMAT]),
            ids=ids,
            items=self.items,
            others=self.others,
            weights=self.weights,
            likes=self.likes,
            strength=np.array([self.strength]),
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.{os.getpid()}.new")
        beside.write_bytes(held.getvalue())
        beside.replace(file)

    @classmethod
    def load(cls, path: str | os.PathLike[str], catalog: Catalog) -> CoPreference:
        """Read what `save` wrote, for a catalog that may have changed since: items it has no more are passed over.

        Raises:
            IndexFileError: The file is missing, damaged, or of another format.
        """
        try:
            with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as read:
                parts = {name: read[name] for name in read.files}
            if int(parts["format"][0]) != _FORMAT:
                raise IndexFileError(
                    f"{str(path)!r} is of another format", hint="learn the interactions again: chatrec index"
                )
            now = np.array([catalog.row(i) if i in catalog else -1 for i in parts["ids"].tolist()], dtype=np.int32)
            kept = now[parts["items"]] >= 0
            items, others = now[parts["items"][kept]], parts["others"][kept]
            others = np.where(others >= 0, now[others], -1).astype(np.int32)
            likes = np.zeros(len(catalog), dtype=np.int32)
            likes[now[now >= 0]] = parts["likes"][now >= 0]
            return cls(len(catalog), items, others, parts["weights"][kept], likes, float(parts["strength"][0]))
        except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
            raise IndexFileError(
                f"{str(path)!r} cannot be read: {error}", hint="learn the interactions again: chatrec index"
            ) from error


def _matrix(interactions: Interactions, items: NDArray[np.int32]) -> Floats:
    """Likes as 0 and 1, shape (people, items)."""
    people = np.zeros((interactions.persons, len(items)), dtype=np.float32)
    place = np.full(int(interactions.rows.max(initial=-1)) + 1, -1, dtype=np.int64)
    place[items] = np.arange(len(items))
    columns = place[interactions.rows]
    known = columns >= 0
    people[interactions.people[known], columns[known]] = 1.0
    return people


def _ease(gram: Floats, strength: float) -> Floats:
    inverse = np.linalg.inv(gram.astype(np.float64) + strength * np.eye(len(gram)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)


def _chosen(people: Floats) -> float:
    """The lambda under which likes that were kept back rank best: a like of each of up to 400 people."""
    rng = np.random.default_rng(len(people))
    able = np.flatnonzero(people.sum(axis=1) >= 3)
    if len(able) < 20:
        return _LAMBDAS[2]
    judges = rng.permutation(able)[:_JUDGES]
    hidden = np.array([rng.choice(np.flatnonzero(people[judge])) for judge in judges])
    seen = people.copy()
    seen[judges, hidden] = 0.0
    gram = seen.T @ seen
    return max(_LAMBDAS, key=lambda strength: _gain(seen[judges], hidden, _ease(gram, strength)))


def _gain(seen: Floats, hidden: NDArray[np.int64], weights: Floats) -> float:
    """The mean discounted gain of the hidden likes among what was not seen."""
    scores = np.where(seen > 0, -np.inf, seen @ weights)
    mine = scores[np.arange(len(hidden)), hidden]
    ranks = (scores > mine[:, None]).sum(axis=1)
    return float(np.mean(np.where(ranks < 20, 1 / np.log2(ranks + 2.0), 0.0)))
