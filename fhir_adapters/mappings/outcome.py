"""What became of mother and children -> Condition: outcome of delivery (Z37), stillbirth (P95), infection, death.

ICD-10 of the WHO, professional knowledge (K): to be read against the national clinical edition before release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    concept,
    fitted,
    instant,
    kebab,
    reference,
    resource,
    restricted,
    very_restricted,
)
from fhir_adapters.terminology import (
    CONDITION_CLINICAL,
    CONDITION_VERIFICATION,
    FETUS_INDEX,
    ICD10,
    STILLBIRTH_ICD,
)

Answers = Mapping[str, Any]
LIVE, DEAD = frozenset({"live_birth", "neonatal_death"}), frozenset({"stillbirth_iufd", "stillbirth_intrapartum"})
OUTCOMES = {  # fetuses, of them alive -> code
    (1, 1): ("Z37.0", "单胎活产"),
    (1, 0): ("Z37.1", "单胎死产"),
    (2, 2): ("Z37.2", "双胎，均为活产"),
    (2, 1): ("Z37.3", "双胎，一活产一死产"),
    (2, 0): ("Z37.4", "双胎，均为死产"),
}
MANY_ALIVE, MANY_SOME, MANY_DEAD = ("Z37.5", "多胎，均为活产"), ("Z37.6", "多胎，部分活产"), ("Z37.7", "多胎，均为死产")
INFECTIONS = {
    "hiv": ("O98.7", "妊娠合并 HIV 感染", "HIV"),
    "syphilis": ("O98.1", "妊娠合并梅毒", "STD"),
    "hbv": ("O98.4", "妊娠合并病毒性肝炎", "STD"),
}
DEATH_UNSAID = ("O95", "原因不明的产科死亡")


def outcome_of(fetuses: int, alive: int) -> tuple[str, str]:
    if (fetuses, alive) in OUTCOMES:
        return OUTCOMES[fetuses, alive]
    return MANY_ALIVE if alive == fetuses else MANY_DEAD if alive == 0 else MANY_SOME


def to_outcomes(answers: Answers, case: Case) -> Iterator[Json]:
    """Of a birth: what came of it, and each child that was born dead, with its index."""
    fetuses = [one for one in answers.get("fetus") or () if isinstance(one, Mapping) and one.get("outcome")]
    born = instant(answers.get("delivered_at")) or instant(answers.get("delivered_on")) or local_text(case.at)
    if not fetuses:
        return
    alive = sum(one["outcome"] in LIVE for one in fetuses)
    yield _condition(case, "outcome", outcome_of(len(fetuses), alive), born)
    for number, one in enumerate(fetuses, start=1):
        if one["outcome"] in DEAD:
            index = one["order"] if isinstance(one.get("order"), int) else number
            marks = [{"url": FETUS_INDEX, "valuePositiveInt": index}]
            yield _condition(case, f"stillbirth-{index}", (STILLBIRTH_ICD, "死胎死产"), born, marks=marks)


def to_infection(answers: Answers, case: Case) -> Json | None:
    """P11: why she is purple. Only those may know it who may know of restricted facts."""
    known = INFECTIONS.get(str(answers.get("infection")))
    if known is None:
        return None
    code, name, kind = known
    since = instant(answers.get("pmtct_date")) or local_text(case.at)
    return _condition(case, kebab(str(answers["infection"])), (code, name), since, meta=restricted(kind))


def to_death(answers: Answers, case: Case) -> Json:
    """P19: what she died of, as the report card says it; where it gives no code, that it was a death in pregnancy."""
    given = str(answers.get("icd10") or "").strip().upper()
    died = instant(answers.get("died_at")) or local_text(case.at)
    cause = str(answers.get("cause_a") or "") or None
    code = (given, cause) if given else DEATH_UNSAID
    return _condition(case, "death", (code[0], code[1] or ""), died, meta=very_restricted(), text=cause)


def _condition(
    case: Case,
    name: str,
    code: tuple[str, str],
    onset: str,
    *,
    marks: list[Json] | None = None,
    meta: Json | None = None,
    text: str | None = None,
) -> Json:
    return resource(
        "Condition",
        fitted(name, str(case.pregnancy_id)),
        meta=meta,
        extension=case.episode_extension + (marks or []),
        clinicalStatus=concept(CONDITION_CLINICAL, "active"),
        verificationStatus=concept(CONDITION_VERIFICATION, "confirmed"),
        code=concept(ICD10, code[0], code[1] or None, text=text),
        subject=case.subject,
        encounter=reference("Encounter", f"delivery-{case.pregnancy_id}") if name == "outcome" else None,
        onsetDateTime=onset,
        recordedDate=local_text(case.at)[:10],
    )
