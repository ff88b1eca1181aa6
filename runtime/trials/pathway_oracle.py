"""What must hold of every woman's way at any moment: asked with SQL of its own, and of the diagrams on disk.

No code of the engine, of the workflows or of the reader of diagrams is used; `yuntu reconcile` is asked beside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from psycopg import Connection

from engine.clock import CHINA

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
FOLDER = Path(__file__).resolve().parents[2] / "bpmn"
REGION_WIDE = ["R-PM-F", "R-HCADM"]
JOURNEY = "pregnancy_journey"

BIRTH_AFTER_AN_END = {"task_complete_birth"}  # her end is not her child's: the record of the birth is owed all the same
STUCK = """
SELECT i.definition_key, i.business_key FROM instance i
 WHERE i.region_id = %(region)s AND i.status = 'active'
   AND NOT EXISTS (SELECT 1 FROM instance o
                    WHERE o.region_id = i.region_id AND o.business_key = i.business_key AND o.status = 'active'
                      AND (EXISTS (SELECT 1 FROM user_task t WHERE t.region_id = o.region_id AND t.instance_id = o.id
                                                               AND t.state IN ('created', 'claimed'))
                           OR EXISTS (SELECT 1 FROM timer m WHERE m.region_id = o.region_id AND m.instance_id = o.id)))
"""
NOBODY = """
SELECT t.element_id, t.business_key FROM user_task t
 WHERE t.region_id = %(region)s
   AND NOT EXISTS (SELECT 1 FROM account a JOIN account_role r ON r.region_id = a.region_id AND r.account_id = a.id
                    WHERE a.region_id = t.region_id AND r.role = ANY(t.candidate_roles)
                      AND (t.organisation IS NULL OR a.organisation_id = t.organisation OR r.role = ANY(%(wide)s)
                           OR EXISTS (SELECT 1 FROM organisation o        -- a village works for its township
                                       WHERE o.region_id = a.region_id AND o.id = a.organisation_id
                                         AND o.kind = 'village' AND o.parent_id = t.organisation)))
"""
UNDATED = """
SELECT t.element_id, t.business_key FROM user_task t
 WHERE t.region_id = %(region)s AND t.state IN ('created', 'claimed') AND t.due_at IS NULL
"""
LEFT_BEHIND = """
SELECT w.element_id, i.business_key
  FROM (SELECT region_id, instance_id, element_id FROM user_task WHERE state IN ('created', 'claimed')
         UNION ALL SELECT region_id, instance_id, element_id FROM timer
         UNION ALL SELECT region_id, instance_id, element_id FROM message_subscription) w
  JOIN instance i ON i.region_id = w.region_id AND i.id = w.instance_id
 WHERE w.region_id = %(region)s AND i.status IN ('completed', 'terminated')
"""
AFTER_THE_END = """
SELECT t.element_id, t.business_key
  FROM (SELECT DISTINCT key FROM message
         WHERE region_id = %(region)s AND name = 'message_end_confirmed' AND state = 'delivered') d
  JOIN user_task t ON t.region_id = %(region)s AND t.business_key = d.key AND t.definition_key = %(journey)s
   AND t.element_id <> ALL(%(closing)s) AND t.state IN ('created', 'claimed')
"""
TIMERS_AFTER_THE_END = """
SELECT m.element_id, i.business_key
  FROM (SELECT DISTINCT key FROM message
         WHERE region_id = %(region)s AND name = 'message_end_confirmed' AND state = 'delivered') d
  JOIN instance i ON i.region_id = %(region)s AND i.business_key = d.key AND i.definition_key = %(journey)s
  JOIN timer m ON m.region_id = i.region_id AND m.instance_id = i.id AND m.element_id <> ALL(%(closing)s)
"""
INCIDENTS = """
SELECT element_id, message_en FROM incident WHERE region_id = %(region)s AND resolved_at IS NULL
"""
OPEN_TASKS = """
SELECT t.instance_id, t.path, t.element_id, t.created_at, t.business_key, t.definition_key, t.due_at
  FROM user_task t WHERE t.region_id = %(region)s AND t.state IN ('created', 'claimed')
