"""The page: the conversation, the field to type in, and what stands around them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from nicegui import ui

from chatrec.agent._turns import language_of
from chatrec.agent.doors._conversation import Answer, Done, Items, Probabilities, Step, Understood, Words
from chatrec.agent.doors._people import forget_beside
from chatrec.agent.doors._web_cards import Card, Deck, around, text
from chatrec.agent.doors._web_people import Guests, Turn
from chatrec.agent.doors._web_profile import ProfilePanel
from chatrec.agent.doors._web_words import doing, tell
from chatrec.errors import ChatrecError
from chatrec.indexes import forget_person
from chatrec.indexes._feedback import FeedbackKind
from chatrec.tools._texts import condition_text, conditions_text, option_label
from chatrec.tools._turn import Spoken

STYLE = Path(__file__).with_name("web") / "style.css"
_LONGEST = 2000
_TYPED = "(e) => { if (!e.isComposing && e.keyCode !== 229) { e.preventDefault(); emit(e.target.value) } }"
_SHADE = "const d = localStorage.getItem('chatrec-dark'); if (d) Quasar.Dark.set(d === 'true')"
_THEME = "Quasar.Dark.toggle(); localStorage.setItem('chatrec-dark', Quasar.Dark.isActive)"

_log = logging.getLogger(__name__)


class Page:
    """One open page of one person.

    Args:
        guests: Everybody.
        person: Whose page it is.
        language: Of the page.
        picture: The address of an item's picture, or None.
        admit: Whether the person may send one more message now.
    """

    def __init__(
        self,
        guests: Guests,
        person: str,
        language: Spoken,
        *,
        picture: Callable[[Mapping[str, Any]], str | None],
        admit: Callable[[], bool],
    ) -> None:
        self._guests, self._guest = guests, guests.of(person)
        self._session = self._guest.session
        self._language: Spoken = language
        self._spoken: Spoken = language
        self._admit = admit
        self._client = ui.context.client
        self._deck = Deck(self._session.catalog.facets, language, picture, self._judge)
        self._cards: list[Card] = []
        self._chips: ui.element | None = None
        self._build()

    def _build(self) -> None:
        self._client.run_javascript(_SHADE)
        self._profile = ProfilePanel(
            self._session, self._language, changed=self._changed, undo=self._undo, forget=self._forget
        )
        with ui.header().classes("top"):
            ui.link(self._say("skip"), "#say").classes("skip")
            text(self._session.catalog.name, tag="h1")
            self._tool("add_comment", "new", lambda: ui.navigate.to(f"/{self._language}/new"))
            self._tool("undo", "undo", self._undo)
            self._tool("person", "profile", self._profile.open)
            self._tool("dark_mode", "theme", None).on("click", js_handler=f"() => {{ {_THEME} }}")
            other = "en" if self._language == "zh" else "zh"
            ui.link(self._say("language"), f"/{other}").props(f"lang={other}")
        self._talk = ui.element("div").classes("talk")
        # Readers of the screen are told each answer once, whole, and not every button that appears with it.
        self._news = text("", tag="div", name="unseen").props("role=status aria-live=polite aria-atomic=true")
        with ui.footer().classes("bottom"):
            self._notice = ui.element("div").classes("notice")
            with ui.element("div").classes("compose"):
                self._compose()
        with self._talk:
            hello = tell("hello", self._language, name=self._session.catalog.name, count=len(self._session.catalog))
            space = "" if self._language == "zh" else " "
            text(f"{hello}{space}{self._say('private')}", tag="p", name="quiet")
        for past in self._session.exchanges():
            self._bubble(past.said)
            self._answer(self._section(), past.answer)
        self._mark()
        self._down()
        if self._guest.answering is not None:
            ui.timer(0, lambda: self._follow(self._guest.turn), once=True)

    def _compose(self) -> None:
        self._field = ui.input(self._say("message")).props(f"outlined dense maxlength={_LONGEST} autocomplete=off")
        self._field.props("for=say input-class=say autofocus").on("keydown.enter", self._typed, js_handler=_TYPED)
        self._send = (
            ui.button(icon="send", color=None, on_click=lambda: self._say_it(str(self._field.value)))
            .props("round unelevated")
            .classes("go")
        )
        self._send.props["aria-label"] = self._say("send")
        self._stop = ui.button(icon="stop", color=None, on_click=self._halt).props("round unelevated").classes("halt")
        self._stop.props["aria-label"] = self._say("stop")
        self._stop.set_visibility(False)

    # What the person does.

    async def _typed(self, event: Any) -> None:
        await self._say_it(str(event.args))

    async def _say_it(self, words: str) -> None:
        words = words.strip()[:_LONGEST]
        if not words:
            return
        if self._guest.answering is not None:
            self._tell(self._say("busy"))
            return
        if not self._admit():
            self._tell(self._say("too_many"))
            return
        self._field.value = ""
        self._notice.clear()
        self._spoken = language_of(words, self._spoken)
        await self._follow(self._guest.say(words))

    async def _halt(self) -> None:
        if self._guest.answering is not None:
            await self._guest.answering.stop()

    async def _judge(self, entry: Mapping[str, Any], kind: FeedbackKind, reason: str) -> None:
        marked = self._session.marks().get(str(entry["id"]))
        if marked is not None and marked.kind == kind and not reason:
            self._session.unmark(str(entry["id"]))
            self._changed(tell("taken_back", self._language, title=entry["title"]))
            return
        noted = await asyncio.to_thread(self._session.judge, entry, kind, reason)
        words = [tell(f"noted_{kind}", self._language, title=noted.title)]
        if noted.understood:
            conditions = self._conditions([str(each) for each in noted.understood])
            words.append(tell("understood", self._language, conditions=conditions))
        elif reason:
            words.append(self._say("not_understood"))
        self._changed(" ".join(words), undo=True)

    def _undo(self) -> None:
        undone = self._session.undo()
        what = None if undone is None else self._undone(undone.kind, undone.about)
        self._changed(self._say("nothing_undone") if what is None else tell("undone", self._language, what=what))
        self._profile.refresh()

    async def _forget(self) -> None:
        if self._guest.answering is not None:
            await self._guest.answering.stop()
        session, user = self._session, self._session.user_id
        await asyncio.to_thread(forget_person, user, store=session.recommender.store, checkpointer=session.saver)
        await asyncio.to_thread(forget_beside, user)
        self._guests.drop(user)
        ui.navigate.reload()

    # What is shown.

    async def _follow(self, turn: Turn | None) -> None:
        """Show a turn as it goes."""
        if turn is None:
            return
        self._clear_chips()
        self._bubble(turn.said)
        self._send.set_visibility(False)
        self._stop.set_visibility(True)
        section = self._section()
        with section:
            doings = text(self._say("thinking"), tag="p", name="doing")
        self._down()
        try:
            await self._show(turn, section, doings)
        except asyncio.CancelledError:
            self._fail(section, self._say("stopped"))
        except ChatrecError as error:
            self._fail(section, f"{error.args[0]} ({error.hint})")
        except Exception:
            _log.exception("a turn failed")
            self._fail(section, self._say("broken"))
        finally:
            self._send.set_visibility(True)
            self._stop.set_visibility(False)

    async def _show(self, turn: Turn, section: ui.element, doings: Any) -> None:
        said: Any = None
        async for event in turn.follow():
            if self._client.is_deleted:
                return  # whoever comes back sees it in the conversation
            if isinstance(event, Understood) and event.where:
                count = str(event.matching)
                doings.set_text(tell("heard", self._language, conditions=self._conditions(event.where), count=count))
            elif isinstance(event, Words) and not event.rendered:
                if said is None:
                    with section:
                        said = text("", tag="p", name="words")
                    said.move(target_index=0)
                said.set_text(said.text + event.text)
            elif isinstance(event, Step):
                doings.set_text(doing(event.tool, self._language))
            elif isinstance(event, Probabilities):
                doings.set_text(f"{doings.text.partition(' (')[0]} ({self._acts(event.probabilities)})")
            elif isinstance(event, Items):
                with section:
                    self._list(event.recommendations, self._spoken)
                doings.move(target_index=-1)
                self._down()
            elif isinstance(event, Done):
                doings.delete()
                if said is not None:
                    said.delete()
                self._answer(section, event.answer)
                self._news.set_text(event.answer.reply)
                self._mark()
                self._down()

    def _section(self) -> ui.element:
        with self._talk:
            section = ui.element("section").classes("answer")
        section.props["aria-label"] = self._say("answer")
        return section

    def _answer(self, section: ui.element, answer: Answer) -> None:
        """Fill in what is not there yet: the list comes before the words, which are shown when they were checked."""
        before, after, spoken = around(answer, self._session.catalog)
        with section:
            if not section.default_slot.children:
                self._list(answer.recommendations, spoken)
            if before:
                text(before, tag="p", name="words").move(target_index=0)
            if after:
                text(after, tag="p", name="words")
            if answer.probabilities:
                considered = tell("considered", self._language, acts=self._acts(answer.probabilities))
                text(considered, tag="p", name="considered")
            self._clear_chips()
            self._offer(answer, spoken)

    def _offer(self, answer: Answer, spoken: Spoken) -> None:
        """The answers that lie near, as buttons: the question's options, or another list."""
        facets = self._session.catalog.facets
        offers: list[tuple[str, str]] = []
        if answer.question is not None:
            facet = facets.get(answer.question["facet"])
            for option in answer.question["options"]:
                shown = option if facet is None else option_label(facet, option, spoken)
                told = condition_text(option, facets, spoken)
                offers.append((shown, shown if told == option else told))
            offers.append((self._say("just_show"), tell("just_show", spoken)))
        elif answer.recommendations:
            offers.append((self._say("others"), tell("others", spoken)))
        if not offers:
            return
        with ui.element("div").classes("chips").props("role=group") as self._chips:
            self._chips.props["aria-label"] = self._say("options")
            for shown, words in offers:
                ui.button(shown, on_click=partial(self._say_it, words)).props("outline rounded dense no-caps")

    def _list(self, entries: Any, spoken: Spoken) -> None:
        if not entries:
            return
        with ui.element("ol").classes("cards") as cards:
            cards.props["aria-label"] = self._say("list")
            for number, entry in enumerate(entries, start=1):
                self._cards.append(Card(entry, number, spoken, self._deck))

    def _bubble(self, said: str) -> None:
        with self._talk, ui.element("section").classes("said") as section:
            section.props["aria-label"] = self._say("you")
            text(said, tag="p")

    def _changed(self, words: str, *, undo: bool = False) -> None:
        self._mark()
        self._tell(words, undo=undo)

    def _mark(self) -> None:
        marks = self._session.marks()
        self._cards = [card for card in self._cards if not card.gone]
        for card in self._cards:
            event = marks.get(card.id)
            card.mark(None if event is None else event.kind)

    def _tell(self, words: str, *, undo: bool = False) -> None:
        self._news.set_text(words)
        self._notice.clear()
        with self._notice:
            text(words)
            if undo:
                ui.button(self._say("undo"), on_click=self._undo).props("flat dense no-caps")

    def _fail(self, section: ui.element, words: str) -> None:
        section.clear()
        with section:
            text(words, tag="p", name="failed").props("role=alert")

    def _clear_chips(self) -> None:
        if self._chips is not None and not self._chips.is_deleted:
            self._chips.delete()
        self._chips = None

    def _acts(self, probabilities: Mapping[str, float]) -> str:
        told = sorted(probabilities.items(), key=lambda pair: -pair[1])
        return " · ".join(f"{self._say(f'act_{name}')} {share:.0%}" for name, share in told if share >= 0.005)

    def _conditions(self, notations: Sequence[str]) -> str:
        return conditions_text(notations, self._session.catalog.facets, self._language)

    def _undone(self, kind: str, about: str) -> str:
        from chatrec.agent.doors._words import say

        return say(
            f"kind_{kind}", self._language, about=condition_text(about, self._session.catalog.facets, self._language)
        )

    def _tool(self, icon: str, key: str, on_click: Any) -> ui.button:
        button = ui.button(icon=icon, on_click=on_click).props("flat round dense")
        button.props["aria-label"] = self._say(key)
        with button:
            ui.tooltip(self._say(key)).props("aria-hidden=true")
        return button

    def _down(self) -> None:
        """Scroll to the person's last words, so that the answer below is read from its beginning."""
        self._client.run_javascript("[...document.querySelectorAll('.said')].at(-1)?.scrollIntoView()")

    def _say(self, key: str) -> str:
        return tell(key, self._language)
