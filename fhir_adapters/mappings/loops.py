"""The processes that two institutions go through together, each doing the steps that are its own (§8): what asks for
one, what its request is called on the wire, and which of its forms and tasks is which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_adapters.terminology import REFERRAL_TYPE
from workflows.referrals import CONSULTATION, HANDOVER, PROCESS

REFERRAL_DOCUMENT, TRANSFER_DOCUMENT = "referral-document", "transfer-document"
REPLY_DOCUMENT, OPINION_DOCUMENT = "reply-document", "opinion-document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """`steps`: what is done by filling in a form, by the form or else the task: the step, and the answer that says
    when. `documents`: what travels with a step. `asked_by_form`: the form that asks for it makes the request, also
    within one institution."""

    process: str
    code: tuple[str, str]
    direction: tuple[str, str] | None
    steps: Mapping[str, tuple[str, str | None]]
    documents: Mapping[str, str] = field(default_factory=dict)
    asked_by_form: bool = False


UPWARD = Loop(
    process=PROCESS,
    code=("high-risk-transfer", "高危孕产妇转诊"),
    direction=("up", "上转"),
    steps={
        "transfer-request": ("requested", "requested_at"),
        "transfer-next": ("requested", "next_at"),
        "transfer-answer": ("accepted", "answered_at"),
        "transfer-departure": ("departed", "departed_at"),
        "transfer-arrival": ("arrived", "arrived_at"),
        "transfer-result": ("returned", None),
    },
    documents={"requested": REFERRAL_DOCUMENT, "returned": REPLY_DOCUMENT},
)
ACROSS = Loop(
    process=HANDOVER,
    code=("hand-over", "跨区域转介"),
    direction=("across", "跨区域"),
    steps={
        "handover-request": ("requested", "handover_at"),
        "handover-answer": ("accepted", "handover_answered_at"),
        "task_register_moved_in": ("returned", None),
    },
    documents={"requested": TRANSFER_DOCUMENT},
)
CONSULTED = Loop(
    process=CONSULTATION,
    code=("consultation", "会诊"),
    direction=None,
    steps={
        "consultation-request": ("requested", "consult_requested_at"),
        "consultation-answer": ("returned", "consult_answered_at"),
    },
    documents={"requested": REFERRAL_DOCUMENT, "returned": OPINION_DOCUMENT},
    asked_by_form=True,
)
BACK, DOWN = ("refer-back", "回转"), ("down", "下转")  # a referral back to where she came from
LOOPS: Mapping[str, Loop] = {loop.process: loop for loop in (UPWARD, ACROSS, CONSULTED)}
BY_CODE = {loop.code[0]: loop for loop in LOOPS.values()}


def loop_of(request: Mapping[str, Any]) -> Loop:
    """What a ServiceRequest asks for; a hospital's own code is a referral."""
    codings = request.get("code", {}).get("coding", ())
    codes = [str(c.get("code")) for c in codings if c.get("system") == REFERRAL_TYPE]
    return next((BY_CODE[code] for code in codes if code in BY_CODE), UPWARD)
