"""The linker: what a sentence says in terms of a catalog. It proposes and never decides.

    link = Linker(catalog).link("a comedy under 100 minutes, nothing like Alien")
    link.proposals    genres=Comedy, runtime<100
    link.mentions     Alien, negated

Everything is made from the catalog: its values, numbers, names and titles. What the code itself knows of English and
Chinese are closed classes (function words, numerals, units) and general adjectives of measure.

The readers run in an order in which the surer claim their words first: lifted constraints, places in the last list,
titles that are marked as such, values, numbers, comparatives, other titles, and last, by embedding, what is left.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_chatter import asks, chatter, of_named, of_shown
from chatrec.indexes._linker_cues import NOT_THAT
from chatrec.indexes._linker_dates import find_dates
from chatrec.indexes._linker_degree import measured, within_bounds
from chatrec.indexes._linker_dictionary import Foreign, Glossary, translations
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_kin import find_kin
from chatrec.indexes._linker_lifted import allowed_beyond, also, lifted, unneeded
from chatrec.indexes._linker_link import Link, Proposal, proposals
from chatrec.indexes._linker_meaning import Meanings
from chatrec.indexes._linker_mentions import POINTED, Mentions, mention, told_by
from chatrec.indexes._linker_names import Names
from chatrec.indexes._linker_none import find_none, nothings
from chatrec.indexes._linker_numbers import Numbers
from chatrec.indexes._linker_opposites import opposed
from chatrec.indexes._linker_pointing import pointing, told
from chatrec.indexes._linker_relative import Relatives
from chatrec.indexes._linker_rest import leftovers, phrases_of
from chatrec.indexes._linker_scope import negated
from chatrec.indexes._linker_sign import ASKED, signed
from chatrec.indexes._linker_spelling import Speller, Vocabulary
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_titles import Titles
from chatrec.indexes._linker_units import scales
from chatrec.indexes._linker_values import Values
from chatrec.indexes._values import FacetKind

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from chatrec.indexes._catalog import Catalog


class Linker:
    """Reads sentences against one catalog. Made once and reused; reading changes nothing but caches.

    Args:
        catalog: The catalog.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._items = catalog.items
        self._mask = catalog.mask
        self._called = {token.stem for token in Sentence.read(catalog.name.replace("_", " ")).tokens}
        facets = list(catalog.facets.values())
        self._kinds: dict[str, FacetKind] = {facet.name: facet.kind for facet in facets}
        self._scales = scales(facets, self._items)
        vocabulary = Vocabulary(self._items)
        self._refusals = Speller(("without", "except", "excluding", "nothing", "anything"), vocabulary)
        self._values = Values(facets, vocabulary, called=self._called, measured=self._measures)
        self._names = Names(facets, self._scales, people=self._values.lexicon.name_like)
        titles = Titles(self._items, self._scales, vocabulary)
        self._mentions = Mentions(self._items, titles, self._values, catalog.name)
        self._numbers = Numbers(self._scales)
        self._none = nothings(facets, self._scales)
        self._relatives = Relatives(self._scales)
        self._meanings = Meanings(facets, self._items, skip=self._values.lexicon.name_like)
        self._foreign = Foreign(self._values.lexicon.keys(), self._names.keys())
        self._learning = threading.Lock()
        self._chinese = catalog.language == "zh"

    def link(
        self,
        text: str,
        *,
        last: Sequence[str] = (),
        listed: Sequence[str] = (),
        about: str | None = None,
        asked: str | None = None,
        embedder: Embeddings | None = None,
    ) -> Link:
        """Read a sentence.

        Args:
            text: What the person said; English, Chinese, or both.
            last: Ids of the items shown last, in the order shown; ids that the catalog does not have are passed over.
            listed: Ids of all items shown so far, of which a part of the title may speak.
            about: Id of the item spoken of last, against which a comparative is read that names no other.
            asked: The facet that the sentence answers a question about: what may be said of it or of others is said
                of it.
            embedder: With one, words that name no value are matched to values by meaning, at scores below 0.75.
        """
        sentence = Sentence.read(text)
        self._learn(sentence)
        sentence = self._mended(sentence)
        shown = self._mentions.known(last)
        names = self._names(sentence)
        nothing = find_none(sentence, names, self._none)
        names = [name for name in names if sentence.free(name.start, name.end)]
        removed = lifted(sentence, names)
        for name in removed:
            sentence.take(name.start, name.end)
        names = [name for name in names if sentence.free(name.start, name.end)]
        mentioned = self._mentions.named(sentence, shown, firm=True)
        earlier = self._mentions.known(item_id for item_id in listed if item_id not in last)
        pointed = self._mentions.abbreviated(sentence, shown, earlier) + self._relatives.pointed(sentence, names, shown)
        found = self._values.find(sentence, names, asked)
        for one in found:
            sentence.take(one.named, one.start)
        found += find_kin(sentence, self._values.lexicon)
        known = [(one, pointing(sentence, one, shown)) for one in found]
        found = [one for one, item in known if item is None]
        mentioned += [(item, one.start, one.end, one.score, True) for one, item in known if item is not None]
        pointed += told(sentence, shown)
        mentioned += [(*one, POINTED, True) for one in pointed]
        found += nothing + find_dates(sentence, self._scales.values())
        numbers = self._numbers.find(sentence, names, asked)
        counted = {one.start: (item, one.end) for one in numbers if (item := told_by(sentence, one, shown))}
        mentioned += [(item, start, end, POINTED, True) for start, (item, end) in counted.items()]
        numbers = [one for one in numbers if one.start not in counted]
        found += numbers
        than = {start: item for item, start, _, _, _ in mentioned}
        found += self._relatives.find(
            sentence, names, shown, than, about=self._mentions.known([about] if about else [])
        )
        mentioned += self._mentions.named(sentence, [], firm=False)
        if asked is None:  # else "both" and "four" answer
            named = [item.id for item, *_ in mentioned]
            mentioned += self._mentions.implied(sentence, shown, numbers, named, about)
        scope = negated(sentence, sentence.taken, starts={one.start for one in found}, listed=bool(shown))
        given_up = [
            one
            for one in found
            if allowed_beyond(sentence, one) or unneeded(sentence, one.start, one.end, refused=scope[one.start] >= 0)
        ]
        found = [
            turned
            for one in found
            if one not in given_up
            for turned in signed(sentence, one, scope, listed=bool(shown))
        ]
        found = [self._wholly(one) for one in within_bounds(sentence, found)]
        if embedder is not None:
            meant = self._meant(sentence, names, scope, embedder, asked)
            spared = [one for one in meant if one.constraint.op == "none" and also(sentence, one.end)]
            given_up += spared
            found += [one for one in meant if one not in spared]
        idle = chatter(sentence)
        wonders = not shown and asks(sentence)
        found = [replace(one, score=min(one.score, _sure(sentence, one, idle, asked=wonders))) for one in found]
        found = [one for one in found if not (shown and of_shown(sentence, one.start))]
        items = {at for _, start, end, _, _ in mentioned for at in range(start, end)}
        found = [one for one in found if not of_named(sentence, one.start, items)]
        wished = {at for one in found for at in range(one.start, one.end)}
        return Link(
            proposals(
                sentence,
                found,
                shown,
                kinds=self._kinds,
                together=self._together,
                free=self._values.lexicon.free,
            ),
            tuple(mention(sentence, one, scope) for one in sorted(mentioned, key=lambda one: one[1])),
            tuple(dict.fromkeys([*(name.facet for name in removed), *(one.constraint.facet for one in given_up)])),
            tuple(one.constraint for one in given_up if one.constraint.facet not in {name.facet for name in removed}),
            leftovers(sentence, scope),
            self._translated(sentence, scope),
            () if asked or mentioned else self._mentions.hinted(sentence, shown, wished, scope),
        )

    def _measures(self, dimension: str) -> bool:
        return any(scale.measures(dimension) for scale in self._scales.values())

    def _translated(self, sentence: Sentence, scope: Sequence[int]) -> str:
        if not self._chinese or any(token.kind == "han" for token in sentence.tokens):
            return ""
        kept = [token for token, refused in zip(sentence.tokens, scope, strict=True) if refused < 0]
        return " ".join(self._glossary.translate(kept)) if kept else ""

    @cached_property
    def _glossary(self) -> Glossary:
        return Glossary(self._items)

    def _learn(self, sentence: Sentence) -> None:
        """Read the dictionary when the first message comes that may name a value in another language."""
        if not self._foreign.may_be_in(sentence):
            return
        with self._learning:
            if self._foreign.may_be_in(sentence):
                found = list(translations(self._foreign.han, self._foreign.latin, self._foreign.roots))
                for one in found:
                    self._names.translate(one)
                self._values.translate(found)
                self._foreign = Foreign()

    def _mended(self, sentence: Sentence) -> Sentence:
        """The sentence with misspelt refusals put right: "wthout nuts" read as "nuts" would be the worst of errors."""
        for at, token in enumerate(sentence.tokens):
            known = token.kind != "word" or self._values.covers(sentence, at, at + 1)
            meant = () if known else self._refusals(token.norm)
            if meant:
                mended = replace(token, norm=meant[0][0], stem=meant[0][0])
                sentence.tokens = (*sentence.tokens[:at], mended, *sentence.tokens[at + 1 :])
        return opposed(sentence, self._values.lexicon)

    def _meant(
        self,
        sentence: Sentence,
        names: Sequence[Name],
        scope: Sequence[int],
        embedder: Embeddings,
        facet_asked: str | None,
    ) -> list[Found]:
        spans = [
            (start, end)
            for start, end in phrases_of(sentence)
            if not self._is_noun(sentence, start, end)
            and not any(name.start <= start and end <= name.end for name in names)
        ]
        meant = self._meanings.find([sentence.span(start, end) for start, end in spans], embedder, facet_asked)
        ranked = sorted(
            ((match.score, start, end, match) for (start, end), match in zip(spans, meant, strict=True) if match),
            key=lambda row: (-row[0], row[1], row[2]),
        )
        found: list[Found] = []
        used: set[int] = set()
        for score, start, end, match in ranked:
            nearer = max((one.score for one in found if one.constraint.facet == match.facet), default=0.0)
            if used & set(range(start, end)) or score < nearer - 0.1:
                continue
            used |= set(range(start, end))
            last = end if sentence.tokens[start].kind == "han" else start + 1  # 底太硬 is refused though 底 is not
            op: Literal["none", "any"] = "none" if max(scope[start:last]) >= 0 else "any"
            sure = min(score, _PERHAPS) if measured(sentence, start - 1) and op == "none" else score
            found.append(
                Found(Constraint(match.facet, op, (match.value,)), start, end, sure, kind="meaning", named=start)
            )
        return found

    def _is_noun(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether a phrase is only a word of the catalog's name, which every one of its values is about."""
        return end == start + 1 and sentence.tokens[start].stem in self._called

    def _wholly(self, found: Found) -> Found:
        """A refusal with the values that are more of what is refused: whoever hates "loud" hates "very loud"."""
        wish = found.constraint
        if found.kind != "value" or wish.op != "none":
            return found
        more = [each for value in wish.values for each in self._values.lexicon.stronger(wish.facet, str(value))]
        return replace(found, constraint=replace(wish, values=tuple(dict.fromkeys([*wish.values, *more]))))

    def _together(self, facet: str, values: Sequence[str]) -> bool:
        """Whether any item has all of some values of a facet that takes several."""
        return bool(self._mask([Constraint(facet, "any", (value,)) for value in values]).any())


_PERHAPS = 0.7
_IDLE = 0.4
"""The most that words count for where the clause around them states no wish."""


def _sure(sentence: Sentence, found: Found, idle: Sequence[bool], *, asked: bool) -> float:
    """The most that words count for where they stand."""
    first = found.start
    while first and sentence.tokens[first - 1].norm in {"a", "an", "the", "any"}:
        first -= 1
    if NOT_THAT.before(sentence.tokens, first):
        return _IDLE
    if not idle[found.start]:
        return 1.0
    return ASKED if asked and found.constraint.values == ("true",) else _IDLE


__all__ = ["Link", "Linker", "Proposal"]
