"""API keys: who may call a server, and whose people theirs are.

A file holds one key a line: `name key`, or as `chatrec key` writes it `name sha256:...`, from which the key cannot be
read back. In memory there are only digests; they are compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chatrec.errors import StoreError

ENVIRONMENT = "CHATREC_API_KEYS"
_HASHED = "sha256:"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key.

    Attributes:
        name: The key's name.
        tag: What logs show of it: the beginning of a digest, which leads to neither name nor key.
    """

    name: str
    tag: str


class Keys:
    """The keys that are let in.

    Args:
        digests: SHA-256 digests in hexadecimal, by name; several may share a name.
    """

    def __init__(self, digests: Iterable[tuple[str, str]]) -> None:
        self._held = [
            (bytes.fromhex(digest), Holder(name, hashlib.sha256(f"tag {digest}".encode()).hexdigest()[:8]))
            for name, digest in digests
        ]

    def __len__(self) -> int:
        return len(self._held)

    def tagged(self, tag: str) -> Holder | None:
        """Whose key has this tag, as long as it is let in."""
        return next((holder for _, holder in self._held if holder.tag == tag), None)

    def holder(self, key: str) -> Holder | None:
        """Who holds a key, or None; takes as long for a wrong key as for a right one."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found: Holder | None = None
        for held, holder in self._held:
            if hmac.compare_digest(held, digest):
                found = holder
        return found


def load_keys(file: Path | None) -> Keys:
    """The keys of a file and of the environment's `CHATREC_API_KEYS` (`name=key`, separated by commas).

    Raises:
        StoreError: The file cannot be read, or a line is not understood.
    """
    found: list[tuple[str, str]] = []
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(
                f"the keys in {str(file)!r} cannot be read: {error}", hint="chatrec key NAME --file FILE makes one"
            ) from error
        for number, line in enumerate(lines, start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                found.append(_entry(line.split(), f"line {number} of {str(file)!r}"))
    for number, entry in enumerate(filter(None, os.environ.get(ENVIRONMENT, "").split(",")), start=1):
        found.append(_entry(entry.strip().split("=", 1), f"entry {number} of {ENVIRONMENT}"))
    return Keys(found)


def new_key(name: str, file: Path) -> str:
    """Make a key, keep its digest in a file for its owner alone, and return it: it cannot be had again.

    Raises:
        StoreError: The name does not fit, or the file cannot be written.
    """
    key = f"chatrec-{secrets.token_urlsafe(32)}"
    _entry([name, key], "the name")
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as held:
            held.write(f"{name} {_HASHED}{hashlib.sha256(key.encode()).hexdigest()}\n")
    except OSError as error:
        raise StoreError(f"{str(file)!r} cannot be written: {error.strerror}", hint="name another file") from error
    return key


def _entry(parts: list[str], where: str) -> tuple[str, str]:
    """Name and digest. The value itself is never shown: errors end in logs."""
    if len(parts) != 2 or not _NAME.fullmatch(parts[0]):
        raise StoreError(
            f"{where} is not a name and a key", hint="names have 1 to 64 letters, digits, - or _; write: ana KEY"
        )
    name, key = parts
    if key.startswith(_HASHED):
        digest = key.removeprefix(_HASHED).lower()
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise StoreError(f"{where} has no SHA-256 digest after {_HASHED}", hint="chatrec key NAME makes one")
        return name, digest
    if len(key) < _SHORTEST:
        raise StoreError(
            f"{where} has a key of {len(key)} characters; at least {_SHORTEST} are needed",
            hint="chatrec key NAME --file FILE makes a good one",
        )
    return name, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def person_of(holder: Holder | None, user: str) -> str:
    """The user id of a person: people of different keys are different people, whatever they call themselves.

    Args:
        holder: Whose key it is; None where there are no keys.
        user: What the request calls the person; "" for the holder.
    """
    # A stroke in a name could make one key's person look like another's.
    told = user.replace("%", "%25").replace("/", "%2F")
    if holder is None:
        return told or "me"
    return f"{holder.name}/{told}" if told else holder.name
