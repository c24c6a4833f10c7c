"""What stands beside a number: "320 is steep", 三百太贵了, "70 wide", "50 cheaper"; counted digits."""

from __future__ import annotations

from chatrec.indexes._linker_adjectives import ADJECTIVES, AFTER_THAN, MORE_BY, more_of
from chatrec.indexes._linker_bounds import AFTER, ANY, SIDEWAYS, Bound
from chatrec.indexes._linker_figures import Figure
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import FUNCTION, phrases

_COPULAS = frozenset({"is", "are", "s", "seems", "sounds", "feels", "looks", "was"})
_DEGREES = frozenset(
    ["too", "way", "far", "a", "bit", "tad", "touch", "rather", "pretty", "quite", "so", "very", "really", "just"]
)
_TOO = frozenset({"too", "bit", "tad", "touch"})
_MUCH: dict[tuple[str, ...], str] = {
    ANY: "much|lot|many|big|large",
    ("money",): more_of("money"),
    ("time", "length", "pages"): "long",
    ("length",): "far",
    ("mass",): more_of("mass"),
    ("width",): more_of("width"),
    ("height",): more_of("height") + "|high",
    ("depth",): more_of("depth"),
    ("thickness",): more_of("thickness"),
}
_LITTLE: dict[tuple[str, ...], str] = {
    ANY: "little|few|small",
    ("height", "time", "length", "pages"): "short",
    ("width",): "narrow",
    ("depth",): "shallow",
    ("thickness",): "thin",
}
_HAN_MUCH: dict[tuple[str, ...], str] = {
    ANY: "多|大|高",
    ("money",): more_of("money", chinese=True),
    ("time", "length", "pages"): "长|久",
    ("length",): "远",
    ("mass",): more_of("mass", chinese=True),
    ("width",): more_of("width", chinese=True),
    ("depth",): more_of("depth", chinese=True),
    ("thickness",): more_of("thickness", chinese=True),
}
_HAN_LITTLE: dict[tuple[str, ...], str] = {
    ANY: "少|小",
    ("year",): "老|旧|早",
    ("height", "time", "length", "pages"): "短|矮",
    ("width",): "窄",
    ("depth",): "浅",
    ("thickness",): "薄",
}
_SIGNED: tuple[tuple[Bound, dict[tuple[str, ...], str]], ...] = (("lt", _MUCH), ("gt", _LITTLE))
_WORDS: dict[str, tuple[Bound, tuple[str, ...]]] = {
    word: (bound, dims) for bound, rows in _SIGNED for dims, text in rows.items() for word in phrases(text)
}
_HAN_SIGNED: tuple[tuple[Bound, dict[tuple[str, ...], str]], ...] = (("lt", _HAN_MUCH), ("gt", _HAN_LITTLE))
_HAN: Phrases[tuple[Bound, tuple[str, ...]]] = Phrases(
    (lead + word + tail, (bound, dims))
    for bound, rows in _HAN_SIGNED
    for dims, text in rows.items()
    for word in phrases(text)
    for lead in ("太", "也太", "实在太", "有点", "有点儿", "有些", "还是太", "还是有点")
    for tail in ("", "了", "了点", "了些", "啦")
)
_HAN_BARE: Phrases[tuple[Bound, tuple[str, ...]]] = Phrases(
    (word + tail, (bound, dims))
    for bound, rows in _HAN_SIGNED
    for dims, text in rows.items()
    for word in phrases(text)
    for tail in ("了", "了点", "了些")
)
"""The same without a word of degree: 18寸小了."""
_PAUSE = 5
_SIZES = frozenset({"big", "large", "small"})
_OUTRAGE = Phrases(
    (f"{be} {lead}{word}", True)
    for be in ("is", "s", "thats")
    for lead in ("", "just ", "simply ", "plain ", "a bit ", "absolutely ")
    for word in phrases("insane|mad|madness|crazy|ridiculous|a joke|absurd|outrageous|excessive|robbery|a rip off")
)
"""What is said of a number that is far too much."""
_HAN_OUTRAGE = Phrases(
    (lead + word, True)
    for lead in ("", "也", "就", "可", "真", "有点", "有点儿", "这是", "简直", "我", "实在")
    for word in phrases("抢钱|抢劫|肉疼|肉痛|下不去手|下不了手|买不起|掏不起|割肉|大出血")
)
"""The same of money in Chinese, after a pause or none."""
_HAN_EACH = Phrases((phrase, True) for phrase in phrases("一位|一个人|一人|一个|一件|一次|一晚|一双|一套|的价|这价"))
_PLENTY = Phrases(
    (phrase, True)
    for phrase in phrases("is plenty|is more than enough|would be plenty|will be plenty|plenty|足够了|就足够了")
)


