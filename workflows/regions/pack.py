"""A region's rules as they stand after inheritance, each with the sentence it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engine.errors import Text

MARKS = {
    "seed": "政策原文",
    "src": "检索所得，待核对原文",
    "known": "专业常识，待临床与行政确认",
    "default": "本地设定",
}


@dataclass(frozen=True, slots=True)
class Source:
    """`mark` is one of MARKS; `text` the sentence with its clause."""

    mark: str
    text: str

    @property
    def label(self) -> str:
        return MARKS[self.mark]


LOCAL_SETTING = Source("default", "本地设定")


@dataclass(frozen=True, slots=True)
class Pack:
    """`values` are nested as in the file, bases merged underneath; `sources` are by dotted key. A pack whose time is
    over may be looked at and demonstrated with, and says so; real cases need one that is valid."""

    id: str
    name: str
    version: str
    status: str
    valid_from: date | None
    valid_to: date | None
    base: str | None = None
    superseded_by: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    contradictions: tuple[Mapping[str, Any], ...] = ()  # where sources differ: id, says, other, decided, question?

    def value(self, key: str) -> Any:
        """The value of a dotted key. Raises KeyError."""
        found: Any = self.values
        for part in key.split("."):
            found = found[part]
        return found

    def source(self, key: str) -> Source:
        """Where a value comes from: its own sentence, or its group's; without one, a local setting."""
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            if (found := self.sources.get(".".join(parts[:length]))) is not None:
                return found
        return LOCAL_SETTING

    def is_valid(self, on: date) -> bool:
        """Whether real cases may be started by this pack on that day (AC-27)."""
        begun = self.valid_from is None or self.valid_from <= on
        return begun and (self.valid_to is None or on <= self.valid_to) and self.status == "active"

    def only_shown(self, on: date) -> Text | None:
        """Why this pack may only be demonstrated on that day; None when real cases may start by it."""
        if self.is_valid(on):
            return None
        until = f"（有效期至 {self.valid_to}）" if self.valid_to else ""
        return Text(
            zh=f"参数包“{self.name}”已失效或未生效{until}，只用于演示，不能开始真实个案",
            en=f"the pack '{self.id}' is not in force: for demonstration only, no real case may start by it",
        )

    def leaves(self) -> list[tuple[str, Any, Source]]:
        """Every value by dotted key with its source, in the order of the file."""
        return [(key, value, self.source(key)) for key, value in _leaves(self.values, "")]

    def policy(self) -> dict[str, Any]:
        """What the diagrams and decision tables read: the start variable `policy`."""
        return {
            "pack": self.id,
            "pack_version": self.version,
            **{name: _part(name, plain(self.value(key))) for name, key in POLICY.items()},
        }


# name in the diagrams -> key in the pack
POLICY: Mapping[str, str] = {
    "scheme": "risk.scheme",
    "edd_rule": "edd.rule",
    "redate_table": "edd.redate_table",
    "edd_confirm_within": "edd.confirm_within",
    "first_visit_within": "registration.first_visit_within",
    "early_until_days": "registration.early_until_days",
    "screening_within": "risk.screening_within",
    "screening_complete_within": "risk.screening_complete_within",
    "screening_recommended": "risk.screening_recommended",
    "referral_within": "risk.referral_within",
    "referral_county_after": "risk.referral_county_after",
    "slip_within": "risk.slip_within",
    "grading_within": "risk.grading_within",
    "result_seen_within": "risk.result_seen_within",
    "hb_110_inclusive": "risk.hb_110_inclusive",
    "hbv_carrier_purple": "risk.hbv_carrier_purple",
    "pasp_normal_until": "risk.pasp_normal_until_mmhg",
    "local_criteria": "risk.local_criteria",
    "age_reference": "risk.age_reference",
    "assessor_orgs": "risk.assessor_orgs",
    "screen_positive_to": "risk.screen_positive_to",
    "creatinine_uln": "risk.creatinine_uln_umol",
    "report_colours": "report.colours",
    "report_within": "report.within",
    "report_reminder_share": "report.reminder_share",
    "report_acknowledge_within": "report.acknowledge_within",
    "report_call_within": "report.call_within",
    "case_file_colours": "casefile.colours",
    "case_file_within": "casefile.open_within",
    "face_to_face": "casefile.face_to_face_once",
    "face_to_face_within": "casefile.face_to_face_within",
    "routing": "routing",
    "level2_colours": "advice.level2_colours",
    "visit_windows": "visits.package",
    "missed_visit_after": "visits.missed_after",
    "visit_raise": "followup.visit_raise",
    "findings": "findings",
    "visit_interval_days": "followup.interval_days",
    "tracing": "tracing.steps",
    "tracing_urgent": "tracing.urgent_steps",
    "trace_again_after": "tracing.again_after",
    "outcome_trace_after": "tracing.outcome_after",
    "discharge_within": "postpartum.discharge_within",
    "home_visit_within": "postpartum.home_visit_within",
    "home_visit_high_within": "postpartum.home_visit_high_within",
    "high_visits": "postpartum.high_risk_visits",
    "viable_from_weeks": "preterm.lower_limit_weeks",
    "notice": "notice",
    "consult": "consult",
    "appointments": "appointments",
    "handover": "handover",
    "expert_colours": "casefile.expert_panel_colours",
    "expert_plan_within": "casefile.expert_plan_within",
    "responsible_doctor": "service.responsible_physician",
    "labour": "labour",
    "emergency": "emergency",
    "check_42d_after": "postpartum.check_42d_after",
    "check_42d_overdue": "postpartum.check_42d_overdue",
    "referral_result_within": "postpartum.referral_result_within",
    "closing_within": "closing.within",
    "contraception_within": "closing.contraception_within",
    "post_abortion_after": "closing.post_abortion_after",
    "suitability_within": "unsuitable.within",
    "suitability_title": "unsuitable.min_title",
    "unsuitable_signatures": "unsuitable.termination_signatures",
    "termination_within": "unsuitable.termination_within",
    "transfer_answer": "transfer.answer_within",
    "transfer_arrive_within": "transfer.arrive_within",
    "transfer_accept_within": "transfer.accept_within",
    "death_report_within": "death.report_within",
    "pmtct": "pmtct",
    "newborn": "newborn",
    "prenatal": "prenatal",
    "prenatal_tests": "prenatal_tests",
    "lead": "lead",
    "focus": "focus",
    "sweep": "sweep",
    "death": "death",
    "review": "review",
    "institution": "institution",
}


# of a group that also says things to people, what diagrams and tables read
PARTS: Mapping[str, tuple[str, ...]] = {
    "emergency": (
        *("ddi_target_min", "ddi_warn_min", "call_arrive_min"),
        *("blood_answer_within", "blood_arrive_within", "review_within", "rescue_record_within"),
    ),
    "focus": ("enabled", "factors", "register_within", "plan_from_days", "plan_within", "support_within", "treat_as"),
    "sweep": (
        *("age", "groups", "due_day", "due_inclusive", "month_offset", "remind_before", "lead_within", "check_within"),
    ),
    "death": ("policy", "notify", "phone_within", "facility_review", "county_review"),
    "review": ("near_miss", "record_within", "rectify_within"),
}


def _part(name: str, value: Any) -> Any:
    return {key: value[key] for key in PARTS[name]} if name in PARTS else value


def plain(value: Any) -> Any:
    """JSON-like, never float, as variables want it."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return Decimal(str(value))
    return value.isoformat() if isinstance(value, date) else value


def _leaves(values: Any, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        found += _leaves(value, f"{name}.") if isinstance(value, Mapping) else [(name, value)]
    return found
