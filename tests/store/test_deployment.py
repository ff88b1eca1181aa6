"""Putting definitions live: all files or none, immutable, with every reference there."""

import psycopg
import pytest

from engine.commands.contracts import Deploy
from engine.engine import HANDLERS
from engine.errors import Conflict
from engine.problems import Refused
from engine.store import reads
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, NURSE, ONE_TASK, TWO_TASKS, bpmn, line, user_task


def deploy(world, dry_run=False, **files):
    named = {name.replace("_bpmn", ".bpmn").replace("_json", ".json"): content for name, content in files.items()}
    return world.engine.execute(Deploy(files=named, dry_run=dry_run), by=NURSE)


def called(id, process, binding="latest"):
    work = f'<zeebe:calledElement processId="{process}" bindingType="{binding}"/>'
    return f'<bpmn:callActivity id="{id}"><bpmn:extensionElements>{work}</bpmn:extensionElements>@</bpmn:callActivity>'


CALLER = bpmn("caller", line(BEGIN, called("call", "one_task"), END))
FORM = user_task("task_a", '<zeebe:formDefinition formId="anc-visit"/>')
WITH_FORM = bpmn("with_form", line(BEGIN, FORM, END))


def test_an_unchanged_file_makes_no_new_version(world):
    first, again = (deploy(world, a_bpmn=ONE_TASK)[0] for _ in range(2))
    changed = deploy(world, a_bpmn=ONE_TASK + b"\n")[0]

    assert [(d.version, d.created) for d in (first, again, changed)] == [(1, True), (1, False), (2, True)]


def test_the_file_is_kept_as_it_was_uploaded(world):
    deploy(world, a_bpmn=ONE_TASK)

    with world.engine.read() as conn:
        stored = reads.definition(conn, "test-region", "process", "one_task")

    assert (stored.xml, stored.version, stored.deployed_by) == (ONE_TASK, 1, "nurse-1")


def test_one_bad_file_refuses_all_and_every_problem_is_named(world):
    odd = bpmn("broken", line(BEGIN, '<bpmn:complexGateway id="odd">@</bpmn:complexGateway>', END))

    with pytest.raises(Refused) as refused:
        deploy(world, good_bpmn=ONE_TASK, broken_bpmn=odd, notes="?")

    assert "file-type" in {problem.code for problem in refused.value.problems}
    assert "odd" in {problem.element_id for problem in refused.value.problems}
    with world.engine.read() as conn:
        assert reads.definitions(conn, "test-region") == []


def test_a_dry_run_says_what_would_be_and_stores_nothing(world):
    planned = deploy(world, dry_run=True, a_bpmn=ONE_TASK)

    assert (planned[0].version, planned[0].created) == (1, True)
    with world.engine.read() as conn:
        assert reads.definitions(conn, "test-region") == []


def test_what_a_process_calls_must_be_there(world):
    with pytest.raises(Refused) as refused:
        deploy(world, a_bpmn=CALLER)
    assert [(p.element_id, p.code) for p in refused.value.problems] == [("call", "process-missing")]

    deploy(world, a_bpmn=CALLER, b_bpmn=ONE_TASK)
    assert world.open(world.start("caller")) == ["call/task_a"]


def test_a_called_process_is_pinned_when_the_case_starts(world):
    deploy(world, a_bpmn=CALLER, b_bpmn=ONE_TASK)
    old = world.start("caller")
    deploy(world, b_bpmn=ONE_TASK.replace(b'name="task_a"', b'name="renamed"'))

    new = world.start("caller")

    assert [world.instance(i).pins["process"]["one_task"] for i in (old, new)] == [1, 2]
    assert world.tasks(new)[0].name == "renamed"


def test_a_binding_to_the_deployment_stays_with_what_was_deployed_together(world):
    together = bpmn("caller", line(BEGIN, called("call", "one_task", "deployment"), END))
    deploy(world, a_bpmn=together, b_bpmn=ONE_TASK)
    deploy(world, b_bpmn=ONE_TASK.replace(b'name="task_a"', b'name="renamed"'))

    assert world.tasks(world.start("caller"))[0].name == "task_a"


def test_a_form_is_checked_and_its_version_is_pinned_at_the_start(make_world):
    world = make_world(form_check=lambda source: [])
    with pytest.raises(Refused) as refused:
        deploy(world, a_bpmn=WITH_FORM)
    assert [p.code for p in refused.value.problems] == ["form-missing"]

    deploy(world, a_bpmn=WITH_FORM, f_json=b'{"id": "anc-visit", "version": "1"}')
    old = world.start("with_form")
    deploy(world, f_json=b'{"id": "anc-visit", "version": "2"}')

    assert [world.tasks(i)[0].form_version for i in (old, world.start("with_form"))] == [1, 2]


