"""How long a turn takes, against what the model itself must cost.

Floor of a turn = tokens by which the conversation grew that were read, at llama.cpp's bare prefill speed, plus tokens
that were freely sampled, at its bare decode speed; same model, same run, at the middle context length of the run.
Tokens evaluated over tokens new says how much was computed again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import ChatGeneration, LLMResult
from rich.console import Console
from rich.table import Table

from bench._raw import Speed, raw_speed
from bench._results import write

SCRIPT = (
    "Hello! I do not know what to watch tonight.",
    "Something like Alien, but funny.",
    "Not that old, please. After 1990.",
    "Shorter than two hours.",
    "I know the first one already.",
    "What is the second one about?",
    "No horror. I never want horror.",
    "Maybe something from France or Italy instead?",
    "The third one sounds good.",
    "Thanks, one more like that.",
)
_GUESS = 1_500
"""Tokens of context before the run is measured; about what ten turns come to."""


@dataclass(frozen=True)
class Turn:
    """One turn, measured.

    Attributes:
        text: What was said.
        act: What the turn did.
        seconds: Wall time.
        model_seconds: Of these, inside the model.
        calls: Model calls.
        new: Tokens by which the conversation, as the model sees it, grew.
        evaluated: Tokens that went through the model.
        sampled: Tokens that were freely sampled.
        context: Tokens in the conversation after the turn.
    """

    text: str
    act: str
    seconds: float
    model_seconds: float
    calls: int
    new: int
    evaluated: int
    sampled: int
    context: int

    def floor(self, speed: Speed) -> float:
        """Seconds that the model alone must take."""
        return max(0, self.new - self.sampled) / speed.prefill + self.sampled / speed.decode


class _Lengths(BaseCallbackHandler):
    """The length of the newest prompt with its answer, in tokens."""

    def __init__(self) -> None:
        self.context = 0

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        generation = response.generations[0][0]
        if isinstance(generation, ChatGeneration):
            used = getattr(generation.message, "usage_metadata", None)
            self.context = used["total_tokens"] if used else self.context


def run(model: Any, catalog_name: str, script: Sequence[str]) -> list[Turn]:
    """Play the script once, from a new conversation on.

    Args:
        model: A `ChatLlamaCpp`, loaded.
        catalog_name: A demo catalog or a file.
        script: What the person says.
    """
    from chatrec.agent import RecommenderContext, create_recommender
    from chatrec.indexes import Catalog, Recommender, open_checkpointer

    recommender = Recommender(Catalog.load(catalog_name))
    agent = create_recommender(recommender, model=model, checkpointer=open_checkpointer(None))
    lengths = _Lengths()
    turns: list[Turn] = []
    for text in script:
        before, context = model.stats(), lengths.context
        started = time.perf_counter()
        state = agent.invoke(
            {"messages": [{"role": "user", "content": text}]},
            {"configurable": {"thread_id": "bench"}, "callbacks": [lengths]},
            context=RecommenderContext(user_id="bench"),
        )
        seconds = time.perf_counter() - started
        after = model.stats()
        turns.append(
            Turn(
                text=text,
                act=str(state["messages"][-1].response_metadata.get("act", "")),
                seconds=seconds,
                model_seconds=after.seconds - before.seconds,
                calls=after.calls - before.calls,
                new=lengths.context - context,
                evaluated=after.evaluated_tokens - before.evaluated_tokens,
                sampled=after.sampled_tokens - before.sampled_tokens,
                context=lengths.context,
            )
        )
    return turns


def show(turns: Sequence[Turn], speed: Speed, console: Console) -> dict[str, Any]:
    """Print the table; return the totals."""
    table = Table(title=f"a turn against its floor (prefill {speed.prefill:.0f}/s, decode {speed.decode:.0f}/s)")
    for name in (
        "turn",
        "act",
        "seconds",
        "model",
        "calls",
        "new",
        "evaluated",
        "sampled",
        "floor",
        "time/floor",
        "eval/new",
    ):
        table.add_column(name, justify="left" if name in {"turn", "act"} else "right", no_wrap=True)
    rows: list[dict[str, Any]] = []
    for turn in turns:
        floor = turn.floor(speed)
        rows.append(
            asdict(turn)
            | {"floor": floor, "over_floor": turn.seconds / floor, "evaluated_over_new": turn.evaluated / turn.new}
        )
        row = rows[-1]
        cells = [turn.text[:34], turn.act, f"{turn.seconds:.2f}", f"{turn.model_seconds:.2f}", f"{turn.calls}"]
        cells += [f"{turn.new}", f"{turn.evaluated}", f"{turn.sampled}", f"{floor:.2f}"]
        table.add_row(*cells, f"{row['over_floor']:.2f}", f"{row['evaluated_over_new']:.2f}")
    later = rows[1:] or rows
    totals = {
        "median_seconds": median(row["seconds"] for row in later),
        "median_over_floor": median(row["over_floor"] for row in later),
        "evaluated_over_new": sum(row["evaluated"] for row in later) / sum(row["new"] for row in later),
        "first_turn_seconds": rows[0]["seconds"],
    }
    console.print(table)
    console.print(
        f"after the first turn: median {totals['median_seconds']:.2f} s, {totals['median_over_floor']:.2f} times the "
        f"floor; tokens evaluated over tokens new {totals['evaluated_over_new']:.2f}"
    )
    return {"turns": rows, "totals": totals}


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded model by default")
    parser.add_argument("--catalog", default="films", help="a demo catalog's name or a file")
    parser.add_argument("--turns", type=int, default=len(SCRIPT), help="how many turns of the script, 2 to 10")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as home:
        return _measure(options, Path(home))


def _measure(options: argparse.Namespace, home: Path) -> int:
    import os

    from chatrec.agent._assemble import local_model
    from chatrec.agent.llm import embedded_model_path
    from chatrec.agent.llm._library import physical_cores

    path = options.model or embedded_model_path()
    os.environ["CHATREC_HOME"] = str(home)  # a person's own profile would change the lists
    model = local_model(options.model)
    model.load()
    threads = model.n_threads or physical_cores()
    before = raw_speed(str(path), context=_GUESS, threads=threads, batch=model.n_batch)
    turns = run(model, options.catalog, SCRIPT[: options.turns])
    context = round(median(turn.context for turn in turns))
    after = raw_speed(str(path), context=context, threads=threads, batch=model.n_batch)
    # Other programs slow a measurement down, nothing speeds it up: the faster one is nearer the truth.
    speed = Speed(max(before.prefill, after.prefill), max(before.decode, after.decode), context)
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)  # a file has no width: no column is cut
    result = {"model": Path(path).name, "catalog": options.catalog, "speed": asdict(speed)} | show(
        turns, speed, console
    )
    console.print(f"written to {write('turn', result)}")
    return 0
