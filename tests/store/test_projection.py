"""The projection: in the step's own transaction, and never in its way."""

import pytest

from engine.commands.contracts import ClaimUserTask, CompleteUserTask, RetryIncident, Submission, SuspendInstance
from engine.commands.records import Sequel, Statement
from engine.store.wire import ask, tell
from runtime.trials.databases import looking
from tests.store.store_kit import NURSE, ONE_TASK, TWO_TASKS


@pytest.fixture
def shown(pool):
    """A table for a projection to write to."""
    with looking(pool) as conn:
        conn.execute("CREATE TABLE shown (task text, state text, answers text)")
        conn.execute("GRANT ALL ON shown TO PUBLIC")

    def read():
        with looking(pool) as conn:
            return conn.execute("SELECT task, state, answers FROM shown ORDER BY ctid").fetchall()

    return read


INSERT = "INSERT INTO shown (task, state, answers) VALUES (%(task)s, %(state)s, %(answers)s)"


def project(record):
    tasks = (*record.closed_tasks, *record.opened_tasks, *record.changed_tasks)
    answers = str(record.submission.answers) if record.submission else None
    return [Statement(INSERT, {"task": t.wait.element_id, "state": t.state, "answers": answers}) for t in tasks]


def submission():
    return Submission(form="f", form_version=1, answers={"hb": 110})


def test_it_sees_every_change_of_every_task_with_what_was_entered(make_world, shown):
    world = make_world(projection=project)
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    task = world.tasks(instance)[0]

    world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-1"), by=NURSE)
    world.engine.execute(CompleteUserTask(user_task_id=task.id, submission=submission()), by=NURSE)

    assert shown() == [
        ("task_a", "created", None),
        ("task_a", "claimed", None),
        ("task_a", "completed", "{'hb': 110}"),
        ("task_b", "created", "{'hb': 110}"),
    ]


def test_a_suspension_is_shown_too(make_world):
    seen = []
    world = make_world(projection=lambda record: seen.append((record.status, record.revision)) or [])
    world.deploy(ONE_TASK)

    world.engine.execute(SuspendInstance(instance_id=world.start("one_task")), by=NURSE)

    assert seen == [("active", 1), ("suspended", 2)]


@pytest.mark.parametrize("fault", ["raises", "sends what the database refuses", "raises when it looks again"])
def test_a_projection_that_fails_opens_an_incident_and_the_step_commits(make_world, shown, fault):
    broken = True

    def projection(record):
        if not broken or not record.closed_tasks:
            return project(record)
        if fault == "raises":
            raise KeyError("no code for this finding")
        if fault == "raises when it looks again":
            return [*project(record), Sequel(lambda tx: {}["no code for this finding"])]
        return [*project(record), Statement("INSERT INTO shown (nothing) VALUES (1)", {})]

    world = make_world(projection=projection)
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    task = world.tasks(instance)[0]

    world.engine.execute(CompleteUserTask(user_task_id=task.id, submission=submission()), by=NURSE)

    assert world.open(instance) == ["task_b"]
    assert [(i.kind, i.element_id) for i in world.incidents(instance)] == [("projection", "task_a")]
    assert shown() == [("task_a", "created", None)]

    broken = False
    world.engine.execute(RetryIncident(incident_id=world.incidents(instance)[0].id), by=NURSE)

    assert world.incidents(instance) == []
    assert set(shown()[1:]) == {("task_a", "completed", "{'hb': 110}"), ("task_b", "created", "{'hb': 110}")}


def test_what_is_looked_at_afterwards_sees_the_step_in_its_own_transaction(make_world, shown):
    def look(tx):
        for task, state in ask(tx.asked, "SELECT task, state FROM shown WHERE answers IS NOT NULL", {}):
            tell(tx.asked, INSERT, {"task": task, "state": state, "answers": "seen"})

    world = make_world(projection=lambda record: [Sequel(look), *project(record)])
    world.deploy(ONE_TASK)
    instance = world.start("one_task")

    world.engine.execute(CompleteUserTask(user_task_id=world.tasks(instance)[0].id, submission=submission()), by=NURSE)

    assert shown()[1:] == [("task_a", "completed", "{'hb': 110}"), ("task_a", "completed", "seen")]


def test_a_projection_that_still_fails_keeps_its_incident(make_world):
    def projection(record):
        raise KeyError("still no code")

    world = make_world(projection=projection)
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    incident = world.incidents(instance)[0]

    world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)

    assert [i.kind for i in world.incidents(instance)] == ["projection"]


def test_what_the_database_refuses_of_the_engines_own_is_no_projection_fault(make_world, pool):
    world = make_world(projection=lambda record: [])
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    with looking(pool) as conn:
        conn.execute("ALTER TABLE history ADD CONSTRAINT broken CHECK (event <> 'completed') NOT VALID")

    with pytest.raises(Exception, match="broken"):
        world.complete(instance, "task_a")

    assert world.open(instance) == ["task_a"]
