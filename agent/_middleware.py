"""`RecommenderMiddleware`: makes any LangChain agent a recommender.

Before the model acts it is told, in one line beside the person's words, what is known and what the catalog says. The
model chooses the act. Afterwards its words are checked, and items, facts and questions are rendered from the tools'
results, so that nothing is shown which the catalog does not hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from typing import Any, Literal

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse, hook_config
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langgraph.config import get_config
from langgraph.runtime import Runtime

from chatrec.agent._acts import ENDING, OWN, bounds
from chatrec.agent._compose import Outcome, compose, outcome, reply_words, told
from chatrec.agent._context import RecommenderState, user_of
from chatrec.agent._opinions import shipped
from chatrec.agent._prompt import system_text
from chatrec.agent._reply import FREE, REPLY, reply_tool
from chatrec.agent._sieve import Listener, Sieve
from chatrec.agent._turns import STAMP, Ear, Language, Outlook, outlook, replay, state_line
from chatrec.agent._window import window
from chatrec.indexes import Recommender
from chatrec.indexes._index_phrases import linking_embedder
from chatrec.tools import RecommenderToolkit
from chatrec.tools._turn import TURN_KEY, Turn

Reply = Literal["auto", "rendered", "model"]
_QUIET = "nostream"
_MOST_WORDS = 48
_BOOKKEEPING = 4
_MOST_CALLS = 7
_MOST = {"rendered": 1, "model": 40}

_Steps = Generator[ModelRequest[Any], ModelResponse[Any], AIMessage | ModelResponse[Any]]


class RecommenderMiddleware(AgentMiddleware[RecommenderState, Any, Any]):
    """Recommending, as one middleware of `langchain.agents.create_agent`.

    The agent must be called with a runtime context that has a `user_id`. After a call the state holds
    `recommendations` and `question`. In the stream mode `custom` come `{"chatrec": "understood", "where": wishes in
    notation, "matching": how many items}`; after the tools `{"chatrec": "acted", "acts": names of the calls so
    far, "probabilities": of the model's last choice, or None}`; and `{"chatrec": "said", "text": ...}` as often as more
    of the reply is sure, with all of its beginning: feedback that was noted, sentences of the model that were checked.
    Middleware of yours that changes the reply comes after these.

    Args:
        recommender: What is recommended from.
        max_questions: Consecutive questions since the last list, 0 to 10; then a list is due.
        reply: `rendered`: lists, facts and plain questions are rendered from the results, in chatrec's words; of the
            model's own words at most one checked sentence, where it only talks.
            `model`: the model writes the reply, checked sentence by sentence. `auto`: `rendered` for
            `ChatLlamaCpp`, else `model`.
        language: "en", "zh", or "auto": the language of the person's last message.
        size: How many items a list has, 1 to 50.

    Raises:
        ContextError: On a call without a user id.
    """

    state_schema = RecommenderState

    def __init__(
        self,
        recommender: Recommender,
        *,
        max_questions: int = 2,
        reply: Reply = "auto",
        language: Language = "auto",
        size: int = 5,
    ) -> None:
        super().__init__()
        if not 0 <= max_questions <= 10:
            raise ValueError(f"max_questions is {max_questions!r}; it may be 0 to 10")
        self.recommender = recommender
        self.tools = [*RecommenderToolkit(recommender, size=size).get_tools(), reply_tool()]
        self._max_questions = max_questions
        self._reply = reply
        self._language: Language = language
        self.ear: Ear | None = shipped()
        self._system = system_text(recommender.catalog, max_questions=max_questions)
        self._quiet: dict[int, BaseChatModel] = {}

    # -- before the model acts

    def before_agent(self, state: RecommenderState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Link the person's words, reset the turn's results, stamp the message."""
        catalog = self.recommender.catalog
        thread = get_config().get("configurable", {}).get("thread_id")
        start = Turn(user_of(runtime.context), thread_id=None if thread is None else str(thread))
        messages = state["messages"]
        turn = replay(messages, start, catalog, linking_embedder(self.recommender.index), self.ear)
        if self._language != "auto":
            turn = replace(turn, language=self._language)
        update: dict[str, Any] = {"recommendations": [], "question": None, TURN_KEY: turn.as_dict()}
        if messages and isinstance(messages[-1], HumanMessage):
            seen = self._outlook(turn)
            wishes = [str(constraint) for constraint in turn.where]
            runtime.stream_writer({"chatrec": "understood", "where": wishes, "matching": seen.matching})
            line = state_line(turn, seen, catalog, max_questions=self._max_questions)
            stamp = {"line": line, "turn": turn.as_dict()}
            kwargs = messages[-1].additional_kwargs | {STAMP: stamp}
            update["messages"] = [messages[-1].model_copy(update={"additional_kwargs": kwargs})]
        return update

    def _outlook(self, turn: Turn) -> Outlook:
        return outlook(turn, self.recommender)

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: RecommenderState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Publish what the tools brought; end the turn where no more words are needed."""
        got = outcome(state["messages"])
        if not got.calls:
            return None
        acts = [name for name, _ in got.calls]
        runtime.stream_writer({"chatrec": "acted", "acts": acts, "probabilities": got.probabilities})
        update: dict[str, Any] = {}
        if got.listed is not None:
            update["recommendations"] = got.listed["recommendations"]
        if got.question is not None:
            update["question"] = got.question
        turn = Turn.from_dict(state.get("chatrec_turn", {}))
        if got.events and acts[-1] == "record_feedback":
            runtime.stream_writer(_said_so_far(told(got, turn)))
        wordless = got.question is not None or got.described is not None
        if wordless or (got.listed is not None and not got.listed["recommendations"]):
            update |= {"messages": [compose("", turn, got, self.recommender.catalog)], "jump_to": "end"}
        return update or None

    # -- while it acts

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> AIMessage | ModelResponse[Any]:
        """Show the model what it needs, bound its choice, check its words."""
        steps = self._steps(request)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(handler(asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> AIMessage | ModelResponse[Any]:
        """As `wrap_model_call`."""
        steps = self._steps(request)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(await handler(asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _steps(self, request: ModelRequest[Any]) -> _Steps:
        """The model calls of one step of the loop, and what is made of them."""
        turn = Turn.from_dict(request.state["chatrec_turn"])  # type: ignore[typeddict-item]
        got = outcome(request.messages)
        local = bounds_choice(request.model)
        base = request.override(
            model=self._silenced(request.model),
            system_message=_with_system(request.system_message, self._system),
            messages=_recent([_as_told(message) for message in request.messages], request.model),
            tools=[tool for tool in request.tools if local or _name(tool) != REPLY],
        )
        if not ENDING & got.succeeded:
            choice = yield self._choosing(base, turn, got) if local else self._free(base, turn, got)
            message = _message(choice)
            if not local and not message.tool_calls:
                return self._worded(message, turn, got, self._sieve(turn, got, request), request)
            reply = next((call["args"].get("kind", FREE) for call in message.tool_calls if call["name"] == REPLY), None)
            if reply is None:
                return choice
            got = _with_probabilities(got, message)
            if reply != FREE and self._mode(request.model) == "rendered":
                catalog = self.recommender.catalog
                return compose(reply_words(reply, turn, got, catalog), turn, got, catalog)
        if got.listed is not None and self._mode(request.model) == "rendered":
            return compose("", turn, got, self.recommender.catalog)
        sieve = self._sieve(turn, got, request)
        spoken = self._speaking(base, local=local)
        if self._mode(request.model) == "model":
            write = request.runtime.stream_writer
            listener = Listener(sieve, lambda words: write(_said_so_far(told(got, turn, words))))
            spoken = spoken.override(model=_heard(spoken.model, listener))
        words = yield spoken
        return self._worded(_message(words), turn, got, sieve, request)

    def _choosing(self, base: ModelRequest[Any], turn: Turn, got: Outcome) -> ModelRequest[Any]:
        """One constrained decision over the legal acts."""
        legal = bounds(
            turn,
            self._outlook(turn),
            self.recommender.catalog,
            may_ask=turn.questions < self._max_questions,
            done=got.calls,
            only_ending=len(got.calls) >= _BOOKKEEPING,
            own_words=self._mode(base.model) == "model",
        )
        foreign = [name for name in map(_name, base.tools) if name not in OWN]
        settings = {"legal_tools": [*legal, *foreign], "argument_schemas": legal}
        return base.override(tool_choice="any", model_settings=base.model_settings | settings)

    def _free(self, base: ModelRequest[Any], turn: Turn, got: Outcome) -> ModelRequest[Any]:
        """Another provider's model chooses in its own way; the budgets are kept by what it is offered."""
        if len(got.calls) >= _MOST_CALLS:
            return base.override(tool_choice="none")
        spent = turn.questions >= self._max_questions
        return base.override(tools=[tool for tool in base.tools if not (spent and _name(tool) == "ask_user")])

    def _speaking(self, base: ModelRequest[Any], *, local: bool) -> ModelRequest[Any]:
        """Words only."""
        settings: dict[str, Any] = {}
        if local and self._mode(base.model) == "rendered":
            settings = {"text_grammar": "sentence", "max_tokens": _MOST_WORDS}
        return base.override(tool_choice="none", model_settings=base.model_settings | settings)

    def _sieve(self, turn: Turn, got: Outcome, request: ModelRequest[Any]) -> Sieve:
        """What checks the model's words."""
        said = [m.text for m in request.messages if isinstance(m, HumanMessage)]
        ours = [str(m.text) for m in request.messages if isinstance(m, AIMessage)]
        return Sieve(
            turn.language,
            "\n".join([got.facts, self._system, *said]),
            echo="\n".join([self._system, *(tool.description for tool in self.tools), *said[-1:], *ours]),
            most=_MOST[self._mode(request.model)],
            unlike={_said(m) or "" for m in request.messages} - {""} if got.listed is not None else (),
        )

    def _worded(
        self, message: AIMessage, turn: Turn, got: Outcome, sieve: Sieve, request: ModelRequest[Any]
    ) -> AIMessage:
        words = sieve.end(message.text)
        entries = got.listed["recommendations"] if got.listed is not None else []
        mode = self._mode(request.model)
        named = mode == "model" and bool(entries) and all(e["title"].casefold() in words.casefold() for e in entries)
        composed = compose(words, turn, got, self.recommender.catalog, list_items=not named)
        return composed.model_copy(update={"usage_metadata": message.usage_metadata})

    def _mode(self, model: BaseChatModel) -> str:
        if self._reply != "auto":
            return self._reply
        return "rendered" if bounds_choice(model) else "model"

    def _silenced(self, model: BaseChatModel) -> BaseChatModel:
        """The same model, whose unchecked words no stream shows."""
        if id(model) not in self._quiet:
            self._quiet[id(model)] = model.model_copy(update={"tags": [*(model.tags or []), _QUIET]})
        return self._quiet[id(model)]


