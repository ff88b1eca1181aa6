"""P08: the antenatal visits are changed while women are in them: an element has another name and every visit one more
task. Rehearsed on every live case, migrated by batch; every deadline, and what was typed and not yet sent in, must
stand as it stood, and everybody goes on to the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BrokenBarrierError
from typing import Any

import psycopg

from engine.clock import CHINA
from engine.commands.contracts import CreateBatch, Deploy, SaveDraft
from engine.engine import Engine
from engine.operations import batches
from engine.operations.batches import BatchRunner
from engine.operations.reconcile import reconcile
from engine.operations.suggestion import suggestion
from engine.store import plain
from runtime import start
from runtime.demo.county import HOMES, settle_people
from runtime.simulation.course import Course, Tally
from runtime.simulation.desk import desk_over
from runtime.simulation.habits import Habits
from runtime.simulation.persons import draw
from runtime.simulation.plan import BEGIN
from runtime.trials import processes
from runtime.trials.pathway_walks import services_over
from runtime.trials.verdict import at_least, none_of, verdict
from workflows.intake import JOURNEY

PACK = "cn-baseline"
ARRIVE_WITHIN = 60  # days
CHANGED_AFTER = 110  # days: the last who came are through registration, screening and grading
GOES_ON = 950  # days, to the 18th month of the last children of mothers with syphilis
OLD, NEW, ADDED = "task_antenatal_visit", "task_window_visit", "task_window_counsel"
VISITS, PATHWAY = "antenatal_visits.bpmn", "pregnancy_journey.bpmn"
NEXT = ('exporterVersion="0.1"', 'exporterVersion="0.2"')  # the same pathway, which calls the new visits
FLOW = 'id="flow_08_antenatal_visit_visit_raise"'
NONE = (
    *("rehearsal_refused", "rehearsal_touched", "failed", "left_on_the_old", "lost", "moved", "extra", "drafts_lost"),
    *("differences", "incidents", "unfinished", "refused", "nobody"),
)
PROCESSES = 2
LONGEST_S = 43_200.0  # the whole size on a busy machine
ROUNDS = 100_000  # of a batch at most
TAKEN_OVER_PER_S = 10_000.0

# What each case waits for, and until when; by SQL of its own.
DEADLINES = """
SELECT w.instance_id, w.wait_id, w.kind, w.element_id, w.window_from, w.due_at, w.until_at, w.roles, w.organisation
  FROM (SELECT region_id, instance_id, wait_id, 'task' AS kind, element_id, window_from, due_at, until_at,
               candidate_roles AS roles, organisation
          FROM user_task WHERE state IN ('created', 'claimed')
         UNION ALL
        SELECT region_id, instance_id, wait_id, 'timer', element_id, NULL, due_at, NULL, NULL, NULL FROM timer) w
  JOIN instance i ON i.region_id = w.region_id AND i.id = w.instance_id
 WHERE i.region_id = %s AND i.definition_key = 'pregnancy_journey'
"""
DRAFTS = """
SELECT id, draft FROM user_task WHERE region_id = %s AND state IN ('created', 'claimed') AND draft IS NOT NULL
"""
VISITING = """
SELECT count(DISTINCT t.instance_id) FROM user_task t
 WHERE t.region_id = %s AND t.state IN ('created', 'claimed') AND t.element_id = 'task_antenatal_visit'
"""
HALF_DONE = 3  # of so many visits that wait one is filled in by half
DONE = "SELECT count(*) FROM user_task WHERE region_id = %s AND element_id = %s AND state = 'completed'"
ACTIVE = """
SELECT count(*) FROM instance WHERE region_id = %s AND definition_key = 'pregnancy_journey' AND status = 'active'
"""
STANDING = """
SELECT w.element_id, count(*)
  FROM (SELECT region_id, instance_id, element_id FROM user_task WHERE state IN ('created', 'claimed')
         UNION ALL
        SELECT region_id, instance_id, element_id FROM timer) w
  JOIN instance i ON i.region_id = w.region_id AND i.id = w.instance_id
 WHERE i.region_id = %s AND i.definition_key = 'pregnancy_journey' AND i.status = 'active'
 GROUP BY w.element_id
"""
OLD_VERSIONS = """
SELECT count(*) FROM instance
 WHERE region_id = %s AND definition_key = 'pregnancy_journey' AND definition_version = 1 AND status = 'active'
