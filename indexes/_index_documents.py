"""Items and LangChain documents: each can be made from the other, and either can be saved as a line of JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document

from chatrec.indexes._values import FacetValue, Item

_TITLE_LENGTH = 80
_FIELDS = frozenset({"title", "description"})  # every item has these, so a facet may not be called so


@dataclass(frozen=True, slots=True)
class Entry:
    """What an index knows of one row.

    Attributes:
        item: The item.
        document: The document it was made from, or None for an item of a catalog.
    """

    item: Item
    document: Document | None = None

    def text(self) -> str:
        """What is embedded and searched for words."""
        return self.item.text() if self.document is None else self.document.page_content

    def as_document(self) -> Document:
        """A fresh document: the given one, or the item's text with its title and facets as metadata."""
        if self.document is not None:
            return self.document.model_copy(deep=True)
        facets = {name: list(value) if isinstance(value, tuple) else value for name, value in self.item.facets.items()}
        return Document(id=self.item.id, page_content=self.item.text(), metadata={"title": self.item.title} | facets)

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON-ready values (as far as a document's metadata are)."""
        if self.document is not None:
            return {"id": self.item.id, "text": self.document.page_content, "metadata": self.document.metadata}
        facets = {name: list(value) if isinstance(value, tuple) else value for name, value in self.item.facets.items()}
        return {
            "id": self.item.id,
            "title": self.item.title,
            "description": self.item.description,
            "facets": facets,
            **({"extra": dict(self.item.extra)} if self.item.extra else {}),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Entry:
        """The inverse of `as_json`.

        Raises:
            KeyError: A part is missing.
            ValueError: A part is of another kind.
        """
        if "metadata" in row:
            return cls.of_document(Document(page_content=row["text"], metadata=row["metadata"]), row["id"])
        return cls(Item(row["id"], row["title"], row["description"], _facets(row["facets"]), row.get("extra", {})))

    @classmethod
    def of_document(cls, document: Document, item_id: str) -> Entry:
        """An entry for a document.

        The item's title is the metadata's `title`, or else the beginning of the text. Its facets are the metadata that
        are text, numbers, truth values or lists of texts.
        """
        kept = Document(id=item_id, page_content=document.page_content, metadata=dict(document.metadata))
        title = document.metadata.get("title")
        if not isinstance(title, str) or not title.strip():
            lines = (line.strip() for line in document.page_content.splitlines())
            title = next((line[:_TITLE_LENGTH] for line in lines if line), item_id)
        item = Item(item_id, title, document.page_content, _facets(document.metadata))
        return cls(item, kept)


def _facets(values: Mapping[str, Any]) -> dict[str, FacetValue]:
    found: dict[str, FacetValue] = {}
    for name, value in values.items():
        if name in _FIELDS or (isinstance(value, float) and not math.isfinite(value)):
            continue
        if isinstance(value, str | int | float):
            found[name] = value
        elif isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            found[name] = tuple(value)
    return found
