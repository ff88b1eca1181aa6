"""Results of one case that come together are looked at together: when it has been quiet, or five minutes after the
first. An emergency does not wait, and takes with it what waited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage
from engine.errors import Conflict
from fhir_adapters.facts import Fact, read_facts
from fhir_adapters.store import inbound
from fhir_adapters.work import Work
from workflows.policies.emergencies import is_emergency

QUIET = timedelta(seconds=30)  # §9.1 [default]
LONGEST = timedelta(minutes=5)  # §9.1 [default]
MESSAGE = "message_observation_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtBursts:
    """The results that came for these cases are told to them, in one transaction. Answers of how many there were any.
    Raises Conflict when another came at this moment, for it will be due again, and when one of several cases cannot be
    told as the others are: then each has to be looked at alone."""

    episode_ids: tuple[str, ...]


def handlers() -> Mapping[type, Callable[[Any, Any], Any]]:
    return {LookAtBursts: _look}


def note(work: Work, episode_id: str, facts: Mapping[str, Fact], results: int) -> None:
    """For a moment of quiet, or for now."""
    keep(work.asked, work.region_id, episode_id, facts, results, work.now)
    if is_emergency({name: fact.value for name, fact in facts.items()}):
        _tell(work, (episode_id,))


def keep(conn: Any, region_id: str, episode_id: str, facts: Mapping[str, Fact], results: int, now: datetime) -> None:
    """They wait for others of their burst."""
    values = {name: fact.value for name, fact in facts.items()}
    observed = {name: fact.at.isoformat() for name, fact in facts.items()}
    burst = inbound.Burst(facts=values, observed=observed, results=results)
    inbound.note_burst(conn, region_id, episode_id, burst, now=now, quiet=QUIET, longest=LONGEST)


def _tell(work: Any, episode_ids: tuple[str, ...]) -> int:
    """First the case, then the burst: in the order in which every other transaction takes hold of them. The cases in
    one order for everybody."""
    found = inbound.bursts_of(work.asked, work.region_id, episode_ids)
    for episode_id, burst in sorted(found.items()):
        payload = {"facts": burst.facts, "observed_at": _observed_at(work, episode_id, burst)}
        work.run(PublishMessage(name=MESSAGE, key=episode_id, payload=payload))
    if found and not inbound.end_bursts(work.asked, work.region_id, found):
        raise Conflict("同时又到达了新的结果", "another result came at the same moment")
    return len(found)


def _observed_at(work: Any, episode_id: str, burst: inbound.Burst) -> str | None:
    """When the oldest of them was observed; of what an earlier release kept, as far as it is known of the woman."""
    moments = [datetime.fromisoformat(at) for at in burst.observed.values()]
    if burst.facts.keys() - burst.observed.keys():
        known = read_facts(work.asked, work.region_id, episode_id)
        moments = [known[name].at for name in burst.facts if name in known]
    return min(moments).astimezone(CHINA).isoformat(timespec="seconds") if moments else None


def _look(command: LookAtBursts, tx: Any) -> int:
    if len(command.episode_ids) > 1 and tx.projects_first:  # a mapping raised: that is one case's matter
        raise Conflict("须逐个查看", "these have to be looked at one by one")
    return _tell(tx, command.episode_ids)
