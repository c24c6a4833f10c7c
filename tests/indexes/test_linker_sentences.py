"""Sentences of people in five invented shops and the constraints that they mean, scored as F1 over all and by shop."""

from __future__ import annotations

from functools import cache

import pytest

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._constraints import Constraint
from chatrec.indexes._linker import Linker
from chatrec.indexes._values import FacetValue, Item

Case = tuple[str, str]


def films() -> Catalog:
    rows = [
        ("Alien", 1979, 117, ("Horror", "Science Fiction"), "Ridley Scott", ("Sigourney Weaver", "Tom Skerritt")),
        ("Blade Runner", 1982, 117, ("Science Fiction", "Thriller"), "Ridley Scott", ("Harrison Ford", "Sean Young")),
        ("The Godfather", 1972, 175, ("Crime", "Drama"), "Francis Ford Coppola", ("Marlon Brando", "Al Pacino")),
        ("The Godfather Part II", 1974, 202, ("Crime", "Drama"), "Francis Ford Coppola", ("Al Pacino",)),
        ("Groundhog Day", 1993, 101, ("Comedy", "Romance"), "Harold Ramis", ("Bill Murray", "Andie MacDowell")),
        ("Ghostbusters", 1984, 105, ("Comedy", "Fantasy"), "Ivan Reitman", ("Bill Murray", "Sigourney Weaver")),
        ("Up", 2009, 96, ("Animation", "Comedy"), "Pete Docter", ("Ed Asner",)),
        ("Her", 2013, 126, ("Drama", "Romance", "Science Fiction"), "Spike Jonze", ("Joaquin Phoenix",)),
        ("Saving Private Ryan", 1998, 169, ("War", "Drama"), "Steven Spielberg", ("Tom Hanks", "Matt Damon")),
        ("Jaws", 1975, 124, ("Thriller", "Horror"), "Steven Spielberg", ("Roy Scheider",)),
        ("The Shining", 1980, 146, ("Horror", "Drama"), "Stanley Kubrick", ("Jack Nicholson", "Shelley Duvall")),
        ("2001: A Space Odyssey", 1968, 149, ("Science Fiction",), "Stanley Kubrick", ("Keir Dullea",)),
        ("Gran Torino", 2008, 116, ("Drama",), "Clint Eastwood", ("Clint Eastwood", "Bee Vang")),
        ("Unforgiven", 1992, 130, ("Western", "Drama"), "Clint Eastwood", ("Clint Eastwood", "Gene Hackman")),
        ("Paddington 2", 2017, 104, ("Family", "Comedy"), "Paul King", ("Ben Whishaw", "Hugh Grant")),
        ("Free Solo", 2018, 100, ("Documentary",), "Jimmy Chin", ("Alex Honnold",)),
    ]
    items = [
        Item(f"f{n}", t, f"{t} is a film.", {"year": y, "runtime": r, "genres": g, "director": d, "cast": c})
        for n, (t, y, r, g, d, c) in enumerate(rows)
    ]
    return Catalog(items, name="films")


