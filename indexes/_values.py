"""The values that pass between the parts of the recommender: items, facets, constraints, links, recommendations.

They are plain and frozen; who stores them and how they are found lives elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from chatrec.indexes._linker_text import languages
from chatrec.indexes._units import without_unit

Scalar: TypeAlias = str | int | float | bool
FacetValue: TypeAlias = Scalar | tuple[str, ...]
FacetKind: TypeAlias = Literal["category", "multi", "number", "date", "boolean", "text"]
Op: TypeAlias = Literal["any", "none", "lt", "le", "gt", "ge", "between", "contains"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended.

    Attributes:
        id: Unique in its catalog, never shown to a person.
        title: What a person calls it.
        description: Free text; may be empty.
        facets: Value by facet name. Multi-valued facets hold tuples; absent values are left out.
        extra: What else its row held, by column: addresses, foreign keys and the like. It is neither searched nor
            compared.
    """

    id: str
    title: str
    description: str = ""
    facets: Mapping[str, FacetValue] = field(default_factory=dict[str, FacetValue])
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)

    def text(self) -> str:
        """What is embedded and searched for words: title, facet values and description."""
        parts = [self.title]
        for value in self.facets.values():
            if isinstance(value, tuple):
                parts.append(", ".join(value))
            elif isinstance(value, str):
                parts.append(value)
        parts.append(self.description)
        return ". ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, Any]:
        """The item as JSON-ready values: id, title, description, its facets by name, and `extra` where it has some."""
        facets = {name: list(value) if isinstance(value, tuple) else value for name, value in self.facets.items()}
        extra = {"extra": dict(self.extra)} if self.extra else {}
        return {"id": self.id, "title": self.title, "description": self.description} | facets | extra


@dataclass(frozen=True, slots=True)
class Facet:
    """What a catalog knows of one property of its items.

    Attributes:
        name: The column's name.
        kind: `category` one value, `multi` several, `number`, `date` (ISO text, compared as text), `boolean`,
            or `text` (free text, only searched).
        count: How many items have it.
        values: Items by value, most frequent first (category, multi, boolean as "true"/"false"); else empty.
        low: The least value (number), or None.
        high: The greatest value (number), or None.
        integer: Whether all numbers are whole.
        unit: The numbers' unit where the column name or the values say it ("min", "€"), or None.
        bilingual: Whether the values are written in English and Chinese: "summer 夏天".
        label: What people call it, in one language or in both ("year 年份"), where that is told; the name where empty.
    """

    name: str
    kind: FacetKind
    count: int
    values: Mapping[str, int] = field(default_factory=dict[str, int])
    low: float | None = None
    high: float | None = None
    integer: bool = False
    unit: str | None = None
    bilingual: bool = False
    label: str = ""

    def called(self, language: str) -> str:
        """What a reader of `en` or `zh` is told it is called: `release_year` is "release year", `price (€)` "price"."""
        label = self.label or self.name
        halves = languages(label) if language else ()
        called = (halves[language == "zh"] if halves else label).replace("_", " ").strip()
        return without_unit(called) if self.unit else called

    def told(self, value: str, language: str) -> str:
        """A value as a reader of `en` or `zh` is shown it: of one in two languages that half, else the whole."""
        halves = languages(value) if self.bilingual and language else ()
        return halves[language == "zh"] if halves else value


@dataclass(frozen=True, slots=True)
class Mention:
    """An item that the person named ("like Alien") or pointed at ("the second one").

    Attributes:
        id: The item.
        title: Its title.
        text: The words that named it.
        score: How sure, 0 to 1.
        negated: Whether it was named to be avoided ("not Alien").
        listed: Whether the words pointed into the last list rather than naming the title.
        standard: Whether a wish is measured against it ("cheaper than the second").
    """

    id: str
    title: str
    text: str
    score: float
    negated: bool = False
    listed: bool = False
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """A past event that mattered for an item.

    Attributes:
        id: The item that was judged.
        title: Its title.
        accepted: Whether it was accepted; else rejected.
        weight: How much it speaks for the item, negative where against; comparable within one item.
    """

    id: str
    title: str
    accepted: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended item.

    Attributes:
        id: The item's id.
        title: The item's title.
        score: The sum of `parts`; higher is better.
        parts: What each signal added to the score, by signal name ("vector", "words", "taste", ...).
        reason: One short readable sentence: why this item.
        item: The whole item.
        because: The past events that mattered most, at most three.
    """

    id: str
    title: str
    score: float
    parts: Mapping[str, float]
    reason: str
    item: Item
    because: tuple[Past, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: id, title, score, parts, reason, because, item."""
        return {
            "id": self.id,
            "title": self.title,
            "score": round(self.score, 6),
            "parts": {name: round(value, 6) for name, value in self.parts.items()},
            "reason": self.reason,
            "because": [
                {"id": past.id, "title": past.title, "accepted": past.accepted, "weight": round(past.weight, 6)}
                for past in self.because
            ],
            "item": self.item.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Question:
    """A facet worth asking about, or two items worth comparing.

    Attributes:
        facet: The facet's name; `CONTRAST` where two items are compared.
        options: The catalog's values (or ranges in constraint notation for numbers) with how many matching items
            have each, most frequent first; of two items their titles, and how many of the items in question are nearer
            to each.
        gain: Expected share of the matching items that an answer rules out, 0 to 1.
        examples: The ids of the two items; empty for a facet.
    """

    facet: str
    options: tuple[tuple[str, int], ...]
    gain: float
    examples: tuple[str, ...] = ()
