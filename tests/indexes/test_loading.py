"""Files as people have them: what is understood, and what is named as broken."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatrec.errors import CatalogError
from chatrec.indexes._catalog import Catalog
from chatrec.indexes._rejects import Reject

Load = Callable[..., Catalog]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a file and load it."""

    def written(name: str, data: str | bytes, **told: Any) -> Catalog:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return Catalog.load(path, **told)

    return written


def titles(catalog: Catalog) -> list[str]:
    return [item.title for item in catalog.items]


def faults(catalog: Catalog) -> list[tuple[int, str, str]]:
    return [(reject.line, reject.column, reject.value) for reject in catalog.rejects]


ROWS: list[dict[str, Any]] = [
    {
        "id": "a1",
        "title": "Alien",
        "year": 1979,
        "genres": ["Horror", "Sci-Fi"],
        "overview": "A crew meets a stranger.",
    },
    {"id": "a2", "title": "Amélie", "year": 2001, "genres": ["Romance"], "overview": "A shy waitress mends lives."},
]
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
CSV = "id,title,year,genres,overview\n" + "".join(
    f"{row['id']},{row['title']},{row['year']},{'|'.join(row['genres'])},{row['overview']}\n" for row in ROWS
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.jsonl", JSONL),
        ("x.json", JSONL),
        ("x.json", json.dumps(ROWS, indent=2)),
        ("x.json", json.dumps({"count": [2], "items": ROWS})),
        ("x.json", json.dumps({"status": "ok", "data": {"more": [], "items": ROWS, "seen": [{"id": 1}]}}, indent=1)),
        ("x.json", json.dumps({row["id"]: {k: v for k, v in row.items() if k != "id"} for row in ROWS})),
        ("x.jsonl", "\n".join(json.dumps(row, indent=1) for row in ROWS)),
        ("x.csv", CSV),
        ("x.csv", CSV.replace("\n", "\r\n")),
        ("x.csv", CSV.replace("\n", "\r")),
        ("x.csv", CSV.replace(",", ";")),
        ("x.csv", "sep=;\n" + CSV.replace(",", ";")),
        ("x.tsv", CSV.replace(",", "\t")),
        ("x.txt", CSV.replace(",", "\t")),
        ("x.csv", "\n\n" + CSV.replace("\n", "\n\n")),
    ],
)
@pytest.mark.parametrize(
    "encode", [str.encode, lambda text: text.encode("utf-8-sig"), lambda text: text.encode("utf-16")]
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_items_from_every_form(
    load: Load, name: str, data: str, encode: Callable[[str], bytes], packed: bool
) -> None:
    raw = encode(data)
    catalog = load(name + ".gz", gzip.compress(raw)) if packed else load(name, raw)
    assert [item.as_dict() for item in catalog.items] == [
        {
            "id": row["id"],
            "title": row["title"],
            "description": row["overview"],
            "year": row["year"],
            "genres": row["genres"],
        }
        for row in ROWS
    ]
    assert catalog.rejects == ()
    assert catalog.name == "x"
    assert {facet.name: facet.kind for facet in catalog.facets.values()} == {"year": "number", "genres": "multi"}


def test_broken_rows_of_a_csv_are_named_and_the_others_kept(load: Load) -> None:
    catalog = load(
        "shop.csv",
        b"id,title,price\n"
        b"1,Cup,10\n"
        b"2,,11\n"
        b"3,Plate,cheap\n"
        b"1,Copy,12\n"
        b"5,Few\n"
        b"6,Many,13,14\n"
        b"7,Caf\xe9,15\n"
        b'8,"Stray,16\n'
        b"9,L\xc3\xa1st,17\n",
    )
    assert titles(catalog) == ["Cup", "Lást"]
    assert faults(catalog) == [
        (3, "title", ""),
        (4, "price", "cheap"),
        (5, "id", "1"),
        (6, "", "5,Few"),
        (7, "", "6,Many,13,14"),
        (8, "title", "Caf\\udce9"),
        (9, "", '8,"Stray,16'),
    ]
    assert all(reject.file == "shop.csv" and reject.why and reject.cure for reject in catalog.rejects)
    assert str(catalog.rejects[1]) == (
        "shop.csv, line 4, column 'price': not a number: 'cheap' (write a number or leave it empty)"
    )


def test_broken_rows_of_json_lines_are_named_and_the_others_kept(load: Load) -> None:
    lines = [
        '{"title": "A", "n": 1}',
        '{"title": "B", "n": 2',
        "[1, 2]",
        '{"n": 3}',
        '{"title": "C", "n": NaN}',
        '{"title": "D", "n": "many"}',
        '{"title": "E", "n": [7]}',
        '{"title": "F", "n": 1' + "0" * 400 + "}",
        '{"title": "G", "n": ' + "9" * 5000 + "}",
        '{"title": "H \\ud83d", "n": 3}',
        *(f'{{"title": "T{n}", "n": {n}}}' for n in range(12)),
    ]
    catalog = load("x.jsonl", "\n".join(lines))
    assert titles(catalog) == ["A", "C", *(f"T{n}" for n in range(12))]
    assert [reject.line for reject in catalog.rejects] == [2, 3, 4, 6, 7, 8, 9, 10]
    assert "n" not in catalog.items[1].facets


def test_a_broken_object_in_a_json_list_costs_only_itself(load: Load) -> None:
    catalog = load("x.json", '[\n {"title": "A"},\n {"title": "B",,},\n {"title": "C"},\n {"title": "D')
    assert titles(catalog) == ["A", "C"]
    assert [reject.line for reject in catalog.rejects] == [3, 5]


@pytest.mark.parametrize(
    "stray",
    ['2,"Stray', '2,"Stray"y', '2,"', '"2,Stray', '2,"Str"ay"'],
)
def test_a_stray_quote_costs_its_own_line_at_most(load: Load, stray: str) -> None:
    rest = '3,"Has ""quotes"", and a comma"\n4,"Over\ntwo lines"\n5,End\n'
    catalog = load("x.csv", f"id,title\n1,First\n{stray}\n{rest}")
    kept = [title for title in titles(catalog) if "Str" not in title]
    assert kept == ["First", 'Has "quotes", and a comma', "Over\ntwo lines", "End"]


def test_backslashes_escape_quotes_where_that_makes_the_row_whole(load: Load) -> None:
    assert titles(load("x.csv", 'title,n\n"Say \\"hi\\", friend",1\nB,2\n')) == ['Say "hi", friend', "B"]


def test_in_a_table_with_tabs_a_lone_quote_is_an_inch(load: Load) -> None:
    assert titles(load("x.tsv", 'title\tn\n"24 inches\t1\nB\t2\n')) == ['"24 inches', "B"]


def test_strict_stops_at_the_first_bad_row(load: Load) -> None:
    with pytest.raises(CatalogError, match=r"x.csv, line 3, column 'title': no title: '' \(give the row a title"):
        load("x.csv", "title,n\nA,1\n,2\nB,many,more\n", strict=True)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.csv", "", "x.csv is empty"),
        ("x.csv", " \n\n", "x.csv is empty"),
        ("x.csv", "title,year\n", "x.csv has no rows"),
        ("x.json", "[]", "x.json has no rows"),
        ("x.jsonl", "{\n{\n", "none of the .* rows can be used; x.jsonl, line 1"),
        ("x.csv", b"title,n\nCaf\xe4\xbd,1\n", "none of the 1 rows can be used.*save the file as UTF-8"),
        ("x.csv", "a,b\n1,2\n3,4\n", "no column can be the title, among 'a', 'b' .*title="),
        ("x.csv", b"PAR1....", "x.csv is damaged: .*CSV or JSONL"),
        ("x.csv", b"PK\x03\x04....", "x.csv is a spreadsheet or zip .*CSV, JSONL or Parquet"),
        ("x.csv.gz", b"\x1f\x8bnonsense", "not a whole gzip file"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_with_the_cure(
    load: Load, name: str, data: str | bytes, message: str
) -> None:
    with pytest.raises(CatalogError, match=message) as caught:
        load(name, data)
    assert caught.value.hint


def test_a_directory_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is a directory"):
        Catalog.load(tmp_path)
    with pytest.raises(CatalogError, match=r"there is no file .*demo catalog: .*films"):
        Catalog.load("no_such_catalog")


def test_a_gzip_file_that_is_cut_off_gives_what_is_left(load: Load) -> None:
    whole = gzip.compress("".join(f'{{"title": "Item {n * 7919 % 10007}"}}\n' for n in range(5000)).encode())
    catalog = load("x.jsonl.gz", whole[: len(whole) // 2])
    assert 1000 < len(catalog) < 5000
    assert [reject.why for reject in catalog.rejects] == ["the gzip file is cut off here"]
    assert catalog.rejects[0].line == len(catalog) + 1


def test_a_million_characters_in_one_cell(load: Load) -> None:
    long = "word " * 200_000
    catalog = load("x.csv", f'title,description\nA,"{long}"\nB,short\n')
    assert [len(item.description) for item in catalog.items] == [len(long.strip()), 5]


def test_chinese_files_from_spreadsheets_are_read_as_gb18030(load: Load) -> None:
    text = "名称,价格,简介\n连衣裙,199元,夏天穿的裙子\n衬衫,89元,纯棉衬衫\n"
    catalog = load("x.csv", text.encode("gb18030"))
    assert titles(catalog) == ["连衣裙", "衬衫"]
    assert catalog.items[0].description == "夏天穿的裙子"
    assert catalog.facets["价格"].unit == "¥"


def test_one_cut_off_character_is_not_taken_for_another_encoding(load: Load) -> None:
    catalog = load("x.csv", b"title\nA\n\xe4\xbd\nB\n")
    assert titles(catalog) == ["A", "B"]
    assert [reject.line for reject in catalog.rejects] == [3]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ID,Name,Summary", ("x1", "First thing", "Some long text")),
        ("编号,标题,简介", ("x1", "First thing", "Some long text")),
        ("sku,商品名称,商品描述", ("x1", "First thing", "Some long text")),
        ("product_id,product_title,product_description", ("x1", "First thing", "Some long text")),
        ("productId,productName,productDescription", ("x1", "First thing", "Some long text")),
    ],
)
def test_columns_are_found_by_their_names(load: Load, header: str, expected: tuple[str, str, str]) -> None:
    item = load("x.csv", f"{header}\nx1,First thing,Some long text\nx2,Second thing,Another\n").items[0]
    assert (item.id, item.title, item.description) == expected


def test_columns_are_found_by_their_contents(load: Load) -> None:
    words = ["red", "blue"]
    lines = [
        f"{words[n % 2]},Thing number {n},{n},This is a longer text about the thing with the number {n}, you see."
        for n in range(30)
    ]
    catalog = load("x.csv", "k1;k2;k3;k4\n" + "\n".join(line.replace(",", ";", 3) for line in lines))
    assert catalog.items[3].title == "Thing number 3"
    assert catalog.items[3].description.startswith("This is a longer text")
    assert {name: facet.kind for name, facet in catalog.facets.items()} == {"k1": "category", "k3": "number"}


def test_columns_can_be_told(load: Load) -> None:
    data = "id,title,code,NAME,note\n1,T1,c1,N1,x\n2,T2,c2,N2,y\n"
    item = load("x.csv", data, id="code", title="name", description="note").items[1]
    assert (item.id, item.title, item.description) == ("c2", "N2", "y")
    assert item.facets["title_"] == "T2"
    with pytest.raises(CatalogError, match=r"there is no column 'nome' for the title .*columns: id, title"):
        load("x.csv", data, title="nome")


def test_a_table_without_a_header_loses_no_row(load: Load) -> None:
    catalog = load("x.csv", "1,Alien,1979\n2,Big Fish,2003\n")
    assert titles(catalog) == ["Alien", "Big Fish"]
    assert catalog.facets["column 3"].low == 1979


def test_one_column_with_commas_in_it(load: Load) -> None:
    assert titles(load("x.csv", "title\nGood, Bad, Ugly\nAlien\n")) == ["Good, Bad, Ugly", "Alien"]


def test_ids_without_an_id_column_are_stable_and_unique(load: Load) -> None:
    first = load("x.csv", "title,year\nAlien,1979\nSolaris,1972\nSolaris,2002\n")
    again = load("y.csv", "title,year\nNew,2020\nSolaris,1972\nAlien,1979\nSolaris,2002\n")
    assert len({item.id for item in first.items}) == 3
    assert [again.items[row].id for row in (2, 1, 3)] == [item.id for item in first.items]


def test_rows_without_an_id_among_rows_with_one_are_kept(load: Load) -> None:
    catalog = load("x.jsonl", '{"id": 1, "title": "A"}\n{"title": "B"}\n{"id": null, "title": "C"}\n')
    assert catalog.items[0].id == "1"
    assert titles(catalog) == ["A", "B", "C"]


def test_titles_that_look_like_nothing_are_titles(load: Load) -> None:
    assert titles(load("x.csv", "title,n\nNone,1\nNA,2\n-,3\n1984,4\n")) == ["None", "NA", "-", "1984"]


@pytest.mark.parametrize(
    ("name", "cells", "facet", "values"),
    [
        ("runtime", ["120 min", "1h 30min", "90"], "number min", [120, 90, 90]),
        ("runtime_min", ["120", "", "90"], "number min", [120, None, 90]),
        ("price", ["$12.50", "$1,200", "$3"], "number $", [12.5, 1200, 3]),
        ("price (€)", ["12,50", "1.200,00", "3"], "number €", [12.5, 1200, 3]),
        ("votes", ["1,200", "3,000,000", "7"], "number", [1200, 3000000, 7]),
        ("Preis", ["1 299,00 €", "45,50 €", "12\u202f000,5 €", "9,- €"], "number €", [1299, 45.5, 12000.5, 9]),
        ("price", ["CHF 1'299.00", "CHF 45.50", "CHF 1’000.-"], "number CHF", [1299, 45.5, 1000]),
        ("price", ["HK$1,200", "HK$ 45.50", "HK$3"], "number HK$", [1200, 45.5, 3]),
        ("fans", ["1.5M", "300K", "12", "2 million"], "number", [1500000, 300000, 12, 2000000]),
        ("depth", ["−7 m", "-5 m", "3m"], "number m", [-7, -5, 3]),
        ("重量", ["500克", "1.5公斤", "200克"], "number g", [500, 1500, 200]),
        ("粉丝", ["1.2万", "300", "2亿"], "number", [12000, 300, 200000000]),
        ("score", ["7.5/10", "8/10", "9/10"], "number /10", [7.5, 8, 9]),
        ("year", ["1990", "unknown", "2001"], "number", [1990, None, 2001]),
        ("zip", ["01234", "90210", "10001"], "category", ["01234", "90210", "10001"]),
        ("decade", ["1990s", "1980s", "1990s"], "category", ["1990s", "1980s", "1990s"]),
        ("format", ["2D", "3D", "2D"], "category", ["2D", "3D", "2D"]),
        ("released", ["2020-01-05", "2021-12-31", ""], "date", ["2020-01-05", "2021-12-31", None]),
        ("上映", ["2020年1月5日", "2021/3/4", "2022.10.1"], "date", ["2020-01-05", "2021-03-04", "2022-10-01"]),
        ("when", ["05/06/2020", "25/06/2020", "1/2/2021"], "date", ["2020-06-05", "2020-06-25", "2021-02-01"]),
        ("when", ["5 March 2020", "Apr 1, 2021", "2 may 2022"], "date", ["2020-03-05", "2021-04-01", "2022-05-02"]),
        ("when", ["31.05.2024 10:20", "1.6.2024 9:05", ""], "date", ["2024-05-31T10:20", "2024-06-01T09:05", None]),
        ("when", ["05/31/2024 11:30 PM", "06/01/2024, 12:05:09 am", "06/02/2024"],
         "date", ["2024-05-31T23:30", "2024-06-01T00:05:09", "2024-06-02"]),
        ("when", ["Fri, 31 May 2024 10:00:00 GMT", "2024-06-01 11:00:00+02:00", "2024-06-02T00:00:00Z"],
         "date", ["2024-05-31T10:00:00Z", "2024-06-01T11:00:00+02:00", "2024-06-02T00:00:00Z"]),
        ("时间", ["2024年5月31日 10:30", "2024/6/1 9:05", "2024-06-02"],
         "date", ["2024-05-31T10:30", "2024-06-01T09:05", "2024-06-02"]),
        ("when", ["05/06/2020", "01/06/2020", "05/06/2020"], "category", ["05/06/2020", "01/06/2020", "05/06/2020"]),
        ("stock", ["yes", "no", "yes"], "boolean", [True, False, True]),
        ("是否新品", ["是", "否", "是"], "boolean", [True, False, True]),
        ("vegan", ["yes", "否", "是"], "boolean", [True, False, True]),
        ("vegan", ["true", "0", "1"], "boolean", [True, False, True]),
        ("rest", ["无", "0", "1"], "number", [None, 0, 1]),
        ("is_new", ["1", "0", "1"], "boolean", [True, False, True]),
        ("bits", ["1", "0", "1"], "number", [1, 0, 1]),
        ("genres", ["a|b", "b", "b|c|b"], "multi", [("a", "b"), ("b",), ("b", "c")]),
        ("标签", ["甜、咸", "咸", "辣、咸"], "multi", [("甜", "咸"), ("咸",), ("辣", "咸")]),
        ("genres", ["x, y", "y, z", "x"], "multi", [("x", "y"), ("y", "z"), ("x",)]),
        ("cast", ["['Tom Hanks', \"Bo O'Neil\"]", "['A']", "[]"],
         "multi", [("Tom Hanks", "Bo O'Neil"), ("A",), None]),
        ("maker", ["Smith, Ann", "Jones, Bob", "Brown, Cy"], "category", ["Smith, Ann", "Jones, Bob", "Brown, Cy"]),
    ],
)  # fmt: skip
def test_columns_are_typed_by_what_they_hold(
    load: Load, name: str, cells: list[str], facet: str, values: list[Any]
) -> None:
    table = "\n".join("\t".join((str(row), f"Title {row}", cell, "z")) for row, cell in enumerate(cells))
    catalog = load("x.tsv", f"id\ttitle\t{name}\tend\n{table}\n")
    assert catalog.rejects == ()
    assert [item.facets.get(name) for item in catalog.items] == values
    found = catalog.facets[name]
    assert " ".join(filter(None, (found.kind, found.unit))) == facet


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("imdb_id", ["77", "78", "79"]),
        ("page", ["http://a.b/c", "http://a.b/d", "www.a.b"]),
        ("cover", ["front/a.png", "front/b.JPG", "front/猫.webp"]),
        ("说明书", ["长" * 2100] * 3),
    ],
)
def test_what_nobody_would_ask_for_is_kept_beside_the_facets(load: Load, name: str, cells: list[str]) -> None:
    table = "\n".join(f"{row},Title {row},{cell},text {row}" for row, cell in enumerate(cells))
    catalog = load("x.csv", f"id,title,{name},summary\n{table}\n")
    assert list(catalog.facets) == []
    assert [item.extra for item in catalog.items] == [{name: cell} for cell in cells]
    assert catalog.items[0].as_dict()["extra"] == {name: cells[0]}
    assert cells[0] not in catalog.items[0].text()


