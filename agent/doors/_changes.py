"""What changed in a catalog since it was last indexed: items that are new, changed, or gone."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatrec._files import replacing
from chatrec.indexes import Catalog


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed.

    Attributes:
        new: Items that were not there.
        changed: Items that say something else than before.
        gone: The ids of items that are there no more.
    """

    new: int
    changed: int
    gone: tuple[str, ...]


def note_changes(catalog: Catalog, folder: Path) -> Changes | None:
    """Compare a catalog with how it was the last time, and note how it is now.

    Args:
        catalog: The catalog.
        folder: Its index; the note lies beside it.

    Returns:
        What changed; None the first time.
    """
    note = folder.with_name(f"{folder.name}.items.json")
    before = _read(note)
    now = {item.id: _digest(item.as_dict()) for item in catalog.items}
    if now != before:
        with replacing(note) as made:
            made.write_text(json.dumps(now, ensure_ascii=False), "utf-8")
    if before is None:
        return None
    changed = sum(1 for item_id, digest in now.items() if item_id in before and before[item_id] != digest)
    gone = tuple(item_id for item_id in before if item_id not in now)
    return Changes(sum(1 for item_id in now if item_id not in before), changed, gone)


def _read(note: Path) -> dict[str, str] | None:
    # A note that is damaged is as good as none: it is written anew.
    with suppress(OSError, ValueError):
        found = json.loads(note.read_text("utf-8"))
        return found if isinstance(found, dict) else None
    return None


def _digest(item: object) -> str:
    text = json.dumps(item, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
