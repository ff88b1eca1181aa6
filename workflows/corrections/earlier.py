"""An earlier grading than the one in force was entered in error: what that changes of what is planned now.

The result in force stays, and so does what has happened. The whole sequence is judged anew with the right result in the
place of the wrong one: which report is owed, whether the case file and the suitability evaluation rest on anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows import tables
from workflows.policies.gradings import key_of, label_of

Grading = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report that was asked for and not called back."""

    asked_at: datetime
    is_sent: bool


def plan(
    gradings: Sequence[Grading], place: int, right: Grading, variables: Mapping[str, Any], reports: Sequence[Report],
    *, now: datetime, on: date,
) -> dict[str, Any]:  # fmt: skip
    """What the pathway is to do when `right` (colour, purple) takes the place of the wrong result: `report_withdrawn`,
    `suitability_withdrawn`, `file_withdrawn`, `file_due`, `county_told`, and `owed`: the report that the result in
    force turns out to need, with from when it counts and what she was before."""
    policy, wrong = variables["policy"], gradings[place]
    sequence = [*gradings[:place], {**wrong, **right}, *gradings[place + 1 :]]
    required = [_needs_report(sequence, n, policy, on) for n in range(len(sequence))]
    own = [one for one in reports if _rests_on(one, gradings, place)]
    others = [one for one in reports if one not in own]
    was_sent = any(one.is_sent for one in own)
    has_file = any(_has_file(one, policy) for one in sequence)
    return {
        "report_withdrawn": not required[place] and any(not one.is_sent for one in own),
        "suitability_withdrawn": wrong["colour"] == "red" and all(one["colour"] != "red" for one in sequence),
        "file_withdrawn": not has_file,
        "file_due": has_file and variables.get("case_file") in (None, "withdrawn"),
        "note_void": variables.get("note_key") is not None and not _falls(sequence, policy, on),
        "county_told": was_sent or (label_of(right) != label_of(wrong) and _is_reported(right, policy)),
        "owed": _owed(sequence, required, place, own, others, was_sent, policy, now, on),
        "report_key": key_of(wrong),
    }  # fmt: skip


def _owed(
    sequence: Sequence[Grading], required: Sequence[bool], place: int, own: Sequence[Report],
    others: Sequence[Report], was_sent: bool, policy: Mapping[str, Any], now: datetime, on: date,
) -> dict[str, Any] | None:  # fmt: skip
    """The newest rise, where nothing was reported since and the result in force is still such a rise."""
    rises = [n for n, is_required in enumerate(required) if is_required]
    if not rises:
        return None
    rise, last = rises[-1], len(sequence) - 1
    counted = [*others, *(own if required[place] else ())]
    since = _moment(sequence[rise])
    if any(one.asked_at >= since for one in counted):
        return None
    before = sequence[rise - 1] if rise else {}
    if not _needs_report([before, sequence[last]] if before else [sequence[last]], 1 if before else 0, policy, on):
        return None
    return {
        "from": now.isoformat(timespec="seconds") if was_sent else str(sequence[rise]["graded_at"]),
        "previous_colour": before.get("colour"),
        "previous_purple": before.get("purple"),
    }


def _falls(sequence: Sequence[Grading], policy: Mapping[str, Any], on: date) -> bool:
    """Whether the result in force, since it holds, is a fall that the county is told of."""
    begun = len(sequence) - 1
    while begun and label_of(sequence[begun - 1]) == label_of(sequence[-1]):
        begun -= 1
    return _judged(sequence, begun, policy, on)["note_required"] is True


def _needs_report(sequence: Sequence[Grading], n: int, policy: Mapping[str, Any], on: date) -> bool:
    return _judged(sequence, n, policy, on)["report_required"] is True


def _judged(sequence: Sequence[Grading], n: int, policy: Mapping[str, Any], on: date) -> dict[str, Any]:
    """D6 over one result and the one before it."""
    said, before = sequence[n], sequence[n - 1] if n else {}
    asked = {
        "colour": said["colour"],
        "purple": said.get("purple") is True,
        "previous_colour": before.get("colour"),
        "previous_purple": before.get("purple"),
        "graded_at": str(said["graded_at"]),
        "case_file_open": True,
        "policy": policy,
    }
    return dict(tables.evaluate("risk_consequences", asked, on))


def _is_reported(said: Grading, policy: Mapping[str, Any]) -> bool:
    colours = policy["report_colours"]
    return said["colour"] in colours or (said.get("purple") is True and "purple" in colours)


def _has_file(said: Grading, policy: Mapping[str, Any]) -> bool:
    colours = policy["case_file_colours"]
    return said["colour"] in colours or (said.get("purple") is True and "purple" in colours)


def _rests_on(report: Report, gradings: Sequence[Grading], place: int) -> bool:
    """A report is asked for when the result is signed, and stands until the next one is."""
    return _moment(gradings[place]) <= report.asked_at < _moment(gradings[place + 1])


def _moment(said: Grading) -> datetime:
    return datetime.fromisoformat(str(said["graded_at"])).replace(microsecond=0)
