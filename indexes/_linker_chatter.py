"""Clauses that state no wish: what happened to the person, and questions about the world."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from chatrec.indexes._linker_cues import CUES
from chatrec.indexes._linker_positions import COUNTERS
from chatrec.indexes._linker_text import Phrases, Sentence, Token
from chatrec.indexes._linker_words import phrases, words

_WISH = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        want|wants|need|needs|looking for|look for|would like|id like|wed like|show|recommend|suggest|find|give|prefer|
        something|anything|nothing|anyone|please|any|in the mood|how about|what about|maybe|could you|can you|search|
        searching|interested|ideally|must|should|prefer|fancy|let us|lets|rather|instead|no|not|without|except|only|
        i said|i wanted|i asked for|i told you|has to|have to|needs to|
        have you|do you have|you have|you got|are there|is there|there any|got any|know any|watch tonight|good|best|
        fine|ok|okay|do it|works|like|but|love|hate|another|other|more|less|
        想|想要|要|找|推荐|来|给我|给|求|换|有没有|有什么|有啥|有哪些|适合|最好|希望|需要|喜欢|爱|帮|介绍|看看|
        我说了|我说的是|我要的是|怎么都|怎么全|怎么又|怎么老是|怎么这么|不要|别|除了|不许|不准|不行|不考虑|去掉|不想|不吃|不能|只|可以|随便|都行|无所谓|或者|就行|优先|偏|类似|像|不含|不带|不放|不用|还是
        """
    )
)
_ASKED_FOR = frozenset(
    words(
        "any something anything recommend suggest find show give want need have got there good best like "
        "想 要 找 荐 来 给 求 换 希 帮 绍"
    )
)
_BEGGED = frozenset(words("recommend suggest find show give want need list"))
_SUBJECT = frozenset(
    words("i we he she they my our his her their it yesterday last friend mother father brother sister wife husband")
)
_PAST = frozenset(
    words(
        """
        was were had did went saw rode lost met took came bought broke ate drank read wrote drove made left told said
        heard felt fell got gave kept knew ran sat slept spoke spent stood taught thought threw won wore used grew
        began ended finished watched played visited worked lived died turned moved cooked tried dropped spilled burned
        """
    )
)
_QUESTION = frozenset(words("who whos why how when where what whats which is are was were does did do has have"))
_FACT = frozenset(words("who whos whose why how when where whats what is was were did does are do has"))
_HAN_PAST = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        昨天|昨晚|前天|上次|上周|上个月|上星期|去年|前年|刚才|刚刚|小时候|那天|那年|居然|竟然|原来|曾经|当年|前几天|前阵子|以前我
        """
    )
)
_HAN_FACT = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        谁|为什么|为啥|怎么|咋|什么时候|哪里|在哪|是不是|多少钱|什么意思|是什么|会不会|能不能用|你是|你会|几点|
        多大了|哪一年|是哪年|算不算|对不对
        """
    )
)
_TURNS = frozenset({"but", "so", "now", "但", "所"})
_SHOWN = [["it"], ["this"], ["that"], ["these"], ["those"], ["they"], ["the"], ["you"]]
_SHOWN_ONES = frozenset(words("it its this that these those they them first second third fourth fifth last one"))
_OF_IT = frozenset({"is", "does", "will", "would", "was", "isnt", "doesnt"})
_HAN_SHOWN = frozenset("它他她这那第前")
_WHETHER = Phrases((phrase, True) for phrase in phrases("有没有|是不是|能不能|会不会|可不可以|可以不可以|带不带|有无"))
_NO_QUESTION = Phrases((phrase, True) for phrase in phrases("一样|同样|像|似|比|换|找|想|推|给"))
"""Words of clauses that name an item and wish for another."""
_LEADING = frozenset({"and", "so", "but", "ok", "okay", "well", "hm", "hmm", "wait"})
_SELVES = frozenset(words("i im id we you me my us our lets anything something"))
_TAGS = frozenset(words("dont doesnt isnt arent wont wasnt werent havent hasnt cant"))
_ASKED_OPENLY = frozenset({"shop", "store", "catalog", "list", "ones", "possible"})
_TASTE = frozenset(words("loved liked enjoyed hated adored preferred wanted needed hoped"))


def chatter(sentence: Sentence) -> list[bool]:
    """For each token whether its clause states no wish: tells of the past or asks about a fact, and asks for nothing.

    A clause ends with a full stop, a question mark, a colon or the like.
    """
    found = [False] * len(sentence)
    start = 0
    for end in range(1, len(sentence) + 1):
        if end == len(sentence) or sentence.tokens[end].hard or sentence.tokens[end].colon:
            asked = "?" in sentence.after(end - 1) or "？" in sentence.after(end - 1)
            found[start:end] = [_idle(sentence.tokens[start:end], asked)] * (end - start)
            if not found[start]:
                _idle_parts(sentence, found, start, end)
            start = end
    return found


