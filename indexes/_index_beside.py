"""Work beside other work: FAISS needs no interpreter while it builds, so texts are read meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Progress = Callable[[int, int], None]
_Made = TypeVar("_Made")


class _Stopped(Exception):
    """The other work has failed."""


@contextlib.contextmanager
def beside(
    work: Callable[[Progress], _Made], progress: Progress | None
) -> Generator[Callable[[], Future[_Made]], None, None]:
    """A way to begin some work in a thread of its own; leaving the context waits for it.

    Args:
        work: Called with what it has to tell of its progress; where the context is left by an exception, that stops it.
        progress: Is told.
    """
    stop = threading.Event()

    def told(done: int, total: int) -> None:
        if stop.is_set():
            raise _Stopped
        if progress is not None:
            progress(done, total)

    with ThreadPoolExecutor(1) as pool:
        try:
            yield lambda: pool.submit(work, told)
        except BaseException:
            stop.set()
            raise
