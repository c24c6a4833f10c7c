"""What refuses, contrasts and lifts: the phrases behind negation and "any year is fine"."""

from __future__ import annotations

from typing import Literal, TypeAlias

from chatrec.indexes._linker_text import Phrases
from chatrec.indexes._linker_words import phrases, words

CueKind: TypeAlias = Literal["open", "tight", "neutral"]

_OPEN = phrases(
    """
    no|not|never|without|except|except for|excluding|exclude|avoid|avoiding|skip|hate|hates|hated|dislike|
    dislikes|disliked|anything but|everything but|all but|anywhere but|anyone but|nothing|none|neither|nor|dont|
    doesnt|didnt|isnt|arent|wasnt|werent|dont want|dont like|do not want|do not like|didnt like|did not like|
    cant do|cannot do|cant make|cannot make|cant manage|
    didnt enjoy|cant stand|cannot stand|allergic to|tired of|sick of|fed up with|bored of|bored with|enough of|
    rather than|instead of|apart from|aside from|other than|leave out|no more|not into|not a fan of|
    not in the mood for|minus|nothing with|anything except|wont|wouldnt|besides|stay away from|dont care for|
    shouldnt|should not|mustnt|must not|不应该|不希望|
    didnt care for|didnt care much for|dont care much for|steer clear of|had enough of|not interested in|remove|
    drop|no longer want|not want|cant eat|cant have|不要|不想|不想要|不想看|不想吃|不喜欢|不爱|不吃|不含|不带|
    不能有|不能吃|没有|除了|除开|除去|讨厌|避免|避开|排除|去掉|拒绝|别|别给我|不放|不加|不看|不是|不用|不需要|
    不买|不考虑|过滤掉|恨|厌倦|忌口|忌|受不了|不能|接受不了|吃不了|喝不了|闻不了|看不了|
    不许|不准|不爱吃|不爱喝|不喝|不穿|不戴|不玩|不听|最烦|吃腻了|看腻了|
    要不是|
    用不了|穿不了|听不了|从来不|从来不用|从来不要|从不|绝不|永远不要|再也不|再也不要
    """
)
_TIGHT = phrases(
    """
    less|fewer|non|un|sans|不|不在|不做|无|非|零|没|0
    """
)
_NEUTRAL = phrases(
    """
    not only|not just|not sure|no idea|no problem|no thanks|no worries|why not|nothing but|no doubt|
    no wonder|no use|no surprise|
    whether or not|if not|dont mind|wouldnt mind|do not mind|not necessarily|not bad|cant wait|cannot wait|
    no preference|no matter|dont know|do not know|havent seen|have not seen|never seen|not seen|
    cant get enough of|cannot get enough of|dont care|do not care|doesnt matter|does not matter|never mind|
    not that|nothing like|no one|have nothing against|nothing against|havent read|why dont you|why dont we|
    dont have|do not have|dont forget|cant live without|cannot live without|couldnt live without|
    wouldnt do without|wont do without|go mad without|go crazy without|be lost without|
    dont worry|cant find|cant remember|havent found|no hurry|no rush|
    哦不|噢不|啊不|no wait|cant do without|cannot do without|cant make up|cannot make up|
    cant decide|cannot decide|not picky|having enough of|有没有|要不要|是不是|能不能|好不好|可不可以|不错|不过|
    不同|不如|不限|别的|特别|级别|性别|分别|无所谓|没关系|没问题|不知道|不介意|不在乎|无论|不管|不仅|不只|不但|
    不一定|不好意思|没看过|没吃过|没想好|不确定|差不多|不用谢|会不会|行不行|有木有|不得不|不客气|不妨|非常|要不|
    except id|except i would|except i want|except wed|except we would|except that|
    对不起|不太清楚|不清楚|不行了|不够|不光|不光是
    """
)

_KINDS: dict[CueKind, list[str]] = {"open": _OPEN, "tight": _TIGHT, "neutral": _NEUTRAL}
CUES: Phrases[CueKind] = Phrases((phrase, kind) for kind, rows in _KINDS.items() for phrase in rows)
"""Negations: `open` ones reach to the end of the clause, `tight` ones to the next value, `neutral` ones nowhere."""

