"""Acts and feedback beside what people did: dialogues of IARD, annotated by hand. For measuring alone.

The person's words go to the real agent, turn by turn, over the films of ReDial; its answer is noted and the human
recommender's takes its place. The act is the one that ends the agent's turn. Words that ask ("What would you like?")
are a reply here and a request in the annotation: "words that ask" counts them so. "of the two acts" takes the likelier
of asking and listing where the agent answered with words or facts, which the annotation does not know. What counts, and
on which turns, is `score_iard.py`'s business; bootstrap over dialogues. Beside the agent: rules that need no model.
Answers are kept in `bench/results/iard/`, so that a run that was cut off goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import _results
from chatrec.agent import ChatLlamaCpp
from chatrec.agent._assemble import local_model
from chatrec.agent.tuning._replay import Answer, Given, Replay
from chatrec.indexes import Catalog, ItemIndex

_KINDS = {"accept": "ACC", "reject": "REJ", "seen": "SEE", "critique": "CRI-F", "refine": "CRI-A"}
_YEAR = re.compile(r"\(\d{4}\)")
_SAMPLES = 1_000
_SHORT = 8
"""Words of a first message after which a question is due, says the rule of length."""

Key = tuple[str, str, int]
Answers = Mapping[Key, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench iard", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder of data/ and score_iard.py")
    parser.add_argument("--model", help="a GGUF file instead of the embedded model")
    parser.add_argument("--adapter", default="auto", help="auto, none, or a GGUF adapter with its settings beside it")
    parser.add_argument("--count", type=int, help="so many dialogues, evenly chosen (default all)")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; the next run goes on")
    parser.add_argument("--name", default="as used", help="of this model's row")
    options = parser.parse_args(argv)
    data = options.shared / "data"
    if not (data / "iard_train.jsonl").exists():
        print("skipped: the dialogues of IARD are not there")
        return 2
    score = _scorer(options.shared / "score_iard.py")
    dialogues = [json.loads(line) for name in ("train", "dev") for line in _lines(data / f"iard_{name}.jsonl")]
    if options.count is not None:
        places = np.linspace(0, len(dialogues) - 1, min(options.count, len(dialogues))).astype(int)
        dialogues = [dialogues[place] for place in places]
    folder = _results.FOLDER / "iard"
    folder.mkdir(parents=True, exist_ok=True)
    model = local_model(options.model, None if options.adapter == "none" else options.adapter)
    _answer(dialogues, folder / f"{options.name}.jsonl", model, data, 60 * options.minutes)
    rows = {rule: _ruled(dialogues, score, rule) for rule in ("always recommend", "first turn", "first turn, short")}
    for path in sorted(folder.glob("*.jsonl")):
        rows[path.stem] = _read(path)
        rows[f"{path.stem}, words that ask"] = _read(path, "asking")
        rows[f"{path.stem}, of the two acts"] = _read(path, "of two")
    everywhere = [d for d in dialogues if all(_has(found, d, score) for found in rows.values())]
    figures = {name: _figures(everywhere, found, score) for name, found in rows.items()}
    table = Table("", "act, macro-F1", "ask, F1", "feedback, macro-F1", title=f"{len(everywhere)} dialogues of IARD")
    for name, found in figures.items():
        table.add_row(name, *(_told(found[column]) for column in ("act", "ask", "feedback")))
    Console(width=120).print(table)
    print(_results.write("iard", {"dialogues": len(everywhere), "figures": figures}))
    return 0


def _answer(dialogues: Sequence[Any], path: Path, model: ChatLlamaCpp, data: Path, seconds: float) -> None:
    known = {row["id"] for row in map(json.loads, _lines(path))} if path.exists() else set[str]()
    left = [dialogue for dialogue in dialogues if dialogue["id"] not in known]
    if not left:
        return
    catalog = Catalog.load(data / "redial_items.jsonl.gz")
    index = ItemIndex.build(catalog, path=_results.FOLDER / "iard" / "index")
    until = time.monotonic() + seconds
    for dialogue in track(left, description=path.stem):
        rows = list(_played(dialogue, Replay(model, catalog, index), catalog))
        # A dialogue is written as a whole, so that a run that was cut off knows which are done.
        with path.open("a", encoding="utf-8") as out:
            out.write("".join(json.dumps(row) + "\n" for row in rows))
        if time.monotonic() > until:
            return


def _played(dialogue: Mapping[str, Any], talk: Replay, catalog: Catalog) -> Iterator[dict[str, Any]]:
    """The agent's answers, as `score_iard.py` reads them."""
    titles = {item.title.casefold(): item.id for item in catalog.items}
    spoken = False
    for at, said in enumerate(dialogue["utterances"]):
        if said["role"] == "recommender":
            talk.answered(_given(said, titles, next(iter(catalog.facets)), opening=not spoken))
            continue
        spoken = True
        answer = talk.say(said["text"])
        yield {"task": "feedback", "id": dialogue["id"], "index": at, "answer": _events(answer)}
        ask, recommend = (answer.last.get(act, 0.0) for act in ("ask", "recommend"))
        two = answer.end if answer.end in {"ask", "recommend"} else "ask" if ask > recommend else "recommend"
        asking = "ask" if answer.end == "reply" and "?" in answer.text else answer.end
        row = {"task": "act", "id": dialogue["id"], "index": at + 1, "answer": answer.end}
        yield row | {"of two": two, "asking": asking}


