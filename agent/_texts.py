"""What chatrec itself says around the model's words, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chatrec.indexes import Facet
from chatrec.indexes._units import with_unit
from chatrec.tools._texts import beside

_PARTS = re.compile(r"[;；]\s*")
_SAID = {
    "en": {
        "list": "Here is what I found:",
        "list_where": "Here is what I found for {where}:",
        "nothing": "I have nothing left to show for this. Shall we change a wish?",
        "relaxed": "Nothing matches everything, so I went without: {relaxed}.",
        "relaxed_one": "Only one matches everything; the rest goes without: {relaxed}.",
        "relaxed_some": "Only {count} match everything; the rest goes without: {relaxed}.",
        "relaxed_one_more": "Only one more matches everything; the rest goes without: {relaxed}.",
        "relaxed_some_more": "Only {count} more match everything; the rest goes without: {relaxed}.",
        "noted": "Noted.",
        "accept": "Noted: you like {title}.",
        "reject": "Noted: not {title}.",
        "seen": "Noted: you know {title} already.",
        "critique": "Noted what you think of {title}.",
        "refine": "Noted what you think of {title}.",
        "reply": "What would you like? Tell me in your own words, and I will look through the {name}.",
        "describe": "Here is what I know about it:",
        "greeting": "Hello! What would you like? Tell me in your own words, or let me surprise you.",
        "thanks": "You're welcome!",
        "goodbye": "Goodbye, come back any time.",
        "help": "I look through the {name} with you ({count} items). Tell me what you would like, what you think of "
        "what I show, or ask about an item by its number.",
        "profile": "This is what I remember about you: {wishes}.",
        "no_profile": "I remember nothing about you yet.",
        "unclear": "I am not sure what you mean. Try other words, or give me an item's number.",
        "off topic": "That is beyond me: I only help you choose from the {name}.",
    },
    "zh": {
        "list": "我找到了这些：",
        "list_where": "按“{where}”我找到了这些：",
        "nothing": "没有更多合适的了，要不要换个条件？",
        "relaxed": "没有完全符合的，所以放宽了：{relaxed}。",
        "relaxed_one": "完全符合的只有 {count} 个，其余的放宽了：{relaxed}。",
        "relaxed_some": "完全符合的只有 {count} 个，其余的放宽了：{relaxed}。",
        "relaxed_one_more": "完全符合的只剩 {count} 个，其余的放宽了：{relaxed}。",
        "relaxed_some_more": "完全符合的只剩 {count} 个，其余的放宽了：{relaxed}。",
        "noted": "记下了。",
        "accept": "记下了：你喜欢“{title}”。",
        "reject": "记下了：不要“{title}”。",
        "seen": "记下了：你已经知道“{title}”。",
        "critique": "记下了你对“{title}”的看法。",
        "refine": "记下了你对“{title}”的要求。",
        "reply": "想要什么？直接告诉我，我在“{name}”里帮你找。",
        "describe": "我知道的是这些：",
        "greeting": "你好！想要什么？用自己的话告诉我，或者让我随便推荐几个。",
        "thanks": "不客气！",
        "goodbye": "再见，欢迎再来。",
        "help": "我帮你在“{name}”里挑选，一共{count}个。告诉我你想要什么、对推荐的看法，或者报编号了解某一个。",
        "profile": "我记得你的这些偏好：{wishes}。",
        "no_profile": "我还没有记下你的偏好。",
        "unclear": "我没太明白，换个说法，或者告诉我编号吧。",
        "off topic": "这个我帮不上忙，我只能帮你在“{name}”里挑选。",
    },
}


def say(key: str, language: str, **values: str) -> str:
    """One of chatrec's own sentences."""
    return _SAID["zh" if language == "zh" else "en"][key].format(**values)


def card(number: int, entry: Mapping[str, Any], facets: Mapping[str, Facet], language: str = "") -> str:
    """One listed item as text: number, title, a line of facts, and of the reason what the facts do not say."""
    line = f"{number}. {entry['title']}"
    shown = short_facts(entry["item"], facets, language)
    if shown:
        line += f" ({shown})"
    reason = beyond(entry["reason"], shown)
    return f"{line}\n   {reason}" if reason else line


def beyond(reason: str, shown: str) -> str:
    """The parts of a reason that are not among the facts shown beside it."""
    mark, end = ("；", "。") if reason.endswith("。") else ("; ", ".")
    parts = [part.strip() for part in _PARTS.split(reason.rstrip(".。"))]
    kept = [part for part in parts if part and part.casefold() not in shown.casefold()]
    said = mark.join(kept)
    return f"{said[0].upper()}{said[1:]}{end}" if said else ""


def short_facts(item: Mapping[str, Any], facets: Mapping[str, Facet], language: str = "", *, most: int = 5) -> str:
    """The first short facets of an item: values alone where they speak for themselves, in the reader's language."""
    parts: list[str] = []
    for name, facet in facets.items():
        value = item.get(name)
        if value is None or facet.kind == "text" or len(parts) == most:
            continue
        if isinstance(value, list):
            comma = "、" if language == "zh" else ", "
            parts.append(comma.join(facet.told(str(part), language) for part in value[:3]))
        elif isinstance(value, bool):
            if value:
                parts.append(facet.called(language))
        elif facet.kind == "number":
            number = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(
                with_unit(number, facet.unit, language)
                if facet.unit
                else beside(facet.called(language), number, language)
            )
        else:
            parts.append(facet.told(str(value), language))
    return " · ".join(parts)


def listing(entries: Sequence[Mapping[str, Any]], facets: Mapping[str, Facet], language: str = "") -> str:
    """A whole list as text."""
    return "\n".join(card(number, entry, facets, language) for number, entry in enumerate(entries, start=1))