_CONTRAST = phrases(
    """
    but|though|although|just|only|instead|rather|give|show|want|prefer|maybe|however|something|lots|plenty|
    please|while|because|since|so|then|id|im|i|lets|looking for|find|recommend|suggest|how about|what about|
    more|is fine|is ok|但|但是|而|而是|要|想|想要|可以|给|最好|只要|就|来|换|其他|别的|还有|都|的话|推荐|求|我|
    因为|所以
    """
)
CONTRAST = Phrases((phrase, True) for phrase in _CONTRAST)
"""Where a wish begins anew, so that a refusal ends."""

_REFUSED = """
    no|nope|nah|no way|no thanks|no thank you|no good|no go|not a chance|no chance|hard pass|pass|forget it|never|
    not for me|not for us|not my thing|absolutely not|definitely not|certainly not|rather not|id rather not|
    please no|god no|oh no|ugh no|hell no|out of the question|not happening|not really|never again|
    不行|不要|算了|算了吧|还是算了|就算了|不了|不了吧|不用了|不必了|免了|不考虑|不可能|没门|绝对不行|不可以|不
    """
REFUSED = Phrases((phrase, True) for phrase in phrases(_REFUSED))
"""What by itself refuses what was just said or asked back: "glass? no way", "velvet, no thanks", 周一？算了."""

CORRECTS = Phrases(
    (phrase, True)
    for phrase in phrases(
        "no wait|wait no|no sorry|sorry no|oh wait|wait|i mean|i meant|make that|make it|or rather|scratch that|"
        "actually|actually no|no actually|well actually|no make that|no make it|"
        "no wait make that|sorry|sorry i meant|no i mean|"
        "不对|哦不|噢不|啊不|等等|等一下|改成|说错了|应该是|我是说"
    )
)
"""What takes back what was just said, for what follows: "under 200, no wait, 150"."""

ALLOWED = Phrases(
    (phrase, True)
    for phrase in phrases(
        "is fine|is ok|is okay|is alright|is no problem|is not a problem|isnt a problem|would be fine|would be ok|"
        "would be okay|wouldnt matter|doesnt matter|也行|也可以|也没事|也没关系|没关系|也无所谓|无所谓|没事|也没问题|"
        "没问题|也认了|认了|也无妨|也能接受|能接受|也成"
    )
)
"""What after a comparative allows it and does not ask for it: "heavier is fine", 贵一点也行."""

BEYOND = Phrases(
    (phrase, True)
    for phrase in phrases(
        "dont mind|do not mind|wouldnt mind|would not mind|happy to|happy with|willing to|prepared to|ready to|"
        "fine with|ok with|okay with|fine if|ok if|okay if|no problem|no problem if|doesnt matter if|can|could|can be|"
        "could be|may be|might|would|id|不介意|不在乎|可以|也可以|能接受|可以接受|愿意|无所谓"
    )
)
"""What before "more than 200" allows it and does not ask for it."""

OUT = Phrases(
    (f"{be}{phrase}", True)
    for be, text in {
        "is |are |s |": "no good|out|a no|a no go|a nono|no go|not an option|out of the question|not possible|"
        "not for me|not my thing|not on",
        "": "isnt possible|arent possible|isnt an option|arent an option|isnt for me|arent for me|isnt my thing|"
        "arent my thing|isnt on|doesnt work|dont work|wont work|wouldnt work|does not work|do not work|will not work|"
        "doesnt suit|dont suit|wont suit|does not suit|do not suit|wont do|will not do|wont fit|doesnt suit me|"
        "dont suit me|doesnt suit us|dont suit us",
    }.items()
    for be in be.split("|")
    for phrase in text.split("|")
)
"""What is said of a value that will not do: "mondays are out", "monday doesn't work"."""

GONE = Phrases(
    (f"{must} go", True)
    for must in phrases("has to|have to|must|would have to|will have to|needs to|need to|would need to|gotta")
)
"""The same where nothing follows: "the carpet would have to go", but "it has to go with the sofa"."""

LEFT = frozenset({"leave", "leaving", "rule", "count"})
"""What with "out" refuses what stands between the two."""

DISGUST = frozenset(
    words(
        "wrong sad weird weirder awful gross disgusting horrible terrible ugly hideous silly pointless rubbish nasty "
        "dreadful vile tacky revolting depressing"
    )
)
"""What is said of a value in general that nobody would choose."""

AFTER_NEGATIVE = Phrases(
    (phrase, True)
    for phrase in phrases(
        "free|过敏|除外|不要|不行|就算了|我接受不了|接受不了|受不了|我受不了|我是再也不|我再也不|再也不|我从来不|从来不|我从不|"
        "的都不要|的都别|都不要|不考虑|免谈"
    )
)
"""Refusals that follow what they refuse."""

