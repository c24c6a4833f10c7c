"""Units and dimensions: which numbers a facet holds, told from its unit, its name and its values.

A dimension is a word such as "money" or "time"; a unit is a dimension and a factor to the dimension's base unit.
Currencies are never converted: all have the factor 1.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatrec.indexes._linker_text import Phrases, norms, stem
from chatrec.indexes._values import Facet, Item

Unit = tuple[str, float]

_TABLE: dict[str, tuple[str, float]] = {
    "$ € £ ¥ ￥ ₹ dollar dollars usd buck bucks euro euros eur gbp quid cny rmb yuan jpy yen cents "
    "元 块 块钱 人民币 欧元 美元 美金 日元 英镑 刀": ("money", 1),
    "s sec secs second seconds 秒 秒钟": ("time", 1 / 60),
    "min mins minute minutes 分钟 分": ("time", 1),
    "h hr hrs hour hours 小时 个小时 钟头 个钟头 个钟": ("time", 60),
    "day days night nights 天 日 晚": ("time", 1440),
    "刻钟": ("time", 15),
    "week weeks 周 星期 个星期 礼拜 个礼拜": ("time", 10080),
    "fortnight fortnights": ("time", 20160),
    "month months 个月": ("time", 43200),
    "years year yr yrs 年": ("span", 1),
    "years old year old yo 岁": ("age", 1),
    "平 平米 平方 平方米 ㎡": ("area", 1),
    "mm millimeter millimeters millimetres 毫米": ("length", 0.001),
    "cm centimeter centimeters centimetres 厘米 公分": ("length", 0.01),
    "m meter meters metre metres 米": ("length", 1),
    "km kilometer kilometers kilometre kilometres 公里 千米": ("length", 1000),
    'inch inches in " ″ 英寸 寸': ("length", 0.0254),
    "ft foot feet 英尺": ("length", 0.3048),
    "mi mile miles 英里": ("length", 1609.344),
    "mg milligram milligrams 毫克": ("mass", 0.001),
    "g gr gram grams gramme grammes 克": ("mass", 1),
    "kg kgs kilo kilos kilogram kilograms 公斤 千克": ("mass", 1000),
    "斤": ("mass", 500),
    "lb lbs pound pounds 磅": ("mass", 453.592),
    "oz ounce ounces 盎司": ("mass", 28.3495),
    "ml millilitre millilitres milliliter milliliters 毫升": ("volume", 0.001),
    "l litre litres liter liters 升": ("volume", 1),
    "kb": ("bytes", 1 / 1048576),
    "mb 兆": ("bytes", 1 / 1024),
    "gb gig gigs gigabyte gigabytes": ("bytes", 1),
    "tb terabyte terabytes": ("bytes", 1024),
    "kcal kcals cal cals calorie calories 大卡 千卡 卡 卡路里": ("energy", 1),
    "kj 千焦": ("energy", 0.239),
    "w watt watts 瓦": ("power", 1),
    "kw kilowatt 千瓦": ("power", 1000),
    "wh 瓦时": ("charge", 1),
    "mah 毫安": ("capacity", 1),
    "hz 赫兹": ("frequency", 1),
    "mhz": ("frequency", 1e6),
    "ghz": ("frequency", 1e9),
    "% percent 百分 pct": ("percent", 1),
    "star stars 星 星级 颗星 级 points point": ("rating", 1),
    "people person persons serving servings guest guests adults 人 个人 人份 位": ("people", 1),
    "degrees °c celsius 度 摄氏度": ("temperature", 1),
    "pages page 页": ("pages", 1),
}
_ALSO: dict[str, Unit] = {
    "g": ("bytes", 1),
    "t": ("bytes", 1024),
    "star": ("difficulty", 1),
    "stars": ("difficulty", 1),
    "星": ("difficulty", 1),
    "颗星": ("difficulty", 1),
    "级": ("difficulty", 1),
    "pounds": ("money", 1),
    "pound": ("money", 1),
    "£": ("money", 1),
    "m": ("time", 1),
    "分": ("rating", 1),
    "天": ("days", 1),
    "days": ("days", 1),
}
_DAY, _YEAR = 1440, 518_400
"""Minutes; a year has twelve months of thirty days, as what is counted in months has."""
SYMBOLS = re.compile(r"[$€£¥￥₹]")

_NAMES = {
    "money": "price prices cost costs money budget fee fees fare rent amount "
    "价格 价钱 价位 售价 费用 单价 票价 房租 租金 月租 年租 学费 押金 保费 门票 运费 tuition 人均 消费 预算 价 钱",
    "time": "runtime duration time minutes hours days nights mins min 时长 片长 用时 耗时 时间 天数 长度",
    "year": "year years released release date published 年份 年代 年 日期 上映 出版",
    "mass": "weight mass 重量 体重 净重 重",
    "length": "length height width depth distance size screen diameter thickness "
    "高度 长度 宽度 深度 厚度 距离 尺寸 屏幕 身高",
    "volume": "volume capacity 容量",
    "rating": "rating ratings rated stars score scores points 评分 星级 分数 打分 得分",
    "bytes": "storage memory ram disk 内存 存储 硬盘",
    "energy": "calories kcal energy 热量 卡路里 能量",
    "age": "age ages 年龄",
    "difficulty": "difficulty level complexity grade 难度",
    "popularity": "popularity votes views downloads 热度 人气 销量",
    "people": "servings serves people guests persons players sleeps seats group 人数 份量 份数",
    "speed": "speed 速度",
    "power": "power 功率",
    "temperature": "temperature 温度 气温",
    "percent": "percent percentage 比例",
    "pages": "pages 页数",
}

_SIDES = {
    "width": "width wide breadth 宽度 宽",
    "height": "height tall high 高度 身高 高",
    "depth": "depth deep 深度 深",
    "thickness": "thickness thick 厚度 厚",
    "length": "length long 长度 长",
    "slope": "gradient slope climb ascent incline 坡度 爬升",
}
SIDES = frozenset(_SIDES)
"""The measures of a thing that a facet's name may tell apart."""
_SIDE_OF = {word: side for side, words in _SIDES.items() for word in words.split()}


