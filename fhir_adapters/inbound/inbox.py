"""A person decides what could not be matched: to which case it belongs, or that it belongs to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.errors import Conflict, Incorrect, NotFound
from fhir_adapters.correlation import mother_of
from fhir_adapters.facts import facts_of
from fhir_adapters.inbound import bursts
from fhir_adapters.inbound.facts import DATING
from fhir_adapters.store import inbound, resources
from fhir_adapters.types import patient_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideInboxItem:
    """`episode_id` None: it belongs to no case. Raises NotFound, Conflict (decided already), Incorrect (no such case,
    or another woman's)."""

    item_id: UUID
    episode_id: str | None


def handlers() -> Mapping[type, Callable[[Any, Any], Any]]:
    return {DecideInboxItem: _decide}


def _decide(command: DecideInboxItem, tx: Any) -> dict[str, Any]:
    item = inbound.inbox_item(tx.conn, tx.region_id, command.item_id)
    if item is None:
        raise NotFound("没有此待办项", "no such item")
    if item.state != "open":
        raise Conflict("已有人作出决定", "somebody has decided already")
    state = "dismissed"
    if command.episode_id is not None:
        _assign(tx, item, command.episode_id)
        state = "assigned"
    inbound.decide(tx.conn, tx.region_id, item.id, state=state, episode_id=command.episode_id, by=tx.by.id, now=tx.now)
    return {"id": str(item.id), "state": state, "episode_id": command.episode_id}


def _women(tx: Any, patient_id: str) -> tuple[str | None, ...]:
    """Whose case it may be: hers, or of a newborn the mother's."""
    return patient_id, mother_of(tx.conn, tx.region_id, patient_id)


def _assign(tx: Any, item: inbound.InboxItem, episode_id: str) -> None:
    """What it says is told to the case as if it had come for it at once."""
    episode = resources.current(tx.conn, tx.region_id, "EpisodeOfCare", episode_id)
    if episode is None:
        raise Incorrect("没有此个案", "there is no such case")
    if item.patient_id is not None and patient_of(episode.resource()) not in _women(tx, item.patient_id):
        raise Incorrect("这是另一位妇女的个案", "this is another woman's case")
    if item.kind != "several-cases" or item.type is None or item.resource_id is None:
        return
    inbound.belongs_to(tx.conn, tx.region_id, item.type, item.resource_id, episode_id)
    stored = resources.current(tx.conn, tx.region_id, item.type, item.resource_id)
    if stored is None or item.type != "Observation":
        return
    told = {name: fact for name, fact in facts_of(stored.resource()) if name not in DATING}
    if told:
        bursts.keep(tx.conn, tx.region_id, episode_id, told, 1, tx.now)
