"""What the product makes of a pack: dates of the diagrams, answers of the tables, forms as they begin, rights, targets,
duties, pages. One observer a kind; each says of a changed value whether it sees another thing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from engine.clock import CHINA
from engine.dmn import read_decisions
from engine.dmn.cases import read_cases
from engine.feel import compile_expression, from_plain, to_plain
from workflows import escalation, parameters, reminders
from workflows.duties import ELEMENTS, Known, duties
from workflows.forms import Form
from workflows.indicators import Period, due_dates, score_sheet
from workflows.indicators.counting import Report, _figures
from workflows.institutions import levels, sheets
from workflows.institutions.duties import duties_of
from workflows.institutions.staff import STANDARDS
from workflows.journey import derive, prefill, start_variables
from workflows.people.model import Organisation
from workflows.regions import Pack
from workflows.regions.checking import problems_of
from workflows.regions.pack import POLICY

ROOT = Path(__file__).parents[3]
NOW = datetime(2022, 6, 1, 9, tzinfo=CHINA)
TODAY = NOW.date()
YEARS = Period("2018-2030", date(2018, 1, 1), date(2030, 12, 31))
QUARTER = Period("2022Q2", date(2022, 4, 1), date(2022, 6, 30))
HANDED_ON = re.compile(r"=\s*(policy(\.\w+)*|\{(\s*\w+: policy(\.\w+)*\s*,?)+\})\s*")  # a group for a called process

# A course in which every clock has begun; what each variant changes.
COURSE: dict[str, Any] = {
    **{"edd": "2022-12-01", "screened_on": "2022-05-20", "delivered_on": "2022-05-28", "ended_on": "2022-05-28"},
    **{
        "delivered_at": "2022-05-31T10:00:00+08:00",
        "born_at": "2022-05-31T10:00:00+08:00",
        "sweep_month": "2022-06-01",
    },
    **{"discharged_at": "2022-06-01T08:30:00+08:00", "cs_decision_at": "2022-06-01T08:00:00+08:00"},
    **{"graded_at": "2022-06-01T08:00:00+08:00", "result_at": "2022-06-01T08:00:00+08:00", "lead_until": "2022-06-03"},
    **{"colour": "orange", "purple": False, "urgent": False, "urgency": "planned", "recovered": None, "lead_lmp": None},
    **{"consult_urgency": "ordinary", "grade_due": None, "conclusion": "unsuitable", "senior_signatures": 1},
    **{"home_organisation": "t", "hospital_organisation": "h", "ddi_minutes": 31, "duty_due": "2022-07-15"},
    **{
        "hbv_done": 0,
        "hiv_done": 0,
        "syphilis_done": 0,
        "hbv_result": None,
        "hiv_result": None,
        "syphilis_result": None,
    },
    **{"newborn": {"weight_g": 3200}, "window": {"hbig": {"closes": None}}, "duty": {"day_of_month": None}},
    **{"next_visit": {"until": "2022-06-20"}, "prenatal": {"until_days": 146}, "registered_on": "2022-03-01"},
    **{"grading": {"colour": "orange", "purple": False, "scheme": "s"}, "criteria": ["O-1.2"], "gradings": []},
    **{"lead_on": "2022-06-01", "clock_from": "2022-06-01T08:00:00+08:00", "social_factors": ["mobile"]},
}
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"urgent": True, "urgency": "emergency", "consult_urgency": "emergency", "recovered": False, "colour": "red"},
    {"purple": True, "colour": "green", "newborn": {"weight_g": 1900}, "discharged_at": "2022-05-31"},
    {"colour": "yellow", "hbv_done": 1, "hiv_done": 1, "syphilis_done": 1, "ddi_minutes": 30},
    {"hbv_done": 2, "hiv_done": 2, "syphilis_done": 2, "edd": "2022-06-10", "senior_signatures": 0},
    {"hbv_done": 3, "hiv_done": 4, "syphilis_done": 5, "senior_signatures": 2, "lead_lmp": "2022-03-10"},
    {
        "hiv_done": 5,
        "syphilis_done": 6,
        "ddi_minutes": 26,
        "senior_signatures": 3,
        "discharged_at": "2022-05-31T06:00:00+08:00",
    },
)


@dataclass
class Task:
    due_at: datetime | None = NOW
    completed_at: datetime | None = None
    created_at: datetime = NOW - timedelta(days=3)


def dates_of_the_diagrams(pack: Pack, word: str) -> list[Any]:
    """Every expression of a diagram that names the value, in every variant of the course. One that only hands a group
    on to a called process or a table shows nothing."""
    policy = from_plain(pack.policy())
    asked = [(text, read) for text, read in _expressions() if word in text]
    return [
        (text, to_plain(read.evaluate({**from_plain(COURSE | variant), "policy": policy}, now=NOW)))
        for text, read in asked
        for variant in VARIANTS
    ]


@cache
def _expressions() -> list[tuple[str, Any]]:
    found = set()
    for path in ROOT.glob("bpmn/*.bpmn"):
        for element in ET.parse(path).iter():
            found |= {text.strip() for text in (*element.attrib.values(), element.text or "") if "policy." in text}
    kept = sorted(text for text in found if text.startswith("=") and not HANDED_ON.fullmatch(text))
    return [(text, compile_expression(text[1:])) for text in kept]


def answers_of_the_tables(pack: Pack, word: str) -> list[Any]:
    """Every case beside a table, and some more, decided by the pack instead of the case's own rules: as it is, and
    where what another value of it covers up comes to light."""
    own = pack.policy()
    return [
        (name, to_plain(model.evaluate(decision, {**inputs, "policy": from_plain(rules)}, now=now).value))
        for text, model, cases in _tables()
        if word in text
        for name, decision, inputs, now in cases
        for rules in _uncovered(own)
    ]


def _uncovered(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The region as it is; one that looks after priority women, lets purple be reported and notifies a death late; and
    those whose own text, or whose nation's, drives the clock of a death."""
    death = policy["death"]
    late = {**death["notify"], "value": 9, "unit": "day"}
    yield policy
    yield {
        **policy,
        "focus": {**policy["focus"], "enabled": True},
        "report_colours": [*policy["report_colours"], "purple"],
        "death": {**death, "notify": late},
    }
    yield {**policy, "death": {**death, "policy": "regional"}}
    yield {**policy, "death": {**death, "policy": "strictest", "notify": late}}