def bounds_choice(model: BaseChatModel) -> bool:
    """Whether a model takes `legal_tools` and `argument_schemas` with `tool_choice="any"`, as `ChatLlamaCpp` does."""
    return getattr(model, "bounds_choice", False) is True


def _heard(model: BaseChatModel, listener: Listener) -> BaseChatModel:
    """The same model, with one more that listens to it."""
    known = model.callbacks
    if isinstance(known, BaseCallbackManager):
        both: Any = known.copy()
        both.add_handler(listener)
    else:
        both = [*(known or ()), listener]
    return model.model_copy(update={"callbacks": both})


def _said_so_far(text: str) -> dict[str, str]:
    return {"chatrec": "said", "text": text}


def _as_told(message: AnyMessage) -> AnyMessage:
    """A message as the model reads it: the person's with its state line, ours with the model's own words alone."""
    stamp = message.additional_kwargs.get(STAMP)
    if not isinstance(stamp, dict):
        return message
    if isinstance(message, HumanMessage):
        return message.model_copy(update={"content": f"{message.text}\n{stamp.get('line', '')}"})
    if isinstance(message, AIMessage) and stamp.get("act") in {"recommend", "describe"}:
        return message.model_copy(update={"content": str(stamp.get("said", ""))})
    return message


def _recent(messages: list[AnyMessage], model: BaseChatModel) -> list[AnyMessage]:
    """What fits a model that says how much it reads; one that does not is told everything."""
    most = (model.profile or {}).get("max_input_tokens")
    return messages if most is None else window(messages, most)


def _said(message: AnyMessage) -> str | None:
    """What we said ourselves in an earlier reply."""
    stamp = message.additional_kwargs.get(STAMP)
    return stamp.get("said") if isinstance(message, AIMessage) and isinstance(stamp, dict) else None


def _message(response: ModelResponse[Any]) -> AIMessage:
    return next(m for m in reversed(response.result) if isinstance(m, AIMessage))


def _with_probabilities(got: Outcome, message: AIMessage) -> Outcome:
    return replace(got, probabilities=message.response_metadata.get("tool_probabilities", got.probabilities))


def _with_system(existing: SystemMessage | None, text: str) -> SystemMessage:
    return SystemMessage(text if existing is None else f"{existing.text}\n\n{text}")


def _name(tool: Any) -> str:
    return str(tool.get("name", "")) if isinstance(tool, dict) else str(tool.name)
