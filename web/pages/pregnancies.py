"""The woman's page: who she is, where she stands, what comes next, and everything that happened."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request

from engine.errors import Text
from engine.store import reads
from fhir_adapters import visits
from web import duty_list, occasion_log, risk, running, service_list, timeline, woman, worklist
from web.course import Course
from web.looking import looking
from web.pages.apps import launchable
from web.pages.blueprint import bp, now, places, services, today
from workflows import task_access, texting
from workflows.institutions import imports, matters
from workflows.occasions import OCCASIONS
from workflows.people import may_complete
from workflows.people.visibility import may_see, told_to

LONGEST_LIST = 100
MOST_FINISHED = 200


def _title(conn: Any, form_id: str | None) -> Text | None:
    """What a recorded form is called."""
    form = services().forms.get(form_id, conn=conn) if form_id else None
    return form.title if form else None


@bp.get("/pregnancies/<pregnancy_id>")
def pregnancy(pregnancy_id: str) -> str:
    """404 for a woman whom the caller may not know of; every look leaves an audit row. `inside` names the call activity
    whose diagram is shown."""
    with looking() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
        services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
        region = services().region_id
        tells = told_to(g.principal)
        history = [line for line in reads.history(conn, region, she.instance.id) if tells(line.path)]
        waiting = [wait for wait in reads.waiting(conn, region, she.instance.id) if tells(wait.element_id)]
        tasks = list(reads.user_tasks(conn, region, state="open", business_key=pregnancy_id, limit=LONGEST_LIST).items)
        closed = reads.user_tasks(
            conn, region, state="cancelled", drafted=True, business_key=pregnancy_id, limit=LONGEST_LIST
        ).items
        unsent = [task for task in closed if may_complete(g.principal, task, task_access.care_in(she.variables))]
        course = Course(services(), conn, she.instance, history, waiting)
        scene = course.scene(request.args.get("inside", ""))
        done, current = course.done(scene), course.current(scene)
        said = texting.consent_of(services(), conn, str(she.variables.get("patient_id")))
        asked: dict[str, Any] = {"business_key": pregnancy_id, "state": "completed", "order": "created"}
        finished = reads.user_tasks(conn, region, **asked, limit=MOST_FINISHED).items
        care = task_access.care_in(she.variables)
        hers = [one for one in finished if one.instance_id == she.instance.id and may_see(g.principal, one, care)]
        lines = timeline.entries(history, course.place, lambda on: woman.week_text(she.variables, on), hers)
        changes = risk.changes(she.variables, g.principal.roles)
        told = {change.error.get("by") for change in changes if change.error}
        names = services().people.names({line.by for line in lines if line.by} | ((told | {said.recorded_by}) - {None}))
        rows = worklist.rows(services(), conn, tasks, g.principal, places(), now())
        links = [{**link, "form": _title(conn, link["form"])} for link in services().patients.links(conn, pregnancy_id)]
        known_services = service_list.of(services(), conn, she)
        log = occasion_log.of(finished)
        clocks = running.of_tasks(services(), conn, tasks, now())
        owed = duty_list.of(services(), conn, she, g.principal, now())
        registered = imports.of_case(services(), conn, pregnancy_id)
        texts = texting.texts_of(services(), conn, pregnancy_id)
        told_visits = visits.of_patient(conn, region, str(she.variables.get("patient_id")))
    g.shows_diagram = True
    return render_template(
        "pregnancy.html",
        woman=she,
        tasks=rows,
        unsent=unsent,
        entries=lines,
        names=names,
        changes=changes,
        steps=course.steps(tasks),
        scene=scene,
        scene_steps=scene.outline.steps(done, current, {}) if scene.path else [],
        markers={"done": sorted(done - current), "now": sorted(current), "counts": course.counts(scene)},
        links=links,
        duties=owed,
        registered=registered,
        said=said,
        texts=texts,
        visits=told_visits,
        registers=imports.SOURCES,
        log=log,
        service_map=known_services,
        running=clocks,
        reviews=[
            kind
            for kind in matters.kinds_for(g.principal)
            if kind.to == "woman" and (she.delivered or kind.key != "newborn_death_review")
        ],
        occasions=[
            one
            for one in OCCASIONS.values()
            if she.instance.status == "active" and one.fits(she.variables, g.principal.roles)
        ],
        apps=launchable(),
        pack_reason=duty_list.pack_reason(services(), she, today()),
    )