def asks(sentence: Sentence) -> bool:
    """Whether the sentence asks whether something is so, and of nothing that was shown: "are pets allowed?"."""
    norms = [token.norm for token in sentence.tokens]
    if norms[-1:] == ["吗"]:
        return norms[0] in {"能", "可", "有", "带", "让"}
    asked = bool(norms) and sentence.after(len(norms) - 1).lstrip().startswith("?")
    return asked and norms[0] in {"is", "are", "can", "do", "does"} and norms[1:2] not in _SHOWN


def of_named(sentence: Sentence, index: int, named: Collection[int]) -> bool:
    """Whether the clause around a token asks how an item is that it names: "is Alien sad".

    Args:
        sentence: The sentence.
        index: A token.
        named: Where items are named or pointed at.
    """
    if _han_asked(sentence, index, named):
        return True
    first = index
    while first and not sentence.tokens[first].hard:
        first -= 1
    lead = first + (sentence.tokens[first].norm in _LEADING)
    at = lead + 1
    at += at < len(sentence) and sentence.tokens[at].norm in {"the", "that", "this", "your"}
    return at in named and at < index and sentence.tokens[lead].norm in _OF_IT | {"has", "can"}


def _han_asked(sentence: Sentence, index: int, named: Collection[int]) -> bool:
    """Whether a Chinese clause asks how an item is that it names first: 第一个有没有包间, 它有包间吧？."""
    tokens, (first, end) = sentence.tokens, sentence.clause(index)
    norms = [token.norm for token in tokens[first:end]]
    it = norms[0] in {"它", "他", "她"} or (norms[0] in {"这", "那"} and norms[1:2] != [] and norms[1] in COUNTERS)
    if first > 1 and norms[0] == "有" and tokens[first - 1].norm == "呢":  # 第三个呢 有灰的没
        first = sentence.clause(first - 1)[0]
    subject = next((at for at in range(first, index) if at in named), first if it and first < index else None)
    wished = any(_NO_QUESTION.at(tokens, at) for at in range(first, end))
    if subject is None or wished or tokens[index].kind != "han":
        return False
    if any(_WHETHER.at(tokens, at) for at in range(subject, index)):
        return True
    asked = sentence.after(end - 1).lstrip().startswith("?")
    if norms[-1] in {"吗", "么"} or (asked and norms[-1] in {"吧", "的"}):
        return True
    able = any(norm in {"有", "能", "是", "带", "可"} for norm in norms[:-1])
    return able and (norms[-1] in {"不", "没"} or norms[-2:] in (["没", "得"], ["没", "有"]))


def of_shown(sentence: Sentence, index: int) -> bool:  # noqa: PLR0911
    """Whether the clause around a token asks how what was shown is: "is it sad?", "are they funny", 恐怖吗？."""
    part, stop = sentence.clause(index)
    part += sentence.tokens[part].norm in _LEADING
    asking = [token.norm for token in sentence.tokens[part:stop]]
    if part < index and _inverted(asking) and asking[1:2] != ["you"] and "possible" not in asking:
        return True
    first, end = index, index + 1
    while first and not sentence.tokens[first].hard:
        first -= 1
    while end < len(sentence) and not sentence.tokens[end].hard:
        end += 1
    tokens = sentence.tokens[first:end]
    norms = [token.norm for token in tokens]
    led = [token.norm for token in sentence.tokens[part:index]]
    if any(a == "哪" and b in COUNTERS for a, b in pairwise(led)) and "有" not in asking:
        return not _ASKED_FOR.intersection(asking)  # 哪个更辣
    if norms[-1] in {"吗", "么"} and norms[:2] != ["那", "有"]:
        return not _ASKED_FOR.intersection(norms) and (norms[0] in _HAN_SHOWN or (first == index and "有" not in norms))
    if _tagged(sentence, norms, end) or _asked_of(norms) or _told_of(norms):
        return True
    stated = norms[0] in _SHOWN_ONES or (norms[0] == "the" and norms[1:2] != [] and norms[1] in _SHOWN_ONES)
    if stated and sentence.after(end - 1).lstrip()[:1] in {"?", "？"}:  # "the second is a comedy?"
        return not (_ASKED_FOR | {"about", "but", "or", "maybe", "instead"}).intersection(norms)
    if norms[0] in _OF_IT and (norms[0] == "does" or norms[1:2] in _SHOWN[:3]) and not _SHOWN_ONES.isdisjoint(norms):
        return "possible" not in norms
    asked = _inverted(norms) or sentence.after(end - 1).lstrip()[:1] in {"?", "？"}
    return (
        asked
        and norms[0] in _FACT | {"isnt", "arent"}
        and not _SHOWN_ONES.isdisjoint(norms)
        and (not (_ASKED_FOR | {"about"}).intersection(norms))
    )