def test_json_values_are_typed_by_what_they_hold(load: Load) -> None:
    rows = [
        {"title": "A", "new": True, "price": {"amount": 5, "currency": "EUR"}, "cast": [{"id": 1, "name": "Ann"}]},
        {"title": "B", "new": False, "price": {"amount": 6.5, "currency": "EUR"}, "cast": []},
        {"title": "C", "new": None, "vector": [0.1] * 64, "cast": "Bob"},
    ]
    catalog = load("x.jsonl", "\n".join(map(json.dumps, rows)))
    assert dict(catalog.items[0].facets) == {
        "new": True, "price.amount": 5, "price.currency": "EUR", "cast": ("Ann",),
    }  # fmt: skip
    assert dict(catalog.items[1].facets) == {"new": False, "price.amount": 6.5, "price.currency": "EUR"}
    assert dict(catalog.items[2].facets) == {"cast": ("Bob",)}


def test_objects_without_a_name_and_columns_without_one_are_kept(load: Load) -> None:
    sizes = [{"sku": "a1", "left": 2}, {"sku": "a2", "left": 0}]
    rows: list[dict[str, Any]] = [{"title": "A", "sizes": sizes, "": 7}, {"title": "B", "sizes": [], "": 9}]
    catalog = load("x.jsonl", "\n".join(map(json.dumps, rows)))
    assert dict(catalog.items[0].extra) == {"sizes": sizes}
    assert [item.facets.get("column") for item in catalog.items] == [7, 9]
    assert catalog.report is not None
    assert [(c.column, c.role) for c in catalog.report.columns] == [
        ("title", "title"),
        ("sizes", "keep"),
        ("", "facet"),
    ]


