"""Training: a LoRA adapter learns the teacher's decisions.

The loss is what the engine samples from: at each place where it would choose, the tokens it may choose from and no
others. Prompts are never learnt.
"""

from __future__ import annotations

import ctypes
import json
import logging
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from chatrec.agent.tuning._export import read_adapter
from chatrec.agent.tuning._files import put, read_conversations
from chatrec.agent.tuning._model import LoraModel, LoraSettings, load_base, quickest_type
from chatrec.agent.tuning._pack import Batch, Choice, pack
from chatrec.errors import ModelError

__all__ = ["TrainSettings", "train"]

_log = logging.getLogger(__name__)
_MOST_WEIGHT = 2.5
_OFTEN = {"minutes", "threads", "check_every", "patience"}
"""Settings that may differ when a run goes on: how long and where it runs, not what is learnt."""
Report = Callable[[Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How to train.

    Attributes:
        rank: Rank of the adapter.
        alpha: The adapter's output is scaled by alpha / rank.
        first: The first block that gets an adapter; the last one of a model that has fewer.
        rate: Highest learning rate; it rises over `warmup` steps and falls to a twentieth of it.
        warmup: Steps.
        decay: Weight decay.
        passes: Times that the data are seen.
        group: Conversations of one catalog computed together.
        steps_each: Batches whose gradients are added up before a step.
        words: Weight of a token of words, against 1 for an act.
        arguments: Weight of a choice in a call's arguments.
        longest: Decisions with longer prompts are left out, in tokens behind what all prompts of a catalog begin with.
        check_every: Steps between two measurements on held-out domains.
        patience: Measurements without improvement before training stops.
        average: What is measured and kept is the mean of the steps' adapters, each counting this much less than the
            next; 0 keeps the last one. Few conversations a step make single steps noisy.
        minutes: Training ends after this time, with a measurement.
        seed: Of the order and of the adapter's first values.
        threads: CPU threads.
    """

    rank: int = 16
    alpha: float = 32.0
    first: int = 0
    rate: float = 1.5e-3
    warmup: int = 10
    decay: float = 0.01
    passes: int = 1
    group: int = 6
    steps_each: int = 1
    words: float = 0.01
    arguments: float = 0.5
    longest: int = 500
    check_every: int = 50
    patience: int = 4
    average: float = 0.95
    minutes: float = 40.0
    seed: int = 7
    threads: int = 2


def train(  # noqa: PLR0917
    base: Path,
    data: Sequence[Path],
    held: Path,
    out: Path,
    settings: TrainSettings,
    report: Report | None = None,
    *,
    begin: Path | None = None,
) -> dict[str, Any]:
    """Train an adapter, checkpointing as it goes; a run that finds its own checkpoint goes on from there.

    Args:
        base: GGUF of the base model.
        data: Files of `write_conversations`, in the order in which they are used.
        held: The same for domains that are not trained on.
        out: A folder for `adapter.safetensors` (the best so far), `mean.safetensors` (the newest),
            what it needs to go on, and `progress.json`.
        settings: How.
        report: Called after every step with what is known.
        begin: An adapter of the same shape to begin with, .gguf or .safetensors, instead of one that does nothing.

    Returns:
        The best measurement on the held-out domains, and the settings.

    Raises:
        ModelError: The base model cannot be tuned, or there are no data.
    """
    _keep_memory()
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    shape, tensors = load_base(base, dtype=quickest_type())
    lora = LoraSettings(settings.rank, settings.alpha, min(settings.first, shape.blocks - 1))
    model = LoraModel(shape, tensors, lora, seed=settings.seed)
    if begin is not None:
        model.adapter.load_state_dict(read_adapter(begin)[0] if begin.suffix == ".gguf" else load_file(begin))
    groups = _groups(data, settings.group)
    if not groups:
        raise ModelError(f"no conversations in {[p.name for p in data]!r}", hint="generate some first")
    weights = _weights(groups)
    run = _Run(model, settings, out, weights)
    run.resume()
    run.measure(_batches(_groups([held], settings.group), settings, weights), fresh=True)
    if not run.held:
        raise ModelError(
            f"no decision in {held.name!r} has at most {settings.longest} tokens behind what all begin with",
            hint="allow longer ones (longest), or simulate more conversations",
        )
    total = max(1, settings.passes * len(groups) // settings.steps_each)
    held_batches = run.held
    started, waiting = time.monotonic(), 0
    generator = torch.Generator().manual_seed(settings.seed)
    order = [g for _ in range(settings.passes) for g in torch.randperm(len(groups), generator=generator).tolist()]
    for step in range(run.step, total):
        spent = (time.monotonic() - started) / 60
        share = max(step / total, spent / settings.minutes)
        _set_rate(run.optimizer, settings, step, share)
        found = run.learn([groups[g] for g in order[step * settings.steps_each : (step + 1) * settings.steps_each]])
        left = min(settings.minutes - spent, spent / max(1, step + 1 - run.begun) * (total - step - 1))
        if report is not None:
            report(found | {"step": step + 1, "of": total, "minutes": spent, "minutes_left": left})
        last = step + 1 == total or spent >= settings.minutes
        if last or (step + 1) % settings.check_every == 0:
            better = run.measure(held_batches)
            waiting = 0 if better else waiting + 1
            if report is not None:
                report(run.history[-1])
            if last or waiting >= settings.patience:
                break
    return {"best": run.best, "settings": asdict(settings), "steps": run.step, "history": run.history}


class _Run:
    """A training run's state: the model, its optimizer, the best measurement."""

    def __init__(self, model: LoraModel, settings: TrainSettings, out: Path, weights: Mapping[str, float]) -> None:
        self.model = model
        self.settings = settings
        self.weights = weights
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings.rate, weight_decay=settings.decay, betas=(0.9, 0.98)
        )
        self.step = self.begun = 0
        self.best: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.held: list[Batch] = []
        self._out = out
        self._mean: dict[str, Tensor] = {}

    def learn(self, groups: Sequence[Sequence[Any]]) -> dict[str, float]:
        """One step."""
        self.model.train()
        started, tokens, total = time.monotonic(), 0, 0.0
        for group in groups:
            batch = pack(group, _weigher(self.settings, self.weights), longest=self.settings.longest)
            if batch is None:
                continue
            loss = _loss(self.model, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
            tokens += batch.size
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self._average()
        seconds = time.monotonic() - started
        return {"loss": total / max(1, len(groups)), "norm": norm, "tokens": tokens, "tokens_per_s": tokens / seconds}

    def measure(self, batches: Sequence[Batch], *, fresh: bool = False) -> bool:
        """Measure on held-out domains and keep the adapter if it is the best so far."""
        self.held = list(batches)
        if fresh and self.history:
            return False
        self.model.eval()
        last = {name: value.detach().clone() for name, value in self.model.adapter.items()}
        self._save("last.safetensors")
        self.model.adapter.load_state_dict(self._mean or last)
        with torch.no_grad():
            found = _score(self.model, self.held) | {"step": float(self.step)}
        self.history.append(found)
        better = not self.best or found["act_loss"] < self.best["act_loss"]
        if better:
            self.best = found
            self._save("adapter.safetensors")
        self._save("mean.safetensors")
        self.model.adapter.load_state_dict(last)
        state = {"step": self.step, "best": self.best, "history": self.history, "settings": asdict(self.settings)}
        put(self._out / "progress.json", json.dumps(state, indent=1).encode())
        self._save_optimizer()
        return better

    def _average(self) -> None:
        """Take the adapter of this step into the mean; the first steps count as many as there are."""
        kept = min(self.settings.average, 1 - 1 / self.step)
        for name, value in self.model.adapter.items():
            held = self._mean.setdefault(name, value.detach().clone())
            held.lerp_(value.detach(), 1 - kept)

    def resume(self) -> None:
        """Go on from the last checkpoint, if it is one of the same settings."""
        state = self._out / "progress.json"
        if not state.is_file():
            return
        known = json.loads(state.read_text("utf-8"))
        if any(known["settings"][name] != value for name, value in asdict(self.settings).items() if name not in _OFTEN):
            raise ModelError(f"{str(self._out)!r} holds a run of other settings", hint="give another folder")
        self.model.adapter.load_state_dict(load_file(self._out / "last.safetensors"))
        self.step = self.begun = int(known["step"])
        self._mean = load_file(self._out / "mean.safetensors")
        self.best, self.history = known["best"], known["history"]
        self._load_optimizer(load_file(self._out / "optimizer.safetensors"))

    def _save(self, name: str) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        partial = self._out / f".{name}"
        save_file({k: v.detach().contiguous() for k, v in self.model.adapter.items()}, partial)
        partial.replace(self._out / name)

    def _save_optimizer(self) -> None:
        names = {id(p): n for n, p in self.model.adapter.items()}
        kept: dict[str, Tensor] = {}
        for parameter, state in self.optimizer.state.items():
            for key in ("exp_avg", "exp_avg_sq", "step"):
                kept[f"{names[id(parameter)]}.{key}"] = state[key].detach().clone()
        if kept:
            save_file(kept, self._out / ".optimizer.safetensors")
            (self._out / ".optimizer.safetensors").replace(self._out / "optimizer.safetensors")

    def _load_optimizer(self, kept: Mapping[str, Tensor]) -> None:
        for name, parameter in self.model.adapter.items():
            self.optimizer.state[parameter] = {
                key: kept[f"{name}.{key}"] for key in ("exp_avg", "exp_avg_sq", "step") if f"{name}.{key}" in kept
            }


def _groups(files: Sequence[Path], size: int) -> list[list[list[dict[str, Any]]]]:
    """Decisions of conversations over one catalog with one system text, up to `size` conversations together."""
    groups: list[list[list[dict[str, Any]]]] = []
    for file in files:
        before = None
        for conversation in read_conversations(file):
            decisions = conversation["decisions"]
            if not decisions:
                continue
            key = (conversation["domain"], conversation["items"], tuple(decisions[0]["tokens"][:120]))
            if key != before or len(groups[-1]) >= size:
                groups.append([])
            groups[-1].append(decisions)
            before = key
    return groups


def _weights(groups: Sequence[Sequence[Sequence[Mapping[str, Any]]]]) -> dict[str, float]:
    """The weight of each act: rare ones count more, by the root of their rarity, up to `_MOST_WEIGHT`; 1 on average."""
    counts = Counter(d["act"] for group in groups for decisions in group for d in decisions if d["kind"] == "name")
    total = sum(counts.values())
    raw = {act: min(_MOST_WEIGHT, math.sqrt(total / len(counts) / count)) for act, count in counts.items()}
    mean = sum(raw[act] * count for act, count in counts.items()) / total
    return {act: weight / mean for act, weight in raw.items()}


def _weigher(settings: TrainSettings, weights: Mapping[str, float]) -> Callable[[Mapping[str, Any]], float]:
    def weigh(decision: Mapping[str, Any]) -> float:
        if decision["kind"] == "words":
            return settings.words
        return weights.get(decision["act"], 1.0) * (1.0 if decision["kind"] == "name" else settings.arguments)

    return weigh


def _batches(groups: Sequence[Any], settings: TrainSettings, weights: Mapping[str, float]) -> list[Batch]:
    packed = (pack(group, _weigher(settings, weights), longest=settings.longest) for group in groups)
    return [batch for batch in packed if batch is not None]


def _loss(model: LoraModel, batch: Batch) -> Tensor:
    """Mean over the acts of the batch; words and arguments come on top with their own weights."""
    losses = _choices(model, batch)
    weights = torch.tensor([choice.weight for choice in batch.choices])
    acts = sum(1 for choice in batch.choices if choice.allowed)
    return (losses * weights).sum() / max(1, acts)


def _choices(model: LoraModel, batch: Batch) -> Tensor:
    """The negative log-likelihood of each choice, of the others where it was wrong; shape (choices,)."""
    shared, rest = model(
        torch.from_numpy(batch.shared),
        torch.from_numpy(batch.tokens),
        torch.from_numpy(batch.depths),
        torch.from_numpy(batch.sees),
    )
    found: list[tuple[int, Tensor]] = []
    narrow = [(i, c) for i, c in enumerate(batch.choices) if c.allowed]
    wide = [(i, c) for i, c in enumerate(batch.choices) if not c.allowed]
    for some in (narrow, wide):
        if not some:
            continue
        hidden = torch.stack([shared[c.node] if c.row < 0 else rest[c.row, c.node] for _, c in some])
        losses = (
            _narrow(model, hidden, [c for _, c in some])
            if some is narrow
            else _wide(model, hidden, [c for _, c in some])
        )
        found += zip([i for i, _ in some], losses, strict=True)
    found.sort(key=lambda pair: pair[0])
    losses = torch.stack([loss for _, loss in found])
    wrong = torch.tensor([choice.wrong for choice in batch.choices])
    # Of a choice that is to be avoided, the loss is the chance left to the others.
    return torch.where(wrong, -torch.log1p(-torch.exp(-losses.clamp(min=1e-4))), losses)


def _narrow(model: LoraModel, hidden: Tensor, choices: Sequence[Choice]) -> Tensor:
    widest = max(len(choice.allowed) for choice in choices)
    ids = torch.tensor(
        [[*choice.allowed, *([choice.allowed[0]] * (widest - len(choice.allowed)))] for choice in choices]
    )
    real = torch.arange(widest)[None] < torch.tensor([[len(choice.allowed)] for choice in choices])
    targets = torch.tensor([choice.allowed.index(choice.target) for choice in choices])
    logits = model.logits(hidden, ids).masked_fill(~real, -math.inf)
    return torch.nn.functional.cross_entropy(logits, targets, reduction="none")


def _wide(model: LoraModel, hidden: Tensor, choices: Sequence[Choice]) -> Tensor:
    targets = torch.tensor([choice.target for choice in choices])
    return torch.nn.functional.cross_entropy(model.logits(hidden), targets, reduction="none")


def _score(model: LoraModel, batches: Sequence[Batch]) -> dict[str, float]:
    """Loss and hit rate over held-out choices: those of acts and arguments, and words apart."""
    acts: list[float] = []
    words: list[float] = []
    weighed = total = 0.0
    for batch in batches:
        losses = _choices(model, batch).tolist()
        for choice, loss in zip(batch.choices, losses, strict=True):
            if choice.allowed:
                weighed += loss * choice.weight
                total += choice.weight
                acts.append(loss)
            else:
                words.append(loss)
    return {
        "act_loss": weighed / max(total, 1e-9),
        "sure": sum(loss < math.log(2) for loss in acts) / max(1, len(acts)),
        "word_loss": sum(words) / max(1, len(words)),
    }


def _set_rate(optimizer: torch.optim.Optimizer, settings: TrainSettings, step: int, share: float) -> None:
    rise = min(1.0, (step + 1) / settings.warmup)
    fall = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    for group in optimizer.param_groups:
        group["lr"] = settings.rate * rise * fall


def _keep_memory() -> None:
    """Keep freed memory: tensors of megabytes come and go, and fresh pages cost more than the arithmetic on them."""
    if sys.platform == "linux" and os.environ.get("CHATREC_MALLOC") != "default":
        libc = ctypes.CDLL(None)
        for option, value in ((-4, 0), (-1, 2**31 - 1), (-2, 256 * 2**20)):
            libc.mallopt(option, value)
