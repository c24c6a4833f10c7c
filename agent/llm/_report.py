"""What this machine and this build of llama.cpp can do, for `chatrec doctor`."""

from __future__ import annotations

from typing import Any


def cpu_report() -> dict[str, Any]:
    """Facts about the language model's engine.

    Returns:
        `llama_cpp` (version), `llguidance` (version), `features` (name to whether built in), `physical_cores`,
        `amx_guard` (whether repacking is off because the build uses AMX), `flash_attention` (always off on the CPU),
        and `advice`: sentences that say what is slow and how to mend it, empty when nothing is.
    """
    from importlib.metadata import version

    from chatrec.agent.llm import _library

    features = _library.system_flags()
    guarded = _library.amx_guard()
    advice: list[str] = []
    if guarded:
        advice.append(
            f"llama.cpp was built with AMX, which crashes on some machines, so it runs slower: {_library.REBUILD}"
        )
    x86 = any(name in features for name in ("SSE3", "AVX"))
    if x86 and not features.get("AVX2"):
        advice.append("llama.cpp was built without AVX2: reinstall llama-cpp-python on this machine from source")
    return {
        "llama_cpp": _library.version(),
        "llguidance": version("llguidance"),
        "features": features,
        "physical_cores": _library.physical_cores(),
        "amx_guard": guarded,
        "flash_attention": False,
        "advice": advice,
    }
