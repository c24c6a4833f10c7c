"""Kill one of two processes over one database with SIGKILL in mid-turn, at random moments, and go on at the other.

Each turn says of a film that it is known. Whoever was answered, or was cut off and said it again at the other process,
must be in the log once: no event lost, none doubled. At the end each conversation must hold every sentence once, in its
order, and each with its answer. The model of these processes chooses by rule, so that what is tested is the rest.
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from bench import _results
from bench._server import database
from chatrec.agent import create_recommender
from chatrec.agent.doors._session import Session
from chatrec.indexes import Catalog, FeedbackLog, Recommender, open_checkpointer, open_store
from chatrec.testing import HashingEmbedder

_PEOPLE = ("ana", "ben", "cyd")
_PATIENCE = 60.0


class Ruled(BaseChatModel):
    """Notes what the person knows, then recommends, then says a word: whatever process it is in."""

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
        done = [message.name for message in messages[place:] if isinstance(message, ToolMessage)]
        if "record_feedback" not in done:
            title = messages[place].text.splitlines()[0].removeprefix("I know ")
            said = _call("record_feedback", {"kind": "seen", "item": title})
        elif "recommend" not in done:
            said = _call("recommend", {})
        else:
            said = AIMessage("Here you are.")
        return ChatResult(generations=[ChatGeneration(message=said)])


@dataclass
class Member:
    """One of the processes."""

    process: Any
    pipe: Connection

    def ask(self, user: str, text: str, kill_after: float | None) -> bool:
        """Say something to it; whether it answered before it was killed."""
        try:
            self.pipe.send((user, text))
            if kill_after is not None:
                if self.pipe.poll(kill_after):
                    return bool(self.pipe.recv())
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.join()
                return False
            if not self.pipe.poll(_PATIENCE):
                raise SystemExit(f"no answer in {_PATIENCE:g} seconds to {text!r}")
            return bool(self.pipe.recv())
        except (EOFError, OSError):
            return False


def main() -> int:
    """Run the kills; leaves with 1 where something was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=50, help="how many kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database-url", help="an empty database; by default one is started")
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    catalog = Catalog.load("films")
    with database(options.database_url) as url:
        _away(_prepare, url)
        told, turns, seconds = _talk(url, catalog, options.times, options.seed)
        wrong = _away(_judge, url, told)
    print(f"{options.times} kills in {turns} turns, {seconds:.0f} s; wrong: {len(wrong)}")
    for line in wrong:
        print(line)
    if not options.dry:
        result = {"kills": options.times, "turns": turns, "seconds": round(seconds, 1), "wrong": wrong}
        print(_results.write("serves", result))
    return 1 if wrong else 0


def _talk(url: str, catalog: Catalog, times: int, seed: int) -> tuple[dict[str, list[str]], int, float]:
    rng = random.Random(seed)
    members = [_start(url), _start(url)]
    titles = Counter(item.title for item in catalog.items)
    names = [item.title for item in catalog.items if titles[item.title] == 1]
    told: dict[str, list[str]] = {user: [] for user in _PEOPLE}
    kills = turns = 0
    usual = 0.5
    began = time.monotonic()
    while kills < times:
        user = rng.choice(_PEOPLE)
        text = f"I know {names[turns % len(names)]}"
        turns += 1
        at = rng.randrange(2)
        # The first turn of a process also loads what it needs; kills are spread over all of it.
        start = time.monotonic()
        answered = members[at].ask(user, text, rng.uniform(0, usual) if turns > 2 and rng.random() < 0.8 else None)
        if answered:
            usual = 0.7 * usual + 0.3 * 1.1 * (time.monotonic() - start)
        elif not members[at].process.is_alive():
            kills += 1
            # The moment after the answer was sent and before it was read is one of them.
            if not members[1 - at].ask(user, text, None):
                raise SystemExit("the other process died by itself")
            members[at] = _start(url)
        told[user].append(text)
        if sys.stderr.isatty():
            print(f"\r{kills} of {times} kills", end="", file=sys.stderr)
    for member in members:
        member.pipe.send(None)
        member.process.join()
    return told, turns, time.monotonic() - began


def _start(url: str) -> Member:
    ours, theirs = mp.get_context("fork").Pipe()
    process = mp.get_context("fork").Process(target=_serve, args=(url, theirs), daemon=True)
    process.start()
    theirs.close()
    ours.recv()  # it is ready
    return Member(process, ours)


def _serve(url: str, pipe: Connection) -> None:
    """What one process does: a turn for each sentence."""
    recommender, agent = _opened(url)
    pipe.send("ready")
    while (asked := pipe.recv()) is not None:
        user, text = asked
        answer = Session(agent, recommender, user_id=user, thread_id=f"of {user}").send(text, key=text)
        pipe.send(bool(answer.reply))


def _opened(url: str) -> tuple[Recommender, Any]:
    catalog = Catalog.load("films")
    recommender = Recommender(catalog, embedder=HashingEmbedder(), database_url=url)
    agent = create_recommender(recommender, model=Ruled(), checkpointer=open_checkpointer(url))
    return recommender, agent


def _prepare(url: str, *_: Any) -> list[str]:
    recommender, agent = _opened(url)
    Session(agent, recommender, user_id="dee", thread_id="of dee").send(f"I know {recommender.catalog.items[0].title}")
    return []


def _judge(url: str, told: dict[str, list[str]]) -> list[str]:
    """What is not as it was acknowledged."""
    recommender, agent = _opened(url)
    log = FeedbackLog(open_store(url), catalog=recommender.catalog.name)
    wrong: list[str] = []
    for user, said in told.items():
        held = [recommender.catalog[event.item_id].title for event in log.events(user) if event.item_id is not None]
        wanted = [text.removeprefix("I know ") for text in said]
        if held != wanted:
            lost, more = Counter(wanted) - Counter(held), Counter(held) - Counter(wanted)
            wrong.append(f"{user}: events lost {dict(lost)}, doubled {dict(more)}, in order {held == wanted}")
        session = Session(agent, recommender, user_id=user, thread_id=f"of {user}")
        exchanged = [exchange.said for exchange in session.exchanges()]
        if exchanged != said:
            lost, more = Counter(said) - Counter(exchanged), Counter(exchanged) - Counter(said)
            wrong.append(f"{user}: sentences lost {dict(lost)}, doubled {dict(more)}")
    return wrong


def _away(work: Any, *arguments: Any) -> list[str]:
    """Do something in a process of its own: connections and threads must not be there when others are forked."""
    ours, theirs = mp.get_context("fork").Pipe(duplex=False)

    def run() -> None:
        theirs.send(work(*arguments))

    process = mp.get_context("fork").Process(target=run)
    process.start()
    theirs.close()
    found: list[str] = ours.recv()
    process.join()
    return found


def _call(name: str, args: dict[str, Any]) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "c", "type": "tool_call"}])


if __name__ == "__main__":
    sys.exit(main())
