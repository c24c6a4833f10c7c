"""Kill one of several `chatrec serve` over one database with SIGKILL in mid-turn, at random moments; ask another.

People talk through the official `openai` client. Each sentence says of a film that it is known. Whoever gets no answer
says it again at another process, which may be killed too. At the end each film must be in the person's log once, in
its order: no event lost, none doubled. Each conversation must be held with every sentence once, each answered, and, for
requests with an `Idempotency-Key`, in one record; some of their answers are thrown away and asked for again, and must
come back the same. The model of these processes is a server that chooses by rule, so that what is tested is the rest.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import openai
import uvicorn
from fastapi import FastAPI
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from bench import _results
from bench._server import database
from chatrec.agent.doors._history import exchanges
from chatrec.agent.doors._serve_bare import add_bare
from chatrec.indexes import Catalog, FeedbackLog, ThreadOwners, open_checkpointer, open_store

_PEOPLE = ("ana", "ben", "cyd")
_TURNS = 8
"""Sentences of a conversation."""
_PATIENCE = 60.0


class Ruled(BaseChatModel):
    """Notes what the person knows, then recommends, then says a word."""

    @property
    def _llm_type(self) -> str:
        return "ruled"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(tools=True, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        place = max(at for at, message in enumerate(messages) if isinstance(message, HumanMessage))
        done = [call["name"] for m in messages[place:] if isinstance(m, AIMessage) for call in m.tool_calls]
        title = messages[place].text.splitlines()[0].removeprefix("I know ")
        calls = {"record_feedback": {"kind": "seen", "item": title}, "recommend": {}}
        name = next((name for name in calls if name not in done), None)
        if name is None:
            return ChatResult(generations=[ChatGeneration(message=AIMessage("Here you are."))])
        call = {"name": name, "args": calls[name], "id": f"c{len(done)}", "type": "tool_call"}
        return ChatResult(generations=[ChatGeneration(message=AIMessage("", tool_calls=[call]))])


@dataclass
class Served:
    """One `chatrec serve`, started and not waited for."""

    process: subprocess.Popen[str]
    url: str = ""

    def client(self) -> openai.OpenAI:
        """A client of it, once it listens."""
        told = ""
        while not self.url:
            assert self.process.stderr is not None
            line = self.process.stderr.readline()
            if not line:
                raise SystemExit(f"chatrec serve left with {self.process.wait()}:\n{told}")
            told += line
            if found := re.search(r"http://\S+/v1", line):
                self.url = found[0]
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return openai.OpenAI(base_url=self.url, api_key="none", max_retries=0, timeout=_PATIENCE)


@dataclass
class Talk:
    """A conversation as its person has it."""

    user: str
    said: list[str] = field(default_factory=list[str])
    heard: list[str] = field(default_factory=list[str])

    def messages(self, text: str) -> list[Any]:
        """The history that is sent."""
        told: list[Any] = []
        for said, heard in zip(self.said, self.heard, strict=True):
            told += [{"role": "user", "content": said}, {"role": "assistant", "content": heard}]
        return [*told, {"role": "user", "content": text}]


class Crowd:
    """The processes and the people.

    Args:
        start: Starts a process.
        keyed: Whether requests have keys.
        seed: Of chance.
    """

    def __init__(self, start: Any, *, keyed: bool, seed: int) -> None:
        self._start, self._keyed, self._rng = start, keyed, random.Random(seed)
        self.members: list[Served] = [start() for _ in range(3)]
        self.talks: list[Talk] = []
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._usual = 0.4

    def run(self, times: int) -> None:
        """Talk until so many were killed in mid-turn."""
        films = Catalog.load("films").items
        titles = Counter(item.title for item in films)
        names = [item.title for item in films if titles[item.title] == 1]
        now = {user: Talk(user) for user in _PEOPLE}
        while self.counts["kills"] < times:
            user = self._rng.choice(_PEOPLE)
            if len(now[user].said) == _TURNS or now[user] not in self.talks:
                now[user] = Talk(user)
                self.talks.append(now[user])
            self._turn(now[user], f"I know {names[self.counts['turns'] % len(names)]}")
            self.counts["turns"] += 1
            if sys.stderr.isatty():
                print(f"\r{self.counts['kills']} of {times} kills", end="", file=sys.stderr)

    def _turn(self, talk: Talk, text: str) -> None:
        """Say a sentence until it is answered; a key's answer may be lost on its way and be asked for again."""
        key = uuid.uuid4().hex
        lost: str | None = None
        for attempt in range(20):
            place = self._rng.randrange(len(self.members))
            kill = self._rng.random() < (0.7 if attempt == 0 else 0.3)
            answer = self._ask(place, talk, text, key, kill_after=self._rng.uniform(0, self._usual) if kill else None)
            if answer is None:
                continue
            if lost is not None and answer != lost:
                self.wrong.append(f"{talk.user}: {text!r} was answered in two ways")
            if lost is None and self._keyed and self._rng.random() < 0.2:
                lost = answer
                self.counts["answers lost"] += 1
                continue
            talk.said.append(text)
            talk.heard.append(answer)
            return
        raise SystemExit(f"no answer to {text!r}")

    def _ask(self, place: int, talk: Talk, text: str, key: str, *, kill_after: float | None) -> str | None:
        member = self.members[place]
        client = member.client()
        began = time.monotonic()
        timer = threading.Timer(kill_after, member.process.kill) if kill_after is not None else None
        if timer is not None:
            timer.start()
        try:
            done = client.chat.completions.create(
                model="films",
                user=talk.user,
                messages=talk.messages(text),
                extra_headers={"Idempotency-Key": key} if self._keyed else {},
            )
            self._usual = 0.8 * self._usual + 0.2 * 1.1 * (time.monotonic() - began)
            return done.choices[0].message.content
        except openai.ConflictError:
            # The server has not yet noticed that who held the conversation is dead.
            self.counts["told to wait"] += 1
            time.sleep(0.05)
            return None
        except openai.APIConnectionError:
            if timer is None:
                raise
            member.process.wait()
            self.counts["kills"] += 1
            return None
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
            if member.process.poll() is not None:
                self.members[place] = self._start()
            client.close()


