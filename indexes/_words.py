"""From text to words, in English and Chinese alike.

Letters are compared without case, width and accents. Chinese, Japanese and Korean are cut into single characters and
pairs, which needs no dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CJK = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_RUNS = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>(?:(?![{_CJK}])[^\W_])+(?:['’](?:(?![{_CJK}])[^\W_])+)*)")
_PLAIN_RUNS = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
"""The same of a text in ASCII, some times as fast."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_STOP = frozenset(
    """
    a about am an and any anything are as at be been but by can could did do does don't for from had has have he
    her him his how i i'd i'll i'm i've if in into is it it's its just like looking me my no not of on or our
    out please recommend she should so some something suggest than that that's the their them then there these
    they this those to too us very want was we were what when where which who will with would you your
    """.split()  # noqa: SIM905
)
_STOP_CHARACTERS = frozenset("的了吗呢吧啊我你他她它们想要这那有是在和与或就都也很不个一些请给")
_VOWEL = re.compile("[aeiouy]")


def words(text: str) -> list[str]:
    """The text's words as they are written, folded: `Amélie's 夏天` gives `amelie's`, `夏`, `天`, `夏天`."""
    if text.isascii():
        return _PLAIN_RUNS.findall(text.lower())
    # NFKD splits accents off; only the Latin ones are dropped, then the rest (kana, Hangul) is put together again.
    folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text))).casefold()
    found: list[str] = []
    for match in _RUNS.finditer(folded):
        run = match["cjk"]
        if run is None:
            found.append(match["word"].replace("’", "'"))
        else:
            found.extend(run)
            found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


def stems(text: str) -> list[str]:
    """The text's words without function words, English endings taken off: `burning stories` gives `burn`, `story`."""
    return [found for word in words(text) if (found := _kept(word)) is not None]


@lru_cache(maxsize=1 << 16)
def _kept(word: str) -> str | None:
    """The stem of a word, None of a function word: of a catalog's words most come again and again."""
    return None if is_stop(word) else stem(word)


def is_stop(word: str) -> bool:
    """Whether a folded word is a function word of English or Chinese."""
    return word in _STOP or any(character in _STOP_CHARACTERS for character in word)


def stem(word: str) -> str:
    """A folded word by a light stemmer: possessive, plural, -ing, -ed, final e. Query and items are cut alike."""
    word = word.removesuffix("'s")
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) >= 3 and _VOWEL.search(bare):
            doubled = bare[-1] == bare[-2] and bare[-1] not in "lsz"
            word = bare[:-1] if doubled else bare
            break
    return word.removesuffix("e") if len(word) > 3 else word
