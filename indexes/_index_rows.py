"""The rows of an index as they change: readers see one state or the next, writers come one after another."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chatrec.errors import IndexFileError
from chatrec.indexes._index_batches import digests
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_entries import Ids, Items
from chatrec.indexes._index_facets import Filter, ItemFacets, as_constraints
from chatrec.indexes._index_files import Content, IndexFolder
from chatrec.indexes._index_graph import Graph
from chatrec.indexes._index_journal import Change
from chatrec.indexes._index_lines import item_lines
from chatrec.indexes._index_lock import writing
from chatrec.indexes._index_manifest import check_folder
from chatrec.indexes._index_phrases import Phrases
from chatrec.indexes._index_plan import IndexSettings, plan
from chatrec.indexes._index_search import Hit, fused, nearest
from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_state import State, check_length
from chatrec.indexes._index_vectors import Floats, Mask, Rows
from chatrec.indexes._word_index import WordIndex

_COPIED_AT_ONCE = 16_384


class IndexRows:
    """A table with a row an item, in the order in which they came.

    Args:
        state: The rows to begin with.
        folder: Where every change is kept before it counts; None to keep nothing.
        settings: How near vectors are found.
        phrases: What a linker of the rows compares words with.
    """

    def __init__(
        self,
        state: State | None = None,
        *,
        folder: IndexFolder | None = None,
        settings: IndexSettings | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        self._lock = threading.RLock()
        self.state = state or State()
        self.folder = folder
        self.settings = settings or IndexSettings()
        self.phrases = phrases or Phrases.none()

    def __len__(self) -> int:
        return len(self.state)

    def get(self, ids: Sequence[str]) -> list[Entry]:
        """The entries with these ids, in their order; ids that are not there are left out."""
        state = self.state
        found = state.find(ids)
        return [state.entry(found[item_id]) for item_id in ids if item_id in found]

    def put(self, entries: Sequence[Entry], vectors: Floats) -> None:
        """Add rows, or put others in the place of those with the same ids.

        Raises:
            EmbedderError: The vectors have another length than those that are there.
            IndexFileError: The change cannot be kept in the folder; then nothing has changed.
        """
        if not entries:
            return
        last = {entry.item.id: number for number, entry in enumerate(entries)}  # of equal ids the last one counts
        chosen = [entries[number] for number in last.values()]
        made = Segment.of(chosen, vectors[list(last.values())])
        with self._lock:
            state = self.state if len(self.state) else State()
            self._keep(state.with_rows(made), Change(chosen, made.vectors.matrix))

    def remove(self, ids: Iterable[str] | None) -> None:
        """Take rows out, all of them for None; the others keep their order. Ids that are not there are ignored.

        Raises:
            IndexFileError: The change cannot be kept in the folder; then nothing has changed.
        """
        gone = None if ids is None else list(ids)
        with self._lock:
            state = State() if gone is None else self.state.without(gone)
            if len(state) != len(self.state):
                self._keep(state, Change((), np.zeros((0, 0), np.float32), gone))

    def mask(self, where: Filter | None) -> Mask | None:
        """Which rows a filter allows, (rows,); None for all.

        Raises:
            ConstraintError: A facet does not exist, or a mapping's value is not a scalar or a list of scalars.
        """
        return self.state.mask(as_constraints(where))

    def nearest(self, query: Floats, k: int, where: Filter | None) -> list[tuple[Entry, float, Floats]]:
        """The `k` allowed rows nearest to the query: entry, cosine and vector, nearest first."""
        state = self.state
        wanted = as_constraints(where)
        if not len(state) or k <= 0:
            return []
        check_length(state, len(query))
        places, cosines = nearest(state, query, k, state.allowed(state.mask(wanted)))
        found: list[tuple[Entry, float, Floats]] = []
        for place, cosine in zip(places.tolist(), cosines.tolist(), strict=True):
            segment, row = state.at(place)
            found.append((segment.entries[row], cosine, segment.vectors.matrix[row]))
        return found

    def fused(
        self, query: Floats | None, text: str, *, k: int, mask: Mask | None, exclude: Collection[str]
    ) -> list[Hit]:
        """The best rows by vector and words; without a query, the first rows, all with score 0.

        Raises:
            CatalogError: The mask has another length than the index.
        """
        state = self.state
        allowed = state.allowed(mask, exclude)
        if not len(state) or k <= 0:
            return []
        if query is None:
            places = state.rows if allowed is None else state.rows[allowed[state.rows]]
            return [Hit(state.entry(place).item.id, 0.0, 0.0, 0.0) for place in places[:k].tolist()]
        check_length(state, len(query))
        found = fused(state, query, text, k, allowed)
        parts = zip(found.places.tolist(), found.vector.tolist(), found.words.tolist(), strict=True)
        return [Hit(state.entry(place).item.id, vector + word, vector, word) for place, vector, word in parts]

    def found(self, query: Floats, text: str, *, k: int, mask: Mask | None) -> Rows:
        """The rows that `fused` finds, best first, int64.

        Raises:
            CatalogError: The mask has another length than the index.
        """
        state = self.state
        allowed = state.allowed(mask)
        if not len(state) or k <= 0:
            return np.zeros(0, np.int64)
        check_length(state, len(query))
        return state.rows_of(fused(state, query, text, k, allowed).places)

    def save(self, path: Path, embedder: str) -> None:
        """Save all rows as one base in a folder, and live there from then on if nowhere yet.

        Raises:
            IndexFileError: The folder holds something else, cannot be written, a document's metadata is not JSON, or
                another program is writing there.
        """
        check_folder(path)
        with self._lock:
            home = self.folder is None or self.folder.path.resolve() == path.resolve()
            folder = self.folder if self.folder is not None and home else IndexFolder(path)
            content = _content(self.state, self.phrases)
            for _ in item_lines(content.entries):
                pass  # what cannot be written is found before there is a folder
            with writing(path):
                base = folder.write(embedder, content, self.settings)
            if home:
                self.folder = folder
                self.state = State([base]) if len(base) else State()

    def _keep(self, state: State, change: Change) -> None:
        """Keep a change, then let it count."""
        if self.folder is not None:
            with writing(self.folder.path):
                self.folder.append(change)
        self.state = state.settled()
        if self.state.worn or (self.folder is not None and self.folder.long_journal):
            # The change is kept already; what cannot be tidied now is tried again after the next.
            with contextlib.suppress(IndexFileError):
                self._renew()

    def _renew(self) -> None:
        """Make all segments one, and choose its structure anew."""
        if self.folder is not None and self.folder.manifest is not None:
            with writing(self.folder.path):
                self.folder.check_unchanged()
                made_by = str(self.folder.manifest["embedder"])
                base = self.folder.write(made_by, _content(self.state, self.phrases), self.settings)
        else:
            base = structured(Segment.joined(self.state.renumbered(), len(self.state)), self.settings)
        self.state = State([base]) if len(base) else State()


def structured(segment: Segment, settings: IndexSettings) -> Segment:
    """The same rows with the structure that suits them."""
    vectors = segment.vectors
    chosen = plan(len(segment), vectors.dimensions, vectors.scan_seconds, settings)
    graph = None if chosen.structure == "flat" else Graph.build(vectors, chosen.structure, settings)
    return replace(segment, graph=graph, plan=chosen)


class _StateEntries:
    """The entries of a state, by row."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __len__(self) -> int:
        return len(self._state)

    def __getitem__(self, row: int) -> Entry:
        return self._state.entry(int(self._state.rows[row]))


def _content(state: State, phrases: Phrases) -> Content:
    parts = state.renumbered()
    entries = _StateEntries(state)
    hashes = np.zeros(len(state), np.uint64)
    for segment, renumbered in parts:
        new = renumbered[segment.ids.rows]
        hashes[new[new >= 0]] = segment.ids.hashes[new >= 0]
    dimensions = state.segments[0].vectors.dimensions if state.segments else 0
    return Content(
        entries,
        _vectors(state),
        dimensions,
        lambda: WordIndex.joined([(segment.words, renumbered) for segment, renumbered in parts], len(state)),
        ItemFacets(Items(entries)),
        Ids.of(hashes),
        digests(entries[row].text() for row in range(len(state))),
        phrases,
    )


def _vectors(state: State) -> Iterator[Floats]:
    for start in range(0, len(state), _COPIED_AT_ONCE):
        yield state.vectors_at(state.rows[start : start + _COPIED_AT_ONCE])
