"""An earlier grading than the one in force was entered in error: what that changes of what is planned now.

The result in force stays, and so does what has happened. The whole sequence is judged anew with the right result in the
place of the wrong one: which report is owed, whether the case file and the suitability evaluation rest on anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from workflows import tables
from workflows.corrections.reports import Report
from workflows.corrections.reports import place as place_of_report
from workflows.policies.gradings import key_of, label_of

Grading = Mapping[str, Any]


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
    places = [place_of_report(one, variables) for one in reports]
    own = [one for one, its in zip(reports, places, strict=True) if its == place]
    was_sent = any(one.is_sent for one in own)
    reported = [its for its in places if its is not None and (its != place or required[place])]
    has_file = any(_has_file(one, policy) for one in sequence)
    return {
        "report_withdrawn": not required[place] and any(not one.is_sent for one in own),
        "suitability_withdrawn": wrong["colour"] == "red" and all(one["colour"] != "red" for one in sequence),
        "file_withdrawn": not has_file,
        "file_due": has_file and variables.get("case_file") in (None, "withdrawn"),
        "note_void": variables.get("note_key") is not None and not _falls(sequence, policy, on),
        "county_told": was_sent or (label_of(right) != label_of(wrong) and _is_reported(right, policy)),
        "owed": _owed(sequence, required, reported, was_sent, policy, now, on),
        "report_key": key_of(wrong),
    }  # fmt: skip


STEPS = ("report_withdrawn", "suitability_withdrawn", "file_due", "note_void", "county_told")


def put_in_place(variables: Mapping[str, Any], correcting: Mapping[str, Any], right: Grading) -> dict[str, Any] | None:
    """What the variables of the case are where its diagram knows nothing of this correction: the right result in the
    place of the wrong one. None where something has to be done besides, which only a diagram does."""
    takes_file_back = correcting["file_withdrawn"] and variables.get("case_file") == "open"
    if takes_file_back or correcting["owed"] is not None or any(correcting[name] for name in STEPS):
        return None
    gradings, errors = list(variables["gradings"]), list(variables.get("gradings_in_error") or ())
    place = correcting["place"] - 1
    wrong = gradings[place]
    gradings[place] = {
        "graded_at": wrong["graded_at"],
        **{name: right[name] for name in ("colour", "purple", "scheme")},
        "criteria": correcting["criteria"],
        "number": len(gradings) + len(errors) + 1,
        "amends": wrong.get("amends") or wrong["graded_at"],
        "replaces": correcting["number"],
        "amended_at": correcting["at"],
    }
    wrong = {**wrong, "number": correcting["number"], "error": correcting}
    return {"gradings": gradings, "gradings_in_error": [*errors, wrong]}


def _owed(
    sequence: Sequence[Grading], required: Sequence[bool], reported: Sequence[int], was_sent: bool,
    policy: Mapping[str, Any], now: datetime, on: date,
) -> dict[str, Any] | None:  # fmt: skip
    """The newest rise, where nothing was reported since and the result in force is still such a rise."""
    rises = [n for n, is_required in enumerate(required) if is_required]
    if not rises:
        return None
    rise, last = rises[-1], len(sequence) - 1
    if any(its >= rise for its in reported):
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
