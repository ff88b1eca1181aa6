"""The services of the whole course as a region counts them (沙坡头区：5 个时期、13 项服务): those of the pathway with
where the woman stands, the others as what is done elsewhere. The document gives the numbers, not the list: the list is
[known] and says so on the page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.errors import Text

ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`elements`: the tasks of the pathway that are this service; none: it is done outside this product."""

    period: Text
    name: Text
    elements: frozenset[str] = frozenset()

    def state(self, done: Collection[str], open_now: Collection[str]) -> str:
        """done, now, ahead or elsewhere."""
        if not self.elements:
            return ELSEWHERE
        if self.elements & set(open_now):
            return "now"
        return "done" if self.elements & set(done) else "ahead"


def _service(period: Text, zh: str, en: str, *elements: str) -> Service:
    return Service(period=period, name=Text(zh=zh, en=en), elements=frozenset(elements))


MARRIAGE = Text(zh="婚前", en="before marriage")
BEFORE = Text(zh="孕前", en="before pregnancy")
PREGNANT = Text(zh="孕期", en="pregnancy")
BIRTH = Text(zh="分娩期", en="birth")
AFTER = Text(zh="产后", en="after birth")
RECORDS = ("task_record_delivery", "task_complete_delivery", "task_complete_birth")
SERVICES: tuple[Service, ...] = (
    _service(MARRIAGE, "婚前保健", "premarital care"),
    _service(BEFORE, "孕前优生健康检查", "check before pregnancy"),
    _service(BEFORE, "增补叶酸", "folic acid"),
    _service(PREGNANT, "建册与《母子健康手册》", "handbook and registration", "task_register", "task_first_visit"),
    _service(PREGNANT, "妊娠风险筛查与评估", "risk screening and grading", "task_screen", "task_grade"),
    _service(PREGNANT, "产前检查", "antenatal visits", "task_antenatal_visit"),
    _service(PREGNANT, "产前筛查与产前诊断", "prenatal screening", "task_prenatal_sample", "task_prenatal_result"),
    _service(PREGNANT, "高危孕产妇专案管理", "case file", "task_open_case_file", "task_follow_case_file"),
    _service(BIRTH, "住院分娩", "birth in hospital", *RECORDS),
    _service(BIRTH, "新生儿疾病筛查", "newborn screening", "task_newborn_screening"),
    _service(AFTER, "产后访视与新生儿访视", "home visits", "task_home_visit", "task_newborn_visit"),
    _service(AFTER, "产后 42 天健康检查", "42-day check", "task_check_42d"),
    _service(AFTER, "避孕节育与儿童保健", "contraception, child health", "task_contraception"),
)
