"""The recommender: candidates from meaning, words and facets, one score whose parts add up, a varied list with reasons.

Hard constraints and avoidances decide what may be shown, signals (`Weights`) decide the order. Where the person has
said nothing and nothing is known of them, the list is a spread of typical and different items.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import CatalogError, ContextError
from chatrec.indexes._candidates import Finder
from chatrec.indexes._choosing import Choosing, long_tail
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._contrasts import CONTRAST, FLAT, contrast
from chatrec.indexes._excluded import By, Excluded, tell_excluded
from chatrec.indexes._feedback import FeedbackLog
from chatrec.indexes._listing import Asked, Lister
from chatrec.indexes._persistence import build_index, open_store
from chatrec.indexes._profiles import ProfileStore
from chatrec.indexes._questions import rank_questions
from chatrec.indexes._ranker import Weights, relax
from chatrec.indexes._reasons import Language
from chatrec.indexes._rules import AgeOf, Rules
from chatrec.indexes._taste import Taste, fold
from chatrec.indexes._values import Question, Recommendation
from chatrec.indexes._wish import Wish

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langgraph.store.base import BaseStore

    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._index_protocol import Index
    from chatrec.indexes._together import CoPreference

__all__ = ["Recommendations", "Recommender"]

Mask = NDArray[np.bool_]

_COMPARED = 120
"""Up to so many items that suit best are looked through for two to compare."""
_SURE = 0.75
"""Linked constraints of a reason count from this score on ("said so")."""


@dataclass(frozen=True, slots=True)
class Recommendations:
    """A list, and what it took to fill it.

    Attributes:
        items: Best first; those that satisfy every constraint come before those that do not.
        matching: How many items satisfy every constraint and may be shown, before anything was relaxed.
        relaxed: The constraints that were lifted to fill the list, in the order of lifting.
        excluded: What was kept off the list though it satisfies every constraint that held to the end, and by whom.
    """

    items: tuple[Recommendation, ...]
    matching: int
    relaxed: tuple[Constraint, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: items, matching, relaxed in constraint notation, and excluded."""
        return {
            "items": [item.as_dict() for item in self.items],
            "matching": self.matching,
            "relaxed": [str(constraint) for constraint in self.relaxed],
            "excluded": [each.as_dict() for each in self.excluded],
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
        rules: The owner's rules, or the path of their TOML file (`Rules`).
        choosing: How much variety, novelty and long tail a list has.
        age_of: From a user id to the person's age in years, for an age limit of the rules.

    Raises:
        RulesError: The rules cannot be read, or name what the catalog does not have.
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
        rules: Rules | str | PathLike[str] | None = None,
        choosing: Choosing | None = None,
        age_of: AgeOf | None = None,
    ) -> None:
        self.rules = Rules() if rules is None else rules if isinstance(rules, Rules) else Rules.load(rules, catalog)
        self.choosing = choosing or Choosing()
        self._age_of = age_of
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
        self._check(k, (*like, *unlike))
        taste, avoid, remembered = self._person(user_id)
        shut = self._shut(user_id, taste, avoid, {*exclude, *like, *unlike}, (*where, *prefer, *remembered))
        words = self._without_titles(query, unlike)
        wish = Wish(words, tuple(prefer), remembered, tuple(like), tuple(unlike), taste, self._moved_in_all)
        masks = [self._finder.mask(constraint) for constraint in where]
        base = self._open(shut)
        lifted, pools = relax(masks, base, k, lambda place, gained: self._finder.worth(wish, where[place], gained, k))
        relaxed = tuple(where[place] for place in lifted)
        held = np.ones(len(self.catalog), dtype=np.bool_)
        for place, mask in enumerate(masks):
            if place not in lifted:
                held &= mask
        excluded = tell_excluded(shut, held, self.catalog)
        if not pools[-1].any():
            return Recommendations((), 0, relaxed, excluded)
        narrower = [pool & pools[-1] for pool in pools[:-1]]
        asked = Asked(tuple(where), relaxed, k, self._say(language))
        rows = self._finder.candidates(wish, pools[-1], narrower, k)
        items = self._lister.best(wish, rows, asked)
        return Recommendations(items, int(np.count_nonzero(pools[0])), relaxed, excluded)

    def count(self, where: Sequence[Constraint]) -> int:
        """How many items of the catalog satisfy all constraints."""
        return int(self.catalog.mask(where).sum())

    def questions(
        self,
        *,
        user_id: str,
        where: Sequence[Constraint] = (),
        asked: Collection[str] = (),
        k: int = 3,
        query: str = "",
        like: Sequence[str] = (),
    ) -> list[Question]:
        """What to ask: the facets whose answer would narrow the matching items most, best first.

        Where the catalog's facets cannot ask, a choice between two items (`CONTRAST`), of those that suit the words.

        Args:
            user_id: Whose exclusions and avoidances to honour.
            where: Constraints that hold already; their facets are not asked for.
            asked: Facets that were asked already.
            k: How many at most.
            query: What the person wants, in words; may be empty.
            like: Ids of items to stay close to.
        """
        taste, avoid, remembered = self._person(user_id)
        mask = self._open(self._shut(user_id, taste, avoid, like, (*where, *remembered))) & self.catalog.mask(where)
        skip = {*asked, *(constraint.facet for constraint in where)}
        found = rank_questions(self.catalog, mask, skip=skip, k=k)
        if self._facets_ask or CONTRAST in skip or not mask.any():
            return found
        wish = Wish(query, remembered=remembered, like=tuple(like), taste=taste)
        rows = self._finder.search(wish, _COMPARED, mask) if wish.directed else self._finder.even(wish, mask, _COMPARED)
        pair = contrast(self.catalog, rows, self._finder.space.centred(self._finder.vectors(rows)))
        both = [*found, pair] if pair else found
        return sorted(both, key=lambda question: -question.gain)[:k]

    def _person(self, user_id: str) -> tuple[Taste, tuple[Constraint, ...], tuple[Constraint, ...]]:
        """Taste, avoidances and remembered likes; constraints on facets that the catalog lacks are passed over."""
        if not user_id:
            raise ContextError("the user id is empty", hint="pass the id of the person who asks")
        known = [each for each in self.profiles.get(user_id).constraints if each.facet in self.catalog.facets]
        avoid = tuple(each for each in known if each.op == "none")
        remembered = tuple(each for each in known if each.op != "none")
        return fold(self.feedback.events(user_id), self.catalog, self._link_reason), avoid, remembered

    def _check(self, k: int, ids: Sequence[str]) -> None:
        if k < 1:
            raise CatalogError(f"{k!r} items were asked for", hint="k is at least 1")
        for item_id in ids:
            if item_id not in self.catalog:
                raise CatalogError(f"there is no item {item_id!r} to compare with", hint="pass ids of the catalog")

    def _say(self, language: Literal["auto", "en", "zh"]) -> Language:
        return self.language if language == "auto" else language

    def _shut(
        self,
        user_id: str,
        taste: Taste,
        avoid: Sequence[Constraint],
        now: Collection[str],
        asked: Sequence[Constraint],
    ) -> dict[tuple[By, str], Mask]:
        """Which items may not be shown, by who says so and why."""
        shut: dict[tuple[By, str], Mask] = {}
        if taste.shown:
            shut["feedback", ""] = self._mask_of(taste.shown)
        if now:
            shut["now", ""] = self._mask_of(now)
        shut |= {("profile", str(each)): ~self._finder.mask(each) for each in avoid}
        age = self._age_of(user_id) if self._age_of is not None else None
        for told, mask in self.rules.shut(self.catalog, asked, age).items():
            shut["rule", told] = mask
        return shut

    def _open(self, shut: Mapping[tuple[By, str], Mask]) -> Mask:
        allowed = np.ones(len(self.catalog), dtype=np.bool_)
        for mask in shut.values():
            allowed &= ~mask
        return allowed

    def _mask_of(self, ids: Collection[str]) -> Mask:
        mask = np.zeros(len(self.catalog), dtype=np.bool_)
        mask[[self.catalog.row(item_id) for item_id in ids if item_id in self.catalog]] = True
        return mask

    def _without_titles(self, query: str, ids: Sequence[str]) -> str:
        """The query less the titles of shunned items: their words would find them and their namesakes."""
        for title in sorted((self.catalog[item_id].title for item_id in ids), key=len, reverse=True):
            query = re.sub(rf"(?<![^\W_]){re.escape(title)}(?![^\W_])", " ", query, flags=re.IGNORECASE)
        return " ".join(query.split())

    def _constraints_of(self, reason: str, item_id: str | None) -> tuple[Constraint, ...]:
        link = self.catalog.link(reason, last=(item_id,) if item_id is not None else ())
        return tuple(proposal.constraint for proposal in link.proposals if proposal.score >= _SURE)

    @cached_property
    def _facets_ask(self) -> bool:
        """Whether the catalog has a facet that is worth a question; two items are not compared then."""
        best = rank_questions(self.catalog, np.ones(len(self.catalog), dtype=np.bool_), k=1)
        return CONTRAST in self.catalog.facets or (bool(best) and best[0].gain >= FLAT)

    @cached_property
    def _moved(self) -> dict[str, NDArray[np.float32]]:
        """What the rules add to each score, by rule."""
        return self.rules.moved(self.catalog)

    @cached_property
    def _moved_in_all(self) -> NDArray[np.float32] | None:
        return np.sum([*self._moved.values()], axis=0) if self._moved else None

    @cached_property
    def _lister(self) -> Lister:
        tail = None if self.together is None else long_tail(self.together.likes)
        return Lister(self.catalog, self._finder, self.weights, self.choosing, rules=self._moved, tail=tail)

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.catalog, self.index, self.together, self.weights)
