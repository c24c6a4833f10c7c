"""Interactions of a catalog on the command line: learnt once, kept beside the index, used by every conversation."""

from __future__ import annotations

from pathlib import Path

from chatrec.indexes import Catalog, CoPreference, Interactions


def learn_company(file: Path, catalog: Catalog, folder: Path) -> list[str]:
    """Learn what goes together and keep it; says what was read.

    Args:
        file: The interactions.
        catalog: Whose items they are about.
        folder: The catalog's index.

    Raises:
        CatalogError: The file cannot be read.
    """
    found = Interactions.load(file, catalog)
    CoPreference.learn(found, len(catalog)).save(_place(folder), catalog)
    told = f"{file.name}: {len(found):,} likes of {found.persons:,} people, out of {found.read:,} events"
    return [told, *(f"  {count:,} left out: {reason}" for reason, count in sorted(found.dropped.items()))]


def known_company(catalog: Catalog, folder: Path) -> CoPreference | None:
    """What was learnt for a catalog, or None.

    Raises:
        IndexFileError: The file is damaged.
    """
    place = _place(folder)
    return CoPreference.load(place, catalog) if place.exists() else None


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.together.npz")
