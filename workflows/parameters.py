"""Which values of the region packs drive nothing: those that are words for people, shown on the page of the region's
rules, and those that wait for something that is not built. All others are read; a test changes each and looks."""

from __future__ import annotations

from engine.errors import Text

SHOWN: frozenset[str] = frozenset(
    {
        *("accountability.delay", "accountability.interview", "accountability.trace_back", "it.telehealth"),
        *("calendar.yearly.implement", "calendar.yearly.notice", "calendar.yearly.summary"),
        *("death.at_once", "death.policy", "death.phone_to", "death.facility_review_required"),
        *("calendar.yearly.three_year_summary", "focus.duties", "privacy.mental_health", "privacy.protect"),
        *("newborn.handover_log", "newborn.preterm.kangaroo_care", "risk.scheme.flags"),
        *("quality.delivery", "quality.delivery_checklist", "records.outpatient_to_inpatient", "region.cross_province"),
        *("returns.institution.rule", "returns.institution.to", "returns.regular", "risk.dynamic"),
        *("scope.institutions", "service.booked_bed_priority", "service.continuous_care", "service.priority"),
        *("service.results", "services.items", "services.periods"),
        *("supervision.closed_loop", "supervision.interview_and_notice", "supervision.key_hospital_contact"),
        *("supervision.rectify_by_date", "targets.case_mgmt_pct.score", "targets.centres.assessed"),
        *("targets.centres.city", "targets.centres.county", "targets.centres.province", "targets.model_units.op"),
        *("targets.model_units.per", "targets.model_units.value", "targets.tcm_pct.secondary"),
        *("targets.tcm_pct.tertiary", "unsuitable.inform"),
    }
)

_CHILD = Text(zh="儿童保健指标尚未记录", en="indicators of child care are not recorded yet")
_SOCIAL = Text(zh="重点孕产妇过程 P20", en="the process for priority women, P20")
_SWEEP = Text(zh="特殊人群摸排月报 F-18", en="the monthly special-population return F-18")
_ROLES = Text(
    zh="评估机构与转诊去向按机构级别分派", en="assigning assessment and referral by the level of an institution"
)
UNREAD: dict[str, Text] = {
    "institution.reply_within": Text(zh="通知上写明答复日期", en="the notice itself names the day of its answer"),
    "edd.rule": Text(zh="国家表打印的月份加减法", en="the printed national form with its own rule"),
    "risk.age_reference": Text(zh="按预产期计年龄", en="age at the due date"),
    "risk.assessor_orgs": _ROLES,
    "risk.screen_positive_to": _ROLES,
    "unsuitable.min_title": Text(
        zh="签字职称现固定为副主任以上", en="the title of who signs is fixed at associate chief"
    ),
    **dict.fromkeys(("focus.treat_as",), _SOCIAL),
    **dict.fromkeys(("sweep.age", "sweep.columns", "sweep.groups"), _SWEEP),
    **{
        f"targets.child.{name}": _CHILD
        for name in (
            *("anaemia_under5_max_pct", "breastfeeding_0_6m_pct", "child_mgmt_pct"),
            *("prepregnancy_check_pct", "stunting_max_pct", "underweight_max_pct"),
        )
    },
    **dict.fromkeys(("targets.child_mgmt_pct.op", "targets.child_mgmt_pct.value"), _CHILD),
    **dict.fromkeys(
        ("training.cme_per_year.op",),
        Text(zh="继续教育达标与否由职工登记页显示", en="whether it is met is shown by the staff register"),
    ),
}