"""
INCIDENTS = "SELECT count(*) FROM incident WHERE region_id = %s AND resolved_at IS NULL"


def changed(diagram: str) -> str:
    """Another id for the visit, and a task more after it."""
    text = diagram.replace(OLD, NEW)
    at = text.index(f"<bpmn:sequenceFlow {FLOW}")
    flow = text[at : text.index(">", at) + 1]
    first = flow.replace('targetRef="rule_visit_raise"', f'targetRef="{ADDED}"')
    then = f'<bpmn:sequenceFlow id="flow_added_counsel" sourceRef="{ADDED}" targetRef="rule_visit_raise" />'
    task = (
        f'<bpmn:userTask id="{ADDED}" name="宣教记录"><bpmn:extensionElements><zeebe:userTask />'
        '<zeebe:assignmentDefinition candidateGroups="R-MCHW" /><yuntu:assignment organisation="=home_organisation" />'
        '<zeebe:taskSchedule dueDate="=now() + duration(&#34;P3D&#34;)" followUpDate="=now()" />'
        "</bpmn:extensionElements><bpmn:incoming>flow_08_antenatal_visit_visit_raise</bpmn:incoming>"
        "<bpmn:outgoing>flow_added_counsel</bpmn:outgoing></bpmn:userTask>"
    )
    incoming = "<bpmn:incoming>flow_08_antenatal_visit_visit_raise</bpmn:incoming>"
    text = text.replace(incoming, "<bpmn:incoming>flow_added_counsel</bpmn:incoming>", 1)
    return text.replace(flow, f"{task}{first}{then}", 1)


def run(
    url: str,
    *,
    n: int,
    seed: int,
    say: Callable[[str], None],
    change: Callable[[str], str] = changed,
    goes_on: int = GOES_ON,
    parts: int = PROCESSES,
) -> dict[str, Any]:
    """Women live in `parts` processes; all wait while this one changes the diagrams."""
    with (
        TemporaryDirectory(prefix="yuntu-change-") as folder,
        services_over(url, PACK, Path(folder)) as (services, clock),
    ):
        start.deploy_shipped(services)
        settle_people(services)
        answers = [Path(folder) / f"part-{number}.json" for number in range(parts)]
        barrier = processes.context().Barrier(parts + 1, timeout=LONGEST_S)
        common = (url, folder, n, seed, goes_on, parts, barrier)
        running = [processes.start(_live_part, *common, number, str(answers[number])) for number in range(parts)]
        try:
            barrier.wait()
            clock.now = _midnight(BEGIN.date() + timedelta(days=CHANGED_AFTER))
            figures, first = _change(services.engine, url, n, say, change)
            barrier.wait()
            for process in running:
                process.join(LONGEST_S)
            tallies = [plain.read(answer.read_text()) for answer in answers]
        except (BrokenBarrierError, FileNotFoundError) as gone:
            ends = [process.exitcode for process in running]
            raise RuntimeError(f"a process of the trial is gone (exit codes so far: {ends})") from gone
        finally:
            barrier.abort()
            for process in running:
                processes.kill(process)
        return _judged(url, n, figures, first, tallies)


def _live_part(
    url: str, folder: str, n: int, seed: int, goes_on: int, parts: int, barrier: Any, number: int, answer: str
) -> None:
    """The women whose number falls to this process: until the change, and afterwards to the end."""
    tally, begin = Tally(), BEGIN.date()
    people = [draw(one, seed, begin + timedelta(days=one % ARRIVE_WITHIN), HOMES) for one in range(number, n, parts)]
    try:
        with services_over(url, PACK, Path(folder)) as (services, clock), desk_over(services, clock, url) as desk:
            courses = [Course(desk, person.keys, Habits(person, seed), tally) for person in people]
            _live(courses, begin + timedelta(days=CHANGED_AFTER))
            _half_fill_in(services.engine, courses)
            barrier.wait()
            barrier.wait()
            for course in courses:
                course.look()
            _live(courses, begin + timedelta(days=goes_on))
        Path(answer).write_bytes(plain.dumps({"refused": tally.refused, "nobody": tally.nobody}))
    except BrokenBarrierError:
        return
    except BaseException:
        barrier.abort()
        raise


def _change(
    engine: Engine, url: str, n: int, say: Callable[[str], None], change: Callable[[str], str]
) -> tuple[dict[str, Any], dict[str, Counter[str]]]:
    """Deployed, rehearsed, migrated; what stood before and what stands now."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ANALYZE")
        visiting, before, drafts = _number(owner, VISITING), _deadlines(owner), _drafts(owner)
        say(f"{visiting} of {n} women wait for a visit; {len(before)} deadlines, {len(drafts)} drafts")
        shipped = {name: (start.ROOT / "bpmn" / name).read_text(encoding="utf-8") for name in (VISITS, PATHWAY)}
        files = {VISITS: change(shipped[VISITS]), PATHWAY: shipped[PATHWAY].replace(*NEXT)}
        engine.execute(Deploy(files={name: text.encode() for name, text in files.items()}), by=start.INSTALLER)
        plan, query = _plan(engine), {"definition_key": JOURNEY, "version": 1}
        rehearsed = batches.trial(engine, "migrate", query, plan, start.INSTALLER, most=n)
        untouched = _deadlines(owner) == before
        batch = _migrate(engine, query, plan)
        after, kept = _deadlines(owner), _drafts(owner)
        lost, moved, extra = compared(before, after)
        with engine.read() as conn:
            differences = len(reconcile(conn, engine.region_id)[1])
        say(f"{batch.done} of {batch.total} cases taken over")
        figures = {
            "women": n,
            "visiting": visiting,
            "deadlines": len(before),
            "rehearsed": rehearsed.done,
            "rehearsal_refused": rehearsed.total - rehearsed.done,
            "rehearsal_touched": 0 if untouched else 1,
            "migrated": batch.done,
            "failed": batch.failed,
            "left_on_the_old": _number(owner, OLD_VERSIONS),
            "lost": sum(lost.values()),
            "moved": sum(moved.values()),
            "extra": sum(extra.values()),
            "drafts": len(drafts),
            "drafts_lost": sum(kept.get(task) != draft for task, draft in drafts.items()),
            "differences": differences,
        }
    return figures, {"lost": lost, "moved": moved, "extra": extra}


