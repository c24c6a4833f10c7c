"""One answer in the making, as the scheduler sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chatrec.agent.llm._cancel import CancelFlag
from chatrec.agent.llm._memory import Adapters, Tokens, as_tokens
from chatrec.agent.llm._sampling import Logits
from chatrec.agent.llm._slots import Slot
from chatrec.agent.llm._steps import Begin, Steps

FEW = 16
"""More tokens than this are a prompt being read; fewer are an answer's."""


@dataclass(eq=False)
class Task:
    """One answer in the making.

    Attributes:
        steps: What it asks for.
        cancel: Set by whoever no longer wants it.
        done: Called once, with None or the error.
        waits: For a slot, with this step.
        slot: Where it is computed.
        target: The conversation's tokens as far as they were known at its beginning.
        adapters: Under which it is computed.
        need: Tokens that its slot has to hold.
        stable: How many of the first tokens other conversations share.
        pending: Tokens to evaluate.
        wanted: How many of the last pending tokens' logits the answer wants.
        each: Whether it wants those of every token, as a list.
        found: Logits that it waits for, as far as they are there.
        fresh: Logits after the last token of its slot, as long as they are valid.
    """

    steps: Steps[None]
    cancel: CancelFlag
    done: Callable[[BaseException | None], None]
    waits: Begin | None = None
    slot: Slot | None = None
    target: Tokens = field(default_factory=lambda: as_tokens([]))
    adapters: Adapters = ()
    need: int = 0
    stable: int = 0
    pending: Tokens = field(default_factory=lambda: as_tokens([]))
    wanted: int = 1
    each: bool = False
    found: list[Logits] = field(default_factory=list[Logits])
    fresh: Logits | None = None

    @property
    def seat(self) -> Slot:
        """Its slot, once it has one."""
        assert self.slot is not None
        return self.slot

    @property
    def reads(self) -> bool:
        """Whether it is still at its prompt."""
        return len(self.pending) > FEW
