"""What is known: catalog, linker, embeddings, FAISS store, word search, ranker, profiles, feedback, persistence.

Names are loaded when first used, so that importing this package loads neither FAISS nor an embedding model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._choosing import Choosing
    from chatrec.indexes._constraints import Constraint
    from chatrec.indexes._embedders import open_embedder
    from chatrec.indexes._excluded import Excluded
    from chatrec.indexes._feedback import FeedbackEvent, FeedbackLog
    from chatrec.indexes._index import ItemIndex
    from chatrec.indexes._interactions import Interactions
    from chatrec.indexes._linker import Link, Proposal
    from chatrec.indexes._parts import part_bars, part_name
    from chatrec.indexes._people import (
        Forgotten,
        aexport_person,
        aforget_person,
        aretain,
        export_person,
        forget_person,
        retain,
    )
    from chatrec.indexes._persistence import home, open_checkpointer, open_store
    from chatrec.indexes._postgres_index import PostgresIndex
    from chatrec.indexes._profiles import Profile, ProfileStore
    from chatrec.indexes._ranker import Weights
    from chatrec.indexes._recommender import Recommendations, Recommender
    from chatrec.indexes._rejects import Reject
    from chatrec.indexes._rules import AgeLimit, Rule, Rules
    from chatrec.indexes._schema import ColumnSchema, Schema
    from chatrec.indexes._store_index import StoreIndex
    from chatrec.indexes._threads import ThreadOwners
    from chatrec.indexes._together import CoPreference
    from chatrec.indexes._values import Facet, Item, Mention, Past, Question, Recommendation

__all__ = [
    "AgeLimit",
    "Catalog",
    "Choosing",
    "CoPreference",
    "ColumnSchema",
    "Constraint",
    "Excluded",
    "Facet",
    "FeedbackEvent",
    "FeedbackLog",
    "Forgotten",
    "Interactions",
    "Item",
    "ItemIndex",
    "Link",
    "Mention",
    "Past",
    "PostgresIndex",
    "Profile",
    "ProfileStore",
    "Proposal",
    "Question",
    "Recommendation",
    "Recommendations",
    "Recommender",
    "Reject",
    "Rule",
    "Rules",
    "Schema",
    "StoreIndex",
    "ThreadOwners",
    "Weights",
    "aexport_person",
    "aforget_person",
    "aretain",
    "export_person",
    "forget_person",
    "home",
    "open_checkpointer",
    "open_embedder",
    "open_store",
    "part_bars",
    "part_name",
    "retain",
]

_HOMES = {
    "AgeLimit": "_rules",
    "Catalog": "_catalog",
    "Choosing": "_choosing",
    "CoPreference": "_together",
    "ColumnSchema": "_schema",
    "Constraint": "_constraints",
    "Excluded": "_excluded",
    "Facet": "_values",
    "FeedbackEvent": "_feedback",
    "FeedbackLog": "_feedback",
    "Forgotten": "_people",
    "Interactions": "_interactions",
    "Item": "_values",
    "ItemIndex": "_index",
    "Link": "_linker",
    "Mention": "_values",
    "Past": "_values",
    "PostgresIndex": "_postgres_index",
    "Profile": "_profiles",
    "ProfileStore": "_profiles",
    "Proposal": "_linker",
    "Question": "_values",
    "Recommendation": "_values",
    "Recommendations": "_recommender",
    "Recommender": "_recommender",
    "Reject": "_rejects",
    "Rule": "_rules",
    "Rules": "_rules",
    "Schema": "_schema",
    "StoreIndex": "_store_index",
    "ThreadOwners": "_threads",
    "Weights": "_ranker",
    "aexport_person": "_people",
    "aforget_person": "_people",
    "aretain": "_people",
    "export_person": "_people",
    "forget_person": "_people",
    "home": "_persistence",
    "open_checkpointer": "_persistence",
    "open_embedder": "_embedders",
    "open_store": "_persistence",
    "part_bars": "_parts",
    "part_name": "_parts",
    "retain": "_people",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"chatrec.indexes.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'chatrec.indexes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
