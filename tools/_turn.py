"""What a tool knows of the turn it runs in: who asks, what was said, what the person looks at.

Inside the agent the middleware puts a `Turn` into the state, under `TURN_KEY`; the toolkit keeps one per toolkit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from langgraph.prebuilt import ToolRuntime

from chatrec.errors import ContextError
from chatrec.indexes import Catalog, Constraint

TURN_KEY = "chatrec_turn"
Spoken: TypeAlias = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one person's conversation.

    Attributes:
        user_id: Whose profile and feedback are read and written.
        thread_id: The conversation, or None where it is not kept.
        text: What the person said now.
        query: What is searched for where a call brings no words of its own.
        where: Conditions that hold: said now or earlier and not lifted.
        prefer: Conditions that the person perhaps meant; they rank but do not exclude.
        like: Ids of items named as examples.
        unlike: Ids of items named to be avoided.
        named: Ids of items that the person named or pointed at now.
        about: Ids of the item that was spoken of last, if one was; what "it" means.
        shown: Ids of the last list, in its order.
        listed: Ids of all lists of this conversation; new lists bring others while others match.
        compared: Ids of the two items that the last reply asked to choose between.
        asked: Facets asked about and not asked again.
        questions: Questions asked since the last list.
        language: "en" or "zh".
        sounds: Of each item in `named`, or else in `about`, what the words sound like: kinds of feedback, likeliest
            first, as `reject/critique`, followed by a question mark where that is doubtful; or "".
    """

    user_id: str
    thread_id: str | None = None
    text: str = ""
    query: str = ""
    where: tuple[Constraint, ...] = ()
    prefer: tuple[Constraint, ...] = ()
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    questions: int = 0
    language: Spoken = "en"
    sounds: tuple[str, ...] = ()

    @property
    def pointed(self) -> tuple[str, ...]:
        """Ids of the items that the words point at; also what was spoken of last, where they judge it."""
        return self.named or (self.about if any(self.sounds) else ())

    @property
    def judged(self) -> dict[str, str]:
        """What the words sound like, by the id of each item of which they are an opinion."""
        return {item: sound for item, sound in zip(self.pointed, self.sounds, strict=False) if sound}

    def spoken(self, item_id: str, title: str) -> str:
        """An item as the model reads of it: its number on the last list, its title, and what the words sound like."""
        number = f"{self.shown.index(item_id) + 1} " if item_id in self.shown else ""
        sound = self.judged.get(item_id)
        return f"{number}{title}{f' = {sound}' if sound else ''}"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, for the agent's state."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("where", "prefer"):
            values[name] = [[c.facet, c.op, list(c.values)] for c in values[name]]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Turn:
        """Read what `as_dict` wrote."""
        read: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in values.items()}
        for name in ("where", "prefer"):
            read[name] = tuple(Constraint(facet, op, tuple(of)) for facet, op, of in values[name])
        return cls(**read)


class Session:
    """Where a tool finds its turn: the agent's state when there is one, else what the toolkit remembers.

    Args:
        user_id: The person a toolkit serves; None where the agent's context tells.
        language: The language of texts made outside an agent.
    """

    def __init__(self, user_id: str | None = None, *, language: Spoken = "en") -> None:
        self._user_id = user_id
        self._language: Spoken = language
        self._shown: tuple[str, ...] = ()
        self._listed: tuple[str, ...] = ()

    def turn(self, runtime: ToolRuntime[Any, Any] | None) -> Turn:
        """The current turn.

        Raises:
            ContextError: Neither the runtime nor the toolkit says who the person is.
        """
        state = runtime.state if runtime is not None else None
        if isinstance(state, Mapping) and TURN_KEY in state:
            return Turn.from_dict(state[TURN_KEY])
        context = runtime.context if runtime is not None else None
        user_id = self._user_id or getattr(context, "user_id", None)
        if not isinstance(user_id, str) or not user_id:
            raise ContextError(
                "nobody is named as the user of these tools", hint='RecommenderToolkit(recommender, user_id="ana")'
            )
        return Turn(user_id=user_id, shown=self._shown, listed=self._listed, language=self._language)

    def showed(self, ids: tuple[str, ...]) -> None:
        """Remember the last list, for tools that run outside an agent."""
        self._shown = ids
        self._listed += tuple(i for i in ids if i not in self._listed)


def call_of(runtime: ToolRuntime[Any, Any] | None, part: str = "") -> str | None:
    """What names one call of a tool in one turn, the same when the call is run again; None outside an agent.

    Args:
        runtime: The call's; models number their calls anew in each message, so the message's id belongs to the name.
        part: Which of several things that the call does.
    """
    state = runtime.state if runtime is not None else None
    if runtime is None or not isinstance(state, Mapping) or not runtime.tool_call_id:
        return None
    for message in reversed(state.get("messages", ())):
        if any(call["id"] == runtime.tool_call_id for call in getattr(message, "tool_calls", ())):
            return f"{message.id}/{runtime.tool_call_id}{part}" if message.id else None
    return None


def with_where(turn: Turn, where: Sequence[Constraint], catalog: Catalog) -> Turn:
    """The turn with further conditions, which are no longer doubtful then."""
    known = list(turn.where)
    for new in where:
        known = merged(known, new, catalog)
    doubtful = {c.facet for c in where}
    return replace(turn, where=tuple(known), prefer=tuple(c for c in turn.prefer if c.facet not in doubtful))


def without(held: Constraint, new: Constraint) -> Constraint | None:
    """What is left of a wish for values, or of a refusal, once the opposite is said of some; None if nothing."""
    left = tuple(value for value in held.values if value not in new.values)
    return replace(held, values=left) if left else None


def merged(known: Sequence[Constraint], new: Constraint, catalog: Catalog) -> list[Constraint]:
    """Add a condition; it replaces an older one that says the same kind of thing of the same facet."""
    kept = list(known)
    if new.op in {"any", "none"}:
        opposite = "none" if new.op == "any" else "any"
        kept = [
            left
            for c in kept
            if (left := without(c, new) if c.facet == new.facet and c.op == opposite else c) is not None
        ]
        if new.op == "none" or catalog.facets[new.facet].kind == "multi":
            both = [c for c in kept if c != new] + [new]
            if catalog.mask(both).any():
                return both
            if new.op == "none":  # what nothing is left by is refused all the same
                return [c for c in both if c.facet != new.facet or c.op == "none"]
    bounds = {"lt": "upper", "le": "upper", "gt": "lower", "ge": "lower"}
    side = bounds.get(new.op)
    kept = [c for c in kept if c.facet != new.facet or (side is not None and bounds.get(c.op, side) != side)]
    return [*kept, new]
