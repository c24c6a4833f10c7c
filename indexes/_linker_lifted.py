"""What a sentence no longer asks for: "any year is fine", "doesn't have to be a western", "I don't mind over 200"."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.indexes._linker_cues import (
    ALLOWED,
    ALSO,
    BEYOND,
    LIFT_AFTER,
    LIFT_BEFORE,
    NO_MORE,
    NO_MUST,
    OTHERS,
    UNNEEDED,
)
from chatrec.indexes._linker_found import Found, Name
from chatrec.indexes._linker_scope import joined_by
from chatrec.indexes._linker_text import Phrases, Sentence
from chatrec.indexes._linker_words import words

_PAYING = frozenset(
    words(
        "pay paying spend spending go going if its it is s costs something anything ones a bit thats up to even with "
        "是 花 付 价 格"
    )
)
_NICE = Phrases(
    (f"{lead} {word} {turn}", True)
    for lead in ("would be", "is", "might be", "s")
    for word in ("nice", "good", "great", "lovely", "a plus", "a bonus")
    for turn in ("but", "but its", "but it is", "but thats", "though", "although")
)
"""What may stand between a value and that it is no must."""
_NO_MATTER = (["doesnt", "matter"], ["dont", "matter"], ["does", "not", "matter"], ["do", "not", "matter"])
_ASKS = frozenset({"what", "which", "how", "who", "where", "when", "if", "whether", "to"})
_ARTICLES = frozenset({"a", "an", "the", "from", "in", "by", "with", "any", "of", "有", "是", "个", "只", "about"})
_BEFORE_NAME = frozenset(words("the a its their how what which about of"))
_WILL_DO = frozenset(
    words("is will works work goes ok okay fine good does would do please at should can then as again 都 也 就")
)


def lifted(sentence: Sentence, names: Sequence[Name]) -> list[Name]:
    """The facets that a sentence says are of no matter: "any year is fine", "never mind the price", 价格无所谓."""
    found: list[Name] = []
    for name in names:
        start = name.start
        while start and sentence.tokens[start - 1].norm in _BEFORE_NAME:
            start -= 1
        before = LIFT_BEFORE.before(sentence.tokens, start) or LIFT_BEFORE.before(sentence.tokens, start + 1)
        after = LIFT_AFTER.at(sentence.tokens, name.end)
        previous = sentence.tokens[start - 1].norm if start else ""
        will_do = sentence.ends(name.end) or sentence.tokens[name.end].norm in _WILL_DO
        if before and before[0] < start and not _number_follows(sentence, name.end):
            found.append(Name(name.facet, before[0], name.end, name.own))
        elif OTHERS.before(sentence.tokens, name.start) and _also_follows(sentence, name.end):
            found.append(Name(name.facet, name.start - 1, name.end, name.own))
        elif after and not sentence.tokens[name.end].hard:
            found.append(Name(name.facet, name.start, after[0], name.own))
        elif (
            previous in {"any", "whichever", "every", "任何", "任意"}
            and will_do
            and not _number_follows(sentence, name.end)
        ):
            found.append(Name(name.facet, start - 1, name.end, name.own))
    return _coordinated(sentence, names, found) if found else found


def _also_follows(sentence: Sentence, end: int) -> bool:
    end += end < len(sentence) and sentence.tokens[end].norm == "的"
    return not sentence.ends(end) and sentence.tokens[end].norm in {"也", "都"}


def _coordinated(sentence: Sentence, names: Sequence[Name], found: list[Name]) -> list[Name]:
    """What is lifted along with another facet: "any colour is fine, brand too", 价格和年份都无所谓."""
    for name in names:
        if any(held.facet == name.facet for held in found):
            continue
        after = sentence.tokens[name.end].norm if name.end < len(sentence) else ""
        also = after in {"too", "also", "either", "likewise", "也"} and any(held.end <= name.start for held in found)
        joined = any(
            joined_by(sentence, left.end, right.start)
            for held in found
            for left, right in ((held, name), (name, held))
            if 0 < right.start - left.end <= 3 and not _is_unit(sentence, name)
        ) or any(
            held.start == name.end and sentence.tokens[name.start].kind == "han" and held.end > held.start + 1
            for held in found
        )
        if also or joined:
            found.append(name)
    return found


def _is_unit(sentence: Sentence, name: Name) -> bool:
    return name.start > 0 and sentence.tokens[name.start - 1].kind == "number"


def unneeded(sentence: Sentence, start: int, end: int, *, refused: bool) -> bool:  # noqa: PLR0911
    """Whether a value is said to be needed no longer: "doesn't have to be a western", "no garden any more".

    Args:
        sentence: The sentence.
        start: The value's first token.
        end: The token after it.
        refused: Whether it lies in the scope of a negation.
    """
    tokens, first = sentence.tokens, start
    if _or_not(sentence, start, end) or (refused and also(sentence, end)):  # 不是饼茶也行
        return True
    while first and start - first < 3 and tokens[first - 1].norm in _ARTICLES and not tokens[first].soft:
        first -= 1
    before = UNNEEDED.before(tokens, first)
    allowed = before is not None and tokens[before[0]].norm in {"it", "may", "can"}
    if before is not None and not allowed and not tokens[first].hard:
        return True
    if end < len(tokens) and tokens[end].norm == "的" and NO_MUST.at(tokens, end + 1) is not None:  # 折叠的不要了
        return True
    nice = _NICE.at(tokens, end)
    if _no_matter(sentence, end) or NO_MUST.at(tokens, end) or (nice is not None and NO_MUST.at(tokens, nice[0])):
        return True
    if refused and not sentence.ends(end) and tokens[end].norm in {"needed", "necessary", "required"}:
        return True
    after = end
    while after < len(tokens) and after - end < 4 and not tokens[after].hard:
        if NO_MORE.at(tokens, after):
            return refused or allowed
        after += 1
    return False


def _or_not(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a Chinese value is named with its opposite as of no matter: 辣不辣的无所谓."""
    tokens, size = sentence.tokens, end - start
    said = [token.norm for token in tokens[start:end]]
    after = end
    if [token.norm for token in tokens[end : end + size + 1]] == ["不", *said]:
        after = end + size + 1
    elif [token.norm for token in tokens[max(0, start - size - 1) : start]] != [*said, "不"]:
        return False
    after += after < len(tokens) and tokens[after].norm == "的"
    return LIFT_AFTER.at(tokens, after) is not None or NO_MUST.at(tokens, after) is not None


