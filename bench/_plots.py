"""Pictures of results: bars and curves as small SVG files, the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "plots"

Value: TypeAlias = float | tuple[float, float, float]
"""A number, or the lowest, middle and highest of several runs."""

_COLOURS = ("#1f6f8b", "#e08e45", "#7a9e7e", "#8e6c8a", "#b0b0b0", "#c05746")
_STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "figure.dpi": 96,
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text: small files, and the numbers can be searched
    "svg.hashsalt": "chatrec",
}


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Groups of horizontal bars, one bar a peer in each.

    Attributes:
        title: What was measured.
        unit: Of the bars, and which end is good.
        source: The command that measured it, and when.
        rows: Group name to peer name to value; every number is written beside its bar.
        log: Whether the axis is logarithmic.
    """

    title: str
    unit: str
    source: str
    rows: Mapping[str, Mapping[str, Value]]
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Lines through points.

    Attributes:
        title: What was measured.
        x: The name and unit of the horizontal axis.
        y: The name and unit of the vertical axis, and which end is good.
        source: The command that measured it, and when.
        series: Peer name to its points (x, y), in order.
        log: The axes that are logarithmic: "", "x", "y" or "xy".
        labels: Written beside the points of a series that has them.
    """

    title: str
    x: str
    y: str
    source: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    log: str = ""
    labels: Mapping[str, Sequence[str]] | None = None


def draw(name: str, figure: Bars | Curves, *, folder: Path = FOLDER) -> Path:
    """Draw a figure.

    Args:
        name: Of the file, without its ending.
        figure: What to draw.
        folder: Where to.

    Returns:
        The SVG file, replaced as a whole.
    """
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    with mpl.rc_context(_STYLE):
        drawn = _bars(figure) if isinstance(figure, Bars) else _curves(figure)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.svg"
        beside = path.with_name(f"{name}.part")
        drawn.savefig(beside, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": "chatrec bench"})
        plt.close(drawn)
        beside.replace(path)
    return path


def _bars(figure: Bars) -> Any:
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    peers = list(dict.fromkeys(peer for row in figure.rows.values() for peer in row))
    colours = {peer: _COLOURS[at % len(_COLOURS)] for at, peer in enumerate(peers)}
    count = sum(len(row) for row in figure.rows.values())
    drawn, axes = plt.subplots(figsize=(7.2, 0.9 + 0.26 * count + 0.18 * len(figure.rows)))
    places: list[tuple[str, float]] = []
    at = 0.0
    for group, row in figure.rows.items():
        first = at
        for peer, value in row.items():
            low, middle, high = value if isinstance(value, tuple) else (value, value, value)
            spread = [[middle - low], [high - middle]] if high > low else None
            axes.barh(at, middle, height=0.8, color=colours[peer], xerr=spread, ecolor="#444444", capsize=2)
            told = f"{middle:.3g}" + (f" ({low:.3g}–{high:.3g})" if spread else "")
            axes.annotate(told, (high, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
            at += 1
        places.append((group, (first + at - 1) / 2))
        at += 0.7
    axes.set_yticks([place for _, place in places], [group for group, _ in places])
    axes.invert_yaxis()
    axes.margins(x=0.14)
    if figure.log:
        axes.set_xscale("log")
    axes.set_xlabel(figure.unit)
    handles = [Patch(color=colours[peer]) for peer in peers]
    return _finished(drawn, axes, figure, handles, peers)


def _curves(figure: Curves) -> Any:
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(figsize=(7.2, 3.4))
    for at, (peer, points) in enumerate(figure.series.items()):
        x, y = [point[0] for point in points], [point[1] for point in points]
        axes.plot(x, y, marker="o", markersize=4, linewidth=1.6, color=_COLOURS[at % len(_COLOURS)], label=peer)
        for point, text in zip(points, (figure.labels or {}).get(peer, ()), strict=False):
            axes.annotate(text, point, xytext=(4, 5), textcoords="offset points", fontsize=8)
    if "x" in figure.log:
        axes.set_xscale("log")
    if "y" in figure.log:
        axes.set_yscale("log")
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_xlabel(figure.x)
    axes.set_ylabel(figure.y)
    handles, peers = axes.get_legend_handles_labels()
    return _finished(drawn, axes, figure, handles, peers)


def _finished(drawn: Any, axes: Any, figure: Bars | Curves, handles: list[Any], peers: list[str]) -> Any:
    axes.set_axisbelow(True)
    axes.set_title(figure.title, fontsize=10, fontweight="bold")
    if len(peers) > 1:
        axes.legend(handles, peers, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    below = {"xycoords": "axes fraction", "xytext": (0, -38), "textcoords": "offset points"}
    axes.annotate(figure.source, (0, 0), fontsize=7, color="#666666", va="top", **below)
    return drawn
