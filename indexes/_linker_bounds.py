"""Phrases that bound a number, before it ("at most") and after it ("or less")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from chatrec.indexes._linker_text import Phrases
from chatrec.indexes._linker_words import phrases

Bound: TypeAlias = Literal["lt", "le", "gt", "ge", "about", "point"]
Cue: TypeAlias = tuple[Bound, tuple[str, ...]]

ANY: tuple[str, ...] = ()
YEAR = ("year",)


def _cues(table: Mapping[Bound, Mapping[tuple[str, ...], str]]) -> Phrases[Cue]:
    return Phrases(
        (phrase, (bound, dims))
        for bound, rows in table.items()
        for dims, text in rows.items()
        for phrase in phrases(text)
    )


_RAISED = "放到|放宽到|加到|提到|提高到|涨到|增加到"
BEFORE = _cues(
    {
        "lt": {
            ANY: """
                under|below|less than|lower than|smaller than|fewer than|not reaching|beneath|低于|少于|小于|
                不到|不足
                """,
            ("money",): "cheaper than|less expensive than",
            ("height", "time", "length", "pages"): "shorter than|less tall than",
            ("width",): "narrower than|less wide than",
            ("depth",): "shallower than|less deep than",
            ("thickness",): "thinner than|slimmer than",
            ("mass",): "lighter than",
            ("year", "age"): "older than",
            YEAR: "before|earlier than|prior to|pre|早于",
            ("length", "distance", "time"): "closer than|nearer than|within less than",
        },
        "le": {
            ANY: """
                stretch to|id go to|could go to|can go to|would go to|stretch it to|willing to go to|
                go as high as|as high as|limit is|max is|maximum is|ceiling is|cap is|at the very most|
                at most|up to|max|maximum|maximum of|max of|no more than|not more than|no higher than|
                not higher than|no bigger than|no larger than|within|not over|not above|not exceeding|
                at the most|as much as|capped at|limit of|no greater than|不超过|最多|不高于|不大于|至多|顶多|
                不要超过|别超过|不能超过|不想超过|不超|别超|不要超|不能超|别过|不能过|最好别超|最好不超|
                控制在|不得超过|最高|不多于|别高于|不要高于|最好别超过|最好不超过|
                """
            + _RAISED,
            ("money",): """
                budget|budget is|budget of|budget is around|my budget is|not a penny over|not a penny more than|
                not a cent over|not a cent more than|not one penny over|not one cent over|not a euro over|
                not a dollar over|not a pound over|预算|预算是|预算就|预算只有|预算在|预算不超过|最贵
                """,
            ("time", "length", "pages"): "no longer than|not longer than|最长",
            ("width",): "no wider than|not wider than|最宽",
            ("height",): "no taller than|not taller than",
            ("depth",): "no deeper than|not deeper than",
            ("thickness",): "no thicker than|not thicker than",
            ("mass",): "no heavier than|not heavier than",
            YEAR: "until|till|no later than|not after|not later than|by the year|不晚于",
            ("time",): "in under|in at most",
        },
        "gt": {
            ANY: """
                over|above|more than|greater than|higher than|bigger than|larger than|exceeding|beyond|
                upwards of|better than|超过|高于|大于|多于|不止
                """,
            ("money",): "more expensive than|pricier than",
            ("time", "length", "pages"): "longer than|长于",
            ("width",): "wider than|broader than|宽于",
            ("height",): "taller than",
            ("depth",): "deeper than",
            ("thickness",): "thicker than",
            ("mass",): "heavier than|重于",
            YEAR: "after|newer than|later than|more recent than|younger than|post|晚于",
        },
        "ge": {
            ANY: """
                at least|minimum|minimum of|min|min of|no less than|not less than|no fewer than|not under|
                not below|no lower than|starting at|starting from|至少|最少|不低于|不少于|不小于|起码|最低
                """,
            ("height", "time", "length", "pages"): "no shorter than|not shorter than|最短",
            ("width",): "no narrower than|not narrower than|最窄",
            ("depth",): "no shallower than|not shallower than",
            ("thickness",): "no thinner than|not thinner than",
            ("people",): "for|we are|we r|were|there are|for us|there are us|我们|一共|总共",
            YEAR: "since|not before|no earlier than|not older than|no older than|不早于|自从",
        },
        "about": {
            ANY: """
                about|around|approximately|approx|roughly|circa|ca|close to|nearly|almost|like around|大约|大概|
                差不多|约|接近|somewhere around|in the region of
                """,
            ("money",): """
                budget around|budget of around|budget of about|budget about|预算大概|预算大约|for around|
                for about
                """,
        },
        "point": {
            ANY: "exactly|precisely|正好|刚好",
            YEAR: "from|in|from the year|in the year|of|made in|from year",
        },
    }
)
"""What stands before a number: what it bounds, and the dimensions that the words themselves tell."""

RAISED = Phrases((phrase, True) for phrase in phrases(_RAISED))
"""Those of them that move a bound which held before."""

AFTER = _cues(
    {
        "lt": {
            YEAR: "以前|之前|前|and before",
            ("age",): "or younger",
        },
        "le": {
            ANY: """
                at the very most|at the very maximum|absolute max|is my limit|would be my limit|is the limit|is my max|
                is the max|is my maximum|is the maximum|or lighter|or narrower|or thinner|or shallower|or closer|
                or nearer|or less|or fewer|or under|
                or below|or lower|or cheaper|or shorter|or earlier|or older|and under|
                and below|max|maximum|tops|at most|at the most|or smaller|and less|以下|以内|之内|之下|往下|内|封顶|
                为止|最多|至多|顶多|及以下|或以下|或更少|或更低|以里|打住|不能再多|limit
                """,
            ("time",): "or faster|or quicker|or sooner",
            YEAR: "or before|and earlier|and older|或更早|或者更早|或以前|或之前|及以前|为止",
        },
        "ge": {
            ANY: """
                or heavier|or wider|or taller|or deeper|or thicker|
                or more|or over|or above|or higher|or longer|or later|or newer|or up|or better|and up|and above|
                and over|and more|and later|and higher|and newer|plus|minimum|at least|onwards|or bigger|
                or larger|or greater|upwards|at the least|以上|之上|起|起步|及以上|或以上|或更多|或更高|往上|打底|最少|
                至少
                """,
            YEAR: "以后|之后|后|以来|and after|or after|on|onward|and onward|and onwards|或更晚|或以后|或之后|及以后",
        },
        "about": {
            ANY: "左右|上下|出头|or so|ish|give or take|or thereabouts",
        },
    }
)
"""The same for what stands after a number."""

SIDEWAYS: Phrases[str] = Phrases(
    (phrase, side)
    for side, text in {
        "width": "wide|broad|across|in width|宽",
        "height": "tall|high|in height|高",
        "depth": "deep|in depth|深",
        "thickness": "thick|in thickness|厚",
        "length": "long|in length|长",
    }.items()
    for phrase in phrases(text)
)
"""What after a number says which side of a thing it measures: "70 wide", 80宽."""
