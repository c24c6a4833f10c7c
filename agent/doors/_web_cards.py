"""An item as a card: title, facts, price, picture, buttons that act at once, and why it is there as small bars."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from chatrec.agent._texts import beyond, listing, short_facts
from chatrec.agent._turns import language_of
from chatrec.agent.doors._conversation import Answer
from chatrec.agent.doors._web_words import tell
from chatrec.agent.doors._words import say
from chatrec.indexes import Catalog, Facet
from chatrec.indexes._feedback import FeedbackKind
from chatrec.indexes._parts import part_name
from chatrec.tools._turn import Spoken

SPOKEN: Final[tuple[Spoken, ...]] = ("en", "zh")
BUTTONS: Final[Mapping[FeedbackKind, str]] = {"accept": "favorite_border", "reject": "close", "seen": "visibility"}


@dataclass(frozen=True, slots=True)
class Deck:
    """What all cards of a page have in common.

    Attributes:
        facets: Of the catalog.
        language: Of the page: buttons and labels.
        picture: The address of an item's picture, or None.
        judge: Called with an entry, a kind of feedback and a reason.
    """

    facets: Mapping[str, Facet]
    language: Spoken
    picture: Callable[[Mapping[str, Any]], str | None]
    judge: Callable[[Mapping[str, Any], FeedbackKind, str], Awaitable[None]]


class Card:
    """One card of a list.

    Args:
        entry: The recommendation.
        number: Its place, from 1.
        spoken: The language of its facts.
        deck: What all cards share.
    """

    def __init__(self, entry: Mapping[str, Any], number: int, spoken: Spoken, deck: Deck) -> None:
        self.id = str(entry["id"])
        self._entry, self._deck = entry, deck
        self._buttons: dict[FeedbackKind, ui.button] = {}
        self._root = ui.element("li").classes("card")
        self._root.props["data-item"] = self.id
        with self._root:
            picture = deck.picture(entry["item"])
            if picture is not None:
                shown = ui.element("img").classes("picture")
                shown.props.update(src=picture, alt="", loading="lazy")  # the title beside it says what it shows
            with ui.element("div").classes("body"):
                self._head(number, spoken)
                self._reason = self._why_not()
                self._foot()

    @property
    def gone(self) -> bool:
        """Whether it stands on the page no more."""
        return self._root.is_deleted

    def mark(self, kind: FeedbackKind | None) -> None:
        """Show what the person thinks of it."""
        for each, button in self._buttons.items():
            button.props(f"aria-pressed={str(each == kind).lower()}")
        self._root.classes(remove="accept reject seen", add=kind or "")
        self._reason.set_visibility(kind == "reject")

    def _head(self, number: int, spoken: Spoken) -> None:
        item, deck = self._entry["item"], self._deck
        cost = price(item, deck.facets)
        facts = short_facts(item, deck.facets, spoken, most=6).split(" · ")
        with ui.element("h3"):
            text(f"{number}.", name="number")
            text(str(self._entry["title"]), name="title")
            if cost:
                text(cost, name="price")
        with ui.element("ul").classes("facts"):
            for fact in facts:
                if fact and fact != cost:
                    text(fact, tag="li")
        reason = beyond(self._entry["reason"], " · ".join([*facts, cost]))
        if reason:
            text(reason, tag="p", name="reason")

    def _foot(self) -> None:
        deck = self._deck
        with ui.element("div").classes("acts"):
            for kind, icon in BUTTONS.items():
                self._buttons[kind] = self._button(kind, icon, partial(deck.judge, self._entry, kind, ""))
            why = self._button("why", "bar_chart", lambda: None)
        details = ui.element("div").classes("details")
        details.props["id"] = f"why-{details.id}"
        details.set_visibility(False)
        with details:
            if self._entry["item"].get("description"):
                text(self._entry["item"]["description"], tag="p", name="description")
            for past in self._entry.get("because") or ():
                key = "because_liked" if past["accepted"] else "because_rejected"
                text(say(key, deck.language, title=past["title"]), tag="p", name="reason")
            bars(self._entry["parts"], float(self._entry["score"]), deck.language)
        why.props(f"aria-expanded=false aria-controls=why-{details.id}")

        def toggle() -> None:
            details.set_visibility(not details.visible)
            why.props(f"aria-expanded={str(details.visible).lower()}")

        why.on_click(toggle)

    def _button(self, act: str, icon: str, on_click: Callable[[], Any]) -> ui.button:
        words = tell(act, self._deck.language)
        button = ui.button(words, icon=icon, on_click=on_click).props("flat dense no-caps").classes(act)
        button.props["aria-label"] = tell("about", self._deck.language, act=words, title=self._entry["title"])
        return button

    def _why_not(self) -> ui.element:
        language = self._deck.language
        with ui.element("div").classes("why-not") as box:
            field = ui.input(tell("reason", language)).props("dense outlined maxlength=200 autocomplete=off")

            async def note() -> None:
                reason = (field.value or "").strip()
                if reason:
                    await self._deck.judge(self._entry, "reject", reason)

            field.on("keydown.enter", note, js_handler="(e) => { if (!e.isComposing) emit() }")
            with field.add_slot("append"):
                send = ui.button(icon="check", on_click=note).props("flat dense round")
                send.props["aria-label"] = tell("reason_send", language)
        box.set_visibility(False)
        return box


def price(item: Mapping[str, Any], facets: Mapping[str, Facet]) -> str:
    """What an item costs: the first number whose unit is a currency's sign; "" where there is none."""
    for name, facet in facets.items():
        value = item.get(name)
        if value is not None and facet.unit and unicodedata.category(facet.unit[0]) == "Sc":
            return short_facts(item, {name: facet})
    return ""


def bars(parts: Mapping[str, float], score: float, language: Spoken) -> None:
    """What adds up to a score as bars, the longest first; what is taken away hangs to the other side.

    Args:
        parts: By signal.
        score: Their sum.
        language: Of the signals' names.
    """
    shown = sorted(((n, v) for n, v in parts.items() if round(v, 2)), key=lambda part: -abs(part[1]))
    most = max((abs(value) for _, value in shown), default=1.0)
    named = [(part_name(name, language), value) for name, value in shown]
    told = tell(
        "score", language, score=f"{score:.2f}", parts=", ".join(f"{name} {value:+.2f}" for name, value in named)
    )
    picture = ui.element("div").classes("bars").props("role=img")
    picture.props["aria-label"] = told
    with picture:
        for name, value in named:
            text(name, name="name")
            with ui.element("span").classes("track"):
                width = 100 * abs(value) / most
                ui.element("span").classes("bar minus" if value < 0 else "bar").style(f"width: {width:.0f}%")
            text(f"{value:+.2f}", name="value")


def text(words: str, *, tag: str = "span", name: str = "") -> TextElement:
    """Words in an element of some kind and class; nothing in them is read as HTML."""
    return TextElement(text=words, tag=tag).classes(name)


def around(answer: Answer, catalog: Catalog) -> tuple[str, str, Spoken]:
    """The words of a reply before and after its list, and the reply's language."""
    before, after = answer.reply, ""
    spoken: Spoken | None = None
    for language in SPOKEN if answer.recommendations else ():
        listed = listing(answer.recommendations, catalog.facets, language)
        if listed in answer.reply:
            before, _, after = answer.reply.partition(listed)
            # Where the values are the same in both, the words around them tell.
            spoken = language if spoken is None else None
    return before.strip(), after.strip(), spoken or language_of(f"{before} {after}", "en")
