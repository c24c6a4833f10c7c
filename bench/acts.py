"""The right act, the right constraints, the right feedback: conversations in eleven domains, labelled by hand.

No model was trained or tuned on them, though most subjects occur in training too (bench/data/README.md). Each model
answers the same turns through the real agent; beside it the first-turn rule (ask first, then list), and the constraints
that the linker applies without any model. With `--dev`, the development conversations instead, which may be read.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._labelled import (
    DEVELOPMENT,
    Conversation,
    Exchange,
    Pair,
    Turn,
    conversations,
    domains,
    load_catalog,
    pairs,
    read_wishes,
    same_wishes,
)
from bench._results import write
from chatrec.agent import ChatLlamaCpp
from chatrec.agent._assemble import local_model
from chatrec.agent.tuning._replay import Answer, Event, Replay
from chatrec.indexes import Catalog, ItemIndex
from chatrec.indexes._feedback import KINDS

NOTHING, LITTLE, NOISE = 0.05, 0.15, 0.02
"""P(ask) that is about nothing; a change in it that is little; one that is none."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One turn: its labels beside what the agent did."""

    conversation: Conversation
    place: int
    turn: Turn
    answer: Answer
    constraints: bool
    linked: bool


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench acts", description=__doc__)
    parser.add_argument("--model", help="a GGUF file instead of the embedded model")
    parser.add_argument("--adapter", default="auto", help="auto, none, or a GGUF adapter with its settings beside it")
    parser.add_argument("--every", type=int, default=1, help="every n-th conversation and pair alone (default all)")
    parser.add_argument("--without-floor", action="store_true", help="leave the untrained model out")
    parser.add_argument(
        "--dev", action="store_true", help="the development conversations instead of the kept ones, no pairs"
    )
    parser.add_argument(
        "--given",
        action="store_true",
        help="each turn begins with the wishes that are labelled for the turns before, not with those that were heard",
    )
    args = parser.parse_args(argv)
    adapter = None if args.adapter == "none" else args.adapter
    models = {"untrained": local_model(args.model, None).model_copy(update={"choice_prior": "none"})}
    if args.without_floor:
        models = {}
    if adapter is not None:
        shipped = local_model(args.model, adapter)
        plain = {"choice_prior": "none", "choice_temperature": 1.0}
        if any(getattr(shipped, name) != value for name, value in plain.items()):
            models["adapter, choice unscaled"] = shipped.model_copy(update=plain)
        models["as used"] = shipped
    asked = [] if args.dev else pairs()[:: args.every]
    results: dict[str, Any] = {}
    for name, model in models.items():
        talks = _talks([DEVELOPMENT] if args.dev else domains())[:: args.every]
        named = {talk.catalog for talk in talks} | {pair.catalog for pair in asked}
        catalogs = {each: _indexed(each) for each in sorted(named)}
        found = [
            j
            for each in track(talks, description=name)
            for j in judged(each, model, *catalogs[each.catalog], given=args.given)
        ]
        shown = track(asked, description=f"{name}, pairs") if asked else []
        held = {pair.id: holds(pair, model, *catalogs[pair.catalog]) for pair in shown}
        results[name] = {
            language: figures([j for j in found if language in {"all", j.conversation.language}])
            for language in ("all", "en", "zh")
        }
        results[name]["pairs"] = _shares(asked, held) if asked else {}
    _show(results)
    write(
        "acts" + "_dev" * args.dev + "_given" * args.given,
        {"model": args.model or "embedded", "adapter": args.adapter, "every": args.every, "figures": results},
    )
    return 0


def _talks(names: Iterable[str]) -> list[Conversation]:
    return [conversation for name in names for conversation in conversations(name)]


def _indexed(name: str) -> tuple[Catalog, ItemIndex]:
    catalog = load_catalog(name)
    assert catalog is not None
    return catalog, ItemIndex.build(catalog)


def judged(
    conversation: Conversation, model: ChatLlamaCpp, catalog: Catalog, index: ItemIndex, *, given: bool = False
) -> list[Judged]:
    """Every turn of one conversation.

    Args:
        conversation: Whose turns.
        model: Decides.
        catalog: The items.
        index: Their index.
        given: Whether the wishes of earlier turns are the labelled ones, as what was listed and noted is.
    """
    talk = Replay(model, catalog, index)
    found: list[Judged] = []
    for place, turn in enumerate(conversation.turns):
        answer = talk.say(turn.user)
        right = [read_wishes(catalog, wishes) for wishes in turn.accepted]
        constraints, linked = (
            any(same_wishes(catalog, applied, each) for each in right) for applied in (answer.where, answer.linked)
        )
        found.append(Judged(conversation, place, turn, answer, constraints, linked))
        if turn.assistant is not None:
            talk.answered(turn.assistant, turn.events, turn.profile, right[0] if given else None)
    return found


