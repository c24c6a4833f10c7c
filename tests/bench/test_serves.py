"""Three of the kills that `make bench NAME=serves` does fifty of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_no_event_is_lost_or_doubled_where_a_process_is_killed(database_url: str) -> None:
    command = [sys.executable, "-m", "bench", "serves", "--times", "3", "--dry", "--database-url", database_url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("3 kills in ")
    assert "wrong: 0" in done.stdout
