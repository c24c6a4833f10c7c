"""The weights by which opinions are heard in a message, fitted to what was written by hand.

In every written turn, what is said of an item that the person points at, or that was spoken of, is an opinion of the
kind that the labels tell, or none. Beside the conversations lie messages that stand alone, `written/opinions_*.jsonl`:
each with its `text` and what it is `of`, the words that point at an item ("" where none do) and the kind of opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.agent._opinions import EMBEDDER, Opinions, features, spans
from chatrec.agent._turns import after_reply, hear
from chatrec.agent.tuning._files import read_written
from chatrec.agent.tuning._written import read_talks, written_catalog, written_domains
from chatrec.indexes import Catalog
from chatrec.indexes._embedders import open_embedder
from chatrec.indexes._feedback import KINDS
from chatrec.tools._turn import Spoken, Turn

__all__ = ["Halves", "Opined", "alone", "fit_opinions", "opined"]

_KINDS = ("", *KINDS)
_RIDGE = 0.03
"""Weight of the squares of the weights, beside opinions that weigh 1 each."""


@dataclass(frozen=True, slots=True)
class Opined:
    """What was said of an item, and the kind of opinion that it is; "" for none."""

    domain: str
    language: str
    words: str
    kind: str


class Halves:
    """Opinions, heard in each domain with weights that have not seen it.

    A model that learns beside weights that were fitted to the very words it reads would trust them more than it can in
    use.

    Args:
        found: Of all domains.
        embedder: Embeds what was said.
        progress: Called after each, with how many are done of how many.
    """

    def __init__(
        self, found: Sequence[Opined], embedder: Embeddings, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._found = found
        self.embedder = embedder
        rows: list[NDArray[np.float64]] = []
        for one in found:
            rows.append(features(one.words, embedder))
            if progress is not None:
                progress(len(rows), len(found))
        self._vectors = np.asarray(rows)
        order = sorted({one.domain for one in found})
        self._half = {domain: place % 2 for place, domain in enumerate(order)}
        self._fitted: dict[int, Opinions] = {}

    @classmethod
    def of_written(cls, progress: Callable[[int, int], None] | None = None) -> Halves:
        """Of all that was written, with the embedder that hears opinions in use."""
        found = [one for domain in written_domains() for one in opined(domain)]
        return cls([*found, *alone("en"), *alone("zh")], open_embedder(EMBEDDER), progress)

    def of(self, domain: str) -> Opinions:
        """With the weights fitted to the half of the domains that this one is not in."""
        half = self._half[domain]
        if half not in self._fitted:
            chosen = [n for n, one in enumerate(self._found) if self._half[one.domain] != half]
            self._fitted[half] = Opinions(self._fit(chosen), self.embedder)
        return self._fitted[half]

    def all(self) -> NDArray[np.float32]:
        """The weights fitted to all."""
        return self._fit(range(len(self._found)))

    def right(self) -> dict[str, float]:
        """By language, of the opinions of other domains the share whose kind is likeliest among the kinds."""
        told: dict[str, list[bool]] = {}
        for one, vector in zip(self._found, self._vectors, strict=True):
            if one.kind:
                scores = self.of(one.domain).weights @ vector
                told.setdefault(one.language, []).append(_KINDS[1 + int(np.argmax(scores[1:]))] == one.kind)
        return {language: float(np.mean(each)) for language, each in told.items()}

    def _fit(self, chosen: Sequence[int]) -> NDArray[np.float32]:
        return fit_opinions(self._vectors[list(chosen)], [self._found[n].kind for n in chosen])


def opined(domain: str) -> list[Opined]:
    """What is said of items in the written conversations of a domain."""
    catalog = written_catalog(domain)
    return [
        Opined(domain, talk["language"], words, kind)
        for talk in read_talks(domain)
        for words, kind in _in_talk(talk["turns"], catalog)
    ]


def alone(language: Spoken) -> list[Opined]:
    """What is said of items in the messages that stand alone."""
    found: list[Opined] = []
    for message in read_written(f"opinions_{language}.jsonl"):
        named, kinds = zip(*message["of"], strict=True)
        said = zip(spans(message["text"], named), kinds, strict=True)
        found += [Opined(message["subject"], language, words, kind) for words, kind in said]
    return found


def fit_opinions(given: NDArray[np.float64], kinds: Sequence[str]) -> NDArray[np.float32]:
    """Multinomial logistic regression.

    Args:
        given: The features of what was said, shape (opinions, features), the last of them 1.
        kinds: What each is.

    Returns:
        The weights that `Opinions` takes.
    """
    vectors = torch.from_numpy(given)
    right = torch.tensor([_KINDS.index(kind) for kind in kinds])
    weights = torch.zeros(len(_KINDS), vectors.shape[1], dtype=torch.float64, requires_grad=True)
    course = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        course.zero_grad()
        surprise = torch.nn.functional.cross_entropy(vectors @ weights.T, right, reduction="sum")
        total = surprise + _RIDGE * (weights[:, :-1] ** 2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    course.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray(weights.detach().numpy(), np.float32)


class _Notes:
    """Keeps what is said of each item."""

    def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]:
        return tuple(spans(text, named))


def _in_talk(turns: Sequence[Mapping[str, Any]], catalog: Catalog) -> list[tuple[str, str]]:
    """What is said of each item, and the kind of opinion by the labels."""
    found: list[tuple[str, str]] = []
    turn, asked = Turn("person"), None
    for each in turns:
        turn = hear(turn, each["user"], catalog, asked=asked, ear=_Notes())
        kinds = {item: kind for kind, item in each.get("events", ())}
        spoken = zip(turn.named or turn.about, turn.sounds, strict=False)
        found += [(words, kinds.get(item, "")) for item, words in spoken if words]
        then = each.get("then") or {}
        items, listed = then.get("items", []), then.get("act") == "recommend"
        asked = then.get("facet") if then.get("act") == "ask" else None
        about = None if listed else next(iter(items), None)
        stamp = {"act": then.get("act"), "shown": items if listed else [], "about": about}
        turn = after_reply(turn, stamp, catalog)
    return found
