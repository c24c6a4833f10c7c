"""all-MiniLM-L6-v2 in plain NumPy: a six-layer BERT encoder, mean pooling, unit length.

sentence-transformers gives the same vectors (cosine above .999999) but takes seconds and hundreds of megabytes to
import; this starts in under a tenth of a second, because the weights are mapped from the file, not read. Texts are
packed without padding: the linear layers see one long run of tokens, attention sees each text alone.

Architecture: Devlin et al., "BERT", 2019; weights: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

MAX_TOKENS = 256  # the length the model was published with; longer texts are cut
_TOKENS_PER_PASS = 1024  # larger passes leave the processor's cache and are slower
_EPSILON = 1e-12
_DTYPES = {"F32": np.float32, "I64": np.int64}


class _Layer(NamedTuple):
    qkv: Floats
    qkv_bias: Floats
    attended: Floats
    attended_bias: Floats
    norm: Floats
    norm_bias: Floats
    wide: Floats
    wide_bias: Floats
    narrow: Floats
    narrow_bias: Floats
    last_norm: Floats
    last_norm_bias: Floats


class MiniLM:
    """The encoder.

    Args:
        folder: Holds `model.safetensors`, `tokenizer.json` and `config.json`.

    Raises:
        OSError: A file is missing.
        ValueError: A file is not what its name says.
    """

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self.dimensions = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        weights = _read_safetensors(folder / "model.safetensors")
        self._words: Floats = weights["embeddings.word_embeddings.weight"]
        # Every text is one segment, so the segment's vector is added to the positions once and for all.
        self._positions: Floats = np.asarray(
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]
        self._layers = [_layer(weights, number) for number in range(int(config["num_hidden_layers"]))]
        self._tokenizer: Any = _read_tokenizer(folder / "tokenizer.json")
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed texts.

        Args:
            texts: Any number; each is cut after 256 tokens.

        Returns:
            float32 (len(texts), 384), unit length, in the order of `texts`.
        """
        out = np.empty((len(texts), self.dimensions), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        start = 0
        while start < len(tokens):
            stop, total = start + 1, len(tokens[start])
            while stop < len(tokens) and total + len(tokens[stop]) <= _TOKENS_PER_PASS:
                total += len(tokens[stop])
                stop += 1
            out[start:stop] = self._forward(tokens[start:stop])
            start = stop
        return out

    def _forward(self, tokens: list[list[int]]) -> Floats:
        lengths = np.array([len(ids) for ids in tokens])
        stops = np.cumsum(lengths)
        starts = stops - lengths
        flat = np.concatenate([np.asarray(ids, np.int64) for ids in tokens])
        places = np.arange(len(flat)) - np.repeat(starts, lengths)
        states = np.add(self._words[flat], self._positions[places], dtype=np.float32)
        states = _normalise(states, *self._norm)
        spans = list(zip(starts.tolist(), stops.tolist(), strict=True))
        for layer in self._layers:
            attended = self._attend(_linear(states, layer.qkv, layer.qkv_bias), spans)
            summed = _linear(attended, layer.attended, layer.attended_bias)
            summed += states
            states = _normalise(summed, layer.norm, layer.norm_bias)
            wide = _linear(states, layer.wide, layer.wide_bias)
            _gelu(wide)
            summed = _linear(wide, layer.narrow, layer.narrow_bias)
            summed += states
            states = _normalise(summed, layer.last_norm, layer.last_norm_bias)
        means: Floats = np.add.reduceat(states, starts, axis=0)
        means /= lengths[:, None].astype(np.float32)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means

    def _attend(self, qkv: Floats, spans: list[tuple[int, int]]) -> Floats:
        out = np.empty((len(qkv), self.dimensions), np.float32)
        size = self.dimensions // self._heads
        scale = np.float32(size**-0.5)
        for start, stop in spans:
            query, key, value = qkv[start:stop].reshape(stop - start, 3, self._heads, size).transpose(1, 2, 0, 3)
            scores = query @ key.transpose(0, 2, 1)
            scores *= scale
            scores -= scores.max(axis=2, keepdims=True)
            np.exp(scores, out=scores)
            scores /= scores.sum(axis=2, keepdims=True)
            out[start:stop] = (scores @ value).transpose(1, 0, 2).reshape(stop - start, self.dimensions)
        return out


def _layer(weights: dict[str, Any], number: int) -> _Layer:
    at = f"encoder.layer.{number}."
    parts = [f"{at}attention.self.{name}" for name in ("query", "key", "value")]
    return _Layer(
        np.concatenate([weights[f"{part}.weight"] for part in parts]).T,
        np.concatenate([weights[f"{part}.bias"] for part in parts]),
        weights[f"{at}attention.output.dense.weight"].T,
        weights[f"{at}attention.output.dense.bias"],
        weights[f"{at}attention.output.LayerNorm.weight"],
        weights[f"{at}attention.output.LayerNorm.bias"],
        weights[f"{at}intermediate.dense.weight"].T,
        weights[f"{at}intermediate.dense.bias"],
        weights[f"{at}output.dense.weight"].T,
        weights[f"{at}output.dense.bias"],
        weights[f"{at}output.LayerNorm.weight"],
        weights[f"{at}output.LayerNorm.bias"],
    )


def _linear(states: Floats, weights: Floats, bias: Floats) -> Floats:
    out: Floats = states @ weights
    out += bias
    return out


def _normalise(states: Floats, gain: Floats, bias: Floats) -> Floats:
    states -= states.mean(axis=1, keepdims=True)
    states /= np.sqrt(np.square(states).mean(axis=1, keepdims=True) + _EPSILON)
    states *= gain
    states += bias
    return states


def _gelu(states: Floats) -> None:
    """GELU in place: x times the normal distribution function, which is fitted as (1 + tanh(x p(x²))) / 2.

    NumPy has no erf. The coefficients are a minimax fit on [0, 6]; x times the error is below 2.6e-5 everywhere.
    """
    for start in range(0, len(states), 64):  # blocks that stay in the processor's cache
        block = states[start : start + 64]
        square = np.minimum(block * block, np.float32(36.0))
        inner = square * np.float32(-0.00035151680063436844)
        inner += np.float32(0.03700564608949147)
        inner *= square
        inner += np.float32(0.7975078840844737)
        inner *= block
        np.tanh(inner, out=inner)
        inner += np.float32(1.0)
        inner *= np.float32(0.5)
        block *= inner


def _read_tokenizer(path: Path) -> Any:
    text = path.read_text("utf-8")
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(f"{str(path)!r} is not a tokenizer: {error}") from error


def _read_safetensors(path: Path) -> dict[str, Any]:
    """The file's arrays, mapped rather than read (format: 8 bytes of length, a JSON header, the raw arrays)."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
    return {
        name: np.ndarray(entry["shape"], _DTYPES[entry["dtype"]], raw, entry["data_offsets"][0])
        for name, entry in header.items()
        if name != "__metadata__"
    }
