"""Closed-class and very common words of English and Chinese. No word here belongs to a domain."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a table: separated by blanks."""
    return text.split()


def phrases(text: str) -> list[str]:
    """The phrases of a table: separated by bars, over any number of lines."""
    return [" ".join(part.split()) for part in text.split("|")]


FUNCTION = frozenset(
    words(
        """
        fantastic terrific amazing wonderful plenty
        a about above actually after again all almost along already also although always am an and another any
        anybody anyone anything anyway anywhere are arent around as at away back be because been before being
        below between both but by can cannot cant could couldnt did didnt do does doesnt doing done dont down
        during each either else enough even ever every everyone everything except few for from further get gets
        getting give gives go goes going gonna got had has hasnt have havent having he hello help hers here hey
        hi him his how however i id if ill im in instead into is isnt it its itself ive just kind kinda let
        lets like likes lot lots lol may maybe me might mine more most much must my myself need needs neither
        never no nobody none nor not nothing now of off oh ok okay on once one ones only onto or other others
        our ours out over own per perhaps please pls plus probably quite rather really same say see shall she
        should show shows so some somebody someone something sometimes somewhere sort still such sure tell than
        thank thanks that thats the their them then there theres these they theyre thing things think this
        those though through thus till to too toward try two under until up upon us very via want wants wanted
        was wasnt way we well were what whatever whats when where whether which while who whom whose why will
        with within without wont would wouldnt yeah yep yes yet you your yours youre her looking look looks
        find finding recommend recommendation recommendations suggest suggestion suggestions search searching
        prefer prefers preferably love loves feel feeling felt mood fancy seem seems know knows mean means
        interested interest guess hope wish wanna gimme great nice good best better fine cool perfect awesome
        ideally simply youd theyd today tonight tomorrow
        """
    )
)
"""Words that carry no wish of their own: left out of what remains to be searched for."""

COMMON = FUNCTION | frozenset(
    words(
        """
        able add age ago alone ask bad bag ball bank base beat beautiful become bed begin believe big bit black
        block blood blow blue board boat body book born box boy break bring brother brown build burn business
        buy call car card care carry case catch cause change charge cheap check child choose city class clean
        clear close clothes cloud coat coffee cold color colour come company contact count country couple
        course cover crazy cross cry cup cut dad dance dark date daughter day dead deal death deep different
        dinner direct dirty dog door double draw dream dress drink drive drop dry early earth easy eat eight
        end enjoy escape event evening exactly eye face fact fair fall family far fast father feed fight figure
        fill film final fire first fish five fix flat floor fly follow food fool foot force forget form four
        free fresh friend friends front full fun funny future game garden gift girl glass gold gone grand gray
        green ground group grow gun guy hair half hand hang happen happy hard hat head hear heart heat heavy
        high hill hit hold hole holiday home honest horse hot hotel hour house huge human hundred hunt hurt
        husband ice idea inside iron island job join joke jump keep key kid kids kill king kiss kitchen lady
        land large last late laugh law lead learn leave left leg lesson letter level lie life light line lion
        list listen little live long longer loose lose lost loud low luck lunch mad main make making man many
        map mark market married master match matter meal meet memory middle mind minute miss model moment money
        month moon morning mother mountain mouse move movie movies music name near neck new news next night
        nine noise north note number ocean odd offer office oil old open orange order outside page pain paint
        paper parents part party pass past path pay peace people person pick picture piece pink place plan
        plane plant play player point poor popular power present press pretty price prince problem public pull
        purple push put queen question quick quiet race rain ready real reason red relax rent rest return rich
        ride right ring rise river road rock room round rule run sad safe salt save scene school score screen
        sea season seat second secret self sell send serious serve set seven shape share ship shirt shoe shoot
        shop short shot side sign silly silver simple since single sister sit six size skin sky sleep slow
        small smart smile snow soft soldier son song soon soul sound south space speak special spend spirit
        sport spring stand star start state stay steal step stick stone stop store storm story strange street
        strong stuff style summer sun surprise sweet swim table take talk tall taste team ten test three time
        times tired together top touch town toy trade train travel tree trip trouble true trust truth turn type
        uncle understand use used usual view visit voice vote wait wake walk wall war warm wash watch watched
        watching water wave wear weather week weekend weird west wet wheel white whole wide wife wild wind
        window wine winter wise woman wonder wood word work world worry worth write wrong year years yellow
        young seen saw read bought tried made liked loved enjoyed days hours minutes weeks wedding birthday
        working wearing writing reading lightweight fit fits
        """
    )
)
"""Words so ordinary that alone, in small letters, they name no item and are no misspelling."""

HAN_FUNCTION = frozenset(
    "比像一上下与且两个为么也买了于些什从他以们件份会但位你做先再几到去又及只可台吃吗吧呀呗呢和哦哪"
    "啊啥啦喝嗯嘛在地多太她好如它家对少就很得怎想我或找把是更最有本条来果样次款点用的看着种给而"
    "能被要让讲说请谁跟过还这道那部都里唉哎诶欸嘿哟噢"
)
"""Chinese characters that alone carry no wish."""

HAN_PHRASES = tuple(
    words(
        """
        推荐 介绍 帮我 给我 有没有 有什么 随便 看看 谢谢 你好 您好 不错 可以 今天 明天 今晚 想要 喜欢 觉得 比较
        一点 一些 一下 一个 一条 一部 一款 适合 需要 希望 东西 什么 怎么 怎么样 如何 哪个 哪些 还有 或者 以及
        但是 不过 然后 因为 所以 其他 别的 最好 尽量 应该 知道 告诉 寻找 打算 准备 麻烦 请问 左右 以内 以下
        以上 类似 看过 吃过 买过 听过 读过 玩过 一样
        """
    )
)
"""Chinese request words: left out of what remains to be searched for."""

AND_WORDS = frozenset({"and", "n", "和", "与", "及", "跟", "同", "plus", "并", "且"})
OR_WORDS = frozenset({"or", "nor", "或"})
JOINERS = (
    AND_WORDS
    | OR_WORDS
    | {"a", "an", "the", "any", "some", "者", "是", "maybe", "either", "both", "also", "no", "以", "even", "of"}
)
"""What may stand between two members of one enumeration."""

GLUE = frozenset(
    words(
        "is are be by of in the a an as to for at should must being with my its was have has from it that only "
        "是 为 的 在 要 有 色"
    )
)
"""What may stand between a facet's name and its value."""
