"""What one call asks of the engine, and what comes back piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chatrec.agent.llm._formats import Tool
from chatrec.agent.llm._memory import Adapters
from chatrec.agent.llm._sampling import SamplingSettings
from chatrec.agent.llm._schemas import Schema
from chatrec.agent.llm._templates import Message

Mode = Literal["words", "auto", "call", "json"]
TextGrammar = Literal["words", "sentence"]
FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True)
class Request:
    """One call.

    Attributes:
        messages: The conversation.
        tools: Every tool that the prompt shows, whether legal now or not.
        mode: Words; words or a call; a call; or JSON.
        legal: Names of tools that may be called, in the order of `tools`.
        argument_schemas: Per tool a narrower schema for the grammar of its arguments.
        schema: The schema of the answer in mode "json", and in mode "auto" of what is said instead of a call.
        text_grammar: Restricts words; None leaves them free.
        max_tokens: Sampled tokens at most, thoughts not counted.
        max_calls: Tool calls in one answer at most.
        stop: Texts that end the answer and are not part of it.
        seed: Of this call's chance; None for a new one each time.
        reasoning: Whether the model thinks first; None leaves it to template and model where a free answer is wanted.
        max_reasoning_tokens: Tokens of thoughts at most.
        logprobs: How many alternatives are reported beside every token of the answer's text; None reports nothing.
        adapters: Under which it is computed: paths and scales.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    mode: Mode = "words"
    legal: tuple[str, ...] = ()
    argument_schemas: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    schema: Schema | None = None
    text_grammar: TextGrammar | None = None
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    choice_temperature: float = 1.0
    choice_prior: Literal["none", "empty"] | Mapping[str, float] = "none"
    max_tokens: int = 512
    max_calls: int = 1
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning: bool | None = None
    max_reasoning_tokens: int = 1024
    logprobs: int | None = None
    adapters: Adapters = ()


@dataclass(frozen=True)
class TextDelta:
    """Some more words."""

    text: str


@dataclass(frozen=True)
class ReasoningDelta:
    """Some more of the model's thoughts."""

    text: str


@dataclass(frozen=True)
class CallStart:
    """A call begins; its arguments follow as `CallDelta`. An empty id is made up by whoever reads this."""

    name: str
    call_id: str = ""


@dataclass(frozen=True)
class CallDelta:
    """Some more of the arguments' JSON text."""

    text: str


@dataclass(frozen=True)
class Chance:
    """A token and how likely it was.

    Attributes:
        data: Its bytes.
        logprob: Natural logarithm of the model's own probability, before temperature, cuts and grammar.
    """

    data: bytes
    logprob: float


@dataclass(frozen=True)
class Chances:
    """A token of the answer's text, and the likeliest ones in its place, likeliest first."""

    chosen: Chance
    top: tuple[Chance, ...] = ()


@dataclass(frozen=True)
class Finished:
    """The end of the answer, and what it took.

    Attributes:
        reason: "stop", "tool_calls", or "length" if max_tokens, the context or a closing budget ended it.
        prompt_tokens: Tokens of the prompt.
        cached_tokens: Of these, how many the KV memory held already.
        output_tokens: Tokens of the answer, sampled and forced, thoughts included.
        forced_tokens: Of these, how many the grammar dictated.
        tool_probabilities: Chance of each legal tool at the choice, "" for plain words; None if there was no choice.
        whole: False if the last call was cut off.
        reasoning_tokens: Of the output tokens, how many were thoughts.
    """

    reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    forced_tokens: int
    tool_probabilities: Mapping[str, float] | None = None
    whole: bool = True
    reasoning_tokens: int = 0


Event = TextDelta | ReasoningDelta | CallStart | CallDelta | Chances | Finished
