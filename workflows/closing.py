"""What must hold before a case is closed as recovered, and which end whoever closes it may put down (journey §7.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Fault, Incorrect, Text
from engine.store import reads

FORM = "closure"
RECOVERED, DEATH = "closed.recovered", "ended.maternal_death"
OUTCOMES = frozenset({"live_birth", "stillbirth_iufd", "stillbirth_intrapartum", "neonatal_death"})
UNANSWERED = {  # tasks that stand for something which §7.6 asks to be finished
    **dict.fromkeys(("task_refer_positive", "task_return_slip"), Text(zh="筛查阳性转诊", en="the screening referral")),
    **dict.fromkeys(
        ("task_answer_transfer", "task_next_centre", "task_depart", "task_arrive", "task_transfer_result"),
        Text(zh="转诊结果反馈", en="the result of a referral"),
    ),
    **dict.fromkeys(
        ("task_refer_postnatal", "task_refer_after_visit"), Text(zh="产后转诊", en="the referral after the birth")
    ),
    **dict.fromkeys(
        ("task_assess_suitability", "task_terminate"), Text(zh="继续妊娠适宜性评估", en="the suitability to continue")
    ),
    **dict.fromkeys(
        ("task_report_death", "task_facility_death_review", "task_county_death_review"),
        Text(zh="死亡报告与评审", en="the report and review of a death"),
    ),
}


def require(conn: Any, region_id: str, case: str | None, values: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """`known`: the variables of the case. Raises Incorrect, naming what is missing."""
    faults = [Fault(path="end_code", message=text) for text in _refused(conn, region_id, case, values, known)]
    if faults:
        raise Incorrect("还不能这样结案", "the case cannot be closed like this yet", code="closure", faults=faults)


def _refused(
    conn: Any, region_id: str, case: str | None, values: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[Text]:
    code = values.get("end_code")
    if (code == DEATH) != (known.get("end_code") == DEATH):
        yield Text(
            zh="死亡以个案的登记为准：死亡评审由“报告结局”启动，不能在结案时改为死亡或改去死亡",
            en="a death is as the case says: its review is begun by reporting it, closing cannot put it in or out",
        )
    if code == DEATH and known.get("delivered_on") is None and values.get("born_before_death") is None:
        yield Text(
            zh="个案没有登记分娩：请核实她死亡前是否已分娩，孩子要有人管",
            en="no birth is recorded: please say whether she had given birth before she died, her child needs care",
        )
    if code == RECOVERED:
        yield from _not_recovered(known)
        yield from _open(conn, region_id, case)


def _not_recovered(known: Mapping[str, Any]) -> Iterator[Text]:
    fetuses = known.get("fetuses") or []
    if known.get("delivered_on") is None:
        yield Text(zh="尚未登记分娩，不能按“已恢复”结案", en="no birth is recorded: she is not closed as recovered")
    elif not fetuses or any(fetus.get("outcome") not in OUTCOMES for fetus in fetuses):
        yield Text(zh="还有胎儿没有结局，请补录分娩记录", en="a fetus has no outcome: please complete the birth record")
    if known.get("recovered") is not True:
        yield Text(
            zh="产后42天检查没有登记“已恢复”，不能按“已恢复”结案",
            en="no 42-day check says that she has recovered",
        )


def _open(conn: Any, region_id: str, case: str | None) -> Iterator[Text]:
    if not case:
        return
    tasks = reads.user_tasks(conn, region_id, business_key=case, limit=200).items
    waiting = {UNANSWERED[name] for task in tasks if (name := task.element_id.rsplit("/", 1)[-1]) in UNANSWERED}
    for text in sorted(waiting, key=lambda text: text.zh):
        yield Text(zh=f"{text.zh}还没有办结", en=f"{text.en} is not finished yet")
