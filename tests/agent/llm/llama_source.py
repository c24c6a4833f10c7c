"""Out of llama-cpp-python's source archive: templates and vocabularies of real families, and llama.cpp's converters.

`make test` fetches the archive into `.venv/llama-source`; `CHATREC_LLAMA_SOURCE` names another folder or archive.
"""

from __future__ import annotations

import os
import re
import sys
import tarfile
from functools import cache
from pathlib import Path

import pytest
from tests.agent.llm.gguf_files import llama_facts, random_tensors, write

from chatrec.agent.llm._gguf import read_header

_ROOT = "vendor/llama.cpp/"
_WANTED = re.compile(_ROOT + r"(models/|gguf-py/gguf/|conversion/|convert_\w+\.py)")
_CONVERTER = "convert_lora_to_gguf.py"


@cache
def source() -> Path | None:
    """The folder `vendor/llama.cpp`, unpacked as far as it is wanted; None where no archive was fetched."""
    named = os.environ.get("CHATREC_LLAMA_SOURCE")
    place = Path(named) if named else Path(sys.prefix) / "llama-source"
    for found in (*place.glob(_ROOT), *place.glob(f"*/{_ROOT}")):
        if (found / _CONVERTER).exists():
            return found
    for archive in [place] if place.is_file() else sorted(place.glob("*.tar.gz")):
        return _unpacked(archive)
    return None


def _unpacked(archive: Path) -> Path:
    folder = archive.parent
    with tarfile.open(archive) as packed:
        members = [member for member in packed.getmembers() if _WANTED.search(member.name) and member.isfile()]
        # Python 3.11.0 to 3.11.3 know no filters.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        packed.extractall(folder, members=members)
    return next(folder.glob(f"*/{_ROOT}"))


def template(name: str) -> str:
    """A template of the archive, by its file's name without ".jinja"."""
    return (models() / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def names() -> list[str]:
    """The templates of the archive; one empty name where there is no archive, so that its absence is seen."""
    found = source()
    return sorted(path.stem for path in (found / "models" / "templates").glob("*.jinja")) if found else [""]


def models() -> Path:
    """The archive's folder of templates and vocabularies, or a skipped test."""
    return _here() / "models"


def lora_converter() -> Path:
    """llama.cpp's own `convert_lora_to_gguf.py`, or a skipped test."""
    return _here() / _CONVERTER


def _here() -> Path:
    if (found := source()) is None:
        pytest.skip("llama-cpp-python's source archive is not there: `make test` fetches it into .venv/llama-source")
    return found


def tiny_model(path: Path, vocabulary: str, chat_template: str, *, seed: int = 1, width: int = 32) -> Path:
    """A llama of two thin layers with random weights over a real vocabulary and a real template.

    Args:
        path: Where the GGUF is written.
        vocabulary: E.g. "qwen2" for `ggml-vocab-qwen2.gguf`.
        chat_template: A Jinja template.
        seed: Of the weights.
        width: Of the embeddings.
    """
    base = models() / f"ggml-vocab-{vocabulary}.gguf"
    header = read_header(base)
    size = header.facts["tokenizer.ggml.tokens"].count
    # The vocabulary's bytes are copied as they are: parsing and writing 150,000 tokens takes a quarter of a minute.
    whole = base.read_bytes()
    spans = [span for key, span in header.spans.items() if key.startswith("tokenizer.") and "chat_template" not in key]
    facts = llama_facts(size, width) | {"tokenizer.chat_template": chat_template}
    parts = [whole[begun:end] for begun, end in spans]
    return write(path, facts | {"general.name": f"tiny-{vocabulary}"}, random_tensors(size, width, seed), parts)
