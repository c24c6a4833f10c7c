"""The words of one model: text to tokens, tokens to bytes, and which tokens end, open or close."""

from __future__ import annotations

import ctypes
from array import array
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.agent.llm._library import lib
from chatrec.agent.llm._tables import TokenTables, read_tables, write_tables

# In words meant for a person none of these has a place; a call, a tag, a table or a fence needs one of them.
_NOT_IN_WORDS = frozenset(b"{}[]<>|`\\\t\r") | frozenset(range(9)) | frozenset(range(14, 32))
_CLOSERS = frozenset(b' "]}\n')
_SEPARATORS = frozenset(b' "],}')
_TURNS = frozenset(b"@:ZYMWS")


_TOKENS_KEPT = 2**18


class Vocabulary:
    """A view of llama.cpp's vocabulary.

    Args:
        pointer: `llama_vocab *`; must outlive this object.
        kept: Where its tables are kept between processes; None makes them anew.
    """

    def __init__(self, pointer: Any, kept: Path | None = None) -> None:
        self.pointer = pointer
        self._kept = kept
        self.size = int(lib.llama_vocab_n_tokens(pointer))
        self.bos = int(lib.llama_vocab_bos(pointer))
        self.eos = int(lib.llama_vocab_eos(pointer))
        self.adds_bos = bool(lib.llama_vocab_get_add_bos(pointer))
        self._buffer = ctypes.create_string_buffer(1024)
        self._tables = self._open_tables()
        self.pieces = self._tables.pieces
        """The bytes that each token adds to a text; b"" for control tokens."""
        self.end_tokens = self._tables.ends
        self._ends = frozenset(self.end_tokens)
        self._turns: OrderedDict[str, array[int]] = OrderedDict()
        self._kept_tokens = 0
        self._beginning: dict[tuple[bytes, ...], NDArray[np.bool_]] = {}

    def is_end(self, token: int) -> bool:
        """Whether the token ends a message."""
        return token in self._ends

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """Tokens of a text, without a beginning-of-text token.

        Args:
            text: Any text.
            special: Whether texts of control tokens become these tokens; false for what people wrote.
        """
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        tokens = (ctypes.c_int32 * room)()
        count = int(lib.llama_tokenize(self.pointer, data, len(data), tokens, room, False, special))
        return tokens[:count]

    def prompt(self, text: str) -> list[int]:
        """As `tokenize`, for a text of which most was tokenized before: a conversation with one more turn.

        It is cut behind each end of a message, where llama.cpp begins anew whatever stands before, and the tokens of
        the parts are remembered.
        """
        end = self._cut_behind
        if not end or end not in text:
            return self.tokenize(text)
        tokens: list[int] = []
        *whole, rest = text.split(end)
        for part in whole:
            if (known := self._turns.pop(part, None)) is None:
                known = array("i", self.tokenize(part + end))
                self._kept_tokens += len(known)
            self._turns[part] = known
            tokens += known
        while self._kept_tokens > _TOKENS_KEPT:
            self._kept_tokens -= len(self._turns.popitem(last=False)[1])
        return tokens + self.tokenize(rest) if rest else tokens

    @cached_property
    def _cut_behind(self) -> str:
        """The text of the token that ends a message; "" where cutting behind it could change what is around it."""
        text, others = self.text(self.eos), self.special_texts()
        attributes = lib.llama_vocab_get_attr(self.pointer, self.eos) if self.eos >= 0 else 0
        plain = not attributes & (lib.LLAMA_TOKEN_ATTR_LSTRIP | lib.LLAMA_TOKEN_ATTR_RSTRIP)
        known = (lib.LLAMA_VOCAB_TYPE_SPM, lib.LLAMA_VOCAB_TYPE_BPE)
        if others.get(text) != self.eos or not plain or lib.llama_vocab_type(self.pointer) not in known:
            return ""
        return "" if any(_meets(text, other) for other in others if other != text) else text

    def continued(self, text: str) -> list[int]:
        """Tokens of a text that stands behind another: without the space that some vocabularies begin a text with."""
        if not self._spaced:
            return self.tokenize(text)
        before = self.tokenize("\n")
        both = self.tokenize("\n" + text)
        return both[len(before) :] if both[: len(before)] == before else self.tokenize(text)

    @cached_property
    def _spaced(self) -> bool:
        first = self.tokenize("a")[:1]
        return bool(first) and self._piece(first[0], special=False).startswith(b" ")

    def text(self, token: int) -> str:
        """A token's text, control tokens included; "" for no token."""
        return self._piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def special_texts(self) -> dict[str, int]:
        """Texts that the tokenizer turns into one control or user-defined token."""
        texts = {self.text(token): token for token in self._tables.special}
        return {text: token for text, token in texts.items() if len(text.strip()) > 1}

    def grammar_pieces(self) -> list[bytes]:
        """As `pieces`, with control tokens marked the way llguidance wants them."""
        return self._tables.marked

    @cached_property
    def words(self) -> NDArray[np.bool_]:
        """Tokens that may stand in plain words, and those that end a message; bool, shape (size,)."""
        fine = [bool(piece) and _NOT_IN_WORDS.isdisjoint(piece) for piece in self.pieces]
        allowed = np.array(fine, dtype=np.bool_)
        allowed[self.end_tokens] = True
        return allowed

    @cached_property
    def visible(self) -> NDArray[np.bool_]:
        """Tokens with something to see in them, bool, shape (size,): an answer begins with one."""
        return np.array([bool(piece.strip()) for piece in self.pieces], dtype=np.bool_)

    @cached_property
    def closers(self) -> NDArray[np.bool_]:
        """Tokens that only close JSON strings, lists and objects; bool, shape (size,)."""
        return np.array([bool(p.strip()) and _CLOSERS.issuperset(p) for p in self.pieces], dtype=np.bool_)

    @cached_property
    def separators(self) -> NDArray[np.bool_]:
        """Tokens that only close or separate in JSON; bool, shape (size,)."""
        return np.array([bool(p.strip()) and _SEPARATORS.issuperset(p) for p in self.pieces], dtype=np.bool_)

    @cached_property
    def turns(self) -> NDArray[np.bool_]:
        """Tokens after which an e-mail address, an URI, a time or a duration may end; bool, shape (size,)."""
        return np.array([bool(p) and _TURNS.issuperset(p) for p in self.pieces], dtype=np.bool_)

    def beginning_with(self, *starts: bytes) -> NDArray[np.bool_]:
        """Tokens whose text, spaces aside, begins with one of `starts`; bool, shape (size,)."""
        if (known := self._beginning.get(starts)) is None:
            known = np.array([p.lstrip().startswith(starts) for p in self.pieces], dtype=np.bool_)
            self._beginning[starts] = known
        return known

    def _open_tables(self) -> TokenTables:
        if self._kept is not None and (found := read_tables(self._kept, self.size)) is not None:
            return found
        control, user = lib.LLAMA_TOKEN_ATTR_CONTROL, lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        pieces = [self._piece(token, special=False) for token in range(self.size)]
        marked = list(pieces)
        special: list[int] = []
        for token, piece in enumerate(pieces):
            kind = lib.llama_vocab_get_attr(self.pointer, token)
            if kind & (control | user):
                special.append(token)
            if kind & control or (kind & user and piece.startswith(b"<") and piece.endswith(b">")):
                marked[token] = b"\xff" + self._piece(token, special=True)
        ends = [token for token in range(self.size) if lib.llama_vocab_is_eog(self.pointer, token)]
        tables = TokenTables(pieces, marked, ends, special)
        if self._kept is not None:
            write_tables(self._kept, tables)
        return tables

    def _piece(self, token: int, *, special: bool) -> bytes:
        length = int(lib.llama_token_to_piece(self.pointer, token, self._buffer, len(self._buffer), 0, special))
        if length < 0:
            self._buffer = ctypes.create_string_buffer(-length + 1)
            length = int(lib.llama_token_to_piece(self.pointer, token, self._buffer, -length + 1, 0, special))
        return ctypes.string_at(self._buffer, length)


def _meets(first: str, second: str) -> bool:
    """Whether two texts can share characters where both occur."""
    if first in second or second in first:
        return True
    sizes = range(1, min(len(first), len(second)))
    return any(first[-size:] == second[:size] or second[-size:] == first[:size] for size in sizes)
