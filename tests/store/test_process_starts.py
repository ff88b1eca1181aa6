"""What begins a process from outside: timers, signals, conditions; each occurrence once, of the newest version only."""

from datetime import timedelta

import pytest

from engine.commands.contracts import (
    BroadcastSignal,
    EvaluateConditions,
    MoveStart,
    StartByTimer,
    StartInstance,
    SuspendDefinition,
    SweepRegion,
)
from engine.errors import Incorrect, NotFound
from engine.store import reads
from engine.store.unattended_reads import timer_starts
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, NURSE, START, bpmn, line, user_task


def start_event(definition):
    return f'<bpmn:startEvent id="start">@{definition}</bpmn:startEvent>'


def by_timer(sort, text, task="task_a"):
    timer = f'<bpmn:{sort} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{sort}>'
    event = start_event(f'<bpmn:timerEventDefinition id="d1">{timer}</bpmn:timerEventDefinition>')
    return bpmn("round", line(event, user_task(task), END))


SIGNALLED = bpmn(
    "alarm",
    line(start_event('<bpmn:signalEventDefinition id="d1" signalRef="s1"/>'), user_task("task_a"), END),
    '<bpmn:signal id="s1" name="flood"/>',
)
CONDITIONAL = bpmn(
    "watch",
    line(
        start_event(
            '<bpmn:conditionalEventDefinition id="d1"><bpmn:condition xsi:type="bpmn:tFormalExpression">'
            "=hb &lt; 70</bpmn:condition></bpmn:conditionalEventDefinition>"
        ),
        user_task("task_a"),
        END,
    ),
)


def instances(world, key):
    with world.engine.read() as conn:
        return sorted(reads.instances(conn, world.engine.region_id, definition_key=key), key=lambda i: i.started_at)


def began(world):
    return [i.started_at for i in instances(world, "round")]


def starts(world):
    with world.engine.read() as conn:
        return timer_starts(conn, world.engine.region_id)


def test_a_cycle_begins_an_instance_at_each_of_its_moments_and_no_more(world):
    world.deploy(by_timer("timeCycle", "R3/P1D"))
    begin = world.clock.now

    assert world.drive(days=10) == 3

    assert began(world) == [begin + timedelta(days=n) for n in (1, 2, 3)]
    assert starts(world) == []


def test_a_cron_line_begins_instances_in_china_s_time(world):
    world.deploy(by_timer("timeCycle", "0 0 6 * * *"))

    world.drive(days=2)

    assert [at.isoformat() for at in began(world)] == ["2026-01-05T22:00:00+00:00", "2026-01-06T22:00:00+00:00"]


def test_a_date_begins_one_instance(world):
    world.deploy(by_timer("timeDate", "2026-01-08T08:00:00+08:00"))

    world.drive(days=30)

    assert [at.isoformat() for at in began(world)] == ["2026-01-08T00:00:00+00:00"]


def test_after_an_outage_a_cycle_begins_one_instance_and_goes_on(make_world):
    world = make_world(fires_at_due_time=False)
    world.deploy(by_timer("timeCycle", "R/P1D"))
    world.clock.advance(days=10, hours=1)

    assert world.engine.run_due() == 1
    assert world.engine.run_due() == 0

    assert len(began(world)) == 1
    assert starts(world)[0].due_at - world.clock.now == timedelta(hours=23)


def test_two_workers_at_once_begin_one_instance(world):
    world.deploy(by_timer("timeCycle", "R/P1D"))
    world.clock.advance(days=1)
    command = StartByTimer(definition_key="round", element_id="start")

    assert [world.engine.execute(command, by=NURSE) for _ in range(2)] == [True, False]


def test_deploying_again_neither_repeats_a_date_nor_loses_a_deadline(world):
    world.deploy(by_timer("timeDate", "2026-01-08T08:00:00+08:00"))
    world.drive(days=5)
    world.deploy(by_timer("timeDate", "2026-01-08T08:00:00+08:00", task="task_b"))
    world.drive(days=5)
    assert len(began(world)) == 1

    world.deploy(by_timer("timeCycle", "R/P10D"))
    due = starts(world)[0].due_at
    world.drive(days=4)
    world.deploy(by_timer("timeCycle", "R/P10D", task="task_b"))
    assert starts(world)[0].due_at == due


