"""Append-only event logs on a LangGraph store: what `ProfileStore` and `FeedbackLog` are made of.

A store has no compare-and-set, so nothing here reads, changes and writes back. Every change is a new record under its
own key, and what holds now is folded from the records when it is asked for. Undo is a record too: it names the records
that it takes back, so two processes that undo at once take the same one back once.
"""

from __future__ import annotations

import math
import re
import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, cast, get_args, runtime_checkable

from langgraph.store.base import BaseStore, PutOp, SearchItem

from chatrec.errors import StoreError
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._values import Op, Scalar

ROOT = "chatrec"
"""The first label of all of chatrec's namespaces in a store."""
UNDO = "undo"
"""The kind of the records that take other records back."""

_FIRST_PAGE = 1_000
_DELETE_CHUNK = 500
_PLAIN = re.compile(r"[A-Za-z0-9]")
_ID = re.compile(r"[0-7][0-9a-f]{23}")
_clock = threading.Lock()
_last_ns = 0


@runtime_checkable
class Scrubs(Protocol):
    """A store that can wipe what was deleted from its file as well."""

    def scrub(self) -> None:
        """Leave no byte of deleted records behind."""
        ...


@runtime_checkable
class ReadsNamespace(Protocol):
    """A store that reads one namespace faster than it searches."""

    def read_namespace(self, namespace: tuple[str, ...]) -> list[SearchItem]:
        """Everything in exactly this namespace."""
        ...


def new_id() -> str:
    """A key that sorts by the time it was made and is unique across threads and processes.

    Returns:
        24 hexadecimal digits: nanoseconds since 1970 (16, strictly rising within a process), then 8 random ones.
    """
    global _last_ns  # noqa: PLW0603 - one clock for the process, or ids made in the same instant would not be ordered
    with _clock:
        _last_ns = max(time.time_ns(), _last_ns + 1)
        return f"{_last_ns:016x}{secrets.token_hex(4)}"


def seen_id(key: str) -> None:
    """Make every id from now on sort after this one, also where the clock was set back since it was made."""
    global _last_ns  # noqa: PLW0603 - see `new_id`
    if _ID.fullmatch(key):
        with _clock:
            _last_ns = max(_last_ns, int(key[:16], 16))


def label(text: str) -> str:
    """A namespace label for any text: `unlabel` reads it back, and no label is the beginning of another.

    Letters and digits of ASCII stay; other characters become `-hh` for each UTF-8 byte. The closing `=` keeps stores
    that match namespaces by prefix from taking `ann` for `anna`.
    """
    parts = (
        part if _PLAIN.fullmatch(part) else "".join(f"-{byte:02x}" for byte in part.encode("utf-8", "surrogatepass"))
        for part in text
    )
    return "".join(parts) + "="


