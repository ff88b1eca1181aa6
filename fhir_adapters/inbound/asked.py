"""What the rows of §9.1 share: the case behind a resource, the user tasks that it names, the note of what it caused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from engine.store import reads
from fhir_adapters.facts import woman_of
from fhir_adapters.store import resources
from fhir_adapters.work import Item, Work
from workflows.duplicates import JOURNEY

_TASK = re.compile(r"Task/([0-9a-fA-F-]{36})")


def case_of(work: Work, episode_id: str) -> Any:
    """The instance of a woman's journey; None once it has ended."""
    found = reads.instance_by_business_key(work.conn, work.region_id, JOURNEY, episode_id)
    return found if found is not None and found.status == "active" else None


def case_of_the_woman(work: Work, item: Item) -> str | None:
    """The case that a resource about her, not about a child of hers, belongs to."""
    episode_id = item.correlated.episode_id
    if episode_id is None:
        return None
    if episode_id not in work.women:
        work.women[episode_id] = woman_of(work.asked, work.region_id, episode_id)
    return episode_id if work.women[episode_id] == item.patient_id else None


def named_tasks(references: Iterable[Any]) -> set[UUID]:
    """The user tasks among these references."""
    texts = (str(one.get("reference", "")).partition("/_history")[0] for one in references if isinstance(one, dict))
    return {UUID(found[1]) for text in texts if (found := _TASK.fullmatch(text))}


def note(work: Work, item: Item, event: str, episode_id: str | None = None) -> None:
    """What came of this version, for whoever asks later. `episode_id`: the case, where an earlier one says which."""
    assert item.saved is not None
    episode, result = (episode_id, "case") if episode_id else (item.correlated.episode_id, item.correlated.result)
    resources.record_event(work.asked, work.region_id, item.saved, event, episode, result, work.now)
