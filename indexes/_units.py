"""Numbers as people write them: with a unit, a currency, separators of thousands, a decimal comma."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_CURRENCY = r"US ?\$|[A-Z]{1,2}\$|[$€£¥￥₹₽₩]|USD|EUR|GBP|CNY|RMB|JPY|CHF"
_DIGITS = (
    r"[+\-−]?(?:\d{1,3}(?:[ \u00a0\u2009\u202f'’](?=\d{3}\b)\d{3})+(?:[.,]\d+)?|\d[\d.,]*|[.]\d+)(?:[eE][+-]?\d+)?"
)
_NUMBER = re.compile(
    r"(?:[~≈约]|大约|about\s|approx\.?\s|circa\s|ca?\.\s?|from\s)?\s*"
    rf"(?P<before>{_CURRENCY})?\s*(?P<digits>{_DIGITS})(?:[,.][-–—]+)?"
    r"(?P<scale>\s*[万亿]|k(?![^\W\d_])|(?-i:[MB])(?![^\W\d_])|\s*(?:million|billion)\b)?\s*"
    r"(?P<after>"
    rf"(?:{_CURRENCY}|元|块)?/\s*[^\W\d_]{{1,8}}|{_CURRENCY}|%|％|/\s*\d+|out of \d+"
    r"|[^\W\d_]{1,12}(?:/[^\W\d_]{1,8})?|°[CF]?|[\"″★]|[^\W\d_]{1,4}[²³2]|sq\.?\s?(?:m|ft))?[.+]?(?:起|左右|以上)?",
    re.IGNORECASE,
)
_STARS = re.compile(r"[★⭐]+(?P<half>½)?[☆✩]*")
_HOURS = re.compile(
    r"(?P<hours>\d+)\s*(?:h|hrs?|hours?|个?小时|时)[\s,]*(?:(?P<minutes>\d+)\s*(?:m|mins?|minutes?|分钟?)?)?"
    r"|(?P<half>半)个?小时|(?P<and_half>\d+)个半小时",
    re.IGNORECASE,
)
_COMMA_DECIMALS = re.compile(r"(?<![\d,])\d+(?:\.\d{3})*,(?:\d{1,2}|\d{4,})(?![\d,])|\d{1,3}(?:\.\d{3}){2,}")
_DOT_DECIMALS = re.compile(r"(?<![\d.])\d+(?:,\d{3})*\.(?:\d{1,2}|\d{4,})(?![\d.])|\d{1,3}(?:,\d{3}){2,}")
_DOTTED = re.compile(r"(?P<group>(?<![\d.])[1-9]\d{0,2}\.\d{3}(?!\d))|\d*\.\d+")
_DECADE = re.compile(r"\d{3}0s")
_PER = re.compile(r"(?<=[\W_])per[\W_].*", re.IGNORECASE)
"""What a column is counted by: `hours_per_week` holds hours."""
_SCALES = {"万": 1e4, "亿": 1e8, "k": 1e3, "m": 1e6, "b": 1e9, "million": 1e6, "billion": 1e9}
_SAME = {
    "mins": "min", "minute": "min", "minutes": "min", "分钟": "min", "分": "min", "m in": "min",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s",
    "dollar": "$", "dollars": "$", "usd": "$", "us$": "$", "euro": "€", "euros": "€", "eur": "€", "gbp": "£",
    "cny": "¥", "rmb": "¥", "￥": "¥", "元": "¥", "块": "¥", "jpy": "¥", "％": "%", "percent": "%", "pct": "%",
    "gram": "g", "grams": "g", "克": "g", "kilogram": "kg", "kilograms": "kg", "公斤": "kg", "千克": "kg",
    "大卡": "kcal", "千卡": "kcal", "公里": "km", "米": "m", "厘米": "cm", "毫米": "mm", "寸": '"', "英寸": '"',
    "inch": '"', "inches": '"', "″": '"',
    "升": "l", "毫升": "ml", "斤": "斤", "度": "°C", "℃": "°C", "℉": "°F",
    "years": "years", "year": "years", "yrs": "years", "yr": "years",
    "months": "months", "month": "months", "mo": "months", "mos": "months", "weeks": "weeks", "week": "weeks",
    "wk": "weeks", "wks": "weeks", "days": "days", "day": "days", "㎡": "m²", "m2": "m²", "平米": "m²", "平方米": "m²",
    "平": "m²", "sqm": "m²", "sqft": "ft²", "ft2": "ft²", "litre": "l", "litres": "l", "liter": "l", "liters": "l",
    "pound": "lb", "pounds": "lb", "lbs": "lb", "ounce": "oz", "ounces": "oz", "metre": "m", "metres": "m",
    "meter": "m", "meters": "m", "feet": "ft", "foot": "ft", "pages": "pages", "page": "pages", "star": "stars",
    "★": "stars",
}  # fmt: skip
_KNOWN = {
    unit.casefold(): unit
    for unit in (
        "min", "h", "s", "ms", "$", "€", "£", "¥", "₹", "₽", "₩", "%", "g", "kg", "mg", "lb", "oz", "kcal", "cal", "kJ",
        "km", "m", "cm", "mm", "mi", "ft", '"', "l", "ml", "cl", "GB", "MB", "TB", "W", "kW", "kWh", "V", "mAh", "Hz",
        "GHz", "mph", "km/h", "°C", "°F", "years", "months", "weeks", "days", "m²", "ft²", "CHF",
    )
}  # fmt: skip
_FACTORS = {
    ("h", "min"): 60.0, ("min", "h"): 1 / 60, ("s", "min"): 1 / 60, ("min", "s"): 60.0, ("kg", "g"): 1000.0,
    ("g", "kg"): 1e-3, ("m", "cm"): 100.0, ("cm", "m"): 0.01, ("mm", "cm"): 0.1, ("cm", "mm"): 10.0,
    ("km", "m"): 1000.0, ("m", "km"): 1e-3, ("l", "ml"): 1000.0, ("ml", "l"): 1e-3, ("GB", "MB"): 1024.0,
    ("MB", "GB"): 1 / 1024, ("TB", "GB"): 1024.0, ("GB", "TB"): 1 / 1024, ("years", "months"): 12.0,
    ("months", "years"): 1 / 12, ("weeks", "days"): 7.0, ("days", "weeks"): 1 / 7, ("h", "s"): 3600.0,
    ("s", "h"): 1 / 3600, ("m", "mm"): 1000.0, ("mm", "m"): 1e-3, ("cl", "ml"): 10.0, ("ml", "cl"): 0.1,
    ("l", "cl"): 100.0, ("cl", "l"): 0.01,
}  # fmt: skip
MONEY = frozenset(("$", "€", "£", "¥", "₹", "₽", "₩", "CHF"))
"""Currencies as `same_unit` spells them."""

_BEFORE = MONEY - {"CHF"}
_ONE = {"years": "year", "months": "month", "weeks": "week", "days": "day", "pages": "page", "stars": "star"}
_CHINESE = {
    "min": "分钟", "h": "小时", "s": "秒", "years": "年", "months": "个月", "weeks": "周", "days": "天", "pages": "页",
    "stars": "星", "kg": "公斤", "km": "公里", "g": "克", "m": "米", "cm": "厘米", "kcal": "千卡",
}  # fmt: skip
_CANONICAL = frozenset(_KNOWN.values())
_TENTHS = re.compile(r"(?<=\.\d)(?!\d)")
_BRACKET = re.compile(r"[(\[（](?P<unit>[^)\]）]{1,8})[)\]）]\s*$")


def with_unit(number: str, unit: str, language: str) -> str:
    """A number with its unit as a reader of `en` or `zh` is told it: "1 day", "3 days", 3天, "€4.50"."""
    if language == "zh" and unit in _CHINESE:
        return f"{number}{_CHINESE[unit]}"
    if unit in _BEFORE:
        return f"{unit}{_TENTHS.sub('0', number)}"
    return f"{number} {_ONE.get(unit, unit) if number == '1' else unit}"


def read_number(text: str, *, decimal_comma: bool = False) -> tuple[float, str] | None:
    """A number and its unit ("" without one), or None when the text is not one number.

    Args:
        text: For example `1,200`, `$12.50`, `120 min`, `1h 30min`, `1.2万`, `85%`.
        decimal_comma: Whether `1,5` is one and a half, as in much of Europe.
    """
    text = text.strip()
    whole, _, decimals = text.partition(".")
    if whole.isdecimal() and (not decimals or (decimals.isdecimal() and not decimal_comma)) and text.isascii():
        return (float(text), "") if len(whole) < 300 else None
    return _read_special(text) or _read_plain(text, decimal_comma)


def _read_plain(text: str, decimal_comma: bool) -> tuple[float, str] | None:
    match = _NUMBER.fullmatch(text)
    if match is None or (match["before"] and match["after"] and match["after"][0] != "/"):
        return None
    number = _read_digits(match["digits"], decimal_comma)
    if number is None or abs(number) == float("inf"):
        return None
    unit = same_unit(_bare(match["before"] or match["after"] or ""))
    # "3D" and "1990s" are names; a unit that is not known is a word, or stands apart.
    if len(unit) < 3 and unit.isascii() and unit.isalpha() and unit not in _CANONICAL and " " not in text:
        return None
    if _DECADE.fullmatch(text):
        return None
    return number * _SCALES.get((match["scale"] or "").strip().lower(), 1.0), unit


def _read_special(text: str) -> tuple[float, str] | None:
    """Hours with minutes, and stars that are drawn."""
    hours = _HOURS.fullmatch(text)
    if hours is not None:
        if hours["half"] or hours["and_half"]:
            return int(hours["and_half"] or 0) * 60.0 + 30, "min"
        if hours["minutes"] is not None:
            return int(hours["hours"]) * 60.0 + int(hours["minutes"]), "min"
    stars = _STARS.fullmatch(text)
    if stars is not None:
        return text.count("★") + text.count("⭐") + (0.5 if stars["half"] else 0.0), "stars"
    return None


def _bare(unit: str) -> str:
    """A unit without spaces; money by the month or the piece is money: the column's name says for what."""
    unit = unit.casefold().replace("out of", "/") if "out of" in unit.casefold() else unit
    unit = re.sub(r"[\s.]|(?:起|左右|以上)$", "", unit)
    money, _, per = unit.partition("/")
    return money if per.isalpha() and (same_unit(money) in MONEY or not money) else unit


