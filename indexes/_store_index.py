"""The items of a catalog in any LangChain vector store: its engine finds what is near, all else is as in our own index.

A vector store has no common language for filters and gives no vectors back. So the vectors are kept here as well (in a
mapped file or in memory), few allowed rows are compared with them one by one, and of many the engine is asked for ever
more until enough of them are allowed. Words are searched as in the embedded index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from numpy.typing import NDArray

from chatrec.errors import CatalogError, EmbedderError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._embedders import open_embedder
from chatrec.indexes._index_batches import Progress
from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_vectors import Floats, Mask, Rows, top, unit, unit_query
from chatrec.indexes._word_index import Corpus, WordIndex

_FEW: Final = 5_000
"""Up to so many allowed rows are compared one by one."""
_LEAST_LOOKED: Final = 100
_LOOKED: Final = 4
_BATCH: Final = 1_000

MakeStore = Callable[[Embeddings], VectorStore]


class StoreIndex:
    """An index whose near vectors are found by somebody else's engine.

    Args:
        catalog: The items; the store holds a document with the id of each.
        store: The vector store.
        vectors: Float32 (items, dimensions), unit length, in the order of the items; mapped or in memory.
        embedder: What made them.

    Raises:
        CatalogError: There are more or fewer vectors than items.
    """

    def __init__(self, catalog: Catalog, store: VectorStore, vectors: Floats, embedder: Embeddings) -> None:
        if vectors.shape[:1] != (len(catalog),):
            raise CatalogError(f"vectors of shape {vectors.shape} for {len(catalog)} items", hint="give one an item")
        self._catalog, self._store, self._vectors, self._embedder = catalog, store, vectors, embedder
        self._mean: Floats = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        items = catalog.items
        self._words = Corpus([WordIndex.of((i.text() for i in items), (i.title for i in items))], [None])

    @classmethod
    def build(
        cls,
        catalog: Catalog,
        make_store: MakeStore,
        *,
        embedder: str | Embeddings = "auto",
        path: Path | None = None,
        progress: Progress | None = None,
    ) -> StoreIndex:
        """Embed the items once, for the store and for us.

        Args:
            catalog: The items.
            make_store: Makes the empty store, given the embedder that it is to use.
            embedder: As for `open_embedder`.
            path: A file for the vectors (`.npy`), replaced; in memory without.
            progress: Called with (done, total) of the items.
        """
        model = open_embedder(embedder, language=catalog.language)
        once = _Once(model)
        store = make_store(once)
        parts: list[Floats] = []
        for start in range(0, len(catalog), _BATCH):
            items = catalog.items[start : start + _BATCH]
            texts = [item.text() for item in items]
            once.known = dict(zip(texts, model.embed_documents(texts), strict=True))
            parts.append(unit(np.asarray([once.known[text] for text in texts], np.float32)))
            store.add_documents(
                [Document(text, id=item.id, metadata={"id": item.id}) for text, item in zip(texts, items, strict=True)],
                ids=[item.id for item in items],
            )
            if progress is not None:
                progress(min(len(catalog), start + _BATCH), len(catalog))
        once.known = {}
        vectors: Floats = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
        if path is not None:
            beside = path.with_name(f"{path.name}.new.npy")
            np.save(beside, vectors)
            beside.replace(path)
            vectors = np.load(path, mmap_mode="r")
        return cls(catalog, store, vectors, model)

    @property
    def embeddings(self) -> Embeddings:
        """The embedder."""
        return self._embedder

    def embed(self, text: str) -> Floats:
        """The vector of a query, float32 (dimensions,), unit length."""
        return unit_query(np.asarray(self._embedder.embed_query(text), np.float32))

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The items' vectors, float32 (ids, dimensions), in the order of `ids`."""
        found: Floats = np.asarray(self._vectors[[self._catalog.row(item_id) for item_id in ids]], np.float32)
        return found.reshape(len(ids), self._vectors.shape[1])

    def words(self, text: str, ids: Sequence[str]) -> Floats:
        """How much of a text the items' words explain, as the `words` of a `Hit`, float32 (ids,)."""
        return self._words.scores(text)[0][[self._catalog.row(item_id) for item_id in ids]]

    def search(
        self,
        query: str | NDArray[np.float32],
        *,
        k: int,
        mask: Mask | None = None,
        exclude: Collection[str] = (),
        words: str = "",
    ) -> list[Hit]:
        """The best allowed items by meaning and words, best first; as `ItemIndex.search`."""
        allowed = np.ones(len(self._catalog), np.bool_) if mask is None else mask.copy()
        if allowed.shape != (len(self._catalog),):
            raise CatalogError(f"the mask has shape {allowed.shape}", hint="use a mask of this catalog")
        allowed[[self._catalog.row(item_id) for item_id in exclude if item_id in self._catalog]] = False
        rows = np.flatnonzero(allowed)
        text = (query if isinstance(query, str) else words).strip()
        if k <= 0 or not len(rows):
            return []
        if isinstance(query, str) and not text:
            return [Hit(self._catalog.items[row].id, 0.0, 0.0, 0.0) for row in rows[:k].tolist()]
        vector = self.embed(text) if isinstance(query, str) else unit_query(query)
        worded = self._words.scores(text)[0] if text else np.zeros(len(self._catalog), np.float32)
        if len(rows) > _FEW:
            rows = self._candidates(vector, worded, allowed, rows, k)
        mean = float(self._mean @ vector)
        near = (self._vectors[rows] @ vector - np.float32(mean)) / np.float32(max(1.0 - mean, 1e-6))
        best = top(near + worded[rows], k)
        scored = zip(rows[best].tolist(), near[best].tolist(), worded[rows[best]].tolist(), strict=True)
        return [Hit(self._catalog.items[row].id, like + word, like, word) for row, like, word in scored]

    def _candidates(self, vector: Floats, words: Floats, allowed: Mask, rows: Rows, k: int) -> Rows:
        looked = min(max(_LEAST_LOOKED, _LOOKED * k), len(rows))
        asked, found = looked, list[int]()
        while True:
            documents = self._store.similarity_search_by_vector(vector.tolist(), k=asked)
            ids = [document.id or str(document.metadata.get("id")) for document in documents]
            found = [row for i in ids if i in self._catalog and allowed[row := self._catalog.row(i)]]
            if len(found) >= looked or len(documents) < asked or asked > _FEW:
                break
            asked *= 4
        if len(found) < min(k, looked):
            return rows  # the engine finds too few of those that are allowed: all are compared
        worded = rows[top(words[rows], looked)]
        return np.union1d(np.array(found, np.int64), worded[words[worded] > 0])


class _Once(Embeddings):
    """Gives vectors that were made a moment ago instead of making them again."""

    def __init__(self, model: Embeddings) -> None:
        self._model = model
        self.known: dict[str, list[float]] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        missing = [text for text in texts if text not in self.known]
        made = dict(zip(missing, self._model.embed_documents(missing), strict=True)) if missing else {}
        if len(made) != len(set(missing)):
            raise EmbedderError("the embedder gave no vector for a text", hint="check the embedder")
        return [made[text] if text in made else self.known[text] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._model.embed_query(text)
