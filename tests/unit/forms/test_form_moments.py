"""Nothing is said to have happened later than now: every form that asks for a moment knows the time of day, not only
the day. What is planned may lie ahead."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import CHINA
from engine.errors import Incorrect
from workflows.forms import example_answers, forms_on_disk
from workflows.forms.limits import CLOCKS_APART

FORMS = forms_on_disk()
PLANS = {
    ("appointment-answer", "booked_for"),
    ("blood-answer", "blood_expected_at"),
    ("blood-request", "blood_needed_by"),
    ("transfer-answer", "expected_at"),
}
NOON = datetime(2026, 1, 5, 12, tzinfo=CHINA)
ZONES = {None: timedelta(hours=8), "Z": timedelta(), "+09:00": timedelta(hours=9), "-0330": timedelta(hours=-3.5)}
AHEAD = "must not lie in the future: it is later than now"


def moments():
    """Each question for a moment, in which form, and in which table of it."""
    for form in FORMS.values():
        tables = {
            row.link_id: each.link_id for each in form.by_link_id.values() if each.is_table for row in each.walk()
        }
        for item in form.by_link_id.values():
            if item.type == "dateTime" and item.calculated is None:
                yield form.id, item.link_id, tables.get(item.link_id)


MOMENTS = list(moments())
FACTS = [(form, name, table) for form, name, table in MOMENTS if (form, name) not in PLANS]


def with_moment(form, name, table, text):
    """The example of the form with this moment in it."""
    answers = example_answers(form)
    if table is None:
        return name, {**answers, name: text}
    rows = answers.get(table) or [{}]
    return f"{table}[0].{name}", {**answers, table: [{**rows[0], name: text}, *rows[1:]]}


def stamp(moment, zone):
    """As somebody at that offset from Greenwich writes it; without one it is the time of the wall in China."""
    return (moment.astimezone(UTC) + ZONES[zone]).strftime("%Y-%m-%dT%H:%M:%S") + (zone or "")


def faults_at(form, path, answers, now):
    """What is said about this one field. None: it is not asked, as the rest of the form stands."""
    state = FORMS[form].evaluate(answers, now)
    if not state["enabled"].get(path, True):
        return None
    return [fault["message"]["en"] for fault in state["faults"] if fault["path"] == path]


def test_a_plan_says_so_and_everything_else_has_happened():
    said = {(form, name) for form, name, _ in MOMENTS if FORMS[form].by_link_id[name].date_range != "past"}

    assert said == PLANS


@given(
    st.sampled_from(FACTS),
    st.datetimes(datetime(2026, 1, 5), datetime(2026, 1, 6, 23, 59)),
    st.integers(-90_000, 90_000) | st.integers(-400, 400),
    st.sampled_from(sorted(ZONES, key=str)),
)
def test_a_moment_is_refused_exactly_where_it_is_later_than_now(asked, wall, seconds, zone):
    form, name, table = asked
    now = wall.replace(microsecond=0, tzinfo=CHINA)
    path, answers = with_moment(form, name, table, stamp(now + timedelta(seconds=seconds), zone))

    found = faults_at(form, path, answers, now)

    if found is not None:
        assert (AHEAD in found) == (timedelta(seconds=seconds) > CLOCKS_APART)


def test_hardly_a_moment_goes_unasked_in_the_examples_of_its_form():
    """Else the property above would say little."""
    unasked = [
        (form, name)
        for form, name, table in FACTS
        if faults_at(form, *with_moment(form, name, table, stamp(NOON, None)), NOON) is None
    ]

    assert len(unasked) < len(FACTS) / 4, unasked


@pytest.mark.parametrize("now", [NOON, NOON.astimezone(UTC)])
def test_the_zone_of_the_clock_does_not_matter_and_a_plan_may_lie_ahead(now):
    accepted = FORMS["transfer-answer"].validate(
        {**example_answers("transfer-answer"), "expected_at": "2026-01-05 18:00", "answered_at": "2026-01-05 11:59"},
        on=now,
    )

    assert accepted.values["expected_at"] == "2026-01-05T18:00:00+08:00"


def test_the_refusal_names_the_field_in_both_languages():
    answers = {**example_answers("discharge"), "discharged_at": "2026-01-05 12:06"}

    with pytest.raises(Incorrect) as refused:
        FORMS["discharge"].validate(answers, on=NOON)

    (fault,) = refused.value.faults
    assert (fault.path, fault.message.zh, fault.message.en) == ("discharged_at", "不能晚于现在", AHEAD)


def test_where_only_the_day_is_known_its_end_counts():
    answers = {**example_answers("discharge"), "discharged_at": "2026-01-05 23:59:59"}
    FORMS["discharge"].validate(answers, on=date(2026, 1, 5))

    with pytest.raises(Incorrect):
        FORMS["discharge"].validate({**answers, "discharged_at": "2026-01-06 00:00"}, on=date(2026, 1, 5))
