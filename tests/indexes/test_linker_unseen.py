"""Sentences in shops that the linker was not written with: a second opinion on test_linker_sentences."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker import Linker
from chatrec.indexes._values import FacetValue, Item

Rows = list[tuple[str, dict[str, FacetValue]]]


def catalog(name: str, rows: Rows) -> Catalog:
    return Catalog([Item(f"{name}{n}", title, "", facets) for n, (title, facets) in enumerate(rows)], name=name)


def books() -> Catalog:
    titles = ["Dune", "Emma", "The Trial", "It", "War and Peace", "Blindness", "Middlemarch", "The Name of the Rose"]
    writers = ["Frank Herbert", "Jane Austen", "Franz Kafka", "Stephen King", "Leo Tolstoy", "José Saramago"]
    genres = ["Fantasy", "Mystery", "Biography", "Poetry", "Self-Help", "True Crime", "Young Adult", "History"]
    rows: Rows = []
    for n in range(48):
        title = titles[n] if n < len(titles) else f"Volume of {genres[n % 8]} no {n}"
        rows.append(
            (
                title,
                {
                    "author": writers[n % 6],
                    "genre": (genres[n % 8], genres[(n * 3 + 1) % 8]),
                    "pages": 90 + 17 * n,
                    "year": 1860 + 3 * n,
                    "language": ["English", "French", "Spanish"][n % 3],
                    "format": ["hardcover", "paperback", "audiobook"][n % 3],
                    "price_eur": 5.5 + n,
                },
            )
        )
    return catalog("books", rows)


def restaurants() -> Catalog:
    rows: Rows = []
    for n in range(40):
        rows.append(
            (
                f"{['海底', '老王', '西湖', '小南国'][n % 4]}{['火锅店', '烧烤', '面馆', '茶餐厅'][n % 4]}{n}",
                {
                    "菜系": ["川菜", "粤菜", "日料", "西餐", "湘菜"][n % 5],
                    "区域": ["浦东新区", "徐汇区", "静安区"][n % 3],
                    "人均": 30 + 15 * n,
                    "评分": 3 + (n % 5) / 2,
                    "距离_km": 0.5 + n / 4,
                    "特色": [("露天", "宠物友好"), ("包间",), ("露天", "停车"), ("停车", "包间")][n % 4],
                },
            )
        )
    return catalog("restaurants", rows)


def headphones() -> Catalog:
    rows: Rows = []
    for n in range(45):
        rows.append(
            (
                f"Model {n}",
                {
                    "maker": ["Sonora", "Bassline", "Klar"][n % 3],
                    "style": ["in-ear", "over-ear", "on-ear"][n % 3],
                    "colour": ["black", "white", "rose gold", "navy blue"][n % 4],
                    "noise_cancelling": n % 2 == 0,
                    "wireless": n % 3 != 0,
                    "weight_g": 5 + 7 * n,
                    "battery_hours": 4 + n,
                    "cost": 19 + 9 * n,
                    "review_score": 2.5 + (n % 6) / 2,
                },
            )
        )
    return catalog("headphones", rows)


CASES: dict[str, list[tuple[str, str]]] = {
    "books": [
        ("Could you point me to a mystery by Jane Austen?", "genre=Mystery; author=Jane Austen"),
        ("A short biography, fewer than 200 pages", "genre=Biography; pages<200"),
        ("no poetry and no self help please", "genre!=Poetry; genre!=Self-Help"),
        ("something in French", "language=French"),
        ("I'd rather have an audiobook", "format=audiobook"),
        ("paperbacks only, at most 15 euros", "format=paperback; price_eur<=15"),
        ("written before 1900", "year<1900"),
        ("anything by Kafka", "author=Franz Kafka"),
        ("young adult fantasies", "genre=Young Adult; genre=Fantasy"),
        ("a novel of around 300 pages", "pages=270..330"),
        ("history from the 1950s", "genre=History; year=1950..1959"),
        ("Steven King but not in Spanish", "author=Stephen King; language!=Spanish"),
        ("i finished it last week and loved it", ""),
        ("is there anything by Saramago that isn't poetry", "author=José Saramago; genre!=Poetry"),
        ("nothing longer than 250 pages", "pages<=250"),
        ("not too many pages", ""),
        ("true crime or mystery, English or French", "genre=True Crime|Mystery; language=English|French"),
        ("I have read Emma and War and Peace", ""),
        ("it's for my mother, she turns 70", ""),
        ("hardcover between €10 and €25", "format=hardcover; price_eur=10..25"),
        ("mysteries from after the year 1990", "genre=Mystery; year>1990"),
    ],
    "restaurants": [
        ("附近有什么好吃的川菜", "菜系=川菜"),
        ("想找一家静安区的粤菜馆", "区域=静安区; 菜系=粤菜"),
        ("人均一百以内", "人均<=100"),
        ("人均200左右的日料", "人均=180..220; 菜系=日料"),
        ("评分4分以上", "评分>=4"),
        ("不要火锅,不吃辣", ""),
        ("除了西餐都行", "菜系!=西餐"),
        ("川菜或湘菜,要有包间", "菜系=川菜|湘菜; 特色=包间"),
        ("带狗去,需要宠物友好的", "特色=宠物友好"),
        ("离我两公里以内", "距离_km<=2"),
        ("距离无所谓", ""),
        ("评分不低于四点五", "评分>=4.5"),
        ("有露天座位吗", "特色=露天"),
        ("徐汇区或者浦东新区,可以停车的", "区域=徐汇区|浦东新区; 特色=停车"),
        ("我们一共六个人", ""),
        ("今晚八点", ""),
        ("别推荐日料了", "菜系!=日料"),
        ("500米以内", "距离_km<=0.5"),
        ("人均五十到八十", "人均=50..80"),
        ("不考虑西餐和日料", "菜系!=西餐|日料"),
    ],
    "headphones": [
        ("wireless over-ear headphones in black", "wireless=true; style=over-ear; colour=black"),
        ("noise cancelling, under 150 bucks", "noise_cancelling=true; cost<150"),
        ("wired ones, so not wireless", "wireless!=true"),
        ("I want in ear ones made by Klar", "style=in-ear; maker=Klar"),
        ("battery life of at least 20 hours", "battery_hours>=20"),
        ("lighter than 100 g", "weight_g<100"),
        ("less than 0.2 kg", "weight_g<200"),
        ("review score above 4", "review_score>4"),
        ("no white, no rose gold", "colour!=white; colour!=rose gold"),
        ("navy blue from Sonora", "colour=navy blue; maker=Sonora"),
        ("any colour will do", ""),
        ("Bassline or Klar but nothing over $200", "maker=Bassline|Klar; cost<=200"),
        ("I don't need noise cancelling", "noise_cancelling!=true"),
        ("for running in the rain", ""),
        ("can spend 100 to 180 dollars", "cost=100..180"),
        ("I already own Model 3", ""),
        ("one for me and one for my sister", ""),
        ("a full day of battery", ""),
        ("over ear, 30+ hours", "style=over-ear; battery_hours>=30"),
        ("Sonorra in-ear", "maker=Sonora; style=in-ear"),
    ],
}
MAKERS = {"books": books, "restaurants": restaurants, "headphones": headphones}


@cache
def linker(shop: str) -> tuple[Catalog, Linker]:
    made = MAKERS[shop]()
    return made, Linker(made)


def atoms(constraints: list[Constraint]) -> set[str]:
    found: set[str] = set()
    for one in constraints:
        if one.op == "none":
            found |= {f"{one.facet}!={value}" for value in one.values}
        else:
            values = one.values if one.op == "between" else sorted(one.values, key=str)
            found.add(f"{one.facet} {one.op} {[f'{float(v):g}' if isinstance(v, int | float) else v for v in values]}")
    return found


def score(shop: str) -> tuple[float, list[str]]:
    hits = wrong = missed = 0
    report: list[str] = []
    made, reader = linker(shop)
    for text, notation in CASES[shop]:
        want = atoms([Constraint.parse(part, made.facets) for part in notation.split(";") if part.strip()])
        got = atoms([p.constraint for p in reader.link(text).proposals if p.score >= 0.5])
        hits, wrong, missed = hits + len(want & got), wrong + len(got - want), missed + len(want - got)
        if want != got:
            report.append(f"{text!r} wrong {sorted(got - want)} missed {sorted(want - got)}")
    return 2 * hits / max(2 * hits + wrong + missed, 1), report


@pytest.mark.parametrize("shop", sorted(CASES))
def test_f1_by_shop(shop: str) -> None:
    value, report = score(shop)
    assert value >= 0.85, "\n".join(report)
