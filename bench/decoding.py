"""What decoding costs: along a grammar, turn after turn, late in a long conversation, and for several at once.

    python -m bench decoding [--model PATH.gguf] [--repeats 3] [--only grammar,turns,length,together]

Each thing is measured beside its peer in the same run, repeats interleaved:

- grammar: time a token along a JSON schema over time a token of free words; the same quotient for llama-cpp-python with
  the same schema as GBNF;
- turns: tokens evaluated over tokens by which the conversation grew, ten turns of the recommender with its tools;
- length: time of turn 40 over turn 3 of one conversation, the same new text in each; late over early turns of the
  recommender, which tells its model a window of the conversation;
- together: tokens a second of eight conversations at once over the same ones one after the other.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench._raw import raw_seconds
from bench._results import write
from bench.turn import Turn
from chatrec.agent.llm import ChatLlamaCpp, embedded_model_path
from chatrec.agent.llm._library import physical_cores
from chatrec.agent.llm._model_files import in_format
from chatrec.agent.llm._quantize import KINDS
from chatrec.agent.llm._sampling import Logits
from chatrec.agent.llm._schemas import bounded
from chatrec.agent.llm._slots import Context, Row

PARTS = ("grammar", "turns", "length", "together")
AT_ONCE = 8
_ANSWER = 48
_SYSTEM = "You keep the guest book of a small hotel by the sea. Be friendly, and write plainly about what guests ask."
SCHEMA: dict[str, Any] = {
    "title": "Guest",
    "type": "object",
    "properties": {
        "full_name": {"type": "string", "maxLength": 40},
        "country_of_residence": {"type": "string", "maxLength": 40},
        "number_of_nights": {"type": "integer", "minimum": 1, "maximum": 30},
        "breakfast_included": {"type": "boolean"},
        "special_wishes": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 3},
    },
    "required": ["full_name", "country_of_residence", "number_of_nights", "breakfast_included", "special_wishes"],
}
Result = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded model by default")
    parser.add_argument("--weights", choices=tuple(KINDS), help="the number format to compute in (default: the file's)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    args = parser.parse_args(argv)
    wanted = args.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"unknown part {sorted(unknown)}: choose from {', '.join(PARTS)}")
    path = str(args.model or embedded_model_path())
    path = path if args.weights is None else str(in_format(Path(path), args.weights))
    parts: Mapping[str, Callable[[str, int], Result]] = {
        "grammar": grammar,
        "turns": turns,
        "length": length,
        "together": together,
    }
    table = Table("measure", "ours", "beside", title=f"{Path(path).name}, {args.repeats} repeats, medians (spread)")
    found: dict[str, Result] = {}
    for name in PARTS:
        if name in wanted:
            found[name] = parts[name](path, args.repeats)
            for row in found[name]["rows"]:
                table.add_row(*row)
    console = Console()
    console.print(table)
    label = "decoding" if args.model is None else f"decoding-{Path(path).stem}"
    console.print(f"written to {write(label, {'model': Path(path).name, 'repeats': args.repeats} | found)}")
    return 0


def _spread(values: Sequence[float], form: str = ".2f") -> str:
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def _repeats(count: int, what: str) -> Any:
    return track(range(count), description=what, console=Console(stderr=True))


# along a grammar -----------------------------------------------------------------------------------------------


def grammar(path: str, repeats: int) -> Result:
    """Milliseconds a token, constrained and free, ours and GBNF's."""
    model = ChatLlamaCpp(model_path=path, n_ctx=2048, temperature=0.8)
    model.load()
    runs = _our_runs(model) | _gbnf_runs(path)
    for run in runs.values():
        run(0)
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in _repeats(repeats, "grammar"):
        for name, run in runs.items():
            started = time.perf_counter()
            tokens = run(number + 1)
            taken[name].append((time.perf_counter() - started) * 1000 / tokens)
    ours = [a / b for a, b in zip(taken["ours, schema"], taken["ours, free"], strict=True)]
    theirs = [a / b for a, b in zip(taken["GBNF, schema"], taken["GBNF, free"], strict=True)]
    rows = [("constrained over free, time a token", _spread(ours), f"GBNF {_spread(theirs)}")]
    rows += [("constrained, ms a token", _spread(taken["ours, schema"]), f"GBNF {_spread(taken['GBNF, schema'])}")]
    return {"milliseconds_a_token": taken, "ours": ours, "gbnf": theirs, "rows": rows}


