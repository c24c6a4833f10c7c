# ruff: noqa: E501
"""How Chinese-speaking people talk to a recommender: sentences with slots, none of a domain."""

from __future__ import annotations

SAID: dict[str, tuple[str, ...]] = {
    "hello": ("你好", "嗨", "您好", "hi", "哈喽", "晚上好"),
    "greet_only": ("你好", "您好", "在吗", "嗨", "早上好", "你好，你是谁？", "哈喽", "有人吗？"),
    "open_vague": (
        "我想找{one}", "推荐一个{one}吧", "有什么好的{many}？", "帮我选一个{one}", "给{whom}挑个{one}", "想要点不错的",
        "你们有什么{many}", "不知道选什么好", "帮帮我", "随便看看{many}", "我想买{one}给{whom}", "求推荐{one}", "有啥好的",
        "最近想试试新的{one}", "第一次接触{many}，怎么选？", "能推荐一下吗",
    ),
    "open_wishes": (
        "我想要{wishes}的{one}", "有没有{wishes}的{one}？", "找{wishes}的", "{wishes}", "推荐{wishes}的{one}", "想找{one}，{wishes}",
        "给{whom}找个{one}，{wishes}", "帮我找{wishes}的{one}", "要{wishes}", "我喜欢{wishes}的", "来个{wishes}的", "希望{wishes}",
        "最好{wishes}", "{wishes}的有吗",
    ),
    "open_like": ("有没有和{title}差不多的", "类似{title}的", "我很喜欢{title}，还有类似的吗？", "像{title}那样的", "{title}很好，再来个差不多的"),
    "open_like_but": ("像{title}，但是要{wishes}", "类似{title}，不过{wishes}", "有没有{title}那样的，但{wishes}"),
    "open_list": (
        "给我个惊喜", "你帮我选几个", "看着推荐吧", "都可以，直接推荐", "随便来几个", "你决定", "给我看看你的推荐", "不挑，推荐就好", "先来几个看看",
        "随便推荐几个", "都行，你看着办", "直接给我看几个{many}", "没要求，推荐就行", "给我来几个好的", "随便", "你来选吧",
        "别问了，直接推荐", "先看几个再说", "来个随机的",
    ),
    "open_list_wishes": ("直接给我看{wishes}的", "{wishes}，别的无所谓，直接推荐", "列几个{wishes}的", "{wishes}，不用问了"),
    "open_ask": ("我不知道自己想要什么，你问我吧", "选择太多了，帮我缩小范围", "你需要知道什么？", "怎么选{one}？", "不懂，帮我分析一下"),
    "answer_value": ("{value}", "{value}", "{value}吧", "我要{value}", "最好是{value}", "{value}的", "嗯，{value}", "喜欢{value}", "{value}比较好", "就{value}", "{label}要{value}"),
    "answer_not": ("不要{value}", "除了{value}都行", "不喜欢{value}"),
    "answer_also": ("{value}，还要{wishes}", "{value}，另外{wishes}"),
    "answer_other": ("这个无所谓，但是要{wishes}", "都行，主要是{wishes}"),
    "answer_any": ("都可以", "无所谓", "随便", "没有偏好", "都行", "不重要", "没想过", "不知道", "你定吧", "没要求"),
    "answer_list": ("别问了，直接推荐吧", "先给我看看有什么", "直接列出来就好", "不想回答，推荐吧"),
    "answer_yes": ("要", "是的", "对", "需要", "嗯", "必须的"),
    "answer_no": ("不要", "不用", "不需要", "不", "算了"),
    "accept": (
        "就要{ref}", "{ref}不错，就它了", "我选{ref}", "{ref}很合适", "好，{ref}", "{ref}正是我想要的", "那就{ref}吧，谢谢", "喜欢{ref}",
        "{ref}可以", "决定了，{ref}",
    ),
    "accept_more": ("{ref}不错，还有类似的吗？", "{ref}可以，再来几个", "喜欢{ref}，还有别的吗", "{ref}要了，再推荐一个"),
    "reject": ("不要{ref}", "{ref}不适合我", "不喜欢{ref}", "{ref}没意思", "{ref}就算了", "{ref}不行", "对{ref}没兴趣", "去掉{ref}"),
    "reject_reason": ("{ref}{flaw}，不要", "不要{ref}，{flaw}", "{ref}不行，{flaw}", "{ref}{flaw}，不适合我"),
    "seen": ("{ref}我已经有了", "{ref}我知道", "{ref}试过了", "{ref}以前用过", "我早就有{ref}了", "{ref}已经体验过了，换一个", "{ref}不新鲜了"),
    "seen_like": ("{ref}我试过，很喜欢，还有类似的吗", "{ref}有了，很不错"),
    "seen_hate": ("{ref}试过，不好", "{ref}用过，很失望"),
    "critique": ("{ref}挺好，就是{flaw}", "{ref}不错但是{flaw}", "喜欢{ref}，可惜{flaw}", "{ref}有点{flaw}", "{ref}还行，不过{flaw}"),
    "refine": ("像{ref}但是要{change}", "类似{ref}，{change}一点的", "有没有{ref}那样但{change}的", "{ref}差不多，要{change}的", "和{ref}一样，不过{change}"),
    "more": ("还有吗", "再来几个", "还有别的吗？", "换一批", "更多", "下一批", "其他的呢", "继续", "还有什么"),
    "none": ("都不喜欢", "没有合适的", "这些都不行", "一个都不想要", "完全不是我想要的", "都不要，换一批"),
    "all_seen": ("这些我都有了", "全都试过了", "这几个我都知道"),
    "list_change": ("都{flaw}", "要{change}的", "有没有{change}的", "{change}一点", "太可惜了，都{flaw}", "能不能{change}"),
    "add": ("还要{wishes}", "另外{wishes}", "最好{wishes}", "对了，{wishes}", "只要{wishes}的", "{wishes}的更好", "忘了说，{wishes}"),
    "change": ("算了，换成{wishes}", "我改主意了，要{wishes}", "不对，{wishes}", "还是{wishes}吧", "重新来，{wishes}"),
    "lift": ("{label}无所谓了", "不用管{label}", "{label}随便", "{label}不重要了"),
    "describe": (
        "介绍一下{ref}", "{ref}怎么样？", "详细说说{ref}", "{ref}的{label}是多少？", "{ref}是{value}的吗？", "说说{ref}", "{ref}有什么特点",
        "{ref}好不好", "想多了解{ref}", "为什么推荐{ref}？", "{ref}是什么",
    ),
    "thanks": ("谢谢", "太感谢了", "好的谢谢", "多谢", "谢啦", "非常感谢你的帮助"),
    "bye": ("再见", "拜拜", "就这样吧", "没别的了，再见", "晚安"),
    "smalltalk": ("你今天怎么样？", "哈哈", "你是机器人吗", "今天好累", "下雨了", "嗯嗯", "好的", "讲个笑话", "你叫什么名字", "有意思", "哦"),
    "help": ("怎么用？", "你会做什么？", "你能干什么", "帮助", "这是什么", "我该怎么说", "能问你什么", "说明一下用法", "你有什么用"),
    "unclear": ("啊？", "嗯？", "那个", "你懂的", "？？？", "哈", "额", "老样子", "就那个嘛", "123", "呃呃"),
    "scope": ("明天天气怎么样？", "帮我叫个车", "17乘23等于多少", "给我写首诗", "现在几点", "翻译一下早上好", "帮我下单", "给老板发邮件", "今天有什么新闻"),
    "lasting_not": ("记住，我从来不要{value}", "以后不要给我推荐{value}", "我一直不喜欢{value}，记一下", "永远别推荐{value}", "我对{value}过敏，请记住"),
    "lasting_yes": ("记住我喜欢{value}", "以后都要{value}的", "我一直只选{value}，记一下", "我总是偏好{value}", "请记住：{value}"),
    "profile": ("你知道我什么？", "你记住了我的哪些喜好？", "看看我的偏好"),
    "whom": ("妈妈", "朋友", "周末", "孩子", "自己", "女朋友", "同事", "老爸", "假期", "今晚", "两个人"),
    "filler": (
        "这周太累了。", "预算不多。", "问了朋友也不知道。", "我们刚搬家。", "找了好久了。", "上次买的很失望。", "不着急。", "我不太懂这个。",
        "有点选择困难。", "是一个特别的日子。", "手机打字，见谅。", "答应了孩子的。",
    ),
    "words_small": ("我很好，你想找点什么？", "我是帮你挑选的程序。", "哈哈，想找点什么呢？"),
}  # fmt: skip

