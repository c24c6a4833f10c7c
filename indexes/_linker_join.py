"""Values said together: "comedy or drama" is one constraint with two values, "comedy and drama" are two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_cues import AND_SO_ON, CORRECTS
from chatrec.indexes._linker_found import Found
from chatrec.indexes._linker_numbers import plain
from chatrec.indexes._linker_scope import joined_by
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_words import AND_WORDS, FUNCTION, OR_WORDS
from chatrec.indexes._values import FacetKind

_BOUNDS = frozenset({"lt", "le", "gt", "ge"})


def merge(
    sentence: Sentence,
    found: Sequence[Found],
    kinds: Mapping[str, FacetKind],
    together: Callable[[str, Sequence[str]], bool],
) -> list[Found]:
    """Constraints on one facet put together as far as they were meant so, in the order said.

    Values of a facet that takes one value are alternatives however they are joined ("black and white shirts"); values
    of a facet that takes several are alternatives with "or", and where they are only counted up and no item has them
    all ("punk, metal, that kind of thing"). Refused values of one enumeration are one refusal.

    Args:
        sentence: The sentence.
        found: The constraints.
        kinds: The kind of each facet.
        together: Whether any item has all of some values of a facet.
    """
    ordered = _corrected(sentence, sorted(found, key=lambda one: (one.start, -one.score)))
    made: list[Found] = []
    for run in _runs(sentence, ordered):
        made.extend(_joined(sentence, run, kinds, together))
    return _settled(sentence, _alternatives(made, kinds))


def _corrected(sentence: Sentence, ordered: Sequence[Found]) -> list[Found]:
    """Without the values that are taken back for the next one: "monday, no wait, tuesday"."""
    back: set[int] = set()
    for left, right in pairwise(one for one in ordered if one.kind == "value" and one.constraint.op != "none"):
        if left.constraint.facet == right.constraint.facet and _taken_back(sentence, left.end, right.start):
            back.add(id(left))
    return [one for one in ordered if id(one) not in back]


def _taken_back(sentence: Sentence, start: int, end: int) -> bool:
    """Whether all that stands between two values is a correction: "a red one, sorry, I meant a green one"."""
    seen = False
    while start < end:
        match = CORRECTS.at(sentence.tokens, start)
        word = sentence.tokens[start].norm
        if match is None and (word not in FUNCTION or word in AND_WORDS | OR_WORDS | {"also", "but"}):
            return False
        seen, start = seen or match is not None, match[0] if match else start + 1
    return seen


def _settled(sentence: Sentence, made: Sequence[Found]) -> list[Found]:
    """What is said of a facet more than once.

    An exact bound outdoes "cheaper", "at most" outdoes "about", "longer" outdoes the number that is too low, and a
    refusal outdoes the same value named again: "never fridays, fridays are dinner".
    """
    numbers = [one for one in made if one.kind == "number"]
    bounds = {one.constraint.facet for one in numbers if one.score >= 0.75 and not one.bare}
    longer = {one.constraint.facet for one in made if one.kind == "relative" and one.score >= 0.75} - bounds
    refused = {(one.constraint.facet, v) for one in made if one.constraint.op == "none" for v in one.constraint.values}
    firm = {one.constraint.facet for one in numbers if one.constraint.op in _BOUNDS}
    last = {
        _direction(one): one for one in numbers if one.constraint.op in _BOUNDS and one.score >= 0.75 and not one.judged
    }
    return [
        _from_number(sentence, one, numbers) if one.kind == "relative" else one
        for one in made
        if not (one.kind == "relative" and one.constraint.facet in bounds)
        and not (one.kind == "number" and one.score >= 0.75 and last.get(_direction(one), one).start > one.start)
        and not (one.about and one.constraint.facet in firm)
        and not (one.bare and one.constraint.facet in longer)
        and not (one.constraint.op == "any" and {(one.constraint.facet, v) for v in one.constraint.values} <= refused)
    ]


def _from_number(sentence: Sentence, one: Found, numbers: Sequence[Found]) -> Found:
    """A comparative measured by the number that it finds fault with: "82 minutes tire him, shorter please"."""
    wish = one.constraint
    blamed = (n for n in numbers if n.bare and n.constraint.facet == wish.facet)
    said = next(
        (n.constraint.values for n in blamed if sentence.ends(n.end) or sentence.tokens[n.end].norm != "多"), ()
    )
    figures = [value for value in said if isinstance(value, int | float)]
    if not figures or one.score < 0.75 or wish.op not in {"lt", "gt"}:
        return one
    return replace(one, constraint=replace(wish, values=(plain(sum(figures) / len(figures)),)))


def _direction(one: Found) -> tuple[str, str]:
    """The facet that a bound is on and its direction: "under 50, no wait, under 40" leaves the last; else its own."""
    return one.constraint.facet, {"le": "lt", "ge": "gt"}.get(one.constraint.op, one.constraint.op)


def _runs(sentence: Sentence, ordered: Sequence[Found]) -> list[list[Found]]:
    runs: list[list[Found]] = []
    for one in ordered:
        held = runs[-1][-1] if runs else None
        if (
            held is not None
            and _alike(held, one)
            and joined_by(sentence, held.end, min(one.start, one.named or one.start))
        ):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _alike(left: Found, right: Found) -> bool:
    a, b = left.constraint, right.constraint
    same = a.facet == b.facet and a.op == b.op and left.end <= right.start
    if left.end == right.start and left.kind != right.kind:  # words that only perhaps mean a value do not join a name
        return False
    # A refusal that is sure is not made doubtful by another: "no palms, no cacti".
    bar = 0.75 if a.op == "none" else 0.5
    return same and a.op in {"any", "none", "between"} and (left.score >= bar) == (right.score >= bar)


def _joined(
    sentence: Sentence,
    run: list[Found],
    kinds: Mapping[str, FacetKind],
    together: Callable[[str, Sequence[str]], bool],
) -> list[Found]:
    if len(run) == 1:
        return run
    op, facet = run[0].constraint.op, run[0].constraint.facet
    said = [sentence.tokens[a.end : min(b.start, b.named or b.start)] for a, b in pairwise(run)]
    either = any(joined_by(sentence, a.end, min(b.start, b.named or b.start)) == "or" for a, b in pairwise(run))
    values = tuple(dict.fromkeys(value for one in run for value in one.constraint.values))
    if not either and op == "any" and kinds.get(facet) == "multi" and not any(said):
        examples = AND_SO_ON.at(sentence.tokens, run[-1].end) is not None
        either = examples or not together(facet, [str(value) for value in values])
    score = min(one.score for one in run)
    whole = replace(run[0], end=run[-1].end, score=score)
    if op == "between":
        low = min(one.constraint.values[0] for one in run)
        high = max(one.constraint.values[1] for one in run)
        return [replace(whole, constraint=Constraint(facet, "between", (low, high)))]
    if op == "none" or either or kinds.get(facet) != "multi":
        return [replace(whole, constraint=Constraint(facet, op, values))]
    return run


def _alternatives(made: Sequence[Found], kinds: Mapping[str, FacetKind]) -> list[Found]:
    """Several values wanted of a facet that takes one, said apart, are alternatives too."""
    kept: list[Found] = []
    for one in made:
        at = next(
            (
                n
                for n, held in enumerate(kept)
                if held.constraint.facet == one.constraint.facet
                and held.constraint.op == one.constraint.op == "any"
                and kinds.get(one.constraint.facet) == "category"
                and held.start != one.start
                and min(held.score, one.score) >= 0.75
            ),
            None,
        )
        if at is None:
            kept.append(one)
        else:
            values = tuple(dict.fromkeys([*kept[at].constraint.values, *one.constraint.values]))
            joined = Constraint(one.constraint.facet, "any", values)
            kept[at] = replace(kept[at], constraint=joined, score=min(kept[at].score, one.score))
    return kept