IDIOMS = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        in short|short of|short on|short for|short notice|for short|cut short|in action|out of action|take action|
        at war|family of|for free|free time|of course|at work|by the way|once again|in the dark|fair enough|
        in general|a cold|the cold|cold feet|
        out of order|in order|on time|in time|time flies|at first|last time|long time|next time|at large|
        吃醋|生气|加油|开心|当心|小心|点心思|打酱油|吃土|吃灰|炒鱿鱼|背锅|甩锅
        """
    )
)
"""Phrases whose words do not mean what they say."""

_LIFT_BEFORE = phrases(
    """
    never mind|nevermind|forget|forget about|regardless of|no matter|ignore|irrespective of|dont care about|
    doesnt matter|do not care about|dont mind|dont care|do not care|does not matter|no preference on|
    no preference for|no preference about|independent of|whatever|doesnt matter what|doesnt matter which|
    no limit on|dont worry about|no restriction on|not fussy about|not picky about|drop|remove|不限|不限制|
    不挑|不纠结|不计较|不讲究|别卡|不卡|不用在意|不必考虑|不用考虑|
    不在乎|不管|无论|忽略|去掉|取消|别管|不考虑|不用管|不论|不介意|不看
    """
)
LIFT_BEFORE = Phrases((phrase, True) for phrase in _LIFT_BEFORE)
"""What before a facet's name says that the facet is of no matter."""

