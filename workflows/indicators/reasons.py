"""Why somebody is not in a numerator, or was left out altogether, in words."""

from __future__ import annotations

from engine.errors import Text

REASONS: dict[str, Text] = {
    "no_live_birth": Text(zh="没有活产", en="no live birth"),
    "maternal_death": Text(zh="孕产妇死亡", en="maternal death"),
    "first_check_late": Text(zh="第 1 次检查晚于 12+6", en="first check after 12+6"),
    "first_check_missing": Text(zh="没有第 1 次检查记录", en="no first check recorded"),
    "fewer_than_five_checks": Text(zh="产前检查不足 5 次", en="fewer than 5 checks"),
    "place_not_recorded": Text(zh="分娩地点未登记", en="place of birth not recorded"),
    "not_in_hospital": Text(zh="不是住院分娩", en="not born in a hospital"),
    "not_visited": Text(zh="没有产后访视", en="no postpartum visit"),
    "visited_late": Text(zh="访视晚于 28 天", en="visited after 28 days"),
    "discharge_not_recorded": Text(zh="出院日期未登记", en="discharge not recorded"),
    "not_due_yet": Text(zh="尚未到期", en="not due yet"),
    "not_checked": Text(zh="没有 42 天检查", en="no 42-day check"),
    "no_handbook": Text(zh="没有手册编号", en="no handbook number"),
    "not_screened": Text(zh="未筛查", en="not screened"),
    "not_graded": Text(zh="未评估分级", en="not graded"),
    "graded_late": Text(zh="评估晚于期限", en="graded late"),
    "ended_before_28_weeks": Text(zh="孕 28 周前终止，自该日起不计", en="ended before 28 weeks; left from that day"),
    "no_case_file": Text(zh="没有专案", en="no case file"),
    "replaced": Text(zh="已被新的分级取代", en="replaced by a new grading"),
    "reported_late": Text(zh="报告晚于期限", en="reported late"),
    "not_reported": Text(zh="逾期未报", en="overdue and not reported"),
    "followed_late": Text(zh="随访晚于期限", en="followed up late"),
    "not_followed": Text(zh="没有随访结果", en="result not followed up"),
    "not_asked_here": Text(zh="本地区不要求面访", en="this region asks for no meeting"),
    "not_met": Text(zh="未面访", en="not met"),
    "stamps_missing": Text(zh="时间记录不全", en="time stamps incomplete"),
    "longer_than_target": Text(zh="超过目标分钟", en="longer than the target"),
    "mode_not_recorded": Text(zh="分娩方式未登记", en="mode of delivery not recorded"),
    "other_mode": Text(zh="不是剖宫产", en="not a caesarean"),
    "newborn_not_visited": Text(zh="新生儿未访视", en="a newborn was not visited"),
    "no_preterm_file": Text(zh="没有早产儿随访", en="no preterm follow-up"),
    "not_reviewed": Text(zh="未评审", en="not reviewed"),
    "not_avoidable": Text(zh="评审为创造条件可避免或不可避免", en="reviewed as not plainly avoidable"),
    "no_blood_spot": Text(zh="有新生儿未登记采血", en="a newborn without a blood spot on record"),
    "not_held": Text(zh="到期未办", en="due and not done"),
    "not_tested": Text(zh="三项未全部检测", en="not tested for all three"),
    "not_treated": Text(zh="没有治疗记录", en="no treatment on record"),
    "declined": Text(zh="孕妇不愿意", en="declined"),
    "treatment_not_needed": Text(zh="医师登记无须", en="recorded as not needed"),
    "not_given": Text(zh="没有登记", en="not on record"),
    "given_late": Text(zh="晚于期限", en="after the limit"),
    "birth_time_missing": Text(zh="出生时刻未登记", en="time of birth not recorded"),
    "hearing_not_screened": Text(zh="有新生儿未做听力筛查", en="a newborn whose hearing was not screened"),
    "newborn_died": Text(zh="有新生儿死亡", en="a newborn died"),
    "severity_not_recorded": Text(zh="有出生缺陷而未判断是否严重致残", en="a defect, and nobody judged how disabling"),
    "severe_defect": Text(zh="严重致残", en="severe and disabling"),
    "births_not_recorded": Text(zh="出生情况未登记", en="births not recorded"),
    "indication_not_recorded": Text(zh="手术原因未登记", en="reason of the caesarean not recorded"),
    "medical_indication": Text(zh="有医学指征", en="medically indicated"),
    "works_not_recorded": Text(zh="作品数未登记", en="works not noted"),
    "not_recovered": Text(zh="已检查，未恢复", en="checked, not recovered"),
    "child_death_imported": Text(zh="儿童死亡登记导入", en="from the register of children's deaths"),
    "no_booking_here": Text(zh="本地区未启用预约", en="no appointments in this region"),
    "came_without_booking": Text(zh="未预约", en="came without an appointment"),
    "lost": Text(zh="失访", en="lost to follow-up"),
}
PARTS: dict[str, Text] = {
    "numerator": Text(zh="计入分子", en="in the numerator"),
    "denominator": Text(zh="只计入分母", en="in the denominator only"),
    "excluded": Text(zh="不计", en="left out"),
}
NOT_RECORDED = Text(zh="尚未记录", en="not yet recorded")
HIDDEN = Text(
    zh="另有 {n} 例涉及受保护的信息，不在名单中显示，已计入数字",
    en="{n} more concern protected information: counted, not listed",
)


def reason_text(code: str | None) -> Text | None:
    return REASONS.get(code, Text(zh=code, en=code)) if code else None
