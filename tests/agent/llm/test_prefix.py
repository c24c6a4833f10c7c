from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from chatrec.agent.llm._memory import Saved, as_tokens
from chatrec.agent.llm._prefix import PrefixStore

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


def beginning(*tokens: int, size: int = 1000) -> Saved:
    rng = np.random.default_rng(len(tokens))
    return Saved(as_tokens(tokens), rng.integers(0, 256, size, dtype=np.uint8))


def stored(folder: Path, *kept: Saved, max_bytes: int = 10_000) -> PrefixStore:
    store = PrefixStore(folder, max_bytes=max_bytes)
    for saved in kept:
        store.keep(KEY, saved)
        store.finish()
    return store


def test_what_was_kept_is_found_by_another_store(tmp_path: Path) -> None:
    saved = beginning(1, 2, 3, 4)
    stored(tmp_path / "new", saved)
    found = PrefixStore(tmp_path / "new").find(KEY, as_tokens([1, 2, 3, 4, 5, 6]))
    assert found is not None
    assert found.tokens.tolist() == [1, 2, 3, 4]
    assert np.array_equal(found.state, saved.state)


def test_the_longest_common_beginning_wins_and_only_if_it_is_of_use(tmp_path: Path) -> None:
    store = stored(tmp_path, beginning(1, 2), beginning(1, 2, 3, 9), beginning(1, 7, 8, 9, 9))
    found = store.find(KEY, as_tokens([1, 2, 3, 4]))
    assert found is not None
    assert found.tokens.tolist() == [1, 2, 3, 9]
    assert store.find(KEY, as_tokens([1, 2, 3, 4]), longer_than=3) is None
    assert store.find(KEY, as_tokens([5, 5])) is None
    assert store.find(OTHER, as_tokens([1, 2])) is None


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    stored(folder, beginning(1, 2, 3))
    [path] = folder.iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:60],
        lambda data: data[:-500] + bytes([data[-500] ^ 1]) + data[-499:],
        lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
        lambda data: data.replace(b'"tokens": 3', b'"tokens": 2'),
    ],
    ids=["short", "long", "headless", "flipped", "digest", "miscounted"],
)
def test_what_was_damaged_is_never_given_and_then_gone(tmp_path: Path, harm: object) -> None:
    store = stored(tmp_path, beginning(1, 2, 3))
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(harm(whole))  # type: ignore[operator]
    assert path.read_bytes() != whole
    assert store.find(KEY, as_tokens([1, 2, 3, 4])) is None
    store.keep(KEY, beginning(1, 2, 3))
    store.finish()
    assert store.find(KEY, as_tokens([1, 2, 3, 4])) is not None


def test_a_foreign_file_is_left_alone_and_ignored(tmp_path: Path) -> None:
    store = stored(tmp_path, beginning(1, 2, 3))
    (tmp_path / f"{KEY}-0000.prefix").write_bytes(b"GGUF" + bytes(5000))
    (tmp_path / f"{KEY}-0001.prefix").mkdir()
    found = store.find(KEY, as_tokens([1, 2, 3]))
    assert found is not None
    assert found.tokens.tolist() == [1, 2, 3]


def test_a_renamed_file_of_another_model_is_not_taken(tmp_path: Path) -> None:
    store = stored(tmp_path, beginning(1, 2, 3))
    [path] = tmp_path.iterdir()
    path.rename(tmp_path / path.name.replace(KEY, OTHER))
    assert store.find(OTHER, as_tokens([1, 2, 3])) is None


def test_the_least_recently_used_goes_when_the_bound_is_reached(tmp_path: Path) -> None:
    store = stored(tmp_path, beginning(1, 1, size=3000), beginning(2, 2, size=3000), beginning(3, 3, size=3000))
    for age, path in enumerate(sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(path, (1000 + age, 1000 + age))
    assert store.find(KEY, as_tokens([1, 1])) is not None
    store.keep(KEY, beginning(4, 4, size=3000))
    store.finish()
    held = [number for number in (1, 2, 3, 4) if store.shares(KEY, as_tokens([number, number])) == 2]
    assert held == [1, 3, 4]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_500


def test_what_is_larger_than_half_the_bound_is_not_kept(tmp_path: Path) -> None:
    stored(tmp_path / "cache", beginning(1, 2, size=6000))
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    store = stored(tmp_path / "file", beginning(1, 2, 3))
    assert store.find(KEY, as_tokens([1, 2, 3])) is None


def test_unfinished_files_are_swept_away(tmp_path: Path) -> None:
    left, fresh = tmp_path / ".making-old", tmp_path / ".making-new"
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (1000, 1000))
    stored(tmp_path, beginning(1, 2, 3))
    assert not left.exists()
    assert fresh.exists()
