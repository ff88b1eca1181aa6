"""What was answered to an earlier version of a form stays readable when the form has changed."""

from __future__ import annotations

import json
from datetime import datetime

from engine.commands.contracts import Deploy
from tests.web.conftest import BEGIN, example
from workflows import completion
from workflows.forms import catalogue


def changed(form_id, without):
    """The next version of a form, which has lost an item."""
    source = json.loads((catalogue.QUESTIONNAIRES / f"{form_id}.json").read_text(encoding="utf-8"))

    def kept(items):
        return [
            {**one, **({"item": kept(one["item"])} if "item" in one else {})}
            for one in items
            if one["linkId"] != without
        ]

    return {**source, "version": str(int(source["version"]) + 1), "item": kept(source["item"])}


def test_a_response_to_an_earlier_version_is_shown_and_read_by_that_version(site):
    task = site.task("task_screen")
    answers = {**example("risk-screening"), "doctor": "旧版医师"}
    completion.complete(site.services, task.id, by=site.principal("nurse"), answers=answers)
    newer = changed("risk-screening", without="doctor")
    site.services.engine.execute(
        Deploy(files={"risk-screening.json": json.dumps(newer, ensure_ascii=False).encode()}),
        by=site.principal("publisher").actor,
    )
    assert site.services.forms.get("risk-screening").version == int(newer["version"])

    page = site.get(f"/tasks/{task.id}", "nurse").text
    assert "旧版医师" in page and f"v{task.form_version}" in page
    with site.services.engine.read() as conn:
        response = dict(site.services.patients.response_to(conn, task.id, restricted=True))
        opened = completion.open_form(
            site.services, conn, site.stored(task.id), today=datetime.fromisoformat(BEGIN).date()
        )
    assert response["questionnaire"].endswith(f"risk-screening|{task.form_version}")
    assert opened.form.version == task.form_version
    assert opened.form.answers_from_response(response)["doctor"] == "旧版医师"
