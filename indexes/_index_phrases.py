"""Vectors of the short texts that a linker compares words with, kept with an index so that no first message waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.indexes._index_batches import digest, digests, embed_texts
from chatrec.indexes._index_protocol import Index
from chatrec.indexes._index_vectors import Floats


@dataclass(frozen=True)
class Phrases:
    """Texts by their digests, and their vectors.

    Attributes:
        digests: uint8 (texts, 16).
        vectors: Float32 (texts, dimensions), unit length.
    """

    digests: NDArray[np.uint8]
    vectors: Floats

    @classmethod
    def none(cls) -> Phrases:
        """No texts."""
        return cls(np.zeros((0, 16), np.uint8), np.zeros((0, 0), np.float32))

    @classmethod
    def of(cls, texts: Sequence[str], embedder: Embeddings, held: Phrases) -> Phrases:
        """The texts' vectors; those that are held already are not embedded again.

        Raises:
            EmbedderError: The embedder gave something else than vectors of one length.
        """
        if not texts:
            return cls.none()
        vectors = PhraseEmbedder(embedder, held).embed_documents(list(texts))
        return cls(digests(texts), np.asarray(vectors, np.float32))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Phrases:
        """The inverse of `arrays`; none where there are none.

        Raises:
            ValueError: There are more or fewer vectors than digests.
        """
        if not arrays:
            return cls.none()
        found = cls(arrays["digests"], arrays["vectors"])
        if found.digests.shape != (len(found.vectors), 16):
            raise ValueError(f"{len(found.digests)} phrases where {len(found.vectors)} are due")
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """To be saved."""
        return {"digests": self.digests, "vectors": self.vectors}

    def are(self, texts: Sequence[str]) -> bool:
        """Whether these texts, in this order, are those that are held."""
        return len(texts) == len(self.digests) and bool((digests(texts) == self.digests).all())

    @cached_property
    def rows(self) -> dict[bytes, int]:
        """The row of each digest."""
        return {each.tobytes(): row for row, each in enumerate(self.digests)}


@runtime_checkable
class _Keeping(Protocol):
    """An index that keeps the vectors of phrases."""

    @property
    def phrases(self) -> Embeddings: ...


def linking_embedder(index: Index) -> Embeddings | None:
    """The embedder of an index for linking: with the phrases that it keeps, where it keeps some."""
    return index.phrases if isinstance(index, _Keeping) else index.embeddings


class PhraseEmbedder(Embeddings):
    """An embedder that knows some texts already.

    Args:
        embedder: Embeds all others.
        held: The texts that it knows.
    """

    def __init__(self, embedder: Embeddings, held: Phrases) -> None:
        self._embedder = embedder
        self._held = held

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of texts; unit length."""
        places = [self._held.rows.get(digest(text)) for text in texts]
        new, _ = embed_texts(self._embedder, [text for text, row in zip(texts, places, strict=True) if row is None])
        made = iter(new.tolist())
        return [next(made) if row is None else self._held.vectors[row].tolist() for row in places]

    def embed_query(self, text: str) -> list[float]:
        """As the embedder has it."""
        return self._embedder.embed_query(text)
