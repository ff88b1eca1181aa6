"""The judge of the kill trial. It has a database of its own, reads the engine's tables with SQL of its own, and imports
nothing of the engine: a model that shared code with what it judges would share its mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

TABLES = """
CREATE TABLE acknowledged (request text PRIMARY KEY, user_task uuid NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE effect (instance uuid NOT NULL, round integer NOT NULL, at timestamptz NOT NULL DEFAULT now());
"""

# Every completion carries its request as the actor, so that history says which request did it.
COMPLETIONS = """
SELECT h.by, count(*) FROM history h
 WHERE h.event = 'completed' AND h.element_id = 'task_round' GROUP BY h.by
"""
TASK_OF = "SELECT completed_by, id FROM user_task WHERE state = 'completed' AND element_id = 'task_round'"
ROUNDS = """
SELECT i.id, i.status::text, i.revision, (i.variables->>'count')::integer,
       (SELECT count(*) FROM history h WHERE h.instance_id = i.id AND h.event = 'completed'
                                         AND h.element_id = 'task_round'),
       (SELECT count(DISTINCT h.revision) FROM history h WHERE h.instance_id = i.id)
  FROM instance i
"""


@dataclass(frozen=True)
class Verdict:
    acknowledged: int
    lost: int  # acknowledged, and the engine does not know it
    doubled: int  # done more than once, or counted more often than done
    stuck: int  # instances that did not reach their end
    revision_gaps: int
    effects_missing: int  # rounds whose effect outside never happened
    effects_repeated: int  # allowed: delivery is at least once


def prepare(oracle_url: str) -> None:
    with psycopg.connect(oracle_url) as conn:
        conn.execute(TABLES)


def acknowledge(conn: psycopg.Connection[Any], request: str, user_task: Any) -> None:
    """The client was told that its request is done."""
    conn.execute("INSERT INTO acknowledged (request, user_task) VALUES (%s, %s)", [request, user_task])


def judge(oracle_url: str, engine_url: str, rounds: int) -> Verdict:
    with psycopg.connect(oracle_url) as own, psycopg.connect(engine_url) as judged:
        told: dict[str, Any] = dict(own.execute("SELECT request, user_task FROM acknowledged").fetchall())
        effects: dict[Any, int] = dict(own.execute("SELECT instance, count(*) FROM effect GROUP BY 1").fetchall())
        distinct: dict[Any, int] = dict(
            own.execute("SELECT instance, count(DISTINCT round) FROM effect GROUP BY 1").fetchall()
        )
        done: dict[str, int] = dict(judged.execute(COMPLETIONS).fetchall())
        tasks: dict[str, Any] = dict(judged.execute(TASK_OF).fetchall())
        instances = judged.execute(ROUNDS).fetchall()
    return Verdict(
        acknowledged=len(told),
        lost=sum(tasks.get(request) != task or request not in done for request, task in told.items())
        + sum(counted < completed for _, _, _, counted, completed, _ in instances),
        doubled=sum(n > 1 for n in done.values())
        + sum(counted > rounds or completed > rounds for _, _, _, counted, completed, _ in instances),
        stuck=sum(status != "completed" for _, status, *_ in instances),
        revision_gaps=sum(revision != seen for _, _, revision, _, _, seen in instances),
        effects_missing=sum(rounds - distinct.get(row[0], 0) for row in instances if row[1] == "completed"),
        effects_repeated=sum(effects.values()) - sum(distinct.values()),
    )