def _units() -> dict[str, tuple[Unit, ...]]:
    table: dict[str, tuple[Unit, ...]] = {}
    for names, unit in _TABLE.items():
        for name in names.split():
            table[name] = (*table.get(name, ()), unit)
    table["years old"] = table["year old"] = (("age", 1.0),)
    table["块钱"] = (("money", 1.0),)
    for name, unit in _ALSO.items():
        if unit not in table.get(name, ()):
            table[name] = (*table.get(name, ()), unit)
    return table


UNITS = _units()
"""Units by their spelling; some spellings mean several."""
UNIT_WORDS: Phrases[tuple[Unit, ...]] = Phrases(
    (name, units) for name, units in (*UNITS.items(), ("of us", UNITS["people"])) if norms(name)
)
_ASKED = {
    "time": "how long|how short|多长|多久|多长时间",
    "money": "how much|how expensive|how cheap|how much it costs|多少钱|多贵|贵不贵",
    "year": "how old|how new|how recent|when|which year|what year|"
    "多旧|多新|哪年|哪一年|什么时候|什么年代|哪个年代|年代",
    "mass": "how heavy|how light|多重",
    "length": "how big|how small|how far|how large|多大|多远",
    "difficulty": "how hard|how difficult|how easy|多难",
}
DIMENSION_WORDS: Phrases[str] = Phrases(
    [(word, dim) for dim, text in _NAMES.items() for word in text.split()]
    + [(phrase, dim) for dim, text in _ASKED.items() for phrase in text.split("|")]
)
"""Words for dimensions, as people and column names use them."""

