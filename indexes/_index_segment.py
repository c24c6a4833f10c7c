"""Some rows of an index: entries, vectors, words and facets. A segment is never changed, only joined with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_entries import CatalogEntries, Entries, Ids, Items, id_hashes
from chatrec.indexes._index_facets import CatalogFacets, Facets, ItemFacets
from chatrec.indexes._index_graph import Graph
from chatrec.indexes._index_plan import Plan
from chatrec.indexes._index_vectors import Floats, Rows, VectorBlock
from chatrec.indexes._word_index import WordIndex


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that came together.

    Attributes:
        entries: One a row.
        vectors: One a row.
        words: Of the same rows.
        facets: Of the same rows.
        ids: Where an id's row is.
        graph: Finds near vectors without comparing all; None where comparing all is fast enough.
        plan: Why there is a graph or none; None for rows that were added to others.
    """

    entries: Entries
    vectors: VectorBlock
    words: WordIndex
    facets: Facets
    ids: Ids
    graph: Graph | None = None
    plan: Plan | None = None

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def of(cls, entries: Sequence[Entry], vectors: Floats) -> Segment:
        """A segment in memory.

        Args:
            entries: With ids of their own.
            vectors: Float32 (entries, dimensions), unit length.
        """
        items = Items(entries)
        return cls(
            entries,
            VectorBlock.of(vectors),
            WordIndex.of((entry.text() for entry in entries), (item.title for item in items)),
            ItemFacets(items),
            Ids.of(id_hashes([item.id for item in items])),
        )

    @classmethod
    def of_catalog(cls, catalog: Catalog, vectors: VectorBlock, words: WordIndex | None = None) -> Segment:
        """The rows of a catalog."""
        entries = CatalogEntries(catalog.items)
        if words is None:
            words = WordIndex.of((item.text() for item in catalog.items), (item.title for item in catalog.items))
        ids = Ids.of(id_hashes([item.id for item in catalog.items]))
        return cls(entries, vectors, words, CatalogFacets(catalog), ids)

    @classmethod
    def joined(cls, parts: Sequence[tuple[Segment, Rows]], size: int) -> Segment:
        """Rows of several segments in memory, without reading their texts again.

        Args:
            parts: Segments, and the new row of each of their rows, int64; -1 for rows that are left out.
            size: How many rows there are then.
        """
        entries: list[Entry | None] = [None] * size
        vectors = np.zeros((size, parts[0][0].vectors.dimensions), np.float32)
        for segment, renumbered in parts:
            kept = np.flatnonzero(renumbered >= 0)
            vectors[renumbered[kept]] = segment.vectors.matrix[kept]
            for row, new in zip(kept.tolist(), renumbered[kept].tolist(), strict=True):
                entries[new] = segment.entries[row]
        every = [entry for entry in entries if entry is not None]
        items = Items(every)
        words = WordIndex.joined([(segment.words, renumbered) for segment, renumbered in parts], size)
        ids = Ids.of(id_hashes([item.id for item in items]))
        return cls(every, VectorBlock.of(vectors), words, ItemFacets(items), ids)
