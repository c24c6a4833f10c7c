"""`create_recommender`: the ready-made agent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.store.base import BaseStore

from chatrec.agent._context import RecommenderContext
from chatrec.agent._graph import RecommenderGraph
from chatrec.agent._middleware import RecommenderMiddleware, Reply
from chatrec.agent._remote import is_model_url, remote_model
from chatrec.agent._turns import Language
from chatrec.agent.llm import ChatLlamaCpp, shipped_adapter
from chatrec.agent.llm._adapters import adapter_fields
from chatrec.agent.llm._model_files import default_weights
from chatrec.indexes import Catalog, Recommender, ThreadOwners, home, open_checkpointer, open_store
from chatrec.indexes._persistence import build_index, index_folder


def create_recommender(
    catalog: Catalog | Recommender,
    *,
    model: BaseChatModel | str | Path | None = None,
    adapter: Literal["auto"] | str | Path | None = "auto",
    store: BaseStore | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    database_url: str | None = None,
    middleware: Sequence[AgentMiddleware[Any, Any, Any]] = (),
    max_questions: int = 2,
    reply: Reply = "auto",
    language: Language = "auto",
    size: int = 5,
) -> RecommenderGraph:
    """Build the conversational recommender: a compiled LangGraph agent.

    Args:
        catalog: The items, or a `Recommender` over them (its index and store are used then). The index of a catalog is
            kept under `CHATREC_HOME` by the catalog's name; only new and changed items are embedded the next time.
        model: A LangChain chat model, the path of a GGUF file, the URL of an OpenAI-compatible server (`remote_model`
            says what is lost then), or None for the embedded model.
        adapter: A LoRA adapter (GGUF) for the local model: a path, None for none, "auto" for the one that ships
            with the embedded model, if any.
        store: Profiles, feedback and thread owners; SQLite under `CHATREC_HOME` by default.
        checkpointer: The conversations; SQLite under `CHATREC_HOME` by default.
        database_url: A PostgreSQL database with pgvector (`postgresql://...`) that keeps items, people and
            conversations instead, for any number of processes.
        middleware: More LangChain middleware, run inside the recommender's own.
        max_questions: Consecutive questions since the last list, 0 to 10.
        reply: "rendered", "model" or "auto"; see `RecommenderMiddleware`.
        language: "en", "zh" or "auto".
        size: Items in a list, 1 to 50.

    Returns:
        A graph to call with `{"messages": [...]}`, `context=RecommenderContext(user_id=...)` and, for a conversation
        that is kept, `config={"configurable": {"thread_id": ...}}`.
    """
    if isinstance(catalog, Recommender):
        recommender = catalog
    else:
        folder = None if database_url else index_folder(catalog.name, catalog.name)
        index = build_index(catalog, path=folder, database_url=database_url)
        recommender = Recommender(catalog, index=index, store=store or open_store(database_url or home() / "people.db"))
    kept = store or recommender.store
    agent = create_agent(
        model if isinstance(model, BaseChatModel) else open_model(model, adapter),
        middleware=[
            RecommenderMiddleware(recommender, max_questions=max_questions, reply=reply, language=language, size=size),
            *middleware,
        ],
        context_schema=RecommenderContext,
        store=kept,
        checkpointer=checkpointer or open_checkpointer(database_url or home() / "threads.db"),
        name="chatrec",
    )
    return RecommenderGraph(owners=ThreadOwners(kept), **vars(agent))


def open_model(
    model: str | Path | None, adapter: Literal["auto"] | str | Path | None = "auto", *, load: bool = False
) -> BaseChatModel:
    """The model that a name stands for: a server's URL, a GGUF file, or None for the embedded one.

    Args:
        model: The name.
        adapter: As for `local_model`; nothing for a server.
        load: Load a local model now and not when it is first used.

    Raises:
        ModelError: The server does not answer, or the file cannot be loaded.
    """
    if isinstance(model, str) and is_model_url(model):
        return remote_model(model)
    local = local_model(model, adapter)
    if load:
        local.load()
    return local


def local_model(path: str | Path | None, adapter: Literal["auto"] | str | Path | None = "auto") -> ChatLlamaCpp:
    """The local model as the recommender uses it: it decides without dice.

    Args:
        path: A GGUF file; None is the embedded model.
        adapter: A LoRA file, None for none, "auto" for the one that ships with the embedded model.
    """
    # Untrained, the embedded model chooses better against its own habits; a larger one, or a trained one, by itself.
    settings: dict[str, Any] = {
        "temperature": 0.0,
        "choice_prior": "empty" if path is None and adapter is None else "none",
    }
    if adapter == "auto":
        settings |= shipped_adapter() if path is None else {}
    elif adapter is not None:
        settings |= adapter_fields(Path(adapter))
    # Measured on two cores: an adapter beside the weights costs a third of the speed, one worked into BF16 none.
    settings["merge"] = path is None and default_weights() == "BF16"
    return ChatLlamaCpp(model_path=None if path is None else str(path), **settings)
