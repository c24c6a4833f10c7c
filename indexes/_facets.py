"""What kind each facet of a catalog is, from the values that its items hold."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._linker_text import languages
from chatrec.indexes._units import name_unit
from chatrec.indexes._values import Facet, FacetKind, FacetValue, Item

_ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
_PICTURE = r"(?:[^\s,;|]+/)*[^\s,;|/]+\.(?:avif|gif|jpe?g|png|webp)$"
_ADDRESS = re.compile(rf"(?:https?://|www\.)|\S+@\S+\.\S+|(?:/[\w.-]+){{2,}}|{_PICTURE}", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"(?i:(?:.*[\W_])?(?:id|ids|uuid|guid|url|uri|link|isbn|ean|gtin|upc|asin|barcode|image|img|thumbnail|photo|no\.?|nr\.?))"
    r"|.*[a-z](?:I[dD]s?|U[rR][lL])|.*(?:编号|编码|链接|网址|条码|图片)"
)
_CODE = re.compile(
    r"(?i:(?:.*[\W_])?(?:code|zip|zipcode|postcode|plz|phone|tel|telephone|mobile|fax|sku|ref))"
    r"|.*(?:邮编|电话|手机号?|货号|代码)"
)
_SENTENCE = re.compile(r"[.!?。!?;；]\s|[。！？]$")
_DIGIT = re.compile(r"\d")
_FEW = 20
_SAMPLE = 2000


def infer_facets(
    items: Sequence[Item],
    units: Mapping[str, str] | None = None,
    kinds: Mapping[str, FacetKind] | None = None,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Facet]:
    """The facets of the items, in the order of their first appearance.

    Args:
        items: All items.
        units: Units of number facets where the loader read them from the values.
        kinds: Which texts are categories and which free text, where that is told.
        labels: What people call them, where that is told.

    Raises:
        CatalogError: A number is nan or not finite.
    """
    held: dict[str, list[FacetValue]] = {}
    for item in items:
        for name, value in item.facets.items():
            try:
                held[name].append(value)
            except KeyError:
                held[name] = [value]
    called = labels or {}
    return {
        name: replace(
            _facet(name, values, (units or {}).get(name), (kinds or {}).get(name)), label=called.get(name, "")
        )
        for name, values in held.items()
    }


def _facet(name: str, held: list[FacetValue], unit: str | None, told: FacetKind | None) -> Facet:
    types: set[type[Any]] = set(map(type, held))
    if float in types:
        _check_finite(name, held)
    if types <= {int, float}:
        return _number(name, held, unit)
    if types == {bool}:
        return Facet(name, "boolean", len(held), values=ranked(Counter(str(value).lower() for value in held)))
    if tuple in types:
        parts = Counter(part for value in held for part in (value if isinstance(value, tuple) else (str(value),)))
        return Facet(name, "multi", len(held), values=ranked(parts), bilingual=_bilingual(parts))
    if types != {str}:
        return Facet(name, "text", len(held))
    texts = Counter(str(value) for value in held)
    kind = told if told in {"category", "text"} else text_kind(name, texts)
    if kind != "category":
        return Facet(name, kind, len(held))
    return Facet(name, kind, len(held), values=ranked(texts), bilingual=_bilingual(texts))


def _bilingual(values: Collection[str]) -> bool:
    return sum(1 for value in values if languages(value)) >= 0.7 * len(values)


def _number(name: str, held: Sequence[FacetValue], unit: str | None) -> Facet:
    numbers = [float(value) for value in held if isinstance(value, int | float)]
    integer = all(value.is_integer() for value in numbers)
    return Facet(
        name, "number", len(held), low=min(numbers), high=max(numbers), integer=integer, unit=unit or name_unit(name)
    )


def _check_finite(name: str, held: Sequence[FacetValue]) -> None:
    odd = next((value for value in held if isinstance(value, float) and not math.isfinite(value)), None)
    if odd is not None:
        raise CatalogError(f"the facet {name!r} holds {odd!r}", hint="leave the facet out where it is not known")


def names_identifiers(column: str) -> bool:
    """Whether a column's name says that it identifies things elsewhere: `imdb_id`, `seriesId`, `url`, `编号`."""
    return _IDENTIFIER.fullmatch(column) is not None


def names_codes(column: str) -> bool:
    """Whether a column's name says that what looks like numbers is none: `zip`, `phone`, `product_code`, `电话`."""
    return _CODE.fullmatch(column) is not None


def is_address(text: str) -> bool:
    """Whether a text is an address of the web, of mail or of a file, a picture's name among them."""
    return _ADDRESS.match(text) is not None


def text_kind(name: str, texts: Counter[str]) -> FacetKind:
    """Whether a column of strings is dates, categories or free text.

    Few distinct values, values that repeat and values that look like names are categories; sentences, addresses and
    identifiers are text.

    Args:
        name: The column's name.
        texts: How often each string occurs.
    """
    sample = [text for text, _ in texts.most_common(_SAMPLE)]
    if all(_ISO_DATE.fullmatch(text) for text in sample):
        return "date"
    if names_identifiers(name) or _share(sample, _ADDRESS.match) > 0.5:
        return "text"
    if _share(sample, _is_long) > 0.05:
        return "text"
    repeats = len(texts) <= sum(texts.values()) * 0.5
    if len(texts) <= _FEW and (repeats or len(texts) <= 3):
        return "category"
    return "category" if repeats or _share(sample, _is_name) > 0.8 else "text"


def ranked(counted: Mapping[str, int]) -> dict[str, int]:
    """Counts with the most frequent first, then by value."""
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _share(texts: Sequence[str], test: Any) -> float:
    return sum(1 for text in texts if test(text)) / max(len(texts), 1)


def _is_long(text: str) -> bool:
    return width(text) > 50 or (width(text) > 25 and _SENTENCE.search(text) is not None)


def _is_name(text: str) -> bool:
    return len(text.split()) <= 5 and width(text) <= 40 and _DIGIT.search(text) is None and text[:1].isalpha()


def width(text: str) -> int:
    """The length of a text in Latin letters: a Chinese character counts as two."""
    return len(text) if text.isascii() else sum(2 if char >= "⺀" else 1 for char in text)
