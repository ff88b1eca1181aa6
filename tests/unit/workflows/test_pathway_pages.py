"""The pages for clinicians are those of the diagrams, packs and tables as they stand."""

from pathlib import Path

from workflows.pages import page_of, pages
from workflows.processes import values

DOCS = Path(__file__).parents[3] / "docs" / "pathway"


def test_every_page_on_disk_is_written_from_its_diagram():
    stale = [name for name, text in pages().items() if (DOCS / name).read_text(encoding="utf-8") != text]

    assert stale == [], "python -m workflows.pages docs/pathway"


def test_a_page_names_who_does_what_by_when_and_from_which_source():
    page = page_of((DOCS.parents[1] / "bpmn" / "suitability.bpmn").read_bytes())

    due = "`now() + duration(policy.suitability_within)`<br>suitability_within：3 天 · 3 days"
    assert f"| 适宜性评估 | `R-OB-AC` | `suitability` | {due} | T-12 |" in page
    assert "[seed:003 3]" in page and "拒绝建议，加强随访" in page


def test_the_list_of_marks_names_what_an_installation_has_to_confirm():
    page = (DOCS / "marks.md").read_text(encoding="utf-8")

    for what in ("`followup.visit_raise", "`unsuitable.within`", "C-7", "| R-1.12 |", "| S-5.2 |"):
        assert what in page, what


def test_all_twenty_contradictions_stand_with_what_was_decided():
    page = (DOCS / "contradictions.md").read_text(encoding="utf-8")

    for number in range(1, 21):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| C-{number} |")]
        assert all(cell.strip() for cell in line.split("|")[1:5]), line


def test_the_rules_that_a_deadline_reads_are_told_in_words():
    policy = {"pmtct": {"within": "PT24H", "tests": ["P1D", "P42D"]}, "warn_min": 20}
    told = values(
        "now() + duration(policy.pmtct.within) + policy.pmtct.tests[1] + policy.warn_min + policy.none", policy
    )

    assert [(rule, value.zh, value.en) for rule, value in told] == [
        ("pmtct.within", "24 小时", "24 hours"),
        ("pmtct.tests", "1 天、42 天", "1 day, 42 days"),
        ("warn_min", "20", "20"),
        ("none", "—", "—"),
    ]


def test_a_page_shows_a_picture_of_every_plane_and_leads_to_the_processes_it_calls():
    page = page_of((DOCS.parents[1] / "bpmn" / "antenatal_visits.bpmn").read_bytes())

    assert "](pictures/antenatal_visits.svg)" in page and "](pictures/antenatal_visits.visit_round.svg)" in page
    assert "| 失访追踪 | [`lost_contact`](lost_contact.md) |" in page
