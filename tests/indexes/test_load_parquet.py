"""Parquet: the same items as from the other forms, types and all; without pyarrow, the cure."""

from __future__ import annotations

import datetime
import decimal
import gzip
import sys
from pathlib import Path
from typing import Any

import pytest

from chatrec.errors import CatalogError
from chatrec.indexes import Catalog

arrow: Any = pytest.importorskip("pyarrow", reason="pyarrow comes with the extra `parquet`")
parquet: Any = pytest.importorskip("pyarrow.parquet")


def write(path: Path, columns: dict[str, Any]) -> Path:
    parquet.write_table(arrow.table(columns), path)
    return path


def things(path: Path) -> Path:
    return write(
        path,
        {
            "id": [1, 2, 3],
            "title": ["Cup", "杯子", None],
            "price": [decimal.Decimal("1.50"), decimal.Decimal("2.00"), decimal.Decimal("3.25")],
            "made": [datetime.date(2020, 1, 2), None, datetime.date(2021, 3, 4)],
            "new": [True, False, None],
            "tags": [["a", "b"], [], ["b"]],
            "size": [{"w": 1, "h": 2.5}, {"w": 3, "h": 4.0}, None],
            "picture": [b"\x00\x01", b"\x02", None],
        },
    )


@pytest.mark.parametrize("packed", [False, True])
def test_rows_and_types_are_read(tmp_path: Path, packed: bool) -> None:
    path = things(tmp_path / "x.parquet")
    if packed:
        (tmp_path / "x.parquet.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "x.parquet.gz"
    rejects = tmp_path / "rejects.jsonl"
    catalog = Catalog.load(path, rejects=rejects)
    assert [(item.id, item.title) for item in catalog.items] == [("1", "Cup"), ("2", "杯子")]
    assert dict(catalog.items[0].facets) == {
        "price": 1.5,
        "made": "2020-01-02",
        "new": True,
        "tags": ("a", "b"),
        "size.w": 1,
        "size.h": 2.5,
    }
    assert catalog.facets["made"].kind == "date"
    assert [(reject.line, reject.column) for reject in catalog.rejects] == [(3, "title")]
    assert '"made": "2021-03-04"' in rejects.read_text("utf-8")
    assert catalog.report is not None
    assert (catalog.report.format, catalog.report.encoding) == ("Parquet", "")


def test_a_long_file_is_read_batch_by_batch(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"title": [f"T{n}" for n in range(10_000)], "n": list(range(10_000))})
    told: list[int] = []
    catalog = Catalog.load(path, progress=lambda done, _: told.append(done))
    assert [item.facets["n"] for item in catalog.items] == list(range(10_000))
    assert told


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = things(tmp_path / "x.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CatalogError, match=r"x.parquet is damaged: .*export it again"):
        Catalog.load(path)


def test_without_pyarrow_the_cure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = things(tmp_path / "x.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        CatalogError, match=r"pyarrow, which reads it, is not installed .*pip install 'chatrec\[parquet\]'"
    ):
        Catalog.load(path)
