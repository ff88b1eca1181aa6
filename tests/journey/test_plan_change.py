"""The antenatal visits are changed under women who are in them: a small size of `yuntu bar P08`."""

from __future__ import annotations

from lxml import etree

from runtime import start
from runtime.trials import plan_change
from runtime.trials.verdict import broken

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def test_twenty_women_go_over_to_the_changed_visits_without_losing_a_deadline_and_go_on_to_the_end(database):
    result = plan_change.run(database, n=20, seed=2, say=lambda text: None)

    assert broken(result["figures"], result["limits"]) == [], result["first_faults"]
    assert result["figures"]["deadlines"] > 40 and result["figures"]["drafts"] > 4
    assert result["figures"]["new_visits"] >= result["figures"]["new_tasks"] > 20  # a birth may come between them


def test_the_oracle_tells_what_is_lost_moved_or_new():
    before = {
        (1, 1, "task"): (plan_change.OLD, None, "due"),
        (1, 2, "timer"): ("timer_window_missed", None, "due"),
        (1, 3, "timer"): ("timer_outcome_missing", None, "due"),
    }
    after = {
        (1, 1, "task"): (plan_change.NEW, None, "due"),
        (1, 2, "timer"): ("timer_window_missed", None, "later"),
        (1, 4, "timer"): ("timer_next_contact", None, "due"),
    }

    lost, moved, extra = plan_change.compared(before, after)

    assert (lost, moved, extra) == ({"timer_outcome_missing": 1}, {"timer_window_missed": 1}, {"timer_next_contact": 1})


def test_the_change_renames_the_visit_and_adds_one_task_after_it():
    shipped = (start.ROOT / "bpmn/antenatal_visits.bpmn").read_text(encoding="utf-8")
    before, after = (etree.fromstring(text.encode()) for text in (shipped, plan_change.changed(shipped)))

    def tasks(tree):
        return {task.get("id") for task in tree.iter(f"{BPMN}userTask")}

    assert tasks(after) - tasks(before) == {plan_change.NEW, plan_change.ADDED}
    assert tasks(before) - tasks(after) == {plan_change.OLD}
    flows = {(flow.get("sourceRef"), flow.get("targetRef")) for flow in after.iter(f"{BPMN}sequenceFlow")}
    assert {(plan_change.NEW, plan_change.ADDED), (plan_change.ADDED, "rule_visit_raise")} <= flows
