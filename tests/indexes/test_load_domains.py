"""Ten kinds of catalogs as people keep them: no code knows any of them, and each is understood."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from chatrec.indexes import Catalog

WINES = """Wine;Vintage;Grape;Price;ABV;Organic;Rating;Pairs with
Château Bel Air;2015;Merlot;€ 1.299,00;13,5%;no;4,5/5;beef, lamb
Weingut Hügel;2019;Riesling;€24,90;12,0%;yes;4,1/5;fish, cheese
Barolo Cannubi;2013;Nebbiolo;€89,00;14,5%;no;4,7/5;beef, truffles
Rioja Crianza;2017;Riesling;€12,50;13,5%;no;3,9/5;lamb, cheese
Prosecco Extra Dry;;Glera;€9,90;11,0%;no;3,8/5;cheese
"""
COURSES = """course_id,Course name,Level,Duration,Price,Certificate,Start date,Topics
1001,Intro to Python,Beginner,3-5 weeks,$49.00,Yes,2024-01-15,"[""code"", ""python""]"
1002,Deep Learning,Advanced,8-10 weeks,"$1,199.00",Yes,2024-02-01,"[""ai"", ""python""]"
1003,Watercolour Basics,Beginner,2-3 weeks,Free,No,2024-01-20,"[""art"", null]"
1004,Statistics 101,Beginner,5 weeks,$79.00,Yes,2024-03-10,"[""maths""]"
"""
PLANTS = """编号,名称,类型,高度,浇水,宠物安全,价格
P001,绿萝,观叶,30-50厘米,每周1次,否,¥19.9
P002,虎皮兰,观叶,40-60厘米,两周1次,否,¥35
P003,蝴蝶兰,观花,20-40厘米,每周1次,是,¥199
P004,多肉组合,多肉,5-10厘米,两周1次,是,免费
"""
TOOLS = """sku\tproduct\tbrand\tpower\tweight\tprice\tcordless\twarranty\tvoltage
0012345\tCordless drill\tBosch\t500 W\t1.3 kg\t129.00 USD\tyes\t2 years\t18V
0012346\tCircular saw\tMakita\t1,200 W\t3.9 kg\t1,299.00 USD\tno\t3 years\t230V
0012347\tOrbital sander\tBosch\t280 W\t900 g\t89.50 USD\tno\t1 year\t230V
"""
PODCASTS = """[{"show":"Night Science","host":"Ana Ruiz","length":"45 min","explicit":false,"url":"https://p.example/ns",
 "since":"2019-03","summary":"Two scientists talk about the creative side of research every week."},
{"show":"Old Bones","host":"Joe Wu","length":"1h 30","explicit":true,"url":"https://p.example/ob",
 "since":"2021-11","summary":"Stories of things found in the ground and of the people who dug them up."},
{"show":"慢慢说","host":"李雷","length":"1h","explicit":false,"url":"https://p.example/mms",
 "since":"2017-06","summary":"每周一次，和朋友慢慢聊生活里的小事，不赶时间。"}]
