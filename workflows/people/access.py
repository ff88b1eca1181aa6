"""Routes × roles × organisations, in one table. A route without a row is refused, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workflows.people.model import Principal
from workflows.people.roles import CARE, EVERYONE, LEADS, OVERSEE, READERS
from workflows.people.visibility import can_read, can_write, works_on


@dataclass(frozen=True, kw_only=True)
class Access:
    """`people`: the roles that may come in. `clients`: "" none, "read", "write" or "jobs": the scope a system needs.
    `organisations`: what is compared with the caller's organisations once inside: "none", "task", "woman", "instance".
    `public`: no sign-in. `room`: the blueprint's room checks each request itself (FHIR by scope, pages by session)."""

    people: frozenset[str] = frozenset()
    clients: str = ""
    organisations: str = "none"
    public: bool = False
    room: bool = False


RIGHTS: dict[str, frozenset[str]] = {
    "read": READERS,
    "work": CARE | OVERSEE | {"R-DESIGN", "R-ITADM"},  # owners of diagrams finish what nobody's role fits
    "lead": frozenset(LEADS),  # hand on the tasks of those they lead, and say something about them
    "deploy": frozenset({"R-DESIGN"}),
    "read-definitions": frozenset({"R-DESIGN", "R-ITADM", "R-PM-F", "R-HCADM", "auditor"}) | CARE,
    "start": CARE | {"R-DESIGN", "R-ITADM"},
    "look-inside": READERS | {"R-DESIGN", "R-ITADM", "auditor"},
    "operate": frozenset({"R-ITADM"}),
    "migrate": frozenset({"R-ITADM", "R-DESIGN"}),  # to another version of a process, and back
    "hold": frozenset({"R-ITADM", "R-PM-F"}),  # whoever answers for the women of the region may stop one case
    "see-batches": frozenset({"R-ITADM", "R-DESIGN", "auditor"}),
    "tell": CARE | {"R-ITADM", "R-DESIGN"},  # a message; about a woman only by those who care for her
    "publish": frozenset({"R-ITADM", "R-DESIGN"}),
    "match": frozenset({"R-PM-F"}),  # what arrived from a hospital and could not be matched to a case
    "clients": frozenset({"R-ITADM"}),  # hospital systems: keys, what is overlooked, what is agreed with them
    "map-codes": frozenset({"R-ITADM", "R-PM-F"}),  # what a hospital's own code means
    "count": frozenset({"R-PM-F", "R-HCADM"}),  # indicators, and the women behind them
    "correct": frozenset({"R-MCHW", "R-MIDW", "R-OB", "R-OB-AC", "R-PM-F"}),  # what was recorded of a woman
    "grade": frozenset({"R-OB", "R-OB-AC"}),  # and amend what was graded in error
    "institutions": frozenset({"R-MCHW", "R-MIDW", "R-OB", "R-OB-AC", "R-PM-F", "R-HCADM"}),  # P22
    "move-clock": EVERYONE,  # only where time is rehearsed; with the machine's clock there is nothing to move
}

PUBLIC = Access(public=True)
_INSTITUTIONS = Access(people=RIGHTS["institutions"], organisations="task")
_TASK = Access(people=RIGHTS["work"] | RIGHTS["read"], clients="read", organisations="task")
_FINISH = Access(people=RIGHTS["work"], clients="write", organisations="task")
_BESIDE = Access(people=RIGHTS["work"] | RIGHTS["lead"], clients="write", organisations="task")
_HAND_ON = Access(people=RIGHTS["work"] | RIGHTS["lead"], organisations="task")
_SEE_MACHINE = Access(people=RIGHTS["operate"] | RIGHTS["deploy"] | {"auditor"})
_SEE_CLIENTS = Access(people=RIGHTS["map-codes"] | {"auditor"})
_WORK_OUTSIDE = Access(clients="jobs", organisations="instance")
_TRY = Access(people=RIGHTS["deploy"] | RIGHTS["publish"], organisations="instance")
_OPERATE = Access(people=RIGHTS["operate"], organisations="instance")
_MIGRATE = Access(people=RIGHTS["migrate"], organisations="instance")
_HOLD = Access(people=RIGHTS["hold"], organisations="instance")
_SEE_BATCHES = Access(people=RIGHTS["see-batches"])
_SIGN_IN = Access(people=RIGHTS["clients"])  # of the own organisations, asked once inside
_BATCH = Access(people=RIGHTS["migrate"])  # which operation is whose is asked once inside

