"""Agreement of the two passes of labelling, of sentences and of turns.

`make bench NAME=agreement ARGS="--shared DIR"`; without `--shared`, sets over catalogs that are not here are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bench import _labelled as labelled
from bench._results import write

catalog_of = cache(labelled.load_catalog)


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of two labellings of the same things, -1 to 1; 1 where both use one label only.

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    seen = sum(one == other for one, other in pairs) / len(pairs)
    chance = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return 1.0 if chance == 1.0 else (seen - chance) / (1 - chance)


def sentences(shared: Path | None) -> dict[str, Any]:
    """By set: how many sentences have the same constraints and the same lifted facets in both passes."""
    found: dict[str, Counter[str]] = {}
    for row in labelled.passes("linking"):
        catalog = catalog_of(row["catalog"], shared)
        if catalog is None:
            continue
        one, other = (labelled.read_wishes(catalog, row[which]["want"]) for which in ("first", "second"))
        count = found.setdefault(row["id"].rpartition("-")[0], Counter())
        count["sentences"] += 1
        count["constraints"] += labelled.same_wishes(catalog, one, other)
        count["lifted"] += set(row["first"]["lifted"]) == set(row["second"]["lifted"])
    return {name: dict(count) for name, count in found.items()}


def turns() -> dict[str, Any]:
    """How many turns have the same act, end, constraints and events in both passes, and the kappa of the act."""
    count: Counter[str] = Counter()
    acts: list[tuple[str, str]] = []
    for row in labelled.passes("acts"):
        catalog = catalog_of(row["catalog"])
        if catalog is None:
            raise FileNotFoundError(labelled.DATA / f"{row['catalog']}.jsonl")
        for turn in row["turns"]:
            first, second = turn["first"], turn["second"]
            one, other = (labelled.read_wishes(catalog, which["where"]) for which in (first, second))
            acts.append((first["act"], second["act"]))
            count["turns"] += 1
            count["constraints"] += labelled.same_wishes(catalog, one, other)
            for key in ("act", "end"):
                count[key] += first[key] == second[key]
            count["events"] += sorted(first["events"]) == sorted(second["events"])
    return dict(count) | {"kappa": round(kappa(acts), 3)}


def main() -> int:
    """Count, show and write."""
    parser = argparse.ArgumentParser(description="agreement of the two passes of labelling")
    parser.add_argument("--shared", type=Path, help="folder of the data that is not part of the project")
    options = parser.parse_args()
    result = {"sentences": sentences(options.shared), "turns": turns()}
    for name, count in (*result["sentences"].items(), ("turns", result["turns"])):
        print(f"{name:10}", "  ".join(f"{key} {value}" for key, value in count.items()))
    print(write("agreement", result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