"""
FLATS = """Address|Rooms|Size|Rent|Available from|Pets|Phone
Hauptstr. 12|3|78 m²|1.250 €/month|01.03.2024|ja|030 1234567
Lindenweg 3|2|54,5 m²|890 €/month|15.02.2024|nein|030 2345678
Am Ufer 9|4|112 m²|1.980 €/month|01.04.2024|ja|030 3456789
Parkallee 44|1|31 m²|620 €/month|15.03.2024|nein|030 4567890
"""
PHONES = """型号,品牌,价格,屏幕,内存,5G,上市日期,颜色,好评率
小米14 Pro,小米,"¥4,999",6.73英寸,12GB,是,2023年10月26日,黑色/白色,98%
iPhone 15,Apple,"¥5,999",6.1英寸,6GB,是,2023年9月22日,黑色/粉色/蓝色,97%
Redmi 12C,小米,¥699,6.71英寸,4GB,否,2022年12月27日,黑色/蓝色,95%
vivo X100,vivo,"¥3,999",6.78英寸,12GB,是,2023年11月13日,白色/蓝色,98%
"""
DOGS = """Breed,Group,Height,Life span,Good with kids,Temperament
Labrador Retriever,Sporting,55-62 cm,10-12 years,Yes,"friendly, outgoing, active"
Pug,Toy,25-33 cm,13-15 years,Yes,"charming, loving, friendly"
Border Collie,Herding,46-56 cm,12-15 years,Yes,"active, smart, friendly"
Chihuahua,Toy,15-23 cm,14-16 years,No,"charming, loving"
"""
GAMES = """Rank,Game,Players,Play time,Age,Weight,Mechanics,Link,Expansion?
1,Brass: Birmingham,2-4,60-120 min,14+,3.89/5,Hand Management;Income,https://b.example/1,no
2,Gloomhaven,1-4,60-120 min,14+,3.89/5,Hand Management;Campaign,https://b.example/2,no
3,Azul,2-4,30-45 min,8+,1.76/5,Drafting;Pattern Building,https://b.example/3,no
4,Catan: Seafarers,3-4,60 min,10+,2.2/5,Dice Rolling,https://b.example/4,yes
5,Patchwork,2,15-30 min,8+,1.62/5,Drafting;Income,https://b.example/5,no
"""
MUSEUM = """{"accession no.":"1923.14","title":"Bowl","date":"ca. 1450","on display":true,"acquired":"5 March 1923"}
{"accession no.":"1931.2","title":"Harbour","date":"1662","on display":false,"acquired":"12 May 1931"}
{"accession no.":"1988.77","title":"Lion","date":"ca. 850","on display":true,"acquired":"30 Jan 1988"}
{"accession no.":"2001.5","title":"Caddy","date":"1760-1775","on display":true,"acquired":"2 Sep 2001"}
"""


def understood(catalog: Catalog) -> dict[str, str]:
    """Each column's part; of facets the kind, with the span and the unit of numbers."""
    assert catalog.report is not None
    found: dict[str, str] = {}
    for column in catalog.report.columns:
        shown: list[str] = []
        for name in column.facets:
            facet = catalog.facets[name]
            span = "" if facet.low is None else f" {facet.low:g}..{facet.high:g}{facet.unit or ''}"
            shown.append((f"{name}: " if len(column.facets) > 1 else "") + facet.kind + span)
        found[column.column] = "; ".join(shown) or column.role
    return found


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("wines.csv", WINES, {
            "Wine": "title", "Vintage": "number 2013..2019", "Grape": "category", "Price": "number 9.9..1299€",
            "ABV": "number 11..14.5%", "Organic": "boolean", "Rating": "number 3.8..4.7/5", "Pairs with": "multi",
        }),
        ("courses.csv", COURSES, {
            "course_id": "id", "Course name": "title", "Level": "category",
            "Duration": "min Duration: number 2..8weeks; max Duration: number 3..10weeks", "Price": "number 0..1199$",
            "Certificate": "boolean", "Start date": "date", "Topics": "multi",
        }),
        ("plants.csv", PLANTS, {
            "编号": "id", "名称": "title", "类型": "category",
            "高度": "最小高度: number 5..40cm; 最大高度: number 10..60cm", "浇水": "category", "宠物安全": "boolean",
            "价格": "number 0..199¥",
        }),
        ("tools.tsv", TOOLS, {
            "sku": "id", "product": "title", "brand": "category", "power": "number 280..1200W",
            "weight": "number 0.9..3.9kg", "price": "number 89.5..1299$", "cordless": "boolean",
            "warranty": "number 1..3years", "voltage": "number 18..230V",
        }),
        ("podcasts.json", PODCASTS, {
            "show": "title", "host": "category", "length": "number 45..90min", "explicit": "boolean", "url": "keep",
            "since": "date", "summary": "description",
        }),
        ("flats.csv", FLATS, {
            "Address": "title", "Rooms": "number 1..4", "Size": "number 31..112m²", "Rent": "number 620..1980€",
            "Available from": "date", "Pets": "boolean", "Phone": "keep",
        }),
        ("phones.csv", PHONES, {
            "型号": "title", "品牌": "category", "价格": "number 699..5999¥", "屏幕": 'number 6.1..6.78"',
            "内存": "number 4..12GB", "5G": "boolean", "上市日期": "date", "颜色": "multi", "好评率": "number 95..98%",
        }),
        ("dogs.csv", DOGS, {
            "Breed": "title", "Group": "category",
            "Height": "min Height: number 15..55cm; max Height: number 23..62cm",
            "Life span": "min Life span: number 10..14years; max Life span: number 12..16years",
            "Good with kids": "boolean", "Temperament": "multi",
        }),
        ("games.csv", GAMES, {
            "Rank": "number 1..5", "Game": "title",
            "Players": "min Players: number 1..3; max Players: number 2..4",
            "Play time": "min Play time: number 15..60min; max Play time: number 30..120min", "Age": "number 8..14",
            "Weight": "number 1.62..3.89/5", "Mechanics": "multi", "Link": "keep", "Expansion?": "boolean",
        }),
        ("museum.jsonl", MUSEUM, {
            "accession no.": "id", "title": "title",
            "date": "min date: number 850..1760; max date: number 850..1775", "on display": "boolean",
            "acquired": "date",
        }),
    ],
)  # fmt: skip
def test_a_catalog_of_any_kind_is_understood(tmp_path: Path, name: str, text: str, expected: dict[str, str]) -> None:
    # As Chinese spreadsheets write it, where it can be; then it must be told from UTF-8 as well.
    for encoding in ("utf-8", "gb18030") if text in {PLANTS, PHONES} else ("utf-8",):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        catalog = Catalog.load(path)
        assert catalog.rejects == ()
        assert understood(catalog) == expected
        assert catalog.report is not None
        assert catalog.report.encoding == encoding


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("length", ["1:02:33", "45:12", "2:10:00", "58:01"], "number 45.2..130min"),
        ("opens", ["09:30", "10:00", "18:15", "08:45"], "text"),
        ("length", ["1h 5m", "45m", "2h", "30m"], "number 30..120min"),
        ("用时", ["半小时", "1个半小时", "45分钟", "2小时"], "number 30..120min"),
        ("stars", ["★★★☆☆", "★★★★★", "★★★★", "★½"], "number 1.5..5stars"),
        ("born", ["20240531", "19991231", "20010101", "20020202", "20030303"], "date"),
        ("code", ["20240531", "10", "77", "5"], "keep"),
        ("when", ["Mon, 5 Jan 2020", "Tue, 6 Feb 2020", "March 2021", "May 1, 2022"], "date"),
        ("fans", ["1.2k", "300", "15K", "7"], "number 7..15000"),
        ("score", ["4.5 out of 5", "3 out of 5", "5 out of 5", "1.5 out of 5"], "number 1.5..5/5"),
        ("call", ["555-1234", "555-9876", "600-7000", "700-8000"], "text"),
        ("match", ["3-1", "0-2", "1-4", "2-0"], "text"),
        ("price", ["from $5", "~$7.50", "about 9", "$12+"], "number 5..12$"),
        ("age", ["3-5 years", "6+", "under 3 years", "8 to 12 years"],
         "min age: number 3..8years; max age: number 3..12years"),
        ("价格", ["199元起", "约300元", "¥88", "1,299元"], "number 88..1299¥"),
        ("预算", ["100-200元", "300~500元", "50元以上", "不超过80元"],
         "最小预算: number 50..300¥; 最大预算: number 80..500¥"),
        ("rent", ["1.250 €", "980 €", "2.100 €", "750 €"], "number 750..2100€"),
        ("mass", ["1.250 kg", "0.980 kg", "2.100 kg", "0.75 kg"], "number 0.75..2.1kg"),
        ("ok", ["✓", "", "✓", "✓"], "boolean"),
        ("ok", ["oui", "non", "oui", "oui"], "boolean"),
        ("ok", ["有", "没有", "有", "不详"], "boolean"),
        ("tags", ["a\nb", "b\nc", "a", "c"], "multi"),
        ("size", ["42", "43", "44", "not known"], "number 42..44"),
    ],
)  # fmt: skip
def test_cells_in_many_notations(tmp_path: Path, name: str, cells: list[str], expected: str) -> None:
    path = tmp_path / "x.csv"
    rows = "".join(f'{row},Title {row},"{cell}",z{row % 2}\n' for row, cell in enumerate(cells))
    path.write_text(f"id,title,{name},last\n{rows}", "utf-8")
    assert understood(Catalog.load(path))[name] == expected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name;Preis\nKäse;3\nBrötchen;2\nMüsli;5\n", "cp1252"),
        ("titre,prix\nCafé crème,12\nThé glacé à la pêche,3\n", "latin-1"),
        ("名称,价格\n连衣裙,199\n衬衫,89\n", "gb18030"),
        ("名稱,價格\n紅色帽子很漂亮,100\n藍色圍巾,200\n", "big5"),
        ("名前,値段\n赤い帽子です,100\n青いマフラー,200\n", "cp932"),
        ("이름,가격\n빨간 모자,100\n파란 목도리,200\n", "cp949"),
        ("название,цена\nКрасная шапка,100\nСиний шарф,200\n", "cp1251"),
        ("title,n\nAmélie,1\nПлов,2\n", "utf-16"),
        ("title,n\nAmelie with ascii only,1\nB,2\n", "utf-16-le"),
    ],
)
def test_encodings_are_found_and_a_guess_is_called_one(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode(encoding))
    catalog = Catalog.load(path)
    report = catalog.report
    assert report is not None
    assert report.encoding == {"latin-1": "cp1252"}.get(encoding, encoding)
    assert report.guessed == (encoding != "utf-16")
    first = text.splitlines()[1]
    assert first.startswith(catalog.items[0].title)
    assert len(catalog.items[0].title) > 2