TABLE: dict[str, Access] = {
    "tasks.user_tasks": _TASK,
    "tasks.user_task": _TASK,
    "tasks.form": _TASK,
    "tasks.claim": _FINISH,
    "tasks.release": _FINISH,
    "tasks.draft": _FINISH,
    "tasks.completion": _FINISH,
    "tasks.comments": _TASK,
    "tasks.comment": _BESIDE,
    "tasks.attachments": _TASK,
    "tasks.attachment": _TASK,
    "tasks.attach": _BESIDE,
    "tasks.handovers": _TASK,
    "tasks.assignment": _HAND_ON,
    "definitions.deploy": Access(people=RIGHTS["deploy"]),
    "definitions.definitions": Access(people=RIGHTS["read-definitions"]),
    "definitions.definition": Access(people=RIGHTS["read-definitions"]),
    "definitions.definition_xml": Access(people=RIGHTS["read-definitions"]),
    "definitions.statistics": Access(people=RIGHTS["read-definitions"]),
    "evaluation.expression": _TRY,
    "evaluation.decision": _TRY,
    "operations.start": Access(people=RIGHTS["start"], clients="write"),
    "operations.instance": Access(people=RIGHTS["look-inside"], clients="read", organisations="instance"),
    "operations.history": Access(people=RIGHTS["look-inside"], clients="read", organisations="instance"),
    "operations.migration": _MIGRATE,
    "operations.reversal": _MIGRATE,
    "operations.suggested": Access(people=RIGHTS["migrate"]),
    "operations.suspend_definition": Access(people=RIGHTS["migrate"]),
    "operations.activate_definition": Access(people=RIGHTS["migrate"]),
    "operations.modification": _OPERATE,
    "operations.variables": _OPERATE,
    "operations.suspension": _HOLD,
    "operations.activation": _HOLD,
    "operations.termination": _OPERATE,
    "operations.retry": _OPERATE,
    "batches.create": _BATCH,
    "batches.listed": _SEE_BATCHES,
    "batches.batch": _SEE_BATCHES,
    "batches.results": _SEE_BATCHES,
    "batches.pause": _BATCH,
    "batches.resume": _BATCH,
    "batches.cancel": _BATCH,
    "batches.retry": _BATCH,
    "batches.rate": _BATCH,
    "messages.message": Access(people=RIGHTS["tell"], clients="write", organisations="woman"),
    "messages.signal": Access(people=RIGHTS["publish"], clients="write"),
    "messages.messages": _SEE_MACHINE,
    "messages.delivery": Access(people=RIGHTS["operate"]),
    "messages.conditions": Access(people=RIGHTS["publish"]),
    "incidents.incidents": _SEE_MACHINE,
    "incidents.skip": _OPERATE,
    "incidents.owner": _OPERATE,
    "inbox.items": Access(people=RIGHTS["match"] | {"R-ITADM", "auditor"}),
    "inbox.assignment": Access(people=RIGHTS["match"]),
    "inbox.dismissal": Access(people=RIGHTS["match"]),
    "arrivals.cda": Access(clients="write"),
    "arrivals.listed": Access(people=RIGHTS["match"] | {"R-ITADM", "auditor"}),
    "arrivals.arrival": Access(people=RIGHTS["match"] | {"R-ITADM"}),  # who matches sees it whole
    "arrivals.retry": Access(people=RIGHTS["match"] | {"R-ITADM"}),
    "arrivals.correction": Access(people=RIGHTS["match"]),
    "arrivals.discard": Access(people=RIGHTS["match"]),
    "clients.listed": _SEE_CLIENTS,
    "clients.tolerances": _SEE_CLIENTS,
    "clients.client": _SEE_CLIENTS,
    "clients.set_tolerances": Access(people=RIGHTS["clients"]),
    "clients.set_keys": Access(people=RIGHTS["clients"]),
    "clients.inbound": _SEE_CLIENTS,
    "clients.set_inbound": Access(people=RIGHTS["clients"]),
    "clients.drop_inbound": Access(people=RIGHTS["clients"]),
    "clients.codes": _SEE_CLIENTS,
    "clients.concept_map": _SEE_CLIENTS,
    "clients.map_code": Access(people=RIGHTS["map-codes"]),
    "clients.run_again": Access(people=RIGHTS["map-codes"]),
    "clients.drop_code": Access(people=RIGHTS["map-codes"]),
    "clients.set_aside": Access(people=RIGHTS["map-codes"]),
    "clients.hand_over": Access(people=RIGHTS["map-codes"]),
    "clients.originals": Access(people=RIGHTS["match"], organisations="woman"),
    "deliveries.deliveries": _SEE_MACHINE,
    "deliveries.subscriptions": _SEE_MACHINE,
    "deliveries.replay": Access(people=RIGHTS["operate"]),
    "deliveries.retry": Access(people=RIGHTS["operate"]),
    "deliveries.discard": Access(people=RIGHTS["operate"]),
    "timers.timers": _SEE_MACHINE,
    "timers.due_date": _OPERATE,
    "timers.firing": _OPERATE,
    "timers.start_due_date": Access(people=RIGHTS["operate"] | RIGHTS["deploy"]),
    "jobs.jobs": Access(people=RIGHTS["operate"] | RIGHTS["deploy"]),
    "jobs.activation": _WORK_OUTSIDE,
    "jobs.completion": _WORK_OUTSIDE,
    "jobs.failure": _WORK_OUTSIDE,
    "jobs.error": _WORK_OUTSIDE,
    "jobs.extension": _WORK_OUTSIDE,
    "clock.now": Access(people=EVERYONE, clients="read"),
    "clock.move": Access(people=RIGHTS["move-clock"], clients="write"),
    "pregnancies.pregnancy": Access(people=RIGHTS["read"], clients="read", organisations="woman"),
    "pregnancies.search": Access(people=RIGHTS["read"], clients="read", organisations="woman"),
    "pregnancies.criteria_changes": Access(people=RIGHTS["count"] | RIGHTS["grade"], organisations="woman"),
    "pregnancies.merge": Access(people=RIGHTS["match"], organisations="woman"),
    "pregnancies.unmerge": Access(people=RIGHTS["match"], organisations="woman"),
    "pregnancies.correct_identity": Access(people=RIGHTS["correct"], organisations="woman"),
    "pregnancies.enter_result": Access(people=RIGHTS["correct"], organisations="woman"),
    "pregnancies.withdraw_result": Access(people=RIGHTS["correct"], organisations="woman"),
    "pregnancies.results": Access(people=RIGHTS["read"], organisations="woman"),
    "pregnancies.gradings": Access(people=RIGHTS["read"], organisations="woman"),
    "pregnancies.amend_grading": Access(people=RIGHTS["grade"], organisations="woman"),
    "institutions.duties": _INSTITUTIONS,
    "institutions.take_up": Access(people=RIGHTS["count"]),
    "institutions.begun": _INSTITUTIONS,
    "institutions.begin": _INSTITUTIONS,  # which kind is whose is asked once inside
    "institutions.lines": Access(people=RIGHTS["read"]),
    "institutions.add": _INSTITUTIONS,  # which line is whose is asked once inside
    "institutions.withdraw": _INSTITUTIONS,
    "institutions.posts": _INSTITUTIONS,
    "institutions.individual": _INSTITUTIONS,
    "institutions.reviewed": Access(people=RIGHTS["count"] | {"R-OB-AC"}),  # confidential: for review only
    "institutions.bring_in": Access(people=RIGHTS["count"]),
    "institutions.reconciliation": Access(people=RIGHTS["count"]),
    "reminders.of_day": Access(people=RIGHTS["count"], clients="read", organisations="woman"),
    "reminders.consent": Access(people=CARE, organisations="woman"),
    "reminders.say_consent": Access(people=CARE, organisations="woman"),
    "indicators.report": Access(people=RIGHTS["count"]),
    "indicators.submitted": Access(people=RIGHTS["count"]),
    "indicators.submit": Access(people=RIGHTS["count"]),
    "indicators.submitted_report": Access(people=RIGHTS["count"]),
    "indicators.women": Access(people=RIGHTS["count"], organisations="woman"),
    "openapi.description": PUBLIC,
    "openapi.docs": PUBLIC,
    "health.live": PUBLIC,
    "health.ready": PUBLIC,
    "health.metrics": PUBLIC,
    "apps.listed": _SIGN_IN,
    "apps.register": _SIGN_IN,
    "apps.switch": _SIGN_IN,
    "apps.secret": _SIGN_IN,
    "apps.hospitals": _SIGN_IN,
    "apps.put_hospital": _SIGN_IN,
    "apps.switch_hospital": _SIGN_IN,
    "apps.map_person": _SIGN_IN,
    "fhir": Access(room=True),
    "oauth": Access(room=True),
    "web": Access(room=True),
}


NEEDS: dict[str, Callable[[Iterable[str]], bool]] = {"read": can_read, "write": can_write, "jobs": works_on}


def row_of(endpoint: str | None) -> Access | None:
    """The row of a route, or of its whole blueprint; None: there is none, and the request is refused."""
    if endpoint is None:
        return None
    return TABLE.get(endpoint) or TABLE.get(endpoint.partition(".")[0])


def admits(row: Access, principal: Principal) -> bool:
    """Whether this caller may use the route at all; which women and tasks is asked of `visibility` afterwards."""
    if row.public:
        return True
    if principal.kind == "client":
        need = NEEDS.get(row.clients)
        return need is not None and need(principal.scopes)
    return bool(row.people & principal.roles)
