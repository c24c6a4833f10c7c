"""How Chinese-speaking people talk to a recommender: sentences with slots, none of a domain."""

from __future__ import annotations

ORDINALS = ("一", "二", "三", "四", "五", "六", "七", "八")
REFERENCES = ("第{ordinal}个", "第{ordinal}款", "第{n}个", "{n}号", "{title}", "{title}", "《{title}》")
THIS = ("这个", "这个", "它", "这款", "那个")
BY_VALUE = ("{value}那个", "{value}的那个", "那个{value}的", "{value}那款")
BY_PIECE = ("{piece}", "{piece}", "{piece}那个", "那个{piece}", "那款{piece}")
EXTREMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "money": (
        ("便宜的那个", "最便宜的那个", "便宜那个", "最便宜的"),
        ("贵的那个", "最贵的那个", "贵的那款"),
    ),
    "time": (("短的那个", "最短的那个"), ("长的那个", "最长的那个")),
    "length": (("小的那个", "最小的那个"), ("大的那个", "最大的那款")),
    "weight": (("轻的那个", "最轻的那个", "轻一点的那个"), ("重的那个", "最重的那个")),
    "year": (("老的那个", "最早的那个"), ("新的那个", "最新的那款")),
}
FLAWS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "money": (
        ("太贵了", "贵一点", "太便宜了", "便宜"),
        ("价格太高", "高档", "太便宜", "便宜一些"),
        ("贵了点", "贵些", "便宜得不放心", "便宜些"),
        ("有点贵", "贵一点", "太便宜", "更便宜"),
    ),
    "time": (
        ("太长了", "长一点", "太短了", "短一点"),
        ("太久了", "久一点", "太短", "短些"),
        ("时间太长", "长些", "太赶了", "快一点"),
    ),
    "length": (
        ("太大了", "大一点", "太小了", "小一点"),
        ("太大", "大些", "有点小", "小些"),
        ("太长", "长一些", "太短", "短一些"),
    ),
    "weight": (("太重了", "重一点", "太轻了", "轻一点"), ("太沉了", "沉一点", "轻飘飘的", "轻些")),
    "year": (("太新了", "新一点", "太旧了", "老一点"), ("太新", "新些", "太老了", "早一点")),
    "other": (
        ("{label}太高", "{label}高一点", "{label}太低", "{label}低一点"),
        ("{label}太多了", "{label}多一点", "{label}太少了", "{label}少一点"),
    ),
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