@pytest.mark.parametrize(
    ("above", "table"),
    [
        ("Product export,,,\n,,,\n", "id,title,price,colour\n1,Cup,5,red\n2,Plate,6,blue\n"),
        ("Preisliste\nStand: 1.5.2024\n\n", "Nr;Name;Preis\n1;Cup;5,50\n2;Plate;6,10\n"),
        ("商品列表,,\n", "名称,价格,颜色\nCup,5,红\nPlate,6,蓝\n"),
        ("# exported by me, today\n", "a,b,c\nCup,5,6\nPlate,7,8\n"),
    ],
)
def test_lines_above_the_names_of_the_columns_are_named_and_hide_nothing(load: Load, above: str, table: str) -> None:
    catalog = load("x.csv", above + table)
    assert titles(catalog) == ["Cup", "Plate"]
    assert list(catalog.facets) == list(load("y.csv", table).facets)
    told = [line for line in above.splitlines() if line.strip(",")]
    assert [(reject.line, reject.value) for reject in catalog.rejects] == list(enumerate(told, 1))
    assert {reject.why for reject in catalog.rejects} == {"a line above the names of the columns"}


def test_a_column_called_by_the_number_sign_is_no_comment(load: Load) -> None:
    assert titles(load("x.csv", "#,title,price\n1,Cup,5\n2,Plate,6\n")) == ["Cup", "Plate"]


