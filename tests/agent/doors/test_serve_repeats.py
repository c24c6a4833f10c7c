"""Requests sent again under an `Idempotency-Key`: the same answer, counted once, at this process and at another."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from openai import (
    APIStatusError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    OpenAI,
    UnprocessableEntityError,
)
from tests.agent.doors.serving import RuledModel, served
from tests.postgres_server import PostgresOfTests

from chatrec.agent import RecommenderContext, create_recommender
from chatrec.agent.doors._histories import Histories, Once, Said, UnderWay
from chatrec.agent.doors._keys import Keys
from chatrec.agent.doors._open import Room
from chatrec.agent.doors._serve_app import serve_app
from chatrec.indexes import ItemIndex, Recommender, ThreadOwners, forget_person, open_checkpointer, open_store
from chatrec.indexes import _repeats as repeats
from chatrec.indexes._postgres import Postgres
from chatrec.indexes._postgres_stores import ServerSaver, ServerStore
from chatrec.testing import HashingEmbedder, tea_catalog

TEA = "a smoky tea"
LIKE = "I like 1"


@pytest.fixture
def processes(database_url: str) -> Generator[list[Room], None, None]:
    """What two processes have over one database, with connections of their own."""
    index = ItemIndex.build(tea_catalog(), embedder=HashingEmbedder())
    servers = [Postgres(database_url, patience=3) for _ in range(2)]
    made: list[Room] = []
    for server in servers:
        store, threads = ServerStore(server), ServerSaver(server)
        recommender = Recommender(tea_catalog(), index=index, store=store)
        agent = create_recommender(recommender, model=RuledModel(), store=store, checkpointer=threads)
        made.append(Room(agent, recommender))
    yield made
    for server in servers:
        server.close()


@pytest.fixture
def clients(processes: list[Room]) -> Generator[list[OpenAI], None, None]:
    with (
        served(serve_app({"teas": processes[0]}, keys=Keys([]))) as one,
        served(serve_app({"teas": processes[1]}, keys=Keys([]))) as other,
        OpenAI(base_url=f"{one}/v1", api_key="none", max_retries=0) as here,
        OpenAI(base_url=f"{other}/v1", api_key="none", max_retries=0) as there,
    ):
        yield [here, there]


def ask(client: OpenAI, messages: list[Any], key: str | None, *, person: str = "ana", **more: Any) -> Any:
    headers: Mapping[str, str] = {} if key is None else {"Idempotency-Key": key}
    return client.chat.completions.create(model="teas", messages=messages, user=person, extra_headers=headers, **more)


def said(*texts: str) -> list[Any]:
    return [{"role": "user" if at % 2 == 0 else "assistant", "content": text} for at, text in enumerate(texts)]


def events(room: Room, person: str = "ana") -> int:
    return len(room.recommender.feedback.export(person))


def test_sent_again_it_is_answered_the_same_and_counts_once(clients: list[OpenAI], processes: list[Room]) -> None:
    first = ask(clients[0], said(TEA), uuid.uuid4().hex)
    key = uuid.uuid4().hex
    history = said(TEA, first.choices[0].message.content, LIKE)
    told = ask(clients[0], history, key)
    for client in (*clients, clients[0]):
        assert ask(client, history, key).model_dump() == told.model_dump()
    assert events(processes[0]) == 1
    assert len(processes[0].agent.owners.threads("ana")) == 1
    # It goes on where it was, also at the other one.
    more = said(TEA, first.choices[0].message.content, LIKE, told.choices[0].message.content, "another")
    ask(clients[1], more, None)
    (thread,) = processes[0].agent.owners.threads("ana")
    people = [
        m.text
        for m in processes[0].agent.get_state({"configurable": {"thread_id": thread}}).values["messages"]
        if isinstance(m, HumanMessage)
    ]
    assert people == [TEA, LIKE, "another"]


def test_a_stream_is_told_again(clients: list[OpenAI]) -> None:
    texts = [
        "".join(chunk.choices[0].delta.content or "" for chunk in ask(client, said(TEA), "k", stream=True))
        for client in clients
    ]
    assert texts[0] == texts[1] != ""


def test_without_a_key_each_request_counts_for_itself(clients: list[OpenAI], processes: list[Room]) -> None:
    ids = {ask(clients[0], said(TEA), None).id for _ in range(2)}
    assert len(ids) == len(processes[0].agent.owners.threads("ana")) == 2


def test_a_key_for_another_request_is_refused_and_another_persons_is_another_key(clients: list[OpenAI]) -> None:
    first = ask(clients[0], said(TEA), "k")
    with pytest.raises(UnprocessableEntityError) as refused:
        ask(clients[1], said("a green tea"), "k")
    assert refused.value.code == "idempotency_key_reused"
    assert refused.value.type == "invalid_request_error"
    assert ask(clients[1], said("a green tea"), "k", person="ben").id != first.id


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_refused(clients: list[OpenAI], key: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(clients[0], said(TEA), key)
    assert refused.value.code == "invalid_idempotency_key"


def test_while_it_is_answered_it_is_not_begun_again(clients: list[OpenAI], processes: list[Room]) -> None:
    ask(clients[0], said(TEA), "k")
    (thread,) = ThreadOwners(processes[0].recommender.store).threads("ana")
    held = processes[0].recommender.store
    assert isinstance(held, ServerStore)
    assert held.hold(thread)
    for client in clients:
        with pytest.raises(ConflictError) as refused:
            ask(client, said(TEA), "k")
        assert refused.value.code == "idempotency_key_in_use"
        assert refused.value.response.headers["retry-after"] == "1"
    held.let_go(thread)
    assert ask(clients[1], said(TEA), "k").choices


@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize("node", ["RecommenderMiddleware.before_agent", "model", "tools"])
def test_cut_off_with_its_process_it_is_gone_on_with_at_another(
    clients: list[OpenAI], processes: list[Room], node: str, key: str | None
) -> None:
    first = ask(clients[0], said(TEA), None)
    history = said(TEA, first.choices[0].message.content, LIKE)
    once = None if key is None else Once(key, _asked(history))
    place = Histories(processes[0]).open("ana", [Said(each["role"], each["content"]) for each in history], once)
    message = HumanMessage(LIKE, id=None if place.claim is None else place.claim.key)
    config: Any = {"configurable": {"thread_id": place.session.thread_id}}
    context = RecommenderContext("ana")
    for update in processes[0].agent.stream({"messages": [message]}, config, context=context, stream_mode="updates"):
        if node in update:
            break
    store = processes[0].recommender.store
    assert isinstance(store, ServerStore)
    store.let_go(place.session.thread_id)  # as the server does for a process that died
    assert ask(clients[1], history, key).choices[0].message.content
    assert events(processes[1]) == 1
    assert processes[1].agent.owners.threads("ana") == (place.session.thread_id,)
    messages = processes[1].agent.get_state(config).values["messages"]
    assert [m.text for m in messages if isinstance(m, HumanMessage)] == [TEA, LIKE]
    assert isinstance(messages[-1], AIMessage)


def _asked(history: list[Any]) -> str:
    from chatrec.agent.doors._serve_request import ChatRequest

    return ChatRequest.model_validate({"model": "teas", "messages": history, "user": "ana"}).model_dump_json()


def test_who_comes_second_in_the_same_moment_waits(processes: list[Room]) -> None:
    once = Once("k", "request")
    first = Histories(processes[0]).open("ana", [Said("user", TEA)], once)
    with pytest.raises(UnderWay):
        Histories(processes[1]).open("ana", [Said("user", TEA)], once)
    other = Histories(processes[1]).open("ana", [Said("user", TEA)])
    assert other.session.thread_id != first.session.thread_id


def test_keys_are_kept_for_a_day_few_of_them_and_forgotten_with_their_person(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(None)
    kept = repeats.Repeats(store)
    monkeypatch.setattr(repeats, "KEPT", 3)
    now = [1000.0]
    monkeypatch.setattr("chatrec.indexes._repeats.time.time", lambda: now[0])
    for number in range(5):
        now[0] += 1
        kept.claim("ana", f"k{number}", "asked", f"t{number}")
    assert [number for number in range(5) if kept.find("ana", f"k{number}")] == [2, 3, 4]
    again = kept.claim("ana", "k4", "asked otherwise", "t9")
    assert again.thread == "t4"
    assert not repeats.same(again, "asked otherwise")
    assert kept.find("ben", "k4") is None
    assert "k4" not in str(store.search(("chatrec",)))
    now[0] += repeats.KEPT_SECONDS + 1
    assert kept.find("ana", "k4") is None
    assert kept.claim("ana", "k4", "asked otherwise", "t9").thread == "t9"
    forget_person("ana", store=store, checkpointer=open_checkpointer(None))
    assert not store.search(("chatrec",))


def test_a_key_whose_turn_failed_is_answered_when_it_comes_again(
    clients: list[OpenAI], processes: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(RuledModel, "_generate", fail)
        with pytest.raises(APIStatusError):
            ask(clients[0], said(TEA), "k")
    assert ask(clients[1], said(TEA), "k").choices
    (thread,) = processes[0].agent.owners.threads("ana")
    assert len(processes[0].agent.get_state({"configurable": {"thread_id": thread}}).values["messages"]) > 1


def test_a_database_that_is_away_is_told_and_once_it_is_back_the_same_request_counts_once(
    clients: list[OpenAI], processes: list[Room], postgres_server: PostgresOfTests
) -> None:
    first = ask(clients[0], said(TEA), "k1")
    history = said(TEA, first.choices[0].message.content, LIKE)
    postgres_server.stop()
    try:
        with pytest.raises(InternalServerError) as refused:
            ask(clients[0], history, "k2")
        assert refused.value.status_code == 503
        assert refused.value.code == "store_unavailable"
        assert "postgres" not in str(refused.value)
    finally:
        postgres_server.start()
    assert ask(clients[0], history, "k2").model_dump() == ask(clients[1], history, "k2").model_dump()
    assert events(processes[0]) == 1
