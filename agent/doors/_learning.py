"""The command `chatrec tune`: teach a local model to decide, from simulated conversations or from one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatrec.agent.doors._evaluating import EMBEDDER, MODEL, decisions, progress
from chatrec.agent.doors._people import DATABASE_URL
from chatrec.errors import ModelError

if TYPE_CHECKING:
    from chatrec.agent.tuning._learn_own import Own

_COUNT = 1024


def tune(
    out: Annotated[Path, typer.Argument(help="The adapter to write.", metavar="ADAPTER.gguf")],
    *,
    model: Annotated[Path | None, MODEL] = None,
    minutes: Annotated[float, typer.Option(help="Time for training, without the conversations.", min=0.01)] = 60.0,
    count: Annotated[
        int | None,
        typer.Option(
            help="Conversations to simulate and learn from; 1024, or with --from-log four times yours.", min=1
        ),
    ] = None,
    held: Annotated[
        int, typer.Option(help="Conversations of other domains, for stopping early and for the comparison.", min=1)
    ] = 48,
    from_log: Annotated[
        bool,
        typer.Option("--from-log", help="Learn from your own conversations about --catalog, kept on this machine."),
    ] = False,
    catalog: Annotated[str, typer.Option(help="With --from-log: what they are about.")] = "films",
    user: Annotated[str, typer.Option(help="With --from-log: whose they are.")] = "me",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --from-log: do not ask.")] = False,
    data: Annotated[
        list[Path] | None, typer.Option(help="Learn from this file of conversations instead; may be repeated.")
    ] = None,
    begin: Annotated[
        Path | None,
        typer.Option(help="Begin with this adapter: .gguf, or the .safetensors of an earlier run's folder."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="For conversations and checkpoints; by default beside the adapter.")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same conversations.")] = 1,
    embedder: Annotated[str, EMBEDDER] = "auto",
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Teach a local model to decide: simulate conversations, train a LoRA adapter, compare, write a GGUF.

    - `chatrec tune mine.gguf --minutes 90` an adapter for the embedded model
    - `chatrec tune mine.gguf --from-log` the adapter in use goes on learning, from conversations of your own
    - `chatrec tune qwen.gguf --model qwen2.5-0.5b-instruct.gguf` for another one (llama and qwen2 architectures)
    - `chatrec chat --model qwen2.5-0.5b-instruct.gguf --adapter qwen.gguf` uses it

    Ctrl-C loses at most some minutes: the same command goes on. An adapter that decides no better than the model alone
    is not written. `--from-log` learns what you confirmed: lists with something you liked, questions you answered,
    notes that you let stand; what you took back is unlearnt. It keeps every fourth conversation back, and an adapter
    that is worse there, or in domains that it never saw, is not written either.
    """
    from rich.console import Console

    from chatrec.agent.llm import embedded_model_path, shipped_adapter

    _need_torch()
    from chatrec.agent.tuning._learn import learn
    from chatrec.agent.tuning._learn_own import GENTLE, learn_own
    from chatrec.agent.tuning._simulate import embedder_named
    from chatrec.agent.tuning._train import TrainSettings

    base = model or embedded_model_path(adapted=True)
    place = folder or out.with_suffix(".own" if from_log else ".run")
    spent: dict[str, Any] = {"minutes": minutes, "threads": threads}
    shared: dict[str, Any] = {"held": held, "seed": seed, "embedder": embedder_named(embedder)}
    if from_log:
        own = _own(user, catalog, database_url, asks=not yes)
        before = begin or (out if out.exists() else shipped_adapter().get("lora_path") if model is None else None)
        with progress() as tell:
            learned = learn_own(
                base,
                out,
                place,
                own,
                begin=before and Path(before),
                count=count,
                settings=replace(GENTLE, **spent),
                data=data or (),
                tell=tell,
                **shared,
            )
    else:
        how = TrainSettings(first=4, **spent)
        with progress() as tell:
            learned = learn(
                base, out, place, begin=begin, count=count or _COUNT, settings=how, data=data or (), tell=tell, **shared
            )
    console = Console()
    first, then = ("before", "after") if from_log else ("alone", "with the adapter")
    console.print(decisions({first: learned.before, then: learned.after}))
    if learned.own is not None:
        title = "its acts in your kept-back conversations, where you confirmed what was done"
        console.print(decisions(dict(zip((first, then), learned.own, strict=True)), title=title))
    if learned.refused:
        raise ModelError(
            f"what it learnt made it worse in {learned.refused}: it was not kept, the adapter before it stays",
            hint="with more conversations, or another --seed, it may get better",
        )
    console.print(f"{learned.adapter} ({learned.adapter.stat().st_size / 1e6:.1f} MB), settings beside it")


def _own(user: str, catalog: str, database_url: str | None, *, asks: bool) -> Own:
    """A person's conversations, if they agree that these are read.

    Raises:
        typer.Abort: They do not.
    """
    from chatrec.agent.doors._open import open_index
    from chatrec.agent.tuning._learn_own import Own
    from chatrec.agent.tuning._log import read_log
    from chatrec.indexes import home, open_checkpointer, open_store

    typer.echo(
        f"Reads what {user!r} said about {catalog!r} and the feedback that chatrec kept. Nothing leaves this machine.\n"
        "Names that people give as theirs, e-mail and web addresses and long numbers are masked; other words are read\n"
        "as they are. What is learnt stays in the adapter: `chatrec forget` does not reach it there.",
        err=True,
    )
    if asks:
        typer.confirm("Learn from them?", abort=True, err=True)
    items, index = open_index(catalog, database_url=database_url)
    store, saver = (
        open_store(database_url or home() / "people.db"),
        open_checkpointer(database_url or home() / "threads.db"),
    )
    talks = read_log(user, items, store=store, checkpointer=saver)
    counts = [sum(talk.count(right) for talk in talks) for right in (True, False)]
    typer.echo(f"{len(talks)} conversations: {counts[0]} acts were confirmed, {counts[1]} notes taken back.", err=True)
    return Own(talks, items, index)


def _need_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "gguf", "safetensors") if find_spec(name) is None]
    if missing:
        raise ModelError(f"tuning needs {', '.join(missing)}", hint="pip install 'chatrec[tune]'")