def verdict(sentence: Sentence, start: int) -> tuple[int, Bound, tuple[str, ...]] | None:
    """What is said of a number right after it: where it ends, how it bounds, and the dimensions that the words tell.

    Args:
        sentence: The sentence.
        start: The token after the number.
    """
    return _outrage(sentence, start) or _measured(sentence, start)


def _outrage(sentence: Sentence, at: int) -> tuple[int, Bound, tuple[str, ...]] | None:
    """What says that a number is far too much: "200 is madness", "200 for that?!"."""
    each = _HAN_EACH.at(sentence.tokens, at)
    han = _HAN_OUTRAGE.at(sentence.tokens, at if each is None else each[0])
    if han is not None:
        return han[0], "lt", ("money",)
    found = _OUTRAGE.at(sentence.tokens, _past_item(sentence, at))
    if found is not None and (sentence.ends(found[0]) or sentence.tokens[found[0]].norm in FUNCTION):
        return found[0], "lt", ANY
    shouted = sentence.after(_asked_back(sentence, at) - 1).lstrip()[:2] in {"??", "?!", "!?"}
    return (at, "lt", ANY) if shouted else None


def _measured(sentence: Sentence, start: int) -> tuple[int, Bound, tuple[str, ...]] | None:
    tokens, at = sentence.tokens, start
    at += at + 1 < len(tokens) and tokens[at].norm == "多" and not tokens[at].gap  # 四公斤多太沉
    late = _after_pause(sentence, at)
    if late is None and at < len(tokens) and tokens[at].soft and (_HAN.at(tokens, at) or _HAN_BARE.at(tokens, at)):
        late = at
    if late is None and sentence.ends(at) and (at >= len(tokens) or "?" not in tokens[at].gap):  # "200? too much"
        return None
    at = at if late is None else late
    plenty = _PLENTY.at(tokens, at)
    if plenty is not None and (sentence.ends(plenty[0]) or tokens[plenty[0]].norm != "of"):
        return plenty[0], "le", ANY
    han = _HAN.at(tokens, at) or _HAN_BARE.at(tokens, at)
    if han is not None:
        return han[0], han[1][0], han[1][1]
    at += tokens[at].hard and tokens[at].norm in {"that", "it"}
    claimed = at < len(tokens) and tokens[at].norm in _COPULAS | {"thats", "its"}
    at += claimed
    first = at
    while at + 1 < len(tokens) and not tokens[at + 1].hard and _is_degree(sentence, at):
        at += 1
    degrees = {token.norm for token in tokens[first:at]}
    found = _WORDS.get(tokens[at].norm) if at < len(tokens) else None
    if found is None or not (claimed or "too" in degrees) or not _closed(sentence, at + 1):
        return None
    vague = tokens[at].norm in {"much", "many", "little"} and not degrees & {"too", "so", "very", "bit"}
    vague = vague or (late is not None and tokens[at].norm in _SIZES)  # "the red one, 300, too small"
    if vague or (tokens[at].norm == "lot" and "a" not in degrees) or (found[0] == "gt" and not degrees & _TOO):
        return None
    return at + 1, found[0], found[1]


def _past_item(sentence: Sentence, at: int) -> int:
    """The token after what a number is too much for: "200 for the small one is madness"."""
    tokens = sentence.tokens
    if sentence.ends(at) or tokens[at].norm != "for":
        return at
    return next((n for n in range(at, min(at + 6, len(tokens))) if tokens[n].norm in {"is", "s"}), at)


