"""Words that say a facet's value without naming it: "funny" for a comedy, "cowboys" for a western.

Two witnesses are heard. The embedder: how near a phrase is to a value's name, both taken from the middle of their like,
so that the cosine of two unrelated words is about 0 whatever the embedder. And the catalog: of the items whose text has
the phrase, how many have the value, against how many have it anyway. One of them alone must be very sure; together they
may be less so. What is surer than chance but not sure enough is proposed at a score below 0.75, as perhaps meant.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec.indexes._linker_company import Company
from chatrec.indexes._linker_lexicon import name_like
from chatrec.indexes._linker_names import boolean_keys
from chatrec.indexes._linker_text import is_han
from chatrec.indexes._linker_words import COMMON, FUNCTION, words
from chatrec.indexes._values import Facet, Item

_MOST_VALUES = 300
_MOST_TOTAL = 900
_LEAST_VALUES = 4
_CACHED = 512


_ORDINARY = {
    "word": sorted(word for word in COMMON - FUNCTION if len(word) > 3)[::13],
    "han": words(
        "今天 朋友 礼物 生日 时间 问题 东西 地方 妈妈 周末 晚上 工作 "
        "学校 电话 冰箱 减肥 城市 孩子 公司 事情 颜色 名字 办法 习惯"
    ),
}
_LEAST = 0.22
_MEANT = 0.42
"""The chance from which on a value is taken for said, chosen on the same conversations."""
WEIGHTS = (-5.03, 7.03, 1.47, 1.31, 2.53, -1.04)
"""Of `Meanings.signs`, as `python -m chatrec.agent.tuning meanings` fits them to conversations written by hand."""
_WORD = 2
"""Characters of most Chinese words."""
_SHARED = 0.1
_PREFIXES = "老小大阿第"
_SUFFIXES = "子儿头片色性食"
"""Characters that begin or end words which have nothing else in common."""


@dataclass(slots=True)
class _Vectors:
    """Values and phrases as an embedder has them.

    By script: `middle`, the mean of ordinary words; `bar`, the cosine with a value that one in ten of them reaches.
    """

    embedder: Embeddings
    values: NDArray[np.float32]
    middle: dict[str, NDArray[np.float32]]
    bar: dict[str, float]
    phrases: OrderedDict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Meant:
    """A value that a phrase may mean.

    Attributes:
        facet: The facet.
        value: The value.
        score: How sure, 0.5 to 0.78.
    """

    facet: str
    value: str
    score: float


class Meanings:
    """Matches phrases to facet values by meaning.

    Args:
        facets: All facets; those with more than 300 values are left out.
        items: All items; the texts of at most 8,000 of them, evenly spread, are searched.
        skip: Facets to leave out, such as names of people.

    Attributes:
        values: Facet and value, by row.
    """

    def __init__(self, facets: Iterable[Facet], items: Sequence[Item], skip: Iterable[str] = ()) -> None:
        self._texts = _texts(facets, skip)
        self.values = list(self._texts)
        self._company = Company(items, self.values)
        self._vectors: OrderedDict[int, _Vectors] = OrderedDict()

    def find(self, phrases: Sequence[str], embedder: Embeddings, asked: str | None = None) -> list[Meant | None]:
        """The value that each phrase means, or None; all phrases are embedded in one batch.

        Args:
            phrases: Words as said.
            embedder: Any LangChain embedder; its vectors of the values are kept for the next call.
            asked: The facet that the phrases answer a question about.
        """
        if len(self.values) < _LEAST_VALUES or not phrases:
            return [None] * len(phrases)
        known = self._known(embedder)
        vectors = self._embed(known, phrases)
        return [self._best(known, phrase, row, asked) for phrase, row in zip(phrases, vectors, strict=True)]

    def _best(self, known: _Vectors, phrase: str, vector: NDArray[np.float32], asked: str | None) -> Meant | None:
        script = "han" if is_han(phrase) else "word"
        cosines = known.values @ _unit(vector - known.middle[script]) + self._alike(phrase)
        order = np.argsort(-cosines, kind="stable")
        kept = self._company.of(phrase)
        top = int(kept.row if kept.sure and cosines[kept.row] > 0.1 else order[0])
        answer = top if asked is None else next((int(n) for n in order if self.values[n][0] == asked), top)
        chances = {row: _chance(self.signs(cosines, order, row, asked)) for row in dict.fromkeys((top, answer))}
        top = max(chances, key=lambda row: chances[row])
        first = float(cosines[top])
        lead = self._lead(cosines, order, top)
        bar = max(_LEAST, known.bar[script])
        share, lift = kept.among(top)
        score = 0.0
        borne_out = share >= 0.35 and lift >= 1.5 and first >= bar and lead >= 0.12
        alone = lift > 0.5 and chances[top] > _MEANT
        if borne_out or alone or (kept.sure and top == kept.row and first > 0.15):
            score = 0.78
        elif first >= bar - 0.06 and lead >= 0.06 and share >= 0.35 and lift >= 3:
            score = 0.77
        elif (first >= bar and lead >= 0.04) or (kept.sure and top == kept.row) or (first >= 0.3 and lead >= 0.1):
            score = min(0.7, 0.5 + first / 4)
        facet, value = self.values[top]
        return Meant(facet, value, round(score, 3)) if score else None

    def signs(
        self, cosines: NDArray[np.float32], order: NDArray[np.intp], row: int, asked: str | None
    ) -> tuple[float, ...]:
        """What tells whether a phrase means a value.

        Args:
            cosines: Nearness of the phrase to each value, shape (values,).
            order: The values' rows, nearest first.
            row: The value's row.
            asked: The facet that the phrase answers a question about.

        Returns:
            1, its nearness, how much nearer it is than the next (at most .5), and by 0 and 1: whether it is a yes,
            a value of what was asked, and one of something else than was asked.
        """
        facet, value = self.values[row]
        answers, digresses = asked == facet, asked not in {None, facet}
        lead = min(self._lead(cosines, order, row), 0.5)
        return (1.0, float(cosines[row]), lead, float(value == "true"), float(answers), float(digresses))

    def _lead(self, cosines: NDArray[np.float32], order: NDArray[np.intp], row: int) -> float:
        """How much nearer one value is than the next that has another name."""
        value = self.values[row][1]
        return float(cosines[row]) - float(next((cosines[n] for n in order if self.values[n][1] != value), -1.0))

    def _alike(self, phrase: str) -> NDArray[np.float32]:
        """What a character shared in the same place adds, as in 海边 and 海滨; zeros for what is not Chinese."""
        alike = np.zeros(len(self.values), dtype=np.float32)
        if is_han(phrase) and len(phrase) == _WORD:
            for row, (_, value) in enumerate(self.values):
                if len(value) != _WORD or value == phrase:
                    continue
                first = value[0] == phrase[0] and value[0] not in _PREFIXES
                if first or (value[1] == phrase[1] and value[1] not in _SUFFIXES):
                    alike[row] = _SHARED
        return alike

    def _known(self, embedder: Embeddings) -> _Vectors:
        held = self._vectors.get(id(embedder))
        if held is not None and held.embedder is embedder:
            return held
        raw = _embedded(embedder, list(self._texts.values()))
        values = _unit(raw - raw.mean(axis=0))
        middle: dict[str, NDArray[np.float32]] = {}
        bar: dict[str, float] = {}
        for script, ordinary in _ORDINARY.items():
            found = _embedded(embedder, ordinary)
            middle[script] = np.asarray(found.mean(axis=0), dtype=np.float32)
            nearest = (_unit(found - middle[script]) @ values.T).max(axis=1)
            bar[script] = float(np.quantile(nearest, 0.8))
        made = _Vectors(embedder, values, middle, bar, OrderedDict())
        self._vectors[id(embedder)] = made
        while len(self._vectors) > 2:
            self._vectors.popitem(last=False)
        return made

    @staticmethod
    def _embed(known: _Vectors, phrases: Sequence[str]) -> NDArray[np.float32]:
        fresh = [phrase for phrase in dict.fromkeys(phrases) if phrase not in known.phrases]
        if fresh:
            known.phrases.update(zip(fresh, _embedded(known.embedder, fresh), strict=True))
        rows = np.stack([known.phrases[phrase] for phrase in phrases])
        while len(known.phrases) > _CACHED:
            known.phrases.popitem(last=False)
        return rows


def _chance(signs: Sequence[float]) -> float:
    """The chance that a phrase means a value, by `Meanings.signs`."""
    return float(1 / (1 + np.exp(-np.dot(WEIGHTS, signs))))


def linked_texts(facets: Iterable[Facet]) -> list[str]:
    """The texts that `Meanings` of a catalog with these facets embeds before it has read a phrase."""
    told = list(facets)
    texts = _texts(told, (facet.name for facet in told if facet.kind in {"category", "multi"} and name_like(facet)))
    ordinary = [word for each in _ORDINARY.values() for word in each]
    return [*texts.values(), *ordinary] if len(texts) >= _LEAST_VALUES else []


def _texts(facets: Iterable[Facet], skip: Iterable[str]) -> dict[tuple[str, str], str]:
    """The values that phrases are compared with, by facet and value, as they are embedded."""
    found: dict[tuple[str, str], str] = {}
    skipped = set(skip)
    for facet in facets:
        if facet.name in skipped or len(found) + len(facet.values) > _MOST_TOTAL:
            continue
        if facet.kind == "boolean" and boolean_keys(facet.name):
            found[facet.name, "true"] = " ".join(boolean_keys(facet.name)[0])
        elif facet.kind in {"category", "multi"} and 1 < len(facet.values) <= _MOST_VALUES:
            for value in facet.values:
                if any(char.isalpha() for char in value) and (len(value) > 1 or is_han(value)):
                    found[facet.name, value] = value.replace("_", " ")
    return found


def _embedded(embedder: Embeddings, texts: list[str]) -> NDArray[np.float32]:
    return _unit(np.asarray(embedder.embed_documents(texts), dtype=np.float32))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-9), dtype=np.float32)
