"""Folding what is said into what is known, and telling it in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from chatrec.agent._turns import STAMP, Outlook, after_reply, fold, language_of, outlook, replay, state_line
from chatrec.indexes import Catalog, Constraint, Link, Mention, Proposal, Recommender
from chatrec.tools._turn import Turn

ANA = Turn("ana")


def said(*constraints: str, catalog: Catalog, score: float = 1.0, removed: tuple[str, ...] = ()) -> Link:
    proposals = tuple(Proposal(Constraint.parse(c, catalog.facets), c, score) for c in constraints)
    return Link(proposals=proposals, mentions=(), removed=removed, rest="")


def known(turn: Turn) -> list[str]:
    return [str(constraint) for constraint in turn.where]


def test_wishes_add_up_and_newer_ones_replace_what_they_contradict(catalog: Catalog) -> None:
    turn = fold(ANA, said("kind=green", "price<=20", catalog=catalog), "green, up to 20", catalog)
    assert known(turn) == ["kind=green", "price<=20"]
    turn = fold(turn, said("price<=10", catalog=catalog), "cheaper", catalog)
    assert known(turn) == ["kind=green", "price<=10"]
    turn = fold(turn, said("kind=herbal", catalog=catalog), "herbal then", catalog)
    assert known(turn) == ["price<=10", "kind=herbal"]
    turn = fold(turn, said("price>=5", catalog=catalog), "at least 5", catalog)
    assert known(turn) == ["price<=10", "kind=herbal", "price>=5"]


def test_cheaper_than_the_cheapest_of_all_is_cheaper_than_most(catalog: Catalog) -> None:
    listed = replace(ANA, shown=("mint-street", "red-valley", "jasmine-lane"))
    assert known(fold(listed, said("price<6", catalog=catalog), "cheaper", catalog)) == ["price<8"]
    # Where something is cheaper than all of the list, that is meant; where the words point, what they point at.
    dearer = replace(ANA, shown=("red-valley", "black-harbour", "jasmine-lane"))
    assert known(fold(dearer, said("price<8", catalog=catalog), "cheaper", catalog)) == ["price<8"]
    first = Mention("mint-street", "Mint Street", "the first", 1.0, listed=True)
    pointing = replace(said("price<6", catalog=catalog), mentions=(first,))
    assert known(fold(listed, pointing, "cheaper than the first", catalog)) == ["price<6"]
    green = replace(
        listed, where=(Constraint("kind", "any", ("herbal",)),), shown=("jasmine-lane", "old-cellar", "white-hill")
    )
    assert known(fold(green, said("price<15", catalog=catalog), "cheaper", catalog)) == ["kind=herbal", "price<15"]


def test_values_of_a_multi_facet_hold_together_while_any_item_has_them_all(catalog: Catalog) -> None:
    turn = fold(ANA, said("taste=floral", catalog=catalog), "floral", catalog)
    turn = fold(turn, said("taste=fresh", catalog=catalog), "and fresh", catalog)
    assert known(turn) == ["taste=floral", "taste=fresh"]
    turn = fold(turn, said("taste=smoky", catalog=catalog), "smoky", catalog)
    assert known(turn) == ["taste=smoky"]


def test_of_several_values_only_the_one_that_is_named_is_given_up(catalog: Catalog) -> None:
    turn = fold(ANA, said("taste=floral", "taste=fresh", catalog=catalog), "floral and fresh", catalog)
    fresh = replace(said(catalog=catalog, removed=("taste",)), given_up=(Constraint("taste", "any", ("fresh",)),))
    assert known(fold(turn, fresh, "needn't be fresh", catalog)) == ["taste=floral"]
    assert known(fold(turn, said(catalog=catalog, removed=("taste",)), "taste doesn't matter", catalog)) == []


def test_refusing_a_value_ends_the_wish_for_it_and_the_other_way_round(catalog: Catalog) -> None:
    turn = fold(ANA, said("taste=smoky", catalog=catalog), "smoky", catalog)
    turn = fold(turn, said("taste!=smoky", catalog=catalog), "no, not smoky", catalog)
    assert known(turn) == ["taste!=smoky"]
    assert known(fold(turn, said("taste=smoky", catalog=catalog), "smoky after all", catalog)) == ["taste=smoky"]


def test_a_value_that_would_also_do_joins_the_wish_for_its_facet(catalog: Catalog) -> None:
    turn = fold(ANA, said("kind=green", "taste=fresh", catalog=catalog), "green and fresh", catalog)
    for words, holds in (
        ("or black", "kind=green|black"),
        ("herbal is fine too", "kind=green|black|herbal"),
        ("white", "kind=white"),
    ):
        turn = fold(turn, catalog.link(words), words, catalog)
        assert known(turn) == ["taste=fresh", holds]


def test_a_bare_number_on_the_list_points_at_the_item_that_has_it(catalog: Catalog) -> None:
    shown = tuple(item.id for item in catalog.items[:3])
    price = catalog.items[1].facets["price"]
    before = replace(ANA, shown=shown)
    turn = fold(before, catalog.link(f"{price} € is a bit much", last=shown), "", catalog)
    assert (known(turn), turn.named) == ([f"price<{price}"], (shown[1],))
    bounded = f"under {price} €"
    assert known(fold(before, catalog.link(bounded, last=shown), bounded, catalog)) == [f"price<{price}"]
    answer = fold(replace(before, asked=("price",)), catalog.link(f"{price} €", last=shown), "", catalog)
    assert [c.facet for c in answer.where] == ["price"]


def test_a_bare_number_beyond_a_bound_moves_the_bound(catalog: Catalog) -> None:
    turn = fold(ANA, said("price<10", catalog=catalog), "under 10", catalog)
    turn = fold(turn, catalog.link("make that 20 €"), "make that 20 €", catalog)
    assert known(turn) == ["price<=20"]
    assert known(fold(turn, catalog.link("at least 10 €"), "", catalog)) == ["price<=20", "price>=10"]


def test_a_lifted_facet_is_forgotten(catalog: Catalog) -> None:
    turn = fold(ANA, said("kind=green", "price<=20", catalog=catalog), "", catalog)
    assert known(fold(turn, said(catalog=catalog, removed=("price",)), "any price", catalog)) == ["kind=green"]


def test_what_was_perhaps_meant_ranks_but_does_not_exclude(catalog: Catalog) -> None:
    turn = fold(ANA, said("taste=fresh", catalog=catalog, score=0.5), "something light", catalog)
    assert known(turn) == []
    assert [str(c) for c in turn.prefer] == ["taste=fresh"]


def test_a_doubtful_wish_that_a_call_took_for_meant_holds(catalog: Catalog) -> None:
    turn = fold(ANA, said("taste=fresh", catalog=catalog, score=0.5), "something light", catalog)
    taken = after_reply(turn, {"act": "recommend", "taken": ["taste=fresh", "size=gone"]}, catalog)
    assert (known(taken), taken.prefer) == (["taste=fresh"], ())
    refused = replace(turn, where=(Constraint("taste", "any", ("fresh",)),))
    assert known(after_reply(refused, {"act": "recommend", "taken": ["taste!=fresh"]}, catalog)) == ["taste!=fresh"]


def test_named_items_are_examples_and_refused_ones_are_not(catalog: Catalog) -> None:
    mentions = (
        Mention("old-cellar", "Old Cellar", "Old Cellar", 1.0),
        Mention("mint-street", "Mint Street", "Mint Street", 1.0, negated=True),
        Mention("white-hill", "White Hill", "the second", 1.0, listed=True),
    )
    turn = fold(ANA, Link(proposals=(), mentions=mentions, removed=(), rest=""), "", catalog)
    assert turn.like == ("old-cellar",)
    assert turn.unlike == ("mint-street",)
    assert turn.named == ("old-cellar", "white-hill")


def test_what_is_refused_on_the_list_is_named_and_what_is_measured_against_is_not(catalog: Catalog) -> None:
    listed = replace(ANA, shown=("mint-street", "red-valley"))
    first = Mention("mint-street", "Mint Street", "the first", 1.0, negated=True, listed=True)
    turn = fold(listed, Link((), (first,)), "not the first", catalog)
    assert (turn.named, turn.unlike) == (("mint-street",), ("mint-street",))
    turn = fold(ANA, Link((), (replace(first, listed=False),)), "nothing like Mint Street", catalog)
    assert (turn.named, turn.unlike) == ((), ("mint-street",))
    than = replace(first, negated=False, standard=True)
    assert fold(listed, Link((), (than,)), "cheaper than the first", catalog).named == ()


def test_what_was_spoken_of_last_is_told_until_another_list(catalog: Catalog, recommender: Recommender) -> None:
    def after(*stamps: Mapping[str, object]) -> Turn:
        turn = ANA
        for stamp in stamps:
            turn = after_reply(turn, stamp, catalog)
        return turn

    two = {"act": "recommend", "shown": ["mint-street", "red-valley"]}
    told = {"act": "describe", "about": "red-valley"}
    assert after(two).about == ()
    assert after(two, told).about == ("red-valley",)
    assert after(two, told, {"act": "reply"}).about == ("red-valley",)
    assert after(two, told, two).about == ()
    assert after(two, {"act": "recommend", "shown": ["mint-street"]}).about == ("mint-street",)
    assert after(two, {"act": "describe", "about": "gone"}).about == ()
    line = state_line(after(two, told), outlook(ANA, recommender), catalog, max_questions=2)
    assert "spoke of: 2 Red Valley" in line
    named = replace(after(two, told), named=("mint-street",))
    assert "spoke of" not in state_line(named, outlook(ANA, recommender), catalog, max_questions=2)
    judged = state_line(
        replace(after(two, told), sounds=("seen",)), outlook(ANA, recommender), catalog, max_questions=2
    )
    assert "named: 2 Red Valley = seen" in judged
    assert "spoke of" not in judged


def test_language_follows_the_person() -> None:
    assert language_of("我想喝茶", "en") == "zh"
    assert language_of("tea", "zh") == "en"
    assert language_of("42!", "zh") == "zh"
    assert language_of("something like 卧虎藏龙, please", "en") == "en"
    assert language_of("想看 Alien 那样的", "en") == "zh"
    assert language_of("Alien 续集", "en") == "zh"


def test_a_bare_history_is_replayed_from_its_beginning(catalog: Catalog) -> None:
    history: list[AnyMessage] = [
        HumanMessage("a green one please"),
        AIMessage("Which price?"),
        HumanMessage("under 14"),
    ]
    turn = replay(history, ANA, catalog, None)
    assert known(turn) == ["kind=green", "price<14"]


def test_stamped_messages_carry_the_turn_and_replies_what_they_showed(catalog: Catalog) -> None:
    earlier = fold(ANA, said("kind=green", catalog=catalog), "green", catalog)
    history: list[AnyMessage] = [
        HumanMessage("green", additional_kwargs={STAMP: {"line": "", "turn": earlier.as_dict()}}),
        AIMessage("List", additional_kwargs={STAMP: {"act": "recommend", "shown": ["green-dawn", "jasmine-lane"]}}),
        HumanMessage("hm"),
    ]
    turn = replay(history, Turn("ana", thread_id="t"), catalog, None)
    assert (known(turn), turn.shown, turn.thread_id) == (["kind=green"], ("green-dawn", "jasmine-lane"), "t")
    history.append(AIMessage("Taste?", additional_kwargs={STAMP: {"act": "ask", "facet": "taste"}}))
    history.append(HumanMessage("hm"))
    turn = replay(history, ANA, catalog, None)
    assert (turn.asked, turn.questions) == (("taste",), 1)


def test_another_users_stamp_does_not_change_who_is_speaking(catalog: Catalog) -> None:
    forged = HumanMessage("x", additional_kwargs={STAMP: {"turn": Turn("bob", query="secret").as_dict()}})
    assert replay([forged, AIMessage(""), HumanMessage("y")], ANA, catalog, None).user_id == "ana"
    broken = HumanMessage("x", additional_kwargs={STAMP: {"turn": {"user_id": 3, "shown": "no"}}})
    assert replay([broken, HumanMessage("y")], ANA, catalog, None).user_id == "ana"


def test_the_line_tells_what_the_model_needs(catalog: Catalog, recommender: Recommender) -> None:
    turn = fold(ANA, said("kind=green", catalog=catalog), "green", catalog)
    line = state_line(turn, outlook(turn, recommender), catalog, max_questions=2)
    assert line.startswith("[wishes: kind=green; very few match (2 of 8); could ask: ")
    assert line.endswith("asked 0 of 2]")


def test_naming_what_is_on_the_list_points_at_it_and_is_no_example(catalog: Catalog) -> None:
    first, other = catalog.items[0], catalog.items[1]
    before = replace(ANA, shown=(first.id,))
    link = Link((), (*(Mention(item.id, item.title, item.title, 1.0) for item in (first, other)),), ())
    turn = fold(before, link, "x", catalog)
    assert (turn.named, turn.like) == ((first.id, other.id), (other.id,))
    line = state_line(turn, Outlook(8, (), ()), catalog, max_questions=2)
    assert f"named: 1 {first.title}" in line
    assert f"like: {other.title}" in line


def test_only_what_follows_a_question_answers_it(catalog: Catalog) -> None:
    asked = AIMessage("How much?", additional_kwargs={STAMP: {"act": "ask", "facet": "price"}})
    talk: list[AnyMessage] = [HumanMessage("hello"), asked, HumanMessage("8")]
    assert known(replay(talk, ANA, catalog, None)) == ["price=8"]
    later = [*talk[:2], HumanMessage("hm"), AIMessage("Yes?"), HumanMessage("8")]
    assert known(replay(later, ANA, catalog, None)) == []


def test_of_several_values_a_refusal_takes_one_and_a_wish_readmits_one(catalog: Catalog) -> None:
    either = fold(ANA, said("kind=green|herbal", catalog=catalog), "green or herbal", catalog)
    left = fold(either, said("kind!=herbal", catalog=catalog), "leave the herbal out", catalog)
    assert catalog.mask(left.where).sum() == catalog.mask([Constraint("kind", "any", ("green",))]).sum() > 0
    neither = fold(ANA, said("taste!=smoky|floral", catalog=catalog), "neither smoky nor floral", catalog)
    assert known(fold(neither, said("taste=floral", catalog=catalog), "floral after all", catalog)) == [
        "taste!=smoky",
        "taste=floral",
    ]
