"""Words that point at a listed item by what it is: "the blue one", 粉的那个, "the quartet", 便宜的那个."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_positions import COUNTERS
from chatrec.indexes._linker_text import Sentence, Token, is_han, stems
from chatrec.indexes._linker_words import COMMON, FUNCTION, HAN_FUNCTION, words
from chatrec.indexes._values import Item

__all__ = [
    "CLOSING",
    "Rarity",
    "asked_which",
    "extreme",
    "grams",
    "judged",
    "one_of_them",
    "pieces",
    "pointing",
    "told",
]

_THE = frozenset({"the", "that", "this"})
_ONE = frozenset({"one", "option", "item"})
_HAN_THE = frozenset("那这")
_HAN_CHOSEN = frozenset("就那这选")
_INTERJECTIONS = frozenset(
    words(
        """
        ah aha aww cool eh er ew ha haha hah heh hm hmm mm nah nice no oh ok okay omg oo ooh oooh ouch so uh um well
        whoa wow yay yeah yes yum lol then it is a
        """
    )
)
_LATER = frozenset({"last", "yesterday", "ago", "tho", "thing", "things"})
_JUDGES = frozenset({"is", "was", "looks", "look", "sounds", "sound", "seems", "seem", "beats", "would", "has", "does"})
CLOSING = FUNCTION | _JUDGES | _LATER
_OF_THEM = frozenset({"one", "of", "these", "those", "them", "em", "the", "two", "three", "four", "is", "has"})
_WHERE = frozenset({"at", "by", "for", "in", "on", "over", "under"})
_NEW = frozenset(
    words("a an any some something anything more another other for with without no 有 想 要 找 换 来 推 求 买 别")
)
"""What stands before a wish for something that was not listed."""
_NEAR = 4
_SURE = 0.7
_FEW = 0.1


def pointing(sentence: Sentence, found: Found, shown: Sequence[Item]) -> Item | None:
    """The listed item that a value points at: the only one that has it, where the words speak of one that is known.

    Args:
        sentence: The sentence.
        found: A value in it.
        shown: The items listed last.
    """
    if not shown or found.kind != "value" or found.constraint.op != "any" or found.score < _SURE:
        return None
    if not (one_of_them(sentence, found.start, found.end) or _led_by_than(sentence, found.start)):
        return None
    holders = [item for item in shown if found.constraint.accepts(item.facets.get(found.constraint.facet))]
    return holders[0] if len(holders) == 1 else None


def one_of_them(sentence: Sentence, start: int, end: int) -> bool:
    """Whether words tell one of several that are known: "the ... one", "the one with ...", ...的那个, 那个...的."""
    norms = [token.norm for token in sentence.tokens]
    if norms[start - 1 : start] and norms[start - 1] in _THE and norms[end : end + 1] and norms[end] in _ONE:
        return not sentence.tokens[end].soft and not sentence.tokens[end].hard
    if (
        sentence.begins(start)
        and norms[end : end + 1] == ["one"]
        and not (sentence.tokens[end].soft or sentence.tokens[end].hard)
    ):
        return sentence.ends(end + 1) or norms[end + 1] in CLOSING
    if any(a in _THE and b in _ONE for a, b in pairwise(norms[max(0, start - _NEAR) : start])):
        return True
    after = end + (norms[end : end + 1] == ["的"])
    if norms[after : after + 1] and norms[after] in _HAN_THE and norms[after + 1 : after + 2]:
        return norms[after + 1] in COUNTERS
    led = start > 1 and norms[start - 2] in _HAN_THE and norms[start - 1] in COUNTERS
    return led and norms[end : end + 1] == ["的"]


def asked_which(sentence: Sentence, start: int, end: int) -> bool:
    """Whether words ask which one of the list they are true of: "which of these is the ...", 最...的是哪个."""
    begin, stop = sentence.clause(start)
    before = [token.norm for token in sentence.tokens[begin:start]]
    after = [token.norm for token in sentence.tokens[end:stop]]
    if "which" in before:
        return _OF_THEM.issuperset(before[before.index("which") + 1 :])
    return "有" not in before and any(
        a == "哪" and b in COUNTERS for side in (before, after) for a, b in pairwise(side)
    )


def _led_by_than(sentence: Sentence, start: int) -> bool:
    before = [token.norm for token in sentence.tokens[max(0, start - 2) : start]]
    return before == ["than", "the"] or before[-1:] == ["比"]


class Rarity:
    """How many texts hold a word, or two Chinese characters in a row: what many share tells none of them apart.

    Args:
        texts: All of them.
        few: The share of texts in which a word may stand and still tell one item from others.
    """

    def __init__(self, texts: Sequence[str], *, few: float = _FEW) -> None:
        self._held: dict[str, int] = {}
        for text in texts:
            for word in {*grams(stems(text))}:
                self._held[word] = self._held.get(word, 0) + 1
        self._most = max(2.0, few * len(texts))

    def __call__(self, words: Sequence[str]) -> bool:
        """Whether at least one of some words, or pairs of characters, is in few texts."""
        return any(self._held.get(gram, 0) <= self._most for gram in grams(words))


def grams(words: Sequence[str]) -> list[str]:
    """Words, and Chinese characters by twos."""
    pairs = [a + b for a, b in pairwise(words) if is_han(a) and is_han(b)]
    return [*pairs, *(word for word in words if not is_han(word))]


def pieces(
    sentence: Sentence, items: Sequence[Item], rare: Callable[[Sequence[str]], bool], valued: Callable[[int, int], bool]
) -> list[tuple[Item, int, int]]:
    """Items that a part of their title points at, no other of these titles having it: "the quartet", 就铁观音吧.

    Args:
        sentence: The sentence; the tokens of what is found are taken.
        items: Those that were listed.
        rare: Whether words of a title are in few others.
        valued: Whether the tokens from one to another are a value, which may be wished for.

    Returns:
        Item, first token, and the token after the last.
    """

    def meant(start: int, end: int) -> bool:
        run = [token.stem for token in sentence.tokens[start:end]]
        known = _known(sentence, start, end, valued=valued(start, end))
        if known is not None or not rare(run):
            return bool(known)
        return not _wished(sentence, start) or _raised(sentence, start, end)

    return _told(sentence, [(item, stems(item.title)) for item in items], meant, whole=True)


def told(sentence: Sentence, items: Sequence[Item]) -> list[tuple[Item, int, int]]:
    """Items that words of their description point at, where one of several is spoken of: "the one with the tent".

    Args:
        sentence: The sentence; the tokens of what is found are taken.
        items: Those that were listed.

    Returns:
        Item, first token, and the token after the last.
    """

    def meant(start: int, end: int) -> bool:
        if end - start == 1 and sentence.tokens[start].kind == "han":
            return False
        word = sentence.tokens[start].norm
        the = len(word) > 3 and word not in COMMON and _known_one(sentence, start, end)
        return the or one_of_them(sentence, start, end) or _led_by_than(sentence, start)

    return _told(sentence, [(item, stems(f"{item.title} {item.description}")) for item in items], meant)


def _told(
    sentence: Sentence,
    texts: Sequence[tuple[Item, tuple[str, ...]]],
    meant: Callable[[int, int], bool],
    *,
    whole: bool = False,
) -> list[tuple[Item, int, int]]:
    """The longest runs of tokens that one text alone has, where they are meant so.

    With `whole` the one that ends with them will do: "the Duke" is the Holloway Duke and not the Holloway Duke Mini.
    """
    found: list[tuple[Item, int, int]] = []
    at = 0
    while at < len(sentence):
        end = max((_reach(sentence, at, text) for _, text in texts), default=at)
        run = tuple(token.stem for token in sentence.tokens[at:end])
        held = [(item, text) for item, text in texts if run and _within(run, text)]
        ending = [one for one in held if one[1][-len(run) :] == run] if whole else []
        holders = [item for item, _ in (ending if len(ending) == 1 else held)]
        if len(holders) == 1 and meant(at, end):
            sentence.take(at, end)
            found.append((holders[0], at, end))
        at = end if found and found[-1][1] == at else at + 1
    return found


def _reach(sentence: Sentence, start: int, title: Sequence[str]) -> int:
    """The end of the longest run of tokens from `start` that stands in a title, without small words at either end."""
    best = start
    for place in range(len(title)):
        end = start
        while (
            end < len(sentence)
            and place + end - start < len(title)
            and sentence.tokens[end].stem == title[place + end - start]
            and sentence.free(end, end + 1)
            and not (end > start and sentence.ends(end))
        ):
            end += 1
        best = max(best, end)
    while best > start and _small(sentence.tokens[best - 1]):
        best -= 1
    return start if best > start and _small(sentence.tokens[start]) else best


def _small(token: Token) -> bool:
    return token.kind == "word" and token.norm in FUNCTION


def _within(words: tuple[str, ...], title: tuple[str, ...]) -> bool:
    return any(title[at : at + len(words)] == words for at in range(len(title) - len(words) + 1))


def _known(sentence: Sentence, start: int, end: int, *, valued: bool) -> bool | None:
    """Whether what is named is spoken of as known; None where the words around it do not tell."""
    tokens = sentence.tokens[start:end]
    one = one_of_them(sentence, start, end)
    lead = sentence.tokens[start - 1].norm if start else ""
    if all(token.kind == "han" for token in tokens):
        if len(tokens) < 2 or all(token.norm in HAN_FUNCTION for token in tokens):
            return False
        counted = start > 1 and lead in COUNTERS and sentence.tokens[start - 2].norm in _HAN_THE
        return True if one or counted or lead in _HAN_CHOSEN else False if valued else None
    heavy = [token for token in tokens if not _small(token) and token.kind != "number"]
    if one or not heavy:
        return one
    if valued or (len(heavy) == 1 and heavy[0].norm in COMMON):
        return _known_one(sentence, start, end)
    return True if (lead in _THE and len(heavy) > 1) or _known_one(sentence, start, end) else None


def _wished(sentence: Sentence, start: int) -> bool:
    """Whether the clause before a token wishes for something new: then a title's words may be meant as words."""
    begin, _ = sentence.clause(start)
    return any(token.norm in _NEW for token in sentence.tokens[begin:start])


