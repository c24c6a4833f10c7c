"""Made-up vectors that lie as those of an embedder do, and how any vectors lie.

They grow as a tree: each row is a mixture, in parts of its own, of a random row of the level above (a tenth as many)
and something new, whose variance falls with the power .8. The numbers were chosen so that rows lie as the embeddings
(MiniLM) of 27,000 films do; `python -m bench million --real FOLDER` shows both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._index_vectors import unit

DIMENSIONS = 384
_TENTH = 10
_AT_ONCE = 50_000
_ASKED = 500
_FAR = 100
_NEAR = 20
Floats = NDArray[np.float32]


class Grown:
    """A tree of vectors.

    Args:
        rows: How many there are at the lowest level.
        seed: Of everything.
    """

    def __init__(self, rows: int, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._fading = (np.arange(1, DIMENSIONS + 1) ** -0.4).astype(np.float32)
        self._fading /= np.linalg.norm(self._fading)
        sizes = [rows]
        while sizes[0] > _TENTH:
            sizes.insert(0, sizes[0] // _TENTH)
        self._above = self._new(sizes[0])
        self._branches = np.arange(sizes[0])
        for size in sizes[1:-1]:
            parents = self._random.integers(len(self._above), size=size)
            self._above = self._mixed(parents)
            # The second level names the branches: some hundred of them, whatever the size.
            self._branches = np.arange(size) if size < _FAR * _TENTH else self._branches[parents]
        self._parents = self._random.integers(len(self._above), size=rows)

    @property
    def branches(self) -> NDArray[np.int64]:
        """To which of some hundred branches each row belongs, (rows,)."""
        found: NDArray[np.int64] = self._branches[self._parents]
        return found

    def parts(self) -> Iterator[Floats]:
        """The rows in parts, unit length; to be read once."""
        for start in range(0, len(self._parents), _AT_ONCE):
            part = self._mixed(self._parents[start : start + _AT_ONCE])
            part[:, -1] += 0.5  # as of real ones, the mean is not nought
            yield unit(part)

    def _new(self, rows: int) -> Floats:
        new: Floats = self._random.standard_normal((rows, DIMENSIONS), dtype=np.float32) * self._fading
        return new

    def _mixed(self, parents: NDArray[np.int64]) -> Floats:
        own = self._random.uniform(0.2, 1.0, size=(len(parents), 1)).astype(np.float32)
        mixed = np.sqrt(1 - own) * self._above[parents] + np.sqrt(own) * self._new(len(parents))
        return mixed.astype(np.float32, copy=False)


def lie(rows: Floats) -> dict[str, float]:
    """How vectors lie: what makes near ones easy or hard to find.

    Args:
        rows: Unit length.

    Returns:
        `rows`: how many. `dimension`: the intrinsic one about a row, by its 20 nearest (Levina and Bickel, 2004).
        `nearest`, `tenth`, `hundredth`: cosines with the nearest, the 10th, the 100th. `mean`: with any. `contrast`:
        the distance to any over that to the nearest. All but the mean are medians over 500 rows.
    """
    asked = np.ascontiguousarray(rows[:: max(1, len(rows) // _ASKED)])
    best = np.full((len(asked), _FAR + 1), -2, np.float32)
    total, far_total = 0.0, np.zeros(len(asked), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        cosines = asked @ rows[start : start + _AT_ONCE].T
        total += float(cosines.sum())
        far_total += np.sqrt(np.maximum(2 - 2 * cosines, 0)).sum(axis=1, dtype=np.float32)
        best = -np.sort(-np.partition(np.concatenate([best, cosines], axis=1), -_FAR - 1, axis=1)[:, -_FAR - 1 :])
    cosines = best[:, 1:]  # the first is the row itself
    far = np.sqrt(np.maximum(2 - 2 * cosines, 1e-9))
    dimension = 1 / np.mean(np.log(far[:, _NEAR - 1 : _NEAR] / far[:, : _NEAR - 1]), axis=1)
    return {
        "rows": len(rows),
        "dimension": float(np.median(dimension)),
        "nearest": float(np.median(cosines[:, 0])),
        "tenth": float(np.median(cosines[:, 9])),
        "hundredth": float(np.median(cosines[:, _FAR - 1])),
        "mean": float(total) / (len(asked) * len(rows)),
        "contrast": float(np.median(far_total / len(rows) / far[:, 0])),
    }