UNNEEDED = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        doesnt have to be|does not have to be|dont have to be|do not have to be|need not be|neednt be|no need for|
        not necessarily|never mind|nevermind|forget|forget about|dont insist on|do not insist on|no longer needs to be|
        doesnt need to be|does not need to be|no longer has to be|dont need|do not need|doesnt need|
        no longer need|needs no longer be|without insisting on|scratch|scrap|drop|ditch|
        it may be|it can be|may be|can also be|doesnt need to have|doesnt have to have|
        不限|不限定|不局限于|不一定非得|不一定非得是|不一定非要是|不非得|不非得是|不用非得|
        不一定要|不一定是|不一定要是|不一定得是|不一定非要|不必|不必是|不强求|不非要|不要求|不再要求|别管|不管是不是|
        不用非得是|不用一定是|不是也行|不用限定|不限于
        """
    )
)
"""What before a value says that it is wished for no longer."""

NO_MORE = Phrases(
    (phrase, True) for phrase in phrases("any more|anymore|any longer|after all|now after all|也没关系|不要紧|也无所谓")
)
"""What after a value says so, where it is refused or allowed."""

_FITS = "fine|all right|ok|okay|good|alright|great|acceptable|possible|not bad"
_SERVES = "work|works|count|counts|do|does|go|goes|suit|suits|suit me|suits me|work for me|works for me"
_BE = "|is |are |s |would be |will be |could be |might be "
_WOULD = "|would |will |could |can |might |id "
_AND = ("too", "as well", "also", "after all")


_BRING = phrases(
    "看|看看|看下|看一下|看一看|瞅瞅|列|列出来|列一下|放|放进来|加上|加进来|加进去|拿来|拿出来|拿来看看|拿来瞅瞅|摆出来|"
    "摆出来看看|推|推荐|来点|来几个|考虑|考虑一下|算|算上|算进去|包括|包括进来"
)
"""What in Chinese asks to be shown more: 灰的也拿来瞅瞅."""


def _would_do() -> list[str]:
    """What says so in English: "is fine too", "would do as well", "also works", "would also be ok"."""
    found = [f"{be}{word} {also}" for be in _BE.split("|") for word in phrases(_FITS) for also in _AND]
    found += [f"{aux}{word} {also}" for aux in _WOULD.split("|") for word in phrases(_SERVES) for also in _AND]
    found += [f"{be}also {word}" for be in ("", "is ", "are ") for word in phrases(_FITS)]
    found += [f"{aux}also be {word}" for aux in ("would ", "will ", "could ") for word in phrases(_FITS)]
    return found + [f"{aux}also {word}" for aux in _WOULD.split("|") for word in phrases(_SERVES)]


ALSO = Phrases(
    (phrase, True)
    for phrase in [
        *_would_do(),
        *(f"也{lead}{verb}" for lead in ("", "给我", "帮我", "可以", "都", "一起", "给我一起") for verb in _BRING),
        *phrases(
            "in as well|in too|can come back|may come back|is welcome again|are welcome again|"
            "算上|都算上|也都算上|"
            "也行|也可以|也好|也成|也能接受|也接受|也凑合|也没问题|也没关系的话|也都行|也都可以|也ok|也ok的|也不错"
        ),
    ]
)
"""What after a value says that it would do beside one that was asked for before."""

ALSO_BEFORE = Phrases(
    (phrase, True)
    for phrase in [
        *(
            f"also {word}"
            for word in phrases("do|make|take|accept|consider|manage|fine with|ok with|happy with|open to")
        ),
        *phrases(
            "dont mind|do not mind|nothing against|not against|不介意|不反对|不排斥|"
            "alternatively|failing that|or else|也可以是|也能接受|也接受|也考虑|也愿意|也可以考虑|"
            "加上|再加上|加个|再加个|加点|再加点|"
            "要不|要么|或者|不然"
        ),
    ]
)
"""What before a value says so: "i could also do fridays", "failing that, grey"."""

TOO = Phrases((f"{be}{also}", True) for be in ("", "one ", "ones ") for also in ("too", "as well"))
"""What closes a value that comes to others."""

AND_SO_ON = Phrases(
    (phrase, True)
    for phrase in phrases(
        "things like that|stuff like that|"
        "that kind of thing|that kinda thing|that sort of thing|or something|something like that|and such|and the like|"
        "之类的|之类|什么的|这种的|这类的|一类的"
    )
)
"""What after values makes them examples of what is wished for."""

NO_MUST = Phrases(
    (phrase, True)
    for phrase in phrases(
        """
        not necessary|not vital|
        isnt important|is not important|not important|isnt a priority|is not a priority|不重要|也不重要|不是重点|
        is not a must|isnt a must|s not a must|not a must|is not essential|isnt essential|not essential|
        is not necessary|isnt necessary|is optional|neednt be|need not be|neednt|is not needed|isnt needed|
        are not needed|arent needed|not needed|is not required|isnt required|not required|arent required|
        doesnt have to be|dont have to be|does not have to be|doesnt need to be|dont need to be|not a requirement|
        无所谓|也无所谓|其实无所谓|
        不强求|不强求了|也不强求|也不强求了|不是非要|也不是非要|不是非要不可|不是非要不可的|不要求了|都无所谓|不限了|
        不要了|不用了|不需要了|不看了|不考虑了|也不要了|就不要了|先不要了|先不看了|先不考虑了|可以不要|不要也行|不用也行|
        其实也无所谓|也没关系|也不要紧|不是必须的|不是必须|不是必需|可有可无|有没有都行|没有也行|没有也可以
        """
    )
)
"""What right after a value says that it is wished for no longer, refused or not."""

NOT_THAT = Phrases(
    (phrase, True)
    for phrase in phrases(
        "not that i mind|not that i would mind|not that im against|not that i hate|not that i dislike|"
        "not that theres anything wrong with|not that i have anything against|不是说我讨厌|不是说不喜欢|倒不是讨厌"
    )
)
"""What before a value says that it is neither refused nor wished for."""

OTHERS = Phrases((phrase, True) for phrase in phrases("别的|其他|其它|另外的|其他的"))
"""What in Chinese with a facet's name allows any value of it, where 也 follows: 别的颜色也行."""

_LIFT_AFTER = phrases(
    """
    doesnt matter|does not matter|dont matter|do not matter|are no object|
    is not important|isnt important|is irrelevant|is no object|no object|
    is flexible|is not an issue|isnt an issue|is no issue|is not a problem|isnt a problem|doesnt bother me|
    is unimportant|isnt that important|can be anything|can be whatever|is whatever|whatever|is no matter|
    what it costs|what it may|whatever it costs|
    无所谓|不限|随便|都行|都可以|没关系|不重要|不是问题|不在乎|不管|都无所谓|任意|随意|多少都行|
    都好|不要求|没要求|没有要求|别管|不用管|不挑|不卡|不纠结|不计较|不讲究|没讲究|放开|放宽|不要紧|不打紧|看着办|你定|
    不限制|不强求
    """
)
_WHOSE = ("", "你", "您", "我", "我们", "就", "也", "倒", "都", "你就", "我就", "我也", "倒是", "其实", "真", "你也")
LIFT_AFTER = Phrases(
    (lead + phrase, True) for phrase in _LIFT_AFTER for lead in (("",) if phrase.isascii() else _WHOSE)
)
"""The same after a facet's name: "the price doesn't matter", 价格你别管了."""
