"""What is liked lately, and how much that tells: tried on the newest likes before it is believed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._interactions import Interactions

__all__ = ["lately"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_DAY: Final = 86_400.0
_HALF_LIVES: Final = (3.0, 7.0, 15.0, 30.0, 90.0)
"""In days."""
_NEWEST: Final = 0.1
"""Share of all likes, the newest, that the older ones must foretell."""
_FEW: Final = 200
_DEPTH: Final = 50


def lately(interactions: Interactions, size: int) -> Floats:
    """How liked each item is lately, times how much that is to be believed.

    Each like counts half as much as one `_HALF_LIVES` younger; of these the one is taken that best foretells the newest
    tenth of the likes from the rest. It is believed as much as it foretells them better than popularity of all times
    does: fully where that gains a quarter as much again, not at all where it gains nothing.

    Args:
        interactions: Who liked what when.
        size: Items of the catalog.

    Returns:
        Shape (size,), from 0 to 1; empty where times are unknown, likes are few, or it is not to be believed.
    """
    none = np.zeros(0, np.float32)
    timed = interactions.times > 0
    if timed.sum() < _FEW:
        return none
    times, rows = interactions.times[timed], interactions.rows[timed]
    moment = float(np.quantile(times, 1.0 - _NEWEST))
    older = times < moment
    if not older.any() or older.all():
        return none
    newest = np.bincount(rows[~older], minlength=size).astype(np.float64)
    always = _foretold(np.bincount(rows[older], minlength=size).astype(np.float64), newest)
    tried = {h: _foretold(_faded(rows[older], times[older], moment, h, size), newest) for h in _HALF_LIVES}
    best = max(_HALF_LIVES, key=lambda half_life: tried[half_life])
    believed = min(1.0, max(0.0, 4.0 * (tried[best] / max(always, 1e-9) - 1.0)))
    if believed == 0.0:
        return none
    logs = np.log1p(_faded(rows, times, float(times.max()), best, size))
    return (believed * logs / max(float(logs.max()), 1e-9)).astype(np.float32)


def _faded(rows: NDArray[np.int32], times: Doubles, now: float, half_life: float, size: int) -> Doubles:
    return np.bincount(rows, 0.5 ** ((now - times) / (_DAY * half_life)), minlength=size).astype(np.float64)


def _foretold(scores: Doubles, newest: Doubles) -> float:
    """The share of the newest likes that fall to the items with the highest scores."""
    best = np.argsort(-scores, kind="stable")[:_DEPTH]
    return float(newest[best].sum() / max(newest.sum(), 1.0))
