"""Which file, processor and library something was computed with: used again only where all are the same."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_BEGINNING = 2**20


def file_identity(path: Path) -> str:
    """Tells a file from every other one without reading all of it.

    Returns:
        Its size and the time of its last change, and the SHA-256 of its first MiB (of a GGUF: all that is not weights).

    Raises:
        OSError: If it cannot be read.
    """
    found = path.stat()
    return _identity(str(path), found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=64)
def _identity(path: str, size: int, changed: int) -> str:
    with Path(path).open("rb") as file:
        digest = hashlib.sha256(file.read(_BEGINNING)).hexdigest()
    return f"{size}-{changed}-{digest[:16]}"


@lru_cache(maxsize=1)
def processor() -> str:
    """The processor's own name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = {line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip() for line in lines if ":" in line}
    parts = [named[key] for key in ("model name", "cpu family", "model", "stepping") if key in named]
    return " ".join(parts) or platform.processor() or platform.machine()


def key_of(facts: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits for JSON-ready facts; the same for the same facts, on every run."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
