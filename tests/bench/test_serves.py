"""Three of the kills that `make bench NAME=serves` does fifty of."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_no_event_is_lost_or_doubled_where_a_process_is_killed(database_url: str) -> None:
    options = ["--times", "3", "--only", "keyed", "--dry", "--database-url", database_url]
    command = [sys.executable, "-m", "bench", "serves", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    # Whoever asks again after a kill may meet the next one, so there may be more.
    kills = re.search(r"'kills': (\d+)", done.stdout)
    assert kills is not None
    assert int(kills[1]) >= 3
    assert "'wrong': []" in done.stdout
