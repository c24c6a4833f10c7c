"""Invented domains and the catalogs made of them: what conversations are simulated about."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import numpy as np

from chatrec.agent.tuning import _domains_en, _domains_zh
from chatrec.agent.tuning._files import shipped
from chatrec.indexes import Catalog, Item

__all__ = ["Column", "Domain", "domains", "make_catalog"]

Split = Literal["train", "dev"]
Kind = Literal["category", "multi", "number", "boolean"]

_KINDS: dict[str, Kind] = {"=": "category", "*": "multi", "#": "number", "?": "boolean"}
_COLUMN = re.compile(r"(?P<name>\S+) (?P<sign>[=*#?]) (?P<rest>.+)")
_VALUE = re.compile(r"(?P<value>[^(]+?)(?: \((?P<others>[^)]*)\))?")
_RANGE = re.compile(r"(?P<low>[\d.]+)-(?P<high>[\d.]+)(?: (?P<unit>\S+))?")
_FIRST_EN = (  # noqa: SIM905
    "Amber Silent Northern Little Golden Old Wild Crimson Hidden Royal Lucky Grand Misty Copper Velvet Blue Winding "
    "Broken Early Quiet Bright Iron Paper Second Lost Warm Electric Honest Polar Sunny Hollow Distant Double Rapid "
    "Simple Noble Urban Salty Twin Humble Clever Starry Rusty Gentle Bold Secret Endless Mellow Painted Wandering"
).split()
_FIRST_ZH = (  # noqa: SIM905
    "春山 秋水 明月 清风 金色 青云 小城 故园 东篱 南窗 北岸 西溪 大漠 星光 "
    "晚霞 初雪 老街 江南 塞外 白鹭 松间 竹里 海棠 流萤 千里 九州 半夏 长安"
).split()
_OWNERS = ("Marta", "Olsen", "Iris", "Tariq", "Bea", "Hugo", "Lena", "Otto", "Priya", "Silas", "Wanda", "Yusuf")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an invented catalog.

    Attributes:
        name: Its name in the catalog.
        kind: What it holds.
        values: The values of a category or multi column.
        others: Other words for values, by value; for a boolean column, by "true". Items are described with them too.
        ways: What people say in place of a value, by value; a boolean column's are by "true" and "false".
        clauses: What people say that means a value without naming it, likewise.
        low: The least number.
        high: The greatest number.
        unit: The numbers' unit, or None.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    others: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    ways: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    clauses: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    low: float = 0.0
    high: float = 0.0
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """Things of one kind: how they are called and what is known of each."""

    name: str
    one: str
    many: str
    titles: tuple[str, ...]
    columns: tuple[Column, ...]
    language: Literal["en", "zh"]

    def column(self, name: str) -> Column | None:
        """The column of this name, or None."""
        return next((column for column in self.columns if column.name == name), None)


def domains(split: Split) -> list[Domain]:
    """All domains of one half; no domain is in both."""
    texts = {
        "train": ((_domains_en.TRAIN, "en"), (_domains_zh.TRAIN, "zh")),
        "dev": ((_domains_en.DEV, "en"), (_domains_zh.DEV, "zh")),
    }
    return [domain for text, language in texts[split] for domain in _read(text, "zh" if language == "zh" else "en")]


def _read(text: str, language: Literal["en", "zh"]) -> Iterator[Domain]:
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        name, one, many, titles = (part.strip() for part in head.split("|"))
        ways = _meant(language).get(name, {})
        columns = tuple(_told(_column(line), ways) for line in lines)
        yield Domain(name.replace("_", " "), one, many, _split(titles), columns, language)


@cache
def _meant(language: str) -> dict[str, dict[str, dict[str, list[str]]]]:
    """By domain, column and value what people say instead; whole clauses begin with "~"."""
    return shipped(f"meant_{language}.json")


def _told(column: Column, ways: dict[str, dict[str, list[str]]]) -> Column:
    mine = ways.get(column.name, {})
    words = {value: tuple(w for w in said if w[:1] != "~") for value, said in mine.items()}
    clauses = {value: tuple(w[1:] for w in said if w[:1] == "~") for value, said in mine.items()}
    return replace(column, ways=words, clauses=clauses)


def _column(line: str) -> Column:
    match = _COLUMN.fullmatch(line)
    if match is None:
        raise ValueError(
            f"{line!r} is not a column: write `name = a, b`, `name * a, b`, `name # 1-9 unit` or `name ? words`"
        )
    name, kind, rest = match["name"], _KINDS[match["sign"]], match["rest"]
    if kind == "number":
        bounds = _RANGE.fullmatch(rest)
        assert bounds is not None, line
        return Column(name, kind, low=float(bounds["low"]), high=float(bounds["high"]), unit=bounds["unit"])
    if kind == "boolean":
        return Column(name, kind, others={"true": (rest,)})
    values: list[str] = []
    others: dict[str, tuple[str, ...]] = {}
    for part in _cut(rest):
        value = _VALUE.fullmatch(part)
        assert value is not None, line
        values.append(value["value"])
        if value["others"]:
            others[value["value"]] = _split(value["others"])
    return Column(name, kind, tuple(values), others)


def _cut(text: str) -> list[str]:
    """Split at commas outside brackets."""
    return [part.strip() for part in re.split(r",\s*(?![^()]*\))", text)]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def make_catalog(domain: Domain, rng: np.random.Generator) -> tuple[Domain, Catalog]:
    """One catalog of a domain: its size, columns, column names and the frequency of values differ each time.

    Args:
        domain: What kind of things.
        rng: The source of chance.

    Returns:
        The domain with the columns as they are named in the catalog, and the catalog.
    """
    domain = _varied(domain, rng)
    size = round(math.exp(rng.uniform(math.log(30), math.log(800))))
    titles = _titles(domain, size, rng)
    chances = {c.name: _chances(len(c.values), rng) for c in domain.columns if c.values}
    shapes = {c.name: rng.uniform(0.6, 1.8) for c in domain.columns}
    items = [_item(domain, title, chances, shapes, rng) for title in titles]
    units = {c.name: c.unit for c in domain.columns if c.unit}
    return domain, Catalog(items, name=domain.name, units=units)


def _varied(domain: Domain, rng: np.random.Generator) -> Domain:
    columns = list(domain.columns)
    for _ in range(int(rng.integers(0, 3))):
        if len(columns) > 3:
            columns.pop(int(rng.integers(len(columns))))
    if rng.random() < 0.5:
        rng.shuffle(columns)
    style = int(rng.integers(3)) if domain.language == "en" else 0
    named = [replace(column, name=_styled(column.name, style)) for column in columns]
    return replace(domain, columns=tuple(named))


def _styled(name: str, style: int) -> str:
    return (name, name.replace("_", " "), name.replace("_", " ").capitalize())[style]


def _chances(count: int, rng: np.random.Generator) -> list[float]:
    """A few values are frequent, the rest rare, as in life."""
    weights = 1.0 / np.arange(1, count + 1) ** rng.uniform(0.2, 1.1)
    rng.shuffle(weights)
    return list((weights / weights.sum()).tolist())


def _titles(domain: Domain, size: int, rng: np.random.Generator) -> list[str]:
    found: dict[str, None] = {}
    words, turns = domain.titles, 0
    while len(found) < size:
        turns += 1
        word = str(rng.choice(words))
        if domain.language == "zh":
            title = str(rng.choice(_FIRST_ZH)) + word
            title += str(rng.choice(_FIRST_ZH)) if len(found) > 60 or turns > 200 else ""
            found[title] = None
            continue
        first, other = str(rng.choice(_FIRST_EN)), str(rng.choice(_FIRST_EN))
        shape = int(rng.integers(6))
        title = (
            f"{first} {word}",
            f"The {first} {word}",
            f"{rng.choice(_OWNERS)}'s {word}",
            f"{first} {other} {word}",
            f"{word} {int(rng.integers(2, 900))}",
            f"{word} and {rng.choice(words)}",
        )[shape if turns < 40 * size else 3]
        found[title] = None
    return list(found)


def _item(
    domain: Domain,
    title: str,
    chances: dict[str, list[float]],
    shapes: dict[str, float],
    rng: np.random.Generator,
) -> Item:
    facets: dict[str, str | int | float | bool | tuple[str, ...]] = {}
    for column in domain.columns:
        if rng.random() < 0.03:
            continue
        if column.kind == "category":
            facets[column.name] = str(rng.choice(column.values, p=chances[column.name]))
        elif column.kind == "multi":
            count = int(rng.integers(1, 4))
            held = rng.choice(column.values, size=count, replace=False, p=chances[column.name])
            facets[column.name] = tuple(str(value) for value in held)
        elif column.kind == "boolean":
            facets[column.name] = bool(rng.random() < 0.4)
        else:
            facets[column.name] = _number(column, shapes[column.name], rng)
    return Item(title, title, _description(domain, facets, rng), facets)


def _number(column: Column, shape: float, rng: np.random.Generator) -> int | float:
    place = float(rng.random()) ** shape
    low, high = column.low, column.high
    if low > 0 and high / low > 20:
        value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
    else:
        value = low + place * (high - low)
    if not low.is_integer() or not high.is_integer():
        return round(value, 1)
    if value < 200 or high <= 2100:
        return round(value)
    step = 5 if value < 2000 else 50 if value < 20000 else 500
    return round(value / step) * step


def _description(
    domain: Domain, facets: dict[str, str | int | float | bool | tuple[str, ...]], rng: np.random.Generator
) -> str:
    """A sentence that says some of the facets in other words, or nothing."""
    if rng.random() < 0.35:
        return ""
    said: list[str] = []
    for column in domain.columns:
        held = facets.get(column.name)
        if column.kind == "number" or held is None or rng.random() < 0.4:
            continue
        if isinstance(held, bool):
            said += [column.others["true"][0]] if held else []
            continue
        for value in held if isinstance(held, tuple) else (str(held),):
            said.append(str(rng.choice((value, *column.others.get(value, ())))))
    if not said:
        return ""
    rng.shuffle(said)
    if domain.language == "zh":
        return f"{'、'.join(said[:4])}的{domain.one}。"
    shapes = ("A {one}: {said}.", "{said}. A {one} for those who like that.", "This {one} is about {said}.", "{said}.")
    return str(rng.choice(shapes)).format(one=domain.one, said=", ".join(said[:4])).capitalize()
