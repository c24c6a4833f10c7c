"""The commands `chatrec tune` and `chatrec evaluate`: teach a local model to decide, and see how well one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chatrec.errors import ModelError

if TYPE_CHECKING:
    from rich.table import Table

    from chatrec.agent.tuning._learn import Tell
    from chatrec.agent.tuning._seekers import Found

_EMBEDDER = typer.Option(help="For the simulated catalogs: auto, hashing (quick), or a name.")
_MODEL = typer.Option(help="A GGUF file; the embedded model by default.", metavar="PATH.gguf")


def tune(
    out: Annotated[Path, typer.Argument(help="The adapter to write.", metavar="ADAPTER.gguf")],
    *,
    model: Annotated[Path | None, _MODEL] = None,
    minutes: Annotated[float, typer.Option(help="Time for training, without the conversations.", min=0.01)] = 60.0,
    count: Annotated[int, typer.Option(help="Conversations to simulate and learn from.", min=1)] = 1024,
    held: Annotated[
        int, typer.Option(help="Conversations of other domains, for stopping early and for the comparison.", min=1)
    ] = 48,
    data: Annotated[
        list[Path] | None, typer.Option(help="Learn from this file of conversations instead; may be repeated.")
    ] = None,
    begin: Annotated[
        Path | None, typer.Option(help="Begin with this adapter.safetensors of an earlier run's folder.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="For conversations and checkpoints; by default beside the adapter.")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same conversations.")] = 1,
    embedder: Annotated[
        str, typer.Option(help="For the simulated catalogs: auto, hashing (quick), or a name.")
    ] = "auto",
) -> None:
    """Teach a local model to decide: simulate conversations, train a LoRA adapter, compare, write a GGUF.

    - `chatrec tune mine.gguf --minutes 90` an adapter for the embedded model
    - `chatrec tune qwen.gguf --model qwen2.5-0.5b-instruct.gguf` for another one (llama and qwen2 architectures)
    - `chatrec chat --model qwen2.5-0.5b-instruct.gguf --adapter qwen.gguf` uses it

    Ctrl-C loses at most some minutes: the same command goes on. An adapter that decides no better than the model alone
    is not written.
    """
    from rich.console import Console

    from chatrec.agent.llm import embedded_model_path

    _need_torch()
    from chatrec.agent.tuning._learn import learn
    from chatrec.agent.tuning._simulate import embedder_named
    from chatrec.agent.tuning._train import TrainSettings

    with _progress() as tell:
        learned = learn(
            model or embedded_model_path(adapted=True),
            out,
            folder or out.with_suffix(".run"),
            count=count,
            settings=TrainSettings(minutes=minutes, threads=threads, first=4),
            data=data or (),
            held=held,
            begin=begin,
            seed=seed,
            embedder=embedder_named(embedder),
            tell=tell,
        )
    console = Console()
    console.print(_decisions({"alone": learned.before, "with the adapter": learned.after}))
    console.print(f"{learned.adapter} ({learned.adapter.stat().st_size / 1e6:.1f} MB), settings beside it")


def evaluate(
    *,
    model: Annotated[Path | None, _MODEL] = None,
    adapter: Annotated[
        str, typer.Option(help="auto is the one that ships with the embedded model; or none, or a GGUF file.")
    ] = "auto",
    count: Annotated[int, typer.Option(help="Conversations in which its choices are compared.", min=1)] = 40,
    people: Annotated[int, typer.Option(help="People with a target who talk to it; 0 leaves this out.", min=0)] = 20,
    questions: Annotated[int, typer.Option(help="Questions in a row that it may ask those people.", min=0)] = 2,
    seed: Annotated[int, typer.Option(help="The same seed gives the same conversations.")] = 2,
    embedder: Annotated[
        str, typer.Option(help="For the simulated catalogs: auto, hashing (quick), or a name.")
    ] = "auto",
    errors: Annotated[Path | None, typer.Option(help="Write its other choices there, as JSON lines.")] = None,
) -> None:
    """Say how well a local model decides, in domains that no adapter of chatrec was trained on.

    First its choices beside a teacher's who knows the catalog and what was said. Then whole conversations with
    simulated people who know what they want, beside fixed policies.
    """
    from rich.console import Console

    from chatrec.agent._assemble import local_model
    from chatrec.agent.tuning._evaluate import classification, judge, write_errors
    from chatrec.agent.tuning._seekers import seek
    from chatrec.agent.tuning._simulate import embedder_named

    chosen = local_model(model, None if adapter == "none" else adapter)
    fields = ("model_path", "lora_path", "lora_scale", "choice_prior", "choice_temperature")
    settings = {name: getattr(chosen, name) for name in fields}
    console = Console()
    with _progress() as tell:
        rows = {
            name: judge(
                "dev",
                count=count,
                seed=seed,
                embedder=embedder_named(embedder),
                progress=lambda done, total: tell("choices", done, total),
                **how,
            )
            for name, how in _compared(settings).items()
        }
        ends = (
            seek(
                "dev",
                {"this model": chosen},
                count=people,
                seed=seed,
                max_questions=questions,
                embedder=embedder_named(embedder),
                progress=lambda done, total: tell("people", done, total),
            )
            if people
            else {}
        )
    console.print(_decisions({name: classification(found) for name, found in rows.items()}))
    if ends:
        console.print(_people(ends, questions))
    if errors is not None:
        write_errors(errors, rows["as used"])


def _compared(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The model as it is used, and without what was added to it."""
    scaled = settings["choice_prior"] != "none" or settings["choice_temperature"] != 1.0
    plain = {"model_path": settings["model_path"]}
    rows: dict[str, dict[str, Any]] = {"untrained": plain}
    if settings["lora_path"] and scaled:
        rows["adapter, choice unscaled"] = plain | {name: settings[name] for name in ("lora_path", "lora_scale")}
    return rows | {"as used": dict(settings)}


def _decisions(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(title="its acts beside the teacher's, held-out domains")
    for heading in ("", "choices", "right", "macro-F1", "ask or list, F1", "neg. log-likelihood", "Brier"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, found in rows.items():
        figures = (found["accuracy"], found["macro_f1"], found["ask_or_recommend"]["macro_f1"], found["nll"])
        table.add_row(name, str(found["choices"]), *(f"{figure:.2f}" for figure in (*figures, found["brier"])))
    return table


def _people(ends: Mapping[str, Sequence[Found]], questions: int) -> Table:
    from rich.table import Table

    count = len(next(iter(ends.values())))
    table = Table(title=f"{count} people with a target, at most {questions} questions in a row, five turns")
    for heading in ("", "found it", "turns", "questions"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, found in ends.items():
        mean = [sum(values) / count for values in ([f.success for f in found], [f.turns for f in found])]
        asked = sum(f.questions for f in found) / count
        table.add_row(name, f"{mean[0]:.0%}", f"{mean[1]:.1f}", f"{asked:.1f}")
    return table


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar for each part, with the time left, on a terminal alone."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield tell


def _need_torch() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "gguf", "safetensors") if find_spec(name) is None]
    if missing:
        raise ModelError(f"tuning needs {', '.join(missing)}", hint="pip install 'chatrec[tune]'")
