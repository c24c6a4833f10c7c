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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_chatter import asks, chatter, of_named, of_shown
from chatrec.indexes._linker_cues import ALSO_BEFORE, NOT_THAT, TOO
from chatrec.indexes._linker_dates import find_dates
from chatrec.indexes._linker_degree import measured, within_bounds
from chatrec.indexes._linker_dictionary import Foreign, Glossary, translations
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_join import merge
from chatrec.indexes._linker_kin import find_kin
from chatrec.indexes._linker_lifted import allowed_beyond, also, lifted, unneeded
from chatrec.indexes._linker_meaning import Meanings
from chatrec.indexes._linker_names import Names
from chatrec.indexes._linker_none import find_none, nothings
from chatrec.indexes._linker_numbers import Numbers
from chatrec.indexes._linker_opposites import opposed
from chatrec.indexes._linker_pointing import Rarity, judged, one_of_them, pieces, pointing, told
from chatrec.indexes._linker_positions import find_positions
from chatrec.indexes._linker_relative import Relatives
from chatrec.indexes._linker_rest import leftovers, phrases_of
from chatrec.indexes._linker_scope import negated
from chatrec.indexes._linker_sign import ASKED, signed
from chatrec.indexes._linker_spelling import Speller, Vocabulary
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_titles import Titled, Titles
from chatrec.indexes._linker_units import scales
from chatrec.indexes._linker_values import Values
from chatrec.indexes._linker_words import JOINERS, OR_WORDS
from chatrec.indexes._values import FacetKind, Item, Mention

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

    from chatrec.indexes._catalog import Catalog


