"""How an adapter's choice is to be read: the settings that travel with it, fitted on conversations it never saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chatrec.agent.llm._choice import calibrated
from chatrec.agent.tuning._evaluate import Judged

__all__ = ["fit_choice", "rescaled", "surprise"]

_TEMPERATURES = tuple(float(t) for t in np.geomspace(0.5, 3.0, 26))
_PRIORS = tuple(float(p) for p in np.geomspace(0.25, 4.0, 25))
_SPREAD = 0.35
"""How far from none the logarithms of both are expected beforehand: a handful of choices moves neither far."""


def fit_choice(found: Sequence[Judged]) -> dict[str, Any]:
    """The temperature of the choice and the prior of asking under which the right acts are least surprising.

    Both are drawn towards 1, where they change nothing, by as much as a few choices weigh.

    Args:
        found: Choices made without prior and at temperature 1.

    Returns:
        `choice_temperature` and `choice_prior`, fields of `ChatLlamaCpp`.
    """

    def cost(temperature: float, prior: float) -> float:
        unlikely = (math.log(temperature) ** 2 + math.log(prior) ** 2) / (2 * _SPREAD**2)
        return len(found) * surprise(found, {"ask_user": prior}, temperature) + unlikely

    _, temperature, prior = min((cost(t, prior), t, prior) for t in _TEMPERATURES for prior in _PRIORS)
    return {"choice_prior": {"ask_user": round(prior, 2)}, "choice_temperature": round(temperature, 2)}


def rescaled(found: Sequence[Judged], choice_prior: dict[str, float], choice_temperature: float) -> list[Judged]:
    """The choices as they would have been under these settings, made without prior and at temperature 1."""
    scaled = [calibrated(judged.chances, choice_prior, choice_temperature) for judged in found]
    return [
        replace(judged, chances=chances, chosen=max(chances, key=lambda name: chances[name]))
        for judged, chances in zip(found, scaled, strict=True)
    ]


def surprise(found: Sequence[Judged], choice_prior: dict[str, float], choice_temperature: float) -> float:
    """The mean negative log-likelihood of the right acts, in nats."""
    chances = (calibrated(judged.chances, choice_prior, choice_temperature).get(judged.right, 0.0) for judged in found)
    return sum(-math.log(max(chance, 1e-9)) for chance in chances) / max(1, len(found))
