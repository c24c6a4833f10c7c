"""Small stand-ins for the large parts: fast, deterministic, with known answers; shipped for your own tests too.

They are real parts (an embedder, a catalog) that happen to be tiny, never patches of the thing under test.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chatrec.indexes._catalog import Catalog

__all__ = ["HashingEmbedder", "ScriptedCall", "ScriptedChatModel", "checkerboard_catalog", "tea_catalog"]

_WORD = re.compile(r"[^\W_]+")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_LETTERS = (
    "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima"
)  # fmt: skip
_COLOURS = ("red", "blue")
_SHAPES = ("circle", "square")
_PLACES = ("north", "south", "east", "west")


class HashingEmbedder(Embeddings):
    """Vectors from the words and character trigrams of a text, hashed: the more two texts share, the nearer they are.

    Needs no model and no seed, and gives the same numbers on every machine.

    Args:
        n_dim: The length of a vector; with fewer, more words share a place.

    Attributes:
        texts: Every text embedded so far, in order; queries too.
    """

    def __init__(self, n_dim: int = 256) -> None:
        if n_dim < 1:
            raise ValueError(f"n_dim is {n_dim!r}; at least 1 is needed")
        self.n_dim = n_dim
        self.embedder_id = f"hashing:{n_dim}"
        self.texts: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, of unit length; a text without letters and digits gives zeros."""
        self.texts.extend(texts)
        return [self._embed(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """As `embed_documents`, for one text."""
        return self.embed_documents([text])[0]

    def _embed(self, text: str) -> list[float]:
        vector = [0.0] * self.n_dim
        for feature, count in Counter(_features(text)).items():
            hashed = int.from_bytes(
                hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest(), "little"
            )
            sign = 1.0 if hashed & 1 else -1.0
            weight = 1.0 if feature[0] == "w" else 0.3
            vector[(hashed >> 1) % self.n_dim] += sign * weight * math.sqrt(count)
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector] if length else vector


def _features(text: str) -> Iterator[str]:
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        yield f"w{word}"
        padded = f" {word} "
        for at in range(len(padded) - 2):
            yield f"c{padded[at : at + 3]}"
        if not word.isascii():
            # Without spaces between words a run is no word: its characters and pairs stand for themselves.
            yield from (f"w{word[at : at + size]}" for size in (1, 2) for at in range(len(word) - size + 1))


def checkerboard_catalog(*, size: int = 8) -> Catalog:
    """The squares of a board as items, so that every answer can be counted by hand.

    Item `r3c5`, "Three foxtrot", stands in row 3 and column 5. Its facets:

    - `colour` (category): "red" where row + column is even, else "blue"
    - `shape` (category): "circle" in even columns, else "square"
    - `side` (multi): "north" or "south", and "east" or "west", by halves of the board
    - `row`, `column` (numbers): from 0
    - `cost` (number): row * size + column, all different
    - `lit` (boolean): whether the row is even

    Args:
        size: Rows and columns, an even number from 2 to 12.

    Raises:
        ValueError: The size is odd or out of bounds.
    """
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._values import Item

    if size % 2 or not 2 <= size <= len(_NUMBERS):
        raise ValueError(f"size is {size!r}; an even number from 2 to {len(_NUMBERS)} is needed")
    items: list[Item] = []
    for row in range(size):
        for column in range(size):
            colour, shape = _COLOURS[(row + column) % 2], _SHAPES[column % 2]
            side = (_PLACES[0] if row < size // 2 else _PLACES[1], _PLACES[2] if column >= size // 2 else _PLACES[3])
            items.append(
                Item(
                    f"r{row}c{column}",
                    f"{_NUMBERS[row]} {_LETTERS[column]}".capitalize(),
                    f"A {colour} {shape} in the {side[0]} {side[1]} of the board.",
                    {
                        "colour": colour,
                        "shape": shape,
                        "side": side,
                        "row": row,
                        "column": column,
                        "cost": row * size + column,
                        "lit": row % 2 == 0,
                    },
                )
            )
    return Catalog(items, name="checkerboard")


_TEAS = (
    ("green-dawn", "Green Dawn", "green", ("fresh", "grassy"), 12, "A light cup for early mornings."),
    ("black-harbour", "Black Harbour", "black", ("smoky",), 9, "Strong and smoky, for cold evenings."),
    ("jasmine-lane", "Jasmine Lane", "green", ("floral",), 15, "Flowery and soft."),
    ("red-valley", "Red Valley", "herbal", ("sweet", "fruity"), 8, "Fruity, without caffeine, for the evening."),
    ("old-cellar", "Old Cellar", "dark", ("earthy",), 30, "Aged for years in a cool cellar."),
    ("white-hill", "White Hill", "white", ("floral", "fresh"), 25, "Very delicate buds from one hill."),
    ("mint-street", "Mint Street", "herbal", ("fresh",), 6, "Plain mint, good after dinner."),
    ("smoke-ridge", "Smoke Ridge", "black", ("smoky", "earthy"), 18, "Dried over pine fires."),
)


def tea_catalog() -> Catalog:
    """Eight teas with a `kind` (category), `taste` (multi) and `price` in euros: small enough to know by heart."""
    from chatrec.indexes._catalog import Catalog
    from chatrec.indexes._values import Item

    items = [
        Item(id, title, description, {"kind": kind, "taste": taste, "price": price})
        for id, title, kind, taste, price, description in _TEAS  # noqa: A001
    ]
    return Catalog(items, name="teas", units={"price": "€"})


class ScriptedCall(NamedTuple):
    """One call that a scripted model received.

    Attributes:
        messages: What it was told.
        tools: Names of the tools it was offered.
        settings: The other keyword arguments (tool_choice, legal_tools, ...).
    """

    messages: list[BaseMessage]
    tools: list[str]
    settings: dict[str, Any]


class ScriptedChatModel(BaseChatModel):
    """A chat model that says what a test wrote, in order, and remembers what it was asked.

    Attributes:
        replies: What it says: text, `(tool name, arguments)`, a list of such calls, or a message.
        history: The calls received, oldest first.
        bounds_choice: Whether it says of itself that its choice of tools can be bounded, as `ChatLlamaCpp` does.
    """

    replies: list[Any] = Field(default_factory=list)
    history: list[ScriptedCall] = Field(default_factory=list)
    bounds_choice: bool = False

    def bind_tools(self, tools: Sequence[Any], **settings: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """Remember the tools' names for the next call."""
        names = [convert_to_openai_tool(tool)["function"]["name"] for tool in tools]
        return cast("Runnable[LanguageModelInput, AIMessage]", self.bind(tool_names=names, **settings))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.history.append(ScriptedCall(messages, kwargs.pop("tool_names", []), kwargs))
        if not self.replies:
            raise AssertionError(f"the script has no reply left for call {len(self.history)}")
        return ChatResult(generations=[ChatGeneration(message=self._message(self.replies.pop(0)))])

    def _message(self, reply: Any) -> AIMessage:
        if isinstance(reply, AIMessage):
            return reply
        if isinstance(reply, str):
            return AIMessage(reply)
        calls = reply if isinstance(reply, list) else [reply]
        number = len(self.history)
        return AIMessage(
            "",
            tool_calls=[
                {"name": name, "args": args, "id": f"call-{number}-{n}", "type": "tool_call"}
                for n, (name, args) in enumerate(calls)
            ],
        )

    @property
    def _llm_type(self) -> str:
        return "scripted"
