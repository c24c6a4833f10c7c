"""What goes together: which items are liked by the people who like others; learnt from interactions in closed form.

EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019): with X the people's likes and
P = (X'X + lambda I + d diag(X'X))^-1, the weights are B = -P / diag(P), diagonal 0, and a person's scores are x B; d is
that of likes dropped at random (Steck, Autoencoders that don't overfit towards the Identity, NeurIPS 2020). Only the
strongest weights of each item are kept, so a person's scores cost the number of their items, not the size of the
catalog. Factors (`_together_factors`) stand beside them, and how people differ (`_together_people`), which says most of
those of whom little is known: what the three say, in standard deviations, is added.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chatrec._files import replacing
from chatrec.errors import IndexFileError
from chatrec.indexes._interactions import Interactions
from chatrec.indexes._together_factors import everyday, fold_in, learn_factors
from chatrec.indexes._together_people import Spread, learn_spread
from chatrec.indexes._together_recent import lately

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["CoPreference"]

Floats = NDArray[np.float32]

_MOST_ITEMS = 5000
"""Most liked items that are learnt from; the inverse takes their number to the third power."""
_KEPT = 300
_LAMBDAS = (20.0, 50.0, 120.0, 300.0, 700.0)
_DROPPED = 0.3
_JUDGES = 400
_MANY = 20.0
"""So many likes make the weights between items count half of what they count for one who has liked everything."""
_FEW = 5.0
"""So many likes make how people differ count half of what it counts for a stranger."""
_AT_ONCE = 2000
"""People whose likes are spread out as a matrix at a time."""
_FORMAT = 3


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
        factors: Sets of factors of the learnt items, each float32, shape (m, f).
        spread: How people differ in what they like of the learnt items; None where nothing was learnt.
        lately: How liked each row is lately, times how much that told of later likes, float32, shape (size,), 0 to 1;
            empty where times are unknown or it told nothing.
    """

    size: int
    items: NDArray[np.int32]
    others: NDArray[np.int32]
    weights: Floats
    likes: NDArray[np.int32]
    strength: float
    factors: tuple[Floats, ...] = ()
    lately: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    spread: Spread | None = None

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
        people, columns = _learnt(interactions, items, size)
        gram = _gram(people, columns, len(items))
        if strength is None:
            strength = _chosen(people, columns, gram) if len(items) else _LAMBDAS[2]
        weights = _ease(gram, strength) if len(items) else np.zeros((0, 0), np.float32)
        kept = min(_KEPT, len(items))
        places = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :kept]
        strongest = np.take_along_axis(weights, places, axis=1).astype(np.float32)
        others = np.where(strongest != 0, items[places], -1).astype(np.int32) if len(items) else places.astype(np.int32)
        factors = learn_factors(people, columns, len(items))
        spread = learn_spread(gram, len(np.unique(people))) if len(items) else None
        return cls(size, items, others, strongest, likes, strength, factors, lately(interactions, size), spread)

    @cached_property
    def popular(self) -> Floats:
        """How liked each item is, shape (size,): 1 for the most liked, 0 for nobody's, logarithmic between."""
        logs = np.log1p(self.likes.astype(np.float64))
        return (logs / max(float(logs.max(initial=0.0)), 1e-9)).astype(np.float32)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {int(row): place for place, row in enumerate(self.items)}

    @cached_property
    def _folding(self) -> list[tuple[Floats, NDArray[np.float64]]]:
        return [(each, everyday(each)) for each in self.factors]

    def scores(self, liked: Mapping[int, float]) -> Floats:
        """What speaks for each item, shape (size,), in [-1, 1]: 0 for the judged items and where nothing is known.

        Args:
            liked: Weight by row, at most 1 in size: positive for liked items, negative for rejected ones. Where the
                sizes add up to less than 1, so much less is said.
        """
        known = [(place, weight) for row, weight in liked.items() if (place := self._places.get(row)) is not None]
        said = min(1.0, sum(abs(weight) for _, weight in known))
        everywhere = np.zeros(self.size, dtype=np.float32)
        if known:
            places = np.array([place for place, _ in known], dtype=np.intp)
            weights = np.array([weight for _, weight in known])
            found = _in_deviations(self._beside(places, weights))
            if self.factors and (weights > 0).any():
                known_well = len(known) / (len(known) + _MANY)
                suits: Floats = np.zeros(len(self.items), dtype=np.float32)
                for factors, common in self._folding:
                    suits += fold_in(factors, common, places, weights)
                found = known_well * found + _in_deviations(suits)
                if self.spread is not None:
                    good = weights > 0
                    expected = _in_deviations(self.spread.suits(places[good], weights[good]))
                    found += np.float32(2 * _FEW / (len(known) + _FEW)) * expected
            found[places] = 0.0
            everywhere[self.items] = found * np.float32(said / max(float(np.abs(found).max(initial=0.0)), 1.0e-6))
        return everywhere

    def spoken_for(self, rows: Sequence[int]) -> tuple[NDArray[np.int32], Floats]:
        """The rows that some rows speak for, and how strongly, both of shape (len(rows), k).

        The others are -1 where there are fewer, or nothing is known of a row.
        """
        places = np.array([self._places.get(row, -1) for row in rows], dtype=np.intp)
        known = places >= 0
        others = np.full((len(rows), self.others.shape[1]), -1, dtype=np.int32)
        weights = np.zeros(others.shape, dtype=np.float32)
        others[known], weights[known] = self.others[places[known]], self.weights[places[known]]
        return others, weights

    def _beside(self, places: NDArray[np.intp], weights: NDArray[np.float64]) -> Floats:
        """The sum of the weights between items, shape (len(items),)."""
        spoken = self.weights[places] * weights[:, None]
        count = len(self.items)
        # The last place takes what speaks for nothing.
        total = np.bincount(self._others[places].ravel(), spoken.ravel(), minlength=count + 1)
        return total[:count].astype(np.float32)

    @cached_property
    def _others(self) -> NDArray[np.int32]:
        """`others` as places in `items`; their number for -1, and for rows that are not among them."""
        place = np.full(self.size + 1, len(self.items), dtype=np.int32)
        place[self.items] = np.arange(len(self.items), dtype=np.int32)
        return place[self.others]

    # on disk -----------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], catalog: Catalog) -> None:
        """Write to one file, as a whole or not at all; rows are written as ids, so that the catalog may change."""
        file = Path(path)
        ids = np.array([item.id for item in catalog.items])
        held = io.BytesIO()
        learnt: dict[str, Any] = {f"factors {place}": each for place, each in enumerate(self.factors)}
        if self.spread is not None:
            learnt |= {"usual": self.spread.usual, "ways": self.spread.ways, "noise": np.array([self.spread.noise])}
        np.savez_compressed(
            held,
            format=np.array([_FORMAT]),
            ids=ids,
            items=self.items,
            others=self.others,
            weights=self.weights,
            likes=self.likes,
            lately=self.lately,
            strength=np.array([self.strength]),
            **learnt,
        )
        with replacing(file) as made:
            made.write_bytes(held.getvalue())

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
            recent = np.zeros(len(catalog) if len(parts["lately"]) else 0, dtype=np.float32)
            if len(recent):
                recent[now[now >= 0]] = parts["lately"][now >= 0]
            factors = tuple(parts[name][kept] for name in sorted(parts) if name.startswith("factors "))
            strength = float(parts["strength"][0])
            spread = None
            if "usual" in parts:
                spread = Spread(parts["usual"][kept], parts["ways"][kept], float(parts["noise"][0]))
            return cls(len(catalog), items, others, parts["weights"][kept], likes, strength, factors, recent, spread)
        except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
            raise IndexFileError(
                f"{str(path)!r} cannot be read: {error}", hint="learn the interactions again: chatrec index"
            ) from error