_DAYS = frozenset({"day", "days", "night", "nights", "天", "日", "晚"})
_DIMENSION_OF = {word: dim for dim, words in _NAMES.items() for word in words.split()}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def name_words(name: str) -> tuple[str, ...]:
    """The words of a column's name: `runtime_min`, `screenSize` and `片长(分钟)` alike."""
    return norms(_CAMEL.sub(" ", name).replace("_", " "))


def bare_name(name: str) -> tuple[str, ...]:
    """The words of a column's name without its unit, unless nothing would be left."""
    plain = re.split(r"[(（\[]", name)[0] or name
    if not plain.isascii():
        parts = plain.split("_")
        while len(parts) > 1 and parts[-1].casefold() in UNITS:
            parts.pop()
        if len(parts) == 1 and (unit := _tail_unit(plain)) is not None:
            parts = [plain[: -len(unit)]]
        return norms(" ".join(parts)) or name_words(name)
    words = name_words(plain) or name_words(name)
    while len(words) > 1 and words[-1] in UNITS and words[-1] not in {"star", "stars", "age"}:
        words = words[:-1]
    while len(words) > 1 and words[0] in {"is", "has", "the", "min", "max", "avg", "total"}:
        words = words[1:]
    return words


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers of a facet measure.

    Attributes:
        facet: The facet.
        dimension: Its dimension, or None where nothing tells.
        factor: The facet's unit in base units of the dimension.
        values: All values, ascending (numbers; for dates their years).
        distinct: The different values.
    """

    facet: Facet
    dimension: str | None
    factor: float
    values: tuple[float, ...]
    distinct: frozenset[float]

    @property
    def low(self) -> float:
        """The least value."""
        return self.values[0]

    @property
    def high(self) -> float:
        """The greatest value."""
        return self.values[-1]

    @property
    def year(self) -> bool:
        """Whether the numbers are calendar years, or the facet holds dates."""
        return self.dimension == "year"

    @property
    def side(self) -> str | None:
        """Which of the measures of a thing its name says: "width", "height", "depth"; None where it says none."""
        sides = (_SIDE_OF.get(word) for word in bare_name(self.facet.name))
        side = next(filter(None, sides), None)
        return side if self.dimension == "length" or side == "slope" else None

    @property
    def rate(self) -> str | None:
        """What it measures and how often its name counts that: "time a week" of `hours_per_week`."""
        words = name_words(self.facet.name)
        counted = len(words) > len(_once(words)) + 1
        return f"{self.dimension} a {stem(words[len(_once(words)) + 1])}" if counted else None

    def measures(self, what: str) -> bool:
        """Whether its dimension, or the side of a thing that it measures, is called so."""
        return what in {self.dimension, self.side}

    @property
    def stepped(self) -> bool:
        """Whether it has three to seven whole steps, as levels do; years never."""
        return not self.year and 3 <= len(self.distinct) <= 7 and self.facet.integer and self.high - self.low <= 10

    def quantile(self, share: float) -> float:
        """The value below which this share of the items lies."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def share(self, low: float, high: float) -> float:
        """The share of the values from low to high."""
        return (bisect_right(self.values, high) - bisect_left(self.values, low)) / len(self.values)

    def of(self, value: float, units: Sequence[Unit]) -> float | None:
        """A value in one of these units, in the facet's own; None if the dimension differs."""
        for dim, factor in units:
            often = dim == self.rate and (factor >= _DAY) == (self.factor >= _DAY)
            if often or dim == self.dimension or {dim, self.dimension} == {"span", "age"}:
                return round(value * factor / self.factor, 6)
            if dim == "span" and self.dimension == "time" and self.factor >= _DAY:
                return round(value * _YEAR / self.factor, 6)
        return None


