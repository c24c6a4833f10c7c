"""Arguments that a family writes one by one between tags, texts as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatrec.agent.llm._schemas import MAX_LENGTH, Schema


@dataclass(frozen=True)
class Tagged:
    """The texts around a key and its value.

    Attributes:
        before: What stands before a key.
        middle: What stands between a key and its value.
        after: What stands behind a value.
    """

    before: str
    middle: str
    after: str

    def written(self, arguments: Mapping[str, Any]) -> str:
        """Arguments as this family writes them."""
        pairs = [self.before + key + self.middle + _text(value) + self.after for key, value in arguments.items()]
        return "".join(pairs)

    def grammar(self, head: str, schema: Schema, tail: str, guidance: Mapping[str, Any]) -> str:
        """A grammar for `head`, the arguments of a bounded schema in its order, and `tail`."""
        needed = schema.get("required", ())
        definitions = {"$defs": schema["$defs"]} if "$defs" in schema else {}
        rules: list[str] = []
        names: list[str] = []
        for place, (key, part) in enumerate(schema.get("properties", {}).items()):
            names.append(f"p{place}" + ("" if key in needed else "?"))
            rules.append(f"p{place}: {json.dumps(self.before + key + self.middle)} v{place} {json.dumps(self.after)}")
            texts = plain_texts(part)
            if texts is None:
                rules.append(f"v{place}: %json {json.dumps({**part, **definitions, 'x-guidance': guidance})}")
            elif texts:
                rules.append(f"v{place}: " + " | ".join(json.dumps(text) for text in texts))
            else:
                least, most = part.get("minLength", 0), part.get("maxLength", MAX_LENGTH)
                # A text ends where the tag behind it begins, so it cannot hold the tag's first sign.
                rules.append(f"v{place}: /[^<]{{{least},{most}}}/")
        body = " ".join([json.dumps(head), *names, json.dumps(tail)])
        return "\n".join([f"start: {body}", *rules]) + "\n"

    def read(self, text: str, schema: Schema) -> dict[str, Any]:
        """The arguments out of what was written along `grammar`.

        Args:
            text: What stands between head and tail; a cut off end is left out.
            schema: The bounded schema.
        """
        found: dict[str, Any] = {}
        for key, part in schema.get("properties", {}).items():
            mark = self.before + key + self.middle
            pattern = re.escape(mark) + "(.*?)" + re.escape(self.after)
            if (match := re.match(pattern, text, re.DOTALL)) is None:
                continue
            found[key] = match[1] if plain_texts(part) is not None else json.loads(match[1])
            text = text[match.end() :]
        return found


def plain_texts(part: Schema) -> Sequence[str] | None:
    """How a value is written: None as JSON, [] as any text, else as one of these texts."""
    values: Any = [part["const"]] if "const" in part else part.get("enum")
    if values is not None:
        usable = all(isinstance(value, str) and value and "<" not in value for value in values)
        return values if usable else None
    return [] if part.get("type") == "string" and "pattern" not in part and "format" not in part else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