def _tagged(sentence: Sentence, norms: Sequence[str], end: int) -> bool:
    """Whether a clause states something of what was shown and asks whether it is so: "they all leak, don't they"."""
    if not _SELVES.isdisjoint(norms) or sentence.tokens[end - 1].text != norms[-1]:
        return False
    tag = len(norms) > 3 and norms[-2] in _TAGS and norms[-1] in {"it", "they", "that", "those", "these"}
    return tag or (len(norms) > 2 and norms[-1] == "right" and sentence.after(end - 1).lstrip().startswith("?"))


def _asked_of(norms: Sequence[str]) -> bool:
    """Whether a clause asks of a thing that is known: "does the big one float", "has the blue one got pockets"."""
    return norms[0] in {"does", "has"} and norms[1:2] == ["the"] and _ASKED_OPENLY.isdisjoint(norms)


def _told_of(norms: Sequence[str]) -> bool:
    """Whether a clause asks to be told of a thing that is known: "tell me more about the tall one"."""
    about = norms.index("about") if norms[:2] == ["tell", "me"] and "about" in norms else len(norms)
    return norms[about + 1 : about + 2] in (["the"], ["that"], ["this"])


def _inverted(norms: Sequence[str]) -> bool:
    """Whether a clause begins as a question about what was shown does, its mark left out or not."""
    return norms[0] in {"is", "are", "was", "were", "does", "do", "isnt", "arent"} and norms[1:2] in _SHOWN[:6]


def _idle(tokens: Sequence[Token], asked: bool) -> bool:
    norms = [token.norm for token in tokens]
    if _is_fact(tokens, norms, asked):
        return True
    if any(_WISH.at(tokens, at) for at in range(len(tokens))):
        return False
    if any(_HAN_PAST.at(tokens, at) for at in range(len(tokens))):
        return True
    if any(word in _SUBJECT for word in norms[:4]) and not _TASTE.intersection(norms):
        return _is_tale(norms)
    return any(_told(part) for part in _parts(tokens))


def _idle_parts(sentence: Sentence, found: list[bool], start: int, end: int) -> None:
    """Mark the parts of a clause that tell of the past by themselves: "i had a red one before, now i want blue"."""
    first = start
    for at in range(start + 1, end + 1):
        if at == end or sentence.tokens[at].soft or sentence.tokens[at].norm in _TURNS:
            part = sentence.tokens[first + (sentence.tokens[first].norm in _TURNS) : at]
            if at - first > 2 and _is_told(part):
                found[first:at] = [True] * (at - first)
            first = at


def _is_told(tokens: Sequence[Token]) -> bool:
    if any(_WISH.at(tokens, at) or CUES.at(tokens, at) for at in range(len(tokens))):
        return False
    if any(_HAN_PAST.at(tokens, at) for at in range(len(tokens))):
        return True
    return _is_tale([token.norm for token in tokens])


def _is_tale(norms: Sequence[str]) -> bool:
    """Whether somebody did something: "my brother rode one", and does not tell of taste: "we loved it"."""
    told = next((at for at, word in enumerate(norms[:4]) if word in _SUBJECT), None)
    if told is None or _TASTE.intersection(norms):
        return False
    return any(word in _PAST or (len(word) > 4 and word.endswith("ed")) for word in norms[told + 1 : told + 5])


def _told(tokens: Sequence[Token]) -> bool:
    """Whether a part of a Chinese clause tells what happened and refuses nothing: 那里我住过, 已经看过了."""
    norms = [token.norm for token in tokens]
    if len(norms) < 3 or norms[-1] not in {"了", "过"} or any(CUES.at(tokens, at) for at in range(len(tokens))):
        return False
    return bool({"我", "他", "她"}.intersection(norms)) or norms[-2:] == ["过", "了"]


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """A clause cut at its commas."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.soft:
            parts.append([])
        parts[-1].append(token)
    return parts


def _is_fact(tokens: Sequence[Token], norms: Sequence[str], asked: bool) -> bool:
    """Whether a clause asks something that no list of items answers."""
    if any(_HAN_FACT.at(tokens, at) for at in range(len(tokens))):
        return not (_ASKED_FOR | {"去", "都", "全"}).intersection(norms)
    if norms[-1] == "吗" and "有" not in norms:
        return not _ASKED_FOR.intersection(norms)
    if norms[0] in {"who", "whos", "whose", "why", "when"} and (asked or norms[0] != "when"):
        return not _BEGGED.intersection(norms)
    if norms[0] in _FACT and (asked or norms[0] in {"who", "whos", "why", "whats"} or norms[:2] == ["how", "do"]):
        return not (_ASKED_FOR | {"about", "to"}).intersection(norms)
    return norms[:3] in (["how", "much", "is"], ["how", "much", "are"])
