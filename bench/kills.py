"""Kill a process with SIGKILL while it builds, updates or deletes, at random moments, and look at what is left.

After each kill the folder must hold the state that was acknowledged last, or that of the one change that was under
way; after a killed build the next one must come to its end. Every item is compared: text and vector, and some of the
words that they are found by.

Each victim is forked from this process, so that the moment of the kill lies in its work and not in its start.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from langchain_core.documents import Document

from bench import _results
from chatrec.errors import IndexFileError
from chatrec.indexes import Catalog, Item, ItemIndex
from chatrec.testing import HashingEmbedder

_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "islet", "jetty", "knoll", "ledge")
_DIMENSIONS = 32
_ITEMS = 300
_CHANGED = 60

State = dict[str, str]
Change = Callable[[ItemIndex], object]


class Failure(Exception):
    """What was left is not what was acknowledged."""


def main() -> int:
    """Run the kills; leaves with 1 where something was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=100, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        print("kills need fork, which this system lacks", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="chatrec-kills-") as folder:
        counted, lost = _kill(Path(folder), options.times, options.seed)
    print(f"{options.times} kills: {dict(counted)}; lost: {len(lost)}")
    for line in lost:
        print(line)
    if not options.dry:
        _results.write("kills", {"times": options.times, "seed": options.seed, "counted": dict(counted), "lost": lost})
    return 1 if lost else 0


def _kill(folder: Path, times: int, seed: int) -> tuple[Counter[str], list[str]]:
    rng = random.Random(seed)
    path = folder / "index"
    state: State | None = None
    usual = {"build": 0.3, "update": 0.3, "delete": 0.1}
    counted: Counter[str] = Counter()
    lost: list[str] = []
    for number in range(times):
        kind = "build" if state is None or not state else rng.choice(("build", "update", "delete"))
        states = [state, *_states(kind, state or {}, rng)]
        began = time.perf_counter()
        acknowledged, killed = _victim(path, kind, states, rng.uniform(0, usual[kind]))
        # The moments shall lie all over the work, whose length depends on the machine.
        usual[kind] = usual[kind] * 1.15 if killed else min(usual[kind], time.perf_counter() - began) * 0.8
        counted[f"{kind} {'killed' if killed else 'finished'}"] += 1
        try:
            state = _checked(path, states, acknowledged, rng)
            if kind == "build" and state != states[-1]:
                _build(path, states[-1] or {})
                state = _checked(path, states, len(states) - 1, rng)
                counted["build resumed"] += 1
        except (Failure, IndexFileError, AssertionError, KeyError, ValueError) as error:
            lost.append(f"kill {number} during {kind}: {type(error).__name__}: {error}")
            path = folder / f"index{number}"
            state = None
    return counted, lost


def _states(kind: str, state: State, rng: random.Random) -> Iterator[State]:
    """The states that a victim goes through, each after one acknowledged change."""
    if kind == "build":
        kept = {key: text for key, text in state.items() if rng.random() < 0.9}
        yield kept | {str(rng.randrange(10 * _ITEMS)): _text(rng) for _ in range(_ITEMS - len(kept) // 2)}
        return
    for _ in range(12):
        if kind == "update":
            some = rng.sample(sorted(state), min(len(state), _CHANGED // 2))
            new = [str(rng.randrange(10 * _ITEMS)) for _ in range(_CHANGED // 2)]
            state = state | {key: _text(rng) for key in [*some, *new]}
        else:
            gone = set(rng.sample(sorted(state), min(len(state), 7)))
            state = {key: text for key, text in state.items() if key not in gone}
        yield state


def _text(rng: random.Random) -> str:
    return f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {rng.randrange(1_000_000)}"


def _victim(path: Path, kind: str, states: list[State | None], delay: float) -> tuple[int, bool]:
    """Let a process work until it is killed.

    Returns:
        How many changes it acknowledged, and whether it was killed before its end.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 1
        try:
            _work(path, kind, states, lambda: os.write(writer, b"."))
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    with os.fdopen(reader, "rb") as pipe:
        acknowledged = len(pipe.read())
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise Failure(f"the victim failed by itself while it was to {kind}")
    return acknowledged, os.WIFSIGNALED(status)


def _work(path: Path, kind: str, states: list[State | None], acknowledge: Callable[[], object]) -> None:
    if kind == "build":
        _build(path, states[1] or {})
        acknowledge()
        return
    index = ItemIndex.load(path, embedder=HashingEmbedder(_DIMENSIONS))
    for before, after in pairwise(states):
        old, new = before or {}, after or {}
        changed = [Document(text, id=key) for key, text in new.items() if old.get(key) != text]
        if changed:
            index.add_documents(changed)
        else:
            index.delete([key for key in old if key not in new])
        acknowledge()


def _build(path: Path, state: State) -> None:
    catalog = Catalog(Item(key, text) for key, text in state.items())
    ItemIndex.build(catalog, embedder=HashingEmbedder(_DIMENSIONS), path=path)


def _checked(path: Path, states: list[State | None], acknowledged: int, rng: random.Random) -> State | None:
    """The state that the folder holds, which must be the last acknowledged or the one after it."""
    allowed = states[acknowledged : acknowledged + 2]
    try:
        index = ItemIndex.load(path, embedder=HashingEmbedder(_DIMENSIONS))
    except IndexFileError as error:
        if None in allowed and "there is no index" in str(error):
            return None
        raise
    every = sorted({key for state in states if state for key in state})
    held = {document.id or "": document.page_content for document in index.get_by_ids(every)}
    if held not in allowed or len(index) != len(held):
        sizes = [None if state is None else len(state) for state in allowed]
        raise Failure(f"{len(held)} items are left, {len(index)} counted, {sizes} were allowed")
    keys = sorted(held)
    expected = np.array(HashingEmbedder(_DIMENSIONS).embed_documents([held[key] for key in keys]), np.float32)
    if not np.allclose(index.vectors(keys), expected.reshape(len(keys), -1), atol=1e-6):
        raise Failure("a vector is not that of its text")
    for key in rng.sample(keys, min(5, len(keys))):
        number = held[key].rpartition(" ")[2]
        best = max(index.search(number, k=len(index)), key=lambda hit: hit.words).id
        if held[best].rpartition(" ")[2] != number:
            raise Failure(f"{key!r} is not found by its word {number!r}")
    return held


if __name__ == "__main__":
    sys.exit(main())
