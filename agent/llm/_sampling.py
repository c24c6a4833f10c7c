"""From logits to one token: temperature, top-k, top-p, min-p and the repetition penalty, over numpy arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
Allowed = NDArray[np.bool_]


@dataclass(frozen=True)
class SamplingSettings:
    """How freely words are chosen; see the fields of `ChatLlamaCpp`."""

    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    repeat_window: int = 64
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0

    @property
    def penalises(self) -> bool:
        """Whether what was said before matters."""
        return self.repeat_penalty != 1.0 or self.frequency_penalty != 0.0 or self.presence_penalty != 0.0


def softmax(logits: Logits | NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits, float64, same shape (1-d); -inf becomes 0."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    np.exp(wide, out=wide)
    wide /= wide.sum()
    return wide


class Sampler:
    """Chooses tokens with one random generator.

    Args:
        settings: The sampling settings.
        rng: The source of chance; unused at temperature 0.
    """

    def __init__(self, settings: SamplingSettings, rng: np.random.Generator) -> None:
        self.settings = settings
        self._rng = rng

    def pick(self, logits: Logits, allowed: Allowed | None = None, recent: Sequence[int] = ()) -> int:
        """One token id.

        Args:
            logits: Scores, float32, shape (n_vocab,); not changed.
            allowed: Which tokens may be chosen, bool, shape (n_vocab,); at least one.
            recent: Tokens whose repetition is penalised, oldest first.
        """
        settings = self.settings
        if recent and settings.penalises:
            logits = self._penalised(logits, recent)
        if allowed is None:
            ids, scores = None, logits
        else:
            ids = np.flatnonzero(allowed)
            scores = logits[ids]
        place = int(scores.argmax()) if settings.temperature <= 0 else self._draw(scores)
        return place if ids is None else int(ids[place])

    def choose(self, chances: Mapping[str, float]) -> str:
        """A name from a distribution; the likeliest one at temperature 0."""
        names = list(chances)
        if self.settings.temperature <= 0:
            return max(names, key=lambda name: chances[name])
        weights = np.array([chances[name] for name in names])
        return names[int(self._rng.choice(len(names), p=weights / weights.sum()))]

    def _penalised(self, logits: Logits, recent: Sequence[int]) -> Logits:
        settings = self.settings
        if settings.repeat_window == 0:
            return logits
        counts = Counter(recent[-settings.repeat_window :])
        seen = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        penalty = np.float32(settings.repeat_penalty)
        changed = logits.copy()
        scores = logits[seen]
        scores = np.where(scores > 0, scores / penalty, scores * penalty)
        changed[seen] = scores - np.float32(settings.presence_penalty) - times * np.float32(settings.frequency_penalty)
        return changed

    def _draw(self, scores: Logits) -> int:
        settings = self.settings
        if 0 < settings.top_k < len(scores):
            kept = np.argpartition(scores, -settings.top_k)[-settings.top_k :]
            kept = kept[np.argsort(-scores[kept], kind="stable")]
        else:
            kept = np.argsort(-scores, kind="stable")
        chances = softmax(scores[kept])
        # llama.cpp's order: the cuts are made on the untempered distribution.
        stay = np.cumsum(chances) - chances < settings.top_p
        stay &= chances >= settings.min_p * chances[0]
        stay[0] = True
        kept = kept[stay]
        bounds = np.cumsum(softmax(scores[kept].astype(np.float64) / settings.temperature))
        place = int(np.searchsorted(bounds, self._rng.random() * bounds[-1], side="right"))
        return int(kept[min(place, len(kept) - 1)])
