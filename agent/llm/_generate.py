"""One answer, from the prompt to the last token: thoughts, the choice of a tool, its arguments, words, or JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from chatrec.agent.llm._calling import Calling
from chatrec.agent.llm._choice import WORDS, calibrated
from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._errors import overflow
from chatrec.agent.llm._grammar import json_grammar
from chatrec.agent.llm._prompt import Prompt, prompt_of, prompt_tokens, stable_tokens
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._request import (
    Chances,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    Request,
    TextDelta,
)
from chatrec.agent.llm._sampling import Allowed, Logits
from chatrec.agent.llm._schemas import bounded
from chatrec.agent.llm._steps import Steps, begin
from chatrec.agent.llm._templates import Message
from chatrec.agent.llm._text import TextStream, ThoughtStream
from chatrec.agent.llm._thinking import read_thinking
from chatrec.agent.llm._writer import Writer

Emit = Callable[[Event], None]

_PRIORS_KEPT = 64


class Generation:
    """One answer in the making.

    Args:
        engine: The loaded model.
        request: What is asked.
        emit: Receives the events, in order, the last one `Finished`.
    """

    def __init__(self, engine: Engine, request: Request, emit: Emit) -> None:
        self._engine = engine
        self._request = request
        self._emit = emit
        form = choose_format(engine.template)
        self._thinking = read_thinking(engine.template)
        self._tags = [form.opening, *form.aliases]
        closing = [self._thinking.closing] if self._thinking else []
        self._writer = Writer(engine, request, [*self._tags, *closing])
        self._calling = Calling(self._writer, form, emit)
        self._chances: Mapping[str, float] | None = None
        self._noted: list[Chances] = []
        self._shown_bytes = self._told_bytes = 0
        self._need = 1

    def run(self) -> Steps[None]:
        """Produce the answer, asking for logits on the way.

        Raises:
            ContextOverflow: If prompt and shortest answer do not fit the context.
            ModelError: If a schema cannot be followed.
        """
        started = time.perf_counter()
        engine, writer = self._engine, self._writer
        prompt = prompt_of(engine, self._request)
        writer.prompt = prompt.tokens
        self._check_room()
        prior = yield from self._prior()
        cached = yield from self._begin(writer.prompt, prompt)
        if self._request.mode != "words":
            engine.begin_grammars()
        try:
            reason = yield from self._answer(prompt, prior)
        finally:
            counters = engine.counters
            counters.calls += 1
            counters.prompt_tokens += len(writer.prompt)
            counters.cached_tokens += cached
            counters.prefill_tokens += len(writer.prompt) - cached
            counters.forced_tokens += writer.forced
            counters.sampled_tokens += writer.sampled
            counters.seconds += time.perf_counter() - started
        self._emit(
            Finished(
                reason=reason,
                prompt_tokens=len(writer.prompt),
                cached_tokens=cached,
                output_tokens=len(writer.output),
                forced_tokens=writer.forced,
                tool_probabilities=self._chances,
                whole=self._calling.whole,
                reasoning_tokens=writer.thought,
            )
        )

    def _begin(self, tokens: Sequence[int], prompt: Prompt | None = None) -> Steps[int]:
        request = self._request
        room = request.max_tokens
        if prompt is not None and prompt.thinks != "no":
            room += request.max_reasoning_tokens
        return begin(tokens, stable_tokens(self._engine, request, tokens), room, request.adapters)

    def _check_room(self) -> None:
        engine, request = self._engine, self._request
        if request.mode == "call":
            self._need = self._calling.need()
        elif request.schema is not None:
            self._need = self._calling.reserve(bounded(request.schema))
        if len(self._writer.prompt) + self._need > engine.n_ctx:
            raise overflow(len(self._writer.prompt), self._need, engine.n_ctx)

    def _answer(self, prompt: Prompt, prior: Mapping[str, float]) -> Steps[FinishReason]:
        request, writer, calling = self._request, self._writer, self._calling
        if prompt.thinks == "now" or (prompt.thinks == "may" and (yield from self._opens_thoughts())):
            yield from self._think()
        if request.mode == "json":
            return (yield from self._json())
        if request.mode == "call":
            self._chances = self._calibrated((yield from calling.chances()), prior)
            return (yield from calling.calls(writer.sampler.choose(self._chances)))
        if request.mode == "auto":
            self._chances = self._calibrated((yield from self._chances_of_calls()), prior)
            if (name := self._choose_or_speak(self._chances)) != WORDS:
                return (yield from calling.calls(name))
        return (yield from (self._words() if request.schema is None else self._json()))

    # the choice ------------------------------------------------------------------------------------------------

    def _choose_or_speak(self, chances: Mapping[str, float]) -> str:
        # Words or a call first, then which: at temperature 0 several likely tools must not lose to words one by one.
        choose = self._writer.sampler.choose
        if choose({WORDS: chances[WORDS], "call": 1.0 - chances[WORDS]}) == WORDS:
            return WORDS
        return choose({name: chance for name, chance in chances.items() if name != WORDS})

    def _chances_of_calls(self) -> Steps[dict[str, float]]:
        request, calling = self._request, self._calling
        if request.mode != "auto":
            return (yield from calling.chances())
        if request.schema is None:
            return (yield from calling.chances_beside_words())
        return (yield from calling.chances_beside_json(request.schema))

    def _calibrated(self, chances: Mapping[str, float], prior: Mapping[str, float]) -> dict[str, float]:
        return calibrated(chances, prior, self._request.choice_temperature)

    def _prior(self) -> Steps[Mapping[str, float]]:
        request, engine, writer = self._request, self._engine, self._writer
        if isinstance(request.choice_prior, Mapping):
            return request.choice_prior
        if request.choice_prior == "none" or request.mode not in ("call", "auto") or len(request.legal) < 2:
            return {}
        leading: list[Message] = []
        for message in request.messages:
            if message["role"] != "system":
                break
            leading.append(message)
        neutral = prompt_tokens(engine, request, [*leading, {"role": "user", "content": ""}])
        key = (request.mode, request.legal, request.adapters, tuple(neutral))
        if (known := engine.priors.get(key)) is None:
            asked, writer.prompt = writer.prompt, neutral
            yield from self._begin(neutral)
            known = yield from self._chances_of_calls()
            writer.prompt = asked
            writer.elsewhere()
            while len(engine.priors) >= _PRIORS_KEPT:
                engine.priors.pop(next(iter(engine.priors)))
            engine.priors[key] = known
        return known

    # thoughts --------------------------------------------------------------------------------------------------

    def _opens_thoughts(self) -> Steps[bool]:
        """Whether the model, left to itself, begins with thoughts; if so their opening is written."""
        if self._thinking is None:
            return False
        opening = self._engine.vocabulary.continued(self._thinking.opening)
        logits = yield from self._writer.logits()
        if self._writer.sampler.pick(logits) != opening[0]:
            return False
        self._writer.force(self._engine.vocabulary.continued(self._thinking.opening + self._thinking.before))
        return True

    def _think(self) -> Steps[None]:
        """Thoughts up to their end, the model's own or the budget's."""
        if self._thinking is None:
            return
        engine, writer, thinking = self._engine, self._writer, self._thinking
        stream, thoughts = TextStream([thinking.closing]), ThoughtStream(lambda text: self._emit(ReasoningDelta(text)))
        free = engine.n_ctx - len(writer.text) - self._need
        limit = min(self._request.max_reasoning_tokens, free - min(self._request.max_tokens, free // 2))
        begun, rest = len(writer.output), thinking.end()
        while writer.thought < limit:
            logits = yield from writer.logits()
            token = writer.sampler.pick(logits, None, writer.output[begun:])
            if engine.vocabulary.is_end(token):
                break
            writer.take(token)
            writer.thought += 1
            thoughts.push(stream.push(writer.data(token)))
            if stream.ended_by is not None:
                said = writer.written(begun).decode("utf-8", "replace").rpartition(thinking.closing)[2]
                rest = thinking.gap.removeprefix(said) if thinking.gap.startswith(said) else ""
                break
        else:
            thoughts.push(stream.close())
        writer.force(engine.vocabulary.continued(rest) if rest else [])

    # words and JSON --------------------------------------------------------------------------------------------

    def _json(self) -> Steps[FinishReason]:
        schema = self._request.schema or {"type": "object"}
        matcher = self._engine.grammars.matcher(json_grammar(schema))
        stream = TextStream()
        done = yield from self._writer.follow(
            matcher,
            lambda data: self._say(stream.push(data)),
            closing=self._calling.reserve(bounded(schema)),
            stop_early=False,
            note=None if self._request.logprobs is None else self._noted.append,
        )
        self._say(stream.close(), last=True)
        return "stop" if done == "done" else "length"

    def _words(self) -> Steps[FinishReason]:
        """Plain words; under "auto" a call may still open in them."""
        request, writer, vocabulary = self._request, self._writer, self._engine.vocabulary
        auto = request.mode == "auto"
        tags = [tag for tag in self._tags if tag] if auto else []
        stream = TextStream([*request.stop, *tags], sentence=request.text_grammar == "sentence")
        allowed = vocabulary.words if request.text_grammar else None
        begun = len(writer.output)
        while True:
            logits = yield from writer.logits()
            first = len(writer.output) == begun
            token = writer.sampler.pick(logits, self._first(allowed, auto) if first else allowed, writer.output[begun:])
            if vocabulary.is_end(token):
                self._say(stream.close(), last=True)
                return "stop"
            self._note(logits, token)
            writer.take(token)
            self._say(stream.push(writer.data(token)))
            if stream.ended_by is not None:
                return (yield from self._late_call(stream.ended_by)) if stream.ended_by in tags else "stop"
            if writer.left <= 0 or writer.full:
                self._say(stream.close(), last=True)
                return "length"

    def _first(self, allowed: Allowed | None, auto: bool) -> Allowed:
        # An empty reply helps nobody: the first token may neither end the answer nor be blank, nor open a call that
        # was not chosen.
        begins = self._engine.vocabulary.visible
        if auto:
            begins = begins & ~self._calling.starts()
        return begins if allowed is None else allowed & begins

    def _late_call(self, tag: str) -> Steps[FinishReason]:
        """The model wrote the opening tag after some words: the call goes on from before the tag."""
        writer = self._writer
        while tag.encode() in writer.written():
            writer.output.pop()
        writer.elsewhere()
        chances = yield from self._calling.chances()
        return (yield from self._calling.calls(writer.sampler.choose(chances)))

    def _note(self, logits: Logits, token: int) -> None:
        if self._request.logprobs is not None:
            self._noted.append(self._writer.chances(logits, token))

    def _say(self, text: str, *, last: bool = False) -> None:
        if text:
            self._emit(TextDelta(text))
        # A token is told of when its text has been; what a stop text swallowed never is.
        self._shown_bytes += len(text.encode("utf-8", "replace"))
        while self._noted and (last or self._told_bytes + len(self._noted[0].chosen.data) <= self._shown_bytes):
            chances = self._noted.pop(0)
            self._told_bytes += len(chances.chosen.data)
            self._emit(chances)
