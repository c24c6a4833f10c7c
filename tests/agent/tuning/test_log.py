"""Conversations over the teas, scripted, with feedback; what of them is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.store.base import BaseStore

from chatrec.agent import create_recommender
from chatrec.agent.doors._session import Session
from chatrec.agent.llm import embedded_model_path
from chatrec.agent.tuning._log import Talk, keep_back, read_log, relive
from chatrec.errors import ModelError
from chatrec.indexes import Recommender, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder, ScriptedChatModel, tea_catalog

LIST: list[Any] = [("recommend", {}), "Have a look."]
ASK: list[Any] = [("ask_user", {"facet": "kind"})]
NOTE: list[Any] = [("record_feedback", {"kind": "accept", "item": "1"}), ("recommend", {}), "More."]


class Home:
    """The teas, and whoever talks about them."""

    def __init__(self) -> None:
        self.store: BaseStore = open_store(None)
        self.saver: BaseCheckpointSaver[Any] = open_checkpointer(None)
        self.recommender = Recommender(tea_catalog(), store=self.store, embedder=HashingEmbedder())

    def talk(self, thread: str, *turns: tuple[str, Sequence[Any]], user: str = "ana") -> Session:
        """A conversation: what is said, and what the model does about it."""
        script = [step for _, steps in turns for step in steps]
        agent = create_recommender(
            self.recommender, model=ScriptedChatModel(replies=script), store=self.store, checkpointer=self.saver, size=3
        )
        session = Session(agent, self.recommender, user_id=user, thread_id=thread)
        for said, _ in turns:
            session.send(said)
        return session

    def read(self, user: str = "ana") -> list[Talk]:
        """What is learnt of them."""
        return read_log(user, self.recommender.catalog, store=self.store, checkpointer=self.saver)

    def acts(self) -> list[tuple[str, bool | None]]:
        """All known turns' acts."""
        return [(act.name, act.right) for talk in self.read() for acts in talk.turns.values() for act in acts]


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_list_is_right_if_something_on_it_was_accepted(home: Home) -> None:
    session = home.talk("t1", ("hello", LIST))
    home.talk("t2", ("hello", LIST))
    assert home.read() == []
    session.feedback("accept", 2)
    assert home.acts() == [("recommend", True)]
    session.undo()
    assert home.read() == []


def test_a_list_whose_item_was_turned_down_later_was_not_confirmed(home: Home) -> None:
    session = home.talk("t1", ("hello", LIST))
    session.feedback("accept", 1)
    session.feedback("reject", 1)
    assert home.read() == []


def test_a_question_is_right_if_the_next_message_answers_it(home: Home) -> None:
    home.talk("t1", ("hello", ASK), ("black tea", LIST))
    home.talk("t2", ("hello", ASK), ("just show me something", LIST))
    (talk,) = home.read()
    assert talk.thread_id == "t1"
    assert home.acts() == [("ask_user", True)]


def test_a_note_is_right_if_it_stands_and_wrong_if_it_was_taken_back(home: Home) -> None:
    session = home.talk("t1", ("hello", LIST), ("I take the first", NOTE), ("thanks", ["Bye."]))
    assert ("record_feedback", True) in home.acts()
    session.undo()
    assert home.acts() == [("record_feedback", False), ("recommend", None)]


def test_whether_the_last_note_stands_nobody_knows(home: Home) -> None:
    session = home.talk("t1", ("hello", LIST), ("the first is nice", NOTE))
    session.feedback("accept", 1)
    assert ("record_feedback", None) in home.acts()


def test_other_peoples_conversations_and_names_are_not_read(home: Home) -> None:
    home.talk("t1", ("I'm Berta, b@example.org", LIST), user="berta").feedback("accept", 1)
    home.talk("t2", ("Ana here, I'm Ana", LIST)).feedback("accept", 1)
    assert [talk.thread_id for talk in home.read()] == ["t2"]
    assert "Ana" not in str(home.read()[0].messages)
    assert "b@example.org" not in str(home.read("berta"))


def test_every_fourth_conversation_is_kept_back(home: Home) -> None:
    talks = [Talk(f"t{number}", (), {}) for number in range(10)]
    some, kept = keep_back(talks)
    assert len(kept) == 3
    assert sorted(talk.thread_id for talk in (*some, *kept)) == sorted(talk.thread_id for talk in talks)
    assert keep_back(talks[::-1]) == (some, kept)


def taught(home: Home) -> list[Talk]:
    """Six conversations with three confirmed acts each, but for the last, in which a note was taken back."""
    turns = (("hello", ASK), ("black tea", LIST), ("the first is good", NOTE), ("thanks", LIST), ("bye", ["Bye."]))
    for number in range(6):
        home.talk(f"t{number}", *turns)
    home.recommender.feedback.undo("ana")
    return home.read()


@pytest.mark.real_model
def test_turns_are_played_again_in_the_models_own_tokens(home: Home) -> None:
    from chatrec.agent.tuning._simulate import StandIn

    *_, talk = taught(home)
    alone = Recommender(home.recommender.catalog, store=open_store(None), embedder=HashingEmbedder())
    known, played = relive(talk, StandIn(model_path=str(embedded_model_path(adapted=True))), alone)
    assert [(act.name, act.right) for act in played] == [
        ("ask_user", True), ("record_feedback", False), ("recommend", None),
    ]  # fmt: skip
    assert {(note.act, note.trace.kind, note.right) for note in known} == {
        ("ask_user", "name", True), ("ask_user", "arguments", True), ("record_feedback", "arguments", False),
    }  # fmt: skip
    assert all(len(note.prompt) > 100 for note in known)
    assert home.recommender.feedback.events("somebody") == ()


def test_too_little_to_learn_from_is_refused(home: Home, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from chatrec.agent.tuning._learn_own import Own, learn_own

    home.talk("t1", ("hello", LIST)).feedback("accept", 1)
    own = Own(home.read(), home.recommender.catalog, home.recommender.index)
    with pytest.raises(ModelError, match="1 acts in 1 conversations") as refused:
        learn_own(tmp_path / "base.gguf", tmp_path / "a.gguf", tmp_path / "run", own)
    assert "at least 8" in str(refused.value.hint)
    assert not (tmp_path / "run").exists()


def test_what_is_worse_in_ones_own_turns_or_elsewhere_is_told() -> None:
    pytest.importorskip("torch")
    from chatrec.agent.tuning._evaluate import Judged
    from chatrec.agent.tuning._learn_own import worse

    def made(chance: float) -> list[Judged]:
        chances = {"ask_user": chance, "recommend": 1 - chance}
        other = {"ask_user": 1 - chance, "recommend": chance}
        return [
            Judged(right, right, odds, {}, {}, "", "") for right, odds in (("ask_user", chances), ("recommend", other))
        ]

    good, bad, broken = made(0.8), made(0.3), made(float("nan"))
    assert worse([good, good], [good, good]) == []
    assert worse([bad, good], [bad, good]) == []
    assert worse([good, bad], [good, good]) == ["your kept-back turns"]
    assert worse([good, good], [good, bad])[-1] == "held-out domains"
    assert worse([good, broken], [good, broken]) == ["your kept-back turns", "held-out domains"]
