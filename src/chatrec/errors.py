"""Every error that chatrec raises on purpose, in one tree.

ChatrecError                      has `.hint`: what to do about it
├── CatalogError                  a catalog file or row cannot be used (ValueError)
├── ConfigError                   a chatrec.toml cannot be read, or a setting in it is unknown (ValueError)
├── ConstraintError               a constraint names no facet, or its value does not fit (ValueError)
├── RulesError                    the owner's rules cannot be read, or name what the catalog has not (ValueError)
├── IndexFileError                a saved index is missing, truncated, foreign or of another version
├── EmbedderError                 an embedding model is missing or does not fit the index
├── ModelError                    a language model cannot be loaded or run
│   └── ContextOverflow           the conversation is longer than the model's context
├── ContextError                  no user id, or a context of the wrong kind, was given to the agent (ValueError)
├── ThreadRefused                 the thread belongs to somebody else (PermissionError)
└── StoreError                    people's data cannot be read or written
"""

from __future__ import annotations

__all__ = [
    "CatalogError",
    "ChatrecError",
    "ConfigError",
    "ConstraintError",
    "ContextError",
    "ContextOverflow",
    "EmbedderError",
    "IndexFileError",
    "ModelError",
    "RulesError",
    "StoreError",
    "ThreadRefused",
]


class ChatrecError(Exception):
    """The root of the tree.

    Args:
        message: What is wrong, with the value (`!r`) and the bound.
        hint: What the reader can do about it; shown after the message.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.args[0]} ({self.hint})"


class CatalogError(ChatrecError, ValueError):
    """A catalog file or one of its rows cannot be used."""


class ConfigError(ChatrecError, ValueError):
    """A `chatrec.toml` cannot be read, or a setting in it is unknown or does not fit."""


class ConstraintError(ChatrecError, ValueError):
    """A constraint names no facet of the catalog, or its value does not fit the facet."""


class RulesError(ChatrecError, ValueError):
    """The owner's rules cannot be read, or name a facet or a value that the catalog does not have."""


class IndexFileError(ChatrecError):
    """A saved index is missing, truncated, foreign, or of another version."""


class EmbedderError(ChatrecError):
    """An embedding model is missing, or is not the one that built the index."""


class ModelError(ChatrecError):
    """A language model cannot be loaded or run."""


class ContextOverflow(ModelError):
    """The conversation does not fit the model's context."""


class ContextError(ChatrecError, ValueError):
    """The agent was called without a user id, or with a context of the wrong kind."""


class ThreadRefused(ChatrecError, PermissionError):
    """The thread belongs to another user."""


class StoreError(ChatrecError):
    """People's data cannot be read or written."""
