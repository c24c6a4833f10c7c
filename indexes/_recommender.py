"""The recommender: candidates from meaning, words and facets, one score whose parts add up, a varied list with reasons.

Hard constraints and avoidances decide what may be shown, signals (`Weights`) decide the order. Where the person has
said nothing and nothing is known of them, the list is a spread of typical and different items.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import CatalogError, ContextError
from chatrec.indexes._candidates import Finder, Wish
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._persistence import build_index, open_store
from chatrec.indexes._profiles import ProfileStore
from chatrec.indexes._questions import rank_questions
from chatrec.indexes._ranker import Weights, add_up, diverse, overlaps, relax, representative, typical
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
from chatrec.indexes._taste import Taste, fold
from chatrec.indexes._values import Item, Question, Recommendation

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langgraph.store.base import BaseStore

    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._index_protocol import Index
    from chatrec.indexes._together import CoPreference

__all__ = ["Recommendations", "Recommender"]

Mask = NDArray[np.bool_]

_SURE = 0.75
"""Linked constraints of a reason count from this score on ("said so")."""


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A list, and what it took to fill it.

    Attributes:
        items: Best first; those that satisfy every constraint come before those that do not.
        matching: How many items satisfy every constraint and may be shown, before anything was relaxed.
        relaxed: The constraints that were lifted to fill the list, in the order of lifting.
    """

    items: tuple[Recommendation, ...]
    matching: int
    relaxed: tuple[Constraint, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: items, matching, and relaxed in constraint notation."""
        return {
            "items": [item.as_dict() for item in self.items],
            "matching": self.matching,
            "relaxed": [str(constraint) for constraint in self.relaxed],
        }


class Recommender:
    """Recommends items of one catalog to any number of people.

    Safe from several threads where its store is.

    Args:
        catalog: The items.
        index: Their index; built with `embedder` if None, in the database or else in memory.
        store: Where profiles and feedback live; in the database or else in memory if None.
        embedder: A name or LangChain embeddings; only read where the index is built here.
        database_url: A PostgreSQL database (`postgresql://...`) for what is not given.
        language: Of the reasons: "en", "zh", or "auto" for the catalog's own.
        weights: How much each signal counts.
        together: What goes together, learnt from interactions (`CoPreference.learn`); None where there are none.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        index: Index | None = None,
        store: BaseStore | None = None,
        embedder: str | Embeddings = "auto",
        database_url: str | None = None,
        language: Literal["auto", "en", "zh"] = "auto",
        weights: Weights | None = None,
        together: CoPreference | None = None,
    ) -> None:
        self.store: BaseStore = store if store is not None else open_store(database_url)
        self.catalog = catalog
        self.index: Index = index if index is not None else build_index(catalog, embedder, database_url=database_url)
        self.profiles = ProfileStore(self.store, catalog=catalog.name)
        self.feedback = FeedbackLog(self.store, catalog=catalog.name)
        self.language: Language = catalog.language if language == "auto" else language
        self.weights = weights or Weights()
        self.together = together
        self._link_reason = lru_cache(maxsize=1024)(self._constraints_of)

    def recommend(
        self,
        query: str = "",
        *,
        user_id: str,
        where: Sequence[Constraint] = (),
        prefer: Sequence[Constraint] = (),
        like: Sequence[str] = (),
        unlike: Sequence[str] = (),
        exclude: Collection[str] = (),
        k: int = 5,
        language: Literal["auto", "en", "zh"] = "auto",
    ) -> Recommendations:
        """The best items for a person now.

        Never shown are items that the person accepted, rejected or has seen (until undone), those of `exclude`, `like`
        and `unlike`, and whatever the profile avoids. If fewer than `k` items satisfy `where`, its constraints are
        relaxed one at a time, the least costly first.

        Args:
            query: What the person wants, in words; may be empty.
            user_id: Whose profile and feedback to read.
            where: Constraints that must hold.
            prefer: Constraints that should hold.
            like: Ids of items to stay close to.
            unlike: Ids of items to stay away from.
            exclude: Ids not to show, e.g. those shown already; unknown ones are passed over.
            k: How many items, at least 1.
            language: Of the reasons; "auto" for the recommender's own.

        Raises:
            CatalogError: A liked or unliked item is not in the catalog, or `k` is below 1.
            ConstraintError: A constraint names no facet of the catalog.
            ContextError: `user_id` is empty.
        """
        if k < 1:
            raise CatalogError(f"{k!r} items were asked for", hint="k is at least 1")
        for item_id in (*like, *unlike):
            if item_id not in self.catalog:
                raise CatalogError(f"there is no item {item_id!r} to compare with", hint="pass ids of the catalog")
        taste, avoid, remembered = self._person(user_id)
        base = self._allowed(taste, avoid, {*exclude, *like, *unlike})
        words = self._without_titles(query, unlike)
        wish = Wish(words, tuple(prefer), remembered, tuple(like), tuple(unlike), taste)
        masks = [self.catalog.mask([constraint]) for constraint in where]
        lifted, pools = relax(masks, base, k, lambda place, gained: self._finder.worth(wish, where[place], gained, k))
        relaxed = tuple(where[place] for place in lifted)
        missing = np.zeros(len(self.catalog), dtype=np.int64)
        for place in lifted:
            missing += ~masks[place]
        if not pools[-1].any():
            return Recommendations((), 0, relaxed)
        rows = self._finder.candidates(wish, pools[-1], [pool & pools[-1] for pool in pools[:-1]], k)
        vectors = self._finder.vectors(rows)
        parts = add_up(self._finder.signals(wish, rows, vectors, relaxed), self.weights)
        places, parts = self._choose(wish, vectors, parts, missing[rows], k)
        say = self.language if language == "auto" else language
        items: list[Recommendation] = []
        for place in places:
            item = self.catalog.items[int(rows[place])]
            mine = {name: float(values[place]) for name, values in parts.items()}
            reason = explain(item, self._evidence(wish, item, mine, where, relaxed), self.catalog.facets, say)
            items.append(Recommendation(item.id, item.title, sum(mine.values()), mine, reason, item))
        return Recommendations(tuple(items), int(pools[0].sum()), relaxed)

    def count(self, where: Sequence[Constraint]) -> int:
        """How many items of the catalog satisfy all constraints."""
        return int(self.catalog.mask(where).sum())

    def questions(
        self, *, user_id: str, where: Sequence[Constraint] = (), asked: Collection[str] = (), k: int = 3
    ) -> list[Question]:
        """The facets whose answer would narrow the matching items most, best first.

        Args:
            user_id: Whose exclusions and avoidances to honour.
            where: Constraints that hold already; their facets are not asked for.
            asked: Facets that were asked already.
            k: How many at most.
        """
        taste, avoid, _ = self._person(user_id)
        mask = self._allowed(taste, avoid, ()) & self.catalog.mask(where)
        skip = {*asked, *(constraint.facet for constraint in where)}
        return rank_questions(self.catalog, mask, skip=skip, k=k)

    def _person(self, user_id: str) -> tuple[Taste, tuple[Constraint, ...], tuple[Constraint, ...]]:
        """Taste, avoidances and remembered likes; constraints on facets that the catalog lacks are passed over."""
        if not user_id:
            raise ContextError("the user id is empty", hint="pass the id of the person who asks")
        known = [each for each in self.profiles.get(user_id).constraints if each.facet in self.catalog.facets]
        avoid = tuple(each for each in known if each.op == "none")
        remembered = tuple(each for each in known if each.op != "none")
        return fold(self.feedback.events(user_id), self.catalog, self._link_reason), avoid, remembered

    def _allowed(self, taste: Taste, avoid: Sequence[Constraint], exclude: Collection[str]) -> Mask:
        allowed = self.catalog.mask(avoid)
        out = [self.catalog.row(item_id) for item_id in (*taste.shown, *exclude) if item_id in self.catalog]
        allowed[out] = False
        return allowed

    def _without_titles(self, query: str, ids: Sequence[str]) -> str:
        """The query less the titles of shunned items: their words would find them and their namesakes."""
        for title in sorted((self.catalog[item_id].title for item_id in ids), key=len, reverse=True):
            query = re.sub(rf"(?<![^\W_]){re.escape(title)}(?![^\W_])", " ", query, flags=re.IGNORECASE)
        return " ".join(query.split())

    def _constraints_of(self, reason: str, item_id: str | None) -> tuple[Constraint, ...]:
        link = self.catalog.link(reason, last=(item_id,) if item_id is not None else ())
        return tuple(proposal.constraint for proposal in link.proposals if proposal.score >= _SURE)

    def _choose(
        self,
        wish: Wish,
        vectors: NDArray[np.float32],
        parts: dict[str, NDArray[np.float64]],
        missing: NDArray[np.int64],
        k: int,
    ) -> tuple[list[int], dict[str, NDArray[np.float64]]]:
        """Places among the candidates, best first: fewer missed constraints first, then varied by score."""
        centred = self._finder.space.centred(vectors)
        overlap = np.zeros((0, 0), dtype=np.float32)
        if not wish.directed:
            overlap = overlaps(centred)
            parts = parts | add_up({"typical": typical(overlap)}, self.weights)
        scores = np.sum([*parts.values()], axis=0) if parts else np.zeros(len(vectors))
        chosen: list[int] = []
        for count in np.unique(missing):
            among = np.flatnonzero(missing == count)
            wanted = k - len(chosen)
            if wish.directed:
                order = diverse(scores[among], centred[among], wanted)
            else:
                near = overlap[np.ix_(among, among)]
                order = representative(scores[among], near, wanted, weight=self.weights.typical)
            chosen += [int(among[place]) for place in order]
            if len(chosen) >= k:
                break
        return chosen, parts

    def _evidence(
        self,
        wish: Wish,
        item: Item,
        parts: dict[str, float],
        where: Sequence[Constraint],
        relaxed: Sequence[Constraint],
    ) -> Evidence:
        facets = self.catalog.facets
        asked = dict.fromkeys(
            (*where, *wish.prefer, *wish.remembered, *(c for c, weight in wish.taste.wishes if weight > 0))
        )
        held = {constraint: _satisfies(item, constraint) for constraint in asked}
        liked = [self.catalog[item_id] for item_id in wish.like] if parts.get("like", 0.0) > 0.1 else []
        values: list[str] = []
        close = ""
        if parts.get("taste", 0.0) > 0.05:
            values = wish.taste_values(item, self.catalog)
            close = "" if values else self._finder.closest_accepted(wish.taste, item.id)
        return Evidence(
            met=[constraint for constraint, holds in held.items() if holds],
            named=named_values(wish.query, item, facets),
            missed=[constraint for constraint in relaxed if not held[constraint]],
            likes=[each.title for each in liked],
            shared=telling(shared_values(item, liked, facets), facets, len(self.catalog)),
            words=shared_words(wish.query, item.title),
            taste=values,
            liked=close,
            meaning=bool(wish.query),
            company=parts.get("together", 0.0) > 0.25,
            popular=parts.get("popular", 0.0) > 0.1,
            own=own_values(item, facets, len(self.catalog)),
        )

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.catalog, self.index, self.together)


def _satisfies(item: Item, constraint: Constraint) -> bool:
    value = item.facets.get(constraint.facet)
    if value is None and constraint.facet in {"title", "description"}:
        value = item.title if constraint.facet == "title" else item.description
    return constraint.accepts(value)
