"""Constrained decoding: llguidance says which tokens may follow, and which must."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import llguidance
import numpy as np
from numpy.typing import NDArray

from chatrec.agent.llm._schemas import Schema, bounded
from chatrec.agent.llm._tagged import Tagged
from chatrec.errors import ModelError

_lib: Any = llguidance

# The text that json.dumps(..., ensure_ascii=False) writes, so that a rendered call equals the generated one.
_AS_DUMPED = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "json_allowed_escapes": '"\\bfnrt',
}


def call_grammar(head: str, schema: Schema, tail: str, tagged: Tagged | None = None) -> str:
    """A grammar for `head`, then JSON or `tagged` arguments of this schema, then `tail`, and perhaps a line's end.

    The line's end lets a tokenizer close with its usual token where that holds the newline as well.
    """
    if tagged is not None:
        return tagged.grammar(head, bounded(schema), tail, _AS_DUMPED)
    rule = {**bounded(schema), "x-guidance": _AS_DUMPED}
    return f'start: {json.dumps(head)} json {json.dumps(tail)} "\\n"?\njson: %json {json.dumps(rule)}\n'


def json_grammar(schema: Schema) -> str:
    """A grammar for JSON that fits `schema`; keywords that llguidance does not know are refused when it is built."""
    rule = {**bounded(schema), "x-guidance": _AS_DUMPED}
    return f"start: %json {json.dumps(rule)}\n"


class GrammarCompiler:
    """Builds matchers for one vocabulary and remembers the latest ones.

    Args:
        tokenizer: llguidance's view of the vocabulary.
        n_vocab: Size of the model's logits.
    """

    def __init__(self, tokenizer: Any, n_vocab: int, *, keep: int = 256) -> None:
        self._tokenizer = tokenizer
        self._n_vocab = n_vocab
        self._keep = keep
        self._made: OrderedDict[str, Any] = OrderedDict()

    def quicken(self) -> None:
        """Add the tables that make masks in strings quick, if they were left out; may be called on any thread."""
        quick = self._tokenizer.with_slices(_lib.LLTokenizer.general_slices())
        self._tokenizer, self._made = quick, OrderedDict()

    def matcher(self, grammar: str) -> Matcher:
        """A fresh matcher at the beginning of `grammar`.

        Raises:
            ModelError: If llguidance cannot build it, e.g. for an unknown keyword of JSON schema.
        """
        tokenizer, kept = self._tokenizer, self._made
        made = kept.pop(grammar, None)
        if made is None:
            made = _lib.LLMatcher(tokenizer, grammar)
            if made.is_error():
                reason = str(made.get_error()).splitlines()[0]
                raise ModelError(
                    f"this schema cannot be followed while decoding: {reason}",
                    hint="remove the keyword that is named, or express it with type, enum, bounds, anyOf or pattern",
                )
        kept[grammar] = made
        while len(kept) > self._keep:
            kept.popitem(last=False)
        return Matcher(made.deep_copy(), self._n_vocab)


class Matcher:
    """Where one generation stands in its grammar; not reusable."""

    def __init__(self, inner: Any, n_vocab: int) -> None:
        self._inner = inner
        self._n_vocab = n_vocab

    def consume(self, tokens: list[int]) -> None:
        """Advance over tokens.

        Raises:
            ModelError: If one of them does not fit: a defect of this module, not of the caller.
        """
        if tokens and not self._inner.consume_tokens(tokens):
            raise ModelError(
                f"the grammar refused its own tokens {tokens!r}: {self._inner.get_error()}",
                hint="please report this with the tool schemas",
            )

    def forced(self) -> list[int]:
        """Tokens that must come now, canonically tokenized; they are consumed."""
        tokens: list[int] = self._inner.compute_ff_tokens()
        self.consume(tokens)
        return tokens

    def allowed(self) -> NDArray[np.bool_]:
        """Which tokens may come next, bool, shape (n_vocab,)."""
        packed = np.frombuffer(self._inner.compute_bitmask(), dtype=np.uint8)
        bits = np.unpackbits(packed, count=min(self._n_vocab, len(packed) * 8), bitorder="little").view(np.bool_)
        if len(bits) < self._n_vocab:
            bits = np.concatenate([bits, np.zeros(self._n_vocab - len(bits), dtype=np.bool_)])
        return bits

    @property
    def may_end(self) -> bool:
        """Whether the text so far is complete."""
        return bool(self._inner.is_accepting())

    @property
    def must_end(self) -> bool:
        """Whether nothing can follow."""
        return bool(self._inner.is_stopped())
