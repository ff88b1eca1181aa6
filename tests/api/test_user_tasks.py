"""/api/user-tasks: the list, one task, claim, release, draft, completion."""

from __future__ import annotations

import uuid

import pytest

from tests.api.conftest import problem_of

FIELDS = {
    *("id", "revision", "element_id", "name", "instance_id", "definition_key", "definition_version", "pregnancy_id"),
    *("state", "assignee", "candidate_roles", "organisation", "created_at", "window", "overdue", "priority", "form"),
}


def test_a_nurse_finds_the_task_of_her_township_with_every_field_of_the_contract(county):
    instance = county.errand()

    [item] = county.get("/api/user-tasks?state=open", "nurse").json["items"]

    assert item.keys() >= FIELDS
    assert (item["instance_id"], item["element_id"], item["state"]) == (instance, "task_ask", "open")
    assert (item["candidate_roles"], item["organisation"]) == (["R-MCHW"], "org-twn-1")
    assert item["window"] == {"from": None, "due": "2026-01-07T08:00:00+08:00", "until": None}
    assert item["overdue"] is False


def test_a_task_is_overdue_once_its_due_time_has_passed(county):
    instance = county.errand()

    county.post("/api/clock", "it", {"advance": "P2DT1M"})

    assert county.task(instance, "nurse")["overdue"] is True


def test_the_nurse_of_another_township_sees_neither_the_list_entry_nor_the_task(county):
    task = county.task(county.errand())

    assert county.get("/api/user-tasks", "nurse2").json == {"items": [], "next": None}
    problem_of(county.get(f"/api/user-tasks/{task['id']}", "nurse2"), 404, "not-found")


def test_a_task_of_another_organisation_answers_as_one_that_never_was(county):
    task = county.task(county.errand())

    for path in ("", "/form"):
        hidden = county.get(f"/api/user-tasks/{task['id']}{path}", "nurse2")
        never = county.get(f"/api/user-tasks/{uuid.uuid4()}{path}", "nurse2")
        assert (hidden.status_code, hidden.data) == (never.status_code, never.data)
    for path in ("/claim", "/release", "/draft", "/completion"):
        body = {"/draft": {"answers": {}}, "/completion": {"variables": {}}}.get(path, {})
        hidden = county.post(f"/api/user-tasks/{task['id']}{path}", "nurse2", body)
        never = county.post(f"/api/user-tasks/{uuid.uuid4()}{path}", "nurse2", body)
        assert (hidden.status_code, hidden.data) == (404, never.data)


@pytest.mark.parametrize(
    "query",
    ["stat=open", "state=maybe", "view=hers", "limit=0", "limit=x", "instance=7", "element=%00", "pregnancy=a%00b"],
)
def test_a_filter_that_cannot_be_understood_is_refused_rather_than_left_out(county, query):
    problem_of(county.get(f"/api/user-tasks?{query}", "nurse"), 400, "query")


def test_a_list_goes_on_where_the_page_before_ended(county):
    instances = {county.errand() for _ in range(5)}

    first = county.get("/api/user-tasks?limit=3", "nurse").json
    second = county.get(f"/api/user-tasks?limit=3&after={first['next']}", "nurse").json

    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 2, None]
    assert {item["instance_id"] for item in first["items"] + second["items"]} == instances


def test_a_made_up_page_position_is_refused(county):
    problem_of(county.get("/api/user-tasks?after=bm9wZQ", "nurse"), 400)


def test_mine_are_the_tasks_i_took(county):
    task, _ = county.task(county.errand()), county.errand()

    county.post(f"/api/user-tasks/{task['id']}/claim", "nurse")

    assert [t["id"] for t in county.get("/api/user-tasks?view=mine", "nurse").json["items"]] == [task["id"]]
    assert len(county.get("/api/user-tasks?view=unassigned", "nurse").json["items"]) == 1


def test_a_claimed_task_names_its_holder_and_a_release_gives_it_back(county):
    task = county.task(county.errand())

    claimed = county.post(f"/api/user-tasks/{task['id']}/claim", "nurse").json
    released = county.post(f"/api/user-tasks/{task['id']}/release", "nurse").json

    assert (claimed["assignee"], released["assignee"]) == ("nurse", None)
    assert released["revision"] > claimed["revision"] > task["revision"]


def test_whoever_reads_a_task_but_has_another_role_may_not_finish_it(county):
    task = county.task(county.errand(), "county")

    problem_of(county.post(f"/api/user-tasks/{task['id']}/completion", "officer", {"variables": {}}), 403, "forbidden")
    assert county.task(task["instance_id"])["state"] == "open"


