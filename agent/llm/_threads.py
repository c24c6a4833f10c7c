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
_FEW_TOKENS = 4
_WEIGHT = 0.3


@dataclass
class _Arm:
    cost: float | None = None
    measured_at: float = 0.0


class ThreadChooser:
    """Chooses among one, half and all threads, separately for single tokens and for batches.

    Args:
        most: The largest number of threads.
        fixed: Always use that number: the person said so.
        known: Seconds a token that were measured before, by number of threads: for single tokens under True, for
            batches under False. What is measured while working replaces them.
        few: Up to how many tokens count as single ones.
        clock: Seconds; replaced in tests.
    """

    def __init__(
        self,
        most: int,
        *,
        fixed: bool = False,
        known: Mapping[bool, Mapping[int, float]] | None = None,
        few: int = _FEW_TOKENS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self._few = few
        self._clock = clock
        before: Mapping[bool, Mapping[int, float]] = {} if fixed or known is None else known
        usual = {most} if fixed else {1, max(1, most // 2), most}
        self._arms: dict[bool, dict[int, _Arm]] = {}
        for single in (True, False):
            costs = before.get(single, {})
            numbers = {number for number in costs if number <= most} or usual
            self._arms[single] = {number: _Arm(costs.get(number), clock()) for number in sorted(numbers, reverse=True)}

    def pick(self, n_tokens: int) -> int:
        """The number of threads for an evaluation of this many tokens."""
        arms = self._arms[n_tokens <= self._few]
        known = {number: arm.cost for number, arm in arms.items() if arm.cost is not None}
        best = min(known, key=lambda number: known[number]) if known else next(iter(arms))
        if n_tokens > _MOST_TOKENS_TO_TRY or len(arms) == 1:
            return best
        now = self._clock()
        for number, arm in arms.items():
            if arm.cost is None:
                return number
            wait = max(_RETRY_SECONDS, _RETRY_SHARE * arm.cost * n_tokens)
            if number != best and now - arm.measured_at > wait:
                return number
        return best

    def note(self, n_tokens: int, threads: int, seconds: float) -> None:
        """Remember how long an evaluation took."""
        arm = self._arms[n_tokens <= self._few][threads]
        cost = seconds / n_tokens
        now = self._clock()
        fresh = arm.cost is None or now - arm.measured_at > _RETRY_SECONDS
        arm.cost = cost if fresh or arm.cost is None else arm.cost + _WEIGHT * (cost - arm.cost)
        arm.measured_at = now
