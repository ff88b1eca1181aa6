"""The pages for clinicians are those of the diagrams, packs and tables as they stand."""

from pathlib import Path

from workflows.pages import page_of, pages

DOCS = Path(__file__).parents[3] / "docs" / "pathway"


def test_every_page_on_disk_is_written_from_its_diagram():
    stale = [name for name, text in pages().items() if (DOCS / name).read_text(encoding="utf-8") != text]

    assert stale == [], "python -m workflows.pages docs/pathway"


def test_a_page_names_who_does_what_by_when_and_from_which_source():
    page = page_of((DOCS.parents[1] / "bpmn" / "suitability.bpmn").read_bytes())

    assert "| 适宜性评估 | `R-OB-AC` | `suitability` | `now() + duration(policy.suitability_within)` | T-12 |" in page
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
