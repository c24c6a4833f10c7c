"""Words that one listed item alone has in its text."""

from __future__ import annotations

import pytest

from chatrec.indexes import Catalog, Item

STAYS = Catalog(
    [
        Item("reed", "Reed Boat", "A houseboat with a stove, moored where the herons stand.", {"view": "canal"}),
        Item("loft", "Net Loft", "Above the harbour; a stove and a ladder to the bed.", {"view": "harbour"}),
        Item("ark", "Old Ark", "On a hill; herons at dusk.", {"view": "hill"}),
        Item("yurt", "Meadow", "草地上的帐篷，晚上看星星。", {"view": "meadow"}),
        *(Item(f"barn {n}", f"Barn {n}", "A room with a kettle.", {"view": "yard"}) for n in range(8)),
    ]
)
LIST = ("reed", "loft", "yurt", "barn 1")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a houseboat? no thanks", ["reed"]),
        ("climbing ladders every night is not for me", ["loft"]),
        ("帐篷就算了", ["yurt"]),
        ("no stove", []),  # two have one
        ("herons!", ["reed"]),  # the other one was not listed
        ("a kettle, how nice", []),  # one of these, but most of the catalog
        ("with you and me", []),
    ],
)
def test_a_word_of_one_listed_item_hints_at_it(text: str, ids: list[str]) -> None:
    link = STAYS.link(text, last=LIST)
    assert [hint.id for hint in link.hints] == ids
    assert not link.mentions


def test_what_is_wished_for_hints_at_nothing() -> None:
    assert not STAYS.link("somewhere with a canal", last=LIST).hints


def test_there_are_no_hints_where_something_is_named_asked_or_not_listed() -> None:
    assert not STAYS.link("the second, no houseboat", last=LIST).hints
    assert not STAYS.link("a houseboat", last=LIST, asked="view").hints
    assert not STAYS.link("a houseboat", last=LIST[:1]).hints
    assert not STAYS.link("a houseboat").hints
