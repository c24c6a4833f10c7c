"""The index of a catalog in PostgreSQL: vectors (pgvector), words and facets, filtered and searched by the server."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import CatalogError, EmbedderError, IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._embedders import embedder_id, open_embedder
from chatrec.indexes._index_batches import Progress, check_lengths, embed_texts
from chatrec.indexes._index_build import openable
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_facets import Filter, as_constraints, check_facets
from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_store import EntryStore
from chatrec.indexes._index_vectors import Floats, Mask, unit, unit_query
from chatrec.indexes._linker_spelling import Speller
from chatrec.indexes._persistence import catalog_as_told, facets_told
from chatrec.indexes._postgres import Postgres, connect
from chatrec.indexes._postgres_filter import Where
from chatrec.indexes._postgres_schema import ready
from chatrec.indexes._postgres_search import Allowed, few_sql, fused, graph_pays, nearest_sql, rows_of, shared
from chatrec.indexes._postgres_tables import GRAPH_FROM, CatalogTables, Head, entry_digest, vector_of, vector_text
from chatrec.indexes._postgres_words import QueryWords

_BATCH = 1_024
"""Items that are embedded and kept in one transaction."""


class PostgresIndex(EntryStore):
    """The items of one catalog in PostgreSQL, by meaning (pgvector) and by words, filtered before the search.

    It is a LangChain vector store like `ItemIndex`, with the same `filter=`, and gives a recommender the same hits with
    the same scores. Any number of processes may search and change it at once; a search sees all of a change or
    nothing.

    Args:
        embedding: The embedder, or its name as for `open_embedder`.
        server: The database, or its URL.
        name: The catalog's name there.

    Raises:
        EmbedderError: There is no embedder of this name on this machine.
        StoreError: The server does not answer, or its tables are of another version.
    """

    def __init__(
        self, embedding: Embeddings | str = "auto", *, server: Postgres | str, name: str = "documents"
    ) -> None:
        super().__init__(embedding)
        self.server = connect(server) if isinstance(server, str) else server
        ready(self.server)
        self._tables = CatalogTables(self.server, name, embedder_id(self._embeddings))
        self._catalog: Catalog | None = None
        # By the version of the catalog that they were read at.
        self._spelled: tuple[int, Speller] | None = None
        self._placed: tuple[int, NDArray[np.int64]] | None = None
        self._said: tuple[tuple[int, str], QueryWords] | None = None

    @classmethod
    def build(
        cls,
        catalog: Catalog,
        *,
        server: Postgres | str,
        embedder: str | Embeddings = "auto",
        progress: Progress | None = None,
        vectors: NDArray[Any] | None = None,
    ) -> PostgresIndex:
        """Bring the catalog's items into the database: new and changed ones are embedded, those that are gone deleted.

        Stopped at any point, it goes on from the last finished batch the next time. Other processes may serve the same
        catalog meanwhile.

        Args:
            catalog: The items.
            server: The database, or its URL.
            embedder: As for `open_embedder`; "auto" chooses by the catalog's language.
            progress: Called with (done, total) of the items that are new or changed.
            vectors: The items' vectors where they are there already, (items, dimensions).

        Raises:
            CatalogError: There are more or fewer vectors than items.
            EmbedderError: The embedder is missing, or the database has the vectors of another one.
            StoreError: The server does not answer.
        """
        if vectors is not None and vectors.shape[:1] != (len(catalog),):
            raise CatalogError(f"vectors of shape {vectors.shape} for {len(catalog)} items", hint="give one an item")
        index = cls(open_embedder(embedder, language=catalog.language), server=server, name=catalog.name)
        index._catalog = catalog
        head = index._tables.head()
        held = index._digests(head)
        gone = [item_id for item_id in held if item_id not in catalog]
        if gone:
            index._remove(gone)
        changed = [r for r, item in enumerate(catalog.items) if held.get(item.id) != entry_digest(Entry(item))]
        for start in range(0, len(changed), _BATCH):
            rows = changed[start : start + _BATCH]
            entries = [Entry(catalog.items[row]) for row in rows]
            if progress is not None and not start:
                progress(0, len(changed))
            if vectors is None:
                index._put(entries, embed_texts(index._embeddings, [entry.text() for entry in entries])[0])
            else:
                index._put(entries, unit(np.asarray(vectors[rows], np.float32)))
            if progress is not None:
                progress(min(len(changed), start + _BATCH), len(changed))
        index._tables.tell(facets_told(catalog))
        index._tables.build_graph()
        return index

    @classmethod
    def load(
        cls, name: str, *, server: Postgres | str, embedder: str | Embeddings | None = None
    ) -> tuple[Catalog, PostgresIndex]:
        """A catalog that is in the database, and its index.

        Args:
            name: The catalog's name.
            server: The database, or its URL.
            embedder: Needed where the index was built with an `Embeddings` object.

        Raises:
            IndexFileError: There is no such catalog in the database.
            EmbedderError: The embedder is not the one that built it, or cannot be opened.
        """
        server = connect(server) if isinstance(server, str) else server
        ready(server)
        head = CatalogTables(server, name, "").head()
        if head is None or not head.dimensions:
            known = ", ".join(catalogs(server)) or "none"
            raise IndexFileError(
                f"there is no catalog {name!r} in {server.shown}",
                hint=f"put it there: chatrec index FILE --database-url URL; there are: {known}",
            )
        made_by = embedder if embedder is not None else openable(head.embedder)
        if made_by is None:
            raise EmbedderError(
                f"the catalog {name!r} was embedded with {head.embedder!r}, which has no name to open it by",
                hint="give the embedder: PostgresIndex.load(name, server=..., embedder=...)",
            )
        index = cls(made_by, server=server, name=name)
        if embedder_id(index.embeddings) != head.embedder:
            raise EmbedderError(
                f"the catalog {name!r} was embedded with {head.embedder!r}, not {embedder_id(index.embeddings)!r}",
                hint="load it with that embedder",
            )
        rows = server.read(f"SELECT entry FROM {head.items} ORDER BY row")
        items = {entry.item.id: entry.item for entry in (Entry.from_json(row["entry"]) for row in rows)}
        catalog = catalog_as_told(items.values(), name, head.told)
        index._catalog = catalog
        return catalog, index

    def describe(self) -> str:
        """How near items are found, and where."""
        head = self._tables.head()
        count = 0 if head is None else head.sizes.items
        how = "pgvector's graph where a filter allows many" if count > GRAPH_FROM else "compared one by one"
        return f"{count} items in {self.server.shown}, {how}"

    def __len__(self) -> int:
        head = self._tables.head()
        return 0 if head is None else head.sizes.items

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and bool(self._get([item_id]))

    def __repr__(self) -> str:
        return f"PostgresIndex({self._tables.name!r}, {self.server.shown!r})"

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The items' vectors, float32 (ids, dimensions), unit length, in the order of `ids`.

        An item that another process has deleted since has a vector of zeros: it is near nothing.
        """
        head = self._tables.head()
        if head is None or not head.dimensions:
            return np.zeros((len(ids), 0), np.float32)
        rows = self.server.read(f"SELECT id, embedding FROM {head.items} WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
        held = {row["id"]: vector_of(row["embedding"]) for row in rows}
        gone = np.zeros(head.dimensions, np.float32)
        return np.stack([held.get(item_id, gone) for item_id in ids]) if ids else gone[None][:0]

    def words(self, text: str, ids: Sequence[str]) -> Floats:
        """How much of a text the items' words explain, as the `words` of a `Hit`, float32 (ids,)."""
        head = self._tables.head()
        if head is None:
            return np.zeros(len(ids), np.float32)
        return shared(self.server, head, self._query_words(head, text), ids)

    def mask(self, where: Filter | None) -> Mask | None:
        """Which rows a filter allows, in the order of the catalog, or of the rows where there is none; None for all.

        Raises:
            ConstraintError: A facet does not exist.
        """
        wanted = as_constraints(where)
        if self._catalog is not None:
            return self._catalog.mask(wanted) if wanted else None
        head = self._tables.head()
        if head is None or not wanted:
            return None
        check_facets(wanted, head.facets)
        condition = Where(wanted)
        sql = f"SELECT coalesce({condition.sql}, FALSE) AS held FROM {head.items} ORDER BY row"
        return np.array([row["held"] for row in self.server.read(sql, condition.values)], np.bool_)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> PostgresIndex:
        """An index of texts; `server` and `name` are needed besides, see the class and `add_documents`."""
        index = cls(embedding, server=kwargs["server"], name=kwargs.get("name", "documents"))
        index.add_texts(texts, metadatas, ids=ids)
        return index

    def drop(self) -> bool:
        """Delete the catalog from the database; returns whether it was there."""
        return self._tables.drop()

    def _find(
        self, query: str | NDArray[np.float32], *, k: int, mask: Mask | None, exclude: Collection[str], words: str
    ) -> list[Hit]:
        head = self._tables.head()
        if head is None or not head.sizes.items or k <= 0:
            return []
        allowed = Allowed(None if mask is None else rows_of(mask, self._places(head, mask)))
        text = (query if isinstance(query, str) else words).strip()
        if isinstance(query, str) and not text:
            return self._first(head, k, allowed, exclude)
        vector = self.embed(text) if isinstance(query, str) else unit_query(query)
        check_lengths(head.dimensions, len(vector))
        return fused(
            self.server,
            head,
            vector,
            self._query_words(head, text) if text else None,
            k=k,
            allowed=allowed,
            exclude=list(exclude),
        )

    def _first(self, head: Head, k: int, allowed: Allowed, exclude: Collection[str]) -> list[Hit]:
        sql = f"SELECT id FROM {head.items} WHERE {allowed.items_sql()} AND NOT id = ANY(%(exclude)s::text[])"
        values = {"k": k, "exclude": list(exclude)} | allowed.values
        return [Hit(row["id"], 0.0, 0.0, 0.0) for row in self.server.read(f"{sql} ORDER BY row LIMIT %(k)s", values)]

    def _query_words(self, head: Head, text: str) -> QueryWords:
        def held(wanted: list[tuple[int, str]]) -> dict[tuple[int, str], int]:
            sql = f"""SELECT w.field, w.word, sum(cardinality(w.rows))::integer AS rows
FROM unnest(%(fields)s::smallint[], %(words)s::text[]) AS a(field, word) JOIN {head.words} AS w USING (field, word)
GROUP BY 1, 2"""
            distinct = list(dict.fromkeys(wanted))
            values = {"fields": [field for field, _ in distinct], "words": [word for _, word in distinct]}
            return {(row["field"], row["word"]): row["rows"] for row in self.server.read(sql, values)}

        last = self._said
        if last is None or last[0] != (head.version, text):
            # One turn asks for the same words several times.
            last = self._said = (head.version, text), QueryWords(text, head.sizes, held, lambda: self._speller(head))
        return last[1]

    def _speller(self, head: Head) -> Speller:
        if self._spelled is None or self._spelled[0] != head.version:
            rows = self.server.read(f"SELECT DISTINCT word FROM {head.words} WHERE field = 1 AND cardinality(rows) > 0")
            self._spelled = head.version, Speller(sorted(row["word"] for row in rows), lambda _: False)
        return self._spelled[1]

    def _places(self, head: Head, mask: Mask) -> NDArray[np.int64]:
        """The row number of each item of the catalog, or of each row where there is none."""
        if self._placed is None or self._placed[0] != head.version:
            rows = self.server.read(f"SELECT id, row FROM {head.items} ORDER BY row")
            if self._catalog is None:
                places = np.array([row["row"] for row in rows], np.int64)
            else:
                numbers = {row["id"]: row["row"] for row in rows}
                places = np.array([numbers.get(item.id, -1) for item in self._catalog.items], np.int64)
            self._placed = head.version, places
        if mask.shape != self._placed[1].shape:
            raise CatalogError(
                f"the mask has shape {mask.shape}, the index {len(self._placed[1])} rows",
                hint="use a mask of the catalog that the index was built from",
            )
        return self._placed[1]

    def _digests(self, head: Head | None) -> dict[str, bytes]:
        if head is None or not head.dimensions:
            return {}
        return {row["id"]: row["digest"] for row in self.server.read(f"SELECT id, digest FROM {head.items}")}

    def _put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        if entries:
            self._tables.put(entries, vectors)

    def _remove(self, ids: list[str] | None) -> None:
        self._tables.remove(ids)

    def _get(self, ids: Sequence[str]) -> list[Entry]:
        head = self._tables.head()
        if head is None or not head.dimensions:
            return []
        rows = self.server.read(f"SELECT id, entry FROM {head.items} WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
        held = {row["id"]: Entry.from_json(row["entry"]) for row in rows}
        return [held[item_id] for item_id in ids if item_id in held]

    def _nearest(self, query: Floats, k: int, where: Filter | None) -> list[tuple[Entry, float, Floats]]:
        head = self._tables.head()
        if head is None or not head.sizes.items or k <= 0:
            return []
        check_lengths(head.dimensions, len(query))
        wanted = as_constraints(where)
        check_facets(wanted, head.facets)
        condition = Where(wanted)
        values = condition.values | {"query": vector_text(query), "k": k}
        rows: list[dict[str, Any]] = []
        count = head.sizes.items
        if wanted and graph_pays(head, count):
            count = self.server.read(few_sql(head, condition.sql), condition.values)[0]["count"]
        if graph_pays(head, count):
            rows = self.server.read(nearest_sql(head, condition.sql, by_graph=True), values)
        if len(rows) < min(k, count):
            rows = self.server.read(nearest_sql(head, condition.sql, by_graph=False), values)
        return [(Entry.from_json(row["entry"]), row["cosine"], vector_of(row["embedding"])) for row in rows]


def catalogs(server: Postgres) -> list[str]:
    """The names of the catalogs in a database."""
    return [row["name"] for row in server.read("SELECT name FROM catalogs WHERE dimensions > 0 ORDER BY name")]
