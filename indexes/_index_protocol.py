"""What a recommender needs of an index, whatever keeps the items: ours in memory, a database, or any vector store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_vectors import Floats, Mask, Rows


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


@runtime_checkable
class RowIndex(Index, Protocol):
    """An index of the process's own, whose rows are those of the masks: nothing need be looked up by its id."""

    def __len__(self) -> int: ...

    def ids_at(self, rows: Rows) -> list[str]:
        """The ids of some rows."""
        ...

    def vectors_at(self, rows: Rows) -> Floats:
        """As `vectors`, by row."""
        ...

    def words_at(self, text: str, rows: Rows) -> Floats:
        """As `words`, by row."""
        ...

    def found(self, query: Floats, *, k: int, mask: Mask | None = None, words: str = "") -> Rows:
        """The rows that `search` finds for a vector, int64, best first."""
        ...
