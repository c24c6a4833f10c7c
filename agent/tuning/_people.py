"""Simulated people: what they say, in which mood, and what they mean by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chatrec.agent._reply import Kind
from chatrec.agent.tuning._domains import Column, Domain
from chatrec.agent.tuning._mind import Mind
from chatrec.agent.tuning._voice import Voice, values_held
from chatrec.indexes import Catalog, Constraint

__all__ = ["Need", "Person", "Said"]

Need = Literal["open", "list", "ask", "describe", "reply", "profile"]
"""What a message calls for: `open` leaves asking or listing to the catalog; `list` and `ask` say it."""

_OPENINGS: dict[str, float] = {
    "vague": 18, "wishes": 36, "like": 5, "but": 4, "list": 12, "quick": 5, "ask": 5, "greet": 4, "numbers": 4,
    "lasting": 5, "describe": 1.5, "scope": 1.5, "profile": 0.7, "help": 1.5, "unclear": 1,
}  # fmt: skip
_REACTIONS: dict[str, float] = {
    "accept": 5, "accept_more": 2, "reject": 4, "seen": 4, "critique": 4, "refine": 3, "more": 2.5, "none": 1.5,
    "all_seen": 0.7, "list_change": 2.5, "add": 4, "change": 2, "lift": 1.5, "describe": 4.5, "several": 4, "both": 1.5,
    "number_flaw": 4, "refuse_value": 3, "also_fine": 2, "than": 2.5, "compare": 1.5, "limit": 3.5, "like_ask": 2,
    "thanks": 1, "bye": 0.7, "smalltalk": 1, "scope": 0.7, "lasting": 2, "profile": 0.5, "help": 0.5, "unclear": 0.7,
}  # fmt: skip
_REPLIES: dict[str, Kind] = {
    "thanks": "thanks", "bye": "goodbye", "smalltalk": "chat", "scope": "off topic", "profile": "noted",
    "greet_only": "greeting", "help": "help", "unclear": "unclear",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One message, with what is meant by it.

    Attributes:
        text: The words.
        need: What it calls for after the bookkeeping.
        feedback: Opinions, as kind and item id, in the order they were said.
        lasting: Wishes to be remembered for ever.
        about: The item asked about, or None.
        meant: Every condition meant so far.
        reply: Which kind of words answers it, where words do.
        last: Whether nothing more will be said.
    """

    text: str
    need: Need = "open"
    feedback: tuple[tuple[str, str], ...] = ()
    lasting: tuple[Constraint, ...] = ()
    about: str | None = None
    meant: tuple[Constraint, ...] = ()
    reply: Kind = "chat"
    last: bool = False