def _learnt(
    interactions: Interactions, items: NDArray[np.int32], size: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Who liked which place among the learnt items, people rising."""
    place = np.full(size, -1, dtype=np.int32)
    place[items] = np.arange(len(items), dtype=np.int32)
    columns = place[interactions.rows]
    return interactions.people[columns >= 0], columns[columns >= 0]


def _spread(people: NDArray[np.int32], columns: NDArray[np.int32], count: int, first: int, last: int) -> Floats:
    """The likes of the people from `first` until before `last` as 0 and 1, shape (last - first, count)."""
    start, end = np.searchsorted(people, (first, last))
    spread = np.zeros((last - first, count), dtype=np.float32)
    spread[people[start:end] - first, columns[start:end]] = 1.0
    return spread


def _gram(people: NDArray[np.int32], columns: NDArray[np.int32], count: int) -> Floats:
    gram = np.zeros((count, count), dtype=np.float32)
    persons = int(people[-1]) + 1 if len(people) else 0
    for first in range(0, persons, _AT_ONCE):
        some = _spread(people, columns, count, first, min(first + _AT_ONCE, persons))
        gram += some.T @ some
    return gram


def _ease(gram: Floats, strength: float) -> Floats:
    held = gram.astype(np.float64)
    shrunk = strength + _DROPPED / (1 - _DROPPED) * np.diag(held)
    inverse = np.linalg.inv(held + np.diag(shrunk))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)


def _chosen(people: NDArray[np.int32], columns: NDArray[np.int32], gram: Floats) -> float:
    """The lambda under which likes that were kept back rank best: a like of each of up to 400 people."""
    rng = np.random.default_rng(len(gram))
    able = np.flatnonzero(np.bincount(people) >= 3)
    if len(able) < 20:
        return _LAMBDAS[2]
    judges = rng.permutation(able)[:_JUDGES]
    whole = np.concatenate([_spread(people, columns, len(gram), each, each + 1) for each in judges.tolist()])
    hidden = np.array([rng.choice(np.flatnonzero(likes)) for likes in whole])
    seen = whole.copy()
    seen[np.arange(len(seen)), hidden] = 0.0
    less: Floats = (gram - whole.T @ whole + seen.T @ seen).astype(np.float32)
    return max(_LAMBDAS, key=lambda strength: _gain(seen, hidden, _ease(less, strength)))


def _gain(seen: Floats, hidden: NDArray[np.int64], weights: Floats) -> float:
    """The mean discounted gain of the hidden likes among what was not seen."""
    scores = np.where(seen > 0, -np.inf, seen @ weights)
    mine = scores[np.arange(len(hidden)), hidden]
    ranks = (scores > mine[:, None]).sum(axis=1)
    return float(np.mean(np.where(ranks < 20, 1 / np.log2(ranks + 2.0), 0.0)))


def _in_deviations(scores: Floats) -> Floats:
    deviation = float(scores.std())
    return scores / np.float32(deviation) if deviation > 0 else scores