def scales(facets: Iterable[Facet], items: Sequence[Item]) -> dict[str, Scale]:
    """The scale of every number and date facet, by name."""
    found: dict[str, Scale] = {}
    for facet in facets:
        if facet.kind not in {"number", "date"}:
            continue
        values: list[float] = []
        for item in items:
            value = item.facets.get(facet.name)
            if facet.kind == "date" and isinstance(value, str) and value[:4].isdigit():
                values.append(float(value[:4]))
            elif facet.kind == "number" and isinstance(value, int | float):
                values.append(float(value))
        if not values:
            continue
        values.sort()
        dimension, factor = _dimension(facet, values)
        found[facet.name] = Scale(facet, dimension, factor, tuple(values), frozenset(values))
    return found


def _dimension(facet: Facet, values: Sequence[float]) -> Unit:  # noqa: PLR0911
    years = facet.integer and values[0] >= 1000 and values[-1] <= 2100
    named = _named(facet.name)
    if facet.kind == "date":
        return "year", 1.0
    if facet.unit:
        units = UNITS.get(facet.unit) or UNITS.get(facet.unit.casefold()) or UNITS.get(stem(facet.unit.casefold()))
        units = units or _phrase_units(facet.unit)
        if (
            units
            and not (units[0][0] == "span" and years)
            and (named != "money" or any(unit[0] == "money" for unit in units))
        ):
            return next((unit for unit in units if unit[0] == named), units[0])
    if named == "year":
        return ("year", 1.0) if years else ("span", 1.0)
    words = _once(name_words(facet.name)) if facet.name.isascii() else _bracketed(facet.name)
    priced = named == "money" and not any(_is_unit_of(word, named) for word in words)
    order = () if priced else sorted(words, key=lambda word: _is_unit_of(word, named))
    for word in reversed(order):
        units = UNITS.get(word)
        if years and word == "in":  # built in, made in
            return "year", 1.0
        if units and (len(word) > 2 or len(words) > 1 or not facet.name.isascii()) and units[0][0] != "days":
            return next((unit for unit in units if unit[0] == named), units[0])
    if named == "time":
        daily = not _DAYS.isdisjoint(bare_name(facet.name))
        return "time", 1440.0 if daily else 60.0 if values[-1] <= 12 else 1.0
    if named is None:
        return ("year", 1.0) if years and facet.integer and values[0] >= 1500 else ("", 1.0)
    return named, {"mass": 1000.0 if values[-1] < 40 else 1.0}.get(named, 1.0)


def _is_unit_of(word: str, dimension: str | None) -> bool:
    """Whether a word is a unit of a dimension: the euro of `price_eur_kg`, and not the kilo it is paid for."""
    return any(unit[0] == dimension for unit in UNITS.get(word, ()))


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    """A column's words without what it is counted by: `price_per_night` is a price."""
    return words[: words.index("per")] if "per" in words[1:] else words


def _bracketed(name: str) -> tuple[str, ...]:
    """The unit in the name of a Chinese column: 重量_kg, 片长(分钟)."""
    told = tuple(part.strip().casefold() for part in re.findall(r"[(（_]\s*([^)）_]+)", name))
    return told or (() if (unit := _tail_unit(name)) is None else (unit,))


def _tail_unit(name: str) -> str | None:
    """The unit that a Chinese column's name ends in: 容量ml, 通勤分钟."""
    found = re.fullmatch(r"[^\x00-\x7f]{2,}?([a-zA-Z]{1,4}|分钟|小时|公里|千米|公斤|千克|毫升|厘米|毫米)", name)
    return found.group(1).casefold() if found and found.group(1).casefold() in UNITS else None


def _named(name: str) -> str | None:
    words = _once(bare_name(name))
    joined = "".join(words)
    if words and not joined.isascii():  # 最小年龄 ends in 年龄, and its 年 is no year
        ending = next((dim for word, dim in _DIMENSION_OF.items() if len(word) > 1 and joined.endswith(word)), None)
        if ending is not None:
            return ending
    return next((_DIMENSION_OF[word] for word in (joined, *reversed(words)) if word in _DIMENSION_OF), None)


def _phrase_units(unit: str) -> tuple[Unit, ...]:
    for word in name_words(unit):
        if word in UNITS:
            return UNITS[word]
    return ()
