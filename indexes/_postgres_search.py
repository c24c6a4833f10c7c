"""Finding the best items in PostgreSQL, by vectors alone or by vectors and words in one ranking, in one statement.

The scores are those of `_index_search.py`. Allowed rows are compared one by one, whatever there is beside them, up to
`GRAPH_FROM`. Of more, pgvector's graph goes on until it has found enough that are allowed, and where it has not, they
are compared after all: a filter costs no hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chatrec.indexes._index_search import Hit
from chatrec.indexes._index_vectors import Floats, Mask, Rows
from chatrec.indexes._postgres import Postgres
from chatrec.indexes._postgres_tables import GRAPH_FROM, Head, vector_text
from chatrec.indexes._postgres_words import QueryWords

_FEW: Final = 5_000
"""Up to so many allowed rows are named one by one."""
_LEAST_LOOKED: Final = 100
_LOOKED: Final = 4


class Allowed:
    """Which rows of a table may be found: all, a few by their numbers, or many by a string of bits.

    Args:
        rows: Their numbers, rising; None for all.
    """

    def __init__(self, rows: Rows | None) -> None:
        self.count = None if rows is None else len(rows)
        self.values: dict[str, Any] = {}
        if rows is None:
            return
        bits = np.zeros(int(rows[-1]) + 1 if len(rows) else 1, np.bool_)
        bits[rows] = True
        self.values = {"bits": np.packbits(bits, bitorder="little").tobytes(), "size": len(bits)}
        if len(rows) <= _FEW:
            self.values["rows"] = rows.tolist()

    def sql(self, row: str) -> str:
        """The condition on a column of row numbers."""
        if not self.values:
            return "TRUE"
        return f"CASE WHEN {row} < %(size)s THEN get_bit(%(bits)s::bytea, {row}) = 1 ELSE FALSE END"

    def items_sql(self) -> str:
        """The condition on the table of items, which has an index of row numbers."""
        return "row = ANY(%(rows)s::integer[])" if "rows" in self.values else self.sql("row")


def fused(
    server: Postgres,
    head: Head,
    query: Floats,
    words: QueryWords | None,
    *,
    k: int,
    allowed: Allowed,
    exclude: list[str],
) -> list[Hit]:
    """The `k` allowed items with the greatest sum of both parts.

    Args:
        server: The server.
        head: The catalog.
        query: Float32 (dimensions,), unit length.
        words: The query's words, or None.
        k: How many, at most.
        allowed: Which rows may be found.
        exclude: Ids that may not.
    """
    mean = float(head.mean @ query)
    looked = max(_LEAST_LOOKED, _LOOKED * k)
    values: dict[str, Any] = {"query": vector_text(query), "mean": mean, "rest": max(1.0 - mean, 1e-6), "k": k}
    values |= {"exclude": exclude, "looked": looked} | allowed.values
    values |= _words_values(words)
    count = head.sizes.items if allowed.count is None else allowed.count
    if graph_pays(head, count) and looked < count:
        found = server.read(_fused_sql(head, allowed, worded=words is not None, by_graph=True), values)
        if len(found) >= min(k, count - len(exclude)):
            return _hits(found)
    return _hits(server.read(_fused_sql(head, allowed, worded=words is not None, by_graph=False), values))


def nearest_sql(head: Head, where: str, *, by_graph: bool) -> str:
    """The statement that finds the nearest items under a condition: entry, cosine and vector.

    Args:
        head: The catalog.
        where: The condition.
        by_graph: Whether pgvector's graph may be used; its order is by cosine distance, which nothing else asks for.
    """
    order = "embedding <=> %(query)s::vector" if by_graph else "embedding <#> %(query)s::vector"
    return (
        f"SELECT entry, -(embedding <#> %(query)s::vector) AS cosine, embedding FROM {head.items} "
        f"WHERE {where} ORDER BY {order}{'' if by_graph else ', row'} LIMIT %(k)s"
    )


def shared(server: Postgres, head: Head, words: QueryWords, ids: Sequence[str]) -> Floats:
    """What the words are worth in each of the items, float32 (ids,)."""
    sql = (
        f"WITH {_shared_sql(head, Allowed(None))} SELECT id, words::real FROM {head.items} JOIN shared USING (row) "
        "WHERE id = ANY(%(ids)s::text[])"
    )
    found = {row["id"]: row["words"] for row in server.read(sql, {**_words_values(words), "ids": list(ids)})}
    return np.array([found.get(item_id, 0.0) for item_id in ids], np.float32)


def few_sql(head: Head, where: str) -> str:
    """The statement that counts the rows under a condition, as far as it matters whether they are few."""
    return f"SELECT count(*) AS count FROM (SELECT FROM {head.items} WHERE {where} LIMIT {GRAPH_FROM + 1}) AS few"


def graph_pays(head: Head, count: int) -> bool:
    """Whether a graph finds the nearest of so many allowed rows sooner than comparing them."""
    return min(head.sizes.items, count) > GRAPH_FROM


def _fused_sql(head: Head, allowed: Allowed, *, worded: bool, by_graph: bool) -> str:
    parts: list[str] = []
    if worded:
        parts.append(_shared_sql(head, allowed))
    among = f"{allowed.items_sql()} AND NOT id = ANY(%(exclude)s::text[])"
    if by_graph:
        parts.append(
            f"near AS MATERIALIZED (SELECT row FROM {head.items} WHERE {among} "
            "ORDER BY embedding <=> %(query)s::vector LIMIT %(looked)s)"
        )
        best = "UNION (SELECT row FROM shared ORDER BY words DESC, row LIMIT %(looked)s)" if worded else ""
        among += f" AND row IN (SELECT row FROM near {best})"
    shared = "coalesce(words, 0)" if worded else "0"
    vector = "(-(embedding <#> %(query)s::vector) - %(mean)s::double precision) / %(rest)s::double precision"
    return (
        f"{'WITH ' if parts else ''}{', '.join(parts)} "
        f"SELECT id, vector::real, words::real FROM (SELECT id, row, {vector} AS vector, {shared} AS words "
        f"FROM {head.items} {'LEFT JOIN shared USING (row)' if worded else ''} WHERE {among}) AS scored "
        "ORDER BY vector + words DESC, row LIMIT %(k)s"
    )


def _shared_sql(head: Head, allowed: Allowed) -> str:
    """What the query's words are worth in each row that has one: BM25 by field, and titles that are named whole."""
    return f"""shared AS (SELECT row, sum(score) AS words FROM (
    SELECT row, weight * count / (count + flat + slope * length) AS score
    FROM (SELECT a.weight, a.flat, a.slope,
        unnest(w.rows) AS row, unnest(w.counts) AS count, unnest(w.lengths) AS length
    FROM unnest(%(fields)s::smallint[], %(words)s::text[], %(weights)s::double precision[],
        %(flat)s::double precision[], %(slope)s::double precision[]) AS a(field, word, weight, flat, slope)
    JOIN {head.words} AS w USING (field, word)) AS p
    UNION ALL
    SELECT i.row, n.score FROM unnest(%(names)s::bigint[], %(name_scores)s::double precision[]) AS n(name, score)
    JOIN {head.items} AS i USING (name)) AS each WHERE {allowed.sql("row")} GROUP BY row)"""


def _words_values(words: QueryWords | None) -> dict[str, Any]:
    if words is None:
        return {}
    names = words.names()
    return {**words.weights(), "names": list(names), "name_scores": list(names.values())}


def _hits(found: list[dict[str, Any]]) -> list[Hit]:
    return [Hit(row["id"], row["vector"] + row["words"], row["vector"], row["words"]) for row in found]


def rows_of(mask: Mask, places: NDArray[np.int64]) -> Rows:
    """The row numbers of a mask.

    Args:
        mask: Shape (items,), in the order of the catalog.
        places: The row number of each item; -1 for one that is not in the database.
    """
    rows = places[mask]
    return np.sort(rows[rows >= 0])
