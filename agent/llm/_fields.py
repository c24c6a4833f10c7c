"""The settings of `ChatLlamaCpp`, and what LangChain reads from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from langchain_core.language_models import ModelProfile
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from pydantic import ConfigDict, Field, field_validator, model_validator

from chatrec.agent.llm._gguf import read_header
from chatrec.agent.llm._hub import is_hub_name, parse_hub_name
from chatrec.agent.llm._model_files import check_model_file, embedded_model_path
from chatrec.errors import ModelError

# Arguments of the community class and of LangChain's standard set that mean nothing here, with their harmless values.
_ACCEPTED: dict[str, tuple[Any, ...]] = {
    "n_parts": (-1,),
    "f16_kv": (True,),
    "logits_all": (False,),
    "vocab_only": (False,),
    "use_mlock": (False,),
    "use_mmap": (True,),
    "echo": (False,),
    "suffix": (None, ""),
    "grammar": (None,),
    "grammar_path": (None,),
    "lora_base": (None,),
    "rope_freq_scale": (1.0,),
    "rope_freq_base": (10000.0,),
    "model_kwargs": ({},),
}
_NO_SERVER = ("api_key", "base_url", "max_retries")


class LlamaCppFields(BaseChatModel):
    """The declared fields; unknown ones are refused."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, protected_namespaces=(), arbitrary_types_allowed=True
    )

    bounds_choice: ClassVar[bool] = True
    """Says to callers that `legal_tools` and `argument_schemas` are understood."""

    model_path: str | None = None
    """A GGUF file, or `hf:owner/name:file` for one on the Hugging Face hub, downloaded when first used; the file may be
    a quantization such as Q4_K_M, or hold *. None is the embedded SmolLM2-135M-Instruct."""
    weights: Literal["F16", "BF16", "Q8_0", "Q5_0", "Q4_K_M", "Q4_0"] | None = None
    """The number format to compute in: a copy of the model in it is written into the user's cache once. None is the
    file's own, and for the embedded model the one that suits this CPU. BF16 takes two bytes a weight and is by far the
    fastest for many conversations at once where the CPU multiplies such numbers itself (`avx512_bf16`)."""
    n_ctx: int = Field(default=8192, ge=64)
    """Tokens of context, clipped to what the model was trained for; memory grows with it."""
    n_threads: int | None = Field(default=None, ge=1)
    """CPU threads; None tries one, half and all physical cores while working and uses what is fastest just now."""
    n_batch: int = Field(default=512, ge=1)
    """Tokens evaluated at once while reading a prompt."""
    n_gpu_layers: int = Field(default=0, ge=-1)
    """Layers on a GPU, if llama.cpp was built for one; -1 is all."""
    lora_path: str | None = None
    """A LoRA adapter for this base model, as GGUF; models that differ only in adapters share one set of weights."""
    lora_scale: float = 1.0
    """How strongly the adapter acts; 0 switches it off."""
    merge: bool = False
    """Whether `lora_path` is worked into the weights: a copy of the model in BF16 is written into the user's cache
    once, the adapter costs no time, and no call can switch it. Of use where the CPU multiplies such numbers itself."""
    adapters: dict[str, float] | None = None
    """Several adapters at once: file to scale. Per call, `adapters=...` replaces all of the model's own."""
    cache_bytes: int = Field(default=256 * 2**20, ge=0)
    """RAM for the KV memory of conversations that are not being computed, in bytes; the least recently used go."""
    prefix_cache: bool = True
    """Whether beginnings of prompts that every conversation shares (system text, tools) are kept on disk with their KV
    memory, so that the next process need not compute them: files in the user's cache (`prefixes` under `CHATREC_HOME`)
    that hold the text as tokens and that only the user may read, 1 GiB at most, the least recently used go."""
    parallel: int = Field(default=8, ge=1, le=32)
    """Calls that are decoded together when they overlap; 1 answers them one after the other."""
    parallel_bytes: int = Field(default=512 * 2**20, ge=0)
    """RAM for the KV memory of calls that overlap, in bytes; taken when calls first do, never by who calls one at a
    time. A call too long for its share is computed in the memory of `n_ctx` tokens, in turn with the others."""
    max_waiting: int = Field(default=64, ge=0)
    """Calls that may wait when `parallel` are being answered; one more fails at once with LangChain's
    `ModelRateLimitError`."""
    temperature: float = Field(default=0.8, ge=0)
    """0 always takes the likeliest token; 1 follows the model."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Only the likeliest tokens that together have this probability."""
    top_k: int = Field(default=40, ge=0)
    """Only this many of the likeliest tokens; 0 is all."""
    min_p: float = Field(default=0.05, ge=0, le=1)
    """Only tokens at least this likely relative to the likeliest."""
    repeat_penalty: float = Field(default=1.1, gt=0)
    """Divides the scores of tokens the answer holds already; words only, never calls. 1 is off."""
    frequency_penalty: float = Field(default=0.0, ge=-2, le=2)
    """Subtracted from a token's score for every time that the answer holds it already."""
    presence_penalty: float = Field(default=0.0, ge=-2, le=2)
    """Subtracted from a token's score if the answer holds it already."""
    last_n_tokens_size: int = Field(default=64, ge=0)
    """How many tokens of the answer the penalties look at."""
    max_tokens: int = Field(default=512, ge=1)
    """Sampled tokens of an answer at most; tokens that a grammar dictates are free."""
    seed: int | None = Field(default=None, ge=-1)
    """Of the chance in every call; None or -1 is a new one each time."""
    stop: list[str] | None = None
    """Texts that end an answer and are not part of it."""
    streaming: bool = False
    """Whether `invoke` streams internally, so that callbacks see tokens."""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds that one call may take, waiting included; then `ModelError`, also LangChain's `ModelTimeoutError`."""
    reasoning: bool | None = None
    """Whether a model that can think does so before it answers. None leaves it to the model and its template where a
    free answer is wanted, and lets no thoughts come before a demanded call, JSON or bound words."""
    max_reasoning_tokens: int = Field(default=1024, ge=0)
    """Tokens of thoughts at most; they do not count as `max_tokens`, and never take the room of the answer."""
    parallel_tool_calls: bool = False
    """Whether one answer may hold several tool calls, where the model's family can write them so."""
    max_tool_calls: int = Field(default=8, ge=1)
    """Tool calls in one answer at most, if `parallel_tool_calls`."""
    logprobs: bool | None = None
    """Whether `response_metadata["logprobs"]` tells the probability of every token of the answer's text, in OpenAI's
    form: the model's own, before temperature, cuts and grammar; 0.0 for what a grammar dictates."""
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    """How many alternatives `logprobs` tells beside every token."""
    choice_temperature: float = Field(default=1.0, gt=0)
    """Flattens (above 1) or sharpens (below 1) the choice among tools."""
    choice_prior: Literal["none", "empty"] | dict[str, float] = "none"
    """What the choice among tools is divided by. "empty": the choice the model makes after the same system text and
    tools when the person says nothing, computed once and remembered; a dict: name ("" for words) to probability."""

    @model_validator(mode="before")
    @classmethod
    def _drop_foreign(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if name in _ACCEPTED and value not in _ACCEPTED[name]:
                raise ModelError(
                    f"{name}={value!r} has no effect in this class",
                    hint="remove it; the class's fields say what there is",
                )
            if name not in _ACCEPTED and name not in _NO_SERVER:
                kept[name] = value
        return kept

    @field_validator("model_path", "lora_path", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        if isinstance(value, str) and is_hub_name(value):
            return value
        return str(Path(value).expanduser()) if isinstance(value, str | Path) else value

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        if self.model_path and is_hub_name(self.model_path):
            parse_hub_name(self.model_path)
        elif self.model_path is not None:
            check_model_file(Path(self.model_path))
        if self.lora_path is not None:
            check_model_file(Path(self.lora_path))
        return self

    @property
    def model_name(self) -> str:
        """The file's name without ".gguf", the hub's name without "hf:"; the base model's for the embedded one."""
        if self.model_path and is_hub_name(self.model_path):
            return self.model_path.removeprefix("hf:")
        return Path(self.model_path).stem if self.model_path else "SmolLM2-135M-Instruct"

    @property
    def _llm_type(self) -> str:
        return "chatrec-llama-cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        names = (
            "n_ctx",
            "weights",
            "lora_path",
            "lora_scale",
            "merge",
            "adapters",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "repeat_penalty",
            "frequency_penalty",
            "presence_penalty",
            "last_n_tokens_size",
            "logprobs",
            "top_logprobs",
            "reasoning",
            "max_reasoning_tokens",
            "parallel_tool_calls",
            "max_tool_calls",
            "seed",
        )
        more = ("max_tokens", "choice_temperature", "choice_prior", "stop")
        return {"model_name": self.model_name, "model_path": self.model_path} | {
            name: getattr(self, name) for name in (*names, *more)
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = LangSmithParams(
            ls_provider="llama.cpp",
            ls_model_name=kwargs.get("model") or self.model_name,
            ls_model_type="chat",
            ls_temperature=kwargs.get("temperature", self.temperature),
            ls_max_tokens=kwargs.get("max_tokens", self.max_tokens),
        )
        if stop or self.stop:
            params["ls_stop"] = stop or self.stop or []
        return params

    def _trained_for(self) -> int | None:
        if self.model_path and is_hub_name(self.model_path):
            return None
        try:
            facts = read_header(Path(self.model_path) if self.model_path else embedded_model_path(fast=False)).facts
        except ModelError:
            return None  # whoever loads it is told why
        length = facts.get(f"{facts.get('general.architecture')}.context_length")
        return length if isinstance(length, int) and length > 0 else None

    def _resolve_model_profile(self) -> ModelProfile:
        return ModelProfile(
            name=self.model_name,
            open_weights=True,
            max_input_tokens=min(self.n_ctx, self._trained_for() or self.n_ctx),
            max_output_tokens=self.max_tokens,
            text_inputs=True,
            text_outputs=True,
            image_inputs=False,
            audio_inputs=False,
            video_inputs=False,
            tool_calling=True,
            tool_choice=True,
            tool_call_streaming=True,
            structured_output=True,
            temperature=True,
        )
