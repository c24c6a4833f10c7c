"""The items that a sentence names or points at."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cached_property, partial

from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_groups import everything, others, refuses
from chatrec.indexes._linker_hints import hints, rarity
from chatrec.indexes._linker_link import holds
from chatrec.indexes._linker_pointing import Rarity, judged, one_of_them, pieces
from chatrec.indexes._linker_positions import find_positions
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_titles import Titled, Titles
from chatrec.indexes._linker_values import Values
from chatrec.indexes._values import Item, Mention

POINTED = 0.9
"""How sure it is that words which tell a listed item mean it."""
HINTED = 0.5
"""Likewise, of words that only hint at it."""

Named = tuple[Item, int, int, float, bool]
"""An item, the first token of the words that mean it and the one after the last, how sure, and whether by its place."""


class Mentions:
    """Finds them.

    Args:
        items: The catalog's items.
        titles: Their titles.
        values: The catalog's values; a title that is one must be marked as a title.
        noun: What the catalog calls its items.
    """

    def __init__(self, items: Sequence[Item], titles: Titles, values: Values, noun: str) -> None:
        self._items = items
        self._row = {item.id: row for row, item in enumerate(items)}
        self._titles = titles
        self._values = values
        self._noun = noun

    def known(self, ids: Iterable[str]) -> list[Item]:
        """The items with these ids; ids that the catalog does not have are passed over."""
        return [self._items[self._row[item_id]] for item_id in ids if item_id in self._row]

    def named(self, sentence: Sentence, shown: Sequence[Item], *, firm: bool) -> list[Named]:
        """Items pointed at or named; with `firm`, only those that nothing else can be meant by."""
        made: list[Named] = []
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

    def abbreviated(
        self, sentence: Sentence, shown: Sequence[Item], listed: Sequence[Item]
    ) -> list[tuple[Item, int, int]]:
        """Listed items that are pointed at by a part of their title, those of the last list first."""
        valued = partial(self._is_value, sentence)
        return [one for items in (shown, listed) if items for one in pieces(sentence, items, self._is_rare, valued)]

    def hinted(
        self, sentence: Sentence, shown: Sequence[Item], wished: Container[int], scope: Sequence[int]
    ) -> tuple[Mention, ...]:
        """Listed items that alone have a word of the sentence in their text.

        Args:
            sentence: The sentence.
            shown: The items of the last list.
            wished: The tokens in which a constraint is read; they hint at nothing.
            scope: By token, the place of the refusal whose scope it is in, or -1.
        """
        found = hints(sentence, shown, self._telling) if len(shown) > 1 else []
        free = [(*one, HINTED, True) for one in found if not any(at in wished for at in range(one[1], one[2]))]
        return tuple(mention(sentence, one, scope) for one in free)

    def implied(
        self,
        sentence: Sentence,
        shown: Sequence[Item],
        numbers: Sequence[Found],
        named: Sequence[str],
        about: str | None,
    ) -> list[Named]:
        """Listed items told by a number that they alone have, all of the list, or what is left of it.

        Args:
            sentence: The sentence.
            shown: The items of the last list.
            numbers: The numbers in the sentence.
            named: Ids of the items that are pointed at otherwise.
            about: Id of the item spoken of before.
        """
        had = [(item, one.cue, one.end) for one in numbers if (item := told_exactly(one, shown))]
        # 第一个和第三个我都喝过 means these two
        listed = [one for one in everything(sentence, shown) if not named or sentence.tokens[one[1]].norm != "都"]
        found = [one for one in listed or had if one[0].id not in named]
        spoken_of = {about, *named, *(item.id for item, _, _ in found)}
        return [(*one, POINTED, True) for one in (*found, *others(sentence, shown, spoken_of))]

    def _is_rare(self, words: Sequence[str]) -> bool:
        return self._rare(words)  # counted when it is first asked

    @cached_property
    def _rare(self) -> Rarity:
        return Rarity([item.title for item in self._items])

    @cached_property
    def _telling(self) -> Rarity:
        return rarity(self._items)

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


def told_by(sentence: Sentence, found: Found, shown: Sequence[Item]) -> Item | None:
    """The listed item that a number points at: the only one that has it, as in "the £890 one" and 26寸那个."""
    held = [item for item in shown if holds(item, found)] if found.bare else []
    return held[0] if len(held) == 1 and one_of_them(sentence, found.start, found.end) else None


def told_exactly(found: Found, shown: Sequence[Item]) -> Item | None:
    """The listed item that alone has a number that is said without a bound: "£890!", "45 minutes is too long"."""
    if not (found.bare or found.judged) or len(shown) < 2:
        return None
    held = [item for item in shown if item.facets.get(found.constraint.facet) in found.constraint.values]
    return held[0] if len(held) == 1 else None


def mention(sentence: Sentence, named: Named, scope: Sequence[int]) -> Mention:
    """A named item as the linker tells of it.

    Args:
        sentence: The sentence.
        named: The item.
        scope: By token, the place of the refusal whose scope it is in, or -1.
    """
    item, start, end, score, listed = named
    refused = scope[start] >= 0 or _compares_badly(sentence, start) or refuses(sentence, start, end)
    than = any(token.norm in {"than", "比"} for token in sentence.tokens[max(0, start - 3) : start])
    words = sentence.span(start, end)
    return Mention(item.id, item.title, words, round(score, 3), negated=refused, listed=listed, standard=than)


def _compares_badly(sentence: Sentence, start: int) -> bool:
    lead = [token.norm for token in sentence.tokens[max(0, start - 3) : start]]
    return lead[-2:] in (["nothing", "like"], ["not", "like"], ["unlike"], ["不", "像"]) or lead[-1:] == ["unlike"]
