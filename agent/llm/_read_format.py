"""A family's way to write tool calls, read off its chat template: a call with known parts is rendered and looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from chatrec.agent.llm._formats import ID, NAME, PLAIN, Tool, ToolFormat
from chatrec.agent.llm._read_tagged import read_tagged
from chatrec.agent.llm._templates import ChatTemplate, Message
from chatrec.errors import ModelError

_NAMES = ("zqtool", "zqmore")
_IDS = ("zqid00001", "zqid00002")
_ARGUMENTS: tuple[dict[str, Any], ...] = (
    {"zqone": "Öl <b> & 'x' \"y\"\n列", "zqn": [1, 2.5, True, None, {"zqd": {}}]},
    {"zqtwo": "zqword"},
)
_TOOLS = [
    Tool(name, "Zqdoes it.", {"type": "object", "properties": {"zqone": {"type": "string", "description": "zq"}}})
    for name in _NAMES
]
_ASKED: Message = {"role": "user", "content": "zquser"}
_TAG = re.compile(r"(\s*)(<[^<>]+>|\[[A-Z_]+\])")
_ANY_TAG = re.compile(r"\s*(<|\[[A-Z/])")

_known: WeakKeyDictionary[ChatTemplate, ToolFormat] = WeakKeyDictionary()


def choose_format(template: ChatTemplate) -> ToolFormat:
    """The template's own format where it can be read off, else bare JSON described in few words."""
    if (found := _known.get(template)) is None:
        found = _known[template] = _phi(template) or _native(template) or PLAIN
    return found


def _native(template: ChatTemplate) -> ToolFormat | None:
    if not template.takes_tools:
        return None
    for as_text in (False, True):
        try:
            probe = _Probe(template, as_text)
            if (found := probe.read()) is not None and probe.agrees(found):
                return found
        except (ModelError, _Unreadable):
            continue
    try:
        found = read_tagged(_Probe(template, as_text=False).said, _NAMES)
    except (ModelError, _Unreadable):
        return None
    # The grammar of a call ends with a tag, which must not be a token of its own.
    closes = None if found is None else found.tail.strip()
    return None if closes in template.special else found


def _phi(template: ChatTemplate) -> ToolFormat | None:
    # Phi's template shows tools that the system message itself carries, and says nothing of calls.
    opening, closing = "<|tool_call|>", "<|/tool_call|>"
    if template.takes_tools or opening not in template.special or closing not in template.special:
        return None
    try:
        text = _text(template, [{"role": "system", "content": "zqsystem", "tools": "zqtools"}, _ASKED], ())
    except ModelError:
        return None
    if "zqtools" not in text:
        return None
    head = '{"name": "'
    return ToolFormat(
        "phi", opening, f"[{head}", native=True, separator=f", {head}", closing=f"]{closing}", in_content=True
    )


class _Unreadable(Exception):
    """The rendering is not of a kind that is known here."""


