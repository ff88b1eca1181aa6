"""The two languages of the pages, the words for windows, and the list's address."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

import web
from engine.clock import CHINA
from web import language, woman, worklist
from web.text import window_span, window_words
from web.windows import window_in_state, window_of

KEYWORDS = {"_": None, "gettext": None}
BLANK = re.compile(r"%\(\w+\)s")
HOME = Path(web.__file__).parent
NOON = datetime(2026, 1, 5, 12, tzinfo=CHINA)


def sentences():
    """Every sentence the pages say, out of the sources."""
    for pattern, method in (("*.py", "python"), ("templates/**/*.html", "jinja2.ext:babel_extract")):
        for path in sorted(HOME.rglob(pattern)):
            if "node_modules" in path.parts:
                continue
            for _line, message, _comments, _context in extract_from_file(
                method, path, keywords={"_": None, "gettext": None}
            ):
                yield str(message)


def test_the_english_catalogue_is_complete_and_holds_nothing_else():
    assert set(sentences()) == language.catalogue("en").keys()


def test_no_english_sentence_is_chinese_and_every_blank_is_filled_by_the_same_name():
    for chinese, english in language.catalogue("en").items():
        assert not re.search(r"[\u4e00-\u9fff]", english), english
        assert sorted(BLANK.findall(chinese)) == sorted(BLANK.findall(english)), chinese


@dataclass(frozen=True)
class Dates:
    window_from: datetime | None = None
    due_at: datetime | None = None
    until_at: datetime | None = None
    state: str = "created"


def days(n):
    return NOON + timedelta(days=n)


@pytest.mark.parametrize(
    "dates, state, count",
    [
        (Dates(), "open", 0),
        (Dates(days(3), days(9)), "not-yet", 3),
        (Dates(days(-3), days(9)), "open", 9),
        (Dates(days(-3), days(2)), "soon", 2),
        (Dates(days(-3), NOON), "soon", 0),
        (Dates(days(-9), days(-4)), "overdue", 4),
        (Dates(None, None, days(-1)), "overdue", 1),
        (Dates(None, days(5), days(-1)), "open", 5),
    ],
)
def test_a_window_is_told_in_words(dates, state, count):
    window = window_of(dates, NOON)

    assert (window.state, window.days) == (state, count)


@pytest.mark.parametrize(
    "dates, now, words, span",
    [
        (Dates(NOON, NOON + timedelta(minutes=10)), NOON, "还剩 10 分钟", "01-05 12:10 前"),
        (Dates(NOON, NOON + timedelta(hours=23)), NOON, "还剩 23 小时", "01-06 11:00 前"),
        (
            Dates(NOON, NOON + timedelta(hours=12, minutes=5)),
            NOON + timedelta(hours=11, minutes=55),
            "还剩 10 分钟",
            None,
        ),
        (Dates(NOON, NOON + timedelta(minutes=10)), NOON + timedelta(minutes=15), "逾期 5 分钟", None),
        (Dates(days(-9), NOON.replace(hour=23, minute=59) - timedelta(days=1)), NOON, "逾期 1 天", "12-27 … 01-04"),
    ],
)
def test_what_is_due_within_hours_is_told_in_hours_and_minutes_with_its_time_of_day(shown, dates, now, words, span):
    window = window_of(dates, now)

    with shown.app.test_request_context():
        assert window_words(window) == words
        assert span is None or window_span(window) == span


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_what_is_over_is_not_overdue_any_more(state):
    late = Dates(None, days(-4), state=state)

    assert window_in_state(late, NOON).state == state
    assert window_in_state(Dates(None, days(-4), state="claimed"), NOON).state == "overdue"


def test_a_task_is_overdue_the_moment_after_its_deadline_and_not_before():
    deadline = Dates(None, NOON)

    assert window_of(deadline, NOON).state == "soon"
    assert window_of(deadline, NOON + timedelta(seconds=1)).state == "overdue"


@pytest.mark.parametrize(
    "address", ["", "view=mine", "view=done&colour=red&overdue=1&order=created&page=3", "element=task_x"]
)
def test_a_lists_address_says_all_of_it(address):
    query = worklist.Query.read(dict(pair.split("=") for pair in address.split("&") if pair))

    assert query.address() == address


def test_nonsense_in_a_lists_address_falls_back():
    nonsense = {"view": "x", "colour": "pink", "order": "y", "page": "-1", "overdue": "maybe", "element": "e" * 999}

    query = worklist.Query.read(nonsense)

    assert (query.view, query.colour, query.order, query.page, query.overdue) == ("team", "", "window", 1, False)
    assert len(query.element) == 100


VENDOR = HOME / "static" / "vendor"


def test_the_vendored_files_are_those_of_their_manifest():
    from hashlib import sha256

    manifest = json.loads((VENDOR / "MANIFEST.json").read_text())
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}

    assert manifest["files"] == {name: value for name, value in found.items() if name != "MANIFEST.json"}
    licences = (VENDOR / "LICENSES.txt").read_text()
    assert [p["package"] for p in manifest["packages"] if f"{p['package']} {p['version']}" not in licences] == []


@pytest.mark.parametrize("name", ["designer.js", "viewer.js", "layout.js"])
def test_the_entry_of_the_bundle_only_re_exports(name):
    source = re.sub(r"//.*", "", (HOME / "vendor" / name).read_text())

    statements = [s.strip() for s in source.split(";") if s.strip()]
    assert [s for s in statements if not re.fullmatch(r"export \{[^}]*\} from '[^']+'", s, re.S)] == []


def test_the_lockfile_names_no_registry():
    lock = (HOME / "vendor" / "package-lock.json").read_text()

    assert '"resolved"' not in lock and lock.count('"integrity"') > 50


def test_our_own_style_sheet_stays_small_and_nothing_of_ours_is_fetched_from_elsewhere():
    assert (HOME / "static" / "css" / "app.css").stat().st_size <= 25_000
    for path in [*HOME.glob("static/css/*.css"), *HOME.glob("static/js/**/*.js")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path


@pytest.mark.parametrize(
    "known, on, said",
    [
        ({"edd": "2026-08-10"}, date(2026, 1, 5), "9+0"),
        ({"edd": "2026-08-10", "delivered_on": "2026-08-01"}, date(2026, 7, 31), "38+4"),
        ({"edd": "2026-08-10", "delivered_on": "2026-08-01"}, date(2026, 8, 1), "产后 0 天"),
        ({"edd": "2026-08-10", "delivered_on": "2026-08-01"}, date(2026, 9, 12), "产后 42 天"),
        ({"delivered_on": "2026-08-01", "ended_on": "2026-09-20"}, date(2027, 1, 1), "产后 50 天"),
        ({}, date(2026, 1, 5), None),
    ],
)
def test_after_the_birth_the_days_since_are_told_and_no_week_of_pregnancy(known, on, said):
    assert woman.week_text(known, on) == said
