"""The same weights in another number format, written by llama.cpp."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Final

from chatrec._files import replacing
from chatrec.errors import ModelError

KINDS: Final = {"F16": 1, "Q4_0": 2, "Q8_0": 7, "Q5_0": 8, "Q4_K_M": 15, "BF16": 32}
"""Names of formats to llama.cpp's numbers for them. Rows that do not fit a format's blocks get a near one's."""


def quantize(source: Path, target: Path, kind: str, *, threads: int = 0) -> Path:
    """Write a model's weights in another format; `target` appears whole or not at all.

    Args:
        source: A GGUF file; weights that are quantized already are read back first, which loses nothing more.
        target: Replaced if it exists; its folder is made.
        kind: One of `KINDS`.
        threads: CPU threads; 0 is all.

    Returns:
        `target`.

    Raises:
        OSError: If it cannot be written.
        ModelError: If the kind is unknown.
    """
    if kind not in KINDS:
        raise ModelError(f"unknown number format {kind!r}", hint=f"one of {', '.join(KINDS)}")
    from chatrec.agent.llm._library import forget_log, last_errors, lib, start

    start()
    forget_log()
    with replacing(target, private=True) as made:
        settings = lib.llama_model_quantize_default_params()
        settings.ftype = KINDS[kind]
        settings.allow_requantize = True
        settings.nthread = threads
        if lib.llama_model_quantize(os.fsencode(source), os.fsencode(made), ctypes.byref(settings)) != 0:
            raise OSError(f"llama.cpp could not write {kind} of {source.name}: {last_errors() or 'no reason given'}")
    return target
