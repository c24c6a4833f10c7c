"""Which adapters a call is computed under, and the one that ships: a LoRA file for the embedded model."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from chatrec.agent.llm._memory import Adapters
from chatrec.agent.llm._model_files import check_model_file
from chatrec.errors import ModelError

_NAME = "smollm2-135m-instruct"
_SETTINGS = frozenset({"choice_prior", "choice_temperature", "lora_scale"})


def shipped_adapter() -> dict[str, Any]:
    """Fields of `ChatLlamaCpp` that give the embedded model its adapter; {} where none is installed.

    Returns:
        `lora_path`, and of `choice_prior`, `choice_temperature` and `lora_scale` what the adapter's settings name.
    """
    weights = Path(str(resources.files("chatrec.agent.llm"))) / "adapters" / f"{_NAME}.gguf"
    return adapter_fields(weights) if weights.exists() else {}


def adapter_fields(weights: Path) -> dict[str, Any]:
    """Fields of `ChatLlamaCpp` for an adapter, those included that its settings name; see `settings_beside`."""
    settings = settings_beside(weights)
    named = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    return {"lora_path": str(weights)} | {name: named[name] for name in sorted(_SETTINGS & named.keys())}


def settings_beside(weights: Path) -> Path:
    """Where an adapter's settings lie: the same name, ending in .json."""
    return weights.with_suffix(".json")


def chosen_adapters(fields: Mapping[str, Any], options: Mapping[str, Any]) -> Adapters:
    """The adapters of one call: its own options where it gives any, else the model's fields.

    Args:
        fields: `lora_path` (None for none), `lora_scale`, and `adapters` (path to scale) of the model.
        options: The same of the call, each may be missing. `adapters` alone replaces all of the model's adapters.

    Returns:
        Absolute paths with scales, sorted; those of scale 0 are left out.

    Raises:
        ModelError: If a file is missing or no GGUF, or a scale is no number.
    """
    if "adapters" in options and "lora_path" not in options:
        path, several = None, options["adapters"]
    else:
        path, several = options.get("lora_path", fields["lora_path"]), options.get("adapters", fields["adapters"])
    scales: dict[str, float] = {}
    single = {path: options.get("lora_scale", fields["lora_scale"])} if path is not None else {}
    for name, scale in {**(several or {}), **single}.items():
        if not isinstance(scale, int | float) or not math.isfinite(scale):
            raise ModelError(f"adapter {str(name)!r} has scale {scale!r}", hint="give a number; 1 is full strength")
        place = Path(name).expanduser()
        check_model_file(place)
        if scale:
            scales[str(place.resolve())] = float(scale)
    return tuple(sorted(scales.items()))
