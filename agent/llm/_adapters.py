"""Adapters that ship with chatrec: a LoRA file for the embedded model, and the settings it was measured with."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

_NAME = "smollm2-135m-instruct"
_SETTINGS = frozenset({"choice_prior", "choice_temperature", "lora_scale"})


def shipped_adapter() -> dict[str, Any]:
    """Fields of `ChatLlamaCpp` that give the embedded model its adapter; {} where none is installed.

    Returns:
        `lora_path`, and of `choice_prior`, `choice_temperature` and `lora_scale` what the adapter's settings name.
    """
    folder = Path(str(resources.files("chatrec.agent.llm"))) / "adapters"
    weights, settings = folder / f"{_NAME}.gguf", folder / f"{_NAME}.json"
    if not weights.exists():
        return {}
    named = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    return {"lora_path": str(weights)} | {name: named[name] for name in sorted(_SETTINGS & named.keys())}
