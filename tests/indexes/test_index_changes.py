"""Changes of an index that lives in a folder: kept at once, seen whole, and by one writer at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from chatrec.errors import IndexFileError
from chatrec.indexes import _index_files, _index_lock, _index_state, _word_index
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._index import ItemIndex
from chatrec.indexes._index_lock import writing
from chatrec.indexes._values import Item
from chatrec.indexes._words import stems
from chatrec.testing import HashingEmbedder, checkerboard_catalog

ROOT = Path(__file__).parents[2]
BOARD = checkerboard_catalog()
EMBEDDER = HashingEmbedder(32)


def build(path: Path, catalog: Catalog = BOARD) -> ItemIndex:
    return ItemIndex.build(catalog, embedder=EMBEDDER, path=path)


def load(path: Path) -> ItemIndex:
    return ItemIndex.load(path, embedder=EMBEDDER)


def contents(index: ItemIndex) -> dict[str, str]:
    return {hit.id: index.get_by_ids([hit.id])[0].page_content for hit in index.search("", k=10_000)}


def assert_equal(index: ItemIndex, other: ItemIndex) -> None:
    """The same items in the same order, and the same answers of every kind."""
    assert list(contents(index).items()) == list(contents(other).items())
    ids = list(contents(index))
    if ids:  # an index without items does not know how long its vectors are
        np.testing.assert_array_equal(index.vectors(ids), other.vectors(ids))
    for query in ("Three foxtrot", "circle north", "lamp", "word3"):
        found, expected = index.search(query, k=500), other.search(query, k=500)
        np.testing.assert_allclose([hit.score for hit in found], [hit.score for hit in expected], atol=1e-5)
        assert {hit.id: round(hit.words, 4) for hit in found} == {hit.id: round(hit.words, 4) for hit in expected}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("delete"), st.lists(st.sampled_from(["r0c0", "r1c1", *"abcdefgh"]), min_size=1, max_size=3)),
        st.tuples(st.just("clear"), st.just(["-"])),
        st.tuples(st.just("save"), st.just(["-"])),
    ),
    max_size=12,
)


@given(steps, st.integers(0, 5))
@settings(deadline=None, max_examples=25)
def test_whatever_changes_the_folder_holds_what_memory_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[str]]], worn: int
) -> None:
    path = tmp_path_factory.mktemp("index") / "index"
    small = Catalog(BOARD.items[:12])
    kept, plain = build(path, small), ItemIndex.build(small, embedder=EMBEDDER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_index_state, "_LEAST_WORN", worn)
        patch.setattr(_index_files, "_LONG_JOURNAL", 2000 * worn)
        for number, (kind, ids) in enumerate(steps):
            for index in (kept, plain):
                if kind == "put":
                    facets = {"step": number, "colour": "green"}
                    index.add_documents([Document(f"word{number} {each}", id=each, metadata=facets) for each in ids])
                elif kind == "save":
                    index.save(path) if index is kept else None
                else:
                    index.delete(ids if kind == "delete" else None)
        assert_equal(kept, plain)
        assert_equal(load(path), plain)
        if "colour" in {name for hit in plain.search("", k=99) for name in plain.get_by_ids([hit.id])[0].metadata}:
            for index in (kept, load(path)):
                mask = index.mask([Constraint("colour", "none", ("red",))])
                expected = plain.mask([Constraint("colour", "none", ("red",))])
                np.testing.assert_array_equal(mask, expected)


def test_a_replaced_item_keeps_its_row(tmp_path: Path) -> None:
    index = build(tmp_path / "index")
    index.add_documents([Document("a lamp", id="r1c1", metadata={"colour": "green"})])
    mask = BOARD.mask([Constraint("row", "any", (1,)), Constraint("column", "any", (1,))])
    assert [hit.id for hit in index.search("lamp", k=9, mask=mask)] == ["r1c1"]
    green = index.mask({"colour": "green"})
    assert green is not None
    assert np.flatnonzero(green).tolist() == [BOARD.row("r1c1")]


def test_adding_does_not_read_what_is_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = build(tmp_path / "index")
    read: list[str] = []

    def reading(text: str) -> list[str]:
        read.append(text)
        return stems(text)

    monkeypatch.setattr(_word_index, "stems", reading)
    for number in range(20):
        index.add_documents([Document(f"lamp {number}", id=str(number))])
        index.delete([f"r0c{number % 8}"])
        assert index.search(f"lamp {number}", k=1)[0].id == str(number)
    assert sorted(read) == sorted(f"lamp {number}" for number in range(20))


def test_a_search_sees_all_of_a_change_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_index_state, "_LEAST_WORN", 20)  # made one again while it is read, too
    index = build(tmp_path / "index")
    size = len(index)
    pairs = [[Document(f"pair {side} {number}", id=f"{side}", metadata={"at": number}) for side in "ab"]
             for number in range(25)]  # fmt: skip
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = index.similarity_search("pair", 99, filter=[Constraint("at", "ge", (0,))]) if "a" in index else []
            versions = {document.metadata["at"] for document in found}
            if len(found) not in {0, 2} or len(versions) > 1:
                failures.append(f"{len(found)} of versions {versions}")
            if len(index.search("pair", k=200)) not in {size, size + 2}:
                failures.append("half a change was found")

    index.add_documents(pairs[0])
    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for pair in pairs:
        index.add_documents(pair)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert_equal(load(tmp_path / "index"), index)


def test_a_change_that_cannot_be_kept_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = build(tmp_path / "index")
    before = contents(index)

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        for change in (lambda: index.add_documents([Document("x", id="x")]), lambda: index.delete(["r0c0"])):
            with pytest.raises(IndexFileError, match="No space left"):
                change()
    with pytest.raises(IndexFileError, match="document 'x' cannot be saved"):
        index.add_documents([Document("x", id="x", metadata={"when": object()})])
    assert contents(index) == contents(load(tmp_path / "index")) == before
    index.add_documents([Document("x", id="x")])  # over what the failed one left behind
    assert contents(load(tmp_path / "index")) == contents(index) == before | {"x": "x"}


@pytest.mark.parametrize("how", ["cut", "changed", "missing"])
def test_a_broken_journal_is_refused_with_the_cure(tmp_path: Path, how: str) -> None:
    path = tmp_path / "index"
    index = build(path)
    index.add_documents([Document("one", id="one")])
    index.add_documents([Document("two", id="two")])
    journal = next(path.glob("journal-*"))
    content = journal.read_bytes()
    if how == "missing":
        journal.unlink()
    else:
        journal.write_bytes(content[:-1] if how == "cut" else content[:40] + b"#" + content[41:])
    with pytest.raises(IndexFileError) as caught:
        load(path)
    assert "ItemIndex.build" in caught.value.hint
    assert len(build(path)) == len(BOARD)


def test_what_was_not_acknowledged_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = build(path)
    index.add_documents([Document("one", id="one")])
    manifest = (path / "chatrec-index.json").read_bytes()
    index.add_documents([Document("two", id="two")])
    (path / "chatrec-index.json").write_bytes(manifest)  # as if killed before the step that counts
    again = load(path)
    assert "one" in again
    assert "two" not in again
    again.add_documents([Document("three", id="three")])
    assert {"one", "three"} <= set(contents(load(path)))
    assert "two" not in load(path)


def test_a_build_takes_back_what_was_changed_and_uses_its_vectors(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = build(path)
    index.add_documents([Document("A lamp", id="lamp")])
    index.delete(["r0c0"])
    again = build(path, Catalog([*BOARD.items[1:], Item("lamp", "A lamp"), Item("new", "A new one")]))
    assert again.report is not None
    assert (again.report.embedded, again.report.reused) == (1, len(BOARD))
    assert list(contents(again)) == [*(item.id for item in BOARD.items[1:]), "lamp", "new"]
    assert_equal(build(path), ItemIndex.build(BOARD, embedder=EMBEDDER))


def test_the_second_writer_is_told_and_readers_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index"
    index = build(path)
    monkeypatch.setattr(_index_lock, "_WAIT", 0.05)
    code = (
        "import sys, pathlib\nfrom chatrec.indexes._index_lock import writing\n"
        "with writing(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    for write in (lambda: index.delete(["r0c0"]), lambda: index.save(path), lambda: build(path, Catalog([]))):
        with pytest.raises(IndexFileError, match=f"process {other.pid}.* is writing") as caught:
            write()
        assert "wait until" in caught.value.hint
    assert len(load(path)) == len(build(path)) == len(BOARD)  # nothing to write
    other.communicate("")
    assert index.delete(["r0c0"])
    with writing(path, wait=0):
        pass


def test_a_writer_does_not_write_over_what_another_wrote(tmp_path: Path) -> None:
    path = tmp_path / "index"
    build(path)
    first, second = load(path), load(path)
    first.add_documents([Document("one", id="one")])
    with pytest.raises(IndexFileError, match="another program has changed") as caught:
        second.add_documents([Document("two", id="two")])
    assert "ItemIndex.load" in caught.value.hint
    assert "two" not in second
    assert len(second.search("lamp", k=99)) == len(BOARD)  # it still reads what it opened
    assert "one" in load(path)


def test_a_copy_elsewhere_does_not_move_the_index(tmp_path: Path) -> None:
    index = build(tmp_path / "index")
    index.save(tmp_path / "copy")
    index.add_documents([Document("x", id="x")])
    assert "x" in load(tmp_path / "index")
    assert "x" not in load(tmp_path / "copy")


def test_large_files_are_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index"
    build(path)
    monkeypatch.setattr("chatrec.indexes._index_manifest._ALWAYS_VERIFIED", 0)
    load(path)
    seen = json.loads((path / "verified.json").read_text("utf-8"))
    assert {name.split("-")[0] for name in seen} == {"items", "rows", "vectors"}
    vectors = next(path.glob("vectors-*"))
    content = bytearray(vectors.read_bytes())
    content[-1] ^= 1
    vectors.write_bytes(content)
    os.utime(vectors, ns=(0, 0))
    with pytest.raises(IndexFileError, match="SHA-256"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the victims are forked")
def test_kills_at_random_moments_lose_nothing() -> None:
    command = [sys.executable, "-m", "bench", "kills", "--times", "8", "--seed", "3", "--dry"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "8 kills" in ran.stdout
    assert "lost: 0" in ran.stdout