def _judged(
    url: str, n: int, figures: dict[str, Any], first: dict[str, Counter[str]], tallies: list[dict[str, Any]]
) -> dict[str, Any]:
    """After everybody has gone on to the end."""
    refused, nobody = (sum((Counter(one[name]) for one in tallies), Counter[str]()) for name in ("refused", "nobody"))
    with psycopg.connect(url, autocommit=True) as owner:
        standing = Counter[str](dict(owner.execute(STANDING, [PACK]).fetchall()))
        figures |= {
            "incidents": _number(owner, INCIDENTS),
            "new_visits": _number(owner, DONE, NEW),
            "new_tasks": _number(owner, DONE, ADDED),
            "unfinished": _number(owner, ACTIVE),
            "refused": sum(refused.values()),
            "nobody": sum(nobody.values()),
        }
    limits = {
        **none_of(*NONE),
        "visiting": at_least(n * 3 // 5),
        "migrated": at_least(figures["rehearsed"]),
        "drafts": at_least(1),
        "new_tasks": at_least(1),
    }
    found = {**first, "refused": refused, "unfinished": standing}
    return verdict(
        "P08", figures, limits, first_faults={name: dict(each.most_common(5)) for name, each in found.items()}
    )


def _live(courses: list[Course], until: date) -> None:
    for course in courses:
        course.live(_midnight(until))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), CHINA)


def _half_fill_in(engine: Engine, courses: list[Course]) -> None:
    """Of every third visit that waits something has been typed, and not sent in."""
    visits = [task for course in courses for task in course.tasks.values() if task.element_id == OLD]
    for number, task in enumerate(visits[::HALF_DONE]):
        engine.execute(SaveDraft(user_task_id=task.id, draft={"sbp": 110 + number % 20}), by=start.INSTALLER)


def _plan(engine: Engine) -> dict[str, Any]:
    """As the page of migration proposes it."""
    found = suggestion(engine, JOURNEY, 1)
    called = {
        name: {"version": one["to"], "mapping": one["mapping"]}
        for name, one in found["called"].items()
        if one["from"] != one["to"]
    }
    return {"version": found.get("to") or 1, "mapping": found["mapping"], "called": called}


def _migrate(engine: Engine, query: dict[str, Any], plan: dict[str, Any]) -> Any:
    command = CreateBatch(operation="migrate", query=query, parameters=plan, rate=TAKEN_OVER_PER_S)
    batch_id = engine.execute(command, by=start.INSTALLER)
    runner = BatchRunner(engine)
    for _ in range(ROUNDS):
        runner._rest_until = 0.0
        runner.run_some()
        with engine.read() as conn:
            batch = batches.batch(conn, engine.region_id, batch_id)
        if batch is not None and batch.state == "completed":
            return batch
    raise RuntimeError("the batch does not end")


def _deadlines(owner: psycopg.Connection[Any]) -> dict[Any, Any]:
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in owner.execute(DEADLINES, [PACK]).fetchall()}


def _drafts(owner: psycopg.Connection[Any]) -> dict[Any, Any]:
    return dict(owner.execute(DRAFTS, [PACK]).fetchall())


def compared(before: dict[Any, Any], after: dict[Any, Any]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Deadlines that are gone, that stand otherwise, and that were not there."""
    lost, moved, extra = Counter[str](), Counter[str](), Counter[str]()
    for place, (element, *rest) in before.items():
        if place not in after:
            lost[element] += 1
        elif after[place] != (NEW if element == OLD else element, *rest):
            moved[element] += 1
    for place in after.keys() - before.keys():
        extra[after[place][0]] += 1
    return lost, moved, extra


def _number(owner: psycopg.Connection[Any], query: str, *more: str) -> int:
    row = owner.execute(query, [PACK, *more]).fetchone()  # type: ignore[call-overload]
    return int(row[0]) if row else 0
