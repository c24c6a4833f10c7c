"""Constraints as SQL over a table of items: `title`, `facets` (jsonb), and `entry` (json, with the description)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chatrec.indexes._constraints import Constraint, order_ends
from chatrec.indexes._values import Scalar

_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FIELDS = {"title": "title", "description": "coalesce(entry ->> 'description', entry ->> 'text')"}


class Where:
    """A condition and its values.

    Args:
        constraints: All must hold, as `Constraint.accepts` has it; letters are compared without case as the server
            does it.

    Attributes:
        sql: The condition.
        values: What its placeholders stand for, by name.
    """

    def __init__(self, constraints: Sequence[Constraint]) -> None:
        self.values: dict[str, Any] = {}
        parts = [self._condition(constraint) for constraint in constraints]
        self.sql = " AND ".join(f"({part})" for part in parts) or "TRUE"

    def _condition(self, constraint: Constraint) -> str:
        if constraint.facet in _FIELDS:
            # The title and the description are no facets, unless an item's facets hold them.
            held = f"to_jsonb({_FIELDS[constraint.facet]})"
        else:
            held = f"facets -> {self._value(constraint.facet)}"
        if constraint.op in {"any", "none"}:
            found = self._any(constraint, held)
            return found if constraint.op == "any" else f"({found}) IS NOT TRUE"
        listed = f"EXISTS (SELECT FROM jsonb_array_elements({held}) AS part WHERE {self._part(constraint, 'part')})"
        # Most values stand alone, and then nothing needs to be taken apart.
        return f"CASE jsonb_typeof({held}) WHEN 'array' THEN {listed} ELSE {self._part(constraint, f'({held})')} END"

    def _any(self, constraint: Constraint, held: str) -> str:
        wanted = [same for value in constraint.values for same in _alike(value)]
        if constraint.facet in _FIELDS:
            return f"{held} = ANY({self._value([json.dumps(value) for value in wanted])}::jsonb[])"
        # Containment is what the index over facets finds.
        held_in = [{constraint.facet: form} for value in wanted for form in (value, [value])]
        return f"facets @> ANY({self._value([json.dumps(form, ensure_ascii=False) for form in held_in])}::jsonb[])"

    def _part(self, constraint: Constraint, part: str) -> str:
        values = [_plain(value) for value in constraint.values]
        if constraint.op == "contains":
            return f"strpos(lower({part} #>> '{{}}'), lower({self._value(str(values[0]))})) > 0"
        values = order_ends(constraint.op, values)
        signs = (">=", "<=") if constraint.op == "between" else (_SIGNS[constraint.op],)
        kinds = {isinstance(value, str) for value in values}
        if len(kinds) > 1:
            return "FALSE"
        if kinds == {True}:
            text = f"({part} #>> '{{}}') COLLATE \"C\""
            order = " AND ".join(f"{text} {s} {self._value(v)}" for s, v in zip(signs, values, strict=True))
            return f"jsonb_typeof({part}) IN ('string', 'boolean') AND {order}"
        number = f"{part}::double precision"
        order = " AND ".join(f"{number} {s} {self._value(v)}" for s, v in zip(signs, values, strict=True))
        return f"CASE WHEN jsonb_typeof({part}) = 'number' THEN {order} ELSE FALSE END"

    def _value(self, value: Any) -> str:
        name = f"where_{len(self.values)}"
        self.values[name] = value
        kind = "::text" if isinstance(value, str) else "::double precision" if isinstance(value, float) else ""
        return f"%({name})s{kind}"


def _plain(value: Scalar) -> str | float:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else float(value)


def _alike(value: Scalar) -> list[Scalar]:
    """The values that count as this one: truth values and their names are the same."""
    plain = _plain(value)
    return [plain, plain == "true"] if plain in {"true", "false"} else [plain]
