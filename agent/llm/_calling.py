"""Tool calls: which tool, its arguments along a grammar, and whether another call follows."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chatrec.agent.llm._choice import WORDS, distribution, fork
from chatrec.agent.llm._formats import ID, ToolFormat
from chatrec.agent.llm._grammar import call_grammar, json_grammar
from chatrec.agent.llm._memory import as_tokens, shared_prefix
from chatrec.agent.llm._request import CallDelta, CallStart, Event, FinishReason
from chatrec.agent.llm._sampling import Allowed, softmax
from chatrec.agent.llm._schemas import Schema, bounded, smallest
from chatrec.agent.llm._steps import Steps, after
from chatrec.agent.llm._text import ArgumentStream
from chatrec.agent.llm._writer import Writer

# Models open calls in their own ways; under "auto" each of these at the beginning of an answer is taken for a call.
_OWN_OPENINGS = (b"{", b"[", b"```")
_ANY_ID = "000000000"


class _Echo:
    """Holds a call back as long as it may be one that was made before; small models go round in circles."""

    def __init__(self, emit: Callable[[Event], None], earlier: Sequence[tuple[str, str]]) -> None:
        self._emit = emit
        self._earlier = earlier
        self._held: list[Event] = []
        self._free = False
        self.call = ("", "")

    def __call__(self, event: Event) -> None:
        name, text = self.call
        if isinstance(event, CallStart):
            self.call = (event.name, "")
        elif isinstance(event, CallDelta):
            self.call = (name, text + event.text)
        self._held.append(event)
        name, text = self.call
        if self._free or not any(name == other and said.startswith(text) for other, said in self._earlier):
            self.release()

    @property
    def repeats(self) -> bool:
        """Whether this is a call that was made before."""
        return not self._free and self.call in self._earlier

    def release(self) -> None:
        """Give everything out, now and from now on."""
        self._free = True
        for event in self._held:
            self._emit(event)
        self._held = []


class Calling:
    """The calls of one answer.

    Args:
        writer: Writes them.
        form: How this model's family writes them.
        emit: Receives the events.
    """

    def __init__(self, writer: Writer, form: ToolFormat, emit: Callable[[Event], None]) -> None:
        self._writer = writer
        self._form = form
        self._emit = emit
        self._schemas: dict[str, Schema] = {}
        self.whole = True

    # the choice ------------------------------------------------------------------------------------------------

    def path(self, name: str, begin: str | None = None) -> list[int]:
        """The tokens of a call's beginning, up to its arguments.

        Args:
            name: The tool.
            begin: What comes before the name; None for a first call's beginning.
        """
        # Tokenized whole, because a grammar's own forced tokens stop one short of where the text is certain.
        return self._writer.engine.vocabulary.continued(self._head(name, _ANY_ID, begin))

    def _head(self, name: str, call_id: str, begin: str | None) -> str:
        form = self._form
        text = form.lead + form.opening + form.before if begin is None else begin
        return text.replace(ID, call_id) + form.after_name(name, call_id)

    def chances(self, begin: str | None = None) -> Steps[dict[str, float]]:
        """The chance of each legal tool when a call is made."""
        paths = {name: self.path(name, begin) for name in self._writer.request.legal}
        self._writer.elsewhere()
        return (yield from distribution(self._writer.text, paths))

    def chances_beside_words(self) -> Steps[dict[str, float]]:
        """The chance of each legal tool and, under "", of words."""
        logits = yield from self._writer.logits()
        opens = float(softmax(logits)[self.starts()].sum())
        among = yield from self.chances()
        chances = {name: opens * chance for name, chance in among.items()}
        return {WORDS: max(0.0, 1.0 - sum(chances.values())), **chances}

    def chances_beside_json(self, schema: Schema) -> Steps[dict[str, float]]:
        """The chance of each legal tool and, under "", of an answer in JSON of this schema.

        A call may itself begin as that JSON does: as far as it does, the chances of the tokens that go on with a call
        are taken against those that go on with the answer.
        """
        writer = self._writer
        paths = {name: self.path(name) for name in writer.request.legal}
        last = min(fork(paths), min(map(len, paths.values())) - 1)
        stem, written = next(iter(paths.values())), writer.text
        matcher = writer.engine.grammars.matcher(json_grammar(schema))
        called = 1.0
        writer.elsewhere()
        for place in range(last + 1):
            nexts = list({path[place] for path in paths.values()})
            answers = matcher.allowed().copy()
            both = answers[nexts].any()
            answers[nexts] = False
            likely = softmax((yield from after([*written, *stem[:place]])))
            on, instead = float(likely[nexts].sum()), float(likely[answers].sum())
            called *= on / (on + instead) if on + instead > 0 else 0.0
            if not both or place == last:
                break
            matcher.consume(nexts)
        among = yield from self.chances()
        return {WORDS: 1.0 - called, **{name: called * chance for name, chance in among.items()}}

    def starts(self) -> Allowed:
        """Tokens that open a call at the beginning of an answer, bool, shape (n_vocab,)."""
        vocabulary = self._writer.engine.vocabulary
        starts = vocabulary.beginning_with(*_OWN_OPENINGS)
        form = self._form
        texts = [*form.aliases, form.opening or ("" if form.before.startswith("{") else form.before)]
        first = [tokens[0] for text in texts if text and (tokens := vocabulary.continued(text))]
        if first:
            starts = starts.copy()
            starts[first] = True
        return starts

    # the call --------------------------------------------------------------------------------------------------

    def schema(self, name: str) -> Schema:
        """The schema of a tool's arguments, bounded."""
        if name not in self._schemas:
            request = self._writer.request
            own = next(tool.parameters for tool in request.tools if tool.name == name)
            self._schemas[name] = bounded(request.argument_schemas.get(name, own))
        return self._schemas[name]

    def reserve(self, schema: Schema) -> int:
        """Tokens that the shortest arguments take."""
        shortest = smallest(schema)
        if self._form.tagged is not None:
            shortest = self._form.written(json.loads(shortest))
        return 4 + len(self._writer.engine.vocabulary.tokenize(shortest + self._form.end(_ANY_ID)))

    def need(self) -> int:
        """Tokens that the shortest call of the longest tool takes."""
        return 8 + max(len(self.path(name)) + self.reserve(self.schema(name)) for name in self._writer.request.legal)

    def calls(self, name: str) -> Steps[FinishReason]:
        """A call of `name`, and further ones as long as the model goes on, may, and does not repeat itself."""
        writer, request = self._writer, self._writer.request
        begin: str | None = None
        made: list[tuple[str, str]] = []
        for place in range(max(1, request.max_calls)):
            if place:
                begin = yield from self._another()
                if begin is None:
                    break
                chances = yield from self.chances(begin)
                name = writer.sampler.choose(chances)
            kept, forced, echo = len(writer.output), writer.forced, _Echo(self._emit, made)
            reason = yield from self._call(name, begin, echo)
            if echo.repeats:
                self.whole = True
                del writer.output[kept:]
                writer.forced = forced
                writer.elsewhere()
                break
            echo.release()
            made.append(echo.call)
            if reason != "tool_calls":
                return reason
        return "tool_calls"

    def _call(self, name: str, begin: str | None, emit: Callable[[Event], None]) -> Steps[FinishReason]:
        """One call; under "auto" it may be cut off, when a call is demanded it is brought to an end."""
        writer, engine, form = self._writer, self._writer.engine, self._form
        schema = self.schema(name)
        call_id = self._id()
        forced, text = engine.template.after_control(self._head(name, call_id, begin))
        tail = form.end(call_id)
        matcher = engine.grammars.matcher(call_grammar(text, schema, tail, form.tagged))
        writer.force(engine.vocabulary.continued(forced) if forced else [])
        emit(CallStart(name, call_id))
        tagged = form.tagged
        held: list[str] = []
        give = held.append if tagged else lambda text: emit(CallDelta(text))
        stream = ArgumentStream(len(text.encode()), tail.encode(), give)
        closing = self.reserve(schema) if writer.request.mode == "call" else None
        quick = None if tagged is None else engine.vocabulary.beginning_with(b"</")
        done = yield from writer.follow(matcher, stream.push, closing=closing, stop_early=True, quick=quick)
        self.whole = done != "cut"
        stream.finish(whole=self.whole)
        if tagged is not None:
            said = "".join(held)
            given = json.dumps(tagged.read(said, schema), ensure_ascii=False) if self.whole else said
            emit(CallDelta(given))
        return "tool_calls" if done == "done" else "length"

    def _id(self) -> str:
        seed = self._writer.request.seed
        if not (self._form.has_ids or self._form.short_ids):
            return f"call_{uuid.uuid4().hex[:16]}"
        if seed is None:
            return uuid.uuid4().hex[:9]
        # The model reads this id, so under a seed it is the same every time; never twice in a conversation.
        return hashlib.sha256(f"{seed} {self._writer.text}".encode()).hexdigest()[:9]

    def _another(self) -> Steps[str | None]:
        """What begins the next call if the model wants one: its own choice between that and the end."""
        writer, vocabulary, form = self._writer, self._writer.engine.vocabulary, self._form
        if form.separator is None or writer.left <= 0:
            return None
        separator, closing = form.separator, form.closing
        if writer.written().endswith(b"\n"):
            separator, closing = separator.removeprefix("\n"), closing.removeprefix("\n")
        on, end = as_tokens(vocabulary.continued(separator)), as_tokens(vocabulary.continued(closing))
        common = shared_prefix(on, end)
        if common == len(on) or len(writer.text) + self.need() >= writer.engine.n_ctx:
            return None
        kept = len(writer.output)
        writer.output += on[:common].tolist()
        logits = yield from writer.logits()
        del writer.output[kept:]
        writer.elsewhere()
        ends = np.array(vocabulary.end_tokens if common == len(end) else [end[common]])
        likely = softmax(logits)
        chances: Mapping[str, float] = {"on": float(likely[on[common]]), "end": float(likely[ends].sum())}
        return separator if sum(chances.values()) > 0 and writer.sampler.choose(chances) == "on" else None
