"""How many threads: measured while working, because the best number changes with what else the machine does.

With all cores, llama.cpp's threads wait for each other several hundred times a token. On a quiet machine that is
fastest for prompts and larger models; a small model's single tokens gain nothing from it, and when another program
takes one of the cores, waits become time slices of the scheduler: measured on two busy cores, 5 ms a token with one
thread, 20 to 260 with two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# A losing number of threads is tried again after this long, and so rarely that trying costs at most two percent.
_RETRY_SECONDS = 5.0
_RETRY_SHARE = 50.0
_MOST_TOKENS_TO_TRY = 64
_WEIGHT = 0.3
# Up to about so many tokens an evaluation takes a time of its own, from there on one for each token.
_AS_ONE = 16
# One evaluation that was held up says little: it counts as so many times the usual at most.
_HELD_UP = 2.0


@dataclass
class _Arm:
    cost: float | None = None
    measured_at: float = 0.0


class ThreadChooser:
    """Chooses among one, half and all threads, separately for evaluations of about the same size.

    Args:
        most: The largest number of threads.
        fixed: Always use that number: the person said so.
        known: Seconds a token that were measured before, by number of threads: for single tokens under True, for
            batches under False. What is measured while working replaces them.
        clock: Seconds; replaced in tests.
    """

    def __init__(
        self,
        most: int,
        *,
        fixed: bool = False,
        known: Mapping[bool, Mapping[int, float]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self._clock = clock
        before: Mapping[bool, Mapping[int, float]] = {} if fixed or known is None else known
        usual = {most} if fixed else {1, max(1, most // 2), most}
        self._arms: list[dict[int, _Arm]] = []
        self._try_at = 0.0
        for size in range(_size(_MOST_TOKENS_TO_TRY + 1) + 1):
            told: Mapping[int, float] = before.get(size == 0, {}) if size == 0 or size > _size(_AS_ONE) else {}
            costs = {number: cost / (_AS_ONE if size == 0 else 1) for number, cost in told.items() if number <= most}
            numbers = sorted(costs or usual, reverse=True)
            self._arms.append({number: _Arm(costs.get(number), clock()) for number in numbers})

    def pick(self, n_tokens: int) -> int:
        """The number of threads for an evaluation of this many tokens."""
        arms = self._arms[_size(n_tokens)]
        known = {number: arm.cost for number, arm in arms.items() if arm.cost is not None}
        best = min(known, key=lambda number: known[number]) if known else next(iter(arms))
        if n_tokens > _MOST_TOKENS_TO_TRY or len(arms) == 1:
            return best
        now = self._clock()
        for number, arm in arms.items():
            if arm.cost is None:
                return number
            pause = _RETRY_SHARE * arm.cost * max(n_tokens, _AS_ONE)
            if number != best and now >= self._try_at and now - arm.measured_at > max(_RETRY_SECONDS, pause):
                self._try_at = now + pause
                return number
        return best

    def note(self, n_tokens: int, threads: int, seconds: float) -> None:
        """Remember how long an evaluation took."""
        arm = self._arms[_size(n_tokens)][threads]
        cost = seconds / max(n_tokens, _AS_ONE)
        now = self._clock()
        if arm.cost is None or now - arm.measured_at > _RETRY_SECONDS:
            arm.cost = cost
        else:
            arm.cost += _WEIGHT * (min(cost, _HELD_UP * arm.cost) - arm.cost)
        arm.measured_at = now


def _size(n_tokens: int) -> int:
    """0 for one token, then one more for each doubling; all that is too large to be tried with is one size."""
    return (min(n_tokens, _MOST_TOKENS_TO_TRY + 1) - 1).bit_length()
