"""What is known of the person, in a dialog: look, take single things out, undo, export, forget."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from chatrec.agent.doors._session import Session
from chatrec.agent.doors._web_cards import BUTTONS, text
from chatrec.agent.doors._web_words import tell
from chatrec.indexes import aexport_person
from chatrec.tools._texts import condition_text
from chatrec.tools._turn import Spoken


class ProfilePanel:
    """The dialog.

    Args:
        session: The person's conversation.
        language: Of the words.
        changed: Called after something was taken out.
        undo: Takes back the latest thing.
        forget: Deletes everything of the person.
    """

    def __init__(
        self,
        session: Session,
        language: Spoken,
        *,
        changed: Callable[[str], None],
        undo: Callable[[], None],
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self._session, self._changed = session, changed
        self._language: Spoken = language
        with ui.dialog().props("position=right full-height") as self._dialog, ui.card().classes("profile") as card:
            card.props["role"] = "document"
            self._dialog.props["aria-label"] = self._say("profile_head")
            with ui.element("header"):
                text(self._say("profile_head"), tag="h2")
                close = ui.button(icon="close", on_click=self._dialog.close).props("flat round dense")
                close.props["aria-label"] = self._say("close")
            self._held = ui.element("div").classes("held")
            with ui.element("div").classes("acts"):
                ui.button(self._say("undo"), icon="undo", on_click=undo).props("flat dense no-caps")
                ui.button(self._say("export"), icon="download", on_click=self._export).props("flat dense no-caps")
                ui.button(self._say("forget"), icon="delete_forever", on_click=self._ask).props(
                    "flat dense no-caps color=negative"
                )
        with ui.dialog() as self._sure, ui.card():
            self._sure.props["aria-label"] = self._say("forget")
            text(self._say("forget_sure"), tag="p")
            with ui.element("div").classes("acts"):
                ui.button(self._say("cancel"), on_click=self._sure.close).props("flat no-caps autofocus")
                ui.button(self._say("forget_yes"), color=None, on_click=forget).props("no-caps unelevated").classes(
                    "halt"
                )

    def open(self) -> None:
        """Show it as things are now."""
        self.refresh()
        self._dialog.open()

    def refresh(self) -> None:
        """Show what is known now."""
        session = self._session
        self._held.clear()
        wishes = session.known().profile.constraints
        marks = session.marks()
        with self._held:
            if not wishes and not marks:
                text(self._say("profile_empty"), tag="p", name="quiet")
            if wishes:
                text(self._say("wishes"), tag="h3")
                with ui.element("ul"):
                    for wish in wishes:
                        words = condition_text(str(wish), session.catalog.facets, self._language)
                        self._row(words, partial(session.recommender.profiles.forget, session.user_id, wish))
            for kind in BUTTONS:
                ids = [item_id for item_id, event in marks.items() if event.kind == kind]
                if ids:
                    text(self._say(f"marks_{kind}"), tag="h3")
                    with ui.element("ul"):
                        for item_id in ids:
                            self._row(session.title(item_id), partial(session.unmark, item_id))

    def _row(self, words: str, take_out: Callable[[], object]) -> None:
        def remove() -> None:
            take_out()
            self.refresh()
            self._changed(tell("taken_back", self._language, title=words))

        with ui.element("li"):
            text(words)
            button = ui.button(icon="close", on_click=remove).props("flat round dense size=sm")
            button.props["aria-label"] = tell("about", self._language, act=self._say("remove"), title=words)

    async def _export(self) -> None:
        session = self._session
        held = await aexport_person(session.user_id, store=session.recommender.store, checkpointer=session.saver)
        name = f"chatrec-{self._session.catalog.name}.json"
        ui.download.content(json.dumps(held, ensure_ascii=False, indent=2), name, "application/json")

    def _ask(self) -> None:
        self._sure.open()

    def _say(self, key: str) -> str:
        return tell(key, self._language)
