"""Which acts are possible at a turn, and with which arguments: the bounds of the model's choice, never the choice.

A tool is legal where its required arguments have a legal value: nothing can be described before anything is named,
nothing can be asked once every facet is settled or the question budget is spent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from chatrec.agent._opinions import likely
from chatrec.agent._reply import KINDS, REPLY
from chatrec.agent._turns import Outlook
from chatrec.indexes import Catalog
from chatrec.indexes._feedback import KINDS as FEEDBACK
from chatrec.tools._turn import Turn

ENDING = frozenset({"recommend", "ask_user", "describe_item", REPLY})
OWN = ENDING | {"record_feedback", "update_profile", "get_profile"}
_WORDS = 80


def bounds(
    turn: Turn,
    seen: Outlook,
    catalog: Catalog,
    *,
    may_ask: bool,
    done: Sequence[tuple[str, dict[str, Any]]] = (),
    only_ending: bool = False,
    own_words: bool = False,
) -> dict[str, dict[str, Any]]:
    """The argument schema of every legal tool of chatrec, by name.

    Args:
        turn: What is known.
        seen: What the catalog says of it.
        catalog: The catalog.
        may_ask: Whether the question budget allows a question.
        done: Calls already made in this turn, name and arguments; none is offered twice.
        only_ending: Whether the turn has used up its bookkeeping.
        own_words: Whether the model writes its own search words and questions (larger models).
    """
    items = _items(turn, catalog)
    legal: dict[str, dict[str, Any]] = {
        "recommend": _recommend(turn, own_words=own_words),
        REPLY: _schema({"kind": {"enum": list(KINDS)}}, required=["kind"]),
    }
    facets = [question.facet for question in seen.questions]
    if may_ask and facets:
        words = {"question": {"type": "string", "maxLength": _WORDS * 2}} if own_words else {}
        legal["ask_user"] = _schema({"facet": {"enum": facets}} | words, required=["facet"])
    if items:
        legal["describe_item"] = _schema({"item": {"enum": list(items)}}, required=["item"])
    if only_ending:
        return legal
    noted = {arguments.get("item") for name, arguments in done if name == "record_feedback"}
    unnoted = [item for item in items if item not in noted]
    if unnoted and (turn.pointed or not noted):  # where nothing was pointed at, one opinion is guessed, not several
        legal["record_feedback"] = _opinions({item: _kinds(turn, items[item]) for item in unnoted})
    names = {name for name, _ in done}
    heard = [notation for notation in map(str, (*turn.where, *turn.prefer)) if notation not in seen.profile]
    if heard and "update_profile" not in names:
        legal["update_profile"] = _schema({"add": _several(heard)}, required=["add"])
    if "get_profile" not in names:
        legal["get_profile"] = _schema({})
    return legal


def forms(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The forms that the arguments of a call may take, as schemas of objects."""
    return list(schema.get("anyOf", [schema]))


def fits(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether a call may have these arguments, which are enumerated values and lists of them."""
    return any(_fits(arguments, form["required"], form["properties"]) for form in forms(schema))


def _fits(arguments: Mapping[str, Any], required: Collection[str], properties: Mapping[str, Any]) -> bool:
    return set(required) <= arguments.keys() and all(
        name in properties
        and (
            set(value) <= set(properties[name]["items"]["enum"]) and 0 < len(value) <= properties[name]["maxItems"]
            if isinstance(value, list)
            else value in properties[name].get("enum", ())
        )
        for name, value in arguments.items()
    )


def _recommend(turn: Turn, *, own_words: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    if own_words:
        properties["query"] = {"type": "string", "maxLength": _WORDS}
    if turn.prefer:
        properties["where"] = _several([str(constraint) for constraint in turn.prefer])
    return _schema(properties)


def _items(turn: Turn, catalog: Catalog) -> dict[str, str]:
    """Ids by what a call names them by: of what was pointed at; else of the last list and what was spoken of last."""
    numbers = {item: str(number) for number, item in enumerate(turn.shown, start=1)}
    return {numbers.get(i) or catalog[i].title: i for i in turn.pointed or (*turn.shown, *turn.about)}


def _kinds(turn: Turn, item: str) -> tuple[str, ...]:
    """The kinds of opinion that the words may be of an item; all where nothing was heard."""
    heard = likely(turn.judged.get(item, "")) or FEEDBACK
    return tuple(kind for kind in FEEDBACK if kind in heard)


def _opinions(kinds: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """A note on one of some items, of a kind that it may be."""
    alike = {same: [item for item, its in kinds.items() if its == same] for same in kinds.values()}
    each = [
        _schema({"item": {"enum": items}, "kind": {"enum": list(same)}}, required=["item", "kind"])
        for same, items in alike.items()
    ]
    return each[0] if len(each) == 1 else {"anyOf": each}


def _schema(properties: dict[str, Any], *, required: Collection[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _several(values: Sequence[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(values)}, "minItems": 1, "maxItems": min(3, len(values))}
