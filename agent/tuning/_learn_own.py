"""Learning from a person's own conversations, without losing what was learnt before.

The adapter in use goes on learning, from what the person confirmed and as many times more from simulated
conversations. Both are compared with it afterwards: conversations of the person's that were kept back, and held-out
domains. What is worse on either is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from chatrec.agent.llm._adapters import adapter_fields
from chatrec.agent.tuning._calibrate import fit_choice, surprise
from chatrec.agent.tuning._evaluate import Examined, Judged, classification
from chatrec.agent.tuning._export import read_adapter
from chatrec.agent.tuning._files import write_conversations
from chatrec.agent.tuning._learn import Course, Learned, Tell, keep
from chatrec.agent.tuning._log import Act, Talk, keep_back, relive
from chatrec.agent.tuning._model import load_base
from chatrec.agent.tuning._simulate import Decision, StandIn
from chatrec.agent.tuning._train import TrainSettings, train
from chatrec.errors import ModelError
from chatrec.indexes import Catalog, Recommender, open_store
from chatrec.indexes._index_protocol import Index

__all__ = ["GENTLE", "LEAST", "Own", "learn_own", "worse"]

LEAST = 8
"""Confirmed acts below which nothing can be learnt, or compared."""
_TIMES = 4
"""Simulated conversations for one of the person's, unless told otherwise."""
GENTLE = TrainSettings(rate=3e-4, warmup=3, first=4)
"""A fifth of the rate at which an adapter that knows nothing learns."""
_TWICE = 2
"""Times that the person's conversations are seen for one time of the simulated ones."""
_CHECKPOINTS = ("progress.json", "*.safetensors", "adapter.gguf")


@dataclass(frozen=True, slots=True)
class Own:
    """A person's conversations.

    Attributes:
        talks: As `read_log` gives them.
        catalog: What they are about.
        index: Of the catalog.
    """

    talks: Sequence[Talk]
    catalog: Catalog
    index: Index

    def relived(self, talks: Sequence[Talk], model: StandIn) -> Iterator[tuple[list[Decision], list[Act]]]:
        """Each conversation's decisions of which something is known, and every act that was played."""
        for talk in talks:
            yield relive(talk, model, Recommender(self.catalog, index=self.index, store=open_store(None)))


def learn_own(
    base: Path,
    out: Path,
    folder: Path,
    own: Own,
    *,
    begin: Path | None = None,
    count: int | None = None,
    settings: TrainSettings | None = None,
    data: Sequence[Path] = (),
    held: int = 48,
    seed: int = 1,
    embedder: str | Embeddings = "auto",
    tell: Tell | None = None,
) -> Learned:
    """Go on teaching a model from a person's own conversations; the old adapter stays where the new one is worse.

    Args:
        base: GGUF of the base model, architecture llama or qwen2.
        out: The new adapter's file, .gguf; its settings are written beside it.
        folder: For simulated conversations and checkpoints; the person's conversations lie there while it trains. After
            Ctrl-C the same call goes on.
        own: The person's conversations.
        begin: The adapter in use, of `chatrec tune`; None where the model has none.
        count: Simulated conversations that are mixed in; by default `_TIMES` as many as the person's, at least 32.
        settings: Of the training, `GENTLE` by default; the adapter's shape is that of `begin`.
        data: Files of earlier conversations to mix in instead of simulated ones.
        held: Conversations of held-out domains to compare.
        seed: Of conversations and training.
        embedder: For the linker and the index of the simulated catalogs.
        tell: Told how far it is.

    Returns:
        What came of it; `refused` says why the new adapter was not kept, if so.

    Raises:
        ModelError: Too little was confirmed, or the base model cannot be tuned.
    """
    some, kept_back = keep_back(own.talks)
    if sum(talk.count(True) for talk in some) < LEAST or not any(talk.count(True) for talk in kept_back):
        raise ModelError(
            f"{sum(talk.count(True) for talk in own.talks)} acts in {len(own.talks)} conversations were confirmed",
            hint=f"that is too little to learn from: at least {LEAST}, besides every fourth conversation, which is "
            "kept back; talk more, answer questions, and say what you like of the lists",
        )
    course = Course(base, folder, seed, embedder, tell or (lambda _what, _done, _total: None))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shape, _ = load_base(base)
    how = replace(settings or GENTLE, seed=seed)
    if begin is not None:
        lora = read_adapter(begin)[1]
        how = replace(how, rank=lora.rank, alpha=lora.alpha, first=lora.first)
    # The last state is compared, not the best of many: held-out domains alone would prefer what it began with.
    how = replace(how, patience=how.passes * 10**6)
    mixed = list(data) or [course.simulated("train", count or max(32, _TIMES * len(some)), seed)]
    stop = course.simulated("dev", max(1, held // 2), seed + 1)
    mine = _written(own, some, course)
    try:
        train(base, [*mixed, *[mine] * _TWICE], stop, folder, how, course.trained, begin=begin)
    finally:
        mine.unlink()

    written = course.exported("mean.safetensors", shape.name, how.alpha)
    fields: dict[str, Any] = {} if begin is None else {"lora_path": adapter_fields(begin)["lora_path"]}
    general = [course.judged(begin, held), course.judged(written, held)]
    theirs = [_judged(own, kept_back, base, each, course.tell) for each in (fields, {"lora_path": str(written)})]
    lost, read = worse(theirs, general), fit_choice(general[1])
    if not lost:
        keep(written, out, read)
    for pattern in _CHECKPOINTS:
        for file in folder.glob(pattern):
            file.unlink()
    return Learned(
        adapter=out,
        before=classification(general[0]),
        after=classification(general[1]),
        settings=read,
        own=(classification(theirs[0]), classification(theirs[1])),
        refused=" and ".join(lost),
    )


def worse(own: Sequence[Sequence[Judged]], general: Sequence[Sequence[Judged]]) -> list[str]:
    """Where the right acts became more surprising, each time under the settings that suit held-out domains best.

    Args:
        own: Choices in a person's kept-back conversations, before and after.
        general: Choices in held-out domains, before and after.
    """
    reads = [fit_choice(found) for found in general]
    # Written so that an adapter whose numbers are none is worse too.
    return [
        name
        for name, (before, after) in (("your kept-back turns", own), ("held-out domains", general))
        if not surprise(after, **reads[1]) <= surprise(before, **reads[0])
    ]


def _written(own: Own, talks: Sequence[Talk], course: Course) -> Path:
    """A file of the person's decisions."""
    path = course.folder / "own.jsonl.gz"
    model = StandIn(model_path=str(course.base), temperature=0.0)

    def found() -> Iterator[dict[str, Any]]:
        for number, (known, _) in enumerate(own.relived(talks, model), start=1):
            course.tell("your conversations", number, len(talks))
            yield {"domain": own.catalog.name, "language": "", "items": len(own.catalog), "decisions": known}

    write_conversations(path, found(), len(talks))
    return path


def _judged(own: Own, talks: Sequence[Talk], base: Path, fields: dict[str, Any], tell: Tell) -> list[Judged]:
    """A model's choices where the person confirmed what was chosen."""
    model = Examined(model_path=str(base), temperature=0.0, **fields)
    found: list[Judged] = []
    for number, (_, played) in enumerate(own.relived(talks, model), start=1):
        tell("your kept-back conversations", number, len(talks))
        found += [judged for judged, act in zip(model.taken(), played, strict=True) if act.right]
    return found
