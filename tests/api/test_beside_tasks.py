"""/api/user-tasks/{id}/assignment, /comments, /attachments: what stands beside the work of a task."""

from __future__ import annotations

import hashlib
import json
import uuid

import pytest
from click.testing import CliRunner

from runtime.cli import main
from runtime.database.roles import as_application
from tests.api.conftest import problem_of

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def task(county):
    people = county.services.people
    people.add_account(
        login="nurse3",
        name="示范妇幼专干丙",
        organisation_id="org-twn-1",
        roles=["R-MCHW"],
        password="x" * 20,
        by="test",
    )
    found = county.task(county.errand())
    return f"/api/user-tasks/{found['id']}"


def sent(name, content, kind):
    """One file as a browser sends it."""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    body = head.encode() + content + b"\r\n--edge--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=edge"}


def audit(county, task):
    rows = county.services.people.audit_rows(subject_id=task.rpartition("/")[2])
    return [(row["actor_id"], row["action"]) for row in rows]


def test_a_task_that_was_lent_goes_back_to_its_holder_when_it_is_given_up(county, task):
    nobodys = county.post(f"{task}/assignment", "officer", {"assignee": "nurse", "goes_back": True})
    assert nobodys.status_code == 422, "nobody holds it: there is nobody to go back to"
    county.post(f"{task}/assignment", "officer", {"assignee": "nurse"})
    lent = county.post(f"{task}/assignment", "nurse", {"assignee": "nurse3", "goes_back": True})
    assert lent.json["assignee"] == "nurse3"

    assert county.post(f"{task}/release", "nurse3").json["assignee"] == "nurse"

    handovers = county.get(f"{task}/assignment", "nurse").json["handovers"]
    assert [(h["from"], h["to"], h["goes_back"], h["by"]) for h in handovers] == [
        (None, "nurse", False, "officer"),
        ("nurse", "nurse3", True, "nurse"),
        ("nurse3", "nurse", False, "nurse3"),
    ]
    assert county.post(f"{task}/release", "nurse").json["assignee"] is None, "it was lent once"


def test_a_superior_gives_a_task_and_its_holder_hands_it_on(county, task):
    receivers = county.get(f"{task}/assignment", "officer").json["receivers"]
    given = county.post(f"{task}/assignment", "officer", {"assignee": "nurse", "reason": "她更熟悉"})
    passed = county.post(f"{task}/assignment", "nurse", {"assignee": "nurse3"})

    assert [one["account"] for one in receivers] == ["nurse", "nurse3"]
    assert (given.status_code, given.json["assignee"]) == (200, "nurse")
    assert (passed.status_code, passed.json["assignee"]) == (200, "nurse3")
    handovers = county.get(f"{task}/assignment", "nurse3").json["handovers"]
    assert [(h["number"], h["from"], h["to"], h["by"], h["reason"], h["seen_at"]) for h in handovers] == [
        (1, None, "nurse", "officer", "她更熟悉", None),
        (2, "nurse", "nurse3", "nurse", None, None),
    ]
    assert county.get(task, "nurse").json["assignee"] == "nurse3"
    assert [row for row in audit(county, task) if row[1] == "AssignUserTask"] == [
        ("officer", "AssignUserTask"),
        ("nurse", "AssignUserTask"),
    ]


@pytest.mark.parametrize("stranger", ["nurse2", "doctor", "auditor", "officer", "nobody"])
def test_a_task_is_never_given_to_somebody_it_is_not_meant_for(county, task, stranger):
    problem_of(county.post(f"{task}/assignment", "officer", {"assignee": stranger}), 422, "receiver")

    assert county.get(task, "officer").json["assignee"] is None


def test_a_disabled_account_gets_no_task(county, task):
    county.services.people.set_active("nurse3", False)

    problem_of(county.post(f"{task}/assignment", "officer", {"assignee": "nurse3"}), 422, "receiver")


def test_who_neither_holds_nor_leads_cannot_hand_on_and_a_stranger_knows_of_no_task(county, task):
    county.post(f"{task}/claim", "nurse")

    problem_of(county.post(f"{task}/assignment", "nurse3", {"assignee": "nurse3"}), 403)
    problem_of(county.post(f"{task}/assignment", "nurse2", {"assignee": "nurse3"}), 404)
    problem_of(county.post(f"{task}/assignment", "his-demo", {"assignee": "nurse3"}), 403)
    assert county.get(task, "officer").json["assignee"] == "nurse"


def test_a_hand_over_that_is_late_changes_nothing(county, task):
    instance = county.get(task, "officer").json["instance_id"]
    stale = county.get(task, "officer").json["revision"]
    county.post(f"{task}/claim", "nurse")

    problem_of(county.post(f"{task}/assignment", "officer", {"assignee": "nurse3"}, match=stale), 412)
    assert county.post(f"{task}/completion", "nurse", {"variables": {}}).status_code == 200
    problem_of(county.post(f"{task}/assignment", "officer", {"assignee": "nurse3"}), 409)

    events = [row["event"] for row in county.get(f"/api/instances/{instance}/history", "it").json]
    assert "assigned" not in events


