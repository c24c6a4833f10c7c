"""Which tool: the distribution over names, branch by branch over the trie of their tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chatrec.agent.llm._memory import as_tokens, shared_prefix
from chatrec.agent.llm._sampling import softmax
from chatrec.agent.llm._steps import Steps, after

WORDS = ""
"""The key under which a distribution holds the chance of plain words."""


def fork(paths: Mapping[str, Sequence[int]]) -> int:
    """How many tokens all paths share; no path may be another's beginning."""
    first, *others = [as_tokens(path) for path in paths.values()]
    return min((shared_prefix(first, other) for other in others), default=len(first))


def distribution(prompt: Sequence[int], paths: Mapping[str, Sequence[int]]) -> Steps[dict[str, float]]:
    """The chance of each path when every other token is forbidden.

    At each fork of the trie the model's probabilities of the branches are renormalised over the branches; the chance
    of a path is the product over its forks. That is what masked sampling at temperature 1 draws from. Sums to 1.

    Args:
        prompt: Tokens before the paths.
        paths: Tokens of each choice; no path may be another's beginning.
    """
    if len(paths) == 1:
        return dict.fromkeys(paths, 1.0)
    common = fork(paths)
    branches: dict[int, dict[str, Sequence[int]]] = {}
    for name, path in paths.items():
        branches.setdefault(path[common], {})[name] = path
    stem = next(iter(paths.values()))[:common]
    logits = yield from after([*prompt, *stem])
    shares = softmax(logits[np.array(list(branches))])
    chances: dict[str, float] = {}
    for share, branch in zip(shares, branches.values(), strict=True):
        within = yield from distribution(prompt, branch)
        for name, chance in within.items():
            chances[name] = float(share) * chance
    return {name: chances[name] for name in paths}


def calibrated(chances: Mapping[str, float], prior: Mapping[str, float], temperature: float) -> dict[str, float]:
    """A distribution divided by a prior, flattened by a temperature, summing to 1 again.

    Args:
        chances: The model's own distribution.
        prior: What the model says when nothing was asked; a missing name counts as 1 (left as it is).
        temperature: Above 1 flatter, below 1 sharper; above 0.
    """
    names = list(chances)
    tiny = np.finfo(np.float64).tiny
    scores = np.log([max(chances[name], tiny) for name in names])
    scores -= np.log([max(prior.get(name, 1.0), 1e-9) for name in names])
    return dict(zip(names, softmax(scores / temperature).tolist(), strict=True))