def main() -> int:
    """Run the kills; leaves with 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=50, help="how many kills, of requests with keys and without each")
    parser.add_argument("--only", choices=["keyed", "plain"], help="requests with keys alone, or without")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database-url", help="an empty database; by default one is started")
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    for name in [options.only] if options.only else ["keyed", "plain"]:
        with database(options.database_url) as url, _model() as model, tempfile.TemporaryDirectory() as home:
            result[name] = told = _kill(url, model, home, times=options.times, keyed=name == "keyed", seed=options.seed)
        print(f"{name}: {told}", flush=True)
    if not options.dry:
        print(_results.write("serves", result))
    return 1 if any(told["wrong"] for told in result.values()) else 0


def _kill(url: str, model: str, home: str, *, times: int, keyed: bool, seed: int) -> dict[str, Any]:
    began = time.monotonic()
    with ExitStack() as stack:

        def start() -> Served:
            command = [sys.executable, "-m", "chatrec.agent.doors.cli", "serve", "--port", "0", "--model", model]
            process = subprocess.Popen(
                command,
                env=os.environ | {"CHATREC_DATABASE_URL": url, "CHATREC_HOME": home},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return Served(process)

        first = start()
        first.client().close()  # it brings the items
        crowd = Crowd(start, keyed=keyed, seed=seed)
        try:
            crowd.run(times)
        except KeyboardInterrupt:
            crowd.wrong.append("stopped before its end")  # what was done is judged all the same
    wrong, records = judge(url, crowd.talks, keyed=keyed)
    return {
        **crowd.counts,
        "conversations": len(crowd.talks),
        "records": records,
        "seconds": round(time.monotonic() - began, 1),
        "wrong": crowd.wrong + wrong,
    }


def judge(url: str, talks: list[Talk], *, keyed: bool) -> tuple[list[str], int]:
    """What is not as the people were told, and in how many records it is held."""
    catalog = Catalog.load("films")
    wrong: list[str] = []
    records = 0
    with open_store(url) as store, open_checkpointer(url) as saver:
        log, owners = FeedbackLog(store, catalog=catalog.name), ThreadOwners(store)
        for user in _PEOPLE:
            mine = [talk for talk in talks if talk.user == user and talk.said]
            wanted = [text.removeprefix("I know ") for talk in mine for text in talk.said]
            held = [catalog[event.item_id].title for event in log.events(user) if event.item_id is not None]
            if held != wanted:
                lost, more = Counter(wanted) - Counter(held), Counter(held) - Counter(wanted)
                wrong.append(f"{user}: events lost {dict(lost)}, doubled {dict(more)}, in order {held == wanted}")
            kept: list[list[tuple[str, str]]] = []
            for thread in owners.threads(user):
                last = saver.get_tuple({"configurable": {"thread_id": thread}})
                messages = [] if last is None else last.checkpoint["channel_values"].get("messages", [])
                kept.append([(each.said, each.answer.reply) for each in exchanges(messages, catalog)])
            records += len(kept)
            for talk in mine:
                told = list(zip(talk.said, talk.heard, strict=True))
                if told not in kept:
                    near = max(kept, key=lambda record: len(set(record) & set(told)), default=[])
                    wrong.append(f"{user}: no record of {told}; the nearest is {near}")
            if keyed and len(kept) != len(mine):
                wrong.append(f"{user}: {len(mine)} conversations are held in {len(kept)} records")
    return wrong, records


@contextmanager
def _model() -> Generator[str, None, None]:
    """The rule as an OpenAI-compatible server; gives its URL."""
    app = FastAPI()
    add_bare(app, Ruled(), "ruled")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/bare/v1"
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    sys.exit(main())
