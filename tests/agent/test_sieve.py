"""Sentences are let through as they come exactly as they would be from the whole text."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatrec.agent._grounding import is_grounded, sentences, settled
from chatrec.agent._sieve import Sieve

PIECES = st.lists(st.sampled_from(["Good", " tea", ".", "!", "?", " ", "\n", '"', "”", "3", ")", "好茶", "。", "x. "]))


@given(PIECES)
def test_what_is_settled_stays_as_it_is(pieces: list[str]) -> None:
    text = "".join(pieces)
    for end in range(len(text)):
        place = settled(text[:end])
        assert sentences(text[:place]) + sentences(text[place:]) == sentences(text)


@given(PIECES, st.integers(1, 4))
def test_in_pieces_and_at_once_are_the_same(pieces: list[str], most: int) -> None:
    text = "".join(pieces)
    sieve = Sieve("en", "", most=most)
    seen = [sieve.sure]
    for piece in pieces:
        sieve.add(piece)
        seen.append(sieve.sure)
    seen.append(sieve.end(text))
    fit = [each for each in dict.fromkeys(sentences(text)) if is_grounded(each, "")]
    assert seen[-1] == " ".join(fit[:most])
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen))


def test_what_was_said_before_is_held_back_until_it_differs() -> None:
    sieve = Sieve("en", "", most=9, unlike={"Here you are. Enjoy!"})
    sieve.add("Here you are. Enjoy! ")
    assert sieve.sure == ""
    assert sieve.end("Here you are. Enjoy! ") == ""
    sieve = Sieve("en", "", most=9, unlike={"Here you are. Enjoy!"})
    sieve.add("Here you are. Take two. ")
    assert sieve.sure == "Here you are. Take two."


def test_a_model_that_begins_again_says_nothing_twice_and_takes_nothing_back() -> None:
    sieve = Sieve("en", "", most=9)
    sieve.add("Have a look. The")
    sieve.again()
    sieve.add("Have a look. Take two. ")
    assert sieve.end("Have a look. Take two. Or none.") == "Have a look. Take two. Or none."
