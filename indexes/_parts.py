"""The parts of a score by readable names, and as bars of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["PART_NAMES", "part_bars", "part_name"]

Language = Literal["en", "zh"]

PART_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "vector": ("close in meaning", "意思相近"),
    "words": ("shared words", "字词相同"),
    "like": ("like what was named", "与所提的相似"),
    "prefer": ("what you would prefer", "你的偏好"),
    "taste": ("your taste", "你的口味"),
    "together": ("people with your taste", "口味相近的人"),
    "popular": ("liked by many", "很多人喜欢"),
    "lately": ("liked lately", "最近受欢迎"),
    "profile": ("what you told before", "你以前说过的"),
    "typical": ("typical of the choice", "有代表性"),
    "novel": ("little known", "少有人知"),
    "rules": ("the house's rules", "店家规则"),
    "missed": ("what is missing", "未满足的条件"),
}
"""English and Chinese name of each part of a score."""


def part_name(name: str, language: Language) -> str:
    """A part's name for a reader."""
    names = PART_NAMES.get(name)
    return names[language == "zh"] if names else name


def part_bars(parts: Mapping[str, float], language: Language = "en", *, width: int = 20) -> list[str]:
    """One line a part, the largest first, then their sum: name, bar, number; what counts against has an open bar.

    Args:
        parts: Of a `Recommendation`.
        language: Of the names.
        width: Of the longest bar, in characters.
    """
    shown = sorted(((n, v) for n, v in parts.items() if round(v, 2)), key=lambda pair: -abs(pair[1]))
    most = max((abs(value) for _, value in shown), default=1.0)
    names = [part_name(name, language) for name, _ in shown] + ["总分" if language == "zh" else "score"]
    wide = max(_columns(name) for name in names)
    lines: list[str] = []
    for name, (_, value) in zip(names, shown, strict=False):
        bar = ("█" if value > 0 else "░") * max(1, round(width * abs(value) / most))
        lines.append(f"{_padded(name, wide)}  {bar:<{width}}  {value:+.2f}")
    lines.append(f"{_padded(names[-1], wide)}  {'':<{width}}  {sum(parts.values()):+.2f}")
    return lines


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns(text))


def _columns(text: str) -> int:
    """How many columns a terminal gives a text: Chinese characters take two."""
    return sum(2 if character > "\u2e7f" else 1 for character in text)