@dataclass(frozen=True, slots=True)
class Proposal:
    """A constraint that a sentence seems to state.

    Attributes:
        constraint: The constraint.
        text: The words that say it.
        score: How sure, 0 to 1. From 0.75 on the person said so; lower means perhaps.
        strict: Whether what does not satisfy it may be left out. False for wanted values of a facet that is filled in
            so freely (most of its many values occur once) that an item may have the thing under another name.
        wider: Whether it would do beside what was asked for before ("or grey", 红茶也行).
        bare: Whether it is a number that was said without a bound.
        holders: Ids of listed items that have the number that is said; "27 gears is too many" may speak of one of them.
        judged: Whether it is a number that was found too much or too little.
    """

    constraint: Constraint
    text: str
    score: float
    strict: bool = True
    wider: bool = False
    bare: bool = False
    holders: tuple[str, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What a sentence says in terms of a catalog.

    Attributes:
        proposals: Constraints, in the order in which they were said.
        mentions: Items that were named or pointed at, in that order.
        removed: Facets that the person said are of no matter ("any year is fine").
        given_up: The values that were said to be needed no longer, where a facet is in `removed` for their sake alone.
        rest: The words that were not understood and may be searched for, in order; without function words, and
            without refused ones ("no clowns" must not find clowns).
        translated: The catalog's own words for an English message about a Chinese catalog, to be searched for as
            well; empty otherwise.
    """

    proposals: tuple[Proposal, ...] = ()
    mentions: tuple[Mention, ...] = ()
    removed: tuple[str, ...] = ()
    given_up: tuple[Constraint, ...] = ()
    rest: str = ""
    translated: str = ""


class Linker:
    """Reads sentences against one catalog. Made once and reused; reading changes nothing but caches.

    Args:
        catalog: The catalog.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._items = catalog.items
        self._mask = catalog.mask
        self._noun = catalog.name
        self._called = {token.stem for token in Sentence.read(catalog.name.replace("_", " ")).tokens}
        self._row = {item.id: row for row, item in enumerate(self._items)}
        facets = list(catalog.facets.values())
        self._kinds: dict[str, FacetKind] = {facet.name: facet.kind for facet in facets}
        self._scales = scales(facets, self._items)
        vocabulary = Vocabulary(self._items)
        self._refusals = Speller(("without", "except", "excluding", "nothing", "anything"), vocabulary)
        self._values = Values(facets, vocabulary, called=self._called, measured=self._measures)
        self._names = Names(facets, self._scales, people=self._values.lexicon.name_like)
        self._titles = Titles(self._items, self._scales, vocabulary)
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
        asked: str | None = None,
        embedder: Embeddings | None = None,
    ) -> Link:
        """Read a sentence.

        Args:
            text: What the person said; English, Chinese, or both.
            last: Ids of the items shown last, in the order shown; ids that the catalog does not have are passed over.
            listed: Ids of all items shown so far, of which a part of the title may speak.
            asked: The facet that the sentence answers a question about: what may be said of it or of others is said
                of it.
            embedder: With one, words that name no value are matched to values by meaning, at scores below 0.75.
        """
        sentence = Sentence.read(text)
        self._learn(sentence)
        sentence = self._mended(sentence)
        shown = self._known(last)
        names = self._names(sentence)
        nothing = find_none(sentence, names, self._none)
        names = [name for name in names if sentence.free(name.start, name.end)]
        removed = lifted(sentence, names)
        for name in removed:
            sentence.take(name.start, name.end)
        names = [name for name in names if sentence.free(name.start, name.end)]
        mentioned = self._mentioned(sentence, shown, firm=True)
        earlier = self._known(item_id for item_id in listed if item_id not in last)
        pointed = self._abbreviated(sentence, shown, earlier) + self._relatives.pointed(sentence, names, shown)
        found = self._values.find(sentence, names, asked)
        for one in found:
            sentence.take(one.named, one.start)
        found += find_kin(sentence, self._values.lexicon)
        known = [(one, pointing(sentence, one, shown)) for one in found]
        found = [one for one, item in known if item is None]
        mentioned += [(item, one.start, one.end, one.score, True) for one, item in known if item is not None]
        pointed += told(sentence, shown)
        mentioned += [(*one, _POINTED, True) for one in pointed]
        found += nothing + find_dates(sentence, self._scales.values())
        numbers = self._numbers.find(sentence, names, asked)
        told_by = {one.start: (item, one.end) for one in numbers if (item := _told_by(sentence, one, shown))}
        mentioned += [(item, start, end, _POINTED, True) for start, (item, end) in told_by.items()]
        found += [one for one in numbers if one.start not in told_by]
        than = {start: item for item, start, _, _, _ in mentioned}
        found += self._relatives.find(sentence, names, shown, than)
        mentioned += self._mentioned(sentence, [], firm=False)
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
        return Link(
            self._proposals(sentence, found, shown),
            tuple(_mention(sentence, one, scope) for one in sorted(mentioned, key=lambda one: one[1])),
            tuple(dict.fromkeys([*(name.facet for name in removed), *(one.constraint.facet for one in given_up)])),
            tuple(one.constraint for one in given_up if one.constraint.facet not in {name.facet for name in removed}),
            leftovers(sentence, scope),
            self._translated(sentence, scope),
        )

    def _measures(self, dimension: str) -> bool:
        return any(scale.measures(dimension) for scale in self._scales.values())

    def _known(self, ids: Iterable[str]) -> list[Item]:
        return [self._items[self._row[item_id]] for item_id in ids if item_id in self._row]

    def _translated(self, sentence: Sentence, scope: Sequence[int]) -> str:
        if not self._chinese or any(token.kind == "han" for token in sentence.tokens):
            return ""
        kept = [token for token, refused in zip(sentence.tokens, scope, strict=True) if refused < 0]
        return " ".join(self._glossary.translate(kept)) if kept else ""

    @cached_property
    def _rare(self) -> Rarity:
        return Rarity([item.title for item in self._items])

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

    def _mentioned(self, sentence: Sentence, shown: Sequence[Item], *, firm: bool) -> list[_Named]:
        """Items pointed at or named; with `firm`, only those that nothing else can be meant by."""
        made: list[_Named] = []
        if firm:
            places = find_positions(sentence, len(shown), self._noun)
            made.extend((shown[place.place], place.start, place.end, 0.95, True) for place in places)
            for place in places:
                sentence.take(place.start, place.end)
        rows = {self._row[item.id] for item in shown}
        for titled in self._titles.find(sentence, rows):
            told = titled.row in rows and judged(sentence, titled.start, titled.end)
            if sentence.free(titled.start, titled.end) and (not firm or self._is_title(sentence, titled, told=told)):
                item = self._items[titled.row]
                made.append((item, titled.start, titled.end, titled.score, False))
                sentence.take(titled.start, titled.end)
        return made

    def _abbreviated(
        self, sentence: Sentence, shown: Sequence[Item], listed: Sequence[Item]
    ) -> list[tuple[Item, int, int]]:
        """Listed items that are pointed at by a part of their title, those of the last list first."""
        valued = partial(self._is_value, sentence)
        return [one for items in (shown, listed) if items for one in pieces(sentence, items, self._is_rare, valued)]

    def _is_rare(self, words: Sequence[str]) -> bool:
        return self._rare(words)  # counted when it is first asked

    def _is_value(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether some words are a value, or one value after another."""
        each = all(self._values.covers(sentence, at, at + 1) for at in range(start, end))
        return each or self._values.covers(sentence, start, end)

    def _is_title(self, sentence: Sentence, titled: Titled, *, told: bool) -> bool:
        """Whether words are a title before they are a value: marked as one, judged, or longer than any value there."""
        if self._values.covers(sentence, titled.start, titled.end):
            return titled.firm and titled.score >= 0.96
        touched = self._values.touches(sentence, titled.start, titled.end) if titled.score < 0.96 else []
        capital = sentence.tokens[titled.end - 1].capital
        if touched and ((all(touched) and not capital) or (any(touched) and not titled.firm)):
            return False
        longer = self._values.reaches(sentence, titled.start) > titled.end
        return not longer and (titled.firm or told or titled.end - titled.start > 1)

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

    def _proposals(self, sentence: Sentence, found: Sequence[Found], shown: Sequence[Item]) -> tuple[Proposal, ...]:
        best: dict[Constraint, Proposal] = {}
        merged = merge(sentence, found, self._kinds, self._together)
        bounded = {one.constraint.facet for one in merged if one.kind == "number" and not one.judged}
        for one in merged:
            strict = one.constraint.op != "any" or one.constraint.facet not in self._values.lexicon.free
            proposal = Proposal(
                one.constraint,
                sentence.span(one.start, one.end),
                round(one.score, 3),
                strict,
                wider=_wider(sentence, one)
                or (self._kinds.get(one.constraint.facet) == "category" and _too(sentence, one)),
                bare=one.bare,
                holders=tuple(item.id for item in shown if _holds(item, one)),
                judged=one.judged,
            )
            if one.judged and not proposal.holders and one.constraint.facet in bounded:
                continue  # "180 is a lot, 150 tops"
            held = best.get(one.constraint)
            if held is None or held.score < proposal.score:
                best[one.constraint] = proposal
        return tuple(best.values())


_POINTED = 0.9
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


_Named = tuple[Item, int, int, float, bool]


def _wider(sentence: Sentence, found: Found) -> bool:
    """Whether a value is said to do as well as what was asked for before."""
    if found.constraint.op != "any" or found.kind == "number":
        return False
    lead = sentence.tokens[0].norm in OR_WORDS and all(t.norm in JOINERS for t in sentence.tokens[1 : found.start])
    before = ALSO_BEFORE.before(sentence.tokens, found.named)
    return (lead and found.start > 0) or before is not None or also(sentence, found.end)


def _too(sentence: Sentence, found: Found) -> bool:
    """Whether a value closes with "too": of what has one value only, that can but widen ("then cow as well")."""
    if found.constraint.op != "any" or found.kind == "number":
        return False
    return TOO.at(sentence.tokens, found.end) is not None


def _holds(item: Item, found: Found) -> bool:
    """Whether an item has, to three in a hundred, a number that was said without a bound."""
    held, values = item.facets.get(found.constraint.facet), found.constraint.values
    if not (found.bare or found.judged) or isinstance(held, bool) or not isinstance(held, int | float):
        return False
    numbers = [value for value in values if isinstance(value, int | float)]
    said = sum(numbers) / max(1, len(numbers))
    return abs(held - said) <= 0.03 * abs(said)


def _told_by(sentence: Sentence, found: Found, shown: Sequence[Item]) -> Item | None:
    """The listed item that a number points at: the only one that has it, as in 2300那套 and 26寸那个."""
    held = [item for item in shown if _holds(item, found)] if found.bare else []
    han = sentence.tokens[min(found.end, len(sentence) - 1)].kind == "han"
    return held[0] if han and len(held) == 1 and one_of_them(sentence, found.start, found.end) else None


def _mention(sentence: Sentence, named: _Named, scope: Sequence[int]) -> Mention:
    item, start, end, score, listed = named
    refused = scope[start] >= 0 or _compares_badly(sentence, start)
    than = any(token.norm in {"than", "比"} for token in sentence.tokens[max(0, start - 3) : start])
    words = sentence.span(start, end)
    return Mention(item.id, item.title, words, round(score, 3), negated=refused, listed=listed, standard=than)


def _compares_badly(sentence: Sentence, start: int) -> bool:
    lead = [token.norm for token in sentence.tokens[max(0, start - 3) : start]]
    return lead[-2:] in (["nothing", "like"], ["not", "like"], ["unlike"], ["不", "像"]) or lead[-1:] == ["unlike"]


__all__ = ["Link", "Linker", "Proposal"]
