"""Model files by their name on the Hugging Face hub, `hf:owner/name:file`: downloaded once, checked, read offline."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

from chatrec.agent.llm._tuned import cache_folder
from chatrec.errors import ModelError

_NAME = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+):(?P<file>[^:@]+)(?:@(?P<revision>[\w./-]+))?")
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORM = (
    "write hf:owner/name:file, e.g. hf:Qwen/Qwen3-0.6B-GGUF:Q8_0; the file may be a quantization's name or hold *, and "
    "@revision may follow"
)
# Seconds to wait for the hub's first answer; without a network there is none.
_PATIENCE = 10.0


def is_hub_name(path: str) -> bool:
    """Whether a model is named by its place on the hub."""
    return path.startswith("hf:")


def parse_hub_name(name: str) -> tuple[str, str, str | None]:
    """Owner and name, file or pattern, and the revision if one is given.

    Raises:
        ModelError: If the name is of another form.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ModelError(f"{name!r} is not the name of a file on the hub", hint=_FORM)
    return found["repo"], found["file"], found["revision"]


def matching(wanted: str, files: Sequence[str], name: str) -> list[str]:
    """The files that a name means: one, or all parts of a split one in order.

    Args:
        wanted: A file, a pattern with * or ?, or a quantization such as Q4_K_M.
        files: What there is.
        name: For the error.

    Raises:
        ModelError: If none fits, or several that are not parts of one.
    """
    models = sorted(file for file in files if file.endswith(".gguf"))
    if any(sign in wanted for sign in "*?["):
        fit = [file for file in models if fnmatch.fnmatchcase(file, wanted)]
    elif wanted.endswith(".gguf"):
        fit = [file for file in models if file == wanted or _PART.sub(".gguf", file) == wanted]
    else:
        whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(wanted)}(?![A-Za-z0-9_])", re.IGNORECASE)
        fit = [file for file in models if whole.search(file)]
    if not fit:
        listed = ", ".join(models) if models else "no GGUF file at all"
        raise ModelError(f"{name!r} fits no file there", hint=f"there is: {listed}")
    if len({_PART.sub("", file) for file in fit}) > 1:
        raise ModelError(f"{name!r} fits {len(fit)} files", hint=f"name one of {', '.join(fit)}")
    return fit


def hub_file(name: str) -> Path:
    """The local copy of a file on the hub, downloaded if it is not there yet.

    What is in the hub's cache is used without asking the hub. A download shows its progress, goes on where an earlier
    one broke off, and is compared with the SHA-256 that the hub states.

    Args:
        name: `hf:owner/name:file`, see `parse_hub_name`.

    Raises:
        ModelError: If the name fits no file, the hub cannot be reached, or the file is not the one it states.
    """
    parse_hub_name(name)
    if importlib.util.find_spec("huggingface_hub") is None:
        raise ModelError(
            f"{name!r} needs the package huggingface_hub", hint="pip install 'chatrec[hub]', or give a file's path"
        )
    paths = _cached(name) or _downloaded(name)
    for path in paths:
        _check_sum(path, name)
    return paths[0]


def _cached(name: str) -> list[Path]:
    from huggingface_hub import constants

    repo, wanted, revision = parse_hub_name(name)
    folder = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
    pointed = folder / "refs" / (revision or "main")
    commit = pointed.read_text(encoding="utf-8").strip() if pointed.is_file() else revision or ""
    snapshot = folder / "snapshots" / commit
    if not commit or not snapshot.is_dir():
        return []
    there = [path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*.gguf") if path.is_file()]
    try:
        found = matching(wanted, there, name)
    except ModelError:
        return []
    parts = _PART.search(found[0])
    return [snapshot / file for file in found] if parts is None or len(found) == int(parts[2]) else []


def _downloaded(name: str) -> list[Path]:
    import huggingface_hub as hub
    from huggingface_hub import constants, errors

    repo, wanted, revision = parse_hub_name(name)
    offline = f"download it where there is a network (hf download {repo} ...), or give the path of a GGUF file"
    if constants.HF_HUB_OFFLINE:
        hint = f"unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE, {offline}"
        raise ModelError(f"{name!r} is not in the cache, and HF_HUB_OFFLINE forbids to ask for it", hint=hint)
    try:
        info = hub.HfApi().model_info(repo, revision=revision, timeout=_PATIENCE)
        files = matching(wanted, [sibling.rfilename for sibling in info.siblings or []], name)
        fetch = hub.hf_hub_download
        return [Path(fetch(repo, file, revision=revision, etag_timeout=_PATIENCE)) for file in files]
    except errors.GatedRepoError as error:
        hint = f"accept its terms at {constants.ENDPOINT}/{repo}, then log in with `hf auth login`"
        raise ModelError(f"{name!r} asks for its terms to be accepted", hint=hint) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError) as error:
        raise ModelError(f"the hub knows no {repo!r} (revision {revision or 'main'!r})", hint=_FORM) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise ModelError(
            f"{name!r} cannot be downloaded: {_first_line(error)}", hint=f"try again, {offline}"
        ) from error
    except OSError as error:
        hint = f"what has arrived is kept: try again, or {offline}"
        raise ModelError(f"the download of {name!r} broke off: {_first_line(error)}", hint=hint) from error
    except Exception as error:
        # The library's network errors are those of its HTTP client, which may be another in the next version.
        if not type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3")):
            raise
        hint = f"what has arrived is kept: try again with a network, {offline}"
        raise ModelError(f"the hub cannot be reached for {name!r}: {_first_line(error)}", hint=hint) from error


def _check_sum(path: Path, name: str) -> None:
    # The cache names a large file by the SHA-256 that the hub stated; the library compares sizes only.
    blob = path.resolve()
    if _SHA256.fullmatch(blob.name) is None:
        return
    seen = cache_folder() / "hub" / f"{blob.name}.checked"
    status = blob.stat()
    stamp = f"{status.st_size} {status.st_mtime_ns}"
    if seen.is_file() and seen.read_text(encoding="utf-8") == stamp:
        return
    with blob.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != blob.name:
        blob.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise ModelError(
            f"{name!r} arrived damaged: SHA-256 {digest[:8]}..., the hub states {blob.name[:8]}...; it was deleted",
            hint="try again; if it recurs, something between here and the hub changes what is sent",
        )
    try:
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.write_text(stamp, encoding="utf-8")
    except OSError:
        return  # then it is computed again next time


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
