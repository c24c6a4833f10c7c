"""Words that say the opposite of a value by how they begin: "unfurnished", "non-smoking", "outdoors" for "indoors"."""

from __future__ import annotations

from dataclasses import replace

from chatrec.indexes._linker_lexicon import Lexicon
from chatrec.indexes._linker_text import Sentence, Token, stem

_PREFIXES = (("un", ""), ("non", ""), ("out", "in"), ("in", "out"), ("off", "on"), ("on", "off"))
_LEAST = 5


def opposed(sentence: Sentence, lexicon: Lexicon) -> Sentence:
    """The sentence with such words cut into a refusal and the value: "un" and "furnished"."""
    tokens: list[Token] = []
    for token in sentence.tokens:
        cut = None if token.kind != "word" or lexicon.get((token.stem,)) else _cut(token, lexicon)
        tokens.extend(cut or (token,))
    if len(tokens) == len(sentence):
        return sentence
    return Sentence(sentence.text, tuple(tokens), sentence.tail, [False] * len(tokens))


def _cut(token: Token, lexicon: Lexicon) -> tuple[Token, Token] | None:
    for prefix, other in _PREFIXES:
        rest = other + token.norm.removeprefix(prefix)
        if not token.norm.startswith(prefix) or len(rest) < _LEAST:
            continue
        entries = lexicon.get((stem(rest),))
        if any(one.value == "true" or (not other and one.sure == 1.0 and not one.name_like) for one in entries):
            at = token.start + len(prefix)
            lead = replace(token, end=at, text=token.text[: len(prefix)], norm="un", stem="un")
            text = token.text[len(prefix) :]
            return lead, Token(at, token.end, text, rest, stem(rest), "word", "")
    return None
