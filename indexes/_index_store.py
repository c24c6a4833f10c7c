"""What every index of ours does as a LangChain vector store, whatever keeps its rows."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from numpy.typing import NDArray

from chatrec.errors import CatalogError
from chatrec.indexes._embedders import open_embedder
from chatrec.indexes._index_batches import embed_texts
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_facets import Filter
from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_vectors import Floats, Mask, unit, unit_query

_REMEMBERED = 512


class EntryStore(VectorStore):
    """A vector store of entries; who inherits keeps them.

    Args:
        embedding: The embedder, or its name as for `open_embedder`.

    Raises:
        EmbedderError: There is no embedder of this name on this machine.
    """

    def __init__(self, embedding: Embeddings | str = "auto") -> None:
        self._embeddings = open_embedder(embedding)
        self._embed_once: Callable[[str], Floats] = lru_cache(maxsize=_REMEMBERED)(self._embed)

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def _put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        """Add rows, or put others in the place of those with the same ids."""

    @abstractmethod
    def _remove(self, ids: list[str] | None) -> None:
        """Take rows out, all of them for None."""

    @abstractmethod
    def _get(self, ids: Sequence[str]) -> list[Entry]:
        """The entries with these ids, in their order; ids that are not there are left out."""

    @abstractmethod
    def _nearest(self, query: Floats, k: int, where: Filter | None) -> list[tuple[Entry, float, Floats]]:
        """The `k` allowed rows nearest to the query: entry, cosine and vector, nearest first."""

    @abstractmethod
    def _find(
        self, query: str | NDArray[np.float32], *, k: int, mask: Mask | None, exclude: Collection[str], words: str
    ) -> list[Hit]:
        """As `search`."""

    @property
    def embeddings(self) -> Embeddings:
        """The embedder."""
        return self._embeddings

    def embed(self, text: str) -> Floats:
        """The vector of a query, float32 (dimensions,), unit length, read-only; the last 512 are remembered.

        Raises:
            EmbedderError: The embedder cannot be loaded or gives something else than a vector.
        """
        return self._embed_once(text)

    @overload
    def search(
        self,
        query: str | NDArray[np.float32],
        *,
        k: int,
        mask: Mask | None = None,
        exclude: Collection[str] = (),
        words: str = "",
    ) -> list[Hit]: ...
    @overload
    def search(self, query: str, search_type: str, **kwargs: Any) -> list[Document]: ...
    def search(
        self,
        query: str | NDArray[np.float32],
        search_type: str | None = None,
        *,
        k: int = 4,
        mask: Mask | None = None,
        exclude: Collection[str] = (),
        words: str = "",
        **kwargs: Any,
    ) -> list[Hit] | list[Document]:
        """The best items by meaning and words, best first; how both are added is told in `_index_search.py`.

        With a `search_type` it is LangChain's `search`, which returns documents.

        Args:
            query: What is wanted, in words, or a vector. An empty text finds the first allowed items, all with score 0.
            search_type: LangChain's: "similarity", "mmr" or "similarity_score_threshold".
            k: How many, at most.
            mask: Which rows may be found, (rows,); all by default.
            exclude: Ids that may not be found.
            words: Which words count beside a vector; none by default.
            **kwargs: LangChain's, with a `search_type`.

        Raises:
            CatalogError: The mask has another length than the index.
            EmbedderError: A vector has another length than those of the index.
        """
        if search_type is not None:
            return super().search(str(query), search_type, k=k, **kwargs)
        return self._find(query, k=k, mask=mask, exclude=exclude, words=words)

    def add_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Add documents, or replace those with the same ids.

        Args:
            documents: Their metadata become facets where they are text, numbers, truth values or lists of texts.
            **kwargs: `ids`: one a document; by default the documents' own, or new ones.

        Returns:
            The ids.

        Raises:
            CatalogError: There are more or fewer ids than documents.
        """
        ids = kwargs.get("ids") or [document.id for document in documents]
        if len(ids) != len(documents):
            raise CatalogError(f"{len(ids)} ids for {len(documents)} documents", hint="give one id a document")
        named = [str(item_id) if item_id else str(uuid.uuid4()) for item_id in ids]
        entries = [Entry.of_document(document, item_id) for document, item_id in zip(documents, named, strict=True)]
        vectors, _ = embed_texts(self._embeddings, [entry.text() for entry in entries])
        self._put(entries, vectors)
        return named

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Take items out, all of them for None; ids that are not there are ignored."""
        self._remove(ids)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents with these ids, in their order; ids that are not there are left out."""
        return [entry.as_document() for entry in self._get(ids)]

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` allowed documents nearest in meaning, nearest first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, filter=filter)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        *,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """The `k` allowed documents nearest in meaning, with their cosines (-1 to 1; higher is nearer)."""
        if not len(self):
            return []
        found = self._nearest(self.embed(query), k, filter)
        return [(entry.as_document(), cosine) for entry, cosine, _ in found]

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        *,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[Document]:
        """The `k` allowed documents nearest to a vector, nearest first."""
        found = self._nearest(unit_query(np.asarray(embedding)), k, filter)
        return [entry.as_document() for entry, _, _ in found]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[Document]:
        """Documents near the query but unlike each other (Carbonell and Goldstein, 1998).

        Args:
            query: What is wanted.
            k: How many, at most.
            fetch_k: From how many of the nearest they are chosen.
            lambda_mult: 1 for nearness alone, 0 for variety alone.
            filter: What is allowed.
            **kwargs: Ignored.
        """
        if not len(self):
            return []
        embedding: list[float] = self.embed(query).tolist()
        return self.max_marginal_relevance_search_by_vector(embedding, k, fetch_k, lambda_mult, filter=filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Filter | None = None,  # noqa: A002
        **kwargs: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search`, for a vector."""
        query = unit_query(np.asarray(embedding))
        found = self._nearest(query, max(k, fetch_k), filter)
        vectors: list[list[float]] = [vector.tolist() for _, _, vector in found]
        chosen = maximal_marginal_relevance(query, vectors, lambda_mult, k) if found else []
        return [found[number][0].as_document() for number in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: min(1.0, max(0.0, cosine))

    def _embed(self, text: str) -> Floats:
        vector: Floats = unit(np.asarray(self._embeddings.embed_query(text), np.float32))[0]
        vector.setflags(write=False)
        return vector