def figures(found: Sequence[Judged]) -> dict[str, Any]:
    """Everything that is measured on some turns."""
    acts = [(j.answer.act if j.answer.act in j.turn.acts else j.turn.best, j.answer.act) for j in found]
    rule = ["ask" if j.place == 0 else "recommend" for j in found]
    floor = [(said if said in j.turn.acts else j.turn.best, said) for j, said in zip(found, rule, strict=True)]
    described = [j for j in found if j.turn.best == "describe"]
    chances = [(sum(j.answer.chances.get(act, 0.0) for act in j.turn.acts), j) for j in found if j.answer.chances]
    return {
        "turns": len(found),
        "right act": _mean(right == said for right, said in acts),
        "macro-F1": macro_f1(acts),
        "first-turn rule": _mean(right == said for right, said in floor),
        "first-turn rule, macro-F1": macro_f1(floor),
        "right constraints": _mean(j.constraints for j in found),
        "right constraints, linker alone": _mean(j.linked for j in found),
        "feedback, macro-F1": feedback_f1(found),
        "right item described": _mean(j.answer.described == j.turn.described for j in described),
        "neg. log-likelihood": _mean(-math.log(max(chance, 1e-9)) for chance, _ in chances),
        "Brier": _mean(brier(j.answer.chances, j.turn.acts) for _, j in chances),
    }


def brier(chances: Mapping[str, float], right: Sequence[str]) -> float:
    """The squared distance from certainty in the acceptable acts, whose chances are added up."""
    hit = sum(chances.get(act, 0.0) for act in right)
    return (1 - hit) ** 2 + sum(chance**2 for act, chance in chances.items() if act not in right)


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """The mean F1 of the acts that are right somewhere."""
    return _mean(_f1([(right == act, said == act) for right, said in pairs]) for act in {right for right, _ in pairs})


def feedback_f1(found: Sequence[Judged]) -> float:
    """The mean F1 of the five kinds; an event counts where kind and item are right."""
    pairs: list[tuple[str | None, str | None]] = []
    for each in found:
        left = list(each.answer.events)
        for event in each.turn.events:
            said = next(((kind, item) for kind, item in left if item == event.item), None)
            if said is not None:
                left.remove(said)
            pairs += _compared(event, None if said is None else said[0])
        pairs += [(None, kind) for kind, _ in left]
    return _mean(_f1([(right == kind, said == kind) for right, said in pairs]) for kind in KINDS)


def _compared(event: Event, said: str | None) -> list[tuple[str | None, str | None]]:
    if said in event.kinds:
        return [(said, said)]
    return [] if event.optional else [(event.kinds[0], said)]


def holds(pair: Pair, model: ChatLlamaCpp, catalog: Catalog, index: ItemIndex) -> bool:
    """Whether a pair's expectation holds."""
    a, b = (_last(side, Replay(model, catalog, index)) for side in (pair.a, pair.b))
    before, after = (each.chances.get("ask", 0.0) for each in (a, b))
    return {
        "ask_not_higher": after <= before + NOISE,
        "ask_lower": after < before or max(after, before) < NOTHING,
        "ask_higher": after > before or min(after, before) > 1 - NOTHING,
        "same": a.act == b.act and abs(after - before) <= LITTLE,
        "recommend": b.act == "recommend",
        "facet_not_asked": b.facet != pair.facet,
    }[pair.expect]


def _last(side: Sequence[Exchange], talk: Replay) -> Answer:
    """What the agent does when the last words are said."""
    for exchange in side[:-1]:
        talk.say(exchange.user)
        if exchange.assistant is not None:
            talk.answered(exchange.assistant)
    return talk.say(side[-1].user)


def _shares(asked: Sequence[Pair], held: Mapping[str, bool]) -> dict[str, float]:
    relations = list(dict.fromkeys(pair.relation for pair in asked))
    by = {relation: _mean(held[pair.id] for pair in asked if pair.relation == relation) for relation in relations}
    return {"all": _mean(held.values())} | by


def _show(results: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table("", *(f"{name}, {language}" for name in results for language in ("en", "zh")))
    for figure in next(iter(results.values()))["all"]:
        cells = [f"{found[tongue][figure]:.3g}" for found in results.values() for tongue in ("en", "zh")]
        table.add_row(figure, *cells)
    Console(width=160).print(table)
    if not any(found["pairs"] for found in results.values()):
        return
    sound = Table("pairs that hold", *results)
    for relation in next(iter(results.values()))["pairs"]:
        sound.add_row(relation, *(f"{found['pairs'][relation]:.2f}" for found in results.values()))
    Console(width=160).print(sound)


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    hit = sum(right and said for right, said in pairs)
    total = sum(right for right, _ in pairs) + sum(said for _, said in pairs)
    return 2 * hit / total if total else 0.0


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0
