"""From the messages to the turn: link what was said, fold it into what was known, and put it in one short line.

The line is kept with the person's message (in its `additional_kwargs`, under `STAMP`), so that a message renders the
same for ever and the model's memory of the conversation stays valid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from chatrec.errors import ConstraintError
from chatrec.indexes import Catalog, Constraint, Link, Mention, Question, Recommender
from chatrec.indexes._linker_words import FUNCTION, HAN_FUNCTION
from chatrec.indexes._values import Op
from chatrec.tools._turn import Spoken, Turn, merged, with_where, without

STAMP = "chatrec"
SURE = 0.75
HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_BOTH = re.compile(r"\bboth\b|都要|两个都|两者都", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_QUERY_CHARS = 240
_PREFER_KEPT = 4

Language = Literal["auto", "en", "zh"]


class Ear(Protocol):
    """Hears what is thought of items, as `agent._opinions.Opinions` does."""

    def of(self, text: str, named: Sequence[str]) -> tuple[str, ...]: ...


def language_of(text: str, before: Spoken) -> Spoken:
    """The language of a message; without letters, what was spoken before.

    Where both scripts stand, the small words tell: "something like 卧虎藏龙" is English, 想看 Alien 那样的 Chinese.
    """
    if not HAN.search(text):
        return "en" if _LETTER.search(text) else before
    english = any(word in FUNCTION for word in _WORD.findall(text.casefold()))
    return "en" if english and not any(char in HAN_FUNCTION for char in text) else "zh"


def fold(before: Turn, link: Link, text: str, catalog: Catalog) -> Turn:
    """The next turn: what was known, changed by what was said now."""
    where = [c for c in before.where if not _lifted(c, link, catalog)]
    floors = {one.facet: one for one in link.given_up if one.op == "ge"}  # "from 40 on will do"
    where = [floors.get(c.facet, c) if c.op in {"ge", "gt"} else c for c in where]
    perhaps = [c for c in before.prefer if not _lifted(c, link, catalog)]
    pointed: list[str] = []
    for proposal in link.proposals:
        said = proposal.constraint
        moved = _moved(where, said) if proposal.bare else None
        if moved is not None:
            where = [moved if (c.facet, c.op[0]) == (moved.facet, moved.op[0]) else c for c in where]
            continue
        if proposal.holders and not before.asked:
            # A bare number that stands on the list speaks of what is listed; an answer to a question may be one too.
            pointed += proposal.holders[:2]
            if not proposal.judged:
                perhaps = [said, *(c for c in perhaps if c != said)]
                continue
        if proposal.judged and any(_is_within(c, said) for c in where):
            continue  # "200 is steep" takes nothing back of "under 100"
        if proposal.score >= SURE and proposal.strict:
            if not link.mentions:
                said = _reachable(said, where, before.shown, catalog)
            if proposal.wider and (left := _readmitted(where, said)) is not None:
                where = left
                continue
            wish = _widened(where, said) if proposal.wider else said
            where = merged(where, said, catalog) if wish is said else [*_others(where, wish), wish]
        else:
            perhaps = [said, *(c for c in perhaps if c != said)]
    if _BOTH.search(text) and not link.proposals and not link.mentions:
        where = _both(where, catalog)
    settled = {c.facet for c in where}
    # Which of two items was chosen says where to look; the words that say which describe nothing.
    chosen = [m.id for m in link.mentions if not m.negated and m.id in before.compared]
    # What is refused by its place or its name is still pointed at: "not the second"; what a wish is measured against
    # is not: "cheaper than the second".
    named = [
        m.id
        for m in link.mentions
        if m.id not in before.compared and (m.id in before.shown if m.negated else not m.standard)
    ]
    named = list(dict.fromkeys(named or pointed))
    # Naming what is on the list points at it; whether it is liked is for feedback to tell.
    examples = [m.id for m in link.mentions if not m.negated and not m.listed and m.id not in before.shown]
    unlike = [m.id for m in link.mentions if m.negated]
    words = link.rest if chosen else link.translated or text
    return replace(
        before,
        text=text,
        query=" ".join(filter(None, (words, before.query)))[:_QUERY_CHARS],
        where=tuple(where),
        prefer=tuple(c for c in perhaps if c.facet not in settled)[:_PREFER_KEPT],
        named=tuple(named),
        like=tuple(dict.fromkeys([*before.like, *chosen, *examples])),
        unlike=tuple(dict.fromkeys([*before.unlike, *unlike])),
        compared=(),
        sounds=(),
    )


def _lifted(known: Constraint, link: Link, catalog: Catalog) -> bool:
    """Whether a condition is given up: all of its facet, or of several values the one that was named."""
    if known.facet not in link.removed:
        return False
    given_up = [one for one in link.given_up if one.facet == known.facet]
    if given_up and all(one.op in {"gt", "ge"} for one in given_up):  # "over 200 is fine" leaves "at least 50"
        held, beyond = known.values[-1], given_up[0].values[0]
        higher = isinstance(held, str) or isinstance(beyond, str) or held <= beyond
        return known.op in {"lt", "le", "between"} and higher
    if given_up and all(one.op == "lt" for one in given_up):
        return known.op in {"gt", "ge", "between"}
    values = {value for one in given_up for value in one.values}
    return not values or catalog.facets[known.facet].kind != "multi" or bool(values & set(known.values))


def _moved(known: list[Constraint], new: Constraint) -> Constraint | None:
    """A bound on a facet, moved to a bare number that lies beyond it: after "under 2000", "3500 would do"."""
    numbers = [value for value in new.values if isinstance(value, int | float)]
    bound = next((c for c in known if c.facet == new.facet and c.op in {"lt", "le", "gt", "ge"}), None)
    if bound is None or not numbers or not isinstance(bound.values[0], int | float):
        return None
    said = sum(numbers) / len(numbers)
    said = int(said) if float(said).is_integer() else round(said, 6)
    beyond = said > bound.values[0] if bound.op in {"lt", "le"} else said < bound.values[0]
    beyond = beyond or (said == bound.values[0] and bound.op in {"lt", "gt"})
    op: Op = "le" if bound.op in {"lt", "le"} else "ge"  # "159 is ok" takes 159 in
    return replace(bound, op=op, values=(said,)) if beyond else None


def _is_within(known: Constraint, new: Constraint) -> bool:
    """Whether one bound of a number lies within another of the same direction."""
    held, said = known.values[0], new.values[0]
    if known.facet != new.facet or isinstance(held, str) or isinstance(said, str):
        return False
    if new.op in {"lt", "le"}:
        return known.op in {"lt", "le"} and held <= said
    return new.op in {"gt", "ge"} and known.op in {"gt", "ge"} and held >= said


def _widened(known: list[Constraint], new: Constraint) -> Constraint:
    """The wish that holds for a facet, with other values that would do as well."""
    held = next((c for c in reversed(known) if c.facet == new.facet and c.op == "any"), None)
    return new if held is None else replace(new, values=tuple(dict.fromkeys([*held.values, *new.values])))


def _readmitted(known: list[Constraint], new: Constraint) -> list[Constraint] | None:
    """The wishes without the refusal of what would do after all; None where it was not refused."""
    if new.values in (("true",), ("false",)) and any(c.facet == new.facet and c.op == "any" for c in known):
        return [c for c in known if c.facet != new.facet]  # indoors too
    held = next((c for c in known if c.facet == new.facet and c.op == "none" and set(c.values) & set(new.values)), None)
    if held is None or any(c.facet == new.facet and c.op == "any" for c in known):
        return None
    return [left for c in known if (left := without(c, new) if c is held else c) is not None]


def _both(known: list[Constraint], catalog: Catalog) -> list[Constraint]:
    """Two values that one or the other of was wished for, now both."""
    last = next((c for c in reversed(known) if catalog.facets[c.facet].kind == "multi" and c.op == "any"), None)
    if last is None or len(last.values) != 2:
        return known
    return [*(c for c in known if c is not last), *(replace(last, values=(value,)) for value in last.values)]


def _others(known: list[Constraint], wish: Constraint) -> list[Constraint]:
    return [c for c in known if c.facet != wish.facet or c.op != "any" or not set(c.values) <= set(wish.values)]


def _reachable(new: Constraint, where: Sequence[Constraint], shown: Sequence[str], catalog: Catalog) -> Constraint:
    """A bound at the edge of the last list, moved to the list's middle where nothing lies beyond the edge.

    Where the list held the cheapest of all, "cheaper" means: cheaper than most of these.
    """
    if new.op not in {"lt", "gt"}:
        return new
    facts = (catalog[item_id].facets.get(new.facet) for item_id in shown)
    held = sorted(float(fact) for fact in facts if isinstance(fact, int | float))
    if len(held) < 3 or new.values[0] != held[0 if new.op == "lt" else -1]:
        return new
    others = [c for c in where if c.facet != new.facet]
    if catalog.mask([*others, new]).any():
        return new
    middle = held[len(held) // 2]
    return replace(new, values=(int(middle) if middle.is_integer() else middle,))


def replay(
    messages: Sequence[AnyMessage],
    start: Turn,
    catalog: Catalog,
    embedder: Embeddings | None,
    ear: Ear | None = None,
) -> Turn:
    """The turn that the newest of the person's messages opens.

    Messages stamped in earlier turns are not linked again; a history without stamps is linked from its beginning.

    Args:
        messages: The conversation, its last message the person's.
        start: Whose turn it is, nothing known yet.
        catalog: What words are linked to.
        embedder: For words that mean a value without naming it.
        ear: For what the words sound like of the items in them.
    """
    newest = max((i for i, m in enumerate(messages) if isinstance(m, HumanMessage)), default=None)
    if newest is None:
        return start
    turn, first, asked = start, 0, None
    for i in range(newest - 1, -1, -1):
        stamped = stamped_turn(messages[i], catalog)
        if stamped is not None:
            turn, first = replace(stamped, user_id=start.user_id, thread_id=start.thread_id), i + 1
            break
    for message in messages[first : newest + 1]:
        if isinstance(message, HumanMessage):
            turn, asked = hear(turn, message.text, catalog, asked=asked, embedder=embedder, ear=ear), None
        elif isinstance(message, AIMessage):
            stamp = message.additional_kwargs.get(STAMP)
            turn, asked = after_reply(turn, stamp, catalog), _asked(stamp, catalog) or asked
    return turn


def hear(
    turn: Turn,
    text: str,
    catalog: Catalog,
    *,
    asked: str | None = None,
    embedder: Embeddings | None = None,
    ear: Ear | None = None,
) -> Turn:
    """The turn once the person said something; `asked` is the facet that they were asked about just before."""
    shown, about = turn.compared or turn.shown, turn.about[0] if len(turn.about) == 1 else None
    link = catalog.link(text, last=shown, listed=turn.listed, about=about, asked=asked, embedder=embedder)
    if ear is not None and link.hints:
        link = replace(link, mentions=_judged(link.hints, text, ear))
    heard = fold(replace(turn, language=language_of(text, turn.language)), link, text, catalog)
    words = {mention.id: mention.text for mention in link.mentions}
    judged = [i for i in heard.named or heard.about if i in {*turn.shown, *turn.listed, *turn.about}]
    if ear is None or not judged:
        return heard
    sounds = dict(zip(judged, ear.of(text, [words.get(i, "") for i in judged]), strict=True))
    return replace(heard, sounds=tuple(sounds.get(i, "") for i in heard.named or heard.about))


def _judged(hints: Sequence[Mention], text: str, ear: Ear) -> tuple[Mention, ...]:
    """The items hinted at of which the words are surely an opinion: those are spoken of, the others are not."""
    sounds = ear.of(text, [hint.text for hint in hints])
    return tuple(hint for hint, sound in zip(hints, sounds, strict=True) if sound and not sound.endswith("?"))


def _asked(stamp: Any, catalog: Catalog) -> str | None:
    """The facet that a reply asked about."""
    facet = stamp.get("facet") if isinstance(stamp, dict) else None
    return facet if facet in catalog.facets else None


def stamped_turn(message: AnyMessage, catalog: Catalog) -> Turn | None:
    stamp = message.additional_kwargs.get(STAMP) if isinstance(message, HumanMessage) else None
    try:
        turn = Turn.from_dict(stamp["turn"]) if isinstance(stamp, dict) else None
    except (KeyError, TypeError, ValueError):
        return None
    if turn is None or any(c.facet not in catalog.facets for c in (*turn.where, *turn.prefer)):
        return None
    ids = (*turn.like, *turn.unlike, *turn.named, *turn.about, *turn.shown, *turn.listed, *turn.compared)
    return turn if all(i in catalog for i in ids) else None


def after_reply(turn: Turn, stamp: Any, catalog: Catalog) -> Turn:
    """The turn as it stands once a reply was given; its stamp says what was shown and asked."""
    if not isinstance(stamp, dict):
        return turn
    turn = with_where(turn, _taken(stamp, catalog), catalog)
    if stamp.get("act") != "recommend":
        turn = replace(turn, like=tuple(i for i in turn.like if i not in turn.named))
    if stamp.get("shown"):
        shown = tuple(i for i in stamp["shown"] if i in catalog)
        listed = tuple(dict.fromkeys([*turn.listed, *shown]))
        about = shown if len(shown) == 1 else ()
        turn = replace(turn, shown=shown, about=about, listed=listed, questions=0, asked=())
    elif stamp.get("about") in catalog:
        turn = replace(turn, about=(stamp["about"],))
    if stamp.get("facet"):
        turn = replace(turn, asked=(*turn.asked, str(stamp["facet"])), questions=turn.questions + 1)
    if stamp.get("examples"):
        turn = replace(turn, compared=tuple(i for i in stamp["examples"] if i in catalog))
    return turn


def _taken(stamp: dict[str, Any], catalog: Catalog) -> list[Constraint]:
    """The doubtful conditions that a call took for meant; what the catalog no longer knows is passed over."""
    taken: list[Constraint] = []
    for notation in stamp.get("taken", ()):
        with suppress(ConstraintError):
            taken.append(Constraint.parse(str(notation), catalog.facets))
    return taken


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the catalog says about a turn.

    Attributes:
        matching: Items that satisfy all conditions.
        questions: Facets worth asking about, best first.
        profile: Lasting wishes, in notation.
    """

    matching: int
    questions: tuple[Question, ...]
    profile: tuple[str, ...]