class _Probe:
    def __init__(self, template: ChatTemplate, as_text: bool) -> None:
        self._template = template
        self._as_text = as_text
        self._short = False

    def read(self) -> ToolFormat | None:
        shown = self._render([_ASKED])
        if not all(name in shown for name in _NAMES):
            return None
        said = self._said(1)
        begun = _shared(self._begun(said), said)
        mark = self._end_mark()
        head, rest = self._split(said[begun:], 0)
        end = _until(rest, mark)
        opened = _TAG.match(head)
        lead, opening = (opened[1], opened[2]) if opened else ("", "")
        head_text = head[len(lead + opening) :]
        if NAME not in head_text or (opening and opening == mark.strip()) or head.endswith("{"):
            return None
        before, middle = head_text.split(NAME, 1)
        between = self._between(end)
        tail = _plain(end[: _common(end, between)] if between is not None else end)
        separator = None
        if between is not None:
            repeated, _, after = between[len(tail) :].partition(NAME)
            separator = repeated if after == middle else None
        return ToolFormat(
            _family(opening, middle),
            opening,
            before,
            native=True,
            middle=middle,
            tail=tail,
            lead=lead,
            separator=separator,
            closing=end[len(tail) :],
            compact=self._compact,
            aliases=tuple(tag for tag in ("<|python_tag|>",) if tag != opening and tag in self._template.source),
            short_ids=self._short,
            text_arguments=self._as_text,
        )

    def said(self, *arguments: dict[str, Any]) -> str:
        """What a template writes for calls with these arguments, thoughts left out, up to the message's end."""
        shown = self._render([_ASKED])
        if not all(name in shown for name in _NAMES):
            raise _Unreadable
        text = self._render(self._conversation(len(arguments), "", arguments)).rpartition("zquser")[2]
        text = text[_shared(self._begun(text), text) :]
        thought = re.match(r".*?</[^<>]*think[^<>]*>\s*", text, re.DOTALL)
        return _until(text[thought.end() :] if thought else text, self._end_mark())

    def agrees(self, form: ToolFormat) -> bool:
        """Whether two turns of calls are shown as the format would write them: calls may be counted, for one."""
        count = 1 if form.separator is None else 2
        first, again = self._conversation(count, ""), self._conversation(1, "")
        shown = self._render([*first, {"role": "assistant", "content": "zqsaid"}, *again])
        expected = ""
        for place in range(count):
            head = form.separator if place and form.separator is not None else form.lead + form.opening + form.before
            expected += head + form.after_name(_NAMES[place], _IDS[place])
            expected += form.written(_ARGUMENTS[place]) + form.end(_IDS[place])
        once = form.lead + form.opening + form.head(_NAMES[0], _IDS[0]) + form.written(_ARGUMENTS[0])
        place = shown.find(expected.replace(ID, _IDS[min(1, count - 1)]))
        return place >= 0 and once in shown[place + len(expected) :]

    def _said(self, count: int) -> str:
        """What a template writes after the person's words when the model has made calls."""
        try:
            text = self._render(self._conversation(count, "zq-a-long-id-"))
        except ModelError:
            text, self._short = self._render(self._conversation(count, "")), True
        else:
            text = self._render(self._conversation(count, ""))
        return text.rpartition("zquser")[2]

    def _begun(self, said: str) -> str:
        """The prompt's end before the answer, thinking switched off if only then the history agrees with it."""
        ends = [self._render([_ASKED], reasoning=way).rpartition("zquser")[2] for way in (None, False)]
        closed = [end for end in ends if said.startswith(end) and not _is_open(end)]
        return max(closed, key=len, default=ends[0])

    def _split(self, said: str, place: int) -> tuple[str, str]:
        """A call's text before its arguments, with marks for name and id, and what comes after them."""
        if (thought := re.match(r".*?</[^<>]*think[^<>]*>\s*", said, re.DOTALL)) and _NAMES[place] not in thought[0]:
            said = said[thought.end() :]
        arguments = _ARGUMENTS[place]
        for compact in (False, True):
            separators = (",", ":") if compact else (", ", ": ")
            head, found, rest = said.partition(json.dumps(arguments, ensure_ascii=False, separators=separators))
            if found and _NAMES[place] in head:
                self._compact = compact
                return _marked(head, place), _marked(rest, place)
        raise _Unreadable

    def _between(self, end: str) -> str | None:
        """What stands between the arguments of a call and those of the next; None if a message holds one call."""
        try:
            said = self._said(2)
            _, rest = self._split(said, 0)
            between, after = self._split(rest, 1)
        except (ModelError, _Unreadable):
            return None
        between = between.replace(_IDS[0], ID)
        return between if after.startswith(end) and NAME in between else None

    def _end_mark(self) -> str:
        """How a message of the model ends."""
        spoken: list[Message] = [_ASKED, {"role": "assistant", "content": "zqsaid"}, {**_ASKED, "content": "zqnext"}]
        after = self._render(spoken).rpartition("zqsaid")[2]
        found = re.match(r"\s*(<[^<>]+>|\[/?[A-Z_]+\]|\S+)", after)
        return found[0] if found else after

    def _conversation(self, count: int, prefix: str, wanted: Sequence[dict[str, Any]] = _ARGUMENTS) -> list[Message]:
        calls: list[dict[str, Any]] = []
        results: list[Message] = []
        for name, call_id, arguments in list(zip(_NAMES, _IDS, wanted, strict=False))[:count]:
            given = json.dumps(arguments, ensure_ascii=False) if self._as_text else arguments
            function = {"name": name, "arguments": given}
            calls.append({"type": "function", "id": prefix + call_id, "function": function})
            results.append({"role": "tool", "content": "zqresult", "tool_call_id": prefix + call_id, "name": name})
        return [_ASKED, {"role": "assistant", "content": "", "tool_calls": calls}, *results]

    def _render(self, messages: Sequence[Message], *, reasoning: bool | None = None) -> str:
        return _text(self._template, messages, _TOOLS, reasoning)


def _text(
    template: ChatTemplate, messages: Sequence[Message], tools: Sequence[Tool], reasoning: bool | None = None
) -> str:
    pieces = template.render(messages, [tool.as_openai() for tool in tools], reasoning=reasoning)
    return "".join(piece.text for piece in pieces)


def _marked(text: str, place: int) -> str:
    return text.replace(_NAMES[place], NAME).replace(_IDS[place], ID)


def _common(first: str, second: str) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(first), len(second)))


def _shared(first: str, second: str) -> int:
    # A tag is shared whole or not at all.
    length = _common(first, second)
    if length == len(first):
        return length
    begun = max(first.rfind("<", 0, length), first.rfind("[", 0, length))
    return begun if begun >= 0 and not re.search(r"[>\]]", first[begun:length]) else length


def _is_open(prompt: str) -> bool:
    return re.search(r"(<[^<>/]*think[^<>]*>|\[THINK\])\s*$", prompt) is not None


def _until(text: str, mark: str) -> str:
    place = text.find(mark)
    if place < 0 and (found := re.search(r"<\|[^|<>]*\|>", text)):
        place = found.start()
    if place < 0:
        raise _Unreadable
    return text[:place]


def _plain(text: str) -> str:
    # The grammar of a call ends before the tags behind it: they are tokens of their own.
    found = _ANY_TAG.search(text)
    return text[: found.start()] if found else text


def _family(opening: str, middle: str) -> str:
    known = {"<tool_call>": "hermes", "[TOOL_CALLS]": "mistral"}
    return known.get(opening) or ("llama" if not opening and "parameters" in middle else "own")
