"""For whom a thing is: "for my daughter" and 带爸妈 say a value of the catalog, where it has one for such people."""

from __future__ import annotations

from collections.abc import Iterator

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_lexicon import Entry, Lexicon
from chatrec.indexes._linker_text import Phrases, Sentence, stems
from chatrec.indexes._linker_words import phrases, words

_GROUPS = {
    "women": "women|woman|ladies|female|for her|女士|女性|女款|女",
    "men": "men|man|gentlemen|male|for him|男士|男性|男款|男",
    "girls": "girls|girl|女孩|女童",
    "boys": "boys|boy|男孩|男童",
    "children": "children|kids|child|kid|toddlers|儿童|小朋友|孩子|小孩|宝宝",
    "families": "families|family|family friendly|亲子|家庭|家人|一家人",
    "seniors": "seniors|senior|elderly|older people|老人|老年人|中老年|长辈|老年",
    "couples": "couples|couple|partner|lovers|date night|dating|情侣|恋人|夫妻|伴侣|约会|二人世界|romantic",
    "friends": "friends|groups|group|朋友聚会|朋友|聚会|团体",
    "colleagues": "colleagues|coworkers|team|teams|work|同事|团建",
    "alone": "alone|solo|solo travellers|solo travelers|solo trips|on your own|by yourself|singles|独自|独自一人|单独|"
    "一个人|单身|单人|独行",
}
_NAMED = {group: tuple(phrases(text)) for group, text in _GROUPS.items()}
_GUARDED = frozenset({"singles", "team", "teams", "work", "alone", "dating"})
"""Words that name people only where the facet holds others of them."""
_KIN = {
    "wife|girlfriend|fiancee|gf|女朋友|女友|老婆|妻子|媳妇": "women couples",
    "husband|boyfriend|fiance|bf|男朋友|男友|老公|丈夫": "men couples",
    "partner|spouse|better half|对象|另一半|爱人": "couples",
    "mother|mum|mom|妈妈|我妈|老妈|母亲|婆婆|岳母": "women seniors families",
    "father|dad|爸爸|我爸|老爸|父亲|公公|岳父": "men seniors families",
    "grandma|grandmother|granny|奶奶|外婆|姥姥": "seniors women families",
    "grandpa|grandfather|granddad|爷爷|外公|姥爷": "seniors men families",
    "parents|grandparents|folks|爸妈|父母|爹妈|爷爷奶奶|外公外婆": "seniors families",
    "sister|aunt|姐姐|妹妹|姐妹|阿姨|姑姑": "women",
    "brother|uncle|哥哥|弟弟|兄弟|叔叔|舅舅": "men",
    "daughter|niece|granddaughter|女儿|闺女|侄女|孙女": "girls children families",
    "son|nephew|grandson|儿子|侄子|孙子": "boys children families",
    "kid|kids|child|children|baby|toddler|toddlers|grandchildren|little ones": "children families",
    "孩子|小孩|宝宝|娃|小朋友": "children families",
    "family|家人|家里人|全家": "families",
    "friends|friend|mates|buddies|pals|朋友|朋友们|同学|同学们|闺蜜|闺蜜们|哥们|室友": "friends",
    "colleagues|coworkers|workmates|同事|同事们": "colleagues friends",
    "date|first date|blind date|lover|sweetheart|恋人|情人|伴侣|相亲对象": "couples",
}
_BY_KIN: Phrases[tuple[str, ...]] = Phrases(
    (phrase, tuple(groups.split())) for kin, groups in _KIN.items() for phrase in phrases(kin)
)
_BY_THEMSELVES: Phrases[tuple[str, ...]] = Phrases(
    (phrase, (group,))
    for group, text in {
        "families": "were a family|we are a family|as a family|family of three|family of four|family of five|"
        "family of six|一家人|一家三口|一家四口|一家五口|一家老小|一大家子|全家|全家人|全家老小",
        "couples": "date night|date nights|honeymoon|honeymooners|just the two of us|the two of us|our anniversary|"
        "约会|二人世界|我们两口子|小两口|我俩|蜜月",
        "alone": "on my own|all by myself|by myself|just me|only me|just myself|just for me|only for me|home alone|"
        "im alone|i am alone|me alone|travelling solo|traveling solo|going solo|我一个人|我自己一个人|"
        "就我一个人|就我自己|就我一个|一个人去|一个人看|一个人用|一个人住|一个人玩|一个人吃|一个人旅行|自己一个人|独自一人|我自己去|我自己看|"
        "我自己用|自己去|自己看",
    }.items()
    for phrase in phrases(text)
)
"""Who it is for without a word for them: "just me", "date night", 一家三口."""
_DECIDED = frozenset(words("decide choose see or think leave 着 办 决 选"))
"""What after or before "by myself" says that it is about no company."""
_BETWEEN = frozenset(
    words(
        "my our his her their the a two three old older elderly little young small whole entire dear best new "
        "and me us 我 我们 你 俩 位 个"
    )
)
_FOR = frozenset(words("for to suit suits 给 送 为"))
_WITH = frozenset(words("with bring bringing take taking 带 和 跟 陪 与"))
_COMPANY = frozenset({"couples", "families", "seniors", "friends", "children", "colleagues", "alone"})
_TALK = frozenset(words("talk talked discuss check speak spoke agree agreed live lives fight it this that over"))
_HAN_TALK = frozenset("商说聊讨问谈吵")
_SURE = 0.78
_PERHAPS = 0.7


