"""Results of one case that come together are looked at together: when it has been quiet, or five minutes after the
first. An emergency does not wait, and takes with it what waited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import PublishMessage
from engine.errors import Conflict
from fhir_adapters.facts import read_facts
from fhir_adapters.store import inbound
from fhir_adapters.work import Work
from workflows.policies.emergencies import is_emergency

QUIET = timedelta(seconds=30)  # §9.1 [default]
LONGEST = timedelta(minutes=5)  # §9.1 [default]
MESSAGE = "message_observation_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtBurst:
    """The results that came for this case are told to it. Answers whether there were any. Raises Conflict when another
    came at this moment: it will be due again."""

    episode_id: str


def handlers() -> Mapping[type, Callable[[Any, Any], Any]]:
    return {LookAtBurst: _look}


def note(work: Work, episode_id: str, facts: Mapping[str, Any], results: int) -> None:
    """For a moment of quiet, or for now."""
    inbound.note_burst(
        work.asked, work.region_id, episode_id, facts, results, now=work.now, quiet=QUIET, longest=LONGEST
    )
    if is_emergency(facts):
        _tell(work, episode_id)


def _tell(work: Any, episode_id: str) -> bool:
    """First the case, then the burst: in the order in which every other transaction takes hold of them."""
    found = inbound.burst_of(work.asked, work.region_id, episode_id)
    if found is None:
        return False
    facts, results = found
    known = read_facts(work.asked, work.region_id, episode_id)
    observed = [known[name].at for name in facts if name in known]
    at = min(observed).astimezone(CHINA).isoformat(timespec="seconds") if observed else None
    work.run(PublishMessage(name=MESSAGE, key=episode_id, payload={"facts": facts, "observed_at": at}))
    if not inbound.end_burst(work.asked, work.region_id, episode_id, results):
        raise Conflict("同时又到达了新的结果", "another result came at the same moment")
    return True


def _look(command: LookAtBurst, tx: Any) -> bool:
    return _tell(tx, command.episode_id)