def _no_matter(sentence: Sentence, end: int) -> bool:
    """Whether what was just said does not matter, and not what follows: "2 to 4, doesn't matter which"."""
    tokens = sentence.tokens
    matter = [token.norm for token in tokens[end : end + 3]]
    after = end + (2 if matter[:2] in _NO_MATTER else 3 if matter in _NO_MATTER else 0)
    return after > end and not sentence.ends(end) and (sentence.ends(after) or tokens[after].norm not in _ASKS)


def allowed_beyond(sentence: Sentence, found: Found) -> bool:
    """Whether a number may be gone beyond, which asks for nothing: "I don't mind paying over 200", 超过两百也行."""
    if found.allowed:
        return True
    tokens, start = sentence.tokens, found.start
    if found.kind != "number" or found.constraint.op not in {"gt", "ge"}:
        return False
    if ALLOWED.at(tokens, found.end) or also(sentence, found.end):
        return True
    if found.constraint.op == "ge":
        return False
    first, _ = sentence.clause(start)
    while start > first and tokens[start - 1].norm in _PAYING and not BEYOND.before(tokens, start):
        start -= 1
    return start >= first and BEYOND.before(tokens, start) is not None


def also(sentence: Sentence, end: int) -> bool:
    """Whether "would do as well" follows a value that ends before token `end`: 红茶也行, 云南的也可以."""
    after = end < len(sentence) and sentence.tokens[end].norm == "的"
    return ALSO.at(sentence.tokens, end + after) is not None


def _number_follows(sentence: Sentence, index: int) -> bool:
    return any(token.kind == "number" for token in sentence.tokens[index : index + 4])
