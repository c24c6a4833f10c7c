"""Conversations written and labelled by hand, as something to learn from: how people put things that no template says.

They lie in `written/`: for each domain its catalog, and its conversations, one to a line. A turn has

- `user`, the person's words;
- `acts`, those that are right, best first; after bookkeeping `end`, the act that ends the turn;
- `where`, the conditions that hold from then on; `profile`, the lasting wishes stated;
- `events`, the opinions: kind and item;
- `about`, the item asked about; `reply`, the kind of words that answer it;
- `then`, the answer that the next turn follows: `act`, `items`, `facet`, `text`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import as_file, files
from typing import Any

from langchain_core.embeddings import Embeddings

from chatrec.agent._turns import Ear
from chatrec.agent.tuning._files import read_written
from chatrec.agent.tuning._people import Need, Said
from chatrec.agent.tuning._replay import Event, Given, Replay
from chatrec.agent.tuning._simulate import Decision, Seat, StandIn
from chatrec.agent.tuning._teacher import Teacher
from chatrec.indexes import Catalog, Constraint, ItemIndex

__all__ = ["handwritten", "handwritten_count", "read_talks", "replayed", "written_catalog", "written_domains"]

_NEEDS: dict[str, Need] = {"ask": "ask", "recommend": "list", "describe": "describe", "reply": "reply"}


def written_domains() -> list[str]:
    """The domains' names."""
    folder = files("chatrec.agent.tuning").joinpath("written")
    names = sorted(path.name for path in folder.iterdir())
    return [name.removesuffix(".talks.jsonl") for name in names if name.endswith(".talks.jsonl")]


def written_catalog(domain: str) -> Catalog:
    """The catalog of a domain."""
    with as_file(files("chatrec.agent.tuning").joinpath("written", f"{domain}.catalog.jsonl")) as path:
        return Catalog.load(path)


def read_talks(domain: str) -> list[dict[str, Any]]:
    """The labelled conversations of a domain."""
    return read_written(f"{domain}.talks.jsonl")


def handwritten(
    count: int | None = None,
    *,
    embedder: str | Embeddings = "auto",
    model: StandIn | None = None,
    ear: Callable[[str], Ear] | None = None,
) -> Iterator[dict[str, Any]]:
    """Replay the conversations; each is a JSON-ready dict, as `conversations` gives them.

    Args:
        count: At most so many, of each domain about as many; all by default.
        embedder: For the linker and the index.
        model: Sits in the model's place; a plain stand-in by default.
        ear: What hears opinions in a domain; what comes with chatrec by default.
    """
    for domain, talks in _chosen(count).items():
        yield from replayed(domain, talks, embedder=embedder, model=model, ear=ear)


def replayed(
    domain: str,
    talks: Sequence[Mapping[str, Any]],
    *,
    embedder: str | Embeddings = "auto",
    model: StandIn | None = None,
    ear: Callable[[str], Ear] | None = None,
) -> Iterator[dict[str, Any]]:
    """Replay labelled conversations over the catalog of a domain; what comes is described at `handwritten`."""
    model = model or StandIn()
    catalog = written_catalog(domain)
    index = ItemIndex.build(catalog, embedder=embedder)
    hears = None if ear is None else ear(domain)
    for talk in talks:
        notes = list(_decisions(talk["turns"], model, Replay(model, catalog, index, hears), catalog))
        yield {"domain": domain, "language": talk["language"], "items": len(catalog), "decisions": notes}


def handwritten_count() -> int:
    """How many conversations there are."""
    return sum(len(read_talks(domain)) for domain in written_domains())


def _chosen(count: int | None) -> dict[str, list[dict[str, Any]]]:
    """The first conversations of each domain, `count` together."""
    domains = written_domains()
    each, more = divmod(count, len(domains)) if count is not None else (None, 0)
    sizes = [None if each is None else each + (place < more) for place in range(len(domains))]
    chosen = {domain: read_talks(domain)[:size] for domain, size in zip(domains, sizes, strict=True)}
    return {domain: talks for domain, talks in chosen.items() if talks}


def _decisions(
    turns: Sequence[Mapping[str, Any]], model: StandIn, replay: Replay, catalog: Catalog
) -> Iterator[Decision]:
    """What should be decided in a conversation; turns in which the right act is not to be had are left out."""
    for turn in turns:
        said, notes = _said(turn, catalog), list[Decision]()
        then = turn.get("then") or {"act": "reply"}
        words = str(then.get("text", ""))
        model.sit_in(Seat(replay.recommender, Teacher(replay.recommender, said), partial(str, words), notes))
        answer = replay.say(said.text)
        if answer.act in turn["acts"]:
            yield from (note for note in notes if note.act != "words" or words)
        events = [Event((kind,), item) for kind, item in turn.get("events", ())]
        given = Given(then["act"], _text(then, catalog), tuple(then.get("items", ())), then.get("facet"))
        replay.answered(given, events, turn.get("profile", ()))


def _said(turn: Mapping[str, Any], catalog: Catalog) -> Said:
    end = turn.get("end", turn["acts"][0])
    either = {"ask", "recommend"} <= set(turn["acts"])
    return Said(
        turn["user"],
        need="open" if either else _NEEDS[end],
        feedback=tuple((kind, item) for kind, item in turn.get("events", ())),
        lasting=_wishes(turn.get("profile", ()), catalog),
        about=turn.get("about"),
        meant=_wishes(turn["where"], catalog),
        reply=turn.get("reply", "noted"),
    )


def _wishes(notations: Sequence[str], catalog: Catalog) -> tuple[Constraint, ...]:
    return tuple(Constraint.parse(notation, catalog.facets) for notation in notations)


def _text(then: Mapping[str, Any], catalog: Catalog) -> str:
    """The given answer as it is shown."""
    titles = [catalog[item].title for item in then.get("items", ())]
    listed = "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))
    return "\n".join(part for part in (then.get("text", ""), listed) if part)
