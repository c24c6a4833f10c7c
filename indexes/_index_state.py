"""An index at one moment: its segments, and which of their rows there are, in which order. It is never changed.

Readers hold one state while they search; a writer makes the next one beside it. A replaced row keeps its place among
the others and is a row of a newer segment, a deleted one is in no place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

import numpy as np

from chatrec.errors import CatalogError, EmbedderError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_entries import id_hashes
from chatrec.indexes._index_facets import check_facets, facet_mask
from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_vectors import Floats, Mask, Rows
from chatrec.indexes._word_index import Corpus

_LEAST_WORN = 1024


class State:
    """The rows of an index.

    Args:
        segments: Where they are; all have vectors of one length.
        order: For each row of the index its place, counted through the segments, int64; None where every place counts
            and the order is theirs.
    """

    def __init__(self, segments: Sequence[Segment] = (), order: Rows | None = None) -> None:
        self.segments = tuple(segments)
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(each) for each in self.segments])]).astype(
            np.int64
        )
        self.order = order

    def __len__(self) -> int:
        return self.places if self.order is None else len(self.order)

    @property
    def places(self) -> int:
        """The rows of all segments, those that are gone too."""
        return int(self.starts[-1])

    @cached_property
    def rows(self) -> Rows:
        """The place of each row of the index."""
        return np.arange(self.places) if self.order is None else self.order

    @cached_property
    def alive(self) -> Mask | None:
        """Which places count, (places,); None for all."""
        if self.order is None or len(self.order) == self.places:
            return None
        alive = np.zeros(self.places, np.bool_)
        alive[self.order] = True
        return alive

    @cached_property
    def corpus(self) -> Corpus:
        """The words of the rows."""
        return Corpus([segment.words for segment in self.segments], self.split(self.alive))

    @cached_property
    def mean(self) -> Floats:
        """The mean of the vectors, (dimensions,)."""
        total = np.sum([segment.vectors.total for segment in self.segments], axis=0)
        for segment, kept in zip(self.segments, self.split(self.alive), strict=True):
            if kept is not None:
                total -= segment.vectors.matrix[~kept].sum(axis=0, dtype=np.float64)
        mean: Floats = (total / max(1, len(self))).astype(np.float32)
        return mean

    def split(self, mask: Mask | None) -> list[Mask | None]:
        """A mask of places by segment."""
        if mask is None:
            return [None] * len(self.segments)
        return [mask[start:stop] for start, stop in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def at(self, place: int) -> tuple[Segment, int]:
        """The segment of a place, and the row in it."""
        if len(self.segments) == 1:
            return self.segments[0], place
        number = int(np.searchsorted(self.starts, place, "right")) - 1
        return self.segments[number], place - int(self.starts[number])

    def entry(self, place: int) -> Entry:
        """What is known of the row at a place."""
        segment, row = self.at(place)
        return segment.entries[row]

    def find(self, ids: Sequence[str]) -> dict[str, int]:
        """The places of the ids that are there."""
        found: dict[str, int] = {}
        wanted = id_hashes(ids)
        for start, segment in zip(self.starts.tolist(), self.segments, strict=False):
            for number, row in segment.ids.find(wanted):
                place = start + row
                # Two ids may share a hash: once in a hundred thousand catalogs of ten million items.
                if (self.alive is None or self.alive[place]) and segment.entries[row].item.id == ids[number]:
                    found[ids[number]] = place
        return found

    def vectors(self, ids: Sequence[str]) -> Floats:
        """A copy of the items' vectors, float32 (ids, dimensions).

        Raises:
            CatalogError: There is no such item.
        """
        return self.vectors_at(self._places_of(ids))

    def words(self, text: str, ids: Sequence[str]) -> Floats:
        """How much of a text the items' words explain, as `Corpus.scores`, float32 (ids,).

        Raises:
            CatalogError: There is no such item.
        """
        return self.words_at(text, self._places_of(ids))

    def words_at(self, text: str, places: Rows) -> Floats:
        """How much of a text the words at some places explain, float32 (places,)."""
        scores = self.corpus.scores(text)
        every = scores[0] if len(scores) == 1 else np.concatenate([np.zeros(0, np.float32), *scores])
        return every[places]

    def rows_of(self, places: Rows) -> Rows:
        """Which rows of the index are at some places; -1 for those that are gone."""
        return places if self.order is None else self._numbers[places]

    @cached_property
    def _numbers(self) -> Rows:
        numbers = np.full(self.places, -1, np.int64)
        numbers[self.rows] = np.arange(len(self))
        return numbers

    def _places_of(self, ids: Sequence[str]) -> Rows:
        wanted = id_hashes(ids)
        if len(self.segments) == 1 and self.alive is None:
            sole = self.segments[0].ids.sole(wanted)
            if sole is not None:
                return sole
        places = np.full(len(ids), -1, np.int64)
        for start, segment in zip(self.starts.tolist(), self.segments, strict=False):
            for number, row in segment.ids.find(wanted):
                if self.alive is None or self.alive[start + row]:
                    places[number] = start + row
        if len(ids) and places.min() < 0:
            unknown = ids[int(np.argmin(places))]
            raise CatalogError(f"there is no item {unknown!r} in the index", hint="give ids of the catalog's items")
        return places

    def vectors_at(self, places: Rows) -> Floats:
        """A copy of the vectors at some places, float32 (places, dimensions)."""
        if len(self.segments) == 1:
            only: Floats = self.segments[0].vectors.matrix[places]
            return only
        dimensions = self.segments[0].vectors.dimensions if self.segments else 0
        found = np.zeros((len(places), dimensions), np.float32)
        for first, segment in zip(self.starts.tolist(), self.segments, strict=False):
            here = (places >= first) & (places < first + len(segment))
            found[here] = segment.vectors.matrix[places[here] - first]
        return found

    def mask(self, wanted: Sequence[Constraint]) -> Mask | None:
        """Which rows the constraints allow, (rows,); None for all.

        Raises:
            ConstraintError: No row has such a facet.
        """
        if not wanted or not len(self):
            return None
        check_facets(wanted, {name for segment in self.segments for name in segment.facets.names})
        parts: list[Mask] = []
        for segment in self.segments:
            allowed = facet_mask(segment.facets, wanted[0], len(segment))
            for constraint in wanted[1:]:
                allowed = allowed & facet_mask(segment.facets, constraint, len(segment))
            parts.append(allowed)
        places = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return places if self.order is None else places[self.order]

    def allowed(self, mask: Mask | None, exclude: Collection[str] = ()) -> Mask | None:
        """Which places may be found, (places,); None for all.

        Args:
            mask: Which rows of the index may be found, (rows,).
            exclude: Ids that may not.

        Raises:
            CatalogError: The mask has another length than the index.
        """
        if mask is not None and mask.shape != (len(self),):
            raise CatalogError(
                f"the mask has shape {mask.shape}, the index {len(self)} rows",
                hint="use a mask of the catalog that the index was built from, and build again when it changes",
            )
        places = self.alive
        if mask is not None:
            if self.order is None:
                places = mask
            else:
                places = np.zeros(self.places, np.bool_)
                places[self.order[mask]] = True
        gone = self.find(list(exclude)) if exclude else {}
        if gone:
            places = np.ones(self.places, np.bool_) if places is None else places.copy()
            places[list(gone.values())] = False
        return places

    def with_rows(self, segment: Segment) -> State:
        """With the rows of a segment, which take the places of rows with the same ids or come last.

        Raises:
            EmbedderError: Its vectors have another length.
        """
        if self.segments:
            check_length(self, segment.vectors.dimensions)
        ids = [segment.entries[row].item.id for row in range(len(segment))]
        held = self.find(ids)
        new = np.arange(self.places, self.places + len(segment))
        order = None
        if held or self.order is not None:
            old = np.array([held.get(each, -1) for each in ids], np.int64)
            replaced = old >= 0
            order = np.concatenate([self.rows, new[~replaced]])
            order[self._numbers[old[replaced]]] = new[replaced]
        return State([*self.segments, segment], order)

    def without(self, ids: Iterable[str]) -> State:
        """Without the rows of these ids; the others keep their order."""
        gone = np.fromiter(self.find(list(ids)).values(), np.int64)
        if not len(gone):
            return self
        kept = np.ones(self.places, np.bool_)
        kept[gone] = False
        return State(self.segments, self.rows[kept[self.rows]])

    def renumbered(self) -> list[tuple[Segment, Rows]]:
        """For each segment which row of the index each of its rows is; -1 for those that are gone."""
        bounds = zip(self.segments, self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        return [(segment, self._numbers[start:stop]) for segment, start, stop in bounds]

    def with_last_joined(self, count: int) -> State:
        """The same rows, with the last `count` segments made one; what is gone is closed up there."""
        first = len(self.segments) - count
        start = int(self.starts[first])
        alive = np.ones(self.places, np.bool_) if self.alive is None else self.alive
        new = np.arange(self.places)
        new[start:] = start - 1 + np.cumsum(alive[start:])
        inner = np.where(alive, new - start, -1)
        parts = [
            (segment, inner[begin : begin + len(segment)])
            for segment, begin in zip(self.segments[first:], self.starts[first:-1].tolist(), strict=True)
        ]
        joined = Segment.joined(parts, int(alive[start:].sum()))
        return State([*self.segments[:first], joined], None if self.order is None else new[self.order])

    def settled(self) -> State:
        """The same rows in few segments: of two of the last, the earlier is more than twice as long as the later.

        So a row is moved a number of times that grows as the logarithm of the rows that are added one by one. The first
        segment stays as it is.
        """
        state = self
        while len(state.segments) > 2 and len(state.segments[-2]) <= 2 * len(state.segments[-1]):
            state = state.with_last_joined(2)
        return state

    @property
    def worn(self) -> bool:
        """Whether so much was added and taken away that all should be made one again."""
        if not self.segments:
            return False
        first = len(self.segments[0])
        gone = 0 if self.alive is None else first - int(self.alive[:first].sum())
        return self.places - first + gone > max(_LEAST_WORN, first // 4)


def check_length(state: State, length: int) -> None:
    """Refuse vectors of another length.

    Raises:
        EmbedderError: They are.
    """
    dimensions = state.segments[0].vectors.dimensions if state.segments else length
    if length != dimensions:
        raise EmbedderError(
            f"the vector has {length} numbers, those of the index {dimensions}",
            hint="use the embedder that built the index, or build it again",
        )
