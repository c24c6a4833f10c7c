"""One bit that any thread may set and llama.cpp reads while it computes."""

from __future__ import annotations

import ctypes
import time

from langchain_core.exceptions import ModelTimeoutError

from chatrec.errors import ModelError


class Cancelled(Exception):
    """The caller no longer wants the answer; nobody sees this outside the worker."""


class OutOfTime(ModelError, ModelTimeoutError):
    """One call took longer than the model's `timeout`; also LangChain's `ModelTimeoutError`."""


class CancelFlag:
    """A flag in native memory, and the time by which the call must be done.

    Args:
        timeout: Seconds from now; None for no limit.
    """

    def __init__(self, timeout: float | None = None) -> None:
        self._byte = ctypes.create_string_buffer(2)
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    @property
    def address(self) -> int:
        """Where the byte lies; it stays there as long as this object lives."""
        return ctypes.addressof(self._byte)

    def set(self) -> None:
        """Ask for the end; a running evaluation stops within about a layer of the model."""
        self._byte[0] = b"\x01"

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._byte[0] != b"\x00"

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            Cancelled: If `set` was called.
            OutOfTime: If the deadline has passed.
        """
        if self.is_set():
            raise Cancelled
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise OutOfTime(
                f"the call took longer than timeout={self._timeout!r} seconds",
                hint="raise timeout, lower max_tokens, shorten the prompt or use a smaller model",
            )
