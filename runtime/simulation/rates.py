"""How often what happens in the simulated county. [default]: chosen so that every way of the pathway is gone in a
cohort of some hundreds, far more often than in any county; none of these is a statistic, and no indicator that comes
out of them says anything about a real place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Shares of one, but where another unit is named."""

    # who she is
    reported_as_lead: float = 0.15
    social_factor: float = 0.08
    syphilis: float = 0.03
    hepatitis_b: float = 0.05
    hiv: float = 0.01
    untested: float = 0.03  # of syphilis and HIV at the first visit: rapid tests at labour
    late_habit: float = 0.12
    # how it goes
    scan_disagrees: float = 0.08  # by ten days: a new due date is proposed
    date_corrected: float = 0.03  # a slip of the pen in her last period, found later
    anaemic_later: float = 0.04  # a result of the hospital's laboratory, Hb 55
    diagnosis_later: float = 0.03
    referred: float = 0.03
    emergency: float = 0.015  # bleeding at a visit
    prenatal_high: float = 0.04
    # how it ends
    abortion: float = 0.03
    moved: float = 0.015
    refused: float = 0.005
    void: float = 0.005
    lost: float = 0.015
    died_pregnant: float = 0.003
    died_after_birth: float = 0.004
    stillbirth: float = 0.01
    # birth
    twins: float = 0.025
    preterm: float = 0.06
    caesarean: float = 0.3
    emergency_of_caesareans: float = 0.25
    neonatal_death: float = 0.006
    critical_newborn: float = 0.02
    hearing_failed: float = 0.05
    near_miss: float = 0.01
    told_by_ward: float = 0.25  # the birth is written into the form, not sent by the hospital's system
    told_by_nobody: float = 0.03  # until somebody asks, a week after the due date
    rests_elsewhere: float = 0.05  # postpartum in another township
    not_recovered: float = 0.03  # on the 42nd day: referred, seen again
    # what people do
    visit_missed: float = 0.1
    late: float = 0.06
    late_of_late_habit: float = 0.35
    wrong_form: float = 0.04  # sent in wrong, refused, corrected
    left_lying: float = 0.04  # of urging and reminding: not done for two months
    not_reached: float = 0.2  # by one rung of the ladder of tracing; the next one finds her


RATES = Rates()
LATE_BY_UP_TO = 1.6  # of a task's span, from its opening to its limit
LYING_DAYS = 60
