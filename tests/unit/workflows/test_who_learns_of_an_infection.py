"""AC-05: a task that names an infection is for those alone who may know of purple."""

from dataclasses import dataclass
from typing import Any

import pytest

from workflows.people.model import Principal
from workflows.people.visibility import may_see

CARE = frozenset({"org-vil-1", "org-twn-1", "org-hospital", "org-mch"})


@dataclass(frozen=True)
class Task:
    element_id: str
    organisation: str | None = "org-hospital"
    candidate_roles: Any = ("R-OB",)
    candidate_users: Any = ()
    assignee: str | None = None
    form: str | None = None


def person(role: str) -> Principal:
    return Principal(
        id="1",
        kind="person",
        login="one",
        name="某",
        organisation="org-twn-1",
        roles=frozenset({role}),
        organisations=CARE,
    )


@pytest.mark.parametrize("path", ["call_pmtct/task_pmtct_art", "task_pmtct_report", "call_infected/task_x"])
def test_a_village_doctor_does_not_see_it_and_a_township_worker_does(path):
    assert not may_see(person("R-VDOC"), Task(path), CARE)
    assert may_see(person("R-MCHW"), Task(path), CARE)


def test_a_village_doctor_sees_the_other_tasks_of_the_same_woman():
    assert may_see(person("R-VDOC"), Task("call_antenatal_visits/task_antenatal_visit"), CARE)
