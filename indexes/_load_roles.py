"""Which columns are the id, the title and the description: by name first, then by content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatrec.errors import CatalogError
from chatrec.indexes._facets import width
from chatrec.indexes._load_lists import is_prose

_NAMES = {
    "id": ("id", "编号", "uid", "uuid", "sku", "key", "identifier", "序号", "编码"),
    "title": ("title", "name", "标题", "名称", "名字", "题目", "label", "headline"),
    "description": (
        "description", "summary", "overview", "简介", "描述", "abstract", "synopsis", "介绍", "摘要", "说明", "详情",
        "desc", "details", "about", "text", "body", "正文", "内容", "plot", "blurb",
    ),
}  # fmt: skip
_ENDINGS = {
    "id": ("id", "编号", "sku", "编码", "no", "nr", "ref", "code", "isbn", "asin", "货号", "条码"),
    "title": ("title", "name", "标题", "名称", "名"),
    "description": ("description", "summary", "overview", "简介", "描述", "介绍", "摘要", "说明", "synopsis", "desc"),
}
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that have a part; "" where none has."""

    id: str
    title: str
    description: str


def find_roles(columns: Mapping[str, Sequence[Any]], told: Mapping[str, str | None]) -> Roles:
    """Name the id, title and description columns.

    Args:
        columns: All cells by column, None where a row has none.
        told: The column for each role, where the caller says it.

    Raises:
        CatalogError: There is no column that can be the title.
    """
    found: dict[str, str] = {}
    found.update({role: name for role, name in told.items() if name is not None})
    for role in ("title", "id", "description"):
        if role not in found:
            free = [name for name in columns if name not in found.values()]
            found[role] = _by_name(role, free, columns)
    free = [name for name in columns if name not in found.values()]
    if not found["title"]:
        found["title"] = _most_title_like(free, columns)
        free = [name for name in free if name != found["title"]]
    if not found["description"]:
        found["description"] = _longest(free, columns)
    if not found["title"]:
        raise CatalogError(
            f"no column can be the title, among {', '.join(map(repr, columns))}",
            hint='say which it is: title="...", or --title on the command line',
        )
    return Roles(found["id"], found["title"], found["description"])


def is_usual_name(column: str) -> bool:
    """Whether a column's name is one of those that ids, titles and descriptions usually have."""
    return any(_plain(column) in names for names in _NAMES.values())


def _plain(column: str) -> str:
    return re.sub(r"[\W_]+", "", column.casefold())


def _by_name(role: str, free: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> str:
    held = {name: sum(1 for cell in columns[name] if cell not in (None, "")) for name in free}
    if role == "title":
        # A name that a few rows have is a slip of theirs.
        free = [name for name in free if 2 * held[name] > len(columns[name])] or free
    plain: dict[str, str] = {}
    for name in sorted(free, key=lambda name: -held[name]):
        plain.setdefault(_plain(name), name)
    for usual in _NAMES[role]:
        if usual in plain and (role != "id" or _uniqueness(columns[plain[usual]]) > 0.5):
            return plain[usual]
    for ending in _ENDINGS[role]:
        # Makers and places have names too, but rarely one each.
        least = {"id": 0.999, "title": 0.7 if ending in {"title", "标题"} else 0.95, "description": 0.0}[role]
        for name in free:
            if _ends(name, ending) and _uniqueness(columns[name]) > least and _is_text(columns[name], role):
                return name
    return ""


def _ends(name: str, ending: str) -> bool:
    words = re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name.strip(" .:"))
    return words[-1].casefold() == ending or (not ending.isascii() and name.strip().endswith(ending))


def _is_text(cells: Sequence[Any], role: str) -> bool:
    return role == "id" or all(isinstance(cell, str) for cell in cells[:_SAMPLE] if cell is not None)


def _uniqueness(cells: Sequence[Any]) -> float:
    held = [str(cell) for cell in cells if cell not in (None, "")]
    return len(set(held)) / len(held) if held else 0.0


def _strings(cells: Sequence[Any]) -> list[str]:
    held = [cell for cell in cells if cell not in (None, "")][:_SAMPLE]
    texts = [cell for cell in held if isinstance(cell, str)]
    return texts if held and len(texts) > 0.9 * len(held) else []


def _longest(free: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> str:
    """The column with the longest texts, if they are long, or sentences, and differ."""
    best, chosen = 0.0, ""
    for name in free:
        texts = _strings(columns[name])
        if not texts or _uniqueness(texts) < 0.5 or sum(map(bool, map(_ADDRESS.match, texts))) > 0.5 * len(texts):
            continue
        mean = sum(map(width, texts)) / len(texts)
        spaced = sum(1 for text in texts if " " in text or not text.isascii()) / len(texts)
        long = mean > 40 or (is_prose(texts) and _uniqueness(texts) > 0.8)
        if long and mean > best and spaced > 0.7 and not _is_list(texts):
            best, chosen = mean, name
    return chosen


def _is_list(texts: Sequence[str]) -> bool:
    listed = sum(1 for text in texts if text.count("|") > 1 or text[:1] in "[{")
    return listed > 0.3 * len(texts)


def _most_title_like(free: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> str:
    """The column of short texts with the most distinct values; the first of those nearly alike."""
    best, chosen = 0.5, ""
    for place, name in enumerate(free):
        texts = _strings(columns[name])
        letters = sum(1 for text in texts if any(map(str.isalpha, text)) and not _ADDRESS.match(text))
        mean = sum(map(width, texts)) / max(len(texts), 1)
        if not texts or letters < 0.8 * len(texts) or mean > 100 or _is_list(texts):
            continue
        # Codes such as "AB-1234" are as unique as titles, but are not words.
        wordy = sum(1 for text in texts if not any(map(str.isdigit, text)) or " " in text) / len(texts)
        score = _uniqueness(texts) * (0.5 + 0.5 * wordy) * (1 - mean / 400) * (1 - 0.02 * min(place, 10))
        if score > best + 0.02:
            best, chosen = score, name
    return chosen