def uses_decimal_comma(texts: Sequence[str]) -> bool:
    """Whether more of the numbers can only be read with a comma before the decimals than with a dot."""
    comma = sum(map(bool, map(_COMMA_DECIMALS.search, texts)))
    dot = sum(map(bool, map(_DOT_DECIMALS.search, texts)))
    return comma > dot or (not comma and not dot and _groups_by_dots(texts))


def _groups_by_dots(texts: Sequence[str]) -> bool:
    """Whether `1.250` is more than a thousand: beside 890, or as money, which has no three decimals."""
    dotted = [match for text in texts if (match := _DOTTED.search(text))]
    if not dotted or not all(match["group"] for match in dotted):
        return False
    if any(symbol in match.string for match in dotted for symbol in "$€£¥"):
        return True
    whole = [int(match[0]) for text in texts if "." not in text and (match := re.search(r"\d+", text))]
    return bool(whole) and min(whole) > 99


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
    counted = _PER.sub("", name.strip())
    last = bracket["unit"] if bracket else re.split(r"[\W_]+", counted)[-1] if "_" in name or " " in name else ""
    unit = same_unit(_bare(last.strip()))
    if not last and name.casefold() in {"kcal", "kj"}:
        return same_unit(name)
    return unit if unit in _CANONICAL and (bracket is not None or len(last) > 1 or not last.isascii()) else None


def without_unit(name: str) -> str:
    """A column's name without the unit in brackets that it ends with: `price (€)` is "price"."""
    bare = _BRACKET.sub("", name).rstrip(" _")
    return bare if bare and name_unit(name) else name


def _read_digits(digits: str, decimal_comma: bool) -> float | None:
    digits = re.sub(r"[\s'’]", "", digits).replace("−", "-")
    if "," in digits and "." in digits:
        # With both signs, the last one comes before the decimals, whatever other rows do.
        decimal_comma = digits.rindex(",") > digits.rindex(".")
    if decimal_comma:
        if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?|[+-]?\d+(,\d*)?|[+-]?\d*\.\d+", digits):
            return None
        if "," in digits or re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", digits):
            digits = digits.replace(".", "").replace(",", ".")
    elif "," in digits:
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?", digits):
            return None
        digits = digits.replace(",", "")
    try:
        return float(digits)
    except ValueError:
        return None
