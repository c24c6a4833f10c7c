from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatrec.agent.llm import ChatLlamaCpp

MakeModel = Callable[..., ChatLlamaCpp]


@pytest.fixture(scope="session")
def kept_alive() -> Iterator[list[ChatLlamaCpp]]:
    """Models that share their engine with those of the tests, so that it is loaded once."""
    kept: list[ChatLlamaCpp] = []
    yield kept
    for model in kept:
        model.close()


@pytest.fixture
def make_model(kept_alive: list[ChatLlamaCpp]) -> MakeModel:
    def make(**settings: Any) -> ChatLlamaCpp:
        chosen: dict[str, Any] = {"temperature": 0, "seed": 1, "max_tokens": 32, "n_ctx": 2048, **settings}
        model = ChatLlamaCpp(**chosen)
        kept_alive.append(model)
        return model

    return make
