"""Bytes of tokens to text that can be shown: whole characters, nothing of a stop text, cut at a sentence's end."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence

_WIDE_END = re.compile("[。！？…][”’」』）)\"']*")
_END = re.compile(r"([^\s.!?]*)[.!?]+[\"'”’)\]*]*(?=\s)")
# "Dr. No" and "J. R." do not end a sentence; a short capitalised word before the dot tells.
_INITIAL = re.compile(r"^\W*[A-Z][a-z]{0,2}$")


class TextStream:
    """Collects an answer and gives out what is certain.

    Args:
        stops: Texts that end the answer.
        sentence: Whether the end of the first sentence ends it too.
    """

    def __init__(self, stops: Sequence[str] = (), *, sentence: bool = False) -> None:
        self._stops = [stop for stop in stops if stop]
        self._sentence = sentence
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.ended_by: str | None = None
        self._shown = 0

    def push(self, data: bytes) -> str:
        """Take a token's bytes; returns the text that may be shown now. Sets `ended_by` when the answer is over."""
        self.text += self._decoder.decode(data)
        return self._settle()

    def close(self) -> str:
        """The rest, when the model has ended by itself."""
        self.text += self._decoder.decode(b"", final=True)
        rest = self._settle()
        rest += self.text[self._shown :] if self.ended_by is None else ""
        self._shown = len(self.text)
        return rest

    def _settle(self) -> str:
        found = [(place, stop) for stop in self._stops if (place := self.text.find(stop)) >= 0]
        if found:
            place, self.ended_by = min(found)
            self.text = self.text[:place]
        elif self._sentence and (end := sentence_end(self.text)) is not None:
            self.text, self.ended_by = self.text[:end], "sentence"
        certain = len(self.text) if self.ended_by is not None else len(self.text) - self._uncertain()
        new = self.text[self._shown : certain]
        self._shown = max(self._shown, certain)
        return new

    def _uncertain(self) -> int:
        # The longest end of the text that may be the beginning of a stop text.
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(self.text)), longest, -1):
                if self.text.endswith(stop[:length]):
                    longest = length
                    break
        return longest


class ThoughtStream:
    """Gives out thoughts without the blank text around them.

    Args:
        give: Receives them, piece by piece.
    """

    def __init__(self, give: Callable[[str], None]) -> None:
        self._hand_out = give
        self._begun = False
        self._blank = ""

    def push(self, text: str) -> None:
        """Take some more."""
        text = self._blank + text if self._begun else text.lstrip()
        shown = text.rstrip()
        self._blank = text[len(shown) :]
        if shown:
            self._begun = True
            self._hand_out(shown)


def sentence_end(text: str) -> int | None:
    """Where the first sentence of `text` ends (exclusive), None if it goes on; Latin and Chinese punctuation."""
    if (wide := _WIDE_END.search(text)) is not None:
        wide_end: int | None = wide.end()
    else:
        wide_end = None
    if "\n" in text.strip("\n"):
        line = len(text) - len(text.lstrip("\n")) + text.lstrip("\n").index("\n")
        wide_end = min(line, wide_end) if wide_end is not None else line
    for match in _END.finditer(text):
        if wide_end is not None and match.end() > wide_end:
            break
        if not _INITIAL.match(match.group(1)):
            return match.end()
    return wide_end


class ArgumentStream:
    """Cuts a call's arguments out of its bytes: without the head before and the tail behind them.

    Args:
        head: Bytes before the arguments.
        tail: What stands behind them.
        give: Receives their text, piece by piece.
    """

    def __init__(self, head: int, tail: bytes, give: Callable[[str], None]) -> None:
        self._skip = head
        self._tail = tail
        self._hand_out = give
        self._held = b""

    def push(self, data: bytes) -> None:
        """Take a token's bytes."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._held += data[skipped:]
        # The tail and perhaps a newline are not arguments, and a character may still be incomplete.
        certain = len(self._held) - len(self._tail) - 1
        while certain > 0 and self._held[certain] & 0xC0 == 0x80:
            certain -= 1
        if certain > 0:
            self._give(self._held[:certain].decode("utf-8", "replace"))
            self._held = self._held[certain:]

    def finish(self, *, whole: bool) -> None:
        """Give out the rest; `whole` says that the tail has come."""
        held = self._held
        if whole:
            end = len(self._tail) + held.endswith(self._tail + b"\n")
            held = held[: len(held) - end]
        self._give(held.decode("utf-8", "replace"))

    def _give(self, text: str) -> None:
        if text:
            self._hand_out(text)