def _events(answer: Answer) -> list[str]:
    return sorted({_KINDS[kind] for kind, _ in answer.events} | ({"INQ"} if answer.described else set()))


def _given(said: Mapping[str, Any], titles: Mapping[str, str], facet: str, *, opening: bool) -> Given:
    """What the human recommender did, as an answer of ours."""
    acts = set(said["acts"])
    items = tuple(dict.fromkeys(_titles(said["text"], titles)))
    if "Recommend" in acts and items:
        return Given("recommend", said["text"], items, None)
    if "Request" in acts and not opening:
        return Given("ask", said["text"], (), facet)
    return Given("reply", said["text"], (), None)


def _titles(text: str, titles: Mapping[str, str]) -> Iterator[str]:
    """Ids of the films that are named with their year; the longest title that ends there."""
    for year in _YEAR.finditer(text):
        words = text[: year.end()].split(" ")
        ends = (" ".join(words[begin:]).casefold() for begin in range(max(0, len(words) - 15), len(words)))
        found = next((titles[end] for end in ends if end in titles), None)
        if found is not None:
            yield found


def _ruled(dialogues: Sequence[Any], score: Any, rule: str) -> Answers:
    """The acts of a rule; it hears no feedback."""
    found: dict[Key, Any] = {}
    for dialogue in dialogues:
        for task, at, _ in score.turns(dialogue):
            said = [u["text"] for u in dialogue["utterances"][:at] if u["role"] == "seeker"]
            short = rule != "first turn, short" or len(" ".join(said).split()) <= _SHORT
            ask = rule != "always recommend" and len(said) == 1 and short
            found[task, dialogue["id"], at] = [] if task == "feedback" else "ask" if ask else "recommend"
    return found


def _read(path: Path, part: str = "answer") -> Answers:
    """The answers, or of the acts another `part` of them."""
    rows = map(json.loads, _lines(path))
    return {(row["task"], row["id"], row["index"]): row.get(part, row["answer"]) for row in rows}


def _has(answers: Answers, dialogue: Mapping[str, Any], score: Any) -> bool:
    return all((task, dialogue["id"], at) in answers for task, at, _ in score.turns(dialogue))


def _figures(dialogues: Sequence[Any], answers: Answers, score: Any) -> dict[str, tuple[float, float, float]]:
    """Each figure with the bounds that 95 of 100 samples of dialogues keep: lower, value, upper."""
    told = [[(task, gold, answers[task, d["id"], at]) for task, at, gold in score.turns(d)] for d in dialogues]
    rng = np.random.default_rng(0)
    samples = [_scores([turn for place in places for turn in told[place]], score) for places in _drawn(rng, len(told))]
    value = _scores([turn for turns in told for turn in turns], score)
    spread = {name: np.percentile([sample[name] for sample in samples], (2.5, 97.5)) for name in value}
    return {name: (float(spread[name][0]), value[name], float(spread[name][1])) for name in value}


def _drawn(rng: np.random.Generator, count: int) -> Iterator[list[int]]:
    return islice(iter(lambda: rng.integers(count, size=count).tolist(), None), _SAMPLES)


def _scores(turns: Sequence[tuple[str, Any, Any]], score: Any) -> dict[str, float]:
    acts = [(gold, said) for task, gold, said in turns if task == "act"]
    feedback = [(gold, said) for task, gold, said in turns if task == "feedback"]
    by = {act: score.f1([(gold == act, said == act) for gold, said in acts]) for act in ("ask", "recommend")}
    kinds = [score.f1([(kind in gold, kind in said) for gold, said in feedback]) for kind in score.KINDS]
    return {"act": sum(by.values()) / 2, "ask": by["ask"], "feedback": sum(kinds) / len(kinds)}


def _scorer(path: Path) -> Any:
    spec = spec_from_file_location("score_iard", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _told(value: tuple[float, float, float]) -> str:
    return f"{value[1]:.2f} ({value[0]:.2f} to {value[2]:.2f})"


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()