MORE_CASES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "grading": [
        *(
            ("visit_raise", {"colour": "green", "visit_colour": "green", "visit_findings": [{"level": level}]})
            for level in ("info", "warn", "urgent", "emergency")
        ),
        ("visit_raise", {"colour": "green", "visit_colour": "green", "visit_abnormal": True}),
    ],
    "prenatal": [("prenatal_risk", {"found": {"t21": None, "t18": 400, "afp_mom": None, "conclusion": None}})],
}


@cache
def _tables() -> list[tuple[str, Any, list[Any]]]:
    found = []
    for path in sorted(ROOT.glob("bpmn/decisions/*.dmn")):
        text = path.read_text(encoding="utf-8")
        if "policy." not in text:
            continue
        model = read_decisions(path.read_bytes())
        cases = read_cases(model, path.with_suffix(".cases.csv").read_text(encoding="utf-8"))
        asked = [(case.name, case.decision, case.inputs, case.now) for case in cases if case.inputs.get("policy")]
        more = [
            (str(at), name, from_plain(given), NOW) for at, (name, given) in enumerate(MORE_CASES.get(path.stem, ()))
        ]
        found.append((text, model, [*asked, *more]))
    return found


def forms_as_they_begin(pack: Pack, word: str) -> list[Any]:
    """What forms know before anybody types, for women of each colour and with each finding."""
    policy = pack.policy()
    found: list[Any] = [prefill("official-notice", {}, {"policy": policy}, TODAY)]
    found.append(prefill("sweep", {}, {"policy": policy}, TODAY))
    for colour in ("green", "yellow", "orange", "red"):
        for purple in (False, True):
            case = {"policy": policy, "colour": colour, "purple": purple}
            found += [prefill(form, {}, case, TODAY) for form in ("risk-report", "transfer-request", "delivery-plan")]
    graded: tuple[dict[str, Any], ...] = (
        *({"hb": 115}, {"hb": 110}, {"age": 36}, {"hb": 55}, {"hb": 39}, {"hiv": "pos"}, {"height": 148}),
        *({"hbsag": "pos", "alt": 20, "ast": 20}, {"creatinine": 74}, {"creatinine": 73}, {"creatinine": 110}),
        {"birth_date": "1987-08-01"},  # 34 today, 35 when the child is due
    )
    case = {"policy": policy, "edd": "2022-12-01"}
    found += [prefill(form, facts, case, TODAY) for facts in graded for form in ("risk-grading", "risk-screening")]
    return found


