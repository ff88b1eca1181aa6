"""A result entered after the day it belongs to, or taken back: the Observation, and what the case is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage
from engine.errors import Conflict, NotFound
from engine.store import reads
from fhir_adapters.dates import local_text
from fhir_adapters.facts import Fact, facts_of, read_facts
from fhir_adapters.labels import sensitivity_of
from fhir_adapters.mappings.common import concept, episode_link, person, quantity, reference, resource
from fhir_adapters.store import resources
from fhir_adapters.store.resources import ENGINE, Draft
from fhir_adapters.terminology import OBSERVATION_CATEGORY, item_of
from fhir_adapters.types import patient_of
from workflows.corrections import results
from workflows.duplicates import JOURNEY

TOLD_RESULT = "message_observation_received"
TOLD_WITHDRAWN = "message_diagnosis_received"
LOCKED = "受限的检查结果"  # what is said of it where the name would tell an infection


@dataclass(frozen=True, kw_only=True)
class EnterResult:
    """`value` in the unit of the form; `observed_at`: when it was measured, from which every clock runs."""

    pregnancy_id: str
    resource_id: str
    name: str
    value: Decimal
    observed_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class WithdrawResult:
    """An Observation of ours was entered in error."""

    pregnancy_id: str
    resource_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """One result of a case as a page shows it. `ours`: entered here, so it may be taken back here."""

    id: str
    name: str
    display: str
    value: str
    at: datetime
    stored_at: datetime
    late: bool
    ours: bool
    withdrawn: bool
    source: str


def results_of(conn: Any, region_id: str, pregnancy_id: str, *, restricted: bool) -> list[Result]:
    """Newest first; what names an infection only for whoever may know."""
    found = []
    woman = _woman(conn, region_id, pregnancy_id)
    for stored in resources.of_episode(conn, region_id, pregnancy_id, ("Observation",)):
        observation = stored.resource()
        if patient_of(observation) != woman or (sensitivity_of(observation) is not None and not restricted):
            continue
        withdrawn = observation.get("status") == "entered-in-error"
        for name, fact in facts_of({**observation, "status": "final"} if withdrawn else observation):
            found.append(
                Result(
                    id=stored.id,
                    name=name,
                    display=_display(name),
                    value=_value(name, fact.value),
                    at=fact.at,
                    stored_at=stored.updated_at,
                    late=not withdrawn and stored.version == 1 and stored.updated_at - fact.at > results.LATE_AFTER,
                    ours=stored.source == ENGINE,
                    withdrawn=withdrawn,
                    source=stored.source,
                )
            )
    return sorted(found, key=lambda one: (one.at, one.id, one.name), reverse=True)


def handlers() -> dict[type, Any]:
    return {EnterResult: _enter, WithdrawResult: _withdraw}


def _enter(command: EnterResult, tx: Any) -> dict[str, Any]:
    woman = _open_case(tx, command.pregnancy_id)[0]
    item = item_of(command.name)
    observation = resource(
        "Observation",
        command.resource_id,
        extension=[episode_link(command.pregnancy_id)],
        status="final",
        category=[concept(OBSERVATION_CATEGORY, item.category)],
        code=concept(item.system, item.code, item.display, text=_display(command.name)),
        subject=reference("Patient", woman),
        effectiveDateTime=local_text(command.observed_at),
        issued=local_text(tx.now),
        performer=[person(tx.by.id)],
        valueQuantity=quantity(command.value, item.unit) if item.unit else {"value": command.value},
        note=[{"text": command.reason}],
    )
    draft = Draft(resource=observation, episode_id=command.pregnancy_id, is_new=True)
    resources.save(tx.conn, tx.region_id, tx.now, ENGINE, [draft], engine_owned=True)
    newest = read_facts(tx.conn, tx.region_id, command.pregnancy_id).get(command.name)
    counts = newest is not None and newest.source == f"Observation/{command.resource_id}"
    if counts:  # an older result than the one that is known says nothing about how she is
        payload = {"facts": {command.name: command.value}, "observed_at": _instant(command.observed_at)}
        tx.run(PublishMessage(name=TOLD_RESULT, key=command.pregnancy_id, payload=payload, ttl=timedelta(0)))
    return {"resource": f"Observation/{command.resource_id}", "counts": counts, "criteria": [], "in_force": []}


def _withdraw(command: WithdrawResult, tx: Any) -> dict[str, Any]:
    woman, _ = _open_case(tx, command.pregnancy_id)
    stored = resources.current(tx.conn, tx.region_id, "Observation", command.resource_id)
    observation = stored.resource() if stored else {}
    of_case = {s.id for s in resources.of_episode(tx.conn, tx.region_id, command.pregnancy_id, ("Observation",))}
    if stored is None or stored.id not in of_case or patient_of(observation) != woman:
        raise NotFound("她没有这个结果", "she has no such result")
    if stored.source != ENGINE:
        raise Conflict("此结果由医院系统送来，请由发送方撤回", "its sender must take it back", code="not-ours")
    if observation.get("status") == "entered-in-error":
        raise Conflict("已撤回", "it is taken back already", code="withdrawn")
    note = [*observation.get("note", ()), {"text": command.reason}]
    wrong = {**observation, "status": "entered-in-error", "note": note}
    before = read_facts(tx.conn, tx.region_id, command.pregnancy_id)
    draft = Draft(resource=wrong, episode_id=command.pregnancy_id)
    resources.save(tx.conn, tx.region_id, tx.now, ENGINE, [draft], engine_owned=True)
    return tell_withdrawn(tx, command.pregnancy_id, observation, before, command.reason)


def tell_withdrawn(
    tx: Any, pregnancy_id: str, observation: Mapping[str, Any], before: Mapping[str, Fact], reason: str
) -> dict[str, Any]:
    """A doctor is asked to confirm the grading where criteria rested on it; by hand and over FHIR the same."""
    found = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, pregnancy_id)
    variables = dict(found.variables) if found else {}
    after = read_facts(tx.conn, tx.region_id, pregnancy_id)
    on = tx.now.astimezone(CHINA).date()
    rested = results.rested_on(_plain(before), _plain(after), variables, on)
    if rested.criteria:
        raised = [*(variables.get("raised_by") or ()), results.finding(what_is(observation), rested, reason)]
        tx.run(PublishMessage(name=TOLD_WITHDRAWN, key=pregnancy_id, payload={"findings": raised}, ttl=timedelta(0)))
    return {
        "resource": f"Observation/{observation.get('id')}",
        "counts": True,
        "criteria": list(rested.criteria),
        "in_force": list(rested.in_force),
    }


def what_is(observation: Mapping[str, Any]) -> str:
    """In Chinese, for a line of a task."""
    if sensitivity_of(observation) is not None:
        return f"{LOCKED}撤回"
    told = [
        f"{_display(name)} {_value(name, fact.value)}（{fact.at.astimezone(CHINA).date()}）"
        for name, fact in facts_of({**observation, "status": "final"})
    ]
    return f"{'、'.join(told) or '检查结果'}撤回"


def _open_case(tx: Any, pregnancy_id: str) -> tuple[str, Mapping[str, Any]]:
    found = reads.instance_by_business_key(tx.conn, tx.region_id, JOURNEY, pregnancy_id)
    woman = _woman(tx.conn, tx.region_id, pregnancy_id)
    if found is None or woman is None:
        raise NotFound("没有此孕产妇", "no such pregnancy")
    if found.status not in ("active", "suspended"):
        raise Conflict("个案已结束", "the case is over", code="not-open")
    return woman, found.variables


def _woman(conn: Any, region_id: str, pregnancy_id: str) -> str | None:
    episode = resources.current(conn, region_id, "EpisodeOfCare", pregnancy_id)
    return patient_of(episode.resource()) if episode is not None else None


def _display(name: str) -> str:
    return results.words_of(name, item_of(name).display).zh


def _value(name: str, value: Any) -> str:
    return f"{value} {results.unit_of(name)}".strip()


def _plain(facts: Mapping[str, Fact]) -> dict[str, Any]:
    return {name: fact.value for name, fact in facts.items()}


def _instant(at: datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="seconds")