def test_a_space_behind_each_separator_is_none_of_the_cell(load: Load) -> None:
    catalog = load("x.csv", 'id, title, summary\n1, "Cup, big", 5" wide\n2, Plate, "two\nlines"\n3, "Jug", x\n')
    assert titles(catalog) == ["Cup, big", "Plate", "Jug"]
    assert [item.description for item in catalog.items] == ['5" wide', "two\nlines", "x"]
    assert catalog.rejects == ()


def test_rows_of_separators_alone_are_no_rows(load: Load) -> None:
    catalog = load("x.csv", "id,title,price\n1,Cup,5\n,,\n2,Plate,6\n,,\n , ,\n")
    assert titles(catalog) == ["Cup", "Plate"]
    assert catalog.rejects == ()


@pytest.mark.parametrize("bad", ["", "2,,3\n"])
def test_rejects_are_never_written_over_the_catalog(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,n\n1,A,1\n" + bad)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    for rejects in (path, link):
        with pytest.raises(CatalogError, match=r"written over 'x\.csv' itself"):
            Catalog.load(path, rejects=rejects)
    assert path.read_text() == "id,title,n\n1,A,1\n" + bad


def test_the_home_of_nobody_is_no_file() -> None:
    with pytest.raises(CatalogError, match="cannot be a path"):
        Catalog.load("~nobody-of-this-name/x.csv")


def test_a_price_in_another_currency_is_named(load: Load) -> None:
    catalog = load("x.csv", "title,price\nA,$1.50\nB,€2\nC,$3\nD,$4\n")
    assert titles(catalog) == ["A", "C", "D"]
    assert "a unit other than '$'" in str(catalog.rejects[0])


def test_a_word_that_many_rows_have_makes_no_row_bad(load: Load) -> None:
    lines = [f"T{n},{n if n % 10 else 'free'}" for n in range(100)]
    catalog = load("x.csv", "title,price\n" + "\n".join(lines))
    assert len(catalog) == 100
    assert catalog.facets["price"].kind != "number"


def test_row_numbers_and_empty_columns_are_no_facets(load: Load) -> None:
    catalog = load("x.csv", ",title,nothing\n0,A,\n1,B,\n2,C,null\n")
    assert list(catalog.facets) == []


def test_facets_never_collide_with_each_other_or_the_notation(load: Load) -> None:
    catalog = load("x.csv", "title,Title,a=b,a b\nA,1,2,3\nB,4,5,6\n")
    assert dict(catalog.items[0].facets) == {"Title": 1, "a b": 2, "a b_": 3}


def test_a_reject_is_one_printable_line() -> None:
    reject = Reject(3, "price", "x", "not a number", "write a number", "shop.csv")
    assert str(reject) == "shop.csv, line 3, column 'price': not a number: 'x' (write a number)"
    assert str(reject.error()) == str(reject)


PIECES = st.sampled_from(
    ["title", "id", "a", "1", "2,5", "$3", "1990-01-01", "yes", "否", "红", ",", ";", "\t", "|", '"', '""', "\\", "\n",
     "\r\n", "{", "}", "[", "]", ":", '{"title": "x"}', '"a": [1]', "null", "NaN", "\ufeff", "\x00", "\u2028",
     "\\ud800", " ", "-"]
)  # fmt: skip
FILES = st.binary(max_size=60) | st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, st.sampled_from(["x.csv", "x.tsv", "x.jsonl", "x.json", "x"]), st.booleans())
def test_any_file_gives_a_catalog_or_a_catalog_error(tmp_path: Path, raw: bytes, name: str, headed: bool) -> None:
    path = tmp_path / name
    path.write_bytes(b"title,n\nFirst,1\n" + raw if headed else raw)
    try:
        catalog = Catalog.load(path)
    except CatalogError:
        return
    assert len({item.id for item in catalog.items}) == len(catalog) > 0
    assert all(item.title for item in catalog.items)
    assert all(str(reject).encode() for reject in catalog.rejects)
    assert json.dumps([item.as_dict() for item in catalog.items], ensure_ascii=False).encode()


# A letter in front, because programs write "null" for nothing.
TITLES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map("t".__add__), min_size=1, max_size=6
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TITLES, st.sampled_from([",", ";", "\t", "|"]))
def test_whatever_the_csv_module_writes_is_read_back(tmp_path: Path, names: list[str], separator: str) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
        writer.writerow(["title", "n"])
        writer.writerows([name, number] for number, name in enumerate(names))
    assert titles(Catalog.load(path)) == [name.strip() for name in names]
