"""Conversations on disk: gzipped JSON lines, a decision's tokens as what they add to the decision before."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from chatrec._files import replacing

__all__ = ["put", "read_conversations", "read_written", "shipped", "write_conversations"]

Progress = Callable[[int, int], None]


def shipped(name: str) -> dict[str, Any]:
    """What a JSON file beside this one holds."""
    return dict(json.loads(files("chatrec.agent.tuning").joinpath(name).read_text("utf-8")))


def read_written(name: str) -> list[dict[str, Any]]:
    """What a file of JSON lines in `written/` holds."""
    text = files("chatrec.agent.tuning").joinpath("written", name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write_conversations(
    path: Path, found: Iterator[dict[str, Any]], total: int, progress: Progress | None = None
) -> int:
    """Write conversations as gzipped JSON lines, each decision's tokens as what it adds to the one before.

    Returns:
        How many decisions were written.
    """
    written = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=4) as out:
        for number, conversation in enumerate(found, start=1):
            before: list[int] = []
            rows: list[dict[str, Any]] = []
            for note in conversation["decisions"]:
                whole = note.prompt + note.trace.tokens
                kept = _shared(before, whole)
                rows.append(
                    {
                        "kept": kept,
                        "more": whole[kept:],
                        "at": len(note.prompt),
                        "kind": note.trace.kind,
                        "choices": note.trace.choices,
                        "act": note.act,
                        "arguments": note.arguments,
                        "legal": note.legal,
                        "said": note.said,
                        "line": note.line,
                    }
                    | ({} if note.right else {"wrong": True})
                )
                before = whole
            written += len(rows)
            out.write(json.dumps(conversation | {"decisions": rows}, ensure_ascii=False) + "\n")
            if progress is not None:
                progress(number, total)
    return written


def read_conversations(path: Path) -> Iterator[dict[str, Any]]:
    """Read what `write_conversations` wrote; every decision has its whole `tokens` again."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            conversation = json.loads(line)
            before: list[int] = []
            for row in conversation["decisions"]:
                row["tokens"] = before = before[: row.pop("kept")] + row.pop("more")
            yield conversation


def _shared(one: list[int], other: list[int]) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def put(path: Path, data: bytes) -> None:
    """Replace a file as a whole or not at all."""
    with replacing(path) as made:
        made.write_bytes(data)
