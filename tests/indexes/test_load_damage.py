"""Damaged files and files that are none: what is whole is loaded, what is not is named and can be mended."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chatrec.errors import CatalogError
from chatrec.indexes import Catalog

ROWS: list[dict[str, Any]] = [
    {
        "id": f"item{number:02d}",
        "title": f"{name} {number}",
        "price": 10 + number,
        "made": f"20{number:02d}-05-{number + 1:02d}",
        "tags": ["red", "blue"] if number % 2 else ["green"],
        "note": text,
    }
    for number, (name, text) in enumerate(
        [
            ("Cup", "plain"), ("Tasse", "für Käse, Öl"), ("杯子", "白色的杯子"), ("Plate", 'has "quotes", and commas'),
            ("Bowl", "two\nlines"), ("Jug", ""), ("Fork", "semi; colon"), ("Spoon", "{braces} [too]"), ("Knife", "a|b"),
            ("Vase", "日本の花瓶"), ("Lamp", "50% off"), ("Desk", "back\\slash"), ("Chair", "'single'"),
            ("Shelf", "tab\tin it"),
        ]
    )
]  # fmt: skip
TITLES = [row["title"] for row in ROWS]


def as_csv(separator: str) -> list[str]:
    """The header, then one text a row."""
    lines = [separator.join(ROWS[0])]
    for row in ROWS:
        cells = ["|".join(cell) if isinstance(cell, list) else str(cell) for cell in row.values()]
        quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & {separator, '"', "\n"} else cell for cell in cells]
        lines.append(separator.join(quoted))
    return [line + "\n" for line in lines]


def as_lines() -> list[str]:
    return ["", *(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)]


def as_list() -> list[str]:
    inner = [f" {json.dumps(row, ensure_ascii=False)},\n" for row in ROWS]
    return ["[\n", *inner[:-1], inner[-1].replace("},\n", "}\n]\n")]


FORMS = {
    "x.csv": as_csv(","),
    "x.tsv": as_csv("\t"),
    "y.csv": as_csv(";"),
    "x.jsonl": as_lines(),
    "x.json": as_list(),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_undamaged_file_is_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("".join(FORMS[name]), "utf-8")
    catalog = Catalog.load(path)
    assert catalog.rejects == ()
    assert [item.title for item in catalog.items] == TITLES
    assert {facet: catalog.facets[facet].kind for facet in ("price", "made", "tags")} == {
        "price": "number",
        "made": "date",
        "tags": "multi",
    }


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, bytes, set[int]]:
    """A file in which a few rows are damaged within, and which these are."""
    name = draw(st.sampled_from(sorted(FORMS)))
    parts = [part.encode() for part in FORMS[name]]
    hit = draw(st.sets(st.integers(0, len(ROWS) - 1), min_size=1, max_size=3))
    for row in hit:
        raw = parts[row + 1]
        body, end = raw[:-1], raw[-1:]
        if name == "x.json":
            # What parts two rows belongs to both.
            body, end = (body[:-1], body[-1:] + end) if body.endswith(b",") else (body.removesuffix(b"\n]"), b"\n]\n")
        start = draw(st.integers(0, len(body)))
        stop = draw(st.integers(start, min(len(body), start + draw(st.sampled_from([0, 1, 3, 200])))))
        new = draw(
            st.binary(max_size=6)
            | st.sampled_from(
                [b'"', b'""', b"\\", b",", b";", b"\t", b"{", b"}", b"[", b"]", b"\xff", b"\xe4", b"\x00", b"\r"]
            )
        )
        parts[row + 1] = body[:start] + new.replace(b"\n", b" ") + body[stop:] + end
    return name, b"".join(parts), hit


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage(), st.booleans())
def test_damage_costs_no_row_but_those_it_hits(
    tmp_path: Path, damaged: tuple[str, bytes, set[int]], packed: bool
) -> None:
    name, raw, hit = damaged
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(raw, 1) if packed else raw)
    try:
        catalog = Catalog.load(path)
    except CatalogError as error:
        pytest.fail(f"nothing was loaded: {error}")
    loaded = {item.title for item in catalog.items}
    lost = [title for row, title in enumerate(TITLES) if row not in hit and title not in loaded]
    assert lost == []
    assert len(catalog.items) + len(catalog.rejects) >= len(ROWS) - len(hit)
    assert all(reject.why and reject.cure and reject.line > 0 for reject in catalog.rejects)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FORMS)), st.floats(0, 1), st.binary(max_size=4))
def test_a_gzip_file_damaged_anywhere_gives_what_comes_before(
    tmp_path: Path, name: str, where: float, new: bytes
) -> None:
    whole = gzip.compress("".join(FORMS[name]).encode())
    at = int(where * len(whole))
    path = tmp_path / f"{name}.gz"
    path.write_bytes(whole[:at] + new + whole[at + 4 :])
    assume(path.read_bytes()[:2] == b"\x1f\x8b")
    try:
        catalog = Catalog.load(path)
    except CatalogError:
        return
    assert {item.title for item in catalog.items} & set(TITLES) or catalog.rejects


def test_the_first_rows_of_a_gzip_file_that_is_damaged_late_are_kept(tmp_path: Path) -> None:
    lines = [f'{{"title": "Item {number * 7919 % 10007}"}}\n' for number in range(5000)]
    whole = bytearray(gzip.compress("".join(lines).encode()))
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "x.jsonl.gz").write_bytes(whole)
    catalog = Catalog.load(tmp_path / "x.jsonl.gz")
    assert len(catalog) > 1000
    assert catalog.rejects[-1].why == "the gzip file is cut off here"


def test_rejects_are_written_and_can_be_mended_and_loaded(tmp_path: Path) -> None:
    path, rejects = tmp_path / "shop.csv", tmp_path / "out" / "shop.rejects.jsonl"
    good = "".join(f"{number},Thing {number},{number}\n" for number in range(10, 40))
    path.write_text(f"id,title,price\n1,Cup,10\n2,,11\n3,Plate,cheap\n1,Copy,12\n5,Few\n6,Many,1,2\n{good}", "utf-8")
    catalog = Catalog.load(path, rejects=rejects)
    assert len(catalog) == 31
    assert catalog.report is not None
    assert catalog.report.rejects_file == str(rejects)
    told = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()]
    assert [line["!reject"]["line"] for line in told] == [3, 4, 5, 6, 7] == [reject.line for reject in catalog.rejects]
    assert told[1] == {
        "!reject": {
            "line": 4,
            "column": "price",
            "value": "cheap",
            "why": "not a number",
            "cure": "write a number or leave it empty",
            "file": "shop.csv",
            "original": "3,Plate,cheap",
        },
        "id": "3",
        "title": "Plate",
        "price": "cheap",
    }
    told[0]["title"], told[1]["price"], told[2]["id"], told[3]["price"] = "Pot", "9", "4", "7"
    del told[4]["column 4"]
    rejects.write_text("\n".join(map(json.dumps, told)), "utf-8")
    mended = Catalog.load(rejects)
    assert list(mended.facets) == ["price"]
    assert [(item.id, item.title, item.facets["price"]) for item in mended.items] == [
        ("2", "Pot", 11),
        ("3", "Plate", 9),
        ("4", "Copy", 12),
        ("5", "Few", 7),
        ("6", "Many", 1),
    ]


def test_a_broken_json_text_is_mended_in_the_rejects_file(tmp_path: Path) -> None:
    path, rejects = tmp_path / "x.jsonl", tmp_path / "rejects.jsonl"
    path.write_text('{"title": "A"}\n{"title": "B", "n": 1\n', "utf-8")
    Catalog.load(path, rejects=rejects)
    told = json.loads(rejects.read_text("utf-8"))
    assert told["!reject"]["original"] == '{"title": "B", "n": 1'
    with pytest.raises(CatalogError, match="broken JSON"):
        Catalog.load(rejects)
    told["!reject"]["original"] += "}"
    rejects.write_text(json.dumps(told), "utf-8")
    assert [(item.title, item.facets["n"]) for item in Catalog.load(rejects).items] == [("B", 1)]


def test_without_rejects_an_old_rejects_file_is_removed_and_strict_writes_none(tmp_path: Path) -> None:
    path, rejects = tmp_path / "x.csv", tmp_path / "rejects.jsonl"
    path.write_text("title,n\nA,1\n,2\n", "utf-8")
    with pytest.raises(CatalogError, match="line 3"):
        Catalog.load(path, rejects=rejects, strict=True)
    assert not rejects.exists()
    Catalog.load(path, rejects=rejects)
    assert rejects.exists()
    path.write_text("title,n\nA,1\nB,2\n", "utf-8")
    assert Catalog.load(path, rejects=rejects).report
    assert [*tmp_path.iterdir()] == [path]
    (tmp_path / "folder").mkdir()
    path.write_text("title,n\nA,1\n,2\n", "utf-8")
    with pytest.raises(CatalogError, match="rejects cannot be written"):
        Catalog.load(path, rejects=tmp_path / "folder")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_file_to_read_twice_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(CatalogError, match=r"pipe or a device .*save it to a file"):
            Catalog.load(path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title\nA\n", "utf-8")
    path.chmod(0)
    with pytest.raises(CatalogError, match=r"cannot be read: Permission denied .*check its permissions"):
        Catalog.load(path)


@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000 + ".csv"])
def test_a_path_that_can_be_none_is_an_error(name: str) -> None:
    with pytest.raises(CatalogError):
        Catalog.load(name)


def test_rows_of_endless_new_columns_are_refused_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [{"title": f"T{row}", **{f"c{row}_{n}": n for n in range(900)}} for row in range(4)]
    path.write_text("\n".join(map(json.dumps, [*rows, {"title": "last", "c0_1": 5}])), "utf-8")
    catalog = Catalog.load(path)
    assert [item.title for item in catalog.items] == ["T0", "T1", "last"]
    assert [reject.why for reject in catalog.rejects] == ["a column beyond the first 2,000"] * 2


def test_progress_rises_to_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f'{{"title": "T{row}", "n": {row}}}\n' for row in range(40_000)), "utf-8")
    told: list[tuple[int, int]] = []
    Catalog.load(path, progress=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {path.stat().st_size}
    done = [done for done, _ in told]
    assert done == sorted(done)
    assert len(set(done)) > 3
    assert done[-1] == path.stat().st_size


@pytest.mark.parametrize("at", [0, 2])
def test_a_stray_bracket_in_a_list_costs_nothing(tmp_path: Path, at: int) -> None:
    rows = [f'{{"title": "Cup {number}"}}' for number in range(4)]
    rows[at] = f"[ {rows[at]}"
    file = tmp_path / "x.json"
    file.write_text(f"[{', '.join(rows)}]", "utf-8")
    assert [item.title for item in Catalog.load(file).items] == [f"Cup {number}" for number in range(4)]


def test_a_file_that_changes_while_it_is_read_gives_no_rejects_of_other_rows(tmp_path: Path) -> None:
    path, rejects = tmp_path / "x.csv", tmp_path / "rejects.jsonl"
    path.write_text("id,title,n\n1,A,1\n2,,2\n3,C,3\n")
    rejects.write_text("before")

    def replace(_done: int, _total: int) -> None:
        new = tmp_path / "new.csv"
        new.write_text("id,title,n\n9,Z,1\n8,Good,2\n7,Y,3\n")
        new.replace(path)

    with pytest.raises(CatalogError, match=r"x\.csv changed while it was read"):
        Catalog.load(path, rejects=rejects, progress=replace)
    assert rejects.read_text() == "before"
    assert Catalog.load(path, rejects=rejects).rejects == ()
    assert not rejects.exists()