def test_comments_stand_in_sequence_with_who_and_when_and_once(county, task):
    instance = county.get(task, "officer").json["instance_id"]
    for key in ("k-1", "k-1"):
        first = county.post(f"{task}/comments", "nurse", {"body": "电话打不通\r\n明天再打"}, key=key)
        assert (first.status_code, first.json) == (201, {"number": 1})
    county.post("/api/clock", "it", {"advance": "PT1H"})
    county.post(f"{task}/comments", "officer", {"body": "换村医去"})

    items = county.get(f"{task}/comments", "nurse3").json["items"]

    assert items == [
        {"number": 1, "body": "电话打不通\n明天再打", "at": "2026-01-05T08:00:00+08:00", "by": "nurse"},
        {"number": 2, "body": "换村医去", "at": "2026-01-05T09:00:00+08:00", "by": "officer"},
    ]
    said = [(r["by"], r["event"]) for r in county.get(f"/api/instances/{instance}/history", "it").json]
    assert said[-2:] == [("nurse", "commented"), ("officer", "commented")]
    assert [row for row in audit(county, task) if row[1] == "CommentUserTask"] == [
        ("nurse", "CommentUserTask"),
        ("officer", "CommentUserTask"),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"body": ""}, {"body": "  \n"}, {"body": "x" * 2001}, {"body": "a\0b"}, {"text": "a"}]
)
def test_a_comment_without_words_or_too_long_is_refused(county, task, body):
    answer = county.post(f"{task}/comments", "nurse", body)

    assert answer.status_code in (400, 422)
    assert county.get(f"{task}/comments", "nurse").json["items"] == []


def test_a_file_is_kept_with_its_hash_and_comes_back_as_it_was(county, task):
    made = county.post(f"{task}/attachments", "nurse", **sent("化验单 张三.pdf", PDF, "application/pdf"))
    again = county.post(f"{task}/attachments", "nurse", **sent("化验单.pdf", PDF, "application/pdf"))
    county.post(f"{task}/attachments", "nurse", **sent("../../etc/b.png", PNG, "image/png"))

    assert made.status_code == 201 and again.json == made.json
    listed = county.get(f"{task}/attachments", "nurse3").json["items"]
    assert [(one["number"], one["title"], one["size"], one["by"]) for one in listed] == [
        (1, "化验单 张三.pdf", len(PDF), "nurse"),
        (2, "b.png", len(PNG), "nurse"),
    ]
    assert listed[0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    file = county.get(f"{task}/attachments/{made.json['id']}", "nurse3")
    assert (file.data, file.content_type) == (PDF, "application/pdf")
    assert file.headers["Content-Disposition"] == 'attachment; filename="1.pdf"'
    assert "sandbox" in file.headers["Content-Security-Policy"]
    looked = county.services.people.audit_rows(subject_id=made.json["id"])
    assert [(row["actor_id"], row["action"], row["subject_kind"]) for row in looked] == [
        ("nurse3", "read", "attachment")
    ]


@pytest.mark.parametrize(
    "name, content, kind, code",
    [
        ("a.exe", b"MZ\x90\0", "application/x-msdownload", "attachment-type"),
        ("a.pdf", b"MZ\x90\0", "application/pdf", "attachment-type"),
        ("a.svg", b"<svg/>", "image/svg+xml", "attachment-type"),
        ("a.html", b"<script>", "text/html", "attachment-type"),
        ("a.pdf", b"", "application/pdf", "attachment-type"),
        ("a.pdf", PDF + b"\0" * (5 * 1024 * 1024), "application/pdf", "attachment-size"),
    ],
)
def test_what_is_no_pdf_and_no_picture_or_too_big_is_refused(county, task, name, content, kind, code):
    problem_of(county.post(f"{task}/attachments", "nurse", **sent(name, content, kind)), 422, code)

    assert county.get(f"{task}/attachments", "nurse").json["items"] == []


def test_a_body_far_too_big_is_not_even_read(county, task):
    answer = county.post(f"{task}/attachments", "nurse", **sent("a.pdf", PDF + b"\0" * 6_000_000, "application/pdf"))

    assert answer.status_code == 413


def test_strangers_see_and_add_nothing(county, task):
    made = county.post(f"{task}/attachments", "nurse", **sent("a.pdf", PDF, "application/pdf")).json["id"]

    for path in ("comments", "attachments", f"attachments/{made}", "assignment"):
        problem_of(county.get(f"{task}/{path}", "nurse2"), 404)
    problem_of(county.post(f"{task}/comments", "nurse2", {"body": "x"}), 404)
    problem_of(county.post(f"{task}/attachments", "nurse2", **sent("b.pdf", PDF, "application/pdf")), 404)
    problem_of(county.get(f"{task}/attachments/{uuid.uuid4()}", "nurse"), 404)


def test_what_stands_beside_a_task_goes_with_its_instance_to_the_archive_and_comes_back(county, task, tmp_path):
    instance = county.get(task, "officer").json["instance_id"]
    county.post(f"{task}/comments", "nurse", {"body": "说过的话"})
    made = county.post(f"{task}/attachments", "nurse", **sent("a.pdf", PDF, "application/pdf")).json["id"]
    county.post(f"{task}/assignment", "officer", {"assignee": "nurse"})
    county.post(f"/api/instances/{instance}/termination", "it", {"reason": "not needed"})
    environment = {
        "YUNTU_HOME": str(county.settings.home),
        "YUNTU_DATABASE_URL": as_application(county.url),
        "YUNTU_DATABASE_OWNER_URL": county.url,
    }

    def history(*arguments):
        done = CliRunner().invoke(
            main, ["history", *arguments, "--json"][: None if arguments[0] != "keep" else -1], env=environment
        )
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.output.splitlines()[-1]) if arguments[0] != "keep" else None

    def kept():
        with county.services.engine.read() as conn:
            tables = ("user_task_comment", "user_task_attachment", "user_task_handover")
            return [conn.execute(f"SELECT to_jsonb(t) FROM {name} t").fetchall() for name in tables]

    history("keep", "errand", "0", "--reason", "a test's")
    before = kept()
    history("archive", str(tmp_path))
    assert kept() == before and all(before)
    history("sweep", str(tmp_path))
    assert kept() == [[], [], []]
    assert history("restore", str(tmp_path), instance)["restored"]
    assert kept() == before
    assert county.get(f"{task}/attachments/{made}", "officer").data == PDF
