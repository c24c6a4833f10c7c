"""Words for what a simulated person means: wishes, items, flaws; roughened the way people type."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import numpy as np

from chatrec.agent.tuning import _words_en, _words_zh
from chatrec.agent.tuning._domains import Column, Domain
from chatrec.agent.tuning._files import shipped
from chatrec.indexes import Catalog, Constraint

__all__ = ["Voice", "measure_of", "values_held"]

_MONEY = {"€", "$", "£", "元"}
_TIME = {"min", "h", "hours", "days", "weeks", "months", "years", "分钟", "小时", "天", "节"}
_LENGTH = {"km", "m", "cm", "mm", "m²", "厘米", "pages"}
_WEIGHT = {"g", "kg", "克", "公斤"}


def measure_of(column: Column) -> str:
    """What a number column measures: money, time, length, weight, year or other."""
    for name, units in (("money", _MONEY), ("time", _TIME), ("length", _LENGTH), ("weight", _WEIGHT)):
        if column.unit in units:
            return name
    return "year" if 1500 < column.low < 2030 and column.high < 2100 else "other"


@cache
def _said(language: str) -> dict[str, tuple[str, ...]]:
    """Sentences with slots, none of a domain, by what they are for."""
    return {key: tuple(forms) for key, forms in shipped(f"said_{language}.json").items()}


class Voice:
    """One person's way of putting things.

    Args:
        domain: What is talked about, its columns named as in the catalog.
        catalog: The items.
        rng: The source of chance.
        language: "en" or "zh".
    """

    def __init__(self, domain: Domain, catalog: Catalog, rng: np.random.Generator, language: str) -> None:
        self.domain = domain
        self.catalog = catalog
        self.language = language
        self._rng = rng
        self._words: ModuleType = _words_zh if language == "zh" else _words_en
        self._said = _said(language)
        self._native = language == domain.language
        self._lower = rng.random() < 0.4
        self._bare = rng.random() < 0.35
        self._typos = 0.25 if rng.random() < 0.2 else 0.02
        self._chatty = float(rng.choice([0.06, 0.15, 0.5], p=[0.5, 0.35, 0.15]))

    def pick(self, options: tuple[str, ...]) -> str:
        """One of some texts."""
        return options[int(self._rng.integers(len(options)))]

    def say(self, key: str, **slots: str) -> str:
        """A whole sentence."""
        one = self.domain.one if self.language == self.domain.language else "one"
        many = self.domain.many if self.language == self.domain.language else "things"
        slots = {
            "one": one,
            "many": many,
            "a_one": one if self.language == "zh" else f"{'an' if one[:1] in 'aeiou' else 'a'} {one}",
            "whom": self.pick(self._said["whom"]),
            "label": self.label(self._any_column().name),
            "value": self._any_value(),
        } | slots
        return self.pick(self._said[key]).format(**slots)

    def spoken(self, text: str, *, opening: bool = False) -> str:
        """The text as it is typed: a greeting or filler around it, letters dropped, case and points lost."""
        space = "" if self.language == "zh" else " "
        if opening and self._rng.random() < 0.25:
            text = (
                self.pick(self._said["hello"]) + self.pick(("，",) if space == "" else (" ", ", ", "! ", ". ")) + text
            )
        while self._rng.random() < self._chatty:
            filler = self.pick(self._said["filler"])
            text = (
                f"{filler}{space}{text}"
                if self._rng.random() < 0.6
                else f"{text}{space if text[-1:] in '.?!。？！' else '。' if space == '' else '. '}{filler}"
            )
        if self.language == "en":
            if self._lower:
                text = text.lower()
            elif self._rng.random() < 0.6:
                text = text[:1].upper() + text[1:]
            if self._rng.random() < self._typos:
                text = self._misspelt(text)
        if self._bare:
            text = text.rstrip(".!?。！？")
        elif text[-1:].isalnum() and self._rng.random() < 0.3:
            text += "。" if self.language == "zh" else "."
        return text

    def reference(self, item_id: str, shown: tuple[str, ...]) -> str:
        """Words for an item: its place on the list, or its title."""
        title = self.catalog[item_id].title
        if item_id not in shown:
            return title
        place = shown.index(item_id)
        if len(shown) == 1 and self._rng.random() < 0.5:
            return self.pick(self._words.THIS)
        if place == len(shown) - 1 and place > 0 and self._rng.random() < 0.12:
            return "最后一个" if self.language == "zh" else "the last one"
        told = self._told(item_id, shown)
        if told is not None:
            return told
        ordinal = self._words.ORDINALS[min(place, 7)]
        return self.pick(self._words.REFERENCES).format(ordinal=ordinal, n=place + 1, title=title)

    def _told(self, item_id: str, shown: tuple[str, ...]) -> str | None:
        """An item by a part of its title, or by what it alone has or has most of, now and then; else None."""
        if self._rng.random() < 0.22 and (piece := self._piece(self.catalog[item_id].title, shown)) is not None:
            return self.pick(self._words.BY_PIECE).format(piece=piece)
        if self._rng.random() < 0.08 and (extreme := self._extreme(item_id, shown)) is not None:
            return extreme
        if self._rng.random() < 0.2 and (value := self._telling(item_id, shown)) is not None:
            return self.pick(self._words.BY_VALUE).format(value=value)
        return None

    def _piece(self, title: str, shown: tuple[str, ...]) -> str | None:
        """A part of a title that no other shown has, or None."""
        others = " ".join(self.catalog[item].title.casefold() for item in shown if self.catalog[item].title != title)
        if title.isascii():
            pieces = [word for word in title.replace("-", " ").split() if len(word) > 3]
        else:
            pieces = [piece for piece in (title[:2], title[-2:], title[:3], title[-3:]) if len(piece) < len(title)]
        alone = [piece for piece in pieces if piece.casefold() not in others]
        return self.pick(tuple(alone)) if alone else None

    def _extreme(self, item_id: str, shown: tuple[str, ...]) -> str | None:
        """Words for the item that has the least or the most of something of those shown, or None."""
        told: list[str] = []
        for column in self.domain.columns:
            held = {item: self.catalog[item].facets.get(column.name) for item in shown}
            numbers = {i: v for i, v in held.items() if isinstance(v, int | float) and not isinstance(v, bool)}
            mine = numbers.pop(item_id, None)
            words = self._words.EXTREMES.get(measure_of(column))
            if column.kind != "number" or mine is None or not numbers or words is None:
                continue
            told += words[0] if mine < min(numbers.values()) else words[1] if mine > max(numbers.values()) else ()
        return self.pick(tuple(told)) if told else None

    def _telling(self, item_id: str, shown: tuple[str, ...]) -> str | None:
        """A value that this item alone has of those shown, or None."""
        told: list[str] = []
        for column in self.domain.columns:
            held = {item: values_held(self.catalog[item].facets.get(column.name), column.unit) for item in shown}
            others = {value for item, values in held.items() if item != item_id for value in values}
            mine = [value for value in held[item_id] if value not in others]
            told += mine if column.kind == "number" else [self.value(column, value) for value in mine]
        return self.pick(tuple(told)) if told else None

    def label(self, name: str) -> str:
        """A column's name in words."""
        return name.replace("_", " ").lower() if self._rng.random() < 0.7 else name.replace("_", " ")

    def wishes(self, wishes: list[Constraint]) -> str:
        """Several wishes in one breath."""
        text = ""
        for place, wish in enumerate(wishes):
            text += (self.pick(self._words.JOIN) if place else "") + self.wish(wish)
        return text

    def wish(self, wish: Constraint) -> str:
        """Words for a wish."""
        column = self.domain.column(wish.facet)
        if column is None:
            return str(wish)
        label = self.label(column.name)
        if column.kind == "number":
            return self._number(wish, column, label)
        if column.kind == "boolean":
            words = self.pick(self._other(column, "true", (label,)))
            good = wish.values[0] == "true" and wish.op == "any"
            return words if good else self.pick(self._words.WITHOUT[:3]).format(wish=words)
        words = (" or " if self.language == "en" else "或").join(self.value(column, str(v)) for v in wish.values)
        if wish.op == "none":
            return self.pick(self._words.WITHOUT).format(wish=words)
        forms = (
            self._words.LABELLED
            if self._rng.random() < 0.2
            else self._words.ANY_OF
            if column.kind == "category"
            else self._words.WITH
        )
        one = self.domain.one if self.language == self.domain.language else "one"
        return self.pick(forms).format(wish=words, label=label, one=one)

    def value(self, column: Column, value: str) -> str:
        """A value, now and then in other words."""
        others = self._other(column, value)
        return self.pick(others) if others and self._rng.random() < 0.35 else value

    def _other(self, column: Column, value: str, named: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Other words for a value; in place of those that describe items too, where there are none, `named`."""
        return column.others.get(value, named) + (column.ways.get(value, ()) if self._native else ())

    def clause(self, wish: Constraint) -> str | None:
        """What means a wish without naming it, or None."""
        column = self.domain.column(wish.facet)
        if column is None or not self._native or len(wish.values) != 1 or column.kind == "number":
            return None
        value = str(wish.values[0])
        if column.kind == "boolean":
            value = "true" if (value == "true") == (wish.op == "any") else "false"
        elif wish.op != "any":
            return None
        forms = column.clauses.get(value, ())
        return self.pick(forms) if forms else None

    def told(self, wishes: list[Constraint]) -> str:
        """Several wishes, those that can be in clauses that do not name them, as sentences."""
        parts: list[str] = []
        named: list[Constraint] = []
        for wish in wishes:
            clause = self.clause(wish)
            if clause is None:
                named.append(wish)
            else:
                parts.append(clause)
        if named:
            parts.insert(int(self._rng.integers(len(parts) + 1)), self.say("add", wishes=self.wishes(named)))
        marks = ("，", "。") if self.language == "zh" else (", ", ". ", " and ", ", ")
        return self.pick(marks).join(parts)

    def vague(self, column: Column) -> str:
        """A wish about a number without a number."""
        return self.pick(self._words.VAGUE_NUMBERS[measure_of(column)]).format(label=self.label(column.name))

    def flaw(self, column: Column, *, high: bool) -> tuple[str, str]:
        """Words for a number that is too high (or too low), and for what is wished instead."""
        forms = self._words.FLAWS[measure_of(column)]
        words = forms[int(self._rng.integers(len(forms)))]
        label = self.label(column.name)
        flaw, change = (words[0], words[3]) if high else (words[2], words[1])
        return flaw.format(label=label), change.format(label=label)

    def _number(self, wish: Constraint, column: Column, label: str) -> str:
        unit = f"{'' if self.language == 'zh' else ' '}{column.unit}" if column.unit else ""
        if self._rng.random() < 0.25:
            unit = ""
        shown = [f"{v:g}" if isinstance(v, float) else str(v) for v in wish.values]
        if wish.op == "between":
            return self.pick(self._words.BETWEEN).format(label=label, low=shown[0], high=shown[1] + unit)
        short = bool(unit) and self._rng.random() < 0.5
        if wish.op in {"lt", "le"}:
            forms = self._words.UNIT_AT_MOST if short else self._words.AT_MOST
        else:
            forms = self._words.UNIT_AT_LEAST if short else self._words.AT_LEAST
        return self.pick(forms).format(label=label, n=shown[0] + unit)

    def _any_column(self) -> Column:
        return self.domain.columns[int(self._rng.integers(len(self.domain.columns)))]

    def _any_value(self) -> str:
        column = self._any_column()
        if column.values:
            return self.value(column, self.pick(column.values))
        return column.others.get("true", (self.label(column.name),))[0]

    def _misspelt(self, text: str) -> str:
        words = text.split(" ")
        place = int(self._rng.integers(len(words)))
        word = words[place]
        if len(word) > 4 and word.isalpha():
            at = int(self._rng.integers(1, len(word) - 1))
            cut = (
                word[:at] + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at] + word[at:],
            )
            words[place] = self.pick(cut)
        return " ".join(words)


def values_held(held: object, unit: str | None = None) -> tuple[str, ...]:
    """The words that a facet holds, a number with its unit; none where it is a yes or a no."""
    if isinstance(held, int | float) and not isinstance(held, bool):
        return (f"{held:g} {unit}" if unit else f"{held:g}",)
    return (held,) if isinstance(held, str) else held if isinstance(held, tuple) else ()
