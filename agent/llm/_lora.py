"""Whether an adapter was made for a base model, told from the two files before llama.cpp reads the adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chatrec.agent.llm._gguf import Header, Tensor, read_header
from chatrec.errors import ModelError

_PARTS = (".lora_a", ".lora_b")
_HINT = "use an adapter made for this base model, exported to GGUF"


def check_adapter(adapter: Path, base: Path) -> None:
    """Refuse an adapter that does not fit.

    Raises:
        ModelError: If a file cannot be read, is no adapter, or was made for another base model; says which and why.
    """
    if not adapter.is_file():
        raise ModelError(f"no adapter at {str(adapter)!r}", hint="check the path")
    own, ground = _adapter_header(adapter), read_header(base)
    kind = own.facts.get("general.type")
    if kind != "adapter" or own.facts.get("adapter.type") != "lora":
        raise ModelError(
            f"{str(adapter)!r} does not fit: it is no LoRA adapter (general.type is {kind!r})",
            hint="export the adapter to GGUF (convert_lora_to_gguf.py); a merged model goes into model_path",
        )
    made_for = own.facts.get("general.base_model.0.name") or own.facts.get("general.name") or "another model"
    wanted, found = own.facts.get("general.architecture"), ground.facts.get("general.architecture")
    if wanted != found:
        raise ModelError(
            f"the adapter {str(adapter)!r} does not fit {base.name!r}: made for {made_for!r} of architecture "
            f"{wanted!r}, not {found!r}",
            hint=_HINT,
        )
    if ground.facts.get("split.count", 1) > 1:
        return  # the other parts hold tensors too; llama.cpp checks them
    reason = _misfit(own.tensors, ground.tensors)
    if reason is not None:
        raise ModelError(
            f"the adapter {str(adapter)!r} does not fit {base.name!r}: made for {made_for!r}, {reason}", hint=_HINT
        )


def _misfit(own: Mapping[str, Tensor], ground: Mapping[str, Tensor]) -> str | None:
    for name in own:
        target = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), None)
        if target is None:
            continue
        if target not in ground:
            return f"it changes {target!r}, which this model does not have"
        # W + B A: A reads what W reads, B writes what W writes. Embeddings are stored the other way round.
        if any(target + part not in own for part in _PARTS):
            return f"half of its change of {target!r} is missing"
        a, b = (own[target + part].shape for part in _PARTS)
        below = ground[target].shape
        shapes = f"its change of {target!r} has shapes {a!r} and {b!r}, the model's is {below!r}"
        if min(len(a), len(b), len(below)) < 2:
            return shapes
        if target == "token_embd.weight":
            fits = (b[1], a[1]) == below[:2]
        else:
            fits = (a[0], b[1]) == below[:2] and a[1] == b[0]
        if not fits:
            return shapes
    return None


def _adapter_header(path: Path) -> Header:
    try:
        return read_header(path)
    except ModelError as error:
        raise ModelError(f"the adapter does not fit: {error.args[0]}", hint=error.hint) from error
