"""Words that say a facet's value without naming it ("funny" for a comedy), found by embedding."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.indexes._linker_names import boolean_keys
from chatrec.indexes._linker_words import COMMON, FUNCTION, words
from chatrec.indexes._values import Facet

_MOST_VALUES = 300
_MOST_TOTAL = 900
_CACHED = 512


_BARS = ((2.0, 0.7), (1.0, 1.4))
_ORDINARY = {
    "word": sorted(word for word in COMMON - FUNCTION if len(word) > 3)[::13],
    "han": words(
        "今天 朋友 礼物 生日 时间 问题 东西 地方 妈妈 周末 晚上 工作 "
        "学校 电话 冰箱 减肥 城市 孩子 公司 事情 颜色 名字 办法 习惯"
    ),
}
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Chance:
    """What ordinary words of one script reach by chance: mean cosine by value, and the best one's median and spread."""

    means: NDArray[np.float32]
    middle: float
    spread: float


@dataclass(slots=True)
class _Vectors:
    embedder: Embeddings
    values: NDArray[np.float32]
    chances: dict[str, _Chance]
    phrases: OrderedDict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Meant:
    """A value that a phrase may mean.

    Attributes:
        facet: The facet.
        value: The value.
        score: How sure, 0.5 to 0.74.
    """

    facet: str
    value: str
    score: float


class Meanings:
    """Matches phrases to facet values by the cosine of their embeddings.

    What counts as close is measured, since embedders differ in what cosine two unrelated words have: a phrase must be
    nearer to the value than ordinary words come to their nearest value by chance, and clearly nearer than to any other
    value; the less it does of the one, the more it must of the other.

    Args:
        facets: All facets; those with more than 300 values or with names of people are left out.
    """

    def __init__(self, facets: Iterable[Facet], skip: Iterable[str] = ()) -> None:
        self._rows: list[tuple[str, str]] = []
        self._texts: list[str] = []
        skipped = set(skip)
        for facet in facets:
            if facet.name in skipped or len(self._rows) + len(facet.values) > _MOST_TOTAL:
                continue
            if facet.kind == "boolean" and boolean_keys(facet.name):
                self._rows.append((facet.name, "true"))
                self._texts.append(" ".join(boolean_keys(facet.name)[0]))
            elif facet.kind in {"category", "multi"} and 1 < len(facet.values) <= _MOST_VALUES:
                for value in facet.values:
                    if any(char.isalpha() for char in value) and len(value) > 1:
                        self._rows.append((facet.name, value))
                        self._texts.append(value.replace("_", " "))
        self._vectors: OrderedDict[int, _Vectors] = OrderedDict()

    def find(self, phrases: Sequence[str], embedder: Embeddings) -> list[Meant | None]:
        """The value that each phrase means, or None; all phrases are embedded in one batch.

        Args:
            phrases: Words as said.
            embedder: Any LangChain embedder; its vectors of the values are kept for the next call.
        """
        if len(self._rows) < 4 or not phrases:
            return [None] * len(phrases)
        known = self._known(embedder)
        queries = self._embed(known, phrases)
        cosines = queries @ known.values.T
        return [self._best(known, phrase, row) for phrase, row in zip(phrases, cosines, strict=True)]

    def _best(self, known: _Vectors, phrase: str, cosines: NDArray[np.float32]) -> Meant | None:
        chance = known.chances["han" if _HAN.search(phrase) else "word"]
        above = cosines - chance.means
        order = np.argsort(-above, kind="stable")[:2]
        first, second = float(above[order[0]]), float(above[order[1]])
        stands_out, lead = (first - chance.middle) / chance.spread, (first - second) / chance.spread
        if not any(stands_out >= least and lead >= margin for least, margin in _BARS):
            return None
        score = min(0.74, 0.45 + 0.06 * (stands_out - 1) + 0.04 * lead)
        facet, value = self._rows[int(order[0])]
        return Meant(facet, value, round(score, 3))

    def _known(self, embedder: Embeddings) -> _Vectors:
        held = self._vectors.get(id(embedder))
        if held is not None and held.embedder is embedder:
            return held
        values = _unit(np.asarray(embedder.embed_documents(self._texts), dtype=np.float32))
        chances = {script: _chance(embedder, ordinary, values) for script, ordinary in _ORDINARY.items()}
        made = _Vectors(embedder, values, chances, OrderedDict())
        self._vectors[id(embedder)] = made
        while len(self._vectors) > 2:
            self._vectors.popitem(last=False)
        return made

    @staticmethod
    def _embed(known: _Vectors, phrases: Sequence[str]) -> NDArray[np.float32]:
        fresh = [phrase for phrase in dict.fromkeys(phrases) if phrase not in known.phrases]
        if fresh:
            made = _unit(np.asarray(known.embedder.embed_documents(fresh), dtype=np.float32))
            known.phrases.update(zip(fresh, made, strict=True))
        rows = np.stack([known.phrases[phrase] for phrase in phrases])
        while len(known.phrases) > _CACHED:
            known.phrases.popitem(last=False)
        return rows


def _chance(embedder: Embeddings, ordinary: list[str], values: NDArray[np.float32]) -> _Chance:
    cosines = _unit(np.asarray(embedder.embed_documents(ordinary), dtype=np.float32)) @ values.T
    means = np.asarray(cosines.mean(axis=0), dtype=np.float32)
    best = (cosines - means).max(axis=1)
    return _Chance(means, float(np.median(best)), max(float(best.std()), 1e-3))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-9), dtype=np.float32)
