from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from chatrec.errors import EmbedderError, IndexFileError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_arrays import map_arrays
from chatrec.indexes._index_batches import Batches, digest, embed_texts
from chatrec.indexes._index_files import IndexFolder, SavedIndex
from chatrec.indexes._values import Item
from chatrec.testing import HashingEmbedder, checkerboard_catalog

BOARD = checkerboard_catalog(size=12)  # 144 items: three batches
MANIFEST = "chatrec-index.json"


def results(index: ItemIndex) -> list[Any]:
    mask = BOARD.mask([Constraint("colour", "any", ("red",))])
    return [
        index.search("Three foxtrot", k=9),
        index.search("circle in the north", k=20, mask=mask),
        index.similarity_search("blue square", 5, filter={"row": 3}),
    ]


def build(path: Path | None = None, catalog: Catalog = BOARD, **kwargs: Any) -> ItemIndex:
    return ItemIndex.build(catalog, embedder=HashingEmbedder(), path=path, **kwargs)


def embedded(index: ItemIndex) -> int:
    assert index.report is not None
    return index.report.embedded


def rebuilt(index: ItemIndex) -> str:
    assert index.report is not None
    return index.report.rebuilt or ""


def part(path: Path, name: str) -> Path:
    manifest = json.loads((path / MANIFEST).read_text("utf-8"))
    return path / str(manifest["files"][name]["name"])


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    built = build(tmp_path / "index")
    loaded = ItemIndex.load(tmp_path / "index", embedder=HashingEmbedder())
    assert results(loaded) == results(built)
    ids = [item.id for item in BOARD.items]
    np.testing.assert_array_equal(loaded.vectors(ids), built.vectors(ids))
    assert loaded.get_by_ids(ids) == built.get_by_ids(ids)


def test_documents_survive_a_round_trip(tmp_path: Path) -> None:
    index = ItemIndex(HashingEmbedder())
    documents = [
        Document(
            "夏天的风\nsecond line\x85 \u2028 🎬", id="风", metadata={"tags": ["a", "b"], "deep": {"x": [1, None]}}
        ),
        Document("half \ud800 pair", id="b", metadata={"year": 1999, "good": True}),
    ]
    index.add_documents(documents)
    index.save(tmp_path / "index")
    loaded = ItemIndex.load(tmp_path / "index", embedder=HashingEmbedder())
    assert loaded.get_by_ids(["风", "b"]) == documents
    assert [document.id for document in loaded.similarity_search("风", filter={"good": True})] == ["b"]


def test_an_empty_index_survives_a_round_trip(tmp_path: Path) -> None:
    ItemIndex(HashingEmbedder()).save(tmp_path / "index")
    loaded = ItemIndex.load(tmp_path / "index", embedder=HashingEmbedder())
    assert len(loaded) == 0
    loaded.add_documents([Document("text", id="a")])
    assert loaded.search("text", k=1)[0].id == "a"


def test_nothing_is_pickled(tmp_path: Path) -> None:
    build(tmp_path / "index")
    names = sorted(file.name.split("-")[0] for file in (tmp_path / "index").iterdir())
    assert names == ["chatrec", "chatrec", "items", "rows", "vectors"]
    assert all(array.dtype != object for array in map_arrays(part(tmp_path / "index", "rows")).values())


def test_only_new_and_changed_items_are_embedded_again(tmp_path: Path) -> None:
    path = tmp_path / "index"
    assert embedded(build(path)) == 144
    before = sorted(file.name for file in path.iterdir())
    assert embedded(build(path)) == 0
    assert sorted(file.name for file in path.iterdir()) == before  # nothing to write
    items = list(BOARD.items)
    items[3] = Item(items[3].id, "Another title", items[3].description, items[3].facets)
    items[4] = Item(items[4].id, items[4].title, items[4].description, {**items[4].facets, "cost": -1})
    changed = Catalog([*items[2:], Item("new", "A new one")])
    again = build(path, changed)
    assert embedded(again) == 2  # a number is no part of the text
    assert len(again) == 143
    assert again.search("Another title", k=1)[0].id == items[3].id
    assert [document.id for document in again.similarity_search("x", filter={"cost": -1})] == [items[4].id]
    fresh = build(None, changed)
    ids = [item.id for item in changed.items]
    np.testing.assert_array_equal(again.vectors(ids), fresh.vectors(ids))
    assert again.search("three", k=20) == fresh.search("three", k=20)


