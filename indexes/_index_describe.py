"""What an index says of itself: which structure it has, what that takes, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatrec.indexes._index_files import IndexFolder
from chatrec.indexes._index_plan import Structure
from chatrec.indexes._index_rows import IndexRows


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """An index in numbers and words.

    Attributes:
        items: How many there are.
        dimensions: The length of their vectors.
        structure: "flat" compares all vectors, "hnsw" follows a graph, "hnsw-sq8" one of quantized vectors.
        reason: Why that was chosen.
        vector_mb: What vectors and graph take of the memory when all of them are used, in megabytes.
        added: Items that came since it was made one, compared one by one.
        gone: Places of items that were deleted or replaced, until it is made one again.
        folder: Where it lives, or None.
    """

    items: int
    dimensions: int
    structure: Structure
    reason: str
    vector_mb: float
    added: int
    gone: int
    folder: str | None

    def __str__(self) -> str:
        """One line, as `chatrec index` and `chatrec doctor` show it."""
        changed = f", {self.added} added since" if self.added else ""
        changed += f", {self.gone} gone" if self.gone else ""
        return f"{self.structure}: {self.items} items{changed}, {self.vector_mb:.1f} MB of vectors; {self.reason}"


def describe_saved(path: Path) -> IndexDescription | None:
    """Describe the index in a folder, which needs no embedder; None where there is none.

    Raises:
        IndexFileError: It is foreign, truncated, damaged, or of another version.
    """
    folder = IndexFolder(path)
    saved = folder.read()
    return None if saved is None else describe(IndexRows(saved.state, folder=folder, settings=saved.settings))


def describe(rows: IndexRows) -> IndexDescription:
    """Describe the rows of an index."""
    state = rows.state
    base = state.segments[0] if state.segments else None
    chosen = base.plan if base is not None else None
    added = sum(len(segment) for segment in state.segments[1:])
    dimensions = base.vectors.dimensions if base is not None else 0
    exact = sum(len(segment) for segment in state.segments) * dimensions * 4
    reason = "few items, compared one by one" if chosen is None else chosen.reason
    if base is not None and base.graph is not None:
        reason = f"{reason}; {base.graph}"
    size = exact if chosen is None or base is None else chosen.bytes + added * dimensions * 4
    return IndexDescription(
        len(state),
        dimensions,
        "flat" if chosen is None else chosen.structure,
        reason,
        size / 1e6,
        added,
        state.places - len(state),
        None if rows.folder is None else str(rows.folder.path),
    )
