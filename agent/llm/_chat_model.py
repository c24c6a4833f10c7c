"""`ChatLlamaCpp`: a GGUF in this process as a LangChain chat model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from chatrec.agent.llm._adapters import chosen_adapters
from chatrec.agent.llm._batches import LlamaCppBatches
from chatrec.agent.llm._calls import aanswer, answer
from chatrec.agent.llm._cancel import CancelFlag
from chatrec.agent.llm._hub import hub_file, is_hub_name
from chatrec.agent.llm._merged import merged
from chatrec.agent.llm._messages import MessageBuilder, to_template
from chatrec.agent.llm._model_files import embedded_model_path, in_format
from chatrec.agent.llm._options import checked, stops, with_options
from chatrec.agent.llm._own_tools import as_openai_tool
from chatrec.agent.llm._request import Event, Request
from chatrec.agent.llm._sampling import SamplingSettings
from chatrec.agent.llm._settings import EngineSettings, Stats
from chatrec.agent.llm._structured import Method, structured
from chatrec.agent.llm._tuned import choice_for
from chatrec.agent.llm._worker import Worker, parting, worker_for
from chatrec.errors import ModelError

if TYPE_CHECKING:
    from chatrec.agent.llm._engine import Engine

_log = logging.getLogger(__name__)


class ChatLlamaCpp(LlamaCppBatches):
    """A local language model, in this process, on the CPU.

    Loads when first used. Models with equal loading settings share one set of weights, one thread and one KV memory,
    whatever their adapters; calls come from any thread or event loop. What a call shares with earlier ones from its
    beginning is not computed again. Calls that overlap are decoded together, up to `parallel` of them; the others wait
    in order. KV memory takes RAM for `n_ctx` tokens, `parallel_bytes` more once calls overlap, and at most
    `cache_bytes` for conversations to come back to.

    **Tools.** `tool_choice` "auto" lets the model speak or call, "any" makes it call, a name makes it call that tool,
    "none" makes it speak while the tools stay in the prompt. A call always fits its schema: strings get at most 200
    characters and lists 8 items where the schema sets no bound. Under "any" and a name, a call is brought to an end
    within `max_tokens`; under "auto" it is cut off there and becomes one of `invalid_tool_calls`. How calls are written
    is read off the GGUF's chat template; a template without tools is told of them in a few words and answers with JSON.
    With `parallel_tool_calls` the model itself decides after each call whether another follows.

    **Thoughts** of models that think are kept apart, whole and streamed: `additional_kwargs["reasoning_content"]`. They
    are switched by `reasoning` and bounded by `max_reasoning_tokens`.

    **Schemas** (of tools, `with_structured_output`, `response_format`) may hold types, enum, const, bounds, lengths,
    pattern, known formats, items, properties, unions, allOf, references, also to themselves; any other keyword that
    demands something is refused by its name.

    The choice is *sampled* from `response_metadata["tool_probabilities"]` when `temperature` is above 0, and is its
    likeliest entry at 0 (under "auto": words if they have at least half, else the likeliest tool). These are the
    model's own probabilities, branch by branch over the tokens of the legal names, renormalised, divided by
    `choice_prior` and raised to 1 / `choice_temperature`; key "" is the chance of plain words. `temperature` itself
    does not change them.

    **Per call** (`invoke(..., name=value)` or `bind`): every sampling setting, and

    - `lora_path`, `lora_scale`, `adapters`: other adapters than the model's own, at no cost but reading the file once;
    - `legal_tools`: names that may be called now; the prompt still shows all tools, so that it stays the same;
    - `argument_schemas`: per tool a narrower JSON schema for its arguments, for the grammar only;
    - `text_grammar`: "words" (no braces, brackets, tags, fences or tables) or "sentence" (as "words", and the answer
      ends with its first sentence); with tools and `tool_choice="none"` "words" is the default;
    - `response_format`: `{"type": "json_schema", "json_schema": {"schema": ...}}` or `{"type": "json_object"}`; beside
      tools it is the form of what is said instead of a call;
    - `reasoning`, `parallel_tool_calls`, `logprobs` and their bounds, see the fields.

    Example:
        >>> model = ChatLlamaCpp(temperature=0)  # doctest: +SKIP
        >>> model.invoke("Hello!").text  # doctest: +SKIP
        'Hello! How can I help you today?'
    """

    _shared: tuple[tuple[Any, ...], Worker] | None = PrivateAttr(default=None)
    _beside: bool = PrivateAttr(default=False)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        message = MessageBuilder(self.model_name).message(self._answer(messages, stop, kwargs, whole=True))
        return _result(message)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        events = [event async for event in self._aanswer(messages, stop, kwargs, whole=True)]
        return _result(MessageBuilder(self.model_name).message(events))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        builder = MessageBuilder(self.model_name)
        for event in self._answer(messages, stop, kwargs):
            for chunk in builder.chunks(event):
                yield ChatGenerationChunk(message=chunk)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        builder = MessageBuilder(self.model_name)
        events = self._aanswer(messages, stop, kwargs)
        try:
            async for event in events:
                for chunk in builder.chunks(event):
                    yield ChatGenerationChunk(message=chunk)
        finally:
            await events.aclose()

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Give the model tools.

        Args:
            tools: Anything LangChain takes for a tool.
            tool_choice: "auto" (the default), "any" or "required", "none", a tool's name, or OpenAI's dict forms.
            **kwargs: Per-call options, see the class.
        """
        formatted = [as_openai_tool(tool) for tool in tools]
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return super().bind(tools=formatted, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: Method = "json_schema",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers that fit a schema, parsed.

        Args:
            schema: A pydantic model, a TypedDict, a JSON schema or an OpenAI tool.
            include_raw: Return `{"raw", "parsed", "parsing_error"}` instead.
            method: "json_schema" and "json_mode" make the answer's text the JSON, "function_calling" a tool call.
                All three follow the schema while decoding.
            strict: Without effect: it always is.
            **kwargs: None are known.

        Raises:
            ModelError: If the method or an argument is unknown.
        """
        if kwargs:
            raise ModelError(f"unknown argument(s) {sorted(kwargs)!r}", hint="use schema, include_raw and method")
        return structured(self, schema, method, include_raw)

    # what else one wants of a local model ----------------------------------------------------------------------

    def load(self) -> None:
        """Load the weights and make the tables of the vocabulary now rather than with the first call.

        Raises:
            ModelError: If that fails.
        """

        def work(engine: Engine) -> None:
            engine.begin_grammars(whole=True)
            _ = engine.grammars

        self._worker().call(work)

    def close(self) -> None:
        """Let go of the model: the weights are freed now, or when no other `ChatLlamaCpp` and no call uses them.

        A later call loads them again. A model that is dropped without this stays for half a minute, so that copies
        which LangChain makes for single calls (`configurable_fields`) need not load it each time.
        """
        if self._shared is not None:
            wait = parting(self._shared[1])
            self._shared = None
            wait()

    def stats(self) -> Stats:
        """What the loaded model has done so far, for everyone who shares it."""
        engine = self._shared[1].engine if self._shared else None
        return engine.counters.snapshot() if engine else Stats()

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text, by the model's own vocabulary."""
        return len(self.get_token_ids(text))

    def get_token_ids(self, text: str) -> list[int]:
        """Token ids of a text; texts of control tokens count as text."""
        ids: list[int] = self._worker().call(lambda engine: engine.vocabulary.tokenize(text, special=False))
        return ids

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool] | None = None,
    ) -> int:
        """Tokens of the prompt that these messages become, tools and the opening of the answer included."""
        options = {"tools": [as_openai_tool(tool) for tool in tools]} if tools else {}
        request = self._request(messages, None, options)

        def count(engine: Engine) -> int:
            from chatrec.agent.llm._prompt import prompt_tokens

            return len(prompt_tokens(engine, request))

        return int(self._worker().call(count))

    # between LangChain and the worker --------------------------------------------------------------------------

    def __getstate__(self) -> dict[Any, Any]:
        # A loaded model stays in its process; whoever unpickles this loads it there.
        state = super().__getstate__()
        return {**state, "__pydantic_private__": {**(state["__pydantic_private__"] or {}), "_shared": None}}

    def _worker(self) -> Worker:
        # A copy with other settings (model_copy) must not go on with the worker it was copied with.
        wanted: tuple[Any, ...] = (self.model_path, self.weights, self.n_ctx, self.n_threads, self.n_batch)
        wanted += (self.n_gpu_layers, self.cache_bytes, self.parallel, self.parallel_bytes, self.prefix_cache)
        wanted += (self._adapted, (self.lora_path, self.lora_scale) if self.merge else None)
        if self._shared is None or self._shared[0] != wanted or not self._shared[1].lives:
            path = self.weights_file()
            tuned = None if "n_batch" in self.model_fields_set else choice_for(path)
            settings = EngineSettings(
                path=path,
                n_ctx=self.n_ctx,
                n_threads=self.n_threads,
                n_batch=tuned.n_batch if tuned else self.n_batch,
                n_gpu_layers=self.n_gpu_layers,
                cache_bytes=self.cache_bytes,
                parallel=self.parallel,
                parallel_bytes=self.parallel_bytes,
                prefix_cache=self.prefix_cache,
            )
            self._shared = (wanted, worker_for(settings))
        return self._shared[1]

    @property
    def _adapted(self) -> bool:
        return self.lora_path is not None or bool(self.adapters)

    def weights_file(self) -> Path:
        """The file that is computed with: the given one, or a copy of it in the user's cache, written now if need be.

        Raises:
            ModelError: If there is none, or it cannot be written as wished.
        """
        if self.model_path and is_hub_name(self.model_path):
            # The parts of a split model find each other by their names, which the cache's links alone have.
            path = hub_file(self.model_path)
        else:
            path = Path(self.model_path) if self.model_path else embedded_model_path(adapted=self._adapted)
            path = path.resolve()
        if self.merge and self.lora_path is not None and not self._beside:
            try:
                return merged(path, Path(self.lora_path), self.lora_scale)
            except OSError as error:
                _log.warning("cannot work the adapter into the weights (%s): it is loaded beside them, slower", error)
                self._beside = True
        return in_format(path, self.weights) if self.weights else path

    def _answer(
        self, messages: list[BaseMessage], stop: list[str] | None, options: Mapping[str, Any], *, whole: bool = False
    ) -> Iterator[Event]:
        request = self._request(messages, stop, options)
        flag = CancelFlag(self.timeout)
        return answer(self._worker(), request, flag, max_waiting=self.max_waiting, whole=whole)

    async def _aanswer(
        self, messages: list[BaseMessage], stop: list[str] | None, options: Mapping[str, Any], *, whole: bool = False
    ) -> AsyncGenerator[Event, None]:
        # Making the embedded model's fast copy takes a moment the first time.
        worker = self._worker() if self._shared else await asyncio.to_thread(self._worker)
        request = self._request(messages, stop, options)
        flag = CancelFlag(self.timeout)
        events = aanswer(worker, request, flag, max_waiting=self.max_waiting, whole=whole)
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()

    def _inside(self) -> bool:
        """Whether the adapter is a part of the weights, which is known once they are there."""
        if not self.merge or self.lora_path is None:
            return False
        self._worker()
        return not self._beside

    def _own_adapters(self) -> dict[str, Any]:
        if self._inside():
            return {"lora_path": None, "lora_scale": 1.0, "adapters": self.adapters}
        return {"lora_path": self.lora_path, "lora_scale": self.lora_scale, "adapters": self.adapters}

    def _request(self, messages: Sequence[BaseMessage], stop: list[str] | None, options: Mapping[str, Any]) -> Request:
        options = checked(LlamaCppBatches, options)
        if {"lora_path", "lora_scale"} & options.keys() and self._inside():
            raise ModelError(
                f"lora_path={self.lora_path!r} is worked into the weights and no call can switch it",
                hint="make the model with merge=False",
            )

        def chosen(name: str) -> Any:
            return getattr(self, name) if options.get(name) is None else options[name]

        base = Request(
            messages=to_template(messages),
            sampling=SamplingSettings(
                temperature=self.temperature,
                top_p=self.top_p,
                top_k=self.top_k,
                min_p=self.min_p,
                repeat_penalty=self.repeat_penalty,
                repeat_window=self.last_n_tokens_size,
                frequency_penalty=self.frequency_penalty,
                presence_penalty=self.presence_penalty,
            ),
            choice_temperature=self.choice_temperature,
            choice_prior=self.choice_prior,
            max_tokens=self.max_tokens,
            stop=stops(stop if stop is not None else self.stop),
            seed=self.seed,
            reasoning=self.reasoning,
            max_reasoning_tokens=self.max_reasoning_tokens,
            max_calls=chosen("max_tool_calls") if chosen("parallel_tool_calls") else 1,
            logprobs=(chosen("top_logprobs") or 0) if chosen("logprobs") else None,
            adapters=chosen_adapters(self._own_adapters(), options),
        )
        return with_options(base, options)


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
