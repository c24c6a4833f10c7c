"""From what a model writes to what the catalog holds: items by number, title or id, and conditions by notation."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.tools import ToolException

from chatrec.errors import ConstraintError
from chatrec.indexes import Catalog, Constraint


def resolve_item(catalog: Catalog, reference: str | int, shown: Sequence[str] = ()) -> str:
    """The id of the item that a reference means.

    Args:
        catalog: Where to look.
        reference: A number on the last list (1 is the first), a title, or an id.
        shown: Ids of the last list, in its order.

    Raises:
        ToolException: No item is meant; the message tells the model what is.
    """
    text = str(reference).strip()
    if text.lstrip("#").isdigit():
        number = int(text.lstrip("#"))
        if 1 <= number <= len(shown):
            return shown[number - 1]
    if text in catalog:
        return text
    folded = text.casefold()
    for item_id in shown:
        if catalog[item_id].title.casefold() == folded:
            return item_id
    mentions = sorted(catalog.link(f'"{text}"', last=shown).mentions, key=lambda mention: -mention.score)
    if mentions:
        return mentions[0].id
    listed = "; ".join(f"{n} {catalog[i].title}" for n, i in enumerate(shown, start=1)) or "nothing yet"
    raise ToolException(f"There is no item {text!r}. The last list: {listed}. Use a number or a title from it.")


def resolve_constraints(catalog: Catalog, notations: Sequence[str]) -> tuple[Constraint, ...]:
    """Read conditions.

    Raises:
        ToolException: One is not understood; the message says which and how to write it.
    """
    try:
        return tuple(Constraint.parse(notation, catalog.facets) for notation in notations)
    except ConstraintError as error:
        raise ToolException(f"{error}. Correct it or leave it out.") from error
