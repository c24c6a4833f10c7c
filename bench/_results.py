"""Where results go, and on what machine they were measured."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "results"


def write(name: str, result: dict[str, Any]) -> Path:
    """Write a result as JSON, beside the facts that it depends on.

    Args:
        name: Of the measurement.
        result: JSON-ready.

    Returns:
        The file: results/NAME.json, replaced as a whole.
    """
    packages = ("chatrec", "llama-cpp-python", "langchain", "langgraph", "faiss-cpu", "llguidance", "numpy")
    machine = {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in packages},
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    beside = path.with_suffix(".part")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"name": name, "at": when, "machine": machine} | result, indent=2, ensure_ascii=False)
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)
    return path


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
