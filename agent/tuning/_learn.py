"""The whole way from a base model to an adapter: conversations, training, a comparison, and the file.

Everything lies in one folder, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from chatrec._files import replacing
from chatrec.agent.llm._adapters import settings_beside
from chatrec.agent.tuning._calibrate import fit_choice, surprise
from chatrec.agent.tuning._domains import Split
from chatrec.agent.tuning._evaluate import Judged, classification, judge
from chatrec.agent.tuning._export import export_adapter
from chatrec.agent.tuning._files import put, write_conversations
from chatrec.agent.tuning._model import load_base
from chatrec.agent.tuning._simulate import StandIn, conversations
from chatrec.agent.tuning._train import TrainSettings, train
from chatrec.errors import ModelError

__all__ = ["Course", "Learned", "Tell", "keep", "learn"]

Tell = Callable[[str, int, int], None]
"""What is being done, how much of it, of how much (0 where nobody knows)."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it.

    Attributes:
        adapter: The GGUF.
        before: `classification` of the base model's choices in held-out domains.
        after: The same for the base model with the adapter.
        settings: How the choice is to be read; written beside the adapter.
        own: `classification` before and after in a person's own conversations that were kept back; None without any.
        refused: On what it was worse than before, so that it was not kept; "" where it was.
    """

    adapter: Path
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    settings: Mapping[str, Any]
    own: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
    refused: str = ""


def learn(
    base: Path,
    out: Path,
    folder: Path,
    *,
    count: int = 1024,
    settings: TrainSettings | None = None,
    data: Sequence[Path] = (),
    held: int = 48,
    begin: Path | None = None,
    seed: int = 1,
    embedder: str | Embeddings = "auto",
    tell: Tell | None = None,
) -> Learned:
    """Teach a model to decide, and keep the adapter only if it decides better than the model does alone.

    Args:
        base: GGUF of the base model, architecture llama or qwen2.
        out: The adapter's file, .gguf; its settings are written beside it as .json.
        folder: For conversations and checkpoints; a run that finds its own goes on there.
        count: Conversations to simulate, in the prompt's own format of this model.
        settings: Of the training.
        data: Files of conversations instead of simulated ones.
        held: Conversations of held-out domains, as many for early stopping as for the comparison.
        begin: An adapter to begin with, .gguf or .safetensors.
        seed: Of conversations and training.
        embedder: For the linker and the index of the simulated catalogs.
        tell: Told how far it is.

    Raises:
        ModelError: The base model cannot be tuned, or the adapter decides no better than the base alone.
    """
    course = Course(base, folder, seed, embedder, tell or (lambda _what, _done, _total: None))
    folder.mkdir(parents=True, exist_ok=True)
    shape, _ = load_base(base)
    files = list(data) or [course.simulated("train", count, seed)]
    how = replace(settings or TrainSettings(), seed=seed)
    train(base, files, course.simulated("dev", held, seed + 1), folder, how, course.trained, begin=begin)

    written = course.exported("adapter.safetensors", shape.name, how.alpha)
    before, after = course.judged(None, held), course.judged(written, held)
    read = fit_choice(after)
    # Written so that an adapter whose numbers are none is refused too.
    if not surprise(after, **read) < surprise(before, **fit_choice(before)):
        raise ModelError(
            f"the adapter decides no better than {base.name!r} alone; {str(out)!r} was not written",
            hint="train longer (minutes) or on more conversations (count); the run goes on from its checkpoint",
        )
    keep(written, out, read)
    return Learned(out, classification(before), classification(after), read)


def keep(written: Path, out: Path, settings: Mapping[str, Any]) -> None:
    """Put an adapter, and the settings beside it, where it is to be used."""
    out.parent.mkdir(parents=True, exist_ok=True)
    put(settings_beside(out), (json.dumps(settings) + "\n").encode())
    put(out, written.read_bytes())


@dataclass(frozen=True, slots=True)
class Course:
    """What every part of the way needs."""

    base: Path
    folder: Path
    seed: int
    embedder: str | Embeddings
    tell: Tell

    def simulated(self, split: Split, count: int, seed: int) -> Path:
        """A file of conversations; one that is there already is taken."""
        path = self.folder / f"{split}.jsonl.gz"
        if not path.exists():
            model = StandIn(model_path=str(self.base), temperature=0.0)
            found = conversations(split, count=count, seed=seed, embedder=self.embedder, model=model)
            with replacing(path) as made:
                write_conversations(made, found, count, lambda done, total: self.tell("conversations", done, total))
        return path

    def trained(self, found: Mapping[str, float]) -> None:
        """Say how far the training is, in seconds."""
        if "minutes_left" in found:
            spent, left = found["minutes"] * 60, found["minutes_left"] * 60
            self.tell("training", round(spent), round(spent + left))

    def exported(self, trained: str, architecture: str, alpha: float) -> Path:
        """One of the training's files as a GGUF adapter, beside it."""
        from safetensors.torch import load_file

        target = self.folder / "adapter.gguf"
        tensors = load_file(self.folder / trained)
        return export_adapter(tensors, target, architecture=architecture, alpha=alpha, name=self.base.stem)

    def judged(self, adapter: Path | None, count: int) -> list[Judged]:
        """The base model's choices in held-out domains, with an adapter or alone."""
        return judge(
            "dev",
            count=count,
            seed=self.seed + 2,
            embedder=self.embedder,
            progress=lambda done, total: self.tell("comparison", done, total),
            model_path=str(self.base),
            lora_path=None if adapter is None else str(adapter),
        )
