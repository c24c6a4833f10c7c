"""Pictures of results show every number, their source, and are the same from the same numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bench import plots
from bench._plots import FOLDER, Bars, Curves, Value, draw

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = Bars(
    title="How sure", unit="share", source="make bench NAME=x", rows={"one": {"we": 0.25, "they": (0.5, 0.75, 0.8125)}}
)


def texts(path: Path) -> list[str]:
    return [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text("utf-8"))]


def test_a_picture_shows_its_numbers_peers_and_source(tmp_path: Path) -> None:
    shown = texts(draw("sure", MADE, folder=tmp_path))
    assert {"How sure", "share", "make bench NAME=x", "one", "we", "they", "0.25", "0.75 (0.5–0.812)"} <= {*shown}


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (draw("sure", MADE, folder=tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second
    rows: dict[str, dict[str, Value]] = {"one": {"we": 0.5}}
    assert draw("sure", Bars(title="", unit="", source="", rows=rows), folder=tmp_path).read_bytes() != first


def test_curves_show_their_labels(tmp_path: Path) -> None:
    series = {"we": [(1.0, 2.0), (10.0, 4.0)]}
    made = Curves(title="T", x="share", y="ms", source="s", series=series, log="x", labels={"we": ["few", "many"]})
    assert {"T", "share", "ms", "s", "few", "many"} <= {*texts(draw("c", made, folder=tmp_path))}


def test_the_command_draws_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = {"processors": 2, "processor": "a CPU", "machine": "x86_64"}
    turn = {"text": "hello", "seconds": 1.5, "floor": 1.25}
    result: dict[str, Any] = {"name": "turn", "at": "2026-01-02T00:00:00+00:00", "machine": machine, "turns": [turn]}
    (tmp_path / "turn.json").write_text(json.dumps(result), "utf-8")
    assert plots.main(["turn", "acts", "--results", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "acts: no result; `make bench NAME=acts` makes one" in told
    shown = texts(tmp_path / "out" / "turn.svg")
    assert {"1. hello", "1.5", "1.25", "make bench NAME=turn · 2 × a CPU · 2026-01-02"} <= {*shown}


def test_nothing_to_draw_is_told(tmp_path: Path) -> None:
    assert plots.main(["--results", str(tmp_path), "--out", str(tmp_path)]) == 1


def test_pictures_in_the_docs_say_their_source_and_are_small() -> None:
    pictures = sorted(FOLDER.glob("*.svg"))
    assert {path.stem for path in pictures} <= {*plots.FIGURES}
    for path in pictures:
        assert any(text.startswith("make bench NAME=") for text in texts(path)), path.name
        assert path.stat().st_size < 80_000
