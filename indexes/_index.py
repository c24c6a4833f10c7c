"""The index of a catalog: what is near a text in meaning and in words, among the items that a filter allows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import CatalogError, IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._embedders import embedder_id, open_embedder
from chatrec.indexes._index_batches import Progress
from chatrec.indexes._index_build import BuildReport, Order, build_rows, reopen
from chatrec.indexes._index_describe import IndexDescription, describe
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_facets import Filter
from chatrec.indexes._index_files import IndexFolder
from chatrec.indexes._index_phrases import PhraseEmbedder
from chatrec.indexes._index_plan import IndexSettings
from chatrec.indexes._index_rows import IndexRows
from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_store import EntryStore
from chatrec.indexes._index_vectors import Floats, Mask, Rows, unit_query


class ItemIndex(EntryStore):
    """Items by meaning (FAISS) and by words (BM25), filtered before the search and never after it.

    It is a LangChain vector store: `add_documents`, `delete`, `similarity_search` and the rest work as there, sync and
    async, and take `filter=`, either constraints or a mapping of facet to value or values. A recommender uses `search`,
    which ranks by vectors and words together.

    An index that was built with a path, loaded or saved lives in that folder: a change is kept there, on the disk
    itself, before `add_documents` or `delete` returns. Threads may search while another changes it; a search sees all
    of a change or nothing. Of several processes one may write at a time, and none writes over what another wrote.

    Args:
        embedding: The embedder, or its name as for `open_embedder`.
        settings: How near vectors are found.

    Attributes:
        report: What `build` did; None for an index that was not built.

    Raises:
        EmbedderError: There is no embedder of this name on this machine.
    """

    report: BuildReport | None = None

    def __init__(self, embedding: Embeddings | str = "auto", *, settings: IndexSettings | None = None) -> None:
        super().__init__(embedding)
        self._rows = IndexRows(settings=settings)

    @classmethod
    def build(
        cls,
        catalog: Catalog,
        *,
        embedder: str | Embeddings = "auto",
        path: str | PathLike[str] | None = None,
        progress: Progress | None = None,
        vectors: NDArray[Any] | None = None,
        settings: IndexSettings | None = None,
    ) -> ItemIndex:
        """The index of a catalog; its rows are the catalog's rows.

        With a path, items whose text is saved there are not embedded again, and the result is saved. Stopped at any
        point (Ctrl-C too), it leaves the old index whole and goes on from the last finished batch the next time. An
        index there that is damaged, of another version or of another embedder is built anew; `report.rebuilt` says why.

        Args:
            catalog: The items.
            embedder: As for `open_embedder`; "auto" chooses by the catalog's language.
            path: A folder, made when missing.
            progress: Called with (done, total) of the texts that must be embedded, then of the vectors that are put in
                a graph.
            vectors: The items' vectors where they are there already, (items, dimensions), mapped or in memory; the
                embedder then embeds queries alone.
            settings: How near vectors are found; by default those that the saved index was built with.

        Raises:
            CatalogError: There are more or fewer vectors than items.
            EmbedderError: The embedder is missing or gives something else than vectors.
            IndexFileError: The path holds something that is not an index, cannot be written, or another program is
                writing there.
        """
        if vectors is not None and vectors.shape[:1] != (len(catalog),):
            raise CatalogError(f"vectors of shape {vectors.shape} for {len(catalog)} items", hint="give one an item")
        index = cls(open_embedder(embedder, language=catalog.language))
        order = Order(
            catalog=catalog, embeddings=index._embeddings, given=vectors, settings=settings, progress=progress
        )
        index._rows, index.report = build_rows(order, None if path is None else Path(path))
        return index

    @classmethod
    def load(cls, path: str | PathLike[str], *, embedder: str | Embeddings | None = None) -> ItemIndex:
        """An index that was saved.

        Args:
            path: Its folder.
            embedder: Needed where the index was built with an `Embeddings` object; otherwise it remembers its name.

        Raises:
            IndexFileError: There is no index, or it is truncated, changed, foreign or of another version.
            EmbedderError: The embedder is not the one that built it, or cannot be opened.
        """
        folder = IndexFolder(Path(path))
        saved = folder.read()
        if saved is None:
            raise IndexFileError(
                f"there is no index in {str(folder.path)!r}", hint="make one: ItemIndex.build(..., path=...)"
            )
        index = cls(reopen(saved, embedder, folder.path))
        index._rows = IndexRows(saved.state, folder=folder, settings=saved.settings, phrases=saved.phrases)
        return index

    def save(self, path: str | PathLike[str]) -> None:
        """Write the index to a folder, replacing the one that is there in a single step.

        An index that lives nowhere yet lives there from then on.

        Raises:
            IndexFileError: The folder holds something else, cannot be written, a document's metadata is not JSON, or
                another program is writing there.
        """
        self._rows.save(Path(path), embedder_id(self._embeddings))

    def describe(self) -> IndexDescription:
        """Which structure finds near vectors, what it takes, and why it was chosen."""
        return describe(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and bool(self._rows.get([item_id]))

    def __repr__(self) -> str:
        return f"ItemIndex({embedder_id(self._embeddings)!r}, {len(self)} items)"

    @cached_property
    def phrases(self) -> Embeddings:
        """The embedder, for linking: the values' vectors are kept with a saved index and need not be made again."""
        return PhraseEmbedder(self._embeddings, self._rows.phrases)

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The items' vectors, float32 (ids, dimensions), unit length, in the order of `ids`.

        Raises:
            CatalogError: There is no such item.
        """
        return self._rows.state.vectors(ids)

    def words(self, text: str, ids: Sequence[str]) -> Floats:
        """How much of a text the items' words explain, as the `words` of a `Hit`, float32 (ids,).

        Raises:
            CatalogError: There is no such item.
        """
        return self._rows.state.words(text, ids)

    def ids_at(self, rows: Rows) -> list[str]:
        """The ids of some rows."""
        state = self._rows.state
        return [state.entry(place).item.id for place in state.rows[rows].tolist()]

    def vectors_at(self, rows: Rows) -> Floats:
        """The vectors of some rows, as `vectors`."""
        state = self._rows.state
        return state.vectors_at(state.rows[rows])

    def words_at(self, text: str, rows: Rows) -> Floats:
        """How much of a text the words of some rows explain, as `words`."""
        state = self._rows.state
        return state.words_at(text, state.rows[rows])

    def found(self, query: Floats, *, k: int, mask: Mask | None = None, words: str = "") -> Rows:
        """The rows that `search` finds for a vector, best first.

        Raises:
            CatalogError: The mask has another length than the index.
            EmbedderError: The vector has another length than those of the index.
        """
        return self._rows.found(unit_query(query), words.strip(), k=k, mask=mask)

    def mask(self, where: Filter | None) -> Mask | None:
        """Which rows a filter allows, (rows,), for `search`; None for all.

        Raises:
            ConstraintError: A facet does not exist.
        """
        return self._rows.mask(where)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> ItemIndex:
        """An index of texts; see `add_documents`."""
        index = cls(embedding)
        index.add_texts(texts, metadatas, ids=ids)
        return index

    def _find(
        self, query: str | NDArray[np.float32], *, k: int, mask: Mask | None, exclude: Collection[str], words: str
    ) -> list[Hit]:
        if not isinstance(query, str):
            return self._rows.fused(unit_query(query), words.strip(), k=k, mask=mask, exclude=exclude)
        text = query.strip()
        vector = self.embed(text) if text and len(self) else None
        return self._rows.fused(vector, text, k=k, mask=mask, exclude=exclude)

    def _put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        self._rows.put(entries, vectors)

    def _remove(self, ids: list[str] | None) -> None:
        self._rows.remove(ids)

    def _get(self, ids: Sequence[str]) -> list[Entry]:
        return self._rows.get(ids)

    def _nearest(self, query: Floats, k: int, where: Filter | None) -> list[tuple[Entry, float, Floats]]:
        return self._rows.nearest(query, k, where)