@pytest.mark.parametrize(
    "binding, pinned", [("", 2), (' bindingType="deployment"', 1), (' bindingType="versionTag" versionTag="1"', 1)]
)
def test_the_binding_of_a_form_says_which_version_is_shown(world, binding, pinned):
    form = user_task("task_a", f'<zeebe:formDefinition formId="anc-visit"{binding}/>')
    deploy(world, a_bpmn=bpmn("with_form", line(BEGIN, form, END)), f_json=b'{"id": "anc-visit", "version": "1"}')
    deploy(world, f_json=b'{"id": "anc-visit", "version": "2"}')

    assert world.tasks(world.start("with_form"))[0].form_version == pinned


def test_a_form_that_is_wanted_in_two_versions_at_once_is_a_conflict(world):
    old = '<zeebe:formDefinition formId="anc-visit" bindingType="versionTag" versionTag="1"/>'
    both = line(BEGIN, user_task("task_a", old), FORM.replace("task_a", "task_b"), END)
    deploy(world, f_json=b'{"id": "anc-visit", "version": "1"}')
    deploy(world, a_bpmn=bpmn("both", both), f_json=b'{"id": "anc-visit", "version": "2"}')

    with pytest.raises(Conflict) as refused:
        world.start("both")

    assert refused.value.code == "reference-ambiguous"


def test_a_form_that_changes_must_raise_its_version(world):
    deploy(world, f_json=b'{"id": "f", "version": "1"}')

    with pytest.raises(Refused) as refused:
        deploy(world, f_json=b'{"id": "f", "version": "1", "title": "other"}')

    assert [p.code for p in refused.value.problems] == ["version-taken"]


def test_definitions_cannot_be_changed_even_by_hand(world, pool):
    deploy(world, a_bpmn=ONE_TASK)

    with looking(pool) as conn, pytest.raises(psycopg.errors.RaiseException, match="immutable"):
        conn.execute("UPDATE definition SET source = 'x'")


def tagged(tag, process=ONE_TASK):
    """The process with a version tag."""
    extension = f'<bpmn:extensionElements><zeebe:versionTag value="{tag}"/></bpmn:extensionElements>'
    return process.replace(b'isExecutable="true">', f'isExecutable="true">{extension}'.encode(), 1)


CALLS_TAG = bpmn(
    "caller",
    line(BEGIN, called("call", "one_task", "versionTag").replace("/>", ' versionTag="v1"/>', 1), END),
)


def test_a_binding_to_a_version_tag_finds_the_newest_version_that_bears_it(world):
    renamed = [ONE_TASK.replace(b'name="task_a"', b'name="%s"' % name) for name in (b"old", b"wanted", b"later")]
    deploy(world, b_bpmn=tagged("v1", renamed[0]))
    deploy(world, b_bpmn=tagged("v1", renamed[1]))
    deploy(world, b_bpmn=tagged("v2", renamed[2]))
    deploy(world, a_bpmn=CALLS_TAG)

    instance = world.start("caller")

    assert world.instance(instance).pins["process"]["one_task"] == 2
    assert world.tasks(instance)[0].name == "wanted"


def test_a_version_tag_that_nothing_bears_is_refused_and_nothing_is_deployed(world):
    with pytest.raises(Refused) as refused:
        deploy(world, a_bpmn=CALLS_TAG, b_bpmn=tagged("v2"))

    assert [(p.element_id, p.code) for p in refused.value.problems] == [("call", "process-missing")]
    assert "v1" in refused.value.problems[0].message.en
    with world.engine.read() as conn:
        assert reads.definitions(conn, "test-region") == []


def test_two_versions_of_one_process_in_one_case_are_a_conflict(world):
    deploy(world, b_bpmn=ONE_TASK)
    both = line(BEGIN, called("c1", "middle"), called("c2", "one_task"), END)
    middle = bpmn("middle", line(BEGIN, called("call", "one_task", "deployment"), END))
    deploy(world, m_bpmn=middle, b_bpmn=ONE_TASK + b"\n")
    deploy(world, b_bpmn=ONE_TASK + b"\n\n", c_bpmn=bpmn("caller", both))

    with pytest.raises(Conflict) as refused:
        world.start("caller")

    assert refused.value.code == "reference-ambiguous"


def test_several_commands_of_one_transaction_stand_or_fall_together(make_world):
    class Both:
        pass

    def both(command, tx):
        deployed = tx.run(Deploy(files={"a.bpmn": TWO_TASKS}))
        raise Conflict("不", f"no, although {deployed[0].key} was there")

    world = make_world(handlers={Both: both})
    assert Both not in HANDLERS

    with pytest.raises(Conflict, match="two_tasks"):
        world.engine.execute(Both(), by=NURSE)

    with world.engine.read() as conn:
        assert reads.definitions(conn, "test-region") == []
