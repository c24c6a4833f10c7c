"""What is told of a file's columns counts before what is guessed, and what cannot be meant is refused by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chatrec.errors import CatalogError
from chatrec.indexes import Catalog, ColumnSchema, Schema

ROWS = """code;label;note;runtime;tags;flag;link
x1;First;a long text;90;a+b;yes;http://a.b/1
x2;Second;another;1 h;b;no;http://a.b/2
x3;Third;more;120 min;c+a;no;http://a.b/3
"""
TOML = """
separator = ";"

[columns.code]
role = "id"
[columns.label]
role = "title"
[columns.note]
role = "facet"
kind = "text"
[columns.runtime]
unit = "h"
label = "length"
order = 1
[columns.tags]
separator = "+"
order = 0
[columns.flag]
kind = "category"
[columns.link]
role = "ignore"
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "things.csv"
    path.write_text(ROWS, "utf-8")
    return path


def check(catalog: Catalog) -> None:
    first = catalog.items[0]
    assert (first.id, first.title, first.description) == ("x1", "First", "")
    assert {name: facet.kind for name, facet in catalog.facets.items()} == {
        "tags": "multi",
        "length": "number",
        "note": "text",
        "flag": "category",
    }
    assert list(catalog.facets) == ["tags", "length", "note", "flag"]
    assert [item.facets["length"] for item in catalog.items] == [90, 1, 2]
    assert catalog.facets["length"].unit == "h"
    assert catalog.items[2].facets["tags"] == ("c", "a")
    assert catalog.items[0].extra == {}


def test_a_file_of_toml_or_json_a_mapping_and_a_value_say_the_same(rows: Path, tmp_path: Path) -> None:
    toml = tmp_path / "told.toml"
    toml.write_text(TOML, "utf-8")
    check(Catalog.load(rows, schema=toml))
    schema = Schema.of(toml)
    told = tmp_path / "told.json"
    told.write_text(json.dumps(schema.as_dict()), "utf-8")
    assert Schema.of(told) == schema
    check(Catalog.load(rows, schema=str(told)))
    check(Catalog.load(rows, schema=schema.as_dict()))
    check(Catalog.load(rows, schema=schema))


def test_a_schema_beside_the_file_is_found(rows: Path) -> None:
    rows.with_name("things.schema.toml").write_text(TOML, "utf-8")
    check(Catalog.load(rows))
    assert Catalog.load(rows, schema={}).items[0].facets["runtime"] == 90
    assert Catalog.load(rows, title="note").items[0].title == "a long text"


def test_the_report_says_what_was_told(rows: Path) -> None:
    report = Catalog.load(rows, schema={"columns": {"label": {"role": "title"}, "tags": {"role": "keep"}}}).report
    assert report is not None
    parts = {column.column: (column.role, column.told) for column in report.columns}
    assert parts["label"] == ("title", True)
    assert parts["tags"] == ("keep", True)
    assert parts["runtime"] == ("facet", False)
    assert (report.format, report.encoding, report.separator, report.rows) == ("CSV", "utf-8", ";", 3)


def test_a_cell_that_does_not_fit_what_is_told_is_rejected(rows: Path) -> None:
    told = {"columns": {"label": {"role": "title"}, "note": {"kind": "number"}}}
    with pytest.raises(
        CatalogError, match=r"none of the 3 rows can be used; things.csv, line 2, column 'note': not a num"
    ):
        Catalog.load(rows, schema=told)
    rows.write_text("title,day\nA,2020-01-02\nB,soon\nC,later\nD,whenever\n", "utf-8")
    dated = Catalog.load(rows, schema={"columns": {"day": {"kind": "date"}}})
    assert [item.title for item in dated.items] == ["A"]
    assert [(reject.line, reject.column, reject.value) for reject in dated.rejects] == [
        (3, "day", "soon"),
        (4, "day", "later"),
        (5, "day", "whenever"),
    ]


