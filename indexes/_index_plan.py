"""Which structure finds near vectors: comparing all, or a graph, exact or quantized; chosen from measured cost."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

from chatrec.errors import CatalogError

Structure = Literal["flat", "hnsw", "hnsw-sq8"]

_LINK_BYTES = 4
_FALLBACK_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """How near vectors are found.

    Attributes:
        structure: "flat" compares all and is exact. "hnsw" follows a graph of near vectors. "hnsw-sq8" follows a graph
            of vectors in one byte a number and compares the best with the exact ones, which stay on the disk. "auto"
            is flat until that is slow, then a graph, quantized where the exact vectors do not fit the memory.
        slow_ms: From how many milliseconds a query on comparing all is called slow, above 0.
        memory_mb: What vectors and graph may take of the memory, in megabytes; None for half of the machine's.
        recall: Which share of the 10 truly nearest a graph has to find, 0.5 to 0.999.
        links: Of a vector in the graph, 4 to 64: more find more and take more memory (8 bytes each).
        effort: Of making the graph (FAISS's efConstruction), 8 to 1000: more takes longer and finds more.

    Raises:
        CatalogError: A setting is out of its bounds.
    """

    structure: Literal["auto", "flat", "hnsw", "hnsw-sq8"] = "auto"
    slow_ms: float = 20.0
    memory_mb: float | None = None
    recall: float = 0.95
    links: int = 24
    effort: int = 40

    def __post_init__(self) -> None:
        if self.structure not in ("auto", *get_args(Structure)):
            raise CatalogError(f"structure is {self.structure!r}", hint='use "auto", "flat", "hnsw" or "hnsw-sq8"')
        bounds = {"slow_ms": (0.001, 1e6), "recall": (0.5, 0.999), "links": (4, 64), "effort": (8, 1000)}
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise CatalogError(f"{name} is {value!r}", hint=f"use {low:g} to {high:g}")
        if self.memory_mb is not None and self.memory_mb <= 0:
            raise CatalogError(f"memory_mb is {self.memory_mb!r}", hint="use a number above 0, or None")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was chosen.

    Attributes:
        structure: Which.
        reason: Why, in words.
        bytes: What vectors and graph take of the memory.
    """

    structure: Structure
    reason: str
    bytes: int


def plan(rows: int, dimensions: int, scan_seconds: float, settings: IndexSettings) -> Plan:
    """Choose a structure.

    Args:
        rows: How many vectors there are.
        dimensions: The length of each.
        scan_seconds: What comparing one takes.
        settings: What is wanted.
    """
    took = rows * scan_seconds * 1e3
    exact = rows * dimensions * 4
    # Two lists of links at the lowest level, and a fraction of one above it.
    graph = rows * (2 * settings.links + 4) * _LINK_BYTES
    sizes: dict[Structure, int] = {
        "flat": exact,
        "hnsw": exact + graph,
        "hnsw-sq8": rows * dimensions + graph,
    }
    if settings.structure != "auto":
        return Plan(settings.structure, "asked for", sizes[settings.structure])
    if took <= settings.slow_ms:
        why = f"comparing all {rows} takes {_about(took)}"
        return Plan("flat", why, sizes["flat"])
    slow = f"comparing all {rows} would take {_about(took)}, more than {settings.slow_ms:g} ms"
    budget = _memory() if settings.memory_mb is None else int(settings.memory_mb * 1e6)
    if sizes["hnsw"] <= budget:
        return Plan("hnsw", slow, sizes["hnsw"])
    over = f"exact vectors would take {sizes['hnsw'] / 1e6:.0f} of {budget / 1e6:.0f} MB"
    return Plan("hnsw-sq8", f"{slow}; {over}", sizes["hnsw-sq8"])


def _about(milliseconds: float) -> str:
    return f"about {milliseconds:.0f} ms" if milliseconds >= 1 else "less than a millisecond"


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return _FALLBACK_MEMORY
