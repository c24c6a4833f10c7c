"""llama.cpp itself: started once per process, its log kept instead of printed, and what this build can do here."""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

# llama.cpp's threads meet hundreds of times a token. If they spin while they wait, any other load on the machine stops
# them (5 ms a token become 260); if they sleep at once, a quiet machine takes two to four times as long. A short spin
# costs neither. Read when the library loads, and meant for this library only.
_ours = "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ
if _ours:
    os.environ["GOMP_SPINCOUNT"] = "1000"

import llama_cpp.llama_cpp as _lib  # noqa: E402

if _ours:
    del os.environ["GOMP_SPINCOUNT"]

lib: Any = _lib
"""llama.cpp's C functions; untyped, because its stubs are generated from C declarations."""

REBUILD = (
    "reinstall with CFLAGS and CXXFLAGS set to '-mno-amx-tile -mno-amx-int8 -mno-amx-bf16': "
    "pip install --force-reinstall --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"
)

_lines: deque[str] = deque(maxlen=60)
_lock = threading.Lock()
_started = False


def _keep_line(_level: int, text: bytes | None, _data: object) -> None:
    # llama.cpp writes hundreds of lines to stderr otherwise; the last ones explain a failed load.
    _lines.append((text or b"").decode("utf-8", "replace").rstrip("\n"))


def _unlock() -> None:
    # A child forked while another thread was starting the library would wait for that thread, which it does not have.
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)

_callback: Any = lib.llama_log_callback(_keep_line)


def start() -> None:
    """Initialise llama.cpp; further calls do nothing."""
    global _started  # noqa: PLW0603
    with _lock:
        if not _started:
            lib.llama_log_set(_callback, ctypes.c_void_p(0))
            lib.llama_backend_init()
            _started = True


def _close_null_files() -> None:
    # The Python package leaves two files open, which the interpreter would warn about at its end.
    utils = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file"):
        if (file := getattr(utils, name, None)) is not None:
            file.close()


atexit.register(_close_null_files)


def forget_log() -> None:
    """Drop the kept log lines, so that `last_errors` speaks of what follows."""
    _lines.clear()


def last_errors() -> str:
    """What llama.cpp said last about a failure, one line, "" if nothing."""
    said = [line.split(": ", 1)[-1] for line in _lines if "error" in line.lower() or "failed" in line.lower()]
    return "; ".join(dict.fromkeys(said[:3]))


def system_flags(info: str | None = None) -> dict[str, bool]:
    """CPU features that this llama.cpp was built with, e.g. `{"AVX512": True, "REPACK": True}`.

    Args:
        info: What llama.cpp says of itself, in its own form; None asks it.
    """
    if info is None:
        start()
        info = str(lib.llama_print_system_info().decode("utf-8", "replace"))
    words = info.split("|")
    pairs = [word.rsplit(":", 1)[-1].split("=") for word in words if "=" in word]
    return {name.strip(): value.strip() == "1" for name, value in pairs}


KV_NUMBERS = {"f16": 1, "bf16": 30}
"""ggml's own numbers for what `kv_type` says."""


def kv_type(n_gpu_layers: int = 0) -> str:
    """In which numbers KV memory is kept: "bf16" where this CPU multiplies them itself, else "f16"; 16 bits each.

    Measured with 1,730 tokens before, on two cores: reading 256 more took 402 instead of 467 ms.
    """
    return "bf16" if n_gpu_layers == 0 and system_flags().get("AVX512_BF16", False) else "f16"


def amx_guard(info: str | None = None) -> bool:
    """Whether weights must not be repacked: an AMX build crashes at its first token on some machines.

    Args:
        info: As in `system_flags`.
    """
    return system_flags(info).get("AMX_INT8", False)


def physical_cores() -> int:
    """Physical cores this process may use; llama.cpp gains nothing from a core's second thread.

    Returns:
        At least 1; bounded by the process's CPU affinity and, in a container, by its CPU quota.
    """
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    cores: set[str] = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        cores.add(siblings.read_text().strip() if siblings.exists() else str(cpu))
    count = len(cores)
    if sys.platform in ("darwin", "win32"):
        count = max(1, len(allowed) // 2) if sys.platform == "win32" else len(allowed)
    return max(1, min(count, _quota() or count))


def _quota() -> int | None:
    try:
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if allowed == "max" else max(1, round(int(allowed) / int(period)))
    except (OSError, ValueError):
        return None


def version() -> str:
    """The version of the Python package that carries llama.cpp."""
    import llama_cpp

    return str(llama_cpp.__version__)


def native_abort() -> Any:
    """A compiled function that is true when its argument points to a non-zero byte.

    llama.cpp asks its abort callback hundreds of times a token. In Python that would take the interpreter lock each
    time; C's `strlen` reads one byte and answers with zero or more, which is the truth value wanted.
    """
    c_library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    return ctypes.cast(ctypes.cast(c_library.strlen, ctypes.c_void_p).value or 0, lib.ggml_abort_callback)