def test_a_description_that_is_told_to_be_a_facet_is_not_the_description(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,description\nA,red\nB,blue\nC,red\n", "utf-8")
    catalog = Catalog.load(path, schema={"columns": {"description": {"role": "facet"}}})
    assert catalog.items[0].description == ""
    assert catalog.facets["description_"].kind == "category"


def test_a_table_without_names_and_in_an_old_encoding_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("Żółty~Gęś\nBiały~Kot\n".encode("cp1250"))
    schema = Schema(encoding="cp1250", separator="~", header=False, columns={"column 2": ColumnSchema(role="title")})
    assert [item.title for item in Catalog.load(path, schema=schema).items] == ["Gęś", "Kot"]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"colums": {}}, r"there is no setting 'colums' .*did you mean 'columns'"),
        ({"columns": {"label": {"rol": "title"}}}, r"column 'label': there is no setting 'rol' .*did you mean 'role'"),
        ({"columns": {"label": {"role": "titel"}}}, r"column 'label': role = 'titel' .*did you mean 'title'"),
        ({"columns": {"label": {"kind": "numbr"}}}, r"kind = 'numbr' .*did you mean 'number'"),
        ({"columns": {"label": {"role": ["title"]}}}, r"role = \['title'\]"),
        ({"columns": {"label": {"order": "first"}}}, r"order = 'first' .*whole number"),
        ({"columns": {"label": {"order": True}}}, r"order = True"),
        ({"columns": {"label": {"unit": ""}}}, r"unit = '' .*not empty"),
        ({"columns": {"label": {"role": "title", "unit": "min"}}}, r"unit is told of a column whose role is 'title'"),
        ({"columns": {"label": {"kind": "date", "unit": "min"}}}, r"unit is told of a date facet"),
        ({"columns": {"label": {"kind": "number", "separator": ","}}}, r"separator is told of a number facet"),
        ({"columns": {"label": "title"}}, r"column 'label': 'title' .*a table"),
        ({"columns": ["label"]}, r"columns = \['label'\]"),
        ({"columns": {"a": {"role": "id"}, "b": {"role": "id"}}}, r"'a' and 'b' are both the id"),
        ({"columns": {"nowhere": {"role": "keep"}}}, r"there is no column 'nowhere' .*columns: code, label"),
        ({"separator": ";;"}, r"separator = ';;'"),
        ({"separator": '"'}, r"separator = '\"'"),
        ({"encoding": "utf-16"}, r"things.csv is not utf-16"),
        ({"header": "no"}, r"header = 'no' .*true or false"),
        ({"encoding": "utf-9"}, r"'utf-9' is not an encoding"),
        ({"encoding": "base64"}, r"'base64' is not an encoding"),
        ({"encoding": 8}, r"encoding = 8"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(rows: Path, told: Mapping[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog.load(rows, schema=told)


@pytest.mark.parametrize("text", ["role = ", '{"columns": ', "\x00"])
def test_a_schema_file_that_cannot_be_read_is_named(rows: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "told.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CatalogError, match=r"told\.toml is neither TOML nor JSON"):
        Catalog.load(rows, schema=path)
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(CatalogError, match=r"cannot be read: not UTF-8"):
        Catalog.load(rows, schema=path)
    with pytest.raises(CatalogError, match=r"cannot be read: No such file"):
        Catalog.load(rows, schema=tmp_path / "nowhere.toml")


def test_a_label_in_two_languages_is_told_in_the_readers(rows: Path) -> None:
    told = {
        "separator": ";",
        "columns": {"runtime": {"label": "length 长度"}, "tags": {"separator": "+", "label": "tags 标签"}},
    }
    catalog = Catalog.load(rows, schema=told, title="label")
    length = catalog.facets["length"]
    assert (length.called("en"), length.called("zh"), length.called("")) == ("length", "长度", "length 长度")
    assert [str(each.constraint) for each in catalog.link("标签是c的").proposals] == ["tags=c"]


def test_a_chinese_column_keeps_its_name_under_a_label_in_two_languages(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text("标题,年份\n甲,1990\n乙,2001\n", "utf-8")
    catalog = Catalog.load(path, schema={"columns": {"年份": {"label": "year 年份"}}})
    assert catalog.facets["年份"].called("en") == "year"


@pytest.mark.parametrize("name", ["films", "shop", "travel"])
def test_every_facet_of_the_demos_has_a_name_in_both_languages(name: str) -> None:
    for facet in Catalog.load(name).facets.values():
        assert facet.called("en") == facet.name.replace("_", " ")
        assert not facet.called("zh").isascii()
