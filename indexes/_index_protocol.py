"""What a recommender needs of an index, whatever keeps the items: ours in memory, a database, or any vector store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_vectors import Floats, Mask


class Index(Protocol):
    """Finds items of one catalog; masks follow the catalog's rows."""

    @property
    def embeddings(self) -> Embeddings | None:
        """The embedder."""
        ...

    def embed(self, text: str) -> Floats:
        """The vector of a query, float32 (dimensions,), unit length."""
        ...

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The items' vectors, float32 (ids, dimensions), unit length, in the order of `ids`."""
        ...

    def words(self, text: str, ids: Sequence[str]) -> Floats:
        """How much of a text the items' words explain, as the `words` of a `Hit`, float32 (ids,)."""
        ...

    def search(
        self,
        query: str | NDArray[np.float32],
        *,
        k: int,
        mask: Mask | None = None,
        exclude: Collection[str] = (),
        words: str = "",
    ) -> list[Hit]:
        """The best allowed items by meaning and words, best first, with the parts of their scores.

        Beside a vector, `words` are the words that count.
        """
        ...