def _raised(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a part of a title stands out as a name."""
    first = sentence.begins(start)
    if sentence.tokens[start].kind == "han":
        return end - start > 2 or first
    capital = any(token.capital for token in sentence.tokens[start:end])
    if capital and not first:
        return True
    begin, stop = sentence.clause(start)
    others = [token.norm for at, token in enumerate(sentence.tokens[begin:stop], begin) if not start <= at < end]
    if all(word in _INTERJECTIONS for word in others):
        return True
    heavy = sum(not _small(token) for token in sentence.tokens[start:end])
    return first and heavy > 1 and stop > end and sentence.tokens[end].norm in _JUDGES


def judged(sentence: Sentence, start: int, end: int) -> bool:
    """Whether words open a clause and are judged by it: "Moth is too long"."""
    return sentence.begins(start) and not sentence.ends(end) and sentence.tokens[end].norm in _JUDGES


def _known_one(sentence: Sentence, start: int, end: int) -> bool:
    """Whether "the" leads and no noun follows, and no preposition makes a place or a purpose of it."""
    if not start or sentence.tokens[start - 1].norm not in _THE:
        return False
    where = start > 1 and sentence.tokens[start - 2].norm in _WHERE
    return not where and (sentence.ends(end) or sentence.tokens[end].norm in CLOSING)


def extreme(shown: Sequence[Item], facet: str, sign: int) -> Item | None:
    """The listed item that alone has the least (or, with a sign above 0, the most) of a number or a date."""
    held = [(value, item) for item in shown if isinstance(value := item.facets.get(facet), int | float | str)]
    if len(held) < 2:
        return None
    (first, item), (second, _), *_ = sorted(held, key=lambda pair: pair[0], reverse=sign > 0)
    return item if first != second else None
