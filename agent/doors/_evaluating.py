"""The command `chatrec evaluate`: how well a local model decides, beside other ways and with pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from chatrec.agent.tuning._evaluate import Judged
    from chatrec.agent.tuning._learn import Tell
    from chatrec.agent.tuning._seekers import Found

EMBEDDER = typer.Option(help="For the simulated catalogs: auto, hashing (quick), or a name.")
MODEL = typer.Option(help="A GGUF file; the embedded model by default.", metavar="PATH.gguf")
_HELD_OUT = "its acts beside the teacher's, held-out domains"


def evaluate(
    *,
    model: Annotated[Path | None, MODEL] = None,
    adapter: Annotated[
        str, typer.Option(help="auto is the one that ships with the embedded model; or none, or a GGUF file.")
    ] = "auto",
    count: Annotated[int, typer.Option(help="Conversations in which its choices are compared.", min=1)] = 40,
    people: Annotated[int, typer.Option(help="People with a target who talk to it; 0 leaves this out.", min=0)] = 20,
    questions: Annotated[
        list[int] | None,
        typer.Option(
            help="Questions in a row that it may ask those people; may be repeated. 1 and 2 by default.", min=0
        ),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option(
            help="Let it talk to them once more, asking so many times less readily; may be repeated.", min=0.01
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for pictures (SVG) and figures (JSON).", metavar="FOLDER")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same conversations.")] = 2,
    embedder: Annotated[str, EMBEDDER] = "auto",
    errors: Annotated[Path | None, typer.Option(help="Write its other choices there, as JSON lines.")] = None,
) -> None:
    """Say how well a local model decides, in domains that no adapter of chatrec was trained on.

    First its choices beside a teacher's who knows the catalog and what was said: as it is used, alone (without linker,
    state line, threshold and budget), untrained, and three rules that need no model. Then whole conversations with
    simulated people who know what they want, beside fixed policies and the teacher.
    """
    from rich.console import Console

    from chatrec.agent._assemble import local_model
    from chatrec.agent.tuning._evaluate import classification, judge, write_errors
    from chatrec.agent.tuning._files import put
    from chatrec.agent.tuning._plots import draw, need_matplotlib
    from chatrec.agent.tuning._seekers import seek
    from chatrec.agent.tuning._simulate import embedder_named

    if out is not None:
        need_matplotlib()
    chosen = local_model(model, None if adapter == "none" else adapter)
    fields = ("model_path", "lora_path", "lora_scale", "choice_prior", "choice_temperature")
    models = {"this model": chosen}
    for each in threshold or ():
        models[f"this model, threshold {each:g}"] = chosen.model_copy(update={"choice_prior": {"ask_user": each}})
    shared: dict[str, Any] = {"seed": seed, "embedder": embedder_named(embedder)}
    with progress() as tell:
        rows = {
            name: judge("dev", count=count, progress=_told(tell, f"choices, {name}"), **shared, **how)
            for name, how in _compared({name: getattr(chosen, name) for name in fields}).items()
        }
        ends = {
            most: seek("dev", models, count=people, max_questions=most, progress=_told(tell, "people"), **shared)
            for most in (questions or (1, 2) if people else ())
        }
    rows = _ruled(rows) | rows
    figures = {name: classification(found) for name, found in rows.items()}
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(decisions(figures))
    console.print(_report(figures["as used"]), _confusion(figures["as used"]["confusion"]))
    for most, found in ends.items():
        console.print(_people(found, most))
    if errors is not None:
        write_errors(errors, rows["as used"])
    if out is not None:
        draw(out, rows, ends)
        told = {most: {name: _ends(found) for name, found in each.items()} for most, each in ends.items()}
        put(out / "figures.json", (json.dumps({"choices": figures, "people": told}, indent=1) + "\n").encode())
        console.print(f"pictures and figures in {out}")


def _compared(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The model as it is used, and without what was added to it."""
    plain = {"model_path": settings["model_path"]}
    adapted = plain | {name: settings[name] for name in ("lora_path", "lora_scale")}
    rows: dict[str, dict[str, Any]] = {"untrained": plain, "alone": adapted | {"alone": True}}
    if settings["choice_prior"] != "none" or settings["choice_temperature"] != 1.0:
        rows["as used, choice unscaled"] = adapted
    return rows | {"as used": dict(settings)}


def _ruled(rows: Mapping[str, Sequence[Judged]]) -> dict[str, list[Judged]]:
    """The rules, and the untrained model with the temperature and the prior that suit it best here."""
    from chatrec.agent.tuning._calibrate import fit_choice, rescaled
    from chatrec.agent.tuning._evaluate import RULES, ruled

    untrained = rows["untrained"]
    made = {name: ruled(rows["as used"], rule) for name, rule in RULES.items()}
    return made | {"untrained, scaled to these": rescaled(untrained, **fit_choice(untrained))}


def decisions(rows: Mapping[str, Mapping[str, Any]], title: str = _HELD_OUT) -> Table:
    """The figures of several models, one a row."""
    from rich.table import Table

    from chatrec.agent.tuning._evaluate import RULES

    table = Table(title=title)
    for heading in ("", "choices", "right", "macro-F1", "ask or list, F1", "neg. log-likelihood", "Brier"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, found in rows.items():
        figures = (found["accuracy"], found["macro_f1"], found["ask_or_recommend"]["macro_f1"], found["nll"])
        cells = [f"{figure:.2f}" for figure in (*figures, found["brier"])]
        table.add_row(name, str(found["choices"]), *(cells[:3] if name in RULES else cells))
    return table


def _report(figures: Mapping[str, Any]) -> Table:
    """Precision and recall of every act."""
    from rich.table import Table

    table = Table("act", "precision", "recall", "F1", "choices", "arguments right", title="as used, by act")
    confusion = figures["confusion"]
    for act, f1 in figures["f1"].items():
        hits, said = confusion[act].get(act, 0), sum(row.get(act, 0) for row in confusion.values())
        count = sum(confusion[act].values())
        filled = figures["arguments"].get(act)
        cells = (f"{hits / said:.2f}" if said else "", f"{hits / count:.2f}", f"{f1:.2f}", str(count))
        table.add_row(act, *cells, "" if filled is None else f"{filled:.2f}")
    return table


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Table:
    """What was right, in rows, and what was chosen, in columns."""
    from rich.table import Table

    acts = sorted({*confusion, *(act for row in confusion.values() for act in row)})
    table = Table("right", *acts, title="as used, chosen in columns")
    for act in confusion:
        table.add_row(act, *(str(confusion[act].get(other, "")) for other in acts))
    return table


def _people(ends: Mapping[str, Sequence[Found]], questions: int) -> Table:
    from rich.table import Table

    count = len(next(iter(ends.values())))
    table = Table(title=f"{count} people with a target, at most {questions} questions in a row, five turns")
    for heading in ("", "found it", "turns", "questions"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, found in ends.items():
        told = _ends(found)
        table.add_row(name, f"{told['success']:.0%}", f"{told['turns']:.1f}", f"{told['questions']:.1f}")
    return table


def _ends(found: Sequence[Found]) -> dict[str, float]:
    """How often somebody found it, and the mean turns and questions."""
    sums = [sum(values) for values in zip(*((f.success, f.turns, f.questions) for f in found), strict=True)]
    return {name: total / len(found) for name, total in zip(("success", "turns", "questions"), sums, strict=True)}


def _told(tell: Tell, what: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(what, done, total)


@contextmanager
def progress() -> Generator[Tell, None, None]:
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
