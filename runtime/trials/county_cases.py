"""R02 for what hospital systems and people ask of the rooms above the engine: what stands before, the act, and what
must stand at the end, by hand, as queries that count what came of the act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from engine.commands.contracts import IdempotencyKey, SaveDraft
from engine.store import reads
from fhir_adapters.facts import woman_of
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.store.subscriptions import Subscriptions
from runtime import exports
from runtime.bursts import Bursts
from runtime.subscribers import own_connection, sender_for, tell
from runtime.trials import county_documents as send
from runtime.trials.county_site import CountyCell, Site
from workflows import intake

FHIR = "/fhir"
A_MINUTE, LATER = timedelta(minutes=1), timedelta(days=1)
SENDING = "http://127.0.0.1:{0}/told"

# What came of the act: each query answers what there is, and the case says how much more of it there must be.
COUNTS: Mapping[str, str] = {
    "resource": "SELECT type, count(*) FROM resource_version GROUP BY 1",
    "instance": "SELECT definition_key || ' ' || status, count(*) FROM instance GROUP BY 1",
    "user_task": "SELECT element_id || ' ' || state, count(*) FROM user_task GROUP BY 1",
    "history": "SELECT event, count(*) FROM history GROUP BY 1",
    "message": "SELECT name || ' ' || state, count(*) FROM message GROUP BY 1",
    "timer": "SELECT element_id, count(*) FROM timer GROUP BY 1",
    "inbox": "SELECT kind || ' ' || state, count(*) FROM inbox_item GROUP BY 1",
    "event": "SELECT event || ' ' || result, count(*) FROM inbound_event GROUP BY 1",
    "burst": "SELECT 'results', coalesce(sum(results), 0) FROM inbound_burst",
    "merged": "SELECT kind, count(*) FROM merged_record GROUP BY 1",
    "identity": "SELECT type, count(*) FROM resource_identity GROUP BY 1",
    "document": "SELECT kind, count(*) FROM fhir_document GROUP BY 1",
    "subscription": "SELECT status, count(*) FROM subscription GROUP BY 1",
    "notice": "SELECT (sent_at IS NOT NULL)::text, count(*) FROM subscription_event GROUP BY 1",
    "export": "SELECT state::text, count(*) FROM export_job GROUP BY 1",
    "file": "SELECT f.type || ' ' || (f.lines = j.written)::text, count(*) FROM export_file f"
            " JOIN export_job j ON j.region_id = f.region_id AND j.id = f.job_id GROUP BY 1",
    "part": "SELECT 'lines', count(*) FROM export_part",
    "audit": "SELECT action, count(*) FROM audit GROUP BY 1",
}  # fmt: skip
Came = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class CountyCase:
    """`comes`: of what the act brings, that which is known by hand. `watched`: the command whose transaction is died
    in; none: the work is outside of any, and each of its steps is a place to die at. `again`: kinds of rows of which a
    repetition may leave more: who asks twice is seen twice."""

    prepare: Callable[[Site, CountyCell], None]
    act: Callable[[Site, CountyCell], Any]
    comes: Came
    watched: str | None = None
    covers: tuple[str, ...] = ()  # commands that it runs inside the one that is watched
    ahead: timedelta = timedelta(0)  # how far the clock is at the act
    again: frozenset[str] = frozenset()


# --- what stands before -----------------------------------------------------------------------------------------------


def nothing(site: Site, cell: CountyCell) -> None:
    """The act is the first that is heard of her."""


def arrived(site: Site, cell: CountyCell) -> None:
    answer = site.ask("POST", FHIR, send.registration(cell))
    cell.found["pregnancy"] = answer.headers["X-MCH-Correlated"].partition("/")[2]
    cell.found["patient"] = answer.json["entry"][0]["response"]["location"].split("/Patient/")[1].split("/")[0]
    with site.services.engine.read() as conn:
        [task] = reads.user_tasks(conn, site.services.region_id, business_key=cell.pregnancy).items
    cell.found["task"] = str(task.id)
    cell.found["patient_now"] = site.ask("GET", f"{FHIR}/{cell.subject}").json


def registered(site: Site, cell: CountyCell) -> None:
    """By a colleague of the hospital: her record is ours."""
    opened = intake.open_case(site.services, by=site.principal("nurse"), answers=send.answers_of(cell))
    cell.found["pregnancy"] = str(opened.pregnancy_id)


def with_a_result(site: Site, cell: CountyCell) -> None:
    arrived(site, cell)
    Bursts(site.services.engine).look(site.services.clock() + LATER)  # those of other cells
    site.ask("POST", f"{FHIR}/Observation", send.haemoglobin(cell))


def with_an_entered_result(site: Site, cell: CountyCell) -> None:
    arrived(site, cell)
    answer = _correct(site, cell, "results", _LATE, key=str(uuid5(cell.id, "before")))
    cell.found["result"] = answer.json["noted"]["resource"].removeprefix("Observation/")


def of_two_cases(site: Site, cell: CountyCell) -> None:
    arrived(site, cell)
    first = site.ask("GET", f"{FHIR}/EpisodeOfCare/{cell.pregnancy}").json
    second = {name: value for name, value in first.items() if name != "meta"} | {"id": str(uuid5(cell.id, "second"))}
    services = site.services
    with services.pool.connection() as conn:
        made = [Draft(resource=second)]
        resources.save(conn, services.region_id, services.clock(), ENGINE, made, engine_owned=True)


def asked_about(site: Site, cell: CountyCell) -> None:
    of_two_cases(site, cell)
    site.ask("POST", f"{FHIR}/Observation", send.haemoglobin(cell))
    [item] = [one for one in site.ask("GET", "/api/inbox?limit=200", who="officer").json["items"]
              if one["patient"] == cell.found["patient"]]  # fmt: skip
    cell.found["item"] = item["id"]


def registered_twice(site: Site, cell: CountyCell) -> None:
    arrived(site, cell)
    other = CountyCell(uuid5(cell.id, "other"), cell.number + 5000)
    arrived(site, other)
    cell.found["other"] = other.pregnancy


def merged_by_mistake(site: Site, cell: CountyCell) -> None:
    registered_twice(site, cell)
    services = site.services
    with services.engine.read() as conn:
        cell.found["replaced"] = woman_of(conn, services.region_id, cell.found["other"])
    body = {"duplicate": cell.found["other"], "kept": cell.pregnancy, "reason": "误认为同一人"}
    site.ask("POST", f"/api/pregnancies/{cell.pregnancy}/corrections/merge", body, who="officer")


def subscribed(site: Site, cell: CountyCell) -> None:
    """One subscription for all cells, that hears what is there and waits."""
    services = site.services
    with services.pool.connection() as conn:
        rows = Subscriptions(conn, services.region_id)
        his, url = services.people.client("his-demo"), SENDING.format(cell.found["port"])
        assert his is not None
        client = his.id
        first = not rows.of(client_id=client)
        rows.put_endpoint(client, url, "loopback", ("a secret that nobody else knows",), services.clock())
    if first:
        site.ask("POST", f"{FHIR}/Subscription", send.subscription(url))
    _tell(site)


def changed(site: Site, cell: CountyCell) -> None:
    """There is something to tell, and nobody has given it a number."""
    subscribed(site, cell)
    arrived(site, cell)


def with_no_export_open(site: Site, cell: CountyCell) -> None:
    exports.write_all(site.services)
    arrived(site, cell)


def asked_for_an_export(site: Site, cell: CountyCell) -> None:
    with_no_export_open(site, cell)
    answer = site.ask("GET", f"{FHIR}/Patient/$export?_type=Patient", Prefer="respond-async")
    cell.found["job"] = answer.headers["Content-Location"].rsplit("/", 1)[1]


def ready_to_be_taken(site: Site, cell: CountyCell) -> None:
    arrived(site, cell)
    task = site.ask("GET", f"{FHIR}/Task/{cell.found['task']}").json
    owner = {"reference": "Organization/org-hospital"}
    cell.found |= {"taken": {**task, "status": "accepted", "owner": owner}, "version": task["meta"]["versionId"]}


# --- the acts ---------------------------------------------------------------------------------------------------------


def _post(path: str, document: Callable[[CountyCell], Any]) -> Callable[[Site, CountyCell], Any]:
    return lambda site, cell: site.ask("POST", f"{FHIR}{path}", document(cell), **cell.key)


def _take_task(site: Site, cell: CountyCell) -> None:
    """What was read first is what is sent again: an equal PUT."""
    match = f'W/"{cell.found["version"]}"'
    site.ask("PUT", f"{FHIR}/Task/{cell.found['task']}", cell.found["taken"], If_Match=match)


def _report_death(site: Site, cell: CountyCell) -> None:
    dead = {**cell.found["patient_now"], "deceasedDateTime": "2026-01-05T07:00:00+08:00"}
    site.ask("PUT", f"{FHIR}/{cell.subject}", dead)


def _look_at_bursts(site: Site, cell: CountyCell) -> None:
    Bursts(site.services.engine).share(site.services.clock())


def _draft(site: Site, cell: CountyCell) -> None:
    command = SaveDraft(user_task_id=UUID(cell.found["task"]), draft={"half": 1})
    key = IdempotencyKey(client="trial", key=str(cell.id), request_hash="same")
    site.services.engine.execute(command, by=site.principal("doctor").actor, idempotency=key)


def _decide(site: Site, cell: CountyCell) -> None:
    path = f"/api/inbox/{cell.found['item']}/assignment"
    site.ask("POST", path, {"episode_id": cell.pregnancy}, who="officer", **cell.key)


_LATE = {"name": "lvef", "value": "45", "observed_at": "2026-01-03 09:30", "reason": "外院纸质报告"}


def _correct(site: Site, cell: CountyCell, what: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
    path = f"/api/pregnancies/{cell.pregnancy}/corrections/{what}"
    return site.ask("POST", path, dict(body), who="doctor", Idempotency_Key=key or str(cell.id))


def _withdraw(site: Site, cell: CountyCell) -> None:
    _correct(site, cell, f"results/{cell.found['result']}/withdrawal", {"reason": "录入错误"})


def _identity(site: Site, cell: CountyCell) -> None:
    said = {
        "name": "测试甲丑", "id_type": "id_card", "id_no": cell.card, "birth_date": cell.born.isoformat(),
        "phone": "13800000000", "handbook_no": f"SF-2026-{cell.number:05}", "reason": "姓名录错",
    }  # fmt: skip
    _correct(site, cell, "identity", said)


def _merge(site: Site, cell: CountyCell) -> None:
    body = {"duplicate": cell.found["other"], "kept": cell.pregnancy, "reason": "同一人两处建册"}
    path = f"/api/pregnancies/{cell.pregnancy}/corrections/merge"
    site.ask("POST", path, body, who="officer", **cell.key)


def _unmerge(site: Site, cell: CountyCell) -> None:
    body = {"replaced": cell.found["replaced"], "reason": "不是同一人"}
    path = f"/api/pregnancies/{cell.pregnancy}/corrections/unmerge"
    site.ask("POST", path, body, who="officer", **cell.key)


def _tell(site: Site, *_: Any) -> None:
    services = site.services
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        tell(services, conn, sender_for(services))


def _export(site: Site, cell: CountyCell) -> None:
    exports.write_all(site.services)


def _ask_for_export(site: Site, cell: CountyCell) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Patient"}]}
    site.ask("POST", f"{FHIR}/Patient/$export", body, Prefer="respond-async", **cell.key)


def _document(site: Site, cell: CountyCell) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "type", "valueString": "referral"}]}
    site.ask("POST", f"{FHIR}/EpisodeOfCare/{cell.pregnancy}/$document", body, **cell.key)


def _subscribe(site: Site, cell: CountyCell) -> None:
    url = SENDING.format(cell.found["port"])
    site.ask("POST", f"{FHIR}/Subscription", send.subscription(url), **cell.key)


APPLY, CARRY = "ApplyBundle", "CarryOut"
SEEN = frozenset({"audit"})
CASES: Mapping[str, CountyCase] = {
    "a woman is sent in": CountyCase(
        prepare=nothing, act=_post("", send.registration), watched=APPLY,
        comes={"resource": {"Patient": 1, "Condition": 1, "EpisodeOfCare": 1},
               "user_task": {"task_register created": 1}, "identity": {"Patient": 1}},
    ),
    "a result": CountyCase(
        prepare=arrived, act=_post("/Observation", send.haemoglobin), watched=APPLY,
        comes={"resource": {"Observation": 1}, "burst": {"results": 1}},
    ),
    "an emergency": CountyCase(
        prepare=arrived, act=_post("/Observation", send.severe_pressure), watched=APPLY,
        comes={"resource": {"Observation": 1}, "history": {"received": 1}, "burst": {"results": 0}},
    ),
    "a birth": CountyCase(
        prepare=arrived, act=_post("", send.delivery), watched=APPLY,
        comes={"resource": {"Procedure": 1, "Patient": 1, "RelatedPerson": 1, "Observation": 1},
               "event": {"message_delivered case": 1}},
    ),
    "answers": CountyCase(
        prepare=arrived, act=_post("/QuestionnaireResponse", send.registration_form), watched=APPLY,
        comes={"user_task": {"task_register completed": 1, "task_register created": -1, "task_first_visit created": 1}},
    ),
    "a task is taken": CountyCase(
        prepare=ready_to_be_taken, act=_take_task, watched=APPLY,
        comes={"user_task": {"task_register claimed": 1, "task_register created": -1}, "resource": {"Task": 1}},
    ),
    "a death": CountyCase(
        prepare=arrived, act=_report_death, watched=APPLY,
        comes={"resource": {"Patient": 1}, "user_task": {"task_report_death created": 1, "task_register created": -1}},
    ),
    "what fits two cases": CountyCase(
        prepare=of_two_cases, act=_post("/Observation", send.haemoglobin), watched=APPLY,
        comes={"resource": {"Observation": 1}, "inbox": {"several-cases open": 1}},
    ),
    "a person decides": CountyCase(
        prepare=asked_about, act=_decide, watched="Audited", covers=("DecideInboxItem",),
        comes={"inbox": {"several-cases assigned": 1, "several-cases open": -1}, "burst": {"results": 1}},
    ),
    "results are looked at": CountyCase(
        prepare=with_a_result, act=_look_at_bursts, watched="LookAtBursts", ahead=A_MINUTE,
        comes={"burst": {"results": -1}, "history": {"received": 1}, "user_task": {"task_grade created": 1}},
    ),
    "a draft": CountyCase(prepare=arrived, act=_draft, watched="SaveDraft", comes={"resource": {"Task": 1}}),
    "a late result": CountyCase(
        prepare=arrived, act=lambda site, cell: _correct(site, cell, "results", _LATE),
        watched=CARRY, covers=("EnterResult",), comes={"resource": {"Observation": 1}, "audit": {"enter-result": 1}},
    ),
    "a result is taken back": CountyCase(
        prepare=with_an_entered_result, act=_withdraw, watched=CARRY, covers=("WithdrawResult",),
        comes={"resource": {"Observation": 1}, "audit": {"withdraw-result": 1}},
    ),
    "who she is": CountyCase(
        prepare=registered, act=_identity, watched=CARRY, covers=("CorrectIdentity",),
        comes={"resource": {"Patient": 1}, "audit": {"correct-identity": 1}},
    ),
    "two records of one woman": CountyCase(
        prepare=registered_twice, act=_merge, watched=CARRY, covers=("MergeWomen",),
        comes={"merged": {"patient": 1, "pregnancy": 1}, "audit": {"merge": 2},
               "instance": {"pregnancy_journey terminated": 1, "pregnancy_journey active": -1}},
    ),
    "two women again": CountyCase(
        prepare=merged_by_mistake, act=_unmerge, watched=CARRY, covers=("UnmergeWomen",),
        comes={"merged": {"patient": -1, "pregnancy": -1}, "audit": {"unmerge": 2},
               "instance": {"pregnancy_journey terminated": -1, "pregnancy_journey active": 1}},
    ),
    "subscribers are told": CountyCase(
        prepare=changed, act=_tell, comes={"notice": {"true": 1}},
    ),
    "an export is written": CountyCase(
        prepare=asked_for_an_export, act=_export, comes={"export": {"done": 1, "open": -1}}, again=SEEN,
    ),
    "an export is asked for": CountyCase(
        prepare=with_no_export_open, act=_ask_for_export, comes={"export": {"open": 1}},
    ),
    "a document is given out": CountyCase(
        prepare=arrived, act=_document, comes={"document": {"referral": 1}, "audit": {"document": 1}},
    ),
    "a subscription is asked for": CountyCase(
        prepare=subscribed, act=_subscribe, comes={"subscription": {"requested": 1}, "audit": {"subscribe": 1}},
    ),
}  # fmt: skip
