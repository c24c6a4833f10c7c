from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chatrec._files import replacing


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "notes.json"
    with replacing(target, private=True) as made:
        made.write_text("one", "utf-8")
        assert made.suffix == ".json"
        assert not target.exists()
    assert target.read_text("utf-8") == "one"
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(target.parent) == ["notes.json"]


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "notes.json"
    target.write_text("one", "utf-8")

    def interrupted() -> None:
        with replacing(target) as made:
            made.write_text("tw", "utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text("utf-8") == "one"
    assert os.listdir(tmp_path) == ["notes.json"]
