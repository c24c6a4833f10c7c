"""Pictures of items: which column names them, and which of them may be shown.

Files are served from beneath the catalog's own folder alone. Addresses of the web are passed over unless they were
allowed, since each would tell another server who looks at what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chatrec.indexes import Catalog, Item

_PICTURE = re.compile(r"(?P<path>[^?#]+\.(?:avif|gif|jpe?g|png|webp))(?:[?#].*)?", re.IGNORECASE)
_OUTSIDE = re.compile(r"https?://", re.IGNORECASE)


class Pictures:
    """The pictures of one catalog.

    Args:
        catalog: The items.
        folder: Where the catalog's file is; relative paths begin there, and nothing outside of it is served.
        outside: Whether pictures may be fetched from the web by the person's browser.
    """

    def __init__(self, catalog: Catalog, folder: Path, *, outside: bool = False) -> None:
        self._catalog = catalog
        self._folder = folder.resolve()
        self.outside = outside

    def address(self, item: Mapping[str, Any]) -> str | None:
        """Where a browser finds an item's picture; None where there is none to be shown.

        Args:
            item: The item as a list holds it.
        """
        known = self._catalog[item["id"]]
        named = self._named(known)
        if named is not None and _OUTSIDE.match(named):
            return named if self.outside else None
        return None if self.file(known.id) is None else f"/picture/{quote(known.id, safe='')}"

    def file(self, item_id: str) -> Path | None:
        """An item's picture on this machine, or None."""
        named = self._named(self._catalog[item_id]) if item_id in self._catalog else None
        match = None if named is None or _OUTSIDE.match(named) else _PICTURE.fullmatch(named)
        if match is None:
            return None
        path = (self._folder / match["path"].replace("\\", "/")).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def _named(self, item: Item) -> str | None:
        return next((text for text in _texts(item) if _PICTURE.fullmatch(text)), None)


def _texts(item: Item) -> Iterator[str]:
    for value in (*item.extra.values(), *item.facets.values()):
        if isinstance(value, str) and len(value) < 2000:
            yield value.strip()
