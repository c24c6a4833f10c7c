"""Cells that are lists: real ones, shown ones (`['a', 'b']`), and texts with a separator."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

from chatrec.indexes._facets import width

_STRONG = ("|", ";", "；", "、", "\n", "•")
_WEAK = (",", "，", "/")
_PROSE = (".", "!", "?", "。", "！", "？", "…")
_FEW_ROWS = 20
_SAMPLE = 5000


def as_parts(cell: Any, known: dict[tuple[str, ...], tuple[str, ...]]) -> tuple[str, ...] | None:
    """The distinct parts of a list, or None where it has none.

    Args:
        cell: A list, or a single part.
        known: Lists that were there before, so that equal ones are held once.
    """
    parts = cell if isinstance(cell, list) else [cell]
    distinct = tuple(dict.fromkeys(text for part in parts if (text := part_text(part))))
    return known.setdefault(distinct, distinct) if distinct else None


def part_text(value: Any) -> str:
    """One part of a list, or one cell, as a line of text; of an object, the name that it has."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "title", "value", "label") if key in value), "")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(str(value).split())


def split(cell: Any, separator: str | None) -> Any:
    """A text as the list that it shows or separates; anything else as it is.

    Args:
        cell: The cell.
        separator: The sign between the parts; None where the text looks like a list of its own.
    """
    if not isinstance(cell, str):
        return cell
    if separator is None or (cell[:1] == "[" and cell.rstrip()[-1:] == "]"):
        return _shown(cell)
    return cell.split(separator)


def shows_lists(texts: Sequence[str]) -> bool:
    """Whether texts are lists as JSON, spreadsheets or data frames write them."""
    shown = sum(1 for text in texts if text.lstrip()[:1] == "[" and text.rstrip()[-1:] == "]")
    return shown > 0.9 * len(texts)


def is_prose(texts: Sequence[str]) -> bool:
    """Whether texts are sentences: most end like one, and have the length of one."""
    ended = sum(1 for text in texts if text.rstrip().endswith(_PROSE) and width(text) > 15)
    return ended > 0.5 * len(texts)


def find_sign(texts: Sequence[str]) -> str | None:
    """The sign that cuts texts into a vocabulary of short parts, or None.

    Args:
        texts: Texts of one column.
    """
    sample = texts[:_SAMPLE]
    if is_prose(sample):
        return None
    return next((sign for sign in (*_STRONG, *_WEAK) if _separates(sign, sample)), None)


def _separates(sign: str, texts: Sequence[str]) -> bool:
    cut = [text for text in texts if sign in text]
    if len(cut) < 0.05 * len(texts) or not cut:
        return False
    parts = [part.strip() for text in cut for part in text.split(sign)]
    long = sum(1 for part in parts if width(part) > 30 or not part)
    if long > 0.1 * len(parts):
        return False
    if sign in _STRONG:
        return True
    if sum(1 for part in parts if any(map(str.isalpha, part))) < 0.5 * len(parts):
        return False
    distinct = len(set(parts))
    whole = [text.strip() for text in texts if sign not in text]
    known = set(parts)
    alone = sum(1 for text in whole if text in known) / len(whole) if whole else 1.0
    repeated = distinct <= 0.5 * len(parts) or (len(cut) < _FEW_ROWS and distinct <= 0.75 * len(parts))
    return (repeated and alone > 0.5) or _are_names(sign, cut, parts)


def _are_names(sign: str, cut: Sequence[str], parts: Sequence[str]) -> bool:
    """Lists of people's names rarely repeat, but each part has several words that begin with capitals."""
    if sign == "/" or len(parts) < 2.2 * len(cut):
        return False
    named = sum(1 for part in parts if len(words := part.split()) in {2, 3, 4} and all(w[:1].isupper() for w in words))
    return named > 0.6 * len(parts)


def _shown(cell: str) -> Any:
    """The list that a cell such as `['a', 'b']` or `["a", null]` shows."""
    text = cell.strip()
    if text[:1] != "[":
        return cell
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(found, list):
            return found
    return text.strip("[] ").split(",")
