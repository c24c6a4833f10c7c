"""What was understood of a catalog file, as lines of text: a wrong guess is seen at once, and how to tell better."""

from __future__ import annotations

import re
from pathlib import Path

from chatrec.agent.doors._changes import Changes
from chatrec.indexes import Catalog, Facet
from chatrec.indexes._facets import width
from chatrec.indexes._load_report import ColumnReport, LoadReport

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What a cell may hold and a terminal would obey."""
_REJECTS = 5
_VALUES = 4


def catalog_report(catalog: Catalog, folder: Path, changes: Changes | None = None) -> list[str]:
    """How the file was read, what each column became, rows left out, and where the index lies.

    Args:
        catalog: The catalog.
        folder: Its index.
        changes: What changed since it was last indexed.
    """
    lines = [f"{catalog.name}: {len(catalog)} items"]
    if catalog.report is None:
        most = max((len(name) for name in catalog.facets), default=0)
        lines += [f"  {facet.name:<{most}}  {_facet(facet, len(catalog))}" for facet in catalog.facets.values()]
    else:
        lines += _columns(catalog, catalog.report)
    if catalog.rejects:
        lines.append(f"{len(catalog.rejects)} rows left out:")
        lines += [f"  {reject}" for reject in catalog.rejects[:_REJECTS]]
        if len(catalog.rejects) > _REJECTS:
            lines.append(f"  and {len(catalog.rejects) - _REJECTS} more")
        if catalog.report is not None and catalog.report.rejects_file:
            lines.append(f"  all of them, to be mended and loaded again: {catalog.report.rejects_file}")
    return [_CONTROL.sub("\ufffd", line) for line in [*lines, *_since(changes), f"index: {folder}"]]


def _columns(catalog: Catalog, report: LoadReport) -> list[str]:
    how = [report.format]
    if report.encoding:
        how.append(
            f"{report.encoding} (a guess; a schema's encoding tells another)" if report.guessed else report.encoding
        )
    if report.separator:
        how.append(f"separator {report.separator!r}")
    if not report.header:
        how.append("no header")
    lines = [f"  read from {report.file}: {', '.join(how)}"]
    most = max((width(column.column) for column in report.columns), default=0)
    lines += [f"  {c.column}{' ' * (most - width(c.column))}  {column_report(c, catalog)}" for c in report.columns]
    guessed = any(column.role in {"id", "title", "description"} and not column.told for column in report.columns)
    hint = "  wrong? --title, --id and --description name columns; --schema FILE tells the rest"
    return [*lines, hint] if guessed else lines


def column_report(column: ColumnReport, catalog: Catalog) -> str:
    """What one column was taken for, in words.

    Args:
        column: What is known of it.
        catalog: The catalog that it became.
    """
    example = f"; e.g. {' | '.join(column.samples)}" if column.samples else ""
    match column.role:
        case "facet":
            facets = [catalog.facets[name] for name in column.facets if name in catalog.facets]
            same = len(facets) == 1 and facets[0].name == column.column
            shown = [("" if same else f"{facet.name}: ") + _facet(facet, len(catalog)) for facet in facets]
            parted = f", parted at {column.separator!r}" if column.separator else ""
            return "; ".join(shown) + parted + ("" if facets and facets[0].values else example)
        case "keep":
            return f"kept, not searched{example}"
        case "ignore":
            return "ignored, as told"
        case "empty":
            return "empty, or nothing but row numbers"
        case _:
            return column.role.upper() + (" (told)" if column.told else "") + example


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


def _since(changes: Changes | None) -> list[str]:
    """What changed since the last time."""
    if changes is None:
        return []
    told = [f"{count} {word}" for word, count in (("new", changes.new), ("changed", changes.changed)) if count]
    if changes.gone:
        more = ", …" if len(changes.gone) > _REJECTS else ""
        told.append(f"{len(changes.gone)} gone ({', '.join(changes.gone[:_REJECTS])}{more})")
    return [f"since the last time: {', '.join(told) or 'nothing changed'}"]
