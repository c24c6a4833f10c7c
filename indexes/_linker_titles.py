"""Titles that the person meant: exact, misspelt, without article, year or subtitle."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatrec.indexes._linker_adjectives import AFTER_THAN
from chatrec.indexes._linker_spelling import Speller
from chatrec.indexes._linker_text import Phrases, Sentence, Token, languages, norms
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._linker_words import COMMON, FUNCTION, HAN_FUNCTION, phrases
from chatrec.indexes._values import Item

_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_SPELLED = dict(
    zip(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        map(str, range(1, 11)),
        strict=True,
    )
)
_SAME = _ROMAN | {"and": "&"}
_PART = frozenset({"part", "vol", "volume", "chapter", "episode"})
_YEAR_TAG = re.compile(r"\s*[(（](?:19|20)\d\d[)）]\s*$")
_FEW = 1000
_SUBTITLE = re.compile(r"\s*(?::|：|\s[-–—]\s|——)\s*")
_QUOTES = {'"': '"', "“": "”", "‘": "’", "《": "》", "「": "」", "『": "』", "«": "»", "'": "'"}

_LIKE_PHRASES = phrases(
    """
    like|similar to|such as|reminds me of|remind me of|reminiscent of|in the vein of|in the style of|more of|
    same as|as good as|along the lines of|akin to|resembling|类似|类似于|像|跟|和|比如|喜欢|看过|吃过|买过|读过|
    听过|玩过|爱看|爱吃|想看|想吃|seen|saw|watched|watch|read|played|bought|tried|loved|love|enjoyed|liked|
    adored|hated|finished|own|owned|have|about|called|named|titled|tell me about|how about|what about|what is|
    not|than|讨厌|叫|名叫
    """
)
_LIKE = Phrases((phrase, True) for phrase in _LIKE_PHRASES)
_STRONG = frozenset(
    {"similar", "such", "reminds", "remind", "reminiscent", "akin", "watched", "seen", "类", "titled", "called"}
)
_TASTE = frozenset(
    {"loved", "love", "enjoyed", "liked", "adored", "hated", "saw", "watch", "read", "played", "finished"}
)
_LIKE_VERB = frozenset(
    {"i", "you", "we", "they", "would", "id", "really", "dont", "didnt", "also", "do", "did", "people", "who"}
)
_FOLLOW = frozenset({"一", "那", "这", "的", "差", "好", "怎", "吗", "吧", "了", "之", "等", "很", "不", "呢", "和"})


@dataclass(frozen=True, slots=True)
class Titled:
    """A title as said.

    Attributes:
        row: The item's row.
        start: First token.
        end: The token after it.
        score: How sure, 0 to 1.
        firm: Whether words around it say that it is a title (quotes, "like", a capital, a year).
    """

    row: int
    start: int
    end: int
    score: float
    firm: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    sentence: Sentence
    quoted: Mapping[int, int]
    last: Collection[int]


class Titles:
    """Finds titles in sentences.

    Args:
        items: All items.
        scales: What the number facets measure; years tell titles apart.
        real: Whether a word is a real one, never a misspelling.
    """

    def __init__(self, items: Sequence[Item], scales: Mapping[str, Scale], real: Callable[[str], bool]) -> None:
        self._items = items
        self._years = [name for name, scale in scales.items() if scale.year]
        self._keys: dict[tuple[str, ...], list[tuple[int, float]]] = {}
        self._longest: dict[str, int] = {}
        bilingual = sum(1 for item in items if languages(item.title)) >= 0.7 * len(items)
        for row, item in enumerate(items):
            said = (item.title, *(languages(item.title) if bilingual else ()))
            for key, sure in dict(pair for title in said for pair in _keys(title)).items():
                self._keys.setdefault(key, []).append((row, sure))
                if len(key) > self._longest.get(key[0], 0):
                    self._longest[key[0]] = len(key)
        self._real = real
        self._spell = Speller({word for key in self._keys for word in key}, real)

    def find(self, sentence: Sentence, last: Collection[int]) -> list[Titled]:
        """The titles in a sentence, longest first where they overlap; no token is marked.

        Args:
            sentence: The sentence.
            last: Rows of the last list; their titles need less around them.
        """
        words = [_same(token) for token in sentence.tokens]
        scene = _Scene(sentence, _quoted(sentence), last)
        found: list[Titled] = []
        index = 0
        while index < len(words):
            best = self._at(scene, words, index)
            if best is None:
                index += 1
            else:
                found.append(best)
                index = best.end
        return found

    def _at(self, scene: _Scene, words: list[str], start: int) -> Titled | None:
        sentence, quoted = scene.sentence, scene.quoted
        exact = self._exact(scene, words, start, 1.0)
        if exact:
            return exact
        anchored = start in quoted or _cue(sentence, start) is not None or sentence.tokens[start].capital
        for offset in range(min(3, len(words) - start)):
            for correction, likely in self._spell(words[start + offset]):
                changed = [*words[: start + offset], correction, *words[start + offset + 1 :]]
                respelt = self._exact(scene, changed, start, likely)
                if (
                    respelt
                    and respelt.end > start + offset
                    and (respelt.end - start > 1 or (anchored and likely >= 0.8 and not _part_of_name(sentence, start)))
                ):
                    return respelt
        return None

    def _exact(self, scene: _Scene, words: list[str], start: int, weight: float) -> Titled | None:
        sentence = scene.sentence
        for size in range(min(self._longest.get(words[start], 0), len(words) - start), 0, -1):
            rows = self._keys.get(tuple(words[start : start + size]))
            if not rows or any(
                token.hard and "." not in token.gap for token in sentence.tokens[start + 1 : start + size]
            ):
                continue
            titled = self._judge(scene, start, start + size, rows)
            if titled is not None:
                return Titled(titled.row, titled.start, titled.end, round(titled.score * weight, 3), titled.firm)
        return None

    def _judge(self, scene: _Scene, start: int, end: int, rows: Sequence[tuple[int, float]]) -> Titled | None:
        sentence, last = scene.sentence, scene.last
        year, stop = _year_after(sentence, end)
        dated = [pair for pair in rows if year is not None and abs((self._year(pair[0]) or 0) - year) <= 1]
        listed = [pair for pair in rows if pair[0] in last]
        pool = dated or listed or [pair for pair in rows if pair[1] == max(sure for _, sure in rows)]
        row, sure = max(pool, key=lambda pair: (pair[1], len(self._items[pair[0]].description), -pair[0]))
        score, firm = self._context(scene, start, end, listed=bool(listed))
        if dated:
            score, firm, end = 0.97, True, stop
        elif year is not None and sentence.tokens[stop - 1].gap.endswith("("):
            # Another item of that name was meant, one that the catalog does not have.
            score = min(score, 0.55) if sure == 1 and self._years else 0.0
        if score <= 0:
            return None
        if len(pool) > 1:
            score = min(score, 0.7)
        return Titled(row, start, end, score * sure, firm)

    def _context(self, scene: _Scene, start: int, end: int, *, listed: bool) -> tuple[float, bool]:  # noqa: PLR0911
        """How sure the words around a title make it; 0 when they leave it an ordinary word."""
        sentence = scene.sentence
        tokens = sentence.tokens[start:end]
        if scene.quoted.get(start) == end:
            return 0.98, True
        if tokens[0].kind == "han":
            return self._han_context(sentence, start, end, listed)
        cue = _cue(sentence, start)
        whole = start == 0 and end == len(sentence)
        weight = [token.norm for token in tokens if token.norm not in FUNCTION]
        rare = [word for word in weight if word not in COMMON and not word.isdigit()]
        capitals = sum(token.capital for token in tokens if token.kind == "word")
        raised = capitals >= max(1, len(weight)) and (start > 0 or len(tokens) > 1) and not _shouted(sentence)
        ends = end >= len(sentence) or sentence.ends(end) or sentence.tokens[end].norm in FUNCTION
        if len(tokens) > 1 and (len(rare) > 0 or len(weight) > 1):
            if cue or raised or whole or listed:
                return (0.95 if cue else 0.9), bool(cue or raised or whole)
            if len(rare) > 1:
                return (0.85 if len(rare) > 2 else 0.65), False
            numbered = any(token.kind == "number" for token in tokens)
            return (0.8 if rare and (len(tokens) > 2 or numbered) else 0.6 if rare else 0.0), False
        if len(tokens) > 1 and not weight:
            return (0.85, True) if raised and cue else (0.0, False)
        inside = _part_of_name(sentence, start) or (
            end < len(sentence)
            and sentence.tokens[end].gap == " "
            and (sentence.tokens[end].capital and len(sentence.tokens[end].text) > 1)
        )
        head = sentence.tokens[start if weight else end - 1]
        return self._one_word(
            head, rare=bool(rare), cue=cue, raised=raised, ends=ends, whole=whole, listed=listed, inside=inside
        )

    def _one_word(  # noqa: PLR0911
        self,
        token: Token,
        *,
        rare: bool,
        cue: str | None,
        raised: bool,
        ends: bool,
        whole: bool,
        listed: bool,
        inside: bool,
    ) -> tuple[float, bool]:
        if token.kind == "number":
            return (0.8, True) if ends and (cue in _STRONG or cue == "like") else (0.0, False)
        if token.norm in FUNCTION or len(token.norm) < 2:
            return (0.85, True) if raised and cue in {*_STRONG, *_TASTE, "like", "likes"} and ends else (0.0, False)
        if cue and (raised or cue in _STRONG or cue == "like") and ends:
            return (0.93 if raised or rare else 0.8), True
        if raised and not inside:
            return (0.85 if rare else 0.6), rare
        if listed and rare:
            return 0.85, False
        if cue and rare and ends:
            return 0.78, True
        if whole and rare:
            return 0.7, True
        unusual = rare and ends and len(token.norm) >= 6 and not self._real(token.norm)
        return (0.5, False) if unusual and len(self._items) <= _FEW else (0.0, False)

    def _han_context(self, sentence: Sentence, start: int, end: int, listed: bool) -> tuple[float, bool]:
        size = end - start
        ordinary = all(token.norm in HAN_FUNCTION for token in sentence.tokens[start:end])
        cue = _cue(sentence, start)
        closed = end >= len(sentence) or sentence.ends(end) or sentence.tokens[end].norm in _FOLLOW
        than = start > 0 and sentence.tokens[start - 1].norm == "比" and AFTER_THAN.at(sentence.tokens, end) is not None
        whole = size == len(sentence)
        if size >= 2 and than and not ordinary:  # 比白隼便宜的
            return 0.95, True
        if ordinary:
            return 0.0, False
        if size >= 3:
            return (0.95, True) if cue else (0.88, size >= 4)
        if size == 2 and (cue or listed or whole) and closed:
            return 0.8, True
        return (0.6, True) if size == 1 and cue == "类" and closed else (0.0, False)

    def _year(self, row: int) -> int | None:
        for name in self._years:
            value = self._items[row].facets.get(name)
            if isinstance(value, int | float):
                return int(value)
            if isinstance(value, str) and value[:4].isdigit():
                return int(value[:4])
        return None


def _same(token: Token) -> str:
    return _SAME.get(token.norm, token.norm)


def _keys(title: str) -> Iterable[tuple[tuple[str, ...], float]]:
    """Every way to say a title, and how much of it each is."""
    plain = _YEAR_TAG.sub("", title)
    whole = tuple(_SAME.get(word, word) for word in norms(plain))
    if not whole:
        return
    seen: dict[tuple[str, ...], float] = {whole: 1.0}
    parts = _SUBTITLE.split(plain)
    if len(parts) > 1:
        head, tail = (tuple(_SAME.get(w, w) for w in norms(part)) for part in (parts[0], parts[-1]))
        if len(head) > 1 or (head and not COMMON.issuperset(head)):
            seen.setdefault(head, 0.82)
        if len(tail) > 1 and sum(word not in FUNCTION for word in tail) > 1:
            seen.setdefault(tail, 0.85)
    for key, sure in list(seen.items()):
        if key[0] in {"the", "a", "an"} and len(key) > 1:
            seen.setdefault(key[1:], sure * 0.98)
    for key, sure in list(seen.items()):
        for at in range(1, len(key) - 1):
            if key[at] in _PART:
                number = _SPELLED.get(key[at + 1], key[at + 1])
                seen.setdefault((*key[: at + 1], number, *key[at + 2 :]), sure)
                seen.setdefault((*key[:at], number, *key[at + 2 :]), sure * 0.97)
                for word, digit in _SPELLED.items():
                    if digit == number:
                        seen.setdefault((*key[: at + 1], word, *key[at + 2 :]), sure)
    yield from seen.items()


def _cue(sentence: Sentence, start: int) -> str | None:
    """The first word of what leads a title in ("like", "similar to"), if anything does."""
    at = start - 1 if start and sentence.tokens[start - 1].norm in {"the", "于"} else start
    if start >= len(sentence) or sentence.tokens[start].hard:
        return None
    match = _LIKE.before(sentence.tokens, at)
    if match is None:
        if (
            start > 1
            and sentence.tokens[start - 1].norm in {"and", "or", "和", "&"}
            and sentence.tokens[start - 2].capital
        ):
            return _cue(sentence, start - 2) if start > 2 else None
        return None
    word = sentence.tokens[match[0]].norm
    if word == "like" and match[0] and sentence.tokens[match[0] - 1].norm in _LIKE_VERB:
        return "likes"
    return word


def _part_of_name(sentence: Sentence, start: int) -> bool:
    before = sentence.tokens[start - 1] if start else None
    return before is not None and before.capital and before.norm not in FUNCTION and not sentence.tokens[start].hard


def _quoted(sentence: Sentence) -> dict[int, int]:
    """Quoted runs: first token and the token after the last."""
    found: dict[int, int] = {}
    for start, token in enumerate(sentence.tokens):
        opening = token.gap[-1:]
        closing = _QUOTES.get(opening)
        if closing is None or (opening == "'" and len(token.gap) < 2 and start > 0):
            continue
        for end in range(start, min(start + 14, len(sentence))):
            if sentence.after(end).startswith((closing, "." + closing, "," + closing, "!" + closing, "?" + closing)):
                found[start] = end + 1
                break
    return found


def _year_after(sentence: Sentence, end: int) -> tuple[int | None, int]:
    at = end
    while at < min(end + 2, len(sentence)) and sentence.tokens[at].norm in {"from", "of"}:
        at += 1
    if (
        at < len(sentence)
        and sentence.tokens[at].kind == "number"
        and (not sentence.tokens[at].hard or sentence.tokens[at].gap.endswith("("))
    ):
        text = sentence.tokens[at].norm
        if len(text) == 4 and text.isdigit():
            return int(text), at + 1
    return None, end


def _shouted(sentence: Sentence) -> bool:
    """Whether capitals say nothing because all words have them, but for one in six."""
    words = [token for token in sentence.tokens if token.kind == "word" and token.norm != "i"]
    return len(words) > 2 and sum(not token.capital for token in words) <= len(words) // 6
