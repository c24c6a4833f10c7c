"""What a model writes around its thoughts, read off its chat template, and how thinking is switched on or off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from chatrec.agent.llm._templates import ChatTemplate, Message
from chatrec.errors import ModelError

Thinks = Literal["no", "may", "now"]
"""Whether an answer begins with thoughts: never, if the model opens them itself, or because they are open already."""

_BEFORE = re.compile(r"(<[^<>]+>\w*|\[[A-Z]+\])(\s*)$")
_AFTER = re.compile(r"^(\s*)(<[^<>]+>|\[/[A-Z]+\])(\s*)")
_IN_SOURCE = re.compile(r"<(/)?([\w:|]*think[\w:|]*)>|\[(/)?(THINK)\]")


@dataclass(frozen=True)
class Thinking:
    """The texts around thoughts.

    Attributes:
        opening: The tag before them.
        closing: The tag behind them.
        before: Blank text between the opening tag and the thoughts.
        after: Blank text between the thoughts and the closing tag.
        gap: Blank text between the closing tag and the answer.
        switched: Whether the template itself writes something else when thinking is switched off.
    """

    opening: str
    closing: str
    before: str = "\n"
    after: str = "\n"
    gap: str = "\n\n"
    switched: bool = False

    def end(self) -> str:
        """What closes thoughts that are open, up to the answer."""
        return f"{self.after}{self.closing}{self.gap}"

    def settle(self, prompt: str, wanted: bool | None, *, at_once: bool = False) -> tuple[str, Thinks]:
        """What to add to a rendered prompt so that the model thinks or does not.

        Args:
            prompt: The end of the prompt as rendered with `reasoning=wanted`.
            wanted: None leaves it to template and model.
            at_once: The answer is to begin at once unless thinking is wanted.

        Returns:
            The text to add, "" if none, and whether the answer begins with thoughts.
        """
        end = prompt.rstrip()
        if end.endswith(self.opening):
            closed = wanted is False or (at_once and not wanted)
            return (f"{self.closing}{self.gap}", "no") if closed else ("", "now")
        closed = end.endswith(self.closing)
        if wanted:
            return f"{self.opening}{self.before}", "now"
        if closed or (wanted is False and self.switched):
            return "", "no"
        if wanted is False:
            return f"{self.opening}{self.before}{self.end()}", "no"
        return "", "no" if at_once else "may"


_known: WeakKeyDictionary[ChatTemplate, list[Thinking]] = WeakKeyDictionary()


def read_thinking(template: ChatTemplate) -> Thinking | None:
    """How this template's model thinks; None if it does not."""
    if (found := _known.get(template)) is None:
        read = _read(template)
        found = _known[template] = [] if read is None else [read]
    return found[0] if found else None


def _read(template: ChatTemplate) -> Thinking | None:
    asked: Message = {"role": "user", "content": "zquser"}
    thought: Message = {"role": "assistant", "content": "zqsaid", "reasoning_content": "zqthought"}
    thought = {**thought, "reasoning": "zqthought"}
    tags = _in_source(template.source)
    switched = _render(template, [asked], False) != _render(template, [asked], None)
    text = _render(template, [asked, thought], None)
    head, found, rest = text.partition("zqthought")
    before, after = _BEFORE.search(head), _AFTER.search(rest)
    if found and before and after and (tags is None or (before[1], after[2]) == tags) and _meant(before[1], after[2]):
        return Thinking(before[1], after[2], before[2], after[1], after[3], switched)
    if tags is None:
        return None
    return Thinking(*tags, switched=switched)


def _meant(*tags: str) -> bool:
    return all(re.search("think|thought|channel", tag, re.IGNORECASE) for tag in tags)


def _render(template: ChatTemplate, messages: list[Message], reasoning: bool | None) -> str:
    try:
        return "".join(piece.text for piece in template.render(messages, reasoning=reasoning))
    except ModelError:
        return ""


def _in_source(source: str) -> tuple[str, str] | None:
    """The tags that the template's own text names, if it names both."""
    if "<|channel>thought" in source:
        return "<|channel>thought", "<channel|>"
    opened: list[str] = []
    closed: list[str] = []
    for match in _IN_SOURCE.finditer(source):
        (closed if match[1] or match[3] else opened).append(match[2] or match[4])
    both = [name for name in closed if name in opened] or closed
    if not both:
        return None
    name = both[0]
    return (f"[{name}]", f"[/{name}]") if name == "THINK" else (f"<{name}>", f"</{name}>")