ORDINALS = ("一", "二", "三", "四", "五", "六", "七", "八")
REFERENCES = ("第{ordinal}个", "第{n}个", "{n}号", "{title}", "{title}", "《{title}》")
FLAWS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "money": (("太贵了", "贵一点", "太便宜了", "便宜"), ("价格太高", "高档", "太便宜", "便宜一些")),
    "time": (("太长了", "长一点", "太短了", "短一点"),),
    "length": (("太大了", "大一点", "太小了", "小一点"),),
    "weight": (("太重了", "重一点", "太轻了", "轻一点"),),
    "year": (("太新了", "新一点", "太旧了", "老一点"),),
    "other": (("{label}太高", "{label}高一点", "{label}太低", "{label}低一点"),),
}
VAGUE_NUMBERS = {
    "money": ("不要太贵", "便宜", "实惠"),
    "time": ("不要太长", "短一点"),
    "length": ("不要太大", "小一点"),
    "weight": ("轻一点",),
    "year": ("新一点",),
    "other": ("{label}高一点", "{label}不要太高"),
}
ANY_OF = ("{wish}", "{wish}", "{wish}的", "最好{wish}", "必须{wish}")
WITH = ("有{wish}", "{wish}", "带{wish}", "{wish}的")
WITHOUT = ("不要{wish}", "没有{wish}", "不喜欢{wish}", "除了{wish}", "别{wish}")
LABELLED = ("{label}{wish}", "{label}要{wish}", "{label}是{wish}", "{label}：{wish}")
AT_MOST = ("{label}不超过{n}", "{label}{n}以内", "{label}低于{n}", "{label}最多{n}", "{label}{n}以下")
AT_LEAST = ("{label}至少{n}", "{label}{n}以上", "{label}超过{n}", "{label}不低于{n}")
BETWEEN = ("{label}{low}到{high}", "{label}在{low}和{high}之间", "{label}{low}-{high}")
UNIT_AT_MOST = ("{n}以内", "不超过{n}", "{n}以下", "最多{n}")
UNIT_AT_LEAST = ("{n}以上", "至少{n}", "超过{n}")
JOIN = ("，", "，", "，还要", "、", "。")
