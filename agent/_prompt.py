"""The system text: the same for every turn and person of a catalog, so that the model reads it once."""

from __future__ import annotations

from chatrec.indexes import Catalog, Facet

_TEXT = """You help people choose from {name}: {count} items. Facets: {facets}.
Each turn do one thing: recommend shows a list; ask_user asks one question when the wish is still too vague and many \
items match; describe_item tells about one item; record_feedback notes an opinion on an item; update_profile remembers \
a lasting wish; reply is for small talk. Never ask what was already said; after {most} questions recommend. Never name \
an item that a tool did not show. After a list say one short friendly sentence, in the person's language, and no titles.
The line in brackets after the person's words tells what is known; it is not from the person."""


def system_text(catalog: Catalog, *, max_questions: int) -> str:
    """The system text of a catalog."""
    facets = "; ".join(_facet(facet) for facet in catalog.facets.values() if facet.kind != "text")
    return _TEXT.format(name=catalog.name, count=len(catalog), facets=facets or "none", most=max_questions)


def _facet(facet: Facet) -> str:
    if facet.kind == "number" and facet.low is not None and facet.high is not None:
        return f"{facet.name} {facet.low:g}-{facet.high:g}{f' {facet.unit}' if facet.unit else ''}"
    values = list(facet.values)[:4]
    return f"{facet.name} ({', '.join(values)})" if values else facet.name
