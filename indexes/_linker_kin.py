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
    "couples": "couples|couple|romantic|情侣|夫妻|二人世界",
    "friends": "friends|groups|group|朋友聚会|朋友|聚会|团体",
}
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
    "friends|mates|buddies|朋友|朋友们|同学们|闺蜜们": "friends",
}
_BY_KIN: Phrases[tuple[str, ...]] = Phrases(
    (phrase, tuple(groups.split())) for kin, groups in _KIN.items() for phrase in phrases(kin)
)
_ALONE: Phrases[tuple[str, ...]] = Phrases(
    (phrase, ("families",))
    for phrase in phrases(
        "were a family|we are a family|as a family|family of three|family of four|family of five|family of six|"
        "一家人|一家三口|一家四口|一家五口|一家老小|一大家子"
    )
)
_BETWEEN = frozenset(
    words("my our his her their the a two three old older elderly little young small and me us 我 我们 你 俩 位 个")
)
_FOR = frozenset(words("for to suit suits 给 送 为"))
_WITH = frozenset(words("with bring bringing take taking 带 和 跟 陪 与"))
_COMPANY = frozenset({"couples", "families", "seniors", "friends", "children"})
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
    for start, end, groups in _people(sentence):
        entry, rank = _first(lexicon, groups)
        if entry is not None and sentence.free(start, end):
            constraint = Constraint(entry.facet, "any", (entry.value,))
            score = _SURE if rank == 0 or groups[rank - 1 : rank + 1] == ("children", "families") else _PERHAPS
            found.append(Found(constraint, start, end, score, kind="value", named=start))
            sentence.take(start, end)
    return found


def _people(sentence: Sentence) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where people are named for whom or with whom it is, and the groups that they belong to, likeliest first."""
    tokens = sentence.tokens
    for start in range(len(tokens)):
        alone = _ALONE.at(tokens, start)
        if alone is not None:
            yield start, alone[0], alone[1]
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
        if word in _FOR:
            yield start, match[0], match[1]
        elif word in _WITH or (sentence.tokens[start].kind == "han" and _goes(sentence, match[0])):
            yield start, match[0], tuple(group for group in match[1] if group in _COMPANY)


def _is_told(sentence: Sentence, lead: int, end: int) -> bool:
    """Whether something is only talked over with them: "let me talk to my wife", 跟老公商量一下."""
    before = sentence.tokens[lead - 1].norm if lead > 0 else ""
    after = sentence.tokens[end].norm if not sentence.ends(end) else ""
    return before in _TALK or after in _HAN_TALK


def _goes(sentence: Sentence, end: int) -> bool:
    return not sentence.ends(end) and sentence.tokens[end].norm in {"去", "住", "用", "穿", "看", "骑", "玩"}


def _first(lexicon: Lexicon, groups: tuple[str, ...]) -> tuple[Entry | None, int]:
    """The value of the first group that the catalog has one for, and the place of that group."""
    for rank, group in enumerate(groups):
        for said in phrases(_GROUPS[group]):
            entries = [one for one in lexicon.get(stems(said)) if one.sure >= 0.9 and _is_group(one)]
            if entries and len({one.facet for one in entries}) == 1 and entries[0].facet not in lexicon.free:
                return entries[0], rank
    return None, 0


def _is_group(entry: Entry) -> bool:
    return not entry.name_like and entry.value != "true"  # what is safe for children is not what they want