def test_a_new_version_replaces_what_the_old_one_began_by(world):
    world.deploy(by_timer("timeCycle", "R/P1D"))
    world.deploy(by_timer("timeCycle", "R/P7D"))

    world.drive(days=7)

    assert [i.definition_version for i in instances(world, "round")] == [2]


def test_every_region_begins_by_time_for_itself_and_takes_up_what_another_has_deployed(make_world):
    here, there = make_world(region_id="here"), make_world(region_id="there")
    here.deploy(by_timer("timeCycle", "R/P1D"))
    assert (began(here), starts(there)) == ([], [])

    sweep(there)
    assert [(s.due_at, s.definition_version) for s in starts(there)] == [(START + timedelta(days=1), 1)]
    here.drive(days=1)
    there.drive(days=1)
    assert (len(began(here)), len(began(there))) == (1, 1)

    here.deploy(by_timer("timeCycle", "R/P1D", task="task_b"))
    sweep(there)
    assert [(s.due_at, s.definition_version) for s in starts(there)] == [(START + timedelta(days=2), 2)]
    here.deploy(bpmn("round", line(BEGIN, user_task("task_a"), END)))
    sweep(there)
    assert starts(there) == []


def test_a_region_that_comes_late_makes_up_for_no_single_date_and_begins_none_twice(make_world):
    here, late = make_world(region_id="here"), make_world(region_id="late")
    here.deploy(by_timer("timeDate", "2026-01-06T08:00:00+08:00"))
    here.drive(days=2)
    late.drive(days=2)

    for world in (here, late, here, late):
        sweep(world)
        world.drive(days=1)

    assert (len(began(here)), len(began(late))) == (1, 0)


def sweep(world):
    world.engine.execute(SweepRegion(), by=NURSE)


def test_a_timer_start_can_be_moved_and_is_listed(world):
    world.deploy(by_timer("timeCycle", "R/P1D"))
    command = MoveStart(definition_key="round", element_id="start", due_at=world.clock.now)

    world.engine.execute(command, by=NURSE)

    assert [s.due_at for s in starts(world)] == [world.clock.now]
    assert world.drive(hours=1) == 1
    with pytest.raises(NotFound):
        world.engine.execute(MoveStart(definition_key="x", element_id="y", due_at=world.clock.now), by=NURSE)


def test_a_suspended_definition_begins_nothing(world):
    world.deploy(by_timer("timeCycle", "R/P1D"), SIGNALLED, CONDITIONAL)
    for key in ("round", "alarm", "watch"):
        world.engine.execute(SuspendDefinition(key=key), by=NURSE)

    assert world.drive(days=3) == 0
    assert world.engine.execute(BroadcastSignal(name="flood"), by=NURSE) == 0
    assert world.engine.execute(EvaluateConditions(variables={"hb": 60}), by=NURSE) == []


def test_a_start_that_cannot_be_made_rests_with_its_reason_and_others_go_on(world, pool):
    world.deploy(by_timer("timeCycle", "R/P1D"), SIGNALLED)
    with looking(pool) as conn:
        conn.execute("UPDATE timer_start SET cycle = 'nonsense'")

    assert world.drive(days=1) == 0

    assert (starts(world)[0].attempts, bool(starts(world)[0].problem)) == (3, True)
    assert world.drive(days=1) == 0


def test_a_signal_begins_one_instance_of_each_process_that_listens(world):
    world.deploy(SIGNALLED)

    assert world.engine.execute(BroadcastSignal(name="flood", payload={"river": "east"}), by=NURSE) == 1

    assert [i.variables for i in instances(world, "alarm")] == [{"river": "east"}]


def test_values_that_meet_a_condition_begin_an_instance(world):
    world.deploy(CONDITIONAL)

    answers = [world.engine.execute(EvaluateConditions(variables={"hb": hb}), by=NURSE) for hb in (110, 60)]

    assert [len(answer) for answer in answers] == [0, 1]
    assert [i.variables for i in instances(world, "watch")] == [{"hb": 60}]


def test_a_process_that_only_time_begins_is_not_begun_by_hand(world):
    world.deploy(by_timer("timeCycle", "R/P1D"))

    with pytest.raises(Incorrect):
        world.engine.execute(StartInstance(definition_key="round"), by=NURSE)
