"""From the command line's words to a conversation: catalog, index, model and stores, loaded side by side."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langgraph.store.base import BaseStore

from chatrec.agent._assemble import create_recommender, open_model
from chatrec.agent._context import RecommenderContext
from chatrec.agent._graph import RecommenderGraph
from chatrec.agent._turns import Language
from chatrec.agent.doors._company import known_company
from chatrec.agent.doors._people import let_go
from chatrec.agent.doors._session import Session
from chatrec.agent.doors._told import Told, load_told
from chatrec.agent.llm import ChatLlamaCpp
from chatrec.errors import CatalogError, RulesError
from chatrec.indexes import Catalog, Recommender, home, open_checkpointer, open_store
from chatrec.indexes._persistence import build_index, catalog_note, index_folder, load_from_database

if TYPE_CHECKING:
    from chatrec.indexes._index import ItemIndex
    from chatrec.indexes._postgres_index import PostgresIndex

OnProgress = Callable[[Literal["catalog", "index", "model"], int, int], None]
"""What is being done, how many are done, of how many (0 where nobody knows)."""
_NOBODY, _GREETING = "nobody", "hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a conversation is opened with.

    Attributes:
        catalog: A demo catalog's name, or the path of a file.
        model: A GGUF file, the URL of an OpenAI-compatible server, or None for the embedded model.
        adapter: "auto" for the one that ships with the embedded model, "none", or a GGUF adapter's path.
        user: Who is talking.
        thread: Which conversation; None begins a new one.
        language: "en", "zh", or "auto" for the person's.
        max_questions: Consecutive questions since the last list, 0 to 10.
        rules: The owner's rules, a TOML file, or None.
        keep_days: Conversations and feedback of everybody that are older are deleted first; None keeps all.
        database_url: A PostgreSQL database that keeps items, people and conversations; None for chatrec's home.
    """

    catalog: str = "films"
    model: str | Path | None = None
    adapter: str = "auto"
    user: str = "me"
    thread: str | None = None
    language: Language = "auto"
    max_questions: int = 2
    rules: Path | None = None
    keep_days: float | None = None
    database_url: str | None = field(default=None, repr=False)  # it may hold a password


def open_session(
    wanted: Wanted, *, on_progress: OnProgress | None = None, model: BaseChatModel | None = None
) -> Session:
    """Open a conversation; its state is kept in chatrec's home.

    Args:
        wanted: What to open.
        on_progress: Told how far loading is.
        model: A LangChain chat model to use instead of a local one.

    Raises:
        CatalogError: The catalog cannot be read.
        RulesError: The rules cannot be read, or name what the catalog does not have.
        ModelError: The model cannot be loaded.
        ThreadRefused: The thread belongs to another user.
    """
    rooms = open_rooms([wanted.catalog], wanted, on_progress=on_progress, model=model)
    (room,) = rooms.values()
    return room.session(wanted.user, wanted.thread or secrets.token_hex(3))


@dataclass(frozen=True, slots=True)
class Room:
    """One catalog, ready to be talked about by any number of people.

    Attributes:
        agent: The recommending agent.
        recommender: What it recommends from.
    """

    agent: RecommenderGraph
    recommender: Recommender

    def session(self, user_id: str, thread_id: str) -> Session:
        """One person's conversation.

        Raises:
            ThreadRefused: The thread belongs to another user.
        """
        return Session(self.agent, self.recommender, user_id=user_id, thread_id=thread_id)

    def warm_up(self) -> None:
        """Search once, and take a turn that nothing keeps, so that the first person waits no longer than the second."""
        self.recommender.recommend(_GREETING, user_id=_NOBODY)
        self.agent.invoke({"messages": [HumanMessage(_GREETING)]}, context=RecommenderContext(_NOBODY))


