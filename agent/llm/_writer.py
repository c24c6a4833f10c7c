"""The tokens of one answer: sampled or dictated, counted, and bounded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._grammar import Matcher
from chatrec.agent.llm._request import Chance, Chances, Request
from chatrec.agent.llm._sampling import Allowed, Logits, Sampler
from chatrec.agent.llm._steps import Steps, after, more

_OVERRUN = 64
"""Tokens that bringing a grammar to its end may take beyond what its shortest value takes."""


class Writer:
    """What has been written after a prompt.

    Args:
        engine: For its vocabulary and the size of its context.
        request: What is asked.
        tags: Texts that matter although they may be control tokens, which have no text of their own.
    """

    def __init__(self, engine: Engine, request: Request, tags: Sequence[str]) -> None:
        self.engine = engine
        self.request = request
        self.sampler = Sampler(request.sampling, np.random.default_rng(request.seed))
        self.prompt: list[int] = []
        self.output: list[int] = []
        self.forced = 0
        self.sampled = 0
        self.thought = 0
        special = engine.template.special
        self._tags = {special[tag]: tag.encode() for tag in tags if tag in special}
        self._evaluated = 0
        self._in_step = False

    @property
    def text(self) -> list[int]:
        """The prompt's tokens and the answer's."""
        return [*self.prompt, *self.output]

    @property
    def left(self) -> int:
        """Tokens that may still be sampled; thoughts are bounded by themselves."""
        return self.request.max_tokens - (self.sampled - self.thought)

    @property
    def full(self) -> bool:
        """Whether the context holds nothing more."""
        return len(self.prompt) + len(self.output) >= self.engine.n_ctx

    def data(self, token: int) -> bytes:
        """The bytes of a token, of the tags among the control tokens too."""
        return self._tags.get(token) or self.engine.vocabulary.pieces[token]

    def written(self, start: int = 0) -> bytes:
        """The bytes of the answer from its token `start` on."""
        return b"".join(self.data(token) for token in self.output[start:])

    def logits(self) -> Steps[Logits]:
        """Logits after everything so far; what is pending, dictated runs included, is evaluated in one batch."""
        pending = self.output[self._evaluated :]
        if self._in_step and pending:
            logits = yield from more(pending)
        else:
            logits = yield from after(self.text)
        self._in_step, self._evaluated = True, len(self.output)
        return logits

    def elsewhere(self) -> None:
        """Say that logits of something else were asked for, or that tokens were taken back."""
        self._in_step = False

    def force(self, tokens: Sequence[int]) -> None:
        """Write tokens that had to come."""
        self.output += tokens
        self.forced += len(tokens)

    def take(self, token: int) -> None:
        """Write a token that was chosen."""
        self.output.append(token)
        self.sampled += 1

    def follow(
        self,
        matcher: Matcher,
        push: Callable[[bytes], None],
        *,
        closing: int | None,
        stop_early: bool,
        note: Callable[[Chances], None] | None = None,
        quick: Allowed | None = None,
    ) -> Steps[str]:
        """Write along a grammar.

        Args:
            matcher: The grammar, at its beginning.
            push: Receives the bytes.
            closing: Tokens that are kept for bringing it to an end within the budget; None cuts it off instead.
            stop_early: End as soon as the grammar may end.
            note: Receives every token's probability.
            quick: Tokens that bring it to an end, beside those that close JSON.

        Returns:
            "done", "closed" (brought to an end by the budget) or "cut".
        """
        engine = self.engine
        hurried = False
        while True:
            forced = matcher.forced()
            self._dictated(forced, push, note)
            if matcher.must_end or (stop_early and matcher.may_end):
                return "closed" if hurried else "done"
            if self.full:
                return "cut"
            allowed = matcher.allowed()
            choices = np.flatnonzero(allowed)
            if len(choices) == 1:
                token = int(choices[0])
                if engine.vocabulary.is_end(token):
                    return "closed" if hurried else "done"
                self._dictated([token], push, note)
            else:
                if self.left <= (0 if closing is None else -closing - _OVERRUN):
                    return "cut"  # a pattern may demand what nobody could foresee
                hurried = closing is not None and self.left <= closing
                logits = yield from self.logits()
                token = self.sampler.pick(logits, self._quick(allowed, quick) if hurried else allowed)
                if engine.vocabulary.is_end(token):
                    return "closed" if hurried else "done"
                if note is not None:
                    note(self.chances(logits, token))
                self.take(token)
                push(engine.vocabulary.pieces[token])
            matcher.consume([token])

    def _dictated(
        self, tokens: Sequence[int], push: Callable[[bytes], None], note: Callable[[Chances], None] | None
    ) -> None:
        self.force(tokens)
        for token in tokens if note is not None else ():
            if note is not None:
                note(Chances(Chance(self.data(token), 0.0)))
        push(b"".join(self.engine.vocabulary.pieces[token] for token in tokens))

    def _quick(self, allowed: Allowed, own: Allowed | None) -> Allowed:
        vocabulary = self.engine.vocabulary
        ways = ([] if own is None else [own]) + [vocabulary.closers, vocabulary.separators]
        if self.left < -_OVERRUN // 4:
            ways.append(vocabulary.turns)  # what nobody foresaw is mostly a format with a long middle
        for quick in ways:
            if (both := allowed & quick).any():
                return both
        return allowed

    def chances(self, logits: Logits, token: int) -> Chances:
        """The chosen token's probability and those of the likeliest ones, as `Request.logprobs` asks."""
        wide = logits.astype(np.float64)
        top = wide.max()
        wide -= top + np.log(np.exp(wide - top).sum())
        count = self.request.logprobs or 0
        best = np.argpartition(wide, -count)[-count:] if count else np.array([], dtype=np.int64)
        best = best[np.argsort(-wide[best], kind="stable")]
        likeliest = tuple(Chance(self.data(int(other)), float(wide[other])) for other in best)
        return Chances(Chance(self.data(token), float(wide[token])), likeliest)
