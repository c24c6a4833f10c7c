"""What every token of a vocabulary is, read from llama.cpp once and from a file afterwards: a call each takes long."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatrec._files import replacing

_log = logging.getLogger(__name__)

_MOST_FILES = 16


@dataclass(frozen=True)
class TokenTables:
    """A vocabulary as Python values.

    Attributes:
        pieces: The bytes that each token adds to a text; b"" for control tokens.
        marked: As `pieces`, with control tokens the way llguidance wants them: 0xff and their text.
        ends: Tokens that end a message.
        special: Control and user-defined tokens.
    """

    pieces: list[bytes]
    marked: list[bytes]
    ends: list[int]
    special: list[int]


def read_tables(path: Path, size: int) -> TokenTables | None:
    """The tables of a file; None where there is none, or not a whole one for a vocabulary of this size."""
    try:
        # NumPy leaves a file open that it cannot read, if it is left to open it.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            pieces = _cut(held["text"].tobytes(), held["lengths"])
            marked = list(pieces)
            for token, piece in zip(held["which"].tolist(), _cut(held["marks"].tobytes(), held["sizes"]), strict=True):
                marked[token] = piece
            ends, special = held["ends"].tolist(), held["special"].tolist()
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None
    whole = len(pieces) == size and all(0 <= token < size for token in (*ends, *special))
    return TokenTables(pieces, marked, ends, special) if whole else None


def write_tables(path: Path, tables: TokenTables) -> None:
    """Keep tables in a file, which appears whole or not at all; where that fails they are made again next time."""
    other = [token for token, piece in enumerate(tables.marked) if piece != tables.pieces[token]]
    marks = [tables.marked[token] for token in other]
    try:
        with replacing(path, private=True) as made:
            np.savez(
                made,
                text=np.frombuffer(b"".join(tables.pieces), dtype=np.uint8),
                lengths=_lengths(tables.pieces),
                which=np.array(other, dtype=np.int32),
                marks=np.frombuffer(b"".join(marks), dtype=np.uint8),
                sizes=_lengths(marks),
                ends=np.array(tables.ends, dtype=np.int32),
                special=np.array(tables.special, dtype=np.int32),
            )
        found = sorted(path.parent.glob("*.npz"), key=lambda each: each.stat().st_mtime)
        for old in found[:-_MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.info("the vocabulary's tables cannot be kept in %s: %s", path.parent, error)


def _lengths(pieces: Sequence[bytes]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.fromiter((len(piece) for piece in pieces), dtype=np.int32, count=len(pieces))


def _cut(text: bytes, lengths: np.ndarray[tuple[int], np.dtype[np.int32]]) -> list[bytes]:
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    if (ends[-1] if ends else 0) != len(text) or (len(lengths) and int(lengths.min()) < 0):
        raise ValueError("lengths and text differ")
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
