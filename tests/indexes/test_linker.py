"""What the linker reads exactly: one behaviour a test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings

from chatrec.indexes._catalog import Catalog
from chatrec.indexes._linker import Link, Linker
from chatrec.indexes._linker_rest import phrases_of
from chatrec.indexes._linker_text import Sentence
from chatrec.indexes._values import Item
from chatrec.testing import tea_catalog

ROWS = [
    ("Night Train", 1979, 110, ("Comedy", "Drama"), "Ada Lind", 4.0),
    ("The Quiet Harbour", 1984, 95, ("Horror",), "Bo Larsen", 3.5),
    ("The Quiet Harbour Part II", 1988, 130, ("Horror", "War"), "Bo Larsen", 2.5),
    ("Moth", 1995, 88, ("Romance", "Comedy"), "Cy Marlowe", 4.5),
    ("Up", 2003, 102, ("Animation",), "Ada Lind", 5.0),
    ("Long Way: The Return", 2011, 141, ("War", "Drama"), "Dee Okafor", 3.0),
    ("夜航西飞", 2015, 99, ("Drama",), "Dee Okafor", 4.0),
    ("Glass Orchard", 2019, 77, ("Documentary",), "Cy Marlowe", 1.5),
]
CATALOG = Catalog(
    [
        Item(f"i{n}", title, "", {"year": y, "runtime_min": r, "genre": g, "director": d, "rating": s})
        for n, (title, y, r, g, d, s) in enumerate(ROWS)
    ],
    name="films",
)
LINKER = Linker(CATALOG)


def said(text: str, *, last: tuple[str, ...] = (), floor: float = 0.75) -> list[str]:
    return [str(p.constraint) for p in LINKER.link(text, last=last).proposals if p.score >= floor]


def named(text: str, *, last: tuple[str, ...] = ()) -> list[tuple[str, bool, bool]]:
    return [(m.title, m.negated, m.listed) for m in LINKER.link(text, last=last).mentions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("comedies", ["genre=Comedy"]),
        ("a romantic film", ["genre=Romance"]),
        ("comedy or drama", ["genre=Comedy|Drama"]),
        ("comedy and drama", ["genre=Comedy", "genre=Drama"]),
        ("war, romance", ["genre=War|Romance"]),
        ("comedy, drama", ["genre=Comedy", "genre=Drama"]),
        ("comedy, drama, that kind of thing", ["genre=Comedy|Drama"]),
        ("War? I can't stand it", ["genre!=War"]),
        ("War 我在电视上看过了", []),
        ("no horror, war or drama", ["genre!=Horror|War|Drama"]),
        ("no horror, comedy please", ["genre!=Horror", "genre=Comedy"]),
        ("anything but war", ["genre!=War"]),
        ("no comedy and also drama", ["genre!=Comedy", "genre=Drama"]),
        ("no comedy and drama", ["genre!=Comedy|Drama"]),
        ("I won't budge on one thing: comedy", ["genre=Comedy"]),
        ("my brother just told me: war", ["genre=War"]),
        ("wthout horror", ["genre!=Horror"]),
        ("horror-free", ["genre!=Horror"]),
        ("directed by Marlowe", ["director=Cy Marlowe"]),
        ("Horror 我再也不看了", ["genre!=Horror"]),
        ("看不了 Horror", ["genre!=Horror"]),
        ("it has 3 stars or more", ["rating>=3"]),
        ("不要 Horror", ["genre!=Horror"]),
        ("超过100分钟的都不要", ["runtime_min<=100"]),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("under 100 minutes", "runtime_min<100"),
        ("two and a half hours at most", "runtime_min<=150"),
        ("less than an hour and a half", "runtime_min<90"),
        ("1h30 or more", "runtime_min>=90"),
        ("about 90 minutes", "runtime_min=81..99"),
        ("80-100 minutes", "runtime_min=80..100"),
        ("one to two hours", "runtime_min=60..120"),
        ("90分钟以内", "runtime_min<=90"),
        ("一个半小时以上", "runtime_min>=90"),
        ("from the 80s", "year=1980..1989"),
        ("the 1980s", "year=1980..1989"),
        ("八十年代", "year=1980..1989"),
        ("the eighties", "year=1980..1989"),
        ("70s or 80s", "year=1970..1989"),
        ("before 1990", "year<1990"),
        ("nothing before 1990", "year>=1990"),
        ("2010年以后", "year>=2010"),
        ("since 2000", "year>=2000"),
        ("around 1985", "year=1983..1987"),
        ("at least 4 stars", "rating>=4"),
        ("评分不低于4.5", "rating>=4.5"),
        ("3+ stars", "rating>=3"),
        ("from 90 minutes up", "runtime_min>=90"),
        ("looking for 90 minutes tops", "runtime_min<=90"),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert said(text) == [expected]


@pytest.mark.parametrize(
    "text", ["give me 3", "my 2 kids", "50 dollars", "no thanks", "it is up to her", "一个", "hello!", ""]
)
def test_nothing_is_read_into_small_talk(text: str) -> None:
    assert said(text, floor=0.5) == []
    assert named(text) == []


LAST = ("i0", "i3", "i5")  # runtimes 110, 88, 141; years 1979, 1995, 2011


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shorter", "runtime_min<88"),
        ("something longer please", "runtime_min>141"),
        ("短一点", "runtime_min<88"),
        ("太长了", "runtime_min<88"),
        ("newer", "year>2011"),
        ("新一点的", "year>2011"),
        ("better rated", "rating>4.5"),
        ("shorter than the second one", "runtime_min<88"),
        ("second one's too long", "runtime_min<88"),
        ("比第二个短", "runtime_min<88"),
        ("something like Moth but older", "year<1995"),
    ],
)
def test_comparatives_against_the_list(text: str, expected: str) -> None:
    assert said(text, last=LAST) == [expected]


def test_without_a_list_a_comparative_is_only_perhaps() -> None:
    (proposal,) = LINKER.link("something shorter").proposals
    assert (str(proposal.constraint), proposal.score < 0.75) == ("runtime_min<=95", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I loved Night Train", [("Night Train", False, False)]),
        ("night trian", [("Night Train", False, False)]),
        ("quiet harbour 1984", [("The Quiet Harbour", False, False)]),
        ("the quiet harbour part two", [("The Quiet Harbour Part II", False, False)]),
        ("quiet harbour 2", [("The Quiet Harbour Part II", False, False)]),
        ("Long Way again", [("Long Way: The Return", False, False)]),
        ("something like moth", [("Moth", False, False)]),
        ("nothing like Moth", [("Moth", True, False)]),
        ("I hated Moth", [("Moth", True, False)]),
        ("I liked Up", [("Up", False, False)]),
        ('have you got "Up"?', [("Up", False, False)]),
        ("我看过夜航西飞", [("夜航西飞", False, False)]),
        ("类似《夜航西飞》的", [("夜航西飞", False, False)]),
        ("a moth flew by", []),
        ("Night Train (1979)", [("Night Train", False, False)]),
        ("what is up?", []),
    ],
)
def test_titles(text: str, expected: list[tuple[str, bool, bool]]) -> None:
    assert named(text) == expected


def test_a_title_made_of_values_is_values_first() -> None:
    rows = [("Romantic Comedy", ("Romance", "Comedy")), ("Stone", ("Drama",)), ("Murder Mystery", ("Mystery",))]
    linker = Linker(Catalog([Item(t, t, "", {"genre": g}) for t, g in rows], name="films"))
    assert linker.link("a romantic comedy").mentions == ()
    assert [str(p.constraint) for p in linker.link("a murder mystery").proposals] == ["genre=Mystery"]
    assert [m.title for m in linker.link('"Romantic Comedy"').mentions] == ["Romantic Comedy"]


def test_news_is_not_what_is_new() -> None:
    items = [Item("a", "A", "", {"kind": ("news",)}), Item("b", "B", "", {"kind": ("blues",)})]
    linker = Linker(Catalog(items, name="shows"))
    assert linker.link("something new, in blue").proposals == ()
    found = linker.link("blues or the news").proposals
    assert [str(p.constraint) for p in found] == ["kind=blues|news"]


def test_a_short_sentence_about_me_is_not_shouted() -> None:
    linker = Linker(tea_catalog())
    assert [m.id for m in linker.link("I know Green Dawn").mentions] == ["green-dawn"]
    assert [str(p.constraint) for p in linker.link("I WANT A GREEN TEA").proposals] == ["kind=green"]


def test_another_year_means_another_item() -> None:
    (mention,) = LINKER.link("I loved Night Train (2016)").mentions
    assert mention.score < 0.75


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("the second one", [1]),
        ("number 3", [2]),
        ("#2 please", [1]),
        ("the first and the third", [0, 2]),
        ("the last one", [2]),
        ("the first two", [0, 1]),
        ("第二个", [1]),
        ("第一个和第三个", [0, 2]),
        ("最后一个", [2]),
        ("for the first time", []),
        ("number 7", []),
        ("first one please", [0]),
        ("third one's fine", [2]),
        ("second please", [1]),
        ("first of all, thanks", []),
        ("last one I saw was dull", []),
    ],
)
def test_places_in_the_list(text: str, places: list[int]) -> None:
    found = LINKER.link(text, last=LAST).mentions
    assert [m.id for m in found] == [LAST[n] for n in places]
    assert all(m.listed for m in found)


@pytest.mark.parametrize(
    ("text", "facets"),
    [
        ("any year is fine", ("year",)),
        ("never mind the director", ("director",)),
        ("doesn't matter how long", ("runtime_min",)),
        ("I don't care about the genre", ("genre",)),
        ("any genre then", ("genre",)),
        ("minutes don't matter", ("runtime_min",)),
        ("the 90 minutes don't matter", ("runtime_min",)),
        ("90 to 100 minutes, doesn't matter what", ()),
        ("时长无所谓", ("runtime_min",)),
        ("年份不限", ("year",)),
        ("any year after 2000", ()),
    ],
)
def test_lifted(text: str, facets: tuple[str, ...]) -> None:
    assert LINKER.link(text).removed == facets


def test_rest_is_what_was_not_understood_and_not_refused() -> None:
    link = LINKER.link("I want a comedy with talking penguins, but no clowns, under 100 minutes")
    assert link.rest == "talking penguins"


class Table(Embeddings):
    """Three directions of meaning; all other words have a direction of their own."""

    def __init__(self) -> None:
        self.calls = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls += 1
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        known = {"comedy": 0, "funny": 0, "horror": 1, "scary": 1, "war": 2}
        rng = np.random.default_rng(sum(ord(char) * 31**n for n, char in enumerate(text.casefold())) % 2**32)
        vector = rng.normal(size=64) * 0.05
        if text.casefold() in known:
            vector[known[text.casefold()]] += 1
        if text.casefold() == "droll":  # a third of the way to a comedy
            vector[0] += 0.13
        return [float(part) for part in vector]


def test_meaning_is_found_refused_and_embedded_once() -> None:
    embedder = Table()
    linker = Linker(CATALOG)
    link = linker.link("something funny but not scary", embedder=embedder)
    assert [(str(p.constraint), p.text) for p in link.proposals] == [
        ("genre=Comedy", "funny"),
        ("genre!=Horror", "scary"),
    ]
    assert all(0.75 <= p.score < 0.8 for p in link.proposals)
    assert not linker.link("the blue chair of my aunt", embedder=embedder).proposals
    (perhaps,) = linker.link("something droll", embedder=embedder).proposals
    assert (str(perhaps.constraint), perhaps.score < 0.75) == ("genre=Comedy", True)
    before = embedder.calls
    assert linker.link("something funny but not scary", embedder=embedder) == link
    assert embedder.calls == before


MEALS = Linker(
    Catalog(
        [
            Item(f"m{n}", f"Meal {n}", "", {"side": side, "with": (side, other), "minutes": 5 * n, "guests": n})
            for n, (side, other) in enumerate([("rice", "beans"), ("noodles", "beef"), ("bread", "rice")] * 8, start=1)
        ]
    )
)


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (None, "noodles", []),
        ("side", "noodles", ["side=noodles"]),
        ("with", "noodles", ["with=noodles"]),
        ("guests", "noodles", []),
        (None, "four", []),
        ("guests", "four", ["guests=4"]),
        ("minutes", "up to 20", ["minutes<=20"]),
        ("guests", "up to 20", ["guests<=20"]),
        ("guests", "20 minutes at most", ["minutes<=20"]),
        ("minutes", "for 3 guests", ["guests>=3"]),
        ("side", "my noodles", ["side=noodles"]),
        (None, "there's 3 of us", ["guests>=3"]),
    ],
)
def test_what_is_said_in_answer_is_said_of_the_facet_asked_about(
    asked: str | None, text: str, expected: list[str]
) -> None:
    proposals = MEALS.link(text, asked=asked).proposals
    assert [str(p.constraint) for p in proposals if p.score >= 0.75] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horror no. what else", ["genre!=Horror"]),
        ("Moth would do if it weren't romance", ["genre!=Romance"]),
        ("he's about 20", []),
    ],
)
def test_what_is_said_in_passing(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_a_facet_that_is_whatever_is_of_no_matter() -> None:
    assert LINKER.link("year whatever").removed == ("year",)


def test_a_meaning_that_is_doubtful_by_itself_is_sure_in_answer() -> None:
    linker = Linker(CATALOG)
    doubtful = {asked: linker.link("droll", asked=asked, embedder=Table()).proposals for asked in (None, "genre")}
    assert [p.score >= 0.75 for (p,) in doubtful.values()] == [False, True]


def test_catalog_link_is_the_linker() -> None:
    assert CATALOG.link("comedies from the 90s") == LINKER.link("comedies from the 90s")


def test_a_catalog_of_titles_alone_and_unknown_ids_do_no_harm() -> None:
    bare = Linker(Catalog([Item("a", "Night Train")], name="x"))
    assert bare.link("cheaper than 20, no horror, Night Train", last=["gone"]).mentions[0].id == "a"


VOCABULARY = """
no not comedy horror under 100 minutes between and 1990 80s the second one shorter than Moth 不 要 两 百 以 下 年
第二个 #2 $ , . but or any year is fine without Night Train 4 stars 半 half a an hour
"""
WORDS = st.sampled_from(VOCABULARY.split())


def test_values_in_two_languages_are_said_in_either() -> None:
    kinds = ["dress 连衣裙", "coat 大衣", "A4 paper A4纸", "T-shirt T恤"]
    linker = Linker(Catalog([Item(str(n), f"item {n}", "", {"kind": (kind,)}) for n, kind in enumerate(kinds)]))
    for text in ("我想找一条连衣裙", "I'm looking for a dress"):
        (proposal,) = linker.link(text).proposals
        assert str(proposal.constraint) == "kind=dress 连衣裙"
        assert proposal.score >= 0.75
    assert [str(p.constraint) for p in linker.link("除了T恤").proposals] == ["kind!=T-shirt T恤"]


def test_a_word_that_names_a_value_is_not_translated_into_another() -> None:
    rows = [("cup 杯子", "glass 玻璃"), ("bowl 碗", "glass 玻璃"), ("plate 盘子", "wood 木头")]
    items = [Item(str(n), f"item {n}", "", {"kind": (kind,), "made_of": (of,)}) for n, (kind, of) in enumerate(rows)]
    assert [str(p.constraint) for p in Linker(Catalog(items)).link("我想要杯子").proposals] == ["kind=cup 杯子"]


def test_values_in_two_languages_are_told_in_one() -> None:
    kinds = ["dress 连衣裙/裙子", "大衣 coat", "T-shirt T恤"]
    facet = Catalog([Item(str(n), f"item {n}", "", {"kind": (kind,)}) for n, kind in enumerate(kinds)]).facets["kind"]
    assert [facet.told(kind, "zh") for kind in kinds] == ["连衣裙/裙子", "大衣", "T恤"]
    assert [facet.told(kind, "en") for kind in kinds] == ["dress", "coat", "T-shirt"]
    assert [facet.told(kind, "") for kind in kinds] == kinds
    paper = Catalog([Item(str(n), f"item {n}", "", {"kind": (k,)}) for n, k in enumerate(["A4 纸", "毛笔"])])
    assert paper.facets["kind"].told("A4 纸", "zh") == "A4 纸"


def test_titles_in_two_languages_are_named_in_either() -> None:
    titles = ["Tin Moon Kettle 锡月水壶", "Dali 大理", "Harbour Kite 港湾风筝"]
    linker = Linker(Catalog([Item(str(n), title, "", {"price": n}) for n, title in enumerate(titles)]))
    for text in ("what about the tin moon kettle?", "锡月水壶多少钱"):
        assert [m.id for m in linker.link(text).mentions] == ["0"]


def test_a_chinese_word_beside_a_name_is_not_the_name_in_chinese() -> None:
    kinds = ["A4 纸", "毛笔", "墨水", "砚台"]
    linker = Linker(Catalog([Item(str(n), f"item {n}", "", {"kind": (kind,)}) for n, kind in enumerate(kinds)]))
    assert not linker.link("包装纸").proposals


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=14), st.booleans())
def test_any_mixture_of_words_gives_sound_links(words: list[str], listed: bool) -> None:
    text = " ".join(words)
    link = LINKER.link(text, last=LAST if listed else ())
    assert isinstance(link, Link)
    assert LINKER.link(text, last=LAST if listed else ()) == link
    for proposal in link.proposals:
        assert 0 < proposal.score <= 1
        assert proposal.text in text
        assert CATALOG.mask([proposal.constraint]).shape == (len(ROWS),)
    assert all(0 < m.score <= 1 and m.text in text and m.id in CATALOG for m in link.mentions)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    LINKER.link(text, last=LAST)


TRIPS = Catalog(
    [
        Item(f"t{n}", f"Trip {n}", "", {"leaves": f"2027-{month:02}-{day:02}", "place": place, "days": 1 + n % 5})
        for n, (month, day, place) in enumerate(
            [(3, 20, "Lund"), (4, 1, "Malmo"), (4, 30, "Lund"), (6, 2, "Helsingør")] * 2
        )
    ],
    name="trips",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("something in April", ["leaves=2027-04-01..2027-04-30"]),
        ("before 1 April 2027", ["leaves<2027-04-01"]),
        ("on or after May 1st, in Malmo", ["leaves>=2027-05-01", "place=Malmo"]),
        ("between the 1st and the 15th of May", ["leaves=2027-05-01..2027-05-15"]),
        ("from 3 May to 9 June", ["leaves=2027-05-03..2027-06-09"]),
        ("in April or May", ["leaves=2027-04-01..2027-05-31"]),
        ("after 2027-05-31", ["leaves>2027-05-31"]),
        ("no later than 2027/6/1", ["leaves<=2027-06-01"]),
        ("on 31 April", ["leaves=2027-04-30..2027-04-30"]),
        ("late May", ["leaves=2027-05-21..2027-05-31"]),
        ("五月下旬", ["leaves=2027-05-21..2027-05-31"]),
        ("三月到五月", ["leaves=2027-03-01..2027-05-31"]),
        ("下半年吧", ["leaves=2027-07-01..2027-12-31"]),
        ("四月出发", ["leaves=2027-04-01..2027-04-30"]),
        ("六月一号之后走的", ["leaves>2027-06-01"]),
        ("around Helsingor", ["place=Helsingør"]),
        ("两三天", ["days=2..3"]),
        ("四天以内", ["days<=4"]),
        ("may I ask for two or three days", ["days=2..3"]),
    ],
)
def test_dates_and_days(text: str, expected: list[str]) -> None:
    assert [str(p.constraint) for p in TRIPS.link(text).proposals if p.score >= 0.75] == expected


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("it doesn't have to be a comedy", ("genre",)),
        ("we don't need drama any more", ("genre",)),
        ("any year and any genre is fine", ("year", "genre")),
        ("no drama", ()),
    ],
)
def test_a_value_is_lifted_where_it_is_not_refused(text: str, removed: tuple[str, ...]) -> None:
    link = LINKER.link(text)
    assert sorted(link.removed) == sorted(removed)
    assert bool(link.proposals) == (not removed)


@pytest.mark.parametrize(
    "text",
    ["my drama with the landlord", "we watched a comedy yesterday", "who invented the documentary?", "昨天看了喜剧"],
)
def test_what_states_no_wish_is_not_sure(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("喜剧", ["genre=Comedy"]),
        ("不要恐怖片", ["genre!=Horror"]),
        ("想看戰爭片", ["genre=War"]),
        ("from 1979-95", ["year=1979..1995"]),
        ("from the 80s to the 90s", ["year=1980..1999"]),
        ("1995 to now", ["year>=1995"]),
        ("less than 1 hour 40", ["runtime_min<100"]),
    ],
)
def test_other_names_and_other_years(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_an_english_wish_is_told_in_the_words_of_a_chinese_catalog() -> None:
    rows = [("番茄炒蛋", ("番茄", "鸡蛋")), ("清蒸鱼", ("鱼", "姜")), ("土豆炖牛肉", ("土豆", "牛肉"))]
    dishes = Catalog(
        [Item(str(n), title, f"一道家常菜，{title}。", {"用料": of}) for n, (title, of) in enumerate(rows)]
    )
    link = dishes.link("beef with potatoes, without ginger")
    assert {"牛肉", "土豆"} <= set(link.translated.split())
    assert "姜" not in link.translated
    assert "用料!=姜" in [str(p.constraint) for p in link.proposals]
    assert dishes.link("牛肉").translated == ""


@pytest.mark.parametrize(
    "text", ["the comedy one", "the one with romance", "Comedy 的那个", "that romantic one looks nice"]
)
def test_a_value_that_one_listed_item_has_points_at_it(text: str) -> None:
    assert named(text, last=("i3", "i5")) == [("Moth", False, True)]
    assert said(text, last=("i3", "i5")) == []


def test_a_value_that_several_listed_items_have_is_a_wish() -> None:
    assert said("the comedy one", last=("i0", "i3")) == ["genre=Comedy"]


def test_a_comparison_with_an_item_told_by_its_value() -> None:
    assert said("shorter than the romance", last=("i3", "i5")) == ["runtime_min<88"]


def test_feasts_are_days() -> None:
    rows = [Item(f"t{n}", f"Trip {n}", "", {"leaves": f"2027-{n:02}-03"}) for n in range(1, 13)]
    linker = Linker(Catalog(rows, name="trips"))
    assert [str(p.constraint) for p in linker.link("五一去哪").proposals] == ["leaves=2027-05-01..2027-05-05"]
    assert [str(p.constraint) for p in linker.link("after Christmas").proposals] == ["leaves>2027-12-26"]


def test_one_of_several_values_is_given_up() -> None:
    link = LINKER.link("it doesn't have to be a comedy")
    assert link.removed == ("genre",)
    assert [str(one) for one in link.given_up] == ["genre=Comedy"]


def test_what_is_said_to_whoever_listens_names_nothing() -> None:
    sentence = Sentence.read("please remember cowboys")
    assert [sentence.span(start, end) for start, end in phrases_of(sentence)] == ["cowboys"]