def _our_runs(model: ChatLlamaCpp) -> dict[str, Callable[[int], int]]:
    asked: list[BaseMessage] = [SystemMessage(_SYSTEM), HumanMessage("Make up a guest.")]
    form = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}

    def schema(seed: int) -> int:
        return _written(model.invoke(asked, response_format=form, seed=seed, max_tokens=200))

    def free(seed: int) -> int:
        return _written(model.invoke(asked, seed=seed, max_tokens=90))

    return {"ours, schema": schema, "ours, free": free}


def _gbnf_runs(path: str) -> dict[str, Callable[[int], int]]:
    import json

    from llama_cpp import Llama, LlamaGrammar

    llama: Any = Llama(path, n_ctx=2048, verbose=False, seed=1)
    rules = LlamaGrammar.from_json_schema(json.dumps(bounded(SCHEMA)), verbose=False)
    prompt = f"{_SYSTEM}\nThe guest as JSON, of the schema {json.dumps(SCHEMA)}:\n"

    def run(seed: int, **options: Any) -> int:
        answer = llama.create_completion(prompt, seed=seed, temperature=0.8, **options)
        return max(1, int(answer["usage"]["completion_tokens"]))

    return {
        "GBNF, schema": lambda seed: run(seed, grammar=rules, max_tokens=200),
        "GBNF, free": lambda seed: run(seed, max_tokens=90),
    }


def _written(message: AIMessage) -> int:
    assert message.usage_metadata is not None
    return max(1, message.usage_metadata["output_tokens"])


# turn by turn --------------------------------------------------------------------------------------------------


def turns(path: str, _repeats_asked: int) -> Result:
    """Tokens evaluated over tokens new in ten turns with tools; counted, so once is enough."""
    from bench.turn import SCRIPT

    later = _recommended(path, SCRIPT)[1:]
    each = [turn.evaluated / turn.new for turn in later]
    total = sum(turn.evaluated for turn in later) / sum(turn.new for turn in later)
    rows = [("tokens evaluated over tokens new", f"{total:.2f} ({min(each):.2f}-{max(each):.2f})", "floor 1.00")]
    return {"each": each, "total": total, "rows": rows}


def _recommended(path: str, script: Sequence[str]) -> list[Turn]:
    """The recommender's turns with what is said."""
    from bench.turn import run
    from chatrec.agent._assemble import local_model

    with tempfile.TemporaryDirectory() as home:
        before = os.environ.get("CHATREC_HOME")
        os.environ["CHATREC_HOME"] = home  # a person's own profile would change the lists
        try:
            model = local_model(None if Path(path) == embedded_model_path() else path)
            model.load()
            return run(model, "films", script)
        finally:
            os.environ.pop("CHATREC_HOME") if before is None else os.environ.update(CHATREC_HOME=before)


