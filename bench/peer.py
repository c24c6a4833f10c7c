"""A forced tool call beside the community class of LangChain: same file, messages, tool, threads; temperature 0.

The peer's calls go through a GBNF grammar and a prompt of its own; ours through the model's template. Repeats are
interleaved, each with messages that neither has seen; the first of each is left out (loading).

The peer comes with `pip install chatrec[bench]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._results import write

_SYSTEM = "You help with a small shop. Use the tools."
_PLACES = ("the harbour", "the old town", "the station", "the north gate", "the market", "the library", "the mill")
_THINGS = ("oranges", "green tea", "two lamps", "a wooden chair", "blue paper", "string", "coffee", "nine eggs")
_KINDS: Mapping[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "boolean": (bool,)}

ORDER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "order",
        "description": "Order something and say where it should be brought.",
        "parameters": {
            "type": "object",
            "properties": {
                "thing": {"type": "string", "description": "what is ordered"},
                "place": {"type": "string", "description": "where it is brought"},
                "count": {"type": "integer", "description": "how many"},
                "urgent": {"type": "boolean", "description": "whether it is urgent"},
            },
            "required": ["thing", "place", "count", "urgent"],
        },
    },
}
ASK: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "ask",
        "description": "Ask the person a question.",
        "parameters": {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
    },
}


def valid(message: AIMessage) -> bool:
    """Whether the message is one call of the forced tool whose arguments fit its schema."""
    if len(message.tool_calls) != 1 or message.tool_calls[0]["name"] != "order":
        return False
    args, schema = message.tool_calls[0]["args"], ORDER["function"]["parameters"]
    kinds = {name: part["type"] for name, part in schema["properties"].items()}
    return args.keys() == kinds.keys() and all(isinstance(args[name], _KINDS[kind]) for name, kind in kinds.items())


def messages(number: int) -> list[BaseMessage]:
    """The conversation of one repeat; no two of the first fifty are alike."""
    thing, place = _THINGS[number % len(_THINGS)], _PLACES[number % len(_PLACES)]
    return [SystemMessage(_SYSTEM), HumanMessage(f"Please bring {thing} to {place} before {number % 12 + 1} o'clock.")]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench peer", description=__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded model by default")
    parser.add_argument("--repeats", type=int, default=10, help="calls of each, 2 to 50")
    parser.add_argument("--threads", type=int, default=None, help="of both; all physical cores by default")
    parser.add_argument("--max-tokens", type=int, default=128, help="of a call")
    args = parser.parse_args(argv)
    from chatrec.agent import ChatLlamaCpp
    from chatrec.agent.llm import embedded_model_path
    from chatrec.agent.llm._library import physical_cores

    path = str(args.model or embedded_model_path())
    shared: dict[str, Any] = {
        "model_path": path,
        "n_ctx": 2048,
        "temperature": 0.0,
        "max_tokens": args.max_tokens,
        "n_batch": 512,
    }
    shared["n_threads"] = args.threads or physical_cores()
    peer = _peer(**shared, top_k=1, repeat_penalty=1.0)
    if peer is None:
        return 2
    own: dict[str, Any] = shared | {"n_threads": args.threads}
    ours = ChatLlamaCpp(**own, repeat_penalty=1.0)
    runs: dict[str, Callable[[int], AIMessage]] = {
        "ChatLlamaCpp (chatrec)": _forced(ours, [ORDER, ASK], "order"),
        "ChatLlamaCpp (langchain_community)": _forced(
            peer, [ORDER, ASK], {"type": "function", "function": {"name": "order"}}
        ),
    }
    found = measure(runs, args.repeats)
    return show(found, path, args)


def measure(runs: Mapping[str, Callable[[int], AIMessage]], repeats: int) -> dict[str, list[dict[str, Any]]]:
    """Call each in turn; what the first call of each takes is kept apart by its place in the list."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
    for number in track(range(repeats + 1), description="calling", console=Console(stderr=True)):
        for name, run in runs.items():
            started = time.perf_counter()
            try:
                message = run(number)
            except (ValueError, KeyError, AssertionError) as error:
                message = AIMessage("", response_metadata={"error": repr(error)})
            seconds = time.perf_counter() - started
            args = message.tool_calls[0]["args"] if message.tool_calls else message.response_metadata.get("error")
            found[name].append({"seconds": seconds, "valid": valid(message), "args": args})
    return found


def show(found: Mapping[str, Sequence[Mapping[str, Any]]], path: str, args: argparse.Namespace) -> int:
    """Print the table, write the JSON."""
    table = Table("forced call", "median", "fastest", "valid", title=Path(path).name)
    ours, theirs = ([row["seconds"] for row in rows[1:]] for rows in found.values())
    for name, rows in found.items():
        seconds = [row["seconds"] for row in rows[1:]]
        good = sum(row["valid"] for row in rows[1:])
        table.add_row(name, f"{median(seconds):.3f} s", f"{min(seconds):.3f} s", f"{good} of {len(seconds)}")
    ratios = {"median": median(ours) / median(theirs), "fastest": min(ours) / min(theirs)}
    paired = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    console = Console()
    console.print(table)
    console.print(f"ours over theirs: {ratios['median']:.2f} (medians), {paired:.2f} (median of pairs)")
    result = {"model": Path(path).name, "repeats": args.repeats, "ratios": ratios | {"paired": paired}, "calls": found}
    name = f"peer-{args.model.stem}" if args.model else "peer"
    console.print(f"written to {write(name, json.loads(json.dumps(result)))}")
    return 0


def _forced(model: BaseChatModel, tools: Sequence[dict[str, Any]], choice: Any) -> Callable[[int], AIMessage]:
    bound = model.bind_tools(tools, tool_choice=choice)

    def run(number: int) -> AIMessage:
        answer = bound.invoke(messages(number))
        assert isinstance(answer, AIMessage)
        return answer

    return run


def _peer(**settings: Any) -> BaseChatModel | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from langchain_community.chat_models import ChatLlamaCpp as Peer
        except ImportError:
            print("the peer is not installed: pip install langchain-community", file=sys.stderr)
            return None
        peer: BaseChatModel = Peer(**settings, verbose=False)
    return peer
