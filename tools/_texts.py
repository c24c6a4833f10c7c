"""The few words that chatrec itself says, in English and Chinese: questions and facts.

Domain-free: names and values come from the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chatrec.indexes import Facet, Item
from chatrec.indexes._units import with_unit


def facet_label(name: str) -> str:
    """A column's name as words: `release_year` becomes `release year`."""
    return name.replace("_", " ").strip()


def option_label(facet: Facet, option: str, language: str) -> str:
    """An option as a person reads it: notation like `year<1980` becomes words, values in two languages one."""
    body = option.removeprefix(facet.name)
    if body == option:
        return facet.told(option, language)
    zh = language == "zh"
    if ".." in body:
        low, high = body.lstrip("=").split("..")
        return _measured(f"{low}–{high}", facet, language)
    for sign, (english, chinese) in {
        "<=": ("up to {}", "{}以下"),
        ">=": ("{} or more", "{}以上"),
        "<": ("below {}", "不到{}"),
        ">": ("above {}", "超过{}"),
        "!=": ("not {}", "不要{}"),
        "=": ("{}", "{}"),
    }.items():
        if body.startswith(sign):
            values = "|".join(facet.told(value, language) for value in body.removeprefix(sign).split("|"))
            return (chinese if zh else english).format(_measured(values, facet, language))
    return option


def _measured(number: str, facet: Facet, language: str) -> str:
    return with_unit(number, facet.unit, language) if facet.unit else number


def conditions_text(notations: Iterable[str], facets: Mapping[str, Facet], language: str) -> str:
    """Conditions as a person reads them, in one line."""
    return ("、" if language == "zh" else ", ").join(condition_text(each, facets, language) for each in notations)


def condition_text(notation: str, facets: Mapping[str, Facet], language: str) -> str:
    """A condition as a person reads it: `genre=Drama` is "Drama", `price<=20` is "price up to €20"."""
    signs = ("=", "!", "<", ">", "~")
    named = [f for f in facets.values() if notation.startswith(f.name) and notation[len(f.name) :].startswith(signs)]
    if not named:
        return notation
    facet = max(named, key=lambda f: len(f.name))
    words = option_label(facet, notation, language).replace("|", ", ")
    speaks_alone = facet.kind in {"category", "multi"}
    return words if speaks_alone else beside(facet.called(language), words, language)


def beside(name: str, words: str, language: str) -> str:
    """A facet's name and what is said of it: Chinese puts no space after a Chinese name."""
    space = "" if language == "zh" and name and name[-1] >= "⺀" else " "
    return f"{name}{space}{words}"


def question_text(facet: Facet, options: Sequence[str], language: str) -> str:
    """A plain question about a facet, naming up to four options."""
    labels = [option_label(facet, option, language) for option in options[:4]]
    name = facet.called(language)
    if language == "zh":
        return f"{name}方面有什么偏好？" + (f"比如{'、'.join(labels)}。" if labels else "")
    tail = f" For example {_either(labels)}." if labels else ""
    return f"Do you have a preference for {name}?{tail}"


def contrast_text(titles: Sequence[str], language: str) -> str:
    """A question for the one of two items that is nearer to what is wanted."""
    one, other = titles
    return (
        f"更接近“{one}”，还是更接近“{other}”？" if language == "zh" else f"More like “{one}”, or more like “{other}”?"
    )


def _either(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"


def facts(item: Item, facets: Mapping[str, Facet]) -> str:
    """The item's facets in one line, short free text included, long left out."""
    parts: list[str] = []
    for name, value in item.facets.items():
        facet = facets.get(name)
        if facet is not None and facet.kind == "text" and len(str(value)) > 80:
            continue
        shown = ", ".join(value) if isinstance(value, tuple) else _value(value)
        unit = f" {facet.unit}" if facet is not None and facet.unit else ""
        parts.append(f"{facet_label(name)}: {shown}{unit}")
    return " · ".join(parts)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
