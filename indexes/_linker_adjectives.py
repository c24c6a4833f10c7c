"""Adjectives of measure in their forms: "cheaper", "too long", "the newest", "not very heavy", 便宜点, 有点贵."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chatrec.indexes._linker_text import Phrases
from chatrec.indexes._linker_words import phrases

Degree: TypeAlias = Literal["comparative", "superlative", "absolute", "mild"]

_ENGLISH: dict[tuple[str, ...], tuple[str, str]] = {
    ("money",): ("cheap inexpensive affordable", "expensive pricey costly dear"),
    ("time", "pages", "length", "days"): ("short brief", "long lengthy"),
    ("year", "-age"): ("old dated vintage", "new recent modern"),
    ("mass",): ("light lightweight", "heavy"),
    ("length", "volume", "bytes"): ("small little tiny", "big large huge"),
    ("-time", "speed"): ("slow", "fast quick"),
    ("length",): ("close near", "far distant"),
    ("difficulty",): ("easy simple", "hard difficult complex complicated challenging"),
    ("rating",): ("", "high-rated highly-rated well-rated top-rated"),
    ("popularity",): ("obscure unpopular", "popular"),
    ("temperature",): ("cold cool", "hot warm"),
    ("age",): ("young", ""),
    ("width",): ("narrow", "wide broad"),
    ("height",): ("", "tall"),
    ("depth",): ("shallow", "deep"),
    ("thickness",): ("thin slim", "thick"),
    ("slope",): ("gentle", ""),
    ("slope", "money"): ("", "steep"),
}
_CHINESE: dict[tuple[str, ...], tuple[str, str]] = {
    ("money",): ("便宜 实惠 低价", "贵 昂贵"),
    ("time", "pages", "length"): ("短 简短", "长"),
    ("time",): ("", "久"),
    ("year",): ("旧 老 早", "新 晚"),
    ("mass",): ("轻 轻便", "重 沉"),
    ("length", "volume", "bytes"): ("小", "大"),
    ("-time", "speed"): ("慢", "快"),
    ("length",): ("近", "远"),
    ("difficulty",): ("简单 容易", "难 复杂"),
    ("popularity",): ("冷门", "热门"),
    ("width",): ("窄", "宽"),
    ("height",): ("矮", "高"),
    ("depth",): ("浅", "深"),
    ("thickness",): ("薄", "厚"),
    ("slope",): ("平缓", "陡"),
}


def more_of(dim: str, *, chinese: bool = False) -> str:
    """The adjectives, joined with bars, that say there is much of a dimension: "expensive|pricey|steep" of money."""
    table = _CHINESE if chinese else _ENGLISH
    return "|".join(word for dims, (_, more) in table.items() if dim in (dims[0], dims[-1]) for word in more.split())


_IRREGULAR = {"far": ("farther", "farthest"), "little": ("littler", "littlest"), "dear": ("dearer", "dearest")}


@dataclass(frozen=True, slots=True)
class Meaning:
    dims: tuple[str, ...]
    sign: int
    degree: Degree
    blame: bool = False
    """Whether it finds fault with what there is: "a bit long", 太贵."""


_TOO = (
    "too",
    "way too",
    "far too",
    "a bit",
    "a bit too",
    "bit",
    "a little",
    "a little too",
    "a tad",
    "a touch",
    "bit too",
)
"""What finds fault with a measure: "a bit long" is too long."""
_IS = (
    "is",
    "are",
    "thats",
    "that",
    "it",
    "its",
    "theyre",
    "looks",
    "sounds",
    "seems",
    "thats so",
    "thats very",
    "thats quite",
    "ouch",
)
"""What a price is called dear by."""


def _forms(word: str) -> tuple[str, str]:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("e"):
        return word + "r", word + "st"
    if word.endswith("y"):
        return word[:-1] + "ier", word[:-1] + "iest"
    if len(word) <= 4 and word[-1] in "gdt" and word[-2] in "aeiou" and word[-3] not in "aeiou":
        return word + word[-1] + "er", word + word[-1] + "est"
    return word + "er", word + "est"


def _english() -> Iterator[tuple[str, Meaning]]:
    for dims, (less, more) in _ENGLISH.items():
        for sign, words in ((-1, less.split()), (1, more.split())):
            for word in words:
                comparative, superlative = _forms(word)
                yield word, Meaning(dims, sign, "absolute")
                for form in (comparative, f"more {word}", f"a bit {comparative}"):
                    yield form, Meaning(dims, sign, "comparative")
                blamed = [f"{much} {word}" for much in _TOO]
                blamed += [f"{lead} {word}" for lead in _IS if sign > 0 and "money" in dims]
                for form in (f"less {word}", f"not as {word}", f"not so {word}"):
                    yield form, Meaning(dims, -sign, "comparative")
                for form in blamed:
                    yield form, Meaning(dims, -sign, "comparative", blame=True)
                yield superlative, Meaning(dims, sign, "superlative")
                yield f"most {word}", Meaning(dims, sign, "superlative")
                yield f"least {word}", Meaning(dims, -sign, "superlative")
    for form in ("higher rated", "better rated", "rated higher", "better reviewed"):
        yield form, Meaning(("rating",), 1, "comparative")
    for form in ("best rated", "highest rated", "top rated", "best reviewed"):
        yield form, Meaning(("rating",), 1, "superlative")
    for form, sign in (("earlier", -1), ("later", 1)):
        yield form, Meaning(("year",), sign, "comparative")


def _chinese() -> Iterator[tuple[str, Meaning]]:
    for dims, (less, more) in _CHINESE.items():
        for sign, words in ((-1, less.split()), (1, more.split())):
            for word in words:
                for form in (
                    f"{word}一点",
                    f"{word}点",
                    f"{word}些",
                    f"{word}一些",
                    f"更{word}",
                    f"再{word}",
                    f"{word}一点点",
                ):
                    yield form, Meaning(dims, sign, "comparative")
                for form in (f"更{word}一点", f"再{word}一点", f"再{word}点", f"更{word}的", f"更{word}些"):
                    yield form, Meaning(dims, sign, "comparative")
                blamed = [f"{much}{word}" for much in ("太", "有点", "有点儿", "有些", "偏")]
                blamed += [f"好{word}", f"真{word}", f"{word}了"] if sign > 0 and "money" in dims else []
                blamed += [f"太{word}了", f"{word}了点", f"{word}了些", f"{word}了一点"]
                for form in blamed:
                    yield form, Meaning(dims, -sign, "comparative", blame=True)
                for form in (f"没那么{word}", f"不那么{word}"):
                    yield form, Meaning(dims, -sign, "comparative")
                yield f"最{word}", Meaning(dims, sign, "superlative")
                for lead in ("不要太", "别太", "不太", "不能太", "不是很", "不算", "不"):
                    yield f"{lead}{word}", Meaning(dims, -sign, "mild")
                if len(word) > 1:
                    yield word, Meaning(dims, sign, "absolute")


def _spending() -> Iterator[tuple[str, Meaning]]:
    """What is said of a price by what is spent: "don't want to spend a lot", "won't break the bank", 预算有限."""
    for verb in ("spend", "pay", "cost", "costs"):
        for much in ("a lot", "a fortune", "much", "very much", "that much", "so much", "a lot of money", "big money"):
            yield f"{verb} {much}", Meaning(("money",), 1, "absolute")
        for much in ("too much", "too much money", "way too much", "a bit too much", "a bit much"):
            yield f"{verb} {much}", Meaning(("money",), -1, "comparative", blame=True)
    yield "break the bank", Meaning(("money",), 1, "absolute")
    for form in ("on a budget", "on a tight budget", "tight budget", "budget friendly", "easy on the wallet"):
        yield form, Meaning(("money",), -1, "absolute")
    for form in ("花太多钱", "花太多", "花很多钱", "花大钱", "太费钱"):
        yield form, Meaning(("money",), -1, "comparative", blame=True)
    for form in ("预算有限", "预算不多", "预算不高", "预算紧", "预算很紧", "预算少"):
        yield form, Meaning(("money",), -1, "absolute")


ADJECTIVES: Phrases[Meaning] = Phrases([*_english(), *_chinese(), *_spending()])
IDIOMS = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        new year|new to|old school|long time|long as|far as|big fan|huge fan|big deal|hard to|easy to|close to|
        short story|short stories|light hearted|simple question|long ago|long way|large part|old friend|
        old friends|new here|far away|hard time|big time|long day|long week|hot dog|cool thing|later on|
        newest member|long story|younger self
        """
    )
)
CONCEDED: Phrases[Meaning] = Phrases(
    (form, Meaning(dims, sign, "comparative"))
    for dims, (less, more) in _CHINESE.items()
    for sign, words in ((-1, less.split()), (1, more.split()))
    for word in words
    for form in (
        f"{word}就{word}",
        f"{word}点就{word}点",
        f"{word}一点就{word}一点",
        f"{word}点认了",
        f"{word}一点认了",
    )
)
"""What is put up with, which asks for nothing: 贵就贵吧, 远点认了."""
AFTER_THAN: Phrases[Meaning] = Phrases(
    (lead + word, Meaning(dims, sign, "comparative"))
    for dims, (less, more) in _CHINESE.items()
    for sign, words in ((-1, less.split()), (1, more.split()))
    for word in words
    for lead in ("", "更", "还", "要")
)
MORE_BY: Phrases[Meaning] = Phrases(
    (lead + word, Meaning(dims, sign, "comparative"))
    for dims, (less, more) in _CHINESE.items()
    for sign, words in ((-1, less.split()), (1, more.split()))
    for word in words
    for lead in (("", "再", "更", "还要") if "money" in dims else ("再", "更", "还要"))
)
"""What in Chinese stands before the number that it is more or less by: 便宜50块, 再短十分钟."""
