"""Which encoding a file is in: by its mark, by being whole UTF-8, or guessed from the lines that are not."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

from chatrec.errors import CatalogError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In the order in which they are believed where a text fits several of them equally well.
_GUESSES = ("gb18030", "cp1252", "big5", "cp932", "cp949", "cp1251", "cp1250", "euc_jp")
_SAMPLE = 200_000
_EVIDENCE = 4
_TYPED = frozenset("€£¥°®©™–—’‘“”„…«»·•²³§¿¡\u00a0")
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding that a file is read in.

    Attributes:
        name: Python's name of it.
        guessed: Whether it might as well be another one.
    """

    name: str
    guessed: bool = False

    @property
    def errors(self) -> str:
        """What becomes of bytes that do not fit: lone surrogates where that is possible, by which they are found."""
        return "replace" if self.name.startswith(("utf-16", "utf-32")) else "surrogateescape"

    @property
    def broken(self) -> str:
        """The characters that bytes which do not fit become, as a class of a regular expression."""
        return "[\ud800-\udfff\ufffd]" if self.errors == "replace" else "[\ud800-\udfff]"


def told_encoding(name: str) -> Encoding:
    """An encoding by its name.

    Raises:
        CatalogError: Python knows none of this name, or it is not one of texts.
    """
    try:
        "".encode(name)
        return Encoding(codecs.lookup(name).name)
    except (LookupError, ValueError):
        raise CatalogError(f"{name!r} is not an encoding", hint="for example utf-8, gb18030, cp1252") from None


def find_encoding(stream: BinaryIO) -> Encoding:
    """The encoding of a text; the stream is read to its end.

    A few lines that are not UTF-8 among others that are make a damaged file, not one in another encoding.

    Args:
        stream: The file from its beginning.
    """
    first = stream.readline(_HEAD)
    for mark, name in _MARKS:
        if first.startswith(mark):
            return Encoding(name)
    wide = _wide(first)
    if wide is not None:
        return Encoding(wide, guessed=True)
    good = bad = size = 0
    sample: list[bytes] = []
    line = first if first.endswith(b"\n") else first + stream.readline()
    while line:
        if not line.isascii():
            for part in line.splitlines(keepends=True):
                if part.isascii():
                    continue
                if _is_utf8(part):
                    good += 1
                    continue
                bad += 1
                if size < _SAMPLE:
                    sample.append(part)
                    size += len(part)
        line = stream.readline()
    if bad <= 10 * good:
        return Encoding("utf-8")
    return _guess(b"".join(sample))


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: half of its bytes are nought where it is Latin."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < 0.3 * len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(part: bytes) -> bool:
    """Whether a line is UTF-8, or was before a part of it was damaged."""
    try:
        part.decode()
    except UnicodeDecodeError:
        text = part.decode("utf-8", "surrogateescape")
        broken = sum(1 for char in text if "\udc80" <= char <= "\udcff")
        whole = sum(1 for char in text if char >= "\u0080") - broken
        return whole > broken
    return True


def _guess(sample: bytes) -> Encoding:
    from charset_normalizer import from_bytes

    found: dict[str, float] = {}
    for match in from_bytes(sample, cp_isolation=list(_GUESSES)):
        for name in (match.encoding, *match.could_be_from_charset):
            if name in _GUESSES:
                found[name] = min(found.get(name, 1.0), match.chaos)
    for name in sorted(found, key=lambda name: (round(found[name], 1), _GUESSES.index(name))):
        if _is_likely(sample.decode(name, "replace"), name):
            return Encoding(name, guessed=True)
    # A character or two fit everything: then UTF-8 with a slip is likelier than what few people use.
    return Encoding("utf-8")


def _is_likely(text: str, name: str) -> bool:
    """Whether a text reads like one: several characters of a script, or letters with accents inside of words."""
    foreign = [char for char in text if char > "\u007f"]
    if name != "cp1252":
        return len(foreign) >= (2 * _EVIDENCE if name.startswith("cp125") else _EVIDENCE)
    right = sum(1 for char in foreign if char.isalpha() or char in _TYPED)
    return right > 0.8 * len(foreign) and "\ufffd" not in text