def outlook(turn: Turn, recommender: Recommender, *, questions: int = 3) -> Outlook:
    """Look the turn up in the catalog."""
    best = recommender.questions(
        user_id=turn.user_id, where=turn.where, asked=turn.asked, k=questions, query=turn.query, like=turn.like
    )
    wishes = recommender.profiles.get(turn.user_id).constraints
    return Outlook(recommender.count(turn.where), tuple(best), tuple(str(c) for c in wishes))


def state_line(turn: Turn, seen: Outlook, catalog: Catalog, *, max_questions: int) -> str:
    """What the model is told beside the person's words; a few tens of tokens."""
    titles = {i: catalog[i].title for i in (*turn.like, *turn.unlike, *turn.named, *turn.about)}
    named = [i for i in turn.pointed if i in turn.shown or i not in turn.like]
    parts = [
        _part("wishes", [str(c) for c in turn.where]),
        _part("perhaps", [str(c) for c in turn.prefer]),
        _part("like", [titles[i] for i in turn.like]),
        _part("not like", [titles[i] for i in turn.unlike]),
        _part("named", [turn.spoken(i, titles[i]) for i in named]),
        _part("spoke of", [turn.spoken(i, titles[i]) for i in turn.about if not turn.pointed]),
        _part("profile", list(seen.profile[:6])),
        f"{_amount(seen.matching)} match ({seen.matching} of {len(catalog)})",
        _part("could ask", [f"{q.facet} ({q.gain:.0%})" for q in seen.questions]),
        f"asked {turn.questions} of {max_questions}",
    ]
    return f"[{'; '.join(part for part in parts if part)}]"


def _amount(matching: int) -> str:
    """A count in words, which a small model reads better than digits: against lists of five."""
    return next(
        (word for most, word in ((0, "none"), (5, "very few"), (15, "few"), (60, "some")) if matching <= most), "many"
    )


def _part(name: str, values: list[str]) -> str:
    return f"{name}: {', '.join(values)}" if values else ""