def clothes() -> Catalog:
    colours, sizes = ["black", "blue", "red", "white", "green", "orange"], ["S", "M", "L", "XL"]
    kinds, brands = ["dress", "shirt", "jacket", "jeans", "scarf"], ["Norda", "Orange", "Blue Harbour", "Velt"]
    materials = ["cotton", "wool", "silk", "linen", "leather"]
    items = []
    for n in range(60):
        facets: dict[str, FacetValue] = {
            "type": kinds[n % 5],
            "colour": colours[n % 6],
            "size": sizes[n % 4],
            "brand": brands[(n // 3) % 4],
            "material": (materials[n % 5], materials[(n // 5) % 5]) if n % 3 else (materials[n % 5],),
            "price": 10.0 + 4 * n,
            "rating": 1 + (n * 7 % 9) / 2,
            "waterproof": n % 2 == 0,
        }
        items.append(Item(f"c{n}", f"{facets['brand']} {facets['type']} {n}", "A nice thing to wear.", facets))
    return Catalog(items, name="clothes")


def laptops() -> Catalog:
    brands, chips = ["Acera", "Lenoma", "Asura", "Deltron"], ["Ryzen 5", "Ryzen 7", "Core i5", "Core i7"]
    items = []
    for n in range(40):
        facets: dict[str, FacetValue] = {
            "brand": brands[n % 4],
            "cpu": chips[(n // 2) % 4],
            "ram_gb": [8, 16, 32, 64][n % 4],
            "screen_inch": [13.3, 14.0, 15.6, 17.3][(n // 3) % 4],
            "weight_kg": round(0.9 + n * 0.05, 2),
            "battery_h": 5 + n % 14,
            "price_usd": 400 + 45 * n,
            "released": f"{2016 + n % 9}-0{1 + n % 9}-15",
            "touchscreen": n % 3 == 0,
            "use": [("gaming",), ("office", "school"), ("video editing", "gaming"), ("travel", "office")][n % 4],
        }
        items.append(Item(f"l{n}", f"{facets['brand']} Book {100 + n}", "A computer to carry.", facets))
    return Catalog(items, name="laptops")


def travel() -> Catalog:
    places = [("Lisbon", "Portugal"), ("Porto", "Portugal"), ("Kyoto", "Japan"), ("Rome", "Italy"), ("Oslo", "Norway")]
    styles = [("beach", "relaxing"), ("city break", "culture"), ("hiking", "adventure"), ("skiing", "adventure")]
    items = []
    for n in range(40):
        city, country = places[n % 5]
        facets: dict[str, FacetValue] = {
            "city": city,
            "country": country,
            "style": styles[n % 4],
            "price": 200 + 60 * n,
            "days": 2 + n % 13,
            "stars": 1 + n % 5,
            "breakfast_included": n % 2 == 0,
            "pet_friendly": n % 3 == 0,
        }
        items.append(Item(f"t{n}", f"{city} escape {n}", "A trip for everyone.", facets))
    return Catalog(items, name="trips")


def recipes() -> Catalog:
    rows = [
        ("可乐鸡翅", "荤菜", 2, 25, ("鸡翅", "可乐", "生姜", "酱油"), "中等"),
        ("麻婆豆腐", "荤菜", 3, 20, ("豆腐", "猪肉", "花椒", "辣椒"), "辣"),
        ("清炒西兰花", "素菜", 1, 10, ("西兰花", "大蒜"), "清淡"),
        ("番茄炒蛋", "素菜", 1, 10, ("番茄", "鸡蛋", "葱"), "清淡"),
        ("红烧牛肉面", "主食", 4, 120, ("牛肉", "面条", "酱油", "葱"), "中等"),
        ("扬州炒饭", "主食", 2, 20, ("米饭", "鸡蛋", "虾仁", "葱"), "中等"),
        ("酸辣汤", "汤", 2, 30, ("豆腐", "鸡蛋", "辣椒", "香菜"), "辣"),
        ("紫菜蛋花汤", "汤", 1, 10, ("紫菜", "鸡蛋", "香菜"), "清淡"),
        ("提拉米苏", "甜品", 4, 240, ("奶酪", "咖啡", "鸡蛋"), "甜"),
        ("芒果布丁", "甜品", 2, 180, ("芒果", "牛奶"), "甜"),
        ("清蒸鲈鱼", "水产", 3, 25, ("鲈鱼", "生姜", "葱"), "清淡"),
        ("油焖大虾", "水产", 3, 30, ("大虾", "生姜", "酱油"), "中等"),
    ]
    items = [
        Item(f"r{n}", t, f"{t}的做法。", {"分类": c, "难度": d, "时长": m, "食材": i, "口味": o, "热量": 90 + 60 * n})
        for n, (t, c, d, m, i, o) in enumerate(rows)
    ]
    return Catalog(items, name="recipes")


def boutique() -> Catalog:
    colours, kinds = ["黑色", "白色", "红色", "蓝色"], ["连衣裙", "衬衫", "外套", "牛仔裤", "围巾"]
    items = []
    for n in range(40):
        facets: dict[str, FacetValue] = {
            "类型": kinds[n % 5],
            "颜色": colours[n % 4],
            "材质": ["棉", "羊毛", "真丝", "亚麻"][(n // 2) % 4],
            "价格": 60 + 25 * n,
            "年份": 2005 + n % 18,
            "品牌": ["云裳", "蓝鸟", "Velt"][n % 3],
        }
        items.append(Item(f"z{n}", f"{facets['品牌']}{facets['类型']}{n}号", "一件衣服。", facets))
    return Catalog(items, name="服装")


# Expected constraints in their notation, separated by spaces or "; "; "" means that nothing may be proposed.
CASES: dict[str, list[Case]] = {
    "films": [
        ("I feel like a comedy tonight", "genres=Comedy"),
        ("any good comedies?", "genres=Comedy"),
        ("something with Bill Murray", "cast=Bill Murray"),
        ("movies directed by Clint Eastwood", "director=Clint Eastwood"),
        ("Clint Eastwood in the cast please", "cast=Clint Eastwood"),
        ("a Kubrick film", "director=Stanley Kubrick"),
        ("scifi from the 80s", "genres=Science Fiction; year=1980..1989"),
        ("science-fiction, but no horror", "genres=Science Fiction; genres!=Horror"),
        ("anything but war films", "genres!=War"),
        ("a war film from the nineties", "genres=War; year=1990..1999"),
        ("comedy or drama", "genres=Comedy|Drama"),
        ("a romance and comedy mix", "genres=Romance; genres=Comedy"),
        ("romantic comedies under 110 minutes", "genres=Romance; genres=Comedy; runtime<110"),
        ("under 2 hours", "runtime<120"),
        ("less than an hour and a half", "runtime<90"),
        ("about 90 minutes", "runtime=81..99"),
        ("between 90 and 120 minutes", "runtime=90..120"),
        ("no longer than two hours", "runtime<=120"),
        ("at most 1h45", "runtime<=105"),
        ("horor from before 1980", "genres=Horror; year<1980"),
        ("after 2010 please", "year>2010"),
        ("since 1990", "year>=1990"),
        ("made between 1970 and 1985", "year=1970..1985"),
        ("a drama from 1998", "genres=Drama; year=1998"),
        ("late 90s thriller", "year=1996..1999; genres=Thriller"),
        ("no westerns, war or horror please", "genres!=Western|War|Horror"),
        ("I hate documentaries", "genres!=Documentary"),
        ("nothing before 1975", "year>=1975"),
        ("I don't want a drama, give me a thriller", "genres!=Drama; genres=Thriller"),
        ("without Tom Hanks", "cast!=Tom Hanks"),
        ("something with Sigorney Weaver", "cast=Sigourney Weaver"),
        ("an animated film for the kids", "genres=Animation"),
        ("what is up with her?", ""),
        ("can you give me 3 films", ""),
        ("I want to watch something good", ""),
        ("hello, how are you today?", ""),
        ("not sure, surprise me", ""),
        ("I have seen Alien and Jaws", ""),
        ("something like Alien, but funny", ""),
        ("any year is fine", ""),
        ("don't care about the runtime", ""),
        ("my two friends and I are here", ""),
        ("the first one looks great", ""),
        ("not only comedies", "genres=Comedy"),
        ("nothing but comedies", "genres=Comedy"),
        ("do you have something with both Al Pacino and Marlon Brando", "cast=Al Pacino; cast=Marlon Brando"),
    ],
    "clothes": [
        ("I'm looking for a black dress", "colour=black; type=dress"),
        ("blue jeans size L", "colour=blue; type=jeans; size=L"),
        ("dresses under $50", "type=dress; price<50"),
        ("less than 80 dollars", "price<80"),
        ("a jacket, not leather", "type=jacket; material!=leather"),
        ("shirts in white or blue", "type=shirt; colour=white|blue"),
        ("anything except black", "colour!=black"),
        ("brand: Velt", "brand=Velt"),
        ("something by Blue Harbour", "brand=Blue Harbour"),
        ("an orange scarf", "colour=orange; type=scarf"),
        ("Orange brand shirts", "brand=Orange; type=shirt"),
        ("colour red, size XL", "colour=red; size=XL"),
        ("wool scarves rated at least 4 stars", "material=wool; type=scarf; rating>=4"),
        ("at least 4 stars", "rating>=4"),
        ("between 50 and 80 dollars", "price=50..80"),
        ("$30-60", "price=30..60"),
        ("up to 100 euros", "price<=100"),
        ("not more than $40", "price<=40"),
        ("a waterproof jacket", "waterproof=true; type=jacket"),
        ("price over 200", "price>200"),
        ("I would like a cotten shirt", "material=cotton; type=shirt"),
        ("silk but not red", "material=silk; colour!=red"),
        ("around $100", "price=90..110"),
        ("never mind the price", ""),
        ("thanks, that is all", ""),
        ("no idea what I want", ""),
        ("I need something for a wedding", ""),
        ("leather-free jackets", "material!=leather; type=jacket"),
        ("my budget is 70", "price<=70"),
        ("size M or L in green", "size=M|L; colour=green"),
    ],
    "laptops": [
        ("a gaming laptop with 16GB of RAM", "use=gaming; ram_gb=16"),
        ("at least 32 GB ram", "ram_gb>=32"),
        ("lighter than 1.5 kg", "weight_kg<1.5"),
        ("under 1500 grams", "weight_kg<1.5"),
        ("under $1000 with a Ryzen 7", "price_usd<1000; cpu=Ryzen 7"),
        ("battery over 10 hours", "battery_h>10"),
        ("more than 600 minutes of battery", "battery_h>10"),
        ("14 inch screen", "screen_inch=14"),
        ("for video editing, max 1,200 dollars", "use=video editing; price_usd<=1200"),
        ("not a Lenoma", "brand!=Lenoma"),
        ("with a touchscreen", "touchscreen=true"),
        ("no touchscreen", "touchscreen!=true"),
        ("released after 2020", "released>2020-12-31"),
        ("Lenoma or Asura for school", "brand=Lenoma|Asura; use=school"),
        ("core i7, 16 gb or more", "cpu=Core i7; ram_gb>=16"),
        ("price between 800 and 1.2k", "price_usd=800..1200"),
        ("something for my daughter", ""),
        ("which one do you recommend?", ""),
        ("office use, nothing above 900 dollars", "use=office; price_usd<=900"),
        ("cheaper than $700", "price_usd<700"),
        ("from 2021", "released=2021-01-01..2021-12-31"),
        ("price doesn't matter", ""),
    ],
    "travel": [
        ("a beach holiday in Portugal", "style=beach; country=Portugal"),
        ("a week in Japan", "country=Japan; days=7"),
        ("five days hiking", "days=5; style=hiking"),
        ("a city break in Rome under 800 euros", "style=city break; city=Rome; price<800"),
        ("4 stars or more", "stars>=4"),
        ("at least 3 stars with breakfast included", "stars>=3; breakfast_included=true"),
        ("pet friendly please", "pet_friendly=true"),
        ("no skiing", "style!=skiing"),
        ("anywhere but Norway", "country!=Norway"),
        ("not too far", ""),
        ("up to two weeks", "days<=14"),
        ("3 to 5 days in Lisbon", "days=3..5; city=Lisbon"),
        ("relaxing, less than 1000", "style=relaxing; price<1000"),
        ("I'm tired of beaches", "style!=beach"),
        ("a weekend with my wife", ""),
        ("somewhere warm", ""),
        ("Italy or Portugal, culture", "country=Italy|Portugal; style=culture"),
        ("adventure without skiing", "style=adventure; style!=skiing"),
        ("max €600", "price<=600"),
        ("what about Oslo?", "city=Oslo"),
    ],
    "recipes": [
        ("想吃素菜", "分类=素菜"),
        ("不要香菜", "食材!=香菜"),
        ("有没有用鸡蛋做的汤", "食材=鸡蛋; 分类=汤"),
        ("二十分钟以内的主食", "时长<=20; 分类=主食"),
        ("清淡一点的水产", "口味=清淡; 分类=水产"),
        ("不辣的", "口味!=辣"),
        ("不要葱和生姜", "食材!=葱|生姜"),
        ("半小时以内", "时长<=30"),
        ("来个甜品,不超过300大卡", "分类=甜品; 热量<=300"),
        ("热量低于200", "热量<200"),
        ("难度2以下的荤菜", "难度<=2; 分类=荤菜"),
        ("除了豆腐都可以", "食材!=豆腐"),
        ("牛肉或者豆腐", "食材=牛肉|豆腐"),
        ("讨厌花椒", "食材!=花椒"),
        ("今天吃什么好", ""),
        ("你好", ""),
        ("可乐鸡翅怎么做", ""),
        ("时长无所谓", ""),
        ("类似麻婆豆腐的菜", ""),
        ("我要一个30到60分钟的菜", "时长=30..60"),
        ("给我推荐几个菜", ""),
        ("至少两小时的甜品", "时长>=120; 分类=甜品"),
        ("我对虾仁过敏", "食材!=虾仁"),
        ("大约20分钟", "时长=18..22"),
    ],
    "boutique": [
        ("我想要一条黑色的连衣裙", "颜色=黑色; 类型=连衣裙"),
        ("两百以下的衬衫", "价格<=200; 类型=衬衫"),
        ("不超过500元", "价格<=500"),
        ("除了黑色", "颜色!=黑色"),
        ("100到200", "价格=100..200"),
        ("2010年以后的外套", "年份>=2010; 类型=外套"),
        ("不要红色,要蓝色", "颜色!=红色; 颜色=蓝色"),
        ("羊毛围巾,三百元左右", "材质=羊毛; 类型=围巾; 价格=270..330"),
        ("白色或者蓝色的衬衫", "颜色=白色|蓝色; 类型=衬衫"),
        ("预算一千五", "价格<=1500"),
        ("价格无所谓", ""),
        ("品牌是云裳的", "品牌=云裳"),
        ("Velt的牛仔裤", "品牌=Velt; 类型=牛仔裤"),
        ("500块以上的真丝裙子", "价格>=500; 材质=真丝"),
        ("随便看看", ""),
        ("2015年之前", "年份<2015"),
        ("别给我推荐牛仔裤", "类型!=牛仔裤"),
        ("有没有亚麻的", "材质=亚麻"),
        ("谢谢,第二个不错", ""),
        ("低于三百五", "价格<350"),
        ("材质不限", ""),
    ],
}
MAKERS = {
    "films": films,
    "clothes": clothes,
    "laptops": laptops,
    "travel": travel,
    "recipes": recipes,
    "boutique": boutique,
}


@cache
def linker(shop: str) -> tuple[Catalog, Linker]:
    catalog = MAKERS[shop]()
    return catalog, Linker(catalog)


def atoms(constraints: list[Constraint]) -> set[str]:
    """Constraints as comparable text; the values of `none` one by one, for splitting them changes nothing."""
    found: set[str] = set()
    for constraint in constraints:
        if constraint.op == "none":
            found |= {f"{constraint.facet}!={value}" for value in constraint.values}
        else:
            values = constraint.values if constraint.op == "between" else sorted(constraint.values, key=str)
            shown = [f"{float(v):g}" if isinstance(v, int | float) else v for v in values]
            found.add(f"{constraint.facet} {constraint.op} {shown}")
    return found


def expected(catalog: Catalog, notation: str) -> set[str]:
    facets = dict(catalog.facets)
    return atoms([Constraint.parse(part, facets) for part in notation.split(";") if part.strip()])


def proposed(shop: str, text: str, floor: float = 0.5) -> set[str]:
    _, made = linker(shop)
    return atoms([p.constraint for p in made.link(text).proposals if p.score >= floor])


def score(shops: list[str]) -> tuple[float, list[str]]:
    """F1 over the constraints of all sentences, and what went wrong."""
    hits = wrong = missed = 0
    report: list[str] = []
    for shop in shops:
        catalog, _ = linker(shop)
        for text, notation in CASES[shop]:
            want, got = expected(catalog, notation), proposed(shop, text)
            hits, wrong, missed = hits + len(want & got), wrong + len(got - want), missed + len(want - got)
            if want != got:
                report.append(f"{shop}: {text!r} wrong {sorted(got - want)} missed {sorted(want - got)}")
    return 2 * hits / max(2 * hits + wrong + missed, 1), report


def test_sentences_are_many() -> None:
    assert sum(map(len, CASES.values())) >= 120


@pytest.mark.parametrize("shop", sorted(CASES))
def test_f1_by_shop(shop: str) -> None:
    value, report = score([shop])
    assert value >= 0.9, "\n".join(report)


@pytest.mark.parametrize("shop", sorted(CASES))
def test_nothing_is_made_of_small_talk(shop: str) -> None:
    silent = [text for text, notation in CASES[shop] if not notation]
    assert silent
    assert {text: proposed(shop, text) for text in silent if proposed(shop, text)} == {}