def test_equal_texts_are_embedded_once() -> None:
    embedder = HashingEmbedder()
    index = ItemIndex.build(Catalog([Item("a", "Same"), Item("b", "Same")]), embedder=embedder)
    assert embedder.texts == ["Same"]
    assert len(index) == 2


def test_progress_counts_what_must_be_embedded(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    build(tmp_path / "index", progress=lambda done, total: calls.append((done, total)))
    assert calls == [(0, 144), (64, 144), (128, 144), (144, 144)]
    calls.clear()
    build(tmp_path / "index", progress=lambda done, total: calls.append((done, total)))
    assert calls == []


def test_another_embedder_builds_anew_and_says_so(tmp_path: Path) -> None:
    build(tmp_path / "index")
    again = ItemIndex.build(BOARD, embedder=HashingEmbedder(32), path=tmp_path / "index")
    assert embedded(again) == 144
    assert "built with 'hashing:256', not with 'hashing:32'" in rebuilt(again)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def tamper(path: Path, kind: str) -> None:
    """One way of many to break a saved index."""
    manifest = path / MANIFEST
    if kind.startswith(("items", "vectors", "rows")):
        name, _, how = kind.partition(" ")
        if how == "missing":
            part(path, name).unlink()
        else:
            (truncate if how == "truncated" else flip)(part(path, name))
        return
    told = json.loads(manifest.read_text("utf-8"))
    match kind:
        case "manifest truncated":
            truncate(manifest)
            return
        case "manifest binary":
            manifest.write_bytes(b"\xff\xfe\x00")
            return
        case "manifest a list":
            told = []
        case "another format":
            told["format"] = "other"
        case "another version":
            told["version"] = 99
        case "no files":
            del told["files"]
        case "another count":
            told["items"] = 7
        case _:
            told["files"]["items"]["name"] = "../../secret"
    manifest.write_text(json.dumps(told), "utf-8")


KINDS = [f"{name} {how}" for name in ("items", "vectors", "rows") for how in ("truncated", "changed", "missing")] + [
    "manifest truncated",
    "manifest binary",
    "manifest a list",
    "another format",
    "another version",
    "no files",
    "another count",
    "a path outside",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_index_is_refused_with_the_cure_and_built_anew(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "index"
    expected = results(build(path))
    tamper(path, kind)
    with pytest.raises(IndexFileError) as caught:
        ItemIndex.load(path, embedder=HashingEmbedder())
    assert "ItemIndex.build" in caught.value.hint
    assert str(path) in str(caught.value)
    again = build(path)
    assert rebuilt(again) == caught.value.args[0]
    assert embedded(again) == 144
    assert results(again) == expected
    assert results(ItemIndex.load(path, embedder=HashingEmbedder())) == expected
    assert rebuilt(build(path)) == ""


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "index"
    build(path)
    file = part(path, "rows")
    content = file.read_bytes().replace(b'"<i8"', b'"|O8"', 1)
    file.write_bytes(content)
    told = json.loads((path / MANIFEST).read_text("utf-8"))
    told["files"]["rows"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (path / MANIFEST).write_text(json.dumps(told), "utf-8")
    with pytest.raises(IndexFileError, match="damaged"):
        ItemIndex.load(path, embedder=HashingEmbedder())


def test_no_index_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty"):
        with pytest.raises(IndexFileError, match="there is no index in"):
            ItemIndex.load(path)


def test_foreign_folders_are_never_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", "utf-8")
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    for path, message in ((folder, "is not an index: it holds 'letter.txt'"), (file, "is a file")):
        for attempt in (build, build().save):
            with pytest.raises(IndexFileError, match=message):
                attempt(path)
    assert [entry.name for entry in folder.iterdir()] == ["letter.txt"]


def test_the_embedder_must_be_the_one_that_built_it(tmp_path: Path) -> None:
    path = tmp_path / "index"
    build(path)
    with pytest.raises(EmbedderError, match="not with 'hashing:8'"):
        ItemIndex.load(path, embedder=HashingEmbedder(8))
    with pytest.raises(EmbedderError, match="no name to open it by") as caught:
        ItemIndex.load(path)
    assert "embedder=" in caught.value.hint


@pytest.mark.real_model
def test_a_built_in_embedder_is_opened_by_its_name(tmp_path: Path) -> None:
    catalog = Catalog([Item("a", "Alien", "A crew meets a creature."), Item("b", "Ran", "A lord and his sons.")])
    ItemIndex.build(catalog, path=tmp_path / "index")
    assert ItemIndex.load(tmp_path / "index").search("monster in space", k=1)[0].id == "a"


def test_metadata_that_are_not_json_are_named(tmp_path: Path) -> None:
    index = ItemIndex(HashingEmbedder())
    index.add_documents([Document("text", id="a", metadata={"when": object()})])
    with pytest.raises(IndexFileError, match="document 'a' cannot be saved") as caught:
        index.save(tmp_path / "index")
    assert "keep metadata to" in caught.value.hint
    assert not (tmp_path / "index").exists()


class Stops(HashingEmbedder):
    """Is interrupted at its nth batch."""

    def __init__(self, batch: int, error: type[BaseException] = KeyboardInterrupt) -> None:
        super().__init__()
        self.left = batch
        self.error = error

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return super().embed_documents(texts)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_build_that_is_stopped_goes_on_where_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "index"
    with pytest.raises(error):
        ItemIndex.build(BOARD, embedder=Stops(3, error), path=path)
    with pytest.raises(IndexFileError, match="there is no index"):
        ItemIndex.load(path, embedder=HashingEmbedder())
    again = build(path)
    assert embedded(again) == 144 - 128
    assert results(again) == results(build())
    assert not (path / "unfinished.bin").exists()


def test_a_stopped_build_leaves_the_old_index_whole(tmp_path: Path) -> None:
    path = tmp_path / "index"
    expected = results(build(path))
    other = Catalog(Item(item.id, item.title + " changed") for item in BOARD.items)
    with pytest.raises(KeyboardInterrupt):
        ItemIndex.build(other, embedder=Stops(2), path=path)
    assert results(ItemIndex.load(path, embedder=HashingEmbedder())) == expected
    assert embedded(build(path, other)) == 144 - 64


def test_a_torn_record_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with pytest.raises(KeyboardInterrupt):
        ItemIndex.build(BOARD, embedder=Stops(2), path=path)
    unfinished = path / "unfinished.bin"
    content = bytearray(unfinished.read_bytes())
    content[2000] ^= 255  # one of the 64 is damaged, the last is torn
    unfinished.write_bytes(content[:-7])
    with pytest.raises(KeyboardInterrupt):
        ItemIndex.build(BOARD, embedder=Stops(2), path=path)  # appends 64 behind the torn tail
    again = build(path)
    assert embedded(again) == 144 - 62 - 64
    assert results(again) == results(build())


def test_batches_of_another_embedder_are_dropped(tmp_path: Path) -> None:
    batches = Batches(tmp_path / "file", "one")
    batches.append([digest("a")], np.ones((1, 4), np.float32))
    assert list(Batches(tmp_path / "file", "one").read()) == [digest("a")]
    assert Batches(tmp_path / "file", "two").read() == {}
    for content in (b"", b"{}", b"\xff\n", b"[]\nxxx"):
        (tmp_path / "file").write_bytes(content)
        assert Batches(tmp_path / "file", "one").read() == {}


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize("after", range(6))
def test_a_save_that_fails_anywhere_leaves_the_old_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: int
) -> None:
    """The disk fails at every step of a save in turn; an index can be loaded after each, the old or the new one."""
    path = tmp_path / "index"
    old = build(path)
    expected = results(old)
    other = build(None, Catalog(Item(item.id, item.title + " changed") for item in BOARD.items))
    calls = 0
    owner: Any = os if step == "fsync" else Path
    real = getattr(owner, step)

    def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        writing = step != "open" or (len(args) > 1 and "b" in str(args[1]) and "r" not in str(args[1]))
        calls += writing
        if writing and calls > after:
            raise OSError(28, "No space left on device")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, failing)
        message = ""
        try:
            other.save(path)
        except IndexFileError as error:
            message = str(error)
    loaded = ItemIndex.load(path, embedder=HashingEmbedder())
    changed = loaded.get_by_ids(["r0c0"])[0].metadata["title"] == "Zero alfa changed"
    assert changed or "No space left" in message
    if not changed:
        assert results(loaded) == expected
    other.save(path)
    assert (
        ItemIndex.load(path, embedder=HashingEmbedder()).get_by_ids(["r0c0"])[0].metadata["title"].endswith("changed")
    )


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_a_killed_process_leaves_an_index_and_work_done(tmp_path: Path) -> None:
    path = tmp_path / "index"
    build(path)
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from chatrec.indexes._catalog import Catalog\n"
        "from chatrec.indexes._index import ItemIndex\n"
        "from chatrec.indexes._values import Item\n"
        "from chatrec.testing import HashingEmbedder\n"
        "class Slow(HashingEmbedder):\n"
        "    def embed_documents(self, texts):\n"
        "        time.sleep(.05)\n"
        "        return super().embed_documents(texts)\n"
        "other = Catalog([Item(str(n), f'other {n}') for n in range(64 * 200)])\n"
        "ItemIndex.build(other, embedder=Slow(), path=Path(sys.argv[1]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    unfinished = path / "unfinished.bin"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (unfinished.exists() and unfinished.stat().st_size > 300_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert results(ItemIndex.load(path, embedder=HashingEmbedder())) == results(build())
    batches = Batches(unfinished, "hashing:256")
    kept = batches.read()
    assert len(kept) >= 64
    vector = batches.vectors(np.array([kept[digest("other 0")]]))[0]
    assert vector.tolist() == pytest.approx(HashingEmbedder().embed_query("other 0"), abs=1e-6)


def test_leftovers_of_killed_saves_are_swept_and_foreign_files_are_not(tmp_path: Path) -> None:
    path = tmp_path / "index"
    build(path)
    left = path / f"vectors-{'0' * 16}.bin"
    left.write_bytes(b"x")
    (path / "notes.txt").write_text("mine", "utf-8")
    build(path, Catalog(BOARD.items[1:]))
    assert not left.exists()
    assert (path / "notes.txt").exists()


def test_a_reader_gets_a_whole_index_when_a_writer_comes_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index"
    build(path)
    smaller = build(None, Catalog(BOARD.items[1:]))
    real = IndexFolder._read
    calls: list[int] = []

    def read_after_a_save(self: IndexFolder, manifest: dict[str, Any]) -> SavedIndex:
        calls.append(1)
        if len(calls) == 1:
            smaller.save(path)
        return real(self, manifest)

    monkeypatch.setattr(IndexFolder, "_read", read_after_a_save)
    assert len(ItemIndex.load(path, embedder=HashingEmbedder())) == 143
    assert len(calls) == 2


class Broken(Embeddings):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        answer: list[list[float]] = self.answer
        return answer

    def embed_query(self, text: str) -> list[float]:
        return [0.0]


@pytest.mark.parametrize(
    "answer", [[], [[1.0]], [[1.0], [float("nan")]], [[1.0], [float("inf")]], [["a"], ["b"]], [[1.0], [1.0, 2.0]]]
)
def test_an_embedder_that_misbehaves_is_named(answer: Any) -> None:
    with pytest.raises(EmbedderError, match="the embedder gave"):
        embed_texts(Broken(answer), ["a", "b"])


def test_vectors_of_two_lengths_are_refused() -> None:
    index = ItemIndex(HashingEmbedder(8))
    index.add_documents([Document("a")])
    index._embeddings = DeterministicFakeEmbedding(size=5)
    with pytest.raises(EmbedderError, match="5 numbers, those of the index 8"):
        index.add_documents([Document("b")])
    assert len(index) == 1


def test_a_copied_folder_works(tmp_path: Path) -> None:
    expected = results(build(tmp_path / "index"))
    shutil.copytree(tmp_path / "index", tmp_path / "elsewhere")
    assert results(ItemIndex.load(tmp_path / "elsewhere", embedder=HashingEmbedder())) == expected