def length(path: str, repeats: int) -> Result:
    """Turn 40 over turn 3, each the median of three turns; beside llama.cpp alone, with the same batches.

    The model alone is told the whole conversation; the recommender tells it a window, cut now and then.
    """
    model = ChatLlamaCpp(model_path=path, n_ctx=8192, temperature=0)
    model.load()
    # Of every answer as many tokens are free and dictated as of every other.
    fields = {name: {"enum": ["yes", "no"]} for name in ("towel", "window", "lamp", "tea", "key", "bill")}
    noted = {"type": "object", "properties": fields, "required": list(fields)}
    tool = {"type": "function", "function": {"name": "note", "description": "Note a thing.", "parameters": noted}}
    taken: list[list[float]] = []
    batches: dict[int, list[int]] = {}
    contexts = [0] * 41
    for number in _repeats(max(1, repeats // 2), "length"):
        history: list[BaseMessage] = [SystemMessage(f"{_SYSTEM} This is book {number}.")]
        taken.append([])
        for turn in range(41):
            history.append(
                HumanMessage("The guest in room nine would like another towel, please, and the window shut.")
            )
            with _computed() as batches[turn]:
                started, before = time.perf_counter(), model.stats()
                model.invoke(history, tools=[tool], tool_choice="note")
                taken[-1].append(time.perf_counter() - started)
            contexts[turn] = (model.stats() - before).cached_tokens
            history.append(AIMessage("I have made a note of the towel and of the window."))
    quotients = [median(each[38:41]) / median(each[1:4]) for each in taken]
    early, late = (
        raw_seconds(path, context=contexts[place], batches=batches[place], threads=physical_cores())
        for place in (2, 39)
    )
    ours = [[median(each[place - 1 : place + 2]) for each in taken] for place in (2, 39)]
    rows = [("turn 40 over turn 3", _spread(quotients), f"llama.cpp alone {late / early:.2f}")]
    rows += [
        (f"turn {turn}, seconds", _spread(each, ".3f"), f"llama.cpp alone {alone:.3f}")
        for turn, each, alone in zip((3, 40), ours, (early, late), strict=True)
    ]
    talked = [turn.seconds for turn in _recommended(path, ["Show me some more, please."] * 42)]
    cut = median(talked[37:42]) / median(talked[1:6])
    rows.append(("the recommender, turns 38-42 over 2-6", f"{cut:.2f}", ""))
    found = {"quotients": quotients, "seconds": taken, "contexts": contexts, "floor": late / early}
    return found | {"recommender": cut, "recommender_seconds": talked, "rows": rows}


@contextmanager
def _computed() -> Generator[list[int]]:
    """How many tokens each batch holds that is computed meanwhile."""
    sizes: list[int] = []
    decode = Context.decode

    def watched(context: Context, rows: Sequence[Row], abort: int) -> list[list[Logits]]:
        sizes.append(sum(len(row.tokens) for row in rows))
        return decode(context, rows, abort)

    with patch.object(Context, "decode", watched):
        yield sizes


# several at once -----------------------------------------------------------------------------------------------


def together(path: str, repeats: int) -> Result:
    """Tokens a second of eight conversations at once and one after the other; new ones each time."""
    model = ChatLlamaCpp(model_path=path, n_ctx=4096, temperature=0, parallel=AT_ONCE)
    model.load()
    speeds: dict[str, list[float]] = {"one": [], "eight": []}
    _speed(model, -1, at_once=True)  # makes the second context
    for number in _repeats(repeats, "together"):
        for name in ("one", "eight"):
            speeds[name].append(_speed(model, number, at_once=name == "eight"))
    gains = [many / one for many, one in zip(speeds["eight"], speeds["one"], strict=True)]
    rows = [
        ("8 at once over one at a time", _spread(gains), "one at a time 1.00"),
        ("8 at once, tokens a second", _spread(speeds["eight"], ".0f"), _spread(speeds["one"], ".0f")),
    ]
    return {"tokens_a_second": speeds, "gains": gains, "rows": rows}


def _speed(model: ChatLlamaCpp, number: int, *, at_once: bool) -> float:
    written = [0] * AT_ONCE

    def ask(place: int) -> None:
        said = f"Write about the view from room {place + 1} on day {2 * number + at_once}, at some length."
        written[place] = _written(model.invoke([SystemMessage(_SYSTEM), HumanMessage(said)], max_tokens=_ANSWER))

    started = time.perf_counter()
    if at_once:
        threads = [threading.Thread(target=ask, args=(place,)) for place in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        for place in range(AT_ONCE):
            ask(place)
    return sum(written) / (time.perf_counter() - started)