def open_rooms(
    catalogs: Sequence[str],
    wanted: Wanted,
    *,
    on_progress: OnProgress | None = None,
    model: BaseChatModel | None = None,
    rules: Mapping[str, Path] | None = None,
    warm: bool = False,
) -> dict[str, Room]:
    """Open several catalogs at once, by their names; one model and the same stores serve them all.

    Args:
        catalogs: Demo catalogs' names, or paths of files.
        wanted: Everything but catalog, user and thread, which are not read.
        on_progress: Told how far loading is.
        model: A LangChain chat model to use instead of a local one.
        rules: The owner's rules by catalog, before those of `wanted`, which hold for all.
        warm: Let a local model and the index do their first work now, before anybody waits for it.

    Raises:
        CatalogError: A catalog cannot be read, or two have the same name.
        RulesError: The rules cannot be read, or name what the catalog does not have, or there is no such catalog.
        ModelError: The model cannot be loaded.
    """
    tell = on_progress or _quiet
    url = wanted.database_url
    if wanted.keep_days is not None:
        let_go(wanted.keep_days, url)
    with ThreadPoolExecutor(1, thread_name_prefix="chatrec-model") as beside:
        loading = None if model is not None else beside.submit(_load_model, wanted.model, wanted.adapter)
        opened = [(source, *open_index(source, on_progress=tell, database_url=url)) for source in catalogs]
        tell("model", 0, 0)
        speaker = model if loading is None else loading.result()
    store, threads = open_store(url or home() / "people.db"), open_checkpointer(url or home() / "threads.db")
    rooms: dict[str, Room] = {}
    own = rules or {}
    if unknown := own.keys() - {catalog.name for _, catalog, _ in opened}:
        raise RulesError(
            f"rules for {min(unknown)!r}, which is not opened",
            hint=f"catalogs: {', '.join(catalog.name for _, catalog, _ in opened)}",
        )
    for source, catalog, index in opened:
        if catalog.name in rooms:
            raise CatalogError(
                f"two catalogs are called {catalog.name!r}", hint="rename one of the files: people choose by the name"
            )
        recommender = open_recommender(source, catalog, index, store, rules=own.get(catalog.name, wanted.rules))
        agent = create_recommender(
            recommender,
            model=speaker,
            store=store,
            checkpointer=threads,
            language=wanted.language,
            max_questions=wanted.max_questions,
        )
        rooms[catalog.name] = Room(agent, recommender)
        if warm and isinstance(speaker, ChatLlamaCpp):
            rooms[catalog.name].warm_up()
    return rooms


def open_recommender(
    source: str, catalog: Catalog, index: ItemIndex | PostgresIndex, store: BaseStore, *, rules: Path | None = None
) -> Recommender:
    """What recommends, with all that was learnt for the catalog.

    Args:
        source: What the catalog was loaded from.
        catalog: The items.
        index: Their index.
        store: Where profiles and feedback live.
        rules: The owner's.
    """
    together = known_company(catalog, index_folder(source, catalog.name))
    return Recommender(catalog, index=index, store=store, together=together, rules=rules)


def open_index(
    source: str,
    *,
    on_progress: OnProgress | None = None,
    told: Told | None = None,
    database_url: str | None = None,
) -> tuple[Catalog, ItemIndex | PostgresIndex]:
    """Load a catalog and its saved index, which is made or brought up to date first.

    Args:
        source: A demo catalog's name, or the path of a file.
        on_progress: Told how far loading is; the catalog's in kB.
        told: How the file is to be read; remembered for the next time. None reads it as it was read the last time.
        database_url: A database for the items. A name that it has is loaded from there, without any file, unless
            something is told; a file is brought into it.

    Raises:
        CatalogError: The catalog cannot be read.
        IndexFileError: The saved index cannot be used.
    """
    tell = on_progress or _quiet
    tell("catalog", 0, 0)
    if database_url is not None and told is None and not Path(source).expanduser().exists():
        held = load_from_database(source, database_url)
        if held is not None:
            return held
    catalog, folder = load_told(source, told, progress=lambda done, total: tell("catalog", done // 1000, total // 1000))
    tell("index", 0, len(catalog))
    index = build_index(
        catalog, path=folder, database_url=database_url, progress=lambda done, total: tell("index", done, total)
    )
    if database_url is None:
        catalog_note(folder, catalog, source)
    return catalog, index


def _load_model(name: str | Path | None, adapter: str) -> BaseChatModel:
    return open_model(name, None if adapter == "none" else adapter, load=True)


def _quiet(_what: str, _done: int, _total: int) -> None:
    return None
