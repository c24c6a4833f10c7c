"""`python -m chatrec.agent.tuning generate|written|redial|train|export|evaluate|meanings|opinions`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path

from chatrec.errors import ChatrecError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except ChatrecError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except ImportError as error:
        sys.stderr.write(f"error: {error} (pip install 'chatrec[tune]')\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chatrec.agent.tuning", description="Teach a small model to decide."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("generate", help="simulate conversations and write their decisions")
    make.add_argument("out", type=Path, help="a .jsonl.gz file")
    make.add_argument("--split", choices=["train", "dev"], default="train", help="which domains (default train)")
    make.add_argument("--count", type=int, default=512, help="conversations (default 512)")
    make.add_argument("--seed", type=int, default=1, help="the same seed gives the same conversations (default 1)")
    make.add_argument("--embedder", default="auto", help="for the linker: auto, hashing (fast), or a model's name")
    make.set_defaults(run=_generate)
    hand = commands.add_parser("written", help="replay the conversations that were written by hand, likewise")
    hand.add_argument("out", type=Path, help="a .jsonl.gz file")
    hand.add_argument("--count", type=int, help="conversations (default all)")
    hand.add_argument("--embedder", default="auto", help="for the linker: auto, hashing (fast), or a model's name")
    hand.set_defaults(run=_written)
    film = commands.add_parser("redial", help="replay labelled dialogues of people about films, likewise")
    film.add_argument("out", type=Path, help="a .jsonl.gz file")
    film.add_argument("--turns", type=Path, required=True, help="ReDial's validation part: redial_valid.jsonl.gz")
    film.add_argument("--embedder", default="auto", help="for the linker: auto, hashing (fast), or a model's name")
    film.set_defaults(run=_redial)
    learn = commands.add_parser("train", help="train a LoRA adapter on written decisions")
    learn.add_argument("data", type=Path, nargs="+", help="files of `generate`, `written` and `redial`")
    learn.add_argument("--held", type=Path, required=True, help="a file of `generate --split dev`, for early stopping")
    learn.add_argument(
        "--out", type=Path, required=True, help="folder for checkpoints; an interrupted run goes on there"
    )
    learn.add_argument("--begin", type=Path, help="an adapter.safetensors of the same shape to begin with")
    learn.add_argument("--base", type=Path, help="GGUF of the base model (default: the embedded one)")
    _add_settings(learn)
    learn.set_defaults(run=_train)
    export = commands.add_parser("export", help="write a trained adapter as GGUF")
    export.add_argument("run_folder", type=Path, help="folder of `train`")
    export.add_argument("out", type=Path, help="a .gguf file")
    export.add_argument("--base", type=Path, help="GGUF of the base model (default: the embedded one)")
    export.set_defaults(run=_export)
    check = commands.add_parser("evaluate", help="compare a model's decisions with the teacher's in held-out domains")
    check.add_argument("--model", type=Path, help="GGUF (default: the embedded model)")
    check.add_argument("--adapter", type=Path, help="a GGUF adapter (default: none)")
    check.add_argument("--prior", choices=["none", "empty"], default="none", help="choice_prior (default none)")
    check.add_argument("--temperature", type=float, default=1.0, help="choice_temperature (default 1)")
    check.add_argument("--count", type=int, default=100, help="conversations (default 100)")
    check.add_argument("--seed", type=int, default=2, help="of the conversations (default 2)")
    check.add_argument("--embedder", default="auto", help="for the linker: auto, hashing (fast), or a model's name")
    check.add_argument("--errors", type=Path, help="write the wrong choices there, as JSON lines")
    check.set_defaults(run=_evaluate)
    fit = commands.add_parser("meanings", help="fit the linker's weights of near meanings to the written conversations")
    fit.set_defaults(run=_meanings)
    hear = commands.add_parser("opinions", help="fit what tells opinions in a message to what was written")
    hear.add_argument("out", type=Path, help="an .npz file; chatrec reads agent/opinions.npz")
    hear.set_defaults(run=_opinions)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    try:
        from chatrec.agent.tuning._train import TrainSettings
    except ImportError:
        return
    for field in fields(TrainSettings):
        kind = float if isinstance(field.default, float) else int
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)


def _generate(given: argparse.Namespace) -> None:
    from chatrec.agent.tuning._files import write_conversations
    from chatrec.agent.tuning._simulate import conversations, embedder_named

    found = conversations(given.split, count=given.count, seed=given.seed, embedder=embedder_named(given.embedder))
    written = write_conversations(given.out, found, given.count, _progress())
    sys.stdout.write(f"{written} decisions in {given.out}\n")


def _written(given: argparse.Namespace) -> None:
    from chatrec.agent.tuning._files import write_conversations
    from chatrec.agent.tuning._opinions import Halves
    from chatrec.agent.tuning._simulate import embedder_named
    from chatrec.agent.tuning._written import handwritten, handwritten_count

    ear = Halves.of_written(_progress()).of
    found = handwritten(given.count, embedder=embedder_named(given.embedder), ear=ear)
    decisions = write_conversations(given.out, found, given.count or handwritten_count(), _progress())
    sys.stdout.write(f"{decisions} decisions in {given.out}\n")


def _redial(given: argparse.Namespace) -> None:
    from chatrec.agent.tuning._files import write_conversations
    from chatrec.agent.tuning._redial import DOMAIN, redial_talks
    from chatrec.agent.tuning._simulate import embedder_named
    from chatrec.agent.tuning._written import replayed

    talks = redial_talks(given.turns)
    found = replayed(DOMAIN, talks, embedder=embedder_named(given.embedder))
    decisions = write_conversations(given.out, found, len(talks), _progress())
    sys.stdout.write(f"{decisions} decisions in {given.out}\n")


def _train(given: argparse.Namespace) -> None:
    from chatrec.agent.llm._model_files import embedded_model_path
    from chatrec.agent.tuning._train import TrainSettings, train

    settings = TrainSettings(**{field.name: getattr(given, field.name) for field in fields(TrainSettings)})

    def report(found: Mapping[str, float]) -> None:
        sys.stdout.write("  ".join(f"{name} {value:.4g}" for name, value in found.items()) + "\n")
        sys.stdout.flush()

    base = given.base or embedded_model_path(adapted=True)
    result = train(base, given.data, given.held, given.out, settings, report, begin=given.begin)
    sys.stdout.write(json.dumps(result["best"]) + "\n")


def _export(given: argparse.Namespace) -> None:
    from safetensors.torch import load_file

    from chatrec.agent.llm._model_files import embedded_model_path
    from chatrec.agent.tuning._export import export_adapter
    from chatrec.agent.tuning._model import load_base

    settings = json.loads((given.run_folder / "progress.json").read_text("utf-8"))["settings"]
    shape, _ = load_base(given.base or embedded_model_path(adapted=True))
    adapter = load_file(given.run_folder / "adapter.safetensors")
    path = export_adapter(adapter, given.out, architecture=shape.name, alpha=settings["alpha"], name="chatrec")
    sys.stdout.write(f"{path}: {path.stat().st_size / 1e6:.1f} MB\n")


def _evaluate(given: argparse.Namespace) -> None:
    from chatrec.agent.tuning._evaluate import classification, judge, write_errors
    from chatrec.agent.tuning._simulate import embedder_named

    found = judge(
        "dev",
        count=given.count,
        seed=given.seed,
        embedder=embedder_named(given.embedder),
        progress=_progress(),
        model_path=None if given.model is None else str(given.model),
        lora_path=None if given.adapter is None else str(given.adapter),
        choice_prior=given.prior,
        choice_temperature=given.temperature,
    )
    sys.stdout.write(json.dumps(classification(found), indent=1) + "\n")
    if given.errors is not None:
        write_errors(given.errors, found)


def _meanings(_: argparse.Namespace) -> None:
    from chatrec.agent.tuning._meanings import Weighed, fit_meanings, weighed
    from chatrec.agent.tuning._written import written_domains

    domains, tell = written_domains(), _progress()
    found: list[Weighed] = []
    for done, domain in enumerate(domains, start=1):
        found += weighed([domain])
        tell(done, len(domains))
    sys.stdout.write(json.dumps(asdict(fit_meanings(found)) | {"weighed": len(found)}, indent=1) + "\n")


def _opinions(given: argparse.Namespace) -> None:
    import numpy as np

    from chatrec.agent.tuning._files import put
    from chatrec.agent.tuning._opinions import Halves
    from chatrec.indexes._embedders import embedder_id

    halves = Halves.of_written(_progress())
    weights = halves.all().astype(np.float16)
    np.savez_compressed(packed := BytesIO(), embedder=embedder_id(halves.embedder), weights=weights)
    put(given.out, packed.getvalue())
    right = ", ".join(f"{language} {share:.3f}" for language, share in halves.right().items())
    sys.stdout.write(f"right kinds, of opinions in domains that the weights had not seen: {right}\n")


def _progress() -> Callable[[int, int], None]:
    """A line now and then with what is done and how long the rest takes."""
    started = time.monotonic()
    said = [started]

    def tell(done: int, total: int) -> None:
        now = time.monotonic()
        if now - said[0] > 10 or done == total:
            said[0] = now
            sys.stderr.write(f"{done} of {total}, {(now - started) / done * (total - done):.0f} s left\n")

    return tell


if __name__ == "__main__":
    sys.exit(main())
