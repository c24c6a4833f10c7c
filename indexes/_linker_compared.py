"""What a comparative is measured against, and by how much: "than the second", "50 cheaper", 比这些都便宜."""

from __future__ import annotations

from collections.abc import Mapping

from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker_figures import Figure, read_figure
from chatrec.indexes._linker_numbers import plain
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._linker_units import Scale
from chatrec.indexes._values import Item

_LIKENESS = frozenset({"like", "similar", "as", "像", "似", "比", "跟", "than"})
_IT = frozenset({"that", "it", "this"})
_ALL = frozenset({"these", "those", "them", "all", "every", "些", "几", "们"})


def likened(sentence: Sentence, start: int, than: Mapping[int, Item], blame: bool) -> list[Item]:
    """The only item that a clause or a sentence names, where it is named as a likeness or as too much of something.

    "Like A but shorter", 像…但是短一点; of "the first is too small, the last too heavy" each clause has its own.
    """
    clause, _ = sentence.clause(start)
    near = {at: item for at, item in than.items() if clause <= at < start} or than
    if len(near) != 1:
        return []
    at, item = next(iter(near.items()))
    alike = any(token.norm in _LIKENESS for token in sentence.tokens[max(0, at - 3) : at])
    turned = any(token.norm in {"but", "just", "only", "但", "太", "too"} for token in sentence.tokens[at : start + 1])
    # In Chinese what is named first is the topic, and what is said after it is said of it: 长河不错，有没有便宜点的.
    topic = sentence.tokens[start].kind == "han" and sentence.tokens[at].kind == "han"
    return [item] if at < start and (alike or turned or blame or topic) else []


def against_all(sentence: Sentence, start: int, end: int) -> bool:
    """Whether the comparative between two tokens is said of a whole list: "cheaper than these", 比这几个便宜."""
    tokens, (clause, _) = sentence.tokens, sentence.clause(start)
    after = [token.norm for token in tokens[end : end + 3]]
    before = [token.norm for token in tokens[clause:start]]
    said = before[before.index("比") :] if "比" in before else after if after[:1] == ["than"] else []
    return not _ALL.isdisjoint(said)


def compared_with(sentence: Sentence, end: int, than: Mapping[int, Item]) -> Item | None:
    """The item named behind "than", or the only one named where "it" is said there."""
    if end < len(sentence) and sentence.tokens[end].norm == "than":
        for at in range(end + 1, min(end + 4, len(sentence))):
            if at in than:
                return than[at]
        if sentence.ends(end + 2) and sentence.tokens[min(end + 1, len(sentence) - 1)].norm in _IT and len(than) == 1:
            return next(iter(than.values()))
    return None


def difference(sentence: Sentence, start: int, end: int) -> Figure | None:
    """The number that a comparative is more or less by: "50 cheaper", "a kilo lighter than this", 便宜50块."""
    if end > start and (after := follows(sentence, end)) is not None:
        return after
    alone = sentence.ends(end) or sentence.tokens[end].norm in {"than", "please"}
    for at in range(max(0, start - 5), start):
        figure = read_figure(sentence, at)
        if figure is not None and figure.end == start and not sentence.ends(start) and (figure.units or alone):
            return figure
    return None


def follows(sentence: Sentence, end: int) -> Figure | None:
    """The number right after a Chinese comparative: 便宜50块."""
    free = end < len(sentence) and not sentence.tokens[end].gap and sentence.tokens[end - 1].kind == "han"
    figure = read_figure(sentence, end) if free else None
    return figure if figure is not None and sentence.free(figure.start, figure.end) else None


def moved(scale: Scale, made: Constraint, figure: Figure) -> Constraint:
    """A bound moved by a difference: "50 cheaper" is at most 50 below the cheapest."""
    bound = made.values[0]
    value = scale.of(figure.value, figure.units) if figure.units else figure.value
    if value is None or made.op not in {"lt", "gt"} or isinstance(bound, str):
        return made
    edge = bound - value if made.op == "lt" else bound + value
    within = scale.low <= edge <= scale.high
    return Constraint(made.facet, "le" if made.op == "lt" else "ge", (plain(edge),)) if within else made