def _asked_back(sentence: Sentence, at: int) -> int:
    """The token after "for that" or "for it" where it follows a number: "200 for that?!"."""
    led = [token.norm for token in sentence.tokens[at : at + 2]] in (["for", "that"], ["for", "this"], ["for", "it"])
    return at + 2 if led and not sentence.ends(at) else at


def _after_pause(sentence: Sentence, at: int) -> int | None:
    """Where "too much" begins that follows a number after a pause: "40 kg... way too heavy", "9 km, that's too far"."""
    tokens = sentence.tokens
    for pause in range(at, min(at + _PAUSE, len(tokens))):
        if sentence.ends(pause):
            said = pause + (tokens[pause].norm in {"thats", "its"})
            lead = next((n for n in range(said, min(said + 3, len(tokens))) if tokens[n].norm not in _DEGREES), said)
            return pause if "too" in {token.norm for token in tokens[said:lead]} else None
    return None


def _is_degree(sentence: Sentence, at: int) -> bool:
    word = sentence.tokens[at].norm
    return word in _DEGREES or (word == "little" and sentence.tokens[at + 1].norm in {"too", *_WORDS})


def _closed(sentence: Sentence, at: int) -> bool:
    """Whether nothing follows that such an adjective would belong to: "is long enough", "is a big plus"."""
    return sentence.ends(at) or (
        sentence.tokens[at].norm in FUNCTION and sentence.tokens[at].norm not in {"enough", "of"}
    )


def is_past(sentence: Sentence, figure: Figure) -> bool:
    """Whether a time reaches back from today, which is no amount: "from the last five years", 最近五年."""
    lead = [token.norm for token in sentence.tokens[max(0, figure.start - 2) : figure.start]]
    timed = any(dim in {"time", "span"} for dim, _ in figure.units)
    return timed and (lead[-1:] in (["last"], ["past"], ["previous"]) or lead in (["最", "近"], ["过", "去"]))


def is_difference(sentence: Sentence, figure: Figure) -> bool:
    """Whether a figure tells by how much: "50 cheaper", "a kilo lighter", 便宜50块, 再短十分钟."""
    tokens, start = sentence.tokens, figure.start
    led = None if tokens[start].gap else MORE_BY.before(tokens, start)
    if any(token.norm == "比" for token in tokens[max(0, start - 12) : start]) and not tokens[start].gap:
        led = led or AFTER_THAN.before(tokens, start)
    if led is not None and AFTER.at(sentence.tokens, figure.end) is None:
        return True
    match = None if sentence.ends(figure.end) else ADJECTIVES.at(sentence.tokens, figure.end)
    return match is not None and match[1].degree == "comparative" and not match[1].blame


def sideways(sentence: Sentence, figure: Figure) -> tuple[str, int]:
    """Which side a figure measures by the adjective after it, and the token after that: "70 wide", "2 m tall"."""
    end = figure.end
    match = None if sentence.ends(end) else SIDEWAYS.at(sentence.tokens, end)
    if match is None:
        return "", end
    after, tokens = match[0], sentence.tokens
    whole = (
        sentence.ends(after) or tokens[after].norm in FUNCTION or tokens[after].norm == "的" or sentence.taken[after]
    )
    if whole or AFTER.at(tokens, after) is not None or verdict(sentence, after) is not None:
        return match[1], after
    return "", end


_COUNTS = ("single one 1", "double two 2", "triple three 3", "four 4", "five 5")
_HAN_COUNTS = ("个 一", "两 二", "三", "四", "五")
DIGITS: Phrases[int] = Phrases(
    [
        (f"{count} {noun}", size)
        for size, counts in enumerate(_COUNTS, 1)
        for count in counts.split()
        for noun in ("figure", "figures", "digit", "digits")
    ]
    + [(f"{count}位数", size) for size, counts in enumerate(_HAN_COUNTS, 1) for count in counts.split()]
)
"""How many digits a number has: "single figures", "a two-digit price", 三位数."""
