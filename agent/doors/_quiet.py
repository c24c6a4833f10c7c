"""Silence for other people's libraries, so that a terminal shows the conversation and a pipe carries only answers."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

_SETTINGS = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
_TRACING = ("LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGSMITH_TRACING_V2")


def quiet() -> None:
    """Turn off progress bars, telemetry and warnings, as far as the user has not asked for them; and tracing, always.

    LangChain's tracing sends whole conversations to a server. The command promises that nothing leaves the machine.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in _TRACING:
        os.environ[name] = "false"
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logging.getLogger().setLevel(logging.ERROR)


@contextmanager
def own_stdout() -> Generator[TextIO, None, None]:
    """Standard output for us alone: whatever else is printed, by C code too, goes to standard error."""
    try:
        descriptor, other = sys.stdout.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):
        yield sys.stdout  # replaced by something in memory: no C code writes there
        return
    sys.stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(other, descriptor)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8", newline="\n") as stream:
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)