def find_kin(sentence: Sentence, lexicon: Lexicon) -> list[Found]:
    """The values for the people that something is looked for, where no word of theirs is a value itself.

    Args:
        sentence: The sentence; the words that are read are marked as taken.
        lexicon: The catalog's values.
    """
    found: list[Found] = []
    for start, end, groups, together in _people(sentence):
        entry, rank = _first(lexicon, groups)
        if entry is not None and sentence.free(start, end):
            constraint = Constraint(entry.facet, "any", (entry.value,))
            kin = groups[max(0, rank - 1) : rank + 1] in {("children", "families"), ("colleagues", "friends")}
            score = _SURE if rank == 0 or kin or (together and groups[rank] == "families") else _PERHAPS
            found.append(Found(constraint, start, end, score, kind="value", named=start))
            sentence.take(start, end)
    return found


def persons(sentence: Sentence, lexicon: Lexicon) -> dict[int, int]:
    """By token of a word that names a person, the token after the word: no value is read within it (朋友 in 女朋友)."""
    found: dict[int, int] = {}
    for start in range(len(sentence)):
        match = _BY_KIN.at(sentence.tokens, start)
        alone = _BY_THEMSELVES.at(sentence.tokens, start)
        if alone is not None and alone[0] > start + 1 and _first(lexicon, alone[1])[0] is not None:
            match = alone
        if match is not None and start not in found:
            found.update(dict.fromkeys(range(start, match[0]), match[0]))
    return found


def _people(sentence: Sentence) -> Iterator[tuple[int, int, tuple[str, ...], bool]]:
    """Where people are named that it is for, their groups, likeliest first, and whether it is for the person too."""
    tokens = sentence.tokens
    for start in range(len(tokens)):
        alone = _BY_THEMSELVES.at(tokens, start)
        if alone is not None and not _decides(sentence, start, alone[0]):
            yield start, alone[0], alone[1], True
            continue
        match = _BY_KIN.at(tokens, start)
        if match is None:
            continue
        lead = start - 1
        while lead >= 0 and start - lead < 5 and tokens[lead].norm in _BETWEEN and not sentence.ends(lead + 1):
            lead -= 1
        word = tokens[lead].norm if lead >= 0 and not sentence.ends(lead + 1) else ""
        if _is_told(sentence, lead, match[0]):
            continue
        between = {token.norm for token in tokens[lead + 1 : start]}
        after = [token.norm for token in tokens[match[0] : match[0] + 2]]
        with_me = not between.isdisjoint({"me", "us"}) or after in (["and", "me"], ["and", "i"])
        if with_me and not word:  # "me and my wife", "my wife and I"
            yield start, match[0], tuple(group for group in match[1] if group in _COMPANY), True
        elif word in _FOR and not with_me:
            yield start, match[0], match[1], False
        elif word in _FOR | _WITH or (tokens[start].kind == "han" and _goes(sentence, match[0])):
            yield start, match[0], tuple(group for group in match[1] if group in _COMPANY), True


def _decides(sentence: Sentence, start: int, end: int) -> bool:
    """Whether somebody does something by themselves that is no use of it: "I'd rather decide on my own", 自己看着办."""
    lead = [token.norm for token in sentence.tokens[max(0, start - 2) : start]]
    after = [] if sentence.ends(end) else [token.norm for token in sentence.tokens[end : end + 1]]
    return not _DECIDED.isdisjoint(lead + after) or (
        after in (["看"], ["一"]) and sentence.tokens[end - 1].norm == "看"
    )


def _is_told(sentence: Sentence, lead: int, end: int) -> bool:
    """Whether something is only talked over with them: "let me talk to my wife", 跟老公商量一下."""
    before = sentence.tokens[lead - 1].norm if lead > 0 else ""
    after = sentence.tokens[end].norm if not sentence.ends(end) else ""
    return before in _TALK or after in _HAN_TALK


def _goes(sentence: Sentence, end: int) -> bool:
    together = [token.norm for token in sentence.tokens[end : end + 2]] == ["一", "起"]
    end += 2 * together
    return not sentence.ends(end) and sentence.tokens[end].norm in {"去", "住", "用", "穿", "看", "骑", "玩", "吃"}


def _first(lexicon: Lexicon, groups: tuple[str, ...]) -> tuple[Entry | None, int]:
    """The value of the first group that the catalog has one for, and the place of that group."""
    for rank, group in enumerate(groups):
        for said in _NAMED[group]:
            entries = [one for one in lexicon.get(stems(said)) if one.sure >= 0.9 and _is_group(one)]
            entries = [one for one in entries if said not in _GUARDED or _holds_people(lexicon, one.facet, group)]
            if entries and len({one.facet for one in entries}) == 1 and entries[0].facet not in lexicon.free:
                return entries[0], rank
    return None, 0


def _holds_people(lexicon: Lexicon, facet: str, group: str) -> bool:
    """Whether a facet has values for other people than those of one group."""
    others = (said for other, named in _NAMED.items() if other != group for said in named)
    return any(one.facet == facet for said in others for one in lexicon.get(stems(said)))


def _is_group(entry: Entry) -> bool:
    return not entry.name_like and entry.value != "true"  # what is safe for children is not what they want
