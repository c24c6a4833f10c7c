"""Vectors on their way: what a build has embedded so far, kept so that a build that was stopped goes on from there.

One file, only ever appended to: a line of JSON (embedder, dimensions), then records of fixed length, each the digest of
a text, a checksum and the vector. A record that was cut off or damaged is left out.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._index_vectors import unit

Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]

_FORMAT = "chatrec-batches-1"
_DIGEST = 16
_BATCH = 64


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def embed_texts(
    embeddings: Embeddings,
    texts: Sequence[str],
    *,
    known: Mapping[bytes, Floats] | None = None,
    batches: Batches | None = None,
    progress: Progress | None = None,
) -> tuple[Floats, int]:
    """Embed the texts that are not known yet, in batches.

    Args:
        embeddings: Makes the vectors.
        texts: One a row.
        known: Vectors by digest of their text.
        batches: Where finished batches are kept.
        progress: Called with (done, total) of the texts to be embedded, first with 0; not called when there are none.

    Returns:
        Float32 (texts, dimensions) of unit length, and how many texts were embedded.

    Raises:
        EmbedderError: The embedder gave something else than one vector a text.
    """
    digests = [digest(text) for text in texts]
    vectors = dict(known or {})
    missing = {key: text for key, text in zip(digests, texts, strict=True) if key not in vectors}
    keys = list(missing)
    if progress is not None and keys:
        progress(0, len(keys))
    for start in range(0, len(keys), _BATCH):
        part = keys[start : start + _BATCH]
        made = _embed(embeddings, [missing[key] for key in part])
        if batches is not None:
            batches.append(part, made)
        vectors.update(zip(part, made, strict=True))
        if progress is not None:
            progress(start + len(part), len(keys))
    if not digests:
        return np.zeros((0, 0), np.float32), 0
    lengths = {len(vectors[key]) for key in digests}
    if len(lengths) != 1:
        raise EmbedderError(
            f"the embedder gave vectors of {sorted(lengths)} numbers", hint="all vectors of an index need one length"
        )
    return np.stack([vectors[key] for key in digests]), len(keys)


def _embed(embeddings: Embeddings, texts: list[str]) -> Floats:
    made = embeddings.embed_documents(texts)
    if len(made) != len(texts):
        raise EmbedderError(
            f"the embedder gave {len(made)} vectors for {len(texts)} texts", hint="one vector a text is needed"
        )
    try:
        return unit(np.asarray(made, np.float32))
    except (TypeError, ValueError) as error:
        raise EmbedderError(f"the embedder gave no table of numbers: {error}", hint="check the embedder") from error


class Batches:
    """The file of finished batches.

    Args:
        path: The file; made with the first batch.
        embedder: The id of the embedder; batches of another are dropped.
    """

    def __init__(self, path: Path, embedder: str) -> None:
        self._path = path
        self._embedder = embedder
        self._begun = False

    def read(self) -> dict[bytes, Floats]:
        """Vectors by digest, as far as they are whole."""
        try:
            content = self._path.read_bytes()
            header, _, body = content.partition(b"\n")
            told = json.loads(header)
            if told["format"] != _FORMAT or told["embedder"] != self._embedder:
                return {}
            length = _DIGEST + 4 + 4 * int(told["dimensions"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        found: dict[bytes, Floats] = {}
        for start in range(0, len(body) - length + 1, length):
            record = body[start : start + length]
            raw = record[_DIGEST + 4 :]
            if zlib.crc32(raw).to_bytes(4, "little") == record[_DIGEST : _DIGEST + 4]:
                found[record[:_DIGEST]] = np.frombuffer(raw, "<f4").astype(np.float32)
        return found

    def append(self, keys: Sequence[bytes], vectors: Floats) -> None:
        """Keep a finished batch.

        Raises:
            IndexFileError: The file cannot be written.
        """
        records = [
            key + zlib.crc32(raw).to_bytes(4, "little") + raw
            for key, raw in zip(keys, (vector.astype("<f4").tobytes() for vector in vectors), strict=True)
        ]
        try:
            if not self._begun:
                self._begin(vectors.shape[1])
            with self._path.open("ab") as file:
                file.write(b"".join(records))
        except OSError as error:
            raise IndexFileError(
                f"the index cannot be written at {str(self._path)!r}: {error}", hint="check free space and rights"
            ) from error

    def clear(self) -> None:
        """Remove the file: the index is saved."""
        self._path.unlink(missing_ok=True)

    def _begin(self, dimensions: int) -> None:
        """Start anew with the whole records of the last time: a torn tail would shift what follows."""
        kept = {key: vector for key, vector in self.read().items() if len(vector) == dimensions}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"format": _FORMAT, "embedder": self._embedder, "dimensions": dimensions})
        beside = self._path.with_name(self._path.name + ".tmp")
        with beside.open("wb") as file:
            file.write(header.encode() + b"\n")
            for key, vector in kept.items():
                raw = vector.astype("<f4").tobytes()
                file.write(key + zlib.crc32(raw).to_bytes(4, "little") + raw)
        beside.replace(self._path)
        self._begun = True