"""
TIMERS = "SELECT m.instance_id, m.path, m.element_id FROM timer m WHERE m.region_id = %(region)s"
FIRED = """
SELECT h.instance_id, h.element_id, max(h.at) FROM history h
 WHERE h.region_id = %(region)s AND h.event = 'fired' GROUP BY 1, 2
"""
DATED = """
SELECT DISTINCT ON (key) key, payload->>'edd' FROM message
 WHERE region_id = %(region)s AND name = 'message_dated' AND state = 'delivered' ORDER BY key, published_at DESC, id
"""


@dataclass(frozen=True)
class Deadlines:
    """Of the diagrams: timers that stand at a user task, by the task; the task, by the timer; and what closing a case
    may still ask for."""

    timers_of: Mapping[str, frozenset[str]]
    host_of: Mapping[str, str]
    closing: frozenset[str]


@cache
def deadlines() -> Deadlines:
    timers_of: dict[str, set[str]] = defaultdict(set)
    host_of: dict[str, str] = {}
    closing: set[str] = set()
    for path in sorted(FOLDER.glob("*.bpmn")):
        tree = etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True))
        tasks = {task.get("id") for task in tree.iter(f"{BPMN}userTask")}
        if path.stem == "closure":
            closing = {node.get("id") for node in tree.iter() if node.get("id")} | BIRTH_AFTER_AN_END
        for event in tree.iter(f"{BPMN}boundaryEvent"):
            host = event.get("attachedToRef")
            if host in tasks and event.find(f"{BPMN}timerEventDefinition") is not None:
                timers_of[host].add(event.get("id"))
                host_of[event.get("id")] = host
    return Deadlines({host: frozenset(timers) for host, timers in timers_of.items()}, host_of, frozenset(closing))


def faults(owner: Connection[Any], region: str) -> dict[str, Counter[str]]:
    """What does not hold in a region now: kind to element to how many."""
    asked = {"region": region, "wide": REGION_WIDE, "journey": JOURNEY, "closing": sorted(deadlines().closing)}
    found = {
        "stuck": STUCK,
        "nobody": NOBODY,
        "undated": UNDATED,
        "left_behind": LEFT_BEHIND,
        "after_the_end": AFTER_THE_END,
        "timers_after_the_end": TIMERS_AFTER_THE_END,
        "incidents": INCIDENTS,
    }
    answers = {
        kind: Counter(f"{what}" for what, _ in owner.execute(query, asked).fetchall())  # type: ignore[call-overload]
        for kind, query in found.items()
    }
    return {**answers, **_deadlines(owner, asked)}


def _deadlines(owner: Connection[Any], asked: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Open tasks that miss a timer of theirs, timers whose task is gone, and the birth that is awaited on another day
    than the last date that was settled says."""
    known = deadlines()
    tasks = owner.execute(OPEN_TASKS, asked).fetchall()
    timers = owner.execute(TIMERS, asked).fetchall()
    fired = {(instance, element): at for instance, element, at in owner.execute(FIRED, asked).fetchall()}
    standing = {(instance, _scope(path), element) for instance, path, element in timers}
    open_now = {(instance, _scope(path), element) for instance, path, element, *_ in tasks}
    dated = dict(owner.execute(DATED, asked).fetchall())
    missing, orphaned, misdated = Counter[str](), Counter[str](), Counter[str]()
    for instance, path, element, created_at, case, _, due_at in tasks:
        for timer in known.timers_of.get(element, ()):
            at = fired.get((instance, timer))
            if (instance, _scope(path), timer) not in standing and not (at and at >= created_at):
                missing[f"{element}: {timer}"] += 1
        if (
            element == "task_record_delivery"
            and due_at
            and str(dated.get(case))[:10] != f"{due_at.astimezone(CHINA):%Y-%m-%d}"
        ):
            misdated[element] += 1
    for instance, path, element in timers:
        host = known.host_of.get(element)
        if host and (instance, _scope(path), host) not in open_now:
            orphaned[element] += 1
    return {"deadlines_missing": missing, "deadlines_orphaned": orphaned, "misdated": misdated}


def _scope(path: str) -> str:
    return path.rpartition("/")[0]
