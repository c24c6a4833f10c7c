"""Vectors on their way: what a build has embedded so far, kept so that a build that was stopped goes on from there.

One file, only ever appended to: a line of JSON (embedder, dimensions), then records of fixed length, each the digest of
a text, a checksum and the vector. A record that was cut off or damaged is left out.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._index_vectors import Floats, Rows, unit

Progress = Callable[[int, int], None]

_FORMAT = "chatrec-batches-1"
_DIGEST = 16
_HEAD = _DIGEST + 4
BATCH = 64


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def digests(texts: Iterable[str]) -> NDArray[np.uint8]:
    """The digest of each text, uint8 (texts, 16)."""
    return np.frombuffer(b"".join(map(digest, texts)), np.uint8).reshape(-1, _DIGEST)


def embed_batch(embeddings: Embeddings, texts: list[str]) -> Floats:
    """The vectors of some texts, float32 (texts, dimensions), unit length.

    Raises:
        EmbedderError: The embedder gave something else than one vector a text.
    """
    made = embeddings.embed_documents(texts)
    if len(made) != len(texts):
        raise EmbedderError(
            f"the embedder gave {len(made)} vectors for {len(texts)} texts", hint="one vector a text is needed"
        )
    try:
        return unit(np.asarray(made, np.float32))
    except (TypeError, ValueError) as error:
        raise EmbedderError(f"the embedder gave no table of numbers: {error}", hint="check the embedder") from error


def embed_texts(
    embeddings: Embeddings, texts: Iterable[str], *, progress: Progress | None = None
) -> tuple[Floats, int]:
    """Embed texts in batches, equal ones once.

    Args:
        embeddings: Makes the vectors.
        texts: One a row.
        progress: Called with (done, total) of the texts to be embedded, first with 0; not called when there are none.

    Returns:
        Float32 (texts, dimensions) of unit length, and how many texts were embedded.

    Raises:
        EmbedderError: The embedder gave something else than one vector a text.
    """
    places: dict[str, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    distinct = list(places)
    parts: list[Floats] = []
    if progress is not None and distinct:
        progress(0, len(distinct))
    for start in range(0, len(distinct), BATCH):
        made = embed_batch(embeddings, distinct[start : start + BATCH])
        if parts:
            check_lengths(parts[0].shape[1], made.shape[1])
        parts.append(made)
        if progress is not None:
            progress(min(len(distinct), start + BATCH), len(distinct))
    if not parts:
        return np.zeros((0, 0), np.float32), 0
    return np.concatenate(parts)[rows], len(distinct)


def check_lengths(first: int, second: int) -> None:
    """Refuse vectors of two lengths.

    Raises:
        EmbedderError: They differ.
    """
    if first != second:
        raise EmbedderError(
            f"the embedder gave vectors of {sorted((first, second))} numbers",
            hint="all vectors of an index need one length",
        )


class Batches:
    """The file of finished batches.

    Args:
        path: The file; made with the first batch.
        embedder: The id of the embedder; batches of another are dropped.
    """

    def __init__(self, path: Path, embedder: str) -> None:
        self._path = path
        self._embedder = embedder
        self._first = 0  # where the records begin
        self.dimensions = 0
        self.records = 0

    def read(self) -> dict[bytes, int]:
        """The record of each digest, as far as they are whole."""
        try:
            with self._path.open("rb") as file:
                header = file.readline()
            told = json.loads(header)
            if told["format"] != _FORMAT or told["embedder"] != self._embedder:
                return {}
            self.dimensions = int(told["dimensions"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        self._first = len(header)
        self.records = (self._path.stat().st_size - self._first) // self._length
        found: dict[bytes, int] = {}
        for number, record in enumerate(self._mapped()):
            whole: bytes = record.tobytes()
            if zlib.crc32(whole[_HEAD:]).to_bytes(4, "little") == whole[_DIGEST:_HEAD]:
                found[whole[:_DIGEST]] = number
        return found

    def vectors(self, records: Rows) -> Floats:
        """The vectors of some records, float32 (records, dimensions)."""
        raw = np.ascontiguousarray(self._mapped()[records][:, _HEAD:])
        vectors: Floats = raw.view("<f4").astype(np.float32)
        return vectors

    def append(self, keys: Sequence[bytes], vectors: Floats) -> None:
        """Keep a finished batch; its records follow the others.

        Raises:
            EmbedderError: The vectors have another length than those before.
            IndexFileError: The file cannot be written.
        """
        if self.records:
            check_lengths(self.dimensions, vectors.shape[1])
        content = b"".join(
            key + zlib.crc32(raw).to_bytes(4, "little") + raw
            for key, raw in zip(keys, (vector.astype("<f4").tobytes() for vector in vectors), strict=True)
        )
        try:
            if not self.records:
                self._begin(vectors.shape[1])
            with self._path.open("r+b") as file:
                file.seek(self._first + self.records * self._length)
                file.truncate()  # a torn tail would shift what follows
                file.write(content)
        except OSError as error:
            raise IndexFileError(
                f"the index cannot be written at {str(self._path)!r}: {error}", hint="check free space and rights"
            ) from error
        self.records += len(keys)

    def clear(self) -> None:
        """Remove the file: the index is saved."""
        self._path.unlink(missing_ok=True)

    @property
    def _length(self) -> int:
        return _HEAD + 4 * self.dimensions

    def _mapped(self) -> NDArray[np.uint8]:
        if not self.records:
            return np.zeros((0, self._length), np.uint8)
        shape = (self.records, self._length)
        return np.memmap(self._path, np.uint8, "r", offset=self._first, shape=shape)

    def _begin(self, dimensions: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"format": _FORMAT, "embedder": self._embedder, "dimensions": dimensions})
        content = header.encode() + b"\n"
        beside = self._path.with_name(self._path.name + ".tmp")
        beside.write_bytes(content)
        beside.replace(self._path)
        self._first, self.dimensions = len(content), dimensions
