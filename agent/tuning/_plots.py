"""Pictures of an evaluation: which acts are taken for which, how sure the choices are, and what questions bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chatrec._files import replacing
from chatrec.agent.tuning._evaluate import RULES, Judged, classification, reliability
from chatrec.agent.tuning._seekers import Found
from chatrec.errors import ModelError

__all__ = ["draw", "need_matplotlib"]


def need_matplotlib() -> None:
    """Check that pictures can be drawn.

    Raises:
        ModelError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise ModelError("pictures need matplotlib", hint="pip install 'chatrec[tune]', or leave --out")


def draw(
    folder: Path, rows: Mapping[str, Sequence[Judged]], ends: Mapping[int, Mapping[str, Sequence[Found]]]
) -> list[Path]:
    """Draw `confusion.svg`, `reliability.svg` and, where people talked, `questions.svg`.

    Args:
        folder: Made where it is missing; pictures of these names are replaced.
        rows: Choices by model; those "as used" are in the first picture.
        ends: Conversations' ends by the questions that were allowed in a row, and by policy.

    Returns:
        The files.
    """
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"confusion": _confusion(plt, rows["as used"]), "reliability": _reliability(plt, rows)}
    if ends:
        pictures["questions"] = _questions(plt, ends)
    files: list[Path] = []
    for name, picture in pictures.items():
        files.append(folder / f"{name}.svg")
        with replacing(files[-1]) as made:
            picture.savefig(made, format="svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(picture)
    return files


def _confusion(plt: Any, found: Sequence[Judged]) -> Any:
    counts = classification(found)["confusion"]
    acts = sorted({*counts, *(act for row in counts.values() for act in row)})
    grid = [[counts.get(right, {}).get(chosen, 0) for chosen in acts] for right in acts]
    shares = [[count / max(1, sum(row)) for count in row] for row in grid]
    picture, axes = plt.subplots(figsize=(5.2, 4.4))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for y, row in enumerate(grid):
        for x, count in enumerate(row):
            if count:
                axes.text(x, y, str(count), ha="center", va="center", color="white" if shares[y][x] > 0.5 else "black")
    axes.set_xticks(range(len(acts)), acts, rotation=40, ha="right")
    axes.set_yticks(range(len(acts)), acts)
    axes.set(xlabel="chosen", ylabel="right, says the teacher", title=f"{len(found)} choices, as used")
    return picture


def _reliability(plt: Any, rows: Mapping[str, Sequence[Judged]]) -> Any:
    picture, axes = plt.subplots(figsize=(5.6, 4.4))
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    for name, found in rows.items():
        if name not in RULES:
            parts = reliability(found)
            axes.plot([p[0] for p in parts], [p[1] for p in parts], marker="o", markersize=4, label=name)
    axes.set(
        xlim=(0, 1.02), ylim=(0, 1.02), xlabel="chance of the chosen act", ylabel="share of such choices that is right"
    )
    axes.set_title("reliability: on the line, chances mean what they say")
    axes.legend(frameon=False, fontsize=8)
    return picture


def _questions(plt: Any, ends: Mapping[int, Mapping[str, Sequence[Found]]]) -> Any:
    picture, axes = plt.subplots(figsize=(6.4, 4.4))
    for name in next(iter(ends.values())):
        points = [
            (sum(f.questions for f in found) / len(found), sum(f.success for f in found) / len(found), most)
            for most, found in ((most, each[name]) for most, each in ends.items())
        ]
        axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", markersize=5, label=name)
        for questions, success, most in points:
            axes.annotate(str(most), (questions, success), xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.set(ylim=(0, 1.02), xlabel="questions asked, mean; beside each point how many are allowed in a row")
    axes.set(ylabel="found what they want within five turns")
    axes.legend(frameon=False, fontsize=8)
    return picture
