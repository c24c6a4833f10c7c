"""Small stand-ins for the large parts: fast, deterministic, with known answers; shipped for your own tests too.

They are real parts (an embedder, a catalog) that happen to be tiny, never patches of the thing under test.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatrec.indexes._catalog import Catalog

__all__ = ["HashingEmbedder", "checkerboard_catalog"]

_WORD = re.compile(r"[^\W_]+")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_LETTERS = (
    "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima"
)  # fmt: skip
_COLOURS = ("red", "blue")
_SHAPES = ("circle", "square")
_PLACES = ("north", "south", "east", "west")


class HashingEmbedder(Embeddings):
    """Vectors from the words and character trigrams of a text, hashed: the more two texts share, the nearer they are.

    Needs no model and no seed, and gives the same numbers on every machine.

    Args:
        n_dim: The length of a vector; with fewer, more words share a place.

    Attributes:
        texts: Every text embedded so far, in order; queries too.
    """

    def __init__(self, n_dim: int = 256) -> None:
        if n_dim < 1:
            raise ValueError(f"n_dim is {n_dim!r}; at least 1 is needed")
        self.n_dim = n_dim
        self.embedder_id = f"hashing:{n_dim}"
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, of unit length; a text without letters and digits gives zeros."""
        self.texts.extend(texts)
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """As `embed_documents`, for one text."""
        return self.embed_documents([text])[0]

    def _embed(self, text: str) -> list[float]:
        vector = [0.0] * self.n_dim
        for feature, count in Counter(_features(text)).items():
            hashed = int.from_bytes(
                hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest(), "little"
            )
            sign = 1.0 if hashed & 1 else -1.0
            weight = 1.0 if feature[0] == "w" else 0.3
            vector[(hashed >> 1) % self.n_dim] += sign * weight * math.sqrt(count)
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector] if length else vector


def _features(text: str) -> Iterator[str]:
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        yield f"w{word}"
        padded = f" {word} "
        for at in range(len(padded) - 2):
            yield f"c{padded[at : at + 3]}"
        if not word.isascii():
            # Without spaces between words a run is no word: its characters and pairs stand for themselves.
            yield from (f"w{word[at : at + size]}" for size in (1, 2) for at in range(len(word) - size + 1))


def checkerboard_catalog(*, size: int = 8) -> Catalog:
    """The squares of a board as items, so that every answer can be counted by hand.

    Item `r3c5`, "Three foxtrot", stands in row 3 and column 5. Its facets:

    - `colour` (category): "red" where row + column is even, else "blue"
    - `shape` (category): "circle" in even columns, else "square"
    - `side` (multi): "north" or "south", and "east" or "west", by halves of the board
    - `row`, `column` (numbers): from 0
    - `cost` (number): row * size + column, all different
    - `lit` (boolean): whether the row is even

    Args:
        size: Rows and columns, an even number from 2 to 12.

    Raises:
        ValueError: The size is odd or out of bounds.
    """
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._values import Item

    if size % 2 or not 2 <= size <= len(_NUMBERS):
        raise ValueError(f"size is {size!r}; an even number from 2 to {len(_NUMBERS)} is needed")
    items: list[Item] = []
    for row in range(size):
        for column in range(size):
            colour, shape = _COLOURS[(row + column) % 2], _SHAPES[column % 2]
            side = (_PLACES[0] if row < size // 2 else _PLACES[1], _PLACES[2] if column >= size // 2 else _PLACES[3])
            items.append(
                Item(
                    f"r{row}c{column}",
                    f"{_NUMBERS[row]} {_LETTERS[column]}".capitalize(),
                    f"A {colour} {shape} in the {side[0]} {side[1]} of the board.",
                    {
                        "colour": colour,
                        "shape": shape,
                        "side": side,
                        "row": row,
                        "column": column,
                        "cost": row * size + column,
                        "lit": row % 2 == 0,
                    },
                )
            )
    return Catalog(items, name="checkerboard")
