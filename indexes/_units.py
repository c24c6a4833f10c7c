"""Numbers as people write them: with a unit, a currency, separators of thousands, a decimal comma."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_CURRENCY = r"US\$|[$€£¥￥₹₽₩]|USD|EUR|GBP|CNY|RMB|JPY"
_DIGITS = r"[+-]?(?:\d{1,3}(?:[ \u00a0\u202f'](?=\d{3}\b)\d{3})+|\d[\d.,]*|[.]\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(
    rf"(?P<before>{_CURRENCY})?\s*(?P<digits>{_DIGITS})\s*(?P<scale>[万亿])?\s*"
    rf"(?P<after>{_CURRENCY}|%|％|/\s*\d+|[^\W\d_]{{1,12}}(?:/[^\W\d_]{{1,8}})?|°[CF]?|[\"″]|[^\W\d_]{{1,4}}[²³])?[.]?",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"(?P<hours>\d+)\s*(?:h|hrs?|hours?|小时|时)[\s,]*(?:(?P<minutes>\d+)\s*(?:m|mins?|minutes?|分钟?)?)?",
    re.IGNORECASE,
)
_COMMA_DECIMALS = re.compile(r"(?<![\d,])\d+(?:\.\d{3})*,(?:\d{1,2}|\d{4,})(?![\d,])|\d{1,3}(?:\.\d{3}){2,}")
_DOT_DECIMALS = re.compile(r"(?<![\d.])\d+(?:,\d{3})*\.(?:\d{1,2}|\d{4,})(?![\d.])|\d{1,3}(?:,\d{3}){2,}")
_DECADE = re.compile(r"\d{3}0s")
_SCALES = {"万": 1e4, "亿": 1e8}
_SAME = {
    "mins": "min", "minute": "min", "minutes": "min", "分钟": "min", "分": "min", "m in": "min",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s",
    "dollar": "$", "dollars": "$", "usd": "$", "us$": "$", "euro": "€", "euros": "€", "eur": "€", "gbp": "£",
    "cny": "¥", "rmb": "¥", "￥": "¥", "元": "¥", "块": "¥", "jpy": "¥", "％": "%", "percent": "%", "pct": "%",
    "gram": "g", "grams": "g", "克": "g", "kilogram": "kg", "kilograms": "kg", "公斤": "kg", "千克": "kg",
    "大卡": "kcal", "千卡": "kcal", "公里": "km", "米": "m", "厘米": "cm", "毫米": "mm", "寸": '"', "英寸": '"',
    "inch": '"', "inches": '"', "″": '"',
    "升": "l", "毫升": "ml", "斤": "斤", "度": "°C",
}  # fmt: skip
_KNOWN = {
    unit.casefold(): unit
    for unit in (
        "min", "h", "s", "ms", "$", "€", "£", "¥", "₹", "₽", "₩", "%", "g", "kg", "mg", "lb", "oz", "kcal", "cal", "kJ",
        "km", "m", "cm", "mm", "mi", "ft", '"', "l", "ml", "cl", "GB", "MB", "TB", "W", "kW", "kWh", "V", "mAh", "Hz",
        "GHz", "mph", "km/h", "°C", "°F",
    )
}  # fmt: skip
_FACTORS = {
    ("h", "min"): 60.0, ("min", "h"): 1 / 60, ("s", "min"): 1 / 60, ("min", "s"): 60.0, ("kg", "g"): 1000.0,
    ("g", "kg"): 1e-3, ("m", "cm"): 100.0, ("cm", "m"): 0.01, ("mm", "cm"): 0.1, ("cm", "mm"): 10.0,
    ("km", "m"): 1000.0, ("m", "km"): 1e-3, ("l", "ml"): 1000.0, ("ml", "l"): 1e-3, ("GB", "MB"): 1024.0,
    ("MB", "GB"): 1 / 1024, ("TB", "GB"): 1024.0, ("GB", "TB"): 1 / 1024,
}  # fmt: skip
_CANONICAL = frozenset(_KNOWN.values())
_BRACKET = re.compile(r"[(\[（](?P<unit>[^)\]）]{1,8})[)\]）]\s*$")


def read_number(text: str, *, decimal_comma: bool = False) -> tuple[float, str] | None:
    """A number and its unit ("" without one), or None when the text is not one number.

    Args:
        text: For example `1,200`, `$12.50`, `120 min`, `1h 30min`, `1.2万`, `85%`.
        decimal_comma: Whether `1,5` is one and a half, as in much of Europe.
    """
    text = text.strip()
    hours = _HOURS.fullmatch(text)
    if hours is not None and hours["minutes"] is not None:
        return int(hours["hours"]) * 60.0 + int(hours["minutes"]), "min"
    match = _NUMBER.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    number = _read_digits(match["digits"], decimal_comma)
    if number is None or abs(number) == float("inf"):
        return None
    unit = same_unit((match["before"] or match["after"] or "").replace(" ", ""))
    # "3D" and "1990s" are names; a unit that is not known is a word, or stands apart.
    if len(unit) < 3 and unit.isascii() and unit.isalpha() and unit not in _CANONICAL and " " not in text:
        return None
    if _DECADE.fullmatch(text):
        return None
    return number * _SCALES.get(match["scale"] or "", 1.0), unit


def uses_decimal_comma(texts: Sequence[str]) -> bool:
    """Whether more of the numbers can only be read with a comma before the decimals than with a dot."""
    return sum(map(bool, map(_COMMA_DECIMALS.search, texts))) > sum(map(bool, map(_DOT_DECIMALS.search, texts)))


def same_unit(unit: str) -> str:
    """One spelling for units that are the same: `mins` and `分钟` are `min`."""
    folded = unit.casefold()
    return _SAME.get(folded) or _KNOWN.get(folded, unit)


def convert(number: float, unit: str, to: str) -> float | None:
    """A number in another unit; None when the two have nothing to do with each other.

    A number without a unit is taken to have the other's.
    """
    if unit in {to, ""}:
        return number
    factor = _FACTORS.get((unit, to))
    return None if factor is None else number * factor


def main_unit(units: Sequence[str]) -> str:
    """The unit that most of the numbers have; "" when they have none."""
    counted = Counter(unit for unit in units if unit)
    return counted.most_common(1)[0][0] if counted else ""


def name_unit(name: str) -> str | None:
    """The unit that a column's name says: `runtime_min`, `price (€)`, `重量(克)`; else None."""
    bracket = _BRACKET.search(name)
    last = bracket["unit"] if bracket else re.split(r"[\W_]+", name.strip())[-1] if "_" in name or " " in name else ""
    unit = same_unit(last.strip())
    if not last and name.casefold() in {"kcal", "kj"}:
        return same_unit(name)
    return unit if unit in _CANONICAL and (bracket is not None or len(last) > 1 or not last.isascii()) else None


def _read_digits(digits: str, decimal_comma: bool) -> float | None:
    digits = re.sub(r"[\s'\u00a0\u202f]", "", digits)
    if decimal_comma:
        digits = digits.replace(".", "").replace(",", ".") if "," in digits or digits.count(".") > 1 else digits
    elif "," in digits:
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?", digits):
            return None
        digits = digits.replace(",", "")
    try:
        return float(digits)
    except ValueError:
        return None
