"""What makes one engine differ from another, and what an engine counts; importable without llama.cpp."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class EngineSettings:
    """What must be equal for two chat models to share one engine; see the fields of `ChatLlamaCpp`."""

    path: Path
    n_ctx: int = 8192
    n_threads: int | None = None
    n_batch: int = 512
    n_gpu_layers: int = 0
    cache_bytes: int = 256 * 2**20
    parallel: int = 8
    parallel_bytes: int = 512 * 2**20
    prefix_cache: bool = True


@dataclass
class Counters:
    """What an engine has done since it was loaded."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    prefill_tokens: int = 0
    forced_tokens: int = 0
    sampled_tokens: int = 0
    evaluated_tokens: int = 0
    seconds: float = 0.0

    def snapshot(self) -> Stats:
        """The counters as they are now."""
        return Stats(**asdict(self))


@dataclass(frozen=True)
class Stats:
    """What a loaded model has done; subtract two to see what happened between them.

    Attributes:
        calls: Answers begun.
        prompt_tokens: Tokens of their prompts.
        cached_tokens: Of these, tokens that the KV memory held already.
        prefill_tokens: Of these, tokens that had to be evaluated.
        forced_tokens: Tokens of answers that the grammar dictated; evaluated in batches, never sampled.
        sampled_tokens: Tokens of answers that were sampled.
        evaluated_tokens: Tokens that went through the model, all reasons together (trying the forks of a choice too).
        seconds: Time spent on answers.
    """

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    prefill_tokens: int = 0
    forced_tokens: int = 0
    sampled_tokens: int = 0
    evaluated_tokens: int = 0
    seconds: float = 0.0

    def __sub__(self, earlier: Stats) -> Stats:
        mine, theirs = asdict(self), asdict(earlier)
        return Stats(**{name: mine[name] - theirs[name] for name in mine})