def test_a_table_of_texts_alone_without_a_header_loses_no_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Alien,scary,red\nBig Fish,sweet,blue\nSolaris,slow,red\n", "utf-8")
    catalog = Catalog.load(path)
    assert [item.title for item in catalog.items] == ["Alien", "Big Fish", "Solaris"]
    assert catalog.report is not None
    assert catalog.report.header is False


def test_short_sentences_are_the_description_and_none_is_a_value(tmp_path: Path) -> None:
    rows = [
        ("Push-up", "none", "Classic press from the floor; easy to scale."),
        ("Bench press", "barbell", "Heavy press, lying on a bench."),
        ("Plank", "none", "Hold a straight line; breathe."),
        ("Back squat", "barbell", "The king of leg exercises, if the knees are well."),
        ("Swing", "kettlebell", "Explosive hips; raises the pulse."),
        ("Wall sit", "none", "Back against the wall, as if on a chair."),
    ]
    path = tmp_path / "moves.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Exercise", "Equipment", "Coach says"), *rows])
    catalog = Catalog.load(path)
    assert catalog.items[0].description == "Classic press from the floor; easy to scale."
    assert dict(catalog.facets["Equipment"].values) == {"none": 3, "barbell": 2, "kettlebell": 1}
    assert list(catalog.facets) == ["Equipment"]
