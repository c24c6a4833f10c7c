"""The beginnings of prompts that a model keeps on disk: which are worth it, and what makes two of them comparable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from chatrec.agent.llm import _library
from chatrec.agent.llm._identity import file_identity, key_of
from chatrec.agent.llm._memory import Adapters, Saved, Tokens
from chatrec.agent.llm._prefix import FORMAT, WORTH_STORING, PrefixStore
from chatrec.agent.llm._settings import EngineSettings
from chatrec.agent.llm._tuned import cache_folder

# The first call of a process is followed by a wait for the person: writing is free then. A system text that changes
# from call to call (the time of day in it) must not fill the disk with beginnings that nobody will ask for again.
_AT_ONCE = 4
_SECONDS_BETWEEN = 60.0


class DiskShelf:
    """Beginnings computed by one model with one llama.cpp; a `PrefixShelf`.

    A beginning is kept when it is first computed: the state is at hand then, and copying it takes milliseconds, while
    the writing is left to a thread. Of more than four new ones in a process, one a minute is kept.

    Args:
        model: The model file.
        store: Where to.
        clock: Seconds; replaced in tests.
    """

    def __init__(self, model: Path, store: PrefixStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._kept: list[float] = []
        self._keys: dict[Adapters, str] = {}
        # What the library computes and how it writes the state down.
        self._facts = {
            "format": FORMAT,
            "model": file_identity(model),
            "library": _library.version(),
            "amx": _library.amx_guard(),
            "order": sys.byteorder,
            "kv": _library.kv_type(),
            "flash_attention": False,
        }

    def find(self, adapters: Adapters, tokens: Tokens, *, longer_than: int) -> Saved | None:
        """A kept beginning that shares more than `longer_than` first tokens with `tokens`."""
        found = self._store.find(self._key(adapters), tokens, longer_than=longer_than)
        return None if found is None else Saved(found.tokens, found.state, adapters)

    def wants(self, adapters: Adapters, tokens: Tokens) -> bool:
        """Whether this beginning should be kept and is not yet."""
        if len(tokens) < WORTH_STORING or self._store.shares(self._key(adapters), tokens) > len(tokens) - WORTH_STORING:
            return False
        return len(self._kept) < _AT_ONCE or self._clock() - self._kept[-1] >= _SECONDS_BETWEEN

    def keep(self, saved: Saved) -> None:
        """Keep a beginning."""
        self._kept.append(self._clock())
        self._store.keep(self._key(saved.adapters), saved)

    def _key(self, adapters: Adapters) -> str:
        if (known := self._keys.get(adapters)) is None:
            named = [[file_identity(Path(path)), scale] for path, scale in adapters]
            known = self._keys[adapters] = key_of(self._facts | {"adapters": named})
        return known


def tables_path(model: Path) -> Path:
    """Where the tables of a model's vocabulary are kept."""
    name = key_of({"format": FORMAT, "model": file_identity(model), "library": _library.version()})
    return cache_folder() / "vocabularies" / f"{name}.npz"


def prefix_folder() -> Path:
    """Where beginnings of prompts are kept: `prefixes` under `CHATREC_HOME`, else in the platform's user cache."""
    return cache_folder() / "prefixes"


def open_shelf(settings: EngineSettings) -> DiskShelf | None:
    """The shelf of a model; None where it is switched off, or the model's layers are not all on the CPU."""
    if not settings.prefix_cache or settings.n_gpu_layers != 0:
        return None
    return DiskShelf(settings.path, PrefixStore(prefix_folder()))
