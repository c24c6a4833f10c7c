from __future__ import annotations

import pytest

from chatrec.agent._grounding import is_grounded, repeats, sentences

FACTS = "something like Alien, under 100 minutes\n1. Moon Harbour: genre Drama; 95 min\n2. 星际旅馆"


@pytest.mark.parametrize(
    "sentence",
    [
        "Here are a few that you may enjoy.",
        "You might like Moon Harbour tonight!",
        'Since you liked "Alien", I chose these.',
        "All of them are below 100 minutes.",
        "I'm sure it's a good evening.",
    ],
)
def test_sentences_that_name_only_what_is_known_may_be_shown(sentence: str) -> None:
    assert is_grounded(sentence, FACTS)


@pytest.mark.parametrize(
    "sentence",
    [
        "You might like The Fury of the Furious.",
        "I suggest “The Lost City”.",
        "It was made in 2017.",
        "It runs 9 minutes.",
        "Here are a few that you",
        "# Here they are.",
        "assistant: here they are.",
        '{"name": "recommend"}.',
        "Directed by Ridley Scott, it is a fine one.",
        "这些都不错。",
    ],
)
def test_invention_fragments_and_markup_may_not(sentence: str) -> None:
    assert not is_grounded(sentence, FACTS)


def test_chinese_is_asked_of_chinese_replies() -> None:
    assert is_grounded("这些都很适合今晚。", FACTS, language="zh")
    assert is_grounded("我推荐《星际旅馆》。", FACTS, language="zh")
    assert not is_grounded("我推荐《流浪地球》。", FACTS, language="zh")
    assert not is_grounded("Here they are.", FACTS, language="zh")


def test_sentences_are_split_at_their_ends_only() -> None:
    assert sentences("Sure! It is 3.5 hours long. 好的，我来找。还有吗？ 12.") == [
        "Sure!",
        "It is 3.5 hours long.",
        "好的，我来找。",
        "还有吗？",
    ]


def test_sentences_that_were_said_or_told_before_are_recognised() -> None:
    told = "Say something in words, when neither a list nor a question nor facts are called for.\n你喜欢什么样的茶呢"
    assert repeats("A sentence in words, when neither a list nor a question is called for.", told)
    assert repeats("你喜欢什么样的茶？", told)
    assert not repeats("You are welcome!", "You are welcome!")
    assert not repeats("Enjoy your evening with one of these.", told)