class Person:
    """Somebody who wants one item of a catalog and does not know its title.

    Args:
        domain: What the catalog holds, its columns named as there.
        catalog: The items.
        rng: The source of chance.
        language: "en" or "zh"; a person may speak another language than the catalog.
    """

    def __init__(self, domain: Domain, catalog: Catalog, rng: np.random.Generator, language: str) -> None:
        self._domain = domain
        self._catalog = catalog
        self._rng = rng
        self.voice = Voice(domain, catalog, rng, language)
        self.mind = Mind(domain, catalog, rng)
        self._told = 0

    # -- the first message

    def opening(self) -> Said:
        """The first message."""
        voice, mind = self.voice, self.mind
        kind = self._draw(_OPENINGS)
        if kind == "wishes":
            some = mind.reveal(int(self._rng.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.17, 0.08])))
            said = self._said(self._told_or("open_wishes", some), opening=True)
        elif kind in {"like", "but"}:
            title = mind.liked().title
            wishes = voice.wishes(mind.reveal(1)) if kind == "but" else ""
            key = "open_like_but" if kind == "but" else "open_like"
            said = self._said(voice.say(key, title=title, wishes=wishes), opening=True)
        elif kind == "quick":
            some = mind.reveal(int(self._rng.integers(1, 3)))
            said = self._said(voice.say("open_list_wishes", wishes=voice.wishes(some)), need="list", opening=True)
        elif kind == "numbers":
            said = self._vague_number()
        elif kind == "lasting":
            said = self._lasting()
        elif kind == "describe":
            item = mind.any_item()
            said = self._said(voice.say("describe", ref=item.title), need="describe", about=item.id)
        elif kind in {"greet", "scope", "profile", "help", "unclear"}:
            said = self._talk("greet_only" if kind == "greet" else kind)
        elif kind == "list":
            said = self._said(voice.say("open_list"), need="list", opening=True)
        elif kind == "ask":
            said = self._said(voice.say("open_ask"), need="ask", opening=True)
        else:
            said = self._said(voice.say("open_vague"), opening=True)
        return said

    def _vague_number(self) -> Said:
        voice = self.voice
        column = self.mind.column_of_kind("number")
        vague = voice.vague(column) if column else ""
        wishes = voice.wishes(self.mind.reveal(int(self._rng.integers(0, 2))))
        space = " " if voice.language == "en" and vague and wishes else ""
        text = vague + space + wishes
        return self._said(voice.say("open_wishes", wishes=text) if text else voice.say("open_vague"), opening=True)

    # -- later messages

    def answer(self, facet: str) -> Said:
        """What is said to a question about a facet."""
        voice, column = self.voice, self._domain.column(facet)
        draw = float(self._rng.random())
        if draw < 0.06:
            return self._said(voice.say("answer_list"), need="list")
        if draw < 0.10:
            return self._talk("smalltalk" if self._rng.random() < 0.6 else "scope")
        if draw < 0.14:
            return self._said(voice.say("answer_odd"))
        wish = self.mind.wish_about(facet)
        if column is None or wish is None or draw < 0.26:
            some = self.mind.reveal(1) if self._rng.random() < 0.3 else []
            return self._said(voice.say("answer_other", wishes=voice.wishes(some)) if some else voice.say("answer_any"))
        self.mind.mean([wish])
        return self._said(self._told_value(wish, facet, draw))

    def _told_value(self, wish: Constraint, facet: str, draw: float) -> str:
        voice, column = self.voice, self._domain.column(facet)
        assert column is not None
        if self._rng.random() < 0.25 and (clause := voice.clause(wish)) is not None:
            return clause
        if column.kind == "boolean" and self._rng.random() < 0.7:
            return voice.say("answer_yes" if wish.values[0] == "true" else "answer_no")
        if column.kind in {"number", "boolean"}:
            return voice.wish(wish)
        value = voice.value(column, str(wish.values[0]))
        slots = {"value": value, "label": voice.label(facet)}
        if wish.op == "none":
            return voice.say("answer_not", **slots)
        if draw > 0.8 and self.mind.open:
            return voice.say("answer_also", wishes=voice.wishes(self.mind.reveal(1)), **slots)
        return voice.say("answer_value", **slots)

    def react(self, shown: tuple[str, ...]) -> Said:
        """What is said to a list."""
        if not shown:
            return self._wish("change")
        found = self.mind.target.id in shown
        return self._reaction(self._draw(_REACTIONS | ({"accept": 22} if found else {})), shown)

    def _reaction(self, kind: str, shown: tuple[str, ...]) -> Said:
        voice, mind = self.voice, self.mind
        said = self._verdict(kind, shown)
        if said is not None:
            return said
        number = mind.column_of_kind("number")
        if kind == "list_change" and number is not None:
            flaw, change = voice.flaw(number, high=bool(self._rng.random() < 0.65))
            said = self._said(voice.say("list_change", flaw=flaw, change=change), need="list")
        elif kind == "than" and number is not None:
            ref = voice.reference(mind.one(shown), shown)
            _, change = voice.flaw(number, high=bool(self._rng.random() < 0.65))
            said = self._said(voice.say("than", ref=ref, change=change), need="list")
        elif kind in {"number_flaw", "compare"} and number is not None:
            said = self._figure(kind, number, shown)
        elif kind == "limit" and number is not None:
            said = self._limit(number)
        elif kind in {"describe", "like_ask"}:
            item = mind.one(shown)
            said = self._said(voice.say(kind, ref=voice.reference(item, shown)), need="describe", about=item)
        elif kind == "lasting":
            said = self._lasting()
        elif kind in {"add", "change"}:
            said = self._wish(kind)
        elif kind == "also_fine" and (wider := self._wider()) is not None:
            said = self._said(voice.say("also_fine", value=wider))
        elif kind == "lift" and mind.meant:
            gone = mind.meant.pop(int(self._rng.integers(len(mind.meant))))
            said = self._said(voice.say("lift", label=voice.label(gone.facet)))
        elif kind in _REPLIES:
            said = self._talk(kind, last=kind == "bye")
        else:
            said = self._said(voice.say("more"), need="list")
        return said

    def _verdict(self, kind: str, shown: tuple[str, ...]) -> Said | None:
        """Opinions on what was listed, or None where the kind is no such thing."""
        mind = self.mind
        if kind in {"accept", "accept_more"}:
            return self._accept(kind, mind.target.id if mind.target.id in shown else mind.one(shown), shown)
        if kind in {"reject", "seen", "critique", "refine"}:
            text, event = self._opinion(kind, mind.other(shown), shown)
            return self._said(text, need="list", feedback=[event])
        if kind == "both" and len(shown) > 1:
            return self._both(shown)
        if kind in {"none", "all_seen"}:
            return self._all(kind, shown)
        if kind == "refuse_value":
            return self._refused(shown)
        return self._several(shown) if kind == "several" else None

    def follow(self, act: str, about: str | None = None) -> Said:
        """What is said after words or facts (`describe`, of the item `about`)."""
        if act == "describe":
            if about is not None and self._rng.random() < 0.4:
                return self._said(self.voice.say("describe_it"), need="describe", about=about)
            return self._said(self.voice.say("more"), need="list") if self._rng.random() < 0.5 else self._closing()
        if not self._told and self._rng.random() < 0.85:
            some = self.mind.reveal(int(self._rng.integers(0, 3)))
            return self._said(self._told_or("open_wishes", some) if some else self.voice.say("open_vague"))
        return self._closing()

    def judge(self, item_id: str, shown: tuple[str, ...]) -> Said:
        """What is said of an item after its facts were told."""
        kind = self._draw(dict.fromkeys(("accept", "reject", "seen", "critique", "refine", "accept_more"), 1.0))
        if item_id in shown and kind in {"accept", "reject"} and self._rng.random() < 0.6:
            need: Need = "reply" if kind == "accept" else "list"
            return self._said(self.voice.say(f"{kind}_it"), need=need, feedback=[(kind, item_id)], reply="noted")
        if kind.startswith("accept"):
            return self._accept(kind, item_id, shown)
        text, event = self._opinion(kind, item_id, shown, known=item_id in shown)
        return self._said(text, need="list", feedback=[event])

    def _talk(self, kind: str, *, last: bool = False) -> Said:
        """Words that want words, or the profile."""
        text = self.voice.spoken(self.voice.say(kind))
        need: Need = "profile" if kind == "profile" else "reply"
        return Said(text, need=need, meant=tuple(self.mind.meant), reply=_REPLIES[kind], last=last)

    def _closing(self) -> Said:
        return self._talk("thanks" if self._rng.random() < 0.7 else "bye", last=True)

    def _wish(self, key: str) -> Said:
        some = self.mind.reveal(1) or [self.mind.fresh_wish()]
        return self._said(self._told_or(key, some))

    def _told_or(self, key: str, wishes: list[Constraint]) -> str:
        """Wishes as sentences of their own, now and then; else in a sentence of some kind."""
        if self._rng.random() < 0.3 and any(self.voice.clause(wish) for wish in wishes):
            text = self.voice.told(wishes)
            if key.startswith("open") and self._rng.random() < 0.3:
                text = self.voice.say("open_vague") + ("。" if self.voice.language == "zh" else ". ") + text
            return text
        return self.voice.say(key, wishes=self.voice.wishes(wishes))

    def _accept(self, kind: str, item: str, shown: tuple[str, ...]) -> Said:
        key = "accept_short" if kind == "accept" and self._rng.random() < 0.3 else kind
        text = self.voice.say(key, ref=self.voice.reference(item, shown))
        if kind == "accept" and (item,) == shown[:1] and self._rng.random() < (0.4 if len(shown) == 1 else 0.1):
            text = self.voice.say("accept_it")
        need: Need = "reply" if kind == "accept" else "list"
        return self._said(text, need=need, feedback=[("accept", item)], reply="noted")

    def _all(self, kind: str, shown: tuple[str, ...]) -> Said:
        """An opinion on the whole list, now and then with a new wish."""
        some = self.mind.reveal(1) if self._rng.random() < 0.3 else []
        text = self.voice.say(kind)
        if some:
            text += ("，" if self.voice.language == "zh" else ". ") + self.voice.wishes(some)
        event = "reject" if kind == "none" else "seen"
        return self._said(text, need="open" if some else "list", feedback=[(event, item) for item in shown])

    def _several(self, shown: tuple[str, ...]) -> Said:
        """Several intents in one message: two opinions, or an opinion and a wish or a question."""
        voice = self.voice
        order = [str(item) for item in self._rng.permutation(shown)]
        first, event = self._opinion(str(self._rng.choice(["reject", "seen", "critique"])), order[0], shown)
        mark = voice.pick(("，", "。", "；") if voice.language == "zh" else (". ", ", ", " and ", "; ", ", but "))
        draw = float(self._rng.random())
        if draw < 0.3 and len(order) > 1:
            kind = str(self._rng.choice(["reject", "seen", "accept"]))
            if kind == "accept":
                second, other = voice.say("accept", ref=voice.reference(order[1], shown)), ("accept", order[1])
            else:
                second, other = self._opinion(kind, order[1], shown)
            need: Need = "reply" if kind == "accept" else "list"
            return self._said(first + mark + second, need=need, feedback=[event, other], reply="noted")
        if draw < 0.6:
            some = self.mind.reveal(1) or [self.mind.fresh_wish()]
            return self._said(first + mark + voice.say("add", wishes=voice.wishes(some)), feedback=[event])
        if draw < 0.8 and len(order) > 1:
            text = first + mark + voice.say("describe", ref=voice.reference(order[1], shown))
            return self._said(text, need="describe", feedback=[event], about=order[1])
        return self._said(first + mark + voice.say("more"), need="list", feedback=[event])

    def _both(self, shown: tuple[str, ...]) -> Said:
        """One opinion on two items."""
        voice = self.voice
        first, second = (str(item) for item in self._rng.permutation(shown)[:2])
        mark = voice.pick(("和", "跟", "、") if voice.language == "zh" else (" and ", " and ", ", "))
        kind = str(self._rng.choice(["reject", "seen"]))
        text = voice.say(kind, ref=voice.reference(first, shown) + mark + voice.reference(second, shown))
        return self._said(text, need="list", feedback=[(kind, first), (kind, second)])

    def _figure(self, kind: str, column: Column, shown: tuple[str, ...]) -> Said:
        """A listed item is too much of something, told by its number; or which of all has the least or most of it."""
        voice = self.voice
        held = {item: value for item in shown if isinstance(value := self._number_of(item, column), int | float)}
        if len(held) < 2:
            return self._said(voice.say("more"), need="list")
        if kind == "number_flaw":
            return self._too_much(column, held)
        high = bool(self._rng.random() < 0.65)
        extreme = (min if high else max)(held, key=lambda item: held[item])
        _, change = voice.flaw(column, high=high)
        text = voice.say("compare", change=change, label=voice.label(column.name))
        return self._said(text, need="describe", about=extreme)

    def _too_much(self, column: Column, held: Mapping[str, float]) -> Said:
        """A listed item's number is more, or less, than what is wanted: only less, or more, will do."""
        mine = self._number_of(self.mind.target.id, column)
        others = [item for item, number in held.items() if number != mine]
        if not isinstance(mine, int | float) or not others:
            return self._said(self.voice.say("more"), need="list")
        item = others[int(self._rng.integers(len(others)))]
        high = held[item] > mine
        flaw, _ = self.voice.flaw(column, high=high)
        number = f"{held[item]:g}" + (f" {column.unit}" if column.unit and self._rng.random() < 0.6 else "")
        text = self.voice.say("number_no" if high and self._rng.random() < 0.3 else "number_flaw", n=number, flaw=flaw)
        self.mind.meant = [wish for wish in self.mind.meant if wish.facet != column.name]
        self.mind.mean([Constraint(column.name, "lt" if high else "gt", (held[item],))])
        return self._said(text, need="list", feedback=[("critique", item)])

    def _refused(self, shown: tuple[str, ...]) -> Said:
        """A value that listed items have will not do."""
        told = {
            (column.name, value)
            for column in self._domain.columns
            if column.kind in {"category", "multi"}
            for item in shown
            for value in values_held(self._catalog[item].facets.get(column.name))
            if value not in values_held(self.mind.target.facets.get(column.name))
        }
        if not told:
            return self._said(self.voice.say("more"), need="list")
        facet, value = sorted(told)[int(self._rng.integers(len(told)))]
        column = self._domain.column(facet)
        assert column is not None
        self.mind.meant = [w for w in self.mind.meant if w.facet != facet or w.op != "any" or value not in w.values]
        self.mind.mean([Constraint(facet, "none", (value,))])
        named = value if self._rng.random() < 0.8 else self.voice.value(column, value)
        return self._said(self.voice.say("refuse_value", value=named), need="list")

    def _limit(self, column: Column) -> Said:
        """A bound in a few words, mostly without saying of what."""
        wish = self.mind.wish_from(column)
        if wish is None or wish.op == "between":
            return self._wish("add")
        self.mind.mean([wish])
        number = f"{wish.values[0]:g}" + (f" {column.unit}" if column.unit and self._rng.random() < 0.5 else "")
        return self._said(self.voice.say("limit_least" if wish.op in {"gt", "ge"} else "limit_most", n=number))

    def _number_of(self, item: str, column: Column) -> object:
        return self._catalog[item].facets.get(column.name)

    def _wider(self) -> str | None:
        """Another value that would do as well as one asked for before, now meant too; or None."""
        for place, wish in enumerate(self.mind.meant):
            column = self._domain.column(wish.facet)
            others = [v for v in column.values if v not in wish.values] if column is not None else []
            if wish.op == "any" and column is not None and others:
                value = others[int(self._rng.integers(len(others)))]
                self.mind.meant[place] = Constraint(wish.facet, "any", (*wish.values, value))
                return self.voice.value(column, value)
        return None

    def _opinion(
        self, kind: str, item_id: str, shown: tuple[str, ...], *, known: bool = False
    ) -> tuple[str, tuple[str, str]]:
        """Words for an opinion on an item, which is not named where it is `known` which one is spoken of."""
        voice, ref = self.voice, self.voice.reference(item_id, shown)
        flaw, change = self._flaw(item_id)
        if (known or len(shown) == 1) and self._rng.random() < 0.6:
            key = f"{kind}_it"
        elif kind == "reject":
            key = "reject_reason" if self._rng.random() < 0.4 else "reject"
        elif kind == "seen":
            key = self._draw({"seen": 0.75, "seen_like": 0.15, "seen_hate": 0.1})
        else:
            key = kind
        return voice.say(key, ref=ref, flaw=flaw, change=change), (kind, item_id)

    def _flaw(self, item_id: str) -> tuple[str, str]:
        """What is wrong with an item beside the target, and what is wanted instead."""
        item, columns = self._catalog[item_id], list(self._domain.columns)
        for place in self._rng.permutation(len(columns)):
            column = columns[int(place)]
            mine, its = self.mind.target.facets.get(column.name), item.facets.get(column.name)
            if mine is None or its is None or mine == its:
                continue
            if isinstance(mine, int | float) and isinstance(its, int | float) and column.kind == "number":
                return self.voice.flaw(column, high=its > mine)
            wish = self.mind.wish_from(column)
            if wish is not None:
                words = self.voice.wish(wish)
                return ("不是" if self.voice.language == "zh" else "not ") + words, words
        number = self.mind.column_of_kind("number") or columns[0]
        if number.kind == "number":
            return self.voice.flaw(number, high=True)
        return self.voice.say("none"), self.voice.say("more")

    def _lasting(self) -> Said:
        columns = [c for c in self._domain.columns if c.kind in {"category", "multi"}]
        if not columns:
            return self._said(self.voice.say("open_vague"))
        column = columns[int(self._rng.integers(len(columns)))]
        never = bool(self._rng.random() < 0.65)
        mine = values_held(self.mind.target.facets.get(column.name))
        fit = [v for v in column.values if (v not in mine) == never] or list(column.values)
        value = fit[int(self._rng.integers(len(fit)))]
        wish = Constraint(column.name, "none" if never else "any", (value,))
        text = self.voice.say("lasting_not" if never else "lasting_yes", value=self.voice.value(column, value))
        if self._rng.random() < 0.5:
            some = self.mind.reveal(1)
            more = self.voice.say("open_wishes" if some else "open_vague", wishes=self.voice.wishes(some))
            text += ("。" if self.voice.language == "zh" else ". ") + more
        self.mind.mean([wish])
        return self._said(text, lasting=[wish])

    def _draw(self, weights: dict[str, float]) -> str:
        chances = np.array(list(weights.values()), dtype=np.float64)
        return str(self._rng.choice(list(weights), p=chances / chances.sum()))

    def _said(
        self,
        text: str,
        *,
        need: Need = "open",
        feedback: Sequence[tuple[str, str]] = (),
        lasting: Sequence[Constraint] = (),
        about: str | None = None,
        reply: Kind = "noted",
        opening: bool = False,
    ) -> Said:
        self._told += 1
        spoken = self.voice.spoken(text, opening=opening)
        return Said(spoken, need, tuple(feedback), tuple(lasting), about, tuple(self.mind.meant), reply)
