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
    # what is begun for her beside; of those whom it can concern
    admitted: float = 0.3  # of births in a hospital: assessed and checked step by step before it
    consulted: float = 0.05
    noted: float = 0.04  # an event in her case file
    booked: float = 0.08  # a bed for the birth
    asks_away: float = 0.01  # a hand-over that the other region does not accept
    new_doctor: float = 0.02
    taught: float = 0.1
    bled: float = 0.015  # blood is asked for at the birth
    disposed: float = 0.1
    passed_on: float = 0.1  # the child, to child health
    newborn_dies: float = 0.004  # two days after the birth: reported and reviewed
    regraded: float = 0.02  # of orange gradings: a criterion was overlooked
    # what is found on rare ways
    unasked: float = 0.03  # an item of the screening, asked later
    ungraded: float = 0.01  # after a positive screening nobody gets her to the hospital for weeks
    ill_at_home: float = 0.02  # at the visit after birth
    gone_from_home: float = 0.01  # she does not rest where the hospital was told
    unfit_to_travel: float = 0.15  # of transfers: guided from afar
    stays: float = 0.1  # of transfers: declined by her
    unanswered: float = 0.1  # of transfers: the centre is silent
    unreported: float = 0.01  # a risk report that the county has to ask for
    unscreened: float = 0.01  # a child that nobody screens in time
    unplanned: float = 0.05  # of births of women in need that are to be planned
    told_late: float = 0.02  # a discharge, days afterwards
    closed_early: float = 0.1  # of case files: by the doctor, where the 42nd day is late
    # leads of women who never register, by the number of births
    lead_alone: float = 0.03
    # what institutions begin by themselves, in a month of the county
    inspections: float = 0.5
    notices: float = 0.2
    adverse_events: float = 0.5
    support_requests: float = 0.5
    swept_pregnant: float = (
        0.15  # of monthly sheets: somebody on it is pregnant, or somebody is counted who is not on it
    )
    # what is answered
    turned_down: float = 0.25  # a bed, a transfer, blood, a department's help: found at the second asking
    unsettled: float = 0.2  # a reply or a measure that is not enough
    # what people do
    visit_missed: float = 0.1
    late: float = 0.06
    late_of_late_habit: float = 0.35
    wrong_form: float = 0.04  # sent in wrong, refused, corrected
    left_lying: float = 0.04  # of urging and reminding: not done for two months
    not_reached: float = 0.2  # by one rung of the ladder of tracing; the next one finds her


RATES = Rates()
# What is rare is frequent, so that a county of some dozens goes every way; nothing is to be learnt from its numbers.
OFTEN = Rates(
    reported_as_lead=0.3, social_factor=0.4, syphilis=0.15, hepatitis_b=0.2, hiv=0.15, untested=0.2,
    scan_disagrees=0.2, date_corrected=0.1, anaemic_later=0.1, diagnosis_later=0.1, referred=0.6, emergency=0.15,
    prenatal_high=0.3,
    abortion=0.1, moved=0.1, refused=0.03, void=0.03, lost=0.06, died_pregnant=0.03, died_after_birth=0.06,
    stillbirth=0.05, twins=0.1, preterm=0.2, caesarean=0.6, emergency_of_caesareans=0.7, neonatal_death=0.05,
    critical_newborn=0.2, hearing_failed=0.3, near_miss=0.3, told_by_nobody=0.1, rests_elsewhere=0.2,
    not_recovered=0.2,
    admitted=0.6, consulted=0.5, noted=0.4, booked=0.5, asks_away=0.2, new_doctor=0.2, taught=0.3, bled=0.3,
    disposed=0.3, passed_on=0.6, newborn_dies=0.2, regraded=1.0,
    unasked=0.2, ungraded=0.2, ill_at_home=0.2, gone_from_home=0.2, unfit_to_travel=0.2, stays=0.1, unanswered=0.3,
    unreported=0.2, unscreened=0.2, unplanned=0.4, told_late=0.2, closed_early=0.5,
    lead_alone=0.4, inspections=1.0, notices=0.5, adverse_events=1.0, support_requests=1.0, swept_pregnant=0.5,
    turned_down=0.5, unsettled=0.4,
    late=0.25, not_reached=0.4,
)  # fmt: skip
LATE_BY_UP_TO = 1.6  # of a task's span, from its opening to its limit
LYING_DAYS = 60
