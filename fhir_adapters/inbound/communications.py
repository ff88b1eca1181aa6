"""Communication that answers what we told (M-06, M-14) -> `message_report_acknowledged`,
`message_discharge_acknowledged`.

It names the Task that waits for it in `basedOn` or `about`; without that it is an answer where one thing alone waits
for its sender."""

from __future__ import annotations

from typing import Any

from engine.commands.contracts import PublishMessage
from engine.store import reads
from fhir_adapters.inbound.asked import case_of_the_woman, named_tasks, note
from fhir_adapters.work import Item, Work

WAITING = {
    "task_acknowledge_report": "message_report_acknowledged",
    "task_acknowledge_discharge": "message_discharge_acknowledged",
}


def receive(work: Work) -> None:
    for item in work.changed("Communication"):
        if (item.resource or {}).get("status") == "completed" and (episode_id := case_of_the_woman(work, item)):
            _acknowledged(work, item, episode_id)


def _acknowledged(work: Work, item: Item, episode_id: str) -> None:
    waiting = _waiting(work, item, episode_id)
    if len(waiting) != 1:
        return
    name = WAITING[_element(waiting[0])]
    note(work, item, name)
    work.run(PublishMessage(name=name, key=episode_id, payload={}))


def _waiting(work: Work, item: Item, episode_id: str) -> list[Any]:
    """The open tasks of the case that this sender can acknowledge; the one that it names before any other."""
    said = item.resource or {}
    open_now = reads.user_tasks(work.conn, work.region_id, business_key=episode_id).items
    own = work.viewer.organisations
    waiting = [task for task in open_now if _element(task) in WAITING and task.organisation in own]
    named = named_tasks([*said.get("basedOn", ()), *said.get("about", ())])
    return [task for task in waiting if task.id in named] if named else waiting


def _element(task: Any) -> str:
    return str(task.element_id).rpartition("/")[2]