def test_a_completed_task_answers_with_what_comes_next(county):
    instance = county.errand()
    county.post("/api/clock", "it", {"advance": "P4D"})
    task = county.task(instance, "nurse", "task_ask")

    done = county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {"asked": True}})

    assert done.status_code == 200
    assert done.json["completed"] == task["id"]
    assert [t["element_id"] for t in done.json["next"]] == ["task_remind"]
    assert county.get(f"/api/instances/{instance}", "it").json["variables"]["asked"] is True


def test_a_second_completion_is_a_conflict_and_changes_nothing(county):
    task = county.task(county.errand())
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {"asked": 1}})

    problem_of(county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {"asked": 2}}), 409)

    assert county.get(f"/api/instances/{task['instance_id']}", "it").json["variables"]["asked"] == 1


def test_the_same_request_with_the_same_key_gets_the_same_answer(county):
    task = county.task(county.errand())
    path, body = f"/api/user-tasks/{task['id']}/completion", {"variables": {"asked": True}}

    first = county.post(path, "nurse", body, key="k-1")
    second = county.post(path, "nurse", body, key="k-1")

    assert (first.status_code, first.json) == (second.status_code, second.json) == (200, first.json)


def test_a_key_with_another_body_is_refused(county):
    task = county.task(county.errand())
    path = f"/api/user-tasks/{task['id']}/completion"
    county.post(path, "nurse", {"variables": {"asked": 1}}, key="k-1")

    problem_of(county.post(path, "nurse", {"variables": {"asked": 2}}, key="k-1"), 422, "idempotency-key-reused")


def test_two_people_with_one_key_do_not_get_each_others_answer(county):
    one, other = county.task(county.errand()), county.task(county.errand("org-twn-2"))

    first = county.post(f"/api/user-tasks/{one['id']}/claim", "nurse", {}, key="k-1")
    second = county.post(f"/api/user-tasks/{other['id']}/claim", "nurse2", {}, key="k-1")

    assert (first.json["id"], second.json["id"]) == (one["id"], other["id"])


@pytest.mark.parametrize("action", ["claim", "release", "draft", "completion"])
def test_an_older_revision_is_refused_with_412(county, action):
    task = county.task(county.errand())
    county.post(f"/api/user-tasks/{task['id']}/claim", "nurse")
    body = {"draft": {"answers": {}}, "completion": {"variables": {}}}.get(action, {})

    stale = county.post(f"/api/user-tasks/{task['id']}/{action}", "nurse", body, match=task["revision"])

    problem_of(stale, 412)


def test_the_revision_of_the_answer_is_its_etag(county):
    task = county.task(county.errand())

    answer = county.get(f"/api/user-tasks/{task['id']}", "nurse")

    assert answer.headers["ETag"] == f'"{task["revision"]}"'


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"variables": {"a": NaN}}', 400),
        (b'{"variables": {"a": 1, "a": 2}}', 400),
        (b'{"variables": {"a": "\\u0000"}}', 400),
        (b'{"variables": ' + b'{"a":' * 100 + b"1" + b"}" * 101, 400),
        (b"\xff\xfe", 400),
        (b"{}", 422),
        (b'{"variables": []}', 422),
        (b'{"variables": {}, "surprise": 1}', 422),
        (b'{"variables": {}, "answers": {}}', 422),
        (b'{"answers": {"x": 1}}', 422),
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_the_task_stays_open(county, data, status):
    task = county.task(county.errand())

    answer = county.post(
        f"/api/user-tasks/{task['id']}/completion", "nurse", data=data, content_type="application/json"
    )

    problem_of(answer, status)
    assert county.task(task["instance_id"])["revision"] == task["revision"]


def test_an_unknown_field_is_named(county):
    task = county.task(county.errand())

    answer = county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}, "surprise": 1})

    assert problem_of(answer, 422)["errors"][0]["path"] == "surprise"


def test_a_body_of_another_kind_is_refused(county):
    task = county.task(county.errand())

    answer = county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", data=b"a=1", content_type="text/plain")

    problem_of(answer, 415)


def test_a_task_number_that_is_none_is_not_found(county):
    problem_of(county.get("/api/user-tasks/17", "nurse"), 404)
    problem_of(county.post(f"/api/user-tasks/{uuid.uuid4()}/completion", "nurse", {"variables": {}}), 404)


def test_a_task_that_names_no_organisation_is_found_by_whoever_has_its_role(county):
    county.errand()
    county.post("/api/clock", "it", {"advance": "P4D"})

    seen = {
        who: [item["element_id"] for item in county.get("/api/user-tasks?view=work", who).json["items"]]
        for who in ("officer", "nurse", "nurse2")
    }

    assert seen == {"officer": ["task_remind"], "nurse": ["task_ask"], "nurse2": []}
