"""From candidates to a list: parts added up, places chosen, reasons given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._candidates import Finder
from chatrec.indexes._choosing import Choosing, choose, own_share
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._ranker import Space, Weights, add_up, overlaps, representative, typical
from chatrec.indexes._reasons import (
    Evidence,
    Language,
    explain,
    named_values,
    own_values,
    shared_values,
    shared_words,
    telling,
)
from chatrec.indexes._taste import item_values
from chatrec.indexes._values import Item, Recommendation
from chatrec.indexes._wish import Wish

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog

__all__ = ["Asked", "Lister"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Parts = dict[str, NDArray[np.float64]]

_REMEMBERED = 16_384
"""Items whose facet values are kept at hand."""
_BESIDE_COMPANY = 0.1


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list must hold to.

    Attributes:
        where: Constraints that should hold.
        relaxed: Those of them that were lifted.
        k: How many items.
        language: Of the reasons.
    """

    where: tuple[Constraint, ...]
    relaxed: tuple[Constraint, ...]
    k: int
    language: Language


class Lister:
    """Makes lists of candidates.

    Args:
        catalog: The items.
        finder: Measures the candidates.
        weights: How much each signal counts.
        choosing: How a list is chosen.
        rules: What the owner's rules add to each score, by rule, each of shape (n_items,).
        tail: Which items are of the long tail, shape (n_items,); None where that is not known.
    """

    def __init__(
        self,
        catalog: Catalog,
        finder: Finder,
        weights: Weights,
        choosing: Choosing,
        *,
        rules: Mapping[str, Floats],
        tail: Mask | None,
    ) -> None:
        self._catalog = catalog
        self._finder = finder
        # Where it is known what people like, that says more of a stranger than what is typical.
        told = weights.typical * (_BESIDE_COMPANY if tail is not None else 1.0)
        self._weights = replace(weights, novel=choosing.novelty, typical=told)
        self._choosing = choosing
        self._rules = rules
        self._tail = tail
        self._held = lru_cache(_REMEMBERED)(self._values_of)  # the same items are candidates again and again

    def best(self, wish: Wish, rows: NDArray[np.intp], asked: Asked) -> tuple[Recommendation, ...]:
        """The best of these rows, with their reasons: fewer missed constraints first, then varied by score."""
        vectors = self._finder.vectors(rows)
        signals = self._finder.signals(wish, rows, vectors, asked.relaxed)
        if not self._weights.novel:
            signals.pop("novel", None)
        parts = add_up(signals, self._weights)
        places, parts = self._choose(wish, rows, vectors, parts, asked)
        items: list[Recommendation] = []
        known = self._finder.known(wish)
        for place in places:
            row = int(rows[place])
            likeness = known.judged_like(vectors[place])
            item = self._catalog.items[row]
            mine = {name: float(values[place]) for name, values in parts.items()}
            evidence = self._evidence(wish, row, mine, asked, likeness)
            reason = explain(item, evidence, self._catalog.facets, asked.language)
            because = known.mattered(row, likeness)
            items.append(Recommendation(item.id, item.title, sum(mine.values()), mine, reason, item, because))
        return tuple(items)

    def _choose(
        self, wish: Wish, rows: NDArray[np.intp], vectors: Floats, parts: Parts, asked: Asked
    ) -> tuple[list[int], Parts]:
        space = self._finder.space
        overlap = np.zeros((0, 0), dtype=np.float32)
        if not wish.directed:
            overlap = overlaps(space.centred(vectors))
            parts = parts | add_up({"typical": typical(overlap)}, self._weights)
        scores = np.sum([*parts.values()], axis=0) if parts else np.zeros(len(vectors))
        tail = None if self._tail is None else self._tail[rows]
        own = 0.0 if self._tail is None else self._own_tail(wish, self._tail)
        missing = np.zeros(len(rows), dtype=np.int64)
        for constraint in asked.relaxed:
            missing += ~self._finder.mask(constraint)[rows]
        chosen: list[int] = []
        for count in np.unique(missing):
            among = np.flatnonzero(missing == count)
            wanted = asked.k - len(chosen)
            if wish.directed:
                rare = None if tail is None else tail[among]
                values = partial(self._values_at, rows[among])
                centred = partial(_centred_at, space, vectors, among)
                order = choose(scores[among], centred, wanted, self._choosing, rare, own=own, values=values)
            else:
                near = overlap[np.ix_(among, among)]
                order = representative(scores[among], near, wanted, weight=self._weights.typical)
            chosen += [int(among[place]) for place in order]
            if len(chosen) >= asked.k:
                break
        return chosen, parts

    def _own_tail(self, wish: Wish, tail: Mask) -> float:
        liked = [self._catalog.row(item_id) for item_id, pull in wish.taste.pulls.items() if pull > 0]
        return own_share(tail[liked])

    def _values_at(self, rows: NDArray[np.intp], place: int) -> frozenset[tuple[str, str]]:
        return self._held(int(rows[place]))

    def _values_of(self, row: int) -> frozenset[tuple[str, str]]:
        return frozenset((name, value) for name, value, _ in item_values(self._catalog.items[row], self._catalog))

    def _evidence(self, wish: Wish, row: int, parts: dict[str, float], asked: Asked, likeness: Floats) -> Evidence:
        facets, catalog = self._catalog.facets, self._catalog
        item = catalog.items[row]
        wishes = (c for c, weight in wish.taste.wishes if weight > 0)
        held = {c: _satisfies(item, c) for c in dict.fromkeys((*asked.where, *wish.prefer, *wish.remembered, *wishes))}
        liked = [catalog[item_id] for item_id in wish.like] if parts.get("like", 0.0) > 0.1 else []
        values: list[str] = []
        close = ""
        if parts.get("taste", 0.0) > 0.05:
            values = wish.taste_values(item, catalog)
            close = "" if values else self._finder.known(wish).closest_accepted(likeness)
        return Evidence(
            met=[constraint for constraint, holds in held.items() if holds],
            named=named_values(wish.query, item, facets),
            missed=[constraint for constraint in asked.relaxed if not held[constraint]],
            likes=[each.title for each in liked],
            shared=telling(shared_values(item, liked, facets), facets, len(catalog)),
            words=shared_words(wish.query, item.title),
            taste=values,
            liked=close,
            meaning=bool(wish.query),
            company=parts.get("together", 0.0) > 0.25,
            popular=parts.get("popular", 0.0) > 0.0 and self._finder.liked_by_many(row),
            rules=[told for told, moved in self._rules.items() if moved[row] > 0],
            own=partial(own_values, item, facets, len(catalog)),
        )


def _centred_at(space: Space, vectors: Floats, among: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
    return space.centred(vectors[among[places]])


def _satisfies(item: Item, constraint: Constraint) -> bool:
    value = item.facets.get(constraint.facet)
    if value is None and constraint.facet in {"title", "description"}:
        value = item.title if constraint.facet == "title" else item.description
    return constraint.accepts(value)