def unlabel(text: str) -> str:
    """The text that `label` encoded."""
    plain = text.removesuffix("=").encode("ascii")
    raw = re.sub(rb"-([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode("ascii")), plain)
    return raw.decode("utf-8", "surrogatepass")


def checked_id(value: object, what: str) -> str:
    """A user, item or thread id as given, if it can be one.

    Raises:
        StoreError: It is not text, or has nothing but white space.
    """
    if not isinstance(value, str) or not value.strip():
        raise StoreError(f"{value!r} is not a {what}", hint=f"give the {what} as text that is not empty")
    return value


def clean(text: str) -> str:
    """Free text that every store can hold: lone surrogates and NUL, which JSON columns refuse, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ").strip()


def constraint_as_dict(constraint: Constraint) -> dict[str, Any]:
    """The constraint as plain JSON: facet, op, values.

    Raises:
        StoreError: The operation is unknown, or the operands are too few, too many, or no JSON scalars.
    """
    values = [_scalar(value, constraint) for value in constraint.values]
    _check_shape(constraint.facet, constraint.op, len(values))
    return {"facet": constraint.facet, "op": constraint.op, "values": values}


def constraint_from_dict(data: Mapping[str, Any]) -> Constraint:
    """The constraint that `constraint_as_dict` wrote.

    Raises:
        StoreError: The record has another shape.
    """
    try:
        facet, op, values = str(data["facet"]), data["op"], tuple(cast("Iterable[Scalar]", data["values"]))
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"{data!r} is not a stored constraint", hint="it was written by another program; erase it"
        ) from error
    _check_shape(facet, op, len(values))
    return Constraint(facet, op, values)


def _check_shape(facet: str, op: object, count: int) -> None:
    if not facet:
        raise StoreError("a constraint without a facet cannot be stored", hint="name the facet")
    if op not in get_args(Op):
        raise StoreError(f"{op!r} is not an operation", hint="operations: " + ", ".join(get_args(Op)))
    fits = count >= 1 if op in {"any", "none"} else count == (2 if op == "between" else 1)
    if not fits:
        raise StoreError(
            f"{op!r} on {facet!r} has {count} values",
            hint="any and none take one or more, between takes two, the others one",
        )


def _scalar(value: object, constraint: Constraint) -> Scalar:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return value
    # NumPy's whole numbers are no `int`, and JSON writers refuse them; both answer to `__index__`.
    if hasattr(value, "__index__"):
        return int(cast("int", value))
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    raise StoreError(
        f"{value!r} in the constraint on {constraint.facet!r} cannot be stored",
        hint="values are text, finite numbers or true/false",
    )


class EventLog:
    """The records of one kind of log (profile, feedback), by user.

    Args:
        store: Any LangGraph store.
        name: The log's name, a namespace label.
        scope: What the records are about, such as a catalog; records of another scope are not read. "" is a scope too.
    """

    def __init__(self, store: BaseStore, name: str, scope: str = "") -> None:
        self._store = store
        self._name = name
        self._scope = scope

    def append(self, user_id: str, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Write one record.

        Returns:
            The record as it will be read: id, kind, at (ISO, UTC), then the fields.

        Raises:
            StoreError: The user id is empty, or the store refuses the record.
        """
        namespace = self._namespace(user_id)
        key = new_id()
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        value = {"kind": kind, "at": at, **fields}
        try:
            # Never indexed for meaning, never expiring, whatever the store does by default.
            self._store.put(namespace, key, value, index=False, ttl=None)
        except TypeError as error:
            raise StoreError(f"{value!r} cannot be written as JSON", hint="pass plain text and numbers") from error
        return {"id": key, **value}

    def undo(self, user_id: str, targets: Sequence[str]) -> None:
        """Take records back, by one more record."""
        self.append(user_id, UNDO, {"targets": list(targets)})

    def read(self, user_id: str) -> list[dict[str, Any]]:
        """Every record of the user, oldest first, undone ones and undo records included."""
        records = [{"id": item.key, **item.value} for item in search_all(self._store, self._namespace(user_id))]
        records.sort(key=lambda record: str(record["id"]))
        if records:
            seen_id(str(records[-1]["id"]))
        return records

    def live(self, user_id: str) -> list[dict[str, Any]]:
        """The records that hold, oldest first: neither undone nor undo records, and of one call repeated the first.

        A tool's call that was cut off may be run again by another process, after its record was written.
        """
        records = self.read(user_id)
        undone = {target for record in records if record["kind"] == UNDO for target in record["targets"]}
        told = [record for record in records if record["kind"] != UNDO]
        first: dict[str, str] = {}
        for record in told:
            first.setdefault(str(record.get("call", record["id"])), record["id"])
        return [
            record
            for record in told
            if record["id"] not in undone and first[str(record.get("call", record["id"]))] == record["id"]
        ]

    def erase(self, user_id: str) -> int:
        """Delete every record of the user, of every scope, for good, from the store's file too where the store can.

        Returns:
            How many records were deleted.
        """
        erased = delete_below(self._store, self._of_user(user_id))
        if isinstance(self._store, Scrubs):
            self._store.scrub()
        return erased

    def _namespace(self, user_id: str) -> tuple[str, ...]:
        return (*self._of_user(user_id), *([label(self._scope)] if self._scope else []))

    def _of_user(self, user_id: str) -> tuple[str, ...]:
        return (ROOT, self._name, label(checked_id(user_id, "user id")))


def search_all(
    store: BaseStore, namespace: tuple[str, ...], *, where: Mapping[str, Any] | None = None, below: bool = False
) -> list[SearchItem]:
    """Everything in one namespace, in the store's order.

    Pages cut from a changing list by offset repeat or lose records, and stores order by a clock of whole seconds. So
    one page is asked for, and while it comes back full, a page four times as long.

    Args:
        store: The store to read.
        namespace: The exact namespace; those only spelled alike, which some stores return too, are left out.
        where: Fields that must have these values.
        below: The namespaces below it as well.
    """
    if isinstance(store, ReadsNamespace) and not where and not below:
        return store.read_namespace(namespace)
    limit = _FIRST_PAGE
    while True:
        found = store.search(namespace, filter=dict(where) if where else None, limit=limit)
        if len(found) < limit:
            depth = len(namespace) if below else None
            return [item for item in found if tuple(item.namespace)[:depth] == namespace]
        limit *= 4


def delete_below(store: BaseStore, namespace: tuple[str, ...]) -> int:
    """Delete everything in a namespace and below it; its bytes may stay in the store's file until it is scrubbed.

    Args:
        store: The store.
        namespace: The namespace.

    Returns:
        How many records were deleted.
    """
    deleted = 0
    # Another process may append meanwhile: go on until nothing is left.
    while found := search_all(store, namespace, below=True):
        for start in range(0, len(found), _DELETE_CHUNK):
            chunk = found[start : start + _DELETE_CHUNK]
            store.batch([PutOp(tuple(item.namespace), item.key, None) for item in chunk])
        deleted += len(found)
    return deleted
