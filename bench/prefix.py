"""The first token of a new process, with the beginning of its prompt on disk beside without.

Every repeat is a process of its own, the two kinds in turn. Two prompts: the recommender's first call about the demo
films, and a system text of about two thousand tokens. "From loaded" begins when the weights are in memory; "whole" when
the process is started, so it holds the interpreter, the imports and the loading, which are the same for both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage, messages_from_dict, messages_to_dict
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._results import write
from bench.peer import ASK, ORDER

_OPTIONS = ("tools", "tool_choice", "legal_tools", "argument_schemas", "text_grammar", "max_tokens")
_PARTS = ("imported", "loaded", "first")
_FIRST_SAID = "Something like Alien, but funny."
_LATER_SAID = "A quiet film about cooking."


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench prefix", description=__doc__)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded model by default")
    parser.add_argument("--repeats", type=int, default=5, help="processes of each kind, 1 or more")
    parser.add_argument("--tokens", type=int, default=2000, help="of the long prefix, about")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.child is not None:
        return _child(json.loads(args.child.read_text("utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        return _measure(args, Path(folder))


def _measure(args: argparse.Namespace, home: Path) -> int:
    from chatrec.agent.llm._model_files import models_folder

    derived = models_folder()
    derived.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(derived, target_is_directory=True)
    os.environ["CHATREC_HOME"] = str(home)
    cases = _cases(args, home)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {name: {"with": [], "without": []} for name in cases}
    for case in cases.values():
        _run(case | {"ask": case["first"], "prefix_cache": True}, home)  # writes the beginning
    rounds = [(name, kind) for _ in range(args.repeats) for name in cases for kind in ("with", "without")]
    for name, kind in track(rounds, description="starting processes", console=Console(stderr=True)):
        case = cases[name]
        found[name][kind].append(_run(case | {"ask": case["later"], "prefix_cache": kind == "with"}, home))
    return _show(found, args)


def _show(found: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], args: argparse.Namespace) -> int:
    columns = ("prompt", "prefix", "cached", "new", "imports", "loading", "first token", "whole")
    table = Table(*columns, title=args.model.name if args.model else "embedded")
    ratios: dict[str, dict[str, float]] = {}
    for name, kinds in found.items():
        mid = {kind: {part: median(row[part] for row in rows) for part in rows[0]} for kind, rows in kinds.items()}
        for kind, row in mid.items():
            cells = [f"{row['cached']:.0f}", f"{row['prompt'] - row['cached']:.0f}"]
            cells += [f"{row[part]:.2f} s" for part in ("imported", "loaded", "first", "whole")]
            table.add_row(name, kind, *cells)
        ratios[name] = {part: mid["with"][part] / mid["without"][part] for part in ("first", "whole")}
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for name, ratio in ratios.items():
        console.print(f"{name}: with over without {ratio['first']:.2f} from loaded, {ratio['whole']:.2f} whole process")
    result = {"model": args.model.name if args.model else "embedded", "ratios": ratios, "runs": found}
    name = f"prefix-{args.model.stem}" if args.model else "prefix"
    console.print(f"written to {write(name, json.loads(json.dumps(result)))}")
    return 0


class _Watch(BaseCallbackHandler):
    """Keeps what the first call of a model was given."""

    def __init__(self) -> None:
        self.messages: list[BaseMessage] = []
        self.options: dict[str, Any] = {}

    def on_chat_model_start(self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **kwargs: Any) -> None:
        if not self.messages:
            given = kwargs["invocation_params"]
            self.messages, self.options = messages[0], {name: given[name] for name in _OPTIONS if name in given}


def _cases(args: argparse.Namespace, home: Path) -> dict[str, dict[str, Any]]:
    from chatrec.agent._assemble import local_model
    from chatrec.agent.llm import shipped_adapter

    fields: dict[str, Any] = {"temperature": 0.0, "model_path": str(args.model) if args.model else None}
    words = args.tokens // 26  # tokens of a rule, about
    rules = " ".join(
        f"Rule {number}: what is ordered after {number % 12 + 1} o'clock is brought by cart {number} on the next day."
        for number in range(words)
    )
    options = {"tools": [ORDER, ASK], "tool_choice": "any"}
    lines = ("Nine eggs to the mill, please.", "Where are you?")
    first, later = ([SystemMessage(rules), HumanMessage(line)] for line in lines)
    long = {"fields": fields, "first": [messages_to_dict(first), options], "later": [messages_to_dict(later), options]}
    own = fields | (shipped_adapter() if args.model is None else {})
    asked = _recommender(local_model(args.model), home)
    return {"recommender": {"fields": own, "first": asked[0], "later": asked[1]}, "long": long}


def _recommender(model: Any, home: Path) -> list[Any]:
    """What the recommender's first calls of two conversations are given."""
    from chatrec.agent import RecommenderContext, create_recommender
    from chatrec.indexes import Catalog, ItemIndex, Recommender, open_checkpointer, open_store

    catalog = Catalog.load("films")
    recommender = Recommender(catalog, index=ItemIndex.build(catalog), store=open_store(home / "people.db"))
    agent = create_recommender(recommender, model=model, checkpointer=open_checkpointer(None))
    asked: list[Any] = []
    for number, text in enumerate((_FIRST_SAID, _LATER_SAID)):
        watch = _Watch()
        agent.invoke(
            {"messages": [{"role": "user", "content": text}]},
            {"callbacks": [watch], "configurable": {"thread_id": f"t{number}"}},
            context=RecommenderContext(user_id=f"p{number}"),
        )
        asked.append([messages_to_dict(watch.messages), watch.options])
    model.close()
    return asked


def _run(case: Mapping[str, Any], home: Path) -> dict[str, Any]:
    path = home / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    command = [sys.executable, "-m", "bench", "prefix", "--child", str(path)]
    started = time.time()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"the process failed: {ran.stderr[-2000:]}")
    row: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    times = [started, *(row.pop(part) for part in _PARTS)]
    spans = {part: later - earlier for part, earlier, later in zip(_PARTS, times, times[1:], strict=False)}
    return row | spans | {"whole": times[-1] - started}


def _child(case: Mapping[str, Any]) -> int:
    from chatrec.agent.llm import ChatLlamaCpp

    asked, options = case["ask"]
    messages = messages_from_dict(asked)
    row: dict[str, Any] = {"imported": time.time()}
    model = ChatLlamaCpp(**case["fields"], prefix_cache=case["prefix_cache"])
    model._worker().call(lambda engine: engine.template)
    row["loaded"] = time.time()
    for chunk in model.stream(messages, **options):
        row.setdefault("first", time.time())
        if (used := getattr(chunk, "usage_metadata", None)) is not None and used["input_tokens"]:
            row["prompt"] = used["input_tokens"]
            row["cached"] = used.get("input_token_details", {}).get("cache_read", 0)
    print(json.dumps(row))
    return 0
