"""What was found in a catalog file, as lines of text."""

from __future__ import annotations

from pathlib import Path

from chatrec.indexes import Catalog, Facet

_REJECTS = 5
_VALUES = 4


def catalog_report(catalog: Catalog, folder: Path) -> list[str]:
    """Items, facets with their values and ranges, rows left out, and where the index lies.

    Args:
        catalog: The catalog.
        folder: Its index.
    """
    lines = [f"{catalog.name}: {len(catalog)} items"]
    width = max((len(name) for name in catalog.facets), default=0)
    lines += [f"  {facet.name:<{width}}  {_facet(facet, len(catalog))}" for facet in catalog.facets.values()]
    if catalog.rejects:
        lines.append(f"{len(catalog.rejects)} rows left out:")
        lines += [f"  {reject}" for reject in catalog.rejects[:_REJECTS]]
        if len(catalog.rejects) > _REJECTS:
            lines.append(f"  and {len(catalog.rejects) - _REJECTS} more")
    return [*lines, f"index: {folder}"]


def _facet(facet: Facet, items: int) -> str:
    missing = f", missing from {items - facet.count}" if facet.count < items else ""
    if facet.low is not None and facet.high is not None:
        unit = f" {facet.unit}" if facet.unit else ""
        return f"number, {facet.low:g} to {facet.high:g}{unit}{missing}"
    if not facet.values:
        return f"{facet.kind}{missing}"
    shown = ", ".join(f"{value} ({count})" for value, count in list(facet.values.items())[:_VALUES])
    more = f" and {len(facet.values) - _VALUES} more" if len(facet.values) > _VALUES else ""
    kind = "several values" if facet.kind == "multi" else facet.kind
    return f"{kind}: {shown}{more}{missing}"
