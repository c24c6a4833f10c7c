"""One answer, from the prompt to the last token: the choice of a tool, its arguments, words, or JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chatrec.agent.llm._choice import WORDS, calibrated, distribution
from chatrec.agent.llm._engine import Engine
from chatrec.agent.llm._errors import overflow
from chatrec.agent.llm._formats import ToolFormat
from chatrec.agent.llm._grammar import Matcher, call_grammar, json_grammar
from chatrec.agent.llm._prompt import prompt_tokens
from chatrec.agent.llm._read_format import choose_format
from chatrec.agent.llm._request import CallDelta, CallStart, Event, Finished, FinishReason, Request, TextDelta
from chatrec.agent.llm._sampling import Allowed, Logits, Sampler, softmax
from chatrec.agent.llm._schemas import Schema, bounded, smallest
from chatrec.agent.llm._steps import Steps, after, begin, more
from chatrec.agent.llm._templates import Message
from chatrec.agent.llm._text import ArgumentStream, TextStream

Emit = Callable[[Event], None]

# Models open calls in their own ways; under "auto" each of these at the beginning of an answer is taken for a call.
_OWN_OPENINGS = (b"{", b"[", b"```")
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
        self._format: ToolFormat = choose_format(engine.template)
        self._sampler = Sampler(request.sampling, np.random.default_rng(request.seed))
        self._output: list[int] = []
        self._forced = 0
        self._sampled = 0
        self._evaluated = 0
        self._in_step = False
        self._chances: Mapping[str, float] | None = None
        self._whole = True

    def run(self) -> Steps[None]:
        """Produce the answer, asking for logits on the way.

        Raises:
            ContextOverflow: If prompt and shortest answer do not fit the context.
            ModelError: If a schema cannot be followed.
        """
        started = time.perf_counter()
        engine, request = self._engine, self._request
        self._prompt = prompt_tokens(engine, request)
        self._check_room()
        prior = yield from self._prior()
        cached = yield from begin(self._prompt)
        try:
            reason = yield from self._answer(prior)
        finally:
            counters = engine.counters
            counters.calls += 1
            counters.prompt_tokens += len(self._prompt)
            counters.cached_tokens += cached
            counters.prefill_tokens += len(self._prompt) - cached
            counters.forced_tokens += self._forced
            counters.sampled_tokens += self._sampled
            counters.seconds += time.perf_counter() - started
        self._emit(
            Finished(
                reason=reason,
                prompt_tokens=len(self._prompt),
                cached_tokens=cached,
                output_tokens=len(self._output),
                forced_tokens=self._forced,
                tool_probabilities=self._chances,
                whole=self._whole,
            )
        )

    def _answer(self, prior: Mapping[str, float]) -> Steps[FinishReason]:
        request = self._request
        if request.mode == "json":
            return (yield from self._json())
        if request.mode == "call":
            self._chances = self._calibrated((yield from self._tool_chances()), prior)
            return (yield from self._call(self._sampler.choose(self._chances)))
        if request.mode == "auto":
            self._chances = self._calibrated((yield from self._auto_chances()), prior)
            if (name := self._choose_or_speak(self._chances)) != WORDS:
                return (yield from self._call(name))
        return (yield from self._words())

    def _check_room(self) -> None:
        engine, request = self._engine, self._request
        need = 1
        if request.mode == "call":
            need = 8 + max(len(self._path(name)) + self._reserve(self._arguments(name)) for name in request.legal)
        elif request.mode == "json" and request.schema is not None:
            need = self._reserve(bounded(request.schema))
        if len(self._prompt) + need > engine.n_ctx:
            raise overflow(len(self._prompt), need, engine.n_ctx)

    # the choice ------------------------------------------------------------------------------------------------

    def _tag(self) -> list[int]:
        return self._engine.vocabulary.tokenize(self._format.opening) if self._format.opening else []

    def _path(self, name: str) -> list[int]:
        # Tokenized whole, because a grammar's own forced tokens stop one short of where the text is certain.
        return self._engine.vocabulary.tokenize(self._format.opening + self._format.head(name))

    def _tool_chances(self) -> Steps[dict[str, float]]:
        paths = {name: self._path(name) for name in self._request.legal}
        return (yield from distribution(self._prompt, paths))

    def _auto_chances(self) -> Steps[dict[str, float]]:
        logits = yield from after(self._prompt)
        opens = float(softmax(logits)[self._call_starts()].sum())
        among = yield from self._tool_chances()
        chances = {name: opens * chance for name, chance in among.items()}
        return {WORDS: max(0.0, 1.0 - sum(chances.values())), **chances}

    def _call_starts(self) -> Allowed:
        vocabulary = self._engine.vocabulary
        starts = vocabulary.beginning_with(*_OWN_OPENINGS)
        if self._format.opening:
            starts = starts.copy()
            starts[self._tag()[0]] = True
        return starts

    def _choose_or_speak(self, chances: Mapping[str, float]) -> str:
        # Words or a call first, then which: at temperature 0 several likely tools must not lose to words one by one.
        speak = {WORDS: chances[WORDS], "call": 1.0 - chances[WORDS]}
        if self._sampler.choose(speak) == WORDS:
            return WORDS
        return self._sampler.choose({name: chance for name, chance in chances.items() if name != WORDS})

    def _calibrated(self, chances: Mapping[str, float], prior: Mapping[str, float]) -> dict[str, float]:
        return calibrated(chances, prior, self._request.choice_temperature)

    def _prior(self) -> Steps[Mapping[str, float]]:
        request, engine = self._request, self._engine
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
        key = (request.mode, request.legal, tuple(neutral))
        if (known := engine.priors.get(key)) is None:
            asked, self._prompt = self._prompt, neutral
            yield from begin(neutral)
            known = yield from (self._auto_chances() if request.mode == "auto" else self._tool_chances())
            self._prompt = asked
            while len(engine.priors) >= _PRIORS_KEPT:
                engine.priors.pop(next(iter(engine.priors)))
            engine.priors[key] = known
        return known

    # calls and JSON --------------------------------------------------------------------------------------------

    def _arguments(self, name: str) -> Schema:
        request = self._request
        own = next(tool.parameters for tool in request.tools if tool.name == name)
        return bounded(request.argument_schemas.get(name, own))

    def _reserve(self, schema: Schema) -> int:
        return 4 + len(self._engine.vocabulary.tokenize(smallest(schema) + self._format.tail))

    def _call(self, name: str) -> Steps[FinishReason]:
        """A call of `name`, its opening tag included; under "auto" it may be cut off, when forced it is closed."""
        schema = self._arguments(name)
        head = self._format.head(name)
        tag = self._tag()
        special = len(tag) == 1 and self._format.opening in self._engine.template.special
        text = head if special else self._format.opening + head
        matcher = self._engine.grammars.matcher(call_grammar(text, schema, self._format.tail))
        self._force(tag if special else [])
        self._emit(CallStart(name))
        stream = ArgumentStream(len(text.encode()), len(self._format.tail), lambda text: self._emit(CallDelta(text)))
        closing = self._reserve(schema) if self._request.mode == "call" else None
        done = yield from self._follow(matcher, stream.push, closing=closing, stop_early=True)
        stream.finish(whole=done != "cut")
        self._whole = done != "cut"
        return "tool_calls" if done == "done" else "length"

    def _json(self) -> Steps[FinishReason]:
        schema = self._request.schema or {"type": "object"}
        matcher = self._engine.grammars.matcher(json_grammar(schema))
        stream = TextStream()
        done = yield from self._follow(
            matcher,
            lambda data: self._say(stream.push(data)),
            closing=self._reserve(bounded(schema)),
            stop_early=False,
        )
        self._say(stream.close())
        return "stop" if done == "done" else "length"

    def _follow(
        self, matcher: Matcher, push: Callable[[bytes], None], *, closing: int | None, stop_early: bool
    ) -> Steps[str]:
        """Decode along a grammar; "done", "closed" (brought to an end by the budget) or "cut"."""
        engine, pieces = self._engine, self._engine.vocabulary.pieces
        hurried = False
        while True:
            forced = matcher.forced()
            self._force(forced)
            push(b"".join(pieces[token] for token in forced))
            if matcher.must_end or (stop_early and matcher.may_end):
                return "closed" if hurried else "done"
            if len(self._prompt) + len(self._output) >= engine.n_ctx:
                return "cut"
            allowed = matcher.allowed()
            choices = np.flatnonzero(allowed)
            if len(choices) == 1:
                token = int(choices[0])
                self._force([token])
            else:
                left = self._request.max_tokens - self._sampled
                if closing is None and left <= 0:
                    return "cut"
                hurried = closing is not None and left <= closing
                token = yield from self._sample(allowed, hurried=hurried)
            if engine.vocabulary.is_end(token):
                return "closed" if hurried else "done"
            matcher.consume([token])
            push(pieces[token])

    def _sample(self, allowed: Allowed, *, hurried: bool) -> Steps[int]:
        logits = yield from self._next()
        if hurried:
            for quick in (self._engine.vocabulary.closers, self._engine.vocabulary.separators):
                if (both := allowed & quick).any():
                    allowed = both
                    break
        token = self._sampler.pick(logits, allowed)
        self._output.append(token)
        self._sampled += 1
        return token

    def _next(self) -> Steps[Logits]:
        """Logits after everything so far; what is pending, forced runs included, is evaluated in one batch."""
        pending = self._output[self._evaluated :]
        if self._in_step and pending:
            logits = yield from more(pending)
        else:
            logits = yield from after([*self._prompt, *self._output])
        self._in_step, self._evaluated = True, len(self._output)
        return logits

    def _force(self, tokens: Sequence[int]) -> None:
        self._output += tokens
        self._forced += len(tokens)

    # words -----------------------------------------------------------------------------------------------------

    def _words(self) -> Steps[FinishReason]:
        """Plain words; under "auto" a call may still open in them."""
        engine, request, vocabulary = self._engine, self._request, self._engine.vocabulary
        auto = request.mode == "auto"
        opening = self._format.opening if auto else ""
        stream = TextStream([*request.stop, opening], sentence=request.text_grammar == "sentence")
        allowed = vocabulary.words if request.text_grammar else None
        first = ~self._call_starts() if auto else None
        while True:
            logits = yield from self._next()
            both = allowed if first is None else (first if allowed is None else first & allowed)
            token = self._pick_word(logits, both)
            first = None
            if vocabulary.is_end(token):
                self._say(stream.close())
                return "stop"
            self._output.append(token)
            self._sampled += 1
            self._say(stream.push(vocabulary.pieces[token]))
            if stream.ended_by is not None:
                return (yield from self._late_call()) if stream.ended_by == opening else "stop"
            if self._sampled >= request.max_tokens or len(self._prompt) + len(self._output) >= engine.n_ctx:
                self._say(stream.close())
                return "length"

    def _pick_word(self, logits: Logits, allowed: Allowed | None) -> int:
        if not self._output:
            # An empty reply helps nobody: the first token may neither end the answer nor be blank.
            begins = self._engine.vocabulary.visible
            allowed = begins if allowed is None else allowed & begins
        return self._sampler.pick(logits, allowed, self._output)

    def _late_call(self) -> Steps[FinishReason]:
        """The model wrote the opening tag after some words: the call goes on from before the tag."""
        pieces, opening = self._engine.vocabulary.pieces, self._format.opening.encode()
        while opening in b"".join(pieces[token] for token in self._output):
            self._output.pop()
        self._in_step = False
        prompt, said = self._prompt, self._output
        self._prompt, self._output = [*prompt, *said], []
        chances = yield from self._tool_chances()
        self._prompt, self._output = prompt, said
        return (yield from self._call(self._sampler.choose(chances)))

    def _say(self, text: str) -> None:
        if text:
            self._emit(TextDelta(text))