def what_forms_mean(pack: Pack, word: str) -> list[Any]:
    """The course after a form: due dates, whether she is early, redated, positive, signed for."""
    policy = pack.policy()
    her = {"policy": policy, "edd_final": "2022-12-01", "birth_date": "1987-08-01", "edd_basis": "lmp"}
    begun = date(2022, 12, 1) - timedelta(days=280)
    scans = [
        {"us_date": str(begun + timedelta(days=age + off)), "us_ga_weeks": age // 7, "us_ga_days": age % 7}
        for age in (40, 100, 130, 170, 230)
        for off in (6, 7, 9, 12, 16, 22)
    ]
    signed = [{"member_title": title, "member_signed": True} for title in ("attending", "associate_chief", "chief")]
    unknown = {f"s_{major}_{minor}": "unknown" for major, minor in ((6, 1), (6, 5), (6, 6), (6, 7))}
    edd = [str(TODAY + timedelta(days=280 - days)) for days in range(82, 94)]
    dead = {"fetus": [{"outcome": "stillbirth_iufd"}]}
    born = [str(begun + timedelta(days=7 * weeks + day)) for weeks in (20, 24, 27, 28) for day in (0, 6)]
    started = start_variables(
        pregnancy_id="p", patient_id="w", home_organisation="t", hospital_organisation=None, county_organisation=None,
        on=TODAY, pack=pack, lmp="2025-05-25",
    )  # fmt: skip
    return [
        started["edd"], started["plan_colours"], started["responsible_required"], started["scheme"],
        derive("registration", {"lmp": "2025-05-25"}, {"policy": policy}, TODAY),
        _registered(started),
        *(derive("anc-first", {"filled_on": "2022-06-01", **scan}, her, TODAY) for scan in scans),
        *(derive("anc-first", {"filled_on": str(TODAY)}, her | {"edd_final": day}, TODAY) for day in edd),
        *(derive("delivery", {"delivered_on": day, **dead}, her, TODAY) for day in born),
        derive("risk-screening", unknown, her, TODAY),
        derive("suitability", {"members": signed}, {"policy": policy}, TODAY),
        *(derive("pmtct-mother", {"hbv_dna": load}, {"policy": policy}, TODAY) for load in (200_000, 200_001)),
    ]  # fmt: skip


@cache
def _form(form_id: str) -> Form:
    import json

    path = ROOT / f"workflows/forms/questionnaires/{form_id}.json"
    return Form.parse(json.loads(path.read_text(encoding="utf-8")))


def _registered(started: dict[str, Any]) -> Any:
    """The form of registration, half filled in, as the open page shows it."""
    filled = {"lmp": "2022-05-25", "edd_basis": "lmp"}
    return _form("registration").evaluate(filled, TODAY, {"edd_rule": started["edd_rule"]})["calculated"]["edd_final"]


def who_may_and_where_to(pack: Pack, word: str) -> list[Any]:
    """Which institutions may grade, and which take a positive screening."""
    policy = pack.policy()
    places = [
        (Organisation(id=kind, kind=kind, name=kind), level)
        for kind in ("hospital", "county_mch", "township")
        for level in (None, "primary", "one", "two", "three")
    ]
    return [
        (name, levels.told(policy[name]).zh, [levels.fits(place, level, policy[name]) for place, level in places])
        for name in ("assessor_orgs", "screen_positive_to")
    ]


def the_sweep(pack: Pack, word: str) -> list[Any]:
    """Whom the monthly sheet is about, and who stays on it."""
    policy = pack.policy()
    rows = [{"sweep_name": str(age), "sweep_age": age, "sweep_pregnant": "no"} for age in range(10, 60)]
    ages = sheets.ages_of(policy)
    return [sheets.scope_of(policy), sheets.carried_on(rows, TODAY, ages), sheets.too_young_or_old(rows, ages)]


def targets(pack: Pack, word: str) -> list[Any]:
    years = [Period(str(year), date(year, 1, 1), date(year, 12, 31)) for year in (2018, 2019, 2020, 2022, 2026)]
    return [[one.target for one in _figures({}, pack, period)] for period in years] + [
        pack.value("emergency.ddi_target_min")
    ]


def the_calendar(pack: Pack, word: str) -> list[Any]:
    """When each report and duty falls due, who sends it to whom, and what an institution of each kind owes."""
    due = [(d.on, d.name, d.sender, d.recipient, d.about) for d in due_dates(pack, YEARS)]
    kinds = ("hospital", "township", "county_mch", "county_health")
    return [due, [duties_of(kind, pack, date(2017, 12, 31)) for kind in kinds]]


def the_ladder(pack: Pack, word: str) -> list[Any]:
    """Who sees what is overdue, and when a woman is reminded."""
    return [*escalation.ladder(pack), reminders.days_before(pack)]


def duties_of_each_case(pack: Pack, word: str) -> list[Any]:
    """Of a woman of each colour after birth."""
    born = {"delivered_on": "2022-05-01", "graded_at": "2022-01-02T08:00:00+08:00"}
    found: list[Any] = []
    for colour in ("green", "yellow", "orange", "red", "purple"):
        known = {"variables": born, "tasks": dict.fromkeys(ELEMENTS, Task()), "case_file": {}, "colours": {colour}}
        found.append(duties(Known(**known, pack=pack, now=NOW)))
    return found


def the_score_sheet(pack: Pack, word: str) -> list[Any]:
    if "quarterly_score" not in (pack.values.get("returns") or {}):
        return []
    figures = _figures({}, pack, QUARTER)
    report = Report(
        region="r", pack=pack.id, period=QUARTER, organisation=None, counted_at=NOW, figures=figures, by_organisation={}
    )
    return [(item.points, item.evidence) for item in score_sheet(report, pack).items]


def the_staff(pack: Pack, word: str) -> list[Any]:
    """How many of a post each kind of institution should have, and how often its staff learn."""

    def value(key: str) -> Any:
        try:
            return pack.value(key)
        except KeyError:
            return None

    return [value(key) for *_, key in STANDARDS] + [value("training.cme_per_year")]


def what_is_refused(pack: Pack, word: str) -> list[Any]:
    """What the check of a pack says of it before a case may start by it."""
    header = {"id": pack.id, "name": pack.name, "status": pack.status}
    return [(one.element_id, one.code) for one in problems_of(header, pack.values, {})]


def words_for_people(pack: Pack, word: str) -> list[Any]:
    """What the page of the region's rules shows people to read and act on."""
    return list(parameters.words(pack))


OBSERVERS: tuple[Callable[[Pack, str], list[Any]], ...] = (
    dates_of_the_diagrams,
    answers_of_the_tables,
    who_may_and_where_to,
    the_sweep,
    the_ladder,
    the_staff,
    words_for_people,
    what_is_refused,
    targets,
    the_score_sheet,
    duties_of_each_case,
    what_forms_mean,
    forms_as_they_begin,
    the_calendar,
)


def watchers(key: str) -> Iterator[Callable[[Pack, str], list[Any]]]:
    """Those that can see a value at all, the cheapest first."""
    is_ruled = any(key == name or key.startswith(f"{name}.") for name in POLICY.values())
    ruled = (dates_of_the_diagrams, answers_of_the_tables, who_may_and_where_to, the_sweep, what_forms_mean,
             forms_as_they_begin)  # fmt: skip
    for one in OBSERVERS:
        if is_ruled or one not in ruled or key.startswith("casefile.plan"):
            yield one
